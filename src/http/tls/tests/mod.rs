//! Certificates that test libraries cannot make, and error texts that no test server triggers. `fixtures/make.sh` made
//! the files.

mod issuers;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved};

use super::certificate::{Certificate, Moment, algorithm_name};
use super::*;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/src/http/tls/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn fixture(name: &str) -> CertificateDer<'static> {
    pem::certificates(&file(&format!("{name}.pem"))).unwrap().remove(0)
}

/// The first second of 2030, when all fixtures are valid.
fn in_2030() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000))
}

fn verify(root: CertificateDer<'static>, chain: &[CertificateDer<'static>], staple: &[u8]) -> Result<(), Error> {
    let verifier = given_roots(vec![root], Vec::new()).unwrap();
    let name = "test.example".try_into().unwrap();
    let result = verifier.verify_server_cert(&chain[0], &chain[1..], &name, staple, in_2030());
    result.map(drop).map_err(|error| failure_of(&error, CertificateAnswer::NotAsked))
}

/// The form that every detail of a rejection must have.
fn assert_is_a_sentence(detail: &str) {
    assert!(detail.chars().count() <= 180, "{} of {detail}", detail.chars().count());
    for dump in ["{", "}", "[", "]", "::", "Some(", "Error", "Context"] {
        assert!(!detail.contains(dump), "{detail}");
    }
}

#[test]
fn weak_and_unsupported_algorithms_are_named() {
    let root = || fixture("root");
    for (root, chain, words) in [
        (root(), vec![fixture("sha1")], "is signed with SHA-1"),
        (root(), vec![fixture("md5")], "is signed with MD5"),
        (root(), vec![fixture("rsa1024")], "has an RSA key of 1024 bits, where 2048"),
        (root(), vec![fixture("p521")], "has a key of the elliptic curve P-521"),
        (root(), vec![fixture("sm2")], "SM2"),
        (root(), vec![fixture("ed448")], "has a key of the kind Ed448"),
        (
            root(),
            vec![fixture("below-sha1"), fixture("intermediate-sha1")],
            "has one above it that is signed with SHA-1",
        ),
        (
            root(),
            vec![fixture("below-rsa1024"), fixture("intermediate-rsa1024")],
            "has an authority \"intermediate-rsa1024\" above it with an RSA key of 1024 bits",
        ),
        (
            fixture("root-rsa1024"),
            vec![fixture("below-root-rsa1024")],
            "has an authority \"root-rsa1024\" above it with an RSA key of 1024 bits",
        ),
        // A trusted certificate with such a key is rejected, because it would fail in the handshake.
        (fixture("rsa1024"), vec![fixture("rsa1024")], "has an RSA key of 1024 bits"),
    ] {
        let error = verify(root, &chain, &[]).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Tls(TlsFailure::UnsupportedAlgorithm)), "{words}: {error:?}");
        assert!(error.detail.starts_with("the certificate for test.example "), "{error:?}");
        assert!(error.detail.contains(words), "{words}: {error:?}");
        assert_is_a_sentence(&error.detail);
    }
}

#[test]
fn stapled_response_can_only_revoke() {
    let check = |staple: &[u8]| verify(fixture("root"), &[fixture("stapled")], staple);
    let revoked = file("stapled-revoked.der");
    let error = check(&revoked).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Tls(TlsFailure::Revoked)), "{error:?}");
    assert_is_a_sentence(&error.detail);
    for harmless in [
        &file("stapled-good.der")[..],
        &file("stapled-unknown.der"),
        &file("stapled-other.der"),
        b"",
        b"no response",
        // tryLater, which contains no answer.
        &[0x30, 3, 0x0a, 1, 3],
    ] {
        check(harmless).unwrap();
    }
    // A response that is truncated or changed at any position is read without a panic.
    for length in 0..revoked.len() {
        let _ = check(&revoked[..length]);
        for byte in [0, 0x30, 0x7f, 0x80, 0x84, 0xff] {
            let mut changed = revoked.clone();
            changed[length] = byte;
            let _ = check(&changed);
        }
    }
}

#[test]
fn a_broken_certificate_is_refused_and_described() {
    let whole = fixture("stapled");
    for position in 0..whole.len() {
        let mut bytes = whole.to_vec();
        bytes[position] ^= 0x21;
        let changed = CertificateDer::from(bytes);
        let error = verify(fixture("root"), &[changed, whole.clone()], &[]).unwrap_err();
        assert_is_a_sentence(&error.detail);
        let cut = CertificateDer::from(whole[..position].to_vec());
        let error = verify(fixture("root"), std::slice::from_ref(&cut), &[]).unwrap_err();
        assert_is_a_sentence(&error.detail);
        verify(fixture("root"), &[whole.clone(), cut], &[]).unwrap();
    }
}

