//! The only function in which a worker sleeps.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::{StopReason, Worker, lock};
use crate::platform::{CLOSE_IS_AN_EVENT, PEER_CLOSED, Waker};

/// The maximum number of descriptors of one wait.
pub const MAX_WATCHED: usize = 8;

/// The total time that a worker without a deadline waits for resources that others hold. Others normally hold a
/// resource for milliseconds. The limit ends the wait if the holder is a frozen process.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How often to look for the end of a connection, where it cannot be waited for.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// The events of the watched descriptors, in order. All are empty if the wait reached its limit.
pub type Events = [PollFlags; MAX_WATCHED];

/// Why a wait ended without an event.
#[derive(Debug)]
pub enum WaitError {
    /// The work was stopped.
    Stopped(StopReason),
    /// The time of a step is over ([`Worker::within`]).
    TooLong,
    /// The system cannot wait: the process has no descriptor or memory left.
    Failed(io::Error),
}

impl From<StopReason> for WaitError {
    fn from(reason: StopReason) -> WaitError {
        WaitError::Stopped(reason)
    }
}

impl fmt::Display for WaitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitError::Stopped(_) => formatter.write_str("the work was stopped"),
            WaitError::TooLong => formatter.write_str("the step took too long"),
            WaitError::Failed(error) => write!(formatter, "the system cannot wait: {error}"),
        }
    }
}

impl std::error::Error for WaitError {}

