//! Shows that each task ends once, that it ends with `abort` if and only if the call of `abort` returned `true`, and
//! that a stop of all tasks misses no task. Except in the last model, the host's executor runs callbacks inside of
//! `post`, so there is no delivery thread.

use super::*;
use crate::models::{FAR_AWAY, check};
use crate::platform::sync::{Condvar, thread};
use crate::transfer::Content;

/// Runs jobs within `post`.
struct AtOnce;

impl Executor for AtOnce {
    fn post(&self, job: Box<dyn FnOnce() + Send>) {
        job();
    }
}

/// An engine with one place for each API, and the events that its handlers received.
struct Host {
    engine: Engine,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    /// The ends, `None` for a success, in their order.
    ends: Mutex<Vec<(TaskId, Option<Failure>)>>,
    ended: Condvar,
    /// The handlers that were dropped after their task's end.
    released: std::sync::Mutex<Vec<TaskId>>,
}

struct Listener {
    heard: Arc<Heard>,
    /// The task, once it has ended.
    ended: Option<TaskId>,
}

impl Handler for Listener {
    fn headers_received(&mut self, _: TaskId, _: &ReceivedHead) {}

    fn wants_headers(&self) -> bool {
        true
    }

    fn wants_progress(&self) -> bool {
        false
    }

    fn progress(&mut self, _: TaskId, _: Progress) {}

    fn completed(&mut self, task: TaskId, end: End) {
        self.ended = Some(task);
        lock(&self.heard.ends).push((task, end.result.as_ref().err().map(|error| error.failure.clone())));
        self.heard.ended.notify_all();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&self.heard.released).extend(self.ended);
    }
}

const ABORTED: Option<Failure> = Some(Failure::Cancelled(StopReason::Aborted));
const INTERRUPTED: Option<Failure> = Some(Failure::Cancelled(StopReason::Interrupted));

impl Host {
    fn new() -> Arc<Host> {
        Host::with(Some(Box::new(AtOnce)))
    }

    fn with(executor: Option<Box<dyn Executor>>) -> Arc<Host> {
        Arc::new(Host { engine: Engine::new(1, 1, executor, None).unwrap(), heard: Arc::default() })
    }

    fn submit(&self, rules: CallRules, job: Job) -> TaskId {
        let submission = Submission {
            api: Api::Download,
            timeout: FAR_AWAY,
            job: Ok(job),
            rules,
            disable_profile: true,
            needs_unmetered: false,
            max_bytes_per_second: 0,
            priority: 0,
        };
        self.engine.submit(submission, Box::new(Listener { heard: self.heard.clone(), ended: None }))
    }

    /// Starts a task that runs `job`.
    fn run(&self, job: Job) -> TaskId {
        self.submit(CallRules::default(), job)
    }

    /// Starts a task that waits until it is stopped.
    fn wait_for_stop(&self) -> TaskId {
        let job: Job = Box::new(|context| match context.worker.wait_for(None, || None::<()>) {
            Err(crate::worker::WaitError::Stopped(reason)) => Err(TransferError::cancelled(reason)),
            _ => Err(TransferError::new(Failure::Internal, "a wait without an end")),
        });
        self.run(job)
    }

    /// Waits for the end of a task.
    fn end_of(&self, id: TaskId) -> Option<Failure> {
        let mut ends = lock(&self.heard.ends);
        loop {
            if let Some((_, end)) = ends.iter().find(|(task, _)| *task == id) {
                return end.clone();
            }
            ends = self.heard.ended.wait(ends).unwrap();
        }
    }

    /// Closes the engine. Returns the end of each task, each of which has ended once and was released.
    fn close<const N: usize>(&self, tasks: [TaskId; N]) -> [Option<Failure>; N] {
        self.engine.close();
        let ends = lock(&self.heard.ends);
        assert_eq!((ends.len(), lock(&self.heard.released).len()), (N, N));
        let counted = self.engine.statistics();
        assert_eq!(counted.succeeded + counted.failed + counted.aborted + counted.interrupted, N as u64);
        assert_eq!((counted.waiting, counted.running), (0, 0));
        tasks.map(|id| {
            assert!(lock(&self.heard.released).contains(&id));
            ends.iter().find(|(task, _)| *task == id).expect("an end").1.clone()
        })
    }
}

/// The work of a task that fails by itself, without a stop.
fn failure() -> Job {
    Box::new(|_| Err(TransferError::new(Failure::Internal, "a model")))
}

