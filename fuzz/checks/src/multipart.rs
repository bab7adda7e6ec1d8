//! A multipart body contains exactly the parts that were given, complete and in order; no name or value creates a part.
//! multer reads the same parts.
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
    let mut rest = body.strip_prefix(delimiter.as_bytes()).expect("it begins with a delimiter");
    let between = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    while let Some(at) = find(rest, between.as_bytes()) {
        parts.push(rest[..at].strip_prefix(b"\r\n").expect("a delimiter's line ends"));
        rest = &rest[at + between.len()..];
    }
    assert_eq!(rest, b"--\r\n", "it ends with the close delimiter");
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
    let values = fields.iter().map(|(_, value)| normalised(value).into_bytes()).chain([content.to_vec()]);
    let types = fields.iter().map(|_| None).chain([Some(media_type.to_owned())]);
    let expected: Vec<_> = types.zip(values).collect();
    assert_eq!(read_by_multer(boundary, body), expected);
}

/// The parts as another parser sees them: their types and contents.
fn read_by_multer(boundary: &str, body: Vec<u8>) -> Vec<(Option<String>, Vec<u8>)> {
    let read = async {
        let mut multipart = multer::Multipart::new(Once(Some(body)), boundary);
        let mut parts = Vec::new();
        while let Some(field) = multipart.next_field().await? {
            let media_type = field.content_type().map(ToString::to_string);
            parts.push((media_type, field.bytes().await?.to_vec()));
        }
        Ok::<_, multer::Error>(parts)
    };
    match pin!(read).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(parts) => parts.expect("multer reads the body"),
        Poll::Pending => panic!("all bytes are there"),
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
