//! The callbacks of a task, and the events that they receive.

use std::ffi::c_void;

use super::read::HostStruct;
use super::request::WxtTaskId;
use super::string::{WxtPair, WxtStr};

/// The value of `total_bytes_expected` if the total is unknown.
pub const WXT_TOTAL_UNKNOWN: u64 = u64::MAX;
/// The value of `progress` if the total is unknown.
pub const WXT_PROGRESS_UNKNOWN: u32 = u32::MAX;

/// The callbacks of one task. Initialise with `wxt_callbacks()`. Each may be NULL.
///
/// Exactly one of `on_success` and `on_fail` runs, then `on_complete` once, then `release` once. `on_headers_received`,
/// `on_progress` and `on_trace` run before them. This also holds if the task is aborted or times out, or if the session
/// closes.
///
/// The callbacks of a session's tasks run in order and never at the same time, on the session's delivery thread or
/// where its executor runs them. They may run before the starting function returns. The memory that a callback receives
/// is valid until it returns. A callback may call every function of this header except `wxt_session_close`. It must
/// return normally, without a C++ exception or `longjmp`.
///
/// There is one exception to the order, so that slow callbacks of other tasks do not delay the end of a stopped task. A
/// task that was stopped (aborted, interrupted, or past its deadline) ends before the waiting events of all tasks. Its
/// end waits only for the event or end that is being delivered, and for the ends of tasks that were stopped before. The
/// stopped task's own events that are still waiting are dropped, except for its last trace. All other ends wait for
/// everything before them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtCallbacks {
    /// Set to `sizeof(WxtCallbacks)`.
    pub struct_size: usize,
    /// Passed to each callback. If the starting function returns `WXT_OK`, the task owns it until `release`, which may
    /// run before the function returns. If the function returns another status, the caller still owns it.
    pub user_data: *mut c_void,
    /// `onHeadersReceived`: the headers of the answer that becomes the result, at most once. If another attempt may
    /// follow an answer, its headers are held back until its body is complete or no further attempt follows. This
    /// applies to downloads of a session with `max_retries`, `resume` or `wait_in_background`, and to uploads with
    /// `retry_uploads` and `max_retries`.
    pub on_headers_received:
        Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtHeadersReceived)>,
    /// `onProgressUpdate`: throttled, so only the newest progress is reported. The last call before `on_success` has
    /// `progress` 100. The last call before `on_fail` has the last progress, unless the task
    /// was stopped or all bytes had been transferred.
    pub on_progress: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtProgress)>,
    /// `success`: the server answered, with any HTTP status.
    pub on_success: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtSuccess)>,
    /// `fail`: the task failed. `category` says why.
    pub on_fail: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtFailure)>,
    /// `complete`: runs after `on_success` or `on_fail`.
    pub on_complete: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtCompletion)>,
    /// The last call with `user_data`, which may be freed in it.
    pub release: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// Runs for each request of the task, when the request is over and before `on_complete`. Redirected requests and
    /// those of failed attempts are included. If more than 32 entries wait, the oldest 32 and the newest one are kept,
    /// and the others are dropped. If the task is stopped, its deadline passes or the session is closed, all waiting
    /// entries except the newest one are dropped. NULL: traces are not collected. See `docs/seeing-what-happens.md`.
    pub on_trace: Option<unsafe extern "C" fn(user_data: *mut c_void, task: WxtTaskId, event: *const WxtTrace)>,
}

/// A trace of one request, for developers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtTrace {
    /// `sizeof(WxtTrace)` in the library.
    pub struct_size: usize,
    /// A JSON object: an `entry` of HAR 1.2. It contains no form field and no body. Of the header values it contains
    /// only a plain `Range`, a known media type and the target of a redirect. Its URLs have no query and no fragment.
    pub entry: WxtStr,
}

/// The head of the final response.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtHeadersReceived {
    /// `sizeof(WxtHeadersReceived)` in the library.
    pub struct_size: usize,
    /// `header`: in the order of the response, including duplicates. NULL if empty. `wxt_header_find` finds one.
    pub header: *const WxtPair,
    /// The number of elements in `header`.
    pub header_count: usize,
    /// `statusCode`: the HTTP status of the response.
    pub status_code: i32,
}

