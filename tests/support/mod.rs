//! A host in Rust: opens sessions, starts tasks through the C interface, and stores what their callbacks receive.

// Each test program uses a part of this.
#![allow(dead_code, missing_docs)]
// Acts like a host in C, which relies only on the header.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

pub mod files;

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tempfile::TempDir;
use wxtransfer::ffi::callback::*;
use wxtransfer::ffi::options::*;
use wxtransfer::ffi::request::*;
use wxtransfer::ffi::session::*;
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::*;
use wxtransfer::ffi::task::*;
use wxtransfer_test_server::Authority;

/// An operation that takes this long hangs.
pub const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// An event of a callback.
#[derive(Clone, Debug)]
pub enum Event {
    Headers {
        status: i32,
        headers: Vec<(String, String)>,
    },
    Progress {
        total: u64,
        expected: Option<u64>,
        percent: Option<u32>,
    },
    Success(Success),
    Fail(Failure),
    /// The HAR entry of a request.
    Trace(String),
    /// Whether it received the success.
    Complete(bool),
    Release,
}

#[derive(Clone, Debug)]
pub struct Success {
    pub err_msg: String,
    pub status: i32,
    pub data: Option<String>,
    pub temp_file_path: Option<String>,
    pub file_path: Option<String>,
    pub native_path: Option<String>,
    pub data_length: u64,
    pub headers: Vec<(String, String)>,
    pub profile: Option<Profile>,
    pub attempts: u32,
    pub resumed_from: u64,
    pub sha256: Option<String>,
}

impl Success {
    pub fn profile(&self) -> &Profile {
        self.profile.as_ref().expect("a profile")
    }
}

#[derive(Clone, Debug)]
pub struct Failure {
    pub err_msg: String,
    pub err_no: i32,
    pub category: i32,
    pub detail: String,
    pub retryable: bool,
    pub profile: Option<Profile>,
    pub attempts: u32,
    pub resumed_from: u64,
}

#[derive(Clone, Debug)]
pub struct Profile {
    pub raw: WxtProfile,
    pub peer_ip: Option<String>,
    pub protocol: Option<String>,
}

/// One task and its events so far.
pub struct Task {
    pub id: WxtTaskId,
    events: Receiver<Event>,
}

/// The end of a task with all of its events.
#[derive(Debug)]
pub struct Ended {
    pub events: Vec<Event>,
    pub result: Result<Success, Failure>,
}

impl Task {
    /// The next event.
    pub fn next(&self) -> Event {
        self.events.recv_timeout(WAIT_LIMIT).expect("a callback comes")
    }

    /// Waits for the release, and checks the order of events that the header specifies.
    pub fn end(self) -> Ended {
        let mut events = Vec::new();
        loop {
            let event = self.next();
            let last = matches!(event, Event::Release);
            events.push(event);
            if last {
                break;
            }
        }
        let results: Vec<_> =
            events.iter().filter(|event| matches!(event, Event::Success(_) | Event::Fail(_))).collect();
        assert_eq!(results.len(), 1, "one of success and fail: {events:?}");
        let result = match results[0] {
            Event::Success(success) => Ok(success.clone()),
            Event::Fail(failure) => Err(failure.clone()),
            _ => unreachable!(),
        };
        match &events[events.len() - 3..] {
            [Event::Success(_), Event::Complete(true), Event::Release]
            | [Event::Fail(_), Event::Complete(false), Event::Release] => {}
            _ => panic!("result, complete, release come last: {events:?}"),
        }
        let heads = events.iter().filter(|event| matches!(event, Event::Headers { .. })).count();
        assert!(heads <= 1, "headers come once: {events:?}");
        let mut before = (0, 0);
        for event in &events {
            if let Event::Progress { total, percent, .. } = event {
                let now = (*total, percent.unwrap_or(before.1));
                assert!(now.0 >= before.0 && now.1 >= before.1 && now.1 <= 100, "progress never falls: {events:?}");
                before = now;
            }
        }
        Ended { events, result }
    }
}

impl Ended {
    pub fn success(&self) -> &Success {
        self.result.as_ref().unwrap_or_else(|failure| panic!("the task succeeds, not {failure:?}"))
    }

    pub fn failure(&self) -> &Failure {
        match &self.result {
            Err(failure) => failure,
            Ok(success) => panic!("the task fails, not {success:?}"),
        }
    }

    pub fn headers(&self) -> Vec<(String, String)> {
        self.events
            .iter()
            .find_map(|event| match event {
                Event::Headers { headers, .. } => Some(headers.clone()),
                _ => None,
            })
            .expect("headers were received")
    }

