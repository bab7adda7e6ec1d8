//! How events reach the host: one at a time, in order, on the session's own thread or on the host's executor.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender};

use super::{Task, lock};
use crate::error::TransferError;
use crate::transfer::{Head, Outcome};

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
    HeadersReceived(Arc<Task>, Box<Head>),
    /// There is a new value in the task's progress cell.
    Progress(Arc<Task>),
    /// The task has ended.
    Completed(Arc<Task>, Box<Result<Outcome, TransferError>>),
}

/// A session's queue of events.
pub struct Delivery {
    sender: Sender<Option<Event>>,
    queue: Receiver<Option<Event>>,
    /// Held while the host's code runs, so that no two callbacks of a session do.
    running: Mutex<()>,
    mode: Mode,
}

enum Mode {
    /// Joined by `close`.
    Thread(Mutex<Option<JoinHandle<()>>>),
    /// `true` while a job is posted that has not begun to empty the queue.
    Executor(Box<dyn Executor>, AtomicBool),
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
    CALLBACK_DEPTH.set(CALLBACK_DEPTH.get() + 1);
    let result = call();
    CALLBACK_DEPTH.set(CALLBACK_DEPTH.get() - 1);
    result
}

impl Delivery {
    /// A delivery to `executor`, or to a thread of its own. Fails when the thread cannot be started.
    pub fn new(executor: Option<Box<dyn Executor>>) -> io::Result<Arc<Delivery>> {
        let (sender, queue) = crossbeam_channel::unbounded();
        let (mode, threaded) = match executor {
            Some(executor) => (Mode::Executor(executor, AtomicBool::new(false)), false),
            None => (Mode::Thread(Mutex::default()), true),
        };
        let delivery = Arc::new(Delivery { sender, queue, running: Mutex::new(()), mode });
        if threaded {
            let shared = delivery.clone();
            let thread =
                thread::Builder::new().name("wxt-delivery".into()).stack_size(STACK_SIZE).spawn(move || {
                    while let Ok(Some(event)) = shared.queue.recv() {
                        shared.run(event);
                    }
                })?;
            if let Mode::Thread(slot) = &delivery.mode {
                *lock(slot) = Some(thread);
            }
        }
        Ok(delivery)
    }

    /// Queues an event. Never blocks.
    pub fn push(self: &Arc<Delivery>, event: Event) {
        // The delivery holds a receiver, so there is always one.
        let _ = self.sender.send(Some(event));
        if let Mode::Executor(executor, posted) = &self.mode
            && !posted.swap(true, Ordering::SeqCst)
        {
            let delivery = self.clone();
            executor.post(Box::new(move || delivery.run_posted()));
        }
    }

    /// Delivers all that is queued and returns when the last callback has. Does not wait for the host's executor: what
    /// it has not run yet, this thread runs.
    pub fn close(&self) {
        match &self.mode {
            Mode::Thread(slot) => {
                let _ = self.sender.send(None);
                if let Some(thread) = lock(slot).take() {
                    // The thread catches nothing and panics at nothing of ours.
                    let _ = thread.join();
                }
            }
            Mode::Executor(..) => {
                let _running = lock(&self.running);
                self.run_queued();
            }
        }
    }

    fn run_posted(&self) {
        if let Mode::Executor(_, posted) = &self.mode {
            // Before the queue is read: an event that comes after the last look posts a job of its own.
            posted.store(false, Ordering::SeqCst);
        }
        loop {
            // Between a thread's own event, or its letting go of `running`, and its look at the other of the two: one of
            // two threads that get here at once sees what the other one did.
            fence(Ordering::SeqCst);
            if self.queue.is_empty() {
                return;
            }
            // Whoever holds it looks at the queue once more afterwards, be it another thread or this one further up its
            // stack. Nobody waits here: an executor may run its jobs at once, and so inside of another session's callback.
            let _running = match self.running.try_lock() {
                Ok(running) => running,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            self.run_queued();
        }
    }

    /// Delivers all that is queued, for the holder of `running`.
    fn run_queued(&self) {
        while let Ok(Some(event)) = self.queue.try_recv() {
            self.run(event);
        }
    }

    fn run(&self, event: Event) {
        as_callback(|| match event {
            Event::HeadersReceived(task, head) => {
                with_handler(&task, |handler| handler.headers_received(task.id, &head));
            }
            Event::Progress(task) => {
                if let Some(progress) = task.progress.take() {
                    with_handler(&task, |handler| handler.progress(task.id, progress));
                }
            }
            Event::Completed(task, result) => {
                let profile = lock(&task.profile).clone();
                let last = if result.is_ok() { task.progress.take_final() } else { None };
                with_handler(&task, |handler| {
                    if let Some(progress) = last {
                        handler.progress(task.id, progress);
                    }
                    handler.completed(task.id, &result, &profile);
                });
                let handler = lock(&task.handler).take();
                drop(handler);
            }
        });
    }
}

/// Calls the task's handler without holding its lock, so that a callback may do whatever it likes.
fn with_handler(task: &Task, call: impl FnOnce(&mut dyn super::Handler)) {
    let handler = lock(&task.handler).take();
    if let Some(mut handler) = handler {
        call(handler.as_mut());
        *lock(&task.handler) = Some(handler);
    }
}
