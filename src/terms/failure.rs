//! Why a task failed, in WeChat's terms and in our own.

use std::fmt;

use super::{Api, Call, FileErrorKind, shortened};
use crate::worker::StopReason;

/// A stable kind of failure, for hosts that decide by program and not by text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Category {
    /// The page or the closing session stopped the task.
    Aborted = 1,
    /// The deadline passed, or the connection stalled.
    Timeout = 2,
    /// The mini program was in the background, or without a network, for too long.
    Interrupted = 3,
    /// A parameter is missing or malformed, the URL included.
    Request = 4,
    /// A rule of the host forbids the URL: domain list, plain `http`, local network.
    Policy = 5,
    /// Too many tasks or redirects, or a body over its limit.
    Limit = 6,
    /// The host name has no address.
    NameResolution = 7,
    /// No connection could be made, a proxy's included.
    Connect = 8,
    /// The TLS handshake failed, or the certificate was refused.
    Tls = 9,
    /// The connection ended before the answer was complete.
    ConnectionClosed = 10,
    /// The server broke HTTP's rules.
    Protocol = 11,
    /// The file to send cannot be read, or changed while it was sent; or a path is outside the sandbox or in no directory.
    File = 12,
    /// The answer cannot be stored: quota, disk, permission.
    Storage = 13,
    /// A bug on our side, caught.
    Internal = 14,
    /// No thread, descriptor or memory is left.
    OutOfResources = 15,
    /// A download is not what it was to be.
    Integrity = 16,
}

/// What went wrong, as precisely as a decision needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The task was stopped from outside, or its deadline passed.
    Cancelled(StopReason),
    /// The connection was slower than the host allows, for too long.
    Stalled,
    /// The network component failed; the category tells where.
    Network(Category),
    /// The TLS handshake failed, or the server cannot be trusted.
    Tls,
    /// The server's answer to the TLS handshake is not TLS.
    NotTls,
    /// The operating system's trust store was never initialised.
    TrustStoreUnavailable,
    /// The URL's host is not in the domain list of the API, first request or redirect.
    NotInDomainList,
    /// More tasks than the API may have, on a base library that does not queue.
    TooManyTasks {
        /// Which API.
        api: Api,
        /// The limit.
        limit: usize,
    },
    /// More redirects than are followed.
    TooManyRedirects,
    /// The URL cannot be used.
    InvalidUrl,
    /// The URL's scheme is neither `https` nor `http`.
    InvalidUrlScheme,
    /// A parameter is missing or has the wrong type.
    Parameter {
        /// The parameter, as the WeChat documentation names it.
        parameter: &'static str,
        /// The type that it should have, by its name in JavaScript.
        expected: &'static str,
        /// The type that it has.
        given: &'static str,
    },
    /// The header or the form data cannot be sent.
    InvalidRequestData {
        /// `header`, `formData`, `name` or `mediaType`.
        parameter: &'static str,
        /// The name of the header or form field, as the page gave it, where one of them cannot be sent and has a name that is text.
        name: Option<String>,
    },
    /// The file to send does not exist.
    FileNotFound,
    /// The directory of a download's `filePath` does not exist.
    DirectoryNotFound {
        /// The path, as the page gave it.
        path: String,
    },
    /// A path outside the sandbox, or a file that cannot be opened.
    PermissionDenied {
        /// The path, as the page gave it.
        path: String,
    },
    /// A download's `filePath` may not be written.
    TargetDenied {
        /// The path, as the page gave it.
        path: String,
    },
    /// The file to send is longer or shorter than it was, or cannot be read.
    SourceFile,
    /// The mini program's quota does not hold the file.
    QuotaExceeded,
    /// The answer's body cannot be written.
    SaveFile,
    /// A file over the size limit of downloads.
    FileTooLarge,
    /// An upload's answer over its size limit.
    DataTooLarge,
    /// A download has another length or digest than it was to have.
    Integrity,
    /// A file call failed.
    File {
        /// How, by WeChat's table.
        kind: FileErrorKind,
        /// What `errMsg` names: the path, as the page gave it.
        path: Option<String>,
    },
    /// The process or the system has no thread, descriptor or memory left. The detail names what was needed.
    OutOfResources,
    /// A bug on our side, caught.
    Internal,
}

