//! The waiting tasks of one API, and the places that its limit counts.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Job, Task, TaskId};
use crate::platform::sync::AtomicUsize;
use crate::worker::WorkQueue;

/// The waiting tasks. A higher priority comes first; tasks of one priority keep the order of their calls, which is that
/// of their numbers. An aborted task is removed at once. No step looks at all of them, except when all are stopped.
#[derive(Default)]
pub struct TaskQueue {
    /// One list for each [`Need`], in its order.
    lists: [BTreeMap<QueueOrder, QueuedTask>; 3],
    paused: bool,
    network: TaskNetwork,
}

/// What a waiting task needs in order to leave the queue. Each need includes those before it.
#[derive(Clone, Copy)]
enum Need {
    /// Only a worker: the task was stopped, and the worker that takes it ends it.
    Worker,
    Network,
    UnmeteredNetwork,
}

type QueueOrder = (Reverse<i32>, TaskId);

fn order_of(task: &Task) -> QueueOrder {
    (Reverse(task.priority), task.id)
}

/// The properties of the network that decide which tasks and attempts may begin. Default: present and unmetered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskNetwork {
    /// There is no network, so nothing begins.
    pub is_absent: bool,
    /// The network is metered, so tasks that need an unmetered one do not start.
    pub is_metered: bool,
}

impl TaskNetwork {
    /// A network that allows only what both allow.
    pub fn and(self, other: TaskNetwork) -> TaskNetwork {
        TaskNetwork { is_absent: self.is_absent || other.is_absent, is_metered: self.is_metered || other.is_metered }
    }

    /// Whether a task or its next attempt may begin.
    pub fn allows(self, needs_unmetered: bool) -> bool {
        !(self.is_absent || needs_unmetered && self.is_metered)
    }
}

/// A task that has not started.
pub struct QueuedTask {
    pub task: Arc<Task>,
    pub job: Job,
    pub place: TaskPlace,
}

impl TaskQueue {
    pub fn add(&mut self, queued: QueuedTask) {
        let need = match &queued.task {
            task if task.stop.check().is_err() => Need::Worker,
            task if task.needs_unmetered => Need::UnmeteredNetwork,
            _ => Need::Network,
        };
        self.lists[need as usize].insert(order_of(&queued.task), queued);
    }

    /// Removes a task. `None` if it has started or was never added.
    pub fn remove(&mut self, task: &Task) -> Option<QueuedTask> {
        let order = order_of(task);
        self.lists.iter_mut().find_map(|list| list.remove(&order))
    }

    /// Changes the network.
    pub fn set_network(&mut self, network: TaskNetwork) {
        self.network = network;
    }

    /// Lets the tasks that were stopped since they were added leave the queue, whatever the network is.
    pub fn release_stopped(&mut self) {
        for list in std::mem::take(&mut self.lists) {
            list.into_values().for_each(|queued| self.add(queued));
        }
    }

    /// The greatest need that the network meets.
    fn provided(&self) -> Need {
        match self.network {
            TaskNetwork { is_absent: true, .. } => Need::Worker,
            TaskNetwork { is_metered: true, .. } => Need::Network,
            _ => Need::UnmeteredNetwork,
        }
    }

    /// Starts no further tasks.
    pub fn pause(&mut self) {
        self.paused = true;
    }
}

impl WorkQueue for TaskQueue {
    type Work = QueuedTask;

    fn next(&mut self) -> Option<QueuedTask> {
        if self.paused {
            return None;
        }
        let provided = self.provided() as usize;
        let lists = self.lists[..=provided].iter_mut().filter(|list| !list.is_empty());
        let list = lists.min_by_key(|list| list.first_key_value().map(|(order, _)| *order))?;
        let (_, queued) = list.pop_first()?;
        queued.task.has_begun.store(true, Ordering::SeqCst);
        Some(queued)
    }

    fn ready(&self) -> usize {
        let lists = &self.lists[..=self.provided() as usize];
        if self.paused { 0 } else { lists.iter().map(BTreeMap::len).sum() }
    }

    fn is_empty(&self) -> bool {
        self.paused || self.lists.iter().all(BTreeMap::is_empty)
    }
}

/// The number of running tasks of one API, and of those that wait for a place, and its limit for calls that must not wait.
pub struct Places {
    limit: usize,
    taken: AtomicUsize,
}

/// The place of one task until this is dropped. It is dropped before the host is told of the task's end, because the
/// callback may start the next task, possibly one that must not wait.
pub struct TaskPlace {
    places: Arc<Places>,
    is_taken: bool,
}

impl Places {
    pub fn new(limit: usize) -> Arc<Places> {
        Arc::new(Places { limit, taken: AtomicUsize::new(0) })
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// A place for a task that may wait.
    pub fn take(self: &Arc<Places>) -> TaskPlace {
        let mut place = self.later();
        place.take();
        place
    }

    /// A place for a task that the network holds back. It counts from [`TaskPlace::take`] on.
    pub fn later(self: &Arc<Places>) -> TaskPlace {
        TaskPlace { places: self.clone(), is_taken: false }
    }

    /// A place for a task that must not wait. `None` if the limit is reached.
    pub fn take_free(self: &Arc<Places>) -> Option<TaskPlace> {
        let next = |taken| (taken < self.limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).ok()?;
        Some(TaskPlace { places: self.clone(), is_taken: true })
    }
}

impl TaskPlace {
    /// The task begins. Has no effect if it has its place already.
    pub fn take(&mut self) {
        if !std::mem::replace(&mut self.is_taken, true) {
            self.places.taken.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Drop for TaskPlace {
    fn drop(&mut self) {
        if self.is_taken {
            self.places.taken.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
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

    /// If a step looked at all tasks, this would take over a minute instead of a fraction of a second.
    #[test]
    fn no_step_looks_at_all_tasks_in_any_network() {
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
        assert!(free.is_some() && places.take_free().is_none(), "the one that waits counts");
        drop(waiting);
    }
}
