//! Delivers events to the host: one at a time, on the session's delivery thread or on the host's executor.
//!
//! Events come in the order in which they were queued, with one exception: the failure of a stopped task overtakes the
//! events of all tasks. It waits only for the event that is being delivered, and for the failures of tasks that were
//! stopped before. So the host's slow callbacks for other tasks do not delay it. Events of the task itself that were
//! overtaken are dropped, except for its last HAR entry.

use std::cell::Cell;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Instant;

use super::{End, Handler, Task};
use crate::platform::sync::channel::{self, Receiver, Sender};
use crate::platform::sync::thread::{self, JoinHandle, Thread};
use crate::platform::sync::{AtomicBool, Condvar, Mutex};
use crate::terms::{Failure, TransferError};
use crate::transfer::{ReceivedHead, Success};
use crate::worker::{caught, lock};

/// Larger than for other threads, because the host's callbacks run on the delivery thread.
const STACK_SIZE: usize = 1024 * 1024;

/// The host's executor of callbacks.
pub trait Executor: Send + Sync {
    /// Schedules `job` to run once, later, on a thread of the host's choice. Called from any thread. Do not drop a job:
    /// the callbacks that it would have run then wait for the session's next event, or for its closing. A job that runs
    /// after the session is closed does nothing.
    fn post(&self, job: Box<dyn FnOnce() + Send>);
}

/// An event of a task.
pub enum Event {
    /// The head of the final response was received.
    HeadersReceived(Arc<Task>, Box<ReceivedHead>),
    /// The task's progress cell has a new value.
    Progress(Arc<Task>),
    /// The task's tracer has a new HAR entry.
    Traced(Arc<Task>),
    /// The task has ended.
    Completed(Arc<Task>, Box<Result<Success, TransferError>>),
}

/// A session's delivery of events.
pub struct Delivery {
    queue: Arc<EventQueue>,
    mode: Mode,
}

/// The events that wait. There are at most three per task, plus one per waiting HAR entry: progress is stored in one
/// cell that is overwritten.
struct EventQueue {
    /// The failures of stopped tasks, which are delivered before all other events.
    stopped: Lane,
    others: Lane,
    /// No event will be queued any more.
    is_complete: AtomicBool,
    /// The HAR entries of all tasks are dropped, except for the last one of each task.
    drops_traces: AtomicBool,
}

/// Events in their order.
struct Lane {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
}

enum Mode {
    Thread {
        thread: Thread,
        /// Joined by `close`.
        handle: Mutex<Option<JoinHandle<()>>>,
    },
    Executor {
        executor: Box<dyn Executor>,
        jobs: Mutex<ExecutorJobs>,
        /// Signalled when the thread that empties the queue has finished.
        emptied: Condvar,
    },
}

/// What the executor's jobs do. No code of the host runs under its lock.
#[derive(Default)]
struct ExecutorJobs {
    /// A posted job exists that has not started to empty the queue.
    posted: bool,
    /// A thread is emptying the queue. It continues until the queue is empty, so no other thread has to wait for it.
    /// This allows a callback to start a task under an executor that runs jobs inline, and two sessions with such
    /// executors to call each other.
    emptying: bool,
}

thread_local! {
    static CALLBACK_DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a callback of any session.
pub fn in_callback() -> bool {
    CALLBACK_DEPTH.get() > 0
}

/// Runs code of the host as a callback: it must not wait for callbacks.
pub fn as_callback<T>(call: impl FnOnce() -> T) -> T {
    /// Marks the end of the callback, also after a panic.
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            CALLBACK_DEPTH.set(CALLBACK_DEPTH.get() - 1);
        }
    }
    CALLBACK_DEPTH.set(CALLBACK_DEPTH.get() + 1);
    let _leave = Leave;
    call()
}

