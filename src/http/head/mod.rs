//! The head of a response, as it is on the wire.
//!
//! One line off the grammar does not cost the answer: browsers and curl take such heads, so servers send them. What
//! could frame a body, lead elsewhere or decode a body is read strictly.

mod fields;
mod rules;

use super::error::Error;
use crate::terms::{Header, header_values};
use fields::{BLANKS, Fields};
pub(super) use fields::{is_control, is_token};

/// The most bytes a head may have, empty lines in front of it included, or a trailer.
pub(super) const MAX_HEAD_SIZE: usize = 64 * 1024;
/// The most fields a head or a trailer may have.
const MAX_FIELDS: usize = 128;

/// Where the body of a response ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is no body.
    None,
    /// After this many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// Where the connection ends.
    UntilClose,
}

/// The request that a response answers, as far as the body depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// A GET or a POST.
    Request,
    /// A CONNECT: a success has no body, whatever its fields say (RFC 9110 section 9.3.6).
    Connect,
}

/// A whole head.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code, from 100 to 999 and not 101.
    pub status: u16,
    /// The fields, in their order.
    pub headers: Vec<Header>,
    /// The first `Location` that is not empty, as it came.
    pub location: Option<Vec<u8>>,
    /// Where the body ends.
    pub framing: BodyFraming,
    /// Whether another request may follow on the connection after the body.
    pub keeps_connection: bool,
    /// A line for the log for each field that was dropped or repaired. None holds a value.
    pub repairs: Vec<String>,
}

impl Head {
    /// Reads a whole head that begins with its status line and ends with the empty line.
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

    /// Another exchange follows, as far as the head tells.
    pub(super) fn redirects(&self) -> bool {
        matches!(self.status, 300..400) && self.location.is_some()
    }

    /// An interim response (RFC 9110 section 15.2), which another one follows.
    pub(super) fn is_interim(&self) -> bool {
        self.status < 200
    }
}

/// Reads a whole trailer, which ends with its empty line: a line for the log for each line that was dropped or repaired. Its
/// fields have no effect (RFC 9110 section 6.5.1), so that none decides anything.
pub(super) fn trailer_repairs(input: &[u8]) -> Result<Vec<String>, Error> {
    let fields = Fields::read(input, false)?;
    // Chunks behind the last one, for example, of a server that counted wrongly: the body would be shorter than it is.
    if fields.dropped > 0 {
        return Err(Error::protocol("a line of the response's trailer is no header line"));
    }
    Ok(fields.repairs)
}

/// Finds the end of a head in input that grows, looking at every byte once.
#[derive(Debug, Default)]
pub struct HeadReader {
    /// Where the status line begins: empty lines in front of it are passed over, as RFC 9112 section 2.2 has it for servers.
    start: usize,
    /// Where the last line that is not whole begins.
    line: usize,
    /// How far the input was searched for the end of that line.
    searched: usize,
}

impl HeadReader {
    /// The head at the start of `input` and its size; `None` while it is not all there. `input` is that of the last call and
    /// what has come since. After a head, another one needs a reader of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`](super::ErrorKind::Protocol) for what can be no head, or none that fits the bounds.
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

    /// Behind the first empty line. One of CRs alone is such a line too, which is not waited behind but an error later.
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

/// Whether `input` can still become the head of an HTTP/1 response. Whoever speaks another protocol is told apart by the
/// first bytes, without waiting for an end of the head that never comes.
pub fn is_plausible(input: &[u8]) -> bool {
    let input = &input[empty_lines(input)..];
    b"HTTP/1.".iter().zip(input).all(|(expected, byte)| expected.eq_ignore_ascii_case(byte))
}

/// The size of the empty lines at the start of `input`.
fn empty_lines(input: &[u8]) -> usize {
    input.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(input.len())
}

/// Whether a status line is of HTTP/1.0, and its code. Several blanks, a missing reason and a reason without a blank in
/// front of it are taken; a later minor version is read as 1.1 (RFC 9110 section 2.5).
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

/// The elements of a list that may be spread over several fields (RFC 9110 section 5.6.1), empty ones left out. Only SP and
/// HTAB are blanks: what Unicode adds to them would let a name be read that others do not see.
pub(super) fn list<'a>(headers: &'a [Header], name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
    let elements: Vec<&str> = header_values(headers, name).flat_map(|value| value.split(',')).collect();
    elements.into_iter().map(|element| element.trim_matches(BLANKS)).filter(|element| !element.is_empty())
}
