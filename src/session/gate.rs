//! Who may still come in, and who is still inside, when a session closes.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::worker::lock;

/// A door that is open until it is shut; shutting waits for those inside.
///
/// Not a reader-writer lock: those inside run the host's code (its executor, its logger), which may come in again while
/// another thread shuts the door.
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

/// Somebody inside; dropping it is leaving.
#[derive(Debug)]
pub struct Visit<'a>(&'a Gate);

impl Gate {
    pub fn new() -> Gate {
        Gate { state: Mutex::new(Occupancy { open: true, inside: 0 }), left: Condvar::new() }
    }

    /// `None` once the door is shut.
    pub fn enter(&self) -> Option<Visit<'_>> {
        let mut state = lock(&self.state);
        state.open.then(|| {
            state.inside += 1;
            Visit(self)
        })
    }

    /// Shuts the door and waits until all have left. `false` if it was shut before.
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn a_shut_door_lets_nobody_in() {
        let gate = Gate::new();
        assert!(gate.enter().is_some());
        assert!(gate.shut());
        assert!(gate.enter().is_none());
    }

    #[test]
    fn only_the_first_to_shut_it_is_told_so() {
        let gate = Gate::new();
        let first = thread::scope(|scope| {
            let shutting: Vec<_> = (0..8).map(|_| scope.spawn(|| gate.shut())).collect();
            shutting.into_iter().filter_map(|thread| thread.join().ok()).filter(|first| *first).count()
        });
        assert_eq!(first, 1);
    }

    #[test]
    fn shutting_waits_until_the_last_has_left() {
        let gate = Gate::new();
        let left = AtomicBool::new(false);
        let (first, second) = (gate.enter().unwrap(), gate.enter().unwrap());
        thread::scope(|scope| {
            let shutting = scope.spawn(|| {
                assert!(gate.shut());
                assert!(left.load(Ordering::SeqCst), "it waits for both");
            });
            // The door is shut to others while it waits for those inside.
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
