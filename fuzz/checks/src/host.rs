//! A host of the C interface: a session for servers on loopback, and the ends of its tasks.

// A host relies on the header only.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use tempfile::TempDir;
use wxtransfer::ffi::callback::{WxtCallbacks, WxtCompletion, WxtFailure, WxtHeadersReceived, WxtSuccess};
use wxtransfer::ffi::error::{WXT_CATEGORY_INTERNAL, WXT_CATEGORY_OUT_OF_RESOURCES, WXT_CATEGORY_TIMEOUT};
use wxtransfer::ffi::options::{WXT_LAN_ALL_LOCAL, WXT_PLATFORM_ANDROID, WxtSessionOptions};
use wxtransfer::ffi::request::{WxtDownloadRequest, WxtTaskId};
use wxtransfer::ffi::session::{
    WxtSession, wxt_session_close, wxt_session_enter_background, wxt_session_enter_foreground, wxt_session_open,
};
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::task::wxt_download_file;

use crate::scripted_server::PATIENCE;

/// The deadline of each task, in milliseconds. No script takes as long, so a task that reaches it has hung.
const DEADLINE: u32 = 30_000;

/// The struct with all bytes zero, as the header's initialisers return it.
pub fn zeroed<T: Copy>() -> T {
    // SAFETY: the structs of the header consist of integers, booleans, nullable pointers and optional functions.
    unsafe { std::mem::zeroed() }
}

/// A session with its own directory.
pub struct Host {
    session: *mut WxtSession,
    directory: TempDir,
}

/// A failed task.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "`detail` is printed")]
pub struct Failed {
    /// A `WXT_CATEGORY_…`.
    pub category: i32,
    /// For developers.
    pub detail: String,
}

/// A successful download.
#[derive(Debug)]
pub struct Downloaded {
    /// The answer's status.
    pub status: i32,
    /// Whether the answer has a `Content-Encoding`.
    pub is_coded: bool,
    /// The file's content.
    pub body: Vec<u8>,
}

/// An event of a task.
#[derive(Debug)]
pub enum TaskEvent {
    /// `on_headers_received`.
    Headers,
    /// `on_success` with the path of the file and the rest.
    Success(Option<String>, Downloaded),
    /// `on_fail`.
    Fail(Failed),
    /// `on_complete`, and whether it reports a success.
    Complete(bool),
    /// `release`.
    Release,
}

impl Host {
    /// Opens a session that may use the servers of this process.
    pub fn open(root_certificates: &str) -> Host {
        let directory = TempDir::new().expect("a temporary directory");
        let path = directory.path().to_str().expect("a UTF-8 path").to_owned();
        let mut options: WxtSessionOptions = zeroed();
        options.struct_size = size_of::<WxtSessionOptions>();
        options.app_id = WxtStr::new("wx");
        options.platform = WXT_PLATFORM_ANDROID;
        options.client_version = WxtStr::new("8.0.50");
        options.data_directory = WxtStr::new(&path);
        options.lan_policy = WXT_LAN_ALL_LOCAL;
        options.allow_plain_http = 1;
        options.root_certificates = WxtStr::new(root_certificates);
        let mut session = std::ptr::null_mut();
        // SAFETY: both point to values of this function.
        assert_eq!(unsafe { wxt_session_open(&options, &mut session, std::ptr::null_mut()) }, WXT_OK);
        Host { session, directory }
    }

    /// Downloads `url`. A failure has a category other than an internal error, and leaves no file.
    pub fn download(&self, url: &str) -> Result<Downloaded, Failed> {
        let mut request: WxtDownloadRequest = zeroed();
        request.struct_size = size_of::<WxtDownloadRequest>();
        request.url = WxtStr::new(url);
        request.timeout = DEADLINE;
        let (callbacks, events) = callbacks();
        let mut task = 0;
        // SAFETY: all point to values of this function.
        let status = unsafe { wxt_download_file(self.session, &request, &callbacks, &mut task, std::ptr::null_mut()) };
        assert_eq!(status, WXT_OK);
        let (path, downloaded) = end_of(&events).inspect_err(|failed| {
            assert_ne!(failed.category, WXT_CATEGORY_TIMEOUT, "{failed:?}");
            assert_eq!(files(self.directory.path()), 0, "{failed:?} left a file");
        })?;
        let path = path.expect("a native path");
        let body = fs::read(&path).expect("the file can be read");
        fs::remove_file(&path).expect("the file can be removed");
        Ok(Downloaded { body, ..downloaded })
    }

    /// Closes the idle connections.
    pub fn close_idle(&self) {
        assert_eq!(wxt_session_enter_background(self.session), WXT_OK);
        assert_eq!(wxt_session_enter_foreground(self.session), WXT_OK);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = wxt_session_close(self.session);
    }
}

