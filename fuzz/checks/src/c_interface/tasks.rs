//! Tasks, and a host's other calls.

use std::ffi::{CStr, c_void};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr;
use std::sync::mpsc::Receiver;

use wxtransfer::ffi::callback::WxtCallbacks;
use wxtransfer::ffi::check::{WXT_API_DOWNLOAD, WXT_API_UPLOAD, WxtUrlCheck, wxt_check_url};
use wxtransfer::ffi::request::{WxtDownloadRequest, WxtTaskId, WxtUploadPart, WxtUploadRequest};
use wxtransfer::ffi::session::WxtSession;
use wxtransfer::ffi::statistics::{WxtSessionStatistics, wxt_session_statistics};
use wxtransfer::ffi::status::{
    WXT_INVALID_ARGUMENT, WXT_NOT_FOUND, WXT_OK, WXT_SESSION_CLOSED, WxtStatus, wxt_status_text,
};
use wxtransfer::ffi::status_detail::WxtStatusDetail;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::task::{
    wxt_download_file, wxt_header_find, wxt_task_abort, wxt_task_set_max_bytes_per_second, wxt_upload_file,
};

use super::arguments::Arguments;
use crate::host::{TaskEvent, callbacks, free, is_ok, text, zeroed};

const URLS: [&str; 6] = [
    "https://example.com/a",
    "http://127.0.0.1/",
    "https://[::1]:1/",
    "https://user:secret@例子.example/?q#f",
    "ftp://example.com/",
    "https://example.com:99999/",
];
const TEXTS: [&str; 4] = ["file", "a.png", "image/png", "\r\n\""];

/// Starts an upload. Returns its events if it was accepted.
pub fn upload(
    session: *mut WxtSession,
    arguments: &mut Arguments<'_, '_>,
    native: &Path,
) -> Option<Receiver<TaskEvent>> {
    let mut request: WxtUploadRequest = zeroed();
    request.url = arguments.text(&URLS);
    request.file_path = arguments.path();
    // Most uploads have a name and a file, as a page's have.
    (request.name, request.file_name) = match arguments.input.below(4) {
        0 => (WxtStr::absent(), WxtStr::absent()),
        _ => (arguments.text(&TEXTS), arguments.text(&TEXTS)),
    };
    (request.header, request.header_count) = arguments.pairs();
    (request.form_data, request.form_data_count) = arguments.pairs();
    request.timeout = arguments.int() as u32;
    request.disable_profile = arguments.input.byte();
    request.needs_unmetered = arguments.input.byte();
    request.file_length = arguments.input.any_number();
    (request.data, request.data_length) = arguments.data();
    (request.has_file_descriptor, request.file_descriptor) = descriptor(arguments, native);
    arguments.forbid_if(request.has_file_descriptor != 0 && !request.data.is_null());
    (request.parts, request.part_count) = arguments.list(|arguments| part(arguments, native));
    request.method = match arguments.input.below(8) {
        0 => arguments.int(),
        method => (method & 1) as i32,
    };
    request.raw = u8::from(arguments.input.below(4) == 0);
    request.max_bytes_per_second = arguments.rate();
    request.priority = arguments.int();
    let has_name = request.name.len + request.file_name.len > 0;
    let has_source = request.file_path.len > 0 || !request.data.is_null() || request.has_file_descriptor != 0;
    arguments.forbid_if(!(0..=1).contains(&request.method));
    arguments.forbid_if(request.raw != 0 && (has_name || request.form_data_count > 0 || request.part_count > 0));
    arguments.forbid_if(request.part_count > 0 && (has_name || has_source));
    let request = arguments.place(&request);
    start(arguments, |callbacks, task, detail| unsafe { wxt_upload_file(session, request, callbacks, task, detail) })
}

fn part(arguments: &mut Arguments<'_, '_>, native: &Path) -> WxtUploadPart {
    let mut part: WxtUploadPart = zeroed();
    part.name = arguments.text(&TEXTS);
    part.file_path = arguments.path();
    part.file_name = arguments.text(&TEXTS);
    part.media_type = arguments.text(&TEXTS);
    (part.data, part.data_length) = arguments.data();
    part.file_length = arguments.input.any_number();
    (part.has_file_descriptor, part.file_descriptor) = descriptor(arguments, native);
    arguments.forbid_if(part.has_file_descriptor != 0 && !part.data.is_null());
    part
}

/// The values of `has_file_descriptor` and `file_descriptor`.
pub fn descriptor(arguments: &mut Arguments<'_, '_>, native: &Path) -> (u8, i32) {
    let path = match arguments.input.below(8) {
        0 => {
            arguments.forbid_if(true);
            return (1, -1 - i32::from(arguments.input.byte()));
        }
        1 => {
            // No process has so many descriptors.
            arguments.forbid_if(true);
            return (1, i32::MAX);
        }
        2 => "/dev/null".into(),
        3 => native.join("a.png"),
        // Opening the directory makes a descriptor that cannot be read.
        4 => native.to_owned(),
        _ => return (0, arguments.int()),
    };
    let file = File::open(path).expect("the file is there");
    let number = file.as_raw_fd();
    arguments.hold(file);
    (1 + arguments.input.byte() / 2, number)
}

