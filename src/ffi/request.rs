//! The parameters of `wx.uploadFile` and `wx.downloadFile` in C.

use super::read::HostStruct;
use super::string::{WxtPair, WxtStr};

/// The number of a task. Never 0, and unique within the process, so a late abort cannot hit another task.
pub type WxtTaskId = u64;

/// The parameters of `wx.uploadFile`, for `wxt_upload_file`. Initialise with `wxt_upload_request()`. Everything is
/// copied before the function returns.
///
/// The body is a multipart form with one file, unless `parts` or `raw` is set. The file's content comes from
/// `file_descriptor` or `data` if one of them is set, else from `file_path`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtUploadRequest {
    /// Set to `sizeof(WxtUploadRequest)`.
    pub struct_size: usize,
    /// `url`: where to upload to. Required. An empty one fails with `WXT_ERRNO_INVALID_URL`.
    pub url: WxtStr,
    /// `filePath`: the file to upload, as a `wxfile://` path, or as an absolute path if `path_policy` allows it.
    /// Required unless `has_file_descriptor`, `data` or `parts` is set; with the first two it only provides the file
    /// name. An empty path fails with `WXT_ERRNO_FILE_NOT_FOUND`.
    pub file_path: WxtStr,
    /// `name`: the form field name of the file. Required unless `parts` or `raw` is set. An empty one fails with
    /// `WXT_ERRNO_INVALID_REQUEST_DATA`.
    pub name: WxtStr,
    /// `header`: request headers. They are sent in this order and with this spelling, after the library's own. Only
    /// headers that an option adds (`retry_uploads`, `verify_digest`, `resume`) follow them. `Referer`, `Content-Type`
    /// (unless `raw` is set) and headers of the connection such as `Host` are dropped. Default: NULL, none.
    pub header: *const WxtPair,
    /// The number of elements in `header`.
    pub header_count: usize,
    /// `formData`: further form fields, sent in this order before the file. Default: NULL, none.
    pub form_data: *const WxtPair,
    /// The number of elements in `form_data`.
    pub form_data_count: usize,
    /// The `filename` that the server receives. If absent or empty: the last component of `file_path`, or `blob` if
    /// there is none. A file part always has a file name.
    pub file_name: WxtStr,
    /// `timeout`: the deadline in milliseconds, counted from when the task leaves the queue. A value above the session's
    /// `max_timeout` is reduced to it. Default: 0, the session's `default_upload_timeout`.
    pub timeout: u32,
    /// Set to 1 to upload the content of `file_descriptor`. Default: 0.
    pub has_file_descriptor: u8,
    /// Set to 1 for `enableProfile: false`: the result has no `profile`. Default: 0, the result has one, as in WeChat.
    pub disable_profile: u8,
    /// An open file or pipe, used if `has_file_descriptor` is 1. A file is read from its current offset to the
    /// end that it has when the upload starts. The library duplicates the descriptor: the host keeps its own, and its
    /// offset does not change.
    pub file_descriptor: i32,
    /// The number of bytes to read from a pipe. The library does not wait for the end of the pipe. For a regular file
    /// use 0, which means everything from its offset to its end.
    pub file_length: u64,
    /// Set to 1 to keep the task in the queue while the network is metered or roaming, as `wxt_session_network_changed`
    /// reported it. The deadline does not run meanwhile. If the network becomes metered after the task has started, its
    /// connection stays in use, but it opens no other one: a redirect and its next attempt wait. Default: 0.
    pub needs_unmetered: u8,
    /// The file's content in memory, instead of `file_path` and `file_descriptor`. It is copied, so upload large
    /// content from a file. A pointer that is not NULL with a `data_length` of 0 is an empty file. Default: NULL, not
    /// used.
    pub data: *const u8,
    /// The number of bytes in `data`.
    pub data_length: usize,
    /// Several files of one form, sent in this order after the form fields. At most 100. If set, `file_path`, `name` and
    /// `file_name` must be absent or empty, `data` must be NULL, and `has_file_descriptor` must be 0. Default: NULL, the
    /// single file that the fields above describe.
    pub parts: *const WxtUploadPart,
    /// The number of elements in `parts`.
    pub part_count: usize,
    /// The request's method: `WXT_METHOD_POST` (default) or `WXT_METHOD_PUT`.
    pub method: i32,
    /// Set to 1 to send the bytes of the file alone as the body, as presigned URLs of object stores require. The
    /// `Content-Type` is that of `header`, or missing. `name`, `file_name`, `form_data` and `parts` must be absent or
    /// empty. Default: 0, a multipart form.
    pub raw: u8,
    /// The most bytes per second that the task may send and receive together, including heads and TLS. Default: 0, no
    /// limit except the session's, which always applies too. `wxt_task_set_max_bytes_per_second` changes it.
    pub max_bytes_per_second: u64,
    /// The priority in the queue of the API: waiting tasks with the highest number start first, and tasks with the same
    /// number in the order of their calls. Any number. Default: 0. A running task is never stopped for another.
    pub priority: i32,
}

