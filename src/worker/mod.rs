//! The worker: the thread of a transfer or a file call, as seen by the code that runs on it.
//!
//! A [`Worker`] is created where a task or a call starts, and passed down as a parameter. It provides:
//!
//! - the stop signal with the deadline, and the rule how often a loop checks it ([`Worker::turn`]);
//! - the only function in which a worker sleeps (`wait.rs`), and the remaining patience for waiting for others;
//! - the rates at which it may transfer bytes (`rate.rs`);
//! - the buffers that the thread reuses (`buffers.rs`), with all of their sizes (`sizes.rs`);
//! - values that are dropped only after the host was told ([`Worker::drop_later`]).
//!
//! The room also contains the two services that need threads of their own, [`ThreadPool`] and [`Timer`]; [`caught`], by
//! which a thread survives a panic; and [`sort()`], which can be stopped.

mod absence;
mod buffers;
mod panics;
mod pool;
mod rate;
pub mod sizes;
mod sort;
mod stop;
mod timer;
mod wait;

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;

pub use absence::{Absence, SuspensionCount};
use buffers::SpareBuffers;
pub use buffers::{Buffer, OutOfMemory};
pub use panics::caught;
pub use pool::{ThreadPool, WorkQueue};
use rate::Pace;
pub use rate::Rate;
pub use sort::sort;
pub use stop::{StopReason, StopSignal};
pub use timer::{Alarm, Timer};
pub use wait::{MAX_WATCHED, WaitError};

pub use crate::platform::sync::lock;
use crate::platform::{Waker, give_back_free_memory};

/// A loop checks the stop signal after moving this many bytes. One system call may move more: up to a whole buffer
/// ([`sizes`]).
const BYTES_BETWEEN_LOOKS: usize = 64 * 1024;
/// A loop checks the stop signal after this many turns, however few bytes they move.
const TURNS_BETWEEN_LOOKS: usize = 16;

/// Returns free memory to the system, unless a transfer runs in this process: the allocator locks each of its arenas
/// meanwhile, and a transfer that allocates would wait for it. While a transfer runs, or waits for its next attempt, the
/// memory is kept. It is returned when the last transfer has ended and its thread is idle.
pub fn return_free_memory() {
    if sizes::running_transfers() == 0 {
        give_back_free_memory();
    }
}

/// The state of a thread that outlives a task.
#[derive(Default)]
pub struct WorkerThread {
    /// Created on first use, because a call on a thread of the host rarely waits.
    waker: OnceCell<Arc<Waker>>,
    spare: Mutex<SpareBuffers>,
    deferred: Mutex<Vec<Box<dyn Any + Send>>>,
}

impl WorkerThread {
    /// Creates the descriptor that wakes the thread, if it does not exist.
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn waker(&self) -> io::Result<&Arc<Waker>> {
        self.waker.get_or_try_init(|| Waker::new().map(Arc::new))
    }

    /// Returns the memory that a thread keeps for its next task.
    fn drop_spare_buffers(&self) {
        *lock(&self.spare) = SpareBuffers::default();
    }
}

/// One task or call on its thread.
pub struct Worker {
    stop: Arc<StopSignal>,
    thread: Arc<WorkerThread>,
    /// Bytes moved since the last check of the stop signal. Each turn counts as at least 4 KiB.
    moved: AtomicUsize,
    /// The remaining time for waiting for others.
    patience: Mutex<Duration>,
    /// When the current step takes too long. `None` if it may take any time.
    step_end: Mutex<Option<Instant>>,
    /// `None` if there is no rate limit.
    pace: Option<Pace>,
}

impl Worker {
    /// A worker with the stop signal `stop` on a pool thread.
    pub fn new(stop: Arc<StopSignal>, thread: Arc<WorkerThread>) -> Worker {
        let (moved, patience) = (AtomicUsize::new(0), Mutex::new(wait::PATIENCE));
        Worker { stop, thread, moved, patience, step_end: Mutex::new(None), pace: None }
    }

    /// The same worker with rate limits: `own`, of its task alone, and `shared`, of all tasks of the session.
    pub fn with_rates(mut self, own: Arc<Rate>, shared: Arc<Rate>) -> Worker {
        self.pace = Some(Pace::new(own, shared));
        self
    }

