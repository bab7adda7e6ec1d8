//! Opening and closing a session; its background state.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use once_cell::sync::Lazy;

use super::client_certificate::certificate_parts;
use super::executor::{HostExecutor, host_log};
use super::guard::guard;
use super::options::{
    WXT_LAN_ALL_LOCAL, WXT_LAN_OFF, WXT_LAN_OWN_SUBNETS, WXT_PATHS_NATIVE, WXT_PATHS_SANDBOX, WXT_PLATFORM_ANDROID,
    WXT_PLATFORM_IOS, WXT_PLATFORM_OHOS, WXT_PLATFORM_OTHER, WXT_RESUME_ACROSS_LAUNCHES, WXT_RESUME_OFF,
    WXT_RESUME_WITHIN_TASK, WXT_STORAGE_EXCLUSIVE, WXT_STORAGE_SHARED, WxtSessionOptions,
};
use super::read::read_struct;
use super::resolver::HostResolver;
use super::status::{
    WXT_CALLED_FROM_CALLBACK, WXT_INTERNAL, WXT_INVALID_ARGUMENT, WXT_INVALID_CERTIFICATE, WXT_INVALID_DOMAIN,
    WXT_INVALID_PROXY, WXT_INVALID_VERSION, WXT_OUT_OF_RESOURCES, WXT_SESSION_CLOSED, WXT_STORAGE_FAILED,
    WXT_STORAGE_LOCKED, WXT_TRUST_STORE_UNAVAILABLE, WxtStatus,
};
use super::string::{WxtStr, array};
use super::trust::pins;
use crate::http::{LowSpeed, Resolver};
use crate::platform::give_back_free_memory;
use crate::policy::lan::LanPolicy;
use crate::policy::limits::Limits;
use crate::policy::quirks::Platform;
use crate::policy::resume::Resume;
use crate::policy::retry::RetryRules;
use crate::session::{OpenError, Session, SessionOptions};
use crate::storage::{self, Sharing};
use crate::task::{Executor, in_callback};
use crate::worker::lock;

/// One launch of one mini program. The pointer is an opaque handle that points to nothing. Using it after
/// `wxt_session_close` is safe and returns `WXT_SESSION_CLOSED`.
pub struct WxtSession {
    _private: [u8; 0],
}

/// Open sessions by handle. Handles count up, so an old handle never refers to a new session.
static SESSIONS: Lazy<Mutex<HashMap<usize, Arc<Session>>>> = Lazy::new(Mutex::default);
static NEXT_HANDLE: AtomicUsize = AtomicUsize::new(1);

fn sessions() -> MutexGuard<'static, HashMap<usize, Arc<Session>>> {
    lock(&SESSIONS)
}

/// The open session of a handle.
pub fn session(handle: *const WxtSession) -> Result<Arc<Session>, WxtStatus> {
    if handle.is_null() {
        return Err(WXT_INVALID_ARGUMENT);
    }
    sessions().get(&handle.addr()).cloned().ok_or(WXT_SESSION_CLOSED)
}

