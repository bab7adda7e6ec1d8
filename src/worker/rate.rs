//! Limits of bytes per second, and how those who share a limit take turns.
//!
//! A [`Rate`] gives out turns, one behind the other. A turn begins when the rate has earned the bytes of the turns before it,
//! so a task pays for its bytes afterwards, by waiting for its next turn. Each task has one turn at a time, and all turns of
//! one moment have the same size: the tasks get equal shares. A task that asks for no turn, since its peer is slow or its own
//! limit is lower, leaves its share to the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{WaitError, Worker, lock};

/// How long all who share a rate need for one turn each, and how much a rate saves up while nobody uses it. Each turn wakes a
/// thread: a task that is alone wakes eight times a second. In its first round a rate gives out the bytes of two.
const ROUND: Duration = Duration::from_millis(125);
/// Accounts count billionths of a byte: what a rate of one byte per second earns in a nanosecond.
const NANOBYTES: u128 = 1_000_000_000;

/// A number of bytes per second that several tasks share, or that one task has for itself.
#[derive(Debug)]
pub struct Rate {
    /// Bytes per second; 0 is no limit. It is written under the account's lock and read without.
    limit: AtomicU64,
    account: Mutex<Account>,
}

/// What a rate has earned and given out, in nanobytes.
#[derive(Debug)]
struct Account {
    /// Up to when `earned` is counted.
    settled: Instant,
    earned: u128,
    given: u128,
    /// The turns that were begun and have not ended.
    turns: u32,
}

/// The right to move bytes once the rate has earned what was given out before it. It lasts until the bytes are moved, in however
/// many pieces, or there are no more to be moved for now.
#[derive(Debug)]
struct RateTurn {
    start: u128,
    bytes_left: u64,
}

impl Rate {
    /// A rate of so many bytes per second; 0 is no limit.
    pub fn new(bytes_per_second: u64) -> Rate {
        let account = Account { settled: Instant::now(), earned: 0, given: 0, turns: 0 };
        Rate { limit: AtomicU64::new(bytes_per_second), account: Mutex::new(account) }
    }

    /// Changes the limit; 0 is none. Those who wait for a turn have to be woken afterwards.
    pub fn set(&self, bytes_per_second: u64) {
        self.set_at(bytes_per_second, Instant::now());
    }

    fn set_at(&self, bytes_per_second: u64, now: Instant) {
        let mut account = lock(&self.account);
        let former = self.limit();
        account.settle(former, now);
        let owed = account.given.saturating_sub(account.earned);
        // What is owed takes no longer than it would have taken before.
        if former == 0 || bytes_per_second == 0 {
            account.earned = account.given;
        } else if bytes_per_second < former {
            let scaled = owed / u128::from(former) * u128::from(bytes_per_second);
            account.earned = account.given.saturating_sub(scaled);
        }
        self.limit.store(bytes_per_second, Ordering::Relaxed);
    }

    fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    /// A turn behind all others, of `most` bytes or fewer.
    fn begin_turn(&self, now: Instant, most: u64) -> RateTurn {
        let mut account = lock(&self.account);
        account.settle(self.limit(), now);
        account.turns = account.turns.saturating_add(1);
        let bytes = account.share(self.limit()).min(most);
        let start = account.given;
        account.given += u128::from(bytes) * NANOBYTES;
        RateTurn { start, bytes_left: bytes }
    }

    /// How many bytes a turn may move now.
    ///
    /// # Errors
    /// When the turn begins.
    fn look_at(&self, turn: &mut RateTurn, now: Instant) -> Result<u64, Instant> {
        let limit = self.limit();
        if limit == 0 {
            return Ok(u64::MAX);
        }
        let mut account = lock(&self.account);
        account.settle(limit, now);
        let missing = turn.start.saturating_sub(account.earned);
        if missing == 0 {
            // The rate may have become lower since the turn was begun, or those who share it more.
            let share = account.share(limit);
            if turn.bytes_left > share {
                account.give_back(turn.bytes_left - share);
                turn.bytes_left = share;
            }
            return Ok(turn.bytes_left);
        }
        let time = u64::try_from(missing.div_ceil(limit.into())).unwrap_or(u64::MAX);
        Err(now + Duration::from_nanos(time))
    }

    /// Gives back what a turn has not used.
    fn end_turn(&self, turn: &RateTurn) {
        let mut account = lock(&self.account);
        account.turns = account.turns.saturating_sub(1);
        account.give_back(turn.bytes_left);
    }
}

impl Account {
    /// Adds what was earned since the last time, but saves up no more than one round.
    fn settle(&mut self, limit: u64, now: Instant) {
        let time = now.saturating_duration_since(self.settled);
        self.settled = self.settled.max(now);
        let earned = |time: Duration| time.as_nanos().saturating_mul(limit.into());
        self.earned = self.earned.saturating_add(earned(time)).min(self.given.saturating_add(earned(ROUND)));
    }

