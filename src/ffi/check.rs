//! `wxt_check_url`: what the session's rules decide about a URL.

use std::ffi::c_void;

use super::file_result::pointer;
use super::guard::guard;
use super::refusal::{RefusedCall, choice};
use super::request_reading::{pairs, required};
use super::session::{WxtSession, session};
use super::status::WxtStatus;
use super::string::{WxtPair, WxtStr, page_pairs};
use crate::task::as_callback;
use crate::terms::{Api, Call, errno};
use crate::transfer::UrlVerdict;

/// `wx.uploadFile`, for `wxt_check_url`.
pub const WXT_API_UPLOAD: i32 = 1;
/// `wx.downloadFile`, for `wxt_check_url`.
pub const WXT_API_DOWNLOAD: i32 = 2;

/// The result of `wxt_check_url`: what a call with this URL and header would do.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtUrlCheck {
    /// `sizeof(WxtUrlCheck)` in the library.
    pub struct_size: usize,
    /// The URL as it would be sent, including the query. Absent if it cannot be parsed.
    pub url: WxtStr,
    /// True if the rules allow the call.
    pub allowed: bool,
    /// `errno` of the failure: a `WXT_ERRNO_…`, or `WXT_ERRNO_OK` if the call is allowed.
    pub err_no: i32,
    /// The kind of the failure: a `WXT_CATEGORY_…`. 0 if the call is allowed.
    pub category: i32,
    /// `errMsg`: `downloadFile:ok` if the call is allowed, else that of the failure, such as `downloadFile:fail url not
    /// in domain list`.
    pub err_msg: WxtStr,
    /// What is wrong, in English, for a developer. Contains no query and no header value. Absent if the call is
    /// allowed.
    pub detail: WxtStr,
    /// The rule that decided: `url`, `header`, or the session option to change for another decision: `upload_domains`,
    /// `download_domains`, `skip_domain_check`, `allow_plain_http` or `lan_policy`. It is the first rule that refuses
    /// the call. If none does, it is the rule that allows the server.
    pub rule: WxtStr,
    /// The Referer that would be sent.
    pub referer: WxtStr,
    /// The names of the page's headers that would be dropped, with the page's spelling. An upload is assumed to be a
    /// form; a `raw` upload keeps the page's `Content-Type`. NULL if there are none.
    pub dropped_headers: *const WxtStr,
    /// The number of elements in `dropped_headers`.
    pub dropped_header_count: usize,
    /// The quirks of old clients and base libraries that apply to the call: `header_ignored`, `fail_when_full`,
    /// `timeout_ignored`, `file_path_ignored`, `no_progress`, `no_headers_event`, `no_profile`, `no_queue_times`,
    /// `no_lan`. NULL if there are none.
    pub quirks: *const WxtStr,
    /// The number of elements in `quirks`.
    pub quirk_count: usize,
}

/// Receives the result of `wxt_check_url`. Runs once, on the thread that called the function, before the function
/// returns, and only if the status is `WXT_OK`. `result` is valid until the callback returns. The callback may call
/// every function of this header except `wxt_session_close`.
pub type WxtUrlCheckCallback = Option<unsafe extern "C" fn(user_data: *mut c_void, result: *const WxtUrlCheck)>;

/// Applies the session's rules to a URL and a header, in the order in which a call applies them. Sends nothing,
/// resolves nothing, connects to nothing and logs nothing. For a URL with an IP address it reads the device's
/// interfaces, as a call does. It does not predict what a call meets later: the queue, the background, files, the
/// addresses of a name, redirects.
///
/// `api` is `WXT_API_UPLOAD` or `WXT_API_DOWNLOAD`. `url` and `header` are those of the page; mistakes in them are
/// reported in the result. Any thread, also from a callback.
///
/// - `WXT_OK`: `on_result` has run.
/// - `WXT_INVALID_ARGUMENT`: `session` or `on_result` is NULL, `api` is neither of the two, or a string or list has a
///   length but no pointer.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_OUT_OF_RESOURCES`: no memory is left to copy `url` or `header`.
/// - `WXT_INTERNAL`: a bug of the library.
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
        let on_result = on_result.ok_or_else(|| RefusedCall::null("on_result"))?;
        let apis =
            [(WXT_API_UPLOAD, "WXT_API_UPLOAD", Api::Upload), (WXT_API_DOWNLOAD, "WXT_API_DOWNLOAD", Api::Download)];
        let api = choice("api", api, &apis)?;
        // SAFETY: the caller promises a readable string and readable pairs.
        let (url, header) = unsafe { (url.page_text("url")?, page_pairs(header, header_count, "header")?) };
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        let check = admission.check_url(api, required(url, "url"), pairs(header, "header"));
        with_check(api, &check, |result| {
            // SAFETY: the host's function, called as the header says; the result is valid until it returns.
            as_callback(|| unsafe { on_result(user_data, result) });
        });
        // Closing waits for the callback, too.
        drop(admission);
        Ok(())
    })
}

fn with_check(api: Api, check: &UrlVerdict, tell: impl FnOnce(&WxtUrlCheck)) {
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
