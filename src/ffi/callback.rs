//! Callbacks, and what they are given.

use std::ffi::c_void;

use super::read::HostStruct;
use super::request::WxtTaskId;
use super::string::{WxtPair, WxtStr};

/// `total_bytes_expected` while the total is unknown.
pub const WXT_TOTAL_UNKNOWN: u64 = u64::MAX;
/// `progress` while the total is unknown.
pub const WXT_PROGRESS_UNKNOWN: u32 = u32::MAX;

/// The callbacks of one task. Begin with `wxt_callbacks()`. Each may be NULL.
///
/// Exactly one of `on_success` and `on_fail` runs, then `on_complete` once, then `release` once; `on_headers_received`,
/// `on_progress` and `on_trace` run before. This holds for an abort, a deadline and a closing session too. Callbacks of one
/// session never run at the same time, and come in order. They run on the session's delivery thread, or where its
/// executor runs them. What a callback is given lives until it returns. Every function of this header may be called
/// from a callback, but for `wxt_session_close`. A callback must return normally: no exception, no `longjmp`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtCallbacks {
    /// `sizeof(WxtCallbacks)`.
    pub struct_size: usize,
    /// Passed to each callback. It belongs to the task from the moment the starting function returned `WXT_OK` until
    /// `release`.
    pub user_data: *mut c_void,
    /// `onHeadersReceived`: the final response's headers, once. With `max_retries` or `resume` a download's come when its body is whole, or
    /// when no other attempt can follow: they are those of the answer that counts.
    pub on_headers_received:
        Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtHeadersReceived)>,
    /// `onProgressUpdate`: throttled, and only the newest; the last one before `on_success` has `progress` 100.
    pub on_progress: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtProgress)>,
    /// `success`: the server has answered, with whatever status.
    pub on_success: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtSuccess)>,
    /// `fail`: there is no answer.
    pub on_fail: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtFailure)>,
    /// `complete`: after either.
    pub on_complete: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtCompletion)>,
    /// The last call with `user_data`: it may be freed now.
    pub release: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// A request of the task is over: once for each, the redirected ones and those of failed attempts too, and before
    /// `on_complete`. A task that sends no request has none. If this is NULL, nothing is collected. See
    /// `docs/seeing-what-happens.md`.
    pub on_trace: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtTrace)>,
}

/// One request of a task, for developers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtTrace {
    /// `sizeof(WxtTrace)` in the library.
    pub struct_size: usize,
    /// An object of JSON: an `entry` of HAR 1.2. It has no query, header value, field or body, and of a path's URL what the log
    /// has, too.
    pub entry: WxtStr,
}

/// The final response's head.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtHeadersReceived {
    /// `sizeof(WxtHeadersReceived)` in the library.
    pub struct_size: usize,
    /// `header`: in the order of the response, duplicates kept. `wxt_header_find` looks one up.
    pub header: *const WxtPair,
    /// The number of `header`.
    pub header_count: usize,
    /// `statusCode`.
    pub status_code: i32,
}

/// How far a task is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtProgress {
    /// `sizeof(WxtProgress)` in the library.
    pub struct_size: usize,
    /// `totalBytesSent` of an upload: bytes of the request's body that left the device's buffers, and at the end those
    /// that went into them; `totalBytesWritten` of a download: bytes written to the file. Never falls.
    pub total_bytes: u64,
    /// `totalBytesExpectedToSend` or `totalBytesExpectedToWrite`; `WXT_TOTAL_UNKNOWN` where nobody knows.
    pub total_bytes_expected: u64,
    /// `progress`: 0 to 100, or `WXT_PROGRESS_UNKNOWN`. Never falls.
    pub progress: u32,
}

/// In a `WxtProfile`: a number that is left out.
pub const WXT_PROFILE_ABSENT: u64 = u64::MAX;

