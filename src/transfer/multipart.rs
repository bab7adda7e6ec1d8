//! The body of an upload: form fields and one file as `multipart/form-data` (RFC 7578, and the HTML standard's
//! "multipart/form-data encoding algorithm" for names and line ends).

use std::fmt;
use std::io::{self, Read, Seek};

use crate::policy::media_types;

/// The file name of a file that has none, as browsers send it (WHATWG HTML, "create an entry"). A part with an empty one is
/// a text field to many servers, or none, and the file is lost.
const UNNAMED: &str = "blob";

/// The file part of an upload.
#[derive(Debug)]
pub struct FilePart<'a, R> {
    /// The form's name for it.
    pub name: &'a str,
    /// The file name that the server is told; its extension decides the part's `Content-Type`. Empty is `blob`.
    pub file_name: &'a str,
    /// The content, at its start.
    pub content: R,
    /// The content's size in bytes.
    pub size: u64,
}

/// A body that is read piece by piece. Its length is exact: where the file turns out to have another size than
/// announced, reading fails before the closing boundary, so that a server never takes the body for a whole one.
#[derive(Debug)]
pub struct MultipartBody<R> {
    /// Everything before the file's content.
    prologue: Vec<u8>,
    content: R,
    content_size: u64,
    /// Everything after it.
    epilogue: Vec<u8>,
    length: u64,
    stage: Stage,
    /// An error that came after bytes which had to be handed out first.
    pending_error: Option<io::Error>,
}

/// What is read next, and how many bytes of it have been read.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Prologue(usize),
    Content(u64),
    Epilogue(usize),
}

impl<R: Read + Seek> MultipartBody<R> {
    /// The fields in their order, then the file: object stores ignore what comes behind the file.
    ///
    /// # Errors
    /// The length does not fit 64 bits.
    pub fn new(
        boundary: &str,
        fields: &[(String, String)],
        file: FilePart<'_, R>,
    ) -> Result<MultipartBody<R>, MultipartError> {
        let mut prologue = String::new();
        for (name, value) in fields {
            let (name, value) = (escape(&normalise_newlines(name)), normalise_newlines(value));
            prologue.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        let name = escape(&normalise_newlines(file.name));
        let file_name = if file.file_name.is_empty() { UNNAMED } else { file.file_name };
        let content_type = media_types::by_file_name(file_name);
        let file_name = escape(file_name);
        prologue.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        ));
        let epilogue = format!("\r\n--{boundary}--\r\n");
        let length = file.size.checked_add((prologue.len() + epilogue.len()) as u64).ok_or(MultipartError::TooLong)?;
        Ok(MultipartBody {
            prologue: prologue.into_bytes(),
            content: file.content,
            content_size: file.size,
            epilogue: epilogue.into_bytes(),
            length,
            stage: Stage::Prologue(0),
            pending_error: None,
        })
    }

    /// The whole body's length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The file's content, as it was given.
    pub fn content(&self) -> &R {
        &self.content
    }

    /// Starts again from the first byte.
    pub fn rewind(&mut self) -> io::Result<()> {
        self.content.rewind()?;
        self.stage = Stage::Prologue(0);
        self.pending_error = None;
        Ok(())
    }

    /// Fills as much of `buffer` as it can, across the parts' borders: a small upload is then one write. 0 only at the
    /// end. A file of another size is an error that [`FileSizeChanged::in_error`] finds.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.pending_error.take() {
            return Err(error);
        }
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_stage(&mut buffer[filled..]) {
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

    fn read_stage(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stage {
                Stage::Prologue(read) if read < self.prologue.len() => {
                    let count = copy(&self.prologue[read..], buffer);
                    self.stage = Stage::Prologue(read + count);
                    return Ok(count);
                }
                Stage::Prologue(_) => self.stage = Stage::Content(0),
                Stage::Content(read) if read < self.content_size => {
                    let left = usize::try_from(self.content_size - read).unwrap_or(usize::MAX).min(buffer.len());
                    let count = read_once(&mut self.content, &mut buffer[..left])?;
                    if count == 0 {
                        return Err(FileSizeChanged::Shorter { announced: self.content_size, found: read }.into());
                    }
                    self.stage = Stage::Content(read + count as u64);
                    return Ok(count);
                }
                Stage::Content(_) => {
                    if read_once(&mut self.content, &mut [0])? != 0 {
                        return Err(FileSizeChanged::Longer { announced: self.content_size }.into());
                    }
                    self.stage = Stage::Epilogue(0);
                }
                Stage::Epilogue(read) => {
                    let count = copy(&self.epilogue[read..], buffer);
                    self.stage = Stage::Epilogue(read + count);
                    return Ok(count);
                }
            }
        }
    }
}

/// Why a body cannot be put together.
#[derive(Debug)]
pub enum MultipartError {
    /// The system has no randomness for the boundary.
    Random(getrandom::Error),
    /// The length does not fit 64 bits.
    TooLong,
}

impl fmt::Display for MultipartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MultipartError::Random(error) => write!(formatter, "no randomness: {error}"),
            MultipartError::TooLong => formatter.write_str("the body is too long"),
        }
    }
}

impl std::error::Error for MultipartError {}

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
    /// What [`MultipartBody::read`] failed with, if it was this.
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

/// The value of a request's `Content-Type`, for a body with `boundary`.
pub fn content_type(boundary: &str) -> String {
    format!("multipart/form-data; boundary={boundary}")
}

/// 128 random bits, so that no content holds the boundary by chance or on purpose. The characters are legal without
/// quotes (RFC 2046 §5.1.1, at most 70 of them).
///
/// # Errors
/// The system has no randomness.
pub fn random_boundary() -> Result<String, MultipartError> {
    Ok(format!("----wxtransfer{}", random_digits()?))
}

/// 128 random bits in 32 hexadecimal digits.
///
/// # Errors
/// The system has no randomness.
pub fn random_digits() -> Result<String, MultipartError> {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).map_err(MultipartError::Random)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(random)))
}

/// Every line end becomes CR LF.
fn normalise_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

/// What would end a quoted name.
fn escape(text: &str) -> String {
    text.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22")
}

fn copy(source: &[u8], buffer: &mut [u8]) -> usize {
    let count = source.len().min(buffer.len());
    buffer[..count].copy_from_slice(&source[..count]);
    count
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
#[path = "multipart_tests.rs"]
mod tests;
