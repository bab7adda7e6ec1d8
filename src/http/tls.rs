//! Whom TLS trusts.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, DnsName, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::SigningKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};

use super::error::{Error, ErrorKind, TlsFailure};
use crate::platform::trust_store_is_ready;

/// The certificates that a server's must lead to.
#[derive(Clone)]
pub enum Trust {
    /// The operating system's.
    Platform,
    /// These only.
    Roots(Vec<CertificateDer<'static>>),
}

impl Trust {
    /// The certificates of a PEM file; anything else in it is passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] when it holds no certificate, or one that cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Trust, Error> {
        let bad = |detail: String| Error::new(ErrorKind::Tls(TlsFailure::Other), detail);
        let roots = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| bad(format!("the root certificates cannot be read: {error}")))?;
        if roots.is_empty() {
            return Err(bad("the root certificates are empty".to_owned()));
        }
        root_store(&roots)?;
        Ok(Trust::Roots(roots))
    }
}

/// A key that a host's certificate must have.
#[derive(Clone, Debug)]
pub struct Pin {
    /// As it is in a handshake.
    host: String,
    sha256: [u8; 32],
}

impl Pin {
    /// A pin for exactly one host, a name in either form of an internationalised one, or an address. `sha256` is that of
    /// the SubjectPublicKeyInfo (RFC 7469 section 2.4) of the server's own certificate. A certificate above it is no match:
    /// which ones of those a server sends, it alone decides.
    ///
    /// `None` for what no server is called, which would hold nobody to the pin.
    pub fn new(host: &str, sha256: [u8; 32]) -> Option<Pin> {
        let host = match host.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => match url::Host::parse(host).ok()? {
                url::Host::Domain(name) => {
                    DnsName::try_from(name.strip_suffix('.').unwrap_or(&name)).ok()?.as_ref().to_owned()
                }
                url::Host::Ipv4(address) => address.to_string(),
                url::Host::Ipv6(address) => address.to_string(),
            },
        };
        Some(Pin { host, sha256 })
    }
}

/// What a client needs for TLS, with everything that is the same for all of its connections.
#[derive(Debug)]
pub(super) enum TlsSettings {
    Ready(Arc<ClientConfig>),
    /// The platform's verifier costs time and may not be there, so it is only built for the first connection.
    Platform {
        pins: Pins,
        config: OnceCell<Arc<ClientConfig>>,
    },
}

type Pins = HashMap<String, Vec<[u8; 32]>>;

/// The platform's verifier, and the configuration of every client without pins.
static PLATFORM_VERIFIER: OnceCell<Arc<dyn ServerCertVerifier>> = OnceCell::new();
static PLATFORM_CONFIG: OnceCell<Arc<ClientConfig>> = OnceCell::new();

impl TlsSettings {
    pub(super) fn new(trust: Trust, pins: Vec<Pin>) -> Result<TlsSettings, Error> {
        let mut by_host = Pins::new();
        for pin in pins {
            by_host.entry(pin.host).or_default().push(pin.sha256);
        }
        match trust {
            Trust::Platform => {
                require_platform_verifier()?;
                Ok(TlsSettings::Platform { pins: by_host, config: OnceCell::new() })
            }
            Trust::Roots(roots) => {
                let verifier = WebPkiServerVerifier::builder_with_provider(root_store(&roots)?.into(), provider())
                    .build()
                    .map_err(|error: VerifierBuilderError| bad_roots(&error))?;
                Ok(TlsSettings::Ready(config(verifier, by_host)?))
            }
        }
    }

    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        match self {
            TlsSettings::Ready(config) => Ok(config.clone()),
            TlsSettings::Platform { pins, config: own } => {
                let verifier = PLATFORM_VERIFIER.get_or_try_init(platform_verifier)?;
                let cell = if pins.is_empty() { &PLATFORM_CONFIG } else { own };
                cell.get_or_try_init(|| config(verifier.clone(), pins.clone())).cloned()
            }
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { key_provider: &NoKeys, ..rustls::crypto::ring::default_provider() })
}

/// Keys are for client certificates, of which there are none. ring's provider, which is never asked either, would bring
/// all that signs into the library.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("client certificates are not supported".to_owned()))
    }
}