/// `method` of an upload: POST, as WeChat does.
pub const WXT_METHOD_POST: i32 = 0;
/// `method` of an upload: PUT, for presigned URLs of object stores.
pub const WXT_METHOD_PUT: i32 = 1;

/// One file of an upload with several files. Its content comes from `file_path`, unless `has_file_descriptor` or `data`
/// is set. Everything is copied before the function returns, and descriptors are duplicated.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtUploadPart {
    /// The form field name of the file. Required.
    pub name: WxtStr,
    /// The file to upload, as in `WxtUploadRequest`. It is opened twice: to find its length when the upload starts, and
    /// to send it. Default: absent.
    pub file_path: WxtStr,
    /// The `filename` that the server receives, as in `WxtUploadRequest`. Default: the last component of `file_path`, or
    /// `blob`.
    pub file_name: WxtStr,
    /// The `Content-Type` of the part. If absent or empty, it follows from the extension of the file name.
    pub media_type: WxtStr,
    /// The file's content in memory, as in `WxtUploadRequest`. Default: NULL, not used.
    pub data: *const u8,
    /// The number of bytes in `data`.
    pub data_length: usize,
    /// The number of bytes to read from a pipe, as in `WxtUploadRequest`. Default: 0, for a regular file.
    pub file_length: u64,
    /// An open file or pipe, as in `WxtUploadRequest`. Used if `has_file_descriptor` is 1.
    pub file_descriptor: i32,
    /// Set to 1 to upload the content of `file_descriptor`. Default: 0.
    pub has_file_descriptor: u8,
}

/// The parameters of `wx.downloadFile`, for `wxt_download_file`. Initialise with `wxt_download_request()`. Everything
/// is copied before the function returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtDownloadRequest {
    /// Set to `sizeof(WxtDownloadRequest)`.
    pub struct_size: usize,
    /// `timeout`: the deadline in milliseconds, as in `WxtUploadRequest`. Default: 0, the session's
    /// `default_download_timeout`.
    pub timeout: u32,
    /// Set to 1 for `enableProfile: false`: the result has no `profile`. Default: 0, the result has one, as in WeChat.
    pub disable_profile: u8,
    /// `url`: what to download. Required. An empty one fails with `WXT_ERRNO_INVALID_URL`.
    pub url: WxtStr,
    /// `header`: request headers, as in `WxtUploadRequest`, but `Content-Type` is sent. Default: NULL, none.
    pub header: *const WxtPair,
    /// The number of elements in `header`.
    pub header_count: usize,
    /// `filePath`: the `wxfile://usr/` path to store the file at. Default: absent or empty, a temporary file.
    pub file_path: WxtStr,
    /// The expected SHA-256 of the file, as 64 hexadecimal digits in upper or lower case. If the file has another one,
    /// the task fails with `WXT_CATEGORY_INTEGRITY`, whatever the status of the answer, and no file is created. Any
    /// other text fails with `WXT_ERRNO_PARAMETER`, and nothing is sent. Default: absent, not checked.
    pub expected_sha256: WxtStr,
    /// The expected length of the file in bytes. If the file has another length, the task fails with
    /// `WXT_CATEGORY_INTEGRITY` as soon as the length is known, and no file is created. Default: 0, not checked.
    pub expected_length: u64,
    /// Set to 1 to get the file's SHA-256 in `WxtSuccess`. Default: 0, it is set only if `expected_sha256` is.
    pub want_sha256: u8,
    /// Set to 1 to check the digest that a 200 answer declares of its body. If the body has another one, the task fails
    /// with `WXT_CATEGORY_INTEGRITY`, and no file is created. Default: 0, not checked.
    ///
    /// If the answer declares several digests, the first one in this order is used: `Repr-Digest` (RFC 9530) with
    /// `sha-512`, `Repr-Digest` with `sha-256`, `Content-MD5`, `x-cos-hash-crc64ecma`, `x-oss-hash-crc64ecma`. A
    /// malformed field is ignored, and the log says so. An answer without a digest is not checked. The digest covers
    /// the body as it is before content codings are decoded. With this option the library requests no coding, unless
    /// `header` has `Accept-Encoding`.
    pub verify_digest: u8,
    /// Set to 1 to keep the task in the queue while the network is metered or roaming, as in `WxtUploadRequest`.
    /// Default: 0.
    pub needs_unmetered: u8,
    /// The most bytes per second of the task, as in `WxtUploadRequest`. Default: 0, no limit except the session's.
    pub max_bytes_per_second: u64,
    /// The priority in the queue of downloads, as in `WxtUploadRequest`. Any number. Default: 0.
    pub priority: i32,
}

// SAFETY: integers and pointers that may be null.
unsafe impl HostStruct for WxtUploadRequest {}
// SAFETY: as above.
unsafe impl HostStruct for WxtUploadPart {}
// SAFETY: as above.
unsafe impl HostStruct for WxtDownloadRequest {}
