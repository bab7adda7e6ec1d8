//! The worker threads of one API: started when a task needs one, gone when idle.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use crate::platform::Waker;

/// How long a worker waits for another task before it ends. Long enough for a page that loads one image after the
/// other, short enough that a sleeping mini program costs no thread.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// What iOS gives a secondary thread: the system's certificate check runs on it.
const STACK_SIZE: usize = 512 * 1024;

/// A task's work, given the descriptor that wakes this thread's `poll`. That of a task which was aborted while it waited
/// stays in the queue and does nothing.
pub type Work = Box<dyn FnOnce(&Arc<Waker>) + Send>;

/// Why a task was not queued.
#[derive(Debug)]
pub enum Refusal {
    /// All workers are busy, and the task does not want to wait.
    Full {
        /// How many tasks may be at once.
        limit: usize,
    },
    /// There is no worker, and none could be started.
    NoThread(io::Error),
}

/// The queue and the workers of one API.
pub struct Pool {
    name: &'static str,
    shared: Arc<Shared>,
}

struct Shared {
    limit: usize,
    sender: Sender<Work>,
    queue: Receiver<Work>,
    state: Mutex<State>,
    resumed: Condvar,
}

#[derive(Default)]
struct State {
    /// Tasks that wait or run, which is what the limit is about.
    outstanding: usize,
    /// Work that waits or that a worker is busy with. A worker that tells the host of a task's end is still busy when the
    /// task is over.
    work: usize,
    /// Threads that are alive, or will be at once.
    workers: usize,
    paused: bool,
    closed: bool,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// A pool without a thread.
    pub fn new(name: &'static str, limit: usize) -> Pool {
        let (sender, queue) = crossbeam_channel::unbounded();
        let shared = Shared { limit, sender, queue, state: Mutex::default(), resumed: Condvar::new() };
        Pool { name, shared: Arc::new(shared) }
    }

    /// Queues a task in FIFO order, and starts a worker where all are busy.
    pub fn submit(&self, work: Work, fail_when_full: bool) -> Result<(), Refusal> {
        let mut state = self.shared.lock();
        if fail_when_full && state.outstanding >= self.shared.limit {
            return Err(Refusal::Full { limit: self.shared.limit });
        }
        if state.workers < self.shared.limit && state.workers < state.work + 1 {
            match self.start_worker(&mut state) {
                Ok(()) => {}
                // A worker that is busy now will come to it.
                Err(_) if state.workers > 0 => {}
                Err(error) => return Err(Refusal::NoThread(error)),
            }
        }
        state.outstanding += 1;
        state.work += 1;
        // The pool holds a receiver, so there is always one.
        let _ = self.shared.sender.send(work);
        Ok(())
    }

    /// Frees the place of a task that is over. To be called before the host hears of it: the host may start the next task
    /// from the callback, also where that must not wait.
    pub fn free_place(&self) {
        let mut state = self.shared.lock();
        state.outstanding = state.outstanding.saturating_sub(1);
    }

    /// While paused, workers finish what they run and take nothing new.
    pub fn set_paused(&self, paused: bool) {
        self.shared.lock().paused = paused;
        self.shared.resumed.notify_all();
    }

    /// Ends and joins the workers. What is still queued is dropped; its tasks were ended before.
    pub fn close(&self) {
        let threads = {
            let mut state = self.shared.lock();
            state.closed = true;
            std::mem::take(&mut state.threads)
        };
        self.shared.resumed.notify_all();
        // Wakes workers that wait for a task: each takes one and sees that the pool is closed.
        for _ in &threads {
            let _ = self.shared.sender.send(Box::new(|_| {}));
        }
        for thread in threads {
            // A worker catches what its task panics with, so there is nothing to learn from the result.
            let _ = thread.join();
        }
        while self.shared.queue.try_recv().is_ok() {}
    }

    fn start_worker(&self, state: &mut State) -> io::Result<()> {
        // An ended thread has nothing left to be waited for; without its handle the list stays short.
        state.threads.retain(|thread| !thread.is_finished());
        let waker = Arc::new(Waker::new()?);
        let shared = self.shared.clone();
        let thread =
            thread::Builder::new().name(self.name.into()).stack_size(STACK_SIZE).spawn(move || shared.work(&waker))?;
        state.threads.push(thread);
        state.workers += 1;
        Ok(())
    }
}

impl Shared {
    fn work(&self, waker: &Arc<Waker>) {
        while let Some(work) = self.next() {
            waker.reset();
            work(waker);
            self.lock().work -= 1;
        }
    }

    /// The next task; `None` when this worker is to end.
    fn next(&self) -> Option<Work> {
        loop {
            let received = self.queue.recv_timeout(IDLE_TIME);
            let mut state = self.lock();
            if let Ok(work) = received {
                while state.paused && !state.closed {
                    state = self.resumed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                if !state.closed {
                    return Some(work);
                }
            }
            // A task that came just when the time was up keeps the worker.
            if state.closed || self.queue.is_empty() {
                state.workers -= 1;
                return None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
