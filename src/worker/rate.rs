//! Limits of bytes per second, and how the tasks that share a limit take turns.
//!
//! A [`Rate`] hands out turns in sequence. A turn starts when the rate has earned the bytes of all turns before it: a
//! task pays for its bytes afterwards, by waiting for its next turn. Each task has at most one turn at a time, and all
//! turns at one moment have the same size, so the tasks get equal shares. A task that takes no turn, because its peer
//! is slow or its own limit is lower, leaves its share to the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{WaitError, Worker, lock};

/// The time in which every task that shares a rate gets one turn, and the longest time whose bytes an unused rate saves
/// up. Each turn wakes a thread: a single task wakes eight times a second. After a pause, a rate hands out the bytes of
/// two rounds at once: the saved round and the next one.
const ROUND: Duration = Duration::from_millis(125);
/// Accounts are in billionths of a byte: what a rate of one byte per second earns in a nanosecond.
const NANOBYTES: u128 = 1_000_000_000;

/// A limit of bytes per second, shared by several tasks or of one task.
#[derive(Debug)]
pub struct Rate {
    /// Bytes per second; 0 means no limit. Written under the account's lock, read without it.
    limit: AtomicU64,
    account: Mutex<Account>,
}

/// What a rate has earned and handed out, in nanobytes.
#[derive(Debug)]
struct Account {
    /// The time up to which `earned` is computed; `None` before the first use.
    settled: Option<Instant>,
    earned: u128,
    given: u128,
    /// The number of tasks that share the rate: each has a turn, or has used one up and goes on.
    turns: u32,
}

/// The right to transfer bytes once the rate has earned all bytes handed out before it. It lasts until its bytes are
/// transferred, in any number of pieces, or there is nothing more to transfer for now.
#[derive(Debug)]
struct RateTurn {
    start: u128,
    bytes_left: u64,
}

impl Rate {
    /// A rate of `bytes_per_second`; 0 means no limit.
    pub fn new(bytes_per_second: u64) -> Rate {
        let account = Account { settled: None, earned: 0, given: 0, turns: 0 };
        Rate { limit: AtomicU64::new(bytes_per_second), account: Mutex::new(account) }
    }

    /// Changes the limit; 0 means none. The caller must then wake the tasks that wait for a turn.
    pub fn set(&self, bytes_per_second: u64) {
        self.set_at(bytes_per_second, Instant::now());
    }

    fn set_at(&self, bytes_per_second: u64, now: Instant) {
        let mut account = lock(&self.account);
        let former = self.limit();
        account.settle(former, now);
        let owed = account.given.saturating_sub(account.earned);
        // A debt must not take longer than under the former limit.
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

    /// Takes a turn after all others, of at most `most` bytes.
    fn begin_turn(&self, now: Instant, most: u64) -> RateTurn {
        let mut account = lock(&self.account);
        account.turns = account.turns.saturating_add(1);
        account.take_turn(self.limit(), now, most)
    }

    /// Takes the next turn of a task that has used up its last one.
    fn renew_turn(&self, turn: &mut RateTurn, now: Instant, most: u64) {
        *turn = lock(&self.account).take_turn(self.limit(), now, most);
    }

    /// Returns how many bytes a turn may transfer now.
    ///
    /// # Errors
    /// If the turn has not started: the time when it starts.
    fn look_at(&self, turn: &mut RateTurn, now: Instant) -> Result<u64, Instant> {
        let limit = self.limit();
        if limit == 0 {
            return Ok(u64::MAX);
        }
        let mut account = lock(&self.account);
        account.settle(limit, now);
        let missing = turn.start.saturating_sub(account.earned);
        if missing == 0 {
            // Since the turn was taken, the rate may have become lower, or the number of tasks that share it higher.
            let share = account.share(limit);
            if turn.bytes_left > share {
                account.give_back(turn.bytes_left - share, limit);
                turn.bytes_left = share;
            }
            return Ok(turn.bytes_left);
        }
        let time = u64::try_from(missing.div_ceil(limit.into())).unwrap_or(u64::MAX);
        Err(now + Duration::from_nanos(time))
    }

    /// Returns the unused bytes of a turn.
    fn end_turn(&self, turn: &RateTurn) {
        let mut account = lock(&self.account);
        account.turns = account.turns.saturating_sub(1);
        account.give_back(turn.bytes_left, self.limit());
    }
}

impl Account {
    fn take_turn(&mut self, limit: u64, now: Instant, most: u64) -> RateTurn {
        self.settle(limit, now);
        let bytes = self.share(limit).min(most);
        let start = self.given;
        self.given += u128::from(bytes) * NANOBYTES;
        RateTurn { start, bytes_left: bytes }
    }

