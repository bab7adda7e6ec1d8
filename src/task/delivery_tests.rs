use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, mpsc};
use std::time::{Duration, Instant};

use super::super::{Handler, Progress, ProgressCell};
use super::*;
use crate::http::{Exchange, Reports, Request};
use crate::task::TaskId;
use crate::terms::{Api, Failure, Headers, Method};
use crate::transfer::Content;
use crate::worker::{Rate, StopReason, StopSignal, Worker};

const LIMIT: Duration = Duration::from_secs(60);

/// Calls a closure with the name of each event.
struct Listener<F>(F);

impl<F: FnMut(TaskId, &'static str) + Send> Handler for Listener<F> {
    fn wants_headers(&self) -> bool {
        true
    }

    fn wants_progress(&self) -> bool {
        true
    }

    fn headers_received(&mut self, task: TaskId, _: &ReceivedHead) {
        self.0(task, "headers");
    }

    fn progress(&mut self, task: TaskId, _: Progress) {
        self.0(task, "progress");
    }

    fn completed(&mut self, task: TaskId, _: End) {
        self.0(task, "completed");
    }
}

pub fn task(id: TaskId, listener: impl FnMut(TaskId, &'static str) + Send + 'static) -> Arc<Task> {
    Arc::new(Task {
        id,
        api: Api::Download,
        timeout: LIMIT,
        needs_unmetered: false,
        priority: 0,
        rate: Arc::new(Rate::new(0)),
        stop: Arc::new(StopSignal::new()),
        has_begun: true.into(),
        wants_headers: true,
        progress: ProgressCell::new(true),
        profile: None,
        counts: Mutex::default(),
        tracer: None,
        handler: Mutex::new(Some(Box::new(Listener(listener)))),
    })
}

fn completed(task: &Arc<Task>) -> Event {
    Event::Completed(task.clone(), Box::new(Err(TransferError::new(Failure::Internal, "a test"))))
}

fn headers(task: &Arc<Task>) -> Event {
    Event::HeadersReceived(task.clone(), Box::new(ReceivedHead { status: 200, headers: Arc::default() }))
}

type Job = Box<dyn FnOnce() + Send>;

/// Keeps posted jobs until the test runs them, like a busy main queue.
struct Later(mpsc::Sender<Job>);

impl Executor for Later {
    fn post(&self, job: Job) {
        self.0.send(job).unwrap();
    }
}

/// Runs posted jobs at once, within the call of `post`.
pub struct Inline;

impl Executor for Inline {
    fn post(&self, job: Job) {
        job();
    }
}

#[test]
fn events_come_in_order_on_one_thread_and_close_waits_for_the_last() {
    let delivery = Delivery::new(None).unwrap();
    let (sender, events) = mpsc::channel();
    let tasks: Vec<_> = (0..10)
        .map(|id| {
            let sender = sender.clone();
            task(id, move |id, name| sender.send((id, name, thread::current().id(), in_callback())).unwrap())
        })
        .collect();
    for task in &tasks {
        delivery.push(headers(task));
        task.progress.set(1, None);
        delivery.push(Event::Progress(task.clone()));
        delivery.push(completed(task));
    }
    delivery.close();
    drop((sender, tasks));
    let events: Vec<_> = events.iter().collect();
    let expected: Vec<_> = (0..10).flat_map(|id| ["headers", "progress", "completed"].map(|name| (id, name))).collect();
    assert_eq!(events.iter().map(|(id, name, ..)| (*id, *name)).collect::<Vec<_>>(), expected);
    assert!(events.iter().all(|(_, _, thread, inside)| *thread == events[0].2 && *inside));
    assert_ne!(events[0].2, thread::current().id());
}

#[test]
fn handler_is_dropped_after_the_last_event() {
    let delivery = Delivery::new(None).unwrap();
    let (sender, events) = mpsc::channel();
    let task = task(1, move |_, name| sender.send(name).unwrap());
    delivery.push(completed(&task));
    delivery.push(headers(&task));
    delivery.close();
    assert_eq!(events.iter().collect::<Vec<_>>(), ["completed"], "the handler and its sender are dropped");
}

#[test]
fn executor_gets_one_job_for_all_queued_events() {
    let (posts, posted) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(Later(posts)))).unwrap();
    let (sender, events) = mpsc::channel();
    let task = task(1, move |_, name| sender.send(name).unwrap());
    for _ in 0..100 {
        delivery.push(headers(&task));
    }
    let job = posted.try_recv().unwrap();
    assert!(posted.try_recv().is_err());
    assert!(events.try_recv().is_err(), "events run only on the executor");
    job();
    assert_eq!(events.try_iter().count(), 100);
    delivery.push(completed(&task));
    posted.try_recv().unwrap()();
    assert_eq!(events.try_recv(), Ok("completed"));
}

