//! The client's own certificate: the servers that receive it, the signatures that the host is asked for, and the use of
//! the host's answers.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use wxtransfer_test_server as server;
use wxtransfer_test_server::ClientKey;

use super::support::*;
use super::trust::refusal;
use crate::http::*;
use crate::worker::StopReason;

/// Counts the signatures, and records their schemes.
#[derive(Default)]
struct Keychain {
    asked: AtomicUsize,
    schemes: Mutex<Vec<u16>>,
}

fn keys_of(which: ClientKey) -> &'static server::ClientIdentity {
    server::Authority::shared().client(which)
}

struct KeyOf(ClientKey, Arc<Keychain>);

impl CertificateSigner for KeyOf {
    fn sign(&self, scheme: u16, message: &[u8], answer: SignatureAnswer) {
        self.1.asked.fetch_add(1, Ordering::SeqCst);
        self.1.schemes.lock().unwrap().push(scheme);
        let (which, message) = (self.0, message.to_vec());
        // Later, and on another thread.
        thread::spawn(move || answer.finish(keys_of(which).sign(scheme, &message).unwrap()));
    }
}

/// A signer that calls a function of the test.
struct Answering<F>(F);

impl<F: Fn(u16, &[u8], SignatureAnswer) + Send + Sync> CertificateSigner for Answering<F> {
    fn sign(&self, scheme: u16, message: &[u8], answer: SignatureAnswer) {
        (self.0)(scheme, message, answer);
    }
}

fn parts(which: ClientKey, signer: Arc<dyn CertificateSigner>) -> CertificateParts {
    let chain = keys_of(which).chain_pem().as_bytes().to_vec();
    CertificateParts { chain, hosts: vec!["TEST.example".to_owned()], schemes: Vec::new(), signer }
}

fn client_with(authority: &Authority, parts: CertificateParts) -> Client {
    let trust = Trust::Roots(vec![authority.root.clone()]);
    let certificate = Some(ClientCertificate::new(parts).unwrap());
    Client::new(ClientOptions { trust, certificate, ..options() }).unwrap()
}

fn requiring(authority: &Authority, version: &'static SupportedProtocolVersion) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(server::Authority::shared().der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let identity = authority.issue("test.example");
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(identity.chain, identity.key)
        .unwrap()
}

/// A server that answers with 204 and closes. For each handshake, the receiver gets its kind and the number of
/// certificates that the client sent.
fn telling(config: ServerConfig) -> (Server, mpsc::Receiver<(Option<HandshakeKind>, usize)>) {
    let (sender, told) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = tls_server(config, move |mut stream, _| {
        if read_request(&mut stream).is_some() {
            let shown = stream.conn.peer_certificates().map_or(0, <[_]>::len);
            sender.lock().unwrap().send((stream.conn.handshake_kind(), shown)).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        }
    });
    (server, told)
}

#[test]
fn client_certificate_is_sent_and_resumption_needs_no_signature() {
    let authority = Authority::new();
    for (version, which, scheme) in [
        (&TLS12, ClientKey::Ecdsa, 0x0403),
        (&TLS13, ClientKey::Ecdsa, 0x0403),
        (&TLS12, ClientKey::EcdsaP384, 0x0503),
        (&TLS13, ClientKey::EcdsaP384, 0x0503),
        (&TLS12, ClientKey::Ed25519, 0x0807),
        (&TLS13, ClientKey::Ed25519, 0x0807),
        (&TLS12, ClientKey::Rsa, 0x0804),
        (&TLS13, ClientKey::Rsa, 0x0804),
    ] {
        let (server, told) = telling(requiring(&authority, version));
        let keychain = Arc::new(Keychain::default());
        let client = client_with(&authority, parts(which, Arc::new(KeyOf(which, keychain.clone()))));
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            assert_eq!(get(&client, &server.tls_url(), &exchange()).unwrap().status, 204);
            assert_eq!(told.recv_timeout(PATIENCE).unwrap(), (Some(expected), 2), "{version:?} {which:?}");
        }
        assert_eq!(*keychain.schemes.lock().unwrap(), [scheme], "a resumed session needs no signature");
    }
}

#[test]
fn only_schemes_of_the_host_are_used() {
    let authority = Authority::new();
    let keychain = Arc::new(Keychain::default());
    let pkcs1 = || {
        let parts = parts(ClientKey::Rsa, Arc::new(KeyOf(ClientKey::Rsa, keychain.clone())));
        CertificateParts { schemes: vec![0x0501, 0x0401], ..parts }
    };
    let (server, told) = telling(requiring(&authority, &TLS12));
    assert_eq!(get(&client_with(&authority, pkcs1()), &server.tls_url(), &exchange()).unwrap().status, 204);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().1, 2);
    assert_eq!(*keychain.schemes.lock().unwrap(), [0x0501]);

    // TLS 1.3 has no PKCS #1 (RFC 8446 section 4.2.3).
    let (server, _) = telling(requiring(&authority, &TLS13));
    let (failure, detail) = refusal(&client_with(&authority, pkcs1()), &server.tls_url());
    assert_eq!(failure, TlsFailure::ClientCertificate);
    assert!(detail.contains("accepts none of the signature schemes of the given one"), "{detail}");
    assert_eq!(keychain.asked.load(Ordering::SeqCst), 1, "the key was not asked");
}

