//! Transfers against scripted servers that break connections, in virtual time.

mod resume;
mod retry;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use wxtransfer_test_server::Authority;

use super::*;
use crate::http::{Client, ClientOptions, Resolver, ResolverAnswer, Trust};
use crate::policy::domains::DomainList;
use crate::policy::lan::LanPolicy;
use crate::policy::quirks::{CallRules, Platform, Version};
use crate::storage::{self, PathScheme, Sharing};
use crate::terms::TransferError;
use crate::worker::{Absence, StopSignal, WaitError};

/// The deadline of every transfer here.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The server's date when a transfer starts.
pub const BEGIN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// A clock that advances only when code waits on it.
pub struct VirtualClock {
    begin: Instant,
    waits: Mutex<Vec<Duration>>,
    random: AtomicU32,
}

impl VirtualClock {
    fn elapsed(&self) -> Duration {
        lock(&self.waits).iter().sum()
    }
}

impl AttemptClock for Arc<VirtualClock> {
    fn now(&self) -> Instant {
        self.begin + self.elapsed()
    }

    fn wall_time(&self) -> SystemTime {
        // `BEGIN`.
        UNIX_EPOCH + Duration::from_secs(784_111_777) + self.elapsed()
    }

    fn random(&self) -> u32 {
        self.random.load(Ordering::Relaxed)
    }

    fn wait(&self, worker: &Worker, until: Instant) -> Result<(), WaitError> {
        worker.check()?;
        let wait = until - self.now();
        lock(&self.waits).push(wait);
        Ok(())
    }
}

/// Answers each look-up with its next list of addresses, and repeats the last one.
struct Addresses(Mutex<Vec<Vec<IpAddr>>>);

impl Resolver for Addresses {
    fn resolve(&self, _: &str, answer: ResolverAnswer) {
        let mut addresses = lock(&self.0);
        let next = if addresses.len() > 1 { addresses.remove(0) } else { addresses[0].clone() };
        answer.finish(next);
    }
}

/// The events that the host receives.
#[derive(Default)]
pub struct Heard {
    pub heads: Vec<ReceivedHead>,
    pub progress: Vec<(u64, Option<u64>)>,
    /// The HAR entry of each hop.
    pub entries: Vec<String>,
}

struct Listener(Arc<Mutex<Heard>>, Arc<Tracer>);

impl TransferObserver for Listener {
    fn headers_received(&self, head: ReceivedHead) {
        lock(&self.0).heads.push(head);
    }

    fn wants_headers(&self) -> bool {
        true
    }

    fn wants_progress(&self) -> bool {
        true
    }

    fn stalled(&self) {}

    fn progress(&self, total_bytes: u64, expected: Option<u64>) {
        lock(&self.0).progress.push((total_bytes, expected));
    }

    fn traced(&self) {
        lock(&self.0).entries.extend(self.1.take());
    }
}

/// A session's environment with a clock that the test controls.
pub struct Bench {
    pub environment: Environment,
    pub clock: Arc<VirtualClock>,
    pub directory: TempDir,
    /// The app's absence. `None` if transfers do not wait for the app's return.
    pub absence: Option<Arc<Absence>>,
}

fn storage_options(directory: &TempDir) -> storage::Options {
    let limits = Limits::default();
    storage::Options {
        data_directory: directory.path().to_owned(),
        app_id: "wx".to_owned(),
        user_id: String::new(),
        storage_quota: limits.storage_quota,
        temporary_quota: limits.temporary_quota,
        temporary_retention: 0,
        path_scheme: PathScheme::new("").unwrap(),
        sharing: Sharing::Exclusive,
        allow_native_paths: true,
        log: Log::default(),
    }
}

/// The result of a transfer.
pub struct Outcome {
    pub result: Result<Success, TransferError>,
    /// The bytes of the file or of the answer.
    pub content: Vec<u8>,
    pub counts: Counts,
    pub heard: Heard,
    /// The waits between its attempts.
    pub waits: Vec<Duration>,
}

impl Outcome {
    pub fn status(&self) -> u16 {
        self.result.as_ref().unwrap_or_else(|error| panic!("no answer: {error}")).status
    }
}

impl Bench {
    /// With `resume` and `max_retries`.
    pub fn resuming(resume: Resume, max_retries: u32) -> Bench {
        let bench = Bench::new(RetryRules { max_retries, ..RetryRules::default() }, &[&["127.0.0.1"]]);
        Bench { environment: Environment { resume, ..bench.environment }, ..bench }
    }

    /// The next launch of the mini program, with the same files.
    pub fn relaunched(self) -> Bench {
        let Bench { environment, clock, directory, absence } = self;
        environment.storage.close();
        let storage = Storage::open(storage_options(&directory)).unwrap();
        Bench { environment: Environment { storage, ..environment }, clock, directory, absence }
    }

