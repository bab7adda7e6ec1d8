//! Accepted and rejected certificates, and the explanations of rejections.

use std::io::Write;
use std::sync::{Arc, Mutex, mpsc};

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose,
    NameConstraints, SerialNumber, date_time_ymd,
};
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, ServerConfig};

use super::support::*;
use crate::http::tls::TlsSettings;
use crate::http::*;
use crate::worker::{StopSignal, Worker};

const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

pub(super) fn serving(config: ServerConfig) -> Server {
    tls_server(config, |mut stream, _| {
        if read_request(&mut stream).is_some() {
            let _ = stream.write_all(NO_CONTENT);
        }
    })
}

pub(super) fn trusting(roots: impl IntoIterator<Item = rustls::pki_types::CertificateDer<'static>>) -> Client {
    Client::new(ClientOptions { trust: Trust::Roots(roots.into_iter().collect()), ..options() }).unwrap()
}

pub(super) fn refusal(client: &Client, url: &url::Url) -> (TlsFailure, String) {
    match get(client, url, &exchange()) {
        Err(Error { kind: ErrorKind::Tls(failure), detail }) => {
            assert!(detail.chars().count() <= 180, "{detail}");
            assert!(!detail.contains(['{', '[']), "{detail}");
            (failure, detail)
        }
        Err(error) => panic!("{error:?}"),
        Ok(response) => panic!("the server is trusted and answers {}", response.status),
    }
}

pub(super) type Change = fn(&mut CertificateParams);

#[test]
fn expired_certificate_is_named_with_its_date() {
    let root = Authority::named("the root");
    let old = root.authority_with("an old authority", |params| params.not_after = date_time_ymd(2003, 4, 5));
    let young = root.authority_with("a young authority", |params| params.not_before = date_time_ymd(2902, 4, 5));
    for (authority, failure, words) in [
        (old, TlsFailure::Expired, "has one above it \"an old authority\" that expired on 2003-04-05"),
        (young, TlsFailure::NotYetValid, "\"a young authority\" that is not valid before 2902-04-05"),
    ] {
        let server = serving(authority.issue("test.example").below(&[&authority]).config());
        let (found, detail) = refusal(&client_trusting(&root), &server.tls_url());
        assert_eq!(found, failure, "{detail}");
        assert!(detail.contains(words), "{detail}");
    }
}

#[test]
fn hosts_of_a_certificate_are_listed() {
    let root = Authority::new();
    let label = "l".repeat(60);
    for (names, words) in [
        (vec!["a.example"], "is for another host: a.example"),
        (vec!["*.a.example", "b.example"], "another host: *.a.example, b.example"),
        (vec!["a.example", "192.0.2.1", "2001:db8::1"], "another host: a.example, 192.0.2.1, 2001:db8::1"),
        (vec!["a.b", "c.d", "e.f", "g.h", "i.j"], "another host: a.b, c.d, e.f, 2 more"),
        (vec![&label, &label, &label, "a.b"], "1 more"),
        (
            vec![],
            "another host: it has no subjectAltName, and its common name \"rcgen self signed cert\" does not count",
        ),
    ] {
        let identity = root.issue_with("x.example", |params| {
            params.subject_alt_names =
                CertificateParams::new(names.iter().map(|name| name.to_string()).collect::<Vec<_>>())
                    .unwrap()
                    .subject_alt_names;
        });
        let server = serving(identity.config());
        let (failure, detail) = refusal(&client_trusting(&root), &server.tls_url());
        assert_eq!(failure, TlsFailure::WrongHost, "{detail}");
        assert!(detail.contains(words), "{words}: {detail}");
        assert!(detail.contains("test.example"), "{detail}");
    }
}