/// The longest `errMsg`, in the units that a page counts in: those of UTF-16. Pages show it to people in one line.
const LONGEST_ERR_MSG: usize = 200;

/// The most of a header's or form field's name that an `errMsg` has.
const LONGEST_NAME: usize = 100;

/// A failed task or file call: what the page is told, and what helps the developer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferError {
    /// What went wrong.
    pub failure: Failure,
    /// The same in words, with native detail. No query and no header value.
    pub detail: String,
}

impl TransferError {
    /// A failure with its native detail.
    pub fn new(failure: Failure, detail: impl Into<String>) -> TransferError {
        TransferError { failure, detail: detail.into() }
    }

    /// A transfer that was stopped.
    pub fn cancelled(reason: StopReason) -> TransferError {
        let detail = match reason {
            StopReason::Aborted => "the task was aborted",
            StopReason::Interrupted => "the mini program was in the background for too long",
            StopReason::DeadlinePassed => "the deadline passed",
            StopReason::NoNetwork => "there was no network for too long",
        };
        TransferError::new(Failure::Cancelled(reason), detail)
    }

    /// A required parameter that was not given, named as in the WeChat documentation.
    pub fn missing(parameter: &'static str) -> TransferError {
        let failure = Failure::Parameter { parameter, expected: "String", given: "Undefined" };
        TransferError::new(failure, format!("{parameter} is missing"))
    }

    /// A text parameter whose bytes are no text.
    pub fn not_text(parameter: &'static str) -> TransferError {
        let failure = Failure::Parameter { parameter, expected: "String", given: "ArrayBuffer" };
        TransferError::new(failure, format!("{parameter} is not UTF-8"))
    }

    /// Header or form data that cannot be sent. `name` is that of the header or field.
    pub fn request_data(parameter: &'static str, name: Option<String>, detail: impl Into<String>) -> TransferError {
        TransferError::new(Failure::InvalidRequestData { parameter, name }, detail)
    }

    /// WeChat's `errno`: of a file call a number of [`FileErrorKind`], whatever failed. The abort of a download has a number of
    /// its own.
    pub fn err_no(&self, call: Call) -> i32 {
        if !call.is_transfer() {
            return FileErrorKind::of(&self.failure).number();
        }
        match &self.failure {
            Failure::Cancelled(StopReason::Aborted) if call == Call::DownloadFile => errno::ABORT_DOWNLOAD,
            Failure::Cancelled(StopReason::Aborted) => errno::CANCEL,
            Failure::Cancelled(StopReason::DeadlinePassed) | Failure::Stalled => errno::TIMEOUT,
            Failure::Cancelled(StopReason::Interrupted | StopReason::NoNetwork) => errno::INTERRUPTED,
            Failure::Network(_)
            | Failure::Tls
            | Failure::NotTls
            | Failure::TrustStoreUnavailable
            | Failure::SourceFile
            | Failure::DataTooLarge
            | Failure::Integrity => errno::NETWORK,
            Failure::NotInDomainList => errno::NOT_IN_DOMAIN_LIST,
            Failure::TooManyTasks { .. } => errno::TOO_MANY_TASKS,
            Failure::TooManyRedirects => errno::TOO_MANY_REDIRECTS,
            Failure::InvalidUrl => errno::INVALID_URL,
            Failure::InvalidUrlScheme => errno::INVALID_URL_SCHEME,
            Failure::Parameter { .. } => errno::PARAMETER,
            Failure::InvalidRequestData { .. } => errno::INVALID_REQUEST_DATA,
            Failure::FileNotFound | Failure::DirectoryNotFound { .. } => FileErrorKind::NotFound.number(),
            Failure::PermissionDenied { .. } => FileErrorKind::PathDenied.number(),
            Failure::TargetDenied { .. } => errno::TARGET_DENIED,
            Failure::QuotaExceeded => FileErrorKind::QuotaExceeded.number(),
            Failure::SaveFile => errno::SAVE_FILE,
            Failure::FileTooLarge => errno::FILE_TOO_LARGE,
            Failure::File { kind, .. } => kind.number(),
            // WeChat has no number for it: it is a failure of the network component like any other.
            Failure::OutOfResources => errno::NETWORK,
            Failure::Internal => errno::INTERNAL,
        }
    }

