//! A host of mini programs, which calls the C interface as Swift, Kotlin or C would.
//!
//! Callbacks become [`Event`]s in a channel, as a host would pass them on to a page.

// The C interface uses raw pointers. Each call fulfils the requirements of the header.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::zeroed;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::mpsc::Sender;

use wxtransfer::ffi::callback::{
    WXT_TOTAL_UNKNOWN, WxtCallbacks, WxtCompletion, WxtFailure, WxtHeadersReceived, WxtProgress, WxtSuccess, WxtTrace,
};
use wxtransfer::ffi::options::{WXT_PATHS_NATIVE, WXT_PLATFORM_OTHER, WxtSessionOptions};
use wxtransfer::ffi::request::{WxtDownloadRequest, WxtTaskId, WxtUploadRequest};
use wxtransfer::ffi::session::{WxtSession, wxt_session_close, wxt_session_open};
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer::ffi::task::{wxt_download_file, wxt_task_abort, wxt_upload_file};

use super::c::{checked, explained, string, text};

/// The data of one callback.
pub enum What {
    Headers {
        status: i32,
        count: usize,
    },
    Progress {
        bytes: u64,
        total: Option<u64>,
    },
    Success {
        status: i32,
        data: String,
        file: String,
        bytes: u64,
    },
    Failure {
        message: String,
        detail: String,
        number: i32,
    },
    /// The HAR entry of a request.
    Trace {
        entry: String,
    },
    Complete,
    Release,
}

/// A callback of the task that the host started as number `task`.
pub struct Event {
    pub task: usize,
    pub what: What,
}

/// The options of a session.
#[derive(Default)]
pub struct Settings<'a> {
    /// The directory for the session's files.
    pub directory: &'a str,
    /// Certificates to trust instead of the system's.
    pub root_certificates: &'a str,
    /// The only hosts that may be reached, or `None` for any.
    pub domains: Option<&'a [&'a str]>,
    pub allow_plain_http: bool,
    /// A `WXT_LAN_…`.
    pub lan_policy: i32,
    /// In milliseconds. 0 means the default, 60 seconds.
    pub timeout: u32,
    /// In bytes. 0 means the default, 200 MiB.
    pub max_download_size: u64,
    /// For all transfers together. 0 means no limit.
    pub max_bytes_per_second: u64,
    /// Whether each request is traced.
    pub traces: bool,
    /// The number of attempts after the first one.
    pub max_retries: u32,
    /// A `WXT_RESUME_…`.
    pub resume: i32,
}

/// The parameters of a page's call, except the file of an upload.
#[derive(Default)]
pub struct Call<'a> {
    pub url: &'a str,
    pub header: &'a [(String, String)],
    /// An upload's fields, sent before the file.
    pub form_data: &'a [(String, String)],
    /// The name of an upload's file part.
    pub name: &'a str,
}

impl<'a> Call<'a> {
    /// A call without headers and fields. The file part is named `file`.
    pub fn to(url: &'a str) -> Call<'a> {
        Call { url, name: "file", ..Call::default() }
    }
}

/// An open session.
pub struct Host {
    session: *mut WxtSession,
    events: Sender<Event>,
    traces: bool,
}

impl Host {
    /// Opens a session whose callbacks go to `events`.
    pub fn open(settings: &Settings, events: Sender<Event>) -> Result<Host, String> {
        let domains: Vec<WxtStr> = settings.domains.unwrap_or_default().iter().map(|domain| text(domain)).collect();
        // SAFETY: zero is the default of every option.
        let mut options: WxtSessionOptions = unsafe { zeroed() };
        options.struct_size = size_of::<WxtSessionOptions>();
        options.app_id = text("wxexample0123456789");
        options.platform = WXT_PLATFORM_OTHER;
        options.client_version = text("8.0.50");
        options.data_directory = text(settings.directory);
        options.path_policy = WXT_PATHS_NATIVE;
        options.root_certificates = text(settings.root_certificates);
        options.skip_domain_check = settings.domains.is_none().into();
        options.upload_domains = domains.as_ptr();
        options.upload_domain_count = domains.len();
        options.download_domains = domains.as_ptr();
        options.download_domain_count = domains.len();
        options.allow_plain_http = settings.allow_plain_http.into();
        options.lan_policy = settings.lan_policy;
        options.default_upload_timeout = settings.timeout;
        options.default_download_timeout = settings.timeout;
        options.max_timeout = settings.timeout;
        options.max_download_size = settings.max_download_size;
        options.max_bytes_per_second = settings.max_bytes_per_second;
        options.max_retries = settings.max_retries;
        options.resume = settings.resume;
        let mut session = null_mut();
        // SAFETY: all memory that the options point to outlives the call.
        explained(|detail| unsafe { wxt_session_open(&options, &mut session, detail) })?;
        Ok(Host { session, events, traces: settings.traces })
    }

