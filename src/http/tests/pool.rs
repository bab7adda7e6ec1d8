//! Connections that serve more than one exchange.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::support::*;
use crate::http::*;
use crate::terms::log::{Level, Log};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Reads a response to its end and says whether its connection was used before.
fn fetch(client: &Client, url: &url::Url) -> bool {
    let context = context();
    let mut response = get(client, url, &context).unwrap();
    assert_eq!(read_all(&mut response).unwrap(), b"ok");
    context.trace().reused
}

/// A client and the messages of its log.
fn logging_client() -> (Client, Arc<Mutex<Vec<String>>>) {
    let messages = Arc::new(Mutex::new(Vec::new()));
    let sink = messages.clone();
    let log = Log::new(Arc::new(move |level, message| {
        assert_eq!(level, Level::Info);
        sink.lock().unwrap().push(message.to_owned());
    }));
    (Client::new(ClientOptions { log, ..options() }).unwrap(), messages)
}

#[test]
fn a_connection_is_used_again() {
    let server = Server::answering(OK);
    let client = client();
    assert_eq!([fetch(&client, &server.url()), fetch(&client, &server.url())], [false, true]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_trace_counts_one_exchange_only() {
    let server = Server::answering(OK);
    let client = client();
    let context = context();
    for _ in 0..2 {
        read_all(&mut get(&client, &server.url(), &context).unwrap()).unwrap();
        assert_eq!(context.trace().bytes_received, OK.len() as u64);
    }
    assert!(context.trace().reused);
    assert_eq!(context.trace().connect_start, None);
}

/// The server closes after it has received the second request: the race that a look at the connection cannot see.
fn closing_on_the_second_request() -> Server {
    Server::start(|mut stream, number| {
        read_request(&mut stream).unwrap();
        stream.write_all(OK).unwrap();
        if number == 0 {
            read_head(&mut stream);
        } else {
            read_request(&mut stream);
        }
    })
}

#[test]
fn a_dead_connection_is_replaced_for_a_get() {
    let server = closing_on_the_second_request();
    let (client, messages) = logging_client();
    let url = server.url().join("/path?secret=1").unwrap();
    assert_eq!([fetch(&client, &url), fetch(&client, &url)], [false, false]);
    assert_eq!(server.connections(), 2);
    let messages = messages.lock().unwrap();
    assert_eq!(messages.len(), 1);
    assert!(!messages[0].contains("secret"), "{messages:?}");
}

#[test]
fn a_dead_connection_is_replaced_only_once_and_by_a_new_one() {
    // Two connections that both die with their next request.
    let second_requests = Arc::new(AtomicUsize::new(0));
    let seen = second_requests.clone();
    let barrier = Arc::new(std::sync::Barrier::new(2));
    let server = Server::start(move |mut stream, number| {
        read_request(&mut stream).unwrap();
        if number < 2 {
            barrier.wait();
            stream.write_all(OK).unwrap();
            if read_request(&mut stream).is_some() {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        }
        // The third dies without an answer, and that is that.
    });
    let (client, messages) = logging_client();
    let url = server.url();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| fetch(&client, &url));
        }
    });
    let error = get(&client, &url, &context()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    assert_eq!(second_requests.load(Ordering::SeqCst), 1, "the retry did not take a new connection");
    assert_eq!(server.connections(), 3);
    assert_eq!(messages.lock().unwrap().len(), 1);
}

#[test]
fn a_body_that_was_not_all_sent_is_sent_again_from_its_start() {
    let length = 32 << 20;
    let server = Server::start(move |mut stream, number| {
        let request = read_request(&mut stream).unwrap();
        if number == 0 {
            stream.write_all(OK).unwrap();
            // The head of the upload, and then nothing of its body.
            read_head(&mut stream);
            reset(stream);
        } else {
            assert!(request.body.len() == length && is_pattern(&request.body));
            stream.write_all(OK).unwrap();
        }
    });
    let client = client();
    fetch(&client, &server.url());
    let mut body = PatternBody::new(length as u64);
    let context = context();
    let response = post(&client, &server.url(), &mut body, &context).unwrap();
    assert_eq!((response.status, body.rewinds), (200, 1));
    assert_eq!(context.body_bytes_sent(), length as u64);
}

