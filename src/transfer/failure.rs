//! Converts failures of lower rooms into failures of a transfer.

use std::io;

use crate::http;
use crate::policy::domains::DomainRefusal;
use crate::policy::redirect::RedirectError;
use crate::policy::retry;
use crate::policy::url::UrlError;
use crate::storage;
use crate::terms::{Api, Category, Failure, TransferError};
use crate::worker::{OutOfMemory, StopReason, WaitError};

/// A failed exchange of `api`.
pub fn of_exchange(api: Api, error: http::Error) -> TransferError {
    let failure = match error.kind {
        http::ErrorKind::Cancelled(reason) => Failure::Cancelled(reason),
        http::ErrorKind::NameResolution => Failure::Network(Category::NameResolution),
        // The servers behind the proxy may be unreachable only for now.
        http::ErrorKind::ProxyRefused(status) if !retry::is_transient_status(status) => Failure::ProxyRefused,
        http::ErrorKind::Connect | http::ErrorKind::Proxy | http::ErrorKind::ProxyRefused(_) => {
            Failure::Network(Category::Connect)
        }
        http::ErrorKind::Tls(http::TlsFailure::NotTls) => Failure::NotTls,
        http::ErrorKind::Tls(_) => Failure::Tls,
        http::ErrorKind::Closed | http::ErrorKind::UncleanEnd => Failure::Network(Category::ConnectionClosed),
        http::ErrorKind::Stalled => Failure::Stalled,
        http::ErrorKind::AddressRefused => Failure::NotInDomainList,
        http::ErrorKind::OutOfResources => Failure::OutOfResources,
        http::ErrorKind::Protocol => Failure::Network(Category::Protocol),
        http::ErrorKind::BodyTooLarge => match api {
            Api::Upload => Failure::DataTooLarge,
            Api::Download => Failure::FileTooLarge,
        },
        http::ErrorKind::RequestBody(ref error) => match stop_of(error) {
            Some(reason) => Failure::Cancelled(reason),
            None if is_shortage(error) => Failure::OutOfResources,
            None => Failure::SourceFile,
        },
        http::ErrorKind::PlatformVerifier => Failure::TrustStoreUnavailable,
        http::ErrorKind::Internal => Failure::Internal,
    };
    TransferError::new(failure, error.detail)
}

/// The reason why a body's source was stopped. A deadline that had passed then may stand still by now.
fn stop_of(error: &io::Error) -> Option<StopReason> {
    let inner = error.get_ref()?;
    match (inner.downcast_ref(), inner.downcast_ref()) {
        (Some(storage::Error::Stopped(reason)), _) | (_, Some(WaitError::Stopped(reason))) => Some(*reason),
        _ => None,
    }
}

/// Whether waiting for a body's bytes or reading them failed for lack of descriptors or memory.
fn is_shortage(error: &io::Error) -> bool {
    let Some(inner) = error.get_ref() else { return false };
    matches!(inner.downcast_ref(), Some(WaitError::Failed(_)))
        || matches!(inner.downcast_ref(), Some(storage::Error::OutOfResources { .. }))
}

/// An unusable URL.
pub fn of_url(error: UrlError) -> TransferError {
    let failure = match error {
        UrlError::Scheme => Failure::InvalidUrlScheme,
        _ => Failure::InvalidUrl,
    };
    TransferError::new(failure, error.to_string())
}

/// A server that the rules forbid.
pub fn of_refusal(refusal: DomainRefusal) -> TransferError {
    let failure = match refusal {
        DomainRefusal::InterfacesUnknown => Failure::OutOfResources,
        _ => Failure::NotInDomainList,
    };
    TransferError::new(failure, refusal.to_string())
}

/// A redirect that is not followed.
pub fn of_redirect(error: RedirectError) -> TransferError {
    let failure = match error {
        RedirectError::TooMany => Failure::TooManyRedirects,
        RedirectError::InvalidLocation(error) => of_url(error).failure,
        RedirectError::Downgrade => Failure::NotInDomainList,
        RedirectError::Refused(refusal) => of_refusal(refusal).failure,
    };
    TransferError::new(failure, error.to_string())
}

/// A file that cannot be sent.
pub fn of_source(error: storage::Error) -> TransferError {
    match TransferError::from(error) {
        // The file itself failed, not the place to save it in.
        TransferError { failure: Failure::SaveFile, detail } => TransferError::new(Failure::SourceFile, detail),
        error => error,
    }
}

/// An unusable `filePath` of a download.
pub fn of_target(error: storage::Error) -> TransferError {
    let detail = error.to_string();
    match error {
        storage::Error::NotFound { path } => TransferError::new(Failure::DirectoryNotFound { path }, detail),
        error => match TransferError::from(error) {
            TransferError { failure: Failure::PermissionDenied { path }, detail } => {
                TransferError::new(Failure::TargetDenied { path }, detail)
            }
            error => error,
        },
    }
}

impl From<OutOfMemory> for TransferError {
    fn from(lack: OutOfMemory) -> TransferError {
        TransferError::new(Failure::OutOfResources, lack.to_string())
    }
}

/// A failure of a file that a transfer reads or writes.
impl From<storage::Error> for TransferError {
    fn from(error: storage::Error) -> TransferError {
        let detail = error.to_string();
        let failure = match error {
            storage::Error::NotFound { .. } => Failure::FileNotFound,
            // For a transfer, all of these mean that the file cannot be used.
            storage::Error::PermissionDenied { path }
            | storage::Error::AccessDenied { path }
            | storage::Error::NotADirectory { path }
            | storage::Error::IsADirectory { path }
            | storage::Error::NotPermitted { path }
            | storage::Error::AlreadyExists { path }
            | storage::Error::NotEmpty { path }
            | storage::Error::NameTooLong { path }
            | storage::Error::InvalidArgument { path } => Failure::PermissionDenied { path },
            storage::Error::QuotaExceeded => Failure::QuotaExceeded,
            storage::Error::Closed => Failure::Cancelled(StopReason::Aborted),
            storage::Error::Stopped(reason) => return TransferError::cancelled(reason),
            storage::Error::OutOfResources { .. } => Failure::OutOfResources,
            storage::Error::InvalidDescriptor { .. } => {
                Failure::Parameter { parameter: "fileDescriptor", expected: "File", given: "Number" }
            }
            _ => Failure::SaveFile,
        };
        TransferError::new(failure, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_of_a_bodys_source_is_a_stop_of_the_task() {
        for reason in [StopReason::Aborted, StopReason::DeadlinePassed] {
            let errors =
                [io::Error::other(storage::Error::Stopped(reason)), io::Error::other(WaitError::Stopped(reason))];
            for error in errors {
                let error = http::Error { kind: http::ErrorKind::RequestBody(error), detail: String::new() };
                assert_eq!(of_exchange(Api::Upload, error).failure, Failure::Cancelled(reason));
            }
        }
    }
}
