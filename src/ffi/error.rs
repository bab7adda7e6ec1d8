//! The numbers of failures, as C sees them.

use crate::error::{Category, errno};

/// Success.
pub const WXT_ERRNO_OK: i32 = 0;
/// `abort` of an upload.
pub const WXT_ERRNO_CANCEL: i32 = 1;
/// A bug of the library, caught.
pub const WXT_ERRNO_INTERNAL: i32 = 4;
/// The deadline passed, in whatever phase.
pub const WXT_ERRNO_TIMEOUT: i32 = 5;
/// Name resolution, connection, TLS, protocol, reset.
pub const WXT_ERRNO_NETWORK: i32 = 600001;
/// The host is not in the domain list, at first or after a redirect.
pub const WXT_ERRNO_NOT_IN_DOMAIN_LIST: i32 = 600002;
/// In the background for more than 5 s.
pub const WXT_ERRNO_INTERRUPTED: i32 = 600003;
/// More tasks than the API may have, on a base library that does not queue.
pub const WXT_ERRNO_TOO_MANY_TASKS: i32 = 600007;
/// More redirects than are followed.
pub const WXT_ERRNO_TOO_MANY_REDIRECTS: i32 = 600008;
/// The URL cannot be used.
pub const WXT_ERRNO_INVALID_URL: i32 = 600009;
/// A parameter is missing or malformed.
pub const WXT_ERRNO_INVALID_REQUEST_DATA: i32 = 600010;
/// `abort` of a download.
pub const WXT_ERRNO_ABORT_DOWNLOAD: i32 = 603105;
/// A downloaded file cannot be stored.
pub const WXT_ERRNO_SAVE_FILE: i32 = 603300;
/// A downloaded file is over the size limit.
pub const WXT_ERRNO_FILE_TOO_LARGE: i32 = 603301;
/// The file to send does not exist.
pub const WXT_ERRNO_FILE_NOT_FOUND: i32 = 1300002;
/// A path outside the sandbox, or a file that may not be read.
pub const WXT_ERRNO_PERMISSION_DENIED: i32 = 1300014;
/// A file call for which no descriptor or memory is left.
pub const WXT_ERRNO_SYSTEM_ERROR: i32 = 1300201;
/// Over the storage quota.
pub const WXT_ERRNO_QUOTA_EXCEEDED: i32 = 1300202;
/// `saveFile` of a path that is no temporary file.
pub const WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST: i32 = 1301112;

/// The page or the closing session stopped the task.
pub const WXT_CATEGORY_ABORTED: i32 = 1;
/// The deadline passed.
pub const WXT_CATEGORY_TIMEOUT: i32 = 2;
/// The mini program was in the background for too long.
pub const WXT_CATEGORY_INTERRUPTED: i32 = 3;
/// A parameter is missing or malformed, the URL included.
pub const WXT_CATEGORY_REQUEST: i32 = 4;
/// A rule of the host forbids the URL.
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
/// The file to send cannot be read or changed while it was sent, or a path is outside the sandbox.
pub const WXT_CATEGORY_FILE: i32 = 12;
/// The answer cannot be stored: quota, disk, permission.
pub const WXT_CATEGORY_STORAGE: i32 = 13;
/// A bug of the library, caught.
pub const WXT_CATEGORY_INTERNAL: i32 = 14;
/// The process or the system has no descriptor, thread or memory left. The same call may succeed later.
pub const WXT_CATEGORY_OUT_OF_RESOURCES: i32 = 15;

// The header has to show numbers, and the library decides by names: here the compiler holds one against the other.
const _: () = {
    assert!(WXT_ERRNO_OK == errno::OK);
    assert!(WXT_ERRNO_CANCEL == errno::CANCEL);
    assert!(WXT_ERRNO_INTERNAL == errno::INTERNAL);
    assert!(WXT_ERRNO_TIMEOUT == errno::TIMEOUT);
    assert!(WXT_ERRNO_NETWORK == errno::NETWORK);
    assert!(WXT_ERRNO_NOT_IN_DOMAIN_LIST == errno::NOT_IN_DOMAIN_LIST);
    assert!(WXT_ERRNO_INTERRUPTED == errno::INTERRUPTED);
    assert!(WXT_ERRNO_TOO_MANY_TASKS == errno::TOO_MANY_TASKS);
    assert!(WXT_ERRNO_TOO_MANY_REDIRECTS == errno::TOO_MANY_REDIRECTS);
    assert!(WXT_ERRNO_INVALID_URL == errno::INVALID_URL);
    assert!(WXT_ERRNO_INVALID_REQUEST_DATA == errno::INVALID_REQUEST_DATA);
    assert!(WXT_ERRNO_ABORT_DOWNLOAD == errno::ABORT_DOWNLOAD);
    assert!(WXT_ERRNO_SAVE_FILE == errno::SAVE_FILE);
    assert!(WXT_ERRNO_FILE_TOO_LARGE == errno::FILE_TOO_LARGE);
    assert!(WXT_ERRNO_FILE_NOT_FOUND == errno::FILE_NOT_FOUND);
    assert!(WXT_ERRNO_PERMISSION_DENIED == errno::PERMISSION_DENIED);
    assert!(WXT_ERRNO_SYSTEM_ERROR == errno::SYSTEM_ERROR);
    assert!(WXT_ERRNO_QUOTA_EXCEEDED == errno::QUOTA_EXCEEDED);
    assert!(WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST == errno::TEMPORARY_FILE_NOT_EXIST);
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
};