impl Delivery {
    /// A delivery on `executor`, or on a new thread.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn new(executor: Option<Box<dyn Executor>>) -> io::Result<Arc<Delivery>> {
        let queue = Arc::new(EventQueue::new());
        let mode = match executor {
            Some(executor) => Mode::Executor { executor, jobs: Mutex::default(), emptied: Condvar::new() },
            None => {
                let queue = queue.clone();
                let builder = thread::Builder::new().name("wxt-delivery".into()).stack_size(STACK_SIZE);
                let handle = builder.spawn(move || queue.deliver_all())?;
                Mode::Thread { thread: handle.thread().clone(), handle: Mutex::new(Some(handle)) }
            }
        };
        Ok(Arc::new(Delivery { queue, mode }))
    }

    /// Queues an event. Never blocks or panics. If the host's executor panics or drops the job, the next event posts
    /// another job.
    pub fn push(self: &Arc<Delivery>, event: Event) {
        self.queue.add(event);
        match &self.mode {
            Mode::Thread { thread, .. } => thread.unpark(),
            Mode::Executor { executor, jobs, .. } => {
                if std::mem::replace(&mut lock(jobs).posted, true) {
                    return;
                }
                let job = DeliveryJob(Arc::downgrade(self));
                // A panic drops the job, unless the executor has kept it.
                let _ = caught(|| executor.post(Box::new(move || job.run())));
            }
        }
    }

    /// From here on, HAR entries are dropped, except for the last one of each task. A server decides how many there
    /// are, and must not delay the closing of a session.
    pub fn drop_traces(&self) {
        self.queue.drops_traces.store(true, Ordering::SeqCst);
    }

    /// Delivers all queued events and returns after the last callback. Does not wait for the host's executor: this
    /// thread runs the callbacks that the executor has not run.
    pub fn close(&self) {
        match &self.mode {
            Mode::Thread { thread, handle } => {
                self.queue.is_complete.store(true, Ordering::SeqCst);
                thread.unpark();
                let handle = lock(handle).take();
                if let Some(handle) = handle {
                    // The thread does not panic, so the result contains nothing.
                    let _ = handle.join();
                }
            }
            Mode::Executor { jobs, emptied, .. } => {
                let mut state = lock(jobs);
                while state.emptying {
                    state = emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                state.emptying = true;
                drop(state);
                self.empty_queue(jobs, emptied);
            }
        }
    }

    fn run_posted(&self) {
        let Mode::Executor { jobs, emptied, .. } = &self.mode else { return };
        let mut state = lock(jobs);
        // Before the queue is read: an event that is queued after the last read posts another job.
        state.posted = false;
        // If another thread, or this thread further up its stack, is emptying the queue, it will reach the event.
        let emptying = std::mem::replace(&mut state.emptying, true);
        drop(state);
        if !emptying {
            self.empty_queue(jobs, emptied);
        }
    }

    /// Delivers all queued events. The caller has changed `emptying` from `false` to `true`.
    fn empty_queue(&self, jobs: &Mutex<ExecutorJobs>, emptied: &Condvar) {
        /// Allows another thread to empty the queue if this one panics.
        struct EmptyingTurn<'a> {
            jobs: &'a Mutex<ExecutorJobs>,
            emptied: &'a Condvar,
            is_over: bool,
        }
        impl Drop for EmptyingTurn<'_> {
            fn drop(&mut self) {
                if !self.is_over {
                    lock(self.jobs).emptying = false;
                    self.emptied.notify_all();
                }
            }
        }
        let mut turn = EmptyingTurn { jobs, emptied, is_over: false };
        loop {
            while let Some(event) = self.queue.next() {
                self.queue.deliver(event);
            }
            // Checked under the lock: a thread that saw `emptying` set had queued its event before.
            let mut state = lock(jobs);
            if self.queue.is_empty() {
                state.emptying = false;
                turn.is_over = true;
                emptied.notify_all();
                return;
            }
        }
    }
}

/// A job of the host's executor. It does not keep the delivery, which owns the executor: an executor that keeps its
/// jobs would otherwise never be freed.
struct DeliveryJob(Weak<Delivery>);

impl DeliveryJob {
    fn run(mut self) {
        // Taken, so that the drop does nothing.
        if let Some(delivery) = std::mem::take(&mut self.0).upgrade() {
            delivery.run_posted();
        }
    }
}

impl Drop for DeliveryJob {
    /// If the executor drops a job that has not run, the next event posts another one.
    fn drop(&mut self) {
        if let Some(delivery) = self.0.upgrade()
            && let Mode::Executor { jobs, .. } = &delivery.mode
        {
            lock(jobs).posted = false;
        }
    }
}

impl EventQueue {
    fn new() -> EventQueue {
        EventQueue {
            stopped: Lane::new(),
            others: Lane::new(),
            is_complete: AtomicBool::new(false),
            drops_traces: AtomicBool::new(false),
        }
    }