    fn give_back(&mut self, bytes: u64) {
        self.given = self.given.saturating_sub(u128::from(bytes) * NANOBYTES);
    }

    /// The bytes of one turn: a round's, divided by those who share it.
    fn share(&self, limit: u64) -> u64 {
        let round = ROUND.as_nanos() * u128::from(limit) / NANOBYTES;
        u64::try_from(round / u128::from(self.turns.max(1))).unwrap_or(u64::MAX).max(1)
    }
}

/// The rates that one task keeps to, and its turns. First the one that it has for itself: it asks for a turn of the other when
/// it could use it.
#[derive(Debug)]
pub(super) struct Pace {
    rates: [Arc<Rate>; 2],
    turns: Mutex<[Option<RateTurn>; 2]>,
}

impl Pace {
    pub(super) fn new(own: Arc<Rate>, shared: Arc<Rate>) -> Pace {
        Pace { rates: [own, shared], turns: Mutex::default() }
    }

    fn limits(&self) -> [u64; 2] {
        self.rates.each_ref().map(|rate| rate.limit())
    }

    fn grant(&self, wanted: usize, now: Instant) -> Option<Grant<'_>> {
        let mut bytes = u64::MAX;
        for (rate, turn) in self.rates.iter().zip(&mut *lock(&self.turns)) {
            if rate.limit() > 0 {
                let turn = turn.get_or_insert_with(|| rate.begin_turn(now, bytes));
                bytes = rate.look_at(turn, now).ok()?.min(bytes);
            }
        }
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(wanted);
        Some(Grant { bytes, used: 0, pace: Some(self) })
    }

    /// When the turn begins that the task waits for; `None` if it waits for none.
    fn due(&self, now: Instant) -> Option<Instant> {
        let mut turns = lock(&self.turns);
        let mut begun = self.rates.iter().zip(&mut *turns).filter_map(|(rate, turn)| Some((rate, turn.as_mut()?)));
        begun.find_map(|(rate, turn)| rate.look_at(turn, now).err())
    }

    /// So many bytes of the turns were used. They end unless `goes_on`.
    fn spend(&self, used: u64, goes_on: bool) {
        for (rate, turn) in self.rates.iter().zip(&mut *lock(&self.turns)) {
            let Some(begun) = turn else { continue };
            begun.bytes_left = begun.bytes_left.saturating_sub(used);
            if !goes_on || begun.bytes_left == 0 {
                rate.end_turn(begun);
                *turn = None;
            }
        }
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.spend(0, false);
    }
}

/// The right to move bytes now. If not all are [spent](Grant::spend), there are no more to be moved for now: the turn ends, and its
/// rest goes back.
#[derive(Debug)]
#[must_use]
pub struct Grant<'a> {
    bytes: usize,
    used: usize,
    /// `None` without a limit.
    pace: Option<&'a Pace>,
}

impl Grant<'_> {
    /// How many bytes may be moved.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// So many of them were moved.
    pub fn spend(mut self, bytes: usize) {
        self.used = bytes;
    }
}

impl Drop for Grant<'_> {
    fn drop(&mut self) {
        if let Some(pace) = self.pace {
            pace.spend(self.used as u64, self.used == self.bytes);
        }
    }
}

impl Worker {
    /// The right to move `wanted` bytes now, or fewer. `None` if the task's turn is yet to come:
    /// [`wait_for_turn`](Worker::wait_for_turn).
    pub fn grant(&self, wanted: usize) -> Option<Grant<'_>> {
        match &self.pace {
            Some(pace) if pace.limits() != [0; 2] => pace.grant(wanted, Instant::now()),
            _ => Some(Grant { bytes: wanted, used: 0, pace: None }),
        }
    }

    /// Waits for the turn that a [`grant`](Worker::grant) did not get, if there is one. `false` if `limit` passed before.
    ///
    /// # Errors
    /// As [`wait`](Worker::wait).
    pub fn wait_for_turn(&self, limit: Option<Instant>) -> Result<bool, WaitError> {
        let Some(pace) = &self.pace else { return Ok(true) };
        loop {
            // Before the turn is looked at, so that a change after this look ends the wait.
            let limits = pace.limits();
            let now = Instant::now();
            let Some(due) = pace.due(now) else { return Ok(true) };
            if limit.is_some_and(|limit| now >= limit) {
                return Ok(false);
            }
            let until = limit.map_or(due, |limit| limit.min(due));
            self.wait_for(Some(until), || (pace.limits() != limits).then_some(()))?;
        }
    }
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
