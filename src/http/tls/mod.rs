//! TLS configuration: trust, pins, verification of certificates, and the client certificate.

mod anchors;
#[cfg(target_os = "android")]
mod android;
mod certificate;
mod client_certificate;
mod common_name;
mod der;
mod failure;
mod handshake;
mod ocsp;
mod pem;
mod refusal;
#[cfg(not(any(target_os = "android", target_vendor = "apple")))]
mod system_roots;
mod terms;
mod verifier;
mod words;

use std::net::IpAddr;
use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, KeyProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, DnsName, PrivateKeyDer, ServerName};
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore};

use self::anchors::AnchorVerifier;
use self::certificate::Certificate;
#[cfg(not(any(target_os = "android", target_vendor = "apple")))]
use self::system_roots::{SharedVerifier, system_verifier};
use self::verifier::Verifier;
use super::error::{Error, ErrorKind, TlsFailure};
use crate::platform::trust_store_is_ready;
use crate::worker::Worker;

pub(super) use self::client_certificate::SigningFailure;
pub use self::client_certificate::{CertificateParts, CertificateSigner, ClientCertificate, SignatureAnswer};
pub(super) use self::failure::failure_of;
pub(super) use self::handshake::{CertificateAnswer, HandshakeTurn};
pub(super) use self::terms::terms_of;

/// The certificates that a server's chain must lead to.
#[derive(Clone)]
pub enum Trust {
    /// The operating system's trust store.
    Platform,
    /// Only these certificates.
    Roots(Vec<CertificateDer<'static>>),
}

impl Trust {
    /// Reads the certificates of a PEM file. Other content is ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if there is no certificate, or one that cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Trust, Error> {
        let roots = pem::certificates(pem).map_err(|what| bad_roots(&what))?;
        root_store(&roots)?;
        Ok(Trust::Roots(roots))
    }
}

/// A public key that a host's certificate must have.
#[derive(Clone, Debug)]
pub struct Pin {
    /// In the form that a handshake uses.
    host: String,
    sha256: [u8; 32],
}

impl Pin {
    /// A pin for exactly one host: a name (an internationalised one in either form) or an address. `sha256` is the
    /// digest of the SubjectPublicKeyInfo (RFC 7469 section 2.4) of the server's own certificate. Certificates above it
    /// do not match, because the server alone decides which of them it sends.
    ///
    /// `None` if `host` is not a valid host: such a pin would never apply.
    pub fn new(host: &str, sha256: [u8; 32]) -> Option<Pin> {
        host_in_handshake(host).map(|host| Pin { host, sha256 })
    }
}

/// Converts a host to the form that a handshake uses. `host` is a name (an internationalised one in either form) or an
/// address. `None` if no server can have this name.
fn host_in_handshake(host: &str) -> Option<String> {
    match host.parse::<IpAddr>() {
        Ok(address) => Some(address.to_string()),
        Err(_) => match url::Host::parse(host).ok()? {
            url::Host::Domain(name) => {
                Some(DnsName::try_from(name.strip_suffix('.').unwrap_or(&name)).ok()?.as_ref().to_owned())
            }
            url::Host::Ipv4(address) => Some(address.to_string()),
            url::Host::Ipv6(address) => Some(address.to_string()),
        },
    }
}

/// The TLS settings of a client, which all of its connections share until its trust is replaced.
///
/// A configuration holds the TLS sessions that can be resumed. The following have configurations of their own:
///
/// - each client: a server that receives the ticket of one client from another would know that both run on one device;
/// - each trust: a session that began under one trust must not be resumed under another;
/// - the servers that may get the client certificate, and all other servers.
#[derive(Debug)]
pub(super) struct TlsSettings {
    trusted: Trusted,
    certificate: Option<Arc<ClientCertificate>>,
    anonymous: OnceCell<Arc<ClientConfig>>,
    with_certificate: OnceCell<Arc<ClientConfig>>,
}

#[derive(Debug)]
enum Trusted {
    Roots(Arc<Verifier>),
    /// The platform's verifier is expensive and may be unavailable, so it is built for the first connection.
    Platform {
        pins: Vec<Pin>,
        verifier: OnceCell<Arc<Verifier>>,
    },
}

impl TlsSettings {
    pub(super) fn new(
        trust: Trust,
        pins: Vec<Pin>,
        certificate: Option<Arc<ClientCertificate>>,
    ) -> Result<TlsSettings, Error> {
        let trusted = match trust {
            Trust::Platform => {
                require_platform_verifier()?;
                Trusted::Platform { pins, verifier: OnceCell::new() }
            }
            Trust::Roots(roots) => Trusted::Roots(Arc::new(given_roots(roots, pins)?)),
        };
        Ok(TlsSettings { trusted, certificate, anonymous: OnceCell::new(), with_certificate: OnceCell::new() })
    }