/// The progress of a task.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtProgress {
    /// `sizeof(WxtProgress)` in the library.
    pub struct_size: usize,
    /// For an upload, `totalBytesSent`: the bytes of the request body that left the device's send buffer; at the end of
    /// the upload, all bytes that were put into that buffer. For a download, `totalBytesWritten`: the bytes written to
    /// the file. Never decreases.
    pub total_bytes: u64,
    /// `totalBytesExpectedToSend` or `totalBytesExpectedToWrite`: the total in bytes, or `WXT_TOTAL_UNKNOWN`.
    pub total_bytes_expected: u64,
    /// `progress`: 0 to 100, or `WXT_PROGRESS_UNKNOWN`. Never decreases.
    pub progress: u32,
}

/// The value of a number in `WxtProfile` that is absent from a page's `profile`.
pub const WXT_PROFILE_ABSENT: u64 = u64::MAX;

/// When the steps of a task happened, and on which connection. The names are WeChat's. Times are in milliseconds since
/// the Unix epoch, and 0 if the step did not happen.
///
/// A number is `WXT_PROFILE_ABSENT` if the system or the transfer does not provide it, or if the base library does not
/// have it. Leave such a number out of the page's `profile`. The comment of each field says whether it can be absent.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WxtProfile {
    /// `sizeof(WxtProfile)` in the library.
    pub struct_size: usize,
    /// `invokeStart`: the task was started. Absent on base libraries before 3.8.10.
    pub invoke_start: u64,
    /// `queueStart`: the task entered the queue. Absent on base libraries before 3.8.10.
    pub queue_start: u64,
    /// `queueEnd`: a worker took the task. 0 if none did. Absent on base libraries before 3.8.10.
    pub queue_end: u64,
    /// `fetchStart`: the last hop started.
    pub fetch_start: u64,
    /// `redirectStart`: the first redirected request started. 0 without a redirect, and if one led to another origin.
    pub redirect_start: u64,
    /// `redirectEnd`: the last redirect was received. 0 as `redirect_start`.
    pub redirect_end: u64,
    /// `domainLookUpStart`: name resolution began. Equal to `fetch_start` on a kept connection, and if the host is an
    /// IP address.
    pub domain_look_up_start: u64,
    /// `domainLookUpEnd`: name resolution ended. Equal to `fetch_start` in the same cases as `domain_look_up_start`.
    pub domain_look_up_end: u64,
    /// `connectStart`: connecting began. Equal to `fetch_start` on a kept connection.
    pub connect_start: u64,
    /// `connectEnd`: the connection is ready, including TLS. Equal to `fetch_start` on a kept connection.
    pub connect_end: u64,
    /// `SSLconnectionStart`: the TLS handshake began. 0 without TLS. Equal to `fetch_start` on a kept connection with
    /// TLS.
    pub ssl_connection_start: u64,
    /// `SSLconnectionEnd`: the TLS handshake ended. 0 without TLS. Equal to `fetch_start` on a kept connection with
    /// TLS.
    pub ssl_connection_end: u64,
    /// `requestStart`: the first byte of the request was sent.
    pub request_start: u64,
    /// `requestEnd`: the last byte of the request was sent.
    pub request_end: u64,
    /// `responseStart`: the first byte of the answer was received.
    pub response_start: u64,
    /// `responseEnd`: the last byte of the answer was received.
    pub response_end: u64,
    /// `sendBytesCount`: bytes sent in the last hop, including heads, the proxy and TLS.
    pub send_bytes_count: u64,
    /// `receivedBytedCount` (WeChat's spelling): bytes received in the last hop, including heads, the proxy and TLS.
    pub received_byted_count: u64,
    /// `rtt`: the connection's smoothed round-trip time in milliseconds, as the system's TCP measured it (up to one
    /// second ago). With a proxy, the round trip to the proxy. Absent if the system does not report it, or without an
    /// answer.
    pub rtt: u64,
    /// `httpRttEstimate`: the session's estimate of the milliseconds from the first byte of a request to the first byte
    /// of its answer. Requests over 14600 bytes, TCP's initial window (RFC 6928), are not included. Absent while there
    /// is no observation, or without an answer.
    ///
    /// An estimate starts as the first observation. Each later one moves it by an eighth of the difference (RFC 6298).
    /// `wxt_session_network_changed` forgets it. Tasks without a profile are not observed.
    pub http_rtt_estimate: u64,
    /// `transportRttEstimate`: the session's estimate of `rtt`, in milliseconds. Absent while there is no
    /// observation, or without an answer.
    pub transport_rtt_estimate: u64,
    /// `throughputKbps`: kilobits per second of the answer's body, from its first byte to its last. Absent if less than
    /// 32 KiB arrived in that time, or if the answer is not complete.
    pub throughput_kbps: u64,
    /// `downstreamThroughputKbpsEstimate`: the session's estimate of `throughput_kbps`. Absent while there is no
    /// observation, or without an answer.
    pub downstream_throughput_kbps_estimate: u64,
    /// `estimate_nettype`: 0 unknown, 2 slow-2g, 3 2g, 4 3g, 5 4g. Never absent. WeChat's values 1 (offline) and 6 (end
    /// of the list) do not occur. The types are the effective connection types of the Network Information API: slow-2g
    /// from 2000 ms round-trip time or up to 50 kbit/s, 2g from 1400 ms or up to 70 kbit/s, 3g from 270 ms or up to 700
    /// kbit/s. The round-trip time is `transport_rtt_estimate`, or `http_rtt_estimate` if the former is absent. The
    /// speed is `downstream_throughput_kbps_estimate`.
    pub estimate_nettype: u64,
    /// `peerIP`: the IP address of the connection. Absent if there was none.
    pub peer_ip: WxtStr,
    /// `protocol`: `http1.1`. Absent if there was no connection.
    pub protocol: WxtStr,
    /// `port`: the port of the connection. 0 if there was none.
    pub port: u16,
    /// `socketReused`: the connection was already open, from an earlier task, hop or attempt, or from
    /// `wxt_session_prepare`.
    pub socket_reused: bool,
    /// `usingHighPerformanceMode`: always `false`. There is no such mode.
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
    /// `statusCode`: the HTTP status. Any status is a success.
    pub status_code: i32,
    /// `data` of an upload: the answer's body as text. Absent for a download.
    pub data: WxtStr,
    /// `tempFilePath` of a download without `filePath`. Absent otherwise.
    pub temp_file_path: WxtStr,
    /// `filePath` of a download with `filePath`. Absent otherwise.
    pub file_path: WxtStr,
    /// The downloaded file's path on the device, for the host. Absent for an upload.
    pub native_path: WxtStr,
    /// Of a download: the size of the file in bytes. Of an upload: the size of the answer's body in bytes, before it
    /// was converted to text.
    pub data_length: u64,
    /// `header`: the same as in `on_headers_received`. Also set on base libraries that have no such event. NULL if
    /// empty. `cookies` of the page's result are the values of `Set-Cookie`, one for each field.
    pub header: *const WxtPair,
    /// The number of elements in `header`.
    pub header_count: usize,
    /// `profile`. NULL if the request disabled it, for a download on base libraries before 2.10.4, and for an upload on
    /// base libraries before 3.5.0.
    pub profile: *const WxtProfile,
    /// The number of attempts that the task made. 1 without `max_retries`, `resume` and `wait_in_background`.
    pub attempts: u32,
    /// With `resume`: how many bytes of the file existed before the final answer, which contained only the rest. 0 if
    /// the final answer contained the whole file, and for an upload.
    pub resumed_from: u64,
    /// The downloaded file's SHA-256 as 64 lower-case hexadecimal digits. Absent unless the request sets `want_sha256`
    /// or `expected_sha256`.
    pub sha256: WxtStr,
}

