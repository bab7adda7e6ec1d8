//! A server's HTTP from the host's point of view: answers allowed by RFC 9110 and RFC 9112 arrive completely. Others
//! fail with the same error everywhere and leave no file.

// The test calls the C interface.
#![allow(unsafe_code)]

mod support;

use std::ffi::c_void;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use support::{Ended, Event, Session};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::options::WxtResolver;
use wxtransfer::ffi::resolver::{WxtResolution, wxt_resolution_finish};
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer_test_server::{BlackHole, FaultServer, Script, Step, Transport};

/// The result of one call.
struct Seen {
    ended: Ended,
    /// The downloaded file's bytes, or those of an upload's `data`.
    body: Option<Vec<u8>>,
}

/// A download, then an upload, from servers that perform these steps after reading the request.
fn both(steps: &[Step]) -> [Seen; 2] {
    let mut script = vec![Step::ReadHead, Step::ReadWholeBody];
    script.extend_from_slice(steps);
    let session = Session::open();
    // One server each, so that the upload does not use the download's connection.
    let start = || FaultServer::start(Transport::Plain, vec![Script::new(script.clone())]);

    let server = start();
    let ended = session.download(&server.url("/")).end();
    let body = ended.result.as_ref().ok().map(|success| {
        std::fs::read(success.native_path.as_deref().expect("a native path")).expect("the file can be read")
    });
    if ended.result.is_err() {
        assert_eq!(session.files_besides(&[]).len(), 0, "a failure leaves no file");
    }
    let download = Seen { ended, body };

    let server = start();
    let file = session.file("a.txt", b"content");
    let ended = session.upload(&server.url("/"), &file).end();
    let body = ended.result.as_ref().ok().map(|success| success.data.clone().expect("data").into_bytes());
    [download, Seen { ended, body }]
}

/// As above, with an answer that is sent at once before the connection ends.
fn both_answered(answer: impl Into<Vec<u8>>) -> [Seen; 2] {
    both(&[Step::Send(answer.into()), Step::Close])
}

fn assert_delivered(answer: &[u8], status: i32, body: &[u8]) {
    for seen in both_answered(answer) {
        let what = String::from_utf8_lossy(answer);
        assert_eq!(seen.ended.success().status, status, "{what}");
        assert_eq!(seen.body.as_deref(), Some(body), "{what}");
    }
}

/// A protocol error: WeChat's network error with the library's text.
fn assert_protocol_error(answer: &[u8]) -> String {
    assert_network_error(both_answered(answer), WXT_CATEGORY_PROTOCOL, &String::from_utf8_lossy(answer))
}

fn assert_network_error(seen: [Seen; 2], category: i32, what: &str) -> String {
    let [download, upload] = seen.map(|seen| seen.ended.failure().clone());
    for (failure, api) in [(&download, "downloadFile"), (&upload, "uploadFile")] {
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_NETWORK, category), "{what}: {failure:?}");
        assert_eq!(failure.err_msg, format!("{api}:fail {}", failure.detail), "{what}");
        assert!(failure.retryable, "{what}");
    }
    assert_eq!(download.detail, upload.detail, "{what}");
    download.detail
}

fn with_length(head: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

#[test]
fn body_with_every_framing_is_delivered() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
        // Equal lengths count as one (RFC 9110 section 8.6).
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Length: 11\r\n\r\nhello world",
        "HTTP/1.1 200 OK\r\nContent-Length: 11, 11\r\n\r\nhello world",
        "HTTP/1.1 200 OK\r\nContent-Length: 00011\r\n\r\nhello world",
        // Bytes after the body are ignored.
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world and more",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
        // The coding's name and a chunk's size ignore case. A size may have leading zeros and extensions.
        "HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n00B;n=v;q=\"a;b\"\r\nhello world\r\n000;last\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\nX-Checksum: 1\r\nX-More: 2\r\n\r\n",
        // The transfer coding overrides a length (RFC 9112 section 6.3).
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello world",
        "HTTP/1.1 200 OK\r\n\r\nhello world",
        "HTTP/1.0 200 OK\r\n\r\nhello world",
        "HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
        // A line may end without CR (RFC 9112 section 2.2).
        "HTTP/1.1 200 OK\nContent-Length: 11\n\nhello world",
    ] {
        assert_delivered(answer.as_bytes(), 200, b"hello world");
    }
}