/// Opens a session and writes its handle to `*session`, or NULL if the status is not `WXT_OK`. The host must close the
/// session with `wxt_session_close`.
///
/// Opening creates the mini program's directories, deletes or takes over the files that earlier launches left, and
/// starts the delivery thread unless there is an executor. It makes no connection. Any thread. Reads and writes the
/// disk.
///
/// - `WXT_OK`: the session is open.
/// - `WXT_INVALID_ARGUMENT`: `options` or `session` is NULL, a string or list has a length but no pointer, a required
///   option is missing, a value is out of its range, or two options contradict each other. Also if `app_id`,
///   `app_version`, `user_agent`, `referer` or `path_scheme` is invalid (the log says which), or if `app_id` or
///   `user_id` is too long for a directory name (at least 83 bytes are allowed).
/// - `WXT_INVALID_STRUCT_SIZE`: of `options`.
/// - `WXT_INVALID_UTF8`: a string of `options` is not UTF-8.
/// - `WXT_INVALID_VERSION`: `client_version` or `base_library_version` is invalid.
/// - `WXT_INVALID_DOMAIN`: a domain list has an invalid entry (the log says which).
/// - `WXT_INVALID_CERTIFICATE`: `root_certificates` has no certificate or an unreadable one.
/// - `WXT_INVALID_PIN`: a pin has no valid host, or its hash is not 32 bytes long.
/// - `WXT_INVALID_PROXY`: `proxy` is malformed.
/// - `WXT_STORAGE_LOCKED`: another session has the directory open; see `storage_sharing`.
/// - `WXT_STORAGE_FAILED`: the directory cannot be created or used (the log says why).
/// - `WXT_TRUST_STORE_UNAVAILABLE`: `root_certificates` is absent, and the system's trust store cannot be used.
/// - `WXT_OUT_OF_RESOURCES`: no thread or descriptor is left.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `options` and all it points to must be readable, and `session` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_open(
    options: *const WxtSessionOptions,
    session: *mut *mut WxtSession,
) -> WxtStatus {
    guard(|| {
        if session.is_null() {
            return Err(WXT_INVALID_ARGUMENT);
        }
        // SAFETY: not NULL; the caller promises that it is writable.
        unsafe { session.write(std::ptr::null_mut()) };
        // SAFETY: the caller promises a readable struct.
        let options = unsafe { read_struct(options) }?;
        // SAFETY: the caller promises that everything the options point to is readable.
        let options = unsafe { owned_options(&options) }?;
        let opened = Session::open(options).map_err(|error| open_status(&error))?;
        let handle = NEXT_HANDLE.fetch_add(1, Ordering::Relaxed);
        sessions().insert(handle, Arc::new(opened));
        // SAFETY: as above.
        unsafe { session.write(std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Closes a session: aborts the remaining tasks, delivers the last callbacks, deletes the temporary files that
/// `temporary_retention` does not keep, and joins the session's threads. When it returns, no callback is running or
/// will run, and the library uses nothing that the session's options point to. Jobs that the executor still holds do
/// nothing when they run. On glibc it also returns free memory to the system (`malloc_trim`).
///
/// It waits for a callback that is running, and for calls of other threads that use this session. It also waits for the
/// fsync of a file that is being saved, which cannot be stopped. It deletes temporary files for at most 100 ms, enough
/// for some thousand. What is left takes space until the mini program is opened again. No path leads to it. It does not wait for the executor: it runs the
/// remaining callbacks itself, so it may be called on the executor's thread. Any thread.
///
/// A look-up in the system's resolver may outlive the session, because no system can cancel one. It runs on a thread of
/// the process, and its answer is discarded. The host may also still answer its own resolver's look-ups.
///
/// - `WXT_OK`: the session is closed.
/// - `WXT_CALLED_FROM_CALLBACK`: called from a callback of any session. The session stays open.
/// - `WXT_SESSION_CLOSED`: it is closed already, or another thread is closing it.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_INTERNAL`: a bug of the library.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_session_close(session: *mut WxtSession) -> WxtStatus {
    guard(|| {
        if session.is_null() {
            return Err(WXT_INVALID_ARGUMENT);
        }
        if in_callback() {
            return Err(WXT_CALLED_FROM_CALLBACK);
        }
        let closing = sessions().remove(&session.addr()).ok_or(WXT_SESSION_CLOSED)?;
        closing.close();
        drop(closing);
        give_back_free_memory();
        Ok(())
    })
}

/// Tells the session that the mini program entered the background. For 5 s calls are accepted as before, because a page
/// may upload something when it is hidden. After that, every waiting or running task fails with `interrupted`
/// (`WXT_ERRNO_INTERRUPTED`), and so does every later call at once. With `wait_in_background`, tasks and calls wait for
/// the return instead. Idle connections are closed at once. Has no effect if the session is in the background already.
/// Any thread, also from a callback.
///
/// - `WXT_OK`: the session is in the background.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_OUT_OF_RESOURCES`: the timer's thread cannot be started. The session stays in the foreground.
/// - `WXT_INTERNAL`: a bug of the library.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_session_enter_background(session: *mut WxtSession) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        admission.enter_background().map_err(|_| WXT_OUT_OF_RESOURCES)
    })
}

/// Tells the session that the mini program is in the foreground again: calls are accepted, and tasks that waited for the
/// return continue. Any thread, also from a callback.
///
/// - `WXT_OK`: the session is in the foreground.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`: a bug of the library.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_session_enter_foreground(session: *mut WxtSession) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        admission.enter_foreground();
        Ok(())
    })
}

