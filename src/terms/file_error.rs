//! WeChat's table of failures of file calls (`FileError` in Tencent's `miniprogram-api-typings`).

use super::{Category, Failure};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileErrorKind {
    /// The call does not apply to what is at the path, such as `unlink` of a directory.
    OperationNotPermitted,
    /// The file or its parent directory does not exist.
    NotFound,
    /// The storage device failed.
    InputOutput,
    /// The descriptor cannot be read.
    BadDescriptor,
    /// The system denies the access because of the file's or directory's permissions.
    AccessDenied,
    /// The path leads out of the sandbox, or the page may not use it in this way.
    PathDenied,
    /// A directory is needed, but a file is at the path.
    NotADirectory,
    /// A file is needed, but a directory is at the path.
    IsADirectory,
    /// A parameter is missing or has the wrong type, or a directory would be moved below itself.
    InvalidArgument,
    /// A name is too long.
    NameTooLong,
    /// The directory to remove or replace is not empty.
    DirectoryNotEmpty,
    /// Any other error of the system, a lack of resources, a session that closes during the call, or a bug of the
    /// library.
    System,
    /// The quota or the device is full, or the call reads or writes too many bytes.
    QuotaExceeded,
    /// A directory is at the path of the file to write.
    DirectoryWritten,
    /// A file or directory with this name exists.
    AlreadyExists,
    /// The length exceeds that of the file.
    LengthOutOfRange,
    /// The position is outside the file: for a read at or after its end, for a write after its end.
    PositionOutOfRange,
    /// The path passed to `saveFile` is not an existing temporary file.
    TemporaryFileNotExist,
}

impl FileErrorKind {
    /// The row for a failed file call. The table lacks the numbers that all other WeChat calls share. So a wrong
    /// parameter (1001) becomes `InvalidArgument`; an abort (1), an internal error (4) and every other failure become
    /// `System`.
    pub fn of(failure: &Failure) -> FileErrorKind {
        match failure {
            Failure::File { kind, .. } => *kind,
            Failure::Parameter { .. } => FileErrorKind::InvalidArgument,
            _ => FileErrorKind::System,
        }
    }

    /// `errCode`, which is also `errno`.
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

    /// The text of `errMsg`, before the path if there is one. The two texts that end with `open` are from the
    /// documentation of the calls; the table's texts do not contain `open`.
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
