//! The session's options as C sees them.

use std::ffi::c_void;

use super::client_certificate::WxtClientCertificate;
use super::read::HostStruct;
use super::resolver::WxtResolution;
use super::string::WxtStr;

/// The WeChat client on iOS.
pub const WXT_PLATFORM_IOS: i32 = 1;
/// The WeChat client on Android.
pub const WXT_PLATFORM_ANDROID: i32 = 2;
/// Any other client, such as the developer tools.
pub const WXT_PLATFORM_OTHER: i32 = 3;
/// The WeChat client on HarmonyOS NEXT, whose `platform` in WeChat is `ohos`.
pub const WXT_PLATFORM_OHOS: i32 = 4;

/// Pages may use `wxfile://` paths only.
pub const WXT_PATHS_SANDBOX: i32 = 0;
/// `file_path` of an upload may also be an absolute path on the device.
pub const WXT_PATHS_NATIVE: i32 = 1;

/// Allow `http` and `https` to an IP address in a subnet of one of the device's network interfaces, but never to the
/// device itself. Local names (`localhost`, `.local`) are refused. All other names need an entry in a domain list.
pub const WXT_LAN_OWN_SUBNETS: i32 = 0;
/// Allow no IP address and no local name.
pub const WXT_LAN_OFF: i32 = 1;
/// Allow `http` and `https` to every local address, to `localhost`, and to names that end in `.localhost` or `.local`,
/// including the device itself. A public name may resolve to an address of the device. For development only.
pub const WXT_LAN_ALL_LOCAL: i32 = 2;

/// Only one session at a time may use the mini program's directory. Opening a second one fails with
/// `WXT_STORAGE_LOCKED`.
///
/// If the directory is deleted while a session is open, the session creates it again at its next use. If both the
/// directory and the mini program's entry under `locks/` are deleted, or the whole data directory, a session of another
/// process can open before this session next uses its files. Until it closes, file calls of the first session fail.
pub const WXT_STORAGE_EXCLUSIVE: i32 = 0;
/// Several sessions may use the mini program's directory. They share the saved files. Each session has its own
/// temporary files.
pub const WXT_STORAGE_SHARED: i32 = 1;

/// A download that breaks off fails, or starts from the beginning if `max_retries` allows another attempt.
pub const WXT_RESUME_OFF: i32 = 0;
/// A download that breaks off continues in another attempt of the same task, before the task's deadline.
pub const WXT_RESUME_WITHIN_TASK: i32 = 1;
/// As `WXT_RESUME_WITHIN_TASK`. In addition, the library keeps the partial file of a failed task, also if the task was
/// aborted, interrupted or timed out. A later call with the same URL, headers and `file_path` continues it, in this or
/// a later session, also after a crash. Partial files count against `temporary_quota` and are deleted before other
/// temporary files. `wxt_discard_partials` deletes them.
pub const WXT_RESUME_ACROSS_LAUNCHES: i32 = 2;

/// A mistake of the host, the page or a server, or a failure that may need attention, such as a file that cannot be
/// removed.
pub const WXT_LOG_WARNING: i32 = 1;
/// A decision of the library that helps to diagnose a problem.
pub const WXT_LOG_INFO: i32 = 2;

