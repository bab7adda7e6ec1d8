//! The client's own certificate, whose key the host keeps.

use std::fmt;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{OtherError, SignatureAlgorithm, SignatureScheme};
use webpki::RawPublicKeyEntity;

use super::certificate::Certificate;
use super::handshake::{CertificateAnswer, Handshake};
use super::{algorithms, host_in_handshake, pem};
use crate::http::error::{Error, ErrorKind, TlsFailure};
use crate::http::pending::Pending;
use crate::worker::{StopReason, WaitError};

/// Signs with the key of a client certificate, which this library never has.
pub trait CertificateSigner: Send + Sync {
    /// Starts to sign `message` and returns soon. `scheme` is a number of the registry "TLS SignatureScheme" (RFC 8446
    /// section 4.2.3); the message is not hashed. `answer` may be finished later and on any thread; dropping it means
    /// that there is no signature. Called on a worker thread, possibly for several connections at once.
    fn sign(&self, scheme: u16, message: &[u8], answer: SignatureAnswer);
}

/// Takes the answer of a [`CertificateSigner`].
#[derive(Debug)]
pub struct SignatureAnswer(Arc<Pending<Option<Vec<u8>>>>);

impl SignatureAnswer {
    /// Sets the signature. It is ignored if the handshake has ended.
    pub fn finish(self, signature: Vec<u8>) {
        self.0.finish(Some(signature));
    }
}

impl Drop for SignatureAnswer {
    fn drop(&mut self) {
        self.0.finish(None);
    }
}

/// A client certificate, whose key stays with the host.
pub struct CertificateParts {
    /// The app's certificate in PEM, followed by its issuers in order. Keys in the text are ignored.
    pub chain: Vec<u8>,
    /// The servers that may receive the certificate, on any port: exact host names without a scheme, or IP addresses.
    /// At least one.
    pub hosts: Vec<String>,
    /// The schemes by which the key can sign, as numbers of the registry "TLS SignatureScheme", the preferred one
    /// first. Empty: all schemes that the library knows for the key.
    pub schemes: Vec<u16>,
    /// Signs with the key.
    pub signer: Arc<dyn CertificateSigner>,
}

/// A client certificate, and the hosts that may receive it.
pub struct ClientCertificate {
    hosts: Vec<String>,
    certified: Arc<CertifiedKey>,
}

