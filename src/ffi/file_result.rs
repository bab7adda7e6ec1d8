//! What every file function has in common: how it is admitted, and what its callback is given.

use std::ffi::c_void;
use std::{ptr, slice};

use super::guard::guard;
use super::session::{WxtSession, session};
use super::status::{WXT_INVALID_ARGUMENT, WXT_SESSION_CLOSED, WxtStatus};
use super::string::WxtStr;
use crate::session::Admission;
use crate::storage::{EntryKind, FileStat, StoredFile};
use crate::task::as_callback;
use crate::terms::{Call, Failure, TransferError, errno};

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

/// `Stats`: a file or directory as the system describes it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtFileStats {
    /// `sizeof(WxtFileStats)` in the library.
    pub struct_size: usize,
    /// `path` of `FileStats`: `/` for the directory that `wxt_file_stat` was asked for with `recursive`, `/a` and `/a/b` for what
    /// is in it. Absent if one thing was asked for, or a file.
    pub path: WxtStr,
    /// `size` in bytes.
    pub size: u64,
    /// `lastAccessedTime` in seconds since the Unix epoch. Many systems keep it only roughly.
    pub last_accessed_time: u64,
    /// `lastModifiedTime` in seconds since the Unix epoch.
    pub last_modified_time: u64,
    /// `mode`: POSIX `st_mode`, type and permissions.
    pub mode: u32,
    /// `isFile()`.
    pub is_file: bool,
    /// `isDirectory()`.
    pub is_directory: bool,
}

/// What a file operation has come to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtFileResult {
    /// `sizeof(WxtFileResult)` in the library.
    pub struct_size: usize,
    /// `errMsg`, such as `saveFile:ok` or `saveFile:fail tempFilePath file not exist`.
    pub err_msg: WxtStr,
    /// `errno` and `errCode`, which WeChat's table of file failures (`FileError`) has as one number: a `WXT_ERRNO_…`;
    /// `WXT_ERRNO_OK` on success.
    pub err_no: i32,
    /// A `WXT_CATEGORY_…`; 0 on success.
    pub category: i32,
    /// What happened, in words for a developer. Absent on success.
    pub detail: WxtStr,
    /// The files that the operation is about, or the list.
    pub files: *const WxtFileInfo,
    /// The number of `files`: 0 on failure.
    pub file_count: usize,
    /// `stats` of `wxt_file_stat`. NULL otherwise.
    pub stats: *const WxtFileStats,
    /// The number of `stats`.
    pub stats_count: usize,
    /// `files` of `readdir`: the names of `wxt_file_list_directory`. NULL otherwise, and for an empty directory.
    pub names: *const WxtStr,
    /// The number of `names`.
    pub name_count: usize,
    /// `digest` of `wxt_file_info`, in lower-case hexadecimal digits. Absent otherwise.
    pub digest: WxtStr,
    /// `data` of `wxt_file_read`. NULL otherwise, and if no byte was read.
    pub data: *const u8,
    /// The number of bytes in `data`.
    pub data_length: usize,
}

/// Takes the result of a file operation, on the thread that called the function, before it returns. What it is given
/// lives until it returns. Every function of this header may be called from it, but for `wxt_session_close`.
pub type WxtFileCallback = Option<unsafe extern "C" fn(user_data: *mut c_void, result: *const WxtFileResult)>;

/// The outer error is the host's mistake, the inner one the page's.
pub(super) type Outcome<T> = Result<Result<T, TransferError>, WxtStatus>;

/// What a file call gives.
pub(super) enum FileOutcome {
    Nothing,
    Files(Vec<StoredFile>),
    Stats(Vec<FileStat>),
    Names(Vec<String>),
    /// A file and its digest.
    Info(StoredFile, String),
    Data(Vec<u8>),
}