    /// With `retry`, and a resolver that returns each of `addresses` in turn.
    pub fn new(retry: RetryRules, addresses: &[&[&str]]) -> Bench {
        let directory = TempDir::new().unwrap();
        let clock =
            Arc::new(VirtualClock { begin: Instant::now(), waits: Mutex::default(), random: AtomicU32::new(u32::MAX) });
        let addresses =
            addresses.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect()).collect();
        let client = Client::new(ClientOptions {
            low_speed: None,
            trust: Trust::from_pem(Authority::shared().pem().as_bytes()).unwrap(),
            pins: Vec::new(),
            certificate: None,
            proxy: None,
            resolver: Some(Arc::new(Addresses(Mutex::new(addresses)))),
            address_rule: None,
            log: Log::default(),
        });
        let storage = Storage::open(storage_options(&directory));
        let no_domains = || DomainList::parse::<&str>(&[], false).unwrap();
        let environment = Environment {
            identity: Identity::new("wx", "1", "", "").unwrap(),
            quirks: Quirks::new(Platform::Other, &Version::parse("8.0.50").unwrap(), None),
            domains: DomainRules {
                upload: no_domains(),
                download: no_domains(),
                allow_plain_http: true,
                lan: LanPolicy::AllLocal,
                skip_check: true,
            },
            send_uploads_once: false,
            limits: Limits::default(),
            retry,
            totals: AttemptTotals::default(),
            resume: Resume::Off,
            clock: Box::new(clock.clone()),
            client: client.unwrap(),
            network: NetworkEstimator::default(),
            storage: storage.unwrap(),
            log: Log::default(),
        };
        Bench { environment, clock, directory, absence: None }
    }

    /// Downloads `url` into a temporary file.
    pub fn download(&self, url: &str) -> Outcome {
        self.download_to(url, None, &[])
    }

    /// Downloads `url` into a temporary file, or to `file_path`.
    pub fn download_to(&self, url: &str, file_path: Option<&str>, header: &[(&str, &str)]) -> Outcome {
        self.download_with(url, |request| {
            request.header = header.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            request.file_path = file_path.map(str::to_owned);
        })
    }

    /// Downloads `url` with a request that `change` has modified.
    pub fn download_with(&self, url: &str, change: impl FnOnce(&mut DownloadRequest)) -> Outcome {
        let mut request = DownloadRequest {
            url: url.to_owned(),
            header: Vec::new(),
            file_path: None,
            integrity: IntegrityRequest::default(),
            task: TaskOptions::default(),
        };
        change(&mut request);
        let prepared = PreparedDownload::new(&self.environment, CallRules::default(), request).unwrap();
        self.run(|context| prepared.run(&self.environment, context))
    }

    /// Uploads a file of `content` to `url`.
    pub fn upload(&self, url: &str, content: &[u8]) -> Outcome {
        let path = self.directory.path().join("source.bin");
        std::fs::write(&path, content).unwrap();
        self.upload_from(url, UploadSource::Path(path.to_str().unwrap().to_owned()), &[])
    }

    pub fn upload_from(&self, url: &str, source: UploadSource, header: &[(&str, &str)]) -> Outcome {
        let file = UploadPart::new("file", source);
        let request = UploadRequest {
            url: url.to_owned(),
            method: UploadMethod::Post,
            body: UploadBody::Form { form_data: Vec::new(), parts: vec![file] },
            header: header.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            task: TaskOptions::default(),
        };
        let prepared = PreparedUpload::new(&self.environment, CallRules::default(), request).unwrap();
        self.run(|context| prepared.run(&self.environment, context))
    }

    fn run(&self, transfer: impl FnOnce(&TransferContext<'_>) -> Result<Success, TransferError>) -> Outcome {
        let stop = Arc::new(StopSignal::with_absence(self.absence.clone()));
        stop.set_deadline(self.clock.now() + DEADLINE);
        let worker = Arc::new(Worker::for_call(stop));
        let heard = Arc::new(Mutex::new(Heard::default()));
        let tracer = Arc::new(Tracer::default());
        let observer: Arc<dyn TransferObserver> = Arc::new(Listener(heard.clone(), tracer.clone()));
        let counts = Default::default();
        let result = transfer(&TransferContext {
            worker: &worker,
            observer: &observer,
            profile: None,
            counts: &counts,
            tracer: Some(&tracer),
            has_network: &|| true,
        });
        worker.drop_deferred();
        let heard = std::mem::take(&mut *lock(&heard));
        let waits = std::mem::take(&mut *lock(&self.clock.waits));
        let content = match result.as_ref().map(|success| &success.content) {
            Ok(Content::TemporaryFile(file) | Content::TargetFile(file)) => std::fs::read(&file.native_path).unwrap(),
            Ok(Content::Data { text, .. }) => text.clone().into_bytes(),
            Err(_) => Vec::new(),
        };
        Outcome { result, content, counts: *lock(&counts), heard, waits }
    }
}
