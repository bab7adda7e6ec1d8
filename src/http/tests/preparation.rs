//! Connections that are opened ahead of their first request.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

use super::support::*;
use crate::http::*;
use crate::terms::log::Log;
use crate::worker::StopReason;

const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// A client, and its log messages about connections that were not opened.
fn counting_client() -> (Client, mpsc::Receiver<String>) {
    let (sender, messages) = mpsc::channel();
    let sender = Mutex::new(sender);
    let log = Log::new(Arc::new(move |_, message| {
        if message.starts_with("no connection") {
            sender.lock().unwrap().send(message.to_owned()).unwrap();
        }
    }));
    (Client::new(ClientOptions { log, ..options() }).unwrap(), messages)
}

/// A server that performs each handshake when told to, and then answers.
fn waiting_server(config: ServerConfig) -> (Server, mpsc::Sender<()>) {
    let (let_go, may_go) = mpsc::channel::<()>();
    let (config, may_go) = (Arc::new(config), Mutex::new(may_go));
    let server = Server::start(move |stream, _| {
        let _ = may_go.lock().unwrap().recv();
        let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        while read_request(&mut stream).is_some() {
            stream.write_all(NO_CONTENT).unwrap();
        }
    });
    (server, let_go)
}

#[test]
fn a_prepared_connection_serves_the_next_exchange() {
    let server = Server::answering(NO_CONTENT);
    let client = client();
    client.prepare(&server.url(), &exchange()).unwrap();
    let exchange = exchange();
    get(&client, &server.url(), &exchange).unwrap();
    assert_eq!(server.connections(), 1);
    // The exchange has the times of a kept connection.
    assert!(exchange.trace().reused && exchange.trace().connect_start.is_none());
}

/// A server may send more with the end of the handshake: here, data that it may send before the client has finished
/// (RFC 8446 section 4.4.4). The client receives all but the end of its record.
#[test]
fn the_beginning_of_a_record_stays_with_a_prepared_connection() {
    let authority = Authority::new();
    let config = authority.issue("test.example").config();
    let server = Server::start(move |mut stream, _| {
        let (mut session, flight) = flight_with_data(config.clone(), &mut stream, NO_CONTENT);
        let (begin, end) = flight.split_at(flight.len() - 20);
        stream.write_all(begin).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            session.read_tls(&mut stream).unwrap();
            session.process_new_packets().unwrap();
            let _ = session.reader().read_to_end(&mut request);
        }
        stream.write_all(end).unwrap();
        stay(&stream);
    });
    let client = client_trusting(&authority);
    client.prepare(&server.tls_url(), &exchange()).unwrap();
    let exchange = exchange();
    assert_eq!(get(&client, &server.tls_url(), &exchange).unwrap().status, 204);
    assert!(exchange.trace().reused);
}

#[test]
fn a_second_connection_is_not_prepared() {
    let server = Server::answering(NO_CONTENT);
    let (client, messages) = counting_client();
    for _ in 0..2 {
        client.prepare(&server.url(), &exchange()).unwrap();
    }
    get(&client, &server.url(), &exchange()).unwrap();
    client.prepare(&server.url(), &exchange()).unwrap();
    assert_eq!((server.connections(), messages.try_iter().count()), (1, 2));
}

#[test]
fn at_most_ten_unused_connections_are_prepared() {
    let servers: Vec<_> = (0..12).map(|_| Server::answering(NO_CONTENT)).collect();
    let (client, messages) = counting_client();
    let connections = || servers.iter().map(Server::connections).sum::<usize>();
    for server in &servers {
        client.prepare(&server.url(), &exchange()).unwrap();
    }
    wait_until(|| connections() == 10);
    assert_eq!(messages.try_iter().count(), 2);
    // After one prepared connection was used, another one may be opened.
    get(&client, &servers[3].url(), &exchange()).unwrap();
    client.prepare(&servers[11].url(), &exchange()).unwrap();
    wait_until(|| servers[11].connections() == 1);
    assert_eq!(connections(), 11);
}

#[test]
fn nothing_is_prepared_in_the_background() {
    let server = Server::answering(NO_CONTENT);
    let (client, messages) = counting_client();
    client.keep_no_idle();
    client.close_idle();
    client.prepare(&server.url(), &exchange()).unwrap();
    assert_eq!((server.connections(), messages.try_iter().count()), (0, 1));
    client.keep_idle();
    client.prepare(&server.url(), &exchange()).unwrap();
    wait_until(|| server.connections() == 1);
}

#[test]
fn a_prepared_connection_that_died_is_replaced() {
    let server = Server::start(|mut stream, number| {
        // The first connection ends when its request arrives, which no earlier check can detect.
        if number == 0 {
            read_head(&mut stream);
        } else if read_request(&mut stream).is_some() {
            stream.write_all(NO_CONTENT).unwrap();
        }
    });
    let client = client();
    client.prepare(&server.url(), &exchange()).unwrap();
    let exchange = exchange();
    assert_eq!(get(&client, &server.url(), &exchange).unwrap().status, 204);
    assert_eq!((server.connections(), exchange.trace().reused), (2, false));
}

