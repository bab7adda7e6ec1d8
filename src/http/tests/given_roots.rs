//! Certificates that the host gave as roots. A server uses them as its own certificate, or as its authority's.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};

use super::support::*;
use super::trust::{Change, refusal, serving, trusting};
use crate::http::*;

fn self_signed(host: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    Identity::new(params.self_signed(&key).unwrap().der().clone(), key)
}

#[test]
fn given_certificate_is_accepted_for_its_host() {
    let as_openssl: Change = |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let as_mkcert: Change = |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    };
    let changes: [Change; 4] = [
        as_openssl,
        as_mkcert,
        |params| params.is_ca = IsCa::ExplicitNoCa,
        |params| {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        },
    ];
    let unrelated = Authority::new();
    for change in changes {
        for version in [&TLS12, &TLS13] {
            let identity = self_signed("test.example", change);
            let root = identity.chain[0].clone();
            let server = serving(identity.config_of(&[version]));
            let client = trusting([unrelated.root.clone(), root.clone()]);
            assert_eq!(get(&client, &server.tls_url(), &exchange()).unwrap().status, 204);
            assert_eq!(refusal(&client_trusting(&unrelated), &server.tls_url()).0, TlsFailure::SelfSigned);
        }
    }
    // Issued by an untrusted authority.
    let identity = Authority::named("a stranger").issue("test.example");
    let leaf = identity.chain[0].clone();
    let server = serving(identity.config());
    assert_eq!(get(&trusting([leaf]), &server.tls_url(), &exchange()).unwrap().status, 204);
}

#[test]
fn given_certificate_is_rejected_for_another_host_or_time() {
    let ca: Change = |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let plain: Change = |_| {};
    for kind in [ca, plain] {
        for (host, date, failure, words) in [
            ("other.example", plain, TlsFailure::WrongHost, "is for another host: other.example"),
            ("127.0.0.1", plain, TlsFailure::WrongHost, "is for another host: 127.0.0.1"),
            (
                "test.example",
                (|params| params.not_after = date_time_ymd(2002, 3, 4)) as Change,
                TlsFailure::Expired,
                "the certificate for test.example expired on 2002-03-04",
            ),
            (
                "test.example",
                |params| params.not_before = date_time_ymd(2901, 5, 6),
                TlsFailure::NotYetValid,
                "the certificate for test.example is not valid before 2901-05-06",
            ),
        ] {
            let identity = self_signed(host, |params| {
                kind(params);
                date(params);
            });
            let root = identity.chain[0].clone();
            let server = serving(identity.config());
            let (found, detail) = refusal(&trusting([root]), &server.tls_url());
            assert_eq!(found, failure, "{detail}");
            assert!(detail.contains(words), "{detail}");
        }
    }
}

