//! What can go wrong with a file, in the terms of a file.

use std::fmt;
use std::io;

use rustix::io::Errno;

use crate::worker::{StopReason, WaitError};

/// Why a storage call failed. Paths in it are the caller's own words, never a native path it did not name.
#[derive(Debug)]
pub enum Error {
    /// Nothing is there.
    NotFound {
        /// The path as the caller gave it.
        path: String,
    },
    /// The path leads, or tries to lead, out of the mini program's files, names what is neither a regular file nor a directory,
    /// or may not be written.
    PermissionDenied {
        /// The path as the caller gave it.
        path: String,
    },
    /// The system refuses the access: the permissions of the file or directory itself.
    AccessDenied {
        /// The path as the caller gave it.
        path: String,
    },
    /// A file is where a directory is needed, at the path or on the way.
    NotADirectory {
        /// The path as the caller gave it.
        path: String,
    },
    /// A directory is where a file is needed.
    IsADirectory {
        /// The path as the caller gave it.
        path: String,
    },
    /// The call is not for what the path leads to: a directory that is to be removed as a file.
    NotPermitted {
        /// The path as the caller gave it.
        path: String,
    },
    /// A file or directory has the name already.
    AlreadyExists {
        /// The path as the caller gave it.
        path: String,
    },
    /// The directory holds something.
    NotEmpty {
        /// The path as the caller gave it.
        path: String,
    },
    /// A name is longer than the file system takes.
    NameTooLong {
        /// The path as the caller gave it.
        path: String,
    },
    /// A directory is to be moved below itself.
    InvalidArgument {
        /// The path as the caller gave it.
        path: String,
    },
    /// The file that was to be changed was replaced or removed while its successor was written. The storage tries again: no call
    /// fails with it.
    Replaced,
    /// Reading or writing is to begin behind the file's end.
    PositionOutOfRange,
    /// More bytes are to be read than the file has.
    LengthOutOfRange,
    /// More bytes than one call may read or write.
    TooManyBytes,
    /// `save_file` of a temporary path that names no file.
    TemporaryFileNotExist {
        /// The path as the caller gave it.
        path: String,
    },
    /// The file would exceed the quota of its area.
    QuotaExceeded,
    /// The device is full, or the operating system's own limit on the user or the file is reached.
    DiskFull,
    /// Another session holds these files for itself, or this one wants to and another is open; or another process has been
    /// adding a file for seconds.
    Locked,
    /// The app id or user id cannot name a directory: it is empty or too long.
    InvalidIdentity {
        /// Which of the two.
        which: &'static str,
    },
    /// The data directory is not an absolute path.
    InvalidDataDirectory,
    /// A descriptor that is neither a readable regular file nor a readable pipe, a pipe of unknown length, or one that holds fewer
    /// bytes than was said.
    InvalidDescriptor {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The session was closed and its temporary files are gone.
    Closed,
    /// The work was stopped, or its deadline passed, before the file had its name.
    Stopped(StopReason),
    /// The process or the system has none left. The same call may succeed later.
    OutOfResources {
        /// Of what: `descriptors` or `memory`.
        which: &'static str,
    },
    /// Anything else the operating system reports.
    Io {
        /// What was tried.
        operation: &'static str,
        /// What came back.
        source: io::Error,
    },
}

impl Error {
    /// The typed form of an I/O error that concerns no path the caller named.
    pub(super) fn from_io(operation: &'static str, source: io::Error) -> Error {
        match source.raw_os_error().map(Errno::from_raw_os_error) {
            // A limit on the process (EFBIG) or the user (EDQUOT) stops a write as a full device does.
            Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Error::DiskFull,
            Some(Errno::MFILE | Errno::NFILE) => Error::OutOfResources { which: "descriptors" },
            Some(Errno::NOMEM) => Error::OutOfResources { which: "memory" },
            None if source.kind() == io::ErrorKind::OutOfMemory => Error::OutOfResources { which: "memory" },
            _ => Error::Io { operation, source },
        }
    }

    /// The typed form of an I/O error met on the way to `path`.
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
            // LOOP and MLINK are a symbolic link, NXIO and NODEV a socket or an unconnected device, ILSEQ and INVAL a name that
            // the file system has no way to write.
            Some(
                Errno::PERM | Errno::LOOP | Errno::MLINK | Errno::NXIO | Errno::NODEV | Errno::ILSEQ | Errno::INVAL,
            ) => Error::denied(path),
            _ => Error::from_io(operation, source),
        }
    }

    /// The same of a path that is the device's own, which no page may learn: it stands in the detail alone.
    pub(super) fn of_native(self, operation: &'static str) -> Error {
        match self {
            Error::Stopped(_)
            | Error::Locked
            | Error::Closed
            | Error::OutOfResources { .. }
            | Error::DiskFull
            | Error::Io { .. } => self,
            error => Error::Io { operation, source: io::Error::other(error.to_string()) },
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

impl From<WaitError> for Error {
    fn from(error: WaitError) -> Error {
        match error {
            WaitError::Stopped(reason) => Error::Stopped(reason),
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
            Error::NotPermitted { path } => write!(formatter, "not for a directory: {path}"),
            Error::AlreadyExists { path } => write!(formatter, "it exists already: {path}"),
            Error::NotEmpty { path } => write!(formatter, "the directory is not empty: {path}"),
            Error::NameTooLong { path } => write!(formatter, "the name is too long: {path}"),
            Error::InvalidArgument { path } => write!(formatter, "a directory cannot be moved below itself: {path}"),
            Error::Replaced => formatter.write_str("the file was replaced meanwhile"),
            Error::PositionOutOfRange => formatter.write_str("the position is behind the file's end"),
            Error::LengthOutOfRange => formatter.write_str("the length is more than the file has"),
            Error::TooManyBytes => formatter.write_str("more bytes than one call may read or write (100 MiB)"),
            Error::TemporaryFileNotExist { path } => write!(formatter, "no such temporary file: {path}"),
            Error::QuotaExceeded => formatter.write_str("the storage quota is exceeded"),
            Error::DiskFull => formatter.write_str("no space left on the device"),
            Error::Locked => formatter.write_str("the files are in use by another session"),
            Error::InvalidIdentity { which } => write!(formatter, "the {which} is empty or too long"),
            Error::InvalidDataDirectory => formatter.write_str("the data directory is not an absolute path"),
            Error::InvalidDescriptor { reason } => write!(formatter, "unusable descriptor: {reason}"),
            Error::Closed => formatter.write_str("the session is closed"),
            Error::Stopped(_) => formatter.write_str("the work was stopped"),
            Error::OutOfResources { which } => formatter.write_str(which),
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
    fn a_shortage_is_told_as_such_whatever_was_tried() {
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
