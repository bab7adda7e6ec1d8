//! Builds the body of an upload: form fields and files as `multipart/form-data` (RFC 7578, and the HTML standard's
//! "multipart/form-data encoding algorithm" for names and line ends).

use std::fmt;

use super::body::{Body, Segment, TooLong};
use crate::policy::media_types;
use crate::worker::sizes::FILE_PIECE;
use crate::worker::{StopReason, Worker};

/// The default file name, as in browsers (WHATWG HTML, "create an entry"). Many servers treat a part with an empty file
/// name as a text field or ignore it, so the file would be lost.
const UNNAMED: &str = "blob";

/// A file part of an upload.
#[derive(Debug)]
pub struct FilePart<R> {
    /// The form field name of the file.
    pub name: String,
    /// The file name that the server receives. Empty means `blob`.
    pub file_name: String,
    /// The part's `Content-Type`. `None` means that the extension of the file name decides.
    pub media_type: Option<String>,
    /// The content, positioned at its start.
    pub content: R,
    /// The content's size in bytes.
    pub size: u64,
}

/// Builds a form: the fields in order, then the files in order. Object stores ignore everything after the first file.
/// The values may be as long as the page likes, so `worker` checks the stop signal while they are copied.
///
/// # Errors
/// Any [`MultipartError`] but [`MultipartError::Random`].
pub fn form<R>(
    worker: &Worker,
    boundary: &str,
    fields: &[(String, String)],
    files: impl IntoIterator<Item = FilePart<R>>,
) -> Result<Body<R>, MultipartError> {
    let mut text = FormText { worker, bytes: Vec::new() };
    for (name, value) in fields {
        text.add("--", Spelling::Plain)?;
        text.add(boundary, Spelling::Plain)?;
        text.add("\r\nContent-Disposition: form-data; name=\"", Spelling::Plain)?;
        text.add(name, Spelling::Name)?;
        text.add("\"\r\n\r\n", Spelling::Plain)?;
        text.add(value, Spelling::Value)?;
        text.add("\r\n", Spelling::Plain)?;
    }
    let mut segments = Vec::new();
    for FilePart { name, file_name, media_type, content, size } in files {
        let file_name = if file_name.is_empty() { UNNAMED } else { &file_name };
        let media_type = media_type.as_deref().unwrap_or_else(|| media_types::by_file_name(file_name));
        text.add("--", Spelling::Plain)?;
        text.add(boundary, Spelling::Plain)?;
        text.add("\r\nContent-Disposition: form-data; name=\"", Spelling::Plain)?;
        text.add(&name, Spelling::Name)?;
        text.add("\"; filename=\"", Spelling::Plain)?;
        text.add(file_name, Spelling::FileName)?;
        text.add("\"\r\nContent-Type: ", Spelling::Plain)?;
        text.add(media_type, Spelling::Plain)?;
        text.add("\r\n\r\n", Spelling::Plain)?;
        segments.push(Segment::Text(std::mem::take(&mut text.bytes)));
        segments.push(Segment::File { content, size });
        text.add("\r\n", Spelling::Plain)?;
    }
    text.add("--", Spelling::Plain)?;
    text.add(boundary, Spelling::Plain)?;
    text.add("--\r\n", Spelling::Plain)?;
    segments.push(Segment::Text(text.bytes));
    Body::new(segments).map_err(|TooLong| MultipartError::TooLong)
}

/// The text of a form that is being built.
struct FormText<'a> {
    worker: &'a Worker,
    bytes: Vec<u8>,
}

/// How a text is written in a form.
#[derive(Clone, Copy)]
enum Spelling {
    /// As it is.
    Plain,
    /// The value of a field: every line end becomes CR LF.
    Value,
    /// The name of a field, in quotes: a line end becomes CR LF, of which both are escaped.
    Name,
    /// The name of a file, in quotes: as in browsers, its line ends are escaped as they are.
    FileName,
}

impl FormText<'_> {
    fn add(&mut self, text: &str, spelling: Spelling) -> Result<(), MultipartError> {
        let mut previous = 0;
        for piece in text.as_bytes().chunks(FILE_PIECE) {
            self.worker.turn(piece.len()).map_err(MultipartError::Stopped)?;
            let mut begin = 0;
            for (index, &byte) in piece.iter().enumerate() {
                if let Some(replacement) = spelling.replacement(byte, previous) {
                    self.push(&piece[begin..index])?;
                    self.push(replacement)?;
                    begin = index + 1;
                }
                previous = byte;
            }
            self.push(&piece[begin..])?;
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), MultipartError> {
        self.bytes.try_reserve(bytes.len()).map_err(|_| MultipartError::OutOfMemory)?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl Spelling {
    /// What is written in place of `byte`, which follows `previous`.
    fn replacement(self, byte: u8, previous: u8) -> Option<&'static [u8]> {
        match (self, byte) {
            (Spelling::Plain, _) => None,
            // The CR before it has become the whole line end.
            (Spelling::Value | Spelling::Name, b'\n') if previous == b'\r' => Some(b""),
            (Spelling::Value, b'\r' | b'\n') => Some(b"\r\n"),
            (Spelling::Name, b'\r' | b'\n') => Some(b"%0D%0A"),
            (Spelling::FileName, b'\r') => Some(b"%0D"),
            (Spelling::FileName, b'\n') => Some(b"%0A"),
            (Spelling::Name | Spelling::FileName, b'"') => Some(b"%22"),
            _ => None,
        }
    }
}

/// Why a body cannot be built.
#[derive(Debug)]
pub enum MultipartError {
    /// The system has no random numbers for the boundary.
    Random(getrandom::Error),
    /// The length does not fit 64 bits.
    TooLong,
    /// The work was stopped.
    Stopped(StopReason),
    /// No memory is left for the fields.
    OutOfMemory,
}

impl fmt::Display for MultipartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MultipartError::Random(error) => write!(formatter, "no random numbers are available: {error}"),
            MultipartError::TooLong => formatter.write_str("the body is too long"),
            MultipartError::Stopped(reason) => write!(formatter, "{reason}"),
            MultipartError::OutOfMemory => formatter.write_str("no memory is left for the form"),
        }
    }
}

impl std::error::Error for MultipartError {}

/// The `Content-Type` of a request whose body uses `boundary`.
pub fn content_type(boundary: &str) -> String {
    format!("multipart/form-data; boundary={boundary}")
}

/// A boundary with 128 random bits, so that no content contains it by chance or on purpose. Its characters need no
/// quotes (RFC 2046 §5.1.1, at most 70 characters).
///
/// # Errors
/// The system has no random numbers.
pub fn random_boundary() -> Result<String, MultipartError> {
    Ok(format!("----wxtransfer{}", random_digits()?))
}

/// 128 random bits as 32 hexadecimal digits.
///
/// # Errors
/// The system has no random numbers.
pub fn random_digits() -> Result<String, MultipartError> {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).map_err(MultipartError::Random)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(random)))
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
