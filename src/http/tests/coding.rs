//! Content codings. Other programs made the coded bodies.

use std::io::Write;

use super::support::*;
use crate::http::*;

/// `printf hello | gzip -n9`, with the operating system byte set to "unknown".
const HELLO_GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";
/// Python's `zlib.compress(b"hello", 9)`.
const HELLO_ZLIB: &[u8] = b"\x78\xda\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15";
/// The data of `HELLO_ZLIB` without header and checksum.
const HELLO_RAW: &[u8] = b"\xcb\x48\xcd\xc9\xc9\x07\x00";
/// Stored uncompressed (RFC 7932 section 9.2), with an empty last metablock.
const HELLO_BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";

fn answer(coding: &str, body: &[u8], chunked: bool) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n").into_bytes();
    if chunked {
        answer.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        for byte in body {
            answer.extend_from_slice(b"1\r\n");
            answer.push(*byte);
            answer.extend_from_slice(b"\r\n");
        }
        answer.extend_from_slice(b"0\r\n\r\n");
    } else {
        write!(answer, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
        answer.extend_from_slice(body);
    }
    answer
}

fn decoded(coding: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut results = Vec::new();
    for chunked in [false, true] {
        let server = Server::answering(answer(coding, body, chunked));
        let (client, exchange) = (client(), exchange());
        let mut response = get(&client, &server.url(), &exchange)?;
        assert_eq!(response.content_length(), None);
        let result = read_all(&mut response);
        if result.is_ok() {
            // The connection can be reused, so the body was read to its end.
            get(&client, &server.url(), &exchange).unwrap();
            assert!(exchange.trace().reused, "{coding}");
        }
        results.push(result);
    }
    let (second, first) = (results.pop().unwrap(), results.pop().unwrap());
    assert_eq!(first.is_ok(), second.is_ok());
    first
}

fn known() -> Vec<(&'static str, &'static [u8])> {
    let mut known = vec![("gzip", HELLO_GZIP), ("X-GZip", HELLO_GZIP), ("deflate", HELLO_ZLIB), ("deflate", HELLO_RAW)];
    if cfg!(feature = "brotli") {
        known.push(("br", HELLO_BROTLI));
    }
    known
}

#[test]
fn coded_bodies_are_decoded() {
    for (coding, body) in known() {
        assert_eq!(decoded(coding, body).unwrap(), b"hello", "{coding}");
    }
}

#[test]
fn a_coded_body_that_is_cut_off_is_an_error() {
    for (coding, body) in known() {
        for length in 1..body.len() {
            let error = decoded(coding, &body[..length]).expect_err(coding);
            assert!(matches!(error.kind, ErrorKind::Protocol), "{coding} {length}: {error:?}");
        }
    }
}

#[test]
fn connection_cut_off_in_a_coded_body_fails_with_closed() {
    for (coding, body) in known() {
        let mut cut = answer(coding, body, true);
        cut.truncate(cut.len() - 5);
        let server = Server::answering_once(cut);
        let mut response = get(&client(), &server.url(), &exchange()).unwrap();
        let error = read_all(&mut response).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Closed), "{coding}: {error:?}");
    }
}

#[test]
fn malformed_coded_data_is_an_error() {
    for (coding, _) in known() {
        let error = decoded(coding, b"this is no coded body at all, whatever the coding").expect_err(coding);
        assert!(matches!(error.kind, ErrorKind::Protocol), "{coding}: {error:?}");
    }
}

#[test]
fn wrong_checksum_is_an_error() {
    for (coding, body, position) in [("gzip", HELLO_GZIP, 18), ("deflate", HELLO_ZLIB, 12)] {
        let mut body = body.to_vec();
        body[position] ^= 1;
        let error = decoded(coding, &body).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol), "{coding}: {error:?}");
    }
}

#[test]
fn a_gzip_body_may_have_several_members() {
    assert_eq!(decoded("gzip", &[HELLO_GZIP, HELLO_GZIP].concat()).unwrap(), b"hellohello");
}

#[test]
fn an_empty_body_needs_no_coding() {
    for (coding, _) in known() {
        let server = Server::answering(answer(coding, b"", true));
        let mut response = get(&client(), &server.url(), &exchange()).unwrap();
        assert_eq!(read_all(&mut response).unwrap(), b"");
    }
}

#[test]
fn body_with_an_unknown_coding_is_not_decoded() {
    for coding in ["aws-chunked", "identity", "utf-8", "zstd"] {
        let server = Server::answering(answer(coding, HELLO_ZLIB, false));
        let mut response = get(&client(), &server.url(), &exchange()).unwrap();
        assert_eq!(response.content_length(), Some(HELLO_ZLIB.len() as u64));
        assert_eq!(read_all(&mut response).unwrap(), HELLO_ZLIB);
    }
}

/// Python's `gzip.compress(zlib.compress(b"hello", 9), 9, mtime=0)`.
const HELLO_ZLIB_GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\xb8\x75\xda\xe3\xec\xc9\x93\xec\x0c\x6c\x3a\x4c\xa2\x00\x54\xec\xdb\x75\x0d\x00\x00\x00";

#[test]
fn several_codings_are_decoded() {
    assert_eq!(decoded("deflate, gzip", HELLO_ZLIB_GZIP).unwrap(), b"hello");
    assert_eq!(decoded("unknown, x-gzip", HELLO_ZLIB_GZIP).unwrap(), HELLO_ZLIB);
    let server = Server::answering(answer("gzip, gzip, gzip, gzip, gzip, gzip", HELLO_GZIP, false));
    let error = get(&client(), &server.url(), &exchange()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Protocol), "{error:?}");
}

#[test]
fn bytes_after_the_end_of_a_coding_are_an_error() {
    for (coding, body) in known() {
        let error = decoded(coding, &[body, b"x"].concat()).expect_err(coding);
        assert!(matches!(error.kind, ErrorKind::Protocol), "{coding}: {error:?}");
    }
}
