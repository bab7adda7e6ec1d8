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
    /// The directory that a file is to be in is not there.
    DirectoryNotFound {
        /// The file's path as the caller gave it.
        path: String,
    },
    /// The path leads, or tries to lead, out of the mini program's files, names no regular file, or may not be read.
    PermissionDenied {
        /// The path as the caller gave it.
        path: String,
    },
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
            // LOOP, MLINK and NOTDIR are what O_NOFOLLOW reports for a symbolic link, depending on the system; NXIO is
            // a socket or an unconnected device; ISDIR and NOTEMPTY are a directory where a file belongs.
            Some(
                Errno::ACCESS
                | Errno::PERM
                | Errno::LOOP
                | Errno::MLINK
                | Errno::NOTDIR
                | Errno::ISDIR
                | Errno::NOTEMPTY
                | Errno::EXIST
                | Errno::NXIO
                | Errno::NODEV
                | Errno::NAMETOOLONG
                | Errno::ILSEQ
                | Errno::INVAL,
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
            Error::DirectoryNotFound { path } => write!(formatter, "no directory for the file: {path}"),
            Error::PermissionDenied { path } => write!(formatter, "permission denied: {path}"),
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
