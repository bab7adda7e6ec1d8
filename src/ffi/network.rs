//! Connections opened ahead, and changes of the network.

use super::guard::{guard, guard_explained};
use super::read::{HostStruct, read_struct};
use super::refusal::{RefusedCall, choice};
use super::session::{WxtSession, out_of_threads, session};
use super::status::WxtStatus;
use super::status_detail::WxtStatusDetail;
use super::string::WxtStr;
use crate::session::{Network, NetworkKind};

/// Any other network, such as Ethernet.
pub const WXT_NETWORK_OTHER: i32 = 0;
/// There is no network.
pub const WXT_NETWORK_NONE: i32 = 1;
/// Wi-Fi.
pub const WXT_NETWORK_WIFI: i32 = 2;
/// A mobile operator's network.
pub const WXT_NETWORK_CELLULAR: i32 = 3;

/// The device's default network, for `wxt_session_network_changed`. Initialise with `wxt_network()`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtNetwork {
    /// Set to `sizeof(WxtNetwork)`.
    pub struct_size: usize,
    /// The kind of network: a `WXT_NETWORK_…`. Default: `WXT_NETWORK_OTHER`. Only `WXT_NETWORK_NONE` stops transfers.
    /// The other kinds differ only in the log.
    pub kind: i32,
    /// Set to 1 if the user pays by use or wants to save data (iOS: expensive or constrained). Default: 0.
    pub metered: u8,
    /// Set to 1 if the network belongs to another operator than the user's own. Counts as metered. Default: 0.
    pub roaming: u8,
}

// SAFETY: integers.
unsafe impl HostStruct for WxtNetwork {}

/// Opens a connection to a server ahead of its first transfer (look-up, connect, TLS handshake), so that the transfer
/// starts with its request. Returns at once; the outcome is not reported. Any thread, also from a callback.
///
/// `server` is a host with or without a port, which means `https`, or a URL, of which only scheme, host and port are
/// used. It is copied. The session's rules for uploads or those for downloads must allow it. If they do not, or if
/// connecting fails, the log says so and the status is `WXT_OK`: the transfer itself will report the failure.
///
/// The connection is kept like any idle connection: for 15 s, and not in the background. Entering the background also
/// ends connections that are being opened. A transfer to the server that starts meanwhile waits for the connection, or
/// takes another connection to the server that becomes idle first. It opens its own connection if the opening fails or
/// takes longer than two seconds, or if the transfer has waited for `low_speed_time`. A connection serves one transfer
/// at a time; further transfers open their own.
///
/// Limits of one session: at most four connections are opened at the same time, at most 20 wait or are being opened,
/// and at most ten are being opened or were opened and have served no transfer. Opening takes at most 15 s. Nothing is
/// done for a server that has a connection being opened, or one that has been idle for less than 7.5 s.
///
/// - `WXT_OK`: the request was accepted or, as described above, has no effect.
/// - `WXT_INVALID_ARGUMENT`: `session` is NULL, or `server` is absent or empty, or has a length but no pointer.
/// - `WXT_INVALID_UTF8`: `server` is not UTF-8.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_OUT_OF_RESOURCES`: no memory is left to copy `server`.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `server` must be readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_prepare(session: *mut WxtSession, server: WxtStr) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        // SAFETY: the caller promises a readable string.
        let server = unsafe { server.host_text("server") }?;
        if server.is_empty() {
            return Err(RefusedCall::argument("server is required"));
        }
        admission.prepare_connection(&server);
        Ok(())
    })
}

/// Tells the session that the device's network changed or is gone. Call it whenever the system reports a change. Also
/// call it once after opening if requests set `needs_unmetered`: until the first call, the network counts as present
/// and unmetered. Returns at once. `detail` receives the reason of the status; NULL if it is not wanted. Any thread,
/// also from a callback.
///
/// - Idle connections, and connections that `wxt_session_prepare` is opening, are closed. TLS sessions can still be
///   resumed.
/// - Connections in use whose local address no longer exists on the device are closed, instead of hanging until the
///   deadline. Their tasks fail with `WXT_CATEGORY_CONNECTION_CLOSED`, or with `WXT_CATEGORY_CONNECT` while they
///   connect; both are `retryable`. Connections with other local addresses are closed after their request, because
///   their network may be metered or about to go. A request on a kept
///   connection that has received no byte of an answer is sent again, as always, once there is a network that its task
///   may use: a download, and an upload that was not sent completely.
/// - Names that the system's resolver is looking up are looked up again. A session uses at most ten of the process' 20
///   look-up threads, and a look-up that hangs keeps its thread. If the session may use no further thread, a look-up
///   waits until the system returns from another one.
/// - Tasks with `needs_unmetered` wait in the queue, without a running deadline, while the network is metered or
///   roaming. Running ones open no connection meanwhile, but their deadline runs.
/// - With `WXT_NETWORK_NONE` no task starts, and a running one neither looks up a name nor opens a connection. After
///   5 s, all waiting and running tasks and every later call fail with `interrupted` (`WXT_ERRNO_INTERRUPTED`), until
///   another network is reported.
///
/// Statuses:
///
/// - `WXT_OK`: the session knows the network.
/// - `WXT_INVALID_ARGUMENT`: `session` or `network` is NULL, or `kind` is not a `WXT_NETWORK_…`.
/// - `WXT_INVALID_STRUCT_SIZE`: the `struct_size` of `network` or `detail` is invalid.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_OUT_OF_RESOURCES`: the timer's thread for `WXT_NETWORK_NONE` cannot be started. Nothing has changed.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `network` must be NULL or readable, and `detail` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_network_changed(
    session: *mut WxtSession,
    network: *const WxtNetwork,
    detail: *mut WxtStatusDetail,
) -> WxtStatus {
    let body = || {
        let session = self::session(session)?;
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
        // SAFETY: the caller promises a readable struct.
        let network = unsafe { read_struct(network, "network") }?;
        let kinds = [
            (WXT_NETWORK_OTHER, "WXT_NETWORK_OTHER", NetworkKind::Other),
            (WXT_NETWORK_NONE, "WXT_NETWORK_NONE", NetworkKind::None),
            (WXT_NETWORK_WIFI, "WXT_NETWORK_WIFI", NetworkKind::Wifi),
            (WXT_NETWORK_CELLULAR, "WXT_NETWORK_CELLULAR", NetworkKind::Cellular),
        ];
        let kind = choice("kind", network.kind, &kinds)?;
        let network = Network { kind, metered: network.metered != 0, roaming: network.roaming != 0 };
        admission.network_changed(network).map_err(|error| out_of_threads(&error))
    };
    // SAFETY: the caller promises that `detail` is NULL or writable.
    unsafe { guard_explained(detail, body) }
}
