//! Converts storage failures into failures of a file call.

use std::io;

use crate::storage::Error;
use crate::terms::{Failure, FileErrorKind, TransferError};
use crate::worker::StopReason;

/// Converts a failure of a file call according to WeChat's table.
pub fn of_file_call(error: Error) -> TransferError {
    let detail = error.to_string();
    let (kind, path) = match error {
        Error::Closed => return TransferError::cancelled(StopReason::Aborted),
        Error::Stopped(reason) => return TransferError::cancelled(reason),
        Error::OutOfResources { .. } => return TransferError::new(Failure::OutOfResources, detail),
        Error::NotFound { path } => (FileErrorKind::NotFound, Some(path)),
        Error::PermissionDenied { path } => (FileErrorKind::PathDenied, Some(path)),
        Error::AccessDenied { path } => (FileErrorKind::AccessDenied, Some(path)),
        Error::NotADirectory { path } => (FileErrorKind::NotADirectory, Some(path)),
        Error::IsADirectory { path } => (FileErrorKind::IsADirectory, Some(path)),
        Error::NotPermitted { path } => (FileErrorKind::OperationNotPermitted, Some(path)),
        Error::AlreadyExists { path } => (FileErrorKind::AlreadyExists, Some(path)),
        Error::NotEmpty { path } => (FileErrorKind::DirectoryNotEmpty, Some(path)),
        Error::NameTooLong { path } => (FileErrorKind::NameTooLong, Some(path)),
        Error::InvalidArgument { path } => (FileErrorKind::InvalidArgument, Some(path)),
        Error::PositionOutOfRange => (FileErrorKind::PositionOutOfRange, None),
        Error::LengthOutOfRange => (FileErrorKind::LengthOutOfRange, None),
        Error::TemporaryFileNotExist { .. } => (FileErrorKind::TemporaryFileNotExist, None),
        Error::InvalidDescriptor { .. } => (FileErrorKind::BadDescriptor, None),
        // The table has one row for the quota, a full device and the size of one call.
        Error::QuotaExceeded | Error::DiskFull | Error::TooManyBytes => (FileErrorKind::QuotaExceeded, None),
        Error::Io { source, .. } if is_of_the_device(&source) => (FileErrorKind::InputOutput, None),
        Error::Io { .. }
        | Error::Locked
        | Error::Replaced
        | Error::InvalidIdentity { .. }
        | Error::InvalidDataDirectory => (FileErrorKind::System, None),
    };
    TransferError::new(Failure::File { kind, path }, detail)
}

/// Converts a failure of writing a file: the table has a separate row for a directory at the path.
pub fn of_writing(error: Error) -> TransferError {
    match of_file_call(error) {
        TransferError { failure: Failure::File { kind: FileErrorKind::IsADirectory, path }, detail } => {
            TransferError::new(Failure::File { kind: FileErrorKind::DirectoryWritten, path }, detail)
        }
        error => error,
    }
}

fn is_of_the_device(error: &io::Error) -> bool {
    error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) == Some(rustix::io::Errno::IO)
}
