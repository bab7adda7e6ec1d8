//! The one way in which a running transfer is stopped from outside: abort, deadline, background and close.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use crate::platform::Waker;

/// Why a transfer was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// `abort()` was called, or the session is closing.
    Aborted,
    /// The mini program was in the background for too long.
    Interrupted,
    /// The deadline passed.
    DeadlinePassed,
}

impl CancelReason {
    /// The atomic's value for a reason.
    const fn code(self) -> u8 {
        match self {
            CancelReason::Aborted => 1,
            CancelReason::Interrupted => 2,
            CancelReason::DeadlinePassed => 3,
        }
    }

    fn from_code(code: u8) -> Option<CancelReason> {
        [CancelReason::Aborted, CancelReason::Interrupted, CancelReason::DeadlinePassed]
            .into_iter()
            .find(|reason| reason.code() == code)
    }
}

/// The atomic's value while the transfer can be cancelled and is not.
const RUNNING: u8 = 0;
/// The atomic's value when its result is decided.
const SETTLED: u8 = 4;

/// A transfer's stop signal and deadline, shared between those who may stop it and the thread that runs it.
///
/// It can be observed in three ways, one for each kind of waiting: [`check`](CancelToken::check) between two steps,
/// the wake descriptor in a `poll`, and [`signal`](CancelToken::signal) in a channel's `select!`.
#[derive(Debug)]
pub struct CancelToken {
    reason: AtomicU8,
    deadline: OnceLock<Instant>,
    waker: Mutex<Option<Arc<Waker>>>,
    /// Dropped to disconnect `signal`, which every receiver sees, now and later.
    signal_sender: Mutex<Option<Sender<Infallible>>>,
    signal: Receiver<Infallible>,
}

impl CancelToken {
    /// A token that nobody has cancelled and that has no deadline yet.
    pub fn new() -> CancelToken {
        let (sender, signal) = crossbeam_channel::bounded(0);
        CancelToken {
            reason: AtomicU8::new(RUNNING),
            deadline: OnceLock::new(),
            waker: Mutex::new(None),
            signal_sender: Mutex::new(Some(sender)),
            signal,
        }
    }

    /// Binds the token to the thread that now runs the transfer: its deadline, and the descriptor its `poll` watches.
    pub fn start(&self, deadline: Instant, waker: Arc<Waker>) {
        let _ = self.deadline.set(deadline);
        *lock(&self.waker) = Some(waker);
    }

    /// Releases the thread's waker; a later cancel no longer touches it.
    pub fn finish(&self) {
        *lock(&self.waker) = None;
    }

    /// Stops the transfer; the first reason stays. `false` if its result was decided before.
    pub fn cancel(&self, reason: CancelReason) -> bool {
        if let Err(before) = self.reason.compare_exchange(RUNNING, reason.code(), Ordering::SeqCst, Ordering::SeqCst) {
            return before != SETTLED;
        }
        lock(&self.signal_sender).take();
        if let Some(waker) = lock(&self.waker).as_ref() {
            waker.wake();
        }
        true
    }

    /// `Err` once the transfer is to stop.
    pub fn check(&self) -> Result<(), CancelReason> {
        if let Some(reason) = CancelReason::from_code(self.reason.load(Ordering::SeqCst)) {
            return Err(reason);
        }
        match self.deadline() {
            Some(deadline) if Instant::now() >= deadline => Err(CancelReason::DeadlinePassed),
            _ => Ok(()),
        }
    }

    /// Decides that the transfer succeeds, before what cannot be taken back: from here on nothing stops it. `Err` if it is
    /// to stop.
    pub fn settle(&self) -> Result<(), CancelReason> {
        self.check()?;
        match self.reason.compare_exchange(RUNNING, SETTLED, Ordering::SeqCst, Ordering::SeqCst) {
            Err(reason) if reason != SETTLED => self.check(),
            _ => Ok(()),
        }
    }

    /// When the transfer has to be done; `None` while it waits in the queue.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.get().copied()
    }

    /// The descriptor that becomes readable when the token is cancelled; `None` outside [`start`](CancelToken::start)
    /// and [`finish`](CancelToken::finish). It may also be readable without reason, so [`check`](CancelToken::check)
    /// decides, and who finds no reason resets it.
    pub fn waker(&self) -> Option<Arc<Waker>> {
        lock(&self.waker).clone()
    }

    /// A channel that is disconnected when the token is cancelled, and never carries a value. The deadline is not part
    /// of it.
    pub fn signal(&self) -> &Receiver<Infallible> {
        &self.signal
    }
}

