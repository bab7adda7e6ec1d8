//! During a flood, a stop is noticed long before the limit on bytes without progress. The tests measure this by the
//! bytes that were not received, so no clock is involved.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};

use super::support::*;
use crate::http::channel::{Channel, Source};
use crate::http::connection::{Connection, SENDS_BETWEEN_LOOKS};
use crate::http::connector::TrustNumber;
use crate::http::stream::Stream;
use crate::http::tls::{TlsSettings, Trust, server_name};
use crate::http::tls_stream::TlsStream;
use crate::http::*;
use crate::terms::log::Log;
use crate::worker::StopReason;
use crate::worker::sizes::TLS_INPUT;

/// More than any buffer of the receiver holds, and less than the bound.
const FLOOD: usize = 60_000;
const INTERIM_HEAD: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A stopped exchange.
fn stopped() -> Arc<Exchange> {
    let exchange = exchange();
    exchange.worker().stop().request(StopReason::Aborted);
    exchange
}

/// A connection that has received a flood of interim heads, and its socket.
fn flooded() -> (Stream, TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (stream, socket) = connected(listener.local_addr().unwrap());
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(&INTERIM_HEAD.repeat(FLOOD / INTERIM_HEAD.len())).unwrap();
    (stream, socket, peer)
}

/// The number of bytes that are still in the socket's buffer.
fn left(mut socket: &TcpStream) -> usize {
    socket.read(&mut [0; FLOOD]).unwrap()
}

#[test]
fn stop_is_seen_among_interim_heads() {
    let (stream, socket, _peer) = flooded();
    let mut connection = Connection::new(Channel::Plain(stream), TrustNumber::default());
    // A wait would notice the stop at once. The send after these reads without a wait.
    let exchange = exchange();
    for _ in 1..SENDS_BETWEEN_LOOKS {
        assert!(connection.send(&exchange, b"x", false).unwrap());
    }
    exchange.worker().check().unwrap();
    exchange.worker().stop().request(StopReason::Aborted);
    let error = connection.send(&exchange, b"x", false).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
    assert!(left(&socket) > FLOOD / 2);
}

#[test]
fn stop_is_seen_among_interim_heads_of_a_proxy() {
    let (mut stream, socket, _peer) = flooded();
    let proxy = Proxy::parse("http://proxy.example").unwrap();
    let error = proxy.open_tunnel(&stopped(), &mut stream, "test.example:443", &Log::default()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
    assert!(left(&socket) > FLOOD / 2);
}

#[test]
fn stop_is_seen_among_records_without_plaintext() {
    let authority = Authority::new();
    let mut config = authority.issue("test.example").config();
    // rustls sends tickets as one flight, so only its fragments are small records.
    (config.send_tls13_tickets, config.max_fragment_size) = (200, Some(100));
    let (sender, flooded) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = tls_server(config, move |stream, _| {
        sender.lock().unwrap().send(()).unwrap();
        stay(&stream.sock);
    });
    let trust = Trust::from_pem(authority.root_pem.as_bytes()).unwrap();
    let name = server_name("test.example").unwrap();
    let config = TlsSettings::new(trust, Vec::new(), None).unwrap().config(exchange().worker(), &name).unwrap();
    let (stream, _) = connected((Ipv4Addr::LOCALHOST, server.url().port().unwrap()).into());
    let mut stream = TlsStream::connect(&exchange(), stream, config, name).unwrap();
    flooded.recv_timeout(PATIENCE).unwrap();
    let error = stream.receive(&stopped(), &mut [0; 10], Source::Socket).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
    // At most one batch of a full buffer was handled.
    assert!(stream.received() > TLS_INPUT * 3 / 4, "{}", stream.received());
}
