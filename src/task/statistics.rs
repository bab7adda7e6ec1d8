//! The numbers of tasks by state and result.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::terms::{Category, TransferError};

/// The counters of one engine.
#[derive(Debug, Default)]
pub struct Totals {
    started: AtomicU64,
    running: AtomicU64,
    succeeded: AtomicU64,
    failed: AtomicU64,
    aborted: AtomicU64,
    timed_out: AtomicU64,
    interrupted: AtomicU64,
}

/// The numbers of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskStatistics {
    /// All tasks.
    pub started: u64,
    /// Tasks that got an answer.
    pub succeeded: u64,
    /// Tasks that failed for another reason than the next three.
    pub failed: u64,
    /// Those that were aborted.
    pub aborted: u64,
    /// Tasks whose deadline passed, or whose connection stalled.
    pub timed_out: u64,
    /// Tasks that were interrupted by the background or a missing network.
    pub interrupted: u64,
    /// Tasks on a worker.
    pub running: u64,
    /// Tasks that wait for a worker.
    pub waiting: u64,
}

/// Counts a task as running until this is dropped.
#[derive(Debug)]
pub struct Running<'a>(&'a Totals);

impl Totals {
    pub fn started(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    /// A worker has taken a task.
    pub fn run(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self)
    }

    /// A task has ended.
    pub fn ended<T>(&self, result: &Result<T, TransferError>) {
        let counter = match result.as_ref().map_err(TransferError::category) {
            Ok(_) => &self.succeeded,
            Err(Category::Aborted) => &self.aborted,
            Err(Category::Timeout) => &self.timed_out,
            Err(Category::Interrupted) => &self.interrupted,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The current numbers, with `live` unfinished tasks.
    pub fn snapshot(&self, live: u64) -> TaskStatistics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let running = get(&self.running);
        TaskStatistics {
            started: get(&self.started),
            succeeded: get(&self.succeeded),
            failed: get(&self.failed),
            aborted: get(&self.aborted),
            timed_out: get(&self.timed_out),
            interrupted: get(&self.interrupted),
            running,
            waiting: live.saturating_sub(running),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}