#[test]
fn close_delivers_pending_events_and_a_late_job_does_nothing() {
    let (posts, posted) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(Later(posts)))).unwrap();
    let (sender, events) = mpsc::channel();
    let task = task(1, move |_, name| sender.send((name, thread::current().id())).unwrap());
    delivery.push(headers(&task));
    delivery.push(completed(&task));
    delivery.close();
    let here = thread::current().id();
    assert_eq!(events.iter().collect::<Vec<_>>(), [("headers", here), ("completed", here)]);
    posted.try_recv().unwrap()();
}

#[test]
fn close_waits_for_a_callback_that_runs_on_the_executor() {
    let (posts, posted) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(Later(posts)))).unwrap();
    let (sender, events) = mpsc::channel();
    let (let_go, may_end) = mpsc::channel::<()>();
    let task = task(1, move |_, name| {
        sender.send(name).unwrap();
        may_end.recv_timeout(LIMIT).unwrap();
        sender.send("ended").unwrap();
    });
    delivery.push(completed(&task));
    let job = posted.try_recv().unwrap();
    let executor = thread::spawn(job);
    assert_eq!(events.recv_timeout(LIMIT), Ok("completed"));
    let (closes, closed) = mpsc::channel();
    let closing = thread::spawn(move || {
        delivery.close();
        closes.send(()).unwrap();
        events.try_recv()
    });
    // The test cannot observe that `close` never returns. It only gives a premature return some time to happen.
    assert!(closed.recv_timeout(Duration::from_millis(200)).is_err());
    let_go.send(()).unwrap();
    assert_eq!(closing.join().unwrap(), Ok("ended"), "before close returns");
    executor.join().unwrap();
}

#[test]
fn callbacks_of_one_session_never_overlap() {
    let delivery = Delivery::new(Some(Box::new(Inline))).unwrap();
    let inside = Arc::new(AtomicBool::new(false));
    let (sender, events) = mpsc::channel();
    let tasks: Vec<_> = (0..4)
        .map(|id| {
            let (inside, sender) = (inside.clone(), sender.clone());
            task(id, move |id, name| {
                assert!(!inside.swap(true, Ordering::SeqCst), "two at once");
                thread::yield_now();
                inside.store(false, Ordering::SeqCst);
                sender.send((id, name)).unwrap();
            })
        })
        .collect();
    std::thread::scope(|scope| {
        for task in &tasks {
            scope.spawn(|| {
                for _ in 0..200 {
                    delivery.push(headers(task));
                }
                delivery.push(completed(task));
            });
        }
    });
    delivery.close();
    drop((sender, tasks));
    let events: Vec<_> = events.iter().collect();
    assert_eq!(events.len(), 4 * 201, "none is lost");
    for id in 0..4 {
        assert_eq!(events.iter().rev().find(|event| event.0 == id), Some(&(id, "completed")));
    }
}

#[test]
fn callbacks_are_not_reentered_under_an_inline_executor() {
    let delivery = Delivery::new(Some(Box::new(Inline))).unwrap();
    let (sender, events) = mpsc::channel();
    let inner_sender = sender.clone();
    let inner = task(2, move |_, _| inner_sender.send("inner").unwrap());
    let again = delivery.clone();
    let outer = task(1, move |_, name| {
        sender.send("outer begins").unwrap();
        if name == "headers" {
            again.push(completed(&inner));
        }
        sender.send("outer ends").unwrap();
    });
    delivery.push(headers(&outer));
    assert_eq!(events.try_iter().collect::<Vec<_>>(), ["outer begins", "outer ends", "inner"]);
    delivery.push(completed(&outer));
    delivery.close();
}