#[test]
fn trailers_are_not_headers() {
    let answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-After\r\n\r\n1\r\nx\r\n0\r\nX-After: 1\r\n\r\n";
    for seen in both_answered(answer) {
        let names: Vec<String> = seen.ended.headers().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Transfer-Encoding", "Trailer"]);
    }
}

#[test]
fn truncated_answer_is_an_error_at_every_position() {
    let whole = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-After: 1\r\n\r\n",
    ];
    for answer in whole {
        for length in 0..answer.len() {
            let cut = &answer.as_bytes()[..length];
            let what = String::from_utf8_lossy(cut);
            assert_network_error(both_answered(cut), WXT_CATEGORY_CONNECTION_CLOSED, &what);
        }
        assert_delivered(answer.as_bytes(), 200, b"hello");
    }
}

#[test]
fn interim_responses_are_not_the_answer() {
    let last = "HTTP/1.1 203 Fine\r\nX-Last: yes\r\nContent-Length: 4\r\n\r\ndone";
    let once = |interim: &str| format!("{interim}{last}");
    for answer in [
        once("HTTP/1.1 100 Continue\r\n\r\n"),
        once("HTTP/1.1 102 Processing\r\n\r\n"),
        once("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nX-Interim: yes\r\n\r\n"),
        once("HTTP/1.1 199 Unheard Of\r\nContent-Length: 4\r\n\r\n"),
        once(&"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(20)),
    ] {
        for seen in both_answered(answer.as_bytes()) {
            assert_eq!(seen.ended.success().status, 203, "{answer}");
            assert_eq!(seen.body.as_deref(), Some(b"done".as_slice()), "{answer}");
            let heads: Vec<_> =
                seen.ended.events.iter().filter(|event| matches!(event, Event::Headers { .. })).collect();
            let [Event::Headers { status: 203, headers }] = heads.as_slice() else { panic!("{answer}: {heads:?}") };
            assert_eq!(headers[0], ("X-Last".to_owned(), "yes".to_owned()));
        }
    }
    // The request did not ask to switch protocols, so the following bytes have no meaning.
    let detail =
        assert_protocol_error(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
    assert_eq!(detail, "the status 101 is no answer to the request");
    // An interim response alone is not an answer.
    let seen = both_answered("HTTP/1.1 100 Continue\r\n\r\n");
    assert_network_error(seen, WXT_CATEGORY_CONNECTION_CLOSED, "100 alone");
}

#[test]
fn an_answer_without_a_body_ends_with_its_head() {
    for (status, answer) in [
        (204, "HTTP/1.1 204 No Content\r\n\r\n"),
        (204, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
        (204, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (304, "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"),
        (304, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n"),
        (200, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (200, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Encoding: gzip\r\n\r\n"),
    ] {
        // The connection stays open: code that waits for a body waits until the deadline.
        for seen in both(&[Step::Send(answer.into()), Step::Stall]) {
            let success = seen.ended.success();
            assert_eq!((success.status, success.data_length), (status, 0), "{answer}");
            assert_eq!(seen.body.as_deref(), Some(b"".as_slice()), "{answer}");
        }
    }
}

/// `THE_TEXT` three times, by Python's `gzip` and `zlib` and by Node's `zlib`.
mod coded {
    pub const GZIP: &[u8] = b"\x1F\x8B\x08\x00\x00\x00\x00\x00\x02\x03\x0B\xC9\x48\x55\x28\x2C\xCD\x4C\xCE\x56\x48\x2A\xCA\x2F\xCF\x53\x48\xCB\xAF\x50\xC8\x2A\xCD\x2D\x28\x56\xC8\x2F\x4B\x2D\x52\x28\x01\x4A\xE7\x24\x56\x55\x2A\xA4\xE4\xA7\xEB\x29\x84\xD0\x4C\x31\x00\x58\x00\x1E\x00\x87\x00\x00\x00";
    pub const ZLIB: &[u8] = b"\x78\xDA\x0B\xC9\x48\x55\x28\x2C\xCD\x4C\xCE\x56\x48\x2A\xCA\x2F\xCF\x53\x48\xCB\xAF\x50\xC8\x2A\xCD\x2D\x28\x56\xC8\x2F\x4B\x2D\x52\x28\x01\x4A\xE7\x24\x56\x55\x2A\xA4\xE4\xA7\xEB\x29\x84\xD0\x4C\x31\x00\xF9\x3C\x30\x76";
    pub const RAW: &[u8] = b"\x0B\xC9\x48\x55\x28\x2C\xCD\x4C\xCE\x56\x48\x2A\xCA\x2F\xCF\x53\x48\xCB\xAF\x50\xC8\x2A\xCD\x2D\x28\x56\xC8\x2F\x4B\x2D\x52\x28\x01\x4A\xE7\x24\x56\x55\x2A\xA4\xE4\xA7\xEB\x29\x84\xD0\x4C\x31\x00";
    pub const BROTLI: &[u8] = b"\x1B\x86\x00\x88\x2C\x0E\x78\xD3\xD0\x95\x5D\x97\x10\xBB\x17\x2B\xA9\xCA\xD0\x92\xCC\x8C\xAD\x41\x5C\xE6\xF2\x36\xC8\x19\x9E\x9E\x0A\x7B\x83\x0D\x38\x70\x48\x20\x6F\x24\xB9\x41\xA7\x15\xCE\x1C\x1E\x27\xAA\x29\x38\xC2\xA1\xFB\x34\x18";
}

#[test]
fn a_coded_body_is_decoded_or_an_error() {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(3);
    let always = [("gzip", coded::GZIP), ("x-gzip", coded::GZIP), ("deflate", coded::ZLIB), ("Deflate", coded::RAW)];
    let optional = cfg!(feature = "brotli").then_some(("br", coded::BROTLI));
    for (coding, body) in always.into_iter().chain(optional) {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n");
        let chunked = |body: &[u8]| {
            let mut answer = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).into_bytes();
            answer.extend_from_slice(body);
            answer.extend_from_slice(b"\r\n0\r\n\r\n");
            answer
        };
        assert_delivered(&with_length(&head, body), 200, text.as_bytes());
        assert_delivered(&chunked(body), 200, text.as_bytes());
        let [download, _] = both_answered(with_length(&head, body));
        let length = text.len() as u64;
        assert_eq!(download.ended.success().data_length, length);
        assert_eq!(download.ended.progress().last(), Some(&(length, Some(length), Some(100))), "{coding}");

        // The framing is complete, but the coded content is cut off: a protocol error, not a closed connection.
        let cut = &body[..body.len() / 2];
        for answer in [with_length(&head, cut), chunked(cut)] {
            assert_network_error(both_answered(answer), WXT_CATEGORY_PROTOCOL, coding);
        }
        let mut length_of_more = with_length(&head, body);
        length_of_more.truncate(length_of_more.len() - 1);
        assert_network_error(both_answered(length_of_more), WXT_CATEGORY_CONNECTION_CLOSED, coding);
    }
    let not_gzip = with_length("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", b"this is no gzip at all");
    let detail = assert_protocol_error(&not_gzip);
    assert!(detail.starts_with("the response's content coding is broken"), "{detail}");
}

/// The decoded size counts, not the few bytes on the wire.
#[test]
fn limits_apply_to_the_decoded_body() {
    for (limit, fits) in [(135, true), (134, false)] {
        let answer = with_length("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n", coded::GZIP);
        let script = Script::new([Step::ReadHead, Step::ReadWholeBody, Step::Send(answer), Step::Close]);
        let server = FaultServer::start(Transport::Plain, vec![script.clone(), script]);
        let session = Session::open_with(|options| (options.max_data_size, options.max_download_size) = (limit, limit));
        let upload = session.upload(&server.url("/"), &session.file("a.txt", b"content")).end();
        let download = session.download(&server.url("/")).end();
        if fits {
            assert_eq!((upload.success().data_length, download.success().data_length), (135, 135));
        } else {
            assert_eq!(upload.failure().err_msg, "uploadFile:fail the answer is larger than 134 bytes");
            assert_eq!(download.failure().err_msg, "downloadFile:fail exceed max file size");
        }
    }
}

/// A range of coded data cannot be decoded, so a range is requested without a coding (as in the Fetch standard's
/// "HTTP-network-or-cache fetch").
#[test]
fn range_is_requested_without_a_coding() {
    let server = FaultServer::start(
        Transport::Plain,
        vec![Script::answer(206, &[("Content-Range", "bytes 2-5/10"), ("Connection", "close")], b"2345")],
    );
    let session = Session::open();
    let header = [WxtPair { name: WxtStr::new("range"), value: WxtStr::new("bytes=2-5") }];
    let task = session.download_with(&server.url("/"), |request| {
        request.header = header.as_ptr();
        request.header_count = header.len();
    });
    let ended = task.end();
    assert_eq!((ended.success().status, ended.success().data_length), (206, 4));
    let request = String::from_utf8(server.received(0)).expect("a head").to_ascii_lowercase();
    assert!(request.contains("\r\nrange: bytes=2-5\r\n"), "{request}");
    assert_eq!(request.matches("accept-encoding:").count(), 1, "{request}");
    assert!(request.contains("\r\naccept-encoding: identity\r\n"), "{request}");
}

#[test]
fn headers_arrive_as_they_are_within_bounds() {
    let names = |answer: &str| both_answered(answer).map(|seen| seen.ended.headers());
    let expected: Vec<(String, String)> =
        (0..127).map(|n| ("X-N".to_owned(), n.to_string())).chain([("Content-Length".into(), "0".into())]).collect();
    let fields: String = (0..127).map(|n| format!("X-N: {n}\r\n")).collect();
    assert_eq!(names(&format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n")), [expected.clone(), expected]);

    let large = "v".repeat(60 * 1024);
    for headers in names(&format!("HTTP/1.1 200 OK\r\nX-Large: {large}\r\nContent-Length: 0\r\n\r\n")) {
        assert_eq!(headers[0], ("X-Large".to_owned(), large.clone()));
    }

    let detail = assert_protocol_error(format!("HTTP/1.1 200 OK\r\n{fields}A: 1\r\nB: 2\r\n\r\n").as_bytes());
    assert_eq!(detail, "the response has too many headers");
    for answer in [
        format!("HTTP/1.1 200 OK\r\nX-Large: {}\r\n\r\n", "v".repeat(64 * 1024)),
        format!("HTTP/1.1 200 OK\r\n{}: v\r\n\r\n", "N".repeat(64 * 1024)),
        format!("HTTP/1.1 200 {}\r\n\r\n", "reason ".repeat(10 * 1024)),
        // Ten times the limit, in fields of one kilobyte.
        format!("HTTP/1.1 200 OK\r\n{}\r\n", format!("X-N: {}\r\n", "v".repeat(1024)).repeat(640)),
    ] {
        let detail = assert_protocol_error(answer.as_bytes());
        assert!(
            detail == "the response's head is too large" || detail == "the response has too many headers",
            "{detail}"
        );
    }
}

#[test]
fn endless_head_is_rejected() {
    // The server sends continuously and never closes.
    let endless = format!("HTTP/1.1 200 OK\r\nX-Large: {}", "v".repeat(128 * 1024));
    let detail =
        assert_network_error(both(&[Step::Send(endless.into()), Step::Stall]), WXT_CATEGORY_PROTOCOL, "endless");
    assert_eq!(detail, "the response's head is too large");
}

/// RFC 9112 section 5.2: a user agent replaces each fold of a field's value with spaces.
#[test]
fn a_folded_header_is_one_header() {
    for answer in [
        "HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\n\tthree\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\nX-Folded: one\n two\n\tthree\nContent-Length: 5\n\nhello",
        "HTTP/1.1 100 Continue\r\nX-A: a\r\n b\r\n\r\nHTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\n three\r\nContent-Length:\r\n 5\r\n\r\nhello",
        // The first bytes of the body look like a fold.
        "HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\n three\r\nContent-Length: 8\r\n\r\n\r\n hello",
    ] {
        for seen in both_answered(answer) {
            let headers = seen.ended.headers();
            let value: Vec<&str> = headers[0].1.split_ascii_whitespace().collect();
            assert_eq!((headers.len(), headers[0].0.as_str()), (2, "X-Folded"), "{answer}");
            assert_eq!(value, ["one", "two", "three"], "{answer}");
            assert!(!headers[0].1.contains(['\r', '\n']), "{answer}");
            let body = seen.body.expect("a body");
            assert!(body == b"hello" || body == b"\r\n hello", "{answer}: {body:?}");
        }
    }
    // A fold before the first field is dropped (RFC 9112 section 2.2).
    assert_delivered(b"HTTP/1.1 200 OK\r\n X-Folded: one\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi");
}

/// curl and browsers accept these heads, too. The parser's own tests list their behaviour for each field.
#[test]
fn malformed_field_that_is_not_decisive_is_accepted() {
    for field in ["Bad Name: 1", "Name : 1", ": 1", "no colon", "N\u{e9}: 1", "X: a\u{7f}b", "X: a\u{1}b", "X@Y: 1"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 2\r\n\r\nhi");
        assert_delivered(answer.as_bytes(), 200, b"hi");
    }
}

#[test]
fn malformed_decisive_field_is_a_protocol_error() {
    for field in [
        "X: a\0b",
        "Content-Length : 2",
        "Content Length: 2",
        "Transfer-Encoding : chunked",
        "[Transfer-Encoding]: chunked",
        "Content-Length: 2\u{1}",
        "Transfer-Encoding: \u{b}chunked",
        "Location : /",
    ] {
        assert_protocol_error(format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\nhi").as_bytes());
    }
}

#[test]
fn status_lines_of_every_kind_are_read_or_refused() {
    let long_reason = format!("HTTP/1.1 200 {}", "reason ".repeat(1000));
    for (status, line) in [
        (200, "HTTP/1.0 200 OK"),
        (200, "HTTP/1.1 200"),
        (200, "HTTP/1.1 200 "),
        (200, long_reason.as_str()),
        (200, "HTTP/1.1 200 \u{4f60}\u{597d}"),
        (200, "HTTP/1.1  200 OK"),
        (200, "http/1.1 200 OK"),
        (200, "HTTP/1.2 200 OK"),
        (200, "\r\n\r\nHTTP/1.1 200 OK"),
        (299, "HTTP/1.1 299 Unheard Of"),
        (418, "HTTP/1.1 418 I'm a teapot"),
        (599, "HTTP/1.1 599 ?"),
        (600, "HTTP/1.1 600 Unheard Of"),
        (999, "HTTP/1.1 999 Request Denied"),
    ] {
        assert_delivered(format!("{line}\r\nContent-Length: 2\r\n\r\nhi").as_bytes(), status, b"hi");
    }
    for line in [
        "HTTP/2.0 200 OK",
        "HTTP/2 200",
        "HTTP/0.9 200 OK",
        "HTTP/1.10 200 OK",
        "HTTP/1.1 99 Low",
        "HTTP/1.1 099 Low",
        "HTTP/1.1 000 Low",
        "HTTP/1.1 1000 High",
        "HTTP/1.1 abc OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.1 -20 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1  OK",
        "HTTP/1.1",
        "HTTP/1.1200 OK",
        "HTTP1.1 200 OK",
        "HTTP /1.1 200 OK",
        "ICY 200 OK",
        "200 OK",
        " HTTP/1.1 200 OK",
        "<html><body>hello</body></html>",
        "GET / HTTP/1.1",
        "\u{1}\u{2}\u{3}",
        "HTTP/1.1 200 O\0K",
    ] {
        assert_protocol_error(format!("{line}\r\nContent-Length: 2\r\n\r\nhi").as_bytes());
    }
}

#[test]
fn a_download_may_come_byte_by_byte() {
    let answer = "HTTP/1.1 103 Early Hints\r\nX-A: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-B: one\r\n two\r\n\r\n\
        6;ext=\"1\"\r\nhello \r\n5\r\nworld\r\n0\r\nX-After: 1\r\n\r\n";
    let slowly = Step::SendSlowly { bytes: answer.into(), each_byte: Duration::from_micros(200) };
    for seen in both(&[slowly, Step::Close]) {
        assert_eq!(seen.ended.success().status, 200);
        assert_eq!(seen.body.as_deref(), Some(b"hello world".as_slice()));
    }
}

/// If two parsers use different lengths, bytes of one answer may be taken for another (RFC 9112 section 6.3, points 3
/// to 5).
#[test]
fn ambiguous_length_is_a_protocol_error() {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: 5,",
        "Content-Length: -5",
        "Content-Length: +5",
        "Content-Length: 5 5",
        "Content-Length: 5.0",
        "Content-Length: 0x5",
        "Content-Length: five",
        "Content-Length: \"5\"",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Content-Length: 99999999999999999999999999",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \u{a0}chunked",
        "Transfer-Encoding: chunked\u{3000}",
    ] {
        assert_protocol_error(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n5\r\nhello\r\n0\r\n\r\n").as_bytes());
    }
    // Even if named twice or sent with HTTP/1.0, the body is chunked once, and curl accepts it.
    for head in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked",
    ] {
        assert_delivered(format!("{head}\r\n\r\n5\r\nhello\r\n0\r\n\r\n").as_bytes(), 200, b"hello");
    }
}

#[test]
fn a_chunk_that_breaks_the_rules_is_a_protocol_error() {
    for body in [
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        ";ext\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n-0\r\n\r\n",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        assert_protocol_error(answer.as_bytes());
    }
    // A huge size exceeds every limit as soon as it is announced, whether it fits into 64 bits or not.
    for size in ["ffffffffffffffff", "10000000000000005", "ffffffffffffffffffffff"] {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nhello");
        for seen in both_answered(answer.as_bytes()) {
            assert_eq!(seen.ended.failure().category, WXT_CATEGORY_LIMIT, "{size}");
        }
    }
}

/// Excess bytes of a server must not become the next task's answer.
#[test]
fn bytes_after_an_answer_are_not_the_next_answer() {
    let first = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    let server = FaultServer::start(
        Transport::Plain,
        vec![
            Script::new([Step::ReadHead, Step::Send(first.into()), Step::ReadAll]),
            Script::answer(200, &[("Connection", "close")], b"second!"),
        ],
    );
    let session = Session::open();
    assert_eq!(session.download(&server.url("/")).end().success().data_length, 5);
    assert_eq!(session.download(&server.url("/")).end().success().data_length, 7);
    assert_eq!(server.connections(), 2);
}

/// The addresses that `give_addresses` answers with.
struct Addresses(Vec<&'static str>);

unsafe extern "C" fn give_addresses(context: *mut c_void, _: WxtStr, resolution: *mut WxtResolution) {
    // SAFETY: the test keeps them until the session is closed.
    let addresses = unsafe { &*context.cast::<Addresses>() };
    let addresses: Vec<WxtStr> = addresses.0.iter().map(|address| WxtStr::new(address)).collect();
    // SAFETY: the strings live until the call returns, and the look-up is answered once.
    let status = unsafe { wxt_resolution_finish(resolution, addresses.as_ptr(), addresses.len()) };
    assert_eq!(status, 0);
}

/// Linux has all of 127.0.0.0/8 on its loopback interface; other systems have only 127.0.0.1.
#[cfg(target_os = "linux")]
#[test]
fn a_dead_address_neither_fails_nor_delays_a_call() {
    let server =
        FaultServer::start_with(Transport::Plain, |_| Script::answer(200, &[("Connection", "close")], b"alive"));
    let port = server.address().port();
    let _hole = BlackHole::start_at(SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), port)));
    for addresses in [
        // The first address never answers, the second refuses, and the third is unreachable.
        vec!["127.0.0.2", "127.0.0.1"],
        vec!["127.0.0.3", "127.0.0.1"],
        vec!["::1", "127.0.0.1"],
        vec!["127.0.0.2", "127.0.0.3", "127.0.0.1"],
        vec!["127.0.0.1", "127.0.0.2"],
    ] {
        let addresses = Addresses(addresses);
        let session = Session::open_with(|options| {
            options.skip_domain_check = 1;
            options.resolver = WxtResolver {
                context: std::ptr::from_ref(&addresses).cast_mut().cast(),
                resolve: Some(give_addresses),
            };
        });
        let url = format!("http://files.test:{port}/");
        let file = session.file("a.txt", b"content");
        for upload in [false, true] {
            let begin = Instant::now();
            let task = if upload { session.upload(&url, &file) } else { session.download(&url) };
            let ended = task.end();
            assert_eq!(ended.success().data_length, 5, "{:?}", addresses.0);
            assert_eq!(ended.success().profile().peer_ip.as_deref(), Some("127.0.0.1"));
            // A dead address alone costs the deadline of 60 s. The limit allows for a slow machine.
            assert!(begin.elapsed() < Duration::from_secs(5), "{:?} took {:?}", addresses.0, begin.elapsed());
        }
        assert_eq!(session.close(), 0);
    }
}

/// The expected bytes are from Python's codecs.
#[cfg(feature = "charset")]
#[test]
fn data_is_decoded_by_the_charset_of_the_answer() {
    let chinese: &[u8] = "你好，世界".as_bytes();
    let cases: [(&str, &[u8], &str); 22] = [
        ("text/plain", chinese, "你好，世界"),
        ("text/plain; charset=utf-8", chinese, "你好，世界"),
        ("text/plain; charset=utf-8", b"\xEF\xBB\xBF\xE4\xBD\xA0", "你"),
        ("text/plain; charset=gbk", b"\xC4\xE3\xBA\xC3\xA3\xAC\xCA\xC0\xBD\xE7", "你好，世界"),
        ("text/html;charset=\"GB2312\"", b"\xC4\xE3\xBA\xC3\xA3\xAC\xCA\xC0\xBD\xE7", "你好，世界"),
        ("text/plain; charset=gb18030", b"\x94\x39\xFC\x36\xC4\xE3\xBA\xC3\xA3\xAC\xCA\xC0\xBD\xE7", "😀你好，世界"),
        ("text/plain; charset=Big5", b"\xA7\x41\xA6\x6E\xA1\x41\xA5\x40\xAC\xC9", "你好，世界"),
        (
            "text/plain; charset=Shift_JIS",
            b"\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD\x81\x41\x90\xA2\x8A\x45",
            "こんにちは、世界",
        ),
        ("text/plain; charset=euc-jp", b"\xA4\xB3\xA4\xF3\xA4\xCB\xA4\xC1\xA4\xCF", "こんにちは"),
        ("text/plain; charset=euc-kr", b"\xBE\xC8\xB3\xE7\xC7\xCF\xBC\xBC\xBF\xE4", "안녕하세요"),
        ("text/plain; charset=ISO-8859-1", b"\x63\x61\x66\xE9", "café"),
        ("text/plain; charset=latin1", b"\x63\x61\x66\xE9", "café"),
        ("text/plain; charset=windows-1252", b"\x93\x31\x30\x20\x80\x94", "“10 €”"),
        ("text/plain; charset=koi8-r", b"\xD0\xD2\xC9\xD7\xC5\xD4", "привет"),
        // UTF-16 without a mark is little-endian by default (WHATWG Encoding section 4.2).
        ("text/plain; charset=utf-16", b"\x60\x4F\x7D\x59\x3D\xD8\x00\xDE", "你好😀"),
        ("text/plain; charset=utf-16le", b"\x60\x4F\x7D\x59\x3D\xD8\x00\xDE", "你好😀"),
        ("text/plain; charset=utf-16be", b"\x4F\x60\x59\x7D\xD8\x3D\xDE\x00", "你好😀"),
        // A mark overrides the header.
        ("text/plain; charset=utf-16", b"\xFE\xFF\x4F\x60\x59\x7D\xD8\x3D\xDE\x00", "你好😀"),
        ("text/plain; charset=utf-16be", b"\xFF\xFE\x60\x4F\x7D\x59\x3D\xD8\x00\xDE", "你好😀"),
        ("text/plain; charset=gbk", b"\xFF\xFE\x60\x4F\x7D\x59", "你好"),
        // Incomplete characters are replaced and are not an error.
        ("text/plain; charset=gbk", b"ok\xC4", "ok\u{FFFD}"),
        ("text/plain; charset=utf-16le", b"\x60\x4F\x7D", "你\u{FFFD}"),
    ];
    for (content_type, bytes, expected) in cases {
        let answer = with_length(&format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n"), bytes);
        let [download, upload] = both_answered(answer);
        assert_eq!(upload.ended.success().data.as_deref(), Some(expected), "{content_type} {bytes:?}");
        assert_eq!(download.body.as_deref(), Some(bytes), "a file is never decoded");
    }
}
