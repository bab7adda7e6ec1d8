//! What a session has done so far, in numbers.

use super::guard::guard;
use super::read::{HostStruct, write_struct};
use super::session::{WxtSession, session};
use super::status::{WXT_SESSION_CLOSED, WxtStatus};
use crate::session::SessionStatistics;

/// Numbers of one session, since it was opened. Set `struct_size` before the call that fills the rest.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct WxtSessionStatistics {
    /// `sizeof(WxtSessionStatistics)`, which the host sets.
    pub struct_size: usize,
    /// Tasks that a starting function gave a number, those included that failed at once.
    pub tasks_started: u64,
    /// Of them, tasks that ended with `on_success`. When a task's last callbacks run, it is counted here or below.
    pub tasks_succeeded: u64,
    /// Tasks that ended with `on_fail` for another reason than the three below.
    pub tasks_failed: u64,
    /// Tasks that ended with `WXT_CATEGORY_ABORTED`.
    pub tasks_aborted: u64,
    /// Tasks that ended with `WXT_CATEGORY_TIMEOUT`.
    pub tasks_timed_out: u64,
    /// Tasks that ended with `WXT_CATEGORY_INTERRUPTED`.
    pub tasks_interrupted: u64,
    /// Tasks that a thread works on now. Those that wait for their next attempt count.
    pub tasks_running: u64,
    /// Tasks that wait in a queue now.
    pub tasks_waiting: u64,
    /// Attempts after the first one of a task, by `max_retries` or `resume`.
    pub retries: u64,
    /// Bytes given to the system's sockets, with heads and TLS.
    pub bytes_sent: u64,
    /// Bytes taken from the system's sockets, with heads and TLS.
    pub bytes_received: u64,
    /// Connections that were opened, with their TLS handshake; by `wxt_session_prepare` too.
    pub connections_opened: u64,
    /// Requests that found their connection open, also one that turned out to be dead.
    pub connections_reused: u64,
    /// Connections that are open now and that no task uses.
    pub connections_idle: u64,
    /// Connections whose TLS handshake resumed the session of an earlier one.
    pub tls_sessions_resumed: u64,
    /// Questions for the addresses of a name, to the system or to the host's `resolver`; two for one name that are joined
    /// count as two.
    pub look_ups: u64,
    /// Answers that were the rest of a file, by `resume`.
    pub resumed: u64,
}

/// Fills `statistics` with the numbers of now. They are read one after another while tasks go on, so that two of them need not
/// be of one moment; each but those that say `now` only grows. Cheap: about the time of a lock. Any thread, also from a
/// callback.
///
/// - `WXT_INVALID_ARGUMENT`: `session` or `statistics` is NULL.
/// - `WXT_INVALID_STRUCT_SIZE`: of `statistics`. Of a smaller, older struct the fields that it has are filled; what a newer one
///   has more stays as it is.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`.
///
/// # Safety
/// `statistics` must be NULL or point to as many writable bytes as its first field says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_session_statistics(
    session: *mut WxtSession,
    statistics: *mut WxtSessionStatistics,
) -> WxtStatus {
    guard(|| {
        let session = self::session(session)?;
        let admission = session.admit().ok_or(WXT_SESSION_CLOSED)?;
        let SessionStatistics { tasks, retries, resumed, client } = admission.statistics();
        let numbers = WxtSessionStatistics {
            struct_size: size_of::<WxtSessionStatistics>(),
            tasks_started: tasks.started,
            tasks_succeeded: tasks.succeeded,
            tasks_failed: tasks.failed,
            tasks_aborted: tasks.aborted,
            tasks_timed_out: tasks.timed_out,
            tasks_interrupted: tasks.interrupted,
            tasks_running: tasks.running,
            tasks_waiting: tasks.waiting,
            retries,
            bytes_sent: client.bytes_sent,
            bytes_received: client.bytes_received,
            connections_opened: client.connections_opened,
            connections_reused: client.connections_reused,
            connections_idle: client.connections_idle,
            tls_sessions_resumed: client.tls_sessions_resumed,
            look_ups: client.look_ups,
            resumed,
        };
        // SAFETY: passed on to the caller.
        unsafe { write_struct(statistics, &numbers) }
    })
}

// SAFETY: integers alone.
unsafe impl HostStruct for WxtSessionStatistics {}
