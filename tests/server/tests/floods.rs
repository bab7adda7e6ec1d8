//! Floods and hand-made records, as a rustls client receives them.

mod client;

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use client::{connect, connect_tls, trusting};
use rustls::{CipherSuite, ClientConfig, RootCertStore};
use wxtransfer_test_server::{
    Authority, Event, FaultServer, Flood, Identity, MaximumTls, Script, Step, TlsRecord, Transport,
};

const REQUEST: &[u8] = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
const LONG: Duration = Duration::from_secs(60);
const TLS12: Transport = Transport::Tls { identity: Identity::Valid, maximum: MaximumTls::Tls12 };

fn server(transport: Transport, step: Step) -> FaultServer {
    FaultServer::start(transport, vec![Script::new([Step::ReadHead, step])])
}

fn data(bytes: &[u8]) -> TlsRecord {
    TlsRecord::Data(bytes.to_vec())
}

/// The four bytes of application data that a client receives in these records. The client offers only `suite`.
fn read_with(suite: CipherSuite, transport: Transport, records: Vec<TlsRecord>) -> io::Result<Vec<u8>> {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(|known| known.suite() == suite);
    let mut roots = RootCertStore::empty();
    roots.add(Authority::shared().der().clone()).expect("a root certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = server(transport, Step::SendRecords(records));
    let mut stream = connect_tls(server.address(), &Arc::new(config))?;
    stream.write_all(REQUEST)?;
    let mut read = vec![0; 4];
    stream.read_exact(&mut read)?;
    Ok(read)
}

#[test]
fn a_client_understands_every_record_of_tls_1_3() {
    let suites = [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    for suite in suites {
        let records = vec![
            TlsRecord::SessionTicket,
            data(b"a"),
            TlsRecord::KeyUpdate { requested: false },
            data(b"b"),
            TlsRecord::KeyUpdate { requested: true },
            TlsRecord::KeyUpdate { requested: false },
            data(b""),
            TlsRecord::Warning,
            data(b"cd"),
        ];
        assert_eq!(read_with(suite, Transport::TLS, records).expect("the data"), b"abcd", "{suite:?}");
    }
}

#[test]
fn a_client_understands_every_record_of_tls_1_2() {
    let suites = [
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    for suite in suites {
        let records = vec![data(b"ab"), data(b""), TlsRecord::HelloRequest, TlsRecord::Warning, data(b"cd")];
        assert_eq!(read_with(suite, TLS12, records).expect("the data"), b"abcd", "{suite:?}");
    }
}

#[test]
fn a_client_refuses_a_record_of_another_version() {
    let cases = [
        (Transport::TLS, CipherSuite::TLS13_AES_128_GCM_SHA256, TlsRecord::HelloRequest),
        (TLS12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TlsRecord::SessionTicket),
    ];
    for (transport, suite, record) in cases {
        let error = read_with(suite, transport, vec![data(b"ab"), record, data(b"cd")]).expect_err("no data");
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{suite:?}");
    }
}

#[test]
fn records_need_tls() {
    let server = server(Transport::Plain, Step::SendRecords(vec![data(b"a")]));
    connect(server.address()).write_all(REQUEST).expect("to send");
    server.wait_for(Event::Finished(0));
    assert_eq!(server.failure(0).as_deref(), Some("only TLS has records"));
}

#[test]
fn flood_ends_after_its_bytes_or_time_or_with_its_client() {
    let flood = Flood::bytes(b"12345");
    let records = Flood::records([TlsRecord::SessionTicket, TlsRecord::KeyUpdate { requested: false }, data(b"x")]);

    let bounded = server(Transport::Plain, Step::Flood(flood.clone().at_most(LONG, 300_000)));
    let mut stream = connect(bounded.address());
    stream.write_all(REQUEST).expect("to send");
    let mut read = Vec::new();
    stream.read_to_end(&mut read).expect("an end");
    assert!(read.len() >= 300_000 && read.chunks_exact(5).all(|chunk| chunk == b"12345"), "{}", read.len());

    // This client reads nothing.
    let short = server(Transport::Plain, Step::Flood(flood.clone().at_most(Duration::from_millis(50), u64::MAX)));
    let mut stream = connect(short.address());
    stream.write_all(REQUEST).expect("to send");
    stream.shutdown(Shutdown::Write).expect("to end");
    short.wait_for(Event::Finished(0));

    let endless = server(Transport::TLS, Step::Flood(records));
    let mut stream = connect_tls(endless.address(), &trusting()).expect("a handshake");
    stream.write_all(REQUEST).expect("to send");
    let mut read = vec![0; 10_000];
    stream.read_exact(&mut read).expect("the data");
    assert!(read.iter().all(|byte| *byte == b'x'));
    drop(stream);
    endless.wait_for(Event::PeerClosed(0));
    endless.wait_for(Event::BytesFlooded(0, 500_000));
}
