//! A session of the library, through the C interface. This module does not know the page's messages. The file calls are in
//! `file_calls.rs`.

// The C interface uses raw pointers. Each call fulfils the requirements of the header.
#![allow(unsafe_code)]

use std::mem::zeroed;
use std::ptr::null_mut;

use wxtransfer::ffi::callback::WxtCallbacks;
use wxtransfer::ffi::options::{
    WXT_LAN_ALL_LOCAL, WXT_PLATFORM_ANDROID, WXT_PLATFORM_IOS, WXT_PLATFORM_OTHER, WxtSessionOptions,
};
use wxtransfer::ffi::request::{WxtDownloadRequest, WxtTaskId, WxtUploadRequest};
use wxtransfer::ffi::session::{
    WxtSession, wxt_session_close, wxt_session_enter_background, wxt_session_enter_foreground, wxt_session_open,
};
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer::ffi::task::{wxt_download_file, wxt_task_abort, wxt_upload_file};

use crate::c::{checked, explained, text};

/// The options of a session. An empty text means the library's default.
#[derive(Clone, Default)]
pub struct Settings {
    pub data_directory: String,
    pub app_version: String,
    /// `ios` or `android`. Any other value means another platform.
    pub platform: String,
    pub client_version: String,
    pub base_library_version: String,
    /// The entries of both domain lists.
    pub domains: Vec<String>,
    pub skip_domain_check: bool,
    pub allow_plain_http: bool,
    pub all_local: bool,
    /// Certificates to trust instead of the system's.
    pub root_certificates: String,
    pub proxy: String,
}

/// The parameters of both transfers. `None` means absent.
#[derive(Default)]
pub struct Request {
    pub url: Option<String>,
    pub file_path: Option<String>,
    pub name: Option<String>,
    pub file_name: Option<String>,
    pub header: Vec<(String, String)>,
    pub form_data: Vec<(String, String)>,
    pub timeout: u32,
    pub disable_profile: bool,
}

/// An open session. Only [`Session::close`] closes it.
pub struct Session(*mut WxtSession);

// SAFETY: the handle is never dereferenced, and every function that takes it may be called from any thread.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

impl Session {
    pub fn open(settings: &Settings) -> Result<Session, String> {
        let domains: Vec<WxtStr> = settings.domains.iter().map(|domain| text(domain)).collect();
        // SAFETY: zero is the default of every option.
        let mut options: WxtSessionOptions = unsafe { zeroed() };
        options.struct_size = size_of::<WxtSessionOptions>();
        options.app_id = text("wxplayground");
        options.app_version = text(&settings.app_version);
        options.platform = match settings.platform.as_str() {
            "ios" => WXT_PLATFORM_IOS,
            "android" => WXT_PLATFORM_ANDROID,
            _ => WXT_PLATFORM_OTHER,
        };
        options.client_version =
            text(if settings.client_version.is_empty() { "8.0.50" } else { &settings.client_version });
        options.base_library_version = text(&settings.base_library_version);
        options.data_directory = text(&settings.data_directory);
        options.root_certificates = text(&settings.root_certificates);
        options.proxy = text(&settings.proxy);
        options.skip_domain_check = settings.skip_domain_check.into();
        options.allow_plain_http = settings.allow_plain_http.into();
        if settings.all_local {
            options.lan_policy = WXT_LAN_ALL_LOCAL;
        }
        options.upload_domains = domains.as_ptr();
        options.upload_domain_count = domains.len();
        options.download_domains = domains.as_ptr();
        options.download_domain_count = domains.len();
        let mut session = null_mut();
        // SAFETY: all memory that the options point to outlives the call.
        explained(|detail| unsafe { wxt_session_open(&options, &mut session, detail) })?;
        Ok(Session(session))
    }

    /// Ends the remaining tasks. When this returns, every task has had its last callback.
    pub fn close(&self) -> Result<(), String> {
        checked(wxt_session_close(self.0))
    }

    pub fn enter_background(&self) -> Result<(), String> {
        checked(wxt_session_enter_background(self.0))
    }

    pub fn enter_foreground(&self) -> Result<(), String> {
        checked(wxt_session_enter_foreground(self.0))
    }

    /// Starts `wx.uploadFile`. After an error, `callbacks.user_data` still belongs to the caller.
    ///
    /// # Safety
    /// The callbacks and their `user_data` must be as the header requires.
    pub unsafe fn upload(&self, request: &Request, callbacks: &WxtCallbacks) -> Result<WxtTaskId, String> {
        let (header, form_data) = (pairs(&request.header), pairs(&request.form_data));
        // SAFETY: zero means "absent" for every parameter.
        let mut upload: WxtUploadRequest = unsafe { zeroed() };
        upload.struct_size = size_of::<WxtUploadRequest>();
        upload.url = WxtStr::optional(request.url.as_deref());
        upload.file_path = WxtStr::optional(request.file_path.as_deref());
        upload.name = WxtStr::optional(request.name.as_deref());
        upload.file_name = WxtStr::optional(request.file_name.as_deref());
        (upload.header, upload.header_count) = (header.as_ptr(), header.len());
        (upload.form_data, upload.form_data_count) = (form_data.as_ptr(), form_data.len());
        upload.timeout = request.timeout;
        upload.disable_profile = request.disable_profile.into();
        let mut task = 0;
        // SAFETY: the request outlives the call, which copies it. The caller guarantees the callbacks.
        checked(unsafe { wxt_upload_file(self.0, &upload, callbacks, &mut task, null_mut()) })?;
        Ok(task)
    }

    /// Starts `wx.downloadFile`, as [`Session::upload`].
    ///
    /// # Safety
    /// As for an upload.
    pub unsafe fn download(&self, request: &Request, callbacks: &WxtCallbacks) -> Result<WxtTaskId, String> {
        let header = pairs(&request.header);
        // SAFETY: zero means "absent" for every parameter.
        let mut download: WxtDownloadRequest = unsafe { zeroed() };
        download.struct_size = size_of::<WxtDownloadRequest>();
        download.url = WxtStr::optional(request.url.as_deref());
        download.file_path = WxtStr::optional(request.file_path.as_deref());
        (download.header, download.header_count) = (header.as_ptr(), header.len());
        download.timeout = request.timeout;
        download.disable_profile = request.disable_profile.into();
        let mut task = 0;
        // SAFETY: as for an upload.
        checked(unsafe { wxt_download_file(self.0, &download, callbacks, &mut task, null_mut()) })?;
        Ok(task)
    }

    /// Aborts a task. Does nothing if the task has just ended.
    pub fn abort(&self, task: WxtTaskId) {
        wxt_task_abort(self.0, task);
    }

    /// The handle, for the other functions of the C interface.
    pub fn handle(&self) -> *mut WxtSession {
        self.0
    }
}

fn pairs(pairs: &[(String, String)]) -> Vec<WxtPair> {
    pairs.iter().map(|(name, value)| WxtPair { name: WxtStr::new(name), value: WxtStr::new(value) }).collect()
}
