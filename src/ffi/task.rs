//! Starting and aborting tasks.

use super::callback::WxtCallbacks;
use super::guard::{guard, guard_explained};
use super::handler::CallbackHandler;
use super::read::read_struct;
use super::refusal::{FieldName, RefusedCall};
use super::request::{WxtDownloadRequest, WxtTaskId, WxtUploadRequest};
use super::request_reading::{download_request, upload_request};
use super::session::{WxtSession, session};
use super::status::{WXT_NOT_FOUND, WxtStatus};
use super::status_detail::WxtStatusDetail;
use super::string::{WxtPair, WxtStr, array};
use crate::session::Admission;
use crate::task::Submission;
use crate::terms::Call;

/// Starts `wx.uploadFile`. Writes the new task's number to `*task` unless `task` is NULL. The task's first callbacks
/// may run before this function returns. Everything is copied. `detail` receives the reason of the status; NULL if it
/// is not wanted. Any thread, also from a callback.
///
/// Mistakes in the request itself are reported through `on_fail`: a missing or malformed URL, path, name or header, a
/// host that is not in the domain list, a file that cannot be read. The comments of `WXT_ERRNO_…` list them.
///
/// - `WXT_OK`: the task has started. It will end with `release`.
/// - `WXT_INVALID_ARGUMENT`: `session`, `request` or `callbacks` is NULL, a string or list has a length but no pointer,
///   `file_descriptor` is not open, `method` is unknown, there are more than 100 parts, or the request sets fields that
///   exclude each other (`data` and `has_file_descriptor`; `parts` and the single file; `raw` and fields of a form).
/// - `WXT_INVALID_STRUCT_SIZE`: the `struct_size` of `request`, `callbacks` or `detail` is invalid.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_OUT_OF_RESOURCES`: no descriptor is left to duplicate `file_descriptor`, or no memory to copy the request. Any
///   other lack of resources is reported through `on_fail`.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `request`, `callbacks` and all they point to must be readable, and `task` and `detail` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_upload_file(
    session: *mut WxtSession,
    request: *const WxtUploadRequest,
    callbacks: *const WxtCallbacks,
    task: *mut WxtTaskId,
    detail: *mut WxtStatusDetail,
) -> WxtStatus {
    let prepare = |admission: &Admission<'_>| {
        // SAFETY: the caller promises a readable struct, and that what it points to is readable.
        let request = unsafe { upload_request(&read_struct(request, "request")?) }?;
        Ok(admission.prepare_upload(request))
    };
    // SAFETY: passed on to the caller.
    unsafe { start(session, Call::UploadFile, callbacks, task, detail, &prepare) }
}

/// Starts `wx.downloadFile`. Writes the new task's number to `*task` unless `task` is NULL. The task's first callbacks
/// may run before this function returns. Everything is copied. `detail` receives the reason of the status; NULL if it
/// is not wanted. Any thread, also from a callback.
///
/// Mistakes in the request itself are reported through `on_fail`, as for `wxt_upload_file`.
///
/// - `WXT_OK`: the task has started. It will end with `release`.
/// - `WXT_INVALID_ARGUMENT`: `session`, `request` or `callbacks` is NULL, or a string or list has a length but no
///   pointer.
/// - `WXT_INVALID_STRUCT_SIZE`: the `struct_size` of `request`, `callbacks` or `detail` is invalid.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_OUT_OF_RESOURCES`: no memory is left to copy the request. Any other lack of resources is reported through
///   `on_fail`.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// As for `wxt_upload_file`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_download_file(
    session: *mut WxtSession,
    request: *const WxtDownloadRequest,
    callbacks: *const WxtCallbacks,
    task: *mut WxtTaskId,
    detail: *mut WxtStatusDetail,
) -> WxtStatus {
    let prepare = |admission: &Admission<'_>| {
        // SAFETY: the caller promises a readable struct, and that what it points to is readable.
        let request = unsafe { download_request(&read_struct(request, "request")?) }?;
        Ok(admission.prepare_download(request))
    };
    // SAFETY: passed on to the caller.
    unsafe { start(session, Call::DownloadFile, callbacks, task, detail, &prepare) }
}

/// Starts the task that `prepare` makes of a request.
///
/// While a status other than `WXT_OK` can still be returned, `user_data` belongs to the caller. The handler owns
/// `user_data`, so it is created last, after everything that can fail or panic.
///
/// # Safety
/// `callbacks` must be readable, and `task` and `detail` NULL or writable.
unsafe fn start(
    session: *mut WxtSession,
    call: Call,
    callbacks: *const WxtCallbacks,
    task: *mut WxtTaskId,
    detail: *mut WxtStatusDetail,
    prepare: &dyn Fn(&Admission<'_>) -> Result<Submission, RefusedCall>,
) -> WxtStatus {
    let body = || {
        let session = self::session(session)?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        let submission = prepare(&admission)?;
        // SAFETY: the caller promises a readable struct.
        let callbacks = unsafe { read_struct(callbacks, "callbacks") }?;
        let id = admission.submit(submission, Box::new(CallbackHandler::new(call, callbacks)));
        if !task.is_null() {
            // SAFETY: not NULL; the caller promises that it is writable.
            unsafe { task.write(id) };
        }
        Ok(())
    };
    // SAFETY: passed on to the caller.
    unsafe { guard_explained(detail, body) }
}

/// Aborts a task that is waiting or running. If it returns `WXT_OK`, the task fails with `abort`, whatever else happens
/// to it. Returns at once; the callbacks follow. Unsent data of an upload is not sent: the connection is reset after
/// the callbacks have been handed over. Any thread, also from a callback.
///
/// The callbacks follow later if the task is doing something that the system does not interrupt: a read or write of a
/// slow device; the fsync of a file that is being saved to `filePath`, or of a partial file
/// (`WXT_RESUME_ACROSS_LAUNCHES`); on Apple's systems the check of a certificate, which may ask the network.
///
/// - `WXT_OK`: the task will fail with `abort`.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_NOT_FOUND`: there is no such task, or its result is settled. Its callbacks may still follow.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`: a bug of the library.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_task_abort(session: *mut WxtSession, task: WxtTaskId) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        if admission.abort(task) { Ok(()) } else { Err(no_such_task()) }
    })
}

