//! The files around the transfers: saving, importing, and what is saved.

use std::ffi::c_void;

use super::file_result::{FileOutcome, WxtFileCallback, operation, operation_on, page_path, required_path};
use super::request_reading::duplicate;
use super::session::WxtSession;
use super::status::{WXT_INVALID_ARGUMENT, WxtStatus};
use super::string::{WxtStr, array};
use crate::session::Admission;
use crate::storage::ImportMode;
use crate::terms::Call;

/// The host keeps its file: it is cloned where the file system can, else copied.
pub const WXT_IMPORT_COPY: i32 = 0;
/// The host gives its file away: it is moved where that is possible, else copied and removed.
pub const WXT_IMPORT_MOVE: i32 = 1;

/// `wx.saveFile`: moves a temporary file to the store, or to `file_path`, a `wxfile://usr/` path whose file it
/// replaces. The temporary path is invalid afterwards; on failure it stays. A saved file survives a crash at any
/// moment, whole or not at all.
///
/// `on_result` gets one file. Any thread. It writes to the disk and waits for it, and at most 10 s for another process that
/// shares the files and is adding one. `errno`: `WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST`, `WXT_ERRNO_PERMISSION_DENIED` for a
/// target outside `wxfile://usr/`, `WXT_ERRNO_FILE_NOT_FOUND` if the target's directory is missing, `WXT_ERRNO_IS_A_DIRECTORY`,
/// `WXT_ERRNO_NOT_A_DIRECTORY`, `WXT_ERRNO_QUOTA_EXCEEDED`, also for a full disk.
///
/// Every file function: `errno` `WXT_ERRNO_INVALID_ARGUMENT` for a path that is missing or not UTF-8; an empty one
/// leads to nothing (`WXT_ERRNO_FILE_NOT_FOUND`, a `temp_file_path` `WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST`);
/// `WXT_ERRNO_INPUT_OUTPUT` if the device fails; `WXT_ERRNO_FILE_ACCESS_DENIED` if the system refuses the access;
/// `WXT_ERRNO_SYSTEM_ERROR` if no descriptor or memory is left, for files that another process has and for any other error of
/// the system, and if the session is closed while the function waits, copies, reads, writes or lists (`WXT_CATEGORY_ABORTED`). No
/// file function fails with another number than those of WeChat's table of file failures (`FileError`).
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
            Ok(FileOutcome::Files(vec![saved]))
        }))
    })
}

/// `wx.getSavedFileList`: the files of the store, oldest first; not those under `wxfile://usr/`. Statuses and `errno` as
/// for every file function (`wxt_save_file`). Any thread; it reads the disk.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_get_saved_file_list(
    session: *mut WxtSession,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::GetSavedFileList, on_result, user_data, |admission| {
        Ok(admission.saved_files().map(FileOutcome::Files))
    })
}

/// `wx.getSavedFileInfo`: one file of the store. Statuses as for `wxt_save_file`; `errno`
/// `WXT_ERRNO_FILE_NOT_FOUND`, `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_INVALID_ARGUMENT`. Any thread.
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
    let run =
        |admission: &Admission<'_>, [path]: [String; 1]| Ok(FileOutcome::Files(vec![admission.saved_file(&path)?]));
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::GetSavedFileInfo, [(file_path, "filePath")], on_result, user_data, run) }
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
    let run = |admission: &Admission<'_>, [path]: [String; 1]| {
        admission.remove_saved_file(&path).map(|()| FileOutcome::Nothing)
    };
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::RemoveSavedFile, [(file_path, "filePath")], on_result, user_data, run) }
}

/// Makes a temporary file of a file that the host owns (a photo just taken, a document just picked), as
/// `wx.chooseImage` does. `native_path` is absolute; `mode` is `WXT_IMPORT_COPY` or `WXT_IMPORT_MOVE`. `on_result`
/// gets one file, whose `file_path` is the page's `tempFilePath`.
///
/// Statuses as for `wxt_save_file`, and `WXT_INVALID_ARGUMENT` for another `mode`; `errno`
/// `WXT_ERRNO_FILE_NOT_FOUND`, `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_IS_A_DIRECTORY`, `WXT_ERRNO_QUOTA_EXCEEDED`. Any
/// thread; it waits for the disk.
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
    let mode = match mode {
        WXT_IMPORT_COPY => ImportMode::Copy,
        WXT_IMPORT_MOVE => ImportMode::Move,
        _ => return WXT_INVALID_ARGUMENT,
    };
    let run = |admission: &Admission<'_>, [path]: [String; 1]| {
        Ok(FileOutcome::Files(vec![admission.import_path(&path, mode)?]))
    };
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::ImportFile, [(native_path, "filePath")], on_result, user_data, run) }
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
/// there is none left to duplicate it; `errno` `WXT_ERRNO_BAD_FILE_DESCRIPTOR` for one that is neither file nor pipe or holds
/// less than `length`, `WXT_ERRNO_QUOTA_EXCEEDED`. Any thread.
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
        Ok(name.and_then(|name| {
            let imported = admission.import_descriptor(descriptor, length, name.as_deref())?;
            Ok(FileOutcome::Files(vec![imported]))
        }))
    })
}

/// Makes a temporary file of bytes that the host has in memory (a picture just drawn), as `wxt_import_file` does of a file. `name`
/// gives the extension and may be absent. `on_result` gets one file, whose `file_path` is the page's `tempFilePath`.
///
/// Statuses as for `wxt_save_file`, and `WXT_INVALID_ARGUMENT` if `data` is NULL but `data_length` is not 0; `errno`
/// `WXT_ERRNO_QUOTA_EXCEEDED`, also for a full disk. Any thread; it waits for the disk.
///
/// # Safety
/// The string must be readable, and `data_length` bytes at `data`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_import_data(
    session: *mut WxtSession,
    data: *const u8,
    data_length: usize,
    name: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    operation(session, Call::ImportFile, on_result, user_data, |admission| {
        // SAFETY: the caller promises a readable string and readable bytes, which do not change during the call.
        let (name, bytes) = unsafe { (page_path(name, "name")?, array(data, data_length)?) };
        Ok(name.and_then(|name| Ok(FileOutcome::Files(vec![admission.import_data(bytes, name.as_deref())?]))))
    })
}

/// The device's path of an existing `wxfile://` path, for the host (a player, a viewer): `native_path` of the one file
/// that `on_result` gets. Statuses as for `wxt_save_file`; `errno` `WXT_ERRNO_FILE_NOT_FOUND`,
/// `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_INVALID_ARGUMENT`. Any thread.
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
    let run =
        |admission: &Admission<'_>, [path]: [String; 1]| Ok(FileOutcome::Files(vec![admission.resolve_path(&path)?]));
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::ResolvePath, [(file_path, "filePath")], on_result, user_data, run) }
}