/// The options of one launch of one mini program, for `wxt_session_open`.
///
/// Initialise with `wxt_session_options()`, which sets `struct_size` and sets every other field to zero. Zero is the
/// default of every field and matches WeChat's behaviour. Required: `app_id`, `platform`, `client_version`,
/// `data_directory`.
///
/// The library copies everything. Only what `executor`, `logger`, `resolver` and the `context` of
/// `client_certificate` point to must stay valid, until `wxt_session_close` has returned.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtSessionOptions {
    /// Set to `sizeof(WxtSessionOptions)`.
    pub struct_size: usize,
    /// The mini program's appid. Part of the Referer and of the directory name. Allowed: letters, digits and `-._~`,
    /// but not `.` or `..`. Required.
    pub app_id: WxtStr,
    /// The mini program's version, part of the Referer. Allowed characters as in `app_id`. Default: `0`, the
    /// development version.
    pub app_version: WxtStr,
    /// The user's id. Each user of a mini program has separate files. Any text of at most 83 bytes; a longer one may be too
    /// long for a directory name. Optional. If absent, the files belong to no user.
    pub user_id: WxtStr,
    /// The client's platform: `WXT_PLATFORM_IOS`, `WXT_PLATFORM_ANDROID`, `WXT_PLATFORM_OHOS` or
    /// `WXT_PLATFORM_OTHER`. Required.
    pub platform: i32,
    /// Which paths pages may use: `WXT_PATHS_SANDBOX` (default) or `WXT_PATHS_NATIVE`.
    pub path_policy: i32,
    /// The version of the client app, numbers separated by dots, such as `8.0.50`. It decides which quirks of old clients apply. Required.
    pub client_version: WxtStr,
    /// The version of the base library, such as `2.10.0`. It decides which quirks of old base libraries apply.
    /// Optional. If absent, the newest base library is assumed.
    pub base_library_version: WxtStr,
    /// The `User-Agent` of requests whose `header` has none. It must not contain control characters. Default: `wxtransfer/<version>`.
    pub user_agent: WxtStr,
    /// The Referer of every request: an `http` or `https` URL with a host, without user-info and fragment. `{appid}`
    /// and `{version}` are replaced by `app_id` and `app_version`. At most 1,024 bytes after replacement. Default:
    /// WeChat's, `https://servicewechat.com/{appid}/{version}/page-frame.html`. `docs/other-containers.md` lists those
    /// of other containers.
    pub referer: WxtStr,
    /// The URL scheme of every path that a page receives or passes. It replaces `wxfile` wherever this documentation
    /// says `wxfile`. At most 32 lower-case letters and digits, starting with a letter and ending with `file`, but not
    /// `file` alone. Default: `wxfile`.
    pub path_scheme: WxtStr,
    /// The absolute path of the directory for the files of all sessions. It is created if missing. Required.
    pub data_directory: WxtStr,
    /// The number of uploads that run at the same time. Further ones wait in the queue. Any number. Default: 0, which means
    /// 10.
    pub max_concurrent_uploads: u32,
    /// The number of downloads that run at the same time. Further ones wait in the queue. Any number. Default: 0, which
    /// means 10.
    pub max_concurrent_downloads: u32,
    /// The deadline of an upload whose request sets none, in milliseconds, counted from when the task leaves the queue:
    /// `networkTimeout.uploadFile` of app.json. Any number; `max_timeout` limits it. Default: 0, which means 60,000.
    pub default_upload_timeout: u32,
    /// The deadline of a download whose request sets none, in milliseconds, counted from when the task leaves the queue:
    /// `networkTimeout.downloadFile` of app.json. Any number; `max_timeout` limits it. Default: 0, which means 60,000.
    pub default_download_timeout: u32,
    /// The longest deadline that a task can have, in milliseconds, from 1 to 4,294,967,295 (49 days). Default: 0, which
    /// means 60,000, as in WeChat. A longer `timeout` of a request, and a longer default, are reduced to this value. It
    /// does not change the defaults. See `docs/long-transfers.md`.
    pub max_timeout: u32,
    /// The largest file that a download may produce, in bytes. Any number. Default: 0, which means 200 MiB.
    pub max_download_size: u64,
    /// The largest answer to an upload, in bytes. Any number. Default: 0, which means 16 MiB.
    pub max_data_size: u64,
    /// The quota of saved files and `wxfile://usr` together, in bytes. Any number. Each file counts as at least 4 KiB. Files that
    /// the host itself puts there are counted when the session opens, and again when the quota seems to be exceeded.
    /// After a count of a thousand files and directories or more, the next count follows after 1 to 60 s. Default: 0,
    /// which means 200 MiB.
    pub storage_quota: u64,
    /// The quota of temporary files, in bytes. Any number. Each file counts as at least 4 KiB. Default: 0, which means
    /// 4 GiB.
    pub temporary_quota: u64,
    /// How many bytes of temporary files to keep when the session closes or the process crashes. The next session of
    /// the same mini program and user takes them over under the same paths, and they count against its
    /// `temporary_quota`. The oldest files are deleted first. After a crash, the next session deletes them when it
    /// opens, by its own value of this option. At most `temporary_quota`. Default: 0, temporary files live for one
    /// session. WeChat's documentation names 2 GiB. Temporary files are not flushed: after a power failure, one that was
    /// written shortly before may be empty or incomplete.
    pub temporary_retention: u64,
    /// Whether several sessions may use the directory: `WXT_STORAGE_EXCLUSIVE` (default) or `WXT_STORAGE_SHARED`.
    pub storage_sharing: i32,
    /// Which local addresses need no entry in a domain list: `WXT_LAN_OWN_SUBNETS` (default), `WXT_LAN_OFF` or
    /// `WXT_LAN_ALL_LOCAL`. The default follows WeChat from base library 2.4.0 on. With an older
    /// `base_library_version`, the default allows nothing.
    ///
    /// A redirect from a host name to an address of a subnet is refused, unless `skip_domain_check` is set. A host name
    /// that resolves to an address of the device itself is refused unless this is `WXT_LAN_ALL_LOCAL`. The library
    /// reads the interfaces at each call to an IP address, at each redirect to one, and for each new connection to a
    /// host name. On Android this needs version 7 (API 24).
    pub lan_policy: i32,
    /// Set to 1 to allow `http` URLs beyond what `lan_policy` allows. Default: 0 (`https` only).
    pub allow_plain_http: u8,
    /// Set to 1 to skip the check against the domain lists. For development only. Default: 0.
    pub skip_domain_check: u8,
    /// Set to 1 to never send an upload again once all of it was sent. Default: 0, as in browsers: if a kept connection
    /// ends before a byte of the answer, or the server ends it with the status 408 (RFC 9110 section 15.5.9), the upload
    /// is sent once more on a new connection. The server may then have received the whole upload twice (RFC 9110 section
    /// 9.2.2). After `wxt_session_network_changed` has ended the connection, an upload that was sent completely is not
    /// sent again. An upload that was only partly sent is sent again in every case.
    pub send_uploads_once: u8,
    /// The hosts that uploads may go to, each as `https://host`, `https://host:port` or `host[:port]`. An entry without
    /// a scheme also allows `http` if `allow_plain_http` is set. `http://host` requires `allow_plain_http`. An invalid
    /// entry fails the opening, and so does an IP address or a local name, such as `localhost`: `lan_policy` allows
    /// these. Default: NULL, no upload is allowed.
    pub upload_domains: *const WxtStr,
    /// The number of `upload_domains`.
    pub upload_domain_count: usize,
    /// The hosts that downloads may come from. Entries as in `upload_domains`. If the list is empty, no download is
    /// allowed.
    pub download_domains: *const WxtStr,
    /// The number of `download_domains`.
    pub download_domain_count: usize,
    /// CA certificates in PEM, which replace the system's trust store. Default: absent, the system's trust store is
    /// used.
    pub root_certificates: WxtStr,
    /// Public keys that hosts must present, in addition to a valid certificate chain. Default: NULL, no pins.
    pub pins: *const WxtPin,
    /// The number of `pins`.
    pub pin_count: usize,
    /// The proxy, as `http://[user:password@]host[:port]`. The user name and the password are percent-encoded. The
    /// default port is 80. Every connection goes through it with `CONNECT`. Default: absent, no proxy. The library
    /// never reads proxy settings of the environment.
    pub proxy: WxtStr,
    /// The host's own name resolution. Default: zero, the system's resolver.
    pub resolver: WxtResolver,
    /// Where callbacks run. Default: zero, a thread of the session.
    pub executor: WxtExecutor,
    /// Where log messages go. Default: zero, they are discarded.
    pub logger: WxtLogger,
    /// The number of attempts that may follow a task's first one. Any number, but all must fit within the deadline.
    /// Default: 0. See `docs/resume-and-retry.md`.
    ///
    /// A download is retried if the host name has no address, if no connection can be made, also within the time for
    /// one attempt (an equal share of the time that is left, at least 10 s), if the connection ends before the whole
    /// answer (also during the TLS handshake), if it stalls (`low_speed_limit`), or if the status is 408, 429, 502, 503
    /// or 504. An upload is retried for the same reasons, but only if no byte of a request left the device, or if
    /// `retry_uploads` is set. A pipe cannot be read again, so an upload from a pipe is retried only if no byte left
    /// the device.
    ///
    /// The task's result is that of the last attempt. A task that waits for its next attempt counts as running.
    pub max_retries: u32,
    /// The longest wait before the second attempt, in milliseconds. Any number. Each wait is a random part of the longest wait,
    /// which doubles with each attempt, up to 30 s. If the answer has a longer `Retry-After`, that is the wait. If the
    /// wait would pass the deadline, no further attempt is made; this also holds while the deadline is suspended.
    /// Default: 0, which means 500.
    pub retry_delay: u32,
    /// Set to 1 to also retry uploads that may have reached the server. Set it only if every server treats two uploads
    /// with the same `Idempotency-Key` as one: the library sends this header with each upload, with the same value in
    /// each attempt, unless the page sets it. It has no effect without `max_retries`. Together with
    /// `send_uploads_once`, opening fails with `WXT_INVALID_ARGUMENT`. Default: 0.
    pub retry_uploads: u8,
    /// Whether a download that breaks off continues where it stopped: `WXT_RESUME_OFF` (default),
    /// `WXT_RESUME_WITHIN_TASK` or `WXT_RESUME_ACROSS_LAUNCHES`. See `docs/resume-and-retry.md`.
    ///
    /// The library requests the rest with `Range` and `If-Range`. It does so only if the first answer was a 200 of
    /// known size without a content coding, came from the origin of the URL, and had a strong `ETag` or a
    /// `Last-Modified` at least 60 s older than its `Date`, and if the page's headers have no `Range` and no `If-…`. An
    /// attempt that follows one which received more of the file than any before does not count as a retry, so it needs
    /// no `max_retries`.
    pub resume: i32,
    /// The most bytes per second that all tasks of the session together may send and receive, including heads and TLS.
    /// Default: 0, no limit. Any other value is valid. Tasks that could use more get equal shares; the unused share of
    /// a task goes to the others. `wxt_session_set_max_bytes_per_second` changes it. Deadlines are not extended: raise
    /// them with `max_timeout`. See `docs/rates.md`.
    pub max_bytes_per_second: u64,
    /// The fewest bytes per second on a task's connection. If the connection is slower for `low_speed_time`, the task
    /// fails with `WXT_ERRNO_TIMEOUT`, `WXT_CATEGORY_TIMEOUT` and the detail `stalled`, retryable; or it is tried
    /// again, as after a closed connection (`max_retries`, `resume`). Only the time in which the task waits for its own
    /// connection counts, including the wait for the response, but not the queue, look-ups, a wait for
    /// `max_bytes_per_second`, or the wait for a connection that `wxt_session_prepare` is opening. Default: 0, no
    /// minimum. `WXT_INVALID_ARGUMENT` if only one of this and `low_speed_time` is set.
    pub low_speed_limit: u64,
    /// How long a connection may be slower than `low_speed_limit`, in milliseconds. Any number. Default: 0, no minimum
    /// speed.
    /// `WXT_INVALID_ARGUMENT` if only one of the two is set.
    pub low_speed_time: u32,
    /// Set to 1 if transfers wait for the app's return instead of ending with `interrupted`. Default: 0. See
    /// `docs/long-transfers.md`.
    ///
    /// Deadlines are suspended from `wxt_session_enter_background` to `wxt_session_enter_foreground`. All connections
    /// end after 5 s in the background, or at the return if the system suspended the app earlier. A download starts its
    /// next attempt at the return: with `resume` it continues, else it starts anew. An upload of which a byte has left
    /// the device is sent again if `retry_uploads` and `max_retries` are set, else it ends with `interrupted`. These
    /// attempts do not count as retries, so a download needs no `max_retries`. Calls in the background are accepted,
    /// and wait. `on_headers_received` of a download comes when its body is complete.
    pub wait_in_background: u8,
    /// The app's own certificate for servers that ask for one (mutual TLS). Default: all zero, no certificate.
    pub client_certificate: WxtClientCertificate,
}

