//! The OBJECT of `wx.uploadFile` and `wx.downloadFile` as C sees it.

use super::read::HostStruct;
use super::string::{WxtPair, WxtStr};

/// A task of one session. Never 0 and never used twice, so that a late abort cannot hit another task.
pub type WxtTaskId = u64;

/// The parameters of `wx.uploadFile`, for `wxt_upload_file`. Begin with `wxt_upload_request()`. Everything is copied
/// before the function returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtUploadRequest {
    /// `sizeof(WxtUploadRequest)`.
    pub struct_size: usize,
    /// `url`: where the file goes. Required; an empty one is `WXT_ERRNO_INVALID_URL`.
    pub url: WxtStr,
    /// `filePath`: the file, as a `wxfile://` path, or an absolute one where the session's `path_policy` allows it.
    /// Required, unless `has_file_descriptor`, `data` or `parts`; an empty one leads to no file (`WXT_ERRNO_FILE_NOT_FOUND`).
    pub file_path: WxtStr,
    /// `name`: the form's key of the file. Required, unless there are `parts` or it is `raw`; an empty one cannot be sent
    /// (`WXT_ERRNO_INVALID_REQUEST_DATA`).
    pub name: WxtStr,
    /// `header`: request headers. They follow ours, in this order and with these letters. `Referer`, `Content-Type` and the
    /// connection's own are dropped.
    pub header: *const WxtPair,
    /// The number of `header`.
    pub header_count: usize,
    /// `formData`: further fields of the form, sent in this order before the file.
    pub form_data: *const WxtPair,
    /// The number of `form_data`.
    pub form_data_count: usize,
    /// The `filename` that the server sees. If absent or empty, it is the last part of `file_path`, and `blob` if there is
    /// no such part: a file part never goes without a file name.
    pub file_name: WxtStr,
    /// `timeout`: the deadline in milliseconds, from the moment the task leaves the queue. 0 is the session's default;
    /// more than its maximum is its maximum.
    pub timeout: u32,
    /// Not 0: the file is `file_descriptor`, and `file_path` only gives it a file name.
    pub has_file_descriptor: u8,
    /// Not 0: `enableProfile` is `false`, and the result comes without a `profile`. 0 is WeChat's default: it has one.
    pub disable_profile: u8,
    /// An open descriptor of a file or a pipe, read from where it stands at the call. It is duplicated: the host keeps its
    /// own, and a file's offset stays where it is.
    pub file_descriptor: i32,
    /// How many bytes a pipe will give; its end is not waited for. A file's rest at the call is its own length, and this is 0.
    pub file_length: u64,
    /// Not 0: the task waits in the queue while the network is metered or roaming, as `wxt_session_network_changed` reported it.
    /// Its deadline does not run meanwhile. A task that has begun goes on when the network changes. Default: 0.
    pub needs_unmetered: u8,
    /// The content of the file, in place of `file_path`, which then only gives it a file name, and of `file_descriptor`. NULL is
    /// none; not NULL with a `data_length` of 0 is an empty file. It is copied: send what is large from a file.
    pub data: *const u8,
    /// The number of bytes in `data`.
    pub data_length: usize,
    /// Several files of one form, in the order in which they follow the fields; NULL is the one file above. At most
    /// 100. With parts, `file_path`, `name`, `file_name` and `data` are absent or empty, and `has_file_descriptor` is 0.
    pub parts: *const WxtUploadPart,
    /// The number of `parts`; 0 is the one file above.
    pub part_count: usize,
    /// The request's method: `WXT_METHOD_POST`, which is the default, or `WXT_METHOD_PUT`.
    pub method: i32,
    /// Not 0: the body is the bytes of the file and nothing else, as presigned URLs of object stores want it. Its `Content-Type` is
    /// that of `header`, and there is none if `header` has none. `name`, `file_name`, `form_data` and `parts` are absent or empty. 0
    /// is the default: the body is a multipart form.
    pub raw: u8,
    /// How many bytes the task may send and receive per second, in both directions together; heads and TLS count. Default: 0, no
    /// limit but the session's, which counts as well. `wxt_task_set_max_bytes_per_second` changes it.
    pub max_bytes_per_second: u64,
    /// Of the tasks that wait in the queue of one API, those with the highest number begin first, and those with the same in the
    /// order of their calls. Any number; default: 0. A task that has begun is not stopped for another.
    pub priority: i32,
}

