//! The failure of a rejected TLS connection tells the host and the page which certificate is at fault, and why.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use support::{Failure, Session};
use wxtransfer::ffi::error::{WXT_CATEGORY_TLS, WXT_ERRNO_NETWORK};
use wxtransfer::ffi::options::WxtResolver;
use wxtransfer::ffi::resolver::{WxtResolution, wxt_resolution_finish};
use wxtransfer::ffi::string::WxtStr;

/// Resolves every name to this machine.
unsafe extern "C" fn loopback(_: *mut std::ffi::c_void, _: WxtStr, resolution: *mut WxtResolution) {
    let address = WxtStr::new("127.0.0.1");
    assert_eq!(unsafe { wxt_resolution_finish(resolution, &address, 1) }, 0);
}

const LOOPBACK: WxtResolver = WxtResolver { context: std::ptr::null_mut(), resolve: Some(loopback) };

/// Serves one connection, and returns the failure of a download from it.
fn refused(root: &str, host: &str, serve: impl FnOnce(std::net::TcpStream) + Send + 'static) -> Failure {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{host}:{}/", listener.local_addr().unwrap().port());
    let session = Session::open_with(|options| {
        options.root_certificates = WxtStr::new(root);
        options.resolver = LOOPBACK;
        options.skip_domain_check = 1;
    });
    let failure = std::thread::scope(|scope| {
        let address = listener.local_addr().unwrap();
        let server = scope.spawn(move || serve(listener.accept().unwrap().0));
        let failure = session.download(&url).end().failure().clone();
        // Ends the wait of `accept` if the client did not connect: it rejects a host that TLS cannot name before
        // connecting.
        drop(std::net::TcpStream::connect(address));
        server.join().unwrap();
        failure
    });
    assert_eq!((failure.err_no, failure.category, failure.retryable), (WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS, false));
    failure
}

/// The page receives the whole detail, as a sentence without debug output.
fn assert_told(failure: &Failure, expected: &str) {
    assert_eq!(failure.detail, expected);
    assert_eq!(failure.err_msg, format!("downloadFile:fail {expected}"));
    assert!(failure.err_msg.encode_utf16().count() <= 200, "{failure:?}");
    assert!(!expected.contains(['{', '}', '[', ']']), "{expected}");
}

fn with_tls(config: ServerConfig) -> impl FnOnce(std::net::TcpStream) + Send {
    move |mut stream| {
        let mut session = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut session, &mut stream);
        // The loop ends when the client's alert arrives.
        let mut buffer = [0; 4096];
        while matches!(stream.read(&mut buffer), Ok(1..)) {}
    }
}

/// A server that presents these certificates, with an unrelated key: the client rejects them before it checks the key.
fn showing(chain: Vec<CertificateDer<'static>>, staple: &[u8]) -> ServerConfig {
    let key = PrivateKeyDer::try_from(KeyPair::generate().unwrap().serialize_der()).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let mut shown = CertifiedKey::new(chain, key);
    shown.ocsp = (!staple.is_empty()).then(|| staple.to_vec());
    builder(&[&TLS12, &TLS13]).with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
}

fn builder(
    versions: &[&'static SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/src/http/tls/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn weak_algorithms_and_a_revocation_are_reported() {
    let revoked = fixture("stapled-revoked.der");
    for (root, names, staple, words) in [
        ("root", &["rsa1024"][..], &[][..], "has an RSA key of 1024 bits, where 2048 to 8192 are allowed"),
        ("root", &["sha1"], &[], "is signed with SHA-1, which is not accepted"),
        ("root", &["md5"], &[], "is signed with MD5, which is not accepted"),
        ("root", &["p521"], &[], "has a key of the elliptic curve P-521, which is not supported"),
        ("root", &["ed448"], &[], "has a key of the kind Ed448, which is not supported"),
        (
            "root",
            &["below-sha1", "intermediate-sha1"],
            &[],
            "has one above it that is signed with SHA-1, which is not accepted",
        ),
        (
            "root",
            &["below-rsa1024", "intermediate-rsa1024"],
            &[],
            "has an authority \"intermediate-rsa1024\" above it with an RSA key of 1024 bits, where 2048 to 8192 are allowed",
        ),
        (
            "root-rsa1024",
            &["below-root-rsa1024"],
            &[],
            "has an authority \"root-rsa1024\" above it with an RSA key of 1024 bits, where 2048 to 8192 are allowed",
        ),
        ("root", &["stapled"], &revoked, "was revoked, as the OCSP response of the server itself says"),
    ] {
        let root = String::from_utf8(fixture(&format!("{root}.pem"))).unwrap();
        let chain = names
            .iter()
            .map(|name| CertificateDer::from_pem_slice(&fixture(&format!("{name}.pem"))).unwrap())
            .collect();
        let failure = refused(&root, "test.example", with_tls(showing(chain, staple)));
        assert_told(&failure, &format!("the certificate for test.example {words}"));
    }
}

type Change = fn(&mut CertificateParams);

fn authority(name: &str, change: Change) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    change(&mut params);
    params
}

fn leaf(change: Change) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["test.example".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "the leaf");
    change(&mut params);
    params
}