impl ClientCertificate {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`]: the chain has no certificate or one that cannot be read, the kind of the key is not
    /// supported, a scheme does not fit the key, or the list of hosts is empty or contains an invalid host.
    pub fn new(parts: CertificateParts) -> Result<ClientCertificate, Error> {
        let chain = pem::certificates(&parts.chain).map_err(|what| unusable(&what))?;
        for (index, certificate) in chain.iter().enumerate() {
            if Certificate::read(certificate).is_none() {
                return Err(unusable(&format!("certificate {} cannot be read", index + 1)));
            }
        }
        let own = chain.first().and_then(|own| Certificate::read(own));
        let own = own.ok_or_else(|| unusable("chain contains no certificate"))?;
        let (algorithm, of_key) = match own.unusable_key() {
            Some(key) => return Err(unusable(&format!("it has {key}"))),
            None => own.signing().ok_or_else(|| unusable("its key cannot be read"))?,
        };
        let schemes: Vec<SignatureScheme> = match parts.schemes.is_empty() {
            true => of_key.to_vec(),
            false => parts.schemes.iter().map(|scheme| SignatureScheme::from(*scheme)).collect(),
        };
        if let Some(other) = schemes.iter().find(|scheme| !of_key.contains(scheme)) {
            let number = u16::from(*other);
            return Err(unusable(&format!("its key cannot sign by the scheme 0x{number:04x}")));
        }
        if parts.hosts.is_empty() {
            return Err(unusable("hosts is empty"));
        }
        let host = |host: &String| {
            host_in_handshake(host).ok_or_else(|| unusable("an entry of hosts is not a host name or IP address"))
        };
        let hosts = parts.hosts.iter().map(host).collect::<Result<_, _>>()?;
        let public_key = SubjectPublicKeyInfoDer::from(own.public_key_info.to_vec());
        let key = HostKey { algorithm, schemes, public_key, signer: parts.signer };
        let certified = Arc::new(CertifiedKey::new(chain, Arc::new(SharedHostKey(Arc::new(key)))));
        Ok(ClientCertificate { hosts, certified })
    }

    /// Whether the certificate may be sent to the server `host`.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.hosts.iter().any(|other| other.eq_ignore_ascii_case(host))
    }
}

fn unusable(what: &str) -> Error {
    Error::new(ErrorKind::Tls(TlsFailure::Other), format!("client_certificate cannot be used: {what}"))
}

/// Omits the certificates, which may name a person.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientCertificate").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl ResolvesClientCert for ClientCertificate {
    /// Ignores the authorities that the server names: it may trust others, too. Whether the server may get the
    /// certificate was decided by its host name ([`is_for`](ClientCertificate::is_for)).
    fn resolve(&self, _authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        if self.certified.key.choose_scheme(schemes).is_none() {
            if let Some(handshake) = Handshake::current() {
                handshake.note(CertificateAnswer::NoScheme);
            }
            return None;
        }
        Some(self.certified.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A key that the host keeps.
struct HostKey {
    algorithm: SignatureAlgorithm,
    schemes: Vec<SignatureScheme>,
    public_key: SubjectPublicKeyInfoDer<'static>,
    signer: Arc<dyn CertificateSigner>,
}

impl HostKey {
    /// Asks the host for a signature, and waits for the answer. The stop signal and the deadline end the wait.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SigningFailure> {
        let handshake = Handshake::current().ok_or(SigningFailure::NoHandshake)?;
        let waker = handshake.worker.waker().map_err(|error| SigningFailure::OutOfResources(error.to_string()))?;
        let pending = Pending::new(waker);
        self.signer.sign(scheme.into(), message, SignatureAnswer(pending.clone()));
        // The user may have to confirm the signature, so the limit for connecting does not apply.
        let receive = || handshake.worker.wait_for_while_open(&*handshake.socket, || pending.take());
        let answer = match handshake.worker.within(None, receive) {
            Ok(answer) => answer,
            Err(WaitError::Stopped(reason)) => return Err(SigningFailure::Stopped(reason)),
            Err(error) => return Err(SigningFailure::OutOfResources(error.to_string())),
        };
        let signature = match answer {
            Some(signature) => signature.ok_or(SigningFailure::Refused)?,
            None => {
                let ended = handshake.socket.ended().map(|error| error.detail);
                return Err(SigningFailure::ConnectionEnded { why: ended });
            }
        };
        if !self.is_signature(scheme, message, &signature) {
            return Err(SigningFailure::WrongSignature(scheme.into()));
        }
        handshake.note(CertificateAnswer::Sent);
        Ok(signature)
    }

    /// Whether the signature verifies with the certificate's key. A server that rejects a wrong signature reports
    /// little or nothing about the reason.
    fn is_signature(&self, scheme: SignatureScheme, message: &[u8], signature: &[u8]) -> bool {
        let Ok(key) = RawPublicKeyEntity::try_from(&self.public_key) else { return false };
        let of_scheme = algorithms().mapping.iter().filter(|(other, _)| *other == scheme);
        let mut candidates = of_scheme.flat_map(|(_, candidates)| candidates.iter());
        candidates.any(|algorithm| key.verify_signature(*algorithm, message, signature).is_ok())
    }
}

/// Shares the key with each signer, because rustls requires signers that borrow nothing.
struct SharedHostKey(Arc<HostKey>);

struct HostKeySigner {
    key: Arc<HostKey>,
    scheme: SignatureScheme,
}

impl SigningKey for SharedHostKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = *self.0.schemes.iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(HostKeySigner { key: self.0.clone(), scheme }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm
    }
}

impl Signer for HostKeySigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        self.key.sign(self.scheme, message).map_err(|failure| OtherError(Arc::new(failure)).into())
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl fmt::Debug for SharedHostKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SharedHostKey")
    }
}

impl fmt::Debug for HostKeySigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HostKeySigner({:?})", self.scheme)
    }
}

/// Why there is no signature. It passes through rustls as an error.
#[derive(Clone, Debug)]
pub(in crate::http) enum SigningFailure {
    /// The exchange was stopped.
    Stopped(StopReason),
    /// The host answered without a signature.
    Refused,
    /// The host's signature by this scheme does not verify with the certificate's key.
    WrongSignature(u16),
    /// The connection ended before the host answered.
    ConnectionEnded {
        /// Why, if it was ended on this side.
        why: Option<String>,
    },
    /// The system has no descriptor left to wait with.
    OutOfResources(String),
    /// The signer was called outside of a handshake, which is a bug of the library.
    NoHandshake,
}

impl SigningFailure {
    /// The signing failure inside of a rustls error, if there is one.
    pub(in crate::http) fn of(error: &rustls::Error) -> Option<&SigningFailure> {
        match error {
            rustls::Error::Other(OtherError(other)) => other.downcast_ref(),
            _ => None,
        }
    }

    pub(super) fn to_error(&self) -> Error {
        let kind = match self {
            SigningFailure::Stopped(reason) => return Error::cancelled(*reason),
            SigningFailure::Refused | SigningFailure::WrongSignature(_) => {
                ErrorKind::Tls(TlsFailure::ClientCertificate)
            }
            SigningFailure::ConnectionEnded { .. } => ErrorKind::Closed,
            SigningFailure::OutOfResources(_) => ErrorKind::OutOfResources,
            SigningFailure::NoHandshake => ErrorKind::Internal,
        };
        Error::new(kind, self.to_string())
    }
}

impl fmt::Display for SigningFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SigningFailure::Stopped(_) => formatter.write_str("the handshake was stopped"),
            SigningFailure::Refused => formatter.write_str("the app gave no signature of the client certificate's key"),
            SigningFailure::WrongSignature(scheme) => {
                let what = "the app's signature does not verify with the client certificate's key";
                write!(formatter, "{what} and the scheme 0x{scheme:04x}")
            }
            SigningFailure::ConnectionEnded { why: Some(why) } => formatter.write_str(why),
            SigningFailure::ConnectionEnded { why: None } => {
                formatter.write_str("the server closed the connection before the client certificate's key had signed")
            }
            SigningFailure::OutOfResources(what) => write!(formatter, "the system cannot wait for a signature: {what}"),
            SigningFailure::NoHandshake => formatter.write_str("a signature was asked for outside of a handshake"),
        }
    }
}

impl std::error::Error for SigningFailure {}
