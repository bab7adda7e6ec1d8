//! Work beside the transfers: connections that the host requests ahead of the first transfer, and the removal of files
//! that earlier launches left.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::terms::log::Level;
use crate::transfer::{Environment, Preparation};
use crate::worker::{StopReason, StopSignal, ThreadPool, WorkQueue, Worker, caught, lock};

/// The number of connections that are opened at the same time. They compete with transfers for the network.
const MAX_RUNNING: usize = 4;
/// The maximum number of waiting and running preparations of connections. A mini program uses a handful of hosts.
const MAX_PENDING: usize = 20;
/// The time limit of one connection's preparation: as long as an idle connection is kept.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The preparations of one session, on separate threads, so that they do not take the places of transfers.
pub struct Preparations {
    pool: ThreadPool<PreparationQueue>,
    /// The signals of waiting and running connections.
    stops: Mutex<Vec<Weak<StopSignal>>>,
    /// Stops the removal of leftovers, which only [`close`](Preparations::close) stops.
    closing: Arc<StopSignal>,
}

/// One preparation.
enum PreparationKind {
    Connection(Preparation),
    /// The files of earlier launches.
    Leftovers,
}

type PreparationQueue = VecDeque<(PreparationKind, Arc<StopSignal>)>;

impl WorkQueue for PreparationQueue {
    type Work = (PreparationKind, Arc<StopSignal>);

    fn next(&mut self) -> Option<Self::Work> {
        self.pop_front()
    }

    fn ready(&self) -> usize {
        self.len()
    }
}

impl Preparations {
    /// Starts no thread.
    pub fn new(environment: Arc<Environment>) -> Preparations {
        let run = move |(prepared, stop): (PreparationKind, Arc<StopSignal>), thread: &Arc<_>| {
            let worker = Arc::new(Worker::new(stop, Arc::clone(thread)));
            let ran = caught(|| match prepared {
                PreparationKind::Connection(preparation) => {
                    worker.stop().set_deadline(Instant::now() + TIMEOUT);
                    preparation.run(&environment, &worker);
                }
                PreparationKind::Leftovers => {
                    // If the removal is stopped, closing the storage continues it.
                    environment.storage.remove_leftovers(&worker);
                }
            });
            worker.drop_deferred();
            if ran.is_err() {
                environment.log.write(Level::Warning, || "a preparation ended with a panic".to_owned());
            }
        };
        let pool = ThreadPool::new("wxt-prepare", MAX_RUNNING, PreparationQueue::new(), run);
        Preparations { pool, stops: Mutex::default(), closing: Arc::new(StopSignal::new()) }
    }

    /// Opens a connection in the background. Returns at once. A preparation that cannot start is only logged.
    pub fn begin(&self, environment: &Environment, preparation: Preparation) {
        let stop = Arc::new(StopSignal::new());
        let mut stops = lock(&self.stops);
        stops.retain(|stop| stop.strong_count() > 0);
        if stops.len() >= MAX_PENDING {
            drop(stops);
            let refused = || format!("a connection is not prepared: {MAX_PENDING} are waiting or being opened");
            return environment.log.write(Level::Warning, refused);
        }
        stops.push(Arc::downgrade(&stop));
        drop(stops);
        let ((), started) = self.pool.update(|queue| queue.push_back((PreparationKind::Connection(preparation), stop)));
        if let Err(error) = started {
            // There is no thread, so no other preparation is in progress.
            let _ = self.pool.update(std::mem::take);
            environment.log.write(Level::Warning, || format!("a connection is not prepared: {error}"));
        }
    }

    /// Deletes the files that earlier launches left, in the background. Returns at once.
    pub fn remove_leftovers(&self, environment: &Environment) {
        let work = (PreparationKind::Leftovers, self.closing.clone());
        if let ((), Err(error)) = self.pool.update(|queue| queue.push_back(work)) {
            let _ = self.pool.update(std::mem::take);
            let later = || format!("the files of an earlier launch stay until the session is closed: {error}");
            environment.log.write(Level::Warning, later);
        }
    }

    /// Stops the waiting and running connections.
    pub fn stop(&self) {
        // Cannot fail: no work is added, and the work that stays has a thread already.
        let _ = self.pool.update(|queue| queue.retain(|(prepared, _)| matches!(prepared, PreparationKind::Leftovers)));
        for stop in lock(&self.stops).drain(..).filter_map(|stop| stop.upgrade()) {
            stop.request(StopReason::Interrupted);
        }
    }

    /// Stops all preparations and joins the threads. None may be started after that.
    pub fn close(&self) {
        self.stop();
        self.closing.request(StopReason::Interrupted);
        self.pool.close();
    }
}
