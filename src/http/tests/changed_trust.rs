//! The trust of a client is replaced while the client is in use.

use std::io::Write;
use std::sync::{Mutex, mpsc};
use std::thread;

use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};

use super::support::*;
use super::trust::refusal;
use crate::http::*;

const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

fn roots(authority: &Authority) -> Trust {
    Trust::Roots(vec![authority.root.clone()])
}

#[test]
fn new_connections_trust_the_new_roots_and_pins() {
    let (first, second) = (Authority::named("the first"), Authority::named("the second"));
    let (of_first, of_second) = (first.issue("test.example"), second.issue("test.example"));
    let pin = |identity: &Identity| Pin::new("test.example", identity.spki_sha256).unwrap();
    let (pin_of_first, pin_of_second) = (pin(&of_first), pin(&of_second));
    let serve = |identity: Identity| {
        tls_server(identity.config(), |mut stream, _| {
            while read_request(&mut stream).is_some() {
                let _ = stream.write_all(NO_CONTENT);
            }
        })
    };
    let (server_of_first, server_of_second) = (serve(of_first), serve(of_second));
    let client = client_trusting(&first);
    let fetch = |server: &Server| get(&client, &server.tls_url(), &exchange()).map(|response| response.status);

    assert_eq!(fetch(&server_of_first).unwrap(), 204);
    assert_eq!(client.statistics().connections_idle, 1);
    client.set_trust(roots(&second), Vec::new()).unwrap();
    assert_eq!(client.statistics().connections_idle, 0, "the kept connection was opened with the old trust");
    assert_eq!(refusal(&client, &server_of_first.tls_url()).0, TlsFailure::MissingIntermediate);
    assert_eq!(fetch(&server_of_second).unwrap(), 204);

    client.set_trust(roots(&second), vec![pin_of_first.clone()]).unwrap();
    assert_eq!(refusal(&client, &server_of_second.tls_url()).0, TlsFailure::PinMismatch);
    client.set_trust(roots(&second), vec![pin_of_first, pin_of_second]).unwrap();
    assert_eq!(fetch(&server_of_second).unwrap(), 204);

    // A trust that is rejected changes nothing, and closes no connection.
    assert!(client.set_trust(Trust::Roots(Vec::new()), Vec::new()).is_err());
    assert_eq!(client.statistics().connections_idle, 1);
    assert_eq!(fetch(&server_of_second).unwrap(), 204);
}

#[test]
fn sessions_of_the_old_trust_are_not_resumed() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let (sender, kinds) = mpsc::channel();
        let sender = Mutex::new(sender);
        let server = tls_server(authority.issue("test.example").config_of(&[version]), move |mut stream, _| {
            read_request(&mut stream).unwrap();
            sender.lock().unwrap().send(stream.conn.handshake_kind()).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        });
        let client = client_trusting(&authority);
        let next = |expected| {
            assert_eq!(get(&client, &server.tls_url(), &exchange()).unwrap().status, 204);
            assert_eq!(kinds.recv_timeout(PATIENCE).unwrap(), Some(expected));
        };
        next(HandshakeKind::Full);
        next(HandshakeKind::Resumed);
        // The roots are the same as before, but the client does not compare them.
        client.set_trust(roots(&authority), Vec::new()).unwrap();
        next(HandshakeKind::Full);
        next(HandshakeKind::Resumed);
    }
}

#[test]
fn trust_change_lets_a_running_exchange_finish_and_closes_its_connection() {
    let authority = Authority::new();
    let (continue_sender, may_continue) = mpsc::channel();
    let may_continue = Mutex::new(may_continue);
    let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
        read_request(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab").unwrap();
        may_continue.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        stream.write_all(b"cd").unwrap();
        wait_for_close(&mut stream);
    });
    let client = client_trusting(&authority);
    let exchange = exchange();
    let url = server.tls_url();
    let mut response = get(&client, &url, &exchange).unwrap();
    client.set_trust(roots(&Authority::named("another")), Vec::new()).unwrap();
    continue_sender.send(()).unwrap();
    assert_eq!(read_all(&mut response).unwrap(), b"abcd");
    drop(response);
    assert_eq!(client.statistics().connections_idle, 0);
}

/// The trust changes during the first handshake. Neither its success nor its failure has an effect.
#[test]
fn trust_change_during_a_handshake_opens_a_new_connection() {
    let (old, new) = (Authority::named("the old"), Authority::named("the new"));
    for (issuer, is_good) in [(&old, false), (&new, true)] {
        let (begun_sender, begun) = mpsc::channel();
        let (continue_sender, may_continue) = mpsc::channel();
        let (begun_sender, may_continue) = (Mutex::new(begun_sender), Mutex::new(may_continue));
        let config = std::sync::Arc::new(issuer.issue("test.example").config());
        let server = Server::start(move |mut stream, number| {
            if number == 0 {
                begun_sender.lock().unwrap().send(()).unwrap();
                may_continue.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            }
            let mut session = rustls::ServerConnection::new(config.clone()).unwrap();
            if session.complete_io(&mut stream).is_ok() {
                let mut stream = rustls::StreamOwned::new(session, stream);
                if read_request(&mut stream).is_some() {
                    let _ = stream.write_all(NO_CONTENT);
                }
            }
        });
        let client = client_trusting(&old);
        thread::scope(|scope| {
            let (client, url) = (&client, server.tls_url());
            let fetching = scope.spawn(move || get(client, &url, &exchange()).map(|response| response.status));
            begun.recv_timeout(PATIENCE).unwrap();
            client.set_trust(roots(&new), Vec::new()).unwrap();
            continue_sender.send(()).unwrap();
            let fetched = fetching.join().unwrap();
            match is_good {
                true => assert_eq!(fetched.unwrap(), 204, "the old trust would have refused it"),
                false => {
                    let kind = fetched.unwrap_err().kind;
                    assert!(matches!(kind, ErrorKind::Tls(TlsFailure::MissingIntermediate)), "{kind:?}");
                }
            }
        });
        assert_eq!(server.connections(), 2);
    }
}
