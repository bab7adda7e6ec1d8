//! Changes the trust of an open session.

use super::guard::guard_explained;
use super::options::WxtPin;
use super::refusal::{FieldName, RefusedCall};
use super::session::{WxtSession, open_refusal, session};
use super::status::{WXT_INVALID_PIN, WxtStatus};
use super::status_detail::WxtStatusDetail;
use super::string::{WxtStr, array};
use crate::http::Pin;
use crate::session::TrustChange;

/// Replaces `root_certificates` and `pins` of the session's options for new connections, both at once. Contacts no
/// server. Any thread, also from a callback.
///
/// `root_certificates` is PEM; absent means the operating system's trust store. `pins` are `pin_count` pins; zero pins
/// removes all. Both are copied. `detail` receives the reason of the status; NULL if it is not wanted.
///
/// After this call, every TLS handshake uses the new values. An unfinished handshake ends at once, also while it waits
/// for `sign`, and its connection is opened again. Idle connections are closed, including those of
/// `wxt_session_prepare`. A task that has a connection continues on it; the connection is closed after the task. TLS
/// sessions of the former trust are not resumed. The client certificate of the options stays.
///
/// - `WXT_OK`: both are replaced.
/// - `WXT_INVALID_CERTIFICATE`, `WXT_INVALID_PIN`, `WXT_INVALID_UTF8`, `WXT_TRUST_STORE_UNAVAILABLE`: as for
///   `wxt_session_open`. Nothing has changed.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL, or a pointer is NULL whose length is not 0. Nothing has changed.
/// - `WXT_INVALID_STRUCT_SIZE`: the `struct_size` of `detail` is invalid. Nothing has changed.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_OUT_OF_RESOURCES`: no memory is left to copy `pins`. Nothing has changed.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `root_certificates` must be readable, `pins` point to `pin_count` readable pins, and `detail` be NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_set_trust(
    session: *mut WxtSession,
    root_certificates: WxtStr,
    pins: *const WxtPin,
    pin_count: usize,
    detail: *mut WxtStatusDetail,
) -> WxtStatus {
    let body = || {
        let session = self::session(session)?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        // SAFETY: the caller promises that both are readable.
        let (root_certificates, pins) = unsafe {
            (root_certificates.bytes("root_certificates")?.map(<[u8]>::to_vec), self::pins(pins, pin_count)?)
        };
        admission.set_trust(TrustChange { root_certificates, pins }).map_err(|error| open_refusal(&error))
    };
    // SAFETY: the caller promises that `detail` is NULL or writable.
    unsafe { guard_explained(detail, body) }
}

/// # Safety
/// `items` must point to `count` readable pins.
pub unsafe fn pins(items: *const WxtPin, count: usize) -> Result<Vec<Pin>, RefusedCall> {
    // SAFETY: passed on to the caller.
    let items = unsafe { array(items, count, "pins") }?;
    items
        .iter()
        .enumerate()
        .map(|(index, pin)| {
            let member = |name| FieldName::member("pins", index, name);
            // SAFETY: passed on to the caller.
            let (host, hash) = unsafe {
                (pin.host.host_text(member("host"))?, array(pin.sha256, pin.sha256_length, member("sha256"))?)
            };
            let sha256 = hash.try_into().map_err(|_| {
                let (field, length) = (member("sha256_length"), hash.len());
                RefusedCall::new(WXT_INVALID_PIN, format!("{field} is {length}, but must be 32"))
            })?;
            Pin::new(&host, sha256).ok_or_else(|| {
                let reason = format!("{} is not a host name or IP address", member("host"));
                RefusedCall::new(WXT_INVALID_PIN, reason)
            })
        })
        .collect()
}
