//! A file that is being read.

use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt, FileTypeExt};

use rustix::fs::OFlags;

use super::Error;
use super::pipe::Pipe;
use crate::worker::Worker;

/// A file or pipe that an upload reads `length` bytes from.
#[derive(Debug)]
pub struct SourceFile {
    content: SourceContent,
    /// The number of bytes from the initial offset to the end when it was opened or [measured](SourceFile::measure), or
    /// the number that the caller specified.
    pub length: u64,
    /// The last component of its path. Empty if it has none.
    pub name: String,
    /// The number of bytes read so far.
    position: u64,
    /// The caller specified the number of bytes. Further bytes are not examined.
    bounded: bool,
}

#[derive(Debug)]
enum SourceContent {
    Regular {
        file: File,
        /// The initial offset.
        start: u64,
    },
    Pipe(Pipe),
}

impl SourceFile {
    /// A regular file, from its beginning.
    pub(super) fn from_file(file: File, name: String) -> Result<SourceFile, Error> {
        let length = file.metadata().map_err(|error| Error::from_io("look at a file", error))?.len();
        Ok(SourceFile { content: SourceContent::Regular { file, start: 0 }, length, name, position: 0, bounded: false })
    }

    /// An open regular file from its current offset, or a pipe of known length. `length` may be less than the rest of a
    /// regular file. It has no name.
    ///
    /// Fails with [`Error::InvalidDescriptor`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn from_descriptor(descriptor: OwnedFd, length: Option<u64>) -> Result<SourceFile, Error> {
        let (name, bounded) = (String::new(), length.is_some());
        match Descriptor::open(descriptor)? {
            Descriptor::Pipe(pipe) => {
                let length = length.ok_or(Error::InvalidDescriptor { reason: "a pipe of unknown length" })?;
                Ok(SourceFile { content: SourceContent::Pipe(pipe), length, name, position: 0, bounded })
            }
            Descriptor::Regular { file, start, rest } => {
                let length = length.unwrap_or(rest);
                if length > rest {
                    return Err(Error::InvalidDescriptor { reason: "it has fewer bytes than the given length" });
                }
                Ok(SourceFile { content: SourceContent::Regular { file, start }, length, name, position: 0, bounded })
            }
        }
    }

    /// Reads the length of a regular file again, unless the caller specified it.
    ///
    /// Fails with [`Error::OutOfResources`] or [`Error::Io`].
    pub fn measure(&mut self) -> Result<(), Error> {
        if let (SourceContent::Regular { file, start }, false) = (&self.content, self.bounded) {
            let metadata = file.metadata().map_err(|error| Error::from_io("look at a file", error))?;
            self.length = metadata.len().saturating_sub(*start);
        }
        Ok(())
    }

    /// Reads the next bytes. 0 at the end, or after the number of bytes that the caller specified. `None` for a pipe that
    /// is empty now.
    ///
    /// Does not use or move a regular file's own offset: a duplicate of the host's descriptor shares it with the
    /// host's, and with every other task that uses the same descriptor.
    ///
    /// Fails with [`Error::Stopped`] for a pipe, [`Error::OutOfResources`] or [`Error::Io`].
    pub fn read(&mut self, worker: &Worker, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let left = if self.bounded { self.length.saturating_sub(self.position) } else { u64::MAX };
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(Some(0));
        }
        let buffer = &mut buffer[..most];
        let read = match &mut self.content {
            SourceContent::Pipe(pipe) => match pipe.read_available(worker, buffer)? {
                Some(read) => read,
                None => return Ok(None),
            },
            SourceContent::Regular { file, start } => loop {
                match file.read_at(buffer, start.saturating_add(self.position)) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read.map_err(|error| Error::from_io("read a file", error))?,
                }
            },
        };
        self.position += read as u64;
        Ok(Some(read))
    }

    /// The pipe, if it is one, to wait for its writer.
    pub fn pipe(&self) -> Option<BorrowedFd<'_>> {
        match &self.content {
            SourceContent::Pipe(pipe) => Some(pipe.as_fd()),
            SourceContent::Regular { .. } => None,
        }
    }

    /// Rewinds to the first of the `length` bytes.
    ///
    /// Fails with [`Error::Io`], always for a pipe.
    pub fn rewind(&mut self) -> Result<(), Error> {
        if self.pipe().is_some() {
            return Err(Error::from_io("go back to the start of a pipe", io::ErrorKind::NotSeekable.into()));
        }
        self.position = 0;
        Ok(())
    }
}

/// A readable descriptor of the host.
pub(super) enum Descriptor {
    /// A pipe or FIFO.
    Pipe(Pipe),
    /// A regular file.
    Regular {
        /// The file.
        file: File,
        /// Its current offset.
        start: u64,
        /// The number of bytes after the offset.
        rest: u64,
    },
}

impl Descriptor {
    /// Determines the kind of a descriptor.
    pub(super) fn open(descriptor: OwnedFd) -> Result<Descriptor, Error> {
        let fail = |error| Error::from_io("look at a descriptor", error);
        let flags = rustix::fs::fcntl_getfl(&descriptor).map_err(|error| fail(error.into()))?;
        if flags & OFlags::ACCMODE == OFlags::WRONLY {
            return Err(Error::InvalidDescriptor { reason: "it is not open for reading" });
        }
        let mut file = File::from(descriptor);
        let metadata = file.metadata().map_err(fail)?;
        if metadata.file_type().is_fifo() {
            return Pipe::new(file).map(Descriptor::Pipe);
        }
        if !metadata.is_file() {
            return Err(Error::InvalidDescriptor { reason: "it is neither a regular file nor a pipe" });
        }
        let start = file.stream_position().map_err(fail)?;
        Ok(Descriptor::Regular { file, start, rest: metadata.len().saturating_sub(start) })
    }
}
