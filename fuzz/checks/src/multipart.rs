//! A multipart body contains exactly the parts that were given, complete and in order; no name or value creates a part.
//! multer reads the same parts, with the same names, types and contents.
//!
//! Input: the file's content, its form name, its file name, then names and values, each followed by 0xFF.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use wxtransfer::fuzzing;

/// Checks one input.
pub fn check(data: &[u8]) {
    let pieces: Vec<&[u8]> = data.split(|byte| *byte == 0xff).collect();
    let [content, name, file_name, fields @ ..] = pieces.as_slice() else { return };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (name, file_name) = (text(name), text(file_name));
    let fields: Vec<(String, String)> = fields.chunks_exact(2).map(|pair| (text(pair[0]), text(pair[1]))).collect();
    let (content_type, length, body) =
        fuzzing::multipart(&fields, &name, &file_name, content).expect("a body can be made");
    assert_eq!(length, body.len() as u64);
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    assert!((1..=70).contains(&boundary.len()), "{boundary}");

    // A delimiter is at the start or after a line end (RFC 2046, section 5.1.1).
    let delimiter = format!("--{boundary}");
    let mut rest = body.strip_prefix(delimiter.as_bytes()).expect("the body begins with a delimiter");
    let between = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    while let Some(at) = find(rest, between.as_bytes()) {
        parts.push(rest[..at].strip_prefix(b"\r\n").expect("a delimiter's line ends"));
        rest = &rest[at + between.len()..];
    }
    assert_eq!(rest, b"--\r\n", "the body ends with the close delimiter");
    assert_eq!(parts.len(), fields.len() + 1);

    for (part, (name, value)) in parts.iter().zip(&fields) {
        let (head, content) = split(part);
        assert_eq!(head, format!("Content-Disposition: form-data; name=\"{}\"", quoted(&normalised(name))));
        assert_eq!(content, normalised(value).as_bytes());
    }
    let (head, sent) = split(parts[fields.len()]);
    let lines: Vec<&str> = head.split("\r\n").collect();
    let [disposition, file_type] = lines.as_slice() else { panic!("two headers, not {lines:?}") };
    // An entry without a file name is a Blob (WHATWG HTML, "create an entry").
    let file_name = if file_name.is_empty() { "blob" } else { file_name.as_str() };
    let (name, file_name) = (quoted(&normalised(&name)), quoted(file_name));
    assert_eq!(*disposition, format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\""));
    let media_type = file_type.strip_prefix("Content-Type: ").expect("a Content-Type");
    assert!(media_type.bytes().all(|byte| byte.is_ascii_graphic()), "{media_type:?}");
    assert_eq!(sent, *content);

    // multer refuses control characters in a header, which the standard does not escape.
    if parts.iter().any(|part| split(part).0.replace("\r\n", "").contains(|letter: char| letter.is_ascii_control())) {
        return;
    }
    let read = read_by_multer(boundary, body.clone());
    assert_eq!(read.len(), parts.len());
    for (read, (name, value)) in read.iter().zip(&fields) {
        read.assert(&quoted(&normalised(name)), None);
        assert_eq!((read.media_type.as_deref(), read.content.as_slice()), (None, normalised(value).as_bytes()));
    }
    let read = &read[fields.len()];
    read.assert(&name, Some(&file_name));
    assert_eq!((read.media_type.as_deref(), read.content.as_slice()), (Some(media_type), *content));
}

/// A part as multer sees it.
struct ReadPart {
    name: Option<String>,
    file_name: Option<String>,
    media_type: Option<String>,
    content: Vec<u8>,
}

impl ReadPart {
    /// Compares the names with those in the quotes of the header, which receivers take as they are: browsers escape only
    /// CR, LF and the quote.
    fn assert(&self, name: &str, file_name: Option<&str>) {
        // multer takes a backslash before the closing quote for an escape of RFC 9110 section 5.6.4.
        if !name.ends_with('\\') {
            assert_eq!(self.name.as_deref(), Some(name));
        }
        // multer also finds the parameter `filename` within the quotes of the name.
        if !name.contains("filename") && !file_name.is_some_and(|file_name| file_name.ends_with('\\')) {
            assert_eq!(self.file_name.as_deref(), file_name);
        }
    }
}

/// The parts as another parser sees them.
fn read_by_multer(boundary: &str, body: Vec<u8>) -> Vec<ReadPart> {
    let read = async {
        let mut multipart = multer::Multipart::new(Once(Some(body)), boundary);
        let mut parts = Vec::new();
        while let Some(field) = multipart.next_field().await? {
            let (name, file_name) = (field.name().map(str::to_owned), field.file_name().map(str::to_owned));
            let media_type = field.content_type().map(ToString::to_string);
            parts.push(ReadPart { name, file_name, media_type, content: field.bytes().await?.to_vec() });
        }
        Ok::<_, multer::Error>(parts)
    };
    match pin!(read).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(parts) => parts.expect("multer reads the body"),
        Poll::Pending => panic!("multer waits although all bytes are available"),
    }
}

/// A body that arrives at once.
struct Once(Option<Vec<u8>>);

impl Stream for Once {
    type Item = Result<Vec<u8>, multer::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn split(part: &[u8]) -> (&str, &[u8]) {
    let at = find(part, b"\r\n\r\n").expect("an empty line");
    (std::str::from_utf8(&part[..at]).expect("UTF-8"), &part[at + 4..])
}

/// WHATWG HTML, "multipart/form-data encoding algorithm": every CR, LF and CRLF becomes CRLF.
fn normalised(text: &str) -> String {
    let mut result = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                result.push_str("\r\n");
            }
            '\n' => result.push_str("\r\n"),
            other => result.push(other),
        }
    }
    result
}

fn quoted(text: &str) -> String {
    let mut result = String::new();
    for character in text.chars() {
        match character {
            '"' => result.push_str("%22"),
            '\r' => result.push_str("%0D"),
            '\n' => result.push_str("%0A"),
            other => result.push(other),
        }
    }
    result
}
