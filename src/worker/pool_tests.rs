use std::collections::VecDeque;
use std::sync::{Barrier, mpsc};

use super::*;
use crate::worker::Worker;

const LIMIT: Duration = Duration::from_secs(60);

type Job = Box<dyn FnOnce() + Send>;
type Jobs = HoldingQueue<Job>;

/// A queue with pieces of work that may not start yet. The models use it, too.
pub(super) struct HoldingQueue<W> {
    pub(super) waiting: VecDeque<W>,
    pub(super) held: VecDeque<W>,
    pub(super) done: usize,
}

impl<W> Default for HoldingQueue<W> {
    fn default() -> HoldingQueue<W> {
        HoldingQueue { waiting: VecDeque::new(), held: VecDeque::new(), done: 0 }
    }
}

impl<W: Send + 'static> WorkQueue for HoldingQueue<W> {
    type Work = W;

    fn next(&mut self) -> Option<W> {
        self.waiting.pop_front()
    }

    fn ready(&self) -> usize {
        self.waiting.len()
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.held.is_empty()
    }

    fn done(&mut self) {
        self.done += 1;
    }
}

fn pool(limit: usize) -> ThreadPool<Jobs> {
    ThreadPool::new("test", limit, Jobs::default(), |job: Job, _| job())
}

fn submit(pool: &ThreadPool<Jobs>, job: impl FnOnce() + Send + 'static) {
    pool.update(|jobs| jobs.waiting.push_back(Box::new(job))).1.unwrap();
}

fn threads(pool: &ThreadPool<Jobs>) -> usize {
    lock(&pool.shared.state).threads
}

#[test]
fn threads_are_started_as_needed_up_to_the_limit() {
    let pool = pool(2);
    assert_eq!(threads(&pool), 0);
    let both_run = Arc::new(Barrier::new(3));
    let (sender, third) = mpsc::channel();
    for _ in 0..2 {
        let both_run = both_run.clone();
        submit(&pool, move || {
            both_run.wait();
        });
    }
    submit(&pool, move || sender.send(()).unwrap());
    assert_eq!(threads(&pool), 2);
    assert!(third.try_recv().is_err(), "both are busy");
    both_run.wait();
    third.recv_timeout(LIMIT).unwrap();
    pool.close();
    assert_eq!(threads(&pool), 0);
}

#[test]
fn there_are_never_more_threads_than_work() {
    for _ in 0..200 {
        let pool = pool(10);
        // One thread exists, idle or about to be.
        submit(&pool, || {});
        let all_run = Arc::new(Barrier::new(4));
        for _ in 0..3 {
            let all_run = all_run.clone();
            submit(&pool, move || {
                all_run.wait();
            });
        }
        all_run.wait();
        assert!(threads(&pool) <= 4, "{} threads for 4 pieces of work", threads(&pool));
        pool.close();
    }
}

#[test]
fn an_idle_thread_takes_the_next_work_and_none_is_started() {
    let pool = pool(10);
    let (sender, done) = mpsc::channel();
    for number in 0..20 {
        let sender = sender.clone();
        submit(&pool, move || sender.send(number).unwrap());
        assert_eq!(done.recv_timeout(LIMIT), Ok(number));
        // Waits until the thread has registered as idle.
        while lock(&pool.shared.state).idle.is_empty() {
            thread::yield_now();
        }
    }
    assert_eq!(threads(&pool), 1);
    pool.close();
}

#[test]
fn idle_threads_end_and_are_started_again() {
    let pool = pool(3);
    let all_run = Arc::new(Barrier::new(3));
    for _ in 0..3 {
        let all_run = all_run.clone();
        submit(&pool, move || {
            all_run.wait();
        });
    }
    // The idle threads end by themselves. The pool is not closed.
    let handles = std::mem::take(&mut lock(&pool.shared.state).handles);
    assert_eq!(handles.len(), 3);
    for handle in handles {
        handle.join().unwrap();
    }
    assert_eq!(threads(&pool), 0);
    let (sender, done) = mpsc::channel();
    submit(&pool, move || sender.send(7).unwrap());
    assert_eq!(done.recv_timeout(LIMIT), Ok(7));
    pool.close();
}

/// A pool whose only job may not start yet, and whose only thread waits longer than an idle one.
fn pool_with_held_job(job: impl FnOnce() + Send + 'static) -> ThreadPool<Jobs> {
    let mut pool = pool(3);
    Arc::get_mut(&mut pool.shared).unwrap().idle_time = Duration::ZERO;
    pool.update(|jobs| jobs.held.push_back(Box::new(job))).1.unwrap();
    // The thread is idle once it has read the queue. Without the held job it would end then: the idle time is zero.
    let limit = Instant::now() + LIMIT;
    while lock(&pool.shared.state).idle.is_empty() {
        assert!(Instant::now() < limit && threads(&pool) == 1, "{} threads", threads(&pool));
        thread::yield_now();
    }
    pool
}

/// Waits until a thread ends, for a limited time.
fn assert_ends(handle: JoinHandle<()>) {
    let limit = Instant::now() + LIMIT;
    while !handle.is_finished() {
        assert!(Instant::now() < limit, "the thread does not end");
        thread::yield_now();
    }
    handle.join().unwrap();
}