/// The failure of a task.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtFailure {
    /// `sizeof(WxtFailure)` in the library.
    pub struct_size: usize,
    /// `errMsg`, such as `uploadFile:fail timeout`.
    pub err_msg: WxtStr,
    /// `errno`: a `WXT_ERRNO_…`.
    pub err_no: i32,
    /// The kind of the failure: a `WXT_CATEGORY_…`. Stable, for decisions of a program.
    pub category: i32,
    /// What happened, in English, for a developer. Contains no query and no header value.
    pub detail: WxtStr,
    /// True if the same call may succeed later without a change.
    pub retryable: bool,
    /// `profile` up to the failure. 0 for steps that did not happen. NULL as in `WxtSuccess`.
    pub profile: *const WxtProfile,
    /// The number of attempts that the task made. 0 if it ended in the queue. The failure is that of the last attempt.
    pub attempts: u32,
    /// As in `WxtSuccess`, for the last answer.
    pub resumed_from: u64,
}

/// The end of a task. Exactly one of `success` and `failure` is not NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtCompletion {
    /// `sizeof(WxtCompletion)` in the library.
    pub struct_size: usize,
    /// What `on_success` received, or NULL.
    pub success: *const WxtSuccess,
    /// What `on_fail` received, or NULL.
    pub failure: *const WxtFailure,
}

// SAFETY: integers, pointers that may be null, and optional functions.
unsafe impl HostStruct for WxtCallbacks {}
