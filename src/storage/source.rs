//! A file that is being read.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt, FileTypeExt};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::Error;

/// Something to read `length` bytes from. A pipe may be in blocking or non-blocking mode: wait until it is readable
/// before every read.
#[derive(Debug)]
pub struct Source {
    file: File,
    /// How many bytes there were when it was opened, counted from where the file stood.
    pub length: u64,
    /// The base name of its path; empty where it has none.
    pub name: String,
    /// Whether [`Source::rewind`] can succeed; false for a pipe.
    pub seekable: bool,
    start: u64,
    /// Where the next byte is. Of a regular file, not the descriptor's own offset: the host's descriptor, and every other
    /// duplicate of it, has the same one.
    position: u64,
}

impl Source {
    /// A regular file, from its beginning.
    pub(super) fn from_file(file: File, name: String) -> Result<Source, Error> {
        let length = file.metadata().map_err(|error| Error::from_io("look at a file", error))?.len();
        Ok(Source { file, length, name, seekable: true, start: 0, position: 0 })
    }

    /// An open regular file from its current offset, or a pipe.
    pub(super) fn from_descriptor(
        descriptor: OwnedFd,
        length: Option<u64>,
        name: Option<String>,
    ) -> Result<Source, Error> {
        let name = name.unwrap_or_default();
        match Descriptor::open(descriptor)? {
            Descriptor::Pipe(file) => {
                let length = length.ok_or(Error::InvalidDescriptor { reason: "a pipe of unknown length" })?;
                Ok(Source { file, length, name, seekable: false, start: 0, position: 0 })
            }
            Descriptor::Regular { file, start, rest } => {
                let length = length.unwrap_or(rest);
                if length > rest {
                    return Err(Error::InvalidDescriptor { reason: "it holds fewer bytes than was said" });
                }
                Ok(Source { file, length, name, seekable: true, start, position: start })
            }
        }
    }

    /// Whether all the `length` bytes have been read.
    pub fn is_read(&self) -> bool {
        self.position - self.start >= self.length
    }

    /// Goes back to the first of the `length` bytes, to send them again.
    ///
    /// Fails with [`Error::Io`], always for a pipe.
    pub fn rewind(&mut self) -> Result<(), Error> {
        if !self.seekable {
            return Err(Error::from_io("go back to the start of a file", Errno::SPIPE.into()));
        }
        self.position = self.start;
        Ok(())
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = if self.seekable { self.file.read_at(buffer, self.position)? } else { self.file.read(buffer)? };
        self.position += count as u64;
        Ok(count)
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// A descriptor of the host's that can be read from.
pub(super) enum Descriptor {
    /// A pipe or FIFO.
    Pipe(File),
    /// A regular file.
    Regular {
        /// The file.
        file: File,
        /// Its current offset.
        start: u64,
        /// How many bytes follow that.
        rest: u64,
    },
}

impl Descriptor {
    /// Finds out what a descriptor is.
    pub(super) fn open(descriptor: OwnedFd) -> Result<Descriptor, Error> {
        let fail = |error| Error::from_io("look at a descriptor", error);
        let flags = rustix::fs::fcntl_getfl(&descriptor).map_err(|error| fail(error.into()))?;
        if flags & OFlags::ACCMODE == OFlags::WRONLY {
            return Err(Error::InvalidDescriptor { reason: "it is not open for reading" });
        }
        let mut file = File::from(descriptor);
        let metadata = file.metadata().map_err(fail)?;
        if metadata.file_type().is_fifo() {
            return Ok(Descriptor::Pipe(file));
        }
        if !metadata.is_file() {
            return Err(Error::InvalidDescriptor { reason: "it is neither a regular file nor a pipe" });
        }
        let start = file.stream_position().map_err(fail)?;
        Ok(Descriptor::Regular { file, start, rest: metadata.len().saturating_sub(start) })
    }
}
