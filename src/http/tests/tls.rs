//! TLS connections: trust, failures, pins and records.

use std::io::Write;
use std::sync::{Arc, Mutex, mpsc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, SanType, date_time_ymd};
use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};

use super::support::*;
use crate::http::channel::{Received, Source};
use crate::http::sockets::OpenSocket;
use crate::http::stream::{Interest, Stream};
use crate::http::tls::TlsSettings;
use crate::http::tls_stream::TlsStream;
use crate::http::*;

const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

fn serving(identity: Identity) -> Server {
    tls_server(identity.config(), |mut stream, _| {
        if read_request(&mut stream).is_some() {
            let _ = stream.write_all(NO_CONTENT);
        }
    })
}

fn failure(client: &Client, url: &url::Url) -> TlsFailure {
    match get(client, url, &exchange()) {
        Err(Error { kind: ErrorKind::Tls(failure), detail }) => {
            assert!(detail.chars().count() <= 180, "{detail}");
            failure
        }
        Err(error) => panic!("{error:?}"),
        Ok(response) => panic!("the server is trusted and answers {}", response.status),
    }
}

#[test]
fn trusted_server_is_accepted() {
    let authority = Authority::new();
    let server = serving(authority.issue("test.example"));
    assert_eq!(get(&client_trusting(&authority), &server.tls_url(), &exchange()).unwrap().status, 204);

    let server = serving(authority.issue("127.0.0.1"));
    let url = url::Url::parse(&format!("https://{}/", server.address)).unwrap();
    assert_eq!(get(&client_trusting(&authority), &url, &exchange()).unwrap().status, 204);
}

#[test]
fn each_bad_certificate_has_its_own_failure() {
    let authority = Authority::new();
    let expired = authority.issue_with("test.example", |params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    });
    let not_yet = authority.issue_with("test.example", |params| {
        params.not_before = date_time_ymd(2901, 1, 1);
        params.not_after = date_time_ymd(2902, 1, 1);
    });
    let self_signed = |is_ca: IsCa| {
        let mut params = CertificateParams::new(vec!["test.example".to_owned()]).unwrap();
        params.is_ca = is_ca;
        let key = KeyPair::generate().unwrap();
        Identity::new(params.self_signed(&key).unwrap().der().clone(), key)
    };
    let with_issuer = |authority: Authority| {
        let mut identity = authority.issue("test.example");
        identity.chain.push(authority.root);
        identity
    };
    for (identity, expected) in [
        (expired, TlsFailure::Expired),
        (not_yet, TlsFailure::NotYetValid),
        (authority.issue("other.example"), TlsFailure::WrongHost),
        (authority.issue("127.0.0.1"), TlsFailure::WrongHost),
        (Authority::named("a stranger").issue("test.example"), TlsFailure::MissingIntermediate),
        (with_issuer(Authority::named("a stranger")), TlsFailure::UnknownIssuer),
        (Authority::new().issue("test.example"), TlsFailure::UnknownIssuer),
        (self_signed(IsCa::NoCa), TlsFailure::SelfSigned),
        (self_signed(IsCa::Ca(BasicConstraints::Unconstrained)), TlsFailure::SelfSigned),
    ] {
        let server = serving(identity);
        assert_eq!(failure(&client_trusting(&authority), &server.tls_url()), expected);
    }
}

#[test]
fn platform_roots_reject_an_unknown_authority() {
    let server = serving(Authority::new().issue("test.example"));
    match get(&client(), &server.tls_url(), &exchange()) {
        Err(Error { kind: ErrorKind::Tls(TlsFailure::MissingIntermediate), .. }) => {}
        // A machine without any root.
        Err(Error { kind: ErrorKind::PlatformVerifier, .. }) => {}
        other => panic!("{:?}", other.map(|response| response.status)),
    }
}

/// The reply of a server that supports at most TLS 1.1: an alert, or a ServerHello with its version.
#[test]
fn an_old_server_is_a_protocol_version_failure() {
    let mut hello = vec![0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x13, 0]);
    for answer in [vec![0x15, 3, 1, 0, 2, 2, 70], hello] {
        let server = Server::start(move |mut stream, _| {
            stream.write_all(&answer).unwrap();
            wait_for_close(&mut stream);
        });
        let authority = Authority::new();
        assert_eq!(failure(&client_trusting(&authority), &server.tls_url()), TlsFailure::ProtocolVersion);
    }
}

