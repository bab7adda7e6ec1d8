//! The files around the transfers: saving, importing, and what is saved.

use std::ffi::c_void;
use std::ptr;

use super::guard::guard;
use super::session::{WxtSession, session};
use super::status::{WXT_INVALID_ARGUMENT, WXT_SESSION_CLOSED, WxtStatus};
use super::string::WxtStr;
use super::task::duplicate;
use crate::session::Admission;
use crate::storage::{ImportMode, StoredFile};
use crate::task::as_callback;
use crate::terms::{Call, Failure, TransferError, errno};

/// The host keeps its file: it is cloned where the file system can, else copied.
pub const WXT_IMPORT_COPY: i32 = 0;
/// The host gives its file away: it is moved where that is possible, else copied and removed.
pub const WXT_IMPORT_MOVE: i32 = 1;

/// One file of the mini program.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtFileInfo {
    /// `sizeof(WxtFileInfo)` in the library.
    pub struct_size: usize,
    /// `filePath`, `savedFilePath` or `tempFilePath`: the `wxfile://` path.
    pub file_path: WxtStr,
    /// The same file's path on the device, for the host. Not to be kept: iOS moves an app's directory.
    pub native_path: WxtStr,
    /// `size` in bytes.
    pub size: u64,
    /// `createTime` in seconds since the Unix epoch. 0 for files returned by import and resolve, which do not set it.
    pub create_time: u64,
}

/// What a file operation has come to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtFileResult {
    /// `sizeof(WxtFileResult)` in the library.
    pub struct_size: usize,
    /// `errMsg`, such as `saveFile:ok` or `saveFile:fail tempFilePath file not exist`.
    pub err_msg: WxtStr,
    /// `errno`: a `WXT_ERRNO_…`; `WXT_ERRNO_OK` on success.
    pub err_no: i32,
    /// A `WXT_CATEGORY_…`; 0 on success.
    pub category: i32,
    /// What happened, in words for a developer. Absent on success.
    pub detail: WxtStr,
    /// The files that the operation is about, or the list.
    pub files: *const WxtFileInfo,
    /// The number of `files`: 0 on failure.
    pub file_count: usize,
}

/// Takes the result of a file operation, on the thread that called the function, before it returns. What it is given
/// lives until it returns. Every function of this header may be called from it, but for `wxt_session_close`.
pub type WxtFileCallback = Option<unsafe extern "C" fn(user_data: *mut c_void, result: *const WxtFileResult)>;

/// `wx.saveFile`: moves a temporary file to the store, or to `file_path`, a `wxfile://usr/` path whose file it
/// replaces. The temporary path is invalid afterwards; on failure it stays. A saved file survives a crash at any
/// moment, whole or not at all.
///
/// `on_result` gets one file. Any thread. It writes to the disk and waits for it, and at most 10 s for another process that
/// shares the files and is adding one. `errno`: `WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST`, `WXT_ERRNO_PERMISSION_DENIED` for a
/// target outside `wxfile://usr/`, `WXT_ERRNO_QUOTA_EXCEEDED`, `WXT_ERRNO_PARAMETER` for a path that is missing or
/// not UTF-8, `WXT_ERRNO_SAVE_FILE` for a full disk, an I/O error or files that another process has.
///
/// Every file function: `errno` `WXT_ERRNO_SYSTEM_ERROR` if no descriptor or memory is left, and `WXT_ERRNO_CANCEL` if the
/// session is closed while the function waits, copies or lists.
///
/// - `WXT_INVALID_ARGUMENT`: `session` or `on_result` is NULL, or a string has a length but no pointer.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
///
/// # Safety
/// The strings must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_save_file(
    session: *mut WxtSession,
    temp_file_path: WxtStr,
    file_path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::SaveFile, on_result, user_data, |admission| {
        // SAFETY: the caller promises readable strings.
        let (temporary, target) =
            unsafe { (required_path(temp_file_path, "tempFilePath")?, page_path(file_path, "filePath")?) };
        Ok(temporary.and_then(|temporary| {
            let target = target?;
            let saved = admission.save_file(&temporary, target.as_deref())?;
            Ok(vec![saved])
        }))
    })
}