/// A host and one public key that it may present. A host that has pins must present one of its pinned keys.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtPin {
    /// The exact host name, without scheme and port. An internationalised name may be given in Unicode or as punycode.
    pub host: WxtStr,
    /// The SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 §2.4), 32 bytes.
    pub sha256: *const u8,
    /// The number of bytes in `sha256`. Must be 32.
    pub sha256_length: usize,
}

/// The host's own name resolution, such as an HTTPDNS service.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtResolver {
    /// Passed to `resolve` as it is. Owned by the host; must stay valid until `wxt_session_close` has returned.
    pub context: *mut c_void,
    /// Starts a look-up of the addresses of `host`. Called on a worker thread, possibly for several hosts at the same
    /// time. It should return quickly. The host answers each call once with `wxt_resolution_finish`, from any thread,
    /// before or after `resolve` returns. `host` is valid until `resolve` returns. NULL: the system's resolver is used.
    pub resolve: Option<unsafe extern "C" fn(context: *mut c_void, host: WxtStr, resolution: *mut WxtResolution)>,
}

/// Where the host runs callbacks, such as the main queue or an Android `Handler`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtExecutor {
    /// Passed to `post` as it is. Owned by the host; must stay valid until `wxt_session_close` has returned.
    pub context: *mut c_void,
    /// Schedules `job(job_data)` to run exactly once, on a thread of the host's choice. Do not drop a job, and do not
    /// run it inside `post`. Called from any thread. Jobs that run after the session is closed do nothing. NULL:
    /// callbacks run on the session's delivery thread.
    pub post: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            job: Option<unsafe extern "C" fn(job_data: *mut c_void)>,
            job_data: *mut c_void,
        ),
    >,
}

/// Where the session's log messages go.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtLogger {
    /// Passed to `log` as it is. Owned by the host; must stay valid until `wxt_session_close` has returned.
    pub context: *mut c_void,
    /// Receives one message without a line end. `level` is a `WXT_LOG_…`. Called from any thread, possibly from several
    /// at the same time. Messages contain no query, header value or body. `message` is valid until `log` returns. NULL:
    /// messages are discarded.
    pub log: Option<unsafe extern "C" fn(context: *mut c_void, level: i32, message: WxtStr)>,
}

// SAFETY: integers, pointers that may be null, and optional functions.
unsafe impl HostStruct for WxtSessionOptions {}
// SAFETY: as above.
unsafe impl HostStruct for WxtPin {}