/// Starts a download. Returns its events if it was accepted.
pub fn download(session: *mut WxtSession, arguments: &mut Arguments<'_, '_>) -> Option<Receiver<TaskEvent>> {
    let digest = "0".repeat(64);
    let mut request: WxtDownloadRequest = zeroed();
    request.timeout = arguments.int() as u32;
    request.disable_profile = arguments.input.byte();
    request.url = arguments.text(&URLS);
    (request.header, request.header_count) = arguments.pairs();
    request.file_path = arguments.path();
    request.expected_sha256 = arguments.text(&[&digest, "", "0"]);
    request.expected_length = arguments.input.any_number();
    request.want_sha256 = arguments.input.byte();
    request.verify_digest = arguments.input.byte();
    request.needs_unmetered = arguments.input.byte();
    request.max_bytes_per_second = arguments.rate();
    request.priority = arguments.int();
    let request = arguments.place(&request);
    start(arguments, |callbacks, task, detail| unsafe { wxt_download_file(session, request, callbacks, task, detail) })
}

fn start(
    arguments: &mut Arguments<'_, '_>,
    start: impl FnOnce(*const WxtCallbacks, *mut WxtTaskId, *mut WxtStatusDetail) -> WxtStatus,
) -> Option<Receiver<TaskEvent>> {
    let (callbacks, events) = callbacks();
    // Without the other callbacks, the check would not notice the end.
    let mut passed = callbacks;
    if arguments.input.flag() {
        passed.on_headers_received = None;
    }
    let callbacks_pointer = arguments.place_whole(&passed);
    let mut task = 0;
    let task_pointer = if arguments.input.byte() == 0xff { ptr::null_mut() } else { &mut task };
    let detail = arguments.detail();
    let status = start(callbacks_pointer, task_pointer, detail);
    arguments.assert_detail(status);
    arguments.assert(status);
    if status == WXT_OK {
        assert!(task != 0 || task_pointer.is_null(), "a task has a number");
        return Some(events);
    }
    assert_eq!(task, 0);
    assert!(events.try_recv().is_err(), "a refused call runs no callback");
    free(&callbacks);
    None
}

/// Functions that take no struct of a request.
pub fn other(session: *mut WxtSession, arguments: &mut Arguments<'_, '_>) {
    match arguments.input.below(6) {
        0 => check_url(session, arguments),
        1 => header_find(arguments),
        2 => {
            let statistics = arguments.place(&WxtSessionStatistics::default());
            let status = unsafe { wxt_session_statistics(session, statistics) };
            arguments.assert(status);
        }
        3 => {
            let number = arguments.input.any_number();
            assert_absent(wxt_task_abort(session, number % 4_000_000));
        }
        4 => {
            let (number, rate) = (arguments.input.any_number(), arguments.rate());
            assert_absent(wxt_task_set_max_bytes_per_second(session, number, rate));
        }
        _ => {
            let words = unsafe { CStr::from_ptr(wxt_status_text(arguments.int())) };
            assert!(!words.is_empty() && words.to_str().is_ok());
        }
    }
}

/// The number may be that of a task.
fn assert_absent(status: WxtStatus) {
    let expected = [WXT_OK, WXT_NOT_FOUND, WXT_SESSION_CLOSED, WXT_INVALID_ARGUMENT];
    assert!(expected.contains(&status), "status {status}");
}

fn check_url(session: *mut WxtSession, arguments: &mut Arguments<'_, '_>) {
    let api = match arguments.input.below(4) {
        0 => arguments.int(),
        number => {
            if number & 1 == 0 {
                WXT_API_UPLOAD
            } else {
                WXT_API_DOWNLOAD
            }
        }
    };
    arguments.forbid_if(![WXT_API_UPLOAD, WXT_API_DOWNLOAD].contains(&api));
    let url = arguments.text(&URLS);
    let (header, header_count) = arguments.pairs();
    let has_callback = arguments.input.byte() != 0xff;
    arguments.forbid_if(!has_callback);
    let on_result = if has_callback { Some(on_check as _) } else { None };
    let mut calls = 0_u32;
    let user_data = ptr::from_mut(&mut calls).cast();
    let status = unsafe { wxt_check_url(session, api, url, header, header_count, on_result, user_data) };
    arguments.assert(status);
    assert_eq!(calls, u32::from(status == WXT_OK));
}

unsafe extern "C" fn on_check(user_data: *mut c_void, result: *const WxtUrlCheck) {
    unsafe { *user_data.cast::<u32>() += 1 };
    let result = unsafe { &*result };
    let message = text(result.err_msg).expect("an errMsg");
    assert_eq!(result.allowed, result.err_no == 0, "{message}");
    assert_eq!(result.allowed, is_ok(&message), "{message}");
    assert!(!result.allowed || text(result.url).is_some(), "{message}");
    text(result.detail);
    text(result.rule);
    text(result.referer);
    for (list, count) in [(result.dropped_headers, result.dropped_header_count), (result.quirks, result.quirk_count)] {
        for index in 0..count {
            text(unsafe { *list.add(index) }).expect("a name");
        }
    }
}

fn header_find(arguments: &mut Arguments<'_, '_>) {
    let (header, header_count) = arguments.pairs();
    let name = arguments.text(&["x-a", "CONTENT-TYPE"]);
    let mut value = WxtStr::absent();
    let has_value = arguments.input.byte() != 0xff;
    arguments.forbid_if(!has_value);
    let target = if has_value { ptr::from_mut(&mut value) } else { ptr::null_mut() };
    let status = unsafe { wxt_header_find(header, header_count, name, target) };
    // A pair after the one that is found is not read.
    assert!([WXT_OK, WXT_NOT_FOUND, WXT_INVALID_ARGUMENT].contains(&status), "{status}");
    assert!(status == WXT_OK || value.ptr.is_null());
}