#[test]
fn a_thread_is_kept_for_work_that_may_not_start_yet() {
    let (sender, done) = mpsc::channel();
    let pool = pool_with_held_job(move || sender.send(7).unwrap());
    // A wake without work does not end the thread.
    for _ in 0..20 {
        lock(&pool.shared.state).idle[0].thread.unpark();
        thread::yield_now();
    }
    assert_eq!(threads(&pool), 1);
    let thread = lock(&pool.shared.state).handles[0].thread().id();
    let release = |jobs: &mut Jobs| jobs.waiting.append(&mut jobs.held);
    pool.update(release).1.unwrap();
    assert_eq!(
        lock(&pool.shared.state).handles.iter().map(|handle| handle.thread().id()).collect::<Vec<_>>(),
        [thread]
    );
    assert_eq!(done.recv_timeout(LIMIT), Ok(7));
    pool.close();
}

#[test]
fn a_kept_thread_returns_its_buffers_when_it_has_been_idle() {
    let (sender, told) = mpsc::channel();
    let pool = ThreadPool::new("test", 1, Jobs::default(), move |job: Job, thread: &Arc<WorkerThread>| {
        sender.send(thread.clone()).unwrap();
        job();
    });
    pool.update(|jobs| jobs.held.push_back(Box::new(|| {}) as Job)).1.unwrap();
    submit(&pool, || {});
    let thread = told.recv_timeout(LIMIT).unwrap();
    let worker = Worker::new(Arc::default(), thread.clone());
    worker.give_back(worker.take_buffer(1000).unwrap());
    let end = Instant::now() + LIMIT;
    while !lock(&thread.spare).is_empty() {
        assert!(Instant::now() < end, "the buffers are still there");
        thread::yield_now();
    }
    assert_eq!(threads(&pool), 1);
    pool.close();
}

#[test]
fn the_kept_thread_ends_when_the_work_is_withdrawn_or_the_pool_closes() {
    // The thread sleeps until it is woken, or is about to sleep. It has not been woken yet.
    let pool = pool_with_held_job(|| panic!("the held job may not start"));
    pool.update(|jobs| jobs.held.clear()).1.unwrap();
    let handles = std::mem::take(&mut lock(&pool.shared.state).handles);
    assert_eq!(handles.len(), 1);
    handles.into_iter().for_each(assert_ends);
    assert_eq!(threads(&pool), 0);

    let pool = Arc::new(pool_with_held_job(|| panic!("the held job may not start")));
    let closed = pool.clone();
    assert_ends(thread::spawn(move || closed.close()));
    assert_eq!(threads(&pool), 0);
}

#[test]
fn dismissal_joins_idle_threads_only() {
    let pool = pool(2);
    let (begins, begun) = mpsc::channel();
    let (let_go, may_end) = mpsc::channel::<()>();
    submit(&pool, move || {
        begins.send(()).unwrap();
        let _ = may_end.recv();
    });
    begun.recv_timeout(LIMIT).unwrap();
    let (sender, done) = mpsc::channel();
    // A thread-local value is dropped when the thread ends.
    struct Ends(mpsc::Sender<&'static str>);
    impl Drop for Ends {
        fn drop(&mut self) {
            let _ = self.0.send("ended");
        }
    }
    thread_local!(static ENDS: std::cell::RefCell<Option<Ends>> = const { std::cell::RefCell::new(None) });
    submit(&pool, move || ENDS.set(Some(Ends(sender))));
    while lock(&pool.shared.state).idle.is_empty() {
        thread::yield_now();
    }
    pool.dismiss_idle();
    assert_eq!(done.try_recv(), Ok("ended"));
    assert_eq!(threads(&pool), 1);
    assert_eq!(lock(&pool.shared.state).handles.len(), 0);
    // The pool continues, next to the busy thread.
    let (sender, done) = mpsc::channel();
    submit(&pool, move || sender.send(7).unwrap());
    assert_eq!(done.recv_timeout(LIMIT), Ok(7));
    let_go.send(()).unwrap();
    pool.close();
}

#[test]
fn dismissal_keeps_threads_for_ready_work() {
    for _ in 0..200 {
        let pool = pool(1);
        submit(&pool, || {});
        while lock(&pool.shared.state).idle.is_empty() {
            thread::yield_now();
        }
        let (sender, done) = mpsc::channel();
        submit(&pool, move || sender.send(7).unwrap());
        pool.dismiss_idle();
        assert_eq!(done.recv_timeout(LIMIT), Ok(7));
        pool.close();
    }
}

#[test]
fn work_is_done_in_the_order_of_the_queue_and_counted_when_it_is_done() {
    let pool = pool(1);
    let (sender, order) = mpsc::channel();
    for number in 0..50 {
        let sender = sender.clone();
        submit(&pool, move || sender.send(number).unwrap());
    }
    let ran: Vec<_> = (0..50).map(|_| order.recv_timeout(LIMIT).unwrap()).collect();
    assert_eq!(ran, (0..50).collect::<Vec<_>>());
    pool.close();
    assert_eq!(pool.update(|jobs| jobs.done).0, 50);
}

#[test]
fn closed_pool_leaves_queued_work_in_the_queue() {
    let pool = pool(1);
    let (begins, begun) = mpsc::channel();
    let (let_go, may_end) = mpsc::channel::<()>();
    submit(&pool, move || {
        begins.send(()).unwrap();
        let _ = may_end.recv();
    });
    begun.recv_timeout(LIMIT).unwrap();
    submit(&pool, || {});
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| pool.close());
        while !lock(&pool.shared.state).closed {
            thread::yield_now();
        }
        let_go.send(()).unwrap();
        closing.join().unwrap();
    });
    assert_eq!(pool.update(|jobs| jobs.waiting.len()).0, 1);
    assert_eq!(threads(&pool), 0);
}
