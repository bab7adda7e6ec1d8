//! The file calls of a session, through the C interface. This module does not know the page's messages.

// The C interface uses raw pointers. Each call fulfils the requirements of the header.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::path::Path;
use std::slice;

use wxtransfer::ffi::file::{
    WXT_IMPORT_COPY, wxt_get_saved_file_info, wxt_get_saved_file_list, wxt_import_file, wxt_remove_saved_file,
    wxt_resolve_path, wxt_save_file,
};
use wxtransfer::ffi::file_result::{WxtFileCallback, WxtFileInfo, WxtFileResult, WxtFileStats};
use wxtransfer::ffi::file_system::{
    WXT_DIGEST_MD5, WXT_DIGEST_SHA1, WXT_DIGEST_SHA256, WXT_WRITE_APPEND, WXT_WRITE_WHOLE, wxt_file_access,
    wxt_file_copy, wxt_file_info, wxt_file_list_directory, wxt_file_make_directory, wxt_file_read,
    wxt_file_remove_directory, wxt_file_rename, wxt_file_stat, wxt_file_unlink, wxt_file_write,
};
use wxtransfer::ffi::session::WxtSession;
use wxtransfer::ffi::status::WxtStatus;
use wxtransfer::ffi::string::WxtStr;

use crate::c::{checked, string};
use crate::session::Session;

/// The result of a file call. Each call fills only its own part.
pub struct FileResult {
    pub files: Vec<File>,
    pub stats: Vec<Stats>,
    pub names: Vec<String>,
    pub digest: String,
    pub data: Vec<u8>,
}

/// One file of the mini program.
pub struct File {
    pub path: String,
    pub native_path: String,
    pub size: u64,
    pub create_time: u64,
}

/// The system's description of a file or directory.
pub struct Stats {
    /// Empty unless the call was recursive.
    pub path: String,
    pub mode: u32,
    pub size: u64,
    pub last_accessed_time: u64,
    pub last_modified_time: u64,
}

/// The failure of a file call in the page's form.
pub struct FileFailure {
    pub err_msg: String,
    pub err_no: i32,
}

/// The outer error is the host's, for example if the session is closed. The inner one is the page's.
pub type FileOutcome = Result<Result<FileResult, FileFailure>, String>;

/// The handle, the callback and its `user_data`.
type Arguments = (*mut WxtSession, WxtFileCallback, *mut c_void);

impl Session {
    /// Runs a file call, whose callback runs before it returns.
    fn file_call(&self, call: impl FnOnce(Arguments) -> WxtStatus) -> FileOutcome {
        let mut result: Option<Result<FileResult, FileFailure>> = None;
        checked(call((self.handle(), Some(on_result), (&raw mut result).cast())))?;
        result.ok_or_else(|| "the file call gave no result".to_owned())
    }

    pub fn save_file(&self, temp_file_path: &str, file_path: Option<&str>) -> FileOutcome {
        let (temporary, target) = (WxtStr::new(temp_file_path), WxtStr::optional(file_path));
        // SAFETY: the texts outlive the call. This applies to every function below.
        self.file_call(|(session, done, data)| unsafe { wxt_save_file(session, temporary, target, done, data) })
    }

    pub fn saved_files(&self) -> FileOutcome {
        self.file_call(|(session, done, data)| wxt_get_saved_file_list(session, done, data))
    }