/// Makes a file call of the session's, and tells the host what came of it.
pub(super) fn operation(
    session: *mut WxtSession,
    call: Call,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
    run: impl FnOnce(&Admission<'_>) -> Outcome<FileOutcome>,
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

/// [`operation`] of a call that takes paths, each with the name of its parameter.
///
/// # Safety
/// As for [`WxtStr::bytes`] of each path.
pub(super) unsafe fn operation_on<const N: usize>(
    session: *mut WxtSession,
    call: Call,
    paths: [(WxtStr, &'static str); N],
    on_result: WxtFileCallback,
    user_data: *mut c_void,
    run: impl FnOnce(&Admission<'_>, [String; N]) -> Result<FileOutcome, TransferError>,
) -> WxtStatus {
    operation(session, call, on_result, user_data, |admission| {
        let mut texts = [const { String::new() }; N];
        let mut first_wrong = None;
        for (text, (path, parameter)) in texts.iter_mut().zip(paths) {
            // SAFETY: passed on to the caller.
            match unsafe { required_path(path, parameter) }? {
                Ok(path) => *text = path,
                Err(error) => first_wrong = first_wrong.or(Some(error)),
            }
        }
        Ok(first_wrong.map_or_else(|| run(admission, texts), Err))
    })
}

fn with_result(call: Call, outcome: &Result<FileOutcome, TransferError>, tell: impl FnOnce(&WxtFileResult)) {
    // Lists are as long as there are files.
    let (mut files, mut stats, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let filled = match outcome {
        Ok(FileOutcome::Files(found)) => fill(&mut files, found, file_info),
        Ok(FileOutcome::Info(file, _)) => fill(&mut files, slice::from_ref(file), file_info),
        Ok(FileOutcome::Stats(found)) => fill(&mut stats, found, file_stats),
        Ok(FileOutcome::Names(found)) => fill(&mut names, found, |name| WxtStr::new(name)),
        Ok(FileOutcome::Nothing | FileOutcome::Data(_)) | Err(_) => Ok(()),
    };
    let shortage = filled.err();
    let error = outcome.as_ref().err().or(shortage.as_ref());
    let (digest, data) = match (error, outcome) {
        (None, Ok(FileOutcome::Info(_, digest))) => (WxtStr::new(digest), &[][..]),
        (None, Ok(FileOutcome::Data(data))) => (WxtStr::absent(), data.as_slice()),
        _ => (WxtStr::absent(), &[][..]),
    };
    let err_msg = error.map_or_else(|| format!("{}:ok", call.name()), |error| error.err_msg(call));
    tell(&WxtFileResult {
        struct_size: size_of::<WxtFileResult>(),
        err_msg: WxtStr::new(&err_msg),
        err_no: error.map_or(errno::OK, |error| error.err_no(call)),
        category: error.map_or(0, |error| error.category() as i32),
        detail: WxtStr::optional(error.map(|error| error.detail.as_str())),
        files: pointer(&files),
        file_count: files.len(),
        stats: pointer(&stats),
        stats_count: stats.len(),
        names: pointer(&names),
        name_count: names.len(),
        digest,
        data: pointer(data),
        data_length: data.len(),
    });
}

/// Fills a list for the host, or leaves it empty.
fn fill<T, W>(list: &mut Vec<W>, items: &[T], wire: impl Fn(&T) -> W) -> Result<(), TransferError> {
    let shortage = |_| TransferError::new(Failure::OutOfResources, "memory for the list");
    list.try_reserve_exact(items.len()).map_err(shortage)?;
    list.extend(items.iter().map(wire));
    Ok(())
}

/// NULL for an empty list.
pub(super) fn pointer<T>(items: &[T]) -> *const T {
    if items.is_empty() { ptr::null() } else { items.as_ptr() }
}

fn file_info(file: &StoredFile) -> WxtFileInfo {
    WxtFileInfo {
        struct_size: size_of::<WxtFileInfo>(),
        file_path: WxtStr::new(&file.path),
        // The data directory came as UTF-8, and below it all names are ASCII or a page's own text.
        native_path: WxtStr::new(file.native_path.to_str().unwrap_or_default()),
        size: file.length,
        create_time: file.create_time.unwrap_or(0),
    }
}

fn file_stats(stat: &FileStat) -> WxtFileStats {
    WxtFileStats {
        struct_size: size_of::<WxtFileStats>(),
        path: WxtStr::optional(Some(stat.path.as_str()).filter(|path| !path.is_empty())),
        size: stat.entry.length,
        last_accessed_time: stat.entry.accessed,
        last_modified_time: stat.entry.modified,
        mode: stat.entry.mode,
        is_file: stat.entry.kind == EntryKind::File,
        is_directory: stat.entry.kind == EntryKind::Directory,
    }
}

/// # Safety
/// As for [`WxtStr::bytes`].
pub(super) unsafe fn page_path(path: WxtStr, parameter: &'static str) -> Outcome<Option<String>> {
    // SAFETY: passed on to the caller.
    let path = unsafe { path.page_text() }?;
    Ok(path.transpose().map_err(|_| TransferError::not_text(parameter)))
}

/// # Safety
/// As for [`WxtStr::bytes`].
pub(super) unsafe fn required_path(path: WxtStr, parameter: &'static str) -> Outcome<String> {
    // SAFETY: passed on to the caller.
    let path = unsafe { page_path(path, parameter) }?;
    Ok(path.and_then(|path| path.ok_or_else(|| TransferError::missing(parameter))))
}
