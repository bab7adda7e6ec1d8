//! A truncated response is never taken for a complete one.

use std::io::Write;
use std::sync::{Mutex, mpsc};

use super::support::*;
use crate::http::*;

fn body_error(answer: &'static [u8]) -> Error {
    let server = Server::answering_once(answer);
    let mut response = get(&client(), &server.url(), &exchange()).unwrap();
    let error = read_all(&mut response).unwrap_err();
    // A further read fails, too, and does not report the end of the body.
    assert!(matches!(response.read(&mut [0; 16]), Err(Error { kind: ErrorKind::Closed, .. })));
    error
}

#[test]
fn body_shorter_than_its_length_fails_with_closed() {
    let error = body_error(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
}

#[test]
fn chunked_body_without_its_end_fails_with_closed() {
    for answer in [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Trailer: 1\r\n",
    ] {
        let error = body_error(answer);
        assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    }
}

#[test]
fn connection_closed_in_or_before_the_head_fails_with_closed() {
    for answer in
        [b"".as_slice(), b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"]
    {
        let server = Server::answering_once(answer);
        let error = get(&client(), &server.url(), &exchange()).err().unwrap();
        assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    }
}

#[test]
fn a_reset_is_never_the_end_of_a_body() {
    let (sender, body_seen) = mpsc::channel();
    let body_seen = Mutex::new(body_seen);
    let server = Server::start(move |mut stream, _| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nsome of it").unwrap();
        body_seen.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        reset(stream);
    });
    let mut response = get(&client(), &server.url(), &exchange()).unwrap();
    assert_eq!(response.read(&mut [0; 10]).unwrap(), 10);
    sender.send(()).unwrap();
    let error = read_all(&mut response).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
}

#[test]
fn a_tls_body_that_ends_with_its_connection_needs_a_close_notify() {
    let authority = Authority::new();
    for polite in [true, false] {
        let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it").unwrap();
            if polite {
                stream.conn.send_close_notify();
            }
            stream.flush().unwrap();
        });
        let mut response = get(&client_trusting(&authority), &server.tls_url(), &exchange()).unwrap();
        match (polite, read_all(&mut response)) {
            (true, Ok(body)) => assert_eq!(body, b"all of it"),
            (false, Err(Error { kind: ErrorKind::Closed, .. })) => {}
            (_, other) => panic!("close_notify {polite}: {other:?}"),
        }
    }
}

#[test]
fn a_tls_body_with_a_length_needs_no_close_notify() {
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), |mut stream, _| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall of it").unwrap();
    });
    let mut response = get(&client_trusting(&authority), &server.tls_url(), &exchange()).unwrap();
    assert_eq!(read_all(&mut response).unwrap(), b"all of it");
}
