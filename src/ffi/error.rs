//! The failure numbers of the C interface.

use crate::terms::{Category, FileErrorKind, errno};

/// Success. `errMsg` is `uploadFile:ok`, `downloadFile:ok` and so on.
///
/// Each failure number below lists the text that follows `uploadFile:fail ` (or the name of another call) in `errMsg`,
/// and when it occurs. The numbers of transfers also list the category and whether it is `retryable`; for those of file
/// calls (1300001 and above), see `docs/failures.md`. `detail` always says more.
pub const WXT_ERRNO_OK: i32 = 0;
/// `abort`: an upload was aborted, or the session closed while it ran. `WXT_CATEGORY_ABORTED`, not retryable.
pub const WXT_ERRNO_CANCEL: i32 = 1;
/// `internal error`: a bug of the library, caught during a transfer. `WXT_CATEGORY_INTERNAL`, not retryable.
pub const WXT_ERRNO_INTERNAL: i32 = 4;
/// `timeout`: the deadline passed, in any phase. Also, with the detail `stalled`, if the connection was slower than
/// `low_speed_limit` for `low_speed_time`. `WXT_CATEGORY_TIMEOUT`, retryable.
pub const WXT_ERRNO_TIMEOUT: i32 = 5;
/// `parameter error: parameter.url should be String instead of Undefined;`: a parameter of a transfer is missing or has
/// the wrong type. In C, a string that is NULL is reported as `Undefined`, one that is not UTF-8 as `ArrayBuffer`, and
/// an empty one as neither. `fileDescriptor should be File instead of Number`: the descriptor is neither a readable
/// file nor a pipe, or has fewer bytes than `file_length`. `fileLength should be Length instead of Number`: the body
/// would have 2^64 bytes or more. `expectedSha256 should be SHA-256 instead of String`: `expected_sha256` is not 64
/// hexadecimal digits. `WXT_CATEGORY_REQUEST`, not retryable.
pub const WXT_ERRNO_PARAMETER: i32 = 1001;
/// A failure of the network, with a text that says what happened.
///
/// - Retryable: name resolution (`WXT_CATEGORY_NAME_RESOLUTION`), connecting (`WXT_CATEGORY_CONNECT`; if the proxy
///   refuses the tunnel, only with the status 408, 429, 502, 503 or 504), protocol (`WXT_CATEGORY_PROTOCOL`), a
///   connection that ended (`WXT_CATEGORY_CONNECTION_CLOSED`).
/// - TLS (`WXT_CATEGORY_TLS`): retryable only if the peer does not speak TLS.
/// - A file that changed, or could not be read, while it was sent: `WXT_CATEGORY_FILE`, retryable.
/// - An upload's answer over `max_data_size`: `WXT_CATEGORY_LIMIT`, not retryable.
/// - A downloaded file that differs from what the request expects or the server declares: `WXT_CATEGORY_INTEGRITY`,
///   retryable.
/// - `out of resources: …`, no thread, descriptor or memory is left for a transfer: `WXT_CATEGORY_OUT_OF_RESOURCES`,
///   retryable.
pub const WXT_ERRNO_NETWORK: i32 = 600001;
/// `url not in domain list`: the host of the URL or of a redirect is not in the domain list, is an address that
/// `lan_policy` does not allow, or the URL is `http` and that is not allowed. `WXT_CATEGORY_POLICY`, not retryable.
pub const WXT_ERRNO_NOT_IN_DOMAIN_LIST: i32 = 600002;
/// `interrupted`: the mini program was in the background, or without a network (`wxt_session_network_changed`), for
/// more than 5 s. Tasks that have not ended by then and calls after that fail. With `wait_in_background`, also an upload
/// that lost its connection in the background and must not be sent again. `WXT_CATEGORY_INTERRUPTED`, retryable.
pub const WXT_ERRNO_INTERRUPTED: i32 = 600003;
/// `url scheme is invalid`: the scheme of the URL or of a redirect is neither `https` nor `http`.
/// `WXT_CATEGORY_REQUEST`, not retryable.
pub const WXT_ERRNO_INVALID_URL_SCHEME: i32 = 600005;
/// `exceed max upload connection count 10` or `exceed max download connection count 10`: too many tasks of the API at
/// the same time, on an old base library that has no queue. The number is `max_concurrent_uploads` or
/// `max_concurrent_downloads`. `WXT_CATEGORY_LIMIT`, retryable.
pub const WXT_ERRNO_TOO_MANY_TASKS: i32 = 600007;
/// `exceed max redirect count`: the server sent a sixth redirect. `WXT_CATEGORY_LIMIT`, not retryable.
pub const WXT_ERRNO_TOO_MANY_REDIRECTS: i32 = 600008;
/// `invalid url`: the URL or that of a redirect is malformed, too long or contains user-info. `WXT_CATEGORY_REQUEST`,
/// not retryable.
pub const WXT_ERRNO_INVALID_URL: i32 = 600009;
/// `invalid request data header <name>`, `… formData <name>`, `… name` or `… mediaType`: a name or value that cannot be
/// sent, or an upload whose `name` is empty. `<name>` is the name of the header or form field, shortened to 100
/// characters. It is `""` if empty, and missing if it is not UTF-8. If all headers together exceed 32 KiB, the largest
/// one is named. `WXT_CATEGORY_REQUEST`, not retryable.
pub const WXT_ERRNO_INVALID_REQUEST_DATA: i32 = 600010;
/// `abort`: a download was aborted, or the session closed while it ran. `WXT_CATEGORY_ABORTED`, not retryable.
pub const WXT_ERRNO_ABORT_DOWNLOAD: i32 = 603105;
/// `save file error …`: a downloaded file cannot be stored: the disk is full, an I/O error occurred, or another process
/// has the files open. `WXT_CATEGORY_STORAGE`, not retryable.
pub const WXT_ERRNO_SAVE_FILE: i32 = 603300;
/// `exceed max file size`: a downloaded file exceeds `max_download_size`. `WXT_CATEGORY_LIMIT`, not retryable.
pub const WXT_ERRNO_FILE_TOO_LARGE: i32 = 603301;
/// `permission denied, open <path>`: a download's `filePath` is not below `wxfile://usr/`, is not a regular file, is
/// too long, has a file among its directories, or the system refuses the access. `WXT_CATEGORY_FILE`, not retryable.
pub const WXT_ERRNO_TARGET_DENIED: i32 = 603303;
/// `operation not permitted`: the call does not apply to what is at the path (`unlink` of a directory).
pub const WXT_ERRNO_OPERATION_NOT_PERMITTED: i32 = 1300001;
/// `no such file or directory`: the file or its parent directory does not exist. For the file that an upload sends:
/// `file not found`.
pub const WXT_ERRNO_FILE_NOT_FOUND: i32 = 1300002;
/// `Input/output error`: the storage device failed.
pub const WXT_ERRNO_INPUT_OUTPUT: i32 = 1300005;
/// `bad file descriptor`: the descriptor cannot be imported.
pub const WXT_ERRNO_BAD_FILE_DESCRIPTOR: i32 = 1300009;
/// `permission denied`: the system denies the access.
pub const WXT_ERRNO_FILE_ACCESS_DENIED: i32 = 1300013;
/// `permission denied, open`: the path is outside the sandbox, has more than 31 names below `wxfile://usr`, or the page
/// may not use it in this way. In an upload also: the path is too long or has a file among its directories, the file is
/// a directory, or the system refuses the access.
pub const WXT_ERRNO_PERMISSION_DENIED: i32 = 1300014;
/// `not a directory`: a directory is needed, but a file is at the path.
pub const WXT_ERRNO_NOT_A_DIRECTORY: i32 = 1300020;
/// `Is a directory`: a file is needed, but a directory is at the path.
pub const WXT_ERRNO_IS_A_DIRECTORY: i32 = 1300021;
/// `Invalid argument`: a directory would be moved below itself. Also a parameter of a file call that is missing or has
/// the wrong type, with the text of `WXT_ERRNO_PARAMETER`.
pub const WXT_ERRNO_INVALID_ARGUMENT: i32 = 1300022;
/// `File name too long`: a name has more than 255 bytes, or a path more than 1,024.
pub const WXT_ERRNO_FILE_NAME_TOO_LONG: i32 = 1300036;
/// `directory not empty`: the directory to remove or replace contains files.
pub const WXT_ERRNO_DIRECTORY_NOT_EMPTY: i32 = 1300066;
/// `system error`: any other error of the system in a file call. Also, in a file call: no descriptor or memory is left
/// (`out of resources: …`, `WXT_CATEGORY_OUT_OF_RESOURCES`, retryable), the session closes (`abort`,
/// `WXT_CATEGORY_ABORTED`), or a bug of the library (`internal error`, `WXT_CATEGORY_INTERNAL`).
pub const WXT_ERRNO_SYSTEM_ERROR: i32 = 1300201;
/// `the maximum size of the file storage limit is exceeded`: the storage quota is exceeded. In a file call, also: the
/// disk is full, or the call reads or writes too many bytes.
pub const WXT_ERRNO_QUOTA_EXCEEDED: i32 = 1300202;
/// `illegal operation on a directory, open`: a directory is at the path of the file to write.
pub const WXT_ERRNO_ILLEGAL_OPERATION_ON_DIRECTORY: i32 = 1301003;
/// `file already exists`: a file or directory with this name exists.
pub const WXT_ERRNO_FILE_ALREADY_EXISTS: i32 = 1301005;
/// `value of length is out of range`: `length` is greater than the file's length.
pub const WXT_ERRNO_LENGTH_OUT_OF_RANGE: i32 = 1301006;
/// `value of position is out of range`: a read starts at or after the end of the file (0 is valid for an empty file),
/// or a write starts after the end.
pub const WXT_ERRNO_POSITION_OUT_OF_RANGE: i32 = 1301009;
/// `tempFilePath file not exist`: the path passed to `saveFile` is a page's path, but not that of an existing temporary
/// file.
pub const WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST: i32 = 1301112;

