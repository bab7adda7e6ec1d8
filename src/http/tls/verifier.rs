//! Verifies server certificates.

use std::borrow::Cow;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::Pin;
use super::certificate::{Certificate, Moment, common_name};
use super::common_name::names_server;
use super::ocsp;
use super::refusal::Chain;
use crate::http::error::TlsFailure;

/// The most certificates beside the server's own that a verifier receives: as many as webpki's longest path has. A
/// verifier tries every path through them, and the number of paths grows with their factorial. TLS allows hundreds. With
/// 364 of one name and 364 of another, webpki can take 364² steps, and reads all certificates in each.
const MAX_ISSUERS: usize = 6;

/// Delegates to another verifier, adds the checks that it lacks, and explains rejections.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None` if the host gave roots and none of them may issue certificates. Then only the roots themselves are
    /// accepted.
    pub(super) inner: Option<Arc<dyn ServerCertVerifier>>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    /// The certificates that the host gave. Empty if the platform's trust store is used.
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) pins: Vec<Pin>,
}

impl Verifier {
    /// A certificate that the host gave is trusted without an issuer, also if it is an authority's. `openssl req -x509`
    /// creates such certificates by default, and OpenSSL and curl trust them. webpki rejects them (`CaUsedAsEndEntity`,
    /// and `UnknownIssuer` if not self-signed).
    ///
    /// `openssl req -x509 -subj /CN=localhost` puts the server's name only in the common name. As in OpenSSL and curl,
    /// it counts if the certificate has no alternative names. It does not count in any other certificate, because
    /// authorities do not verify that it is a server's name (RFC 9525 section 2). Here the host vouches for the whole
    /// certificate.
    fn verify_given(
        &self,
        end_entity: &CertificateDer<'_>,
        certificate: &Certificate<'_>,
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let now = Moment::of_unix_time(now.as_secs());
        if now < certificate.not_before {
            return Err(CertificateError::NotValidYet.into());
        }
        if now > certificate.not_after {
            return Err(CertificateError::Expired.into());
        }
        if certificate.has_alternative_names() {
            verify_server_name(&parsed, server_name)?;
        } else if !common_name(certificate.subject).is_some_and(|name| names_server(&name, server_name)) {
            return Err(CertificateError::NotValidForName.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    /// RFC 5280 section 6.1.4 (n): a certificate whose key usage lacks keyCertSign must not issue. webpki does not
    /// check it (`check_issuer_independent_properties`), so such certificates are not passed to it. The host's roots
    /// were checked earlier (`given_roots`).
    fn verify_issued(
        &self,
        chain: &Chain<'_>,
        end_entity: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(inner) = &self.inner else { return Err(CertificateError::UnknownIssuer.into()) };
        let may_issue = |other: &CertificateDer<'_>| Certificate::read(other).is_some_and(|other| other.may_issue());
        let issuers = match chain.others.iter().all(may_issue) {
            true => Cow::Borrowed(chain.others),
            false => Cow::Owned(chain.others.iter().filter(|other| may_issue(other)).cloned().collect()),
        };
        inner.verify_server_cert(end_entity, &issuers, server_name, ocsp_response, chain.now)
    }

    fn check_pins(
        &self,
        chain: &Chain<'_>,
        end_entity: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
    ) -> Result<(), rustls::Error> {
        let host = server_name.to_str().to_ascii_lowercase();
        let mut pins = self.pins.iter().filter(|pin| pin.host == host).peekable();
        if pins.peek().is_none() {
            return Ok(());
        }
        let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        let digest = ring::digest::digest(&ring::digest::SHA256, &key);
        if pins.any(|pin| pin.sha256 == digest.as_ref()) {
            return Ok(());
        }
        Err(chain.refuse(TlsFailure::PinMismatch, "is good, but its key is none of the pinned keys").into())
    }
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
        let host = server_name.to_str();
        let certificate = Certificate::read(end_entity).ok_or(CertificateError::BadEncoding)?;
        let is_given = self.roots.contains(end_entity);
        let others = &possible_issuers(&certificate, intermediates);
        let chain = Chain { host: &host, end_entity: &certificate, is_given, others, roots: &self.roots, now };
        let verified = if is_given {
            self.verify_given(end_entity, &certificate, server_name, now)
        } else {
            self.verify_issued(&chain, end_entity, server_name, ocsp_response)
        }
        .map_err(|error| chain.explained(error))?;
        // The handshake would fail later, without a useful message.
        if let Some(key) = certificate.unusable_key() {
            return Err(chain.refuse(TlsFailure::UnsupportedAlgorithm, format_args!("has {key}")).into());
        }
        if ocsp::is_revoked(ocsp_response, certificate.serial) {
            let words = "was revoked, as the OCSP response of the server itself says";
            return Err(chain.refuse(TlsFailure::Revoked, words).into());
        }
        self.check_pins(&chain, end_entity, server_name)?;
        Ok(verified)
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

/// The certificates that the server sent beside its own. Of more than [`MAX_ISSUERS`], only those by whose names a path
/// can begin. Servers with a mistake in their configuration send their system's whole list of roots, for example.
fn possible_issuers<'a>(end_entity: &Certificate<'_>, sent: &'a [CertificateDer<'a>]) -> Cow<'a, [CertificateDer<'a>]> {
    if sent.len() <= MAX_ISSUERS {
        return Cow::Borrowed(sent);
    }
    let parsed: Vec<SentCertificate<'a>> = sent.iter().filter_map(|der| Some((der, Certificate::read(der)?))).collect();
    let mut found = Vec::new();
    add_issuers(end_entity, &parsed, &mut found);
    Cow::Owned(found.into_iter().cloned().collect())
}

type SentCertificate<'a> = (&'a CertificateDer<'a>, Certificate<'a>);

/// Adds the certificates that may have issued this one, each followed by its own issuers, so that a whole path comes
/// before its alternatives. An authority may have many certificates: first come those that may issue and whose key
/// identifier is the named one (RFC 5280 section 4.2.1.1).
fn add_issuers<'a>(
    certificate: &Certificate<'_>,
    sent: &[SentCertificate<'a>],
    found: &mut Vec<&'a CertificateDer<'a>>,
) {
    let key = certificate.authority_key_identifier();
    let has_key = |other: &Certificate<'_>| key.is_some() && other.key_identifier() == key;
    for (may_issue, is_named) in [(true, true), (true, false), (false, true), (false, false)] {
        for (der, issuer) in sent.iter().filter(|(_, other)| other.subject == certificate.issuer) {
            if found.len() < MAX_ISSUERS
                && (issuer.may_issue(), has_key(issuer)) == (may_issue, is_named)
                && !found.contains(der)
            {
                found.push(der);
                add_issuers(issuer, sent, found);
            }
        }
    }
}
