//! Tasks: the queue of each API, the workers that run them, and the way their events reach the host.

mod delivery;
mod pool;
mod progress;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use delivery::{Executor, as_callback, in_callback};

use crate::error::{Failure, TransferError};
use crate::policy::quirks::Api;
use crate::transfer::{Events, Head, Outcome, Profile, TransferContext, epoch_milliseconds};
use crate::worker::sizes::RunningTransfer;
use crate::worker::{StopReason, StopSignal, Worker, WorkerThread};
use delivery::{Delivery, Event};
use pool::Pool;
pub use progress::Progress;
use progress::ProgressCell;

/// A task's number: never 0 and never used twice in a process.
pub type TaskId = u64;

/// The numbers are one sequence for all sessions, so that an abort sent to the wrong session hits nothing.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// What one task does, on a worker thread.
pub type Job = Box<dyn FnOnce(&TransferContext<'_>) -> Result<Outcome, TransferError> + Send>;

/// Who is told what becomes of a task. Called by one thread at a time; dropped after [`completed`](Handler::completed).
pub trait Handler: Send {
    /// The final response's head, once.
    fn headers_received(&mut self, task: TaskId, head: &Head);
    /// The newest progress.
    fn progress(&mut self, task: TaskId, progress: Progress);
    /// The end, once.
    fn completed(&mut self, task: TaskId, result: &Result<Outcome, TransferError>, profile: &Profile);
}

/// One call of `uploadFile` or `downloadFile`, from the call to its end.
struct Task {
    id: TaskId,
    api: Api,
    timeout: Duration,
    stop: Arc<StopSignal>,
    stage: Mutex<Stage>,
    progress: ProgressCell,
    profile: Mutex<Profile>,
    /// Taken out for each call, so that no lock is held while the host's code runs.
    handler: Mutex<Option<Box<dyn Handler>>>,
}

enum Stage {
    Queued(Job),
    Running,
    Ended,
}

/// How a task is started.
pub struct Submission {
    /// Which queue it goes into.
    pub api: Api,
    /// Its deadline, counted from the moment it leaves the queue.
    pub timeout: Duration,
    /// What it does; or why it fails at once.
    pub job: Result<Job, TransferError>,
    /// Fail instead of waiting when all workers are busy.
    pub fail_when_full: bool,
    /// The page is told of progress.
    pub report_progress: bool,
}

/// The tasks of one session.
pub struct Engine {
    uploads: Pool,
    downloads: Pool,
    tasks: Mutex<HashMap<TaskId, Arc<Task>>>,
    delivery: Arc<Delivery>,
}

impl Engine {
    /// An engine without a task and, with an `executor`, without a thread. Fails when the delivery thread cannot be
    /// started.
    pub fn new(
        max_uploads: usize,
        max_downloads: usize,
        executor: Option<Box<dyn Executor>>,
    ) -> std::io::Result<Arc<Engine>> {
        Ok(Arc::new(Engine {
            uploads: Pool::new("wxt-upload", max_uploads),
            downloads: Pool::new("wxt-download", max_downloads),
            tasks: Mutex::default(),
            delivery: Delivery::new(executor)?,
        }))
    }

    /// Takes a task on. The handler hears of its end in every case.
    pub fn submit(self: &Arc<Engine>, submission: Submission, handler: Box<dyn Handler>) -> TaskId {
        let Submission { api, timeout, job, fail_when_full, report_progress } = submission;
        let now = epoch_milliseconds();
        let (job, refused) = match job {
            Ok(job) => (Some(job), None),
            Err(error) => (None, Some(error)),
        };
        let task = Arc::new(Task {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            api,
            timeout,
            stop: Arc::new(StopSignal::new()),
            stage: Mutex::new(job.map_or(Stage::Running, Stage::Queued)),
            progress: ProgressCell::new(report_progress),
            profile: Mutex::new(Profile { invoke_start: now, queue_start: now, ..Profile::default() }),
            handler: Mutex::new(Some(handler)),
        });
        lock(&self.tasks).insert(task.id, task.clone());
        let refused = refused.or_else(|| {
            let engine = self.clone();
            let queued = task.clone();
            let run = Box::new(move |thread: &Arc<WorkerThread>| engine.run(&queued, thread));
            self.pool(api).submit(run, fail_when_full).err().map(|refusal| match refusal {
                pool::Refusal::Full { limit } => TransferError::new(
                    Failure::TooManyTasks { api, limit },
                    format!("{limit} tasks are running, and this base library does not queue"),
                ),
                pool::Refusal::NoThread(error) => {
                    TransferError::new(Failure::Internal, format!("no thread for a transfer: {error}"))
                }
            })
        });
        if let Some(error) = refused {
            self.end(&task, Err(error));
        }
        task.id
    }

    /// Stops a task, queued or running. `false` if it has ended, its result is decided, or it never was.
    pub fn abort(&self, id: TaskId) -> bool {
        let task = lock(&self.tasks).get(&id).cloned();
        task.is_some_and(|task| self.stop(&task, StopReason::Aborted))
    }

    /// Stops the running tasks; queued ones stay.
    pub fn interrupt_running(&self) {
        for task in self.all() {
            if matches!(*lock(&task.stage), Stage::Running) {
                task.stop.request(StopReason::Interrupted);
            }
        }
    }

    /// Lets workers take queued tasks, or not.
    pub fn set_paused(&self, paused: bool) {
        self.uploads.set_paused(paused);
        self.downloads.set_paused(paused);
    }

    /// Aborts what is left, joins every thread, and returns when the last callback has run. Nothing may be submitted
    /// any more.
    pub fn close(&self) {
        // Or a worker that is freed by the abort of one task would begin the next.
        self.set_paused(true);
        for task in self.all() {
            self.stop(&task, StopReason::Aborted);
        }
        self.uploads.close();
        self.downloads.close();
        self.delivery.close();
    }

    fn stop(&self, task: &Arc<Task>, reason: StopReason) -> bool {
        let stage = lock(&task.stage);
        match *stage {
            Stage::Ended => false,
            Stage::Running => task.stop.request(reason),
            Stage::Queued(_) => {
                drop(stage);
                let stopped = task.stop.request(reason);
                // A worker may have taken it in between; then the worker sees the cancelled token.
                if self.take_job(task).is_some() {
                    self.pool(task.api).free_place();
                    self.end(task, Err(TransferError::cancelled(reason)));
                }
                stopped
            }
        }
    }

    fn take_job(&self, task: &Task) -> Option<Job> {
        let mut stage = lock(&task.stage);
        match std::mem::replace(&mut *stage, Stage::Running) {
            Stage::Queued(job) => Some(job),
            other => {
                *stage = other;
                None
            }
        }
    }

    /// Runs a task on the worker thread that took it from the queue, unless it was aborted while it waited.
    fn run(&self, task: &Arc<Task>, thread: &Arc<WorkerThread>) {
        let Some(job) = self.take_job(task) else { return };
        lock(&task.profile).queue_end = epoch_milliseconds();
        let deadline = Instant::now() + task.timeout;
        task.stop.set_deadline(deadline);
        let worker = Arc::new(Worker::new(task.stop.clone(), thread.clone()));
        let events: Arc<dyn Events> = Arc::new(TaskEvents { task: task.clone(), delivery: self.delivery.clone() });
        let context = TransferContext { worker: &worker, events: &events, profile: &task.profile };
        let running = RunningTransfer::begin();
        let result = catch_unwind(AssertUnwindSafe(|| {
            task.stop.check().map_err(TransferError::cancelled)?;
            job(&context)
        }))
        .unwrap_or_else(|panic| Err(TransferError::new(Failure::Internal, panic_text(&panic))));
        drop(running);
        self.pool(task.api).free_place();
        self.end(task, result);
        worker.drop_deferred();
    }

    fn end(&self, task: &Arc<Task>, result: Result<Outcome, TransferError>) {
        if matches!(std::mem::replace(&mut *lock(&task.stage), Stage::Ended), Stage::Ended) {
            return;
        }
        lock(&self.tasks).remove(&task.id);
        self.delivery.push(Event::Completed(task.clone(), Box::new(result)));
    }

    fn all(&self) -> Vec<Arc<Task>> {
        let mut tasks: Vec<_> = lock(&self.tasks).values().cloned().collect();
        tasks.sort_by_key(|task| task.id);
        tasks
    }

    fn pool(&self, api: Api) -> &Pool {
        match api {
            Api::Upload => &self.uploads,
            Api::Download => &self.downloads,
        }
    }
}

fn panic_text(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("of unknown kind"))
}

/// Hands a running transfer's events to the delivery.
struct TaskEvents {
    task: Arc<Task>,
    delivery: Arc<Delivery>,
}

impl Events for TaskEvents {
    fn headers_received(&self, head: Head) {
        self.delivery.push(Event::HeadersReceived(self.task.clone(), Box::new(head)));
    }

    fn progress(&self, total_bytes: u64, expected: Option<u64>) {
        // A download that has all its bytes is over, and its end tells that too; an upload still waits for the answer.
        let is_over = self.task.api == Api::Download && expected == Some(total_bytes);
        if self.task.progress.set(total_bytes, expected) && !is_over {
            self.delivery.push(Event::Progress(self.task.clone()));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
