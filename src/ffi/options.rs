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

/// A page may name `wxfile://` paths only.
pub const WXT_PATHS_SANDBOX: i32 = 0;
/// `file_path` may also be an absolute path of the device.
pub const WXT_PATHS_NATIVE: i32 = 1;

/// `http` and `https` to an IP address in a subnet of one of the device's network interfaces, but never to the device itself.
/// Names are looked up in the domain lists, local ones included.
pub const WXT_LAN_OWN_SUBNETS: i32 = 0;
/// No IP address and no local name.
pub const WXT_LAN_OFF: i32 = 1;
/// `http` and `https` to every address of a local network, `localhost` and names below `.localhost` and `.local`, the device
/// itself included. Public names may have addresses of the device. For development.
pub const WXT_LAN_ALL_LOCAL: i32 = 2;

/// A second session on the same mini program's directory is refused with `WXT_STORAGE_LOCKED`. If the directory is removed
/// while the session is open, the session makes it anew when it next uses it. Until then a session of another process (never
/// one of this process) can be opened; the calls of this one then fail while that one is open.
pub const WXT_STORAGE_EXCLUSIVE: i32 = 0;
/// Sessions share the saved files; each has temporary files of its own.
pub const WXT_STORAGE_SHARED: i32 = 1;

/// A download that breaks off fails, or begins anew with `max_retries`.
pub const WXT_RESUME_OFF: i32 = 0;
/// A download that breaks off goes on in another attempt of the same task, within its deadline.
pub const WXT_RESUME_WITHIN_TASK: i32 = 1;
/// As `WXT_RESUME_WITHIN_TASK`; and what a task that failed has of its file is kept, for the next call with the same URL, headers and
/// `file_path`, of this session or of a later one, also after a crash. What is kept counts as temporary files do, and goes first.
/// `wxt_discard_partials` removes it. A task that is aborted, interrupted or over its deadline keeps its file, too.
pub const WXT_RESUME_ACROSS_LAUNCHES: i32 = 2;

/// Something that the page or the host did wrong and the library put right.
pub const WXT_LOG_WARNING: i32 = 1;
/// A decision that is worth knowing when something is looked into.
pub const WXT_LOG_INFO: i32 = 2;

