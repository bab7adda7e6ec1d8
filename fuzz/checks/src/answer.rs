//! Answers that are valid HTTP, with the body that a client must find in them.

use std::fmt;
use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::host::{Downloaded, Failed};
use crate::input::Input;

/// A valid answer.
pub struct Answer {
    /// The whole answer.
    pub bytes: Vec<u8>,
    status: i32,
    head_size: usize,
    body: Vec<u8>,
    is_coded: bool,
    ends_with_connection: bool,
}

/// The expected result of an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Expected {
    /// A success with this body.
    Success(Vec<u8>),
    /// A failure, or a success with this body.
    SuccessOrFailure(Vec<u8>),
    /// A failure, or a success with the first part of the body.
    PartOrFailure,
    /// A failure.
    Failure,
}

impl Expected {
    /// The expected result of the same answer if the transport may have failed.
    pub fn or_failure(self) -> Expected {
        match self {
            Expected::Success(body) => Expected::SuccessOrFailure(body),
            other => other,
        }
    }
}

impl Answer {
    /// Makes an answer from the input.
    pub fn read(input: &mut Input<'_>) -> Answer {
        let status = [200, 200, 201, 404, 500][input.below(5)];
        let content = input.bytes();
        let body = content.repeat(usize::from(input.byte()).max(1));
        let line_end = if input.flag() { "\n" } else { "\r\n" };

        let mut head = Vec::new();
        for _ in 0..input.below(3) {
            head.extend(format!("HTTP/1.1 103 Early Hints{line_end}Link: </x>{line_end}{line_end}").bytes());
        }
        let framing = input.below(4);
        let version = if framing != 1 && input.flag() { "1.0" } else { "1.1" };
        head.extend(format!("HTTP/{version} {status} x{line_end}").bytes());
        for _ in 0..input.below(3) {
            let value = input.bytes().iter().filter(|byte| !byte.is_ascii_control());
            head.extend(b"X-Filler: ");
            head.extend(value);
            head.extend(line_end.bytes());
        }
        let (coded, names) = encode(input, &body);
        if !names.is_empty() {
            head.extend(format!("Content-Encoding: {}{line_end}", names.join(", ")).bytes());
        }
        let framed = match framing {
            0 => coded,
            1 => {
                head.extend(format!("Transfer-Encoding: chunked{line_end}").bytes());
                chunked(input, &coded, line_end)
            }
            _ => {
                head.extend(format!("Content-Length: {}{line_end}", coded.len()).bytes());
                coded
            }
        };
        head.extend(line_end.bytes());
        let head_size = head.len();
        let bytes = [head, framed].concat();
        Answer { bytes, status, head_size, body, is_coded: !names.is_empty(), ends_with_connection: framing == 0 }
    }

    /// Whether the answer ends with the connection.
    pub fn ends_with_connection(&self) -> bool {
        self.ends_with_connection
    }

    /// The expected result if only the first `sent` bytes of the answer are sent. `is_clean`: the end of the connection
    /// confirms that no byte is missing.
    pub fn expected(&self, sent: usize, is_clean: bool) -> Expected {
        if sent >= self.bytes.len() {
            return match (self.ends_with_connection && !is_clean, self.is_coded) {
                (false, _) => Expected::Success(self.body.clone()),
                // The end of a coding shows that the body is whole.
                (true, true) => Expected::SuccessOrFailure(self.body.clone()),
                (true, false) => Expected::Failure,
            };
        }
        if !self.ends_with_connection || sent < self.head_size {
            return Expected::Failure;
        }
        match (self.is_coded, is_clean) {
            // An empty body is valid with any coding, and so is the first member of a gzip body.
            (true, _) => Expected::PartOrFailure,
            (false, true) => Expected::Success(self.body[..sent - self.head_size].to_vec()),
            (false, false) => Expected::Failure,
        }
    }

    /// Compares the result with the expected one.
    pub fn assert(&self, result: &Result<Downloaded, Failed>, expected: &Expected) {
        match (result, expected) {
            (Err(_), Expected::SuccessOrFailure(_) | Expected::PartOrFailure | Expected::Failure) => {}
            (Ok(success), Expected::Success(body) | Expected::SuccessOrFailure(body)) => {
                assert_eq!(success.status, self.status, "{self:?}");
                assert!(success.body == *body, "{} instead of {} bytes: {self:?}", success.body.len(), body.len());
            }
            (Ok(success), Expected::PartOrFailure) => {
                assert!(self.body.starts_with(&success.body), "{} other bytes: {self:?}", success.body.len());
            }
            (Err(failed), Expected::Success(_)) => panic!("{failed:?} for {self:?}"),
            (Ok(success), Expected::Failure) => panic!("{} bytes of {self:?}", success.body.len()),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, framed) = self.bytes.split_at(self.head_size);
        write!(formatter, "{:?} with {} bytes of {}", String::from_utf8_lossy(head), framed.len(), self.body.len())
    }
}

/// The body after some content codings, and their names in the order in which they were applied.
fn encode(input: &mut Input<'_>, body: &[u8]) -> (Vec<u8>, Vec<&'static str>) {
    let (mut coded, mut names) = (body.to_vec(), Vec::new());
    for _ in 0..input.below(4) {
        let (name, output) = match input.below(6) {
            0 => ("identity", coded),
            1 => ("gzip", gzip(&coded)),
            2 => ("deflate", written(ZlibEncoder::new(Vec::new(), Compression::fast()), &coded, ZlibEncoder::finish)),
            // Some servers leave out the zlib format.
            3 => (
                "deflate",
                written(DeflateEncoder::new(Vec::new(), Compression::fast()), &coded, DeflateEncoder::finish),
            ),
            // Two members.
            4 => {
                let (first, second) = coded.split_at(coded.len() / 2);
                ("x-gzip", [gzip(first), gzip(second)].concat())
            }
            _ => ("GZip", gzip(&coded)),
        };
        coded = output;
        names.push(name);
    }
    (coded, names)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    written(GzEncoder::new(Vec::new(), Compression::fast()), bytes, GzEncoder::finish)
}

fn written<E: Write>(mut encoder: E, bytes: &[u8], finish: fn(E) -> std::io::Result<Vec<u8>>) -> Vec<u8> {
    encoder.write_all(bytes).and_then(|()| finish(encoder)).expect("memory takes every byte")
}

fn chunked(input: &mut Input<'_>, body: &[u8], line_end: &str) -> Vec<u8> {
    let (mut framed, mut rest) = (Vec::new(), body);
    while !rest.is_empty() {
        let size = match input.number() {
            0 => rest.len(),
            size => size.min(rest.len()),
        };
        let (chunk, after) = rest.split_at(size);
        let line = match input.below(4) {
            0 => format!("{size:x}"),
            1 => format!("{size:X} \t"),
            2 => format!("000{size:x};a=\"b;c\""),
            _ => format!("{size:x} ; signature=0"),
        };
        framed.extend([line.as_bytes(), line_end.as_bytes(), chunk, line_end.as_bytes()].concat());
        rest = after;
    }
    framed.extend(format!("0{line_end}").bytes());
    for _ in 0..input.below(3) {
        framed.extend(format!("X-Trailer: 0{line_end}").bytes());
    }
    framed.extend(line_end.bytes());
    framed
}