    /// The HAR entries, in order.
    pub fn traces(&self) -> Vec<serde_json::Value> {
        let entries = self.events.iter().filter_map(|event| match event {
            Event::Trace(entry) => Some(entry),
            _ => None,
        });
        entries.map(|entry| serde_json::from_str(entry).expect("JSON")).collect()
    }

    pub fn progress(&self) -> Vec<(u64, Option<u64>, Option<u32>)> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Progress { total, expected, percent } => Some((*total, *expected, *percent)),
                _ => None,
            })
            .collect()
    }
}

/// An open session with its own data directory. Closed when dropped.
pub struct Session {
    pub handle: *mut WxtSession,
    pub directory: TempDir,
    /// The `on_trace` of tasks.
    pub on_trace: Option<OnTrace>,
}

// A handle is a number.
unsafe impl Send for Session {}
unsafe impl Sync for Session {}

impl Session {
    /// A session that may use the test servers.
    pub fn open() -> Session {
        Session::open_with(|_| {})
    }

    /// As [`Session::open`], with options that `change` modifies.
    pub fn open_with(change: impl FnOnce(&mut WxtSessionOptions)) -> Session {
        let (status, session) = Session::try_open_with(change);
        assert_eq!(status, WXT_OK);
        session
    }

    pub fn try_open_with(change: impl FnOnce(&mut WxtSessionOptions)) -> (WxtStatus, Session) {
        let directory = TempDir::new().expect("a temporary directory");
        let path = directory.path().to_str().expect("a UTF-8 path").to_owned();
        let mut options: WxtSessionOptions = zeroed();
        options.struct_size = size_of::<WxtSessionOptions>();
        options.app_id = WxtStr::new("wx1234567890abcdef");
        options.platform = WXT_PLATFORM_ANDROID;
        options.client_version = WxtStr::new("8.0.50");
        options.data_directory = WxtStr::new(&path);
        options.path_policy = WXT_PATHS_NATIVE;
        options.lan_policy = WXT_LAN_ALL_LOCAL;
        options.allow_plain_http = 1;
        options.root_certificates = WxtStr::new(Authority::shared().pem());
        change(&mut options);
        let mut handle = std::ptr::null_mut();
        let status = unsafe { wxt_session_open(&options, &mut handle, std::ptr::null_mut()) };
        assert_eq!(status == WXT_OK, !handle.is_null());
        (status, Session { handle, directory, on_trace: None })
    }

    pub fn download(&self, url: &str) -> Task {
        self.download_with(url, |_| {})
    }

    pub fn download_with(&self, url: &str, change: impl FnOnce(&mut WxtDownloadRequest)) -> Task {
        let mut request: WxtDownloadRequest = zeroed();
        request.struct_size = size_of::<WxtDownloadRequest>();
        request.url = WxtStr::new(url);
        change(&mut request);
        self.start(|callbacks, id| unsafe {
            wxt_download_file(self.handle, &request, callbacks, id, std::ptr::null_mut())
        })
    }

    pub fn upload(&self, url: &str, file: &Path) -> Task {
        self.upload_with(url, file, |_| {})
    }

    pub fn upload_with(&self, url: &str, file: &Path, change: impl FnOnce(&mut WxtUploadRequest)) -> Task {
        let path = file.to_str().expect("a UTF-8 path").to_owned();
        let mut request: WxtUploadRequest = zeroed();
        request.struct_size = size_of::<WxtUploadRequest>();
        request.url = WxtStr::new(url);
        request.file_path = WxtStr::new(&path);
        request.name = WxtStr::new("file");
        change(&mut request);
        self.start(|callbacks, id| unsafe {
            wxt_upload_file(self.handle, &request, callbacks, id, std::ptr::null_mut())
        })
    }

    fn start(&self, start: impl FnOnce(*const WxtCallbacks, *mut WxtTaskId) -> WxtStatus) -> Task {
        let (sender, events) = channel();
        let mut callbacks = callbacks(sender);
        callbacks.on_trace = self.on_trace;
        let mut id = 0;
        assert_eq!(start(&callbacks, &mut id), WXT_OK);
        assert_ne!(id, 0);
        Task { id, events }
    }

    pub fn abort(&self, task: &Task) -> WxtStatus {
        wxt_task_abort(self.handle, task.id)
    }

    pub fn close(&self) -> WxtStatus {
        wxt_session_close(self.handle)
    }

    /// A file to upload, outside the session's own directories.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).expect("a file is written");
        path
    }

    /// Every regular file below the session's data directory, except `known`.
    pub fn files_besides(&self, known: &[&Path]) -> Vec<PathBuf> {
        fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(self.directory.path(), &mut found);
        found.retain(|path| !known.contains(&path.as_path()) && path.metadata().is_ok_and(|data| data.len() > 0));
        found
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = wxt_session_close(self.handle);
    }
}

