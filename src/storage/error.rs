//! The failures of file operations.

use std::collections::TryReserveError;
use std::fmt;
use std::io;

use rustix::io::Errno;

use crate::worker::{OutOfMemory, StopReason, WaitError};

/// Why a storage call failed. Paths are those of the caller, never a native path that the caller did not specify.
#[derive(Debug)]
pub enum Error {
    /// There is no such file.
    NotFound {
        /// The path, as the caller specified it.
        path: String,
    },
    /// The path leads out of the mini program's files, is neither a regular file nor a directory, or must not be
    /// written.
    PermissionDenied {
        /// The path, as the caller specified it.
        path: String,
    },
    /// The system denies the access because of the file's or directory's permissions.
    AccessDenied {
        /// The path, as the caller specified it.
        path: String,
    },
    /// A directory is needed, but a file is at the path or on the way.
    NotADirectory {
        /// The path, as the caller specified it.
        path: String,
    },
    /// A file is needed, but a directory is at the path.
    IsADirectory {
        /// The path, as the caller specified it.
        path: String,
    },
    /// The call does not apply to what is at the path, such as removing a directory as a file.
    NotPermitted {
        /// The path, as the caller specified it.
        path: String,
    },
    /// A file or directory with this name exists.
    AlreadyExists {
        /// The path, as the caller specified it.
        path: String,
    },
    /// The directory is not empty.
    NotEmpty {
        /// The path, as the caller specified it.
        path: String,
    },
    /// A name has more than 255 bytes, or a path more than 1,024.
    NameTooLong {
        /// The path, as the caller specified it.
        path: String,
    },
    /// A directory would be moved below itself.
    InvalidArgument {
        /// The path, as the caller specified it.
        path: String,
    },
    /// The file to change was replaced or removed while its successor was written. The storage retries, so no call
    /// fails with it.
    Replaced,
    /// The position is outside the file: for a read at or after its end, for a write after its end.
    PositionOutOfRange,
    /// The length exceeds that of the file.
    LengthOutOfRange,
    /// The call reads or writes too many bytes.
    TooManyBytes,
    /// The path passed to `save_file` is not an existing temporary file.
    TemporaryFileNotExist {
        /// The path, as the caller specified it.
        path: String,
    },
    /// The file would exceed the quota of its area.
    QuotaExceeded,
    /// The device is full, or a limit of the system on the user or the file size is reached.
    DiskFull,
    /// Another session uses these files and one of the two is exclusive; or another process has held the change lock
    /// for seconds.
    Locked,
    /// The app id or user id cannot be a directory name: it is empty or too long.
    InvalidIdentity {
        /// The one that is wrong.
        which: &'static str,
        /// What is wrong, without the id itself.
        reason: String,
    },
    /// The data directory is not an absolute path.
    InvalidDataDirectory,
    /// The descriptor is neither a readable regular file nor a readable pipe, is a pipe of unknown length, or has too
    /// few bytes.
    InvalidDescriptor {
        /// What is wrong.
        reason: &'static str,
    },
    /// The session is closed, and its temporary files are deleted.
    Closed,
    /// The work was stopped or its deadline passed before the file got its name.
    Stopped(StopReason),
    /// The process or the system lacks a resource. The same call may succeed later.
    OutOfResources {
        /// The resource: `descriptors` or `memory`.
        which: &'static str,
    },
    /// Any other error of the system.
    Io {
        /// The operation.
        operation: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

impl Error {
    /// Converts an I/O error that concerns no path of the caller.
    pub(super) fn from_io(operation: &'static str, source: io::Error) -> Error {
        match source.raw_os_error().map(Errno::from_raw_os_error) {
            // Limits on the process (EFBIG) and the user (EDQUOT) have the same effect as a full device.
            Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Error::DiskFull,
            Some(Errno::MFILE | Errno::NFILE) => Error::OutOfResources { which: "descriptors" },
            Some(Errno::NOMEM) => Error::OutOfResources { which: "memory" },
            None if source.kind() == io::ErrorKind::OutOfMemory => Error::OutOfResources { which: "memory" },
            _ => Error::Io { operation, source },
        }
    }

    /// Converts an I/O error that concerns `path`.
    pub(super) fn at_path(path: &str, operation: &'static str, source: io::Error) -> Error {
        match source.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOENT) => Error::NotFound { path: path.to_owned() },
            None if source.kind() == io::ErrorKind::NotFound => Error::NotFound { path: path.to_owned() },
            Some(Errno::NOTDIR) => Error::NotADirectory { path: path.to_owned() },
            Some(Errno::ISDIR) => Error::IsADirectory { path: path.to_owned() },
            Some(Errno::EXIST) => Error::AlreadyExists { path: path.to_owned() },
            Some(Errno::NOTEMPTY) => Error::NotEmpty { path: path.to_owned() },
            Some(Errno::NAMETOOLONG) => Error::NameTooLong { path: path.to_owned() },
            Some(Errno::ACCESS | Errno::ROFS) => Error::AccessDenied { path: path.to_owned() },
            // LOOP and MLINK mean a symbolic link, NXIO and NODEV a socket or an unconnected device, ILSEQ and INVAL a
            // name that the file system cannot represent.
            Some(
                Errno::PERM | Errno::LOOP | Errno::MLINK | Errno::NXIO | Errno::NODEV | Errno::ILSEQ | Errno::INVAL,
            ) => Error::denied(path),
            _ => Error::from_io(operation, source),
        }
    }