#[test]
fn only_the_named_hosts_get_the_client_certificate() {
    let authority = Authority::new();
    let keychain = Arc::new(Keychain::default());
    for version in [&TLS12, &TLS13] {
        let named = parts(ClientKey::Ecdsa, Arc::new(KeyOf(ClientKey::Ecdsa, keychain.clone())));
        let other = CertificateParts { hosts: vec!["a.test.example".to_owned(), "example".to_owned()], ..named };
        let (server, _) = telling(requiring(&authority, version));
        let (failure, detail) = refusal(&client_with(&authority, other), &server.tls_url());
        assert_eq!(failure, TlsFailure::ClientCertificate);
        assert!(detail.contains("it wants a client certificate, and there is none for this host"), "{detail}");
    }
    assert_eq!(keychain.asked.load(Ordering::SeqCst), 0);

    // A server that does not request a certificate does not receive it.
    let (server, told) = telling(authority.issue("test.example").config());
    let named = parts(ClientKey::Ecdsa, Arc::new(KeyOf(ClientKey::Ecdsa, keychain.clone())));
    assert_eq!(get(&client_with(&authority, named), &server.tls_url(), &exchange()).unwrap().status, 204);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().1, 0);
    assert_eq!(keychain.asked.load(Ordering::SeqCst), 0);
}

#[test]
fn rejection_of_the_certificate_by_the_server_is_reported() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let (server, _) = telling(requiring(&authority, version));
        let expired = parts(ClientKey::Expired, Arc::new(KeyOf(ClientKey::Expired, Arc::default())));
        let (failure, detail) = refusal(&client_with(&authority, expired), &server.tls_url());
        assert_eq!(failure, TlsFailure::ClientCertificate);
        let words = "the server ended TLS: it refuses the client certificate (alert 45, certificate expired)";
        assert_eq!(detail, words);
    }
}

#[test]
fn missing_or_wrong_signature_fails_before_it_is_sent() {
    let authority = Authority::new();
    let dropping: Arc<dyn CertificateSigner> = Arc::new(Answering(|_, _: &[u8], answer| drop(answer)));
    let of_another_key: Arc<dyn CertificateSigner> =
        Arc::new(Answering(|scheme, message: &[u8], answer: SignatureAnswer| {
            answer.finish(keys_of(ClientKey::Expired).sign(scheme, message).unwrap());
        }));
    let of_nothing: Arc<dyn CertificateSigner> =
        Arc::new(Answering(|_, _: &[u8], answer: SignatureAnswer| answer.finish(vec![0; 64])));
    for version in [&TLS12, &TLS13] {
        for (signer, words) in [
            (&dropping, "the app gave no signature of the client certificate's key"),
            (&of_another_key, "does not verify with the client certificate's key and the scheme 0x0403"),
            (&of_nothing, "does not verify with the client certificate's key and the scheme 0x0403"),
        ] {
            let (server, told) = telling(requiring(&authority, version));
            let client = client_with(&authority, parts(ClientKey::Ecdsa, signer.clone()));
            let (failure, detail) = refusal(&client, &server.tls_url());
            assert_eq!(failure, TlsFailure::ClientCertificate);
            assert!(detail.ends_with(words), "{detail}");
            assert!(told.try_recv().is_err());
        }
    }
}

/// A signer that never answers. It sends each open answer to the test.
fn never(sender: mpsc::Sender<SignatureAnswer>) -> Arc<dyn CertificateSigner> {
    let sender = Mutex::new(sender);
    Arc::new(Answering(move |_, _: &[u8], answer| sender.lock().unwrap().send(answer).unwrap()))
}

#[test]
fn an_abort_and_the_deadline_end_the_wait_for_a_signature() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let (server, _) = telling(requiring(&authority, version));
        let (sender, questions) = mpsc::channel();
        let client = client_with(&authority, parts(ClientKey::Ecdsa, never(sender)));
        let (aborted, stop, _) = exchange_with_deadline(Instant::now() + PATIENCE);
        thread::scope(|scope| {
            let url = server.tls_url();
            let (client, aborted) = (&client, &aborted);
            let asking = scope.spawn(move || get(client, &url, aborted).err().unwrap().kind);
            let answer = questions.recv_timeout(PATIENCE).unwrap();
            stop.request(StopReason::Aborted);
            assert!(matches!(asking.join().unwrap(), ErrorKind::Cancelled(StopReason::Aborted)));
            // A late answer is ignored.
            answer.finish(vec![1]);
        });
        let (timed, _, _) = exchange_with_deadline(Instant::now() + Duration::from_millis(100));
        let error = get(&client, &server.tls_url(), &timed).err().unwrap();
        assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::DeadlinePassed)), "{error:?}");
        drop(questions);
    }
}

