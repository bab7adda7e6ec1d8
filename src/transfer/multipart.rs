//! Builds the body of an upload: form fields and files as `multipart/form-data` (RFC 7578, and the HTML standard's
//! "multipart/form-data encoding algorithm" for names and line ends).

use std::fmt;

use super::body::{Body, Segment, TooLong};
use crate::policy::media_types;

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
///
/// # Errors
/// The length does not fit 64 bits.
pub fn form<R>(
    boundary: &str,
    fields: &[(String, String)],
    files: impl IntoIterator<Item = FilePart<R>>,
) -> Result<Body<R>, MultipartError> {
    let mut text = String::new();
    for (name, value) in fields {
        let (name, value) = (escape(&normalise_newlines(name)), normalise_newlines(value));
        text.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    let mut segments = Vec::new();
    for FilePart { name, file_name, media_type, content, size } in files {
        let name = escape(&normalise_newlines(&name));
        let file_name = if file_name.is_empty() { UNNAMED } else { &file_name };
        let media_type = media_type.as_deref().unwrap_or_else(|| media_types::by_file_name(file_name));
        let file_name = escape(file_name);
        text.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             Content-Type: {media_type}\r\n\r\n"
        ));
        segments.push(Segment::Text(std::mem::take(&mut text).into_bytes()));
        segments.push(Segment::File { content, size });
        text.push_str("\r\n");
    }
    text.push_str(&format!("--{boundary}--\r\n"));
    segments.push(Segment::Text(text.into_bytes()));
    Body::new(segments).map_err(|TooLong| MultipartError::TooLong)
}

/// Why a body cannot be built.
#[derive(Debug)]
pub enum MultipartError {
    /// The system has no random numbers for the boundary.
    Random(getrandom::Error),
    /// The length does not fit 64 bits.
    TooLong,
}

impl fmt::Display for MultipartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MultipartError::Random(error) => write!(formatter, "no random numbers are available: {error}"),
            MultipartError::TooLong => formatter.write_str("the body is too long"),
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

/// Converts every line end to CR LF.
fn normalise_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

/// Escapes characters that would end a quoted name.
fn escape(text: &str) -> String {
    text.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22")
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