/// Everything about one launch of one mini program, for `wxt_session_open`.
///
/// Begin with `wxt_session_options()`, which sets `struct_size` and leaves the rest zero. Zero is always the default,
/// and the default is what WeChat does. Required: `app_id`, `platform`, `client_version`, `data_directory`.
/// Everything is copied; only what `executor`, `logger`, `resolver` and the `context` of `client_certificate` point to has to stay
/// valid, until `wxt_session_close` has returned.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtSessionOptions {
    /// `sizeof(WxtSessionOptions)`.
    pub struct_size: usize,
    /// The mini program's appid. Part of the Referer, and of its files' place. Letters, digits and `-._~`, but neither `.`
    /// nor `..`. Required.
    pub app_id: WxtStr,
    /// The mini program's version, part of the Referer. Characters as in `app_id`. Absent or empty is `0`, the development
    /// version.
    pub app_version: WxtStr,
    /// The user, so that two users of one mini program have files of their own. May be absent.
    pub user_id: WxtStr,
    /// `WXT_PLATFORM_IOS`, `WXT_PLATFORM_ANDROID` or `WXT_PLATFORM_OTHER`.
    pub platform: i32,
    /// `WXT_PATHS_SANDBOX` or `WXT_PATHS_NATIVE`.
    pub path_policy: i32,
    /// The version of the client app, such as `8.0.50`: it decides which quirks apply.
    pub client_version: WxtStr,
    /// The version of the base library, such as `2.10.0`. Absent is the newest.
    pub base_library_version: WxtStr,
    /// The `User-Agent` of every request. Absent is `wxtransfer/<version>`.
    pub user_agent: WxtStr,
    /// The Referer of every request: an `https` or `http` URL with a host, without user-info and fragment, in which `{appid}` and
    /// `{version}` stand for `app_id` and `app_version`, and of at most 1,024 bytes with these. Absent or empty is WeChat's,
    /// `https://servicewechat.com/{appid}/{version}/page-frame.html`. `docs/other-containers.md` has those of others.
    pub referer: WxtStr,
    /// The scheme of all paths that pages get and give, in place of `wxfile` in this header: at most 32 lower-case letters and
    /// digits, a letter first, that end in `file`, but not `file` itself. Absent or empty is `wxfile`.
    pub path_scheme: WxtStr,
    /// An absolute path to a directory for all sessions' files. It is created where it is missing.
    pub data_directory: WxtStr,
    /// Uploads at once; 0 is 10.
    pub max_concurrent_uploads: u32,
    /// Downloads at once; 0 is 10.
    pub max_concurrent_downloads: u32,
    /// The deadline of an upload that names none, in milliseconds; 0 is 60,000: `networkTimeout.uploadFile` of app.json.
    pub default_upload_timeout: u32,
    /// The deadline of a download that names none, in milliseconds; 0 is 60,000: `networkTimeout.downloadFile` of app.json.
    pub default_download_timeout: u32,
    /// The longest deadline that a task can name, in milliseconds; 0 is 60,000.
    pub max_timeout: u32,
    /// The largest file that a download may have, in bytes; 0 is 200 MiB.
    pub max_download_size: u64,
    /// The largest answer of an upload, in bytes; 0 is 16 MiB.
    pub max_data_size: u64,
    /// What saved files and `wxfile://usr` may hold together, in bytes; 0 is 200 MiB. A file counts with 4 KiB at least. Files
    /// that the host itself puts there count when the session is opened, or when the quota seems to be used up.
    pub storage_quota: u64,
    /// What temporary files may hold together, in bytes; 0 is 4 GiB. A file counts with 4 KiB at least.
    pub temporary_quota: u64,
    /// How many bytes of temporary files stay when the session is closed, or crashes, for the next session of the mini program
    /// and user, which takes their paths, too, and counts them against its `temporary_quota`. The oldest go first; those of a
    /// crash when the next session opens, whose own value counts. At most `temporary_quota`. Default: 0, temporary files live
    /// for one session. WeChat's documentation today names 2 GiB.
    pub temporary_retention: u64,
    /// `WXT_STORAGE_EXCLUSIVE` or `WXT_STORAGE_SHARED`.
    pub storage_sharing: i32,
    /// What of the local network needs no entry in a domain list: `WXT_LAN_OWN_SUBNETS`, `WXT_LAN_OFF` or `WXT_LAN_ALL_LOCAL`.
    /// Default: `WXT_LAN_OWN_SUBNETS`, as WeChat from base library 2.4.0 on; with an older `base_library_version` the default
    /// allows nothing. A redirect from a named host to an address of a subnet is refused. A name that has an address of the
    /// device itself, of any of its interfaces, is refused unless this is `WXT_LAN_ALL_LOCAL`. The interfaces are read anew at each
    /// call to an IP address, where a redirect leads to one, and for each new connection to a name. Android tells them from
    /// version 7 (API 24) on.
    pub lan_policy: i32,
    /// Set to 1 to allow `http` URLs beyond what `lan_policy` allows. Default: 0 (`https` only).
    pub allow_plain_http: u8,
    /// Not 0: the domain lists are not looked at. For development only.
    pub skip_domain_check: u8,
    /// Set to 1 never to send an upload again after all of it was sent. Default: 0, as browsers do it: an upload on a kept
    /// connection that ends without a byte of an answer is sent once more on a new connection. The server may have received
    /// the first one whole (RFC 9110 section 9.2.2). If a part was not sent yet, no server can have it whole, and the upload
    /// is sent again in either case.
    pub send_uploads_once: u8,
    /// The hosts that an upload may go to: `https://host`, or with `:port`. `http://host` needs `allow_plain_http`. If there
    /// is none, no upload is allowed. An entry that cannot be used is named in the log.
    pub upload_domains: *const WxtStr,
    /// The number of `upload_domains`.
    pub upload_domain_count: usize,
    /// The hosts that a download may come from; entries as in `upload_domains`.
    pub download_domains: *const WxtStr,
    /// The number of `download_domains`.
    pub download_domain_count: usize,
    /// Certificates in PEM that are trusted instead of the operating system's.
    pub root_certificates: WxtStr,
    /// Public keys that a host must show, in addition to a valid chain.
    pub pins: *const WxtPin,
    /// The number of `pins`.
    pub pin_count: usize,
    /// `http://[user:password@]host:port` of a proxy that every connection goes through with `CONNECT`. The
    /// environment is never asked.
    pub proxy: WxtStr,
    /// The host's own name resolution. Zero is the system's.
    pub resolver: WxtResolver,
    /// Where callbacks run. Zero is a thread of the session's own.
    pub executor: WxtExecutor,
    /// Where the log goes. Zero is nowhere.
    pub logger: WxtLogger,
    /// How many attempts may follow the first one of a task, all within its deadline. Default: 0, none. See
    /// `docs/resume-and-retry.md`.
    ///
    /// A download is tried again if the name has no address, no connection can be made, or the connection ends before the
    /// answer is whole, in the TLS handshake too; and if the status is 408, 429, 502, 503 or 504. An upload is tried again for
    /// the same reasons, but only if no byte of a request has left the device, or with `retry_uploads`. The file is then read
    /// again; a pipe cannot be.
    ///
    /// The last attempt's failure or answer is the task's. While a task waits for its next attempt it counts among those that
    /// run.
    pub max_retries: u32,
    /// The longest wait before the second attempt, in milliseconds; 0 is 500. Each wait is a random part of it, and the longest
    /// one doubles with each attempt, up to 30 s. A `Retry-After` of the answer counts instead. If a wait would not end before
    /// the deadline, there is no other attempt.
    pub retry_delay: u32,
    /// Set to 1 to try uploads again that may have reached the server. Default: 0. Set it only if every server that uploads go
    /// to handles two uploads with one `Idempotency-Key` as one: each upload is sent with such a header, the same in each
    /// attempt, unless the page sets one. Without `max_retries` it does nothing. With `send_uploads_once` the session is not opened.
    pub retry_uploads: u8,
    /// Whether a download that breaks off goes on where it was: `WXT_RESUME_OFF` (default), `WXT_RESUME_WITHIN_TASK` or
    /// `WXT_RESUME_ACROSS_LAUNCHES`. See `docs/resume-and-retry.md`.
    ///
    /// The rest is asked for with `Range` and `If-Range` if the answer is a 200 of known size, without a content coding, with a
    /// strong `ETag` or a `Last-Modified` 60 s older than its `Date`, from the origin of the URL, and the page's headers have no
    /// `Range` and no `If-…`. An attempt that goes on behind one that has got more of the file is no retry: it needs no
    /// `max_retries`.
    pub resume: i32,
    /// How many bytes all tasks of the session may send and receive per second, together and in both directions; heads and TLS count.
    /// Default: 0, no limit. Any other number is one. Tasks that could use more get equal shares; what a task does not use goes to
    /// the others. `wxt_session_set_max_bytes_per_second` changes it. Deadlines go on: raise them with `max_timeout`. See
    /// `docs/rates.md`.
    pub max_bytes_per_second: u64,
    /// The fewest bytes per second of a connection that a task uses, together with `low_speed_time`: if it moves fewer for that long,
    /// the task fails with `WXT_ERRNO_TIMEOUT`, `WXT_CATEGORY_TIMEOUT` and the detail `stalled`, retryable; or it is tried again, as
    /// after a connection that ended (`max_retries`, `resume`). Only the time in which the task waits for the network counts, also
    /// for the answer; neither the queue nor a wait for `max_bytes_per_second`. Default: 0, no connection is too slow.
    pub low_speed_limit: u64,
    /// In milliseconds: for how long a connection may be slower than `low_speed_limit`. Default: 0. One of the two without the other
    /// is `WXT_INVALID_ARGUMENT`.
    pub low_speed_time: u32,
    /// A certificate for servers that ask the app who it is. Zero is none.
    pub client_certificate: WxtClientCertificate,
}

