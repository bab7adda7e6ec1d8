//! The numbers of failures, as C sees them.

use crate::terms::{Category, FileErrorKind, errno};

/// Success. `errMsg` is `uploadFile:ok`, `downloadFile:ok` and so on. Of the numbers below, each says what follows
/// `uploadFile:fail ` in `errMsg`, when it comes, its category and whether it is `retryable`. `detail` always says more.
pub const WXT_ERRNO_OK: i32 = 0;
/// `abort`: an upload was aborted, or the session closed during it. `WXT_CATEGORY_ABORTED`, not retryable.
pub const WXT_ERRNO_CANCEL: i32 = 1;
/// `internal error`: a bug of the library, caught, in a transfer. `WXT_CATEGORY_INTERNAL`, not retryable.
pub const WXT_ERRNO_INTERNAL: i32 = 4;
/// `timeout`: the deadline passed, in whatever phase, or the connection was slower than `low_speed_limit` for `low_speed_time`, whose
/// detail is `stalled`. `WXT_CATEGORY_TIMEOUT`, retryable.
pub const WXT_ERRNO_TIMEOUT: i32 = 5;
/// `parameter error: parameter.url should be String instead of Undefined;`: the named parameter of a transfer is missing or has
/// the wrong type. In C a string that is NULL is `Undefined`, and bytes that are not UTF-8 are an `ArrayBuffer`. An
/// empty string is neither. `fileDescriptor` should be `File` instead of `Number` if it is neither a readable file nor a
/// pipe, or holds fewer bytes than was said. `WXT_CATEGORY_REQUEST`, not retryable.
pub const WXT_ERRNO_PARAMETER: i32 = 1001;
/// What happened, in words: name resolution (`WXT_CATEGORY_NAME_RESOLUTION`), connection (`WXT_CATEGORY_CONNECT`), TLS
/// (`WXT_CATEGORY_TLS`), protocol (`WXT_CATEGORY_PROTOCOL`), reset (`WXT_CATEGORY_CONNECTION_CLOSED`); all retryable but TLS,
/// which is only if the peer does not speak it. Also a file that changed while it was sent (`WXT_CATEGORY_FILE`, retryable), an
/// upload's answer over `max_data_size` (`WXT_CATEGORY_LIMIT`, not retryable), a downloaded file that is not what the request
/// expects or the server declares (`WXT_CATEGORY_INTEGRITY`, retryable), and a transfer for which no thread, descriptor or memory
/// is left (`out of resources: …`, `WXT_CATEGORY_OUT_OF_RESOURCES`, retryable).
pub const WXT_ERRNO_NETWORK: i32 = 600001;
/// `url not in domain list`: the host is not in the domain list, is an address that `lan_policy` does not allow, or the URL is
/// `http` and that is not allowed; at first or after a redirect. `WXT_CATEGORY_POLICY`, not retryable.
pub const WXT_ERRNO_NOT_IN_DOMAIN_LIST: i32 = 600002;
/// `interrupted`: not finished, or called, when 5 s in the background or without a network (`wxt_session_network_changed`) are
/// over. `WXT_CATEGORY_INTERRUPTED`, retryable.
pub const WXT_ERRNO_INTERRUPTED: i32 = 600003;
/// `url scheme is invalid`: the URL, or that of a redirect, has another scheme than `https` and `http`. `WXT_CATEGORY_REQUEST`,
/// not retryable.
pub const WXT_ERRNO_INVALID_URL_SCHEME: i32 = 600005;
/// `exceed max upload connection count 10` or `exceed max download connection count 10`: more tasks than the API may have, on a
/// base library that does not queue. `WXT_CATEGORY_LIMIT`, retryable.
pub const WXT_ERRNO_TOO_MANY_TASKS: i32 = 600007;
/// `exceed max redirect count`: more redirects than are followed. `WXT_CATEGORY_LIMIT`, not retryable.
pub const WXT_ERRNO_TOO_MANY_REDIRECTS: i32 = 600008;
/// `invalid url`: the URL, or that of a redirect, cannot be used: it is malformed, too long or has user-info.
/// `WXT_CATEGORY_REQUEST`, not retryable.
pub const WXT_ERRNO_INVALID_URL: i32 = 600009;
/// `invalid request data header <name>`, `… formData <name>`, `… name` or `… mediaType`: a name or value that cannot be sent, an empty `name` of an upload included. The name is that of the header or field, shortened to 100
/// characters, `""` if it is empty, and left out if it is not UTF-8. Of headers that have more than 32 KiB together the largest is
/// named.
/// `WXT_CATEGORY_REQUEST`, not retryable.
pub const WXT_ERRNO_INVALID_REQUEST_DATA: i32 = 600010;
/// `abort`: a download was aborted, or the session closed during it. `WXT_CATEGORY_ABORTED`, not retryable.
pub const WXT_ERRNO_ABORT_DOWNLOAD: i32 = 603105;
/// `save file error …`: a downloaded file cannot be stored: a full disk, an I/O error, or files that another process has.
/// `WXT_CATEGORY_STORAGE`, not retryable.
pub const WXT_ERRNO_SAVE_FILE: i32 = 603300;
/// `exceed max file size`: a downloaded file is over `max_download_size`. `WXT_CATEGORY_LIMIT`, not retryable.
pub const WXT_ERRNO_FILE_TOO_LARGE: i32 = 603301;
/// `permission denied, open <path>`: a download's `filePath` is not below `wxfile://usr/`, or something that is no regular file
/// has its name. `WXT_CATEGORY_FILE`, not retryable.
pub const WXT_ERRNO_TARGET_DENIED: i32 = 603303;
/// `operation not permitted`: the call is not for what is at the path (`unlink` of a directory).
pub const WXT_ERRNO_OPERATION_NOT_PERMITTED: i32 = 1300001;
/// `no such file or directory`: the file, or the directory that it is to be in. Of an upload, the file to send.
pub const WXT_ERRNO_FILE_NOT_FOUND: i32 = 1300002;
/// `Input/output error`: the device failed.
pub const WXT_ERRNO_INPUT_OUTPUT: i32 = 1300005;
/// `bad file descriptor`: one that cannot be imported.
pub const WXT_ERRNO_BAD_FILE_DESCRIPTOR: i32 = 1300009;
/// `permission denied`: the system refuses the access.
pub const WXT_ERRNO_FILE_ACCESS_DENIED: i32 = 1300013;
/// `permission denied, open`: a path outside the sandbox, or one that the page may not use in this way.
pub const WXT_ERRNO_PERMISSION_DENIED: i32 = 1300014;
/// `not a directory`: a file is where a directory is needed.
pub const WXT_ERRNO_NOT_A_DIRECTORY: i32 = 1300020;
/// `Is a directory`: a directory is where a file is needed.
pub const WXT_ERRNO_IS_A_DIRECTORY: i32 = 1300021;
/// `Invalid argument`: a directory would come to be below itself. Also a file call's parameter that is missing or has the wrong
/// type, with the text of `WXT_ERRNO_PARAMETER`.
pub const WXT_ERRNO_INVALID_ARGUMENT: i32 = 1300022;
/// `File name too long`: more than 255 bytes.
pub const WXT_ERRNO_FILE_NAME_TOO_LONG: i32 = 1300036;
/// `directory not empty`.
pub const WXT_ERRNO_DIRECTORY_NOT_EMPTY: i32 = 1300066;
/// `system error`: any other error of the system under a file call. Also a lack of descriptors or memory (`out of resources: …`,
/// `WXT_CATEGORY_OUT_OF_RESOURCES`, retryable), a session that is closed during a file call (`abort`, `WXT_CATEGORY_ABORTED`) and
/// a bug of the library, caught (`internal error`, `WXT_CATEGORY_INTERNAL`).
pub const WXT_ERRNO_SYSTEM_ERROR: i32 = 1300201;
/// Over the storage quota; of a file call also a full disk, and more bytes than one call may read or write.
pub const WXT_ERRNO_QUOTA_EXCEEDED: i32 = 1300202;
/// `illegal operation on a directory`: it is to be written as a file.
pub const WXT_ERRNO_ILLEGAL_OPERATION_ON_DIRECTORY: i32 = 1301003;
/// `file already exists`: a file or directory has the name.
pub const WXT_ERRNO_FILE_ALREADY_EXISTS: i32 = 1301005;
/// `value of length is out of range`.
pub const WXT_ERRNO_LENGTH_OUT_OF_RANGE: i32 = 1301006;
/// `value of position is out of range`.
pub const WXT_ERRNO_POSITION_OUT_OF_RANGE: i32 = 1301009;
/// `saveFile` of a path that is no temporary file.
pub const WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST: i32 = 1301112;