#[test]
fn two_sessions_with_inline_executors_may_call_into_each_other() {
    let deliveries = [(); 2].map(|()| Delivery::new(Some(Box::new(Inline))).unwrap());
    let both_inside = Arc::new(Barrier::new(2));
    let (sender, events) = mpsc::channel();
    let threads: Vec<_> = [0, 1]
        .map(|own| {
            let (other, both_inside) = (deliveries[1 - own].clone(), both_inside.clone());
            let (outer_sender, inner_sender) = (sender.clone(), sender.clone());
            let inner = task(2, move |_, _| inner_sender.send("inner").unwrap());
            let outer = task(1, move |_, _| {
                both_inside.wait();
                other.push(completed(&inner));
                outer_sender.send("outer").unwrap();
            });
            let delivery = deliveries[own].clone();
            thread::spawn(move || delivery.push(completed(&outer)))
        })
        .into();
    let mut names: Vec<_> = (0..4).map(|_| events.recv_timeout(LIMIT).expect("no deadlock")).collect();
    names.sort_unstable();
    assert_eq!(names, ["inner", "inner", "outer", "outer"]);
    for thread in threads {
        thread.join().unwrap();
    }
}

/// A panic payload of the host's code whose drop panics, too.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("a test");
    }
}

/// Panics when called and when dropped.
struct Panicking(mpsc::Sender<&'static str>);

impl Handler for Panicking {
    fn wants_headers(&self) -> bool {
        true
    }

    fn wants_progress(&self) -> bool {
        true
    }

    fn headers_received(&mut self, _: TaskId, _: &ReceivedHead) {
        self.0.send("headers").unwrap();
        panic_any(PanicsInDrop);
    }

    fn progress(&mut self, _: TaskId, _: Progress) {
        self.0.send("progress").unwrap();
        panic_any(PanicsInDrop);
    }

    fn completed(&mut self, _: TaskId, _: End) {
        self.0.send("completed").unwrap();
        panic_any(PanicsInDrop);
    }
}

impl Drop for Panicking {
    fn drop(&mut self) {
        self.0.send("released").unwrap();
        panic_any(PanicsInDrop);
    }
}

#[test]
fn a_panic_in_a_callback_ends_only_that_callback() {
    let (posts, posted) = mpsc::channel();
    for executor in [None, Some(Box::new(Later(posts)) as Box<dyn Executor>)] {
        let delivery = Delivery::new(executor).unwrap();
        let (sender, events) = mpsc::channel();
        let first = task(1, |_, _| {});
        *lock(&first.handler) = Some(Box::new(Panicking(sender.clone())));
        let second = task(2, move |_, name| sender.send(name).unwrap());
        delivery.push(headers(&first));
        first.progress.set(1, None);
        delivery.push(Event::Progress(first.clone()));
        delivery.push(completed(&first));
        delivery.push(completed(&second));
        if let Ok(job) = posted.try_recv() {
            job();
            assert!(!in_callback());
        }
        delivery.close();
        drop((first, second));
        let events: Vec<_> = events.iter().collect();
        assert_eq!(events, ["headers", "progress", "completed", "released", "completed"]);
    }
}

#[test]
fn panic_also_ends_the_callback_of_a_thread() {
    let panicked = catch_unwind(|| as_callback(|| panic!("a test")));
    assert!(panicked.is_err());
    assert!(!in_callback());
}

#[test]
fn an_executor_that_panics_gets_the_next_job() {
    struct PanicsOnce(AtomicBool, mpsc::Sender<Job>);
    impl Executor for PanicsOnce {
        fn post(&self, job: Job) {
            assert!(self.0.swap(true, Ordering::SeqCst), "a test");
            self.1.send(job).unwrap();
        }
    }
    let (posts, posted) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(PanicsOnce(AtomicBool::new(false), posts)))).unwrap();
    let (sender, events) = mpsc::channel();
    let task = task(1, move |_, name| sender.send(name).unwrap());
    delivery.push(headers(&task));
    delivery.push(completed(&task));
    posted.try_recv().unwrap()();
    assert_eq!(events.try_iter().collect::<Vec<_>>(), ["headers", "completed"]);
    delivery.close();
}

#[test]
fn an_executor_that_drops_a_job_gets_the_next_one() {
    struct DropsOnce(AtomicBool, mpsc::Sender<Job>);
    impl Executor for DropsOnce {
        fn post(&self, job: Job) {
            if self.0.swap(true, Ordering::SeqCst) {
                self.1.send(job).unwrap();
            }
        }
    }
    let (posts, posted) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(DropsOnce(AtomicBool::new(false), posts)))).unwrap();
    let (sender, events) = mpsc::channel();
    let task = task(1, move |_, name| sender.send(name).unwrap());
    delivery.push(headers(&task));
    delivery.push(completed(&task));
    posted.try_recv().unwrap()();
    assert_eq!(events.try_iter().collect::<Vec<_>>(), ["headers", "completed"]);
    delivery.close();
}