fn bad_roots(error: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::Tls(TlsFailure::Other), format!("a root certificate cannot be used: {error}"))
}

fn root_store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).map_err(|error| bad_roots(&error))?;
    }
    Ok(store)
}

fn config(verifier: Arc<dyn ServerCertVerifier>, pins: Pins) -> Result<Arc<ClientConfig>, Error> {
    let verifier = Arc::new(Verifier { inner: verifier, pins });
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| Error::internal(format!("TLS cannot be configured: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Where the verifier is not ready, making one would succeed and its first use would panic.
fn require_platform_verifier() -> Result<(), Error> {
    if trust_store_is_ready() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::PlatformVerifier, "the platform's certificate verifier was not initialised"))
}

fn platform_verifier() -> Result<Arc<dyn ServerCertVerifier>, Error> {
    require_platform_verifier()?;
    match rustls_platform_verifier::Verifier::new(provider()) {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => {
            let detail = format!("the platform's certificate verifier cannot be used: {error}");
            Err(Error::new(ErrorKind::PlatformVerifier, detail))
        }
    }
}

/// Asks another verifier, finds out more about an issuer that it does not know, and checks the pins of a host after
/// everything else.
#[derive(Debug)]
struct Verifier {
    inner: Arc<dyn ServerCertVerifier>,
    pins: Pins,
}

/// A failure that rustls has no name for, on its way through rustls.
#[derive(Debug)]
struct Refusal(TlsFailure);

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.text())
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> rustls::Error {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

/// What else there is to say of a certificate whose issuer is unknown. Roots are seldom sent, so that a chain without its
/// end tells nothing; a certificate that comes alone, as most servers are misconfigured, does.
fn unknown_issuer(end_entity: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> TlsFailure {
    let Ok(certificate) = webpki::EndEntityCert::try_from(end_entity) else { return TlsFailure::UnknownIssuer };
    if certificate.issuer() == certificate.subject() {
        return TlsFailure::SelfSigned;
    }
    let is_issuer = |other: &CertificateDer<'_>| {
        webpki::EndEntityCert::try_from(other).is_ok_and(|other| other.subject() == certificate.issuer())
    };
    if others.iter().any(is_issuer) { TlsFailure::UnknownIssuer } else { TlsFailure::MissingIntermediate }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self
            .inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match &error {
                rustls::Error::InvalidCertificate(reason) if is_unknown_issuer(reason) => {
                    Refusal(unknown_issuer(end_entity, intermediates)).into()
                }
                _ => error,
            })?;
        let Some(pins) = self.pins.get(&server_name.to_str().to_ascii_lowercase()) else { return Ok(verified) };
        let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        let digest = ring::digest::digest(&ring::digest::SHA256, &key);
        if pins.iter().any(|pin| pin == digest.as_ref()) {
            return Ok(verified);
        }
        Err(Refusal(TlsFailure::PinMismatch).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// What a failure of rustls means to a caller.
pub(super) fn failure_of(error: &rustls::Error) -> Error {
    let failure = match error {
        rustls::Error::InvalidCertificate(error) => certificate_failure(error),
        rustls::Error::PeerIncompatible(
            rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13
            | rustls::PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => TlsFailure::ProtocolVersion,
        rustls::Error::InvalidMessage(rustls::InvalidMessage::UnknownProtocolVersion) => TlsFailure::ProtocolVersion,
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => TlsFailure::NotTls,
        _ => TlsFailure::Other,
    };
    match failure {
        TlsFailure::Other => Error::new(ErrorKind::Tls(failure), format!("{}: {error}", failure.text())),
        _ => Error::tls(failure),
    }
}

fn certificate_failure(error: &CertificateError) -> TlsFailure {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFailure::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFailure::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFailure::WrongHost,
        // A stranger with the name of a trusted root.
        CertificateError::BadSignature => TlsFailure::UnknownIssuer,
        CertificateError::Revoked => TlsFailure::Revoked,
        CertificateError::Other(OtherError(other)) => {
            other.downcast_ref().map_or(TlsFailure::Other, |&Refusal(failure)| failure)
        }
        _ => TlsFailure::Other,
    }
}

fn is_unknown_issuer(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer => true,
        // What a self-signed certificate that OpenSSL made by default is told.
        CertificateError::Other(OtherError(other)) => {
            matches!(other.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}