/// `wx.getSavedFileList`: the files of the store, oldest first; not those under `wxfile://usr/`. Statuses as for
/// `wxt_save_file`; `errno` `WXT_ERRNO_SAVE_FILE` for an I/O error. Any thread; it reads the disk.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_get_saved_file_list(
    session: *mut WxtSession,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::GetSavedFileList, on_result, user_data, |admission| Ok(admission.saved_files()))
}

/// `wx.getSavedFileInfo`: one file of the store. Statuses as for `wxt_save_file`; `errno`
/// `WXT_ERRNO_FILE_NOT_FOUND`, `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_PARAMETER`. Any thread.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_get_saved_file_info(
    session: *mut WxtSession,
    file_path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::GetSavedFileInfo, on_result, user_data, |admission| {
        // SAFETY: the caller promises a readable string.
        let path = unsafe { required_path(file_path, "filePath") }?;
        Ok(path.and_then(|path| Ok(vec![admission.saved_file(&path)?])))
    })
}

/// `wx.removeSavedFile`: removes one file of the store; `on_result` gets no file. Statuses and `errno` as for
/// `wxt_get_saved_file_info`. Any thread.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_remove_saved_file(
    session: *mut WxtSession,
    file_path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::RemoveSavedFile, on_result, user_data, |admission| {
        // SAFETY: the caller promises a readable string.
        let path = unsafe { required_path(file_path, "filePath") }?;
        Ok(path.and_then(|path| admission.remove_saved_file(&path).map(|()| Vec::new())))
    })
}

/// Makes a temporary file of a file that the host owns (a photo just taken, a document just picked), as
/// `wx.chooseImage` does. `native_path` is absolute; `mode` is `WXT_IMPORT_COPY` or `WXT_IMPORT_MOVE`. `on_result`
/// gets one file, whose `file_path` is the page's `tempFilePath`.
///
/// Statuses as for `wxt_save_file`, and `WXT_INVALID_ARGUMENT` for another `mode`; `errno`
/// `WXT_ERRNO_FILE_NOT_FOUND`, `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_QUOTA_EXCEEDED`, `WXT_ERRNO_SAVE_FILE`,
/// `WXT_ERRNO_PARAMETER`. Any thread; it waits for the disk.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_import_file(
    session: *mut WxtSession,
    native_path: WxtStr,
    mode: i32,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::ImportFile, on_result, user_data, |admission| {
        let mode = match mode {
            WXT_IMPORT_COPY => ImportMode::Copy,
            WXT_IMPORT_MOVE => ImportMode::Move,
            _ => return Err(WXT_INVALID_ARGUMENT),
        };
        // SAFETY: the caller promises a readable string.
        let path = unsafe { required_path(native_path, "filePath") }?;
        Ok(path.and_then(|path| Ok(vec![admission.import_path(&path, mode)?])))
    })
}

/// Makes a temporary file of what an open file or pipe holds, from where it stands (Android's `content://`).
///
/// `length` is how many bytes are taken, 0 is all up to the end; `name` gives the extension and may be absent. The
/// descriptor is duplicated: the host keeps its own. Waits for the other end of a pipe, until the session is closed: then
/// it fails with `abort`.
///
/// Several calls and uploads may read one pipe; each byte goes to one of them. While they do, nobody outside the library may
/// read from it: if the pipe is in blocking mode, a read that is too late can only be ended by more bytes or the pipe's end.
///
/// Statuses as for `wxt_save_file`, `WXT_INVALID_ARGUMENT` for a descriptor that is not open, and `WXT_OUT_OF_RESOURCES` if
/// there is none left to duplicate it; `errno` `WXT_ERRNO_PARAMETER` for one that is neither file nor pipe or holds
/// less than `length`, `WXT_ERRNO_QUOTA_EXCEEDED`, `WXT_ERRNO_SAVE_FILE`. Any thread.
///
/// # Safety
/// The string must be readable, and the descriptor not be closed by another thread during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_import_file_descriptor(
    session: *mut WxtSession,
    file_descriptor: i32,
    length: u64,
    name: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::ImportFile, on_result, user_data, |admission| {
        // SAFETY: the caller promises a readable string, and that the descriptor stays as it is.
        let (name, descriptor) = unsafe { (page_path(name, "name")?, duplicate(file_descriptor)?) };
        let length = Some(length).filter(|length| *length > 0);
        Ok(name.and_then(|name| Ok(vec![admission.import_descriptor(descriptor, length, name.as_deref())?])))
    })
}

