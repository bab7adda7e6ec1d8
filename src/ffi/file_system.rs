//! `FileSystemManager`: what a page does with its files beside saving them.

use std::ffi::c_void;

use super::file_result::{FileOutcome, WxtFileCallback, operation, operation_on, required_path};
use super::session::WxtSession;
use super::status::{WXT_INVALID_ARGUMENT, WxtStatus};
use super::string::{WxtStr, array};
use crate::session::Admission;
use crate::storage::WriteMode;
use crate::terms::{Call, DigestAlgorithm};

/// The file is written whole: what it was is replaced in one step.
pub const WXT_WRITE_WHOLE: i32 = 0;
/// The bytes are appended to a file that is there.
pub const WXT_WRITE_APPEND: i32 = 1;
/// The bytes are written into a file that is there, from a position on.
pub const WXT_WRITE_AT_POSITION: i32 = 2;

/// `md5` (RFC 1321).
pub const WXT_DIGEST_MD5: i32 = 0;
/// `sha1`.
pub const WXT_DIGEST_SHA1: i32 = 1;
/// `sha256`.
pub const WXT_DIGEST_SHA256: i32 = 2;

/// `FileSystemManager.access`: whether a file or directory is there. `on_result` gets nothing but success or failure.
///
/// A page's paths, in this and the functions below: `wxfile://tmp_…` and `wxfile://store_…` files can be read, files and
/// directories under `wxfile://usr` can be read and written. Links are not followed; they, and files with a second hard link, are
/// refused as `WXT_ERRNO_PERMISSION_DENIED`.
///
/// Statuses and `errno` as for every file function (`wxt_save_file`), and `errno`: `WXT_ERRNO_FILE_NOT_FOUND`;
/// `WXT_ERRNO_NOT_A_DIRECTORY` if a file is on the way; `WXT_ERRNO_PERMISSION_DENIED` for a path that is not the page's;
/// `WXT_ERRNO_FILE_NAME_TOO_LONG` for a name of more than 255 bytes. So does every function below. Any thread.
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
    unsafe { operation_on(session, Call::Access, [(path, "path")], on_result, user_data, run) }
}

/// `FileSystemManager.stat`: size, times and kind of a file or directory; one `stats`. If `recursive` is not 0, of a directory and
/// all that is in it, in the order of the paths. Links, and what no path can name, are left out then.
///
/// Statuses and `errno` as for `wxt_file_access`. Any thread; it reads the disk.
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
    unsafe { operation_on(session, Call::Stat, [(path, "path")], on_result, user_data, run) }
}

/// `FileSystemManager.unlink`: removes a file under `wxfile://usr`; a link there is removed, not followed. It needs no free
/// quota. Whoever has the file open can read it to its end. Temporary and saved files are read-only for it, as the
/// documentation says of WeChat's: `wxt_remove_saved_file` removes the latter.
///
/// Statuses and `errno` as for `wxt_file_access`, and `errno` `WXT_ERRNO_OPERATION_NOT_PERMITTED` for a directory. Any
/// thread; it waits for the disk, and at most 10 s for another process that shares the files and is adding one. So does
/// every function below that changes something.
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
    unsafe { operation_on(session, Call::Unlink, [(file_path, "filePath")], on_result, user_data, run) }
}

/// `FileSystemManager.copyFile`: makes the `wxfile://usr/` file `dest_path` a copy of a page's file, in one step: a reader, or a
/// crash, finds what was there before or all of the copy. The two share their blocks where the file system can.
///
/// Statuses and `errno` as for `wxt_file_access`, and `errno` `WXT_ERRNO_IS_A_DIRECTORY`; `WXT_ERRNO_FILE_NOT_FOUND`, also if the
/// directory of `dest_path` is missing; `WXT_ERRNO_QUOTA_EXCEEDED`, also for a full disk. Any thread; it waits for the disk.
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
            run,
        )
    }
}

/// `FileSystemManager.rename`: gives a file or directory under `wxfile://usr` another path there, in one step. As POSIX says of
/// `rename`, a file replaces a file, and a directory an empty directory.
///
/// Statuses and `errno` as for `wxt_file_access`, and `errno` `WXT_ERRNO_IS_A_DIRECTORY` if a file would replace a directory,
/// `WXT_ERRNO_NOT_A_DIRECTORY` if a directory would replace a file, `WXT_ERRNO_DIRECTORY_NOT_EMPTY`,
/// `WXT_ERRNO_INVALID_ARGUMENT` if a directory would come to be below itself; `WXT_ERRNO_FILE_NOT_FOUND`, also if the directory
/// of `new_path` is missing. Any thread.
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
        operation_on(session, Call::Rename, [(old_path, "oldPath"), (new_path, "newPath")], on_result, user_data, run)
    }
}

/// `FileSystemManager.mkdir`: makes a directory under `wxfile://usr`. If `recursive` is not 0, directories that are missing on
/// the way are made, too. A directory counts for the quota as an empty file does.
///
/// Statuses and `errno` as for `wxt_file_access`, and `errno` `WXT_ERRNO_FILE_ALREADY_EXISTS`, also with `recursive`;
/// `WXT_ERRNO_FILE_NOT_FOUND` if the directory that it is to be in is missing; `WXT_ERRNO_QUOTA_EXCEEDED`. Any thread.
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
    unsafe { operation_on(session, Call::MakeDirectory, [(dir_path, "dirPath")], on_result, user_data, run) }
}

