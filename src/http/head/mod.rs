//! Parses the head of a response.
//!
//! A line that violates the grammar does not fail the answer: browsers and curl accept such heads, so servers send
//! them. Fields that frame or decode a body, or redirect, are parsed strictly.

mod fields;
mod rules;

use super::error::Error;
use crate::terms::Headers;
use fields::{BLANKS, Fields};
pub(super) use fields::{is_control, is_token, is_token_byte};

/// The maximum size of a head, including empty lines before it, and of a trailer.
pub(super) const MAX_HEAD_SIZE: usize = 64 * 1024;
/// The maximum number of fields in a head or a trailer.
pub(super) const MAX_FIELDS: usize = 128;

/// How the body of a response ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is no body.
    None,
    /// After this many bytes.
    Length(u64),
    /// After its last chunk.
    Chunked,
    /// At the end of the connection.
    UntilClose,
}

/// The kind of request that a response answers, as far as its body depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// A GET, POST or PUT.
    Request,
    /// A CONNECT: a successful response has no body, whatever its fields say (RFC 9110 section 9.3.6).
    Connect,
}

/// A complete head.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code, from 100 to 999, but not 101.
    pub status: u16,
    /// The fields, in order.
    pub headers: Headers,
    /// The first `Location` that is not empty, as raw bytes.
    pub location: Option<Vec<u8>>,
    /// How the body ends.
    pub framing: BodyFraming,
    /// Whether another request may follow on the connection after the body.
    pub keeps_connection: bool,
    /// One log message for each dropped or repaired field. None contains a value.
    pub repairs: Vec<String>,
}

impl Head {
    /// Parses a complete head, from its status line to its empty line.
    fn parse(input: &[u8], answering: Answering) -> Result<Head, Error> {
        if input.contains(&0) {
            return Err(Error::protocol("the response's head holds a NUL"));
        }
        let line_end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
        let (line, fields) = input.split_at(line_end);
        let (is_http_10, status) =
            status(line).ok_or_else(|| Error::protocol("the response's status line is malformed"))?;
        if status < 100 || status == 101 {
            return Err(Error::protocol(format!("the status {status} is no answer to the request")));
        }
        let Fields { headers, location, repairs, .. } = {
            let frames = answering == Answering::Request || !matches!(status, 200..300);
            Fields::read(fields.get(1..).unwrap_or_default(), frames)?
        };
        let framing = rules::framing(status, &headers, answering)?;
        let keeps_connection = rules::keeps_connection(is_http_10, framing, &headers);
        Ok(Head { status, headers, location, framing, keeps_connection, repairs })
    }

    /// Whether the response redirects, so that another exchange follows.
    pub(super) fn redirects(&self) -> bool {
        matches!(self.status, 300..400) && self.location.is_some()
    }

    /// Whether this is an interim response (RFC 9110 section 15.2), which another one follows.
    pub(super) fn is_interim(&self) -> bool {
        self.status < 200
    }
}

/// Parses a complete trailer, including its empty line. Returns one log message for each repaired line. Its fields are
/// ignored (RFC 9110 section 6.5.1), so none is decisive.
pub(super) fn trailer_repairs(input: &[u8]) -> Result<Vec<String>, Error> {
    Ok(Fields::read(input, false)?.repairs)
}

/// Finds the end of a head in growing input. Examines every byte once.
#[derive(Debug, Default)]
pub struct HeadReader {
    /// The start of the status line. Empty lines before it are skipped, as RFC 9112 section 2.2 allows for servers.
    start: usize,
    /// The start of the last, incomplete line.
    line: usize,
    /// The position up to which that line was searched for its end.
    searched: usize,
}

impl HeadReader {
    /// The head at the start of `input`, and its size. `None` if it is incomplete. `input` must extend that of the last
    /// call. Use another reader for the next head.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`](super::ErrorKind::Protocol) if the input cannot become a valid head, or exceeds the
    /// limits.
    pub fn read(&mut self, input: &[u8], answering: Answering) -> Result<Option<(Head, usize)>, Error> {
        let input = &input[..input.len().min(MAX_HEAD_SIZE)];
        self.start += empty_lines(&input[self.start..]);
        if !is_plausible(&input[self.start..]) {
            return Err(Error::protocol("the server does not speak HTTP/1.1"));
        }
        match self.find_end(input) {
            Some(end) => Ok(Some((Head::parse(&input[self.start..end], answering)?, end))),
            None if input.len() == MAX_HEAD_SIZE => Err(Error::protocol("the response's head is too large")),
            None => Ok(None),
        }
    }

    /// The position after the first empty line. A line of CRs only also ends the head; it becomes an error later.
    fn find_end(&mut self, input: &[u8]) -> Option<usize> {
        self.line = self.line.max(self.start);
        self.searched = self.searched.max(self.start);
        while let Some(length) = input[self.searched..].iter().position(|&byte| byte == b'\n') {
            let end = self.searched + length;
            let is_empty = input[self.line..end].iter().all(|&byte| byte == b'\r');
            (self.line, self.searched) = (end + 1, end + 1);
            if is_empty {
                return Some(end + 1);
            }
        }
        self.searched = input.len();
        None
    }
}

/// Whether `input` can become the head of an HTTP/1 response. Detects other protocols by their first bytes, without
/// waiting for the end of a head that never comes.
pub fn is_plausible(input: &[u8]) -> bool {
    let input = &input[empty_lines(input)..];
    b"HTTP/1.".iter().zip(input).all(|(expected, byte)| expected.eq_ignore_ascii_case(byte))
}

/// The size of the empty lines at the start of `input`.
fn empty_lines(input: &[u8]) -> usize {
    input.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(input.len())
}

/// Parses a status line: whether it is HTTP/1.0, and the code. Accepts several blanks, a missing reason, and a reason
/// without a blank before it. A later minor version counts as 1.1 (RFC 9110 section 2.5).
fn status(line: &[u8]) -> Option<(bool, u16)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (minor, rest) = line.get(b"HTTP/1.".len()..)?.split_first()?;
    let blanks = rest.iter().take_while(|&&byte| byte == b' ').count();
    let digits = rest[blanks..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !minor.is_ascii_digit() || blanks == 0 || digits != 3 || line.contains(&b'\r') {
        return None;
    }
    let code = rest[blanks..blanks + digits].iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    Some((*minor == b'0', code))
}

/// The elements of a list, which may be spread over several fields.
pub(super) fn list<'a>(headers: &'a Headers, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
    let elements: Vec<&str> = headers.values(name).flat_map(elements).collect();
    elements.into_iter()
}

/// The elements of one field's list (RFC 9110 section 5.6.1) without empty ones. Only SP and HTAB are blanks: trimming
/// Unicode whitespace would produce names that other parsers do not see.
fn elements(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(|element| element.trim_matches(BLANKS)).filter(|element| !element.is_empty())
}