/// The device's path of an existing `wxfile://` path, for the host (a player, a viewer): `native_path` of the one file
/// that `on_result` gets. Statuses as for `wxt_save_file`; `errno` `WXT_ERRNO_FILE_NOT_FOUND`,
/// `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_PARAMETER`. Any thread.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_resolve_path(
    session: *mut WxtSession,
    file_path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::ResolvePath, on_result, user_data, |admission| {
        // SAFETY: the caller promises a readable string.
        let path = unsafe { required_path(file_path, "filePath") }?;
        Ok(path.and_then(|path| Ok(vec![admission.resolve_path(&path)?])))
    })
}

/// The outer error is the host's mistake, the inner one the page's.
type Outcome<T> = Result<Result<T, TransferError>, WxtStatus>;

fn operation(
    session: *mut WxtSession,
    call: Call,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
    run: impl FnOnce(&Admission<'_>) -> Outcome<Vec<StoredFile>>,
) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let on_result = on_result.ok_or(WXT_INVALID_ARGUMENT)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        let outcome = run(&admission)?;
        drop(admission);
        with_result(call, &outcome, |result| {
            // SAFETY: the host's function, called as the header says; what it is given lives until it returns.
            as_callback(|| unsafe { on_result(user_data, result) });
        });
        Ok(())
    })
}

fn with_result(call: Call, outcome: &Result<Vec<StoredFile>, TransferError>, tell: impl FnOnce(&WxtFileResult)) {
    let files = outcome.as_deref().unwrap_or_default();
    let mut infos = Vec::new();
    // A list is as long as there are files.
    let reserved = infos.try_reserve_exact(files.len());
    let shortage = reserved.map_err(|_| TransferError::new(Failure::OutOfResources, "memory for the list")).err();
    let error = outcome.as_ref().err().or(shortage.as_ref());
    if error.is_none() {
        infos.extend(files.iter().map(|file| WxtFileInfo {
            struct_size: size_of::<WxtFileInfo>(),
            file_path: WxtStr::new(&file.path),
            // The data directory came as UTF-8, and below it all names are ASCII or a page's own text.
            native_path: WxtStr::new(file.native_path.to_str().unwrap_or_default()),
            size: file.length,
            create_time: file.create_time.unwrap_or(0),
        }));
    }
    let err_msg = error.map_or_else(|| format!("{}:ok", call.name()), |error| error.err_msg(call));
    tell(&WxtFileResult {
        struct_size: size_of::<WxtFileResult>(),
        err_msg: WxtStr::new(&err_msg),
        err_no: error.map_or(errno::OK, |error| error.err_no(call)),
        category: error.map_or(0, |error| error.category() as i32),
        detail: WxtStr::optional(error.map(|error| error.detail.as_str())),
        files: if infos.is_empty() { ptr::null() } else { infos.as_ptr() },
        file_count: infos.len(),
    });
}

/// # Safety
/// As for [`WxtStr::bytes`].
unsafe fn page_path(path: WxtStr, parameter: &'static str) -> Outcome<Option<String>> {
    // SAFETY: passed on to the caller.
    let path = unsafe { path.page_text() }?;
    Ok(path.transpose().map_err(|_| TransferError::not_text(parameter)))
}

/// # Safety
/// As for [`WxtStr::bytes`].
unsafe fn required_path(path: WxtStr, parameter: &'static str) -> Outcome<String> {
    // SAFETY: passed on to the caller.
    let path = unsafe { page_path(path, parameter) }?;
    Ok(path.and_then(|path| path.ok_or_else(|| TransferError::missing(parameter))))
}
