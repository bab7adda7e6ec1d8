//! Opening and closing a session; its background state.

use std::io;
use std::sync::{Arc, Mutex};

use super::executor::host_log;
use super::guard::{guard, guard_explained};
use super::options::WxtSessionOptions;
use super::options_reading::owned_options;
use super::read::read_struct;
use super::refusal::RefusedCall;
use super::status::{
    WXT_CALLED_FROM_CALLBACK, WXT_INTERNAL, WXT_INVALID_ARGUMENT, WXT_INVALID_CERTIFICATE, WXT_INVALID_DOMAIN,
    WXT_INVALID_PROXY, WXT_INVALID_VERSION, WXT_OUT_OF_RESOURCES, WXT_STORAGE_FAILED, WXT_STORAGE_LOCKED,
    WXT_TRUST_STORE_UNAVAILABLE, WxtStatus,
};
use super::status_detail::WxtStatusDetail;
use crate::session::{OpenError, OpenSession};
use crate::storage;
use crate::task::in_callback;
use crate::terms::log::Level;
use crate::worker::{lock, return_free_memory};

/// One launch of one mini program. The pointer is an opaque handle that points to nothing. Using it after
/// `wxt_session_close` is safe and returns `WXT_SESSION_CLOSED`.
pub struct WxtSession {
    _private: [u8; 0],
}

/// The open sessions.
struct Sessions {
    /// In the order of their handles.
    open: Vec<(usize, Arc<OpenSession>)>,
    /// Handles count up, so an old handle never refers to a new session.
    next_handle: usize,
}

static SESSIONS: Mutex<Sessions> = Mutex::new(Sessions { open: Vec::new(), next_handle: 1 });

impl Sessions {
    /// Returns the handle.
    fn add(&mut self, session: Arc<OpenSession>) -> usize {
        let handle = self.next_handle;
        self.next_handle += 1;
        self.open.push((handle, session));
        handle
    }

    fn index(&self, handle: *const WxtSession) -> Result<usize, RefusedCall> {
        let found = self.open.binary_search_by_key(&handle.addr(), |(handle, _)| *handle);
        found.map_err(|_| RefusedCall::session_closed())
    }
}

/// The open session of a handle.
pub fn session(handle: *const WxtSession) -> Result<Arc<OpenSession>, RefusedCall> {
    if handle.is_null() {
        return Err(RefusedCall::null("session"));
    }
    let sessions = lock(&SESSIONS);
    Ok(sessions.open[sessions.index(handle)?].1.clone())
}

/// Opens a session and writes its handle to `*session`, or NULL if the status is not `WXT_OK`. The host must close the
/// session with `wxt_session_close`.
///
/// Opening creates the mini program's directories, takes over the files that `temporary_retention` keeps, and starts
/// the delivery thread unless there is an executor. It makes no connection. Any thread. Reads and writes the disk: its
/// time grows with the number of saved files, and of temporary files that it may keep. Other files that earlier
/// sessions left are deleted in the background; no path leads to them.
///
/// `detail` receives the reason of the status, which names the option; NULL if it is not wanted. The `logger` of the
/// options receives it as well, except for `WXT_INVALID_STRUCT_SIZE`, `WXT_INTERNAL`, and `options` or `session` that
/// is NULL.
///
/// - `WXT_OK`: the session is open.
/// - `WXT_INVALID_ARGUMENT`: `options` or `session` is NULL, a string or list has a length but no pointer, a required
///   option is missing, a value is out of its range, or two options contradict each other. Also if `app_id`,
///   `app_version`, `user_agent`, `referer` or `path_scheme` is invalid, or if `app_id` or `user_id` is too long for a
///   directory name (at least 83 bytes are allowed).
/// - `WXT_INVALID_STRUCT_SIZE`: the `struct_size` of `options` or `detail` is invalid.
/// - `WXT_INVALID_UTF8`: a string of `options` is not UTF-8.
/// - `WXT_INVALID_VERSION`: `client_version` or `base_library_version` is invalid.
/// - `WXT_INVALID_DOMAIN`: a domain list has an invalid entry.
/// - `WXT_INVALID_CERTIFICATE`: `root_certificates` contains no certificate or an unreadable one, or
///   `client_certificate` cannot be used.
/// - `WXT_INVALID_PIN`: a pin has no valid host, or its hash is not 32 bytes long.
/// - `WXT_INVALID_PROXY`: `proxy` is malformed.
/// - `WXT_STORAGE_LOCKED`: another session has the directory open; see `storage_sharing`.
/// - `WXT_STORAGE_FAILED`: the directory cannot be created or used.
/// - `WXT_TRUST_STORE_UNAVAILABLE`: `root_certificates` is absent, and the system's trust store cannot be used.
/// - `WXT_OUT_OF_RESOURCES`: no thread, descriptor or memory is left.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `options` and all it points to must be readable, `session` writable, and `detail` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_open(
    options: *const WxtSessionOptions,
    session: *mut *mut WxtSession,
    detail: *mut WxtStatusDetail,
) -> WxtStatus {
    // Set `*session` before `detail` is checked, because an invalid `detail` also refuses the call.
    if !session.is_null() {
        // SAFETY: not NULL; the caller promises that it is writable.
        unsafe { session.write(std::ptr::null_mut()) };
    }
    let body = || {
        if session.is_null() {
            return Err(RefusedCall::null("session"));
        }
        // SAFETY: the caller promises a readable struct.
        let options = unsafe { read_struct(options, "options") }?;
        let log = host_log(options.logger);
        // SAFETY: the caller promises that everything the options point to is readable.
        let options = unsafe { owned_options(&options) }.inspect_err(|refusal| {
            log.write(Level::Warning, || format!("the session is not opened: {}", refusal.reason()));
        })?;
        let opened = OpenSession::open(options).map_err(|error| open_refusal(&error))?;
        let handle = lock(&SESSIONS).add(Arc::new(opened));
        // SAFETY: not NULL; the caller promises that it is writable.
        unsafe { session.write(std::ptr::without_provenance_mut(handle)) };
        Ok(())
    };
    // SAFETY: the caller promises that `detail` is NULL or writable.
    unsafe { guard_explained(detail, body) }
}

