//! Connections that serve several exchanges.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::support::*;
use crate::http::*;
use crate::platform::interface_addresses;
use crate::terms::log::{Level, Log};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Reads a response to its end. Returns whether its connection was reused.
fn fetch(client: &Client, url: &url::Url) -> bool {
    let exchange = exchange();
    let mut response = get(client, url, &exchange).unwrap();
    assert_eq!(read_all(&mut response).unwrap(), b"ok");
    exchange.trace().reused
}

/// A client and its log messages.
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
fn connection_is_reused() {
    let server = Server::answering(OK);
    let client = client();
    assert_eq!([fetch(&client, &server.url()), fetch(&client, &server.url())], [false, true]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn trace_contains_only_the_last_exchange() {
    let server = Server::answering(OK);
    let client = client();
    let exchange = exchange();
    for _ in 0..2 {
        read_all(&mut get(&client, &server.url(), &exchange).unwrap()).unwrap();
        assert_eq!(exchange.trace().bytes_received, OK.len() as u64);
    }
    assert!(exchange.trace().reused);
    assert_eq!(exchange.trace().connect_start, None);
}

/// The server closes after the second request has arrived. No check of the idle connection can detect this.
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
    // Two connections that both end with their next request.
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
        // The third ends without an answer, and there is no further attempt.
    });
    let (client, messages) = logging_client();
    let url = server.url();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| fetch(&client, &url));
        }
    });
    let error = get(&client, &url, &exchange()).err().unwrap();
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
            // Read the head of the upload, but nothing of its body.
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
    let exchange = exchange();
    let response = post(&client, &server.url(), &mut body, &exchange).unwrap();
    assert_eq!((response.status, body.rewinds), (200, 1));
    assert_eq!(exchange.body_bytes_sent(), length as u64);
}

/// A kept connection may end at any moment, and the body is then consumed.
#[test]
fn body_that_cannot_rewind_is_sent_on_a_new_connection() {
    struct Once(PatternBody);
    impl BodySource for Once {
        fn length(&self) -> u64 {
            self.0.length()
        }
        fn may_wait(&self) -> bool {
            true
        }
        fn can_rewind(&self) -> bool {
            false
        }
        fn rewind(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::NotSeekable.into())
        }
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }
    // The first connection stays open until it is used, or ends.
    let ends: [fn(std::net::TcpStream); 3] =
        [|mut stream| drop((read_head(&mut stream), reset(stream))), drop::<std::net::TcpStream>, reset];
    for end in ends {
        let (fetched, was_fetched) = mpsc::channel();
        let was_fetched = Mutex::new(was_fetched);
        let server = Server::start(move |mut stream, number| {
            let request = read_request(&mut stream).unwrap();
            stream.write_all(OK).unwrap();
            if number == 0 {
                was_fetched.lock().unwrap().recv_timeout(PATIENCE).unwrap();
                end(stream);
            } else {
                assert!(request.body.len() == 1 << 20 && is_pattern(&request.body));
            }
        });
        let client = client();
        fetch(&client, &server.url());
        fetched.send(()).unwrap();
        let mut body = Once(PatternBody::new(1 << 20));
        let exchange = exchange();
        let response = post(&client, &server.url(), &mut body, &exchange).unwrap();
        assert_eq!((response.status, exchange.trace().reused), (200, false));
        assert_eq!(server.connections(), 2);
    }
}

/// A server that accepts one more request on each connection and closes without an answer. Records the requests.
fn giving_up_after_the_next(posts: &Arc<Mutex<Vec<Vec<u8>>>>) -> Server {
    let seen = posts.clone();
    Server::start(move |mut stream, number| {
        for _ in 0..2 {
            let Some(request) = read_request(&mut stream) else { return };
            if request.head.starts_with("POST") {
                seen.lock().unwrap().push(request.body);
                if number == 0 {
                    return;
                }
            }
            stream.write_all(OK).unwrap();
        }
    })
}

#[test]
fn a_small_body_that_was_all_sent_on_a_dead_connection_is_sent_again_once() {
    let posts = Arc::default();
    let server = giving_up_after_the_next(&posts);
    let client = client();
    fetch(&client, &server.url());
    let mut body = PatternBody::new(10);
    let exchange = exchange();
    assert_eq!(post(&client, &server.url(), &mut body, &exchange).unwrap().status, 200);
    let posts = posts.lock().unwrap();
    assert_eq!(posts.len(), 2);
    assert!(posts.iter().all(|body| body.len() == 10 && is_pattern(body)));
    assert_eq!((body.rewinds, exchange.trace().reused), (1, false));
    assert_eq!(exchange.body_bytes_sent(), 10, "the bytes of the answered attempt");
}

#[test]
fn a_body_that_may_be_sent_once_is_not_sent_again() {
    let posts = Arc::default();
    let server = giving_up_after_the_next(&posts);
    let (client, url) = (client(), server.url());
    fetch(&client, &url);
    let mut body = PatternBody::new(10);
    let request = Request {
        method: Method::Post,
        url: &url,
        headers: &Headers::default(),
        body: Some(&mut body),
        may_be_sent_again: false,
        body_limit: u64::MAX,
    };
    let error = client.send(request, &exchange(), &|| Ok(false)).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    assert_eq!((posts.lock().unwrap().len(), body.rewinds), (1, 0));
}

