//! `FileSystemManager`: the calls of a page on its files, other than saving.

use std::ffi::c_void;

use super::file_result::{FileOutcome, Outcome, WxtFileCallback, operation, operation_on, required_path};
use super::refusal::{RefusedCall, choice};
use super::session::WxtSession;
use super::status::WxtStatus;
use super::string::{WxtStr, array};
use crate::session::Admission;
use crate::storage::WriteMode;
use crate::terms::{Call, DigestAlgorithm};

/// The file is written as a whole. It replaces an existing file in one step.
pub const WXT_WRITE_WHOLE: i32 = 0;
/// The bytes are appended to an existing file.
pub const WXT_WRITE_APPEND: i32 = 1;
/// The bytes are written into an existing file, starting at a position.
pub const WXT_WRITE_AT_POSITION: i32 = 2;

/// `md5` (RFC 1321).
pub const WXT_DIGEST_MD5: i32 = 0;
/// `sha1`.
pub const WXT_DIGEST_SHA1: i32 = 1;
/// `sha256`.
pub const WXT_DIGEST_SHA256: i32 = 2;

/// `FileSystemManager.access`: whether a file or directory exists. `on_result` receives success or failure only. Any
/// thread.
///
/// For this function and those below: a page may read `wxfile://tmp_…` and `wxfile://store_…` files, and may read and
/// write files and directories under `wxfile://usr`. Symbolic links are not followed. They, and files with a second
/// hard link, fail with `WXT_ERRNO_PERMISSION_DENIED`.
///
/// Further failures, here and below: `WXT_ERRNO_FILE_NOT_FOUND`; `WXT_ERRNO_NOT_A_DIRECTORY` if a component of the path
/// is a file; `WXT_ERRNO_PERMISSION_DENIED` for a path that the page may not use; `WXT_ERRNO_FILE_NAME_TOO_LONG` for a
/// name of more than 255 bytes or a path of more than 1,024.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_access(
    session: *mut WxtSession,
    path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>, [path]: [String; 1]| admission.access(&path).map(|()| FileOutcome::Nothing);
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::Access, [(path, "path")], on_result, user_data, &run) }
}

/// `FileSystemManager.stat`: size, times and kind of a file or directory, as one element of `stats`. If `recursive` is
/// not 0 and the path is a directory: of the directory and everything in it, ordered by path, without symbolic links,
/// files with a second hard link, special files, and names that no `wxfile://` path can have. Any thread. Reads the
/// disk.
///
/// Failures: those of `wxt_file_access`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_stat(
    session: *mut WxtSession,
    path: WxtStr,
    recursive: u8,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run =
        |admission: &Admission<'_>, [path]: [String; 1]| admission.stat(&path, recursive != 0).map(FileOutcome::Stats);
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::Stat, [(path, "path")], on_result, user_data, &run) }
}

/// `FileSystemManager.unlink`: deletes a file under `wxfile://usr`. A symbolic link is deleted, not followed. Needs no
/// free quota. A reader that has the file open can still read it to its end. It does not delete temporary and
/// saved files, which is WeChat's rule: use `wxt_remove_saved_file` for saved files.
///
/// Any thread. Waits for the disk, and up to 10 s for another process that is adding a file to the shared directory, as
/// every function below that changes files does.
///
/// Failures: those of `wxt_file_access`; also `WXT_ERRNO_OPERATION_NOT_PERMITTED` for a directory.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_unlink(
    session: *mut WxtSession,
    file_path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>, [path]: [String; 1]| admission.unlink(&path).map(|()| FileOutcome::Nothing);
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::Unlink, [(file_path, "filePath")], on_result, user_data, &run) }
}

/// `FileSystemManager.copyFile`: makes the `wxfile://usr/` file `dest_path` a copy of a page's file, in one step: a
/// reader or a crash finds either the old file or the whole copy. The copies share their blocks if the file system can.
/// Any thread. Waits for the disk.
///
/// Failures: those of `wxt_file_access`; also `WXT_ERRNO_IS_A_DIRECTORY`; `WXT_ERRNO_FILE_NOT_FOUND` also if the
/// directory of `dest_path` does not exist; `WXT_ERRNO_QUOTA_EXCEEDED`, also for a full disk.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The strings must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_copy(
    session: *mut WxtSession,
    src_path: WxtStr,
    dest_path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>, [source, target]: [String; 2]| {
        admission.copy_file(&source, &target).map(|()| FileOutcome::Nothing)
    };
    // SAFETY: the caller promises readable strings.
    unsafe {
        operation_on(
            session,
            Call::CopyFile,
            [(src_path, "srcPath"), (dest_path, "destPath")],
            on_result,
            user_data,
            &run,
        )
    }
}

