//! What a failure of a lower layer means for a transfer.

use crate::error::{Category, Failure, TransferError};
use crate::http;
use crate::policy::quirks::Api;
use crate::policy::redirect::RedirectError;
use crate::storage;

/// A failed exchange of `api`.
pub fn of_exchange(api: Api, error: http::Error) -> TransferError {
    let failure = match error.kind {
        http::ErrorKind::Cancelled(reason) => Failure::Cancelled(reason),
        http::ErrorKind::NameResolution => Failure::Network(Category::NameResolution),
        http::ErrorKind::Connect | http::ErrorKind::Proxy => Failure::Network(Category::Connect),
        http::ErrorKind::Tls(failure) => Failure::Tls(failure),
        http::ErrorKind::Closed | http::ErrorKind::UncleanEnd => Failure::Network(Category::ConnectionClosed),
        http::ErrorKind::AddressRefused => Failure::NotInDomainList,
        http::ErrorKind::OutOfResources => Failure::Internal,
        http::ErrorKind::Protocol => Failure::Network(Category::Protocol),
        http::ErrorKind::BodyTooLarge => match api {
            Api::Upload => Failure::DataTooLarge,
            Api::Download => Failure::FileTooLarge,
        },
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
    match TransferError::from(error) {
        // It is the file that fails, not a place to save it in.
        TransferError { failure: Failure::SaveFile, detail } => TransferError::new(Failure::SourceFile, detail),
        error => error,
    }
}
