//! WeChat's table of the failures of file calls (`FileError` in Tencent's `miniprogram-api-typings`).

use super::{Category, Failure};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileErrorKind {
    /// The call is not for what the path leads to: `unlink` of a directory.
    OperationNotPermitted,
    /// Nothing is there, or the directory that it is to be in is missing.
    NotFound,
    /// The device could not read or write.
    InputOutput,
    /// A descriptor that cannot be read from.
    BadDescriptor,
    /// The system refuses the access: the file's or directory's own permissions.
    AccessDenied,
    /// The path is not the page's to use in this way: it leads out of the sandbox, or may not be written.
    PathDenied,
    /// A file is where a directory is needed.
    NotADirectory,
    /// A directory is where a file is needed.
    IsADirectory,
    /// A parameter is missing or has the wrong type, or the two paths do not fit together: a directory is to be moved below
    /// itself.
    InvalidArgument,
    /// A name that no file system takes.
    NameTooLong,
    /// A directory that is to be removed or replaced holds something.
    DirectoryNotEmpty,
    /// Anything else that the system reports, a lack of its resources, a session that is closed during the call, and a bug.
    System,
    /// The quota or the device is full, or there are more bytes than one call may read or write.
    QuotaExceeded,
    /// A directory is to be written as a file.
    DirectoryWritten,
    /// A file or directory has the name already.
    AlreadyExists,
    /// More bytes are to be read than the file has.
    LengthOutOfRange,
    /// Reading or writing is to begin behind the file's end.
    PositionOutOfRange,
    /// `saveFile` of a path that is no temporary file.
    TemporaryFileNotExist,
}

impl FileErrorKind {
    /// The row of a failed file call. The table has none for the numbers that all of WeChat's calls have in common: a wrong
    /// parameter (1001), an abort (1) and an internal error (4).
    pub fn of(failure: &Failure) -> FileErrorKind {
        match failure {
            Failure::File { kind, .. } => *kind,
            Failure::Parameter { .. } => FileErrorKind::InvalidArgument,
            _ => FileErrorKind::System,
        }
    }

    /// `errCode`, which is `errno` too.
    pub const fn number(self) -> i32 {
        match self {
            FileErrorKind::OperationNotPermitted => 1_300_001,
            FileErrorKind::NotFound => 1_300_002,
            FileErrorKind::InputOutput => 1_300_005,
            FileErrorKind::BadDescriptor => 1_300_009,
            FileErrorKind::AccessDenied => 1_300_013,
            FileErrorKind::PathDenied => 1_300_014,
            FileErrorKind::NotADirectory => 1_300_020,
            FileErrorKind::IsADirectory => 1_300_021,
            FileErrorKind::InvalidArgument => 1_300_022,
            FileErrorKind::NameTooLong => 1_300_036,
            FileErrorKind::DirectoryNotEmpty => 1_300_066,
            FileErrorKind::System => 1_300_201,
            FileErrorKind::QuotaExceeded => 1_300_202,
            FileErrorKind::DirectoryWritten => 1_301_003,
            FileErrorKind::AlreadyExists => 1_301_005,
            FileErrorKind::LengthOutOfRange => 1_301_006,
            FileErrorKind::PositionOutOfRange => 1_301_009,
            FileErrorKind::TemporaryFileNotExist => 1_301_112,
        }
    }

    /// The text of `errMsg`, which the path follows where there is one. The two that say `open` are those of the
    /// documentation of each call; the table has them without.
    pub fn text(self) -> &'static str {
        match self {
            FileErrorKind::OperationNotPermitted => "operation not permitted",
            FileErrorKind::NotFound => "no such file or directory",
            FileErrorKind::InputOutput => "Input/output error",
            FileErrorKind::BadDescriptor => "bad file descriptor",
            FileErrorKind::AccessDenied => "permission denied",
            FileErrorKind::PathDenied => "permission denied, open",
            FileErrorKind::NotADirectory => "not a directory",
            FileErrorKind::IsADirectory => "Is a directory",
            FileErrorKind::InvalidArgument => "Invalid argument",
            FileErrorKind::NameTooLong => "File name too long",
            FileErrorKind::DirectoryNotEmpty => "directory not empty",
            FileErrorKind::System => "system error",
            FileErrorKind::QuotaExceeded => "the maximum size of the file storage limit is exceeded",
            FileErrorKind::DirectoryWritten => "illegal operation on a directory, open",
            FileErrorKind::AlreadyExists => "file already exists",
            FileErrorKind::LengthOutOfRange => "value of length is out of range",
            FileErrorKind::PositionOutOfRange => "value of position is out of range",
            FileErrorKind::TemporaryFileNotExist => "tempFilePath file not exist",
        }
    }

    /// The stable kind of the failure.
    pub fn category(self) -> Category {
        match self {
            FileErrorKind::BadDescriptor
            | FileErrorKind::InvalidArgument
            | FileErrorKind::LengthOutOfRange
            | FileErrorKind::PositionOutOfRange => Category::Request,
            FileErrorKind::InputOutput
            | FileErrorKind::System
            | FileErrorKind::QuotaExceeded
            | FileErrorKind::TemporaryFileNotExist => Category::Storage,
            FileErrorKind::OperationNotPermitted
            | FileErrorKind::NotFound
            | FileErrorKind::AccessDenied
            | FileErrorKind::PathDenied
            | FileErrorKind::NotADirectory
            | FileErrorKind::IsADirectory
            | FileErrorKind::NameTooLong
            | FileErrorKind::DirectoryNotEmpty
            | FileErrorKind::DirectoryWritten
            | FileErrorKind::AlreadyExists => Category::File,
        }
    }
}