#[test]
fn an_executor_that_owns_its_jobs_is_dropped_with_the_delivery() {
    struct Owns(Mutex<Vec<Job>>, mpsc::Sender<&'static str>);
    impl Executor for Owns {
        fn post(&self, job: Job) {
            lock(&self.0).push(job);
        }
    }
    impl Drop for Owns {
        fn drop(&mut self) {
            self.1.send("dropped").unwrap();
        }
    }
    let (sender, dropped) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(Owns(Mutex::default(), sender)))).unwrap();
    delivery.push(completed(&task(1, |_, _| {})));
    delivery.close();
    drop(delivery);
    assert_eq!(dropped.try_recv(), Ok("dropped"));
}

#[test]
fn a_panic_between_callbacks_does_not_keep_the_session_from_closing() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a test");
        }
    }
    let (sender, jobs) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(Later(sender)))).unwrap();
    let bomb = Bomb;
    // The event has the only reference to the task, and drops it with its handler.
    let dropped = task(1, move |_, _| {
        let _ = &bomb;
    });
    delivery.push(Event::Progress(dropped));
    let job: Job = jobs.recv_timeout(LIMIT).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(job)).is_err(), "the job must panic");
    let (heard, hears) = mpsc::channel();
    let last = task(2, move |_, name| heard.send(name).unwrap());
    delivery.push(completed(&last));
    let (closes, closed) = mpsc::channel();
    thread::spawn(move || {
        delivery.close();
        closes.send(()).unwrap();
    });
    assert_eq!(closed.recv_timeout(LIMIT), Ok(()));
    assert_eq!(hears.try_recv(), Ok("completed"));
}

/// Receives HAR entries and the end.
struct Traces(mpsc::Sender<String>);

impl Handler for Traces {
    fn wants_headers(&self) -> bool {
        false
    }

    fn wants_progress(&self) -> bool {
        false
    }

    fn headers_received(&mut self, _: TaskId, _: &ReceivedHead) {}

    fn progress(&mut self, _: TaskId, _: Progress) {}

    fn traced(&mut self, task: TaskId, entry: &str) {
        let dropped = entry.rsplit_once("\"_dropped\":").map_or("0", |(_, rest)| rest.trim_end_matches('}'));
        self.0.send(format!("{task}: {dropped} dropped")).unwrap();
    }

    fn completed(&mut self, task: TaskId, _: End) {
        self.0.send(format!("{task} ended")).unwrap();
    }
}

fn traced_task(id: TaskId, events: &mpsc::Sender<String>) -> Arc<Task> {
    let mut task = task(id, |_, _| {});
    let inner = Arc::get_mut(&mut task).unwrap();
    inner.tracer = Some(Box::default());
    inner.handler = Mutex::new(Some(Box::new(Traces(events.clone()))));
    task
}

/// Ends hops of the task, as its transfer does.
fn trace(delivery: &Arc<Delivery>, task: &Arc<Task>, hops: usize) {
    let tracer = task.tracer.as_ref().unwrap();
    let worker = Arc::new(Worker::for_call(task.stop.clone()));
    let url = "http://test.example/".parse().unwrap();
    for _ in 0..hops {
        let exchange = Exchange::new(worker.clone(), Reports { progress: false, round_trip: false, trace: true });
        let headers = Headers::default();
        let request = Request {
            method: Method::Get,
            url: &url,
            headers: &headers,
            body: None,
            may_be_sent_again: false,
            body_limit: 0,
        };
        tracer.begin(&Arc::new(exchange), 1, &request);
        if tracer.end(None) {
            delivery.push(Event::Traced(task.clone()));
        }
    }
}

#[test]
fn quick_host_receives_every_entry() {
    let delivery = Delivery::new(Some(Box::new(Inline))).unwrap();
    let (sender, events) = mpsc::channel();
    let task = traced_task(1, &sender);
    trace(&delivery, &task, 100);
    assert_eq!(events.try_iter().collect::<Vec<_>>(), vec!["1: 0 dropped"; 100]);
    delivery.push(completed(&task));
    delivery.close();
    assert_eq!(events.try_iter().collect::<Vec<_>>(), ["1 ended"]);
}

/// The ways to stop a task.
const STOPS: [fn(&StopSignal); 3] = [
    |stop| assert!(stop.request(StopReason::Aborted)),
    |stop| assert!(stop.request(StopReason::Interrupted)),
    |stop| stop.set_deadline(Instant::now()),
];