/// `FileSystemManager.rename`: moves a file or directory under `wxfile://usr` to another path there, in one step. As in
/// POSIX `rename`, a file may replace a file, and a directory may replace an empty directory. Any thread. Waits for the
/// disk.
///
/// Failures: those of `wxt_file_access`; also `WXT_ERRNO_IS_A_DIRECTORY` if a file would replace a directory;
/// `WXT_ERRNO_NOT_A_DIRECTORY` if a directory would replace a file; `WXT_ERRNO_DIRECTORY_NOT_EMPTY`;
/// `WXT_ERRNO_INVALID_ARGUMENT` if a directory would be moved below itself; `WXT_ERRNO_FILE_NOT_FOUND` also if the
/// directory of `new_path` does not exist.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The strings must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_rename(
    session: *mut WxtSession,
    old_path: WxtStr,
    new_path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>, [old, new]: [String; 2]| {
        admission.rename(&old, &new).map(|()| FileOutcome::Nothing)
    };
    // SAFETY: the caller promises readable strings.
    unsafe {
        operation_on(session, Call::Rename, [(old_path, "oldPath"), (new_path, "newPath")], on_result, user_data, &run)
    }
}

/// `FileSystemManager.mkdir`: makes a directory under `wxfile://usr`. If `recursive` is not 0, missing parents are
/// made, too. A directory counts against the quota like an empty file. Any thread. Writes to the disk.
///
/// Failures: those of `wxt_file_access`; also `WXT_ERRNO_FILE_ALREADY_EXISTS`, with and without `recursive`;
/// `WXT_ERRNO_FILE_NOT_FOUND` if the parent does not exist; `WXT_ERRNO_QUOTA_EXCEEDED`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_make_directory(
    session: *mut WxtSession,
    dir_path: WxtStr,
    recursive: u8,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>, [path]: [String; 1]| {
        admission.make_directory(&path, recursive != 0).map(|()| FileOutcome::Nothing)
    };
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::MakeDirectory, [(dir_path, "dirPath")], on_result, user_data, &run) }
}

/// `FileSystemManager.rmdir`: removes a directory under `wxfile://usr`, but not `wxfile://usr` itself. If `recursive`
/// is not 0, its contents are removed, too; symbolic links are removed, not followed. The whole directory disappears
/// from the page's files in one step, also if the process crashes or the session closes while its contents are being
/// deleted. Any thread. Writes to the disk.
///
/// Failures: those of `wxt_file_access`; also `WXT_ERRNO_DIRECTORY_NOT_EMPTY`; `WXT_ERRNO_NOT_A_DIRECTORY`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_remove_directory(
    session: *mut WxtSession,
    dir_path: WxtStr,
    recursive: u8,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>, [path]: [String; 1]| {
        admission.remove_directory(&path, recursive != 0).map(|()| FileOutcome::Nothing)
    };
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::RemoveDirectory, [(dir_path, "dirPath")], on_result, user_data, &run) }
}

/// `FileSystemManager.readdir`: the `names` in a directory under `wxfile://usr`, ordered by their bytes. Names that no
/// `wxfile://` path can contain are left out. Any thread. Reads the disk.
///
/// Failures: those of `wxt_file_access`; also `WXT_ERRNO_NOT_A_DIRECTORY`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_list_directory(
    session: *mut WxtSession,
    dir_path: WxtStr,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>, [path]: [String; 1]| admission.list_directory(&path).map(FileOutcome::Names);
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::ListDirectory, [(dir_path, "dirPath")], on_result, user_data, &run) }
}

/// `FileSystemManager.getFileInfo`: size and `digest` of a page's file. `on_result` also receives one file.
/// `digest_algorithm` is a `WXT_DIGEST_…`. Size and digest are of the same content, even if the file is replaced
/// meanwhile. Any thread. Reads the file.
///
/// Failures: those of `wxt_file_access`; also `WXT_ERRNO_IS_A_DIRECTORY`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, a string has a length but no
/// pointer, or `digest_algorithm` is unknown; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy
/// a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_info(
    session: *mut WxtSession,
    file_path: WxtStr,
    digest_algorithm: i32,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let run = |admission: &Admission<'_>| -> Outcome<FileOutcome> {
        let algorithms = [
            (WXT_DIGEST_MD5, "WXT_DIGEST_MD5", DigestAlgorithm::Md5),
            (WXT_DIGEST_SHA1, "WXT_DIGEST_SHA1", DigestAlgorithm::Sha1),
            (WXT_DIGEST_SHA256, "WXT_DIGEST_SHA256", DigestAlgorithm::Sha256),
        ];
        let algorithm = choice("digest_algorithm", digest_algorithm, &algorithms)?;
        // SAFETY: the caller promises a readable string.
        let path = unsafe { required_path(file_path, "filePath") }?;
        Ok(path.and_then(|path| {
            let (file, digest) = admission.file_info(&path, algorithm)?;
            Ok(FileOutcome::Info(file, digest))
        }))
    };
    // SAFETY: passed on to the caller.
    unsafe { operation(session, Call::GetFileInfo, on_result, user_data, &run) }
}