    pub(super) fn denied(path: &str) -> Error {
        Error::PermissionDenied { path: path.to_owned() }
    }
}

impl From<StopReason> for Error {
    fn from(reason: StopReason) -> Error {
        Error::Stopped(reason)
    }
}

impl From<TryReserveError> for Error {
    fn from(_: TryReserveError) -> Error {
        Error::OutOfResources { which: "memory" }
    }
}

impl From<OutOfMemory> for Error {
    fn from(_: OutOfMemory) -> Error {
        Error::OutOfResources { which: "memory" }
    }
}

impl From<WaitError> for Error {
    fn from(error: WaitError) -> Error {
        match error {
            WaitError::Stopped(reason) => Error::Stopped(reason),
            WaitError::TooLong => Error::from_io("wait", io::ErrorKind::TimedOut.into()),
            WaitError::Failed(error) => Error::from_io("wait", error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound { path } => write!(formatter, "no such file: {path}"),
            Error::PermissionDenied { path } => write!(formatter, "permission denied: {path}"),
            Error::AccessDenied { path } => write!(formatter, "the system refuses the access: {path}"),
            Error::NotADirectory { path } => write!(formatter, "not a directory: {path}"),
            Error::IsADirectory { path } => write!(formatter, "a directory, not a file: {path}"),
            Error::NotPermitted { path } => write!(formatter, "a directory cannot be removed as a file: {path}"),
            Error::AlreadyExists { path } => write!(formatter, "it exists already: {path}"),
            Error::NotEmpty { path } => write!(formatter, "the directory is not empty: {path}"),
            Error::NameTooLong { path } => write!(formatter, "a name or the path is too long: {path}"),
            Error::InvalidArgument { path } => write!(formatter, "a directory cannot be moved below itself: {path}"),
            Error::Replaced => formatter.write_str("the file was replaced meanwhile"),
            Error::PositionOutOfRange => formatter.write_str("the position is outside the file"),
            Error::LengthOutOfRange => formatter.write_str("the length is greater than the file's length"),
            Error::TooManyBytes => formatter.write_str("the call reads or writes more than 100 MiB"),
            Error::TemporaryFileNotExist { path } => write!(formatter, "no such temporary file: {path}"),
            Error::QuotaExceeded => formatter.write_str("the storage quota is exceeded"),
            Error::DiskFull => formatter.write_str("no space left on the device"),
            Error::Locked => formatter.write_str("the files are in use by another session"),
            Error::InvalidIdentity { which, reason } => write!(formatter, "{which} {reason}"),
            Error::InvalidDataDirectory => formatter.write_str("the data directory is not an absolute path"),
            Error::InvalidDescriptor { reason } => write!(formatter, "unusable descriptor: {reason}"),
            Error::Closed => formatter.write_str("the session is closed"),
            Error::Stopped(_) => formatter.write_str("the work was stopped"),
            Error::OutOfResources { which } => write!(formatter, "no {which} left"),
            Error::Io { operation, source } => write!(formatter, "{operation}: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lack_of_resources_is_reported_for_every_operation() {
        for (errno, expected) in
            [(Errno::MFILE, "descriptors"), (Errno::NFILE, "descriptors"), (Errno::NOMEM, "memory")]
        {
            let source = || io::Error::from_raw_os_error(errno.raw_os_error());
            for error in [
                Error::from_io("open a file", source()),
                Error::at_path("wxfile://usr/a", "open a file", source()),
                WaitError::Failed(source()).into(),
            ] {
                assert!(matches!(&error, Error::OutOfResources { which } if *which == expected), "{error:?}");
            }
        }
    }
}
