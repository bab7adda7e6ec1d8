//! What a handshake agreed on, by the names that the registries have.

use rustls::{CipherSuite, HandshakeKind, SupportedCipherSuite};

use crate::http::exchange::TlsTerms;

/// rustls knows the name of every cipher suite that there is, which are 18 kB; these are the ones that it can agree on.
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
    fn each_suite_that_can_be_agreed_on_has_a_name_and_a_version() {
        for suite in ALL_CIPHER_SUITES {
            let terms = terms_of(Some(*suite), Some(HandshakeKind::Full));
            // rustls puts the version into the names of TLS 1.3's, the registry does not (RFC 8446 appendix B.4).
            let name = suite.suite().as_str().unwrap().replace("TLS13_", "TLS_");
            let version = if suite.tls13().is_some() { "TLS 1.3" } else { "TLS 1.2" };
            assert_eq!((terms.cipher, terms.version, terms.is_resumed), (name.as_str(), version, false));
        }
        assert!(terms_of(Some(ALL_CIPHER_SUITES[0]), Some(HandshakeKind::Resumed)).is_resumed);
    }
}