/// The page aborted the task, or the session closed.
pub const WXT_CATEGORY_ABORTED: i32 = 1;
/// The deadline passed, or the connection stalled (see `low_speed_limit`).
pub const WXT_CATEGORY_TIMEOUT: i32 = 2;
/// The mini program was in the background, or without a network, for too long. See `WXT_ERRNO_INTERRUPTED`.
pub const WXT_CATEGORY_INTERRUPTED: i32 = 3;
/// A parameter, including the URL, is missing or malformed.
pub const WXT_CATEGORY_REQUEST: i32 = 4;
/// A rule of the session forbids the URL: the domain list, plain `http`, the local network.
pub const WXT_CATEGORY_POLICY: i32 = 5;
/// There are too many tasks or redirects, or a body exceeds its limit.
pub const WXT_CATEGORY_LIMIT: i32 = 6;
/// The host name has no address.
pub const WXT_CATEGORY_NAME_RESOLUTION: i32 = 7;
/// No connection could be made to the server or the proxy.
pub const WXT_CATEGORY_CONNECT: i32 = 8;
/// The TLS handshake failed, or the certificate was rejected.
pub const WXT_CATEGORY_TLS: i32 = 9;
/// The connection ended before the answer was complete.
pub const WXT_CATEGORY_CONNECTION_CLOSED: i32 = 10;
/// The server violated HTTP.
pub const WXT_CATEGORY_PROTOCOL: i32 = 11;
/// The file to send cannot be read, or it changed while it was sent. Or a path does not suit the call: it is missing,
/// outside the sandbox, of the wrong kind, or exists already.
pub const WXT_CATEGORY_FILE: i32 = 12;
/// A file cannot be stored or read: quota, disk, permission, or another error of the system. Also: `saveFile` finds no
/// temporary file.
pub const WXT_CATEGORY_STORAGE: i32 = 13;
/// A bug of the library, which was caught.
pub const WXT_CATEGORY_INTERNAL: i32 = 14;
/// No thread, descriptor or memory is left. Retryable: the same call may succeed when others have ended.
pub const WXT_CATEGORY_OUT_OF_RESOURCES: i32 = 15;
/// A downloaded file differs from `expected_length` or `expected_sha256`, or from the digest that `verify_digest`
/// checks. No file is created. Retryable: the file may have been damaged on its way.
pub const WXT_CATEGORY_INTEGRITY: i32 = 16;

