//! Why an exchange failed.

use std::fmt;
use std::io;

use crate::worker::{StopReason, WaitError};

/// A failed exchange: its class, and one line for a log or an error message.
#[derive(Debug)]
pub struct Error {
    /// What callers decide on.
    pub kind: ErrorKind,
    /// What happened, for people. It never holds a header's value, a query or a body.
    pub detail: String,
}

/// The classes of failure.
#[derive(Debug)]
pub enum ErrorKind {
    /// The token was cancelled or its deadline passed, in any phase.
    Cancelled(StopReason),
    /// The name of the server, or of the proxy, has no address.
    NameResolution,
    /// No address of the server accepted the connection.
    Connect,
    /// The proxy cannot be reached, or refused the tunnel.
    Proxy,
    /// The TLS connection cannot be trusted or was broken.
    Tls(TlsFailure),
    /// The peer closed or reset the connection before the response was whole.
    Closed,
    /// The connection was slower than [`LowSpeed`](super::LowSpeed) allows.
    Stalled,
    /// The peer closed the connection where a body may end, without a word that it meant to.
    UncleanEnd,
    /// The peer does not speak HTTP/1.1, or the response breaks its rules or our bounds.
    Protocol,
    /// The body is, or is announced to be, larger than the caller's limit.
    BodyTooLarge,
    /// The caller's [`BodySource`](super::BodySource) failed or ended before its length.
    RequestBody(io::Error),
    /// A name of the caller's list leads to an address that it may not lead to.
    AddressRefused,
    /// The system has no descriptor, thread or memory left.
    OutOfResources,
    /// The operating system's certificate verifier was never initialised, or has no roots.
    PlatformVerifier,
    /// The request cannot be expressed, or the system refused a resource.
    Internal,
}

/// What is wrong with a TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFailure {
    /// The certificate is no longer valid.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is for another host.
    WrongHost,
    /// The certificate does not lead to a trusted root.
    UnknownIssuer,
    /// The certificate is its own issuer, and not trusted.
    SelfSigned,
    /// The certificate does not lead to a trusted root, and the server sent no other that could lead there.
    MissingIntermediate,
    /// The certificate was revoked.
    Revoked,
    /// The certificate is trusted, but its key is none of the host's pins.
    PinMismatch,
    /// A certificate, the server's or one above it, has a key or a signature that is too weak or not supported.
    UnsupportedAlgorithm,
    /// A certificate, the server's or one above it, is used for what it was not issued for.
    WrongPurpose,
    /// The peer supports no cipher suite, curve or signature algorithm that this library does.
    NothingInCommon,
    /// The peer wants a client certificate, and there is none.
    ClientCertificate,
    /// The host of the URL is none that a certificate can be for.
    UnusableHost,
    /// The peer offers nothing that is TLS 1.2 or newer.
    ProtocolVersion,
    /// The peer does not speak TLS.
    NotTls,
    /// Anything else: a bad certificate, an alert, a broken record.
    Other,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, detail: impl Into<String>) -> Error {
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

    /// Whether a body ended where it may, but not as its connection should.
    pub(super) fn is_unclean_end(&self) -> bool {
        matches!(self.kind, ErrorKind::UncleanEnd)
    }

    /// Whether the peer broke the rules of HTTP or TLS, or a bound of ours, so that nothing good can follow.
    pub(super) fn is_final(&self) -> bool {
        matches!(self.kind, ErrorKind::Protocol | ErrorKind::Tls(_))
    }

    pub(super) fn protocol(detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::Protocol, detail)
    }

    pub(super) fn internal(detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::Internal, detail)
    }

    pub(super) fn cancelled(reason: StopReason) -> Error {
        let detail = match reason {
            StopReason::Aborted => "aborted",
            StopReason::Interrupted => "interrupted",
            StopReason::DeadlinePassed => "the deadline passed",
            StopReason::NoNetwork => "there is no network",
        };
        Error::new(ErrorKind::Cancelled(reason), detail)
    }

    pub(super) fn request_body(error: io::Error) -> Error {
        let detail = format!("the request body cannot be read: {error}");
        Error::new(ErrorKind::RequestBody(error), detail)
    }

    /// A failed socket call on a connection that was already open.
    pub(super) fn connection(error: &io::Error) -> Error {
        Error::closed(format!("the connection failed: {error}"))
    }
}

/// Whether the system refused for want of descriptors, buffers or memory: nothing is wrong with the peer.
pub(super) fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

impl From<StopReason> for Error {
    fn from(reason: StopReason) -> Error {
        Error::cancelled(reason)
    }
}

impl From<WaitError> for Error {
    fn from(error: WaitError) -> Error {
        match error {
            WaitError::Stopped(reason) => reason.into(),
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
