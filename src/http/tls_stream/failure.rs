//! The failures of a TLS session.

use rustls::PeerMisbehaved;

use crate::http::error::Error;
use crate::http::tls::{CertificateAnswer, SigningFailure, failure_of};
use crate::worker::{OutOfMemory, StopReason};

/// The failure that ended a session.
#[derive(Clone, Debug)]
pub(super) enum SessionFailure {
    /// A record or its content is invalid.
    Tls(rustls::Error),
    /// The peer keeps sending records without plaintext.
    Flood,
    /// There is no memory for records to send or for received data.
    OutOfMemory,
}

impl SessionFailure {
    fn of(error: rustls::Error) -> SessionFailure {
        match error {
            // rustls has limits of its own for some kinds of records.
            rustls::Error::PeerMisbehaved(
                PeerMisbehaved::TooManyEmptyFragments
                | PeerMisbehaved::TooManyKeyUpdateRequests
                | PeerMisbehaved::TooManyRenegotiationRequests
                | PeerMisbehaved::TooManyWarningAlertsReceived,
            ) => SessionFailure::Flood,
            error => SessionFailure::Tls(error),
        }
    }

    /// `certificate` is that of [`Output`](super::output::Output).
    pub(super) fn to_error(&self, certificate: CertificateAnswer) -> Error {
        match self {
            SessionFailure::Tls(error) => failure_of(error, certificate),
            SessionFailure::Flood => Error::protocol("the server sends TLS records without data, and does not stop"),
            SessionFailure::OutOfMemory => OutOfMemory.into(),
        }
    }
}

/// Why a step failed.
#[derive(Debug)]
pub(super) enum StepError {
    /// The exchange is stopped. The session is unchanged, unless it waited for a signature: then it is unusable.
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
            _ => StepError::Failed(SessionFailure::of(error)),
        }
    }
}

impl From<OutOfMemory> for StepError {
    fn from(_: OutOfMemory) -> StepError {
        StepError::Failed(SessionFailure::OutOfMemory)
    }
}

impl From<SessionFailure> for StepError {
    fn from(failure: SessionFailure) -> StepError {
        StepError::Failed(failure)
    }
}
