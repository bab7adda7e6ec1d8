use std::sync::{Barrier, Weak, mpsc};

use super::delivery::tests::Inline;
use super::*;
use crate::transfer::Content;
use crate::worker::{WaitError, sizes};

const LIMIT: Duration = Duration::from_secs(60);

/// The failure that a task's handler received, or `None` for a success.
type End = (TaskId, Option<Failure>);

/// Reports the end of its task.
struct Listener {
    ends: mpsc::Sender<End>,
    /// Counts the handlers that are still alive.
    _alive: Arc<()>,
}

impl Handler for Listener {
    fn wants_headers(&self) -> bool {
        true
    }

    fn wants_progress(&self) -> bool {
        true
    }

    fn headers_received(&mut self, _: TaskId, _: &ReceivedHead) {}
    fn progress(&mut self, _: TaskId, _: Progress) {}
    fn completed(&mut self, task: TaskId, end: super::End) {
        self.ends.send((task, end.result.as_ref().err().map(|error| error.failure.clone()))).unwrap();
    }
}

/// An engine and the ends that its handlers received.
struct Heard {
    engine: Engine,
    sender: mpsc::Sender<End>,
    ends: Mutex<mpsc::Receiver<End>>,
    handlers: Arc<()>,
}

impl Heard {
    fn new(limit: usize, executor: Option<Box<dyn Executor>>) -> Heard {
        let (sender, ends) = mpsc::channel();
        Heard {
            engine: Engine::new(limit, limit, executor, None).unwrap(),
            sender,
            ends: Mutex::new(ends),
            handlers: Arc::new(()),
        }
    }

    fn submit(&self, job: Result<Job, TransferError>, rules: CallRules) -> TaskId {
        let handler = Listener { ends: self.sender.clone(), _alive: self.handlers.clone() };
        self.engine.submit(Submission { rules, ..submission(job, LIMIT) }, Box::new(handler))
    }

