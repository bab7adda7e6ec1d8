//! The certificate of the servers, made when the process first needs it.

use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};

/// A root and a certificate of `127.0.0.1`.
pub struct Certificate {
    /// The root, in PEM.
    pub root: String,
    leaf: CertificateDer<'static>,
    key: KeyPair,
}

/// The certificate of this process.
pub fn certificate() -> &'static Certificate {
    static CERTIFICATE: LazyLock<Certificate> =
        LazyLock::new(|| Certificate::new().expect("the certificates can be made"));
    &CERTIFICATE
}

impl Certificate {
    fn new() -> Result<Certificate, rcgen::Error> {
        let mut root = CertificateParams::new(Vec::new())?;
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &root)?.der().clone();
        Ok(Certificate { root: root.pem(), leaf, key })
    }

    /// The configuration of a server with one version of TLS, which resumes sessions or not.
    pub fn server(&self, is_1_3: bool, resumes: bool) -> Arc<ServerConfig> {
        let version: &'static SupportedProtocolVersion = if is_1_3 { &TLS13 } else { &TLS12 };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .expect("ring has both versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.leaf.clone()], key)
            .expect("the key is that of the certificate");
        if !resumes {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Arc::new(config)
    }
}
