//! A certificate verifier that asks Android's trust store.

use std::iter;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::refusal::Refusal;
use super::words::short;
use crate::http::error::TlsFailure;
use crate::platform::{Verdict, ask_trust_store};
use crate::terms::shortened;

#[derive(Debug)]
pub(super) struct AndroidVerifier {
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AndroidVerifier {
    /// Android checks everything except the name: it uses the host name only to select the app's network security
    /// config. Its own clock decides about dates. [`Verifier`](super::verifier::Verifier) checks a stapled response, as
    /// on all systems.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain: Vec<&[u8]> = iter::once(end_entity).chain(intermediates).map(AsRef::as_ref).collect();
        let host = server_name.to_str();
        // The domains of a network security config have no trailing dot.
        let error = match ask_trust_store(&chain, host.strip_suffix('.').unwrap_or(&host)) {
            Verdict::Trusted => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                return Ok(ServerCertVerified::assertion());
            }
            Verdict::Expired => CertificateError::Expired,
            Verdict::NotYetValid => CertificateError::NotValidYet,
            Verdict::Untrusted => CertificateError::UnknownIssuer,
            Verdict::Revoked => CertificateError::Revoked,
            Verdict::WrongPurpose => CertificateError::InvalidPurpose,
            Verdict::Malformed => CertificateError::BadEncoding,
            Verdict::Refused(words) => {
                let detail =
                    format!("Android refuses the certificate for {}: {}", short(&host), shortened(&words, 100));
                return Err(Refusal { failure: TlsFailure::Other, detail }.into());
            }
            Verdict::Unavailable(words) => {
                return Err(rustls::Error::General(format!("Android cannot be asked about a certificate: {words}")));
            }
        };
        Err(error.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