#[test]
fn a_body_that_cannot_be_read_again_fails_with_the_connection() {
    struct Once(PatternBody);
    impl BodySource for Once {
        fn length(&self) -> u64 {
            self.0.length()
        }
        fn rewind(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::NotSeekable.into())
        }
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }
    let server = Server::start(|mut stream, _| {
        read_request(&mut stream).unwrap();
        stream.write_all(OK).unwrap();
        read_head(&mut stream);
        reset(stream);
    });
    let client = client();
    fetch(&client, &server.url());
    let mut body = Once(PatternBody::new(32 << 20));
    let (url, context) = (server.url(), context());
    let request = Request { method: Method::Post, url: &url, headers: &[], body: Some(&mut body) };
    let error = client.send(request, &context).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_body_that_was_all_sent_is_not_sent_again() {
    let posts = Arc::new(AtomicUsize::new(0));
    let seen = posts.clone();
    let server = Server::start(move |mut stream, _| {
        read_request(&mut stream).unwrap();
        stream.write_all(OK).unwrap();
        if read_request(&mut stream).is_some() {
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    let client = client();
    fetch(&client, &server.url());
    let mut body = PatternBody::new(10);
    let error = post(&client, &server.url(), &mut body, &context()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    assert_eq!((posts.load(Ordering::SeqCst), body.rewinds), (1, 0));
}

#[test]
fn a_connection_that_fails_after_the_first_byte_is_not_replaced() {
    let server = Server::start(|mut stream, number| {
        read_request(&mut stream).unwrap();
        stream.write_all(OK).unwrap();
        if number == 0 && read_request(&mut stream).is_some() {
            stream.write_all(b"HTTP/1.1 2").unwrap();
        }
    });
    let client = client();
    fetch(&client, &server.url());
    let error = get(&client, &server.url(), &context()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_failed_or_closing_connection_is_not_used_again() {
    for answer in [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok".as_slice(),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        // More than was announced.
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let server = Server::answering(answer);
        let client = client();
        assert_eq!([fetch(&client, &server.url()), fetch(&client, &server.url())], [false, false]);
    }
}

#[test]
fn idle_connections_can_be_closed() {
    let (sender, closed) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = Server::start(move |mut stream, _| {
        while read_request(&mut stream).is_some() {
            stream.write_all(OK).unwrap();
        }
        let _ = sender.lock().unwrap().send(());
    });
    let client = client();
    fetch(&client, &server.url());
    client.close_idle();
    closed.recv_timeout(PATIENCE).unwrap();
    assert!(!fetch(&client, &server.url()));
    assert!(fetch(&client, &server.url()));
}

#[test]
fn discarding_a_small_response_keeps_its_connection() {
    let server =
        Server::answering(format!("HTTP/1.1 302 Found\r\nContent-Length: 30000\r\n\r\n{}", "x".repeat(30_000)));
    let client = client();
    for expected in [false, true, true] {
        let context = context();
        get(&client, &server.url(), &context).unwrap().discard();
        assert_eq!(context.trace().reused, expected);
    }
}

#[test]
fn discarding_a_large_or_slow_response_does_not_wait_for_it() {
    for answer in [
        "HTTP/1.1 302 Found\r\nContent-Length: 1000000000\r\n\r\nx",
        "HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nx",
        "HTTP/1.1 302 Found\r\n\r\nx",
    ] {
        let server = Server::answering(answer);
        let (client, context, begin) = (client(), context(), Instant::now());
        get(&client, &server.url(), &context).unwrap().discard();
        assert!(begin.elapsed() < Duration::from_secs(2));
        get(&client, &server.url(), &context).unwrap();
        assert!(!context.trace().reused);
    }
}

#[test]
fn a_message_of_tls_itself_does_not_end_an_idle_connection() {
    let (fetched, was_fetched) = mpsc::channel();
    let (sent, was_sent) = mpsc::channel();
    let (was_fetched, sent) = (Mutex::new(was_fetched), Mutex::new(sent));
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
        while read_request(&mut stream).is_some() {
            stream.write_all(OK).unwrap();
            was_fetched.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            // A key update, as late as the session tickets of some servers.
            stream.conn.refresh_traffic_keys().unwrap();
            while stream.conn.wants_write() {
                stream.conn.write_tls(&mut stream.sock).unwrap();
            }
            sent.lock().unwrap().send(()).unwrap();
        }
    });
    let client = client_trusting(&authority);
    for expected in [false, true, true] {
        assert_eq!(fetch(&client, &server.tls_url()), expected);
        fetched.send(()).unwrap();
        was_sent.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!(server.connections(), 1);
}
