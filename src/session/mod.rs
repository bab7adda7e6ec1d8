//! One launch of one mini program: its identity, rules and tasks, its foreground and background, and its closing.

mod file_failure;
mod files;
mod gate;
mod grace;
mod network;
mod options;
mod preparations;
mod trust;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use network::{Network, NetworkKind};
pub use options::{OpenError, SessionOptions};
pub use trust::TrustChange;

use crate::http::ClientStatistics;
use crate::platform::interface_addresses;
use crate::policy::quirks::CallRules;
use crate::task::{Engine, Handler, Job, Submission, TaskId, TaskStatistics};
use crate::terms::log::Level;
use crate::terms::{Api, TransferError};
use crate::transfer::{
    self, DownloadRequest, Environment, Preparation, PreparedDownload, PreparedUpload, TaskOptions, UploadRequest,
    UrlVerdict,
};
use crate::worker::{Absence, StopReason, StopSignal, lock};
use gate::{Gate, Visit};
use grace::GracePeriod;
use preparations::Preparations;

/// How long transfers may continue in the background (WeChat's documentation, "Network").
const BACKGROUND_GRACE: Duration = Duration::from_secs(5);
/// How long calls wait for a network. Between two networks a phone often has none.
const NO_NETWORK_GRACE: Duration = Duration::from_secs(5);

/// A session, from its opening to its closing.
pub struct OpenSession {
    environment: Arc<Environment>,
    engine: Arc<Engine>,
    preparations: Preparations,
    background: GracePeriod,
    /// The absence of the app. Transfers wait for its end. `None` if the background interrupts transfers.
    absence: Option<Arc<Absence>>,
    no_network: GracePeriod,
    /// Serialises the reports of the network.
    network_reports: Mutex<()>,
    /// Stops the file calls, which run on threads of the host.
    file_calls: Arc<StopSignal>,
    /// Shut when `close` starts, so that no task can be added after that.
    gate: Gate,
}

/// The statistics of a session.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SessionStatistics {
    /// The statistics of the session's tasks.
    pub tasks: TaskStatistics,
    /// Attempts after a task's first one.
    pub retries: u64,
    /// Attempts whose answer was the rest of a file.
    pub resumed: u64,
    /// The statistics of the session's connections.
    pub client: ClientStatistics,
}

/// The right to use an open session. The session stays open until this is dropped.
pub struct Admission<'a> {
    session: &'a OpenSession,
    _visit: Visit<'a>,
}

impl OpenSession {
    /// Opens the mini program's files and creates everything else. Makes no connection. A refusal is also logged.
    pub fn open(options: SessionOptions) -> Result<OpenSession, OpenError> {
        let log = options.log.clone();
        OpenSession::build(options)
            .inspect_err(|error| log.write(Level::Warning, || format!("the session is not opened: {error}")))
    }

    fn build(options: SessionOptions) -> Result<OpenSession, OpenError> {
        let absence = options.wait_in_background.then(Arc::default);
        let (environment, executor) = options.build()?;
        let limits = &environment.limits;
        let (uploads, downloads) = (limits.max_concurrent_uploads, limits.max_concurrent_downloads);
        let engine = Engine::new(uploads, downloads, executor, absence.clone()).map_err(OpenError::OutOfResources)?;
        engine.set_max_bytes_per_second(environment.limits.max_bytes_per_second);
        let environment = Arc::new(environment);
        let preparations = Preparations::new(environment.clone());
        if environment.storage.has_leftovers() {
            preparations.remove_leftovers(&environment);
        }
        Ok(OpenSession {
            preparations,
            environment,
            engine: Arc::new(engine),
            background: GracePeriod::new(BACKGROUND_GRACE),
            absence,
            no_network: GracePeriod::new(NO_NETWORK_GRACE),
            network_reports: Mutex::new(()),
            file_calls: Arc::new(StopSignal::new()),
            gate: Gate::new(),
        })
    }

