//! What the host tells a session of servers and of the network.

use super::guard::guard;
use super::read::{HostStruct, read_struct};
use super::session::{WxtSession, session};
use super::status::{WXT_INVALID_ARGUMENT, WXT_OUT_OF_RESOURCES, WXT_SESSION_CLOSED, WxtStatus};
use super::string::WxtStr;
use crate::session::{Network, NetworkKind};

/// Any other network, such as a cable.
pub const WXT_NETWORK_OTHER: i32 = 0;
/// There is no network.
pub const WXT_NETWORK_NONE: i32 = 1;
/// Wi-Fi.
pub const WXT_NETWORK_WIFI: i32 = 2;
/// A mobile operator's network.
pub const WXT_NETWORK_CELLULAR: i32 = 3;

/// The network that the device uses by default, for `wxt_session_network_changed`. Begin with `wxt_network()`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtNetwork {
    /// `sizeof(WxtNetwork)`.
    pub struct_size: usize,
    /// A `WXT_NETWORK_…`. Default: `WXT_NETWORK_OTHER`. Only `WXT_NETWORK_NONE` is treated in another way.
    pub kind: i32,
    /// Not 0: the network is paid for by its use, or the user wants to save it (iOS: expensive or constrained). Default: 0.
    pub metered: u8,
    /// Not 0: the network is another operator's than the user's own. It counts as metered. Default: 0.
    pub roaming: u8,
}

// SAFETY: integers.
unsafe impl HostStruct for WxtNetwork {}

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

/// Tells the session that the device has another network, or none. Call it whenever the system reports a change, and once after
/// opening if a request sets `needs_unmetered`: until then the network counts as present and unmetered. Returns at once. Any
/// thread, also from a callback.
///
/// - Idle connections are closed, and what `wxt_session_prepare` is opening ends. TLS sessions are still resumed.
/// - Connections in use whose local address the device does not have any more end at once, where they would hang until the
///   deadline. Their tasks fail with `WXT_CATEGORY_CONNECTION_CLOSED` or, while they connect, `WXT_CATEGORY_CONNECT`; both are
///   `retryable`. Tasks on addresses that are still there go on. A GET on a kept connection that has had no byte of an
///   answer is sent again by itself, as always.
/// - What the system's resolver is looking up is asked anew.
/// - Tasks with `needs_unmetered` wait in the queue, without a deadline, while the network is metered or roaming.
/// - With `WXT_NETWORK_NONE` no task begins. What has not ended after 5 s, waiting or running, and every later call, fails with
///   `interrupted` (600003), until another network is reported.
///
/// - `WXT_INVALID_ARGUMENT`: `session` or `network` is NULL, or `kind` is none.
/// - `WXT_INVALID_STRUCT_SIZE`: of `network`.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_OUT_OF_RESOURCES`: the timer for `WXT_NETWORK_NONE` cannot be started; nothing has changed.
/// - `WXT_INTERNAL`.
///
/// # Safety
/// `network` must be NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_network_changed(
    session: *mut WxtSession,
    network: *const WxtNetwork,
) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        // SAFETY: the caller promises a readable struct.
        let network = unsafe { read_struct(network) }?;
        let kind = match network.kind {
            WXT_NETWORK_OTHER => NetworkKind::Other,
            WXT_NETWORK_NONE => NetworkKind::None,
            WXT_NETWORK_WIFI => NetworkKind::Wifi,
            WXT_NETWORK_CELLULAR => NetworkKind::Cellular,
            _ => return Err(WXT_INVALID_ARGUMENT),
        };
        let network = Network { kind, metered: network.metered != 0, roaming: network.roaming != 0 };
        admission.network_changed(network).map_err(|_| WXT_OUT_OF_RESOURCES)
    })
}
