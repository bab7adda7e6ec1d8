//! Counts the calls that are inside a session, and waits for them when it closes.

use std::sync::PoisonError;

use crate::platform::sync::{Condvar, Mutex};
use crate::worker::lock;

/// A gate that is open until it is shut. Shutting waits for all visits.
///
/// It is not a reader-writer lock: a visit may run code of the host (its executor, its logger), which may enter again
/// while another thread shuts the gate.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<Occupancy>,
    left: Condvar,
}

#[derive(Debug)]
struct Occupancy {
    open: bool,
    inside: usize,
}

/// One visit. Dropping it leaves.
#[derive(Debug)]
pub struct Visit<'a>(&'a Gate);

impl Gate {
    pub fn new() -> Gate {
        Gate { state: Mutex::new(Occupancy { open: true, inside: 0 }), left: Condvar::new() }
    }

    /// `None` once the gate is shut.
    pub fn enter(&self) -> Option<Visit<'_>> {
        let mut state = lock(&self.state);
        state.open.then(|| {
            state.inside += 1;
            Visit(self)
        })
    }

    /// Shuts the gate and waits until all visits have ended. `false` if it was shut before.
    pub fn shut(&self) -> bool {
        let mut state = lock(&self.state);
        if !std::mem::replace(&mut state.open, false) {
            return false;
        }
        while state.inside > 0 {
            state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).inside -= 1;
        self.0.left.notify_all();
    }
}

#[cfg(all(test, models))]
#[path = "../models/gate.rs"]
mod models;
#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn shut_gate_admits_nobody() {
        let gate = Gate::new();
        assert!(gate.enter().is_some());
        assert!(gate.shut());
        assert!(gate.enter().is_none());
    }

    #[test]
    fn only_the_first_shut_returns_true() {
        let gate = Gate::new();
        let first = thread::scope(|scope| {
            let shutting: Vec<_> = (0..8).map(|_| scope.spawn(|| gate.shut())).collect();
            shutting.into_iter().filter_map(|thread| thread.join().ok()).filter(|first| *first).count()
        });
        assert_eq!(first, 1);
    }

    #[test]
    fn shutting_waits_for_all_visits() {
        let gate = Gate::new();
        let left = AtomicBool::new(false);
        let (first, second) = (gate.enter().unwrap(), gate.enter().unwrap());
        thread::scope(|scope| {
            let shutting = scope.spawn(|| {
                assert!(gate.shut());
                assert!(left.load(Ordering::SeqCst), "the gate waits for both visits");
            });
            // A gate that is being shut admits no visit while it waits.
            while gate.enter().is_some() {
                thread::yield_now();
            }
            drop(first);
            left.store(true, Ordering::SeqCst);
            drop(second);
            shutting.join().unwrap();
        });
    }
}
