//! The worker threads of one API: started when a task needs one, gone when idle.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use crate::worker::WorkerThread;

/// How long a worker waits for another task before it ends. Long enough for a page that loads one image after the
/// other, short enough that a sleeping mini program costs no thread.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// What iOS gives a secondary thread: the system's certificate check runs on it.
const STACK_SIZE: usize = 512 * 1024;

/// A task's work, given what stays with its thread. That of a task which was aborted while it waited
/// stays in the queue and does nothing.
pub type Work = Box<dyn FnOnce(&Arc<WorkerThread>) + Send>;

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
        let thread_state = Arc::new(WorkerThread::default());
        thread_state.waker()?;
        let shared = self.shared.clone();
        let thread = thread::Builder::new()
            .name(self.name.into())
            .stack_size(STACK_SIZE)
            .spawn(move || shared.work(&thread_state))?;
        state.threads.push(thread);
        state.workers += 1;
        Ok(())
    }
}

impl Shared {
    fn work(&self, thread: &Arc<WorkerThread>) {
        while let Some(work) = self.next() {
            work(thread);
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

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::mpsc;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// Work that says when it begins, and ends when it is let.
    struct Held {
        begun: mpsc::Receiver<()>,
        let_go: mpsc::Sender<()>,
    }

    impl Held {
        fn submit(pool: &Pool) -> Held {
            let (begins, begun) = mpsc::channel();
            let (let_go, may_end) = mpsc::channel::<()>();
            let work = Box::new(move |_: &Arc<WorkerThread>| {
                begins.send(()).unwrap();
                // An error is the test's end, which lets everything go.
                let _ = may_end.recv();
            });
            pool.submit(work, false).unwrap();
            Held { begun, let_go }
        }

        fn wait_for_begin(&self) {
            self.begun.recv_timeout(LIMIT).unwrap();
        }

        fn has_begun(&self) -> bool {
            self.begun.try_recv().is_ok()
        }

        fn end(&self) {
            self.let_go.send(()).unwrap();
        }
    }

    fn submit_number(pool: &Pool, number: u32, sender: &mpsc::Sender<u32>) {
        let sender = sender.clone();
        let work = Box::new(move |_: &Arc<WorkerThread>| sender.send(number).unwrap());
        pool.submit(work, false).unwrap();
    }

    fn workers(pool: &Pool) -> usize {
        pool.shared.lock().workers
    }

    #[test]
    fn threads_are_started_as_needed_up_to_the_limit() {
        let pool = Pool::new("test", 2);
        assert_eq!(workers(&pool), 0);
        let first = Held::submit(&pool);
        assert_eq!(workers(&pool), 1);
        let second = Held::submit(&pool);
        let third = Held::submit(&pool);
        assert_eq!(workers(&pool), 2);
        first.wait_for_begin();
        second.wait_for_begin();
        assert!(!third.has_begun());
        first.end();
        third.wait_for_begin();
        drop((first, second, third));
        pool.close();
    }

    #[test]
    fn an_idle_worker_takes_the_next_task_and_none_is_started() {
        let pool = Pool::new("test", 10);
        let (sender, done) = mpsc::channel();
        for number in 0..20 {
            // A worker that has run its work may not have said so yet.
            while pool.shared.lock().work > 0 {
                thread::yield_now();
            }
            submit_number(&pool, number, &sender);
            assert_eq!(done.recv_timeout(LIMIT), Ok(number));
        }
        assert_eq!(workers(&pool), 1);
        pool.close();
    }

    #[test]
    fn idle_workers_end_and_are_started_again() {
        let pool = Pool::new("test", 3);
        let all_run = Arc::new(Barrier::new(3));
        for _ in 0..3 {
            let all_run = all_run.clone();
            let work = move |_: &Arc<WorkerThread>| {
                all_run.wait();
            };
            pool.submit(Box::new(work), false).unwrap();
        }
        // They end by themselves: nothing is closed.
        let threads = std::mem::take(&mut pool.shared.lock().threads);
        assert_eq!(threads.len(), 3);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(workers(&pool), 0);
        let (sender, done) = mpsc::channel();
        submit_number(&pool, 7, &sender);
        assert_eq!(done.recv_timeout(LIMIT), Ok(7));
        pool.close();
    }

    #[test]
    fn tasks_run_in_the_order_in_which_they_came() {
        let pool = Pool::new("test", 1);
        let held = Held::submit(&pool);
        let (sender, order) = mpsc::channel();
        for number in 0..50 {
            submit_number(&pool, number, &sender);
        }
        held.end();
        let ran: Vec<_> = (0..50).map(|_| order.recv_timeout(LIMIT).unwrap()).collect();
        assert_eq!(ran, (0..50).collect::<Vec<_>>());
        pool.close();
    }

    #[test]
    fn a_pool_that_is_full_refuses_who_does_not_want_to_wait() {
        let pool = Pool::new("test", 2);
        let held = [Held::submit(&pool), Held::submit(&pool)];
        let refused = pool.submit(Box::new(|_| {}), true);
        assert!(matches!(refused, Err(Refusal::Full { limit: 2 })));
        // The worker is still busy, with telling the host; the task is over.
        pool.free_place();
        assert!(pool.submit(Box::new(|_| {}), true).is_ok());
        drop(held);
        pool.close();
    }

    #[test]
    fn work_without_a_task_is_passed_over() {
        let pool = Pool::new("test", 1);
        let held = Held::submit(&pool);
        // Its task was aborted: there is nothing to do, and its place was given back by the abort.
        pool.submit(Box::new(|_| {}), false).unwrap();
        pool.free_place();
        let next = Held::submit(&pool);
        held.end();
        next.wait_for_begin();
        assert_eq!(pool.shared.lock().work, 1);
        drop(next);
        pool.close();
    }

    #[test]
    fn a_paused_pool_finishes_what_runs_and_begins_nothing() {
        let pool = Pool::new("test", 2);
        let running = Held::submit(&pool);
        running.wait_for_begin();
        pool.set_paused(true);
        let (sender, ran) = mpsc::channel();
        for number in 0..3 {
            submit_number(&pool, number, &sender);
        }
        running.end();
        // Each of the two workers takes a task and holds it.
        while pool.shared.queue.len() > 1 {
            thread::yield_now();
        }
        assert!(ran.try_recv().is_err());
        pool.set_paused(false);
        let mut all: Vec<_> = (0..3).map(|_| ran.recv_timeout(LIMIT).unwrap()).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
        pool.close();
    }

    #[test]
    fn a_paused_pool_can_be_closed_and_drops_what_is_queued() {
        let pool = Pool::new("test", 2);
        pool.set_paused(true);
        let kept = Arc::new(());
        for _ in 0..5 {
            let kept = kept.clone();
            pool.submit(Box::new(move |_| drop(kept)), false).unwrap();
        }
        pool.close();
        assert_eq!(Arc::strong_count(&kept), 1);
        assert_eq!(workers(&pool), 0);
    }
}