// The header shows these as numbers, and the library uses enums. The compiler checks here that the two agree.
const _: () = {
    assert!(WXT_ERRNO_OK == errno::OK);
    assert!(WXT_ERRNO_CANCEL == errno::CANCEL);
    assert!(WXT_ERRNO_INTERNAL == errno::INTERNAL);
    assert!(WXT_ERRNO_TIMEOUT == errno::TIMEOUT);
    assert!(WXT_ERRNO_PARAMETER == errno::PARAMETER);
    assert!(WXT_ERRNO_NETWORK == errno::NETWORK);
    assert!(WXT_ERRNO_NOT_IN_DOMAIN_LIST == errno::NOT_IN_DOMAIN_LIST);
    assert!(WXT_ERRNO_INTERRUPTED == errno::INTERRUPTED);
    assert!(WXT_ERRNO_INVALID_URL_SCHEME == errno::INVALID_URL_SCHEME);
    assert!(WXT_ERRNO_TOO_MANY_TASKS == errno::TOO_MANY_TASKS);
    assert!(WXT_ERRNO_TOO_MANY_REDIRECTS == errno::TOO_MANY_REDIRECTS);
    assert!(WXT_ERRNO_INVALID_URL == errno::INVALID_URL);
    assert!(WXT_ERRNO_INVALID_REQUEST_DATA == errno::INVALID_REQUEST_DATA);
    assert!(WXT_ERRNO_ABORT_DOWNLOAD == errno::ABORT_DOWNLOAD);
    assert!(WXT_ERRNO_SAVE_FILE == errno::SAVE_FILE);
    assert!(WXT_ERRNO_FILE_TOO_LARGE == errno::FILE_TOO_LARGE);
    assert!(WXT_ERRNO_TARGET_DENIED == errno::TARGET_DENIED);
    assert!(WXT_ERRNO_OPERATION_NOT_PERMITTED == FileErrorKind::OperationNotPermitted.number());
    assert!(WXT_ERRNO_FILE_NOT_FOUND == FileErrorKind::NotFound.number());
    assert!(WXT_ERRNO_INPUT_OUTPUT == FileErrorKind::InputOutput.number());
    assert!(WXT_ERRNO_BAD_FILE_DESCRIPTOR == FileErrorKind::BadDescriptor.number());
    assert!(WXT_ERRNO_FILE_ACCESS_DENIED == FileErrorKind::AccessDenied.number());
    assert!(WXT_ERRNO_PERMISSION_DENIED == FileErrorKind::PathDenied.number());
    assert!(WXT_ERRNO_NOT_A_DIRECTORY == FileErrorKind::NotADirectory.number());
    assert!(WXT_ERRNO_IS_A_DIRECTORY == FileErrorKind::IsADirectory.number());
    assert!(WXT_ERRNO_INVALID_ARGUMENT == FileErrorKind::InvalidArgument.number());
    assert!(WXT_ERRNO_FILE_NAME_TOO_LONG == FileErrorKind::NameTooLong.number());
    assert!(WXT_ERRNO_DIRECTORY_NOT_EMPTY == FileErrorKind::DirectoryNotEmpty.number());
    assert!(WXT_ERRNO_SYSTEM_ERROR == FileErrorKind::System.number());
    assert!(WXT_ERRNO_QUOTA_EXCEEDED == FileErrorKind::QuotaExceeded.number());
    assert!(WXT_ERRNO_ILLEGAL_OPERATION_ON_DIRECTORY == FileErrorKind::DirectoryWritten.number());
    assert!(WXT_ERRNO_FILE_ALREADY_EXISTS == FileErrorKind::AlreadyExists.number());
    assert!(WXT_ERRNO_LENGTH_OUT_OF_RANGE == FileErrorKind::LengthOutOfRange.number());
    assert!(WXT_ERRNO_POSITION_OUT_OF_RANGE == FileErrorKind::PositionOutOfRange.number());
    assert!(WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST == FileErrorKind::TemporaryFileNotExist.number());
    assert!(WXT_CATEGORY_ABORTED == Category::Aborted as i32);
    assert!(WXT_CATEGORY_TIMEOUT == Category::Timeout as i32);
    assert!(WXT_CATEGORY_INTERRUPTED == Category::Interrupted as i32);
    assert!(WXT_CATEGORY_REQUEST == Category::Request as i32);
    assert!(WXT_CATEGORY_POLICY == Category::Policy as i32);
    assert!(WXT_CATEGORY_LIMIT == Category::Limit as i32);
    assert!(WXT_CATEGORY_NAME_RESOLUTION == Category::NameResolution as i32);
    assert!(WXT_CATEGORY_CONNECT == Category::Connect as i32);
    assert!(WXT_CATEGORY_TLS == Category::Tls as i32);
    assert!(WXT_CATEGORY_CONNECTION_CLOSED == Category::ConnectionClosed as i32);
    assert!(WXT_CATEGORY_PROTOCOL == Category::Protocol as i32);
    assert!(WXT_CATEGORY_FILE == Category::File as i32);
    assert!(WXT_CATEGORY_STORAGE == Category::Storage as i32);
    assert!(WXT_CATEGORY_INTERNAL == Category::Internal as i32);
    assert!(WXT_CATEGORY_OUT_OF_RESOURCES == Category::OutOfResources as i32);
    assert!(WXT_CATEGORY_INTEGRITY == Category::Integrity as i32);
};
