//! Delivers events to the host: one at a time, in order, on the session's delivery thread or on the host's executor.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

use super::{End, Handler, Task};
use crate::platform::sync::thread::{self, JoinHandle, Thread};
use crate::platform::sync::{Condvar, Mutex};
use crate::terms::TransferError;
use crate::transfer::{ReceivedHead, Success};
use crate::worker::lock;

/// Larger than for other threads, because the host's callbacks run on the delivery thread.
const STACK_SIZE: usize = 1024 * 1024;
/// The number of events for which an empty queue keeps memory: those of all tasks that run at once.
const KEPT_CAPACITY: usize = 64;

/// The host's executor of callbacks.
pub trait Executor: Send + Sync {
    /// Schedules `job` to run once, later, on a thread of the host's choice. Called from any thread.
    fn post(&self, job: Box<dyn FnOnce() + Send>);
}

/// An event of a task.
pub enum Event {
    /// The head of the final response was received.
    HeadersReceived(Arc<Task>, Box<ReceivedHead>),
    /// The task's progress cell has a new value.
    Progress(Arc<Task>),
    /// A hop of the task is over. Contains its HAR entry.
    Traced(Arc<Task>, String),
    /// The task has ended.
    Completed(Arc<Task>, Box<Result<Success, TransferError>>),
}

/// The delivery of a session's events.
pub struct Delivery {
    queue: Arc<Mutex<EventQueue>>,
    mode: Mode,
}

/// A session's events. There are at most three per task, plus one per traced hop: progress is stored in one cell that is
/// overwritten. No code of the host runs under the lock.
#[derive(Default)]
struct EventQueue {
    events: VecDeque<Event>,
    /// The delivery thread ends once there is no event.
    closing: bool,
    /// A job posted to the executor has not started to empty the queue.
    posted: bool,
    /// A thread is emptying the queue for the executor. It continues until the queue is empty, so no other thread has to
    /// wait for it. This allows a callback to start a task under an executor that runs jobs inline, and two sessions
    /// with such executors to call each other.
    emptying: bool,
}

enum Mode {
    Thread {
        thread: Thread,
        /// Joined by `close`.
        handle: Mutex<Option<JoinHandle<()>>>,
    },
    Executor {
        executor: Box<dyn Executor>,
        /// Signalled when the thread that empties the queue has finished.
        emptied: Condvar,
    },
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

impl EventQueue {
    /// The next event. If there is none, frees the memory that many events at once have taken.
    fn take(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if event.is_none() {
            self.events.shrink_to(KEPT_CAPACITY);
        }
        event
    }
}

impl Delivery {
    /// A delivery on `executor`, or on a new thread.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn new(executor: Option<Box<dyn Executor>>) -> io::Result<Arc<Delivery>> {
        let queue = Arc::<Mutex<EventQueue>>::default();
        let mode = match executor {
            Some(executor) => Mode::Executor { executor, emptied: Condvar::new() },
            None => {
                let queue = queue.clone();
                let builder = thread::Builder::new().name("wxt-delivery".into()).stack_size(STACK_SIZE);
                let handle = builder.spawn(move || deliver_all(&queue))?;
                Mode::Thread { thread: handle.thread().clone(), handle: Mutex::new(Some(handle)) }
            }
        };
        Ok(Arc::new(Delivery { queue, mode }))
    }

    /// Queues an event. Never waits for the host, and never panics. If the host's executor panics, the next event posts
    /// another job.
    pub fn push(self: &Arc<Delivery>, event: Event) {
        let mut queue = lock(&self.queue);
        queue.events.push_back(event);
        match &self.mode {
            Mode::Thread { thread, .. } => {
                drop(queue);
                thread.unpark();
            }
            Mode::Executor { executor, .. } => {
                if std::mem::replace(&mut queue.posted, true) {
                    return;
                }
                drop(queue);
                let delivery = self.clone();
                let posting = catch_unwind(AssertUnwindSafe(|| executor.post(Box::new(move || delivery.run_posted()))));
                if posting.is_err() {
                    lock(&self.queue).posted = false;
                }
            }
        }
    }