#[test]
fn a_plain_server_is_not_tls() {
    for answer in [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), b"SSH-2.0-x\r\n"] {
        let server = Server::start(move |mut stream, _| {
            stream.write_all(answer).unwrap();
            wait_for_close(&mut stream);
        });
        assert_eq!(failure(&client_trusting(&Authority::new()), &server.tls_url()), TlsFailure::NotTls);
    }
}

#[test]
fn connection_closed_in_the_handshake_fails_with_closed() {
    let server = Server::start(|_, _| {});
    let error = get(&client_trusting(&Authority::new()), &server.tls_url(), &exchange()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
}

#[test]
fn a_host_with_pins_must_match_one_of_them() {
    let authority = Authority::new();
    let identity = authority.issue("test.example");
    let right = identity.spki_sha256;
    let server = serving(identity);
    let client = |pins: &[(&str, [u8; 32])]| {
        let pins = pins.iter().map(|(host, sha256)| Pin::new(host, *sha256).unwrap()).collect();
        Client::new(ClientOptions { trust: Trust::Roots(vec![authority.root.clone()]), pins, ..options() }).unwrap()
    };
    for good in [
        client(&[("test.example", right)]),
        client(&[("test.example", [1; 32]), ("TEST.example", right)]),
        client(&[("other.example", [1; 32])]),
    ] {
        assert_eq!(get(&good, &server.tls_url(), &exchange()).unwrap().status, 204);
    }
    assert_eq!(failure(&client(&[("test.example", [1; 32])]), &server.tls_url()), TlsFailure::PinMismatch);

    // A pin does not make an untrusted certificate valid.
    let stranger = Authority::new().issue("test.example");
    let pinned = client(&[("test.example", stranger.spki_sha256)]);
    assert_eq!(failure(&pinned, &serving(stranger).tls_url()), TlsFailure::UnknownIssuer);
}

/// A pin whose host is spelled differently than in the handshake must still apply.
#[test]
fn pin_applies_to_every_spelling_of_its_host() {
    let authority = Authority::new();
    for (host, written) in [
        ("test.example", &["test.example", "TEST.example", "test.example."][..]),
        ("xn--bcher-kva.example", &["b\u{fc}cher.example", "B\u{dc}CHER.example", "xn--bcher-kva.example"]),
        ("127.0.0.1", &["127.0.0.1", "127.1"]),
    ] {
        let server = serving(authority.issue(host));
        for asked in [host.to_owned(), format!("{host}.")] {
            let url = url::Url::parse(&format!("https://{asked}:{}/", server.address.port())).unwrap();
            for pinned in written {
                let trust = Trust::Roots(vec![authority.root.clone()]);
                let pins = vec![Pin::new(pinned, [1; 32]).unwrap()];
                let resolver = Some(FixedResolver::new(vec![server.address.ip()]) as Arc<dyn Resolver>);
                let client = Client::new(ClientOptions { trust, pins, resolver, ..options() }).unwrap();
                assert_eq!(failure(&client, &url), TlsFailure::PinMismatch, "{pinned} for {url}");
            }
        }
    }
    for (written, host) in [("::1", "::1"), ("[::1]", "::1"), ("0:0::0:1", "::1")] {
        assert_eq!(format!("{:?}", Pin::new(written, [0; 32])), format!("{:?}", Pin::new(host, [0; 32])));
    }
    for bad in [
        "",
        ".",
        "https://test.example",
        "test.example:443",
        "test.example/",
        "*.test.example",
        "a b",
        "user@test.example",
    ] {
        assert!(Pin::new(bad, [1; 32]).is_none(), "{bad}");
    }
}

#[test]
fn roots_are_read_from_pem() {
    let authority = Authority::new();
    let server = serving(authority.issue("test.example"));
    let pem = format!("# a comment\n{}{}", Authority::new().root_pem, authority.root_pem);
    let client = Client::new(ClientOptions { trust: Trust::from_pem(pem.as_bytes()).unwrap(), ..options() }).unwrap();
    assert_eq!(get(&client, &server.tls_url(), &exchange()).unwrap().status, 204);

    let cut = &authority.root_pem[..authority.root_pem.len() / 2];
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let key = KeyPair::generate().unwrap().serialize_pem();
    for bad in ["", "no certificate", cut, garbage, &key] {
        assert!(matches!(Trust::from_pem(bad.as_bytes()), Err(Error { kind: ErrorKind::Tls(_), .. })), "{bad}");
    }
    let nothing = ClientOptions { trust: Trust::Roots(Vec::new()), ..options() };
    assert!(matches!(Client::new(nothing), Err(Error { kind: ErrorKind::Tls(_), .. })));
}

#[test]
fn sessions_are_resumed() {
    for version in [&TLS12, &TLS13] {
        let (sender, kinds) = mpsc::channel();
        let sender = Mutex::new(sender);
        let authority = Authority::new();
        let config = authority.issue("test.example").config_of(&[version]);
        let server = tls_server(config, move |mut stream, _| {
            read_request(&mut stream).unwrap();
            sender.lock().unwrap().send((stream.conn.protocol_version(), stream.conn.handshake_kind())).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
        });
        let client = client_trusting(&authority);
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
            get(&client, &server.tls_url(), &exchange()).unwrap();
            let seen = kinds.recv_timeout(PATIENCE).unwrap();
            assert_eq!(seen, (Some(version.version), Some(expected)));
            // Idle connections close when the app is left. TLS sessions stay.
            client.keep_no_idle();
            client.close_idle();
            client.keep_idle();
        }
    }
}

