//! The attempts of one transfer: the loop, the waits, and the choice of the final answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::{Environment, ReceivedHead, TransferContext, failure};
use crate::http;
use crate::policy::retry;
use crate::terms::log::Level;
use crate::terms::{Api, Call, Failure, TransferError};
use crate::worker::{Absence, StopReason, SuspensionCount, WaitError, Worker, lock};

/// The clock of waits between attempts. Tests replace it.
pub trait AttemptClock: Send + Sync {
    /// The time of deadlines.
    fn now(&self) -> Instant;
    /// The time of HTTP dates.
    fn wall_time(&self) -> SystemTime;
    /// A uniformly distributed random number.
    fn random(&self) -> u32;
    /// Waits until `until`, which is before the worker's deadline.
    ///
    /// # Errors
    /// The worker's stop signal, or the system cannot wait.
    fn wait(&self, worker: &Worker, until: Instant) -> Result<(), WaitError>;
}

/// The system's clock.
pub struct SystemClock;

impl AttemptClock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::now()
    }

    fn random(&self) -> u32 {
        // Without a random number, use the longest wait.
        getrandom::u32().unwrap_or(u32::MAX)
    }

    fn wait(&self, worker: &Worker, until: Instant) -> Result<(), WaitError> {
        worker.wait_for(Some(until), || None::<()>).map(drop)
    }
}

/// The end of an attempt without a result.
pub enum AttemptEnd {
    /// The answer is not accepted. Another attempt follows at this time.
    Refused(Instant),
    /// The answer cannot be used. Another attempt with another request follows at once.
    Unusable,
    /// The attempt failed.
    Failed {
        /// The failure. It becomes the transfer's failure unless another attempt follows.
        error: TransferError,
        /// Whether the request may be sent once more.
        may_repeat: bool,
        /// Whether the attempt received more of the file, so that the next one continues after it.
        has_gained: bool,
    },
}

/// The attempt counters of all transfers of a session.
#[derive(Debug, Default)]
pub struct AttemptTotals {
    /// Attempts after a transfer's first one.
    pub retries: AtomicU64,
    /// Attempts whose answer was the rest of a file.
    pub resumed: AtomicU64,
}

/// The state that the attempts of a transfer share.
pub struct Attempts<'a> {
    environment: &'a Environment,
    context: &'a TransferContext<'a>,
    api: Api,
    /// Attempts that received nothing useful and were followed by another.
    retries: u32,
    /// The number of these since the last attempt that received something useful.
    fruitless: u32,
    /// The head of the current attempt's answer, which was not reported yet.
    held: Option<ReceivedHead>,
}