#[test]
fn the_end_of_the_connection_ends_the_wait_for_a_signature() {
    let shut_down = |stream: TcpStream| {
        stream.shutdown(Shutdown::Write).unwrap();
        stay(&stream);
    };
    for end in [reset, drop, shut_down] {
        assert_the_end_of_the_connection_ends_the_wait(end);
    }
}

/// The server ends the connection with `end`, because its own deadline for handshakes has passed.
fn assert_the_end_of_the_connection_ends_the_wait(end: fn(TcpStream)) {
    let authority = Authority::new();
    let (sender, questions) = mpsc::channel();
    let (asked_sender, asked) = mpsc::channel();
    let asked = Mutex::new(asked);
    let config = Arc::new(requiring(&authority, &TLS13));
    let server = Server::start(move |mut stream, _| {
        let mut session = ServerConnection::new(config.clone()).unwrap();
        while !session.wants_write() {
            session.read_tls(&mut stream).unwrap();
            session.process_new_packets().unwrap();
        }
        while session.wants_write() {
            session.write_tls(&mut stream).unwrap();
        }
        asked.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        end(stream);
    });
    let client = client_with(&authority, parts(ClientKey::Ecdsa, never(sender)));
    thread::scope(|scope| {
        let url = server.tls_url();
        let client = &client;
        let asking = scope.spawn(move || get(client, &url, &exchange()).err().unwrap());
        let _answer = questions.recv_timeout(PATIENCE).unwrap();
        asked_sender.send(()).unwrap();
        let error = asking.join().unwrap();
        assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
        let words = "the server closed the connection before the client certificate's key had signed";
        assert_eq!(error.detail, words);
    });
}

#[test]
fn the_suspension_of_the_app_ends_the_wait_for_a_signature() {
    let authority = Authority::new();
    let (server, _) = telling(requiring(&authority, &TLS13));
    let (sender, questions) = mpsc::channel();
    let client = client_with(&authority, parts(ClientKey::Ecdsa, never(sender)));
    let url = server.tls_url();
    thread::scope(|scope| {
        let asking = scope.spawn(|| get(&client, &url, &exchange()).err().unwrap());
        let _answer = questions.recv_timeout(PATIENCE).unwrap();
        client.suspend();
        let error = asking.join().unwrap();
        assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
        assert_eq!(error.detail, "the app was suspended");
    });
}

#[test]
fn a_replaced_trust_ends_the_wait_for_a_signature() {
    let authority = Authority::new();
    let (server, told) = telling(requiring(&authority, &TLS12));
    let (sender, questions) = mpsc::channel();
    let client = client_with(&authority, parts(ClientKey::Ecdsa, never(sender)));
    let url = server.tls_url();
    let other = Trust::from_pem(Authority::new().root_pem.as_bytes()).unwrap();
    thread::scope(|scope| {
        let asking = scope.spawn(|| get(&client, &url, &exchange()).err().unwrap());
        let _first = questions.recv_timeout(PATIENCE).unwrap();
        client.set_trust(other, Vec::new()).unwrap();
        // The connection is opened anew, and its server is not trusted.
        let error = asking.join().unwrap();
        assert!(matches!(error.kind, ErrorKind::Tls(_)), "{error:?}");
    });
    assert!(told.try_recv().is_err(), "no server saw the certificate");
}

#[test]
fn invalid_client_certificate_is_rejected() {
    let signer = || Arc::new(KeyOf(ClientKey::Rsa, Arc::default()));
    let good = || parts(ClientKey::Rsa, signer());
    let fixture =
        |name: &str| std::fs::read(format!("{}/src/http/tls/fixtures/{name}.pem", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for (parts, words) in [
        (CertificateParts { chain: Vec::new(), ..good() }, "chain contains no certificate"),
        (
            CertificateParts { chain: keys_of(ClientKey::Rsa).key_pem().into(), ..good() },
            "chain contains no certificate",
        ),
        (
            CertificateParts {
                chain: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".into(),
                ..good()
            },
            "certificate 1 cannot be read",
        ),
        (CertificateParts { chain: fixture("p521"), ..good() }, "it has a key of the elliptic curve P-521"),
        (CertificateParts { chain: fixture("rsa1024"), ..good() }, "it has an RSA key of 1024 bits"),
        (CertificateParts { schemes: vec![0x0804, 0x0403], ..good() }, "its key cannot sign by the scheme 0x0403"),
        (CertificateParts { schemes: vec![0x0201], ..good() }, "its key cannot sign by the scheme 0x0201"),
        (CertificateParts { hosts: Vec::new(), ..good() }, "hosts is empty"),
        (
            CertificateParts { hosts: vec!["https://a.example".to_owned()], ..good() },
            "is not a host name or IP address",
        ),
    ] {
        let error = ClientCertificate::new(parts).err().unwrap();
        assert!(error.detail.starts_with("client_certificate cannot be used: "), "{error:?}");
        assert!(error.detail.contains(words), "{words}: {error:?}");
    }
    let printed = format!("{:?}", ClientCertificate::new(good()).unwrap());
    assert_eq!(printed, "ClientCertificate { hosts: [\"test.example\"], .. }");
}
