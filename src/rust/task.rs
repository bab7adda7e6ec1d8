//! A task of the Rust interface.

use std::fmt;
use std::sync::Weak;

use crate::session::OpenSession;
use crate::task::TaskId;

/// An upload or a download that was started. Dropping this value does not end the task.
#[derive(Clone)]
pub struct TransferTask {
    /// Does not keep the session open.
    session: Weak<OpenSession>,
    id: TaskId,
}

impl TransferTask {
    pub(super) fn new(session: Weak<OpenSession>, id: TaskId) -> TransferTask {
        TransferTask { session, id }
    }

    /// The number of the task. Never 0, and unique within the process.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Aborts the task, waiting or running. `true` if it will fail with `abort`, whatever else happens to it; `false`
    /// if its result is settled or the session is closed. Returns at once; `on_complete` follows. From any thread, also
    /// in a closure. Unsent data of an upload is not sent.
    pub fn abort(&self) -> bool {
        let Some(session) = self.session.upgrade() else { return false };
        session.admit().is_some_and(|admission| admission.abort(self.id))
    }

    /// Changes [`max_bytes_per_second`](crate::TaskOptions::max_bytes_per_second) of the task, waiting or running; 0
    /// means no limit except the session's. Applies at once. `false` if the task has ended or the session is closed.
    /// From any thread, also in a closure.
    pub fn set_max_bytes_per_second(&self, bytes_per_second: u64) -> bool {
        let Some(session) = self.session.upgrade() else { return false };
        session.admit().is_some_and(|admission| admission.set_task_max_bytes_per_second(self.id, bytes_per_second))
    }
}

impl fmt::Debug for TransferTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TransferTask").field("id", &self.id).finish_non_exhaustive()
    }
}