    /// Starts `wx.uploadFile`.
    pub fn upload(&self, task: usize, call: &Call, file: &Path) -> Result<WxtTaskId, String> {
        let file = file.to_str().ok_or("the file's name is not UTF-8")?;
        // SAFETY: zero means "absent" for every parameter.
        let mut request: WxtUploadRequest = unsafe { zeroed() };
        request.struct_size = size_of::<WxtUploadRequest>();
        let (header, form_data) = (pairs(call.header), pairs(call.form_data));
        request.url = text(call.url);
        request.file_path = text(file);
        request.name = text(call.name);
        request.header = header.as_ptr();
        request.header_count = header.len();
        request.form_data = form_data.as_ptr();
        request.form_data_count = form_data.len();
        let mut id = 0;
        let callbacks = self.callbacks(task);
        // SAFETY: the call copies request and callbacks before it returns. `user_data` belongs to the task until `release`.
        explained(|detail| unsafe { wxt_upload_file(self.session, &request, &callbacks, &mut id, detail) })?;
        Ok(id)
    }

    /// Starts `wx.downloadFile` into a temporary file of the session.
    pub fn download(&self, task: usize, call: &Call) -> Result<WxtTaskId, String> {
        // SAFETY: zero means "absent" for every parameter.
        let mut request: WxtDownloadRequest = unsafe { zeroed() };
        request.struct_size = size_of::<WxtDownloadRequest>();
        let header = pairs(call.header);
        request.url = text(call.url);
        request.header = header.as_ptr();
        request.header_count = header.len();
        let mut id = 0;
        let callbacks = self.callbacks(task);
        // SAFETY: as for an upload.
        explained(|detail| unsafe { wxt_download_file(self.session, &request, &callbacks, &mut id, detail) })?;
        Ok(id)
    }

    /// Aborts a task. Does nothing if the task has just ended.
    pub fn abort(&self, id: WxtTaskId) {
        wxt_task_abort(self.session, id);
    }

    /// Ends the remaining tasks and deletes the temporary files.
    pub fn close(self) -> Result<(), String> {
        checked(wxt_session_close(self.session))
    }

    fn callbacks(&self, task: usize) -> WxtCallbacks {
        let page = Box::new(Page { task, events: self.events.clone() });
        WxtCallbacks {
            struct_size: size_of::<WxtCallbacks>(),
            user_data: Box::into_raw(page).cast(),
            on_headers_received: Some(on_headers_received),
            on_progress: Some(on_progress),
            on_success: Some(on_success),
            on_fail: Some(on_fail),
            on_complete: Some(on_complete),
            release: Some(release),
            on_trace: if self.traces { Some(on_trace) } else { None },
        }
    }
}

fn pairs(pairs: &[(String, String)]) -> Vec<WxtPair> {
    pairs.iter().map(|(name, value)| WxtPair { name: WxtStr::new(name), value: WxtStr::new(value) }).collect()
}

/// The target of `user_data`.
struct Page {
    task: usize,
    events: Sender<Event>,
}

/// # Safety
/// `user_data` must belong to a task whose `release` has not run.
unsafe fn send(user_data: *mut c_void, what: What) {
    // SAFETY: created by `Host::callbacks`, and freed by `release`, which runs last.
    let page = unsafe { &*user_data.cast::<Page>() };
    // Fails only if the receiver was dropped, and then nobody needs the event.
    let _ = page.events.send(Event { task: page.task, what });
}

unsafe extern "C" fn on_headers_received(user_data: *mut c_void, _: WxtTaskId, event: *const WxtHeadersReceived) {
    // SAFETY: a callback's arguments are valid until it returns.
    unsafe { send(user_data, What::Headers { status: (*event).status_code, count: (*event).header_count }) }
}

unsafe extern "C" fn on_progress(user_data: *mut c_void, _: WxtTaskId, event: *const WxtProgress) {
    // SAFETY: as above.
    unsafe {
        let total = Some((*event).total_bytes_expected).filter(|total| *total != WXT_TOTAL_UNKNOWN);
        send(user_data, What::Progress { bytes: (*event).total_bytes, total });
    }
}

unsafe extern "C" fn on_trace(user_data: *mut c_void, _: WxtTaskId, event: *const WxtTrace) {
    // SAFETY: as above.
    unsafe { send(user_data, What::Trace { entry: string((*event).entry) }) }
}

unsafe extern "C" fn on_success(user_data: *mut c_void, _: WxtTaskId, event: *const WxtSuccess) {
    // SAFETY: as above.
    unsafe {
        let event = &*event;
        let (data, file) = (string(event.data), string(event.native_path));
        send(user_data, What::Success { status: event.status_code, data, file, bytes: event.data_length });
    }
}

unsafe extern "C" fn on_fail(user_data: *mut c_void, _: WxtTaskId, event: *const WxtFailure) {
    // SAFETY: as above.
    unsafe {
        let event = &*event;
        let (message, detail) = (string(event.err_msg), string(event.detail));
        send(user_data, What::Failure { message, detail, number: event.err_no });
    }
}

unsafe extern "C" fn on_complete(user_data: *mut c_void, _: WxtTaskId, _: *const WxtCompletion) {
    // SAFETY: as above.
    unsafe { send(user_data, What::Complete) }
}

unsafe extern "C" fn release(user_data: *mut c_void) {
    // SAFETY: as above; it runs once, after every other callback of the task.
    unsafe {
        send(user_data, What::Release);
        drop(Box::from_raw(user_data.cast::<Page>()));
    }
}
