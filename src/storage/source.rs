//! A file that is being read.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, FileTypeExt};

use rustix::fs::OFlags;

use super::Error;

/// Something to read `length` bytes from.
#[derive(Debug)]
pub struct Source {
    /// The open file, to be polled. A pipe may be in blocking or non-blocking mode: wait until it is readable before
    /// every read that [`Source::is_at_end`] does not answer.
    pub file: File,
    /// How many bytes there were when it was opened, counted from where `file` stood, or how many the caller wants.
    pub length: u64,
    /// The base name of its path; empty where it has none.
    pub name: String,
    /// Whether [`Source::rewind`] can succeed; false for a pipe.
    pub seekable: bool,
    /// Where `file` stood.
    start: u64,
    /// How many bytes were read.
    position: u64,
    /// The caller said how many bytes there are: what follows them is not looked at.
    bounded: bool,
}

impl Source {
    /// A regular file, from its beginning.
    pub(super) fn from_file(file: File, name: String) -> Result<Source, Error> {
        let length = file.metadata().map_err(|error| Error::from_io("look at a file", error))?.len();
        Ok(Source { file, length, name, seekable: true, start: 0, position: 0, bounded: false })
    }

    /// An open regular file from its current offset, or a pipe.
    pub(super) fn from_descriptor(
        descriptor: OwnedFd,
        length: Option<u64>,
        name: Option<String>,
    ) -> Result<Source, Error> {
        let (name, bounded) = (name.unwrap_or_default(), length.is_some());
        match Descriptor::open(descriptor)? {
            Descriptor::Pipe(file) => {
                let length = length.ok_or(Error::InvalidDescriptor { reason: "a pipe of unknown length" })?;
                Ok(Source { file, length, name, seekable: false, start: 0, position: 0, bounded })
            }
            Descriptor::Regular { file, start, rest } => {
                let length = length.unwrap_or(rest);
                if length > rest {
                    return Err(Error::InvalidDescriptor { reason: "it holds fewer bytes than was said" });
                }
                Ok(Source { file, length, name, seekable: true, start, position: 0, bounded })
            }
        }
    }

    /// Whether all bytes that the caller wants were read. A pipe whose writer stays is not asked for its end then.
    pub fn is_at_end(&self) -> bool {
        self.bounded && self.position >= self.length
    }

    /// Goes back to the first of the `length` bytes, to send them again.
    ///
    /// Fails with [`Error::Io`], always for a pipe.
    pub fn rewind(&mut self) -> Result<(), Error> {
        if !self.seekable {
            return Err(Error::from_io("go back to the start of a pipe", io::ErrorKind::NotSeekable.into()));
        }
        self.position = 0;
        Ok(())
    }
}

impl Read for Source {
    /// A regular file's own offset is neither used nor moved: a duplicate of the host's descriptor shares it with the
    /// host's, and with every other task that was given the same one.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = if self.bounded { self.length.saturating_sub(self.position) } else { u64::MAX };
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let buffer = &mut buffer[..most];
        let read = if self.seekable {
            self.file.read_at(buffer, self.start.saturating_add(self.position))?
        } else {
            self.file.read(buffer)?
        };
        self.position += read as u64;
        Ok(read)
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