/// `method` of an upload: WeChat's.
pub const WXT_METHOD_POST: i32 = 0;
/// `method` of an upload: for presigned URLs of object stores.
pub const WXT_METHOD_PUT: i32 = 1;

/// One file of an upload that has several. Its content is what `file_path` names, unless `has_file_descriptor` or `data` says where
/// it is. Everything is copied before the function returns, and a descriptor duplicated.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtUploadPart {
    /// The form's key of the file. Required.
    pub name: WxtStr,
    /// The file, as in `WxtUploadRequest`. It is opened when the upload begins, to learn its length, and again when its turn comes.
    pub file_path: WxtStr,
    /// As in `WxtUploadRequest`.
    pub file_name: WxtStr,
    /// The `Content-Type` of the part. If absent or empty, the extension of the file name decides it.
    pub media_type: WxtStr,
    /// As in `WxtUploadRequest`.
    pub data: *const u8,
    /// The number of bytes in `data`.
    pub data_length: usize,
    /// As in `WxtUploadRequest`.
    pub file_length: u64,
    /// As in `WxtUploadRequest`.
    pub file_descriptor: i32,
    /// As in `WxtUploadRequest`.
    pub has_file_descriptor: u8,
}

/// The parameters of `wx.downloadFile`, for `wxt_download_file`. Begin with `wxt_download_request()`. Everything is
/// copied before the function returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtDownloadRequest {
    /// `sizeof(WxtDownloadRequest)`.
    pub struct_size: usize,
    /// `timeout`: as in `WxtUploadRequest`.
    pub timeout: u32,
    /// As in `WxtUploadRequest`.
    pub disable_profile: u8,
    /// `url`: what to download. Required; an empty one is `WXT_ERRNO_INVALID_URL`.
    pub url: WxtStr,
    /// `header`: request headers, as in `WxtUploadRequest`, but `Content-Type` is sent.
    pub header: *const WxtPair,
    /// The number of `header`.
    pub header_count: usize,
    /// `filePath`: a `wxfile://usr/` path to store the file at. Absent or empty is a temporary file.
    pub file_path: WxtStr,
    /// The SHA-256 of the file, as 64 hexadecimal digits of any case; absent is any. If the file has another one, the task fails
    /// with `WXT_CATEGORY_INTEGRITY`, whatever the status of the answer, and no file appears.
    pub expected_sha256: WxtStr,
    /// The length of the file in bytes; 0 is any. A file of another length fails the task likewise, as soon as the length is known.
    pub expected_length: u64,
    /// Not 0: `WxtSuccess` has the SHA-256 of the file. 0 is the default: it has none, unless one is expected.
    pub want_sha256: u8,
    /// Not 0: if the answer is a 200 and declares a digest of its body, a file with another one fails the task likewise. Of several
    /// the strongest counts: `Repr-Digest` (RFC 9530) with `sha-512`, then with `sha-256`, `Content-MD5`, `x-cos-hash-crc64ecma`,
    /// `x-oss-hash-crc64ecma`. A malformed field is ignored, and the log says so; an answer without a digest is not checked. The
    /// digest is of the body before content codings are undone. None is asked for unless `header` has `Accept-Encoding`. 0 is the
    /// default: nothing is checked.
    pub verify_digest: u8,
    /// As in `WxtUploadRequest`.
    pub needs_unmetered: u8,
    /// As in `WxtUploadRequest`.
    pub max_bytes_per_second: u64,
    /// As in `WxtUploadRequest`.
    pub priority: i32,
}

// SAFETY: integers and pointers that may be null.
unsafe impl HostStruct for WxtUploadRequest {}
// SAFETY: as above.
unsafe impl HostStruct for WxtUploadPart {}
// SAFETY: as above.
unsafe impl HostStruct for WxtDownloadRequest {}
