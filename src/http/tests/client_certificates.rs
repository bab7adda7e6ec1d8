//! Servers that request a client certificate. The client has none.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};

use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::support::*;
use super::trust::{refusal, serving};
use crate::http::*;

const WANTED: &str = "the server ended TLS: it wants a client certificate, and there is none for this host (alert ";

/// A server that requests a client certificate. Without one it continues only if it is `optional`.
fn asking(authority: &Authority, version: &'static SupportedProtocolVersion, optional: bool) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let verifier = if optional { verifier.allow_unauthenticated() } else { verifier };
    let identity = authority.issue("test.example");
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(identity.chain, identity.key)
        .unwrap()
}

/// A server that requests a certificate in TLS 1.2, and sends `answer` verbatim after the client's reply.
fn asking_then(config: ServerConfig, answer: Vec<u8>) -> Server {
    let config = Arc::new(config);
    Server::start(move |mut stream: TcpStream, _| {
        let mut session = ServerConnection::new(config.clone()).unwrap();
        while !session.wants_write() {
            session.read_tls(&mut stream).unwrap();
            session.process_new_packets().unwrap();
        }
        while session.wants_write() {
            session.write_tls(&mut stream).unwrap();
        }
        // Also read the last record of the client's flight: closing with unread input would be a reset.
        let mut flight = Vec::new();
        while !is_whole_flight(&flight) {
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer).unwrap() {
                0 => return,
                length => flight.extend_from_slice(&buffer[..length]),
            }
        }
        stream.write_all(&answer).unwrap();
        if !answer.is_empty() {
            wait_for_close(&mut stream);
        }
    })
}

/// Whether the client's last record, the one after ChangeCipherSpec, was received.
fn is_whole_flight(mut records: &[u8]) -> bool {
    let mut last_kind = 0;
    while let [kind, _, _, high, low, rest @ ..] = records {
        let Some(rest) = rest.get(usize::from(*high) << 8 | usize::from(*low)..) else { return false };
        if last_kind == 20 {
            return true;
        }
        (last_kind, records) = (*kind, rest);
    }
    false
}

#[test]
fn required_client_certificate_is_reported() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let server = serving(asking(&authority, version, false));
        let (failure, detail) = refusal(&client_trusting(&authority), &server.tls_url());
        assert_eq!(failure, TlsFailure::ClientCertificate, "{detail}");
        assert!(detail.starts_with(WANTED), "{detail}");
    }
}

/// TLS 1.2 has no alert for a missing client certificate. OpenSSL sends 40, others send 42, and some servers send none.
#[test]
fn tls_1_2_alerts_for_client_certificates_are_recognised() {
    let authority = Authority::new();
    for (alert, words) in [(40, "40, handshake failure"), (42, "42, bad certificate"), (41, "41, no certificate")] {
        let server = asking_then(asking(&authority, &TLS12, true), vec![0x15, 3, 3, 0, 2, 2, alert]);
        let (failure, detail) = refusal(&client_trusting(&authority), &server.tls_url());
        assert_eq!(failure, TlsFailure::ClientCertificate, "{detail}");
        assert_eq!(detail, format!("{WANTED}{words})"));
    }
    // Another alert has another meaning.
    let server = asking_then(asking(&authority, &TLS12, true), vec![0x15, 3, 3, 0, 2, 2, 80]);
    let (failure, detail) = refusal(&client_trusting(&authority), &server.tls_url());
    assert_eq!(failure, TlsFailure::Other, "{detail}");

    let server = asking_then(asking(&authority, &TLS12, true), Vec::new());
    let error = get(&client_trusting(&authority), &server.tls_url(), &exchange()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
    assert!(
        error.detail.ends_with("in which it asked for a client certificate; there is none for this host"),
        "{error:?}"
    );
}

/// The same alert from a server that requested no certificate, on another connection, concerns cipher suites.
#[test]
fn certificate_request_does_not_affect_other_connections() {
    let authority = Authority::new();
    let client = client_trusting(&authority);
    let alert = vec![0x15, 3, 3, 0, 2, 2, 40];
    let asking = asking_then(asking(&authority, &TLS12, true), alert.clone());
    let other = asking_then(authority.issue("test.example").config_of(&[&TLS12]), alert);
    for _ in 0..2 {
        assert_eq!(refusal(&client, &asking.tls_url()).0, TlsFailure::ClientCertificate);
        assert_eq!(refusal(&client, &other.tls_url()).0, TlsFailure::NothingInCommon);
    }
}

#[test]
fn optional_client_certificate_is_declined_and_sessions_resume() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let (sender, kinds) = mpsc::channel();
        let sender = Mutex::new(sender);
        let server = tls_server(asking(&authority, version, true), move |mut stream, _| {
            read_request(&mut stream).unwrap();
            sender.lock().unwrap().send(stream.conn.handshake_kind()).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
        });
        let client = client_trusting(&authority);
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            assert_eq!(get(&client, &server.tls_url(), &exchange()).unwrap().status, 204);
            assert_eq!(kinds.recv_timeout(PATIENCE).unwrap(), Some(expected));
        }
    }
}