/// A certificate is public. Only its key proves the identity of the server.
#[test]
fn server_needs_the_key_of_a_given_certificate() {
    for version in [&TLS12, &TLS13] {
        let genuine = self_signed("test.example", |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
        let stranger = self_signed("test.example", |_| {});
        let signer = rustls::crypto::ring::sign::any_supported_type(&stranger.key).unwrap();
        let shown = Arc::new(rustls::sign::CertifiedKey::new(genuine.chain.clone(), signer));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
        let (failure, detail) = refusal(&trusting(genuine.chain), &serving(config).tls_url());
        assert_eq!(failure, TlsFailure::Other);
        assert_eq!(detail, "the server does not hold the key of its certificate");
    }
}

#[test]
fn pins_apply_to_given_certificates() {
    let identity = self_signed("test.example", |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let (root, key) = (identity.chain[0].clone(), identity.spki_sha256);
    let server = serving(identity.config());
    let client = |sha256| {
        let pins = vec![Pin::new("test.example", sha256).unwrap()];
        Client::new(ClientOptions { trust: Trust::Roots(vec![root.clone()]), pins, ..options() }).unwrap()
    };
    assert_eq!(get(&client(key), &server.tls_url(), &exchange()).unwrap().status, 204);
    assert_eq!(refusal(&client([1; 32]), &server.tls_url()).0, TlsFailure::PinMismatch);
}

/// As `openssl req -x509 -subj /CN=...` makes it: the name is the common name, and there is no alternative name.
fn named_in_common(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    self_signed("unused.example", |params| {
        params.subject_alt_names = Vec::new();
        params.distinguished_name = common_names(&[name]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(params);
    })
}

fn common_names(names: &[&str]) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "test.example");
    for name in names {
        subject.push(DnType::CommonName, *name);
    }
    subject
}

fn url_of(host: &str, server: &Server) -> url::Url {
    url::Url::parse(&format!("https://{host}:{}/", server.address.port())).unwrap()
}

#[test]
fn common_name_is_used_without_alternative_names() {
    for (name, good, bad) in [
        ("test.example", &["test.example", "TEST.Example", "test.example."][..], &["a.test.example", "127.0.0.1"][..]),
        ("Test.EXAMPLE", &["test.example"], &["test.example.org"]),
        ("localhost", &["localhost"], &["localhost.example"]),
        ("xn--bcher-kva.example", &["b\u{fc}cher.example"], &["bcher.example"]),
        ("b\u{fc}cher.example", &[], &["b\u{fc}cher.example"]),
        ("*.test.example", &["a.test.example"], &["test.example", "a.b.test.example", "atest.example"]),
        // As in webpki's rule for alternative names: a star is the whole first label, with at least two labels after
        // it.
        ("*.example", &[], &["test.example"]),
        ("*", &[], &["localhost", "test.example"]),
        ("a*.test.example", &[], &["ab.test.example"]),
        ("a.*.example", &[], &["a.test.example"]),
        ("*.0.0.1", &[], &["127.0.0.1"]),
        ("127.0.0.1", &["127.0.0.1"], &["test.example", "[::1]"]),
        ("::1", &[], &["127.0.0.1"]),
        ("test.example.", &[], &["test.example", "test.example."]),
        ("", &[], &["test.example"]),
        (" test.example", &[], &["test.example"]),
        ("test.example\0.other.example", &[], &["test.example"]),
    ] {
        let identity = named_in_common(name, |_| {});
        let root = identity.chain[0].clone();
        let server = serving(identity.config());
        let client = trusting([root]);
        for host in good {
            assert_eq!(get(&client, &url_of(host, &server), &exchange()).unwrap().status, 204, "{name:?} for {host}");
        }
        for host in bad {
            // The test server has no other address.
            if *host == "[::1]" {
                continue;
            }
            let (failure, detail) = refusal(&client, &url_of(host, &server));
            assert_eq!(failure, TlsFailure::WrongHost, "{name:?} for {host}: {detail}");
        }
    }
    let server = serving(named_in_common("other.example", |_| {}).config());
    let root = named_in_common("other.example", |_| {}).chain.remove(0);
    assert_eq!(
        refusal(&trusting([root]), &server.tls_url()).0,
        TlsFailure::SelfSigned,
        "only the given bytes are trusted"
    );
}

#[test]
fn certificate_is_rejected_if_its_common_name_does_not_apply() {
    let dates: Change = |params| params.not_after = date_time_ymd(2002, 3, 4);
    let young: Change = |params| params.not_before = date_time_ymd(2901, 5, 6);
    // Any alternative name counts, also one that names no server.
    let other: Change = |params| params.subject_alt_names = vec![SanType::DnsName("other.example".try_into().unwrap())];
    let address: Change = |params| params.subject_alt_names = vec![SanType::IpAddress([192, 0, 2, 1].into())];
    let mail: Change =
        |params| params.subject_alt_names = vec![SanType::Rfc822Name("a@test.example".try_into().unwrap())];
    let last: Change = |params| params.distinguished_name = common_names(&["test.example", "last.example"]);
    let nameless: Change = |params| params.distinguished_name = DistinguishedName::new();
    for (change, failure, words) in [
        (dates, TlsFailure::Expired, "the certificate for test.example expired on 2002-03-04"),
        (young, TlsFailure::NotYetValid, "is not valid before 2901-05-06"),
        (other, TlsFailure::WrongHost, "is for another host: other.example"),
        (address, TlsFailure::WrongHost, "is for another host: 192.0.2.1"),
        (mail, TlsFailure::WrongHost, "is for another host: it names none"),
        (nameless, TlsFailure::WrongHost, "is for another host: it names none"),
        (last, TlsFailure::WrongHost, "is for another host: last.example"),
    ] {
        let identity = named_in_common("test.example", change);
        let root = identity.chain[0].clone();
        let server = serving(identity.config());
        let (found, detail) = refusal(&trusting([root]), &server.tls_url());
        assert_eq!(found, failure, "{detail}");
        assert!(detail.contains(words), "{words}: {detail}");
    }
}

/// An authority verifies the alternative names that it signs.
#[test]
fn common_name_of_an_issued_certificate_is_ignored() {
    let nameless: Change = |params| {
        params.subject_alt_names = Vec::new();
        params.distinguished_name = common_names(&["test.example"]);
    };
    let authority = Authority::new();
    let server = serving(authority.issue_with("test.example", nameless).config());
    let (failure, detail) = refusal(&client_trusting(&authority), &server.tls_url());
    assert_eq!(failure, TlsFailure::WrongHost, "{detail}");
    assert!(
        detail.ends_with("it has no subjectAltName, and its common name \"test.example\" does not count"),
        "{detail}"
    );

    let server = serving(named_in_common("test.example", |_| {}).config());
    assert_eq!(refusal(&client_trusting(&authority), &server.tls_url()).0, TlsFailure::SelfSigned);
}

#[test]
fn a_given_root_issues_only_if_it_is_an_authority() {
    let root = |change: Change| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the root");
        change(&mut params);
        Authority::of(params)
    };
    let good: [Change; 3] = [
        |_| {},
        |params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
        |params| {
            params.is_ca = IsCa::NoCa;
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        },
    ];
    for change in good {
        let root = root(change);
        let server = serving(root.issue("test.example").config());
        assert_eq!(get(&client_trusting(&root), &server.tls_url(), &exchange()).unwrap().status, 204);
    }

    let key_usage = "has an issuer \"the root\" that may not issue any: its key usage has no keyCertSign";
    let no_authority = "has an issuer \"the root\" that is no certificate authority: its certificate has no CA:TRUE";
    let unrelated = Authority::new();
    for (change, words) in [
        ((|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]) as Change, key_usage),
        (|params| params.key_usages = vec![KeyUsagePurpose::CrlSign], key_usage),
        (|params| params.is_ca = IsCa::ExplicitNoCa, no_authority),
        (|params| params.is_ca = IsCa::NoCa, no_authority),
    ] {
        let root = root(change);
        let below = root.authority_with("below", |_| {});
        for identity in [
            root.issue("test.example"),
            root.issue("test.example").below(&[&root]),
            below.issue("test.example").below(&[&below]),
        ] {
            let server = serving(identity.config());
            for roots in [vec![root.root.clone()], vec![unrelated.root.clone(), root.root.clone()]] {
                let (failure, detail) = refusal(&trusting(roots), &server.tls_url());
                assert_eq!(failure, TlsFailure::WrongPurpose, "{detail}");
                assert!(detail.contains(words), "{words}: {detail}");
            }
        }
    }

    // The same certificate, which must not issue, is valid as the server's own.
    let own = self_signed("test.example", |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    let given = own.chain[0].clone();
    let server = serving(own.config());
    assert_eq!(get(&trusting([given]), &server.tls_url(), &exchange()).unwrap().status, 204);
}
