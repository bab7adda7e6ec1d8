//! The file functions of the C interface.

use std::ffi::c_void;
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::slice;

use wxtransfer::ffi::file::*;
use wxtransfer::ffi::file_result::*;
use wxtransfer::ffi::file_system::*;
use wxtransfer::ffi::status::{WXT_OK, WxtStatus};
use wxtransfer::ffi::string::WxtStr;

use super::{Session, text};

/// The result that a file function's callback received.
#[derive(Clone, Debug)]
pub struct FileResult {
    pub err_msg: String,
    pub err_no: i32,
    pub category: i32,
    pub detail: Option<String>,
    pub files: Vec<FileInfo>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    pub path: String,
    pub native: PathBuf,
    pub size: u64,
    pub create_time: u64,
}

impl FileResult {
    /// The only file of a successful result.
    #[track_caller]
    pub fn file(&self) -> &FileInfo {
        assert_eq!((self.err_no, self.category, self.files.len()), (0, 0, 1), "{self:?}");
        assert!(self.err_msg.ends_with(":ok"), "{self:?}");
        &self.files[0]
    }

    /// A successful result without content.
    #[track_caller]
    pub fn done(&self) {
        assert_eq!((self.err_no, self.category, self.files.len()), (0, 0, 0), "{self:?}");
    }

    /// `errMsg` and `errno` of a failure, which has a detail and no file.
    #[track_caller]
    pub fn failure(&self) -> (&str, i32) {
        assert!(self.err_no != 0 && self.category != 0 && self.files.is_empty(), "{self:?}");
        assert!(self.detail.as_ref().is_some_and(|detail| !detail.is_empty()), "{self:?}");
        (&self.err_msg, self.err_no)
    }
}

impl Session {
    pub fn save(&self, temporary: &str, target: Option<&str>) -> FileResult {
        let target = target.map_or(WxtStr::absent(), WxtStr::new);
        result_of(|callback, user_data| unsafe {
            wxt_save_file(self.handle, WxtStr::new(temporary), target, callback, user_data)
        })
    }

    /// Returns the status of a call that is refused.
    pub fn try_save(&self, temporary: &str) -> Result<FileResult, WxtStatus> {
        try_result_of(|callback, user_data| unsafe {
            wxt_save_file(self.handle, WxtStr::new(temporary), WxtStr::absent(), callback, user_data)
        })
    }

    pub fn saved_files(&self) -> FileResult {
        result_of(|callback, user_data| unsafe { wxt_get_saved_file_list(self.handle, callback, user_data) })
    }

    pub fn saved_file(&self, path: &str) -> FileResult {
        result_of(|callback, user_data| unsafe {
            wxt_get_saved_file_info(self.handle, WxtStr::new(path), callback, user_data)
        })
    }

    pub fn remove_saved_file(&self, path: &str) -> FileResult {
        result_of(|callback, user_data| unsafe {
            wxt_remove_saved_file(self.handle, WxtStr::new(path), callback, user_data)
        })
    }

    pub fn import(&self, native: &str, mode: i32) -> FileResult {
        result_of(|callback, user_data| unsafe {
            wxt_import_file(self.handle, WxtStr::new(native), mode, callback, user_data)
        })
    }

    pub fn import_data(&self, data: &[u8], name: Option<&str>) -> FileResult {
        let name = name.map_or(WxtStr::absent(), WxtStr::new);
        result_of(|callback, user_data| unsafe {
            wxt_import_data(self.handle, data.as_ptr(), data.len(), name, callback, user_data)
        })
    }

    pub fn import_descriptor(&self, descriptor: impl AsFd, length: u64, name: &str) -> FileResult {
        let descriptor = descriptor.as_fd().as_raw_fd();
        result_of(|callback, user_data| unsafe {
            wxt_import_file_descriptor(self.handle, descriptor, length, WxtStr::new(name), callback, user_data)
        })
    }