/// The root, the intermediate and the server's certificate, one of them changed.
#[test]
fn failure_of_a_chain_names_its_certificate() {
    let same: Change = |_| {};
    let digital: Change = |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let no_ca: Change = |params| params.is_ca = IsCa::ExplicitNoCa;
    let old: Change = |params| params.not_after = date_time_ymd(2002, 3, 4);
    let young: Change = |params| params.not_before = date_time_ymd(2901, 5, 6);
    let may_not = "that may not issue any: its key usage has no keyCertSign";
    let is_none = "that is no certificate authority: its certificate has no CA:TRUE";
    let certificate = "the certificate for test.example";
    for (root, middle, own, expected) in [
        (same, same, old, format!("{certificate} expired on 2002-03-04")),
        (same, same, young, format!("{certificate} is not valid before 2901-05-06")),
        (same, old, same, format!("{certificate} has one above it \"the middle\" that expired on 2002-03-04")),
        (
            same,
            same,
            (|params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)) as Change,
            format!("{certificate} is a certificate authority's (CA:TRUE), which a server must not use as its own"),
        ),
        (same, no_ca, same, format!("{certificate} has an issuer \"the middle\" {is_none}")),
        (no_ca, same, same, format!("{certificate} has an issuer \"the root\" {is_none}")),
        (same, digital, same, format!("{certificate} has an issuer \"the middle\" {may_not}")),
        (digital, same, same, format!("{certificate} has an issuer \"the root\" {may_not}")),
        (
            same,
            same,
            |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            format!(
                "{certificate} or one above it is not for servers: its extended key usage does not name server authentication"
            ),
        ),
        (
            same,
            same,
            |params| {
                params.subject_alt_names = CertificateParams::new(vec!["a.b".to_owned()]).unwrap().subject_alt_names
            },
            "the server of test.example has a certificate that is for another host: a.b".to_owned(),
        ),
    ] {
        let (root, middle) = (authority("the root", root), authority("the middle", middle));
        let (root_key, middle_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let pem = root.self_signed(&root_key).unwrap().pem();
        let root = Issuer::new(root, root_key);
        let between = middle.signed_by(&middle_key, &root).unwrap().der().clone();
        let own = leaf(own).signed_by(&KeyPair::generate().unwrap(), &Issuer::new(middle, middle_key)).unwrap();
        let failure = refused(&pem, "test.example", with_tls(showing(vec![own.der().clone(), between], &[])));
        assert_told(&failure, &expected);
    }
}

#[test]
fn unknown_authority_is_reported() {
    let pem = authority("the root", |_| {}).self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let own = leaf(|_| {}).self_signed(&key).unwrap().der().clone();
    let failure = refused(&pem, "test.example", with_tls(showing(vec![own], &[])));
    assert_told(&failure, "the certificate for test.example is self-signed, and not one of the trusted certificates");

    let stranger = authority("a stranger", |_| {});
    let root = stranger.self_signed(&key).unwrap().der().clone();
    let own = leaf(|_| {}).signed_by(&KeyPair::generate().unwrap(), &Issuer::new(stranger, key)).unwrap().der().clone();
    let untrusted = "the certificate for test.example is not issued by a trusted authority";
    let failure = refused(&pem, "test.example", with_tls(showing(vec![own.clone()], &[])));
    assert_told(&failure, &format!("{untrusted}, and the certificate of its issuer \"a stranger\" was not sent"));
    let failure = refused(&pem, "test.example", with_tls(showing(vec![own, root], &[])));
    assert_told(&failure, &format!("{untrusted}: its issuer is \"a stranger\""));
}

#[test]
fn failure_of_a_handshake_is_explained() {
    let root = String::from_utf8(fixture("root.pem")).unwrap();
    // TLS 1.1 and 1.2 with the cipher suites AES128-SHA and RC4-SHA. The client offers neither.
    let hello = |version: u8, suite: u8| {
        [&[22, 3, version, 0, 42, 2, 0, 0, 38, 3, version][..], &[7; 32], &[0, 0, suite, 0]].concat()
    };
    let nothing = "it seems to support none of this library's TLS cipher suites, curves and signature algorithms";
    for (answer, expected) in [
        (vec![21, 3, 1, 0, 2, 2, 70], "the server does not offer TLS 1.2 or newer".to_owned()),
        (hello(2, 0x2f), "the server does not offer TLS 1.2 or newer".to_owned()),
        (vec![21, 3, 3, 0, 2, 2, 40], format!("the server ended TLS: {nothing} (alert 40, handshake failure)")),
        (vec![21, 3, 3, 0, 2, 2, 71], format!("the server ended TLS: {nothing} (alert 71, insufficient security)")),
        (
            hello(3, 0x05),
            "the server chose a TLS cipher suite, curve or signature that this library does not offer: \
             selected unoffered cipher suite"
                .to_owned(),
        ),
    ] {
        let failure = refused(&root, "test.example", move |mut stream| {
            stream.write_all(&answer).unwrap();
            let mut buffer = [0; 4096];
            while matches!(stream.read(&mut buffer), Ok(1..)) {}
        });
        assert_told(&failure, &expected);
    }

    let failure = refused(&root, "a-.example", drop);
    assert_told(
        &failure,
        "TLS cannot name the host a-.example: each of its labels needs 1 to 63 letters, digits, \"-\" or \"_\", and no \"-\" \
         at an end",
    );
}

#[test]
fn required_client_certificate_is_reported() {
    let key = KeyPair::generate().unwrap();
    let own = leaf(|_| {}).self_signed(&key).unwrap();
    for version in [&TLS12, &TLS13] {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(own.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = builder(&[version])
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![own.der().clone()], key)
            .unwrap();
        let failure = refused(&own.pem(), "test.example", with_tls(config));
        assert_told(
            &failure,
            "the server ended TLS: it wants a client certificate, and there is none for this host \
             (alert 116, certificate required)",
        );
    }
}
