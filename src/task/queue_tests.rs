use std::time::{Duration, Instant};

use super::super::delivery::tests::task;
use super::*;
use crate::terms::{Failure, TransferError};
use crate::worker::StopReason;

fn add(queue: &mut TaskQueue, places: &Arc<Places>, id: TaskId) {
    add_with(queue, places, id, |_| {});
}

fn add_with(queue: &mut TaskQueue, places: &Arc<Places>, id: TaskId, change: impl FnOnce(&mut Task)) {
    let mut task = task(id, |_, _| {});
    change(Arc::get_mut(&mut task).unwrap());
    let job: Job = Box::new(|_| Err(TransferError::new(Failure::Internal, "a test")));
    queue.add(QueuedTask { task, job, place: places.take() });
}

fn add_unmetered(queue: &mut TaskQueue, places: &Arc<Places>, id: TaskId) {
    add_with(queue, places, id, |task| task.needs_unmetered = true);
}

fn task_of(queue: &TaskQueue, id: TaskId) -> Arc<Task> {
    let mut waiting = queue.lists.iter().flat_map(BTreeMap::values);
    waiting.find(|queued| queued.task.id == id).unwrap().task.clone()
}

fn begin_all(queue: &mut TaskQueue) -> Vec<TaskId> {
    std::iter::from_fn(|| queue.next()).map(|queued| queued.task.id).collect()
}

#[test]
fn tasks_begin_in_the_order_of_their_calls() {
    let (mut queue, places) = (TaskQueue::default(), Places::new(2));
    (1..=50).for_each(|id| add(&mut queue, &places, id));
    assert_eq!(queue.ready(), 50);
    assert_eq!(begin_all(&mut queue), (1..=50).collect::<Vec<_>>());
}

#[test]
fn a_higher_priority_starts_first_and_equal_ones_keep_their_order() {
    let (mut queue, places) = (TaskQueue::default(), Places::new(2));
    let priorities = [0, 5, -1, 0, 5, i32::MAX, i32::MIN, 0];
    for (id, priority) in (1..).zip(priorities) {
        add_with(&mut queue, &places, id, |task| task.priority = priority);
    }
    let fifth = task_of(&queue, 5);
    assert!(queue.remove(&fifth).is_some());
    assert_eq!((queue.ready(), begin_all(&mut queue)), (7, vec![6, 2, 1, 4, 8, 3, 7]));
}

#[test]
fn task_that_must_not_start_does_not_block_lower_priorities() {
    let (mut queue, places) = (TaskQueue::default(), Places::new(1));
    queue.set_network(TaskNetwork { is_absent: false, is_metered: true });
    add(&mut queue, &places, 1);
    add_with(&mut queue, &places, 2, |task| (task.priority, task.needs_unmetered) = (1, true));
    assert_eq!((queue.ready(), begin_all(&mut queue)), (1, vec![1]));
    queue.set_network(TaskNetwork::default());
    assert_eq!(begin_all(&mut queue), [2]);
}

#[test]
fn removed_task_frees_its_place() {
    let (mut queue, places) = (TaskQueue::default(), Places::new(3));
    (1..=3).for_each(|id| add(&mut queue, &places, id));
    let second = task_of(&queue, 2);
    let removed = queue.remove(&second).unwrap();
    assert!(queue.remove(&second).is_none());
    drop(second);
    let task = Arc::downgrade(&removed.task);
    assert!(places.take_free().is_none());
    drop(removed);
    assert!(task.upgrade().is_none());
    assert!(places.take_free().is_some());
    assert_eq!(begin_all(&mut queue), [1, 3]);
}

#[test]
fn task_waiting_for_an_unmetered_network_does_not_block_others() {
    let (mut queue, places) = (TaskQueue::default(), Places::new(1));
    queue.set_network(TaskNetwork { is_absent: false, is_metered: true });
    for id in [1, 3, 4] {
        add_unmetered(&mut queue, &places, id);
    }
    for id in [2, 5] {
        add(&mut queue, &places, id);
    }
    assert_eq!((queue.ready(), begin_all(&mut queue)), (2, vec![2, 5]));
    // A stopped task does not wait.
    task_of(&queue, 3).stop.request(StopReason::Interrupted);
    queue.release_stopped();
    assert_eq!((queue.ready(), begin_all(&mut queue)), (1, vec![3]));
    queue.set_network(TaskNetwork::default());
    assert_eq!((queue.ready(), begin_all(&mut queue)), (2, vec![1, 4]));
}

#[test]
fn stopped_tasks_leave_the_queue_without_a_network() {
    let (mut queue, places) = (TaskQueue::default(), Places::new(1));
    queue.set_network(TaskNetwork { is_absent: true, is_metered: true });
    (1..=3).for_each(|id| add(&mut queue, &places, id));
    add_unmetered(&mut queue, &places, 4);
    for id in [2, 4] {
        task_of(&queue, id).stop.request(StopReason::NoNetwork);
    }
    queue.release_stopped();
    // A task that was stopped before it is added leaves the queue, too.
    add_with(&mut queue, &places, 5, |task| _ = task.stop.request(StopReason::NoNetwork));
    assert_eq!((queue.ready(), begin_all(&mut queue)), (3, vec![2, 4, 5]));
    assert!(!queue.is_empty());
    let first = task_of(&queue, 1);
    assert!(queue.remove(&first).is_some());
    queue.set_network(TaskNetwork::default());
    assert_eq!((queue.ready(), begin_all(&mut queue)), (1, vec![3]));
    assert!(queue.is_empty());
}

/// If an operation scanned all tasks, this would take over a minute instead of a fraction of a second.
#[test]
fn no_operation_scans_the_whole_queue() {
    const TASKS: TaskId = 100_000;
    for (is_absent, is_metered) in [(false, false), (false, true), (true, false)] {
        let end = Instant::now() + Duration::from_secs(20);
        let (mut queue, places) = (TaskQueue::default(), Places::new(1));
        queue.set_network(TaskNetwork { is_absent, is_metered });
        for id in 1..=TASKS {
            add_unmetered(&mut queue, &places, id);
            let is_ready = !is_absent && !is_metered;
            assert_eq!(queue.ready(), if is_ready { usize::try_from(id).unwrap() } else { 0 });
            if !is_ready {
                assert!(queue.next().is_none());
            }
            assert!(Instant::now() < end, "task {id}, absent {is_absent}, metered {is_metered}");
        }
    }
}

#[test]
fn nothing_begins_when_the_queue_is_paused() {
    let (mut queue, places) = (TaskQueue::default(), Places::new(1));
    add(&mut queue, &places, 1);
    queue.pause();
    add(&mut queue, &places, 2);
    assert_eq!(queue.ready(), 0);
    assert!(queue.next().is_none());
}

#[test]
fn task_that_may_wait_gets_a_place_beyond_the_limit() {
    let places = Places::new(2);
    let taken = [places.take_free(), places.take_free()];
    assert!(taken.iter().all(Option::is_some));
    assert!(places.take_free().is_none());
    let waiting = places.take();
    drop(taken);
    let free = places.take_free();
    assert!(free.is_some() && places.take_free().is_none(), "the waiting task counts");
    drop(waiting);
}
