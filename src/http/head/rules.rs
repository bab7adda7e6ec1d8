//! What a head says about its body and the connection (RFC 9112 sections 6.3 and 9.3).

use super::fields::BLANKS;
use super::{Answering, BodyFraming, elements};
use crate::http::error::Error;
use crate::terms::Headers;

const CONTENT_LENGTH: &str = "content-length";
const TRANSFER_ENCODING: &str = "transfer-encoding";

/// How the body of a response to GET, POST, PUT or CONNECT ends.
pub(super) fn framing(status: u16, headers: &Headers, answering: Answering) -> Result<BodyFraming, Error> {
    let has_none = match status {
        100..200 | 204 | 304 => true,
        200..300 => answering == Answering::Connect,
        _ => false,
    };
    if has_none {
        return Ok(BodyFraming::None);
    }
    if is_chunked(headers)? {
        // Overrides Content-Length, even a malformed one.
        return Ok(BodyFraming::Chunked);
    }
    Ok(content_length(headers)?.map_or(BodyFraming::UntilClose, BodyFraming::Length))
}

/// Whether another request may follow on the connection.
pub(super) fn keeps_connection(is_http_10: bool, framing: BodyFraming, headers: &Headers) -> bool {
    let has_coding = headers.values(TRANSFER_ENCODING).next().is_some();
    let has_length = headers.values(CONTENT_LENGTH).next().is_some();
    let faulty = match framing {
        // A server that announces a body here often sends it, and its bytes would be taken for the next answer.
        BodyFraming::None => has_coding || headers.values(CONTENT_LENGTH).any(|length| length != "0"),
        BodyFraming::UntilClose => true,
        // RFC 9112 section 6.1: both fields are present, or HTTP/1.0 with a transfer coding.
        BodyFraming::Length(_) | BodyFraming::Chunked => has_coding && (has_length || is_http_10),
    };
    let connection = || headers.values("connection").flat_map(elements);
    let says = |option: &str| connection().any(|element| element.eq_ignore_ascii_case(option));
    !faulty && !says("close") && (!is_http_10 || says("keep-alive"))
}

/// Whether the body is chunked. If `chunked` is named several times, the body is chunked once: some proxies add their
/// own, and curl and Envoy accept it. HTTP/1.0 must not use chunks (RFC 9112 section 6.1), but servers do; curl decodes
/// them, and Chrome returns the framing as body. Decoding is safe: a body may then fail, but is not corrupted. A field
/// that names no coding fails, because parsers disagree about it.
fn is_chunked(headers: &Headers) -> Result<bool, Error> {
    let mut chunked = false;
    for value in headers.values(TRANSFER_ENCODING) {
        let mut codings = elements(value).peekable();
        if codings.peek().is_none() {
            return Err(Error::protocol("the response's Transfer-Encoding names no coding"));
        }
        for coding in codings {
            if coding.eq_ignore_ascii_case("chunked") {
                chunked = true;
            } else if !coding.eq_ignore_ascii_case("identity") {
                return Err(Error::protocol("the response has a transfer coding that was not asked for"));
            }
        }
    }
    Ok(chunked)
}

/// The announced length: one number, possibly repeated (RFC 9110 section 8.6).
fn content_length(headers: &Headers) -> Result<Option<u64>, Error> {
    let mut length = None;
    for number in headers.values(CONTENT_LENGTH).flat_map(|value| value.split(',')) {
        let number = number.trim_matches(BLANKS);
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse::<u64>().ok().filter(|_| is_number);
        let number = number.ok_or_else(|| Error::protocol("the response's Content-Length is no number of bytes"))?;
        if length.is_some_and(|known| known != number) {
            return Err(Error::protocol("the response has several different Content-Lengths"));
        }
        length = Some(number);
    }
    Ok(length)
}
