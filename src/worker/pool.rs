//! A thread pool: threads start when there is work, and end after a while without work.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{WorkerThread, lock, return_free_memory};
use crate::platform::sync::thread::{self, JoinHandle, Thread};
use crate::platform::sync::{Mutex, MutexGuard};

/// How long an idle thread waits for work before it ends. Long enough for a page that loads one image after another,
/// short enough that a sleeping mini program has no threads.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// As large as the stack of a secondary thread on iOS, because the system's certificate check and the host's signer run
/// on threads of a pool. The system's resolver needs far less, but a small stack is not safe with every libc.
const STACK_SIZE: usize = 512 * 1024;

/// The owner's queue of work, which defines the order. Only the pool locks it.
pub trait WorkQueue: Send + 'static {
    /// One piece of work.
    type Work: Send;

    /// Takes the next piece of work that may start now.
    fn next(&mut self) -> Option<Self::Work>;

    /// The number of pieces that [`next`](WorkQueue::next) could return now.
    fn ready(&self) -> usize;

    /// Whether no piece is left that [`next`](WorkQueue::next) could return now or later. While a piece is left, the
    /// pool keeps a thread, so that a lack of threads cannot prevent the piece from starting later.
    fn is_empty(&self) -> bool {
        self.ready() == 0
    }

    /// A piece returned by `next` is done. Called under the pool's lock, on the thread that did it.
    fn done(&mut self) {}
}

/// A pool of threads around a queue.
pub struct ThreadPool<Q: WorkQueue> {
    shared: Arc<Shared<Q>>,
}

struct Shared<Q: WorkQueue> {
    name: &'static str,
    /// The maximum number of threads.
    limit: usize,
    /// How long an idle thread waits for work: [`IDLE_TIME`], except in models and some tests.
    idle_time: Duration,
    state: Mutex<ThreadPoolState<Q>>,
    run: Run<Q::Work>,
}

/// Performs one piece of work on a thread of the pool.
type Run<W> = Box<dyn Fn(W, &Arc<WorkerThread>) + Send + Sync>;

struct ThreadPoolState<Q> {
    queue: Q,
    /// Threads that are alive or starting.
    threads: usize,
    /// Threads that are starting and have not read the queue yet.
    starting: usize,
    /// Threads that wait for work.
    idle: Vec<IdleThread>,
    closed: bool,
    /// Threads to join when the pool closes or dismisses them.
    handles: Vec<JoinHandle<()>>,
}

struct IdleThread {
    thread: Thread,
    /// The thread was woken and will read the queue, so it need not be woken again.
    is_woken: bool,
}

impl<Q: WorkQueue> ThreadPool<Q> {
    /// A pool without threads and with at most `limit` of them. `run` performs one piece of work and must not panic.
    pub fn new(
        name: &'static str,
        limit: usize,
        queue: Q,
        run: impl Fn(Q::Work, &Arc<WorkerThread>) + Send + Sync + 'static,
    ) -> ThreadPool<Q> {
        let state =
            ThreadPoolState { queue, threads: 0, starting: 0, idle: Vec::new(), closed: false, handles: Vec::new() };
        let shared = Shared { name, limit, idle_time: IDLE_TIME, state: Mutex::new(state), run: Box::new(run) };
        ThreadPool { shared: Arc::new(shared) }
    }

    /// Changes the queue, and wakes or starts threads for the work that is ready. If no thread exists, starts one even
    /// for work that is not ready. If a further thread cannot be started, each later call tries again, and so does each
    /// thread that takes a piece of work.
    ///
    /// # Errors
    /// There is work, no thread exists and none can be started: the process has no thread, memory or descriptor left.
    /// `change` has been applied anyway. This happens only when work is added: while there is work, a thread exists.
    pub fn update<T>(&self, change: impl FnOnce(&mut Q) -> T) -> (T, io::Result<()>) {
        let mut state = lock(&self.shared.state);
        let kept_one = state.keeps_last_thread();
        let value = change(&mut state.queue);
        let mut woken = Vec::new();
        if kept_one && !state.keeps_last_thread() {
            woken.extend(state.idle.iter().map(|idle| idle.thread.clone()));
        }
        let started = self.shared.summon(&mut state, &mut woken);
        drop(state);
        // After releasing the lock, which each woken thread takes first.
        woken.iter().for_each(Thread::unpark);
        (value, started)
    }

    /// Ends the threads after their current work, and joins them. Queued work stays in the queue.
    pub fn close(&self) {
        let mut state = lock(&self.shared.state);
        state.closed = true;
        let handles = std::mem::take(&mut state.handles);
        state.idle.iter().for_each(|idle| idle.thread.unpark());
        drop(state);
        join(handles);
    }

    /// Ends the idle threads and joins them. If there is work for them, does nothing. Busy threads are no longer
    /// joined, not even by [`close`](ThreadPool::close). The pool remains usable.
    pub fn dismiss_idle(&self) {
        let mut state = lock(&self.shared.state);
        if state.queue.ready() > 0 {
            return;
        }
        let idle = std::mem::take(&mut state.idle);
        state.threads -= idle.len();
        let mut handles = std::mem::take(&mut state.handles);
        let is_idle = |handle: &JoinHandle<()>| idle.iter().any(|idle| idle.thread.id() == handle.thread().id());
        handles.retain(|handle| handle.is_finished() || is_idle(handle));
        drop(state);
        idle.iter().for_each(|idle| idle.thread.unpark());
        join(handles);
    }
}