    /// Delivers all queued events and returns after the last callback. Does not wait for the host's executor: this
    /// thread runs the callbacks that it has not run.
    pub fn close(&self) {
        match &self.mode {
            Mode::Thread { thread, handle } => {
                lock(&self.queue).closing = true;
                thread.unpark();
                if let Some(handle) = lock(handle).take() {
                    // `deliver` does not panic, so the result contains nothing.
                    let _ = handle.join();
                }
            }
            Mode::Executor { emptied, .. } => {
                let mut queue = lock(&self.queue);
                while queue.emptying {
                    queue = emptied.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
                queue.emptying = true;
                drop(queue);
                self.empty_queue(emptied);
            }
        }
    }

    fn run_posted(&self) {
        let Mode::Executor { emptied, .. } = &self.mode else { return };
        let mut queue = lock(&self.queue);
        // An event that is queued after the last look at the queue posts another job.
        queue.posted = false;
        // If another thread, or this thread further up its stack, is emptying the queue, it will reach the event.
        if !std::mem::replace(&mut queue.emptying, true) {
            drop(queue);
            self.empty_queue(emptied);
        }
    }

    /// Delivers all queued events. The caller has changed `emptying` from `false` to `true`.
    fn empty_queue(&self, emptied: &Condvar) {
        /// Allows another thread to empty the queue if this one panics.
        struct EmptyingTurn<'a> {
            queue: &'a Mutex<EventQueue>,
            emptied: &'a Condvar,
            is_over: bool,
        }
        impl Drop for EmptyingTurn<'_> {
            fn drop(&mut self) {
                if !self.is_over {
                    lock(self.queue).emptying = false;
                    self.emptied.notify_all();
                }
            }
        }
        let mut turn = EmptyingTurn { queue: &self.queue, emptied, is_over: false };
        loop {
            let mut queue = lock(&self.queue);
            let Some(event) = queue.take() else {
                // Under the same lock: a thread that saw the flag set had queued its event before.
                queue.emptying = false;
                turn.is_over = true;
                emptied.notify_all();
                return;
            };
            drop(queue);
            deliver(event);
        }
    }
}

/// The loop of the delivery thread. One yield pays off after a task has ended: another one may end soon on a worker that
/// shares the core, and then neither thread has to sleep. After a progress event, no further event follows soon.
fn deliver_all(queue: &Mutex<EventQueue>) {
    let mut yields = false;
    loop {
        let mut state = lock(queue);
        let (event, closing) = (state.take(), state.closing);
        drop(state);
        match event {
            Some(event) => {
                yields = matches!(event, Event::Completed(..));
                deliver(event);
            }
            None if closing => return,
            None if yields => {
                thread::yield_now();
                yields = false;
            }
            None => thread::park(),
        }
    }
}

/// Calls the host. Never panics: a panic in a callback ends only that callback.
fn deliver(event: Event) {
    as_callback(|| match event {
        Event::HeadersReceived(task, head) => {
            with_handler(&task, |handler| handler.headers_received(task.id, &head));
        }
        Event::Progress(task) => {
            if let Some(progress) = task.progress.take() {
                with_handler(&task, |handler| handler.progress(task.id, progress));
            }
        }
        Event::Traced(task, entry) => {
            with_handler(&task, |handler| handler.traced(task.id, &entry));
        }
        Event::Completed(task, result) => {
            let profile = task.profile.as_ref().map(|profile| lock(profile).clone());
            if result.is_ok()
                && let Some(progress) = task.progress.take_final()
            {
                with_handler(&task, |handler| handler.progress(task.id, progress));
            }
            let counts = *lock(&task.counts);
            let end = End { result: &result, profile: profile.as_ref(), counts };
            with_handler(&task, |handler| handler.completed(task.id, &end));
            let handler = lock(&task.handler).take();
            // Dropping it runs code of the host, too.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(handler)));
        }
    });
}

/// Calls the task's handler without holding its lock, so that a callback may do anything.
fn with_handler(task: &Task, call: impl FnOnce(&mut dyn Handler)) {
    let handler = lock(&task.handler).take();
    if let Some(mut handler) = handler {
        let _ = catch_unwind(AssertUnwindSafe(|| call(handler.as_mut())));
        *lock(&task.handler) = Some(handler);
    }
}

#[cfg(all(test, models))]
#[path = "../models/delivery.rs"]
mod models;
#[cfg(test)]
#[path = "delivery_tests.rs"]
pub(super) mod tests;
