//! The part that all file functions share: admission to the session, and the result for the callback.

use std::ffi::c_void;
use std::{ptr, slice};

use super::guard::guard;
use super::refusal::RefusedCall;
use super::session::{WxtSession, session};
use super::status::WxtStatus;
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
    /// The path of the same file on the device, for the host. Do not store it: iOS moves an app's directory.
    pub native_path: WxtStr,
    /// `size`: the size in bytes.
    pub size: u64,
    /// `createTime`: seconds since the Unix epoch. 0 for files returned by import, resolve and `wxt_file_info`, which
    /// do not set it.
    pub create_time: u64,
}

/// `Stats`: the attributes of a file or directory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtFileStats {
    /// `sizeof(WxtFileStats)` in the library.
    pub struct_size: usize,
    /// `path` of `FileStats`, for a directory with `recursive`: `/` for the directory itself, `/a` and `/a/b` for its
    /// contents. Absent without `recursive`, and for a file.
    pub path: WxtStr,
    /// `size`: the size in bytes.
    pub size: u64,
    /// `lastAccessedTime`: seconds since the Unix epoch. Many systems update it only roughly.
    pub last_accessed_time: u64,
    /// `lastModifiedTime`: seconds since the Unix epoch.
    pub last_modified_time: u64,
    /// `mode`: POSIX `st_mode`, with file type and permissions.
    pub mode: u32,
    /// `isFile()`: it is a regular file.
    pub is_file: bool,
    /// `isDirectory()`: it is a directory.
    pub is_directory: bool,
}

/// The result of a file function.
///
/// Every file function can fail with these numbers in `err_no`. Its own comment lists the further ones.
///
/// - `WXT_ERRNO_INVALID_ARGUMENT`: a required path is absent, or a text is not UTF-8.
/// - `WXT_ERRNO_FILE_NOT_FOUND`: a required path is empty. For an empty `temp_file_path`: `WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST`.
/// - `WXT_ERRNO_INPUT_OUTPUT`: the storage device failed.
/// - `WXT_ERRNO_FILE_ACCESS_DENIED`: the system denies the access.
/// - `WXT_ERRNO_SYSTEM_ERROR`: no descriptor or memory is left, another process has the files open, the session closes
///   while the function runs (`WXT_CATEGORY_ABORTED`), or any other error of the system.
///
/// All numbers are from WeChat's table of file failures (`FileError`).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtFileResult {
    /// `sizeof(WxtFileResult)` in the library.
    pub struct_size: usize,
    /// `errMsg`, such as `saveFile:ok` or `saveFile:fail tempFilePath file not exist`.
    pub err_msg: WxtStr,
    /// `errno` and `errCode`, which are the same number for file calls: a `WXT_ERRNO_…`, or `WXT_ERRNO_OK`.
    pub err_no: i32,
    /// The kind of the failure: a `WXT_CATEGORY_…`. 0 on success.
    pub category: i32,
    /// What happened, in English, for a developer. Absent on success.
    pub detail: WxtStr,
    /// The file that the function returns, or the list of files. NULL if there is none.
    pub files: *const WxtFileInfo,
    /// The number of elements in `files`. 0 on failure.
    pub file_count: usize,
    /// `stats` of `wxt_file_stat`. NULL for other functions.
    pub stats: *const WxtFileStats,
    /// The number of elements in `stats`.
    pub stats_count: usize,
    /// `files` of `readdir`: the names that `wxt_file_list_directory` returns. NULL for other functions and for an
    /// empty directory.
    pub names: *const WxtStr,
    /// The number of elements in `names`.
    pub name_count: usize,
    /// `digest` of `wxt_file_info`, as lower-case hexadecimal digits. Absent for other functions.
    pub digest: WxtStr,
    /// `data` of `wxt_file_read`. NULL for other functions, and if no byte was read.
    pub data: *const u8,
    /// The number of bytes in `data`.
    pub data_length: usize,
    /// True if the same call may succeed later without a change.
    pub retryable: bool,
}