    /// WeChat's `errMsg`, such as `uploadFile:fail timeout`, of at most [`LONGEST_ERR_MSG`]. Of what is longer the end is
    /// missing, for which `…` stands.
    pub fn err_msg(&self, call: Call) -> String {
        let mut text = format!("{}:fail {}", call.name(), self.reason());
        let mut length = 0;
        let mut kept = 0;
        for (position, character) in text.char_indices() {
            length += character.len_utf16();
            if length > LONGEST_ERR_MSG {
                text.truncate(kept);
                text.push('\u{2026}');
                break;
            }
            if length < LONGEST_ERR_MSG {
                kept = position + character.len_utf8();
            }
        }
        text
    }

    fn reason(&self) -> String {
        match &self.failure {
            Failure::Cancelled(StopReason::Aborted) => "abort".into(),
            Failure::Cancelled(StopReason::DeadlinePassed) | Failure::Stalled => "timeout".into(),
            Failure::Cancelled(StopReason::Interrupted | StopReason::NoNetwork) => "interrupted".into(),
            Failure::Network(_)
            | Failure::Tls
            | Failure::NotTls
            | Failure::TrustStoreUnavailable
            | Failure::SourceFile
            | Failure::DataTooLarge
            | Failure::Integrity => self.detail.clone(),
            Failure::NotInDomainList => "url not in domain list".into(),
            Failure::TooManyTasks { api: Api::Upload, limit } => format!("exceed max upload connection count {limit}"),
            Failure::TooManyTasks { api: Api::Download, limit } => {
                format!("exceed max download connection count {limit}")
            }
            Failure::TooManyRedirects => "exceed max redirect count".into(),
            Failure::InvalidUrl => "invalid url".into(),
            Failure::InvalidUrlScheme => "url scheme is invalid".into(),
            Failure::Parameter { parameter, expected, given } => {
                format!("parameter error: parameter.{parameter} should be {expected} instead of {given};")
            }
            Failure::InvalidRequestData { parameter, name: None } => format!("invalid request data {parameter}"),
            Failure::InvalidRequestData { parameter, name: Some(name) } if name.is_empty() => {
                format!("invalid request data {parameter} \"\"")
            }
            // Escaped, because what makes a name unsendable may be a control character.
            Failure::InvalidRequestData { parameter, name: Some(name) } => {
                let name = shortened(&name.escape_debug().to_string(), LONGEST_NAME);
                format!("invalid request data {parameter} {name}")
            }
            Failure::FileNotFound => "file not found".into(),
            Failure::DirectoryNotFound { path } => format!("no such file or directory {path}"),
            Failure::PermissionDenied { path } | Failure::TargetDenied { path } => {
                format!("permission denied, open {path}")
            }
            Failure::QuotaExceeded => "the maximum size of the file storage limit is exceeded".into(),
            Failure::SaveFile => format!("save file error {}", self.detail),
            Failure::FileTooLarge => "exceed max file size".into(),
            Failure::File { kind, path: Some(path) } if !path.is_empty() => format!("{} {path}", kind.text()),
            Failure::File { kind, .. } => kind.text().into(),
            Failure::OutOfResources => format!("out of resources: {}", self.detail),
            Failure::Internal => "internal error".into(),
        }
    }

