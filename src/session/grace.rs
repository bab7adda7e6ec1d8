//! A grace period: a state that is tolerated for a limited time, such as the background or no network.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::platform;
use crate::worker::{Timer, lock};

/// A state with a grace time, and the alarm that interrupts transfers at its end.
pub struct GracePeriod {
    grace: Duration,
    clock: Arc<dyn GraceClock>,
    /// No code of the host runs under this lock, because it may enter or leave the state.
    stay: Mutex<Option<Stay>>,
}

/// The clock. Tests replace it.
trait GraceClock: Send + Sync {
    /// The time since a fixed moment, including sleep.
    fn now(&self) -> Duration;
    /// Runs `action` after `time`. An implementation need not count time in which the device sleeps.
    fn call_after(&self, time: Duration, action: GraceAction) -> io::Result<TakeBack>;
}

/// An action for later.
type GraceAction = Box<dyn FnOnce() + Send>;

/// Cancels an action. `false` if it has run. If it is running, waits for it.
type TakeBack = Box<dyn FnOnce() -> bool + Send>;

struct TimerClock;

impl GraceClock for TimerClock {
    fn now(&self) -> Duration {
        platform::time_since_boot()
    }

    fn call_after(&self, time: Duration, action: GraceAction) -> io::Result<TakeBack> {
        let alarm = Timer::get().set(Instant::now() + time, action)?;
        Ok(Box::new(move || alarm.cancel()))
    }
}

/// One period in the background, or without a network.
struct Stay {
    began: Duration,
    interrupt: Arc<dyn Fn() + Send + Sync>,
    take_back: TakeBack,
}

impl GracePeriod {
    pub fn new(grace: Duration) -> GracePeriod {
        GracePeriod::with_clock(grace, Arc::new(TimerClock))
    }

    fn with_clock(grace: Duration, clock: Arc<dyn GraceClock>) -> GracePeriod {
        GracePeriod { grace, clock, stay: Mutex::new(None) }
    }

    /// Enters the state. Runs `begin` at once, and `interrupt`, which must be short, at the end of the grace time. Has
    /// no effect if the state was entered already.
    ///
    /// `begin` must not run code of the host. It runs under the lock, like `resume` of [`leave`](GracePeriod::leave).
    ///
    /// # Errors
    /// The timer's thread cannot be started. Nothing has changed.
    pub fn enter(&self, begin: impl FnOnce(), interrupt: impl Fn() + Send + Sync + 'static) -> io::Result<()> {
        let mut stay = lock(&self.stay);
        if stay.is_some() {
            return Ok(());
        }
        let interrupt: Arc<dyn Fn() + Send + Sync> = Arc::new(interrupt);
        let began = self.clock.now();
        let at_the_end = interrupt.clone();
        let take_back = self.clock.call_after(self.grace, Box::new(move || at_the_end()))?;
        *stay = Some(Stay { began, interrupt, take_back });
        begin();
        Ok(())
    }

    /// Leaves the state and runs `resume`. Runs `interrupt` before it if the grace time is over and the timer has not
    /// fired: the system suspends an app in the background, and leaving the state may be its first action after that.
    /// Has no effect if the state was not entered.
    ///
    /// `resume` must not run code of the host. It runs under the lock, so that the last of several concurrent calls of
    /// `enter` and `leave` decides.
    pub fn leave(&self, resume: impl FnOnce()) {
        let mut stay = lock(&self.stay);
        let Some(Stay { began, interrupt, take_back }) = stay.take() else { return };
        // The action runs no code of the host and does not take this lock, so waiting for it is safe.
        if take_back() && self.clock.now().saturating_sub(began) >= self.grace {
            interrupt();
        }
        resume();
    }
}

#[cfg(test)]
#[path = "grace_tests.rs"]
mod tests;
