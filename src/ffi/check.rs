//! What the rules say of a URL.

use std::ffi::c_void;

use super::file_result::pointer;
use super::guard::guard;
use super::request_reading::{pairs, required};
use super::session::{WxtSession, session};
use super::status::{WXT_INVALID_ARGUMENT, WXT_SESSION_CLOSED, WxtStatus};
use super::string::{WxtPair, WxtStr, page_pairs};
use crate::task::as_callback;
use crate::terms::{Api, Call, errno};
use crate::transfer::UrlCheck;

/// `wx.uploadFile`.
pub const WXT_API_UPLOAD: i32 = 1;
/// `wx.downloadFile`.
pub const WXT_API_DOWNLOAD: i32 = 2;

/// What would become of a call with a URL and a header.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtUrlCheck {
    /// `sizeof(WxtUrlCheck)` in the library.
    pub struct_size: usize,
    /// The URL as it would be sent, query included. Absent if it cannot be read.
    pub url: WxtStr,
    /// The rules allow the call.
    pub allowed: bool,
    /// `errno` of the failure, a `WXT_ERRNO_…`; `WXT_ERRNO_OK` if the call is allowed.
    pub err_no: i32,
    /// The failure's category, a `WXT_CATEGORY_…`; 0 if the call is allowed.
    pub category: i32,
    /// `errMsg` of the failure, such as `downloadFile:fail url not in domain list`; if the call is allowed, `downloadFile:ok`.
    pub err_msg: WxtStr,
    /// What is wrong, in words for a developer. Holds no query and no header value. Absent if the call is allowed.
    pub detail: WxtStr,
    /// What decided: `url`, `header`, or the session's option that the host changes to have it otherwise: `upload_domains`,
    /// `download_domains`, `skip_domain_check`, `allow_plain_http` or `lan_policy`. An upload's and a download's list are
    /// two rules. The first refusal decides; without one it is the rule that allows the server.
    pub rule: WxtStr,
    /// The Referer that would be sent.
    pub referer: WxtStr,
    /// The names of the page's headers that would not be sent, as the page wrote them. An upload is taken to be a form; one with
    /// `raw` has the page's `Content-Type`.
    pub dropped_headers: *const WxtStr,
    /// The number of `dropped_headers`.
    pub dropped_header_count: usize,
    /// The quirks of the client's and the base library's version that hold for the call: `header_ignored`, `fail_when_full`,
    /// `timeout_ignored`, `file_path_ignored`, `no_progress`, `no_headers_event`, `no_profile`, `no_queue_times`, `no_lan`.
    pub quirks: *const WxtStr,
    /// The number of `quirks`.
    pub quirk_count: usize,
}

/// Takes the result of `wxt_check_url`, on the thread that called the function, before it returns. What it is given lives
/// until it returns. Every function of this header may be called from it, but for `wxt_session_close`.
pub type WxtUrlCheckCallback = Option<unsafe extern "C" fn(user_data: *mut c_void, result: *const WxtUrlCheck)>;

/// Says what the session's rules make of a URL and a header, in the order in which a call asks them. Nothing is sent, looked
/// up, connected or written to the log; for a URL with an IP address the device's interfaces are read, as a call does. What
/// a call meets later is not known: the queue, the background, files, addresses of names, redirects.
///
/// `api` is `WXT_API_UPLOAD` or `WXT_API_DOWNLOAD`. `url` and `header` are those of the page, with the same mistakes: what is
/// wrong with them is in the result. The result is given to `on_result`, once, if and only if the status is `WXT_OK`. Any
/// thread, also from a callback.
///
/// - `WXT_INVALID_ARGUMENT`: `session` or `on_result` is NULL, `api` is neither of the two, or a string or list has a length
///   but no pointer.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`.
///
/// # Safety
/// `url` must be readable, and `header` must point to `header_count` readable pairs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_check_url(
    session: *mut WxtSession,
    api: i32,
    url: WxtStr,
    header: *const WxtPair,
    header_count: usize,
    on_result: WxtUrlCheckCallback,
    user_data: *mut c_void,
) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let on_result = on_result.ok_or(WXT_INVALID_ARGUMENT)?;
        let api = match api {
            WXT_API_UPLOAD => Api::Upload,
            WXT_API_DOWNLOAD => Api::Download,
            _ => return Err(WXT_INVALID_ARGUMENT),
        };
        // SAFETY: the caller promises a readable text and readable pairs.
        let (url, header) = unsafe { (url.page_text()?, page_pairs(header, header_count)?) };
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        let check = admission.check_url(api, required(url, "url"), pairs(header, "header"));
        drop(admission);
        with_check(api, &check, |result| {
            // SAFETY: the host's function, called as the header says; what it is given lives until it returns.
            as_callback(|| unsafe { on_result(user_data, result) });
        });
        Ok(())
    })
}

fn with_check(api: Api, check: &UrlCheck, tell: impl FnOnce(&WxtUrlCheck)) {
    let call = Call::from(api);
    let error = check.verdict.as_ref().err();
    let err_msg = error.map_or_else(|| format!("{}:ok", call.name()), |error| error.err_msg(call));
    let dropped: Vec<WxtStr> = check.dropped_headers.iter().map(|name| WxtStr::new(name)).collect();
    let quirks: Vec<WxtStr> = check.quirks.iter().map(|name| WxtStr::new(name)).collect();
    tell(&WxtUrlCheck {
        struct_size: size_of::<WxtUrlCheck>(),
        url: WxtStr::optional(check.url.as_deref()),
        allowed: error.is_none(),
        err_no: error.map_or(errno::OK, |error| error.err_no(call)),
        category: error.map_or(0, |error| error.category() as i32),
        err_msg: WxtStr::new(&err_msg),
        detail: WxtStr::optional(error.map(|error| error.detail.as_str())),
        rule: WxtStr::new(check.rule),
        referer: WxtStr::new(&check.referer),
        dropped_headers: pointer(&dropped),
        dropped_header_count: dropped.len(),
        quirks: pointer(&quirks),
        quirk_count: quirks.len(),
    });
}
