//! The servers' certificates, valid and invalid, all made when the process first needs them.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use ring::digest;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};

use crate::client_identity::{ClientIdentity, ClientKey};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The certificate that a server sends in its handshake. A client that trusts [`Authority::pem`] may accept only
/// [`Valid`](Identity::Valid).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Signed through an intermediate, for `localhost`, `example.test`, `*.example.test`, `example.com`, 127.0.0.1 and
    /// ::1.
    Valid,
    /// As valid, but it expired a month ago.
    Expired,
    /// As valid, but its validity starts in a month.
    NotYetValid,
    /// As valid, but its only name is `wrong.invalid`.
    WrongHost,
    /// Self-signed.
    SelfSigned,
    /// Signed by an authority that the client does not trust.
    UnknownCa,
    /// The certificate of `Valid`, sent without its intermediate.
    MissingIntermediate,
}

/// The highest TLS version a server agrees to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaximumTls {
    /// TLS 1.2 only.
    Tls12,
    /// TLS 1.2 and 1.3.
    #[default]
    Tls13,
}

/// Whether a server requires client certificates.
#[derive(Clone, Copy)]
enum ClientCertificates {
    NotAsked,
    Required,
}

/// A root certificate, and the server certificates made from it.
pub struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    unknown: CertifiedIssuer<'static, KeyPair>,
    pem: String,
    /// All leaf certificates have the same key, so that the identities differ only in their other properties.
    leaf_key: KeyPair,
    valid: CertificateDer<'static>,
    clients: Vec<ClientIdentity>,
}

impl Authority {
    /// The authority of this process, made on first use.
    pub fn shared() -> &'static Authority {
        static SHARED: LazyLock<Authority> =
            LazyLock::new(|| Authority::new().expect("the test certificates can be made"));
        &SHARED
    }

    fn new() -> Result<Authority, rcgen::Error> {
        let root = CertifiedIssuer::self_signed(issuer("wxtransfer test root")?, KeyPair::generate()?)?;
        let intermediate =
            CertifiedIssuer::signed_by(issuer("wxtransfer test intermediate")?, KeyPair::generate()?, &root)?;
        let unknown = CertifiedIssuer::self_signed(issuer("wxtransfer unknown root")?, KeyPair::generate()?)?;
        let leaf_key = KeyPair::generate()?;
        let pem = root.pem();
        let valid = leaf(&LOCAL_NAMES, 0..300)?.signed_by(&leaf_key, &intermediate)?.der().clone();
        let client = |which| {
            let days = if which == ClientKey::Expired { -60..-30 } else { 0..300 };
            ClientIdentity::new(
                which,
                lasting(CertificateParams::new(Vec::new())?, days),
                &intermediate,
                &intermediate.pem(),
            )
        };
        let clients = ClientKey::ALL.into_iter().map(client).collect::<Result<_, _>>()?;
        Ok(Authority { root, intermediate, unknown, pem, leaf_key, valid, clients })
    }

    /// The root certificate as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The root certificate as DER.
    pub fn der(&self) -> &CertificateDer<'static> {
        self.root.der()
    }

    /// The SHA-256 of the public key (SubjectPublicKeyInfo) of every [`Identity`], for pins.
    pub fn spki_sha256(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        let key_info = self.leaf_key.subject_public_key_info();
        hash.copy_from_slice(digest::digest(&digest::SHA256, &key_info).as_ref());
        hash
    }

    /// A certificate for a client, which a server that [requires](crate::Server::mutual_url) one accepts or, if it is
    /// expired, does not.
    pub fn client(&self, which: ClientKey) -> &ClientIdentity {
        self.clients.iter().find(|client| client.which() == which).expect("there is one of each")
    }

    pub(crate) fn client_of(&self, certificate: &CertificateDer<'_>) -> Option<ClientKey> {
        self.clients.iter().find(|client| client.is(certificate)).map(ClientIdentity::which)
    }

    /// The TLS configuration of a server that shows `identity`. Sessions resume within one configuration.
    pub(crate) fn server_config(&self, identity: Identity, maximum: MaximumTls) -> Arc<ServerConfig> {
        self.config_with(identity, maximum, ClientCertificates::NotAsked)
    }

    /// As [`server_config`](Authority::server_config), for a server that requires a client certificate.
    pub(crate) fn mutual_config(&self, maximum: MaximumTls) -> Arc<ServerConfig> {
        self.config_with(Identity::Valid, maximum, ClientCertificates::Required)
    }

    fn config_with(&self, identity: Identity, maximum: MaximumTls, clients: ClientCertificates) -> Arc<ServerConfig> {
        let chain = self.chain(identity).expect("a test certificate can be made");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()));
        let versions: &[_] = match maximum {
            MaximumTls::Tls12 => &[&TLS12],
            MaximumTls::Tls13 => &[&TLS12, &TLS13],
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = match clients {
            ClientCertificates::NotAsked => WebPkiClientVerifier::no_client_auth(),
            ClientCertificates::Required => {
                let mut roots = RootCertStore::empty();
                roots.add(self.root.der().clone()).expect("the root is one");
                WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
                    .build()
                    .expect("there is a root")
            }
        };
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .and_then(|builder| builder.with_client_cert_verifier(verifier).with_single_cert(chain, key))
            .expect("the test certificates suit rustls");
        Arc::new(config)
    }

    fn chain(&self, identity: Identity) -> Result<Vec<CertificateDer<'static>>, rcgen::Error> {
        let by_intermediate = |params: CertificateParams| -> Result<_, rcgen::Error> {
            let leaf = params.signed_by(&self.leaf_key, &self.intermediate)?;
            Ok(vec![leaf.der().clone(), self.intermediate.der().clone()])
        };
        match identity {
            Identity::Valid => Ok(vec![self.valid.clone(), self.intermediate.der().clone()]),
            Identity::MissingIntermediate => Ok(vec![self.valid.clone()]),
            Identity::Expired => by_intermediate(leaf(&LOCAL_NAMES, -60..-30)?),
            Identity::NotYetValid => by_intermediate(leaf(&LOCAL_NAMES, 30..60)?),
            Identity::WrongHost => by_intermediate(leaf(&["wrong.invalid"], 0..300)?),
            Identity::SelfSigned => Ok(vec![leaf(&LOCAL_NAMES, 0..300)?.self_signed(&self.leaf_key)?.der().clone()]),
            Identity::UnknownCa => {
                let leaf = leaf(&LOCAL_NAMES, 0..300)?.signed_by(&self.leaf_key, &self.unknown)?;
                Ok(vec![leaf.der().clone(), self.unknown.der().clone()])
            }
        }
    }
}

/// `example.com` is for the programs in the API guides, which run unchanged through a proxy that leads to this server.
const LOCAL_NAMES: [&str; 6] = ["localhost", "example.test", "*.example.test", "example.com", "127.0.0.1", "::1"];

fn issuer(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// A server certificate that is valid for `days`, counted from today. Starts a day early, in case a clock is behind.
/// Under a year and with the server-authentication purpose, because Apple's verifier refuses others.
fn leaf(names: &[&str], days: std::ops::Range<i32>) -> Result<CertificateParams, rcgen::Error> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "wxtransfer test server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok(lasting(params, days))
}

fn lasting(mut params: CertificateParams, days: std::ops::Range<i32>) -> CertificateParams {
    params.not_before = days_from_now(days.start - 1).into();
    params.not_after = days_from_now(days.end).into();
    params
}

fn days_from_now(days: i32) -> SystemTime {
    let distance = DAY * days.unsigned_abs();
    if days < 0 { SystemTime::now() - distance } else { SystemTime::now() + distance }
}
