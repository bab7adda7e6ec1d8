//! Connections that the host has opened ahead of the transfers that will need them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::terms::log::Level;
use crate::transfer::{Environment, Preparation};
use crate::worker::{StopReason, StopSignal, ThreadPool, WorkQueue, Worker, lock};

/// How many are opened at once. They compete with transfers for the network.
const MAX_RUNNING: usize = 4;
/// How many wait or run. A mini program names a handful of hosts.
const MAX_PENDING: usize = 20;
/// How long one may take: for as long as the connection would be kept.
const TIMEOUT: Duration = Duration::from_secs(15);
/// What iOS gives a secondary thread: the system's certificate check runs on it.
const STACK_SIZE: usize = 512 * 1024;

/// The preparations of one session, on threads of their own: none takes the place of a transfer.
pub struct Preparations {
    pool: ThreadPool<PreparationQueue>,
    /// Of those that wait or run.
    stops: Mutex<Vec<Weak<StopSignal>>>,
}

type PreparationQueue = VecDeque<(Preparation, Arc<StopSignal>)>;

impl WorkQueue for PreparationQueue {
    type Work = (Preparation, Arc<StopSignal>);

    fn next(&mut self) -> Option<Self::Work> {
        self.pop_front()
    }

    fn ready(&self) -> usize {
        self.len()
    }
}

impl Preparations {
    /// Without a thread.
    pub fn new(environment: Arc<Environment>) -> Preparations {
        let run = move |(preparation, stop): (Preparation, Arc<StopSignal>), thread: &Arc<_>| {
            stop.set_deadline(Instant::now() + TIMEOUT);
            let worker = Arc::new(Worker::new(stop, Arc::clone(thread)));
            let ran = catch_unwind(AssertUnwindSafe(|| preparation.run(&environment, &worker)));
            worker.drop_deferred();
            if ran.is_err() {
                environment.log.write(Level::Warning, || "a preparation ended with a panic".to_owned());
            }
        };
        let pool = ThreadPool::new("wxt-prepare", MAX_RUNNING, STACK_SIZE, PreparationQueue::new(), run);
        Preparations { pool, stops: Mutex::default() }
    }

    /// Has a connection opened, and returns at once. What cannot be begun is told in the log.
    pub fn begin(&self, environment: &Environment, preparation: Preparation) {
        let stop = Arc::new(StopSignal::new());
        let mut stops = lock(&self.stops);
        stops.retain(|stop| stop.strong_count() > 0);
        if stops.len() >= MAX_PENDING {
            drop(stops);
            let refused = || format!("a connection is not prepared: {MAX_PENDING} are on their way");
            return environment.log.write(Level::Warning, refused);
        }
        stops.push(Arc::downgrade(&stop));
        drop(stops);
        let ((), started) = self.pool.update(|queue| queue.push_back((preparation, stop)));
        if let Err(error) = started {
            // No thread is there, so no other one is on its way either.
            let _ = self.pool.update(std::mem::take);
            environment.log.write(Level::Warning, || format!("a connection is not prepared: {error}"));
        }
    }

    /// Ends those that wait or run.
    pub fn stop(&self) {
        // Nothing is left to be begun, so no thread is started that could fail to.
        let _ = self.pool.update(std::mem::take);
        for stop in lock(&self.stops).drain(..).filter_map(|stop| stop.upgrade()) {
            stop.request(StopReason::Interrupted);
        }
    }

    /// Ends them and joins the threads. Nothing may be begun any more.
    pub fn close(&self) {
        self.stop();
        self.pool.close();
    }
}