    fn add(&self, event: Event) {
        let lane = match &event {
            // A success never overtakes: the host must get all that came before it.
            Event::Completed(task, result) if result.is_err() && was_stopped(task) => &self.stopped,
            _ => &self.others,
        };
        // Cannot fail: the lane holds a receiver.
        let _ = lane.sender.send(event);
    }

    fn next(&self) -> Option<Event> {
        self.stopped.receiver.try_recv().or_else(|_| self.others.receiver.try_recv()).ok()
    }

    fn is_empty(&self) -> bool {
        self.stopped.receiver.is_empty() && self.others.receiver.is_empty()
    }

    /// The loop of the delivery thread. The channel's own `recv` would yield several times before it sleeps, which
    /// costs more than the event. One yield pays off after a task has ended: another one may end soon on a worker that
    /// shares the core, and then neither thread has to sleep. After a progress event, no further event follows soon.
    fn deliver_all(&self) {
        let mut yields = false;
        loop {
            // Read before the lanes, so that both contain all events if it is set.
            let is_complete = self.is_complete.load(Ordering::SeqCst);
            match self.next() {
                Some(event) => {
                    yields = matches!(event, Event::Completed(..));
                    self.deliver(event);
                }
                None if is_complete => return,
                None if yields => {
                    thread::yield_now();
                    yields = false;
                }
                None => thread::park(),
            }
        }
    }

    /// Calls the host. Never panics: a panic in a callback ends only that callback.
    fn deliver(&self, event: Event) {
        as_callback(|| match event {
            Event::HeadersReceived(task, head) => {
                with_handler(&task, |handler| handler.headers_received(task.id, &head));
            }
            Event::Progress(task) => {
                if let Some(progress) = task.progress.take() {
                    with_handler(&task, |handler| handler.progress(task.id, progress));
                }
            }
            Event::Traced(task) => {
                if let Some(tracer) = &task.tracer
                    && !self.drops_traces_of(&task)
                    && let Some(entry) = tracer.take()
                {
                    with_handler(&task, |handler| handler.traced(task.id, &entry));
                }
            }
            Event::Completed(task, result) => {
                let profile = task.profile.as_ref().map(|profile| lock(profile).clone());
                let last = match &*result {
                    Ok(_) => task.progress.take_final(),
                    // As with an end that overtakes other events.
                    Err(TransferError { failure: Failure::Cancelled(_), .. }) => None,
                    Err(_) => task.progress.take_held_back(),
                };
                if let Some(progress) = last {
                    with_handler(&task, |handler| handler.progress(task.id, progress));
                }
                // If the task's waiting entries were not delivered, its last one is delivered now.
                if let Some(entry) = task.tracer.as_ref().and_then(|tracer| tracer.take_last()) {
                    with_handler(&task, |handler| handler.traced(task.id, &entry));
                }
                let counts = *lock(&task.counts);
                let end = End { result: *result, profile, counts };
                with_handler(&task, |handler| handler.completed(task.id, end));
                // Events that are delivered later find no handler.
                let handler = lock(&task.handler).take();
                // Dropping it runs code of the host, too.
                let _ = caught(|| drop(handler));
            }
        });
    }

    /// Whether the task's entries are dropped, except for its last one: also if it was stopped, because they would
    /// delay its end.
    fn drops_traces_of(&self, task: &Task) -> bool {
        self.drops_traces.load(Ordering::SeqCst) || was_stopped(task)
    }
}

impl Lane {
    fn new() -> Lane {
        let (sender, receiver) = channel::unbounded();
        Lane { sender, receiver }
    }
}

/// Whether the task was stopped or its deadline has passed.
fn was_stopped(task: &Task) -> bool {
    let is_late = || task.stop.deadline().is_some_and(|deadline| Instant::now() >= deadline);
    task.stop.check().is_err() || is_late()
}

/// Calls the task's handler without holding its lock, so that a callback may do anything.
fn with_handler(task: &Task, call: impl FnOnce(&mut dyn Handler)) {
    let handler = lock(&task.handler).take();
    if let Some(mut handler) = handler {
        let _ = caught(|| call(handler.as_mut()));
        *lock(&task.handler) = Some(handler);
    }
}

#[cfg(all(test, models))]
#[path = "../models/delivery.rs"]
mod models;
#[cfg(test)]
#[path = "delivery_tests.rs"]
pub(super) mod tests;
