//! Shows that a result is settled once, whichever stops are requested meanwhile, and that a thread that waits misses no
//! stop and no wake.

use super::*;
use crate::models::check;
use crate::platform::sync::{lock, thread};
use crate::worker::{WaitError, Worker};

/// Fails if `request`, `settle_failure` or both read and change the state in two steps.
#[test]
fn either_the_success_or_the_stop_counts() {
    for reason in [StopReason::Aborted, StopReason::Interrupted] {
        check("stop and success", move || {
            let signal = Arc::new(StopSignal::new());
            let stopping = signal.clone();
            let stop = thread::spawn(move || stopping.request(reason));
            let settled = signal.settle();
            let stopped = stop.join().unwrap();
            assert_eq!(settled, if stopped { Err(reason) } else { Ok(()) });
            assert_eq!(signal.check(), settled, "it stays");
            assert_eq!(signal.settle_failure(), settled);
        });
    }
}

/// Fails if an abort does not replace another reason, or replaces that of a settled result.
#[test]
fn accepted_abort_is_how_the_work_ends() {
    check("stop, abort and failure", || {
        let signal = Arc::new(StopSignal::new());
        let requests = [StopReason::Interrupted, StopReason::Aborted].map(|reason| {
            let signal = signal.clone();
            thread::spawn(move || signal.request(reason))
        });
        let settled = signal.settle_failure();
        let [interrupted, aborted] = requests.map(|request| request.join().unwrap());
        assert_eq!(settled == Err(StopReason::Aborted), aborted);
        assert_eq!(settled.is_err(), interrupted || aborted);
        assert_eq!(signal.check(), settled);
    });
}

/// Fails if `watch` comes after the check, if `request` wakes before it changes the state or does not wake, and if the
/// waker is reset after the check.
#[test]
fn stop_ends_every_wait() {
    check("stop and waits", || {
        let signal = Arc::new(StopSignal::new());
        // Threads of two calls of one session, which share a signal.
        let waits: [_; 2] = std::array::from_fn(|_| {
            let signal = signal.clone();
            thread::spawn(move || Worker::for_call(signal).wait_for(None, || None::<()>))
        });
        assert!(signal.request(StopReason::Aborted));
        for wait in waits {
            assert!(matches!(wait.join().unwrap(), Err(WaitError::Stopped(StopReason::Aborted))));
        }
        assert!(lock(&signal.wakers).is_empty());
    });
}

/// Fails if the waker is reset after the condition is checked.
#[test]
fn wait_sees_every_change_that_wakes_it() {
    check("wait for a condition", || {
        let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
        let done = Arc::new(Mutex::new(0));
        let changes: [_; 2] = std::array::from_fn(|_| {
            let (waker, done) = (worker.waker().unwrap(), done.clone());
            thread::spawn(move || {
                *lock(&done) += 1;
                waker.wake();
            })
        });
        let waited = worker.wait_for(None, || (*lock(&done) == 2).then_some(7));
        assert!(matches!(waited, Ok(Some(7))));
        for change in changes {
            change.join().unwrap();
        }
    });
}