impl Worker {
    /// Waits until one of `watched` (at most [`MAX_WATCHED`]) has an event, or until `limit`.
    ///
    /// # Errors
    /// The stop signal including the deadline, or the system cannot wait.
    pub fn wait(&self, watched: &[PollFd<'_>], limit: Option<Instant>) -> Result<Events, WaitError> {
        self.sleep(watched, limit, &mut || None)
    }

    /// Waits until `ready` returns a value, or until `limit`, which returns `None`. `ready` is called at once, and
    /// again whenever the thread's waker is woken. Code that makes it true must wake the waker afterwards.
    ///
    /// # Errors
    /// As [`wait`](Worker::wait).
    pub fn wait_for<T>(
        &self,
        limit: Option<Instant>,
        mut ready: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>, WaitError> {
        let mut value = None;
        self.sleep(&[], limit, &mut || {
            value = ready();
            value.is_some().then_some([PollFlags::empty(); MAX_WATCHED])
        })?;
        Ok(value)
    }

    /// Waits as [`wait_for`](Worker::wait_for). Also returns `None` if the peer of `connection` has closed it, or only
    /// its sending direction, or if the connection has failed.
    ///
    /// # Errors
    /// As [`wait`](Worker::wait).
    pub fn wait_for_while_open<T>(
        &self,
        connection: &impl AsFd,
        mut ready: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>, WaitError> {
        let connection = [PollFd::new(connection, PEER_CLOSED)];
        if CLOSE_IS_AN_EVENT {
            let mut value = None;
            self.sleep(&connection, None, &mut || {
                value = ready();
                value.is_some().then_some([PollFlags::empty(); MAX_WATCHED])
            })?;
            return Ok(value);
        }
        self.ready_or_closed(&connection, ready)
    }

    /// Does what [`wait_for_while_open`](Worker::wait_for_while_open) does, where a wait for the end of a connection
    /// would end at once if bytes are available: looks for the end every [`LOOK_INTERVAL`].
    fn ready_or_closed<T>(
        &self,
        connection: &[PollFd<'_>],
        mut ready: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>, WaitError> {
        loop {
            let value = self.wait_for(Some(Instant::now() + LOOK_INTERVAL), &mut ready)?;
            if value.is_some() {
                return Ok(value);
            }
            let waker = self.thread.waker().map_err(WaitError::Failed)?;
            let (events, _) = poll_with(waker, connection, Some(Duration::ZERO)).map_err(WaitError::Failed)?;
            if events.iter().any(|events| !events.is_empty()) {
                return Ok(None);
            }
        }
    }

    /// Waits as [`wait_for`](Worker::wait_for) for a resource that others hold, such as a lock. Also returns `None` if
    /// the patience of a worker without a deadline ends.
    ///
    /// # Errors
    /// As [`wait`](Worker::wait).
    pub fn wait_for_others<T>(
        &self,
        limit: Option<Instant>,
        ready: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>, WaitError> {
        let begin = Instant::now();
        let patient_until = (!self.stop.has_deadline()).then(|| begin + *lock(&self.patience));
        let waited = self.wait_for([limit, patient_until].into_iter().flatten().min(), ready);
        self.spend_patience(begin.elapsed());
        waited
    }

    /// Subtracts `time` from the patience, as if the worker had waited for others. Used for work that others made
    /// useless.
    pub fn spend_patience(&self, time: Duration) {
        let mut patience = lock(&self.patience);
        *patience = patience.saturating_sub(time);
    }

    /// Does `work`, in which no wait outlasts `time`, counted from now: it fails with [`WaitError::TooLong`]. `None`: no
    /// limit, and the time does not count for a step around it.
    pub fn within<T>(&self, time: Option<Duration>, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let end = time.and_then(|time| begin.checked_add(time));
        let outer = std::mem::replace(&mut *lock(&self.step_end), end);
        let result = work();
        *lock(&self.step_end) = match time {
            Some(_) => outer,
            None => outer.and_then(|outer| outer.checked_add(begin.elapsed())),
        };
        result
    }

    /// Whether the worker may wait for others: until its patience ends, or always with a deadline, which ends the wait.
    pub fn has_patience(&self) -> bool {
        self.stop.has_deadline() || !lock(&self.patience).is_zero()
    }

    fn sleep(
        &self,
        watched: &[PollFd<'_>],
        limit: Option<Instant>,
        ready: &mut dyn FnMut() -> Option<Events>,
    ) -> Result<Events, WaitError> {
        if watched.len() > MAX_WATCHED {
            return Err(WaitError::Failed(io::ErrorKind::InvalidInput.into()));
        }
        let waker = self.thread.waker().map_err(WaitError::Failed)?;
        let _watch = self.stop.watch(waker);
        let step_end = *lock(&self.step_end);
        loop {
            self.check()?;
            if let Some(events) = ready() {
                return Ok(events);
            }
            let now = Instant::now();
            if limit.is_some_and(|limit| now >= limit) {
                return Ok([PollFlags::empty(); MAX_WATCHED]);
            }
            if step_end.is_some_and(|end| now >= end) {
                return Err(WaitError::TooLong);
            }
            // Computed for each `poll`: the deadline is suspended while the app is away, and later after its return.
            let until = [limit, step_end, self.stop.deadline()].into_iter().flatten().min();
            let time = until.map(|until| until.saturating_duration_since(now));
            let (events, is_woken) = poll_with(waker, watched, time).map_err(WaitError::Failed)?;
            if is_woken {
                // Before the conditions are checked: a later wake ends the next poll.
                waker.reset();
            }
            self.check()?;
            if events.iter().any(|events| !events.is_empty()) {
                return Ok(events);
            }
        }
    }
}

/// Sleeps until one of `watched` has an event, `waker` is woken, or `time` has passed. May return earlier. Returns the
/// events of `watched`, and whether the waker was woken.
#[cfg(not(models))]
fn poll_with(waker: &Waker, watched: &[PollFd<'_>], time: Option<Duration>) -> io::Result<(Events, bool)> {
    use rustix::event::{Timespec, poll};
    use rustix::io::Errno;

    let timeout = time.map(|time| {
        // Rounded up to milliseconds, which some systems use, so that a wait does not end just before its time.
        let millis = time.as_micros().div_ceil(1000).min(i32::MAX as u128);
        let (seconds, nanos) = (millis / 1000, millis % 1000 * 1_000_000);
        // Lossless: the fields' types differ between systems, and have at least 32 bits.
        Timespec { tv_sec: seconds as i32 as _, tv_nsec: nanos as i32 as _ }
    });
    let count = watched.len();
    let mut polled: [PollFd<'_>; MAX_WATCHED + 1] = std::array::from_fn(|index| match watched.get(index) {
        Some(descriptor) => descriptor.clone(),
        None => PollFd::new(waker, PollFlags::IN),
    });
    match poll(&mut polled[..=count], timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let events = std::array::from_fn(|index| if index < count { polled[index].revents() } else { PollFlags::empty() });
    Ok((events, !polled[count].revents().is_empty()))
}

/// Waits for the waker alone.
#[cfg(models)]
fn poll_with(waker: &Waker, _: &[PollFd<'_>], _: Option<Duration>) -> io::Result<(Events, bool)> {
    waker.wait_until_readable();
    Ok(([PollFlags::empty(); MAX_WATCHED], true))
}

#[cfg(test)]
#[path = "wait_tests.rs"]
mod tests;