#[test]
fn certificate_is_used_only_for_its_declared_purposes() {
    let root = Authority::named("the root");
    let leaf = |authority: &Authority, change: Change| authority.issue_with("test.example", change);
    let below = |change: Change| root.authority_with("below", change);

    let no_ca = below(|params| params.is_ca = IsCa::ExplicitNoCa);
    let without_sign = below(|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    let crl_only = below(|params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    let last = below(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let too_deep = last.authority_with("too deep", |_| {});
    let elsewhere = below(|params| {
        let permitted_subtrees = vec![GeneralSubtree::DnsName("other.example".to_owned())];
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    });
    let above_it = without_sign.authority_with("innocent", |_| {});
    let for_clients: Change = |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let ca: Change = |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let plain: Change = |_| {};
    let key_usage = "has an issuer \"below\" that may not issue any: its key usage has no keyCertSign";
    for (identity, words) in [
        (leaf(&root, ca), "is a certificate authority's (CA:TRUE)"),
        (leaf(&root, for_clients), "does not name server authentication"),
        (leaf(&no_ca, plain).below(&[&no_ca]), "has no CA:TRUE"),
        (leaf(&without_sign, plain).below(&[&without_sign]), key_usage),
        (leaf(&without_sign, plain).below(&[&without_sign, &root]), key_usage),
        (leaf(&crl_only, plain).below(&[&crl_only]), key_usage),
        (leaf(&above_it, plain).below(&[&above_it, &without_sign]), key_usage),
        (leaf(&too_deep, plain).below(&[&too_deep, &last]), "pathLenConstraint"),
        (leaf(&elsewhere, plain).below(&[&elsewhere]), "nameConstraints"),
    ] {
        let server = serving(identity.config());
        let (failure, detail) = refusal(&client_trusting(&root), &server.tls_url());
        assert_eq!(failure, TlsFailure::WrongPurpose, "{detail}");
        assert!(detail.starts_with("the certificate for test.example "), "{detail}");
        assert!(detail.contains(words), "{words}: {detail}");
    }
}

/// Additional certificates do not affect a valid path, and do not change the explanation of a rejection.
#[test]
fn additional_certificates_are_ignored() {
    let root = Authority::named("the root");
    let good = root.authority_with("below", |params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    let bad = root.authority_with("another", |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    let usual: Change = |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let mut twice = good.issue_with("test.example", usual);
    twice.chain.push(twice.chain[0].clone());
    let server = serving(twice.below(&[&bad, &good]).config());
    assert_eq!(get(&client_trusting(&root), &server.tls_url(), &exchange()).unwrap().status, 204);

    let mut twice = Authority::named("a stranger").issue_with("test.example", usual);
    twice.chain.push(twice.chain[0].clone());
    let server = serving(twice.below(&[&bad]).config());
    let (failure, detail) = refusal(&client_trusting(&root), &server.tls_url());
    assert_eq!(failure, TlsFailure::MissingIntermediate, "{detail}");
    assert!(detail.contains("the certificate of its issuer \"a stranger\" was not sent"), "{detail}");

    // The server may also send the root, in any order.
    let server = serving(good.issue("test.example").below(&[&root, &good]).config());
    assert_eq!(get(&client_trusting(&root), &server.tls_url(), &exchange()).unwrap().status, 204);
}

fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82][..], &length, &content].concat()
}

/// An OCSP response (RFC 6960 section 4.2.1) without a signature, about several certificates.
fn ocsp_response(answers: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
    let time = element(0x18, &[b"20260101000000Z"]);
    let algorithm = element(0x30, &[&element(0x06, &[&[0x2b, 0x0e, 3, 2, 26]])]);
    let hash = element(0x04, &[&[7; 20]]);
    let answers: Vec<u8> = answers
        .iter()
        .flat_map(|(serial, status)| {
            let id = element(0x30, &[&algorithm, &hash, &hash, &element(0x02, &[serial])]);
            element(0x30, &[&id, status, &time])
        })
        .collect();
    let data = element(0x30, &[&element(0xa2, &[&hash]), &time, &element(0x30, &[&answers])]);
    let basic = element(0x30, &[&data, &algorithm, &element(0x03, &[&[0]])]);
    let kind = element(0x06, &[&[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1]]);
    let bytes = element(0xa0, &[&element(0x30, &[&kind, &element(0x04, &[&basic])])]);
    element(0x30, &[&element(0x0a, &[&[0]]), &bytes])
}

#[test]
fn a_server_that_staples_its_own_revocation_is_refused() {
    let serial: &[u8] = &[0x12, 0x34, 0x56];
    let good = || element(0x80, &[]);
    let unknown = || element(0x82, &[]);
    let revoked = || element(0xa1, &[&element(0x18, &[b"20260101000000Z"])]);
    let root = Authority::new();
    for (answers, is_good) in [
        (vec![(serial, good())], true),
        (vec![(serial, unknown())], true),
        (vec![(&serial[1..], revoked())], true),
        (vec![], true),
        (vec![(serial, revoked())], false),
        (vec![(&serial[1..], good()), (serial, revoked())], false),
    ] {
        for version in [&TLS12, &TLS13] {
            let identity = root.issue_with("test.example", |params| {
                params.serial_number = Some(SerialNumber::from_slice(serial));
            });
            let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_single_cert_with_ocsp(identity.chain, identity.key, ocsp_response(&answers))
                .unwrap();
            let server = serving(config);
            if is_good {
                assert_eq!(get(&client_trusting(&root), &server.tls_url(), &exchange()).unwrap().status, 204);
            } else {
                let (failure, detail) = refusal(&client_trusting(&root), &server.tls_url());
                assert_eq!(failure, TlsFailure::Revoked);
                assert!(detail.contains("test.example was revoked"), "{detail}");
            }
        }
    }
}

/// A server that shares no cipher suite with the client, or that chooses one that was not offered.
#[test]
fn missing_common_cipher_suite_is_reported() {
    // TLS_RSA_WITH_RC4_128_SHA.
    let mut hello = vec![0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0x00, 0x05, 0]);
    for (answer, words) in [
        (vec![0x15, 3, 3, 0, 2, 2, 40], "alert 40, handshake failure"),
        (vec![0x15, 3, 3, 0, 2, 2, 71], "alert 71, insufficient security"),
        (hello, "cipher suite"),
    ] {
        let server = Server::start(move |mut stream, _| {
            stream.write_all(&answer).unwrap();
            wait_for_close(&mut stream);
        });
        let (failure, detail) = refusal(&client_trusting(&Authority::new()), &server.tls_url());
        assert_eq!(failure, TlsFailure::NothingInCommon, "{detail}");
        assert!(detail.contains(words), "{words}: {detail}");
    }
}

#[test]
fn host_that_tls_cannot_name_is_rejected() {
    let server = serving(Authority::new().issue("test.example").config());
    let url = url::Url::parse(&format!("https://a-.example:{}/", server.address.port())).unwrap();
    let (failure, detail) = refusal(&client_trusting(&Authority::new()), &url);
    assert_eq!(failure, TlsFailure::UnusableHost);
    assert!(detail.starts_with("TLS cannot name the host a-.example:"), "{detail}");
}

/// If two clients shared a ticket, the server could tell that both are on one device.
#[test]
fn clients_do_not_share_tls_sessions() {
    for version in [&TLS12, &TLS13] {
        let (sender, kinds) = mpsc::channel();
        let sender = Mutex::new(sender);
        let authority = Authority::new();
        let server = tls_server(authority.issue("test.example").config_of(&[version]), move |mut stream, _| {
            read_request(&mut stream).unwrap();
            sender.lock().unwrap().send(stream.conn.handshake_kind()).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
        });
        let (one, two) = (client_trusting(&authority), client_trusting(&authority));
        for (client, expected) in [
            (&one, HandshakeKind::Full),
            (&two, HandshakeKind::Full),
            (&one, HandshakeKind::Resumed),
            (&two, HandshakeKind::Resumed),
        ] {
            get(client, &server.tls_url(), &exchange()).unwrap();
            assert_eq!(kinds.recv_timeout(PATIENCE).unwrap(), Some(expected));
        }
    }
}

/// The ticket store belongs to the configuration. No test server is trusted by the platform, so this test examines the
/// configuration itself.
#[test]
fn clients_with_platform_roots_do_not_share_tls_sessions() {
    let settings = || TlsSettings::new(Trust::Platform, Vec::new(), None).unwrap();
    let server = "test.example".try_into().unwrap();
    let (one, two) = (settings(), settings());
    let worker = Worker::for_call(Arc::new(StopSignal::new()));
    let config = |settings: &TlsSettings| settings.config(&worker, &server);
    match (config(&one), config(&two)) {
        (Ok(first), Ok(second)) => {
            assert!(!Arc::ptr_eq(&first, &second));
            assert!(
                Arc::ptr_eq(&first, &config(&one).unwrap()),
                "a client keeps its configuration, or it could not resume"
            );
        }
        // A machine without any root.
        (Err(error), _) => assert!(matches!(error.kind, ErrorKind::PlatformVerifier), "{error:?}"),
        (_, Err(error)) => panic!("{error:?}"),
    }
}
