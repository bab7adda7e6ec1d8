//! The body of an upload on its way out: bytes of our own and files, one behind the other.

use std::fmt;
use std::io::{self, Read, Seek};

/// A body that is read piece by piece. Its length is exact: where a file turns out to have another size than announced,
/// reading fails before the end, so that a server never takes the body for a whole one.
#[derive(Debug)]
pub struct Body<R> {
    segments: Vec<Segment<R>>,
    /// The segment that is read next.
    current: usize,
    /// How many bytes of it have been read.
    read: u64,
    length: u64,
    /// An error that came after bytes which had to be handed out first.
    pending_error: Option<io::Error>,
}

/// A stretch of a body.
#[derive(Debug)]
pub enum Segment<R> {
    /// Bytes of our own.
    Text(Vec<u8>),
    /// A file.
    File {
        /// The content, at its start.
        content: R,
        /// The content's size in bytes.
        size: u64,
    },
}

/// The length does not fit 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl<R> Body<R> {
    /// A body of these segments.
    ///
    /// # Errors
    /// The length does not fit 64 bits.
    pub fn new(segments: Vec<Segment<R>>) -> Result<Body<R>, TooLong> {
        let length = segments.iter().try_fold(0u64, |sum, segment| sum.checked_add(segment.length()));
        let length = length.ok_or(TooLong)?;
        Ok(Body { segments, current: 0, read: 0, length, pending_error: None })
    }

    /// The whole body's length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The contents of the files, as they were given.
    pub fn contents(&self) -> impl Iterator<Item = &R> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Text(_) => None,
            Segment::File { content, .. } => Some(content),
        })
    }
}

impl<R: Read + Seek> Body<R> {
    /// Starts again from the first byte.
    pub fn rewind(&mut self) -> io::Result<()> {
        for segment in &mut self.segments {
            if let Segment::File { content, .. } = segment {
                content.rewind()?;
            }
        }
        (self.current, self.read, self.pending_error) = (0, 0, None);
        Ok(())
    }

    /// Fills as much of `buffer` as it can, across the segments' borders: a small upload is then one write. 0 only at the
    /// end. A file of another size is an error that [`FileSizeChanged::in_error`] finds.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.pending_error.take() {
            return Err(error);
        }
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_segment(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if filled == 0 => return Err(error),
                Err(error) => {
                    self.pending_error = Some(error);
                    break;
                }
            }
        }
        Ok(filled)
    }

    fn read_segment(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(segment) = self.segments.get_mut(self.current) {
            let left = segment.length() - self.read;
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let count = segment.read_at(self.read, &mut buffer[..most])?;
            if count > 0 {
                self.read += count as u64;
                return Ok(count);
            }
            (self.current, self.read) = (self.current + 1, 0);
        }
        Ok(0)
    }
}

impl<R> Segment<R> {
    fn length(&self) -> u64 {
        match self {
            // A usize always fits: it has at most 64 bits on every supported platform.
            Segment::Text(text) => text.len() as u64,
            Segment::File { size, .. } => *size,
        }
    }
}

impl<R: Read> Segment<R> {
    /// Reads what follows the first `read` bytes; 0 at the segment's end. Before the last bytes of a file are handed out, it is
    /// looked at for more than it was to have: a body may end with them.
    fn read_at(&mut self, read: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Segment::Text(text) => {
                // It is at most as long as the text.
                let start = read as usize;
                buffer.copy_from_slice(&text[start..start + buffer.len()]);
                Ok(buffer.len())
            }
            Segment::File { size: 1.., .. } if buffer.is_empty() => Ok(0),
            Segment::File { content, size } => {
                let announced = *size;
                let count = if announced == 0 { 0 } else { read_once(content, buffer)? };
                if count == 0 && announced > 0 {
                    return Err(FileSizeChanged::Shorter { announced, found: read }.into());
                }
                let is_at_end = read + count as u64 == announced;
                if is_at_end && read_once(content, &mut [0])? > 0 {
                    return Err(FileSizeChanged::Longer { announced }.into());
                }
                Ok(count)
            }
        }
    }
}

/// The file has another size than when the upload began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSizeChanged {
    /// It ends early.
    Shorter {
        /// The size in bytes at the beginning.
        announced: u64,
        /// The size in bytes now.
        found: u64,
    },
    /// It goes on.
    Longer {
        /// The size in bytes at the beginning.
        announced: u64,
    },
}

impl FileSizeChanged {
    /// What [`Body::read`] failed with, if it was this.
    pub fn in_error(error: &io::Error) -> Option<FileSizeChanged> {
        error.get_ref().and_then(|inner| inner.downcast_ref()).copied()
    }
}

impl fmt::Display for FileSizeChanged {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileSizeChanged::Shorter { announced, found } => {
                write!(formatter, "the file shrank from {announced} to {found} bytes while it was sent")
            }
            FileSizeChanged::Longer { announced } => {
                write!(formatter, "the file grew beyond {announced} bytes while it was sent")
            }
        }
    }
}

impl std::error::Error for FileSizeChanged {}

impl From<FileSizeChanged> for io::Error {
    /// Not as `UnexpectedEof`: that is what the end of a connection looks like.
    fn from(change: FileSizeChanged) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, change)
    }
}

fn read_once(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