/// Changes `max_bytes_per_second` of the session's options; 0 means no limit. The new limit applies at once, also to
/// running tasks. Any thread, also from a callback.
///
/// - `WXT_OK`: the limit has changed.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`: a bug of the library.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_session_set_max_bytes_per_second(session: *mut WxtSession, bytes_per_second: u64) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        admission.set_max_bytes_per_second(bytes_per_second);
        Ok(())
    })
}

/// Deletes the partial files that `WXT_RESUME_ACROSS_LAUNCHES` has kept, except those that a task is writing. Any
/// thread, also from a callback. Reads and writes the disk.
///
/// - `WXT_OK`: the files are deleted.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_STORAGE_FAILED`: a file cannot be deleted. Others may have been deleted.
/// - `WXT_OUT_OF_RESOURCES`: no descriptor is left.
/// - `WXT_INTERNAL`: a bug of the library.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_discard_partials(session: *mut WxtSession) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        admission.discard_partials().map_err(|error| match error {
            storage::Error::Stopped(_) | storage::Error::Closed => WXT_SESSION_CLOSED,
            storage::Error::OutOfResources { .. } => WXT_OUT_OF_RESOURCES,
            _ => WXT_STORAGE_FAILED,
        })
    })
}

/// # Safety
/// Everything that `options` points to must be readable.
unsafe fn owned_options(options: &WxtSessionOptions) -> Result<SessionOptions, WxtStatus> {
    let platform = match options.platform {
        WXT_PLATFORM_IOS => Platform::Ios,
        WXT_PLATFORM_ANDROID => Platform::Android,
        WXT_PLATFORM_OTHER => Platform::Other,
        WXT_PLATFORM_OHOS => Platform::Ohos,
        _ => return Err(WXT_INVALID_ARGUMENT),
    };
    let allow_native_paths = match options.path_policy {
        WXT_PATHS_SANDBOX => false,
        WXT_PATHS_NATIVE => true,
        _ => return Err(WXT_INVALID_ARGUMENT),
    };
    let sharing = match options.storage_sharing {
        WXT_STORAGE_EXCLUSIVE => Sharing::Exclusive,
        WXT_STORAGE_SHARED => Sharing::Shared,
        _ => return Err(WXT_INVALID_ARGUMENT),
    };
    let lan = match options.lan_policy {
        WXT_LAN_OWN_SUBNETS => LanPolicy::OwnSubnets,
        WXT_LAN_OFF => LanPolicy::Off,
        WXT_LAN_ALL_LOCAL => LanPolicy::AllLocal,
        _ => return Err(WXT_INVALID_ARGUMENT),
    };
    let resume = match options.resume {
        WXT_RESUME_OFF => Resume::Off,
        WXT_RESUME_WITHIN_TASK => Resume::WithinTask,
        WXT_RESUME_ACROSS_LAUNCHES => Resume::AcrossLaunches,
        _ => return Err(WXT_INVALID_ARGUMENT),
    };
    // SAFETY: passed on to the caller, for every string and list below.
    unsafe {
        let data_directory = PathBuf::from(options.data_directory.host_text()?);
        let client_version = options.client_version.host_text()?;
        let app_id = options.app_id.host_text()?;
        if app_id.is_empty() || client_version.is_empty() || !data_directory.is_absolute() {
            return Err(WXT_INVALID_ARGUMENT);
        }
        let resolver: Option<Arc<dyn Resolver>> = match HostResolver::new(options.resolver) {
            Some(resolver) => Some(Arc::new(resolver)),
            None => None,
        };
        let executor: Option<Box<dyn Executor>> = match HostExecutor::new(options.executor) {
            Some(executor) => Some(Box::new(executor)),
            None => None,
        };
        Ok(SessionOptions {
            app_id,
            app_version: options.app_version.host_text()?,
            user_id: options.user_id.host_text()?,
            platform,
            client_version,
            base_library_version: options.base_library_version.host_text()?,
            user_agent: options.user_agent.host_text()?,
            referer: options.referer.host_text()?,
            path_scheme: options.path_scheme.host_text()?,
            data_directory,
            limits: limits(options),
            retry: retry_rules(options)?,
            resume,
            low_speed: low_speed(options)?,
            wait_in_background: options.wait_in_background != 0,
            upload_domains: texts(options.upload_domains, options.upload_domain_count)?,
            download_domains: texts(options.download_domains, options.download_domain_count)?,
            lan,
            skip_domain_check: options.skip_domain_check != 0,
            send_uploads_once: options.send_uploads_once != 0,
            allow_plain_http: options.allow_plain_http != 0,
            root_certificates: options.root_certificates.bytes()?.map(<[u8]>::to_vec),
            pins: pins(options.pins, options.pin_count)?,
            proxy: match options.proxy.host_text()? {
                proxy if proxy.is_empty() => None,
                proxy => Some(proxy),
            },
            resolver,
            allow_native_paths,
            sharing,
            executor,
            log: host_log(options.logger),
            client_certificate: certificate_parts(&options.client_certificate)?,
        })
    }
}

