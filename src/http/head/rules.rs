//! What a head says of its body and of the connection (RFC 9112 sections 6.3 and 9.3).

use super::fields::BLANKS;
use super::{Answering, BodyFraming, elements, list};
use crate::http::error::Error;
use crate::terms::{Header, header_values};

const CONTENT_LENGTH: &str = "content-length";
const TRANSFER_ENCODING: &str = "transfer-encoding";

/// Where the body of a response to GET, POST or CONNECT ends.
pub(super) fn framing(status: u16, headers: &[Header], answering: Answering) -> Result<BodyFraming, Error> {
    let has_none = match status {
        100..200 | 204 | 304 => true,
        200..300 => answering == Answering::Connect,
        _ => false,
    };
    if has_none {
        return Ok(BodyFraming::None);
    }
    if is_chunked(headers)? {
        // Beats any Content-Length, a malformed one too.
        return Ok(BodyFraming::Chunked);
    }
    Ok(content_length(headers)?.map_or(BodyFraming::UntilClose, BodyFraming::Length))
}

/// Whether another request may follow on the connection.
pub(super) fn keeps_connection(is_http_10: bool, framing: BodyFraming, headers: &[Header]) -> bool {
    let has_coding = header_values(headers, TRANSFER_ENCODING).next().is_some();
    let has_length = header_values(headers, CONTENT_LENGTH).next().is_some();
    let faulty = match framing {
        // A server that announces a body here often sends it, and its bytes would be the next answer's.
        BodyFraming::None => has_coding || header_values(headers, CONTENT_LENGTH).any(|length| length != "0"),
        BodyFraming::UntilClose => true,
        // RFC 9112 section 6.1: both of them, or a transfer coding of HTTP/1.0.
        BodyFraming::Length(_) | BodyFraming::Chunked => has_coding && (has_length || is_http_10),
    };
    let says = |option: &str| list(headers, "connection").any(|element| element.eq_ignore_ascii_case(option));
    !faulty && !says("close") && (!is_http_10 || says("keep-alive"))
}

/// Whether the body is chunked. Named more than once it is chunked once all the same, as proxies that add their own send
/// it; curl and Envoy take that too. HTTP/1.0 may have no chunks (RFC 9112 section 6.1), but servers send them with it:
/// curl decodes them, Chrome hands on the framing. Decoded, a body can be refused but not be spoilt. A field that names no
/// coding is refused: who reads it as chunks and who does not would disagree about the body.
fn is_chunked(headers: &[Header]) -> Result<bool, Error> {
    let mut chunked = false;
    for value in header_values(headers, TRANSFER_ENCODING) {
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

/// The announced length: one number, which may be repeated (RFC 9110 section 8.6).
fn content_length(headers: &[Header]) -> Result<Option<u64>, Error> {
    let mut length = None;
    for number in header_values(headers, CONTENT_LENGTH).flat_map(|value| value.split(',')) {
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