    /// `None` once the session is closing.
    pub fn admit(&self) -> Option<Admission<'_>> {
        self.gate.enter().map(|visit| Admission { session: self, _visit: visit })
    }

    /// Aborts the remaining tasks, delivers the last callbacks, deletes the temporary files and joins every thread.
    /// Returns `false` at once if another call has begun to.
    pub fn close(&self) -> bool {
        // Before the gate is shut, which waits for all visits: a file call may wait for a pipe or for another process.
        self.file_calls.request(StopReason::Aborted);
        if !self.gate.shut() {
            return false;
        }
        self.background.leave(|| {});
        self.no_network.leave(|| {});
        self.preparations.close();
        self.engine.close();
        self.environment.client.keep_no_idle();
        self.environment.client.close_idle();
        self.environment.storage.close();
        true
    }
}

impl Admission<'_> {
    /// Prepares an upload, or a task that fails at once because of its parameters.
    pub fn prepare_upload(&self, request: Result<UploadRequest, TransferError>) -> Submission {
        let options = request.as_ref().map_or_else(|_| TaskOptions::default(), |request| request.task);
        self.prepare(Api::Upload, options, |rules| {
            let prepared = PreparedUpload::new(&self.session.environment, rules, request?)?;
            let environment = self.session.environment.clone();
            Ok(Box::new(move |context| prepared.run(&environment, context)))
        })
    }

    /// Prepares a download, or a task that fails at once because of its parameters.
    pub fn prepare_download(&self, request: Result<DownloadRequest, TransferError>) -> Submission {
        let options = request.as_ref().map_or_else(|_| TaskOptions::default(), |request| request.task);
        self.prepare(Api::Download, options, |rules| {
            let prepared = PreparedDownload::new(&self.session.environment, rules, request?)?;
            let environment = self.session.environment.clone();
            Ok(Box::new(move |context| prepared.run(&environment, context)))
        })
    }

    /// Starts a prepared task. From here on the task owns the handler, which receives its end in every case.
    pub fn submit(&self, submission: Submission, handler: Box<dyn Handler>) -> TaskId {
        self.session.engine.submit(submission, handler)
    }

    /// Aborts a task, queued or running. `false` if it has ended or does not exist.
    pub fn abort(&self, task: TaskId) -> bool {
        self.session.engine.abort(task)
    }

    /// Changes how many bytes per second the session's tasks may transfer together; 0 means no limit.
    pub fn set_max_bytes_per_second(&self, bytes_per_second: u64) {
        self.session.engine.set_max_bytes_per_second(bytes_per_second);
    }

    /// Changes the limit of one task, queued or running. Returns `false` if there is no such task or it has ended.
    pub fn set_task_max_bytes_per_second(&self, task: TaskId, bytes_per_second: u64) -> bool {
        self.session.engine.set_task_max_bytes_per_second(task, bytes_per_second)
    }

    /// Applies the rules to a URL and a header, without a task.
    pub fn check_url(
        &self,
        api: Api,
        url: Result<String, TransferError>,
        header: Result<Vec<(String, String)>, TransferError>,
    ) -> UrlVerdict {
        transfer::check_url(&self.session.environment, api, url, header)
    }

    /// The session's statistics.
    pub fn statistics(&self) -> SessionStatistics {
        let OpenSession { environment, engine, .. } = self.session;
        SessionStatistics {
            tasks: engine.statistics(),
            retries: environment.totals.retries.load(Ordering::Relaxed),
            resumed: environment.totals.resumed.load(Ordering::Relaxed),
            client: environment.client.statistics(),
        }
    }

    /// Opens a connection to a server ahead of its first transfer. Returns at once.
    pub fn prepare_connection(&self, server: &str) {
        let OpenSession { environment, preparations, .. } = self.session;
        if let Some(preparation) = Preparation::new(environment, server) {
            preparations.begin(environment, preparation);
        }
    }

    /// The mini program entered the background: after the grace time, unfinished tasks and further calls are
    /// interrupted, or wait for the return if the session's options say so. Fails if the timer's thread cannot be
    /// started. Then nothing changes.
    pub fn enter_background(&self) -> std::io::Result<()> {
        let OpenSession { environment, engine, preparations, background, absence, .. } = self.session;
        // Within `enter` and `leave`, so that the last of several concurrent calls decides whether connections are kept.
        match absence {
            None => {
                let engine = engine.clone();
                background.enter(|| environment.client.keep_no_idle(), move || engine.interrupt())?;
            }
            Some(absence) => {
                let begin = || {
                    environment.client.keep_no_idle();
                    absence.begin();
                };
                let (environment, suspended) = (environment.clone(), absence.clone());
                let suspend = move || {
                    // Suspend before closing the connections. Every attempt that the close ends then began before the
                    // suspension, so the absence explains its failure.
                    suspended.suspend();
                    environment.client.suspend();
                };
                background.enter(begin, suspend)?;
            }
        }
        // The system closes the sockets of a suspended app, and the next task would have to detect it.
        environment.client.close_idle();
        // After closing, so that no preparation adds a connection.
        preparations.stop();
        Ok(())
    }

    /// The mini program is in the foreground again: calls are accepted.
    pub fn enter_foreground(&self) {
        let OpenSession { engine, background, environment, absence, .. } = self.session;
        background.leave(|| {
            environment.client.keep_idle();
            match absence {
                None => engine.resume(),
                Some(absence) => {
                    environment.client.go_on();
                    absence.end();
                    engine.wake_all();
                }
            }
        });
    }

    /// The device's network changed or is gone. Closes idle connections, preparations, and connections in use whose
    /// local address is gone. Without a network no task starts, and all end after the grace time. Fails if the timer's
    /// thread cannot be started. Then nothing changes.
    pub fn network_changed(&self, network: Network) -> std::io::Result<()> {
        let OpenSession { environment, engine, preparations, no_network, network_reports, .. } = self.session;
        let (ended, unknown) = {
            let _turn = lock(network_reports);
            if network.kind == NetworkKind::None {
                let engine = engine.clone();
                no_network.enter(|| {}, move || engine.give_network_up())?;
            } else {
                no_network.leave(|| engine.expect_network());
            }
            preparations.stop();
            environment.network.forget();
            // Until the connections of the former network have ended, a task begins only if both networks allow it.
            engine.restrict_network(network.into());
            // Without the addresses, the tasks of this network must start all the same.
            let (interfaces, unknown) = match interface_addresses() {
                Ok(interfaces) => (interfaces, None),
                Err(error) => (Vec::new(), Some(error)),
            };
            let ended = environment.client.network_changed(&interfaces);
            engine.set_network(network.into());
            (ended, unknown)
        };
        // Without the lock, because the host's `log` may report a network or wait for a thread that does.
        if let Some(error) = unknown {
            environment.log.write(Level::Warning, || {
                format!("the device's addresses are unknown, so connections that lost theirs may stay: {error}")
            });
        }
        environment.log.write(Level::Info, || {
            format!("the network changed: {network:?}; connections that lost their address: {ended}")
        });
        Ok(())
    }

    fn prepare(
        &self,
        api: Api,
        options: TaskOptions,
        job: impl FnOnce(CallRules) -> Result<Job, TransferError>,
    ) -> Submission {
        let OpenSession { environment, engine, .. } = self.session;
        let rules = environment.quirks.rules(api);
        let job = match engine.refusal() {
            Some(reason) => Err(TransferError::cancelled(reason)),
            None => job(rules),
        };
        let TaskOptions { timeout, disable_profile, needs_unmetered, max_bytes_per_second, priority } = options;
        let timeout = environment.limits.timeout(api, timeout, rules.timeout_ignored);
        Submission { api, timeout, job, rules, disable_profile, needs_unmetered, max_bytes_per_second, priority }
    }
}
