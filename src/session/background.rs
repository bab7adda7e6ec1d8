//! The time in the background, after which running transfers are interrupted.

use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender};

const STACK_SIZE: usize = 64 * 1024;

/// Whether the mini program is in the background, and the timer that runs while it is.
pub struct Background {
    grace: Duration,
    timer: Mutex<Option<Timer>>,
}

struct Timer {
    /// Dropped to end the thread before its time.
    stop: Sender<Infallible>,
    thread: JoinHandle<()>,
}

impl Background {
    pub fn new(grace: Duration) -> Background {
        Background { grace, timer: Mutex::new(None) }
    }

    /// Begins the time in the background: `entered` runs now, `interrupt` when the grace time is over. Does nothing when
    /// it has begun already. Fails when the timer's thread cannot be started.
    pub fn enter(&self, entered: impl FnOnce(), interrupt: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut timer = self.lock();
        if timer.is_some() {
            return Ok(());
        }
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let grace = self.grace;
        let thread = thread::Builder::new().name("wxt-background".into()).stack_size(STACK_SIZE).spawn(move || {
            if stopped.recv_timeout(grace) == Err(RecvTimeoutError::Timeout) {
                interrupt();
            }
        })?;
        *timer = Some(Timer { stop, thread });
        // Under the lock, so that a return on another thread comes before or after all of it.
        entered();
        Ok(())
    }

    /// Ends it: `left` runs if it had begun.
    pub fn leave(&self, left: impl FnOnce()) {
        let mut timer = self.lock();
        if let Some(Timer { stop, thread }) = timer.take() {
            drop(stop);
            // It runs nothing of the host's and waits for nothing.
            let _ = thread.join();
            left();
        }
    }

    /// Whether the mini program is in the background.
    pub fn is_entered(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Timer>> {
        self.timer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
