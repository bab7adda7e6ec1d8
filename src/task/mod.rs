//! Tasks: the queue of each API, the workers that run tasks, and the delivery of their events.

mod delivery;
mod progress;
mod queue;
mod statistics;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use delivery::{Executor, as_callback, in_callback};
pub use progress::Progress;
pub use queue::TaskNetwork;
pub use statistics::TaskStatistics;

use crate::platform::sync::{AtomicBool, Mutex};
use crate::policy::quirks::CallRules;
use crate::terms::{Api, Failure, TransferError};
use crate::transfer::{
    Counts, Profile, QueueTimes, ReceivedHead, Success, Tracer, TransferContext, TransferObserver, epoch_milliseconds,
};
use crate::worker::sizes::RunningTransfer;
use crate::worker::{Absence, Rate, StopReason, StopSignal, ThreadPool, Worker, WorkerThread, caught, lock};
use delivery::{Delivery, Event};
use progress::ProgressCell;
use queue::{Places, QueuedTask, TaskQueue};
use statistics::Totals;

/// A task's number. Never 0, and unique within the process.
pub type TaskId = u64;

/// One sequence for all sessions, so that an abort sent to the wrong session hits no task.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// The work of one task, on a worker thread. It settles the stop signal before its success becomes visible.
pub type Job = Box<dyn FnOnce(&TransferContext<'_>) -> Result<Success, TransferError> + Send>;

/// Receives the events of a task. Called by one thread at a time, and dropped after [`completed`](Handler::completed).
pub trait Handler: Send {
    /// The head of the final response, once.
    fn headers_received(&mut self, task: TaskId, head: &ReceivedHead);
    /// Whether the head of the final response is wanted. An unwanted one wakes no thread.
    fn wants_headers(&self) -> bool;
    /// Whether progress events are wanted. Unwanted ones wake no thread.
    fn wants_progress(&self) -> bool;
    /// Whether the HAR entry of each hop is wanted. If not, nothing is collected for it.
    fn wants_traces(&self) -> bool {
        false
    }
    /// The HAR entry of a hop that is over.
    fn traced(&mut self, _task: TaskId, _entry: &str) {}
    /// The newest progress.
    fn progress(&mut self, task: TaskId, progress: Progress);
    /// The end of the task, once.
    fn completed(&mut self, task: TaskId, end: End);
}

/// The end of a task, with its profile and counters.
#[derive(Debug)]
pub struct End {
    /// The result.
    pub result: Result<Success, TransferError>,
    /// The profile. `None` if it is not wanted.
    pub profile: Option<Profile>,
    /// The counters.
    pub counts: Counts,
}

/// One call of `uploadFile` or `downloadFile`, from the call to its end.
struct Task {
    id: TaskId,
    api: Api,
    timeout: Duration,
    /// The task waits while the network is metered.
    needs_unmetered: bool,
    /// Tasks with a higher priority leave the queue first.
    priority: i32,
    /// The task's own rate limit.
    rate: Arc<Rate>,
    stop: Arc<StopSignal>,
    /// Set under the queue's lock when a worker takes the task.
    has_begun: AtomicBool,
    /// The handler receives the head of the final response.
    wants_headers: bool,
    progress: ProgressCell,
    /// `None` if no profile is wanted.
    profile: Option<Mutex<Profile>>,
    counts: Mutex<Counts>,
    /// `None` if no traces are wanted.
    tracer: Option<Box<Tracer>>,
    /// Taken out for each call, so that no lock is held while the host's code runs.
    handler: Mutex<Option<Box<dyn Handler>>>,
}

/// A call with validated parameters, ready to become a task.
pub struct Submission {
    /// The queue to use.
    pub api: Api,
    /// The time limit, counted from when the task leaves the queue.
    pub timeout: Duration,
    /// The work, or the failure with which the task ends at once.
    pub job: Result<Job, TransferError>,
    /// The quirks: whether the task may wait for a worker, and which events and profile members the page gets.
    pub rules: CallRules,
    /// The page wants no profile.
    pub disable_profile: bool,
    /// The task waits while the network is metered.
    pub needs_unmetered: bool,
    /// The most bytes per second that it may transfer; 0 means no limit.
    pub max_bytes_per_second: u64,
    /// Tasks with a higher priority leave the queue first.
    pub priority: i32,
}

/// The tasks of one session.
pub struct Engine {
    uploads: ApiTasks,
    downloads: ApiTasks,
    live: Arc<LiveTasks>,
    /// The absence of the app. Tasks wait for its end. `None` if tasks do not wait.
    absence: Option<Arc<Absence>>,
    /// Whether every task must end with `interrupted`.
    interrupted: AtomicBool,
    /// Whether every task must end because there was no network for too long.
    gave_network_up: AtomicBool,
}

/// The waiting and running tasks of one API.
struct ApiTasks {
    places: Arc<Places>,
    pool: ThreadPool<TaskQueue>,
}

impl Engine {
    /// An engine without tasks and, with an `executor`, without a thread.
    ///
    /// # Errors
    /// The delivery thread cannot be started.
    pub fn new(
        max_uploads: usize,
        max_downloads: usize,
        executor: Option<Box<dyn Executor>>,
        absence: Option<Arc<Absence>>,
    ) -> io::Result<Engine> {
        let live = Arc::new(LiveTasks {
            tasks: Mutex::default(),
            totals: Totals::default(),
            rate: Arc::new(Rate::new(0)),
            network: Mutex::default(),
            delivery: Delivery::new(executor)?,
        });
        let uploads = ApiTasks::new("wxt-upload", max_uploads, &live);
        let downloads = ApiTasks::new("wxt-download", max_downloads, &live);
        let (interrupted, gave_network_up) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Engine { uploads, downloads, live, absence, interrupted, gave_network_up })
    }

    /// Adds a task. From here on the task owns the handler, which receives an end in every case, also if this function
    /// fails or panics inside, and is dropped after that.
    pub fn submit(&self, submission: Submission, handler: Box<dyn Handler>) -> TaskId {
        let Submission { api, timeout, job, rules, disable_profile, needs_unmetered, max_bytes_per_second, priority } =
            submission;
        let task = Arc::new(Task {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            api,
            timeout,
            needs_unmetered,
            priority,
            rate: Arc::new(Rate::new(max_bytes_per_second)),
            stop: Arc::new(StopSignal::with_absence(self.absence.clone())),
            has_begun: AtomicBool::new(false),
            wants_headers: !rules.no_headers_event && handler.wants_headers(),
            progress: ProgressCell::new(!rules.no_progress && handler.wants_progress()),
            profile: (!disable_profile && !rules.no_profile).then(|| Mutex::new(begun_profile(rules))),
            counts: Mutex::default(),
            tracer: handler.wants_traces().then(Box::default),
            handler: Mutex::new(Some(handler)),
        });
        self.live.add(&task);
        // Checked after the task was added. A thread that stops all tasks sets the flag before it looks for them, so
        // one of the two stops this task.
        if let Some(reason) = self.refusal() {
            task.stop.request(reason);
        }
        let queued = contained(|| self.enqueue(&task, job?, rules.fail_when_full));
        if let Err(error) = queued {
            self.live.end(&task, Err(error));
        }
        task.id
    }

    /// Aborts a task, queued or running: it will end with `abort`. `false` if its result is settled or it does not
    /// exist.
    pub fn abort(&self, id: TaskId) -> bool {
        self.live.find(id).is_some_and(|task| self.abort_task(&task))
    }

    /// Changes how many bytes per second all tasks may transfer together; 0 means no limit. Applies at once to running
    /// tasks.
    pub fn set_max_bytes_per_second(&self, bytes_per_second: u64) {
        self.live.rate.set(bytes_per_second);
        for task in self.live.all() {
            task.stop.wake();
        }
    }

    /// Changes the limit of one task, queued or running. Returns `false` if there is no such task or it has ended.
    pub fn set_task_max_bytes_per_second(&self, id: TaskId, bytes_per_second: u64) -> bool {
        let Some(task) = self.live.find(id) else { return false };
        task.rate.set(bytes_per_second);
        task.stop.wake();
        true
    }

    /// Stops all tasks, and those that are submitted until [`resume`](Engine::resume), with `interrupted`. Runs no code
    /// of the host: a queued task ends on the worker that takes it.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
        self.stop_all(StopReason::Interrupted);
    }

    /// The numbers of tasks.
    pub fn statistics(&self) -> TaskStatistics {
        let live = lock(&self.live.tasks).len() as u64;
        self.live.totals.snapshot(live)
    }

    /// Accepts tasks again.
    pub fn resume(&self) {
        self.interrupted.store(false, Ordering::SeqCst);
    }

    /// Wakes all tasks, so that those that wait for the app's return or for a network check again.
    pub fn wake_all(&self) {
        for task in self.live.all() {
            task.stop.wake();
        }
    }

    /// The reason why a task submitted now must end.
    pub fn refusal(&self) -> Option<StopReason> {
        if self.interrupted.load(Ordering::SeqCst) {
            return Some(StopReason::Interrupted);
        }
        self.gave_network_up.load(Ordering::SeqCst).then_some(StopReason::NoNetwork)
    }

    /// Adds the restrictions of `network` to those of the current one.
    pub fn restrict_network(&self, network: TaskNetwork) {
        let current = *lock(&self.live.network);
        self.set_network(current.and(network));
    }

    /// Changes the network. Waiting tasks that it allows are started, and running ones that wait for it begin their
    /// next attempt.
    pub fn set_network(&self, network: TaskNetwork) {
        *lock(&self.live.network) = network;
        for tasks in [&self.uploads, &self.downloads] {
            // A pool with waiting tasks has a thread. If no further one can be started, they start on that one.
            let _ = tasks.pool.update(|queue| queue.set_network(network));
        }
        self.wake_all();
    }

    /// Stops all tasks for lack of a network, until [`expect_network`](Engine::expect_network).
    pub fn give_network_up(&self) {
        self.gave_network_up.store(true, Ordering::SeqCst);
        self.stop_all(StopReason::NoNetwork);
    }

    /// Accepts tasks again.
    pub fn expect_network(&self) {
        self.gave_network_up.store(false, Ordering::SeqCst);
    }

    fn stop_all(&self, reason: StopReason) {
        // First the waiting tasks: the end of a running one would let the next one start.
        let (running, waiting): (Vec<_>, Vec<_>) =
            self.live.all().into_iter().partition(|task| task.has_begun.load(Ordering::SeqCst));
        for task in waiting.iter().chain(&running) {
            task.stop.request(reason);
        }
        // Workers take the waiting tasks and end them. This thread does not: it may be the timer's, or hold a lock, and
        // an end calls the host's executor.
        for tasks in [&self.uploads, &self.downloads] {
            // A pool with waiting tasks has a thread. If no further one can be started, that one ends them all.
            let _ = tasks.pool.update(TaskQueue::release_stopped);
        }
    }

    /// Aborts the remaining tasks, joins every thread, and returns after the last callback. No task may be submitted
    /// any more.
    pub fn close(&self) {
        // Otherwise a worker that becomes free would start the next task.
        for tasks in [&self.uploads, &self.downloads] {
            // No task is ready, so no thread needs to be started.
            let _ = tasks.pool.update(TaskQueue::pause);
        }
        self.live.delivery.drop_traces();
        for task in self.live.all() {
            self.abort_task(&task);
        }
        self.uploads.pool.close();
        self.downloads.pool.close();
        self.live.delivery.close();
    }

    fn enqueue(&self, task: &Arc<Task>, job: Job, fail_when_full: bool) -> Result<(), TransferError> {
        let ApiTasks { places, pool } = self.tasks(task.api);
        let is_held_back = task.needs_unmetered && !lock(&self.live.network).allows(true);
        let place = match fail_when_full {
            // It takes no place, so that it does not make other calls wait or fail.
            _ if is_held_back => Some(places.later()),
            true => places.take_free(),
            false => Some(places.take()),
        };
        let place = place.ok_or_else(|| {
            let limit = places.limit();
            let detail = format!("{limit} tasks are running, and this base library does not queue");
            TransferError::new(Failure::TooManyTasks { api: task.api, limit }, detail)
        })?;
        let queued = QueuedTask { task: task.clone(), job, place };
        let ((), started) = pool.update(|queue| queue.add(queued));
        match started {
            // No thread can be started, so the task fails, unless a thread that was started meanwhile has taken it.
            Err(error) if pool.update(|queue| queue.remove(task)).0.is_some() => Err(no_thread(&error)),
            _ => Ok(()),
        }
    }

    fn abort_task(&self, task: &Arc<Task>) -> bool {
        let stopped = task.stop.request(StopReason::Aborted);
        // If a worker takes the task in between, the worker sees the stop signal.
        if !task.has_begun.load(Ordering::SeqCst)
            && let (Some(queued), _) = self.tasks(task.api).pool.update(|queue| queue.remove(task))
        {
            // Before the end: then the place is free for the page's next task, and a descriptor of the host is closed.
            drop(queued);
            self.live.end(task, Err(TransferError::cancelled(StopReason::Aborted)));
        }
        stopped
    }

    fn tasks(&self, api: Api) -> &ApiTasks {
        match api {
            Api::Upload => &self.uploads,
            Api::Download => &self.downloads,
        }
    }
}