/// `FileSystemManager.readFile`: reads up to `length` bytes of a page's file from `position` on, as `data`. A `length`
/// of 0 means up to the end of the file. At most 100 MiB. If the file is replaced meanwhile, the old content is read.
/// Any thread. Reads the disk.
///
/// Failures: those of `wxt_file_access`; also `WXT_ERRNO_POSITION_OUT_OF_RANGE` if `position` is not before the end of
/// the file (0 is valid for an empty file); `WXT_ERRNO_LENGTH_OUT_OF_RANGE` if `length` exceeds the file's length;
/// `WXT_ERRNO_QUOTA_EXCEEDED` for more than 100 MiB; `WXT_ERRNO_IS_A_DIRECTORY`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, or a string has a length but no
/// pointer; `WXT_SESSION_CLOSED`; `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_read(
    session: *mut WxtSession,
    file_path: WxtStr,
    position: u64,
    length: u64,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let length = Some(length).filter(|length| *length > 0);
    let run = |admission: &Admission<'_>, [path]: [String; 1]| {
        admission.read_file(&path, position, length).map(FileOutcome::Data)
    };
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::ReadFile, [(file_path, "filePath")], on_result, user_data, &run) }
}

/// `FileSystemManager.writeFile`, `appendFile` and `write`: writes bytes to a `wxfile://usr/` file. After a success
/// they survive a power failure, unless the log says that a directory was not flushed. At most 100 MiB. `data` is not
/// copied. Any thread. Waits for the disk.
///
/// The file is replaced in one step: a reader, a failure or a crash at any moment finds the old file or the new one.
/// `mode` is `WXT_WRITE_WHOLE`, which creates a missing file, or `WXT_WRITE_APPEND` or `WXT_WRITE_AT_POSITION`, which
/// change an existing file. These two copy the part that stays, or share its blocks if the file system can. `position`
/// is for `WXT_WRITE_AT_POSITION`, and at most the file's length; it must be 0 with the other modes.
///
/// Failures: those of `wxt_file_access`; `WXT_ERRNO_FILE_NOT_FOUND` also if the directory or the file to change does not
/// exist; `WXT_ERRNO_ILLEGAL_OPERATION_ON_DIRECTORY`; `WXT_ERRNO_QUOTA_EXCEEDED` for the quota, a full disk
/// and more than 100 MiB; `WXT_ERRNO_POSITION_OUT_OF_RANGE`.
///
/// Statuses: `WXT_OK`; `WXT_INVALID_ARGUMENT` if `session` or `on_result` is NULL, a string or `data` has a length but
/// no pointer, `mode` is unknown, or `position` is not 0 with a mode that has none; `WXT_SESSION_CLOSED`;
/// `WXT_OUT_OF_RESOURCES` if no memory is left to copy a string; `WXT_INTERNAL`.
///
/// # Safety
/// The string must be readable, and `data_length` bytes at `data`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_file_write(
    session: *mut WxtSession,
    file_path: WxtStr,
    data: *const u8,
    data_length: usize,
    mode: i32,
    position: u64,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    let modes = [
        (WXT_WRITE_WHOLE, "WXT_WRITE_WHOLE", (Call::WriteFile, WriteMode::Whole)),
        (WXT_WRITE_APPEND, "WXT_WRITE_APPEND", (Call::AppendFile, WriteMode::Append)),
        (WXT_WRITE_AT_POSITION, "WXT_WRITE_AT_POSITION", (Call::Write, WriteMode::At(position))),
    ];
    let (call, write_mode) = match choice("mode", mode, &modes) {
        Ok(chosen) => chosen,
        Err(refusal) => return refusal.status(),
    };
    let run = |admission: &Admission<'_>| -> Outcome<FileOutcome> {
        if position > 0 && !matches!(write_mode, WriteMode::At(_)) {
            let reason = format!("position is {position}, but must be 0 unless mode is WXT_WRITE_AT_POSITION");
            return Err(RefusedCall::argument(reason));
        }
        // SAFETY: the caller promises a readable string and readable bytes, which do not change during the call.
        let (path, bytes) = unsafe { (required_path(file_path, "filePath")?, array(data, data_length, "data")?) };
        Ok(path.and_then(|path| admission.write_file(&path, write_mode, bytes).map(|()| FileOutcome::Nothing)))
    };
    // SAFETY: passed on to the caller.
    unsafe { operation(session, call, on_result, user_data, &run) }
}