    /// Returns the status of a call that is refused.
    pub fn try_import_descriptor(&self, descriptor: impl AsFd) -> Result<FileResult, WxtStatus> {
        let descriptor = descriptor.as_fd().as_raw_fd();
        try_result_of(|callback, user_data| unsafe {
            wxt_import_file_descriptor(self.handle, descriptor, 0, WxtStr::absent(), callback, user_data)
        })
    }

    pub fn access(&self, path: &str) -> FileResult {
        result_of(|callback, user_data| unsafe { wxt_file_access(self.handle, WxtStr::new(path), callback, user_data) })
    }

    pub fn copy_file(&self, source: &str, target: &str) -> FileResult {
        result_of(|callback, user_data| unsafe {
            wxt_file_copy(self.handle, WxtStr::new(source), WxtStr::new(target), callback, user_data)
        })
    }

    pub fn rename(&self, old: &str, new: &str) -> FileResult {
        result_of(|callback, user_data| unsafe {
            wxt_file_rename(self.handle, WxtStr::new(old), WxtStr::new(new), callback, user_data)
        })
    }

    pub fn unlink(&self, path: &str) -> FileResult {
        result_of(|callback, user_data| unsafe { wxt_file_unlink(self.handle, WxtStr::new(path), callback, user_data) })
    }

    pub fn remove_directory(&self, path: &str, recursive: bool) -> FileResult {
        result_of(|callback, user_data| unsafe {
            wxt_file_remove_directory(self.handle, WxtStr::new(path), recursive.into(), callback, user_data)
        })
    }

    pub fn make_directory(&self, path: &str, recursive: bool) -> FileResult {
        result_of(|callback, user_data| unsafe {
            wxt_file_make_directory(self.handle, WxtStr::new(path), recursive.into(), callback, user_data)
        })
    }

    pub fn write_file(&self, path: &str, mode: i32, position: u64, bytes: &[u8]) -> FileResult {
        let path = WxtStr::new(path);
        result_of(|callback, user_data| unsafe {
            wxt_file_write(self.handle, path, bytes.as_ptr(), bytes.len(), mode, position, callback, user_data)
        })
    }

    pub fn resolve(&self, path: &str) -> FileResult {
        result_of(|callback, user_data| unsafe {
            wxt_resolve_path(self.handle, WxtStr::new(path), callback, user_data)
        })
    }
}

/// Makes a call that is not refused, and returns its callback's result, which arrives before the call returns.
fn result_of(call: impl FnOnce(WxtFileCallback, *mut c_void) -> WxtStatus) -> FileResult {
    try_result_of(call).unwrap_or_else(|status| panic!("a call was refused: status {status}"))
}

fn try_result_of(call: impl FnOnce(WxtFileCallback, *mut c_void) -> WxtStatus) -> Result<FileResult, WxtStatus> {
    let mut results: Vec<FileResult> = Vec::new();
    let status = call(Some(on_result), (&raw mut results).cast());
    assert_eq!(results.len(), usize::from(status == WXT_OK), "the callback runs once, unless the call is refused");
    if status == WXT_OK { Ok(results.remove(0)) } else { Err(status) }
}

unsafe extern "C" fn on_result(user_data: *mut c_void, result: *const WxtFileResult) {
    let (results, result) = unsafe { (&mut *user_data.cast::<Vec<FileResult>>(), &*result) };
    let files = match result.file_count {
        0 => &[],
        count => unsafe { slice::from_raw_parts(result.files, count) },
    };
    let required = |string| text(string).expect("a string");
    results.push(FileResult {
        err_msg: required(result.err_msg),
        err_no: result.err_no,
        category: result.category,
        detail: text(result.detail),
        files: files
            .iter()
            .map(|file| FileInfo {
                path: required(file.file_path),
                native: required(file.native_path).into(),
                size: file.size,
                create_time: file.create_time,
            })
            .collect(),
    });
}
