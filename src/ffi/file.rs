//! Saved, imported and resolved files.

use std::ffi::c_void;

use super::file_result::{FileOutcome, Outcome, WxtFileCallback, operation, operation_on, page_path, required_path};
use super::refusal::choice;
use super::request_reading::duplicate;
use super::session::WxtSession;
use super::status::WxtStatus;
use super::string::{WxtStr, array};
use crate::session::Admission;
use crate::storage::ImportMode;
use crate::terms::Call;

/// The host keeps its file. It is cloned if the file system can clone, otherwise copied.
pub const WXT_IMPORT_COPY: i32 = 0;
/// The host gives up its file. It is moved if possible, otherwise copied and deleted.
pub const WXT_IMPORT_MOVE: i32 = 1;

/// `wx.saveFile`: moves a temporary file into the store, or to `file_path`, a `wxfile://usr/` path, where it replaces
/// an existing file. The temporary path is invalid afterwards. On failure the temporary file stays. A crash at any
/// moment leaves either the whole saved file or none. `on_result` receives one file.
///
/// Any thread. Waits for the disk, and up to 10 s for another process that is adding a file to the shared directory.
///
/// Further failures: `WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST`; `WXT_ERRNO_PERMISSION_DENIED` if the temporary path does not
/// begin with `wxfile://` or leads out of the sandbox, or for a target outside `wxfile://usr/`;
/// `WXT_ERRNO_FILE_NAME_TOO_LONG`; `WXT_ERRNO_FILE_NOT_FOUND` if the target's directory does not exist;
/// `WXT_ERRNO_IS_A_DIRECTORY`; `WXT_ERRNO_NOT_A_DIRECTORY`; `WXT_ERRNO_QUOTA_EXCEEDED`, also for a full disk.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
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
    let run = |admission: &Admission<'_>| -> Outcome<FileOutcome> {
        // SAFETY: the caller promises readable strings.
        let (temporary, target) =
            unsafe { (required_path(temp_file_path, "tempFilePath")?, page_path(file_path, "filePath")?) };
        Ok(temporary.and_then(|temporary| {
            let target = target?;
            let saved = admission.save_file(&temporary, target.as_deref())?;
            Ok(FileOutcome::Files(vec![saved]))
        }))
    };
    // SAFETY: passed on to the caller.
    unsafe { operation(session, Call::SaveFile, on_result, user_data, &run) }
}

/// `wx.getSavedFileList`: the files of the store, oldest first, without those under `wxfile://usr/`. Any thread. Reads
/// the disk.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL; `WXT_SESSION_CLOSED`;
/// `WXT_INTERNAL`.
///
/// # Safety
/// `on_result` must be as `WxtFileCallback` demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_get_saved_file_list(
    session: *mut WxtSession,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run =
        |admission: &Admission<'_>| -> Outcome<FileOutcome> { Ok(admission.saved_files().map(FileOutcome::Files)) };
    // SAFETY: passed on to the caller.
    unsafe { operation(session, Call::GetSavedFileList, on_result, user_data, &run) }
}

/// `wx.getSavedFileInfo`: one file of the store. `on_result` receives one file. Any thread. Reads the disk.
///
/// Further failures: `WXT_ERRNO_FILE_NOT_FOUND`, `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_FILE_NAME_TOO_LONG`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
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
    unsafe { operation_on(session, Call::GetSavedFileInfo, [(file_path, "filePath")], on_result, user_data, &run) }
}

/// `wx.removeSavedFile`: deletes one file of the store. `on_result` receives no file. Any thread. Writes to the disk.
///
/// Further failures: `WXT_ERRNO_FILE_NOT_FOUND`, `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_FILE_NAME_TOO_LONG`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
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
    unsafe { operation_on(session, Call::RemoveSavedFile, [(file_path, "filePath")], on_result, user_data, &run) }
}