    pub fn saved_file(&self, path: &str) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_get_saved_file_info(session, path, done, data) })
    }

    pub fn remove_saved_file(&self, path: &str) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_remove_saved_file(session, path, done, data) })
    }

    pub fn access(&self, path: &str) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_file_access(session, path, done, data) })
    }

    pub fn stat(&self, path: &str, recursive: bool) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_file_stat(session, path, recursive.into(), done, data) })
    }

    pub fn unlink(&self, path: &str) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_file_unlink(session, path, done, data) })
    }

    pub fn copy_file(&self, source: &str, target: &str) -> FileOutcome {
        let (source, target) = (WxtStr::new(source), WxtStr::new(target));
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_file_copy(session, source, target, done, data) })
    }

    pub fn rename(&self, old: &str, new: &str) -> FileOutcome {
        let (old, new) = (WxtStr::new(old), WxtStr::new(new));
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_file_rename(session, old, new, done, data) })
    }

    pub fn make_directory(&self, path: &str, recursive: bool) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe {
            wxt_file_make_directory(session, path, recursive.into(), done, data)
        })
    }

    pub fn remove_directory(&self, path: &str, recursive: bool) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe {
            wxt_file_remove_directory(session, path, recursive.into(), done, data)
        })
    }

    pub fn list_directory(&self, path: &str) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_file_list_directory(session, path, done, data) })
    }

    /// `algorithm` is the page's name of it.
    pub fn file_info(&self, path: &str, algorithm: &str) -> FileOutcome {
        let path = WxtStr::new(path);
        let algorithm = match algorithm {
            "md5" => WXT_DIGEST_MD5,
            "sha1" => WXT_DIGEST_SHA1,
            "sha256" => WXT_DIGEST_SHA256,
            _ => return Err("not supported".into()),
        };
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_file_info(session, path, algorithm, done, data) })
    }

    /// A `length` of 0 reads up to the end.
    pub fn read_file(&self, path: &str, position: u64, length: u64) -> FileOutcome {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        self.file_call(|(session, done, data)| unsafe { wxt_file_read(session, path, position, length, done, data) })
    }

    pub fn write_file(&self, path: &str, bytes: &[u8], appends: bool) -> FileOutcome {
        let path = WxtStr::new(path);
        let mode = if appends { WXT_WRITE_APPEND } else { WXT_WRITE_WHOLE };
        // SAFETY: as above. The bytes outlive the call, too.
        self.file_call(|(session, done, data)| unsafe {
            wxt_file_write(session, path, bytes.as_ptr(), bytes.len(), mode, 0, done, data)
        })
    }

    /// Copies a file of the host to a temporary file, as `wx.chooseImage` does.
    pub fn import_file(&self, path: &Path) -> Result<File, String> {
        let path = WxtStr::new(path.to_str().ok_or("the file's name is not UTF-8")?);
        // SAFETY: as above.
        only(
            self.file_call(|(session, done, data)| unsafe {
                wxt_import_file(session, path, WXT_IMPORT_COPY, done, data)
            }),
        )
    }

    /// The native path of a file of the mini program.
    pub fn resolve_path(&self, path: &str) -> Result<File, String> {
        let path = WxtStr::new(path);
        // SAFETY: as above.
        only(self.file_call(|(session, done, data)| unsafe { wxt_resolve_path(session, path, done, data) }))
    }
}

fn only(outcome: FileOutcome) -> Result<File, String> {
    let result = outcome?.map_err(|failure| failure.err_msg)?;
    result.files.into_iter().next().ok_or_else(|| "the call gave no file".to_owned())
}

unsafe extern "C" fn on_result(user_data: *mut c_void, result: *const WxtFileResult) {
    // SAFETY: `file_call` returns after this function, so its variable is valid. The result is valid until this returns.
    unsafe {
        let result = &*result;
        let outcome = if result.err_no == 0 {
            Ok(FileResult {
                files: list(result.files, result.file_count).iter().map(|info| file(info)).collect(),
                stats: list(result.stats, result.stats_count).iter().map(|entry| stats(entry)).collect(),
                names: list(result.names, result.name_count).iter().map(|name| string(*name)).collect(),
                digest: string(result.digest),
                data: list(result.data, result.data_length).to_vec(),
            })
        } else {
            Err(FileFailure { err_msg: string(result.err_msg), err_no: result.err_no })
        };
        *user_data.cast::<Option<Result<FileResult, FileFailure>>>() = Some(outcome);
    }
}

/// # Safety
/// `items` must point to `count` readable elements, or be NULL.
unsafe fn list<'a, T>(items: *const T, count: usize) -> &'a [T] {
    // SAFETY: the caller guarantees it.
    if items.is_null() { &[] } else { unsafe { slice::from_raw_parts(items, count) } }
}

/// # Safety
/// The texts must be readable.
unsafe fn file(info: &WxtFileInfo) -> File {
    // SAFETY: the caller guarantees it.
    let (path, native_path) = unsafe { (string(info.file_path), string(info.native_path)) };
    File { path, native_path, size: info.size, create_time: info.create_time }
}

/// # Safety
/// The path must be readable.
unsafe fn stats(entry: &WxtFileStats) -> Stats {
    Stats {
        // SAFETY: the caller guarantees it.
        path: unsafe { string(entry.path) },
        mode: entry.mode,
        size: entry.size,
        last_accessed_time: entry.last_accessed_time,
        last_modified_time: entry.last_modified_time,
    }
}