/// Closes a session: aborts the remaining tasks, delivers the last callbacks, deletes the temporary files that
/// `temporary_retention` does not keep, and joins the session's threads. When it returns, no callback is running or
/// will run, and the library uses nothing that the session's options point to. Jobs that the executor still holds do
/// nothing when they run. On glibc it also returns free memory to the system (`malloc_trim`), unless a transfer of
/// another session runs.
///
/// It waits for a callback that is running, and for calls of other threads that use this session. It also waits for
/// what the system does not interrupt: a read or write of a slow device; the fsync of a file that is being saved, or of
/// a partial file (`WXT_RESUME_ACROSS_LAUNCHES`); on Apple's systems the check of a certificate, which may ask the
/// network. It deletes temporary files for at most 100 ms, enough for some thousand; the deletion of one large file may
/// take longer. What is left takes space until the mini program is opened again, and no session takes it over. The
/// close does not wait for the executor: it runs the remaining callbacks itself, so it may be called on the executor's
/// thread. Any thread.
///
/// A look-up in the system's resolver may outlive the session, because no system can cancel one. It runs on one of the
/// process' 20 look-up threads, and its answer is discarded. A new session may use half of the look-up threads
/// that no other session holds. The host may also still answer its own resolver's look-ups.
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
            return Err(RefusedCall::null("session"));
        }
        if in_callback() {
            let reason = "wxt_session_close waits for callbacks, so it cannot be called from one";
            return Err(RefusedCall::new(WXT_CALLED_FROM_CALLBACK, reason));
        }
        let closing = {
            let mut sessions = lock(&SESSIONS);
            let index = sessions.index(session)?;
            sessions.open.remove(index).1
        };
        closing.close();
        drop(closing);
        return_free_memory();
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
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        admission.enter_background().map_err(|error| out_of_threads(&error))
    })
}

/// Tells the session that the mini program is in the foreground again: calls are accepted, and tasks that waited for
/// the return continue. Any thread, also from a callback.
///
/// - `WXT_OK`: the session is in the foreground.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`: a bug of the library.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_session_enter_foreground(session: *mut WxtSession) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
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
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        admission.set_max_bytes_per_second(bytes_per_second);
        Ok(())
    })
}

/// The timer's thread cannot be started.
pub fn out_of_threads(error: &io::Error) -> RefusedCall {
    RefusedCall::new(WXT_OUT_OF_RESOURCES, format!("no thread can be started: {error}"))
}

/// Deletes the partial files that `WXT_RESUME_ACROSS_LAUNCHES` has kept, for example at a logout. Downloads that are
/// running go on and can complete. If one of them fails or is aborted, or its session is closed, its file is not kept.
/// This applies to all sessions of the process with the same mini program and user. A download that runs in another
/// process may keep its file. `detail` receives the reason of the status; NULL if it is not wanted. Any thread, also
/// from a callback. Reads and writes the disk, and waits up to 10 s for downloads that are just ending.
///
/// - `WXT_OK`: the files are deleted, except those of running downloads.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_INVALID_STRUCT_SIZE`: the `struct_size` of `detail` is invalid.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_STORAGE_FAILED`: the directory cannot be used, or a file cannot be deleted. Others may have been deleted.
/// - `WXT_OUT_OF_RESOURCES`: no descriptor or memory is left.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `detail` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_discard_partials(session: *mut WxtSession, detail: *mut WxtStatusDetail) -> WxtStatus {
    let body = || {
        let session = self::session(session)?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        admission.discard_partials().map_err(|error| match error {
            storage::Error::Stopped(_) | storage::Error::Closed => RefusedCall::session_closed(),
            storage::Error::OutOfResources { .. } => RefusedCall::new(WXT_OUT_OF_RESOURCES, error.to_string()),
            _ => RefusedCall::new(WXT_STORAGE_FAILED, error.to_string()),
        })
    };
    // SAFETY: the caller promises that `detail` is NULL or writable.
    unsafe { guard_explained(detail, body) }
}

/// The refusal of a session that cannot be opened, or of a trust that cannot be used.
pub fn open_refusal(error: &OpenError) -> RefusedCall {
    let status = match error {
        OpenError::Identity(_)
        | OpenError::Option(_)
        | OpenError::PathScheme
        | OpenError::Storage(storage::Error::InvalidIdentity { .. }) => WXT_INVALID_ARGUMENT,
        OpenError::Version { .. } => WXT_INVALID_VERSION,
        OpenError::Domain { .. } => WXT_INVALID_DOMAIN,
        OpenError::Certificate(_) => WXT_INVALID_CERTIFICATE,
        OpenError::Proxy(_) => WXT_INVALID_PROXY,
        OpenError::TrustStore(_) => WXT_TRUST_STORE_UNAVAILABLE,
        OpenError::StorageLocked => WXT_STORAGE_LOCKED,
        OpenError::Storage(_) => WXT_STORAGE_FAILED,
        OpenError::OutOfResources(_) => WXT_OUT_OF_RESOURCES,
        OpenError::Internal(_) => WXT_INTERNAL,
    };
    RefusedCall::new(status, error.to_string())
}