#[test]
fn alpn_offers_only_http_1_1() {
    let authority = Authority::new();
    let mut config = authority.issue("test.example").config();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (sender, protocols) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = tls_server(config, move |mut stream, _| {
        read_request(&mut stream).unwrap();
        sender.lock().unwrap().send(stream.conn.alpn_protocol().map(<[u8]>::to_vec)).unwrap();
        stream.write_all(NO_CONTENT).unwrap();
    });
    get(&client_trusting(&authority), &server.tls_url(), &exchange()).unwrap();
    assert_eq!(protocols.recv_timeout(PATIENCE).unwrap().as_deref(), Some(b"http/1.1".as_slice()));
}

#[test]
fn large_upload_and_download_over_tls_are_unchanged() {
    let length = 20_000_003;
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
        let request = read_request(&mut stream).unwrap();
        assert!(request.body.len() == length && is_pattern(&request.body));
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").unwrap();
        stream.write_all(&request.body).unwrap();
    });
    let exchange = exchange();
    let mut body = PatternBody::new(length as u64);
    let mut response = post(&client_trusting(&authority), &server.tls_url(), &mut body, &exchange).unwrap();
    assert_eq!(exchange.body_bytes_sent(), length as u64);
    let received = read_all(&mut response).unwrap();
    assert!(received.len() == length && is_pattern(&received));
    // Each record has an overhead, so the numbers are far off if a record is sent twice.
    let sent = exchange.trace().bytes_sent;
    assert!(sent > length as u64 && sent < length as u64 + length as u64 / 100, "{sent}");
}

#[test]
fn bytes_before_a_broken_record_are_delivered() {
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), |mut stream, _| {
        if read_request(&mut stream).is_none() {
            return;
        }
        stream.conn.writer().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n").unwrap();
        // Several valid records and a broken one, received together.
        let mut bytes = Vec::new();
        stream.conn.writer().write_all(&[7; 50_000]).unwrap();
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut bytes).unwrap();
        }
        bytes.extend_from_slice(&[23, 3, 3, 0, 32]);
        bytes.extend_from_slice(&[0; 32]);
        let _ = stream.sock.write_all(&bytes);
        // Wait until the client has failed, so that it does not see the end of the connection instead.
        let _ = std::io::Read::read(&mut stream.sock, &mut [0; 1024]);
    });
    let mut response = get(&client_trusting(&authority), &server.tls_url(), &exchange()).unwrap();
    let mut body = Vec::new();
    let mut buffer = [0; 100_000];
    let error = loop {
        match response.read(&mut buffer) {
            Ok(0) => panic!("{} bytes are no whole body", body.len()),
            Ok(count) => body.extend_from_slice(&buffer[..count]),
            Err(error) => break error,
        }
    };
    assert_eq!(body.len(), 50_000);
    assert!(matches!(error.kind, ErrorKind::Tls(_)), "{error:?}");
}