    /// A task that does `work` and fails.
    fn run(&self, work: impl FnOnce(&TransferContext<'_>) + Send + 'static) -> TaskId {
        let job: Job = Box::new(|context| {
            work(context);
            Err(a_failure())
        });
        self.submit(Ok(job), CallRules::default())
    }

    /// A task that has started and ends when the sender sends or is dropped.
    fn hold(&self) -> (TaskId, mpsc::Sender<()>) {
        let (begins, begun) = mpsc::channel();
        let (let_go, may_end) = mpsc::channel::<()>();
        let id = self.run(move |_| {
            begins.send(()).unwrap();
            let _ = may_end.recv();
        });
        begun.recv_timeout(LIMIT).unwrap();
        (id, let_go)
    }

    fn next_end(&self) -> End {
        lock(&self.ends).recv_timeout(LIMIT).unwrap()
    }

    /// Closes the engine. Returns the ends since then, in the order of the tasks.
    fn close(self) -> Vec<End> {
        self.engine.close();
        assert_eq!(Arc::strong_count(&self.handlers), 1, "every handler is dropped");
        let mut ends: Vec<End> = lock(&self.ends).try_iter().collect();
        ends.sort_by_key(|(task, _)| *task);
        ends
    }
}

fn submission(job: Result<Job, TransferError>, timeout: Duration) -> Submission {
    Submission {
        api: Api::Download,
        timeout,
        job,
        rules: CallRules::default(),
        disable_profile: false,
        needs_unmetered: false,
        max_bytes_per_second: 0,
        priority: 0,
    }
}

fn a_failure() -> TransferError {
    TransferError::new(Failure::Network(crate::terms::Category::Connect), "a test")
}

const ABORTED: Option<Failure> = Some(Failure::Cancelled(StopReason::Aborted));

#[test]
fn aborted_running_task_always_ends_with_abort() {
    let heard = Heard::new(10, None);
    for panics in [false, true] {
        let (begins, begun) = mpsc::channel();
        let (let_go, may_end) = mpsc::channel::<()>();
        let id = heard.run(move |context| {
            context.worker.stop().set_deadline(Instant::now());
            begins.send(()).unwrap();
            let _ = may_end.recv();
            assert!(!panics, "a test");
        });
        begun.recv_timeout(LIMIT).unwrap();
        assert!(heard.engine.abort(id));
        assert!(heard.engine.abort(id), "the task is being aborted");
        drop(let_go);
        assert_eq!(heard.next_end(), (id, ABORTED));
        assert!(!heard.engine.abort(id), "the task has ended");
    }
    assert_eq!(heard.close(), []);
}

/// The deadline passed and the task reports it, but the host was told that the task ends with `abort`.
#[test]
fn abort_between_the_deadline_and_the_end_is_the_result() {
    let heard = Heard::new(1, None);
    let (begins, begun) = mpsc::channel();
    let (let_go, may_end) = mpsc::channel::<()>();
    let job: Job = Box::new(move |_| {
        begins.send(()).unwrap();
        let _ = may_end.recv();
        Err(TransferError::cancelled(StopReason::DeadlinePassed))
    });
    let id = heard.submit(Ok(job), CallRules::default());
    begun.recv_timeout(LIMIT).unwrap();
    assert!(heard.engine.abort(id));
    drop(let_go);
    assert_eq!(heard.next_end(), (id, ABORTED));
    heard.close();
}

#[test]
fn abort_replaces_an_interrupt_but_not_the_reverse() {
    for interrupt_first in [true, false] {
        let heard = Heard::new(1, None);
        let (id, let_go) = heard.hold();
        if interrupt_first {
            heard.engine.interrupt();
        }
        assert!(heard.engine.abort(id));
        heard.engine.interrupt();
        drop(let_go);
        assert_eq!(heard.next_end(), (id, ABORTED));
        heard.close();
    }
}

#[test]
fn a_task_whose_result_is_decided_is_not_aborted() {
    let heard = Heard::new(1, None);
    let (begins, begun) = mpsc::channel();
    let (let_go, may_end) = mpsc::channel::<()>();
    let job: Job = Box::new(move |context| {
        context.worker.stop().settle().unwrap();
        begins.send(()).unwrap();
        let _ = may_end.recv();
        let content = Content::Data { text: String::new(), length: 0 };
        Ok(Success { status: 200, headers: Arc::default(), content, sha256: None })
    });
    let id = heard.submit(Ok(job), CallRules::default());
    begun.recv_timeout(LIMIT).unwrap();
    assert!(!heard.engine.abort(id));
    drop(let_go);
    assert_eq!(heard.next_end(), (id, None));
    heard.close();
}

/// The result of `abort` matches the end of the task, in either order of the two.
#[test]
fn result_of_a_racing_abort_matches_the_end() {
    let heard = Heard::new(4, None);
    let begin = Instant::now();
    let mut aborted = 0;
    let mut races = 0;
    // On a busy machine the abort may come second for a while.
    while races < 500 || aborted == 0 && begin.elapsed() < LIMIT {
        races += 1;
        let meeting = Arc::new(Barrier::new(2));
        let other = meeting.clone();
        let id = heard.run(move |_| {
            other.wait();
        });
        meeting.wait();
        let was_aborted = heard.engine.abort(id);
        aborted += usize::from(was_aborted);
        let expected = if was_aborted { ABORTED } else { Some(a_failure().failure) };
        assert_eq!(heard.next_end(), (id, expected));
    }
    assert!(aborted > 0);
    heard.close();
}

#[test]
fn aborted_queued_task_is_removed_at_once() {
    let heard = Heard::new(1, None);
    let (running, let_go) = heard.hold();
    let value = Arc::new(());
    let queued: Vec<_> = (0..1000)
        .map(|_| {
            let held = value.clone();
            heard.run(move |_| drop(held))
        })
        .collect();
    assert_eq!(Arc::strong_count(&value), 1001);
    for id in &queued {
        assert!(heard.engine.abort(*id));
        assert!(!heard.engine.abort(*id));
    }
    assert_eq!(Arc::strong_count(&value), 1, "the aborted tasks are dropped while the first one runs");
    for id in queued {
        assert_eq!(heard.next_end(), (id, ABORTED));
    }
    drop(let_go);
    assert_eq!(heard.next_end().0, running);
    heard.close();
}

/// Tells a sender of each event and then waits until it may return.
struct Slow(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Handler for Slow {
    fn wants_headers(&self) -> bool {
        true
    }

    fn wants_progress(&self) -> bool {
        true
    }

    fn headers_received(&mut self, _: TaskId, _: &ReceivedHead) {
        self.0.send(()).unwrap();
        let _ = self.1.recv();
    }

    fn progress(&mut self, _: TaskId, _: Progress) {}
    fn completed(&mut self, _: TaskId, _: super::End) {}
}

/// Waits until the end of a task is queued for delivery. The task drops its sender after that.
fn wait_for_end(kept: &mpsc::Receiver<()>) {
    assert_eq!(kept.recv_timeout(LIMIT), Err(mpsc::RecvTimeoutError::Disconnected));
}

/// While a callback runs, events wait for it. Then a queued and a running task are aborted, and a deadline stops
/// another one.
#[test]
fn ends_of_stopped_tasks_come_before_events_that_wait() {
    let heard = Heard::new(20, None);
    let (enters, entered) = mpsc::channel();
    let (let_go, may_return) = mpsc::channel();
    let report_head = |context: &TransferContext<'_>| {
        context.observer.headers_received(ReceivedHead { status: 200, headers: Arc::default() })
    };
    let job: Job = Box::new(move |context| {
        report_head(context);
        Err(a_failure())
    });
    heard.engine.submit(submission(Ok(job), LIMIT), Box::new(Slow(enters, may_return)));
    entered.recv_timeout(LIMIT).unwrap();
    let ended: Vec<_> = (0..10)
        .map(|_| {
            let (keeps, kept) = mpsc::channel();
            let id = heard.run(move |context| {
                report_head(context);
                context.worker.drop_later(keeps);
            });
            wait_for_end(&kept);
            id
        })
        .collect();
    let run_until_stopped = |timeout| {
        let (begins, begun) = mpsc::channel();
        let job: Job = Box::new(move |context| {
            begins.send(()).unwrap();
            context.worker.drop_later(begins);
            match context.worker.wait(&[], None) {
                Err(WaitError::Stopped(reason)) => Err(TransferError::cancelled(reason)),
                _ => Err(a_failure()),
            }
        });
        let handler = Listener { ends: heard.sender.clone(), _alive: heard.handlers.clone() };
        let id = heard.engine.submit(submission(Ok(job), timeout), Box::new(handler));
        begun.recv_timeout(LIMIT).unwrap();
        (id, begun)
    };
    let (late, kept) = run_until_stopped(Duration::from_millis(500));
    wait_for_end(&kept);
    let (aborted, kept) = run_until_stopped(LIMIT);
    assert!(heard.engine.abort(aborted));
    wait_for_end(&kept);
    heard.engine.set_network(NO_NETWORK);
    let queued = heard.run(|_| panic!("there is no network"));
    assert!(heard.engine.abort(queued));
    drop(let_go);
    let passed = Some(Failure::Cancelled(StopReason::DeadlinePassed));
    for end in [(late, passed), (aborted, ABORTED), (queued, ABORTED)] {
        assert_eq!(heard.next_end(), end);
    }
    let others: Vec<_> = ended.iter().map(|_| heard.next_end().0).collect();
    assert_eq!(others, ended);
    heard.close();
}

#[test]
fn queued_tasks_begin_in_the_order_of_their_calls() {
    let heard = Heard::new(1, None);
    let (running, let_go) = heard.hold();
    let queued: Vec<_> = (0..50).map(|_| heard.run(|_| {})).collect();
    let_go.send(()).unwrap();
    let ended: Vec<_> = (0..=50).map(|_| heard.next_end().0).collect();
    assert_eq!(ended[0], running);
    assert_eq!(ended[1..], queued);
    heard.close();
}

/// Running tasks, waiting tasks, and tasks submitted before `resume`. The running task ends when the test lets it end.
#[test]
fn an_interrupted_engine_ends_every_task() {
    let heard = Heard::new(1, None);
    let (running, let_go) = heard.hold();
    let queued = heard.run(|_| panic!("an interrupted task must not begin"));
    assert_eq!(heard.engine.refusal(), None);
    heard.engine.interrupt();
    let late = heard.run(|_| panic!("a task after the interrupt must not begin"));
    drop(let_go);
    let interrupted = Some(Failure::Cancelled(StopReason::Interrupted));
    for task in [running, queued, late] {
        assert_eq!(heard.next_end(), (task, interrupted.clone()));
    }
    heard.engine.resume();
    let next = heard.run(|_| {});
    assert_eq!(heard.next_end(), (next, Some(a_failure().failure)));
    heard.close();
}

const NO_NETWORK: TaskNetwork = TaskNetwork { is_absent: true, is_metered: false };

/// If tasks were stopped oldest first, the running task, which is the oldest, would end early. Then the task with the
/// highest priority, which is the newest, would start before it is stopped.
#[test]
fn an_interrupt_lets_no_waiting_task_start() {
    const WAITING: usize = 20_000;
    let heard = Heard::new(1, None);
    let (begins, begun) = mpsc::channel();
    heard.run(move |context| {
        begins.send(()).unwrap();
        let _ = context.worker.wait_for(None, || None::<()>);
    });
    begun.recv_timeout(LIMIT).unwrap();
    for _ in 0..WAITING {
        heard.run(|_| {});
    }
    let (starts, started) = mpsc::channel();
    let job: Job = Box::new(move |_| {
        starts.send(()).unwrap();
        Err(a_failure())
    });
    let listener = Listener { ends: heard.sender.clone(), _alive: heard.handlers.clone() };
    heard.engine.submit(Submission { priority: 1, ..submission(Ok(job), LIMIT) }, Box::new(listener));
    heard.engine.interrupt();
    for _ in 0..WAITING + 2 {
        assert_eq!(heard.next_end().1, Some(Failure::Cancelled(StopReason::Interrupted)));
    }
    assert!(started.try_recv().is_err());
    heard.close();
}

#[test]
fn without_a_network_tasks_wait_for_one() {
    let heard = Heard::new(2, None);
    let (running, let_go) = heard.hold();
    heard.engine.set_network(NO_NETWORK);
    let waiting: Vec<_> = (0..5).map(|_| heard.run(|_| {})).collect();
    drop(let_go);
    assert_eq!(
        heard.next_end(),
        (running, Some(a_failure().failure)),
        "the running task continues, and no other begins"
    );
    assert!(heard.engine.abort(waiting[0]));
    assert_eq!(heard.next_end(), (waiting[0], ABORTED));
    heard.engine.set_network(TaskNetwork::default());
    let mut ended: Vec<_> = waiting[1..].iter().map(|_| heard.next_end().0).collect();
    ended.sort_unstable();
    assert_eq!(ended, waiting[1..]);
    assert_eq!(heard.close(), []);
}

#[test]
fn running_task_is_woken_when_its_network_changes() {
    let heard = Heard::new(1, None);
    let (sender, heard_of) = mpsc::channel();
    let id = heard.run(move |context| {
        for expected in [true, false, true] {
            let is_expected = || ((context.has_network)() == expected).then_some(());
            context.worker.wait_for(None, is_expected).unwrap();
            sender.send(expected).unwrap();
        }
    });
    assert!(heard_of.recv_timeout(LIMIT).unwrap());
    for network in [NO_NETWORK, TaskNetwork::default()] {
        heard.engine.set_network(network);
        assert_eq!(heard_of.recv_timeout(LIMIT).unwrap(), !network.is_absent);
    }
    assert_eq!(heard.next_end(), (id, Some(a_failure().failure)));
    heard.close();
}

#[test]
fn tasks_end_after_too_long_without_a_network() {
    let heard = Heard::new(1, None);
    let running = heard.run(|context| drop(context.worker.wait(&[], None)));
    heard.engine.set_network(NO_NETWORK);
    let waiting = heard.run(|_| panic!("there is no network"));
    heard.engine.give_network_up();
    let late = heard.run(|_| panic!("there is no network"));
    for task in [running, waiting, late] {
        assert_eq!(heard.next_end(), (task, Some(Failure::Cancelled(StopReason::NoNetwork))));
    }
    heard.engine.expect_network();
    heard.engine.set_network(TaskNetwork::default());
    let next = heard.run(|_| {});
    assert_eq!(heard.next_end(), (next, Some(a_failure().failure)));
    heard.close();
}

/// One of the two always sees the other, so no task keeps waiting.
#[test]
fn concurrent_call_and_loss_of_network_leave_no_task_waiting() {
    for _ in 0..200 {
        let heard = Heard::new(1, None);
        heard.engine.set_network(NO_NETWORK);
        let id = std::thread::scope(|scope| {
            let giving_up = scope.spawn(|| heard.engine.give_network_up());
            let id = heard.run(|_| panic!("there is no network"));
            giving_up.join().unwrap();
            id
        });
        assert_eq!(heard.next_end(), (id, Some(Failure::Cancelled(StopReason::NoNetwork))));
        heard.close();
    }
}

#[test]
fn background_ends_tasks_that_wait_for_a_network() {
    let heard = Heard::new(1, None);
    heard.engine.set_network(NO_NETWORK);
    let waiting = heard.run(|_| panic!("there is no network"));
    heard.engine.interrupt();
    assert_eq!(heard.next_end(), (waiting, Some(Failure::Cancelled(StopReason::Interrupted))));
    let waiting = heard.run(|_| panic!("a task after the interrupt must not begin"));
    assert_eq!(heard.next_end(), (waiting, Some(Failure::Cancelled(StopReason::Interrupted))));
    heard.close();
}

/// One of the two always sees the other, so no task runs in the background.
#[test]
fn concurrent_interrupt_and_call_leave_no_task_running() {
    for _ in 0..200 {
        let heard = Heard::new(1, None);
        let id = std::thread::scope(|scope| {
            let interrupting = scope.spawn(|| heard.engine.interrupt());
            let id = heard.run(|context| drop(context.worker.wait(&[], None)));
            interrupting.join().unwrap();
            id
        });
        assert_eq!(heard.next_end(), (id, Some(Failure::Cancelled(StopReason::Interrupted))));
        heard.close();
    }
}

#[test]
fn close_aborts_running_and_waiting_tasks() {
    let heard = Heard::new(1, None);
    let id = heard.run(|context| drop(context.worker.wait(&[], None)));
    let queued: Vec<_> = (0..2000).map(|_| heard.run(|_| {})).collect();
    let expected: Vec<_> = [id].into_iter().chain(queued).map(|id| (id, ABORTED)).collect();
    assert_eq!(heard.close(), expected);
}

#[test]
fn full_api_rejects_a_task_that_must_not_wait() {
    let heard = Heard::new(1, None);
    let must_not_wait = CallRules { fail_when_full: true, ..CallRules::default() };
    let job = || -> Result<Job, TransferError> { Ok(Box::new(|_| Err(a_failure()))) };
    let (running, let_go) = heard.hold();
    let refused = heard.submit(job(), must_not_wait);
    assert_eq!(heard.next_end(), (refused, Some(Failure::TooManyTasks { api: Api::Download, limit: 1 })));
    drop(let_go);
    assert_eq!(heard.next_end().0, running);
    let taken = heard.submit(job(), must_not_wait);
    assert_eq!(heard.next_end(), (taken, Some(a_failure().failure)));
    heard.close();
}

#[test]
fn task_held_back_by_the_network_takes_no_place() {
    let heard = Heard::new(1, None);
    let must_not_wait = CallRules { fail_when_full: true, ..CallRules::default() };
    let job = || -> Result<Job, TransferError> { Ok(Box::new(|_| Err(a_failure()))) };
    heard.engine.set_network(TaskNetwork { is_metered: true, ..TaskNetwork::default() });
    let (begun, has_begun) = mpsc::channel();
    let (let_go, goes_on) = mpsc::channel::<()>();
    let held_back: Job = Box::new(move |_| {
        begun.send(()).unwrap();
        goes_on.recv_timeout(LIMIT).unwrap();
        Err(a_failure())
    });
    let listener = Listener { ends: heard.sender.clone(), _alive: heard.handlers.clone() };
    let submission = Submission { needs_unmetered: true, rules: must_not_wait, ..submission(Ok(held_back), LIMIT) };
    let held_back = heard.engine.submit(submission, Box::new(listener));
    let other = heard.submit(job(), must_not_wait);
    assert_eq!(heard.next_end(), (other, Some(a_failure().failure)));
    heard.engine.set_network(TaskNetwork::default());
    has_begun.recv_timeout(LIMIT).unwrap();
    let refused = heard.submit(job(), must_not_wait);
    assert_eq!(heard.next_end(), (refused, Some(Failure::TooManyTasks { api: Api::Download, limit: 1 })));
    let_go.send(()).unwrap();
    assert_eq!(heard.next_end().0, held_back);
    heard.close();
}

/// The callback of one end may start the next task.
#[test]
fn place_is_free_before_the_end_is_reported() {
    struct Next(Arc<Heard>);
    impl Handler for Next {
        fn wants_headers(&self) -> bool {
            true
        }

        fn wants_progress(&self) -> bool {
            true
        }

        fn headers_received(&mut self, _: TaskId, _: &ReceivedHead) {}
        fn progress(&mut self, _: TaskId, _: Progress) {}
        fn completed(&mut self, _: TaskId, _: super::End) {
            let must_not_wait = CallRules { fail_when_full: true, ..CallRules::default() };
            self.0.submit(Ok(Box::new(|_| Err(a_failure()))), must_not_wait);
        }
    }
    let heard = Arc::new(Heard::new(1, Some(Box::new(Inline))));
    let (running, let_go) = heard.hold();
    let job: Job = Box::new(|_| Err(a_failure()));
    let submission = Submission {
        api: Api::Download,
        timeout: LIMIT,
        job: Ok(job),
        rules: CallRules::default(),
        disable_profile: false,
        needs_unmetered: false,
        max_bytes_per_second: 0,
        priority: 0,
    };
    heard.engine.submit(submission, Box::new(Next(heard.clone())));
    drop(let_go);
    assert_eq!(heard.next_end().0, running);
    assert_eq!(heard.next_end().1, Some(a_failure().failure));
    heard.engine.close();
}

#[test]
fn immediate_failure_is_reported() {
    let heard = Heard::new(1, None);
    let id = heard.submit(Err(TransferError::missing("url")), CallRules::default());
    assert_eq!(
        heard.next_end(),
        (id, Some(Failure::Parameter { parameter: "url", expected: "String", given: "Undefined" }))
    );
    heard.close();
}

#[test]
fn panicking_executor_does_not_lose_an_end() {
    struct Panicking;
    impl Executor for Panicking {
        fn post(&self, _: Box<dyn FnOnce() + Send>) {
            panic!("a test");
        }
    }
    let heard = Heard::new(1, Some(Box::new(Panicking)));
    let failing = heard.submit(Err(a_failure()), CallRules::default());
    let running = heard.run(|_| panic!("a test"));
    let ends = heard.close();
    assert_eq!(ends.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [failing, running]);
}

#[test]
fn a_task_that_ended_does_not_end_again() {
    let heard = Heard::new(1, None);
    let (id, let_go) = heard.hold();
    let task = heard.engine.live.find(id).unwrap();
    heard.engine.live.end(&task, Err(a_failure()));
    heard.engine.live.end(&task, Err(a_failure()));
    drop((task, let_go));
    assert_eq!(heard.close(), [(id, Some(a_failure().failure))]);
}

#[test]
fn deferred_values_are_dropped_before_the_next_task() {
    let heard = Heard::new(1, None);
    let (sender, seen) = mpsc::channel();
    let value = Arc::new(());
    let (left, watched) = (value.clone(), Arc::downgrade(&value));
    heard.run(move |context| context.worker.drop_later(left));
    drop(value);
    heard.run(move |_| sender.send(Weak::strong_count(&watched)).unwrap());
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), 0);
    heard.close();
}

#[test]
fn concurrent_tasks_use_smaller_buffers() {
    let heard = Heard::new(2, None);
    let (sender, seen) = mpsc::channel();
    let both = Arc::new(Barrier::new(2));
    for _ in 0..2 {
        let (sender, both) = (sender.clone(), both.clone());
        heard.run(move |_| {
            both.wait();
            let size = sizes::large_plain_download_file();
            both.wait();
            sender.send(size).unwrap();
        });
    }
    assert_eq!([(); 2].map(|()| seen.recv_timeout(LIMIT).unwrap()), [128 * 1024; 2]);
    heard.close();
}

#[test]
fn host_is_told_before_deferred_values_are_dropped() {
    struct Left(mpsc::Sender<End>);
    impl Drop for Left {
        fn drop(&mut self) {
            self.0.send((0, None)).unwrap();
        }
    }
    let heard = Heard::new(1, Some(Box::new(Inline)));
    let left = Left(heard.sender.clone());
    let id = heard.run(move |context| context.worker.drop_later(left));
    assert_eq!(heard.next_end(), (id, Some(a_failure().failure)));
    assert_eq!(heard.next_end(), (0, None));
    heard.close();
}
