//! What the host tells a session of servers and of the network.

use super::guard::guard;
use super::session::{WxtSession, session};
use super::status::{WXT_INVALID_ARGUMENT, WXT_SESSION_CLOSED, WxtStatus};
use super::string::WxtStr;

/// Tells the session that a server will be needed: a connection to it is opened ahead (look-up, connect, TLS handshake), so that the
/// first transfer with the server begins with its request. Returns at once; no callback tells how it went. Any thread,
/// also from a callback.
///
/// `server` is a host, with or without a port, which means `https`, or a URL, of which only scheme, host and port count. It is
/// copied. The session's rules for uploads or those for downloads must allow it.
///
/// The connection is kept like every idle one: for 15 s, and not in the background, which also ends what is being opened.
/// A transfer with the server that begins while the connection is being opened waits for it, and opens its own if that
/// fails. One connection serves one transfer at a time: other transfers open theirs.
///
/// Bounds, of one session: four are opened at once, 20 are waiting or being opened, and ten are open that no transfer has used.
/// Opening takes at most 15 s. Nothing is done for a server to which a connection is being opened, or has been idle for less
/// than 7.5 s.
///
/// What is refused and what fails is told in the log, and `WXT_OK` is returned: the transfer itself will say it.
///
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL, or `server` is absent or empty, or has a length but no pointer.
/// - `WXT_INVALID_UTF8`: of `server`.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`.
///
/// # Safety
/// `server` must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_prepare(session: *mut WxtSession, server: WxtStr) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        // SAFETY: the caller promises a readable text.
        let server = unsafe { server.host_text() }?;
        if server.is_empty() {
            return Err(WXT_INVALID_ARGUMENT);
        }
        admission.prepare_connection(&server);
        Ok(())
    })
}