/// Callbacks that send each event to `sender`, until they are released.
pub fn callbacks(sender: Sender<Event>) -> WxtCallbacks {
    WxtCallbacks {
        struct_size: size_of::<WxtCallbacks>(),
        user_data: Box::into_raw(Box::new(sender)).cast(),
        on_headers_received: Some(on_headers_received),
        on_progress: Some(on_progress),
        on_success: Some(on_success),
        on_fail: Some(on_fail),
        on_complete: Some(on_complete),
        release: Some(release),
        on_trace: None,
    }
}

/// A C struct of zeros, like the header's initialisers return.
pub fn zeroed<T: Copy>() -> T {
    unsafe { std::mem::zeroed() }
}

fn send(user_data: *mut c_void, event: Event) {
    let sender = unsafe { &*user_data.cast::<Sender<Event>>() };
    // A test that is not interested in further events has dropped the receiver.
    let _ = sender.send(event);
}

unsafe extern "C" fn on_headers_received(user_data: *mut c_void, _: WxtTaskId, event: *const WxtHeadersReceived) {
    let event = unsafe { &*event };
    let headers = pairs(event.header, event.header_count);
    send(user_data, Event::Headers { status: event.status_code, headers });
}

unsafe extern "C" fn on_progress(user_data: *mut c_void, _: WxtTaskId, event: *const WxtProgress) {
    let event = unsafe { &*event };
    send(
        user_data,
        Event::Progress {
            total: event.total_bytes,
            expected: Some(event.total_bytes_expected).filter(|total| *total != WXT_TOTAL_UNKNOWN),
            percent: Some(event.progress).filter(|percent| *percent != WXT_PROGRESS_UNKNOWN),
        },
    );
}

type OnTrace = unsafe extern "C" fn(*mut c_void, WxtTaskId, *const WxtTrace);

pub unsafe extern "C" fn on_trace(user_data: *mut c_void, _: WxtTaskId, event: *const WxtTrace) {
    let event = unsafe { &*event };
    send(user_data, Event::Trace(text(event.entry).expect("an entry")));
}

unsafe extern "C" fn on_success(user_data: *mut c_void, _: WxtTaskId, event: *const WxtSuccess) {
    let event = unsafe { &*event };
    send(
        user_data,
        Event::Success(Success {
            err_msg: text(event.err_msg).expect("an errMsg"),
            status: event.status_code,
            data: text(event.data),
            temp_file_path: text(event.temp_file_path),
            file_path: text(event.file_path),
            native_path: text(event.native_path),
            data_length: event.data_length,
            headers: pairs(event.header, event.header_count),
            profile: profile(event.profile),
            attempts: event.attempts,
            resumed_from: event.resumed_from,
            sha256: text(event.sha256),
        }),
    );
}

unsafe extern "C" fn on_fail(user_data: *mut c_void, _: WxtTaskId, event: *const WxtFailure) {
    let event = unsafe { &*event };
    send(
        user_data,
        Event::Fail(Failure {
            err_msg: text(event.err_msg).expect("an errMsg"),
            err_no: event.err_no,
            category: event.category,
            detail: text(event.detail).unwrap_or_default(),
            retryable: event.retryable,
            profile: profile(event.profile),
            attempts: event.attempts,
            resumed_from: event.resumed_from,
        }),
    );
}

unsafe extern "C" fn on_complete(user_data: *mut c_void, _: WxtTaskId, event: *const WxtCompletion) {
    let event = unsafe { &*event };
    assert_ne!(event.success.is_null(), event.failure.is_null());
    send(user_data, Event::Complete(!event.success.is_null()));
}

unsafe extern "C" fn release(user_data: *mut c_void) {
    send(user_data, Event::Release);
    drop(unsafe { Box::from_raw(user_data.cast::<Sender<Event>>()) });
}

fn text(string: WxtStr) -> Option<String> {
    unsafe { string.bytes("string") }.expect("a string").map(|bytes| String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

fn pairs(header: *const WxtPair, count: usize) -> Vec<(String, String)> {
    let pairs = if count == 0 { &[] } else { unsafe { slice::from_raw_parts(header, count) } };
    pairs.iter().map(|pair| (text(pair.name).expect("a name"), text(pair.value).unwrap_or_default())).collect()
}

fn profile(profile: *const WxtProfile) -> Option<Profile> {
    let raw = *unsafe { profile.as_ref() }?;
    Some(Profile { raw, peer_ip: text(raw.peer_ip), protocol: text(raw.protocol) })
}