/// The page or the closing session stopped the task.
pub const WXT_CATEGORY_ABORTED: i32 = 1;
/// The deadline passed, or the connection stalled (`low_speed_limit`).
pub const WXT_CATEGORY_TIMEOUT: i32 = 2;
/// The mini program was in the background, or without a network, for too long.
pub const WXT_CATEGORY_INTERRUPTED: i32 = 3;
/// A parameter is missing or malformed, the URL included.
pub const WXT_CATEGORY_REQUEST: i32 = 4;
/// A rule of the host forbids the URL: the domain list, plain `http`, the local network.
pub const WXT_CATEGORY_POLICY: i32 = 5;
/// Too many tasks or redirects, or a body over its limit.
pub const WXT_CATEGORY_LIMIT: i32 = 6;
/// The host name has no address.
pub const WXT_CATEGORY_NAME_RESOLUTION: i32 = 7;
/// No connection could be made, a proxy's included.
pub const WXT_CATEGORY_CONNECT: i32 = 8;
/// The TLS handshake failed, or the certificate was refused.
pub const WXT_CATEGORY_TLS: i32 = 9;
/// The connection ended before the answer was complete.
pub const WXT_CATEGORY_CONNECTION_CLOSED: i32 = 10;
/// The server broke HTTP's rules.
pub const WXT_CATEGORY_PROTOCOL: i32 = 11;
/// The file to send cannot be read or changed while it was sent, or a path is outside the sandbox or in no directory.
pub const WXT_CATEGORY_FILE: i32 = 12;
/// The answer cannot be stored: quota, disk, permission.
pub const WXT_CATEGORY_STORAGE: i32 = 13;
/// A bug of the library, caught.
pub const WXT_CATEGORY_INTERNAL: i32 = 14;
/// No thread, descriptor or memory is left. `retryable`: the same call may succeed when others have ended.
pub const WXT_CATEGORY_OUT_OF_RESOURCES: i32 = 15;
/// A downloaded file has another length or digest than `expected_length`, `expected_sha256` or `verify_digest` demand. It does not
/// appear. `retryable`: it may have been damaged on its way.
pub const WXT_CATEGORY_INTEGRITY: i32 = 16;

// The header has to show numbers, and the library decides by names: here the compiler holds one against the other.
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
