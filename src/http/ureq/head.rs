//! Serialises the head of a request.

use url::Position;

use crate::http::coding::ACCEPTED;
use crate::http::error::Error;
use crate::http::head::{is_control, is_token};
use crate::http::request::Request;
use crate::terms::{Header, Method, is_one_of};
use crate::worker::sizes::REQUEST_HEAD;

/// Writes the head: the library's fields first, then the caller's in their order and spelling.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::http::ErrorKind::Internal) for a target or field that contains a line break or other
/// forbidden characters. The caller has rejected such fields before.
pub(super) fn write(request: &Request<'_>, body_length: u64) -> Result<Vec<u8>, Error> {
    let (url, headers) = (request.url, request.headers);
    let method = request.method.name();
    // Excludes user information, which is never sent, and the fragment.
    let target = &url[Position::BeforePath..Position::AfterQuery];
    if target.is_empty() || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::internal("the request's target is malformed"));
    }

    let mut head = Vec::with_capacity(REQUEST_HEAD);
    for part in [method, " ", target, " HTTP/1.1\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    write_field(&mut head, "Host", &url[Position::BeforeHost..Position::AfterPort])?;
    if request.method != Method::Get {
        write_field(&mut head, "Content-Length", &body_length.to_string())?;
    }
    if !headers.has("accept-encoding") {
        // A range of coded data cannot be decoded (Fetch standard, "HTTP-network-or-cache fetch").
        write_field(&mut head, "Accept-Encoding", if headers.has("range") { "identity" } else { ACCEPTED })?;
    }
    for Header { name, value } in headers.iter() {
        // These are derived from the URL and the body.
        if !is_one_of(name, &["Host", "Content-Length"]) {
            write_field(&mut head, name, value)?;
        }
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

fn write_field(head: &mut Vec<u8>, name: &str, value: &str) -> Result<(), Error> {
    if !is_token(name) || value.bytes().any(is_control) {
        return Err(Error::internal("a header field of the request is malformed"));
    }
    for part in [name, ": ", value, "\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head_with(name: &str, value: &str) -> Result<Vec<u8>, Error> {
        let headers = [(name, value)].into_iter().collect();
        let url = url::Url::parse("http://user:secret@example.com:81/a?b#c").unwrap();
        write(
            &Request {
                method: Method::Get,
                url: &url,
                headers: &headers,
                body: None,
                may_be_sent_again: true,
                body_limit: 0,
            },
            0,
        )
    }

    #[test]
    fn head_has_one_line_per_field() {
        let head = String::from_utf8(head_with("accept-ENCODING", "x\ty 你").unwrap()).unwrap();
        assert_eq!(head, "GET /a?b HTTP/1.1\r\nHost: example.com:81\r\naccept-ENCODING: x\ty 你\r\n\r\n");
    }

    /// The caller must reject such a field. `write` also rejects it, in case the caller does not.
    #[test]
    fn field_with_line_break_is_rejected() {
        for bad in ["\r\nEvil: 1", "\nEvil: 1", "\rEvil: 1", "\0", "\u{7f}", "\u{1}"] {
            for text in [bad.to_owned(), format!("x{bad}"), format!("x{bad}x")] {
                assert!(head_with("X", &text).is_err(), "{text:?}");
                assert!(head_with(&text, "x").is_err(), "{text:?}");
            }
        }
        for name in ["", " ", "X Y", "X:", "X\t", "\u{a0}", "ä"] {
            assert!(head_with(name, "x").is_err(), "{name:?}");
        }
    }
}