impl Default for CancelToken {
    fn default() -> CancelToken {
        CancelToken::new()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use crossbeam_channel::{RecvTimeoutError, TryRecvError};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn is_readable(waker: &Waker) -> bool {
        poll(&mut [PollFd::new(waker, PollFlags::IN)], Some(&Timespec::default())).unwrap() == 1
    }

    #[test]
    fn the_first_reason_stays() {
        let token = CancelToken::new();
        assert_eq!(token.check(), Ok(()));
        assert!(token.cancel(CancelReason::Interrupted));
        assert!(token.cancel(CancelReason::Aborted), "it is being stopped");
        assert_eq!(token.check(), Err(CancelReason::Interrupted));
    }

    #[test]
    fn of_a_stop_and_a_result_at_once_one_comes_first() {
        for _ in 0..100 {
            let token = &CancelToken::new();
            let (stopped, settled) = thread::scope(|scope| {
                let stop = scope.spawn(|| token.cancel(CancelReason::Aborted));
                let settle = scope.spawn(|| token.settle());
                (stop.join().unwrap(), settle.join().unwrap())
            });
            assert_eq!(settled.is_err(), stopped);
        }
    }

    #[test]
    fn a_deadline_counts_from_the_start_and_yields_to_a_reason() {
        let token = CancelToken::new();
        assert_eq!(token.deadline(), None, "none while it waits in the queue");
        token.start(Instant::now(), Arc::new(Waker::new().unwrap()));
        assert_eq!(token.check(), Err(CancelReason::DeadlinePassed));
        token.cancel(CancelReason::Aborted);
        assert_eq!(token.check(), Err(CancelReason::Aborted));

        let token = CancelToken::new();
        token.start(Instant::now() + LIMIT, Arc::new(Waker::new().unwrap()));
        assert_eq!(token.check(), Ok(()));
    }

    #[test]
    fn all_three_ways_of_waiting_see_it() {
        let token = CancelToken::new();
        let waker = Arc::new(Waker::new().unwrap());
        token.start(Instant::now() + LIMIT, waker.clone());
        assert!(!is_readable(&waker));
        assert_eq!(token.signal().try_recv(), Err(TryRecvError::Empty));
        thread::scope(|scope| {
            let signalled = scope.spawn(|| token.signal().recv_timeout(LIMIT));
            token.cancel(CancelReason::Aborted);
            assert_eq!(signalled.join().unwrap(), Err(RecvTimeoutError::Disconnected));
        });
        assert!(is_readable(&waker));
        assert_eq!(token.signal().try_recv(), Err(TryRecvError::Disconnected), "also who comes later");
    }

    #[test]
    fn a_cancel_after_the_end_does_not_wake_the_threads_next_transfer() {
        let token = CancelToken::new();
        let waker = Arc::new(Waker::new().unwrap());
        token.start(Instant::now() + LIMIT, waker.clone());
        token.finish();
        assert!(token.waker().is_none());
        token.cancel(CancelReason::Aborted);
        assert!(!is_readable(&waker));
    }

    #[test]
    fn a_cancel_before_the_start_is_seen_by_the_first_check() {
        let token = CancelToken::new();
        token.cancel(CancelReason::Aborted);
        token.start(Instant::now() + LIMIT, Arc::new(Waker::new().unwrap()));
        assert_eq!(token.check(), Err(CancelReason::Aborted));
    }

    #[test]
    fn either_the_stop_or_the_result_comes_first() {
        let token = CancelToken::new();
        assert!(token.cancel(CancelReason::Aborted));
        assert!(token.cancel(CancelReason::Interrupted), "it is being stopped");
        assert_eq!(token.settle(), Err(CancelReason::Aborted));
        assert_eq!(token.check(), Err(CancelReason::Aborted));

        let token = CancelToken::new();
        assert_eq!(token.settle(), Ok(()));
        assert!(!token.cancel(CancelReason::Aborted), "it can no longer be stopped");
        assert_eq!(token.check(), Ok(()));
    }
}