#[test]
fn an_exchange_waits_for_the_connection_that_is_being_opened() {
    let authority = Authority::new();
    let (server, let_go) = waiting_server(authority.issue("test.example").config());
    let client = client_trusting(&authority);
    thread::scope(|scope| {
        let preparing = scope.spawn(|| client.prepare(&server.tls_url(), &exchange()));
        wait_until(|| server.connections() == 1);
        let getting = scope.spawn(|| get(&client, &server.tls_url(), &exchange()).unwrap().status);
        let_go.send(()).unwrap();
        assert_eq!(getting.join().unwrap(), 204);
        preparing.join().unwrap().unwrap();
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn only_one_exchange_waits_for_an_opening() {
    let authority = Authority::new();
    let (server, let_go) = waiting_server(authority.issue("test.example").config());
    let client = client_trusting(&authority);
    thread::scope(|scope| {
        scope.spawn(|| client.prepare(&server.tls_url(), &exchange()).unwrap());
        wait_until(|| server.connections() == 1);
        let getting = [(); 2].map(|()| scope.spawn(|| get(&client, &server.tls_url(), &exchange()).unwrap().status));
        wait_until(|| server.connections() == 2);
        (0..2).for_each(|_| let_go.send(()).unwrap());
        assert_eq!(getting.map(|getting| getting.join().unwrap()), [204, 204]);
    });
    assert_eq!(server.connections(), 2);
}

#[test]
fn exchange_opens_its_own_if_the_opening_fails() {
    let (reset_now, may_reset) = mpsc::channel::<()>();
    let may_reset = Mutex::new(may_reset);
    let authority = Authority::new();
    let config = Arc::new(authority.issue("test.example").config());
    let server = Server::start(move |stream, number| {
        if number == 0 {
            let _ = may_reset.lock().unwrap().recv();
            return reset(stream);
        }
        let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        if read_request(&mut stream).is_some() {
            stream.write_all(NO_CONTENT).unwrap();
        }
    });
    let client = client_trusting(&authority);
    thread::scope(|scope| {
        let preparing = scope.spawn(|| client.prepare(&server.tls_url(), &exchange()));
        wait_until(|| server.connections() == 1);
        let getting = scope.spawn(|| get(&client, &server.tls_url(), &exchange()).unwrap().status);
        reset_now.send(()).unwrap();
        assert!(preparing.join().unwrap().is_err());
        assert_eq!(getting.join().unwrap(), 204);
    });
}

/// The time of a look-up does not count for the minimum speed of any exchange that waits for it.
#[test]
fn slow_preparation_does_not_fail_an_exchange_with_a_minimum_speed() {
    /// Keeps its first question until it is dropped.
    #[derive(Default)]
    struct FirstHangs(Mutex<Option<ResolverAnswer>>);
    impl Resolver for FirstHangs {
        fn resolve(&self, _: &str, answer: ResolverAnswer) {
            let mut first = self.0.lock().unwrap();
            match &*first {
                None => *first = Some(answer),
                Some(_) => answer.finish(vec![Ipv4Addr::LOCALHOST.into()]),
            }
        }
    }
    let server = Server::answering(NO_CONTENT);
    let resolver = Arc::new(FirstHangs::default());
    let low_speed = Some(LowSpeed { limit: 1000, time: Duration::from_millis(50) });
    let client = Client::new(ClientOptions { resolver: Some(resolver.clone()), low_speed, ..options() }).unwrap();
    let url = url::Url::parse(&format!("http://test.example:{}/", server.address.port())).unwrap();
    thread::scope(|scope| {
        let preparing = scope.spawn(|| client.prepare(&url, &exchange()));
        wait_until(|| resolver.0.lock().unwrap().is_some());
        let got = get(&client, &url, &exchange());
        // Dropped before the assertion, so that the preparation ends in every case.
        drop(resolver.0.lock().unwrap().take());
        assert_eq!(got.unwrap().status, 204);
        assert!(preparing.join().unwrap().is_err());
    });
}

/// Whenever an exchange is stopped, it leaves the connection to the next exchange.
#[test]
fn stopped_exchange_leaves_the_connection_to_the_next() {
    let authority = Authority::new();
    let (server, let_go) = waiting_server(authority.issue("test.example").config());
    let client = client_trusting(&authority);
    let (stopped, stop, _) = exchange_with_deadline(Instant::now() + PATIENCE);
    thread::scope(|scope| {
        let preparing = scope.spawn(|| client.prepare(&server.tls_url(), &exchange()));
        wait_until(|| server.connections() == 1);
        let getting = scope.spawn(|| get(&client, &server.tls_url(), &stopped).err().unwrap());
        stop.request(StopReason::Aborted);
        let error = getting.join().unwrap();
        assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
        let_go.send(()).unwrap();
        preparing.join().unwrap().unwrap();
    });
    let exchange = exchange();
    get(&client, &server.tls_url(), &exchange).unwrap();
    assert_eq!((server.connections(), exchange.trace().reused), (1, true));
}

/// The tickets of TLS 1.3 arrive after the handshake. If an unused connection is closed without reading them, the next
/// one cannot resume.
#[test]
fn the_session_of_an_unused_connection_is_resumed() {
    for version in [&TLS12, &TLS13] {
        let (sender, kinds) = mpsc::channel();
        let sender = Mutex::new(sender);
        let authority = Authority::new();
        let config = authority.issue("test.example").config_of(&[version]);
        let server = tls_server(config, move |mut stream, _| {
            // The tickets are sent before the test learns of the handshake.
            stream.flush().unwrap();
            sender.lock().unwrap().send(stream.conn.handshake_kind()).unwrap();
            wait_for_close(&mut stream);
        });
        let client = client_trusting(&authority);
        for round in 0..8 {
            client.prepare(&server.tls_url(), &exchange()).unwrap();
            let expected = if round == 0 { HandshakeKind::Full } else { HandshakeKind::Resumed };
            assert_eq!(kinds.recv_timeout(PATIENCE).unwrap(), Some(expected), "{:?}, {round}", version.version);
            client.keep_no_idle();
            client.close_idle();
            client.keep_idle();
        }
    }
}
