//! Shows that every event is delivered once, that the events of one task are delivered in order and one at a time, and
//! that `close` returns after the last one: with a delivery thread, with an executor of one thread, and with an
//! executor that runs a job at once.

use std::sync::atomic::{AtomicBool, Ordering};

use std::collections::VecDeque;

use super::*;
use crate::models::{FAR_AWAY, check};
use crate::platform::sync::AtomicBool as ModelFlag;
use crate::task::{Progress, ProgressCell, TaskId};
use crate::terms::{Api, Failure};
use crate::worker::{Rate, StopReason, StopSignal};

/// The events that the host received: their names by task, in order. The delivery catches panics of callbacks, so
/// violations are recorded here instead.
#[derive(Default)]
struct Heard {
    events: std::sync::Mutex<Vec<(TaskId, &'static str)>>,
    inside: ModelFlag,
    overlapped: AtomicBool,
    released: Mutex<usize>,
    release: Condvar,
}

impl Heard {
    fn hear(&self, task: TaskId, event: &'static str) {
        if self.inside.swap(true, Ordering::SeqCst) {
            self.overlapped.store(true, Ordering::SeqCst);
        }
        lock(&self.events).push((task, event));
        self.inside.store(false, Ordering::SeqCst);
    }

    /// Waits until so many handlers were released.
    fn wait_for_released(&self, tasks: usize) {
        let mut released = lock(&self.released);
        while *released < tasks {
            released = self.release.wait(released).unwrap();
        }
    }

    fn of(&self, task: TaskId) -> Vec<&'static str> {
        lock(&self.events).iter().filter(|(id, _)| *id == task).map(|(_, event)| *event).collect()
    }

    fn count(&self) -> usize {
        lock(&self.events).len()
    }
}

struct Listener(TaskId, Arc<Heard>);

impl Handler for Listener {
    fn headers_received(&mut self, task: TaskId, _: &ReceivedHead) {
        self.1.hear(task, "headers");
    }

    fn wants_headers(&self) -> bool {
        true
    }

    fn wants_progress(&self) -> bool {
        false
    }

    fn progress(&mut self, _: TaskId, _: Progress) {}

    fn completed(&mut self, task: TaskId, _: End) {
        self.1.hear(task, "completed");
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.1.hear(self.0, "released");
        *lock(&self.1.released) += 1;
        self.1.release.notify_all();
    }
}

const ALL: [&str; 3] = ["headers", "completed", "released"];

fn task(id: TaskId, heard: &Arc<Heard>) -> Arc<Task> {
    Arc::new(Task {
        id,
        api: Api::Download,
        timeout: FAR_AWAY,
        needs_unmetered: false,
        priority: 0,
        rate: Arc::new(Rate::new(0)),
        stop: Arc::new(StopSignal::new()),
        has_begun: ModelFlag::new(true),
        wants_headers: true,
        progress: ProgressCell::new(false),
        profile: None,
        counts: Mutex::default(),
        tracer: None,
        handler: Mutex::new(Some(Box::new(Listener(id, heard.clone())))),
    })
}

/// Pushes all events of a task.
fn push_all(delivery: &Arc<Delivery>, task: &Arc<Task>) {
    delivery
        .push(Event::HeadersReceived(task.clone(), Box::new(ReceivedHead { status: 200, headers: Arc::default() })));
    delivery.push(completed(task));
}

fn completed(task: &Arc<Task>) -> Event {
    Event::Completed(task.clone(), Box::new(Err(TransferError::new(Failure::Internal, "a model"))))
}

/// Pushes the failure of a task that was stopped.
fn push_stopped(delivery: &Arc<Delivery>, task: &Arc<Task>) {
    assert!(task.stop.request(StopReason::Aborted));
    delivery.push(completed(task));
}

/// The failure of a stopped task may be queued while the thread reads the two lanes. Fails if the thread ends after it
/// has found one lane empty, and if it reads `is_complete` after the lanes, or stores or reads it `Relaxed`.
#[test]
fn the_thread_delivers_both_lanes_before_close_returns() {
    check("delivery of two lanes on its thread", || {
        let heard = Arc::new(Heard::default());
        let delivery = Delivery::new(None).unwrap();
        let (others, other_task) = (delivery.clone(), task(2, &heard));
        let other = thread::spawn(move || push_stopped(&others, &other_task));
        push_all(&delivery, &task(1, &heard));
        other.join().unwrap();
        delivery.close();
        assert_eq!((heard.of(1), heard.of(2)), (ALL.to_vec(), ALL[1..].to_vec()));
        assert!(!heard.overlapped.load(Ordering::SeqCst), "two callbacks at once");
    });
}

