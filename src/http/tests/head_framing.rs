//! How a head determines the end of the body and the reuse of the connection. For other clients' behaviour see `head`.

use super::head::{head, read, refused, with};
use crate::http::ErrorKind;
use crate::http::head::{Answering, BodyFraming, Head, HeadReader};

use BodyFraming::{Chunked, Length, None as NoBody, UntilClose};

fn framing(lines: impl AsRef<[u8]>) -> BodyFraming {
    head(with(lines)).framing
}

/// The head of a complete answer with `status_line` and `lines`.
fn answer(status_line: &str, lines: &str) -> Head {
    let lines = if lines.is_empty() { String::new() } else { format!("{lines}\r\n") };
    head(format!("{status_line}\r\n{lines}\r\n"))
}

#[test]
fn content_length_must_be_one_number() {
    for (value, length) in [
        ("0", 0),
        ("5", 5),
        // Blanks, leading zeros and repetition: accepted by all clients.
        (" \t5\t ", 5),
        ("005", 5),
        ("00000000000000000000000000000000000005", 5),
        ("5, 5", 5),
        ("5,005\t,5", 5),
        ("5\r\nContent-Length: 5", 5),
        ("5\r\nX: 1\r\ncontent-length: 5, 5", 5),
        ("\r\n 5", 5),
        ("5\r\n , 5", 5),
        ("18446744073709551615", u64::MAX),
    ] {
        assert_eq!(framing(format!("Content-Length: {value}")), Length(length), "{value:?}");
    }
    for value in [
        // curl reads the first number of most of these, and Chromium reads the body until the connection ends. RFC 9112
        // section 6.3 requires an error.
        "5, 6",
        "5\r\nContent-Length: 6",
        "5\r\nContent-Length:",
        "5 5",
        "5\r\n 5",
        "+5",
        "-5",
        "-0",
        "0x5",
        "5;",
        "5.0",
        "5e0",
        "5,",
        ",5",
        "5,,5",
        "",
        " ",
        ",",
        "five",
        "\"5\"",
        "５",
        "\u{a0}5",
        "5\u{3000}",
        "5\u{85}",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        refused(with(format!("Content-Length: {value}")));
    }
}

#[test]
fn body_is_chunked_only_if_the_coding_is_exactly_chunked() {
    for value in [
        "chunked",
        "Chunked",
        "CHUNKED",
        "\tchunked\t ",
        // Repeated: accepted by curl, Envoy and Chromium.
        "chunked, chunked",
        "chunked,chunked",
        "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nX: 1\r\ntransfer-encoding: CHUNKED",
        "chunked, chunked, chunked",
        // Empty list elements are ignored (RFC 9110 section 5.6.1).
        "chunked,",
        ", ,chunked",
        // Names no further coding: accepted by curl.
        "identity, chunked",
        "chunked, identity",
        "\r\n chunked",
    ] {
        assert_eq!(framing(format!("Transfer-Encoding: {value}")), Chunked, "{value:?}");
    }
    for value in ["identity", "Identity", "identity, identity", "identity,"] {
        assert_eq!(framing(format!("Transfer-Encoding: {value}")), UntilClose, "{value:?}");
        assert_eq!(framing(format!("Transfer-Encoding: {value}\r\nContent-Length: 5")), Length(5), "{value:?}");
    }
    for value in [
        // curl: "Unrecognized content encoding type".
        "chunked\u{a0}",
        "\u{a0}chunked",
        "\u{85}chunked",
        "chunked\u{3000}",
        "\u{2028}chunked",
        "\u{feff}chunked",
        "xchunked",
        "chunke",
        "chunked;a=b",
        "\"chunked\"",
        "chunked chunked",
        "chun\r\n ked",
        "chunKed",
        // curl decodes these, browsers do not. The request did not offer them.
        "gzip, chunked",
        "chunked, gzip",
        "gzip",
        "chunked\r\nTransfer-Encoding: gzip",
        // No coding: the framing would become part of the body.
        "",
        " ",
        ",",
        " , ,",
        "chunked\r\nTransfer-Encoding:",
        "\r\nTransfer-Encoding: chunked",
    ] {
        // The Kelvin sign is not a K.
        let value = value.replace("chunKed", "chun\u{212a}ed");
        refused(with(format!("Transfer-Encoding: {value}")));
        refused(with(format!("Transfer-Encoding: {value}\r\nContent-Length: 5")));
    }
    // Latin-1, because the bytes are not UTF-8.
    refused(with(b"Transfer-Encoding: chunked\xa0"));
    refused(with(b"Transfer-Encoding: \x85chunked"));
}

#[test]
fn chunked_overrides_content_length_and_ends_the_connection() {
    // RFC 9112 section 6.3, curl and browsers. But curl rejects a malformed length.
    for length in ["3", "0", "3, 4", "x"] {
        for lines in [
            format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
        ] {
            let head = head(with(lines));
            assert_eq!((head.framing, head.keeps_connection), (Chunked, false), "{length}");
        }
    }
}