fn join(handles: Vec<JoinHandle<()>>) {
    for handle in handles {
        // `run` does not panic, so the result contains nothing.
        let _ = handle.join();
    }
}

impl<Q: WorkQueue> ThreadPoolState<Q> {
    /// Whether the last thread must not end, because there is work that it cannot start yet.
    fn keeps_last_thread(&self) -> bool {
        self.threads == 1 && !self.queue.is_empty()
    }

    /// The number of threads that are about to read the queue.
    fn coming(&self) -> usize {
        self.starting + self.idle.iter().filter(|idle| idle.is_woken).count()
    }
}

impl<Q: WorkQueue> Shared<Q> {
    /// Finds threads for the work that is ready: idle ones, which the caller must unpark, and new ones.
    ///
    /// # Errors
    /// There is no thread, and none can be started.
    fn summon(self: &Arc<Shared<Q>>, state: &mut ThreadPoolState<Q>, woken: &mut Vec<Thread>) -> io::Result<()> {
        // Each thread that is about to read the queue takes one piece. Only the rest needs more threads.
        let mut missing = state.queue.ready().saturating_sub(state.coming());
        if state.threads == 0 && !state.queue.is_empty() {
            missing = missing.max(1);
        }
        // The most recently idle thread first: its memory is in the cache, and the others may end.
        for idle in state.idle.iter_mut().rev().filter(|idle| !idle.is_woken).take(missing) {
            idle.is_woken = true;
            woken.push(idle.thread.clone());
            missing -= 1;
        }
        for _ in 0..missing {
            if state.threads >= self.limit || state.closed {
                break;
            }
            if let Err(error) = self.start(state) {
                // A busy thread will take the work, or start another one, later.
                return if state.threads == 0 { Err(error) } else { Ok(()) };
            }
        }
        Ok(())
    }

    fn start(self: &Arc<Shared<Q>>, state: &mut ThreadPoolState<Q>) -> io::Result<()> {
        // A finished thread needs no join. Dropping its handle keeps the list short.
        state.handles.retain(|handle| !handle.is_finished());
        let thread = Arc::new(WorkerThread::default());
        // Created here, where a lack of descriptors can be reported.
        thread.waker()?;
        let shared = self.clone();
        let builder = thread::Builder::new().name(self.name.into()).stack_size(STACK_SIZE);
        state.handles.push(builder.spawn(move || shared.work(&thread))?);
        state.threads += 1;
        state.starting += 1;
        Ok(())
    }

    fn work(self: &Arc<Shared<Q>>, thread: &Arc<WorkerThread>) {
        let mut woken = Vec::new();
        let mut state = lock(&self.state);
        state.starting -= 1;
        loop {
            while !state.closed
                && let Some(work) = state.queue.next()
            {
                // Starts threads for the remaining work if none could be started when the work was queued. Cannot fail:
                // this thread exists.
                let _ = self.summon(&mut state, &mut woken);
                drop(state);
                woken.drain(..).for_each(|thread| thread.unpark());
                (self.run)(work, thread);
                state = lock(&self.state);
                state.queue.done();
            }
            if state.closed {
                break;
            }
            let next;
            (state, next) = self.wait_for_work(state, thread);
            match next {
                NextStep::Work => {}
                NextStep::End => break,
                NextStep::Dismissed => return,
            }
        }
        state.threads -= 1;
        let is_idle = state.threads == 0 && !state.closed;
        drop(state);
        if is_idle {
            thread.drop_spare_buffers();
            // What the threads have freed stays in the allocator's arenas otherwise. Closing a session does this itself.
            return_free_memory();
        }
    }

    /// Waits for work, for the idle time or until the last thread need not be kept.
    fn wait_for_work<'a>(
        &'a self,
        mut state: MutexGuard<'a, ThreadPoolState<Q>>,
        thread: &WorkerThread,
    ) -> (MutexGuard<'a, ThreadPoolState<Q>>, NextStep) {
        let this = thread::current();
        state.idle.push(IdleThread { thread: this.clone(), is_woken: false });
        let end = Instant::now() + self.idle_time;
        loop {
            let is_kept = state.keeps_last_thread();
            drop(state);
            let left = end.saturating_duration_since(Instant::now());
            if is_kept && left.is_zero() {
                thread.drop_spare_buffers();
                // `update` wakes it when there is no work left.
                thread::park();
            } else {
                thread::park_timeout(left);
            }
            state = lock(&self.state);
            let Some(index) = state.idle.iter().position(|idle| idle.thread.id() == this.id()) else {
                return (state, NextStep::Dismissed);
            };
            let stays = Instant::now() < end || state.keeps_last_thread();
            let next = match state.idle[index].is_woken {
                true => NextStep::Work,
                // Parking may end spuriously.
                false if stays && !state.closed => continue,
                false => NextStep::End,
            };
            state.idle.remove(index);
            return (state, next);
        }
    }
}

/// What a thread does after waiting for work.
enum NextStep {
    Work,
    End,
    /// End. The thread that dismissed it has updated the count.
    Dismissed,
}

#[cfg(all(test, models))]
#[path = "../models/pool.rs"]
mod models;
#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