/// Fails if `close` does not unpark the thread, and if the thread ends while there are events.
#[test]
fn the_thread_delivers_everything_before_close_returns() {
    check("delivery on its thread", || {
        let heard = Arc::new(Heard::default());
        let delivery = Delivery::new(None).unwrap();
        let (others, other_task) = (delivery.clone(), task(2, &heard));
        let other = thread::spawn(move || push_all(&others, &other_task));
        push_all(&delivery, &task(1, &heard));
        other.join().unwrap();
        delivery.close();
        assert_eq!((heard.of(1), heard.of(2)), (ALL.to_vec(), ALL.to_vec()));
        assert_eq!(heard.count(), 6);
        assert!(!heard.overlapped.load(Ordering::SeqCst), "two callbacks at once");
    });
}

/// Fails if `push` unparks the thread before it queues the event, or not at all.
#[test]
fn the_thread_delivers_without_close() {
    check("delivery on its thread without close", || {
        let heard = Arc::new(Heard::default());
        let delivery = Delivery::new(None).unwrap();
        push_all(&delivery, &task(1, &heard));
        heard.wait_for_released(1);
        push_all(&delivery, &task(2, &heard));
        heard.wait_for_released(2);
        delivery.close();
    });
}

/// The jobs posted to an executor with a thread of its own.
#[derive(Clone, Default)]
struct Jobs(Arc<(Mutex<VecDeque<HostJob>>, Condvar)>);

type HostJob = Option<Box<dyn FnOnce() + Send>>;

impl Jobs {
    fn add(&self, job: HostJob) {
        lock(&self.0.0).push_back(job);
        self.0.1.notify_all();
    }

    fn run_all(&self) {
        loop {
            let mut jobs = lock(&self.0.0);
            let job = loop {
                match jobs.pop_front() {
                    Some(job) => break job,
                    None => jobs = self.0.1.wait(jobs).unwrap(),
                }
            };
            drop(jobs);
            let Some(job) = job else { return };
            job();
        }
    }
}

impl Executor for Jobs {
    fn post(&self, job: Box<dyn FnOnce() + Send>) {
        self.add(Some(job));
    }
}

/// Fails if `close` does not wait for a thread that empties the queue, if that thread does not notify `close`, and if a
/// job does not check whether another thread empties the queue.
#[test]
fn executor_and_close_share_the_events() {
    check("delivery on an executor", || {
        let (heard, jobs) = (Arc::new(Heard::default()), Jobs::default());
        let delivery = Delivery::new(Some(Box::new(jobs.clone()))).unwrap();
        let runs = jobs.clone();
        let executor = thread::spawn(move || runs.run_all());
        push_all(&delivery, &task(1, &heard));
        delivery.close();
        assert_eq!(heard.of(1), ALL, "all of them before close returns");
        // A job that is still posted does nothing.
        jobs.add(None);
        executor.join().unwrap();
        assert_eq!(heard.count(), 3);
        assert!(!heard.overlapped.load(Ordering::SeqCst));
    });
}

/// Fails if `posted` is cleared after the queue is read, or never.
#[test]
fn no_event_stays_without_a_job() {
    check("delivery on an executor without close", || {
        let (heard, jobs) = (Arc::new(Heard::default()), Jobs::default());
        let delivery = Delivery::new(Some(Box::new(jobs.clone()))).unwrap();
        let runs = jobs.clone();
        let executor = thread::spawn(move || runs.run_all());
        push_all(&delivery, &task(1, &heard));
        jobs.add(None);
        executor.join().unwrap();
        assert_eq!(heard.of(1), ALL);
    });
}

/// Runs jobs within `post`.
struct AtOnce;

impl Executor for AtOnce {
    fn post(&self, job: Box<dyn FnOnce() + Send>) {
        job();
    }
}

/// Fails if two threads empty the queue at once, if `emptying` is cleared after the lock is released under which the
/// queue was found empty, and if only one lane is checked.
#[test]
fn pushing_threads_deliver_each_others_events() {
    check("delivery within push", || {
        let heard = Arc::new(Heard::default());
        let delivery = Delivery::new(Some(Box::new(AtOnce))).unwrap();
        let others = delivery.clone();
        let other_task = task(2, &heard);
        let other = thread::spawn(move || push_stopped(&others, &other_task));
        push_all(&delivery, &task(1, &heard));
        other.join().unwrap();
        assert_eq!((heard.of(1), heard.of(2)), (ALL.to_vec(), ALL[1..].to_vec()), "without close");
        assert!(!heard.overlapped.load(Ordering::SeqCst), "two callbacks at once");
        delivery.close();
        assert_eq!(heard.count(), 5);
    });
}
