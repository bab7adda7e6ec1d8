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
        // The stop and the wake come at the same time: the woken thread may be the one that leaves.
        stopped.stop().request(StopReason::Aborted);
        drop(turn);
        assert!(second.join().unwrap());
    });
}