fn retry_rules(options: &WxtSessionOptions) -> Result<RetryRules, WxtStatus> {
    let uploads = options.retry_uploads != 0;
    if uploads && options.send_uploads_once != 0 {
        return Err(WXT_INVALID_ARGUMENT);
    }
    let delay = match options.retry_delay {
        0 => RetryRules::default().delay,
        milliseconds => Duration::from_millis(milliseconds.into()),
    };
    Ok(RetryRules { max_retries: options.max_retries, delay, uploads })
}

/// Reads the minimum speed. It is an error if only one of the two options is set.
fn low_speed(options: &WxtSessionOptions) -> Result<Option<LowSpeed>, WxtStatus> {
    match (options.low_speed_limit, options.low_speed_time) {
        (0, 0) => Ok(None),
        (0, _) | (_, 0) => Err(WXT_INVALID_ARGUMENT),
        (limit, milliseconds) => Ok(Some(LowSpeed { limit, time: Duration::from_millis(milliseconds.into()) })),
    }
}

fn limits(options: &WxtSessionOptions) -> Limits {
    let defaults = Limits::default();
    let or = |value: u64, default: u64| if value == 0 { default } else { value };
    let milliseconds = |value: u32, default: Duration| match value {
        0 => default,
        value => Duration::from_millis(value.into()),
    };
    let count = |value: u32, default: usize| match value {
        0 => default,
        value => value as usize,
    };
    Limits {
        concurrent_uploads: count(options.max_concurrent_uploads, defaults.concurrent_uploads),
        concurrent_downloads: count(options.max_concurrent_downloads, defaults.concurrent_downloads),
        default_upload_timeout: milliseconds(options.default_upload_timeout, defaults.default_upload_timeout),
        default_download_timeout: milliseconds(options.default_download_timeout, defaults.default_download_timeout),
        max_timeout: milliseconds(options.max_timeout, defaults.max_timeout),
        max_download_size: or(options.max_download_size, defaults.max_download_size),
        max_answer_size: or(options.max_data_size, defaults.max_answer_size),
        storage_quota: or(options.storage_quota, defaults.storage_quota),
        temporary_quota: or(options.temporary_quota, defaults.temporary_quota),
        temporary_retention: options.temporary_retention,
        max_bytes_per_second: options.max_bytes_per_second,
    }
}

/// # Safety
/// `items` must point to `count` readable strings.
pub unsafe fn texts(items: *const WxtStr, count: usize) -> Result<Vec<String>, WxtStatus> {
    // SAFETY: passed on to the caller.
    unsafe { array(items, count)?.iter().map(|item| item.host_text()).collect() }
}

/// The status of a session that cannot be opened, or of a trust that cannot be had.
pub fn open_status(error: &OpenError) -> WxtStatus {
    match error {
        OpenError::Identity(_) | OpenError::PathScheme | OpenError::Storage(storage::Error::InvalidIdentity { .. }) => {
            WXT_INVALID_ARGUMENT
        }
        OpenError::Version(_) => WXT_INVALID_VERSION,
        OpenError::Domain { .. } => WXT_INVALID_DOMAIN,
        OpenError::Certificate(_) => WXT_INVALID_CERTIFICATE,
        OpenError::Proxy(_) => WXT_INVALID_PROXY,
        OpenError::TrustStore(_) => WXT_TRUST_STORE_UNAVAILABLE,
        OpenError::StorageLocked => WXT_STORAGE_LOCKED,
        OpenError::Storage(_) => WXT_STORAGE_FAILED,
        OpenError::OutOfResources(_) => WXT_OUT_OF_RESOURCES,
        OpenError::Internal(_) => WXT_INTERNAL,
    }
}
