//! Changes the trust of an open session.

use super::guard::guard;
use super::options::WxtPin;
use super::session::{WxtSession, open_status, session};
use super::status::{WXT_INVALID_PIN, WXT_SESSION_CLOSED, WxtStatus};
use super::string::{WxtStr, array};
use crate::http::Pin;
use crate::session::TrustChange;

/// Replaces `root_certificates` and `pins` of the session's options for new connections, both at once. Contacts no server. Any
/// thread, also from a callback.
///
/// `root_certificates` is PEM; absent means the operating system's trust store. `pins` are `pin_count` pins; zero pins removes
/// all. Both are copied.
///
/// After this call, every TLS handshake uses the new values. An unfinished handshake ends at once, also while it waits for
/// `sign`, and its connection is opened again. Idle connections are closed, including those of `wxt_session_prepare`. A task
/// that has a connection continues on it; the connection is closed after the task. TLS sessions of the former trust are not
/// resumed. The client certificate of the options stays.
///
/// - `WXT_OK`: both are replaced.
/// - `WXT_INVALID_CERTIFICATE`, `WXT_INVALID_PIN`, `WXT_INVALID_UTF8`, `WXT_TRUST_STORE_UNAVAILABLE`: as for
///   `wxt_session_open`. Nothing has changed.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL, or a pointer is NULL whose length is not 0. Nothing has changed.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `root_certificates` must be readable, and `pins` point to `pin_count` readable pins.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_set_trust(
    session: *mut WxtSession,
    root_certificates: WxtStr,
    pins: *const WxtPin,
    pin_count: usize,
) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        // SAFETY: the caller promises that both are readable.
        let (root_certificates, pins) =
            unsafe { (root_certificates.bytes()?.map(<[u8]>::to_vec), self::pins(pins, pin_count)?) };
        admission.set_trust(TrustChange { root_certificates, pins }).map_err(|error| open_status(&error))
    })
}

/// # Safety
/// `items` must point to `count` readable pins.
pub unsafe fn pins(items: *const WxtPin, count: usize) -> Result<Vec<Pin>, WxtStatus> {
    // SAFETY: passed on to the caller.
    let items = unsafe { array(items, count) }?;
    items
        .iter()
        .map(|pin| {
            // SAFETY: passed on to the caller.
            let (host, hash) = unsafe { (pin.host.host_text()?, array(pin.sha256, pin.sha256_length)?) };
            let sha256 = hash.try_into().map_err(|_| WXT_INVALID_PIN)?;
            Pin::new(&host, sha256).ok_or(WXT_INVALID_PIN)
        })
        .collect()
}
