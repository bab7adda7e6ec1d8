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
#[path = "queue_tests.rs"]
mod tests;
