//! Whom TLS trusts.

use rustls::pki_types::CertificateDer;

use super::error::Error;

/// The certificates that a server's must lead to.
#[derive(Clone)]
pub enum Trust {
    /// The operating system's.
    Platform,
    /// These only.
    Roots(Vec<CertificateDer<'static>>),
}

impl Trust {
    /// The certificates of a PEM file.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](super::ErrorKind::Tls) when it holds no certificate, or something that cannot be read.
    pub fn from_pem(_pem: &[u8]) -> Result<Trust, Error> {
        Err(Error::internal("not built yet"))
    }
}

/// A key that a host's certificate must have.
#[derive(Clone, Debug)]
pub struct Pin {
    /// The host's name, exactly.
    pub host: String,
    /// SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 section 2.4).
    pub sha256: [u8; 32],
}
