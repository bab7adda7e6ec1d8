//! Delivers events to the host: one at a time, in order, on the session's delivery thread or on the host's executor.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Instant;

use super::{End, Handler, Task};
use crate::platform::sync::channel::{self, Receiver, Sender, TryRecvError};
use crate::platform::sync::thread::{self, JoinHandle, Thread};
use crate::platform::sync::{Condvar, Mutex};
use crate::terms::TransferError;
use crate::transfer::{ReceivedHead, Success};
use crate::worker::{caught, lock};

/// Larger than for other threads, because the host's callbacks run on the delivery thread.
const STACK_SIZE: usize = 1024 * 1024;

/// The host's executor of callbacks.
pub trait Executor: Send + Sync {
    /// Schedules `job` to run once, later, on a thread of the host's choice. Called from any thread. Do not drop a job: the
    /// callbacks that it would have run then wait for the session's next event, or for its closing. A job that runs after the
    /// session is closed does nothing.
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

/// A session's queue of events. It contains at most three events per task, plus one per waiting HAR entry: progress is
/// stored in one cell that is overwritten.
pub struct Delivery {
    sender: Sender<Option<Event>>,
    queue: Receiver<Option<Event>>,
    drops_traces: Arc<TraceDrop>,
    mode: Mode,
}

/// Whether the HAR entries of all tasks are dropped, except for the last one of each task.
#[derive(Default)]
struct TraceDrop(AtomicBool);

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
    /// A thread is emptying the queue. It continues until the queue is empty, so no other thread has to wait for it. This
    /// allows a callback to start a task under an executor that runs jobs inline, and two sessions with such executors to
    /// call each other.
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
        let (sender, queue) = channel::unbounded();
        let drops_traces = Arc::new(TraceDrop::default());
        let mode = match executor {
            Some(executor) => Mode::Executor { executor, jobs: Mutex::default(), emptied: Condvar::new() },
            None => {
                let (queue, drops_traces) = (queue.clone(), drops_traces.clone());
                let builder = thread::Builder::new().name("wxt-delivery".into()).stack_size(STACK_SIZE);
                let handle = builder.spawn(move || deliver_all(&queue, &drops_traces))?;
                Mode::Thread { thread: handle.thread().clone(), handle: Mutex::new(Some(handle)) }
            }
        };
        Ok(Arc::new(Delivery { sender, queue, drops_traces, mode }))
    }

    /// Queues an event. Never blocks or panics. If the host's executor panics or drops the job, the next event posts another
    /// job.
    pub fn push(self: &Arc<Delivery>, event: Event) {
        // Cannot fail: the delivery holds a receiver.
        let _ = self.sender.send(Some(event));
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

    /// From here on, HAR entries are dropped, except for the last one of each task. A server decides how many there are,
    /// and must not delay the closing of a session.
    pub fn drop_traces(&self) {
        self.drops_traces.0.store(true, Ordering::SeqCst);
    }

    /// Delivers all queued events and returns after the last callback. Does not wait for the host's executor: this
    /// thread runs the callbacks that it has not run.
    pub fn close(&self) {
        match &self.mode {
            Mode::Thread { thread, handle } => {
                let _ = self.sender.send(None);
                thread.unpark();
                if let Some(handle) = lock(handle).take() {
                    // `deliver` does not panic, so the result contains nothing.
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
            while let Ok(Some(event)) = self.queue.try_recv() {
                deliver(event, &self.drops_traces);
            }
            // Checked under the lock: a thread that saw the flag set had queued its event before.
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

/// A job of the host's executor. It does not keep the delivery, which owns the executor: an executor that keeps its jobs
/// would otherwise never be freed.
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

/// The loop of the delivery thread. The channel's own `recv` would yield several times before it sleeps, which costs
/// more than the event. One yield pays off after a task has ended: another one may end soon on a worker that shares the
/// core, and then neither thread has to sleep. After a progress event, no further event follows soon.
fn deliver_all(queue: &Receiver<Option<Event>>, drops_traces: &TraceDrop) {
    let mut yields = false;
    loop {
        match queue.try_recv() {
            Ok(Some(event)) => {
                yields = matches!(event, Event::Completed(..));
                deliver(event, drops_traces);
            }
            Err(TryRecvError::Empty) if yields => {
                thread::yield_now();
                yields = false;
            }
            Err(TryRecvError::Empty) => thread::park(),
            Ok(None) | Err(TryRecvError::Disconnected) => return,
        }
    }
}

/// Calls the host. Never panics: a panic in a callback ends only that callback.
fn deliver(event: Event, drops_traces: &TraceDrop) {
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
                && !drops_traces.of(&task)
                && let Some(entry) = tracer.take()
            {
                with_handler(&task, |handler| handler.traced(task.id, &entry));
            }
        }
        Event::Completed(task, result) => {
            let profile = task.profile.as_ref().map(|profile| lock(profile).clone());
            if result.is_ok()
                && let Some(progress) = task.progress.take_final()
            {
                with_handler(&task, |handler| handler.progress(task.id, progress));
            }
            // If entries were dropped, the last one was not.
            if let Some(entry) = task.tracer.as_ref().and_then(|tracer| tracer.take_last()) {
                with_handler(&task, |handler| handler.traced(task.id, &entry));
            }
            let counts = *lock(&task.counts);
            let end = End { result: *result, profile, counts };
            with_handler(&task, |handler| handler.completed(task.id, end));
            let handler = lock(&task.handler).take();
            // Dropping it runs code of the host, too.
            let _ = caught(|| drop(handler));
        }
    });
}

impl TraceDrop {
    /// Whether the task's entries are dropped, except for its last one: also if it was stopped or its deadline has passed,
    /// because they would delay its end.
    fn of(&self, task: &Task) -> bool {
        let is_late = || task.stop.deadline().is_some_and(|deadline| Instant::now() >= deadline);
        self.0.load(Ordering::SeqCst) || task.stop.check().is_err() || is_late()
    }
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