#[test]
fn broken_record_is_reported_on_every_read() {
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), |mut stream, _| {
        let _ = stream.sock.write_all(&[&[23, 3, 3, 0, 32][..], &[0; 32]].concat());
        wait_for_close(&mut stream.sock);
    });
    let settings = TlsSettings::new(Trust::Roots(vec![authority.root.clone()]), Vec::new(), None).unwrap();
    let socket = std::net::TcpStream::connect(server.address).unwrap();
    socket.set_nonblocking(true).unwrap();
    let socket = Arc::new(OpenSocket::new(socket.into()));
    let (stream, exchange) = (Stream::new(socket, server.address), exchange());
    let name = "test.example".try_into().unwrap();
    let config = settings.config(exchange.worker(), &name).unwrap();
    let mut tls = TlsStream::connect(&exchange, stream, config, name).unwrap();
    let mut space = [0; 1000];
    let mut told = 0;
    while told < 3 {
        match tls.receive(&exchange, &mut space, Source::Socket) {
            Ok(Received::Nothing) if told == 0 => {
                assert!(tls.stream_mut().wait(&exchange, Interest::Readable, None).unwrap().input)
            }
            Err(error) if matches!(error.kind, ErrorKind::Tls(_)) => told += 1,
            // Otherwise the caller would wait for a server that sends nothing more.
            other => panic!("{other:?} after {told} reports"),
        }
    }
}

#[test]
fn a_broken_record_ends_an_upload_that_waits() {
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.sock.write_all(&[&[23, 3, 3, 0, 32][..], &[0; 32]].concat()).unwrap();
        // The server reads nothing more, so the client has to wait.
        stay(&stream.sock);
    });
    let length = 64 << 20;
    let exchange = exchange();
    let mut body = PatternBody::new(length);
    let error = post(&client_trusting(&authority), &server.tls_url(), &mut body, &exchange).err();
    let error = error.expect("there is no answer");
    assert!(matches!(error.kind, ErrorKind::Tls(_)), "{error:?}");
    assert!(body.position < length);
}

#[test]
fn endless_handshake_message_is_a_tls_error() {
    let authority = Authority::new();
    let mut config = authority.issue("test.example").config();
    // rustls sends these tickets at once. Together they exceed the limit.
    config.send_tls13_tickets = 5000;
    let server = tls_server(config, |mut stream, _| {
        let _ = read_request(&mut stream);
    });
    let error = get(&client_trusting(&authority), &server.tls_url(), &exchange()).err().expect("there is no answer");
    assert!(matches!(error.kind, ErrorKind::Tls(_)), "{error:?}");
}

/// A session remembers its position in an incomplete message. Each call must pass all bytes that the session has seen,
/// for any division into records and batches.
#[test]
fn handshakes_and_tickets_arrive_in_records_of_any_size() {
    let authority = Authority::new();
    for (size, tickets) in [(64, 0), (64, 1), (64, 30), (100, 17), (333, 60), (1000, 16), (4096, 100), (16_384, 200)] {
        let mut config = authority.issue("test.example").config();
        config.max_fragment_size = Some(size);
        config.send_tls13_tickets = tickets;
        let server = tls_server(config, |mut stream, _| {
            while read_request(&mut stream).is_some() {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            }
        });
        let client = client_trusting(&authority);
        for _ in 0..2 {
            let mut response = get(&client, &server.tls_url(), &exchange()).unwrap();
            assert_eq!(read_all(&mut response).unwrap(), b"ok", "{size} {tickets}");
        }
    }
}

/// The certificate of a server with many names spans dozens of records.
#[test]
fn a_large_certificate_in_small_records_is_read() {
    let name = |number: u32| SanType::DnsName(format!("alternative-name-{number}.of.test.example").try_into().unwrap());
    let authority = Authority::new();
    for size in [100, 300, 512, 777, 1400, 4096, 16_384] {
        let identity =
            authority.issue_with("test.example", |params| params.subject_alt_names.extend((0..250).map(name)));
        let mut config = identity.config();
        config.max_fragment_size = Some(size);
        let server = tls_server(config, |mut stream, _| {
            while read_request(&mut stream).is_some() {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            }
        });
        let mut response = get(&client_trusting(&authority), &server.tls_url(), &exchange()).unwrap();
        assert_eq!(read_all(&mut response).unwrap(), b"ok", "{size}");
    }
}
