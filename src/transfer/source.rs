//! The sources of an upload: a path, an open file or pipe, or bytes.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

use super::body::{Body, BodyContent};
use super::failure;
use crate::http::BodySource;
use crate::storage::{self, SourceFile, Storage};
use crate::terms::TransferError;
use crate::worker::Worker;
use crate::worker::sizes::FILE_PIECE;

/// The source of an upload's content.
pub enum UploadSource {
    /// `filePath`: a `wxfile://` path, or an absolute path if the session's options allow native paths. In a form with
    /// several parts, the file is opened twice: to find its length when the upload starts, and to send it.
    Path(String),
    /// An open file or pipe.
    Descriptor {
        /// A file is read from its offset at the call to the end that it has when the upload starts.
        descriptor: OwnedFd,
        /// `filePath`, which only provides the file name. May be empty.
        path: String,
        /// The number of bytes to read from a pipe. The library does not wait for the end of the pipe. `None` for a
        /// file.
        length: Option<u64>,
    },
    /// Bytes in memory. Upload large content from a file.
    Data {
        /// The bytes.
        bytes: Vec<u8>,
        /// `filePath`, which only provides the file name. May be empty.
        path: String,
    },
}

/// The source of an upload that waits in the queue.
#[derive(Debug)]
pub enum PendingSource {
    /// Opened when the upload starts.
    Path(String),
    /// Opened at the call, with the descriptor's offset at the call. The host may move the offset before the upload
    /// starts.
    Open(SourceFile),
    /// Bytes.
    Data(Vec<u8>),
}

/// Opened content.
#[derive(Debug)]
pub struct OpenedSource<'a> {
    pub reader: SourceReader<'a>,
    /// In bytes.
    pub length: u64,
    /// The last component of its path. Empty if it has none.
    pub name: String,
}

impl PendingSource {
    /// Captures a source at the call, and the file name of its path, unless that is `.` or `..`.
    ///
    /// # Errors
    /// The descriptor is neither a file nor a pipe of known length.
    pub fn new(source: UploadSource) -> Result<(PendingSource, Option<String>), TransferError> {
        let last_part = |path: &str| {
            let last = path.rsplit('/').next().filter(|last| !matches!(*last, "." | ".."));
            last.map(str::to_owned)
        };
        Ok(match source {
            UploadSource::Path(path) => (PendingSource::Path(path), None),
            UploadSource::Descriptor { descriptor, path, length } => {
                let opened = SourceFile::from_descriptor(descriptor, length).map_err(failure::of_source)?;
                (PendingSource::Open(opened), last_part(&path))
            }
            UploadSource::Data { bytes, path } => (PendingSource::Data(bytes), last_part(&path)),
        })
    }

    /// Opens the source. If there are several paths, each is opened again when it is sent, because a process may have
    /// few descriptors.
    ///
    /// # Errors
    /// The path must not be read, or does not exist.
    pub fn open<'a>(
        self,
        storage: &'a Storage,
        worker: &Arc<Worker>,
        is_only_one: bool,
    ) -> Result<OpenedSource<'a>, TransferError> {
        let (content, length, name) = match self {
            PendingSource::Path(path) => {
                let mut source = storage.open_source(worker, &path).map_err(failure::of_source)?;
                let (length, name) = (source.length, std::mem::take(&mut source.name));
                let content = if is_only_one {
                    OpenedContent::File(source)
                } else {
                    OpenedContent::Path { storage, path, open: None }
                };
                (content, length, name)
            }
            PendingSource::Open(mut source) => {
                // The host may have written to it while the upload waited.
                source.measure().map_err(failure::of_source)?;
                let length = source.length;
                (OpenedContent::File(source), length, String::new())
            }
            PendingSource::Data(bytes) => {
                let length = bytes.len() as u64;
                (OpenedContent::Data(Cursor::new(bytes)), length, String::new())
            }
        };
        Ok(OpenedSource { reader: SourceReader { content, worker: worker.clone() }, length, name })
    }
}

/// Reads content, also of a pipe, whose writer may be slow.
#[derive(Debug)]
pub struct SourceReader<'a> {
    content: OpenedContent<'a>,
    worker: Arc<Worker>,
}

#[derive(Debug)]
enum OpenedContent<'a> {
    /// Stays open.
    File(SourceFile),
    /// Open only while it is read.
    Path {
        storage: &'a Storage,
        path: String,
        open: Option<SourceFile>,
    },
    Data(Cursor<Vec<u8>>),
}

