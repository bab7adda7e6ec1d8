//! Requests and responses on the wire.

use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use super::support::*;
use crate::http::*;
use crate::terms::log::{Level, Log};
use crate::worker::{StopSignal, Worker};

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn pairs(headers: &Headers) -> Vec<(String, String)> {
    headers.iter().map(|field| header(field.name, field.value)).collect()
}

/// The status, the header fields, and the body or its failure.
type Answer = (u16, Vec<(String, String)>, Result<Vec<u8>, Error>);

/// The answer to a GET from a server that sends `answer` and closes.
fn answer_of(answer: impl Into<Vec<u8>>) -> Result<Answer, Error> {
    let server = Server::answering_once(answer);
    let mut response = get(&client(), &server.url(), &exchange())?;
    let body = read_all(&mut response);
    Ok((response.status, pairs(&response.headers), body))
}

fn protocol_detail(result: Result<Answer, Error>) -> String {
    match result {
        Err(Error { kind: ErrorKind::Protocol, detail }) => detail,
        Ok((.., Err(Error { kind: ErrorKind::Protocol, detail }))) => detail,
        other => panic!("not a protocol error: {other:?}"),
    }
}

#[test]
fn get_adds_only_host_and_accept_encoding() {
    let (sender, requests) = mpsc::channel();
    let server = Server::start(move |mut stream, _| {
        sender.send(read_request(&mut stream).unwrap()).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
    });
    let url = server.url().join("/a%20b/c?x=1&y=%E4%BD%A0#fragment").unwrap();
    let headers = [
        ("User-Agent", "Test/1"),
        ("X-Twice", "1"),
        ("host", "evil.example"),
        ("x-Other", "z"),
        ("x-twice", "你"),
        ("Content-Length", "5"),
        ("X-Twice", "3"),
    ]
    .into_iter()
    .collect();
    let client = client();
    let request = Request {
        method: Method::Get,
        url: &url,
        headers: &headers,
        body: None,
        may_be_sent_again: true,
        body_limit: u64::MAX,
    };
    let mut response = client.send(request, &exchange(), &|| Ok(false)).unwrap();
    assert_eq!((response.status, response.content_length()), (200, Some(2)));
    assert_eq!(read_all(&mut response).unwrap(), b"hi");

    let request = requests.recv_timeout(PATIENCE).unwrap();
    let lines: Vec<_> = request.head.trim_end().lines().collect();
    let accepted = if cfg!(feature = "brotli") { "gzip, deflate, br" } else { "gzip, deflate" };
    // The library's fields first, then the caller's with their spelling and order, including duplicates.
    let expected = [
        "GET /a%20b/c?x=1&y=%E4%BD%A0 HTTP/1.1",
        &format!("Host: {}", server.address),
        &format!("Accept-Encoding: {accepted}"),
        "User-Agent: Test/1",
        "X-Twice: 1",
        "x-Other: z",
        "x-twice: 你",
        "X-Twice: 3",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn callers_accept_encoding_replaces_the_librarys() {
    let (sender, requests) = mpsc::channel();
    let server = Server::start(move |mut stream, _| {
        sender.send(read_request(&mut stream).unwrap()).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let headers = [("accept-encoding", "identity")].into_iter().collect();
    let (client, url) = (client(), server.url());
    client
        .send(
            Request {
                method: Method::Get,
                url: &url,
                headers: &headers,
                body: None,
                may_be_sent_again: true,
                body_limit: u64::MAX,
            },
            &exchange(),
            &|| Ok(false),
        )
        .unwrap();
    let head = requests.recv_timeout(PATIENCE).unwrap().head.to_lowercase();
    assert_eq!(head.matches("accept-encoding").count(), 1);
    assert!(head.contains("accept-encoding: identity"));
}

#[test]
fn a_head_larger_than_the_small_buffer_is_sent() {
    let (sender, requests) = mpsc::channel();
    let server = Server::start(move |mut stream, _| {
        sender.send(read_request(&mut stream).unwrap()).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let headers = [("X-Large", &*"v".repeat(40_000)), ("X-Other", &"w".repeat(30_000))].into_iter().collect();
    let (client, url) = (client(), server.url());
    client
        .send(
            Request {
                method: Method::Get,
                url: &url,
                headers: &headers,
                body: None,
                may_be_sent_again: true,
                body_limit: u64::MAX,
            },
            &exchange(),
            &|| Ok(false),
        )
        .unwrap();
    let request = requests.recv_timeout(PATIENCE).unwrap();
    assert_eq!(request.values("X-Large"), ["v".repeat(40_000)]);
    assert_eq!(request.values("X-Other"), ["w".repeat(30_000)]);
}

#[test]
fn a_post_sends_exactly_its_body() {
    for length in [0, 1, 16 * 1024, 5_000_001] {
        let (sender, requests) = mpsc::channel();
        let server = Server::start(move |mut stream, _| {
            sender.send(read_request(&mut stream).unwrap()).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        });
        let exchange = exchange();
        let response = post(&client(), &server.url(), &mut PatternBody::new(length), &exchange).unwrap();
        assert_eq!(response.status, 200);
        let request = requests.recv_timeout(PATIENCE).unwrap();
        assert_eq!(content_length(&request.head), length as usize);
        assert!(!request.head.to_lowercase().contains("expect:"));
        assert_eq!(request.body.len(), length as usize);
        assert!(is_pattern(&request.body));
        assert_eq!(exchange.body_bytes_sent(), length, "of {length}");
        assert!(exchange.trace().bytes_sent > length);
    }
}

#[test]
fn post_without_a_body_sends_content_length_0() {
    let (sender, requests) = mpsc::channel();
    let server = Server::start(move |mut stream, _| {
        sender.send(read_request(&mut stream).unwrap()).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let (client, url) = (client(), server.url());
    client
        .send(
            Request {
                method: Method::Post,
                url: &url,
                headers: &Headers::default(),
                body: None,
                may_be_sent_again: true,
                body_limit: u64::MAX,
            },
            &exchange(),
            &|| Ok(false),
        )
        .unwrap();
    let head = requests.recv_timeout(PATIENCE).unwrap().head.to_lowercase();
    assert!(head.contains("content-length: 0"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
}

/// ureq alone would read such a body endlessly.
#[test]
fn a_body_source_that_ends_early_fails_the_exchange() {
    let server = Server::start(|mut stream, _| wait_for_close(&mut stream));
    let mut body = PatternBody { ends_at: 70_000, ..PatternBody::new(100_000) };
    let error = post(&client(), &server.url(), &mut body, &exchange()).err().unwrap();
    assert!(
        matches!(&error.kind, ErrorKind::RequestBody(cause) if cause.kind() == io::ErrorKind::UnexpectedEof),
        "{error:?}"
    );
}

#[test]
fn error_of_a_body_source_is_returned() {
    let server = Server::start(|mut stream, _| wait_for_close(&mut stream));
    // ureq treats errors of this kind as the end of the connection.
    let mut body = PatternBody {
        ends_at: 70_000,
        end: || Err(io::Error::new(io::ErrorKind::ConnectionReset, "the disk is gone")),
        ..PatternBody::new(100_000)
    };
    let error = post(&client(), &server.url(), &mut body, &exchange()).err().unwrap();
    assert!(
        matches!(&error.kind, ErrorKind::RequestBody(cause) if cause.to_string() == "the disk is gone"),
        "{error:?}"
    );
}

#[test]
fn headers_keep_their_order_letters_and_duplicates() {
    let (status, headers, body) =
        answer_of(b"HTTP/1.1 404 Not Found\r\nX-b: 1\r\nSET-Cookie: a=b\r\nx-A: caf\xe9\r\nset-cookie: c=d\r\nX-U: \xe4\xbd\xa0\r\nX-Empty:\r\nContent-Length: 3\r\n\r\nabc".as_slice())
            .unwrap();
    assert_eq!(status, 404);
    let expected = [
        header("X-b", "1"),
        header("SET-Cookie", "a=b"),
        header("x-A", "café"),
        header("set-cookie", "c=d"),
        header("X-U", "你"),
        header("X-Empty", ""),
        header("Content-Length", "3"),
    ];
    assert_eq!(headers, expected);
    assert_eq!(body.unwrap(), b"abc");
}

#[test]
fn interim_responses_are_skipped() {
    let (status, headers, body) = answer_of(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX-Note: with a field\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    )
    .unwrap();
    assert_eq!((status, headers), (200, vec![header("Content-Length", "1")]));
    assert_eq!(body.unwrap(), b"x");
}

#[test]
fn a_head_may_come_byte_by_byte() {
    let server = Server::start(|mut stream, _| {
        read_request(&mut stream);
        stream.set_nodelay(true).unwrap();
        for byte in b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi" {
            stream.write_all(&[*byte]).unwrap();
            thread::yield_now();
        }
    });
    let mut response = get(&client(), &server.url(), &exchange()).unwrap();
    assert_eq!(pairs(&response.headers), [header("X-A", "b"), header("Content-Length", "2")]);
    assert_eq!(read_all(&mut response).unwrap(), b"hi");
}

#[test]
fn responses_without_a_body_ignore_headers_that_announce_one() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Encoding: gzip\r\n\r\n",
    ] {
        // The connection stays open, so waiting for a body would not end.
        let server = Server::answering(head);
        let mut response = get(&client(), &server.url(), &exchange()).unwrap();
        assert_eq!(read_all(&mut response).unwrap(), b"", "{head}");
    }
}

#[test]
fn chunked_body_with_extensions_and_trailers_is_decoded() {
    let (_, _, body) = answer_of(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 1\r\n\r\n5\r\nhello\r\n0A;ext=1\r\n, chunked!\r\n0\r\nX-Trailer: 1\r\nX-More: 2\r\n\r\n",
    )
    .unwrap();
    assert_eq!(body.unwrap(), b"hello, chunked!");
}

#[test]
fn repaired_trailer_is_logged_without_its_values() {
    let answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX : secret\r\nY: \u{1}secret\r\n\r\n";
    let server = Server::answering(answer);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = lines.clone();
    let log = Log::new(Arc::new(move |level, text: &str| seen.lock().unwrap().push((level, text.to_owned()))));
    let (client, exchange) = (Client::new(ClientOptions { log, ..options() }).unwrap(), exchange());
    // The connection is kept, as after a repaired head.
    for _ in 0..2 {
        assert_eq!(read_all(&mut get(&client, &server.url(), &exchange).unwrap()).unwrap(), b"hi");
    }
    assert_eq!(server.connections(), 1);
    let expected = [
        "the response's trailer was malformed: removed the blank before the colon of the header line 1",
        "the response's trailer was malformed: replaced control characters in the header line 2",
    ];
    let expected = expected.map(|text| (Level::Warning, text.to_owned()));
    assert_eq!(*lines.lock().unwrap(), [expected.clone(), expected].concat());
}

#[test]
fn a_body_may_end_with_its_connection() {
    let server = Server::answering_once("HTTP/1.0 200 OK\r\n\r\nall of it");
    let mut response = get(&client(), &server.url(), &exchange()).unwrap();
    assert_eq!(response.content_length(), None);
    assert_eq!(read_all(&mut response).unwrap(), b"all of it");
}

#[test]
fn other_protocols_are_detected_at_once() {
    // The servers stay silent and open afterwards.
    for greeting in
        [b"SSH-2.0-OpenSSH_9.6\r\n".as_slice(), b"\x15\x03\x01\x00\x02\x02\x46", b"HTTP/2 200\r\n\r\n", b"<html>"]
    {
        let server = Server::answering(greeting);
        let detail = protocol_detail(get(&client(), &server.url(), &exchange()).map(|_| panic!("{greeting:?}")));
        assert_eq!(detail, "the server does not speak HTTP/1.1");
    }
}

#[test]
fn a_malformed_response_is_a_protocol_error() {
    for answer in [
        "HTTP/1.1 xxx OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n",
    ] {
        protocol_detail(answer_of(answer));
    }
}

#[test]
fn head_without_end_is_rejected() {
    let too_large = format!("HTTP/1.1 200 OK\r\nX-Large: {}\r\n\r\n", "v".repeat(64 * 1024));
    assert_eq!(protocol_detail(answer_of(too_large)), "the response's head is too large");

    // Neither the head nor the connection ends.
    let server = Server::answering(format!("HTTP/1.1 200 OK\r\nX-Large: {}", "v".repeat(200 * 1024)));
    let detail = protocol_detail(get(&client(), &server.url(), &exchange()).map(|_| panic!("endless")));
    assert_eq!(detail, "the response's head is too large");

    let fields =
        |count: usize| format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X-N: 1\r\n".repeat(count - 1));
    assert_eq!(answer_of(fields(128)).unwrap().1.len(), 128);
    assert_eq!(protocol_detail(answer_of(fields(129))), "the response has too many headers");

    let nearly = format!("HTTP/1.1 200 OK\r\nX-Large: {}\r\nContent-Length: 1\r\n\r\nx", "v".repeat(63 * 1024));
    assert_eq!(answer_of(nearly).unwrap().2.unwrap(), b"x");
}

#[test]
fn endless_chunk_line_is_an_error() {
    let endless = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Trailer: {}",
        "v".repeat(300 * 1024)
    );
    let server = Server::answering(endless);
    let mut response = get(&client(), &server.url(), &exchange()).unwrap();
    let error = read_all(&mut response).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol), "{error:?}");
}

#[test]
fn large_body_is_received_unchanged() {
    let body: Vec<u8> = (0..20_000_003).map(pattern_byte).collect();
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(&body);
    let server = Server::answering_once(answer.clone());
    let exchange = exchange();
    let mut response = get(&client(), &server.url(), &exchange).unwrap();
    assert_eq!(response.content_length(), Some(20_000_003));
    assert!(read_all(&mut response).unwrap() == body);
    assert_eq!(exchange.trace().bytes_received, answer.len() as u64);
}

#[test]
fn the_trace_has_the_times_of_every_phase_in_order() {
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), |mut stream, _| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
        stream.conn.send_close_notify();
        let _ = stream.flush();
    });
    let (exchange, before) = (exchange(), Instant::now());
    let mut response = get(&client_trusting(&authority), &server.tls_url(), &exchange).unwrap();
    read_all(&mut response).unwrap();
    let trace = exchange.trace();
    let times = [
        Some(before),
        trace.dns_start,
        trace.dns_end,
        trace.connect_start,
        trace.connect_end,
        trace.tls_start,
        trace.tls_end,
        trace.request_start,
        trace.request_end,
        trace.response_start,
        trace.response_end,
        Some(Instant::now()),
    ];
    let times: Vec<Instant> = times.into_iter().map(Option::unwrap).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(trace.peer, Some((Ipv4Addr::LOCALHOST, server.address.port()).into()));
    assert!(!trace.reused);
}

/// The round trip takes one system call per transfer, and none if it is not needed. After a redirect, another exchange
/// follows.
#[test]
fn round_trip_is_measured_once_for_the_last_answer() {
    let cases = [
        ("200 OK\r\n", true, true),
        ("201 Created\r\nLocation: /made\r\n", true, true),
        ("304 Not Modified\r\n", true, true),
        ("302 Found\r\nLocation: /next\r\n", true, false),
        ("308 Permanent Redirect\r\nLocation: /next\r\n", true, false),
        ("200 OK\r\n", false, false),
    ];
    for (head, measures, measured) in cases {
        let server = Server::answering_once(format!("HTTP/1.1 {head}Content-Length: 0\r\n\r\n"));
        let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
        let exchange = Arc::new(Exchange::new(worker, Reports { round_trip: measures, ..ALL_REPORTS }));
        get(&client(), &server.url(), &exchange).unwrap();
        // An emulator of another processor may not report it.
        let may_be_absent = cfg!(not(target_arch = "x86_64"));
        assert!(exchange.trace().round_trip.is_some() == measured || may_be_absent && measured, "{head} {measures}");
    }
}

#[test]
fn bytes_before_the_answer_are_counted_separately() {
    let body = vec![b'x'; 100_000];
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(&body);
    let server = Server::answering_once(answer.clone());
    let exchange = exchange();
    let mut response = get(&client(), &server.url(), &exchange).unwrap();
    let first = exchange.trace().bytes_received;
    read_all(&mut response).unwrap();
    let trace = exchange.trace();
    assert!(trace.bytes_received_at_response_start > 0 && trace.bytes_received_at_response_start <= first);
    assert_eq!(trace.bytes_received, answer.len() as u64);
}