/// When a task did what, and on which connection; the names are WeChat's. Times are milliseconds since the Unix epoch, and
/// 0 if the step did not happen.
///
/// `WXT_PROFILE_ABSENT` is the one way in which a number says that it is left out of a page's `profile`: the system or the
/// transfer does not tell it, or the base library does not know it. The fields that may have it say so. 0 is never absent.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WxtProfile {
    /// `sizeof(WxtProfile)` in the library.
    pub struct_size: usize,
    /// `invokeStart`: the call came in. Absent on base libraries before 3.8.10.
    pub invoke_start: u64,
    /// `queueStart`: it began to wait for a worker. Absent as `invoke_start`.
    pub queue_start: u64,
    /// `queueEnd`: a worker took it; 0 if none did. Absent as `invoke_start`.
    pub queue_end: u64,
    /// `fetchStart`: the last hop began.
    pub fetch_start: u64,
    /// `redirectStart`: the first redirected request began. 0 without a redirect, and if one led to another origin.
    pub redirect_start: u64,
    /// `redirectEnd`: the last redirect was received. 0 as `redirect_start`.
    pub redirect_end: u64,
    /// `domainLookUpStart`. Equal to `fetch_start` on a kept connection, and if the host is an address.
    pub domain_look_up_start: u64,
    /// `domainLookUpEnd`. Equal to `fetch_start` likewise.
    pub domain_look_up_end: u64,
    /// `connectStart`. Equal to `fetch_start` on a kept connection.
    pub connect_start: u64,
    /// `connectEnd`: the connection is ready, TLS included. Equal to `fetch_start` likewise.
    pub connect_end: u64,
    /// `SSLconnectionStart`; 0 without TLS. Equal to `fetch_start` on a kept connection with TLS.
    pub ssl_connection_start: u64,
    /// `SSLconnectionEnd`; 0 without TLS. Equal to `fetch_start` likewise.
    pub ssl_connection_end: u64,
    /// `requestStart`: the first byte was sent.
    pub request_start: u64,
    /// `requestEnd`: the last byte was sent.
    pub request_end: u64,
    /// `responseStart`: the first byte of the answer came.
    pub response_start: u64,
    /// `responseEnd`: the last byte of the answer came.
    pub response_end: u64,
    /// `sendBytesCount`: bytes sent in the last hop, with heads, proxy and TLS.
    pub send_bytes_count: u64,
    /// `receivedBytedCount` (WeChat's spelling): bytes received in the last hop, with heads, proxy and TLS.
    pub received_byted_count: u64,
    /// `rtt`: the connection's smoothed round-trip time in milliseconds, to the proxy if there is one, as the system's TCP
    /// has it, or had it up to a second before. Absent if the system does not tell, and without an answer.
    pub rtt: u64,
    /// `httpRttEstimate`: milliseconds from the first byte of a request to the first byte of its answer, the session's
    /// estimate. Requests over 14600 bytes, TCP's initial window (RFC 6928), are no part of it. Absent while nothing was
    /// observed, and without an answer.
    ///
    /// An estimate is the first observation; each later one moves it by an eighth of the difference (RFC 6298). Tasks
    /// without a profile are not observed.
    pub http_rtt_estimate: u64,
    /// `transportRttEstimate`: milliseconds, the session's estimate of `rtt`. Absent as `http_rtt_estimate`.
    pub transport_rtt_estimate: u64,
    /// `throughputKbps`: kilobits a second of the answer's body, from the first byte to the last. Absent if less than 32 KiB
    /// came in that time, and if the answer is not whole.
    pub throughput_kbps: u64,
    /// `downstreamThroughputKbpsEstimate`: kilobits a second, the session's estimate of `throughput_kbps`. Absent as
    /// `http_rtt_estimate`.
    pub downstream_throughput_kbps_estimate: u64,
    /// `estimate_nettype`: 0 unknown, 2 slow-2g, 3 2g, 4 3g, 5 4g; never absent. WeChat's numbers 1 (offline) and 6 (the
    /// list's end) are not given. The types are the Network Information API's effective connection types: slow-2g from
    /// 2000 ms round-trip time or up to 50 kbit/s, 2g from 1400 ms or up to 70 kbit/s, 3g from 270 ms or up to 700 kbit/s.
    /// The time is `transport_rtt_estimate`, or `http_rtt_estimate` if that is absent; the speed is
    /// `downstream_throughput_kbps_estimate`.
    pub estimate_nettype: u64,
    /// `peerIP`.
    pub peer_ip: WxtStr,
    /// `protocol`: `http1.1`.
    pub protocol: WxtStr,
    /// `port`.
    pub port: u16,
    /// `socketReused`: the connection was an earlier task's, or an earlier hop's of this one.
    pub socket_reused: bool,
    /// `usingHighPerformanceMode`: always false; there is no such mode.
    pub using_high_performance_mode: bool,
}