/// Receives the result of a file function. Runs once, on the thread that called the function, before the function
/// returns, and only if the status is `WXT_OK`. `result` is valid until the callback returns. The callback may call
/// every function of this header except `wxt_session_close`. The library calls it with the `user_data`
/// of the same call.
pub type WxtFileCallback = Option<unsafe extern "C" fn(user_data: *mut c_void, result: *const WxtFileResult)>;

/// The outer error is a mistake of the host (a status), the inner one of the page (a failure).
pub(super) type Outcome<T> = Result<Result<T, TransferError>, RefusedCall>;

/// A file call whose parameters are paths.
type CallOnPaths<'a, const N: usize> = dyn Fn(&Admission<'_>, [String; N]) -> Result<FileOutcome, TransferError> + 'a;

/// The result of a file call.
pub(super) enum FileOutcome {
    Nothing,
    Files(Vec<StoredFile>),
    Stats(Vec<FileStat>),
    Names(Vec<String>),
    /// A file and its digest.
    Info(StoredFile, String),
    Data(Vec<u8>),
}

/// Runs a file call of the session and passes its result to the host.
///
/// # Safety
/// `on_result` must be as [`WxtFileCallback`] demands.
pub(super) unsafe fn operation(
    session: *mut WxtSession,
    call: Call,
    on_result: WxtFileCallback,
    user_data: *mut c_void,
    run: &dyn Fn(&Admission<'_>) -> Outcome<FileOutcome>,
) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let on_result = on_result.ok_or_else(|| RefusedCall::null("on_result"))?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        let outcome = run(&admission)?;
        with_result(call, &outcome, |result| {
            // SAFETY: the caller promises that it may be called; the result is valid until it returns.
            as_callback(|| unsafe { on_result(user_data, result) });
        });
        // Closing waits for the callback, too.
        drop(admission);
        Ok(())
    })
}

/// [`operation`] for a call with path parameters. Each path comes with the name of its parameter.
///
/// # Safety
/// As for [`operation`], and for [`WxtStr::bytes`] of each path.
pub(super) unsafe fn operation_on<const N: usize>(
    session: *mut WxtSession,
    call: Call,
    paths: [(WxtStr, &'static str); N],
    on_result: WxtFileCallback,
    user_data: *mut c_void,
    run: &CallOnPaths<'_, N>,
) -> WxtStatus {
    let read_and_run = |admission: &Admission<'_>| -> Outcome<FileOutcome> {
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
    };
    // SAFETY: passed on to the caller.
    unsafe { operation(session, call, on_result, user_data, &read_and_run) }
}

fn with_result(call: Call, outcome: &Result<FileOutcome, TransferError>, tell: impl FnOnce(&WxtFileResult)) {
    // The lists can be long, so they are allocated fallibly.
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
        retryable: error.is_some_and(TransferError::retryable),
    });
}

/// Converts a list for the host. On failure the list stays empty.
fn fill<T, W>(list: &mut Vec<W>, items: &[T], wire: impl Fn(&T) -> W) -> Result<(), TransferError> {
    let shortage = |_| TransferError::new(Failure::OutOfResources, "no memory is left for the list");
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
        // Always UTF-8: the data directory was given as UTF-8, and the names below it are ASCII or text of a page.
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
    let path = unsafe { path.page_text(parameter) }?;
    Ok(path.transpose().map_err(|_| TransferError::not_text(parameter)))
}

/// # Safety
/// As for [`WxtStr::bytes`].
pub(super) unsafe fn required_path(path: WxtStr, parameter: &'static str) -> Outcome<String> {
    // SAFETY: passed on to the caller.
    let path = unsafe { page_path(path, parameter) }?;
    Ok(path.and_then(|path| path.ok_or_else(|| TransferError::missing(parameter))))
}
