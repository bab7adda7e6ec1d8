//! The locks, atomics, channels and threads of the code that `src/models` checks: those of the system, or with `--cfg
//! models` those of the model checker.

#[cfg(models)]
#[path = "../models/stand_ins.rs"]
mod stand_ins;
#[cfg(not(models))]
mod system {
    pub use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize};
    pub use std::sync::{Condvar, Mutex, MutexGuard};
    pub use std::thread;

    pub mod channel {
        pub use crossbeam_channel::{Receiver, Sender, unbounded};
    }

    /// Locks a mutex and ignores poisoning. Its contents must be valid after every single step under it, so that a
    /// panic in another thread does not matter.
    pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(models)]
pub use stand_ins::{AtomicBool, AtomicU8, AtomicUsize, Condvar, Mutex, MutexGuard, Waker, channel, lock, thread};
#[cfg(not(models))]
pub use system::{AtomicBool, AtomicU8, AtomicUsize, Condvar, Mutex, MutexGuard, channel, lock, thread};