impl Drop for SourceReader<'_> {
    /// Freeing much memory takes long. After a stop, the host is told first.
    fn drop(&mut self) {
        if let OpenedContent::Data(bytes) = &mut self.content
            && self.worker.check().is_err()
        {
            self.worker.drop_later(std::mem::take(bytes));
        }
    }
}

impl BodyContent for SourceReader<'_> {
    fn pipe(&self) -> Option<BorrowedFd<'_>> {
        match &self.content {
            OpenedContent::File(source) => source.pipe(),
            OpenedContent::Path { .. } => None,
            OpenedContent::Data(bytes) => bytes.pipe(),
        }
    }
}

impl Read for SourceReader<'_> {
    /// Reads at most [`FILE_PIECE`] bytes, as a turn of the worker: the disk may be slow. Fails with `WouldBlock` for a
    /// pipe that is empty now.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(FILE_PIECE);
        let buffer = &mut buffer[..wanted];
        // After an error the exchange checks the stop signal, so a stop here or in a wait is reported as a stop.
        self.worker.turn(wanted).map_err(|reason| io::Error::other(storage::Error::from(reason)))?;
        match &mut self.content {
            OpenedContent::File(source) => {
                let read = source.read(&self.worker, buffer).map_err(io::Error::other)?;
                read.ok_or_else(|| io::ErrorKind::WouldBlock.into())
            }
            OpenedContent::Path { storage, path, open } => {
                let source = match open {
                    Some(source) => source,
                    None => open.insert(storage.open_source(&self.worker, path).map_err(io::Error::other)?),
                };
                // A path names no pipe, so there is always a number.
                let read = source.read(&self.worker, buffer).map_err(io::Error::other)?.unwrap_or(0);
                if read == 0 {
                    *open = None;
                }
                Ok(read)
            }
            OpenedContent::Data(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for SourceReader<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match (position, &mut self.content) {
            (SeekFrom::Start(0), OpenedContent::File(source)) => source.rewind().map(|()| 0).map_err(io::Error::other),
            (SeekFrom::Start(0), OpenedContent::Path { open, .. }) => {
                *open = None;
                Ok(0)
            }
            (SeekFrom::Start(0), OpenedContent::Data(bytes)) => bytes.seek(position),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl BodySource for Body<SourceReader<'_>> {
    fn length(&self) -> u64 {
        Body::length(self)
    }

    fn may_wait(&self) -> bool {
        self.contents().any(|content| content.pipe().is_some())
    }

    fn next_pipe(&self) -> Option<BorrowedFd<'_>> {
        Body::next_pipe(self)
    }

    fn can_rewind(&self) -> bool {
        !self.may_wait()
    }

    fn rewind(&mut self) -> io::Result<()> {
        Body::rewind(self)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Body::read(self, buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::policy::retry::RetryRules;
    use crate::transfer::tests::Bench;
    use crate::worker::{StopReason, StopSignal};

    /// The host may write to the file while the upload waits in the queue.
    #[test]
    fn length_of_a_descriptor_is_that_at_the_start_of_the_upload() {
        let bench = Bench::new(RetryRules::default(), &[]);
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"begin", 0).unwrap();
        let descriptor = file.try_clone().unwrap().into();
        let source = UploadSource::Descriptor { descriptor, path: String::new(), length: None };
        let (pending, _) = PendingSource::new(source).unwrap();
        file.write_all_at(b" and end", 5).unwrap();
        let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
        let mut opened = pending.open(&bench.environment.storage, &worker, true).unwrap();
        let mut content = String::new();
        opened.reader.read_to_string(&mut content).unwrap();
        assert_eq!((opened.length, content.as_str()), (13, "begin and end"));
    }

    #[test]
    fn stop_is_seen_after_each_piece_of_a_source() {
        let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
        let content = OpenedContent::Data(Cursor::new(vec![7; 4 * FILE_PIECE]));
        let mut reader = SourceReader { content, worker: worker.clone() };
        let mut buffer = vec![0; 4 * FILE_PIECE];
        assert_eq!(reader.read(&mut buffer).unwrap(), FILE_PIECE);
        worker.stop().request(StopReason::Aborted);
        assert!(reader.read(&mut buffer).is_err());
    }
}
