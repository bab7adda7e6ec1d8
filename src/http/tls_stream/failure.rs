//! Why a TLS session cannot go on.

use crate::http::error::Error;
use crate::http::tls::{CertificateAnswer, SigningFailure, failure_of};
use crate::worker::StopReason;

/// Why the session cannot go on.
#[derive(Clone, Debug)]
pub(super) enum SessionFailure {
    /// A record, or what is in it, is wrong.
    Tls(rustls::Error),
    /// The peer sends on and on without plaintext.
    Flood,
}

impl SessionFailure {
    /// `certificate` as in [`Output`](super::output::Output).
    pub(super) fn to_error(&self, certificate: CertificateAnswer) -> Error {
        match self {
            SessionFailure::Tls(error) => failure_of(error, certificate),
            SessionFailure::Flood => Error::protocol("the server sends TLS records without data, and does not stop"),
        }
    }
}

/// Why a step was not taken.
#[derive(Debug)]
pub(super) enum StepError {
    /// The exchange is to stop. The session is as it was, unless a signature was waited for: then it is of no use.
    Stopped(StopReason),
    Failed(SessionFailure),
}

impl From<StopReason> for StepError {
    fn from(reason: StopReason) -> StepError {
        StepError::Stopped(reason)
    }
}

impl From<rustls::Error> for StepError {
    fn from(error: rustls::Error) -> StepError {
        match SigningFailure::of(&error) {
            Some(SigningFailure::Stopped(reason)) => StepError::Stopped(*reason),
            _ => StepError::Failed(SessionFailure::Tls(error)),
        }
    }
}

impl From<SessionFailure> for StepError {
    fn from(failure: SessionFailure) -> StepError {
        StepError::Failed(failure)
    }
}