#[test]
fn stopped_task_delivers_only_its_last_entry() {
    for stop in STOPS {
        let (posts, posted) = mpsc::channel();
        let delivery = Delivery::new(Some(Box::new(Later(posts)))).unwrap();
        let (sender, events) = mpsc::channel();
        let (stopped, other) = (traced_task(1, &sender), traced_task(2, &sender));
        trace(&delivery, &other, 2);
        trace(&delivery, &stopped, 100);
        stop(&stopped.stop);
        // The entry of the hop during which the task was stopped.
        trace(&delivery, &stopped, 1);
        let _ = stopped.stop.settle_failure();
        delivery.push(completed(&stopped));
        posted.try_recv().unwrap()();
        let expected = ["1: 100 dropped", "1 ended", "2: 0 dropped", "2: 0 dropped"];
        assert_eq!(events.try_iter().collect::<Vec<_>>(), expected);
        delivery.close();
    }
}

#[test]
fn failures_of_stopped_tasks_overtake_all_other_events() {
    for stop in STOPS {
        let (posts, posted) = mpsc::channel();
        let delivery = Delivery::new(Some(Box::new(Later(posts)))).unwrap();
        let (sender, events) = mpsc::channel();
        let [other, first, second] = [1, 2, 3].map(|id| {
            let sender = sender.clone();
            task(id, move |id, name| sender.send((id, name)).unwrap())
        });
        for task in [&other, &first, &second] {
            delivery.push(headers(task));
            task.progress.set(1, None);
            delivery.push(Event::Progress(task.clone()));
        }
        delivery.push(completed(&other));
        for task in [&first, &second] {
            stop(&task.stop);
            let _ = task.stop.settle_failure();
            delivery.push(completed(task));
        }
        posted.try_recv().unwrap()();
        let expected = [(2, "completed"), (3, "completed"), (1, "headers"), (1, "progress"), (1, "completed")];
        assert_eq!(events.try_iter().collect::<Vec<_>>(), expected);
        delivery.close();
    }
}

#[test]
fn failure_of_a_stopped_task_waits_only_for_the_callback_that_runs() {
    let delivery = Delivery::new(None).unwrap();
    let (sender, events) = mpsc::channel();
    let (let_go, may_end) = mpsc::channel::<()>();
    let heard = sender.clone();
    let slow = task(1, move |id, name| {
        heard.send((id, name)).unwrap();
        let _ = may_end.recv_timeout(LIMIT);
    });
    let stopped = task(2, move |id, name| sender.send((id, name)).unwrap());
    delivery.push(headers(&slow));
    assert_eq!(events.recv_timeout(LIMIT), Ok((1, "headers")));
    slow.progress.set(1, None);
    delivery.push(Event::Progress(slow.clone()));
    delivery.push(completed(&slow));
    assert!(stopped.stop.request(StopReason::Aborted));
    delivery.push(completed(&stopped));
    drop(let_go);
    delivery.close();
    drop((slow, stopped));
    let expected = [(2, "completed"), (1, "progress"), (1, "completed")];
    assert_eq!(events.iter().collect::<Vec<_>>(), expected);
}

/// The host needs all events that came before the success.
#[test]
fn success_does_not_overtake_other_events() {
    let (posts, posted) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(Later(posts)))).unwrap();
    let (sender, events) = mpsc::channel();
    let task = task(1, move |_, name| sender.send(name).unwrap());
    delivery.push(headers(&task));
    task.progress.set(1, None);
    delivery.push(Event::Progress(task.clone()));
    task.stop.settle().unwrap();
    task.stop.set_deadline(Instant::now());
    let content = Content::Data { text: String::new(), length: 0 };
    let success = Success { status: 200, headers: Arc::default(), content, sha256: None };
    delivery.push(Event::Completed(task.clone(), Box::new(Ok(success))));
    posted.try_recv().unwrap()();
    assert_eq!(events.try_iter().collect::<Vec<_>>(), ["headers", "progress", "progress", "completed"]);
    delivery.close();
}

#[test]
fn close_drops_trace_entries_of_ended_tasks_too() {
    let (posts, _posted) = mpsc::channel();
    let delivery = Delivery::new(Some(Box::new(Later(posts)))).unwrap();
    let (sender, events) = mpsc::channel();
    let tasks = [traced_task(1, &sender), traced_task(2, &sender)];
    for task in &tasks {
        trace(&delivery, task, 10);
        task.stop.settle().unwrap();
        delivery.push(completed(task));
    }
    delivery.drop_traces();
    delivery.close();
    let expected = ["1: 9 dropped", "1 ended", "2: 9 dropped", "2 ended"];
    assert_eq!(events.try_iter().collect::<Vec<_>>(), expected);
}
