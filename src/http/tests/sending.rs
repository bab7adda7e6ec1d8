//! The moments at which head and body of a request are sent.

use std::io::{self, Read, Write};
use std::sync::mpsc;

use super::support::*;
use crate::http::*;

/// A body that calls a function at each read.
struct WatchedBody<F> {
    body: PatternBody,
    may_wait: bool,
    look: F,
}

impl<F: FnMut() + Send> BodySource for WatchedBody<F> {
    fn length(&self) -> u64 {
        self.body.length()
    }
    fn may_wait(&self) -> bool {
        self.may_wait
    }
    fn can_rewind(&self) -> bool {
        true
    }
    fn rewind(&mut self) -> io::Result<()> {
        self.body.rewind()
    }
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (self.look)();
        // Limits each read, so that several reads are needed.
        let most = buffer.len().min(20_000);
        self.body.read(&mut buffer[..most])
    }
}

/// The file of an empty body may have grown since its length was read.
#[test]
fn empty_body_is_read_before_it_is_sent() {
    let server = Server::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let client = client();
    let mut body = PatternBody::new(0);
    assert_eq!(post(&client, &server.url(), &mut body, &exchange()).unwrap().status, 204);
    body.end = || Err(io::Error::other("it grew"));
    let exchange = exchange();
    let error = post(&client, &server.url(), &mut body, &exchange).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::RequestBody(_)), "{error:?}");
    assert_eq!(exchange.trace().bytes_sent, 0);
}

/// A phone's radio uses more energy for two packets than for one.
#[test]
fn head_and_body_of_a_small_request_leave_in_one_send() {
    for length in [1, 708, 30 * 1024, 40 * 1024, 63 * 1024] {
        let (sender, seen) = mpsc::channel();
        let server = Server::start(move |mut stream, _| {
            let mut first = vec![0; 128 * 1024];
            let head = wait_for_end_of_head(&stream, &mut first);
            sender.send(stream.peek(&mut first).unwrap() - head).unwrap();
            read_request(&mut stream).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        });
        let exchange = exchange();
        let look = || assert_eq!(exchange.trace().bytes_sent, 0, "bytes were sent before the body was read");
        let mut body = WatchedBody { body: PatternBody::new(length), may_wait: false, look };
        post(&client(), &server.url(), &mut body, &exchange).unwrap();
        let with_the_head = seen.recv_timeout(PATIENCE).unwrap() as u64;
        // The system splits a send of more than half a receive window, so only `look` checks that such a request was
        // complete before its first byte left.
        if length < 32 * 1024 {
            assert_eq!(with_the_head, length);
        }
    }
}

/// A server may reject an upload by its head, and must receive it before a slow body.
#[test]
fn head_is_sent_before_a_body_that_may_wait() {
    for length in [1, 708, 40 * 1024] {
        let (sender, head_seen) = mpsc::channel();
        let server = Server::start(move |mut stream, _| {
            let head = read_head(&mut stream).unwrap();
            sender.send(()).unwrap();
            let mut body = vec![0; content_length(&head)];
            stream.read_exact(&mut body).unwrap();
            assert!(is_pattern(&body));
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        });
        let mut is_first = true;
        let look = move || {
            if std::mem::take(&mut is_first) {
                head_seen.recv_timeout(PATIENCE).expect("the head arrives before the body is read");
            }
        };
        let mut body = WatchedBody { body: PatternBody::new(length), may_wait: true, look };
        assert_eq!(post(&client(), &server.url(), &mut body, &exchange()).unwrap().status, 200);
    }
}

/// Sends a body of 3 MiB over TLS. Returns how often bytes were sent between two reads of the body, and the number of
/// reads.
fn sends_of_a_large_body(may_wait: bool) -> (usize, usize) {
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), |mut stream, _| {
        let head = read_head(&mut stream).unwrap();
        let mut body = vec![0; content_length(&head)];
        stream.read_exact(&mut body).unwrap();
        assert!(is_pattern(&body));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let exchange = exchange();
    let (mut reads, mut sent) = (0, Vec::new());
    let look = || {
        reads += 1;
        sent.push(exchange.trace().bytes_sent);
    };
    let mut body = WatchedBody { body: PatternBody::new(3 << 20), may_wait, look };
    post(&client_trusting(&authority), &server.tls_url(), &mut body, &exchange).unwrap();
    sent.dedup();
    (sent.len() - 1, reads)
}

/// One system call with many records costs less than many calls with few records.
#[test]
fn records_of_a_large_body_wait_for_further_ones_unless_it_may_wait() {
    let (sends, _) = sends_of_a_large_body(false);
    assert!(sends < 10, "{sends}");
    let (sends, reads) = sends_of_a_large_body(true);
    assert_eq!(sends, reads - 1);
}

#[test]
fn field_with_a_line_break_is_not_sent() {
    let server = Server::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let (client, url) = (client(), server.url());
    let headers = [("X-A", "1\r\nEvil: 1")].into_iter().collect();
    let request = Request {
        method: Method::Get,
        url: &url,
        headers: &headers,
        body: None,
        may_be_sent_again: true,
        body_limit: u64::MAX,
    };
    let exchange = exchange();
    let error = client.send(request, &exchange, &|| Ok(false)).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Internal), "{error:?}");
    assert_eq!(exchange.trace().bytes_sent, 0);
}

/// Peeks for the start of the body in the bytes sent so far.
fn wait_for_end_of_head(stream: &std::net::TcpStream, space: &mut [u8]) -> usize {
    loop {
        let there = stream.peek(space).unwrap();
        if let Some(end) = space[..there].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            return end + 4;
        }
    }
}