/// The result of a task that got an answer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtSuccess {
    /// `sizeof(WxtSuccess)` in the library.
    pub struct_size: usize,
    /// `errMsg`: `uploadFile:ok` or `downloadFile:ok`.
    pub err_msg: WxtStr,
    /// `statusCode`: any HTTP status is a success.
    pub status_code: i32,
    /// `data` of an upload: the answer's body as text. Absent for a download.
    pub data: WxtStr,
    /// `tempFilePath` of a download without `filePath`. Absent otherwise.
    pub temp_file_path: WxtStr,
    /// `filePath` of a download with `filePath`. Absent otherwise.
    pub file_path: WxtStr,
    /// The downloaded file's path on the device, for the host.
    pub native_path: WxtStr,
    /// The downloaded file's size, or that of an upload's answer before it was read as text, in bytes.
    pub data_length: u64,
    /// `header`: what `on_headers_received` was given, on every base library, also on those without that event. `cookies`
    /// are the values of `Set-Cookie`, one a field.
    pub header: *const WxtPair,
    /// The number of `header`.
    pub header_count: usize,
    /// `profile`. NULL if the request disables it, and on base libraries before 2.10.4 for a download and 3.5.0 for an
    /// upload.
    pub profile: *const WxtProfile,
    /// How many attempts the task took: 1, and more with `max_retries` or `resume`.
    pub attempts: u32,
    /// With `resume`: how many bytes of the file were there before the answer that counts, which is the rest. 0 if the file is of
    /// one answer, and for an upload.
    pub resumed_from: u64,
    /// The downloaded file's SHA-256 in 64 lower-case hexadecimal digits. Absent unless the request has `want_sha256` or
    /// `expected_sha256`.
    pub sha256: WxtStr,
}

/// Why a task has no answer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtFailure {
    /// `sizeof(WxtFailure)` in the library.
    pub struct_size: usize,
    /// `errMsg`, such as `uploadFile:fail timeout`.
    pub err_msg: WxtStr,
    /// `errno`: a `WXT_ERRNO_…`.
    pub err_no: i32,
    /// What kind of failure it is: a `WXT_CATEGORY_…`.
    pub category: i32,
    /// What happened, in words for a developer. Holds no query and no header value.
    pub detail: WxtStr,
    /// The same call may succeed later without a change.
    pub retryable: bool,
    /// `profile`, as far as the task came; 0 for what did not happen. NULL as in `WxtSuccess`.
    pub profile: *const WxtProfile,
    /// How many attempts the task made; 0 if it ended before its turn came. The failure is that of the last one.
    pub attempts: u32,
    /// As in `WxtSuccess`, of the last answer.
    pub resumed_from: u64,
}

/// The end of a task: the result that `on_success` or `on_fail` was given; the other one is NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtCompletion {
    /// `sizeof(WxtCompletion)` in the library.
    pub struct_size: usize,
    /// What `on_success` was given, or NULL.
    pub success: *const WxtSuccess,
    /// What `on_fail` was given, or NULL.
    pub failure: *const WxtFailure,
}

// SAFETY: integers, pointers that may be null, and optional functions.
unsafe impl HostStruct for WxtCallbacks {}
