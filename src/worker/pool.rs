//! Threads that come when there is work and go when there is none for a while.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use super::{WorkerThread, lock};

/// How long a thread waits for more work before it ends. Long enough for a page that loads one image after the other, short
/// enough that a sleeping mini program costs no thread.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// What is to be done, in which order: the owner's own queue, which only the pool locks.
pub trait WorkQueue: Send + 'static {
    /// One piece of work.
    type Work: Send;

    /// Takes the next piece that may begin now.
    fn next(&mut self) -> Option<Self::Work>;

    /// How many pieces [`next`](WorkQueue::next) could give now.
    fn ready(&self) -> usize;

    /// A piece that `next` gave is done. Called under the pool's lock, on the thread that did it.
    fn done(&mut self) {}
}

/// A pool of threads around a queue.
pub struct ThreadPool<Q: WorkQueue> {
    name: &'static str,
    limit: usize,
    stack_size: usize,
    shared: Arc<Shared<Q>>,
}

struct Shared<Q: WorkQueue> {
    state: Mutex<ThreadPoolState<Q>>,
    run: Run<Q::Work>,
}

/// Does one piece of work on a thread of the pool.
type Run<W> = Box<dyn Fn(W, &Arc<WorkerThread>) + Send + Sync>;

struct ThreadPoolState<Q> {
    queue: Q,
    /// Threads that are alive, or will be at once.
    threads: usize,
    /// Those of them that have not looked at the queue yet.
    starting: usize,
    /// Threads that wait for work.
    idle: Vec<IdleThread>,
    closed: bool,
    /// Threads that are to be waited for when the pool closes or dismisses them.
    handles: Vec<JoinHandle<()>>,
}

struct IdleThread {
    thread: Thread,
    /// It is about to look at the queue, so nobody need wake it again.
    is_woken: bool,
}

impl<Q: WorkQueue> ThreadPool<Q> {
    /// A pool without a thread; it never has more than `limit`. `run` does one piece of work, and must not panic.
    pub fn new(
        name: &'static str,
        limit: usize,
        stack_size: usize,
        queue: Q,
        run: impl Fn(Q::Work, &Arc<WorkerThread>) + Send + Sync + 'static,
    ) -> ThreadPool<Q> {
        let state =
            ThreadPoolState { queue, threads: 0, starting: 0, idle: Vec::new(), closed: false, handles: Vec::new() };
        let shared = Shared { state: Mutex::new(state), run: Box::new(run) };
        ThreadPool { name, limit, stack_size, shared: Arc::new(shared) }
    }

    /// Changes the queue, and sees to it that somebody does what is ready in it.
    ///
    /// # Errors
    /// There is work and no thread, and none can be started: the process has no thread, memory or descriptor left. `change`
    /// has happened all the same.
    pub fn update<T>(&self, change: impl FnOnce(&mut Q) -> T) -> (T, io::Result<()>) {
        let mut state = lock(&self.shared.state);
        let value = change(&mut state.queue);
        // A thread that is about to look at the queue takes one piece, so only the rest needs others.
        let mut missing = state.queue.ready().saturating_sub(state.coming());
        let mut woken = Vec::new();
        // The last one to become idle goes first: its memory is the warmest, and the others may end.
        for idle in state.idle.iter_mut().rev().filter(|idle| !idle.is_woken).take(missing) {
            idle.is_woken = true;
            woken.push(idle.thread.clone());
        }
        missing -= woken.len();
        let mut started = Ok(());
        for _ in 0..missing {
            if state.threads >= self.limit || state.closed {
                break;
            }
            if let Err(error) = self.start(&mut state) {
                // A thread that is busy now comes to it.
                if state.threads == 0 {
                    started = Err(error);
                }
                break;
            }
        }
        drop(state);
        // Without the lock, which each of them takes first.
        woken.iter().for_each(Thread::unpark);
        (value, started)
    }

    /// Lets the threads end after what they do now, and waits for them. What is still queued stays in the queue.
    pub fn close(&self) {
        let mut state = lock(&self.shared.state);
        state.closed = true;
        let handles = std::mem::take(&mut state.handles);
        state.idle.iter().for_each(|idle| idle.thread.unpark());
        drop(state);
        join(handles);
    }

    /// Ends the threads that do nothing, and waits for them; none where there is work, which they are about to begin. Nobody
    /// waits for the others any more, not even [`close`](ThreadPool::close). The pool can be used as before.
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

    fn start(&self, state: &mut ThreadPoolState<Q>) -> io::Result<()> {
        // An ended thread has nothing left to be waited for; without its handle the list stays short.
        state.handles.retain(|handle| !handle.is_finished());
        let thread = Arc::new(WorkerThread::default());
        // Here, where a lack of descriptors can still be told.
        thread.waker()?;
        let shared = self.shared.clone();
        let builder = thread::Builder::new().name(self.name.into()).stack_size(self.stack_size);
        state.handles.push(builder.spawn(move || shared.work(&thread))?);
        state.threads += 1;
        state.starting += 1;
        Ok(())
    }
}

fn join(handles: Vec<JoinHandle<()>>) {
    for handle in handles {
        // `run` does not panic, so there is nothing to learn from the result.
        let _ = handle.join();
    }
}

impl<Q> ThreadPoolState<Q> {
    /// How many threads are about to look at the queue.
    fn coming(&self) -> usize {
        self.starting + self.idle.iter().filter(|idle| idle.is_woken).count()
    }
}

impl<Q: WorkQueue> Shared<Q> {
    fn work(&self, thread: &Arc<WorkerThread>) {
        let mut state = lock(&self.state);
        state.starting -= 1;
        loop {
            while !state.closed
                && let Some(work) = state.queue.next()
            {
                drop(state);
                (self.run)(work, thread);
                state = lock(&self.state);
                state.queue.done();
            }
            if state.closed {
                break;
            }
            let next;
            (state, next) = self.wait_for_work(state);
            match next {
                NextStep::Work => {}
                NextStep::End => break,
                NextStep::Dismissed => return,
            }
        }
        state.threads -= 1;
    }

    /// Waits while there is nothing to do.
    fn wait_for_work<'a>(
        &'a self,
        mut state: MutexGuard<'a, ThreadPoolState<Q>>,
    ) -> (MutexGuard<'a, ThreadPoolState<Q>>, NextStep) {
        let this = thread::current();
        state.idle.push(IdleThread { thread: this.clone(), is_woken: false });
        let end = Instant::now() + IDLE_TIME;
        loop {
            drop(state);
            thread::park_timeout(end.saturating_duration_since(Instant::now()));
            state = lock(&self.state);
            let Some(index) = state.idle.iter().position(|idle| idle.thread.id() == this.id()) else {
                return (state, NextStep::Dismissed);
            };
            let next = match (state.idle[index].is_woken, Instant::now() < end) {
                (true, _) => NextStep::Work,
                // Parking may end for no reason.
                (false, true) if !state.closed => continue,
                _ => NextStep::End,
            };
            state.idle.remove(index);
            return (state, next);
        }
    }
}

/// What a thread that waited for work does now.
enum NextStep {
    Work,
    End,
    /// Ends; whoever dismissed it has counted it out.
    Dismissed,
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
