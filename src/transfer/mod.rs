//! What one transfer does, step by step, on a worker thread: ordinary blocking code.

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
mod source;
mod text;
mod trace;
mod upload;

use std::sync::{Arc, Mutex};

use crate::http;
use crate::policy::domains::DomainRules;
use crate::policy::headers::Identity;
use crate::policy::limits::Limits;
use crate::policy::quirks::Quirks;
use crate::policy::resume::Resume;
use crate::policy::retry::RetryRules;
use crate::storage::{Storage, StoredFile};
use crate::terms::Header;
use crate::terms::log::Log;
use crate::worker::{Worker, lock};

#[cfg(feature = "fuzzing")]
pub use multipart::{FilePart, content_type, form, random_boundary};

pub use crate::http::PROGRESS_INTERVAL;
pub use attempts::{AttemptClock, AttemptTotals, SystemClock};
pub use check::{UrlCheck, check_url};
pub use conditions::{NetworkConditions, NetworkEstimator};
pub use download::{DownloadRequest, PreparedDownload};
pub use integrity::IntegrityRequest;
pub use preparation::Preparation;
pub use profile::{Profile, QueueTimes, Span, epoch_milliseconds};
pub use source::UploadSource;
pub use trace::Tracer;
pub use upload::{PreparedUpload, UploadBody, UploadFile, UploadRequest};

/// What the request of an upload or a download says of its task, besides what is transferred.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskOptions {
    /// `timeout` in milliseconds; 0 is the default.
    pub timeout: u32,
    /// Not `enableProfile`: the result comes without a profile.
    pub disable_profile: bool,
    /// It waits in the queue while the network is metered.
    pub needs_unmetered: bool,
    /// How many bytes per second it may move; 0 is any number.
    pub max_bytes_per_second: u64,
    /// The higher ones leave the queue first.
    pub priority: i32,
}

/// What all transfers of a session share.
pub struct Environment {
    /// What every request says of the mini program.
    pub identity: Identity,
    /// What is different for this client and base library.
    pub quirks: Quirks,
    /// Which servers may be talked to.
    pub domains: DomainRules,
    /// Whether an upload is never sent a second time.
    pub send_uploads_once: bool,
    /// How long and how large.
    pub limits: Limits,
    /// When another attempt follows one that failed.
    pub retry: RetryRules,
    /// What all transfers count together.
    pub totals: AttemptTotals,
    /// Whether a download that breaks off goes on where it was.
    pub resume: Resume,
    /// Where the waits between attempts take the time from.
    pub clock: Box<dyn AttemptClock>,
    /// Connections.
    pub client: http::Client,
    /// What the transfers' profiles tell of the network.
    pub network: NetworkEstimator,
    /// Files.
    pub storage: Storage,
    /// Where decisions are reported that no callback tells.
    pub log: Log,
}

/// What one running transfer is given.
pub struct TransferContext<'a> {
    /// The thread that it runs on, with its stop signal.
    pub worker: &'a Arc<Worker>,
    /// Who hears of it.
    pub observer: &'a Arc<dyn TransferObserver>,
    /// When it did what; filled as it goes, so that a failure has one too. `None` where nobody wants it.
    pub profile: Option<&'a Mutex<Profile>>,
    /// What it counts as it goes, so that a failure has it too.
    pub counts: &'a Mutex<Counts>,
    /// What makes the entry of each hop. `None` where nobody wants them; nothing is collected then.
    pub tracer: Option<&'a Tracer>,
}

/// What a transfer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts that were begun; 0 for a task that failed before it left the queue.
    pub attempts: u32,
    /// How many bytes of the file are not of the last attempt's answer; 0 if it is not resumed.
    pub resumed_from: u64,
}

impl TransferContext<'_> {
    /// Adds to the profile, if one is wanted.
    pub fn note(&self, add: impl FnOnce(&mut Profile)) {
        if let Some(profile) = self.profile {
            add(&mut lock(profile));
        }
    }

    /// The hop that is under way is over, if there is one: its entry is told.
    fn end_hop(&self, failure: Option<&str>) {
        if let Some(entry) = self.tracer.and_then(|tracer| tracer.end(failure)) {
            self.observer.traced(entry);
        }
    }

    /// What the transfer's exchanges share.
    fn exchange(&self) -> Arc<http::Exchange> {
        let reports = http::Reports {
            progress: self.observer.wants_progress(),
            round_trip: self.profile.is_some(),
            trace: self.tracer.is_some(),
        };
        Arc::new(http::Exchange::new(self.worker.clone(), reports))
    }
}

/// Who hears of a running transfer. Neither call blocks.
pub trait TransferObserver: Send + Sync {
    /// The final response's head, once, before its body.
    fn headers_received(&self, head: ReceivedHead);
    /// Whether anybody hears of the progress.
    fn wants_progress(&self) -> bool;
    /// Nothing more comes for now: what of the progress was held back is told.
    fn stalled(&self);
    /// A hop is over: its HAR entry.
    fn traced(&self, entry: String);
    /// Bytes sent or written so far, and how many they will be, where that is known.
    fn progress(&self, total_bytes: u64, expected: Option<u64>);
}

/// The final response's head.
#[derive(Clone, Debug)]
pub struct ReceivedHead {
    /// The status code.
    pub status: u16,
    /// The headers, in the order of the response, duplicates kept.
    pub headers: Vec<Header>,
}

/// The result of a transfer that got an answer, with whatever status.
#[derive(Clone, Debug)]
pub struct Success {
    /// The status code.
    pub status: u16,
    /// The headers, in the order of the response, duplicates kept.
    pub headers: Vec<Header>,
    /// What came with it.
    pub content: Content,
    /// The SHA-256 of a downloaded file in lower-case hexadecimal digits, where the request asks for it.
    pub sha256: Option<String>,
}

/// What an answer brought.
#[derive(Clone, Debug)]
pub enum Content {
    /// The answer to an upload.
    Data {
        /// The body as text.
        text: String,
        /// The body's size in bytes, before it was read as text.
        length: u64,
    },
    /// A download without `filePath`.
    TemporaryFile(StoredFile),
    /// A download with `filePath`.
    TargetFile(StoredFile),
}

#[cfg(test)]
mod tests;