/// A host and a public key that it may show. A host with pins must show one of them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtPin {
    /// The exact host name, without a scheme and a port. An internationalised one may be given in either form.
    pub host: WxtStr,
    /// 32 bytes: the SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 §2.4).
    pub sha256: *const u8,
    /// 32.
    pub sha256_length: usize,
}

/// The host's own name resolution (an HTTPDNS service, say).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtResolver {
    /// Passed to `resolve`.
    pub context: *mut c_void,
    /// Asks for the addresses of `host`. Called on a worker thread, for several hosts at once; it has to return soon,
    /// and the answer is given by `wxt_resolution_finish`, from any thread, before or after it returned. `host` lives
    /// until it returns.
    pub resolve: Option<unsafe extern "C" fn(context: *mut c_void, host: WxtStr, resolution: *mut WxtResolution)>,
}

/// Where the host wants callbacks to run: a main queue, a `Handler`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtExecutor {
    /// Passed to `post`.
    pub context: *mut c_void,
    /// Has `job(job_data)` called once, later, on a thread of the host's choice; it must not be dropped. Called from
    /// any thread. Jobs may also run after the session was closed: they then do nothing.
    pub post: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            job: Option<unsafe extern "C" fn(job_data: *mut c_void)>,
            job_data: *mut c_void,
        ),
    >,
}

/// Where the session's log goes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtLogger {
    /// Passed to `log`.
    pub context: *mut c_void,
    /// Takes one message, without a line end: `level` is a `WXT_LOG_…`. Called from any thread, several at once. A
    /// message holds no query, header value or body.
    pub log: Option<unsafe extern "C" fn(context: *mut c_void, level: i32, message: WxtStr)>,
}

// SAFETY: integers, pointers that may be null, and optional functions.
unsafe impl HostStruct for WxtSessionOptions {}
// SAFETY: as above.
unsafe impl HostStruct for WxtPin {}
