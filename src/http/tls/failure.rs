//! Converts rustls errors.

use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved};

use super::client_certificate::SigningFailure;
use super::handshake::CertificateAnswer;
use super::refusal::Refusal;
use super::words::{reason, words_of};
use crate::http::error::{Error, ErrorKind, TlsFailure};
use crate::terms::shortened;

/// Converts a rustls error. `answer` is what the server was told if it requested a client certificate earlier.
pub(in crate::http) fn failure_of(error: &rustls::Error, answer: CertificateAnswer) -> Error {
    use rustls::Error as Tls;
    if let Some(failure) = SigningFailure::of(error) {
        return failure.to_error();
    }
    let (failure, detail) = match error {
        Tls::InvalidCertificate(error) => return certificate_failure(error),
        Tls::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13 | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )
        | Tls::AlertReceived(AlertDescription::ProtocolVersion)
        | Tls::InvalidMessage(InvalidMessage::UnknownProtocolVersion) => {
            (TlsFailure::ProtocolVersion, "the server does not offer TLS 1.2 or newer".to_owned())
        }
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => {
            (TlsFailure::NotTls, "the server does not speak TLS".to_owned())
        }
        Tls::AlertReceived(alert) => alert_failure(*alert, answer),
        Tls::PeerIncompatible(what) => (
            TlsFailure::NothingInCommon,
            format!("the server's TLS is incompatible with this library's: {}", words_of(what)),
        ),
        Tls::PeerMisbehaved(
            what @ (PeerMisbehaved::SelectedUnofferedCipherSuite
            | PeerMisbehaved::SelectedUnusableCipherSuiteForVersion
            | PeerMisbehaved::SelectedUnofferedKxGroup
            | PeerMisbehaved::SignedKxWithWrongAlgorithm
            | PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme
            | PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedCipherSuite
            | PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedNamedGroup),
        ) => {
            let detail = "the server chose a TLS cipher suite, curve or signature that this library does not offer";
            (TlsFailure::NothingInCommon, format!("{detail}: {}", words_of(what)))
        }
        Tls::PeerMisbehaved(what) => {
            (TlsFailure::Other, format!("the server violated the TLS protocol: {}", words_of(what)))
        }
        Tls::InvalidMessage(what) => {
            (TlsFailure::Other, format!("the server sent a TLS message that cannot be read: {}", words_of(what)))
        }
        Tls::InappropriateMessage { .. } | Tls::InappropriateHandshakeMessage { .. } => {
            (TlsFailure::Other, "the server sent a TLS message out of turn".to_owned())
        }
        Tls::DecryptError => (TlsFailure::Other, "a TLS record was changed on its way, or is broken".to_owned()),
        Tls::PeerSentOversizedRecord => (TlsFailure::Other, "the server sent a TLS record that is too long".to_owned()),
        Tls::NoCertificatesPresented => (TlsFailure::Other, "the server sent no certificate".to_owned()),
        // Texts of the system and of rustls for humans.
        Tls::General(text) => (TlsFailure::Other, format!("the TLS connection failed: {}", shortened(text, 120))),
        other => (TlsFailure::Other, format!("the TLS connection failed: {}", words_of(other))),
    };
    Error::new(ErrorKind::Tls(failure), detail)
}

fn certificate_failure(error: &CertificateError) -> Error {
    if let CertificateError::Other(OtherError(other)) = error
        && let Some(Refusal { failure, detail }) = other.downcast_ref()
    {
        return Error::new(ErrorKind::Tls(*failure), detail.clone());
    }
    // The verifier explains a rejected certificate itself. Only failures of the handshake's signature arrive here.
    let detail = match error {
        CertificateError::BadSignature => "the server does not hold the key of its certificate".to_owned(),
        _ => format!("the server's certificate cannot be used: {}", reason(error)),
    };
    Error::new(ErrorKind::Tls(TlsFailure::Other), detail)
}

/// RFC 8446 section 6.2 says what each alert means.
fn alert_failure(alert: AlertDescription, answer: CertificateAnswer) -> (TlsFailure, String) {
    let client_certificate = |words| (TlsFailure::ClientCertificate, words);
    let wants = client_certificate(match answer {
        CertificateAnswer::NoScheme => {
            "it wants a client certificate, and accepts none of the signature schemes of the given one"
        }
        _ => "it wants a client certificate, and there is none for this host",
    });
    let (failure, words) = match alert {
        // These are about a certificate of the client, or about its signature, if it has sent one.
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError
        | AlertDescription::CertificateRequired
        | AlertDescription::HandshakeFailure
            if answer == CertificateAnswer::Sent =>
        {
            client_certificate("it refuses the client certificate")
        }
        AlertDescription::CertificateRequired => wants,
        // TLS 1.2 has no such alert, so servers send others. `handshake_failure` counts only after a certificate
        // request. `bad_certificate` and `no_certificate` can only mean the client's empty list, because it sent no
        // certificate.
        AlertDescription::HandshakeFailure if answer != CertificateAnswer::NotAsked => wants,
        AlertDescription::BadCertificate | AlertDescription::NoCertificate => wants,
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => (
            TlsFailure::NothingInCommon,
            "it seems to support none of this library's TLS cipher suites, curves and signature algorithms",
        ),
        AlertDescription::UnrecognisedName => (TlsFailure::WrongHost, "it does not know this host name"),
        AlertDescription::NoApplicationProtocol => (TlsFailure::Other, "it does not speak HTTP/1.1"),
        AlertDescription::InternalError => (TlsFailure::Other, "it reports an internal error"),
        _ => (TlsFailure::Other, "it gives no further reason"),
    };
    let detail = format!("the server ended TLS: {words} (alert {}, {})", u8::from(alert), words_of(&alert));
    (failure, detail)
}
