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
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::worker::{StopReason, StopSignal};

    fn worker() -> Worker {
        Worker::for_call(Arc::new(StopSignal::new()))
    }

    fn waiting(turns: &Turns) -> usize {
        lock(&turns.queue).waiting.len()
    }

    /// Yields until this many threads wait.
    fn until_waiting(turns: &Turns, count: usize) {
        while waiting(turns) != count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn turns_are_taken_in_order_of_arrival() {
        let turns = Turns::default();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let first = turns.try_take().unwrap();
            for number in 0..5 {
                let (turns, order) = (&turns, &order);
                scope.spawn(move || {
                    let _turn = turns.take(&worker()).unwrap().unwrap();
                    lock(order).push(number);
                });
                until_waiting(turns, number + 1);
            }
            assert!(turns.try_take().is_none());
            drop(first);
        });
        assert_eq!(lock(&order)[..], [0, 1, 2, 3, 4]);
        assert!(turns.try_take().is_some());
    }

    #[test]
    fn turns_are_mutually_exclusive() {
        let turns = Turns::default();
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let worker = worker();
                    for _ in 0..200 {
                        let _turn = turns.take(&worker).unwrap().unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
    }

    #[test]
    fn a_stop_a_deadline_and_the_end_of_patience_end_the_wait() {
        let turns = Turns::default();
        let turn = turns.try_take().unwrap();
        let stopped = worker();
        std::thread::scope(|scope| {
            let wait = scope.spawn(|| turns.take(&stopped).map(|turn| turn.is_some()));
            until_waiting(&turns, 1);
            stopped.stop().request(StopReason::Aborted);
            assert!(matches!(wait.join().unwrap(), Err(WaitError::Stopped(StopReason::Aborted))));
        });
        let late = worker();
        late.stop().set_deadline(Instant::now() + Duration::from_millis(20));
        assert!(matches!(turns.take(&late), Err(WaitError::Stopped(StopReason::DeadlinePassed))));
        let impatient = worker();
        impatient.spend_patience(Duration::from_secs(3600));
        assert!(turns.take(&impatient).unwrap().is_none());
        assert_eq!(waiting(&turns), 0);
        drop(turn);
        assert!(turns.try_take().is_some());
    }

    #[test]
    fn turns_of_a_key_exist_while_they_are_used() {
        let by_key = TurnsByKey::new();
        let turns = by_key.of("a");
        assert!(Arc::ptr_eq(&turns, &by_key.of("a")));
        let other = by_key.of("b");
        assert!(!Arc::ptr_eq(&turns, &other));
        drop(turns);
        assert!(Arc::ptr_eq(&other, &by_key.of("b")));
        assert_eq!(lock(&by_key.0).iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn leaving_the_queue_wakes_the_next() {
        let turns = Turns::default();
        let turn = turns.try_take().unwrap();
        let stopped = worker();
        std::thread::scope(|scope| {
            scope.spawn(|| turns.take(&stopped).map(drop));
            until_waiting(&turns, 1);
            let second = scope.spawn(|| turns.take(&worker()).unwrap().is_some());
            until_waiting(&turns, 2);
            // Both at the same time: the woken thread may be the one that leaves.
            stopped.stop().request(StopReason::Aborted);
            drop(turn);
            assert!(second.join().unwrap());
        });
    }
}