    /// The stable kind of the failure.
    pub fn category(&self) -> Category {
        match &self.failure {
            Failure::Cancelled(StopReason::Aborted) => Category::Aborted,
            Failure::Cancelled(StopReason::DeadlinePassed) | Failure::Stalled => Category::Timeout,
            Failure::Cancelled(StopReason::Interrupted | StopReason::NoNetwork) => Category::Interrupted,
            Failure::Network(category) => *category,
            Failure::Tls | Failure::NotTls | Failure::TrustStoreUnavailable => Category::Tls,
            Failure::NotInDomainList => Category::Policy,
            Failure::TooManyTasks { .. }
            | Failure::TooManyRedirects
            | Failure::FileTooLarge
            | Failure::DataTooLarge => Category::Limit,
            Failure::Integrity => Category::Integrity,
            Failure::InvalidUrl
            | Failure::InvalidUrlScheme
            | Failure::Parameter { .. }
            | Failure::InvalidRequestData { .. } => Category::Request,
            Failure::FileNotFound
            | Failure::DirectoryNotFound { .. }
            | Failure::PermissionDenied { .. }
            | Failure::TargetDenied { .. }
            | Failure::SourceFile => Category::File,
            Failure::QuotaExceeded | Failure::SaveFile => Category::Storage,
            Failure::File { kind, .. } => kind.category(),
            Failure::OutOfResources => Category::OutOfResources,
            Failure::Internal => Category::Internal,
        }
    }

    /// Whether the same call may succeed later without a change: the cause is outside the request.
    pub fn retryable(&self) -> bool {
        match &self.failure {
            Failure::Cancelled(reason) => *reason != StopReason::Aborted,
            Failure::Network(category) => matches!(
                category,
                Category::NameResolution | Category::Connect | Category::ConnectionClosed | Category::Protocol
            ),
            // A peer without TLS on a TLS port is a captive portal rather than the server.
            Failure::NotTls => true,
            Failure::Stalled => true,
            Failure::TooManyTasks { .. } | Failure::SourceFile | Failure::Integrity | Failure::OutOfResources => true,
            _ => false,
        }
    }
}

impl fmt::Display for TransferError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for TransferError {}

/// WeChat's error numbers of transfers (the WeChat documentation, "Errno" and the error tables of the network APIs). Those of
/// files are in `file_error.rs`.
pub mod errno {
    /// Success.
    pub const OK: i32 = 0;
    /// `abort()` of an upload.
    pub const CANCEL: i32 = 1;
    /// Internal error.
    pub const INTERNAL: i32 = 4;
    /// Time out.
    pub const TIMEOUT: i32 = 5;
    /// A parameter is missing or has the wrong type.
    pub const PARAMETER: i32 = 1001;
    /// Network component error.
    pub const NETWORK: i32 = 600_001;
    /// URL not in the domain list.
    pub const NOT_IN_DOMAIN_LIST: i32 = 600_002;
    /// Network interrupted.
    pub const INTERRUPTED: i32 = 600_003;
    /// A URL of another scheme.
    pub const INVALID_URL_SCHEME: i32 = 600_005;
    /// More tasks than allowed.
    pub const TOO_MANY_TASKS: i32 = 600_007;
    /// More redirects than followed.
    pub const TOO_MANY_REDIRECTS: i32 = 600_008;
    /// Invalid URL.
    pub const INVALID_URL: i32 = 600_009;
    /// Header or form data that cannot be sent.
    pub const INVALID_REQUEST_DATA: i32 = 600_010;
    /// `abort()` of a download.
    pub const ABORT_DOWNLOAD: i32 = 603_105;
    /// A downloaded file cannot be stored.
    pub const SAVE_FILE: i32 = 603_300;
    /// A downloaded file is over the limit.
    pub const FILE_TOO_LARGE: i32 = 603_301;
    /// A download's `filePath` that may not be written.
    pub const TARGET_DENIED: i32 = 603_303;
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
