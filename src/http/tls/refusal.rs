//! Explains in one sentence why a certificate is rejected, and which certificate of the chain is at fault.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, OtherError};

use super::certificate::{Certificate, Moment, algorithm_name, common_name};
use super::der::{OBJECT_IDENTIFIER, Reader};
use super::words::{reason, short, words_of};
use crate::http::error::TlsFailure;
use crate::terms::shortened;

/// A rejected certificate, as an error that passes through rustls.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) failure: TlsFailure,
    pub(super) detail: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> rustls::Error {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

/// The certificates of a handshake.
pub(super) struct Chain<'a> {
    pub(super) host: &'a str,
    pub(super) end_entity: &'a Certificate<'a>,
    /// Whether `end_entity` is one of `roots`.
    pub(super) is_given: bool,
    /// The other certificates that the server sent.
    pub(super) others: &'a [CertificateDer<'a>],
    /// The roots that the host gave, if any.
    pub(super) roots: &'a [CertificateDer<'static>],
    pub(super) now: UnixTime,
}

impl Chain<'_> {
    /// A rejection. `words` continues "the certificate for example.com".
    pub(super) fn refuse(&self, failure: TlsFailure, words: impl fmt::Display) -> Refusal {
        Refusal { failure, detail: format!("the certificate for {} {words}", short(self.host)) }
    }

    /// Adds an explanation to a verifier's error. A refusal already has one.
    pub(super) fn explained(&self, error: rustls::Error) -> rustls::Error {
        match &error {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other))) if other.is::<Refusal>() => {
                error
            }
            rustls::Error::InvalidCertificate(reason) => self.explain(reason).into(),
            _ => error,
        }
    }

    fn explain(&self, error: &CertificateError) -> Refusal {
        match error {
            CertificateError::Revoked => self.refuse(TlsFailure::Revoked, "was revoked"),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => self.wrong_host(),
            CertificateError::UnknownIssuer => self.unknown_issuer(),
            CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => self.bad_signature(),
            CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => {
                self.unsupported_signature(signature_algorithm_id)
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => self.refuse(
                TlsFailure::WrongPurpose,
                "or one above it is not for servers: its extended key usage does not name server authentication",
            ),
            CertificateError::Other(OtherError(other)) => match other.downcast_ref() {
                Some(error) => self.explain_path(error),
                // For other failures, Apple's verifier returns text in the device's language.
                None => self.dates().unwrap_or_else(|| self.unusable(error)),
            },
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => self
                .dates()
                .unwrap_or_else(|| self.refuse(TlsFailure::Expired, "or one above it has expired or is not valid yet")),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                self.dates().unwrap_or_else(|| self.refuse(TlsFailure::NotYetValid, "or one above it is not valid yet"))
            }
            _ => self.unusable(error),
        }
    }

    fn explain_path(&self, error: &webpki::Error) -> Refusal {
        let words = match error {
            // OpenSSL's default self-signed certificate: report it as self-signed.
            webpki::Error::CaUsedAsEndEntity if self.is_self_issued() => return self.unknown_issuer(),
            webpki::Error::CaUsedAsEndEntity => {
                "is a certificate authority's (CA:TRUE), which a server must not use as its own"
            }
            webpki::Error::EndEntityUsedAsCa => match self.no_issuer() {
                Some(refusal) => return refusal,
                None => "has one above it that is no certificate authority: it has no CA:TRUE",
            },
            webpki::Error::UnsupportedCertVersion => "is of an old version of X.509: version 3 is needed",
            webpki::Error::PathLenConstraintViolated => {
                "has more authorities above it than one of them allows (pathLenConstraint)"
            }
            webpki::Error::NameConstraintViolation => {
                "has a name that its authority may not issue certificates for (nameConstraints)"
            }
            webpki::Error::EmptyEkuExtension => "or one above it allows no use: its extended key usage is empty",
            _ => return self.refuse(TlsFailure::Other, format_args!("cannot be used: {}", words_of(error))),
        };
        self.refuse(TlsFailure::WrongPurpose, words)
    }

    fn unusable(&self, error: &CertificateError) -> Refusal {
        self.refuse(TlsFailure::Other, format_args!("cannot be used: {}", reason(error)))
    }

    fn wrong_host(&self) -> Refusal {
        let names = self.end_entity.names();
        let mut list: Vec<String> = names.iter().take(3).map(|name| shortened(name, 30)).collect();
        let common_name = common_name(self.end_entity.subject).map(|name| shortened(&name, 30));
        match (names.len(), common_name) {
            (0, Some(name)) if !self.end_entity.has_alternative_names() => match self.is_given {
                true => list.push(name),
                false => list.push(format!("it has no subjectAltName, and its common name \"{name}\" does not count")),
            },
            (0, _) => list.push("it names none".to_owned()),
            (count @ 4.., _) => list.push(format!("{} more", count - 3)),
            _ => {}
        }
        let (host, names) = (short(self.host), list.join(", "));
        let detail = format!("the server of {host} has a certificate that is for another host: {names}");
        Refusal { failure: TlsFailure::WrongHost, detail }
    }

    fn is_self_issued(&self) -> bool {
        self.end_entity.issuer == self.end_entity.subject
    }

    fn unknown_issuer(&self) -> Refusal {
        if self.is_self_issued() {
            return self.refuse(TlsFailure::SelfSigned, "is self-signed, and not one of the trusted certificates");
        }
        if let Some(refusal) = self.no_issuer() {
            return refusal;
        }
        let sent = self.sent();
        let issuer = quoted(self.end_entity.issuer);
        let authority = "is not issued by a trusted authority";
        // Servers rarely send the root, so a missing end of the chain means nothing. But a server certificate without
        // its issuer is the usual misconfiguration.
        if sent.iter().any(|other| other.subject == self.end_entity.issuer) {
            self.refuse(TlsFailure::UnknownIssuer, format_args!("{authority}: its issuer is{issuer}"))
        } else {
            let words = format_args!("{authority}, and the certificate of its issuer{issuer} was not sent");
            self.refuse(TlsFailure::MissingIntermediate, words)
        }
    }

    /// Explains a rejection whose cause is an issuer, sent by the server or given by the host, that may not issue
    /// certificates.
    fn no_issuer(&self) -> Option<Refusal> {
        let (sent, given) = (self.sent(), self.given());
        sent.iter().chain(&given).filter(|other| self.is_above(&sent, other)).find_map(|other| {
            let why = match (other.may_issue(), other.is_authority()) {
                (false, _) => "may not issue any: its key usage has no keyCertSign",
                (true, false) => "is no certificate authority: its certificate has no CA:TRUE",
                (true, true) => return None,
            };
            let words = format!("has an issuer{} that {why}", quoted(other.subject));
            Some(self.refuse(TlsFailure::WrongPurpose, words))
        })
    }

    fn sent(&self) -> Vec<Certificate<'_>> {
        self.others.iter().filter_map(|other| Certificate::read(other)).collect()
    }

    fn given(&self) -> Vec<Certificate<'_>> {
        self.roots.iter().filter_map(|root| Certificate::read(root)).collect()
    }

    /// Whether the server's certificate, or another one that was sent, names this one as its issuer.
    fn is_above(&self, sent: &[Certificate<'_>], other: &Certificate<'_>) -> bool {
        let is_named = |issuer: &[u8], subject: &[u8]| issuer == other.subject && subject != other.subject;
        is_named(self.end_entity.issuer, self.end_entity.subject)
            || sent.iter().any(|sent| is_named(sent.issuer, sent.subject))
    }

    /// Explains a wrong signature: an authority above has an unsupported key, or another certificate has the name of
    /// the real issuer.
    fn bad_signature(&self) -> Refusal {
        let (sent, given) = (self.sent(), self.given());
        let weak = sent.iter().chain(&given).filter(|other| self.is_above(&sent, other)).find_map(|other| {
            let key = other.unusable_key()?;
            let words = format!("has an authority{} above it with {key}", quoted(other.subject));
            Some(self.refuse(TlsFailure::UnsupportedAlgorithm, words))
        });
        weak.unwrap_or_else(|| {
            let words = "is not issued by a trusted authority: a signature is not by the key of the issuer it names";
            self.refuse(TlsFailure::UnknownIssuer, words)
        })
    }

    fn unsupported_signature(&self, algorithm: &[u8]) -> Refusal {
        let name = Reader::new(algorithm)
            .read(OBJECT_IDENTIFIER)
            .map_or_else(|| "an unknown algorithm".to_owned(), algorithm_name);
        let which = if self.end_entity.signature_algorithm == algorithm { "is" } else { "has one above it that is" };
        let words = format_args!("{which} signed with {name}, which is not accepted");
        self.refuse(TlsFailure::UnsupportedAlgorithm, words)
    }

    /// Explains a certificate that is out of its dates. The platforms' verifiers do not say which certificate has
    /// expired, and some do not say that one has.
    fn dates(&self) -> Option<Refusal> {
        let now = Moment::of_unix_time(self.now.as_secs());
        let refusal = |certificate: &Certificate<'_>, prefix: &str| {
            if now > certificate.not_after {
                let words = format_args!("{prefix}expired on {}", certificate.not_after.day());
                Some(self.refuse(TlsFailure::Expired, words))
            } else if now < certificate.not_before {
                let words = format_args!("{prefix}is not valid before {}", certificate.not_before.day());
                Some(self.refuse(TlsFailure::NotYetValid, words))
            } else {
                None
            }
        };
        refusal(self.end_entity, "").or_else(|| {
            self.sent()
                .iter()
                .find_map(|other| refusal(other, &format!("has one above it{} that ", quoted(other.subject))))
        })
    }
}

/// The quoted common name of a subject or an issuer with a leading blank, or an empty string.
fn quoted(name: &[u8]) -> String {
    common_name(name).map_or_else(String::new, |name| format!(" \"{}\"", shortened(&name, 30)))
}
