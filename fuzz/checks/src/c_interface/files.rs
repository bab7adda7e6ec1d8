//! File calls.

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::ptr;

use wxtransfer::ffi::error::{WXT_CATEGORY_INTERNAL, WXT_CATEGORY_OUT_OF_RESOURCES};
use wxtransfer::ffi::file::{
    wxt_get_saved_file_info, wxt_get_saved_file_list, wxt_import_data, wxt_import_file, wxt_import_file_descriptor,
    wxt_remove_saved_file, wxt_resolve_path, wxt_save_file,
};
use wxtransfer::ffi::file_result::{WxtFileCallback, WxtFileResult};
use wxtransfer::ffi::file_system::{
    wxt_file_access, wxt_file_copy, wxt_file_info, wxt_file_list_directory, wxt_file_make_directory, wxt_file_read,
    wxt_file_remove_directory, wxt_file_rename, wxt_file_stat, wxt_file_unlink, wxt_file_write,
};
use wxtransfer::ffi::session::WxtSession;
use wxtransfer::ffi::status::WXT_OK;

use super::arguments::Arguments;
use super::tasks::descriptor;
use crate::host::{is_ok, text};

/// The results of one call.
struct Results {
    /// The directory that contains the files.
    root: PathBuf,
    number: u32,
    path: Option<String>,
}

/// Makes one call. Returns the path of a file that it reports.
pub fn call(session: *mut WxtSession, arguments: &mut Arguments<'_, '_>, native: &Path, root: &Path) -> Option<String> {
    let mut results = Results { root: root.join("data"), number: 0, path: None };
    let has_callback = arguments.input.byte() != 0xff;
    arguments.forbid_if(!has_callback);
    let on_result: WxtFileCallback = if has_callback { Some(on_result) } else { None };
    let user_data = ptr::from_mut(&mut results).cast();
    let function = arguments.input.below(20);
    let status = unsafe {
        match function {
            0 => wxt_save_file(session, arguments.path(), arguments.path(), on_result, user_data),
            1 => wxt_get_saved_file_list(session, on_result, user_data),
            2 => wxt_get_saved_file_info(session, arguments.path(), on_result, user_data),
            3 => wxt_remove_saved_file(session, arguments.path(), on_result, user_data),
            4 => {
                let (path, mode) = (arguments.native_path(native), mode(arguments, 2));
                wxt_import_file(session, path, mode, on_result, user_data)
            }
            5 => {
                let ((is_set, number), length) = (descriptor(arguments, native), arguments.input.any_number());
                let name = arguments.text(&["a.png"]);
                let number = if is_set == 0 { -1 } else { number };
                arguments.forbid_if(is_set == 0);
                wxt_import_file_descriptor(session, number, length, name, on_result, user_data)
            }
            6 | 7 => {
                let (data, length) = arguments.data();
                wxt_import_data(session, data, length, arguments.text(&["a.png", "b"]), on_result, user_data)
            }
            8 => wxt_resolve_path(session, arguments.path(), on_result, user_data),
            9 => wxt_file_access(session, arguments.path(), on_result, user_data),
            10 => wxt_file_stat(session, arguments.path(), arguments.input.byte(), on_result, user_data),
            11 => wxt_file_unlink(session, arguments.path(), on_result, user_data),
            12 => wxt_file_copy(session, arguments.path(), arguments.path(), on_result, user_data),
            13 => wxt_file_rename(session, arguments.path(), arguments.path(), on_result, user_data),
            14 => wxt_file_make_directory(session, arguments.path(), arguments.input.byte(), on_result, user_data),
            15 => wxt_file_remove_directory(session, arguments.path(), arguments.input.byte(), on_result, user_data),
            16 => wxt_file_list_directory(session, arguments.path(), on_result, user_data),
            17 => {
                let (path, algorithm) = (arguments.path(), mode(arguments, 3));
                wxt_file_info(session, path, algorithm, on_result, user_data)
            }
            18 => {
                let path = arguments.path();
                let (position, length) = (arguments.input.any_number(), arguments.input.any_number());
                wxt_file_read(session, path, position, length, on_result, user_data)
            }
            _ => {
                let (path, (data, length), mode) = (arguments.path(), arguments.data(), mode(arguments, 3));
                let position = arguments.input.any_number();
                arguments.forbid_if(mode != 2 && position > 0);
                wxt_file_write(session, path, data, length, mode, position, on_result, user_data)
            }
        }
    };
    arguments.assert(status);
    assert_eq!(results.number, u32::from(status == WXT_OK), "one result for a call that was accepted");
    results.path
}

/// A number, most often below `count`, which the header requires.
fn mode(arguments: &mut Arguments<'_, '_>, count: i32) -> i32 {
    let mode = match arguments.input.below(8) {
        0 => arguments.int(),
        number => number as i32 % count,
    };
    arguments.forbid_if(!(0..count).contains(&mode));
    mode
}

unsafe extern "C" fn on_result(user_data: *mut c_void, result: *const WxtFileResult) {
    let (results, result) = unsafe { (&mut *user_data.cast::<Results>(), &*result) };
    results.number += 1;
    let message = text(result.err_msg).expect("an errMsg");
    assert_eq!(result.err_no == 0, is_ok(&message), "{message}");
    assert_ne!(result.category, WXT_CATEGORY_INTERNAL, "{message}");
    assert_ne!(result.category, WXT_CATEGORY_OUT_OF_RESOURCES, "{message}");
    text(result.detail);
    text(result.digest);
    for index in 0..result.file_count {
        let file = unsafe { &*result.files.add(index) };
        let (path, native) = (text(file.file_path), text(file.native_path));
        let native = PathBuf::from(native.expect("a native path"));
        // The system's temporary directory may be a link.
        let root = results.root.canonicalize().expect("a directory");
        assert!(native.starts_with(&results.root) || native.starts_with(&root), "{native:?}");
        if let Ok(real) = native.canonicalize() {
            assert!(real.starts_with(&root), "{native:?} leads to {real:?}");
        }
        let path = path.expect("a path");
        assert!(path.starts_with("wxfile://"), "{path}");
        results.path = Some(path);
    }
    for index in 0..result.stats_count {
        let stats = unsafe { &*result.stats.add(index) };
        assert_ne!(stats.is_file, stats.is_directory);
        text(stats.path);
    }
    for index in 0..result.name_count {
        let name = text(unsafe { *result.names.add(index) }).expect("a name");
        assert!(!name.is_empty() && !name.contains('/'), "{name:?}");
    }
}
