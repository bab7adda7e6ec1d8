//! A queue of turns: one thread at a time, in order of arrival. A thread waits with its worker, so that a stop or a
//! deadline ends the wait. No mutex is held meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};

use super::notes::Hold;
use crate::platform::Waker;
use crate::worker::{WaitError, Worker, lock};

/// A resource that one thread at a time may use.
#[derive(Debug, Default)]
pub struct Turns {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    taken: bool,
    next_ticket: u64,
    waiting: VecDeque<(u64, Arc<Waker>)>,
}

/// The right to use it, until this is dropped. The thread's log messages are written after it.
#[derive(Debug)]
pub struct Turn<'a> {
    // Dropped in this order: the messages are written when others can have their turn.
    _taken: Taken<'a>,
    _hold: Hold,
}

/// Gives the turn to the next thread when it is dropped.
#[derive(Debug)]
struct Taken<'a>(&'a Turns);

/// The turns for many resources, by key. A key that is neither used nor waited for is forgotten.
#[derive(Debug)]
pub struct TurnsByKey<K>(Mutex<Vec<(K, Weak<Turns>)>>);

impl<K> TurnsByKey<K> {
    /// Without any key.
    pub const fn new() -> TurnsByKey<K> {
        TurnsByKey(Mutex::new(Vec::new()))
    }
}

impl<K: PartialEq> TurnsByKey<K> {
    /// The turns of a key.
    pub fn of(&self, key: K) -> Arc<Turns> {
        let mut known = lock(&self.0);
        known.retain(|(_, turns)| turns.strong_count() > 0);
        let found = known.iter().find(|(other, _)| *other == key).and_then(|(_, turns)| turns.upgrade());
        found.unwrap_or_else(|| {
            let turns = Arc::new(Turns::default());
            known.push((key, Arc::downgrade(&turns)));
            turns
        })
    }
}

/// A place in the queue. Dropping it leaves the queue.
struct PlaceInLine<'a> {
    turns: &'a Turns,
    ticket: u64,
}

impl Turns {
    /// Takes a turn if nobody has one or waits.
    pub fn try_take(&self) -> Option<Turn<'_>> {
        let mut queue = lock(&self.queue);
        if queue.taken || !queue.waiting.is_empty() {
            return None;
        }
        queue.taken = true;
        Some(self.turn())
    }

    /// Waits for a turn. `None` if the worker's patience ends first.
    ///
    /// Fails if the worker is stopped or cannot wait.
    pub fn take(&self, worker: &Worker) -> Result<Option<Turn<'_>>, WaitError> {
        if let Some(turn) = self.try_take() {
            return Ok(Some(turn));
        }
        let place = self.queue_up(worker.waker().map_err(WaitError::Failed)?);
        worker.wait_for_others(None, || self.take_if_first(place.ticket))
    }

    /// Waits for a turn without a limit of patience.
    ///
    /// Fails if the worker is stopped or cannot wait.
    pub fn take_at_last(&self, worker: &Worker) -> Result<Turn<'_>, WaitError> {
        if let Some(turn) = self.try_take() {
            return Ok(turn);
        }
        let place = self.queue_up(worker.waker().map_err(WaitError::Failed)?);
        loop {
            // Without a limit, the wait ends only with a turn or an error.
            if let Some(turn) = worker.wait_for(None, || self.take_if_first(place.ticket))? {
                return Ok(turn);
            }
        }
    }

    fn queue_up(&self, waker: Arc<Waker>) -> PlaceInLine<'_> {
        let mut queue = lock(&self.queue);
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.waiting.push_back((ticket, waker));
        PlaceInLine { turns: self, ticket }
    }

    fn take_if_first(&self, ticket: u64) -> Option<Turn<'_>> {
        let mut queue = lock(&self.queue);
        if queue.taken || queue.waiting.front().is_none_or(|(first, _)| *first != ticket) {
            return None;
        }
        queue.waiting.pop_front();
        queue.taken = true;
        Some(self.turn())
    }

    fn turn(&self) -> Turn<'_> {
        Turn { _taken: Taken(self), _hold: Hold::begin() }
    }
}

impl Queue {
    fn wake_first(&self) {
        if let Some((_, waker)) = self.waiting.front()
            && !self.taken
        {
            waker.wake();
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut queue = lock(&self.0.queue);
        queue.taken = false;
        queue.wake_first();
    }
}

impl Drop for PlaceInLine<'_> {
    fn drop(&mut self) {
        let mut queue = lock(&self.turns.queue);
        if let Some(index) = queue.waiting.iter().position(|(ticket, _)| *ticket == self.ticket) {
            queue.waiting.remove(index);
            // It may have been woken without taking its turn.
            queue.wake_first();
        }
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