#[test]
fn every_root_of_a_pem_text_is_read() {
    let text = |name: &str| String::from_utf8(file(name)).unwrap();
    let (one, two) = (&*text("root.pem"), &*text("root-rsa1024.pem"));
    let expected = [fixture("root"), fixture("root-rsa1024")];
    let body = |text: &str| text.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let key = "-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n";
    for text in [
        format!("{one}{two}"),
        format!("\u{feff}{one}{two}"),
        format!("\u{feff}{one}\u{feff}{two}"),
        format!("{one}{two}").replace('\n', "\r\n"),
        format!("\u{feff}{one}{two}").replace('\n', "\r"),
        // Two concatenated files, the first without a final line feed.
        format!("{}{two}", one.trim_end()),
        format!("{one}{two}").lines().map(|line| format!("    {line}  \n")).collect(),
        format!(
            "# One\n=====\nsubject=CN = one\n{one}\n\nBag Attributes\n    friendlyName: two\n{two}\ntrailing -----BEGIN"
        ),
        format!("{key}{one}{key}{two}{key}"),
        format!(
            "-----BEGIN CERTIFICATE-----{}-----END CERTIFICATE----------BEGIN X509 CERTIFICATE-----\n{}\n-----END X509 CERTIFICATE-----",
            body(one),
            body(two).trim_end_matches('='),
        ),
    ] {
        assert_eq!(pem::certificates(text.as_bytes()).unwrap(), expected, "{text}");
    }
    let latin1 = [b"# caf\xe9\n", one.as_bytes(), two.as_bytes()].concat();
    assert_eq!(pem::certificates(&latin1).unwrap(), expected);

    // OpenSSL's own format, with trust settings after the certificate.
    let trusted = BASE64.encode([&expected[0][..], &[0x30, 0]].concat());
    let trusted = format!("-----BEGIN TRUSTED CERTIFICATE-----\n{trusted}\n-----END TRUSTED CERTIFICATE-----\n");
    for (bad, words) in [
        (one[..one.len() / 2].to_owned(), "certificate 1 has no end"),
        (format!("{one}{}", &two[..two.len() - 40]), "certificate 2 has no end"),
        (one.replace("-----END CERTIFICATE-----", "-----END PRIVATE KEY-----"), "certificate 1 has no end"),
        (one.replace("\nMII", "\n*II"), "certificate 1 is not in Base64"),
        (format!("{one}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "certificate 2: bad encoding"),
        (trusted.clone(), "certificate 1 is a TRUSTED CERTIFICATE"),
        (format!("{one}{trusted}{two}"), "certificate 2 is a TRUSTED CERTIFICATE"),
        // One malformed certificate among valid ones.
        (format!("{one}{}{two}", two.replace("\nMII", "\n*II")), "certificate 2 is not in Base64"),
        (
            format!("{one}{two}-----BEGIN CERTIFICATE-----\r\nMAA=\r\n-----END CERTIFICATE-----\r\n{one}"),
            "certificate 3: ",
        ),
        (String::new(), "it contains no certificate"),
        (key.to_owned(), "it contains no certificate"),
    ] {
        let error = Trust::from_pem(bad.as_bytes()).err().unwrap();
        assert!(error.detail.contains(words), "{words}: {error:?}");
        assert_is_a_sentence(&error.detail);
    }
}

#[test]
fn days_match_the_calendar() {
    // From `date -u -d @SECONDS +%F`.
    for (seconds, day) in [
        (0, "1970-01-01"),
        (86_399, "1970-01-01"),
        (86_400, "1970-01-02"),
        (951_782_399, "2000-02-28"),
        (951_782_400, "2000-02-29"),
        (951_868_800, "2000-03-01"),
        (978_307_199, "2000-12-31"),
        (1_709_164_800, "2024-02-29"),
        (1_798_761_599, "2026-12-31"),
        (4_107_542_400, "2100-03-01"),
        (253_402_300_799, "9999-12-31"),
    ] {
        assert_eq!(Moment::of_unix_time(seconds).day(), day, "{seconds}");
    }
    assert!(Moment::of_unix_time(59) < Moment::of_unix_time(60));
    assert!(Moment::of_unix_time(3599) < Moment::of_unix_time(3600));
    // A clock that is far in the future.
    let _ = Moment::of_unix_time(u64::MAX).day();
}

#[test]
fn algorithm_without_a_name_is_shown_by_its_numbers() {
    // 1.2.840.113549.1.1.6, ripemd-160 as 1.3.36.3.3.1.2, and the third root of the tree.
    assert_eq!(algorithm_name(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 6]), "1.2.840.113549.1.1.6");
    assert_eq!(algorithm_name(&[0x2b, 0x24, 3, 3, 1, 2]), "1.3.36.3.3.1.2");
    assert_eq!(algorithm_name(&[0x88, 0x37, 3]), "2.999.3");
    assert!(algorithm_name(&[1; 10_000]).len() < 100);
    algorithm_name(&[0xff; 10_000]);
}

#[test]
fn a_certificate_of_openssl_is_read() {
    let der = fixture("stapled");
    let certificate = Certificate::read(&der).unwrap();
    assert_eq!(certificate.names(), ["test.example"]);
    assert!(certificate.may_issue(), "a certificate without key usage may issue");
    assert!(certificate.unusable_key().is_none());
    let der = fixture("root");
    assert!(Certificate::read(&der).unwrap().may_issue());
}

#[test]
fn every_rustls_error_becomes_a_sentence_without_debug_output() {
    use rustls::Error as Tls;
    let other = |text: String| CertificateError::Other(OtherError(Arc::from(Box::from(text))));
    let long = "x".repeat(10_000);
    for (error, failure, words) in [
        (
            Tls::AlertReceived(AlertDescription::HandshakeFailure),
            TlsFailure::NothingInCommon,
            "alert 40, handshake failure",
        ),
        (Tls::AlertReceived(AlertDescription::InsufficientSecurity), TlsFailure::NothingInCommon, "alert 71"),
        (Tls::AlertReceived(AlertDescription::UnrecognisedName), TlsFailure::WrongHost, "does not know this host name"),
        (
            Tls::AlertReceived(AlertDescription::CertificateRequired),
            TlsFailure::ClientCertificate,
            "client certificate",
        ),
        (Tls::AlertReceived(AlertDescription::UnknownCA), TlsFailure::Other, "alert 48, unknown ca"),
        (Tls::AlertReceived(AlertDescription::Unknown(200)), TlsFailure::Other, "alert 200"),
        (
            Tls::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon),
            TlsFailure::NothingInCommon,
            "no kx groups in common",
        ),
        (
            Tls::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite),
            TlsFailure::NothingInCommon,
            "selected unoffered cipher suite",
        ),
        (Tls::PeerMisbehaved(PeerMisbehaved::MissingKeyShare), TlsFailure::Other, "missing key share"),
        (Tls::InvalidMessage(InvalidMessage::MissingData("ServerHello")), TlsFailure::Other, "missing data"),
        (Tls::DecryptError, TlsFailure::Other, "record"),
        (Tls::General(long.clone()), TlsFailure::Other, "the TLS connection failed: x"),
        (Tls::FailedToGetCurrentTime, TlsFailure::Other, "failed to get current time"),
        (Tls::InvalidCertificate(CertificateError::BadSignature), TlsFailure::Other, "does not hold the key"),
        (Tls::InvalidCertificate(CertificateError::BadEncoding), TlsFailure::Other, "bad encoding"),
        (Tls::InvalidCertificate(other(long.clone())), TlsFailure::Other, "cannot be used: x"),
    ] {
        let told = failure_of(&error, CertificateAnswer::NotAsked);
        assert!(matches!(told.kind, ErrorKind::Tls(kind) if kind == failure), "{error:?}: {told:?}");
        assert!(told.detail.contains(words), "{words}: {told:?}");
        assert_is_a_sentence(&told.detail);
    }
}

#[test]
fn host_that_tls_cannot_name_is_reported() {
    let label = "a".repeat(64);
    let long = [&label[..60]; 5].join(".");
    for bad in ["a..example", "-a.example", "a-.example", &label, &long, "a,b.example"] {
        let error = server_name(bad).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Tls(TlsFailure::UnusableHost)), "{bad}: {error:?}");
        assert!(error.detail.starts_with("TLS cannot name the host "), "{error:?}");
        assert!(error.detail.chars().count() <= 182, "{error:?}");
    }
    for good in ["test.example", "test.example.", "a_b.example", "_a.example", "127.0.0.1", "::1", "xn--a"] {
        server_name(good).unwrap();
    }
}