/// The work of a task that succeeds if it is not stopped before.
fn success() -> Job {
    Box::new(|context| {
        // As before the rename of a downloaded file.
        context.worker.stop().settle().map_err(TransferError::cancelled)?;
        let content = Content::Data { text: String::new(), length: 0 };
        Ok(Success { status: 200, headers: Arc::default(), content, sha256: None })
    })
}

/// Fails if `end` does not settle the result or only reads it, if `abort` removes a task from the queue without ending
/// it, and if `abort` ends a task that a worker has taken.
#[test]
fn result_of_abort_matches_the_end_of_the_task() {
    for (job, own_end) in [(success as fn() -> Job, None), (failure, Some(Failure::Internal))] {
        check("abort of a task", move || {
            let host = Host::new();
            let id = host.run(job());
            let aborted = host.engine.abort(id);
            let end = host.end_of(id);
            assert_eq!(end, if aborted { ABORTED } else { own_end.clone() });
            assert_eq!(host.close([id]), [end]);
        });
    }
}

/// The second task waits in the queue, for the first, and is aborted when the first ends. Fails if `abort` does not end a
/// task that it removes from the queue, and if it returns `true` for one that has ended.
#[test]
fn result_of_abort_matches_the_worker_that_takes_the_queued_task() {
    check("abort of a queued task", || {
        let host = Host::new();
        let (first, second) = (host.run(success()), host.run(success()));
        let aborted = host.engine.abort(second);
        let ends = [host.end_of(first), host.end_of(second)];
        assert_eq!(ends, [None, if aborted { ABORTED } else { None }]);
        assert_eq!(host.close([first, second]), ends);
    });
}

/// Fails if `submit` checks the flag before it adds the task, and if `interrupt` searches for tasks before it sets the
/// flag.
#[test]
fn interrupt_misses_no_task() {
    check("interrupt and submit", || {
        let host = Host::new();
        let interrupting = host.clone();
        let interrupt = thread::spawn(move || interrupting.engine.interrupt());
        let id = host.wait_for_stop();
        assert_eq!(host.end_of(id), INTERRUPTED);
        interrupt.join().unwrap();
        assert_eq!(host.close([id]), [INTERRUPTED]);
    });
}

/// Fails if `close` does not stop a running task, does not end a queued one, or lets a worker begin it.
#[test]
fn close_ends_every_task() {
    check("close", || {
        let host = Host::new();
        let first = host.wait_for_stop();
        let begun = Arc::new(AtomicBool::new(false));
        let begins = begun.clone();
        let second = host.run(Box::new(move |_| {
            begins.store(true, Ordering::SeqCst);
            Err(TransferError::new(Failure::Internal, "a model"))
        }));
        assert_eq!(host.close([first, second]), [ABORTED, ABORTED]);
        assert!(!begun.load(Ordering::SeqCst));
    });
}

/// The thread for the first task does not start. A thread that starts for the second one may take the first task, too.
/// Fails if `enqueue` ends a task that it does not find in the queue.
#[test]
fn task_without_a_thread_ends_once() {
    check("no thread", || {
        let host = Host::new();
        let submitting = host.clone();
        let other = thread::spawn(move || submitting.run(success()));
        thread::fail_next_spawn();
        let tasks = [host.run(success()), other.join().unwrap()];
        let ends = tasks.map(|id| host.end_of(id));
        let failed = ends.iter().flatten().filter(|failure| **failure == Failure::OutOfResources).count();
        assert_eq!(failed, ends.iter().flatten().count());
        assert!(failed <= 1, "of the one thread that did not start");
        assert_eq!(host.close(tasks), ends);
    });
}

/// Fails if a place is free only after the host was told of the end.
#[test]
fn place_is_free_when_the_end_is_reported_to_the_host() {
    check("places", || {
        let host = Host::new();
        let rules = || CallRules { fail_when_full: true, ..CallRules::default() };
        let first = host.submit(rules(), success());
        assert_eq!(host.end_of(first), None);
        let second = host.submit(rules(), success());
        assert_eq!(host.end_of(second), None, "it is not refused");
        host.close([first, second]);
    });
}

/// All threads of a session together: the host's, a worker, the delivery and one that aborts. Fails if `abort` returns
/// `true` for a task that has ended.
#[test]
fn session_with_all_its_threads() {
    check("all threads", || {
        let host = Host::with(None);
        let id = host.run(success());
        let aborting = host.clone();
        let abort = thread::spawn(move || aborting.engine.abort(id));
        let end = host.end_of(id);
        assert_eq!(end, if abort.join().unwrap() { ABORTED } else { None });
        assert_eq!(host.close([id]), [end]);
    });
}
