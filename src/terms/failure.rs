//! The failures of tasks and file calls, in WeChat's terms and in the library's.

use std::fmt;

use super::{Api, Call, FileErrorKind, shortened};
use crate::worker::StopReason;

/// A stable kind of failure, for decisions of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[non_exhaustive]
pub enum Category {
    /// The page aborted the task, or the session closed.
    Aborted = 1,
    /// The deadline passed, or the connection stalled.
    Timeout = 2,
    /// The mini program was in the background, or without a network, for too long.
    Interrupted = 3,
    /// A parameter, including the URL, is missing or malformed.
    Request = 4,
    /// A rule of the session forbids the URL: the domain list, plain `http`, the local network.
    Policy = 5,
    /// There are too many tasks or redirects, or a body exceeds its limit.
    Limit = 6,
    /// The host name has no address.
    NameResolution = 7,
    /// No connection could be made to the server or the proxy.
    Connect = 8,
    /// The TLS handshake failed, or the certificate was rejected.
    Tls = 9,
    /// The connection ended before the answer was complete.
    ConnectionClosed = 10,
    /// The server violated HTTP.
    Protocol = 11,
    /// The file to send cannot be read, or it changed while it was sent. Or a path does not suit the call: it is
    /// missing, outside the sandbox, of the wrong kind, or exists already.
    File = 12,
    /// A file cannot be stored or read: quota, disk, permission, or another error of the system. Also: `saveFile` finds
    /// no temporary file.
    Storage = 13,
    /// A bug of the library, which was caught.
    Internal = 14,
    /// No thread, descriptor or memory is left.
    OutOfResources = 15,
    /// A downloaded file differs from what was expected.
    Integrity = 16,
}

/// The failure, as precisely as decisions require.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The task was stopped, or its deadline passed.
    Cancelled(StopReason),
    /// The connection was slower than the host allows, for too long.
    Stalled,
    /// The network component failed, in the way that the category says.
    Network(Category),
    /// The proxy refuses the connection, for example because of a wrong password.
    ProxyRefused,
    /// The TLS handshake failed, or the certificate was rejected.
    Tls,
    /// The peer does not speak TLS.
    NotTls,
    /// The operating system's trust store was never initialised.
    TrustStoreUnavailable,
    /// The host of the URL or of a redirect is not in the API's domain list.
    NotInDomainList,
    /// There are too many tasks, on an old base library that has no queue.
    TooManyTasks {
        /// The API.
        api: Api,
        /// The limit.
        limit: usize,
    },
    /// There were too many redirects.
    TooManyRedirects,
    /// The URL is invalid.
    InvalidUrl,
    /// The URL's scheme is neither `https` nor `http`.
    InvalidUrlScheme,
    /// A parameter is missing or has the wrong type.
    Parameter {
        /// The parameter, with its name in WeChat's documentation.
        parameter: &'static str,
        /// The JavaScript type that it should have.
        expected: &'static str,
        /// The JavaScript type that it has.
        given: &'static str,
    },
    /// A header or form data cannot be sent.
    InvalidRequestData {
        /// `header`, `formData`, `name` or `mediaType`.
        parameter: &'static str,
        /// The name of the header or form field that cannot be sent, as the page specified it. `None` if it is not
        /// text.
        name: Option<String>,
    },
    /// The file to send does not exist.
    FileNotFound,
    /// The directory of a download's `filePath` does not exist.
    DirectoryNotFound {
        /// The path, as the page specified it.
        path: String,
    },
    /// The path is outside the sandbox, or the file cannot be opened.
    PermissionDenied {
        /// The path, as the page specified it.
        path: String,
    },
    /// A download's `filePath` must not be written.
    TargetDenied {
        /// The path, as the page specified it.
        path: String,
    },
    /// The size of the file to send changed, or the file cannot be read.
    SourceFile,
    /// The file does not fit into the mini program's quota.
    QuotaExceeded,
    /// The answer's body cannot be written.
    SaveFile,
    /// A downloaded file exceeds the size limit.
    FileTooLarge,
    /// The answer to an upload exceeds the size limit.
    DataTooLarge,
    /// A downloaded file has another length or digest than expected.
    Integrity,
    /// A file call failed.
    File {
        /// The row of WeChat's table.
        kind: FileErrorKind,
        /// The path for `errMsg`, as the page specified it.
        path: Option<String>,
    },
    /// The process or the system has no thread, descriptor or memory left. The detail names the resource.
    OutOfResources,
    /// A bug of the library, which was caught.
    Internal,
}

