//! The stop signal: the only way to stop running work from outside (abort, deadline, background and close).

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::{Absence, lock};
use crate::platform::Waker;
use crate::platform::sync::{AtomicU8, Mutex};

/// Why work was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// `abort()` was called, or the session is closing.
    Aborted,
    /// The mini program was in the background for too long.
    Interrupted,
    /// The deadline passed.
    DeadlinePassed,
    /// There was no network for too long.
    NoNetwork,
}

impl StopReason {
    /// The numeric code of a reason.
    const fn code(self) -> u8 {
        match self {
            StopReason::Aborted => 1,
            StopReason::Interrupted => 2,
            StopReason::DeadlinePassed => 3,
            StopReason::NoNetwork => 4,
        }
    }

    /// The reason in a state, whether or not the result is settled.
    fn from_state(state: u8) -> Option<StopReason> {
        [StopReason::Aborted, StopReason::Interrupted, StopReason::DeadlinePassed, StopReason::NoNetwork]
            .into_iter()
            .find(|reason| reason.code() == state & !SETTLED)
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            StopReason::Aborted => "the task was aborted",
            StopReason::Interrupted => "the mini program was in the background for too long",
            StopReason::DeadlinePassed => "the deadline passed",
            StopReason::NoNetwork => "there was no network for too long",
        })
    }
}

/// The state while no stop is requested.
const RUNNING: u8 = 0;
/// Added to the state when the result is settled.
const SETTLED: u8 = 8;

/// A stop signal and a deadline, shared between the threads that may stop the work and those that do it.
#[derive(Debug, Default)]
pub struct StopSignal {
    state: AtomicU8,
    deadline: OnceLock<Deadline>,
    /// Suspends the deadline while the app is away. `None` if nothing suspends it.
    absence: Option<Arc<Absence>>,
    /// One for each thread that is inside a wait.
    wakers: Mutex<Vec<Arc<Waker>>>,
}

/// A deadline as it was set.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    at: Instant,
    /// For how long deadlines had been suspended in total when this one was set.
    absence: Duration,
}

impl StopSignal {
    /// A signal without a stop and without a deadline.
    pub fn new() -> StopSignal {
        StopSignal::default()
    }

    /// A signal like [`new`](StopSignal::new) whose deadline stands still while the app is away.
    pub fn with_absence(absence: Option<Arc<Absence>>) -> StopSignal {
        StopSignal { absence, ..StopSignal::default() }
    }

    /// The absence of the app. `None` if the work does not wait for the app's return.
    pub fn absence(&self) -> Option<&Absence> {
        self.absence.as_deref()
    }

    /// Sets the deadline. Later calls have no effect.
    pub fn set_deadline(&self, deadline: Instant) {
        let absence = self.absence().map_or(Duration::ZERO, Absence::length);
        let _ = self.deadline.set(Deadline { at: deadline, absence });
    }

    /// The deadline. `None` while the work waits in the queue, for work without a time limit, and while the deadline is
    /// suspended.
    pub fn deadline(&self) -> Option<Instant> {
        match self.absence() {
            Some(absence) if absence.is_under_way() => None,
            _ => self.deadline_after_return(),
        }
    }

    /// The deadline, or the one that would hold if the app came back now. `None` without a time limit.
    pub fn deadline_after_return(&self) -> Option<Instant> {
        let deadline = self.deadline.get()?;
        let absence = self.absence().map_or(Duration::ZERO, Absence::length);
        Some(deadline.at + absence.saturating_sub(deadline.absence))
    }

    /// Whether the work has a deadline, even a suspended one.
    pub fn has_deadline(&self) -> bool {
        self.deadline.get().is_some()
    }

    /// Requests a stop. The first reason stays, but an abort replaces every other, because its caller is told that the
    /// work ends with it. `false` if the result was settled before, unless it was settled with this same reason.
    pub fn request(&self, reason: StopReason) -> bool {
        let requested = self.state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| {
            let replaces = state == RUNNING || reason == StopReason::Aborted;
            (state & SETTLED == 0 && replaces).then_some(reason.code())
        });
        if let Err(before) = requested {
            return before & SETTLED == 0 || StopReason::from_state(before) == Some(reason);
        }
        self.wake();
        true
    }

    /// Wakes every wait of the work, which then checks its condition and the deadline again.
    pub fn wake(&self) {
        for waker in lock(&self.wakers).iter() {
            waker.wake();
        }
    }

    /// Checks for a stop.
    ///
    /// # Errors
    /// The reason. A requested reason takes precedence over the deadline. Once the result is settled, the deadline no
    /// longer counts.
    pub fn check(&self) -> Result<(), StopReason> {
        let state = self.state.load(Ordering::SeqCst);
        if let Some(reason) = StopReason::from_state(state) {
            return Err(reason);
        }
        match self.deadline() {
            _ if state & SETTLED != 0 => Ok(()),
            Some(deadline) if Instant::now() >= deadline => Err(StopReason::DeadlinePassed),
            _ => Ok(()),
        }
    }

    /// Settles a success before something irreversible. From here on nothing stops the work.
    ///
    /// # Errors
    /// The work must stop for this reason instead.
    pub fn settle(&self) -> Result<(), StopReason> {
        self.check()?;
        self.settle_failure()
    }

    /// Settles the result that the work has. The deadline no longer matters.
    ///
    /// # Errors
    /// A stop was requested before, and its caller was told that the work ends with it.
    pub fn settle_failure(&self) -> Result<(), StopReason> {
        StopReason::from_state(self.state.fetch_or(SETTLED, Ordering::SeqCst)).map_or(Ok(()), Err)
    }

    /// Wakes `waker` at each request, until the guard is dropped. A request made before wakes nobody, but
    /// [`check`](StopSignal::check) after this call sees it.
    pub(super) fn watch<'a>(&'a self, waker: &Arc<Waker>) -> Watch<'a> {
        lock(&self.wakers).push(waker.clone());
        Watch { signal: self, waker: waker.clone() }
    }

    /// Whether a thread is inside a wait.
    #[cfg(test)]
    pub(super) fn is_watched(&self) -> bool {
        !lock(&self.wakers).is_empty()
    }
}

/// Registers a waker with a stop signal.
pub(super) struct Watch<'a> {
    signal: &'a StopSignal,
    waker: Arc<Waker>,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut wakers = lock(&self.signal.wakers);
        if let Some(index) = wakers.iter().position(|waker| Arc::ptr_eq(waker, &self.waker)) {
            wakers.swap_remove(index);
        }
    }
}

#[cfg(all(test, models))]
#[path = "../models/stop.rs"]
mod models;
#[cfg(test)]
#[path = "stop_tests.rs"]
mod tests;
