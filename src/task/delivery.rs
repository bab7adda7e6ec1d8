//! How events reach the host: one at a time, in order, on the session's own thread or on the host's executor.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::{End, Handler, Task};
use crate::terms::TransferError;
use crate::transfer::{ReceivedHead, Success};
use crate::worker::lock;

/// The delivery thread runs the host's callbacks, which may want more stack than our own code.
const STACK_SIZE: usize = 1024 * 1024;

/// Where the host wants its callbacks to run.
pub trait Executor: Send + Sync {
    /// Has `job` run once, later, on a thread of the host's choice. Called from any thread.
    fn post(&self, job: Box<dyn FnOnce() + Send>);
}

/// What happened to a task.
pub enum Event {
    /// The final response's head has come.
    HeadersReceived(Arc<Task>, Box<ReceivedHead>),
    /// There is a new value in the task's progress cell.
    Progress(Arc<Task>),
    /// A hop of the task is over: its HAR entry.
    Traced(Arc<Task>, String),
    /// The task has ended.
    Completed(Arc<Task>, Box<Result<Success, TransferError>>),
}

/// A session's queue of events. A task has three at most, and one for each of its hops where the host traces them: progress is
/// one cell that is overwritten.
pub struct Delivery {
    sender: Sender<Option<Event>>,
    queue: Receiver<Option<Event>>,
    mode: Mode,
}

enum Mode {
    Thread {
        thread: Thread,
        /// Joined by `close`.
        handle: Mutex<Option<JoinHandle<()>>>,
    },
    Executor {
        executor: Box<dyn Executor>,
        /// A job is posted that has not begun to empty the queue.
        posted: AtomicBool,
        /// A thread empties the queue. It does until nothing is left, so that nobody else has to wait for it: not a
        /// callback that starts a task under an executor that runs its jobs at once, and not two sessions that call
        /// into each other under such executors.
        emptying: Mutex<bool>,
        /// That thread is done.
        emptied: Condvar,
    },
}

thread_local! {
    static CALLBACK_DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a callback, of whatever session.
pub fn in_callback() -> bool {
    CALLBACK_DEPTH.get() > 0
}

/// Runs the host's code: whatever it calls, it may not wait for callbacks to end.
pub fn as_callback<T>(call: impl FnOnce() -> T) -> T {
    /// The thread leaves the callback, also by a panic.
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
    /// A delivery to `executor`, or to a thread of its own.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn new(executor: Option<Box<dyn Executor>>) -> io::Result<Arc<Delivery>> {
        let (sender, queue) = crossbeam_channel::unbounded();
        let mode = match executor {
            Some(executor) => Mode::Executor {
                executor,
                posted: AtomicBool::new(false),
                emptying: Mutex::new(false),
                emptied: Condvar::new(),
            },
            None => {
                let queue = queue.clone();
                let builder = thread::Builder::new().name("wxt-delivery".into()).stack_size(STACK_SIZE);
                let handle = builder.spawn(move || deliver_all(&queue))?;
                Mode::Thread { thread: handle.thread().clone(), handle: Mutex::new(Some(handle)) }
            }
        };
        Ok(Arc::new(Delivery { sender, queue, mode }))
    }

    /// Queues an event. Never blocks, and never panics: the host's executor may, and gets the next job then.
    pub fn push(self: &Arc<Delivery>, event: Event) {
        // The delivery holds a receiver, so there is always one.
        let _ = self.sender.send(Some(event));
        match &self.mode {
            Mode::Thread { thread, .. } => thread.unpark(),
            Mode::Executor { executor, posted, .. } => {
                if posted.swap(true, Ordering::SeqCst) {
                    return;
                }
                let delivery = self.clone();
                let posting = catch_unwind(AssertUnwindSafe(|| executor.post(Box::new(move || delivery.run_posted()))));
                if posting.is_err() {
                    posted.store(false, Ordering::SeqCst);
                }
            }
        }
    }

    /// Delivers all that is queued and returns when the last callback has. Does not wait for the host's executor: what
    /// it has not run yet, this thread runs.
    pub fn close(&self) {
        match &self.mode {
            Mode::Thread { thread, handle } => {
                let _ = self.sender.send(None);
                thread.unpark();
                if let Some(handle) = lock(handle).take() {
                    // `deliver` does not panic, so there is nothing to learn from the result.
                    let _ = handle.join();
                }
            }
            Mode::Executor { emptying, emptied, .. } => {
                let mut emptying = lock(emptying);
                while *emptying {
                    emptying = emptied.wait(emptying).unwrap_or_else(PoisonError::into_inner);
                }
                *emptying = true;
                drop(emptying);
                self.empty_queue();
            }
        }
    }

    fn run_posted(&self) {
        let Mode::Executor { posted, emptying, .. } = &self.mode else { return };
        // Before the queue is read: an event that comes after the last look posts a job of its own.
        posted.store(false, Ordering::SeqCst);
        // Where another thread, or this one further up its stack, is at it, that one comes to the event.
        if !std::mem::replace(&mut *lock(emptying), true) {
            self.empty_queue();
        }
    }

    /// Delivers all that is queued. The caller has set `emptying`, which was not.
    fn empty_queue(&self) {
        /// Lets another thread empty the queue when a panic ends this one's turn.
        struct EmptyingTurn<'a> {
            emptying: &'a Mutex<bool>,
            emptied: &'a Condvar,
            is_over: bool,
        }
        impl Drop for EmptyingTurn<'_> {
            fn drop(&mut self) {
                if !self.is_over {
                    *lock(self.emptying) = false;
                    self.emptied.notify_all();
                }
            }
        }
        let Mode::Executor { emptying, emptied, .. } = &self.mode else { return };
        let mut turn = EmptyingTurn { emptying, emptied, is_over: false };
        loop {
            while let Ok(Some(event)) = self.queue.try_recv() {
                deliver(event);
            }
            // Looked at under the lock: who found it set had queued its event before.
            let mut emptying = lock(emptying);
            if self.queue.is_empty() {
                *emptying = false;
                turn.is_over = true;
                emptied.notify_all();
                return;
            }
        }
    }
}

/// The delivery thread: delivers until it is told to end. The channel's own `recv` would yield the processor several times
/// before it sleeps, which costs more than the event. Once is worth it where a task has ended: another one may end soon, on a
/// worker that shares the processor with this thread, and neither side has to sleep and be woken for it. After an event of
/// the progress none comes for a while.
fn deliver_all(queue: &Receiver<Option<Event>>) {
    let mut yields = false;
    loop {
        match queue.try_recv() {
            Ok(Some(event)) => {
                yields = matches!(event, Event::Completed(..));
                deliver(event);
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

/// Calls the host. Never panics: a panic in a callback ends that callback, and the others follow.
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
            // Dropping it runs the host's code, too.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(handler)));
        }
    });
}

/// Calls the task's handler without holding its lock, so that a callback may do whatever it likes.
fn with_handler(task: &Task, call: impl FnOnce(&mut dyn Handler)) {
    let handler = lock(&task.handler).take();
    if let Some(mut handler) = handler {
        let _ = catch_unwind(AssertUnwindSafe(|| call(handler.as_mut())));
        *lock(&task.handler) = Some(handler);
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
pub(super) mod tests;
