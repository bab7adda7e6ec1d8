//! The failures of an exchange.

use std::fmt;
use std::io;

use crate::worker::{OutOfMemory, StopReason, WaitError};

/// A failed exchange: its kind, and one line for a log or an error message.
#[derive(Debug)]
pub struct Error {
    /// The kind, for decisions of the caller.
    pub kind: ErrorKind,
    /// What happened, for developers. Never contains a header value, a query or a body.
    pub detail: String,
}

/// The kinds of failure.
#[derive(Debug)]
pub enum ErrorKind {
    /// The exchange was stopped or its deadline passed, in any phase.
    Cancelled(StopReason),
    /// The name of the server has no address.
    NameResolution,
    /// No address of the server accepted the connection.
    Connect,
    /// The proxy cannot be reached, or it fails.
    Proxy,
    /// The proxy refused the tunnel with this status.
    ProxyRefused(u16),
    /// The TLS connection cannot be trusted or was broken.
    Tls(TlsFailure),
    /// The connection ended before the response was complete: the peer closed or reset it, or it was ended locally
    /// (after a change of the network or a suspension, for example).
    Closed,
    /// The connection was slower than [`LowSpeed`](super::LowSpeed) allows.
    Stalled,
    /// The peer closed the connection where the body may end, but without saying so (TLS without close_notify).
    UncleanEnd,
    /// The peer does not speak HTTP/1.1, or the response violates HTTP or a limit of the library.
    Protocol,
    /// The body is larger than the caller's limit, or is announced to be.
    BodyTooLarge,
    /// The caller's [`BodySource`](super::BodySource) failed or ended before its length.
    RequestBody(io::Error),
    /// A host name resolves to an address that the caller's rule forbids.
    AddressRefused,
    /// The system has no descriptor, thread or memory left.
    OutOfResources,
    /// The operating system's certificate verifier was never initialised, or has no roots.
    PlatformVerifier,
    /// The request cannot be expressed, or another bug of the library.
    Internal,
}

/// What is wrong with a TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFailure {
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is for another host, or the peer does not know the host's name.
    WrongHost,
    /// The certificate does not lead to a trusted root.
    UnknownIssuer,
    /// The certificate is self-signed and not trusted.
    SelfSigned,
    /// The certificate does not lead to a trusted root, and the server sent no intermediate certificate that could lead
    /// to one.
    MissingIntermediate,
    /// The certificate was revoked.
    Revoked,
    /// The certificate is trusted, but its key matches none of the host's pins.
    PinMismatch,
    /// A certificate of the chain has a key or a signature that is too weak or not supported.
    UnsupportedAlgorithm,
    /// A certificate of the chain is used for a purpose that it was not issued for.
    WrongPurpose,
    /// The peer supports no cipher suite, curve or signature algorithm that the library supports.
    NothingInCommon,
    /// The peer requires a client certificate, but there is none for it, the peer rejects it, or it cannot sign.
    ClientCertificate,
    /// No certificate can be valid for the host of the URL.
    UnusableHost,
    /// The peer does not support TLS 1.2 or newer.
    ProtocolVersion,
    /// The peer does not speak TLS.
    NotTls,
    /// Any other failure: a malformed certificate, an alert, a broken record.
    Other,
}

impl Error {
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Error {
        Error { kind, detail: detail.into() }
    }

    pub(super) fn closed(detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::Closed, detail)
    }

    pub(super) fn stalled() -> Error {
        Error::new(ErrorKind::Stalled, "stalled")
    }

    pub(super) fn too_large(limit: u64) -> Error {
        Error::new(ErrorKind::BodyTooLarge, format!("the answer is larger than {limit} bytes"))
    }

    pub(super) fn unclean_end() -> Error {
        Error::new(ErrorKind::UncleanEnd, "the server closed the connection before the response was whole")
    }

    /// Whether the connection ended where the body may end, but not cleanly.
    pub(super) fn is_unclean_end(&self) -> bool {
        matches!(self.kind, ErrorKind::UncleanEnd)
    }

    /// Whether nothing valid can follow: the peer violated HTTP or TLS or exceeded a limit of the library, or the
    /// system lacks something.
    pub(super) fn is_final(&self) -> bool {
        matches!(self.kind, ErrorKind::Protocol | ErrorKind::Tls(_) | ErrorKind::OutOfResources)
    }

    pub(super) fn protocol(detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::Protocol, detail)
    }

    pub(super) fn internal(detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::Internal, detail)
    }

    pub(super) fn cancelled(reason: StopReason) -> Error {
        Error::new(ErrorKind::Cancelled(reason), reason.to_string())
    }

    pub(super) fn request_body(error: io::Error) -> Error {
        let detail = format!("the request body cannot be read: {error}");
        Error::new(ErrorKind::RequestBody(error), detail)
    }

    /// A failed socket call on an open connection.
    pub(super) fn connection(error: &io::Error) -> Error {
        if is_shortage(error) {
            return Error::new(ErrorKind::OutOfResources, format!("the system cannot serve the connection: {error}"));
        }
        Error::closed(format!("the connection failed: {error}"))
    }
}

/// Whether the system lacked descriptors, buffers or memory, so that the peer is not at fault.
pub(super) fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

impl From<StopReason> for Error {
    fn from(reason: StopReason) -> Error {
        Error::cancelled(reason)
    }
}

impl From<OutOfMemory> for Error {
    fn from(lack: OutOfMemory) -> Error {
        Error::new(ErrorKind::OutOfResources, lack.to_string())
    }
}

impl From<WaitError> for Error {
    fn from(error: WaitError) -> Error {
        match error {
            WaitError::Stopped(reason) => reason.into(),
            // Only connecting is a step with a limit.
            WaitError::TooLong => {
                Error::new(ErrorKind::Connect, "connecting took too long for one of several attempts")
            }
            WaitError::Failed(error) => {
                Error::new(ErrorKind::OutOfResources, format!("the system cannot wait: {error}"))
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::RequestBody(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lack_of_buffers_is_not_a_failure_of_the_connection() {
        let kind = |number| Error::connection(&io::Error::from_raw_os_error(number)).kind;
        assert!(matches!(kind(libc::ENOBUFS), ErrorKind::OutOfResources));
        assert!(matches!(kind(libc::ENOMEM), ErrorKind::OutOfResources));
        assert!(matches!(kind(libc::ECONNRESET), ErrorKind::Closed));
    }
}
