//! Client certificates. The servers keep the keys, and a client requests signatures, as from a Keychain or a Keystore.

use std::fmt;
use std::sync::Arc;

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519, SigningKey as IssuerKey,
};
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::SigningKey;

/// An RSA key for tests only. It is stored in a file, because ring cannot generate RSA keys.
const RSA_KEY: &str = include_str!("client-rsa.pem");

/// Selects one of the client certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKey {
    /// A key on P-256.
    Ecdsa,
    /// A key on P-384.
    EcdsaP384,
    /// An Ed25519 key.
    Ed25519,
    /// An RSA key of 2048 bits.
    Rsa,
    /// A key on P-256, with a certificate that is no longer valid: a server refuses it.
    Expired,
}

impl ClientKey {
    /// All keys.
    pub const ALL: [ClientKey; 5] =
        [ClientKey::Ecdsa, ClientKey::EcdsaP384, ClientKey::Ed25519, ClientKey::Rsa, ClientKey::Expired];

    /// The name in routes and in the names of files.
    pub fn name(self) -> &'static str {
        match self {
            ClientKey::Ecdsa => "ecdsa",
            ClientKey::EcdsaP384 => "ecdsa-p384",
            ClientKey::Ed25519 => "ed25519",
            ClientKey::Rsa => "rsa",
            ClientKey::Expired => "expired",
        }
    }
}

/// A client certificate and its key.
pub struct ClientIdentity {
    which: ClientKey,
    own: CertificateDer<'static>,
    chain_pem: String,
    key: KeyPair,
    signer: Arc<dyn SigningKey>,
}

impl ClientIdentity {
    pub(crate) fn new<S: IssuerKey>(
        which: ClientKey,
        mut params: CertificateParams,
        issuer: &Issuer<'_, S>,
        issuer_pem: &str,
    ) -> Result<ClientIdentity, rcgen::Error> {
        let key = match which {
            ClientKey::Rsa => KeyPair::from_pem(RSA_KEY)?,
            ClientKey::EcdsaP384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?,
            ClientKey::Ed25519 => KeyPair::generate_for(&PKCS_ED25519)?,
            ClientKey::Ecdsa | ClientKey::Expired => KeyPair::generate()?,
        };
        params.distinguished_name.push(DnType::CommonName, "wxtransfer test client");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let certificate = params.signed_by(&key, issuer)?;
        let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signer = any_supported_type(&der).expect("ring can sign with the keys of tests");
        let chain_pem = format!("{}{issuer_pem}", certificate.pem());
        Ok(ClientIdentity { which, own: certificate.der().clone(), chain_pem, key, signer })
    }

    /// The key that selects this certificate.
    pub fn which(&self) -> ClientKey {
        self.which
    }

    /// The certificate and the one above it, as PEM.
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// The key in PKCS #8, as PEM, for clients that have a Keystore of their own.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The signature of `message`. `scheme` is a number of the registry "TLS SignatureScheme". `None` if the key does
    /// not support the scheme.
    pub fn sign(&self, scheme: u16, message: &[u8]) -> Option<Vec<u8>> {
        self.signer.choose_scheme(&[SignatureScheme::from(scheme)])?.sign(message).ok()
    }

    pub(crate) fn is(&self, certificate: &CertificateDer<'_>) -> bool {
        self.own == *certificate
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ClientIdentity({:?})", self.which)
    }
}
