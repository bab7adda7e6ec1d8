//! What a failure of a lower layer means for a transfer.

use crate::error::{Category, Failure, TransferError};
use crate::http;
use crate::policy::redirect::RedirectError;
use crate::storage;

/// A failed exchange.
pub fn of_exchange(error: http::Error) -> TransferError {
    let failure = match error.kind {
        http::ErrorKind::Cancelled(reason) => Failure::Cancelled(reason),
        http::ErrorKind::NameResolution => Failure::Network(Category::NameResolution),
        http::ErrorKind::Connect | http::ErrorKind::Proxy => Failure::Network(Category::Connect),
        http::ErrorKind::Tls(_) => Failure::Network(Category::Tls),
        http::ErrorKind::Closed => Failure::Network(Category::ConnectionClosed),
        http::ErrorKind::Protocol => Failure::Network(Category::Protocol),
        http::ErrorKind::RequestBody(_) => Failure::SourceFile,
        http::ErrorKind::PlatformVerifier => Failure::TrustStoreUnavailable,
        http::ErrorKind::Internal => Failure::Internal,
    };
    TransferError::new(failure, error.detail)
}

/// A redirect that is not followed.
pub fn of_redirect(error: RedirectError) -> TransferError {
    let failure = match error {
        RedirectError::TooMany => Failure::TooManyRedirects,
        RedirectError::InvalidLocation(_) | RedirectError::Downgrade => Failure::InvalidUrl,
        RedirectError::Refused(_) => Failure::NotInDomainList,
    };
    TransferError::new(failure, error.to_string())
}

/// A file that cannot be sent.
pub fn of_source(error: storage::Error) -> TransferError {
    let detail = error.to_string();
    let failure = match error {
        storage::Error::NotFound { .. } | storage::Error::TemporaryFileNotExist { .. } => Failure::FileNotFound,
        storage::Error::PermissionDenied { path } => Failure::PermissionDenied { path },
        storage::Error::InvalidDescriptor { .. } => Failure::InvalidRequestData { parameter: "filePath" },
        _ => Failure::SourceFile,
    };
    TransferError::new(failure, detail)
}

/// A file that cannot be stored.
pub fn of_target(error: storage::Error) -> TransferError {
    let detail = error.to_string();
    let failure = match error {
        storage::Error::PermissionDenied { path } => Failure::PermissionDenied { path },
        storage::Error::QuotaExceeded => Failure::QuotaExceeded,
        _ => Failure::SaveFile,
    };
    TransferError::new(failure, detail)
}
