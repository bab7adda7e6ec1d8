//! Who may still come in, and who is still inside, when a session closes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A door that is open until it is shut; shutting waits for those inside.
///
/// Not a reader-writer lock: those inside run the host's code (its executor, its logger), which may come in again while
/// another thread shuts the door.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Debug)]
struct State {
    open: bool,
    inside: usize,
}

/// Somebody inside; dropping it is leaving.
#[derive(Debug)]
pub struct Entry<'a>(&'a Gate);

impl Gate {
    pub fn new() -> Gate {
        Gate { state: Mutex::new(State { open: true, inside: 0 }), left: Condvar::new() }
    }

    /// `None` once the door is shut.
    pub fn enter(&self) -> Option<Entry<'_>> {
        let mut state = self.lock();
        state.open.then(|| {
            state.inside += 1;
            Entry(self)
        })
    }

    /// Shuts the door and waits until all have left. `false` if it was shut before.
    pub fn shut(&self) -> bool {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.open, false) {
            return false;
        }
        while state.inside > 0 {
            state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.0.lock().inside -= 1;
        self.0.left.notify_all();
    }
}