/// Makes a temporary file from a file of the host (a photo just taken, a document just picked), as `wx.chooseImage`
/// does. `native_path` is absolute. `mode` is `WXT_IMPORT_COPY` or `WXT_IMPORT_MOVE`. `on_result` receives one file,
/// whose `file_path` is the page's `tempFilePath`. Any thread. Waits for the disk.
///
/// Further failures: `WXT_ERRNO_FILE_NOT_FOUND`; `WXT_ERRNO_PERMISSION_DENIED` for a relative path, and for anything but
/// a regular file, such as a directory or a pipe; `WXT_ERRNO_NOT_A_DIRECTORY` if a component of the path is a file;
/// `WXT_ERRNO_FILE_NAME_TOO_LONG`; `WXT_ERRNO_FILE_ACCESS_DENIED`; `WXT_ERRNO_QUOTA_EXCEEDED`, also for a full disk.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, a string has a length but no
/// pointer, or `mode` is unknown; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string;
/// `WXT_INTERNAL`.
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
    let run = |admission: &Admission<'_>| -> Outcome<FileOutcome> {
        let modes = [
            (WXT_IMPORT_COPY, "WXT_IMPORT_COPY", ImportMode::Copy),
            (WXT_IMPORT_MOVE, "WXT_IMPORT_MOVE", ImportMode::Move),
        ];
        let mode = choice("mode", mode, &modes)?;
        // SAFETY: the caller promises a readable string.
        let path = unsafe { required_path(native_path, "filePath") }?;
        Ok(path.and_then(|path| Ok(FileOutcome::Files(vec![admission.import_path(&path, mode)?]))))
    };
    // SAFETY: passed on to the caller.
    unsafe { operation(session, Call::ImportFile, on_result, user_data, &run) }
}

/// Makes a temporary file from an open file or pipe, read from its current offset (Android's `content://`). `on_result`
/// receives one file, whose `file_path` is the page's `tempFilePath`.
///
/// `length` is the number of bytes to read; 0 means up to the end. `name` provides the extension and may be absent. The
/// library duplicates the descriptor; the host keeps its own. Any thread. Waits for the other end of a pipe. If the
/// session closes meanwhile, the call fails with `abort`.
///
/// Several calls and uploads may read the same pipe; each byte goes to one of them. Meanwhile, code outside the library
/// must not read from the pipe: if it is in blocking mode, a read that finds no byte can only be ended by more bytes or
/// by the end of the pipe.
///
/// Further failures: `WXT_ERRNO_BAD_FILE_DESCRIPTOR` if the descriptor is neither a file nor a pipe, or has fewer than
/// `length` bytes; `WXT_ERRNO_QUOTA_EXCEEDED`, also for a full disk.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, a string has a length but no
/// pointer, or the descriptor is not open; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a
/// string, or no descriptor to duplicate it; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable, and no other thread may close the descriptor during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_import_file_descriptor(
    session: *mut WxtSession,
    file_descriptor: i32,
    length: u64,
    name: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>| -> Outcome<FileOutcome> {
        // SAFETY: the caller promises a readable string, and that the descriptor stays as it is.
        let (name, descriptor) = unsafe { (page_path(name, "name")?, duplicate(file_descriptor, "file_descriptor")?) };
        let length = Some(length).filter(|length| *length > 0);
        Ok(name.and_then(|name| {
            let imported = admission.import_descriptor(descriptor, length, name.as_deref())?;
            Ok(FileOutcome::Files(vec![imported]))
        }))
    };
    // SAFETY: passed on to the caller.
    unsafe { operation(session, Call::ImportFile, on_result, user_data, &run) }
}

/// Makes a temporary file from bytes in memory, such as a picture just drawn. `name` provides the extension and may be
/// absent. `on_result` receives one file, whose `file_path` is the page's `tempFilePath`. Any thread. Waits for the
/// disk.
///
/// Further failures: `WXT_ERRNO_QUOTA_EXCEEDED`, also for a full disk.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string or `data` has a length
/// but no pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
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
    let run = |admission: &Admission<'_>| -> Outcome<FileOutcome> {
        // SAFETY: the caller promises a readable string and readable bytes, which do not change during the call.
        let (name, bytes) = unsafe { (page_path(name, "name")?, array(data, data_length, "data")?) };
        Ok(name.and_then(|name| Ok(FileOutcome::Files(vec![admission.import_data(bytes, name.as_deref())?]))))
    };
    // SAFETY: passed on to the caller.
    unsafe { operation(session, Call::ImportFile, on_result, user_data, &run) }
}

/// Returns the path on the device of an existing `wxfile://` path, for the host's own use (a player, a viewer).
/// `on_result` receives one file with its `native_path`. Any thread. Reads the disk.
///
/// Further failures: `WXT_ERRNO_FILE_NOT_FOUND`, `WXT_ERRNO_PERMISSION_DENIED`, `WXT_ERRNO_FILE_NAME_TOO_LONG`, and
/// `WXT_ERRNO_NOT_A_DIRECTORY` if a component of the path is a file.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
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
    unsafe { operation_on(session, Call::ResolvePath, [(file_path, "filePath")], on_result, user_data, &run) }
}