/// The number of files that are not empty, in a directory and below.
fn files(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry"));
    let count = |entry: fs::DirEntry| match entry.metadata().expect("an entry's metadata") {
        data if data.is_dir() => files(&entry.path()),
        data => usize::from(data.len() > 0),
    };
    entries.map(count).sum()
}

/// The result of a task, after the last of its events. Their order is that of the header.
pub fn end_of(events: &Receiver<TaskEvent>) -> Result<(Option<String>, Downloaded), Failed> {
    let next = || events.recv_timeout(PATIENCE).expect("a callback runs");
    let result = loop {
        match next() {
            TaskEvent::Headers => {}
            TaskEvent::Success(path, downloaded) => break Ok((path, downloaded)),
            TaskEvent::Fail(failed) => break Err(failed),
            event => panic!("{event:?} before a result"),
        }
    };
    match next() {
        TaskEvent::Complete(success) => assert_eq!(success, result.is_ok()),
        event => panic!("{event:?} after a result"),
    }
    match next() {
        TaskEvent::Release => assert!(events.try_recv().is_err(), "release is the last event"),
        event => panic!("{event:?} after on_complete"),
    }
    if let Err(failed) = &result {
        assert_ne!(failed.category, WXT_CATEGORY_INTERNAL, "{failed:?}");
        assert_ne!(failed.category, WXT_CATEGORY_OUT_OF_RESOURCES, "{failed:?}");
    }
    result
}

/// Callbacks that send each event, until they are released.
pub fn callbacks() -> (WxtCallbacks, Receiver<TaskEvent>) {
    let (sender, receiver) = channel();
    let callbacks = WxtCallbacks {
        struct_size: size_of::<WxtCallbacks>(),
        user_data: Box::into_raw(Box::new(sender)).cast(),
        on_headers_received: Some(on_headers_received),
        on_progress: None,
        on_success: Some(on_success),
        on_fail: Some(on_fail),
        on_complete: Some(on_complete),
        release: Some(release),
        on_trace: None,
    };
    (callbacks, receiver)
}

/// Frees callbacks that no task has taken.
pub fn free(callbacks: &WxtCallbacks) {
    // SAFETY: made by `callbacks`, and no task releases them.
    drop(unsafe { Box::from_raw(callbacks.user_data.cast::<Sender<TaskEvent>>()) });
}

fn send(user_data: *mut c_void, event: TaskEvent) {
    // SAFETY: made by `callbacks`, and not released yet.
    let sender = unsafe { &*user_data.cast::<Sender<TaskEvent>>() };
    let _ = sender.send(event);
}

/// Whether an `errMsg` is that of a success. That of a failure may end with the page's path or the name of a header, which
/// may end with `:ok`.
pub fn is_ok(message: &str) -> bool {
    message.split_once(':').is_some_and(|(_, outcome)| outcome == "ok")
}

/// A string of an event, which must be UTF-8.
pub fn text(string: WxtStr) -> Option<String> {
    // SAFETY: the library's string is readable while the callback runs.
    let bytes = unsafe { string.bytes("string") }.expect("a string");
    bytes.map(|bytes| String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

unsafe extern "C" fn on_headers_received(user_data: *mut c_void, _: WxtTaskId, _: *const WxtHeadersReceived) {
    send(user_data, TaskEvent::Headers);
}

unsafe extern "C" fn on_success(user_data: *mut c_void, _: WxtTaskId, event: *const WxtSuccess) {
    // SAFETY: the event, its list and its strings are readable while the callback runs.
    let event = unsafe { &*event };
    let header = match event.header_count {
        0 => &[],
        // SAFETY: as above.
        count => unsafe { std::slice::from_raw_parts(event.header, count) },
    };
    let mut names = header.iter().map(|pair| text(pair.name).expect("a name"));
    let is_coded = names.any(|name| name.eq_ignore_ascii_case("content-encoding"));
    let downloaded = Downloaded { status: event.status_code, is_coded, body: Vec::new() };
    send(user_data, TaskEvent::Success(text(event.native_path), downloaded));
}

unsafe extern "C" fn on_fail(user_data: *mut c_void, _: WxtTaskId, event: *const WxtFailure) {
    // SAFETY: as above.
    let event = unsafe { &*event };
    let failed = Failed { category: event.category, detail: text(event.detail).unwrap_or_default() };
    send(user_data, TaskEvent::Fail(failed));
}

unsafe extern "C" fn on_complete(user_data: *mut c_void, _: WxtTaskId, event: *const WxtCompletion) {
    // SAFETY: as above.
    let event = unsafe { &*event };
    assert_ne!(event.success.is_null(), event.failure.is_null());
    send(user_data, TaskEvent::Complete(!event.success.is_null()));
}

unsafe extern "C" fn release(user_data: *mut c_void) {
    send(user_data, TaskEvent::Release);
    // SAFETY: made by `callbacks`; the task's last use.
    drop(unsafe { Box::from_raw(user_data.cast::<Sender<TaskEvent>>()) });
}
