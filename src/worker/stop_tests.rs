use std::thread;
use std::time::Duration;

use super::*;

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn first_stop_reason_is_kept() {
    let signal = StopSignal::new();
    assert_eq!(signal.check(), Ok(()));
    assert!(signal.request(StopReason::Interrupted));
    assert!(signal.request(StopReason::DeadlinePassed), "a stop is in progress");
    assert_eq!(signal.check(), Err(StopReason::Interrupted));
}

#[test]
fn an_abort_replaces_another_reason_until_the_result_is_decided() {
    let signal = StopSignal::new();
    signal.request(StopReason::Interrupted);
    assert!(signal.request(StopReason::Aborted));
    assert!(signal.request(StopReason::Interrupted), "a stop is in progress");
    assert_eq!(signal.settle_failure(), Err(StopReason::Aborted));
    assert!(signal.request(StopReason::Aborted), "the result is the abort");

    let signal = StopSignal::new();
    signal.request(StopReason::Interrupted);
    assert_eq!(signal.settle_failure(), Err(StopReason::Interrupted));
    assert!(!signal.request(StopReason::Aborted), "the result is the interruption");
    assert_eq!(signal.check(), Err(StopReason::Interrupted));
}

#[test]
fn concurrent_request_and_settle_have_one_winner() {
    for settle in [StopSignal::settle, StopSignal::settle_failure] {
        for _ in 0..100 {
            let signal = &StopSignal::new();
            let (stopped, settled) = thread::scope(|scope| {
                let stop = scope.spawn(|| signal.request(StopReason::Aborted));
                let settle = scope.spawn(|| settle(signal));
                (stop.join().unwrap(), settle.join().unwrap())
            });
            assert_eq!(settled.is_err(), stopped);
        }
    }
}

#[test]
fn a_requested_reason_comes_before_the_deadline() {
    let signal = StopSignal::new();
    assert_eq!(signal.deadline(), None, "a queued task has no deadline");
    signal.set_deadline(Instant::now());
    assert_eq!(signal.check(), Err(StopReason::DeadlinePassed));
    signal.request(StopReason::Aborted);
    assert_eq!(signal.check(), Err(StopReason::Aborted));

    let signal = StopSignal::new();
    signal.set_deadline(Instant::now() + LIMIT);
    assert_eq!(signal.check(), Ok(()));
}

#[test]
fn a_deadline_stands_still_while_the_app_is_away() {
    let absence = Arc::new(Absence::default());
    let signal = StopSignal::with_absence(Some(absence.clone()));
    signal.set_deadline(Instant::now());
    assert_eq!(signal.check(), Err(StopReason::DeadlinePassed));
    absence.begin();
    assert_eq!((signal.check(), signal.deadline()), (Ok(()), None));
    assert!(signal.deadline_after_return().is_some_and(|deadline| deadline < Instant::now() + LIMIT));
    assert!(signal.has_deadline());

    // A deadline that is set during the absence keeps all of its time until the return.
    let begun_away = StopSignal::with_absence(Some(absence.clone()));
    let away = Instant::now();
    begun_away.set_deadline(away + Duration::from_millis(50));
    while away.elapsed() < Duration::from_millis(60) {}
    assert_eq!(begun_away.check(), Ok(()));
    absence.end();
    let deadline = begun_away.deadline().unwrap();
    assert!(deadline >= away + Duration::from_millis(110), "the deadline is 50 ms after the return");
    assert_eq!(signal.check(), Err(StopReason::DeadlinePassed), "this deadline had passed before the absence");
}

#[test]
fn a_request_wakes_every_thread_that_watches() {
    let signal = StopSignal::new();
    let wakers = [(); 2].map(|()| Arc::new(Waker::new().unwrap()));
    let watches = wakers.each_ref().map(|waker| signal.watch(waker));
    assert!(!wakers.iter().any(|waker| waker.is_readable()));
    signal.request(StopReason::Aborted);
    assert!(wakers.iter().all(|waker| waker.is_readable()));
    drop(watches);
}

#[test]
fn request_after_a_watch_does_not_wake_the_next_task() {
    let signal = StopSignal::new();
    let waker = Arc::new(Waker::new().unwrap());
    drop(signal.watch(&waker));
    signal.request(StopReason::Aborted);
    assert!(!waker.is_readable());
}

#[test]
fn a_settled_result_cannot_be_stopped() {
    let signal = StopSignal::new();
    assert!(signal.request(StopReason::Aborted));
    assert_eq!(signal.settle(), Err(StopReason::Aborted));
    assert_eq!(signal.settle_failure(), Err(StopReason::Aborted));

    let signal = StopSignal::new();
    signal.set_deadline(Instant::now() + Duration::from_millis(20));
    assert_eq!(signal.settle(), Ok(()));
    assert!(!signal.request(StopReason::Aborted), "a settled result cannot be stopped");
    while Instant::now() < signal.deadline().unwrap() {}
    assert_eq!(signal.check(), Ok(()));
    assert_eq!(signal.settle_failure(), Ok(()));
}

#[test]
fn a_failure_settles_also_after_the_deadline() {
    let signal = StopSignal::new();
    signal.set_deadline(Instant::now());
    assert_eq!(signal.settle(), Err(StopReason::DeadlinePassed));
    assert_eq!(signal.settle_failure(), Ok(()));
    assert!(!signal.request(StopReason::Aborted));
}