    /// A worker for one call on a thread of the host.
    pub fn for_call(stop: Arc<StopSignal>) -> Worker {
        Worker::new(stop, Arc::default())
    }

    /// The stop signal.
    pub fn stop(&self) -> &StopSignal {
        &self.stop
    }

    /// The waker that ends a [`wait_for`](Worker::wait_for) of this thread, for the code that makes its condition true.
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn waker(&self) -> io::Result<Arc<Waker>> {
        self.thread.waker().cloned()
    }

    /// Checks the stop signal.
    ///
    /// # Errors
    /// The reason of the stop.
    pub fn check(&self) -> Result<(), StopReason> {
        self.moved.store(0, Ordering::Relaxed);
        self.stop.check()
    }

    /// Checks the stop signal after 64 KiB or 16 turns since the last check. Every turn of a loop that a peer, a disk
    /// or a lock can prolong must call this, with the number of bytes that the turn moves. Otherwise the loop could
    /// outlast a deadline.
    ///
    /// # Errors
    /// The reason of the stop.
    pub fn turn(&self, bytes: usize) -> Result<(), StopReason> {
        self.turns(1, bytes)
    }

    /// As [`turn`](Worker::turn), for a step that is as long as several turns together.
    ///
    /// # Errors
    /// The reason of the stop.
    pub fn turns(&self, turns: usize, bytes: usize) -> Result<(), StopReason> {
        let cost = bytes.max(turns.saturating_mul(BYTES_BETWEEN_LOOKS / TURNS_BETWEEN_LOOKS));
        let moved = self.moved.load(Ordering::Relaxed).saturating_add(cost);
        if moved >= BYTES_BETWEEN_LOOKS {
            return self.check();
        }
        self.moved.store(moved, Ordering::Relaxed);
        Ok(())
    }

    /// Keeps `value` until [`drop_deferred`](Worker::drop_deferred). For values that take long to free, such as a large
    /// buffer or the connection of a stopped task, so that the host is told first.
    pub fn drop_later(&self, value: impl Any + Send) {
        lock(&self.thread.deferred).push(Box::new(value));
    }

    /// Drops the kept values. Called after the host was told of the task's end.
    pub fn drop_deferred(&self) {
        if lock(&self.thread.deferred).is_empty() {
            return;
        }
        // On a single core, yield so that the delivery thread runs first.
        thread::yield_now();
        // One at a time and outside of the lock, because dropping a value may defer another.
        loop {
            let value = lock(&self.thread.deferred).pop();
            if value.is_none() {
                return;
            }
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Worker").field("stop", &self.stop).finish_non_exhaustive()
    }
}

impl fmt::Debug for WorkerThread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WorkerThread").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::*;

    fn worker() -> Worker {
        Worker::for_call(Arc::new(StopSignal::new()))
    }

    /// The number of turns of `bytes` that a stopped worker still makes.
    fn turns_after_a_stop(bytes: usize) -> usize {
        let worker = worker();
        worker.check().unwrap();
        worker.stop().request(StopReason::Aborted);
        (0..).take_while(|_| worker.turn(bytes).is_ok()).count()
    }

    #[test]
    fn loop_sees_a_stop_within_64_kib_or_16_turns() {
        assert_eq!(turns_after_a_stop(0), 15);
        assert_eq!(turns_after_a_stop(100), 15);
        assert_eq!(turns_after_a_stop(16 * 1024), 3);
        assert_eq!(turns_after_a_stop(64 * 1024), 0);
        assert_eq!(turns_after_a_stop(usize::MAX), 0);
    }

    #[test]
    fn a_deferred_value_is_kept_until_all_are_dropped() {
        let worker = worker();
        let value = Arc::new(());
        worker.drop_later(value.clone());
        assert_eq!(Arc::strong_count(&value), 2);
        worker.drop_deferred();
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn a_deferred_value_may_defer_another() {
        struct Outer(Weak<Worker>, Arc<()>);
        impl Drop for Outer {
            fn drop(&mut self) {
                self.0.upgrade().unwrap().drop_later(self.1.clone());
            }
        }
        let worker = Arc::new(worker());
        let value = Arc::new(());
        worker.drop_later(Outer(Arc::downgrade(&worker), value.clone()));
        worker.drop_deferred();
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