impl ApiTasks {
    fn new(thread_name: &'static str, limit: usize, live: &Arc<LiveTasks>) -> ApiTasks {
        let live = live.clone();
        let run = move |queued, thread: &Arc<WorkerThread>| live.run(queued, thread);
        ApiTasks { places: Places::new(limit), pool: ThreadPool::new(thread_name, limit, TaskQueue::default(), run) }
    }
}

/// The unfinished tasks of a session, and the delivery of their ends.
struct LiveTasks {
    /// Ids count up, so the tasks are in the order in which they were started.
    tasks: Mutex<BTreeMap<TaskId, Arc<Task>>>,
    totals: Totals,
    /// The rate limit of all tasks together.
    rate: Arc<Rate>,
    network: Mutex<TaskNetwork>,
    delivery: Arc<Delivery>,
}

impl LiveTasks {
    fn add(&self, task: &Arc<Task>) {
        self.totals.started();
        lock(&self.tasks).insert(task.id, task.clone());
    }

    fn find(&self, id: TaskId) -> Option<Arc<Task>> {
        lock(&self.tasks).get(&id).cloned()
    }

    /// All of them, oldest first.
    fn all(&self) -> Vec<Arc<Task>> {
        lock(&self.tasks).values().cloned().collect()
    }

    /// Runs a task on the worker thread that took it from the queue.
    fn run(&self, queued: QueuedTask, thread: &Arc<WorkerThread>) {
        let QueuedTask { task, job, mut place } = queued;
        place.take();
        task.stop.set_deadline(Instant::now() + task.timeout);
        let worker = Worker::new(task.stop.clone(), thread.clone());
        let worker = Arc::new(worker.with_rates(task.rate.clone(), self.rate.clone()));
        let observer: Arc<dyn TransferObserver> =
            Arc::new(TaskObserver { task: task.clone(), delivery: self.delivery.clone() });
        let context = TransferContext {
            worker: &worker,
            observer: &observer,
            profile: task.profile.as_ref(),
            counts: &task.counts,
            tracer: task.tracer.as_deref(),
            has_network: &|| lock(&self.network).allows(task.needs_unmetered),
        };
        context.note(|profile| {
            if let Some(times) = &mut profile.queue {
                times.queue_end = epoch_milliseconds();
            }
        });
        let running = (RunningTransfer::begin(), self.totals.run());
        let result = contained(|| {
            // It may have been aborted after it left the queue.
            task.stop.check().map_err(TransferError::cancelled)?;
            job(&context)
        });
        drop(running);
        drop(place);
        self.end(&task, result);
        worker.drop_deferred();
    }

