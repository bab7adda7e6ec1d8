//! Performs transfers step by step, as blocking code on a worker thread.

mod attempts;
mod body;
mod check;
mod conditions;
mod download;
mod exchange;
mod failure;
mod integrity;
mod iso_8601;
mod json;
mod multipart;
mod partial;
mod preparation;
mod profile;
mod shown;
mod source;
mod text;
mod trace;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use crate::http;
use crate::platform::sync::Mutex;
use crate::policy::domains::DomainRules;
use crate::policy::headers::Identity;
use crate::policy::limits::Limits;
use crate::policy::quirks::Quirks;
use crate::policy::resume::Resume;
use crate::policy::retry::RetryRules;
use crate::storage::{Storage, StoredFile};
use crate::terms::Headers;
use crate::terms::log::Log;
use crate::worker::{WaitError, Worker, lock};

#[cfg(feature = "fuzzing")]
pub use multipart::{FilePart, content_type, form, random_boundary};

pub use crate::http::PROGRESS_INTERVAL;
pub use attempts::{AttemptClock, AttemptTotals, SystemClock};
pub use check::{UrlVerdict, check_url};
pub use conditions::{EffectiveType, NetworkConditions, NetworkEstimator};
pub use download::{DownloadRequest, PreparedDownload};
pub use integrity::IntegrityRequest;
pub use preparation::Preparation;
pub use profile::{Profile, QueueTimes, Span, epoch_milliseconds};
pub use source::UploadSource;
pub use trace::Tracer;
pub use upload::{PreparedUpload, UploadBody, UploadMethod, UploadPart, UploadRequest};

/// The options of an upload or a download that do not concern its content.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TaskOptions {
    /// `timeout`: the deadline, counted from when the task leaves the queue. Default: `None`, the session's
    /// [`default_upload_timeout`](Limits::default_upload_timeout) or
    /// [`default_download_timeout`](Limits::default_download_timeout). A value above the session's
    /// [`max_timeout`](Limits::max_timeout) is reduced to it.
    pub timeout: Option<Duration>,
    /// The opposite of `enableProfile`: the result has no profile. Default: `false`.
    pub disable_profile: bool,
    /// The task stays in the queue while the network is metered or roaming. Its deadline does not run meanwhile. If the
    /// network becomes metered after the task has started, its connection stays in use, but its next redirect or attempt
    /// waits.
    /// Default: `false`.
    pub needs_unmetered: bool,
    /// The most bytes per second that the task may send and receive together, including heads and TLS. Default: 0, no
    /// limit except the session's, which always applies too.
    pub max_bytes_per_second: u64,
    /// The priority in the queue of the API: waiting tasks with the highest number start first, and tasks with the same
    /// number in the order of their calls. Default: 0. A running task is never stopped for another.
    pub priority: i32,
}

/// The state that all transfers of a session share.
pub struct Environment {
    /// The mini program's identity, which every request contains.
    pub identity: Identity,
    /// The quirks of this client and base library.
    pub quirks: Quirks,
    /// The servers that may be used.
    pub domains: DomainRules,
    /// Whether an upload is never sent a second time.
    pub send_uploads_once: bool,
    /// Limits on time and size.
    pub limits: Limits,
    /// The rules for further attempts.
    pub retry: RetryRules,
    /// The attempt counters of all transfers.
    pub totals: AttemptTotals,
    /// Whether a download that breaks off continues where it stopped.
    pub resume: Resume,
    /// The clock for waits between attempts.
    pub clock: Box<dyn AttemptClock>,
    /// The HTTP client.
    pub client: http::Client,
    /// The estimate of the network, from the transfers' profiles.
    pub network: NetworkEstimator,
    /// The files.
    pub storage: Storage,
    /// The log, for decisions that no callback reports.
    pub log: Log,
}