/// The maximum length of `errMsg` in UTF-16 units, which a page counts in. Pages show it in one line.
const LONGEST_ERR_MSG: usize = 200;

/// The maximum length of a header's or form field's name in `errMsg`.
const LONGEST_NAME: usize = 100;

/// A failed task or file call: the failure for the page, and a detail for developers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferError {
    /// The failure.
    pub failure: Failure,
    /// What happened, in English, including system errors. Contains no query and no header value.
    pub detail: String,
}

impl TransferError {
    /// A failure with its detail.
    pub fn new(failure: Failure, detail: impl Into<String>) -> TransferError {
        TransferError { failure, detail: detail.into() }
    }

    /// The failure of a stopped transfer.
    pub fn cancelled(reason: StopReason) -> TransferError {
        TransferError::new(Failure::Cancelled(reason), reason.to_string())
    }

    /// A required parameter, named as in WeChat's documentation, is missing.
    pub fn missing(parameter: &'static str) -> TransferError {
        let failure = Failure::Parameter { parameter, expected: "String", given: "Undefined" };
        TransferError::new(failure, format!("{parameter} is missing"))
    }

    /// A text parameter is not UTF-8.
    pub fn not_text(parameter: &'static str) -> TransferError {
        let failure = Failure::Parameter { parameter, expected: "String", given: "ArrayBuffer" };
        TransferError::new(failure, format!("{parameter} is not UTF-8"))
    }

    /// A header or form data that cannot be sent. `name` is that of the header or field.
    pub fn request_data(parameter: &'static str, name: Option<String>, detail: impl Into<String>) -> TransferError {
        TransferError::new(Failure::InvalidRequestData { parameter, name }, detail)
    }

    /// WeChat's `errno`. For a file call always a number of [`FileErrorKind`]. The abort of a download has a number of
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
            | Failure::ProxyRefused
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
            // WeChat has no number for this. It counts as a failure of the network component.
            Failure::OutOfResources => errno::NETWORK,
            Failure::Internal => errno::INTERNAL,
        }
    }

    /// WeChat's `errMsg`, such as `uploadFile:fail timeout`. A text longer than [`LONGEST_ERR_MSG`] is truncated and
    /// ends with `…`.
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
            | Failure::ProxyRefused
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
            // Escaped, because a name that cannot be sent may contain control characters.
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
            Failure::ProxyRefused => Category::Connect,
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

    /// Whether the same call may succeed later without a change, because the failure's cause is outside of the request.
    pub fn retryable(&self) -> bool {
        match &self.failure {
            Failure::Cancelled(reason) => *reason != StopReason::Aborted,
            Failure::Network(category) => matches!(
                category,
                Category::NameResolution | Category::Connect | Category::ConnectionClosed | Category::Protocol
            ),
            // A peer without TLS on a TLS port is usually a captive portal and not the server.
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

/// WeChat's error numbers of transfers (WeChat's documentation, "Errno" and the error tables of the network APIs).
/// Those of files are in `file_error.rs`.
pub mod errno {
    /// Success.
    pub const OK: i32 = 0;
    /// An upload was aborted.
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
    /// The URL's scheme is neither `https` nor `http`.
    pub const INVALID_URL_SCHEME: i32 = 600_005;
    /// Too many tasks.
    pub const TOO_MANY_TASKS: i32 = 600_007;
    /// Too many redirects.
    pub const TOO_MANY_REDIRECTS: i32 = 600_008;
    /// Invalid URL.
    pub const INVALID_URL: i32 = 600_009;
    /// A header or form data cannot be sent.
    pub const INVALID_REQUEST_DATA: i32 = 600_010;
    /// A download was aborted.
    pub const ABORT_DOWNLOAD: i32 = 603_105;
    /// A downloaded file cannot be stored.
    pub const SAVE_FILE: i32 = 603_300;
    /// A downloaded file exceeds the limit.
    pub const FILE_TOO_LARGE: i32 = 603_301;
    /// A download's `filePath` must not be written.
    pub const TARGET_DENIED: i32 = 603_303;
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
