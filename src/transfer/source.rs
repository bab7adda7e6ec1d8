//! What an upload reads: a file by its path, an open file or pipe, or bytes.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::body::Body;
use super::failure;
use crate::http::BodySource;
use crate::storage::{SourceFile, Storage};
use crate::terms::TransferError;
use crate::worker::Worker;

/// What is uploaded, as the caller names it.
#[derive(Debug)]
pub enum UploadSource {
    /// A `wxfile://` path, or an absolute one where the host allows it.
    Path(String),
    /// An open file, or a pipe of known length.
    Descriptor {
        /// Read from where it stands.
        descriptor: OwnedFd,
        /// `filePath`, which only names the file; may be empty.
        path: String,
        /// How many bytes a pipe will give; `None` for a file.
        length: Option<u64>,
    },
    /// Bytes.
    Data {
        /// The bytes.
        bytes: Vec<u8>,
        /// `filePath`, which only names the file; may be empty.
        path: String,
    },
}

/// What is uploaded, while the upload waits for its turn.
#[derive(Debug)]
pub enum PendingSource {
    /// Opened when it begins.
    Path(String),
    /// Open already, from where the descriptor stood at the call: nobody can tell where the host will have moved it to
    /// when the upload begins.
    Open(SourceFile),
    /// Bytes.
    Data(Vec<u8>),
}

/// Content that can be sent, and what is known of it.
#[derive(Debug)]
pub struct OpenedSource<'a> {
    pub reader: SourceReader<'a>,
    /// In bytes.
    pub length: u64,
    /// The base name of its path; empty where it has none.
    pub name: String,
}

impl PendingSource {
    /// Takes a source as it is at the call, and the name that its path gives it: a step of a path is no name.
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

    /// Opens it. One of several paths is opened again when its turn comes: a process may have few descriptors.
    ///
    /// # Errors
    /// The path may not be read, or nothing is there.
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
            PendingSource::Open(source) => {
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

/// Reads content, of a pipe too, whose writer may keep it waiting.
#[derive(Debug)]
pub struct SourceReader<'a> {
    content: OpenedContent<'a>,
    worker: Arc<Worker>,
}

#[derive(Debug)]
enum OpenedContent<'a> {
    /// Stays open.
    File(SourceFile),
    /// Is open while it is read.
    Path {
        storage: &'a Storage,
        path: String,
        open: Option<SourceFile>,
    },
    Data(Cursor<Vec<u8>>),
}

impl SourceReader<'_> {
    fn is_pipe(&self) -> bool {
        matches!(&self.content, OpenedContent::File(source) if source.is_pipe())
    }
}

impl Read for SourceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The exchange looks at the stop signal itself, so that a stopped wait is told as the stop, not as this error.
        match &mut self.content {
            OpenedContent::File(source) => source.read(&self.worker, buffer).map_err(io::Error::other),
            OpenedContent::Path { storage, path, open } => {
                let source = match open {
                    Some(source) => source,
                    None => open.insert(storage.open_source(&self.worker, path).map_err(io::Error::other)?),
                };
                let read = source.read(&self.worker, buffer).map_err(io::Error::other)?;
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
        self.contents().any(SourceReader::is_pipe)
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
