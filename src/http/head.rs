//! The head of a response, as it is on the wire.

use super::error::Error;
use crate::terms::{Header, header_value, header_values};

/// The most bytes a head may have.
pub(super) const MAX_HEAD_SIZE: usize = 64 * 1024;
/// The most fields a head may have, which is also ureq's bound.
const MAX_HEADERS: usize = 128;

/// A whole head.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The fields, in their order.
    pub headers: Vec<Header>,
    /// The first `Location` that is not empty, as it came.
    pub location: Option<Vec<u8>>,
    /// Whether the body ends where the connection does.
    pub close_delimited: bool,
}

impl Head {
    /// The head at the start of `input` and its size; `None` while it is not all there.
    pub fn parse(input: &[u8]) -> Result<Option<(Head, usize)>, Error> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut fields);
        let size = match response.parse(input) {
            Ok(httparse::Status::Complete(size)) => size,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Error::protocol("the response has too many headers")),
            Err(error) => return Err(Error::protocol(format!("the response's head is malformed: {error}"))),
        };
        let status = response.code.unwrap_or_default();
        let is_http_10 = response.version == Some(0);
        let headers: Vec<Header> = response
            .headers
            .iter()
            .map(|field| Header { name: field.name.to_owned(), value: decode(field.value) })
            .collect();
        let location = response
            .headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case("location"))
            .map(|field| field.value.trim_ascii())
            .find(|value| !value.is_empty())
            .map(<[u8]>::to_vec);
        if status < 100 || status == 101 {
            return Err(Error::protocol(format!("the status {status} is no answer to the request")));
        }
        let chunked = is_chunked(&headers)?;
        if chunked && is_http_10 {
            return Err(Error::protocol("a chunked body needs HTTP/1.1"));
        }
        let has_length = header_value(&headers, "Content-Length").is_some();
        let close_delimited = !chunked && !has_length && !matches!(status, 100..200 | 204 | 304);
        Ok(Some((Head { status, headers, location, close_delimited }, size)))
    }

    /// The size that the body is announced to have; ureq sees to it that it has.
    pub(super) fn content_length(&self) -> Option<u64> {
        header_value(&self.headers, "Content-Length")?.parse().ok()
    }

    /// An interim response (RFC 9110 section 15.2), which another one follows.
    pub(super) fn is_interim(&self) -> bool {
        self.status < 200
    }
}

/// Whether `input` can still become the head of an HTTP/1 response. Whoever speaks another protocol is told apart by the
/// first bytes, without waiting for an end of the head that never comes.
pub fn is_plausible(input: &[u8]) -> bool {
    let start = input.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(input.len());
    b"HTTP/1.".iter().zip(&input[start..]).all(|(expected, byte)| expected == byte)
}

/// Replaces the line ends inside of folded fields with spaces, as a user agent must (RFC 9112 section 5.2). Nothing behind
/// the head is touched, nor is a fold in front of the first field, which is an error.
pub(super) fn unfold(input: &mut [u8]) {
    // Empty lines in front of a head are passed over (RFC 9112 section 2.2).
    let mut line = input.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(input.len());
    let mut in_field = false;
    while let Some(length) = input[line..].iter().position(|&byte| byte == b'\n') {
        let end = line + length;
        if matches!(input[line..end], [] | [b'\r']) {
            return;
        }
        if in_field && matches!(input.get(end + 1), Some(b' ' | b'\t')) {
            input[end] = b' ';
            if input[end - 1] == b'\r' {
                input[end - 1] = b' ';
            }
        }
        in_field = true;
        line = end + 1;
    }
}

/// The elements of a list that may be spread over several fields (RFC 9110 section 5.6.1), in lower case.
pub(super) fn list(headers: &[Header], name: &str) -> Vec<String> {
    header_values(headers, name)
        .flat_map(|value| value.split(','))
        .map(|element| element.trim().to_ascii_lowercase())
        .filter(|element| !element.is_empty())
        .collect()
}

fn is_chunked(headers: &[Header]) -> Result<bool, Error> {
    let codings = list(headers, "transfer-encoding");
    match codings.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["identity"] => Ok(false),
        ["chunked"] => Ok(true),
        _ => Err(Error::protocol("the response has a transfer coding that was not asked for")),
    }
}

fn decode(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|&byte| char::from(byte)).collect(),
    }
}