/// Makes attempts until one has a result or no further one is allowed. The last failure is the transfer's.
pub fn run<T>(
    environment: &Environment,
    context: &TransferContext<'_>,
    api: Api,
    mut attempt: impl FnMut(&mut Attempts<'_>) -> Result<T, AttemptEnd>,
) -> Result<T, TransferError> {
    let mut attempts = Attempts { environment, context, api, retries: 0, fruitless: 0, held: None };
    loop {
        let suspensions = attempts.begin_when_allowed()?;
        let mut counts = lock(context.counts);
        counts.attempts += 1;
        if counts.attempts > 1 {
            environment.totals.retries.fetch_add(1, Ordering::Relaxed);
        }
        drop(counts);
        let ended = attempt(&mut attempts);
        context.end_hop(match &ended {
            Err(AttemptEnd::Failed { error, .. }) => Some(&error.detail),
            Ok(_) | Err(AttemptEnd::Refused(_) | AttemptEnd::Unusable) => None,
        });
        let result = match ended {
            Ok(result) => Ok(result),
            Err(AttemptEnd::Unusable) => continue,
            Err(AttemptEnd::Refused(next)) => {
                attempts.wait(next)?;
                continue;
            }
            Err(AttemptEnd::Failed { error, may_repeat, .. }) if attempts.is_of_absence(&error, suspensions) => {
                if !may_repeat {
                    return Err(TransferError::new(Failure::Cancelled(StopReason::Interrupted), error.detail));
                }
                attempts.held = None;
                attempts.pause_for_return(&error)?;
                continue;
            }
            Err(AttemptEnd::Failed { error, may_repeat, has_gained }) => {
                match attempts.after_failure(&error, may_repeat, has_gained) {
                    Some(next) => {
                        attempts.held = None;
                        attempts.wait(next)?;
                        continue;
                    }
                    None => Err(error),
                }
            }
        };
        if let Some(head) = attempts.held.take() {
            context.observer.headers_received(head);
        }
        return result;
    }
}

impl Attempts<'_> {
    /// Decides by the answer's head whether to accept the answer. `may_repeat`: the request may be sent once more.
    pub fn take_answer(&mut self, response: http::Response, may_repeat: bool) -> Result<http::Response, AttemptEnd> {
        if may_repeat
            && retry::is_transient_status(response.status)
            && let Some(next) = self.after_status(&response)
        {
            response.discard();
            return Err(AttemptEnd::Refused(next));
        }
        Ok(response)
    }

    /// Reports the head of an answer. The host receives only the head of the final answer. So, if another attempt may
    /// follow, it is reported once the body is complete.
    pub fn tell_head(&mut self, response: &http::Response, may_be_followed: bool) {
        let head = ReceivedHead { status: response.status, headers: response.headers.clone() };
        if may_be_followed {
            self.held = Some(head);
        } else {
            self.context.observer.headers_received(head);
        }
    }

    /// Whether another attempt may follow one that gains nothing: retries are left, or transfers wait for the app's
    /// return.
    pub fn may_be_followed(&self) -> bool {
        self.has_retries() || self.absence().is_some()
    }

    /// How long the attempt may take to open a connection.
    pub fn connect_time(&self) -> Option<Duration> {
        let deadline = self.context.worker.stop().deadline_after_return()?;
        let time = deadline.saturating_duration_since(self.environment.clock.now());
        retry::connect_time(time, self.retries_left())
    }

    fn has_retries(&self) -> bool {
        self.retries_left() > 0
    }

    fn retries_left(&self) -> u32 {
        self.environment.retry.max_retries.saturating_sub(self.retries)
    }

    fn absence(&self) -> Option<&Absence> {
        self.context.worker.stop().absence()
    }

    /// Waits while the app is suspended, and while the device has no network that the task may use: an attempt would
    /// fail at once, and the retries would be used up before there is a network.
    fn begin_when_allowed(&self) -> Result<SuspensionCount, TransferError> {
        self.until(|| {
            if !(self.context.has_network)() {
                return None;
            }
            self.absence().map_or(Some(SuspensionCount::default()), Absence::begin_attempt)
        })
    }

    /// Whether an attempt failed because the app is away, or was suspended after the attempt began: the system or the
    /// server closed its connection.
    fn is_of_absence(&self, error: &TransferError, suspensions: SuspensionCount) -> bool {
        retry::is_transient(&error.failure)
            && self.absence().is_some_and(|absence| absence.explains_failure(suspensions))
    }

    fn pause_for_return(&self, error: &TransferError) -> Result<(), TransferError> {
        self.environment.log.write(Level::Info, || {
            let attempt = lock(self.context.counts).attempts + 1;
            format!("{}: attempt {attempt} when the app is back: {}", Call::from(self.api).name(), error.detail)
        });
        self.until(|| self.absence().is_none_or(|absence| !absence.is_under_way()).then_some(()))
    }

    /// Waits until `ready` returns a value. Each wake of the task calls `ready` again.
    fn until<T>(&self, mut ready: impl FnMut() -> Option<T>) -> Result<T, TransferError> {
        if let Some(value) = ready() {
            return Ok(value);
        }
        loop {
            let waited = self.context.worker.wait_for(None, &mut ready);
            if let Some(value) = waited.map_err(|error| failure::of_exchange(self.api, error.into()))? {
                return Ok(value);
            }
        }
    }

    fn after_status(&mut self, response: &http::Response) -> Option<Instant> {
        let value = |name| response.headers.value(name);
        let now = self.environment.clock.wall_time();
        let asked = value("Retry-After").and_then(|asked| retry::retry_after(asked, value("Date"), now));
        let next = self.next_attempt(asked, false)?;
        self.tell(next, || format!("the server answered with {}", response.status));
        Some(next)
    }

    fn after_failure(&mut self, error: &TransferError, may_repeat: bool, has_gained: bool) -> Option<Instant> {
        if !may_repeat || !retry::is_transient(&error.failure) {
            return None;
        }
        let next = self.next_attempt(None, has_gained)?;
        self.tell(next, || error.detail.clone());
        Some(next)
    }

    /// The time of the next attempt, if one is allowed. It is before the deadline, even while that is suspended, and
    /// not before the server's `Retry-After`.
    fn next_attempt(&mut self, asked: Option<Duration>, has_gained: bool) -> Option<Instant> {
        if !has_gained && !self.has_retries() {
            return None;
        }
        let Environment { retry, clock, .. } = self.environment;
        let fruitless = if has_gained { 0 } else { self.fruitless };
        // A `Retry-After` shorter than the regular wait is ignored.
        let delay = retry.delay_after(fruitless, clock.random()).max(asked.unwrap_or_default());
        let next = clock.now().checked_add(delay)?;
        if self.context.worker.stop().deadline_after_return().is_some_and(|deadline| next >= deadline) {
            return None;
        }
        if has_gained {
            self.fruitless = 0;
        } else {
            self.retries += 1;
            self.fruitless += 1;
        }
        Some(next)
    }

    fn tell(&self, next: Instant, why: impl FnOnce() -> String) {
        let Environment { log, clock, .. } = self.environment;
        log.write(Level::Info, || {
            let wait = next.saturating_duration_since(clock.now()).as_millis();
            let attempt = lock(self.context.counts).attempts + 1;
            format!("{}: attempt {attempt} in {wait} ms: {}", Call::from(self.api).name(), why())
        });
    }

    /// Waits until `until`. The task keeps its thread, and counts as running.
    fn wait(&self, until: Instant) -> Result<(), TransferError> {
        let waited = self.environment.clock.wait(self.context.worker, until);
        waited.map_err(|error| failure::of_exchange(self.api, error.into()))
    }
}
