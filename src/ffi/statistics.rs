//! The statistics of a session.

use super::guard::guard;
use super::read::{HostStruct, write_struct};
use super::refusal::RefusedCall;
use super::session::{WxtSession, session};
use super::status::WxtStatus;
use crate::session::SessionStatistics;

/// Counters of one session since it was opened, for `wxt_session_statistics`. Set `struct_size` first.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct WxtSessionStatistics {
    /// Set to `sizeof(WxtSessionStatistics)`.
    pub struct_size: usize,
    /// Tasks that were started, including those that failed at once.
    pub tasks_started: u64,
    /// Tasks that ended with `on_success`. A task is counted here, or in the counters of failed tasks below, before its
    /// last callbacks run.
    pub tasks_succeeded: u64,
    /// Tasks that ended with `on_fail` and are not counted in the next three fields.
    pub tasks_failed: u64,
    /// Tasks that ended with `WXT_CATEGORY_ABORTED`.
    pub tasks_aborted: u64,
    /// Tasks that ended with `WXT_CATEGORY_TIMEOUT`.
    pub tasks_timed_out: u64,
    /// Tasks that ended with `WXT_CATEGORY_INTERRUPTED`.
    pub tasks_interrupted: u64,
    /// Tasks that run now, including those that wait for their next attempt.
    pub tasks_running: u64,
    /// Tasks that wait in a queue now.
    pub tasks_waiting: u64,
    /// Attempts after a task's first one, because of `max_retries`, `resume` or `wait_in_background`.
    pub retries: u64,
    /// Bytes written to sockets, including heads and TLS.
    pub bytes_sent: u64,
    /// Bytes read from sockets, including heads and TLS.
    pub bytes_received: u64,
    /// Connections that were opened, including their TLS handshake. Those of `wxt_session_prepare` count.
    pub connections_opened: u64,
    /// Requests that were given a kept connection, even if it turned out to be dead.
    pub connections_reused: u64,
    /// Connections that are open and unused now.
    pub connections_idle: u64,
    /// Connections whose TLS handshake resumed an earlier session.
    pub tls_sessions_resumed: u64,
    /// Look-ups of a name, in the system's or the host's resolver. Two look-ups of one name that were joined count as
    /// two.
    pub look_ups: u64,
    /// Answers that contained the rest of a file, because of `resume`.
    pub resumed: u64,
}

/// Writes the session's counters to `statistics`. They are read one after another while tasks run, so they need not
/// belong to the same instant. Counters never decrease, except `tasks_running`, `tasks_waiting` and `connections_idle`,
/// which are current numbers. Cheap: about as fast as taking a lock. Any thread, also from a callback.
///
/// If `struct_size` is that of an older, smaller struct, the fields of that struct are written. If it is that of a
/// newer, larger struct, the further fields keep their values.
///
/// - `WXT_OK`: the counters were written.
/// - `WXT_INVALID_ARGUMENT`: `session` or `statistics` is NULL.
/// - `WXT_INVALID_STRUCT_SIZE`: the `struct_size` of `statistics` is invalid.
/// - `WXT_SESSION_CLOSED`: the session is closing or closed.
/// - `WXT_INTERNAL`: a bug of the library.
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
        let admission = session.admit().ok_or_else(RefusedCall::session_closed)?;
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
        unsafe { write_struct(statistics, "statistics", &numbers) }
    })
}

// SAFETY: integers only.
unsafe impl HostStruct for WxtSessionStatistics {}
