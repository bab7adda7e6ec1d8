//! Opening and closing a session, and its time in the background.

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
    WXT_PLATFORM_IOS, WXT_PLATFORM_OTHER, WXT_RESUME_ACROSS_LAUNCHES, WXT_RESUME_OFF, WXT_RESUME_WITHIN_TASK,
    WXT_STORAGE_EXCLUSIVE, WXT_STORAGE_SHARED, WxtSessionOptions,
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

/// One launch of one mini program. The pointer is a handle and points to nothing: using it after
/// `wxt_session_close` is harmless and gives `WXT_SESSION_CLOSED`.
pub struct WxtSession {
    _private: [u8; 0],
}

/// Sessions by handle. Handles count up, so that an old one never means a new session.
static SESSIONS: Lazy<Mutex<HashMap<usize, Arc<Session>>>> = Lazy::new(Mutex::default);
static NEXT_HANDLE: AtomicUsize = AtomicUsize::new(1);

fn sessions() -> MutexGuard<'static, HashMap<usize, Arc<Session>>> {
    lock(&SESSIONS)
}

/// The session behind a handle.
pub fn session(handle: *const WxtSession) -> Result<Arc<Session>, WxtStatus> {
    if handle.is_null() {
        return Err(WXT_INVALID_ARGUMENT);
    }
    sessions().get(&handle.addr()).cloned().ok_or(WXT_SESSION_CLOSED)
}

/// Opens a session. `*session` is its handle; on any other status than `WXT_OK` it is NULL. The session is the host's
/// to close.
///
/// Opening makes the mini program's directories, removes or takes over what earlier launches left there, and starts the delivery
/// thread, unless there is an executor. It makes no connection. Any thread; it reads and writes the disk.
///
/// - `WXT_INVALID_ARGUMENT`: a pointer is NULL, a required option is missing, a number is out of its range
///   or two options contradict each other;
///   `app_id`, `app_version`, `user_agent` or `referer` cannot be sent, or `path_scheme` cannot be used (the log says which); `app_id` or `user_id` is longer than
///   a directory's name can be, at worst 83 bytes.
/// - `WXT_INVALID_STRUCT_SIZE`, `WXT_INVALID_UTF8`, `WXT_INVALID_VERSION`, `WXT_INVALID_DOMAIN`,
///   `WXT_INVALID_CERTIFICATE`, `WXT_INVALID_PIN`, `WXT_INVALID_PROXY`: as their names say.
/// - `WXT_STORAGE_LOCKED`: see `storage_sharing`. `WXT_STORAGE_FAILED`: the directory cannot be used.
/// - `WXT_TRUST_STORE_UNAVAILABLE`: there are no `root_certificates`, and the system's cannot be used.
/// - `WXT_OUT_OF_RESOURCES`, `WXT_INTERNAL`.
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
        // SAFETY: the caller promises that what it points to is readable.
        let options = unsafe { owned_options(&options) }?;
        let opened = Session::open(options).map_err(|error| open_status(&error))?;
        let handle = NEXT_HANDLE.fetch_add(1, Ordering::Relaxed);
        sessions().insert(handle, Arc::new(opened));
        // SAFETY: as above.
        unsafe { session.write(std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Closes a session: aborts what is left, delivers the last callbacks, removes the temporary files (but those that
/// `temporary_retention` keeps) and joins the session's threads. When it returns no callback runs or will run, and
/// nothing that the session's options point to is used any more. Jobs that the executor still holds may run later and do
/// nothing. On glibc it gives the process' free memory back to the system (`malloc_trim`).
///
/// One thing may go on: a look-up that the system's resolver has not answered, since no system lets it be ended. It runs
/// on a thread of the process, and its answer is dropped. A question to the host's own resolver may be answered later,
/// too.
///
/// Saving a file waits for the disk: the flush of that file (an fsync) cannot be stopped, and closing waits until it is
/// done.
///
/// It waits for a callback that is running, and for functions of this header that other threads are in with this session.
/// It does not wait for the executor: callbacks that it has not run yet run on this thread, so that closing on the
/// executor's own thread is fine. Any thread.
///
/// - `WXT_CALLED_FROM_CALLBACK`: called from inside a callback, of whatever session; the session stays open.
/// - `WXT_SESSION_CLOSED`: it was closed before, or another thread is closing it.
/// - `WXT_INVALID_ARGUMENT`: NULL.
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

/// Tells the session that the mini program went to the background. For 5 s calls are taken as before, since a page may upload
/// something when it is hidden. What has not ended then, waiting or running, fails with `interrupted`, and so does every later
/// call at once. Again in the background, it does nothing. Any thread.
///
/// - `WXT_SESSION_CLOSED`, `WXT_INVALID_ARGUMENT`: the handle.
/// - `WXT_OUT_OF_RESOURCES`: the timer cannot be started; nothing has changed.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_session_enter_background(session: *mut WxtSession) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        admission.enter_background().map_err(|_| WXT_OUT_OF_RESOURCES)
    })
}

/// Tells the session that the mini program is back: calls are taken again. Any thread.
///
/// - `WXT_SESSION_CLOSED`, `WXT_INVALID_ARGUMENT`: the handle.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_session_enter_foreground(session: *mut WxtSession) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        admission.enter_foreground();
        Ok(())
    })
}

/// Changes `max_bytes_per_second` of the session's options; 0 is no limit. Tasks that run keep to it at once: one that waits for its
/// turn waits as long as the new limit asks for. Any thread, also from a callback.
///
/// - `WXT_SESSION_CLOSED`, `WXT_INVALID_ARGUMENT`: the handle.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_session_set_max_bytes_per_second(session: *mut WxtSession, bytes_per_second: u64) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        admission.set_max_bytes_per_second(bytes_per_second);
        Ok(())
    })
}

/// Removes the partial files that `WXT_RESUME_ACROSS_LAUNCHES` has kept, but those that a task is writing. Any thread; it reads and
/// writes the disk.
///
/// - `WXT_STORAGE_FAILED`: a file cannot be removed; the others may be. `WXT_OUT_OF_RESOURCES`: no descriptor is left.
/// - `WXT_SESSION_CLOSED`, `WXT_INVALID_ARGUMENT`: the handle.
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

/// One of the two without the other says nothing.
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