    /// Adds what was earned since the last call; saves up at most one round.
    fn settle(&mut self, limit: u64, now: Instant) {
        let settled = self.settled.unwrap_or(now);
        let time = now.saturating_duration_since(settled);
        self.settled = Some(settled.max(now));
        self.earn(time.as_nanos().saturating_mul(limit.into()), limit);
    }

    /// Returns bytes that a turn did not use. They count as earned, so all later turns start earlier. `given` must not
    /// become smaller: the start of every waiting turn is at most `given`, and `earned` is limited by it.
    fn give_back(&mut self, bytes: u64, limit: u64) {
        self.earn(u128::from(bytes) * NANOBYTES, limit);
    }

    fn earn(&mut self, nanobytes: u128, limit: u64) {
        let round = ROUND.as_nanos().saturating_mul(limit.into());
        self.earned = self.earned.saturating_add(nanobytes).min(self.given.saturating_add(round));
    }

    /// The bytes of one turn: those of a round, divided by the number of turns.
    fn share(&self, limit: u64) -> u64 {
        let round = ROUND.as_nanos() * u128::from(limit) / NANOBYTES;
        u64::try_from(round / u128::from(self.turns.max(1))).unwrap_or(u64::MAX).max(1)
    }
}

/// The two rates of one task, its own and the shared one, with its turns. It takes a turn of the shared rate only once
/// its own allows bytes.
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
                if turn.bytes_left == 0 {
                    rate.renew_turn(turn, now, bytes);
                }
                bytes = rate.look_at(turn, now).ok()?.min(bytes);
            }
        }
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(wanted);
        Some(Grant { bytes, used: 0, pace: Some(self) })
    }

    /// Returns how many bytes the task's turns may transfer now.
    ///
    /// # Errors
    /// If a turn has not started: the time when it starts.
    fn look(&self, now: Instant) -> Result<u64, Instant> {
        let mut bytes = u64::MAX;
        for (rate, turn) in self.rates.iter().zip(&mut *lock(&self.turns)) {
            if let Some(turn) = turn {
                if turn.bytes_left == 0 {
                    rate.renew_turn(turn, now, bytes);
                }
                bytes = rate.look_at(turn, now)?.min(bytes);
            }
        }
        Ok(bytes)
    }

    /// Subtracts the used bytes from the turns, and ends the turns unless `goes_on`. A task that goes on still counts
    /// as one that shares the rate between two of its turns. Otherwise a task that takes its next turn right after the
    /// others have ended theirs would appear to be alone, and get more than its share.
    fn spend(&self, used: u64, goes_on: bool) {
        for (rate, turn) in self.rates.iter().zip(&mut *lock(&self.turns)) {
            let Some(begun) = turn else { continue };
            begun.bytes_left = begun.bytes_left.saturating_sub(used);
            if !goes_on {
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

/// The right to transfer bytes now. If not all are [spent](Grant::spend), there is nothing more to transfer for now:
/// the turn ends, and the rest is returned.
#[derive(Debug)]
#[must_use]
pub struct Grant<'a> {
    bytes: usize,
    used: usize,
    /// `None` if there is no limit.
    pace: Option<&'a Pace>,
}

impl Grant<'_> {
    /// How many bytes may be transferred.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Reports how many bytes were transferred.
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
    /// The right to transfer at most `wanted` bytes now. `None` if the task's turn has not started; then the caller
    /// must call [`wait_for_turn`](Worker::wait_for_turn).
    pub fn grant(&self, wanted: usize) -> Option<Grant<'_>> {
        match &self.pace {
            Some(pace) if pace.limits() != [0; 2] => pace.grant(wanted, Instant::now()),
            _ => Some(Grant { bytes: wanted, used: 0, pace: None }),
        }
    }

    /// Waits for the task's turn if [`grant`](Worker::grant) returned `None`. Returns how many bytes the turn may
    /// transfer, or `None` if `limit` passes before.
    ///
    /// # Errors
    /// As [`wait`](Worker::wait).
    pub fn wait_for_turn(&self, limit: Option<Instant>) -> Result<Option<u64>, WaitError> {
        let Some(pace) = &self.pace else { return Ok(Some(u64::MAX)) };
        loop {
            // Read before the turn, so that a later change ends the wait.
            let limits = pace.limits();
            if limits == [0; 2] {
                return Ok(Some(u64::MAX));
            }
            let now = Instant::now();
            let due = match pace.look(now) {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(due) => due,
            };
            if limit.is_some_and(|limit| now >= limit) {
                return Ok(None);
            }
            let until = limit.map_or(due, |limit| limit.min(due));
            // The task's own pace is no reason for a step to take too long.
            self.within(None, || self.wait_for(Some(until), || (pace.limits() != limits).then_some(())))?;
        }
    }
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