    /// The configuration for connections to `server`. One configuration serves the servers that may get the client
    /// certificate, another one serves all others.
    pub(super) fn config(&self, worker: &Worker, server: &ServerName<'_>) -> Result<Arc<ClientConfig>, Error> {
        let certificate = self.certificate.as_ref().filter(|certificate| certificate.is_for(&server.to_str()));
        let own = if certificate.is_some() { &self.with_certificate } else { &self.anonymous };
        if let Some(config) = own.get() {
            return Ok(config.clone());
        }
        // Outside of the cell, in which other threads would wait without their stop signals.
        let verifier = self.trusted.verifier(worker)?;
        own.get_or_try_init(|| config(verifier, certificate.cloned())).cloned()
    }
}

impl Trusted {
    fn verifier(&self, worker: &Worker) -> Result<Arc<Verifier>, Error> {
        let (pins, verifier) = match self {
            Trusted::Roots(verifier) => return Ok(verifier.clone()),
            Trusted::Platform { pins, verifier } => (pins, verifier),
        };
        if let Some(verifier) = verifier.get() {
            return Ok(verifier.clone());
        }
        let inner = Some(platform_verifier(worker)?);
        let made = || Arc::new(Verifier { inner, algorithms: algorithms(), roots: Vec::new(), pins: pins.clone() });
        Ok(verifier.get_or_init(made).clone())
    }
}

/// The name for the server's certificate.
///
/// # Errors
/// [`TlsFailure::UnusableHost`] for a host that cannot occur in a certificate.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        let rule = "each of its labels needs 1 to 63 letters, digits, \"-\" or \"_\", and no \"-\" at an end";
        let detail = format!("TLS cannot name the host {}: {rule}", words::short(host));
        Error::new(ErrorKind::Tls(TlsFailure::UnusableHost), detail)
    })
}

/// The only caller of `default_provider`. The compiler inlines a function with one caller, and then leaves ring's
/// signing code, which nothing uses, out of the library. With a second caller the code would stay.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { key_provider: &NoKeys, ..rustls::crypto::ring::default_provider() })
}

fn algorithms() -> WebPkiSupportedAlgorithms {
    provider().signature_verification_algorithms
}

/// Loads no keys, because the host keeps the key of a client certificate. ring's provider would link all its signing
/// code into the library.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("keys are not loaded".to_owned()))
    }
}

fn bad_roots(what: &str) -> Error {
    Error::new(ErrorKind::Tls(TlsFailure::Other), format!("root_certificates cannot be used: {what}"))
}

/// webpki treats every root as an authority (`anchor_from_trusted_cert`). If a root is a server's own certificate, the
/// holder of its key could issue certificates for every other host. So webpki receives only authorities.
fn given_roots(roots: Vec<CertificateDer<'static>>, pins: Vec<Pin>) -> Result<Verifier, Error> {
    root_store(&roots)?;
    let is_issuer =
        |root: &CertificateDer<'_>| Certificate::read(root).is_some_and(|root| root.may_issue() && root.is_authority());
    let issuers: Vec<CertificateDer<'static>> = roots.iter().filter(|root| is_issuer(root)).cloned().collect();
    let inner: Option<Arc<dyn ServerCertVerifier>> = match issuers.is_empty() {
        true => None,
        false => Some(Arc::new(AnchorVerifier { roots: root_store(&issuers)?, algorithms: algorithms() })),
    };
    Ok(Verifier { inner, algorithms: algorithms(), roots, pins })
}

fn root_store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore, Error> {
    if roots.is_empty() {
        return Err(bad_roots("it contains no certificate"));
    }
    let mut store = RootCertStore::empty();
    for (index, root) in roots.iter().enumerate() {
        store.add(root.clone()).map_err(|error| match error {
            rustls::Error::InvalidCertificate(error) => {
                bad_roots(&format!("certificate {}: {}", index + 1, words::reason(&error)))
            }
            error => bad_roots(&error.to_string()),
        })?;
    }
    Ok(store)
}

fn config(verifier: Arc<Verifier>, certificate: Option<Arc<ClientCertificate>>) -> Result<Arc<ClientConfig>, Error> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| Error::internal(format!("TLS cannot be configured: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match certificate {
        Some(certificate) => builder.with_client_cert_resolver(certificate),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// If the verifier is not ready, building it would succeed and each use of it would fail.
fn require_platform_verifier() -> Result<(), Error> {
    if trust_store_is_ready() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::PlatformVerifier, "the platform's certificate verifier was not initialised"))
}

#[cfg(target_os = "android")]
fn platform_verifier(_: &Worker) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    require_platform_verifier()?;
    Ok(Arc::new(android::AndroidVerifier { algorithms: algorithms() }))
}

/// The roots do not differ between clients, so all clients of the process share one verifier.
#[cfg(not(any(target_os = "android", target_vendor = "apple")))]
fn platform_verifier(worker: &Worker) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    static SHARED: SharedVerifier = SharedVerifier::new();
    SHARED.get(worker, || system_verifier(worker))
}

#[cfg(target_vendor = "apple")]
fn platform_verifier(_: &Worker) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    match rustls_platform_verifier::Verifier::new(provider()) {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => {
            let detail = format!("the platform's certificate verifier cannot be used: {error}");
            Err(Error::new(ErrorKind::PlatformVerifier, detail))
        }
    }
}

#[cfg(test)]
mod tests;
