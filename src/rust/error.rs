//! The failures and errors of calls of the Rust interface.

use std::fmt;
use std::io;

use crate::session::OpenError;
use crate::storage;
use crate::terms::{Call, Category, TransferError};

/// The failure of an upload, a download or a file call, as a page is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallFailure {
    /// `errMsg`, such as `uploadFile:fail timeout`.
    pub err_msg: String,
    /// `errno`: one of the constants `WXT_ERRNO_…` of [`ffi::error`](crate::ffi::error).
    pub err_no: i32,
    /// The kind of the failure. Stable, for decisions of a program.
    pub category: Category,
    /// What happened, in English, for a developer. Contains no query and no header value.
    pub detail: String,
    /// Whether the same call may succeed later without a change.
    pub retryable: bool,
}

impl CallFailure {
    pub(super) fn of(call: Call, error: TransferError) -> CallFailure {
        CallFailure {
            err_msg: error.err_msg(call),
            err_no: error.err_no(call),
            category: error.category(),
            retryable: error.retryable(),
            detail: error.detail,
        }
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.err_msg.ends_with(&self.detail) {
            true => formatter.write_str(&self.err_msg),
            false => write!(formatter, "{}: {}", self.err_msg, self.detail),
        }
    }
}

impl std::error::Error for CallFailure {}

/// Why a call was refused, or why a file call failed.
///
/// Only [`Error::Failed`] concerns a page. All others are a mistake of the host or a lack of resources: nothing was
/// started, and no closure was called.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file call failed.
    Failed(CallFailure),
    /// The session is closing or closed.
    SessionClosed,
    /// [`Session::close`](crate::Session::close) was called from a closure of a session. It waits for closures, so it
    /// would wait for itself.
    CalledFromCallback,
    /// An option is missing, invalid, or contradicts another one. The text says which.
    InvalidOption(String),
    /// The system's trust store cannot be used. On Android, `wxt_android_init` has not succeeded.
    TrustStoreUnavailable(String),
    /// Another open session uses the same mini program's directory, and one of the two is exclusive.
    StorageLocked,
    /// The data directory cannot be created or used, or a partial file cannot be deleted. The text says why.
    StorageFailed(String),
    /// No thread or descriptor is left. The same call may succeed later.
    OutOfResources(String),
    /// A bug of the library.
    Internal(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Failed(failure) => failure.fmt(formatter),
            Error::SessionClosed => formatter.write_str("session closed"),
            Error::CalledFromCallback => formatter.write_str("called from a callback"),
            Error::InvalidOption(text) => write!(formatter, "invalid option: {text}"),
            Error::TrustStoreUnavailable(text) => write!(formatter, "trust store unavailable: {text}"),
            Error::StorageLocked => formatter.write_str("storage locked by another session"),
            Error::StorageFailed(text) => write!(formatter, "storage failed: {text}"),
            Error::OutOfResources(text) => write!(formatter, "out of resources: {text}"),
            Error::Internal(text) => write!(formatter, "internal error: {text}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Error {
        let text = error.to_string();
        match error {
            OpenError::Identity(_)
            | OpenError::Option(_)
            | OpenError::PathScheme
            | OpenError::Version { .. }
            | OpenError::Domain { .. }
            | OpenError::Certificate(_)
            | OpenError::Proxy(_)
            | OpenError::Storage(storage::Error::InvalidIdentity { .. } | storage::Error::InvalidDataDirectory) => {
                Error::InvalidOption(text)
            }
            OpenError::TrustStore(_) => Error::TrustStoreUnavailable(text),
            OpenError::StorageLocked => Error::StorageLocked,
            OpenError::Storage(_) => Error::StorageFailed(text),
            OpenError::OutOfResources(_) => Error::OutOfResources(text),
            OpenError::Internal(_) => Error::Internal(text),
        }
    }
}

/// The timer's thread cannot be started.
pub(super) fn of_timer(error: io::Error) -> Error {
    Error::OutOfResources(error.to_string())
}

/// Partial files cannot be deleted.
pub(super) fn of_partials(error: storage::Error) -> Error {
    match error {
        storage::Error::Stopped(_) | storage::Error::Closed => Error::SessionClosed,
        error @ storage::Error::OutOfResources { .. } => Error::OutOfResources(error.to_string()),
        error => Error::StorageFailed(error.to_string()),
    }
}
