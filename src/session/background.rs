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

    /// Begins the time in the background: `pause` runs, and `interrupt` when the grace time is over. Does nothing when
    /// it has begun already. Fails when the timer's thread cannot be started.
    pub fn enter(&self, pause: impl FnOnce(), interrupt: impl FnOnce() + Send + 'static) -> io::Result<()> {
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
        // Under the lock, as `resume` is: of two threads that enter and leave at once the last one decides both.
        pause();
        Ok(())
    }

    /// Ends it: `resume` runs. Does nothing when it has not begun.
    pub fn leave(&self, resume: impl FnOnce()) {
        let mut timer = self.lock();
        if let Some(Timer { stop, thread }) = timer.take() {
            drop(stop);
            // It runs nothing of the host's and does not take this lock.
            let _ = thread.join();
            resume();
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;

    /// Far more than a test takes: a timer that fires within it fires too early.
    const NEVER: Duration = Duration::from_secs(3600);
    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn the_interrupt_comes_after_the_grace_time_and_once() {
        let grace = Duration::from_millis(50);
        let background = Background::new(grace);
        let (sender, interrupted) = mpsc::channel();
        let entered = Instant::now();
        background.enter(|| {}, move || sender.send(Instant::now()).unwrap()).unwrap();
        assert!(interrupted.recv_timeout(LIMIT).unwrap() - entered >= grace);
        assert!(interrupted.recv_timeout(LIMIT).is_err(), "the thread has ended and dropped its closure");
        assert!(background.is_entered(), "until it is left");
    }

    #[test]
    fn leaving_in_time_stops_the_timer_and_joins_it() {
        let background = Background::new(NEVER);
        let alive = Arc::new(());
        let held = alive.clone();
        background.enter(|| {}, move || drop(held)).unwrap();
        background.leave(|| {});
        assert!(!background.is_entered());
        assert_eq!(Arc::strong_count(&alive), 1, "the thread is gone with what it held");
    }

    #[test]
    fn only_a_change_pauses_and_resumes() {
        let background = Background::new(NEVER);
        let (pauses, resumes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let count = |counter: &AtomicUsize| {
            counter.fetch_add(1, Ordering::SeqCst);
        };
        background.leave(|| count(&resumes));
        for _ in 0..2 {
            background.enter(|| count(&pauses), || {}).unwrap();
        }
        assert_eq!((pauses.load(Ordering::SeqCst), resumes.load(Ordering::SeqCst)), (1, 0));
        for _ in 0..2 {
            background.leave(|| count(&resumes));
        }
        assert_eq!((pauses.load(Ordering::SeqCst), resumes.load(Ordering::SeqCst)), (1, 1));
    }

    #[test]
    fn the_last_of_many_changes_decides_whether_it_is_paused() {
        let background = Background::new(NEVER);
        let paused = Mutex::new(false);
        let set = |value| *paused.lock().unwrap() = value;
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        background.enter(|| set(true), || {}).unwrap();
                    }
                });
                scope.spawn(|| {
                    for _ in 0..200 {
                        background.leave(|| set(false));
                    }
                });
            }
        });
        assert_eq!(background.is_entered(), *paused.lock().unwrap());
        background.leave(|| {});
    }
}