#[test]
fn a_status_without_a_body_has_none() {
    for status in [100, 103, 199, 204, 304] {
        for (lines, keeps) in [
            ("X: 1", true),
            ("Content-Length: 0", true),
            // The head announces a body. If one followed, it would be taken for the next answer.
            ("Content-Length: 4", false),
            ("Content-Length: x", false),
            ("Content-Length: 0\r\nContent-Length: 4", false),
            ("Transfer-Encoding: chunked", false),
            ("Transfer-Encoding: gzip", false),
            ("Connection: close", false),
        ] {
            let head = answer(&format!("HTTP/1.1 {status} x"), lines);
            assert_eq!((head.framing, head.keeps_connection), (NoBody, keeps), "{status} {lines:?}");
        }
    }
    for status in [200, 201, 205, 206, 301, 303, 305, 400, 404, 500, 999] {
        assert_eq!(answer(&format!("HTTP/1.1 {status} x"), "Content-Length: 4").framing, Length(4), "{status}");
        assert_eq!(answer(&format!("HTTP/1.1 {status} x"), "").framing, UntilClose, "{status}");
    }
}

#[test]
fn connection_is_kept_as_rfc_9112_says() {
    for (version, lines, keeps) in [
        ("1.1", "Content-Length: 5", true),
        ("1.1", "Transfer-Encoding: chunked", true),
        ("1.1", "Content-Length: 0", true),
        ("1.1", "", false),
        ("1.1", "Connection: keep-alive", false),
        ("1.1", "Content-Length: 5\r\nConnection: keep-alive", true),
        ("1.1", "Content-Length: 5\r\nConnection: Close", false),
        ("1.1", "Content-Length: 5\r\nConnection: x, close ,y", false),
        ("1.1", "Content-Length: 5\r\nConnection: keep-alive\r\nConnection: close", false),
        ("1.1", "Content-Length: 5\r\nConnection: closed", true),
        ("1.1", "Content-Length: 5\r\nConnection:\r\n close", false),
        ("1.1", "Content-Length: 5\r\nTransfer-Encoding: identity", false),
        ("1.2", "Content-Length: 5", true),
        ("1.0", "Content-Length: 5", false),
        ("1.0", "Content-Length: 5\r\nConnection: Keep-Alive", true),
        ("1.0", "Content-Length: 5\r\nConnection: Keep-Alive, close", false),
        ("1.0", "Connection: keep-alive", false),
        // The framing is invalid (RFC 9112 section 6.1). curl decodes it, too.
        ("1.0", "Transfer-Encoding: chunked\r\nConnection: keep-alive", false),
    ] {
        assert_eq!(answer(&format!("HTTP/{version} 200 OK"), lines).keeps_connection, keeps, "{version} {lines:?}");
    }
}

#[test]
fn http_1_0_chunks_are_decoded() {
    assert_eq!(answer("HTTP/1.0 200 OK", "Transfer-Encoding: chunked").framing, Chunked);
}

#[test]
fn a_success_to_connect_has_no_body_whatever_its_fields_say() {
    let connect = |input: &str| HeadReader::default().read(input.as_bytes(), Answering::Connect);
    for version in ["1.0", "1.1"] {
        for status in [200, 201, 206, 299] {
            for lines in [
                "",
                "Content-Length: 5\r\n",
                "Content-Length: 5\r\nContent-Length: x\r\n",
                "Transfer-Encoding: chunked\r\n",
                "Transfer-Encoding: gzip\r\n",
                "Via: a\r\n b\r\n",
                "Proxy Agent: x\r\nPROXY\r\nVia : a\r\n",
            ] {
                let input = format!("HTTP/{version} {status} Connection established\r\n{lines}\r\n");
                let (head, size) = connect(&input).unwrap().unwrap();
                assert_eq!((head.status, head.framing, size), (status, NoBody, input.len()), "{input:?}");
            }
        }
        let (head, _) = connect(&format!("HTTP/{version} 407 No\r\nContent-Length: 5\r\n\r\n")).unwrap().unwrap();
        assert_eq!((head.status, head.framing), (407, Length(5)));
    }
    assert!(matches!(connect("HTTP/1.1 100 Continue\r\n\r\n"), Ok(Some((head, _))) if head.is_interim()));
    for bad in ["HTTP/1.1 407 No\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", "SOCKS"] {
        assert!(matches!(connect(bad).unwrap_err().kind, ErrorKind::Protocol), "{bad:?}");
    }
}

#[test]
fn head_is_not_parsed_before_its_end() {
    let input = with("Content-Length: 5");
    for end in 0..input.len() {
        assert!(matches!(read(&input[..end]), Ok(None)), "{end}");
    }
}