/// The context of one running transfer.
pub struct TransferContext<'a> {
    /// The worker that it runs on, with its stop signal.
    pub worker: &'a Arc<Worker>,
    /// The receiver of its events.
    pub observer: &'a Arc<dyn TransferObserver>,
    /// Its profile, filled as it runs so that a failure has one, too. `None` if no profile is wanted.
    pub profile: Option<&'a Mutex<Profile>>,
    /// Its counters, updated as it runs so that a failure has them, too.
    pub counts: &'a Mutex<Counts>,
    /// Creates the entry of each hop. `None` if no traces are wanted; then nothing is collected.
    pub tracer: Option<&'a Tracer>,
    /// Whether the device's network allows the task to begin an attempt. The worker is woken when this becomes true.
    pub has_network: &'a dyn Fn() -> bool,
}

/// The counters of a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts that were started. 0 if the task failed in the queue.
    pub attempts: u32,
    /// The number of bytes of the file that precede the last answer. 0 if it was not resumed.
    pub resumed_from: u64,
}

impl TransferContext<'_> {
    /// Adds to the profile, if one is wanted.
    pub fn note(&self, add: impl FnOnce(&mut Profile)) {
        if let Some(profile) = self.profile {
            add(&mut lock(profile));
        }
    }

    /// Waits until the device has a network that the task may use. Returns whether it had to wait. The time does not
    /// count as time to connect.
    fn until_network(&self) -> Result<bool, WaitError> {
        if (self.has_network)() {
            return Ok(false);
        }
        self.worker.within(None, || {
            while !(self.has_network)() {
                self.worker.wait_for(None, || (self.has_network)().then_some(()))?;
            }
            Ok(true)
        })
    }

    /// Ends the current hop, if there is one, and reports its entry.
    fn end_hop(&self, failure: Option<&str>) {
        if self.tracer.is_some_and(|tracer| tracer.end(failure)) {
            self.observer.traced();
        }
    }

    /// The state that the transfer's exchanges share.
    fn exchange(&self) -> Arc<http::Exchange> {
        let reports = http::Reports {
            progress: self.observer.wants_progress(),
            round_trip: self.profile.is_some(),
            trace: self.tracer.is_some(),
        };
        Arc::new(http::Exchange::new(self.worker.clone(), reports))
    }
}

/// Receives the events of a running transfer. No method blocks.
pub trait TransferObserver: Send + Sync {
    /// The head of the final response, at most once: before its body, or after it if another attempt could have
    /// followed.
    fn headers_received(&self, head: ReceivedHead);
    /// Whether the head has a listener.
    fn wants_headers(&self) -> bool;
    /// Whether the progress has a listener.
    fn wants_progress(&self) -> bool;
    /// No more bytes arrive for now: reports progress that was held back.
    fn stalled(&self);
    /// A hop is over, and its HAR entry waits in the [`Tracer`].
    fn traced(&self);
    /// The number of bytes sent or written so far, and the total if it is known.
    fn progress(&self, total_bytes: u64, expected: Option<u64>);
}

/// The head of the final response.
#[derive(Clone, Debug)]
pub struct ReceivedHead {
    /// The status code.
    pub status: u16,
    /// The headers, in the order of the response, including duplicates.
    pub headers: Arc<Headers>,
}

/// The result of a transfer that got an answer, with any status.
#[derive(Clone, Debug)]
pub struct Success {
    /// The status code.
    pub status: u16,
    /// The headers, in the order of the response, including duplicates.
    pub headers: Arc<Headers>,
    /// The content of the answer.
    pub content: Content,
    /// The SHA-256 of a downloaded file as lower-case hexadecimal digits, if the request wants it.
    pub sha256: Option<String>,
}

/// The content of an answer.
#[derive(Clone, Debug)]
pub enum Content {
    /// The answer to an upload.
    Data {
        /// The body as text.
        text: String,
        /// The body's size in bytes, before it was converted to text.
        length: u64,
    },
    /// A download without `filePath`.
    TemporaryFile(StoredFile),
    /// A download with `filePath`.
    TargetFile(StoredFile),
}

#[cfg(test)]
mod tests;