/// `FileSystemManager.rmdir`: removes a directory under `wxfile://usr`, but not that itself. If `recursive` is not 0, all that is in
/// it goes with it; links are removed, not followed. The whole directory leaves the page's files in one step; a crash, or a session
/// that closes while the rest is removed, leaves none of it there.
///
/// Statuses and `errno` as for `wxt_file_access`, and `errno` `WXT_ERRNO_DIRECTORY_NOT_EMPTY`, `WXT_ERRNO_NOT_A_DIRECTORY`. Any
/// thread.
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
    unsafe { operation_on(session, Call::RemoveDirectory, [(dir_path, "dirPath")], on_result, user_data, run) }
}

/// `FileSystemManager.readdir`: the `names` in a directory under `wxfile://usr`, in the order of their bytes. What no path can
/// name is left out.
///
/// Statuses and `errno` as for `wxt_file_access`, and `errno` `WXT_ERRNO_NOT_A_DIRECTORY`. Any thread; it reads the disk.
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
    unsafe { operation_on(session, Call::ListDirectory, [(dir_path, "dirPath")], on_result, user_data, run) }
}

/// `FileSystemManager.getFileInfo`: size and `digest` of a page's file; `on_result` gets one file too. `digest_algorithm` is a
/// `WXT_DIGEST_…`. Both are of the same contents, even if the file is replaced meanwhile.
///
/// Statuses as for `wxt_file_access`, and `WXT_INVALID_ARGUMENT` for another algorithm; `errno` as there, and
/// `WXT_ERRNO_IS_A_DIRECTORY`. Any thread; it reads the file.
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
    let algorithm = match digest_algorithm {
        WXT_DIGEST_MD5 => DigestAlgorithm::Md5,
        WXT_DIGEST_SHA1 => DigestAlgorithm::Sha1,
        WXT_DIGEST_SHA256 => DigestAlgorithm::Sha256,
        _ => return WXT_INVALID_ARGUMENT,
    };
    let run = |admission: &Admission<'_>, [path]: [String; 1]| {
        let (file, digest) = admission.file_info(&path, algorithm)?;
        Ok(FileOutcome::Info(file, digest))
    };
    // SAFETY: the caller promises a readable string.
    unsafe { operation_on(session, Call::GetFileInfo, [(file_path, "filePath")], on_result, user_data, run) }
}

/// `FileSystemManager.readFile`: the bytes of a page's file from `position` on, as `data`. `length` is how many, or as many as
/// there are if the file ends before; 0 is all up to its end. At most 100 MiB. If the file is replaced meanwhile, the bytes are
/// those that it had.
///
/// Statuses and `errno` as for `wxt_file_access`, and `errno` `WXT_ERRNO_POSITION_OUT_OF_RANGE` for a position that the file
/// does not have (0 is good for an empty one), `WXT_ERRNO_LENGTH_OUT_OF_RANGE` for a length greater than the file's,
/// `WXT_ERRNO_QUOTA_EXCEEDED` for more than 100 MiB, `WXT_ERRNO_IS_A_DIRECTORY`. Any thread; it reads the disk.
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
    unsafe { operation_on(session, Call::ReadFile, [(file_path, "filePath")], on_result, user_data, run) }
}

/// `FileSystemManager.writeFile`, `appendFile` and `write`: writes bytes to a `wxfile://usr/` file. They survive a power
/// failure when it returns. At most 100 MiB. `data` is not copied.
///
/// The file is replaced in one step: a reader, a failure or a crash at any moment finds the old one or the new one. `mode` is
/// `WXT_WRITE_WHOLE`, which makes a file that is missing; or `WXT_WRITE_APPEND` or `WXT_WRITE_AT_POSITION`, which change a file that
/// is there. They copy what stays of it, or share its blocks where the file system can. `position` is for the last of them, and at
/// most the file's length; 0 with every other mode.
///
/// Statuses as for `wxt_file_access`, and `WXT_INVALID_ARGUMENT` for another mode, a position with a mode that has none, or `data`
/// NULL with a length; `errno` as there, and `WXT_ERRNO_FILE_NOT_FOUND`, also if the directory is missing, or for a file that is to
/// be changed; `WXT_ERRNO_ILLEGAL_OPERATION_ON_DIRECTORY`; `WXT_ERRNO_QUOTA_EXCEEDED` for the quota, a full disk and more than
/// 100 MiB; `WXT_ERRNO_POSITION_OUT_OF_RANGE`. Any thread; it waits for the disk.
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
    let (call, write_mode) = match mode {
        WXT_WRITE_WHOLE => (Call::WriteFile, WriteMode::Whole),
        WXT_WRITE_APPEND => (Call::AppendFile, WriteMode::Append),
        WXT_WRITE_AT_POSITION => (Call::Write, WriteMode::At(position)),
        _ => return WXT_INVALID_ARGUMENT,
    };
    operation(session, call, on_result, user_data, |admission| {
        if position > 0 && !matches!(write_mode, WriteMode::At(_)) {
            return Err(WXT_INVALID_ARGUMENT);
        }
        // SAFETY: the caller promises a readable string and readable bytes, which do not change during the call.
        let (path, bytes) = unsafe { (required_path(file_path, "filePath")?, array(data, data_length)?) };
        Ok(path.and_then(|path| admission.write_file(&path, write_mode, bytes).map(|()| FileOutcome::Nothing)))
    })
}
