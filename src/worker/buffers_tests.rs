use std::sync::Arc;

use super::*;
use crate::worker::{StopReason, StopSignal};

fn worker() -> Worker {
    Worker::for_call(Arc::new(StopSignal::new()))
}

fn kept(worker: &Worker) -> usize {
    lock(&worker.thread.spare).0.len()
}

#[test]
fn buffer_is_reused_only_for_its_size() {
    let worker = worker();
    let mut buffer = worker.take_buffer(1000).unwrap();
    assert_eq!(buffer[..], [0; 1000]);
    buffer[0] = 7;
    worker.give_back(buffer);
    assert_eq!(worker.take_buffer(2000).unwrap()[0], 0);
    assert_eq!(worker.take_buffer(1000).unwrap()[0], 7);
    assert_eq!(worker.take_buffer(1000).unwrap()[0], 0, "it was taken");
}

#[test]
fn thread_keeps_only_the_newest_buffers() {
    let worker = worker();
    for mark in 1..=MAX_SPARE + 1 {
        worker.give_back(Buffer::Small(vec![mark as u8; 10]));
    }
    let marks: Vec<_> = (0..=MAX_SPARE).map(|_| worker.take_buffer(10).unwrap()[0]).collect();
    assert_eq!(marks.iter().filter(|&&mark| mark == 1).count(), 0, "the oldest was dropped");
    assert_eq!(marks.iter().filter(|&&mark| mark == 0).count(), 1);
}

#[test]
fn taking_a_buffer_does_not_make_an_old_one_newer() {
    let worker = worker();
    for mark in 1..=MAX_SPARE {
        worker.give_back(Buffer::Small(vec![mark as u8; 10 + mark]));
    }
    // The first place is free again, and two new buffers follow.
    drop(worker.take_buffer(11).unwrap());
    worker.give_back(Buffer::Small(vec![1; 5]));
    worker.give_back(Buffer::Small(vec![1; 6]));
    assert_eq!(worker.take_buffer(12).unwrap()[0], 0, "the second was the oldest");
    assert_eq!(worker.take_buffer(10 + MAX_SPARE).unwrap()[0], MAX_SPARE as u8);
}

#[test]
fn large_buffers_do_not_pile_up_during_a_task() {
    let worker = worker();
    worker.give_back(worker.take_buffer(MAX_KEPT + 1).unwrap());
    assert_eq!(lock(&worker.thread.deferred).len(), 0);
    worker.stop().request(StopReason::Aborted);
    worker.give_back(worker.take_buffer(MAX_KEPT + 1).unwrap());
    assert_eq!(lock(&worker.thread.deferred).len(), 1, "a stopped task drops it after its end was reported");
}

#[test]
fn lack_of_memory_is_an_error_and_leaves_the_buffer() {
    let worker = worker();
    let mut buffer = Buffer::Small(vec![7; 3]);
    assert!(worker.grow(&mut buffer, usize::MAX).is_err());
    assert_eq!(buffer[..], [7; 3]);
    assert!(worker.take_buffer(usize::MAX).is_err());
}

#[test]
fn a_large_buffer_is_not_kept() {
    let worker = worker();
    worker.give_back(worker.take_buffer(MAX_KEPT + 1).unwrap());
    assert_eq!(kept(&worker), 0);
    worker.give_back(worker.take_buffer(MAX_KEPT).unwrap());
    assert_eq!(kept(&worker), 1);
}

#[test]
fn a_buffer_that_was_outgrown_is_kept_unless_it_is_large() {
    let worker = worker();
    let mut buffer = worker.take_buffer(MAX_KEPT).unwrap();
    worker.grow(&mut buffer, MAX_KEPT + 1).unwrap();
    assert_eq!(kept(&worker), 1);
    worker.grow(&mut buffer, MAX_KEPT + 2).unwrap();
    assert_eq!(kept(&worker), 1);
}

#[test]
fn a_large_buffer_is_mapped() {
    let worker = worker();
    assert!(matches!(worker.take_buffer(MAX_ALLOCATED).unwrap(), Buffer::Small(_)));
    assert!(matches!(worker.take_buffer(MAX_ALLOCATED + 1).unwrap(), Buffer::Large(_)));
}

#[test]
fn growing_keeps_the_bytes() {
    let worker = worker();
    let mut buffer = Buffer::Small(vec![1, 2, 3]);
    worker.grow(&mut buffer, 5).unwrap();
    assert_eq!(buffer[..3], [1, 2, 3]);
    assert_eq!(buffer.len(), 5);
    worker.grow(&mut buffer, 4).unwrap();
    assert_eq!(buffer.len(), 5, "it never shrinks");
}