    /// Ends a task. If a stop was requested before, the task ends with it, as the caller of the request was told.
    fn end(&self, task: &Arc<Task>, result: Result<Success, TransferError>) {
        lock(&self.tasks).remove(&task.id);
        let result = task.stop.settle_failure().map_err(TransferError::cancelled).and(result);
        // Counted before the host is told, so that statistics requested in its callback include this task.
        self.totals.ended(&result);
        self.delivery.push(Event::Completed(task.clone(), Box::new(result)));
    }
}

/// The initial profile of a call.
fn begun_profile(rules: CallRules) -> Profile {
    let now = epoch_milliseconds();
    let queue = QueueTimes { invoke_start: now, queue_start: now, queue_end: 0 };
    Profile { queue: (!rules.no_queue_times).then_some(queue), ..Profile::default() }
}

/// Converts a panic, which is a bug of the library, into a failure of this task only.
fn contained<T>(step: impl FnOnce() -> Result<T, TransferError>) -> Result<T, TransferError> {
    caught(step).unwrap_or_else(|panic| Err(TransferError::new(Failure::Internal, panic)))
}

fn no_thread(error: &io::Error) -> TransferError {
    TransferError::new(Failure::OutOfResources, format!("no thread can be started for the transfer: {error}"))
}

/// Forwards the events of a running transfer to the delivery.
struct TaskObserver {
    task: Arc<Task>,
    delivery: Arc<Delivery>,
}

impl TransferObserver for TaskObserver {
    fn headers_received(&self, head: ReceivedHead) {
        self.delivery.push(Event::HeadersReceived(self.task.clone(), Box::new(head)));
    }

    fn wants_headers(&self) -> bool {
        self.task.wants_headers
    }

    fn wants_progress(&self) -> bool {
        self.task.progress.is_enabled()
    }

    fn traced(&self) {
        self.delivery.push(Event::Traced(self.task.clone()));
    }

    fn stalled(&self) {
        if self.task.progress.release() {
            self.delivery.push(Event::Progress(self.task.clone()));
        }
    }

    fn progress(&self, total_bytes: u64, expected: Option<u64>) {
        // A download with all its bytes is over, and its end reports that. An upload still waits for the answer.
        if self.task.api == Api::Download && expected == Some(total_bytes) {
            self.task.progress.set_for_the_end(total_bytes, expected);
        } else if self.task.progress.set(total_bytes, expected) {
            self.delivery.push(Event::Progress(self.task.clone()));
        }
    }
}

#[cfg(all(test, models))]
#[path = "../models/engine.rs"]
mod models;
#[cfg(test)]
mod tests;
