//! Shows that every piece of work is run once while the pool is open, that as many threads run as there is work for,
//! and that closing waits for all of them. Most models run with idle threads that wait for ever, and with some that end
//! at once.

use super::*;
use crate::models::{FAR_AWAY, check};
use crate::platform::sync::Condvar;

/// Pieces of work, by number.
type Pieces = super::tests::HoldingQueue<usize>;

/// How often each piece was begun.
#[derive(Default)]
struct Begun {
    counts: Mutex<[usize; 4]>,
    changed: Condvar,
}

impl Begun {
    fn begin(&self, piece: usize) {
        lock(&self.counts)[piece] += 1;
        self.changed.notify_all();
    }

    /// Waits until each of the pieces was begun.
    fn wait_for(&self, pieces: &[usize]) {
        let mut counts = lock(&self.counts);
        while pieces.iter().any(|piece| counts[*piece] == 0) {
            counts = self.changed.wait(counts).unwrap();
        }
    }
}

/// A pool whose pieces of work record that they were begun, and then wait until the pieces that `meet` lists for them
/// were begun.
fn pool(limit: usize, idle_time: Duration, meet: [&'static [usize]; 4]) -> (Arc<ThreadPool<Pieces>>, Arc<Begun>) {
    let begun = Arc::new(Begun::default());
    let seen = begun.clone();
    let run = move |piece: usize, _: &Arc<WorkerThread>| {
        seen.begin(piece);
        seen.wait_for(meet[piece]);
    };
    let mut pool = ThreadPool::new("model", limit, Pieces::default(), run);
    Arc::get_mut(&mut pool.shared).unwrap().idle_time = idle_time;
    (Arc::new(pool), begun)
}

fn submit(pool: &ThreadPool<Pieces>, piece: usize) {
    pool.update(|pieces| pieces.waiting.push_back(piece)).1.unwrap();
}

/// Closes the pool, whose pieces were all begun, and checks its final state.
fn close(pool: &ThreadPool<Pieces>, begun: &Begun, pieces: usize) {
    pool.close();
    let state = lock(&pool.shared.state);
    assert_eq!((state.threads, state.starting, state.idle.len(), state.queue.done), (0, 0, 0, pieces));
    assert!(lock(&begun.counts).iter().take(pieces).all(|count| *count == 1));
}

/// Fails if an idle thread is not unparked, if it is not marked as woken, if it ends without a check of that mark, if
/// it is listed as idle after the lock is released under which it found the queue empty, and if `close` does not wake
/// it.
#[test]
fn one_thread_runs_one_piece_after_the_other() {
    for idle_time in [FAR_AWAY, Duration::ZERO] {
        check("pool of one thread", move || {
            let (pool, begun) = pool(1, idle_time, [&[]; 4]);
            let others = pool.clone();
            let other = thread::spawn(move || {
                submit(&others, 0);
            });
            submit(&pool, 1);
            begun.wait_for(&[0, 1]);
            submit(&pool, 2);
            begun.wait_for(&[2]);
            other.join().unwrap();
            close(&pool, &begun, 3);
        });
    }
}

/// Two pieces wait for each other, so two threads must run. Fails if one thread that is starting is counted for both
/// pieces.
#[test]
fn two_pieces_get_two_threads() {
    for idle_time in [FAR_AWAY, Duration::ZERO] {
        check("pool of two threads", move || {
            let (pool, begun) = pool(2, idle_time, [&[1], &[0], &[], &[]]);
            let others = pool.clone();
            let other = thread::spawn(move || {
                submit(&others, 0);
            });
            submit(&pool, 1);
            other.join().unwrap();
            close_after(&pool, &begun, &[0, 1]);
        });
    }
}

/// As before, with threads that have run already, and are idle or about to be. Fails if an idle thread that was not
/// woken counts as one that is about to read the queue.
#[test]
fn two_pieces_wake_two_idle_threads() {
    for idle_time in [FAR_AWAY, Duration::ZERO] {
        check("pool of two idle threads", move || {
            let (pool, begun) = pool(2, idle_time, [&[1], &[0], &[3], &[2]]);
            pool.update(|pieces| pieces.waiting.extend([0, 1])).1.unwrap();
            begun.wait_for(&[0, 1]);
            submit(&pool, 2);
            submit(&pool, 3);
            close_after(&pool, &begun, &[0, 1, 2, 3]);
        });
    }
}

fn close_after(pool: &ThreadPool<Pieces>, begun: &Begun, pieces: &[usize]) {
    begun.wait_for(pieces);
    close(pool, begun, pieces.len());
}

/// Two pieces wait for each other, and the second thread does not start at first. Fails if only `update` starts
/// threads.
#[test]
fn thread_that_did_not_start_is_started_later() {
    check("pool that lacked a thread", || {
        // The first thread stays. Without any thread, the failed start would be an error.
        let (pool, begun) = pool(2, FAR_AWAY, [&[], &[2], &[1], &[]]);
        submit(&pool, 0);
        thread::fail_next_spawn();
        pool.update(|pieces| pieces.waiting.extend([1, 2])).1.unwrap();
        close_after(&pool, &begun, &[0, 1, 2]);
    });
}

/// A held piece keeps a thread, which runs the piece once it may start. Fails if the last thread ends before, and if it
/// does not wake when the piece may start.
#[test]
fn held_piece_keeps_a_thread() {
    for idle_time in [FAR_AWAY, Duration::ZERO] {
        check("pool with a held piece", move || {
            let (pool, begun) = pool(2, idle_time, [&[]; 4]);
            pool.update(|pieces| pieces.held.push_back(1)).1.unwrap();
            submit(&pool, 0);
            begun.wait_for(&[0]);
            let threads = lock(&pool.shared.state).threads;
            assert!((1..=2).contains(&threads));
            pool.update(|pieces| pieces.waiting.append(&mut pieces.held)).1.unwrap();
            close_after(&pool, &begun, &[0, 1]);
        });
    }
}

/// Fails if `update` does not wake the kept thread when the last piece is withdrawn.
#[test]
fn kept_thread_ends_when_the_piece_is_withdrawn() {
    check("pool with a withdrawn piece", || {
        let (pool, _) = pool(1, Duration::ZERO, [&[]; 4]);
        pool.update(|pieces| pieces.held.push_back(0)).1.unwrap();
        pool.update(|pieces| pieces.held.clear()).1.unwrap();
        let handles = std::mem::take(&mut lock(&pool.shared.state).handles);
        join(handles);
        assert_eq!(lock(&pool.shared.state).threads, 0);
    });
}

/// Fails if a thread that is starting is not counted.
#[test]
fn there_are_no_more_threads_than_pieces() {
    check("pool of few threads", move || {
        let (pool, begun) = pool(3, FAR_AWAY, [&[]; 4]);
        submit(&pool, 0);
        pool.update(|_| ()).1.unwrap();
        assert_eq!(lock(&pool.shared.state).threads, 1);
        begun.wait_for(&[0]);
        close(&pool, &begun, 1);
    });
}

/// Fails if a thread looks at the queue of a closed pool.
#[test]
fn closed_pool_leaves_work_in_the_queue() {
    check("pool that closes while work is queued", || {
        let (pool, begun) = pool(1, FAR_AWAY, [&[3], &[], &[], &[]]);
        submit(&pool, 0);
        submit(&pool, 1);
        let closing = pool.clone();
        let close = thread::spawn(move || closing.close());
        while !lock(&pool.shared.state).closed {
            thread::yield_now();
        }
        // Lets piece 0 end, if it was begun.
        begun.begin(3);
        close.join().unwrap();
        let counts = *lock(&begun.counts);
        assert_eq!((counts[1], counts[0] + pool.update(|pieces| pieces.waiting.len()).0), (0, 2));
    });
}

/// What is not begun when the pool closes stays in the queue. Fails if a thread is started for a closed pool.
#[test]
fn closing_runs_no_piece_afterwards() {
    for idle_time in [FAR_AWAY, Duration::ZERO] {
        check("pool that closes", move || {
            let (pool, begun) = pool(2, idle_time, [&[]; 4]);
            let others = pool.clone();
            let other = thread::spawn(move || {
                submit(&others, 0);
            });
            submit(&pool, 1);
            pool.close();
            let seen = *lock(&begun.counts);
            let state = lock(&pool.shared.state);
            assert_eq!((state.threads, state.idle.len()), (0, 0));
            assert_eq!(state.queue.done, seen.iter().sum::<usize>());
            drop(state);
            other.join().unwrap();
            assert_eq!(*lock(&begun.counts), seen, "nothing is begun after close");
            let left: Vec<_> = pool.update(|pieces| pieces.waiting.drain(..).collect()).0;
            for piece in 0..2 {
                assert_eq!(seen[piece] + left.iter().filter(|other| **other == piece).count(), 1);
            }
        });
    }
}

/// Fails if `dismiss_idle` ends a thread that was woken for work, if it does not unpark an idle thread, and if it does
/// not correct the number of threads.
#[test]
fn dismissal_takes_no_thread_from_work() {
    check("dismissal", || {
        let (pool, begun) = pool(1, FAR_AWAY, [&[]; 4]);
        submit(&pool, 0);
        let others = pool.clone();
        let other = thread::spawn(move || others.dismiss_idle());
        submit(&pool, 1);
        begun.wait_for(&[0, 1]);
        other.join().unwrap();
        pool.dismiss_idle();
        submit(&pool, 2);
        begun.wait_for(&[2]);
        // A busy thread that was dismissed is joined by nobody, but counts until it ends.
        assert!(lock(&pool.shared.state).threads <= 1);
        pool.close();
        assert_eq!(*lock(&begun.counts), [1, 1, 1, 0]);
    });
}
