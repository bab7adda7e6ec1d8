use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use super::*;
use crate::worker::{Absence, StopSignal};

const LIMIT: Duration = Duration::from_secs(60);

fn worker() -> Worker {
    Worker::for_call(Arc::new(StopSignal::new()))
}

fn pipe() -> (std::os::fd::OwnedFd, std::os::fd::OwnedFd) {
    rustix::pipe::pipe().unwrap()
}

#[test]
fn an_event_of_a_descriptor_ends_the_wait() {
    let worker = worker();
    let (first, (second, writer)) = (pipe(), pipe());
    rustix::io::write(&writer, b"x").unwrap();
    let watched = [PollFd::new(&first.0, PollFlags::IN), PollFd::new(&second, PollFlags::IN)];
    let events = worker.wait(&watched, Some(Instant::now() + LIMIT)).unwrap();
    assert!(events[0].is_empty());
    assert!(events[1].contains(PollFlags::IN));
}

#[test]
fn the_limit_ends_the_wait_without_an_event() {
    let worker = worker();
    let (reader, _writer) = pipe();
    let limit = Instant::now() + Duration::from_millis(20);
    let events = worker.wait(&[PollFd::new(&reader, PollFlags::IN)], Some(limit)).unwrap();
    assert!(events.iter().all(|events| events.is_empty()));
    assert!(Instant::now() >= limit);
}

/// Unread bytes neither hide the end of the connection nor count as its end.
#[test]
fn end_of_a_connection_is_detected_without_reading() {
    let worker = worker();
    worker.stop().set_deadline(Instant::now() + LIMIT);
    let (ours, peer) = std::os::unix::net::UnixStream::pair().unwrap();
    rustix::io::write(&peer, b"x").unwrap();
    let connection = [PollFd::new(&ours, PEER_CLOSED)];
    let mut calls = 0;
    let value = worker.ready_or_closed(&connection, || {
        calls += 1;
        (calls == 5).then_some(7)
    });
    assert_eq!(value.unwrap(), Some(7));
    drop(peer);
    assert_eq!(worker.ready_or_closed(&connection, || None::<()>).unwrap(), None);
}

#[test]
fn a_stop_ends_the_wait_from_another_thread() {
    let worker = Arc::new(worker());
    let (sender, begins) = mpsc::channel();
    let sleeper = worker.clone();
    let thread = thread::spawn(move || {
        sleeper.wait_for(None, || {
            let _ = sender.send(());
            None::<()>
        })
    });
    begins.recv_timeout(LIMIT).unwrap();
    worker.stop().request(StopReason::Interrupted);
    assert!(matches!(thread.join().unwrap(), Err(WaitError::Stopped(StopReason::Interrupted))));
}

#[test]
fn a_stop_before_the_wait_is_seen_at_once() {
    let worker = worker();
    worker.stop().request(StopReason::Aborted);
    assert!(matches!(worker.wait(&[], None), Err(WaitError::Stopped(StopReason::Aborted))));
}

#[test]
fn the_deadline_ends_the_wait() {
    let worker = worker();
    worker.stop().set_deadline(Instant::now() + Duration::from_millis(20));
    assert!(matches!(worker.wait(&[], None), Err(WaitError::Stopped(StopReason::DeadlinePassed))));
}

#[test]
fn wait_ends_at_a_deadline_that_is_no_longer_suspended() {
    let absence = Arc::new(Absence::default());
    absence.begin();
    let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::with_absence(Some(absence.clone())))));
    worker.stop().set_deadline(Instant::now() + Duration::from_millis(20));
    let (sender, looks) = mpsc::channel();
    let sleeper = worker.clone();
    let thread = thread::spawn(move || {
        sleeper.wait_for(None, || {
            let _ = sender.send(());
            None::<()>
        })
    });
    looks.recv_timeout(LIMIT).unwrap();
    absence.end();
    worker.stop().wake();
    assert!(matches!(thread.join().unwrap(), Err(WaitError::Stopped(StopReason::DeadlinePassed))));
}

#[test]
fn step_limit_does_not_count_an_inner_step_without_a_limit() {
    let worker = worker();
    let soon = Some(Duration::from_millis(20));
    assert!(matches!(worker.within(soon, || worker.wait(&[], None)), Err(WaitError::TooLong)));
    let value = worker.within(soon, || worker.wait_for(None, || Some(7)));
    assert_eq!(value.unwrap(), Some(7), "an available value is returned although the time is over");
    // So long that a busy machine does not use it up between two waits.
    let limit = Duration::from_secs(1);
    let until = Instant::now() + limit + Duration::from_millis(100);
    worker.within(Some(limit), || {
        let inner = worker.within(None, || worker.wait(&[], Some(until)));
        assert!(inner.is_ok() && Instant::now() >= until);
        let rest = worker.wait(&[], Some(Instant::now() + Duration::from_millis(1)));
        assert!(rest.is_ok(), "the time of the inner step does not count");
        assert!(matches!(worker.wait(&[], None), Err(WaitError::TooLong)));
    });
    let after = worker.wait(&[], Some(Instant::now() + Duration::from_millis(30)));
    assert!(after.is_ok(), "the limit ends with the step");
}

#[test]
fn waits_for_others_share_one_patience() {
    let worker = worker();
    worker.spend_patience(PATIENCE - Duration::from_millis(60));
    let begin = Instant::now();
    while worker.has_patience() {
        let pause = Some(Instant::now() + Duration::from_millis(4));
        assert_eq!(worker.wait_for_others(pause, || None::<()>).unwrap(), None);
    }
    assert!(begin.elapsed() >= Duration::from_millis(60));
    assert_eq!(worker.wait_for_others(None, || None::<()>).unwrap(), None, "the call does not wait without patience");
    assert_eq!(worker.wait_for_others(None, || Some(7)).unwrap(), Some(7), "the call still checks the condition");
}

#[test]
fn deadline_replaces_patience() {
    let worker = worker();
    worker.spend_patience(PATIENCE);
    worker.stop().set_deadline(Instant::now() + Duration::from_millis(20));
    assert!(worker.has_patience());
    let waited = worker.wait_for_others(None, || None::<()>);
    assert!(matches!(waited, Err(WaitError::Stopped(StopReason::DeadlinePassed))));
}

#[test]
fn wake_checks_the_condition_again() {
    let worker = Arc::new(worker());
    let ready = Arc::new(AtomicBool::new(false));
    let (sender, begins) = mpsc::channel();
    let (sleeper, looked_at) = (worker.clone(), ready.clone());
    let thread = thread::spawn(move || {
        sleeper.wait_for(None, || {
            let is_ready = looked_at.load(Ordering::SeqCst);
            let _ = sender.send(());
            is_ready.then_some(7)
        })
    });
    begins.recv_timeout(LIMIT).unwrap();
    ready.store(true, Ordering::SeqCst);
    worker.thread.waker().unwrap().wake();
    assert_eq!(thread.join().unwrap().unwrap(), Some(7));
}