/// Changes `max_bytes_per_second` of a task that is waiting or running; 0 means no limit except the session's. The new
/// limit applies at once. Any thread, also from a callback.
///
/// - `WXT_OK`: the limit has changed.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL.
/// - `WXT_NOT_FOUND`: there is no such task, or it has ended.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`: a bug of the library.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_task_set_max_bytes_per_second(
    session: *mut WxtSession,
    task: WxtTaskId,
    bytes_per_second: u64,
) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        if admission.set_task_max_bytes_per_second(task, bytes_per_second) { Ok(()) } else { Err(no_such_task()) }
    })
}

fn no_such_task() -> RefusedCall {
    RefusedCall::new(WXT_NOT_FOUND, "task is not the number of a task that is waiting or running")
}

/// Finds the first header with a name, ignoring case, and writes its value to `*value`. The value is valid as long as
/// `header` is. Any thread, also from a callback.
///
/// - `WXT_OK`: found.
/// - `WXT_NOT_FOUND`: there is no such header. `*value` is `{NULL, 0}`.
/// - `WXT_INVALID_ARGUMENT`: `value` is NULL, or a string or list has a length but no pointer.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `header` must point to `header_count` readable pairs; `name` must be readable; `value` must be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_header_find(
    header: *const WxtPair,
    header_count: usize,
    name: WxtStr,
    value: *mut WxtStr,
) -> WxtStatus {
    guard(|| {
        if value.is_null() {
            return Err(RefusedCall::null("value"));
        }
        // SAFETY: not NULL, and the caller promises that it is writable.
        unsafe { value.write(WxtStr::absent()) };
        // SAFETY: the caller promises readable pairs and a readable name.
        let (pairs, name) =
            unsafe { (array(header, header_count, "header")?, name.bytes("name")?.unwrap_or_default()) };
        for (index, pair) in pairs.iter().enumerate() {
            // SAFETY: as above.
            let candidate = unsafe { pair.name.bytes(FieldName::member("header", index, "name")) }?.unwrap_or_default();
            if candidate.eq_ignore_ascii_case(name) {
                // SAFETY: as above.
                unsafe { value.write(pair.value) };
                return Ok(());
            }
        }
        Err(RefusedCall::new(WXT_NOT_FOUND, "header has no element with this name"))
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::options::{WXT_PLATFORM_OTHER, WxtSessionOptions};
    use super::super::read::HostStruct;
    use super::super::session::{wxt_session_close, wxt_session_open};
    use super::super::status::{WXT_INTERNAL, WXT_OK, WXT_OUT_OF_RESOURCES};
    use super::*;
    use crate::terms::TransferError;

    /// The number of calls of `release`.
    static RELEASED: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn release(_: *mut c_void) {
        RELEASED.fetch_add(1, Ordering::SeqCst);
    }

    fn zeroed<T: HostStruct>() -> T {
        // SAFETY: all bytes zero are a valid value of such a struct.
        unsafe { std::mem::zeroed() }
    }

    fn open(directory: &str) -> *mut WxtSession {
        let mut options = zeroed::<WxtSessionOptions>();
        options.struct_size = size_of::<WxtSessionOptions>();
        options.app_id = WxtStr::new("wx");
        options.platform = WXT_PLATFORM_OTHER;
        options.client_version = WxtStr::new("8.0.50");
        options.data_directory = WxtStr::new(directory);
        let mut session = std::ptr::null_mut();
        // SAFETY: both point to values of this function.
        assert_eq!(unsafe { wxt_session_open(&options, &mut session, std::ptr::null_mut()) }, WXT_OK);
        session
    }

    /// The caller frees `user_data` after any status other than `WXT_OK`. If `release` ran as well, that would be a
    /// double free.
    #[test]
    fn user_data_is_released_if_and_only_if_the_status_is_ok() {
        let directory = tempfile::tempdir().unwrap();
        let session = open(directory.path().to_str().unwrap());
        let mut callbacks = zeroed::<WxtCallbacks>();
        callbacks.struct_size = size_of::<WxtCallbacks>();
        callbacks.release = Some(release);
        let mut task = 0;
        let mut start = |prepare: fn(&Admission<'_>) -> Result<Submission, RefusedCall>| {
            // SAFETY: everything is a value of this function, or NULL.
            unsafe { start(session, Call::DownloadFile, &callbacks, &mut task, std::ptr::null_mut(), &prepare) }
        };
        assert_eq!(start(|_| panic!("a test")), WXT_INTERNAL);
        assert_eq!(start(|_| Err(RefusedCall::new(WXT_OUT_OF_RESOURCES, "a test"))), WXT_OUT_OF_RESOURCES);
        assert_eq!(RELEASED.load(Ordering::SeqCst), 0);
        assert_eq!(start(|admission| Ok(admission.prepare_download(Err(TransferError::missing("url"))))), WXT_OK);
        assert_eq!(wxt_session_close(session), WXT_OK);
        assert_ne!(task, 0);
        assert_eq!(RELEASED.load(Ordering::SeqCst), 1);
    }
}
