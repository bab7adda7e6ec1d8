//! The result of a handshake, with the registered names.

use rustls::{CipherSuite, HandshakeKind, SupportedCipherSuite};

use crate::http::exchange::TlsTerms;

/// Lists only the cipher suites that can be negotiated. rustls' table of all names takes 18 kB.
pub(in crate::http) fn terms_of(suite: Option<SupportedCipherSuite>, kind: Option<HandshakeKind>) -> TlsTerms {
    let version = match suite {
        Some(SupportedCipherSuite::Tls13(_)) => "TLS 1.3",
        Some(SupportedCipherSuite::Tls12(_)) => "TLS 1.2",
        None => "",
    };
    let cipher = match suite.map(|suite| suite.suite()) {
        Some(CipherSuite::TLS13_AES_256_GCM_SHA384) => "TLS_AES_256_GCM_SHA384",
        Some(CipherSuite::TLS13_AES_128_GCM_SHA256) => "TLS_AES_128_GCM_SHA256",
        Some(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256) => "TLS_CHACHA20_POLY1305_SHA256",
        Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384) => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256) => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256) => {
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        }
        Some(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        Some(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256) => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        Some(CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256) => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        _ => "",
    };
    TlsTerms { version, cipher, is_resumed: kind == Some(HandshakeKind::Resumed) }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring::ALL_CIPHER_SUITES;

    use super::*;

    #[test]
    fn each_negotiable_suite_has_a_name_and_a_version() {
        for suite in ALL_CIPHER_SUITES {
            let terms = terms_of(Some(*suite), Some(HandshakeKind::Full));
            // rustls adds the version to the names of TLS 1.3 suites. The registry does not (RFC 8446 appendix B.4).
            let name = suite.suite().as_str().unwrap().replace("TLS13_", "TLS_");
            let version = if suite.tls13().is_some() { "TLS 1.3" } else { "TLS 1.2" };
            assert_eq!((terms.cipher, terms.version, terms.is_resumed), (name.as_str(), version, false));
        }
        assert!(terms_of(Some(ALL_CIPHER_SUITES[0]), Some(HandshakeKind::Resumed)).is_resumed);
    }
}