#[test]
fn body_lost_by_a_new_connection_is_not_sent_again() {
    let posts: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let server = giving_up_after_the_next(&posts);
    let error = post(&client(), &server.url(), &mut PatternBody::new(10), &exchange()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    assert_eq!(posts.lock().unwrap().len(), 1);
}

/// Sends two requests. The second one receives a 408 on its kept connection. Returns the result of the second request,
/// and the number of connections.
fn after_a_408(second: impl Fn(&Client, &url::Url) -> Result<u16, Error>) -> (Result<u16, Error>, usize) {
    let server = Server::start(|mut stream, number| {
        read_request(&mut stream).unwrap();
        stream.write_all(OK).unwrap();
        if number == 0 {
            // The 408 is sent after the request has started, so that no check of the idle connection can see it.
            read_head(&mut stream);
            stream
                .write_all(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
            return;
        }
        read_request(&mut stream);
    });
    let client = client();
    fetch(&client, &server.url());
    (second(&client, &server.url()), server.connections())
}

#[test]
fn late_status_408_on_a_kept_connection_is_not_the_next_answer() {
    let (status, connections) = after_a_408(|client, url| Ok(get(client, url, &exchange())?.status));
    assert_eq!((status.unwrap(), connections), (200, 2));
    let (status, connections) =
        after_a_408(|client, url| Ok(post(client, url, &mut PatternBody::new(10), &exchange())?.status));
    assert_eq!((status.unwrap(), connections), (200, 2));
}

#[test]
fn status_408_on_a_new_connection_is_the_answer() {
    let server = Server::answering_once("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(get(&client(), &server.url(), &exchange()).unwrap().status, 408);
}

#[test]
fn connection_is_closed_after_a_204_that_announces_a_body() {
    for (head, connections) in
        [("204 No Content\r\nContent-Length: 2", 2), ("204 No Content", 1), ("304 Not Modified", 1)]
    {
        let answer = format!("HTTP/1.1 {head}\r\n\r\n");
        let server = Server::answering(answer);
        let client = client();
        for _ in 0..2 {
            get(&client, &server.url(), &exchange()).unwrap();
        }
        assert_eq!(server.connections(), connections, "{head}");
    }
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
    let error = get(&client, &server.url(), &exchange()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_failed_or_closing_connection_is_not_used_again() {
    for answer in [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok".as_slice(),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        // More bytes than announced.
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
    client.keep_no_idle();
    client.close_idle();
    closed.recv_timeout(PATIENCE).unwrap();
    assert!(!fetch(&client, &server.url()), "the idle connection is closed");
    assert!(!fetch(&client, &server.url()), "a connection that was in use meanwhile is not kept");
    client.keep_idle();
    assert!(!fetch(&client, &server.url()));
    assert!(fetch(&client, &server.url()));
}

#[test]
fn a_connection_of_a_former_network_is_not_kept() {
    let server = Server::answering(OK);
    let client = client();
    assert!(!fetch(&client, &server.url()));
    let exchange = exchange();
    let mut response = get(&client, &server.url(), &exchange).unwrap();
    assert!(exchange.trace().reused);
    // Its local address is still there, so it goes on.
    assert_eq!(client.network_changed(&interface_addresses().unwrap()), 0);
    assert_eq!(read_all(&mut response).unwrap(), b"ok");
    drop(response);
    assert!(!fetch(&client, &server.url()), "it may be metered now");
    assert!(fetch(&client, &server.url()), "a connection of the new network is kept");
}

#[test]
fn discarding_a_small_response_keeps_its_connection() {
    let server =
        Server::answering(format!("HTTP/1.1 302 Found\r\nContent-Length: 30000\r\n\r\n{}", "x".repeat(30_000)));
    let client = client();
    for expected in [false, true, true] {
        let exchange = exchange();
        get(&client, &server.url(), &exchange).unwrap().discard();
        assert_eq!(exchange.trace().reused, expected);
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
        let (client, exchange, begin) = (client(), exchange(), Instant::now());
        get(&client, &server.url(), &exchange).unwrap().discard();
        assert!(begin.elapsed() < Duration::from_secs(2));
        get(&client, &server.url(), &exchange).unwrap();
        assert!(!exchange.trace().reused);
    }
}

#[test]
fn late_key_update_does_not_end_an_idle_connection() {
    let (fetched, was_fetched) = mpsc::channel();
    let (sent, was_sent) = mpsc::channel();
    let (was_fetched, sent) = (Mutex::new(was_fetched), Mutex::new(sent));
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
        while read_request(&mut stream).is_some() {
            stream.write_all(OK).unwrap();
            was_fetched.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            // A key update, sent as late as some servers send session tickets.
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

/// The 408 of a server that has seen the request is its answer, on any connection.
#[test]
fn status_408_is_the_answer_if_the_server_saw_the_request() {
    const PLAIN: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nslow";
    const AFTER_INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 4\r\n\r\nslow";
    const CLOSING: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 4\r\n\r\nslow";
    for (answer, may_be_sent_again) in [(PLAIN, true), (AFTER_INTERIM, true), (CLOSING, false)] {
        let server = Server::start(move |mut stream, _| {
            read_request(&mut stream).unwrap();
            stream.write_all(OK).unwrap();
            read_request(&mut stream).unwrap();
            stream.write_all(answer).unwrap();
            read_request(&mut stream);
        });
        let (client, url) = (client(), server.url());
        fetch(&client, &url);
        let mut body = PatternBody::new(10);
        let request = Request {
            method: Method::Post,
            url: &url,
            headers: &Headers::default(),
            body: Some(&mut body),
            may_be_sent_again,
            body_limit: u64::MAX,
        };
        let mut response = client.send(request, &exchange(), &|| Ok(false)).unwrap();
        assert_eq!((response.status, read_all(&mut response).unwrap()), (408, b"slow".to_vec()));
        assert_eq!(server.connections(), 1);
    }
}
