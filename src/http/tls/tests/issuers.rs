//! The certificates that a verifier receives of those that a server sends.

use std::sync::Mutex;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::DigitallySignedStruct;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified};

use super::*;
use crate::worker::lock;

/// Accepts everything, and keeps what it received beside the server's certificate.
#[derive(Debug, Default)]
struct RecordingVerifier(Mutex<Vec<CertificateDer<'static>>>);

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *lock(&self.0) = intermediates.iter().map(|other| other.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        no_handshake()
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        no_handshake()
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        Vec::new()
    }
}

fn no_handshake() -> Result<HandshakeSignatureValid, rustls::Error> {
    Err(rustls::Error::General("there is no handshake".to_owned()))
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// An authority with this name, issued by one with that name, whose key nobody has.
fn authority(name: &str, issuer: &str) -> CertificateDer<'static> {
    let issuer = Issuer::new(params(issuer), KeyPair::generate().unwrap());
    params(name).signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone()
}

fn server(issuer: &Issuer<'_, KeyPair>) -> CertificateDer<'static> {
    let params = CertificateParams::new(vec!["test.example".to_owned()]).unwrap();
    params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().clone()
}

fn received(end_entity: &CertificateDer<'_>, sent: &[CertificateDer<'_>]) -> Vec<CertificateDer<'static>> {
    let inner = Arc::new(RecordingVerifier::default());
    let verifier =
        Verifier { inner: Some(inner.clone()), algorithms: algorithms(), roots: Vec::new(), pins: Vec::new() };
    verifier.verify_server_cert(end_entity, sent, &"test.example".try_into().unwrap(), &[], in_2030()).unwrap();
    std::mem::take(&mut *lock(&inner.0))
}

#[test]
fn number_of_certificates_for_a_path_search_is_bounded() {
    let issuer = Issuer::new(params("one"), KeyPair::generate().unwrap());
    let end_entity = server(&issuer);
    let crossing: Vec<_> =
        (0..40).flat_map(|_| [authority("one", "two"), authority("two", "one"), authority("one", "one")]).collect();
    let received = received(&end_entity, &crossing);
    assert_eq!(received.len(), 6);
    for (index, one) in received.iter().enumerate() {
        assert!(crossing.contains(one));
        assert!(!received[..index].contains(one));
    }
}

#[test]
fn chain_among_many_other_certificates_is_found() {
    let (root_key, upper_key, lower_key) =
        (KeyPair::generate().unwrap(), KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let root = params("root").self_signed(&root_key).unwrap().der().clone();
    let root_issuer = Issuer::new(params("root"), root_key);
    let upper = params("upper").signed_by(&upper_key, &root_issuer).unwrap().der().clone();
    let upper_issuer = Issuer::new(params("upper"), upper_key);
    let lower = params("lower").signed_by(&lower_key, &upper_issuer).unwrap().der().clone();
    let end_entity = server(&Issuer::new(params("lower"), lower_key));
    let mut sent: Vec<_> = (0..30).map(|number| authority(&format!("other {number}"), "root")).collect();
    sent.insert(7, upper.clone());
    sent.insert(3, root.clone());
    sent.insert(20, lower.clone());
    sent.push(lower.clone());
    sent.push(CertificateDer::from(&b"no certificate"[..]));
    assert_eq!(received(&end_entity, &sent), [lower.clone(), upper.clone(), root.clone()]);

    let chain = [vec![end_entity.clone()], sent].concat();
    verify(root, &chain, &[]).unwrap();
    assert_eq!(received(&end_entity, &[upper.clone(), lower.clone()]), [upper, lower], "few are passed as they are");
}

/// An authority that keeps its name has a new key now and then, and some send all certificates that they ever had.
#[test]
fn right_one_of_many_certificates_of_one_name_is_found() {
    let key = KeyPair::generate().unwrap();
    let root_key = KeyPair::generate().unwrap();
    let root = params("root").self_signed(&root_key).unwrap().der().clone();
    let mut upper = params("authority");
    upper.use_authority_key_identifier_extension = true;
    let current = upper.signed_by(&key, &Issuer::new(params("root"), root_key)).unwrap().der().clone();
    let mut leaf = CertificateParams::new(vec!["test.example".to_owned()]).unwrap();
    leaf.use_authority_key_identifier_extension = true;
    let issuer = Issuer::new(params("authority"), key);
    let end_entity = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone();
    let mut sent: Vec<_> = (0..12).map(|_| authority("authority", "root")).collect();
    sent.extend([current.clone(), root.clone()]);
    assert_eq!(received(&end_entity, &sent)[..2], [current, root.clone()]);
    verify(root, &[vec![end_entity], sent].concat(), &[]).unwrap();
}
