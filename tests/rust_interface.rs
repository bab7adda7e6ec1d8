//! The Rust interface, as a host in Rust uses it.

#![allow(missing_docs)]
#![forbid(unsafe_code)]

use std::fs;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wxtransfer::ffi::error::{
    WXT_ERRNO_ABORT_DOWNLOAD, WXT_ERRNO_FILE_NOT_FOUND, WXT_ERRNO_NOT_IN_DOMAIN_LIST, WXT_ERRNO_TIMEOUT,
};
use wxtransfer::{
    Api, Callbacks, Category, Completion, DigestAlgorithm, DownloadRequest, DownloadSuccess, Error, Executor,
    ImportMode, LanPolicy, Level, Log, LowSpeed, Network, NetworkKind, Platform, Resolver, ResolverAnswer, Session,
    SessionOptions, UploadBody, UploadMethod, UploadPart, UploadRequest, UploadSource, UploadSuccess, WriteMode,
};
use wxtransfer_test_server::{FaultServer, Options, Script, Server, Step, Transport, pattern_bytes, pattern_sha256};

#[path = "rust_interface/client_certificate.rs"]
mod client_certificate;
#[path = "rust_interface/controls.rs"]
mod controls;

/// An operation that takes this long hangs.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// One byte every ten seconds: such a download is running until something ends it.
const ENDLESS: &str = "/drip?n=1000&ms=10000";

struct Host {
    server: Server,
    directory: TempDir,
}

impl Host {
    fn new() -> Host {
        Host { server: Server::start(Options::default()), directory: tempfile::tempdir().unwrap() }
    }

    fn options(&self) -> SessionOptions {
        let mut options = SessionOptions::new("wxrust", Platform::Android, "8.0.50", self.directory.path());
        options.root_certificates = Some(self.server.ca_pem().into());
        options.lan_policy = LanPolicy::AllLocal;
        options
    }

    fn open(&self) -> Session {
        Session::open(self.options()).unwrap()
    }

    fn download(&self, path: &str) -> DownloadRequest {
        DownloadRequest::new(self.server.https_url(path))
    }

    fn upload(&self, bytes: &[u8]) -> UploadRequest {
        let source = UploadSource::Data { bytes: bytes.to_vec(), path: "photo.jpg".into() };
        let form_data = vec![("user".to_owned(), "me".to_owned())];
        let body = UploadBody::Form { form_data, parts: vec![UploadPart::new("photo", source)] };
        UploadRequest::new(self.server.https_url("/upload"), body)
    }
}

/// Closures that send the end of their task.
fn ends<T: Send + 'static>() -> (Callbacks<T>, Receiver<Completion<T>>) {
    let (sender, ends) = channel();
    (Callbacks::new(move |end| sender.send(end).unwrap()), ends)
}

fn next<T>(events: &Receiver<T>) -> T {
    events.recv_timeout(WAIT_LIMIT).expect("an event comes")
}

/// Waits for a condition that no event reports.
fn until(mut happened: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !happened() {
        assert!(begin.elapsed() < WAIT_LIMIT, "it never happens");
        thread::yield_now();
    }
}

/// Sends "dropped" when it is dropped.
struct Token(Sender<&'static str>);

impl Drop for Token {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[test]
fn upload_reports_headers_progress_and_one_end_then_drops_its_closures() {
    let host = Host::new();
    let session = host.open();
    let (sender, events) = channel();
    let token = Token(sender.clone());
    let (headers, progress) = (sender.clone(), sender.clone());
    let (end_sender, end) = channel();
    let callbacks = Callbacks::new(move |completion: Completion<UploadSuccess>| {
        sender.send("end").unwrap();
        end_sender.send(completion).unwrap();
    })
    .on_headers_received(move |_, received| {
        let _ = &token;
        assert_eq!(received.status_code, 200);
        headers.send("headers").unwrap();
    })
    .on_progress(move |_, _| progress.send("progress").unwrap());
    let bytes = pattern_bytes(0, 100_000);
    let mut request = host.upload(&bytes);
    request.header = vec![("X-One".into(), "two".into())];
    let task = session.upload_file(request, callbacks).unwrap();
    assert_ne!(task.id(), 0);

    let completion = next(&end);
    let success = completion.result.unwrap();
    assert_eq!((success.status_code, success.err_msg), (200, "uploadFile:ok"));
    assert_eq!((completion.attempts, completion.resumed_from), (1, 0));
    assert!(completion.profile.is_some_and(|profile| profile.bytes_sent > 100_000));
    assert!(success.header.value("content-type").is_some());
    let received = &host.server.requests()[0];
    assert_eq!(received.body.parts[0].name, "user");
    assert_eq!(received.body.parts[1].filename.as_deref(), Some("photo.jpg"));
    let digest: String = pattern_sha256(100_000).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(success.data.contains(&digest), "{}", success.data);

    let mut told = Vec::new();
    while told.last() != Some(&"dropped") {
        told.push(next(&events));
    }
    told.retain(|event| *event != "progress");
    assert_eq!(told, ["headers", "end", "dropped"]);
    assert!(!task.abort(), "it has ended");
    session.close().unwrap();
}

#[test]
fn a_download_is_a_temporary_file_or_the_target_of_the_request() {
    let host = Host::new();
    let session = host.open();
    let (callbacks, end) = ends();
    let mut request = host.download("/bytes/5000?type=image/png");
    request.integrity.want_sha256 = true;
    session.download_file(request, callbacks).unwrap();
    let temporary = next(&end).result.unwrap();
    assert_eq!((temporary.status_code, temporary.data_length), (200, 5000));
    assert_eq!(fs::read(&temporary.native_path).unwrap(), pattern_bytes(0, 5000));
    assert!(temporary.temp_file_path.is_some_and(|path| path.starts_with("wxfile://tmp_") && path.ends_with(".png")));
    assert_eq!((temporary.file_path, temporary.sha256.map(|digest| digest.len())), (None, Some(64)));

    let (callbacks, end) = ends();
    let request = host.download("/bytes/10").with(|request| request.file_path = Some("wxfile://usr/a.bin".into()));
    session.download_file(request, callbacks).unwrap();
    let target = next(&end).result.unwrap();
    assert_eq!((target.temp_file_path, target.file_path.as_deref()), (None, Some("wxfile://usr/a.bin")));
    session.close().unwrap();
    assert!(!temporary.native_path.exists() && target.native_path.exists());
}

#[test]
fn failure_has_message_errno_category_and_retryability() {
    let host = Host::new();
    let session = host.open();
    let failure_of = |request: DownloadRequest| {
        let (callbacks, end) = ends::<DownloadSuccess>();
        session.download_file(request, callbacks).unwrap();
        next(&end).result.unwrap_err()
    };
    let refused = failure_of(DownloadRequest::new("https://elsewhere.example.com/?token=s3cret"));
    assert_eq!(refused.err_msg, "downloadFile:fail url not in domain list");
    assert_eq!((refused.err_no, refused.category), (WXT_ERRNO_NOT_IN_DOMAIN_LIST, Category::Policy));
    assert!(!refused.retryable && !refused.detail.is_empty());
    assert!(!format!("{refused:?} {refused}").contains("s3cret"));

    let mut request = host.download(ENDLESS);
    request.task.timeout = Some(Duration::from_millis(1));
    let late = failure_of(request);
    assert_eq!((late.err_no, late.category, late.retryable), (WXT_ERRNO_TIMEOUT, Category::Timeout, true));

    let check = session.check_url(Api::Download, "https://elsewhere.example.com/", &[]).unwrap();
    assert_eq!((check.result.unwrap_err().err_no, check.rule), (WXT_ERRNO_NOT_IN_DOMAIN_LIST, "download_domains"));
}

#[test]
fn a_closure_aborts_its_own_task() {
    let host = Host::new();
    let session = host.open();
    let (callbacks, end) = ends::<DownloadSuccess>();
    let aborted = Arc::new(AtomicUsize::new(0));
    let count = aborted.clone();
    let callbacks = callbacks.on_headers_received(move |task, _| {
        assert!(task.abort(), "it is running");
        count.fetch_add(1, Ordering::SeqCst);
    });
    session.download_file(host.download(ENDLESS), callbacks).unwrap();
    let failure = next(&end).result.unwrap_err();
    assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_ABORT_DOWNLOAD, Category::Aborted));
    assert_eq!(aborted.load(Ordering::SeqCst), 1);
    assert_eq!(session.statistics().unwrap().tasks.aborted, 1);
}

#[test]
fn closing_ends_every_task_before_it_returns_and_refuses_every_later_call() {
    let host = Host::new();
    let session = host.open();
    let (callbacks, end) = ends::<DownloadSuccess>();
    let task = session.download_file(host.download(ENDLESS), callbacks).unwrap();
    session.close().unwrap();
    assert_eq!(end.try_recv().unwrap().result.unwrap_err().category, Category::Aborted);
    assert!(end.try_recv().is_err(), "no second end, and the closures are dropped");

    let (callbacks, end) = ends();
    let refused = session.download_file(host.download("/bytes/1"), callbacks);
    assert!(matches!(refused, Err(Error::SessionClosed)));
    assert!(end.try_recv().is_err() && !task.abort() && !task.set_max_bytes_per_second(1));
    assert!(matches!(session.close(), Err(Error::SessionClosed)));
    assert!(matches!(session.save_file("wxfile://tmp_1", None), Err(Error::SessionClosed)));
    assert!(matches!(session.discard_partials(), Err(Error::SessionClosed)));
    assert!(matches!(session.enter_background(), Err(Error::SessionClosed)));
    assert_eq!(session.statistics().unwrap_err().to_string(), "session closed");
}

#[test]
fn dropping_a_session_closes_it() {
    let host = Host::new();
    let session = host.open();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(host.download(ENDLESS), callbacks).unwrap();
    drop(session);
    assert_eq!(end.try_recv().unwrap().result.unwrap_err().category, Category::Aborted);
    // The data directory is unlocked, so another session can open it.
    host.open().close().unwrap();
}

#[test]
fn session_dropped_in_its_own_closure_is_closed_on_another_thread() {
    let host = Host::new();
    let session = Arc::new(host.open());
    let (callbacks, endless) = ends::<DownloadSuccess>();
    session.download_file(host.download(ENDLESS), callbacks).unwrap();
    let of_closure = session.clone();
    let (sender, refused) = channel();
    let callbacks = Callbacks::new(move |_: Completion<DownloadSuccess>| {
        sender.send(of_closure.close()).unwrap();
        drop(of_closure);
    });
    let (begin, begins) = channel::<()>();
    let begins = Mutex::new(begins);
    let callbacks = callbacks.on_headers_received(move |_, _| begins.lock().unwrap().recv().unwrap());
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    drop(session);
    begin.send(()).unwrap();
    assert!(matches!(next(&refused), Err(Error::CalledFromCallback)));
    assert_eq!(next(&endless).result.unwrap_err().category, Category::Aborted);
    until(|| Session::open(host.options()).is_ok());
}

/// The text of every intended panic, so that the output of the tests shows that the panic is intended.
const MEANT: &str = "a test";

#[test]
fn a_panic_of_a_closure_ends_only_that_call() {
    let host = Host::new();
    let session = host.open();
    let (callbacks, end) = ends::<UploadSuccess>();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let callbacks = callbacks
        .on_headers_received(|_, _| panic!("{MEANT}"))
        .on_trace(|_, _| panic!("{MEANT}"))
        .on_progress(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            panic!("{MEANT}");
        });
    session.upload_file(host.upload(b"1"), callbacks).unwrap();
    assert_eq!(next(&end).result.unwrap().status_code, 200);
    assert!(calls.load(Ordering::SeqCst) > 0);

    // The last closure panics, and so does the drop of its value.
    struct PanicsAtTheEnd(Sender<()>);
    impl Drop for PanicsAtTheEnd {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
            if !thread::panicking() {
                panic!("{MEANT}");
            }
        }
    }
    let (sender, dropped) = channel();
    let owned = PanicsAtTheEnd(sender);
    let callbacks = Callbacks::new(move |_: Completion<DownloadSuccess>| {
        let _ = &owned;
        panic!("{MEANT}");
    });
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    next(&dropped);
    let (sender, dropped) = channel();
    let owned = PanicsAtTheEnd(sender);
    let (callbacks, end) = ends::<DownloadSuccess>();
    let callbacks = callbacks.on_progress(move |_, _| _ = &owned);
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    assert!(next(&end).result.is_ok());
    next(&dropped);

    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    assert!(next(&end).result.is_ok());
    session.close().unwrap();
}

/// A panic payload whose drop panics, too.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("{MEANT}");
    }
}

#[test]
fn panic_payload_may_panic_when_it_is_dropped() {
    let host = Host::new();
    let mut options = host.options();
    options.log = Log::new(Arc::new(|_, _| panic_any(PanicsInDrop)));
    let session = Session::open(options).unwrap();
    let callbacks = Callbacks::new(|_: Completion<DownloadSuccess>| panic_any(PanicsInDrop))
        .on_headers_received(|_, _| panic_any(PanicsInDrop));
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    session.network_changed(Network::new(NetworkKind::Wifi)).unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    assert!(next(&end).result.is_ok());
    session.close().unwrap();
}

#[test]
fn panics_in_logger_resolver_and_executor_are_caught() {
    struct Panics;
    impl Resolver for Panics {
        fn resolve(&self, _: &str, _: ResolverAnswer) {
            panic!("{MEANT}");
        }
    }
    /// Panics for the first job.
    struct PanicsOnce(AtomicUsize);
    impl Executor for PanicsOnce {
        fn post(&self, job: Box<dyn FnOnce() + Send>) {
            if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
                panic!("{MEANT}");
            }
            thread::spawn(job);
        }
    }
    let host = Host::new();
    let mut options = host.options();
    options.log = Log::new(Arc::new(|_, _| panic!("{MEANT}")));
    options.resolver = Some(Arc::new(Panics));
    options.executor = Some(Box::new(PanicsOnce(AtomicUsize::new(0))));
    // One download runs at a time. The second one ends after the panic has dropped the first job, so its event causes
    // another job.
    options.limits.max_concurrent_downloads = 1;
    options.download_domains = vec!["https://example.com".into()];
    let session = Session::open(options).unwrap();
    session.network_changed(Network::new(NetworkKind::Wifi)).unwrap();
    let (sender, end) = channel();
    for _ in 0..2 {
        let sender = sender.clone();
        let callbacks = Callbacks::new(move |end: Completion<DownloadSuccess>| sender.send(end).unwrap());
        session.download_file(DownloadRequest::new("https://example.com/"), callbacks).unwrap();
    }
    for _ in 0..2 {
        assert_eq!(next(&end).result.unwrap_err().category, Category::NameResolution);
    }
    session.close().unwrap();
    assert!(end.try_recv().is_err());
}

#[test]
fn log_executor_and_resolver_cannot_close_a_session() {
    type Shared = Arc<Mutex<Option<Session>>>;
    fn try_to_close(session: &Shared, results: &Sender<bool>) {
        if let Some(session) = &*session.lock().unwrap() {
            results.send(matches!(session.close(), Err(Error::CalledFromCallback))).unwrap();
        }
    }
    struct Closes(Shared, Sender<bool>);
    impl Resolver for Closes {
        fn resolve(&self, _: &str, answer: ResolverAnswer) {
            try_to_close(&self.0, &self.1);
            answer.finish(vec![IpAddr::from([127, 0, 0, 1])]);
        }
    }
    impl Executor for Closes {
        fn post(&self, job: Box<dyn FnOnce() + Send>) {
            try_to_close(&self.0, &self.1);
            thread::spawn(job);
        }
    }
    let host = Host::new();
    let (other, (sender, results)) = (Shared::default(), channel());
    *other.lock().unwrap() = {
        let mut options = host.options();
        options.user_id = "other".into();
        Some(Session::open(options).unwrap())
    };
    let mut options = host.options();
    let (shared, log_results) = (other.clone(), sender.clone());
    options.log = Log::new(Arc::new(move |level, _| {
        if level == Level::Info {
            try_to_close(&shared, &log_results);
        }
    }));
    options.resolver = Some(Arc::new(Closes(other.clone(), sender.clone())));
    options.executor = Some(Box::new(Closes(other.clone(), sender)));
    options.download_domains = vec!["https://example.com".into()];
    let session = Session::open(options).unwrap();
    // These calls cause one message of the log, one look-up, and at least one job.
    session.network_changed(Network::new(NetworkKind::Wifi)).unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(DownloadRequest::new("https://example.com:1/"), callbacks).unwrap();
    next(&end);
    session.close().unwrap();
    let refused: Vec<bool> = results.try_iter().collect();
    assert!(refused.len() >= 3 && refused.iter().all(|refused| *refused), "{refused:?}");
    other.lock().unwrap().take().unwrap().close().unwrap();
}

#[test]
fn ten_downloads_run_and_the_others_wait() {
    const TASKS: usize = 25;
    let host = Host::new();
    let session = host.open();
    let (sender, end) = channel();
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let sender = sender.clone();
            let callbacks = Callbacks::new(move |end: Completion<DownloadSuccess>| sender.send((number, end)).unwrap());
            session.download_file(host.download(ENDLESS), callbacks).unwrap()
        })
        .collect();
    until(|| session.statistics().unwrap().tasks.running == 10);
    assert_eq!(session.statistics().unwrap().tasks.waiting, 15);
    // Aborts a queued task, so that the running ones keep their places.
    assert!(tasks[TASKS - 1].abort());
    let (number, aborted) = next(&end);
    assert_eq!((number, aborted.attempts), (TASKS - 1, 0));
    assert!(tasks[0].abort());
    assert_eq!(next(&end).0, 0);
    until(|| session.statistics().unwrap().tasks.running == 10);
    session.close().unwrap();
    let mut ended: Vec<usize> = end.try_iter().map(|(number, _)| number).collect();
    ended.sort_unstable();
    assert_eq!(ended, (1..TASKS - 1).collect::<Vec<_>>());
}

#[test]
fn closures_run_on_the_host_s_executor() {
    struct OneThread(Sender<Box<dyn FnOnce() + Send>>);
    impl Executor for OneThread {
        fn post(&self, job: Box<dyn FnOnce() + Send>) {
            self.0.send(job).unwrap();
        }
    }
    let host = Host::new();
    let (sender, jobs) = channel();
    let mut options = host.options();
    options.executor = Some(Box::new(OneThread(sender)));
    let session = Session::open(options).unwrap();
    let here = thread::current().id();
    let (sender, ran) = channel();
    let callbacks =
        Callbacks::new(move |_: Completion<DownloadSuccess>| sender.send(thread::current().id() == here).unwrap());
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    while ran.try_recv().map(|here| assert!(here)).is_err() {
        next(&jobs)();
    }
    session.close().unwrap();
}

#[test]
fn a_descriptor_is_the_body_of_a_put() {
    let host = Host::new();
    let session = host.open();
    let path = host.directory.path().join("source");
    fs::write(&path, b"raw bytes").unwrap();
    let descriptor = OwnedFd::from(fs::File::open(&path).unwrap());
    let source = UploadSource::Descriptor { descriptor, path: String::new(), length: None };
    let request = UploadRequest::new(host.server.https_url("/raw"), UploadBody::Raw(source)).with(|request| {
        request.method = UploadMethod::Put;
        request.header = vec![("Content-Type".into(), "image/png".into())];
    });
    let (callbacks, end) = ends();
    session.upload_file(request, callbacks).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&next(&end).result.unwrap().data).unwrap();
    assert_eq!((answer["method"].as_str(), answer["length"].as_u64()), (Some("PUT"), Some(9)));
}

#[test]
fn traces_are_delivered_and_retries_counted() {
    let host = Host::new();
    let server =
        FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead]), Script::answer(200, &[], b"whole")]);
    let mut options = host.options();
    options.retry.max_retries = 1;
    options.retry.delay = Duration::from_millis(1);
    let session = Session::open(options).unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    let (sender, traces) = channel();
    let callbacks = callbacks.on_trace(move |_, entry| sender.send(entry.to_owned()).unwrap());
    session.download_file(DownloadRequest::new(server.url("/a")), callbacks).unwrap();
    let completion = next(&end);
    assert_eq!((completion.attempts, completion.result.unwrap().data_length), (2, 5));
    let traces: Vec<String> = traces.try_iter().collect();
    assert_eq!(traces.len(), 2);
    assert!(traces.iter().all(|entry| entry.starts_with('{')));
    assert_eq!(session.statistics().unwrap().retries, 1);
}

#[test]
fn files_are_imported_saved_listed_read_written_and_removed() {
    let host = Host::new();
    let session = host.open();
    let native = host.directory.path().join("photo.jpg");
    fs::write(&native, b"picture").unwrap();
    let imported = session.import_file(&native, ImportMode::Copy).unwrap();
    assert_eq!((imported.size, imported.create_time), (7, None));
    let saved = session.save_file(&imported.file_path, None).unwrap();
    assert!(saved.file_path.starts_with("wxfile://store_") && saved.create_time.is_some());
    assert_eq!(session.get_saved_file_list().unwrap(), [session.get_saved_file_info(&saved.file_path).unwrap()]);
    assert_eq!(fs::read(session.resolve_path(&saved.file_path).unwrap().native_path).unwrap(), b"picture");
    session.remove_saved_file(&saved.file_path).unwrap();
    assert_eq!(session.get_saved_file_list().unwrap(), []);

    let descriptor = OwnedFd::from(fs::File::open(&native).unwrap());
    assert!(session.import_file_descriptor(descriptor, None, Some("a.png")).unwrap().file_path.ends_with(".png"));
    let bytes = session.import_data(b"drawn", Some("b.png")).unwrap();

    let files = session.files();
    files.make_directory("wxfile://usr/a/b", true).unwrap();
    files.copy(&bytes.file_path, "wxfile://usr/a/b/c").unwrap();
    files.write("wxfile://usr/a/b/c", b" on", WriteMode::Append).unwrap();
    files.rename("wxfile://usr/a/b/c", "wxfile://usr/a/d").unwrap();
    files.access("wxfile://usr/a/d").unwrap();
    assert_eq!(files.read("wxfile://usr/a/d", 0, None).unwrap(), b"drawn on");
    assert_eq!(files.read("wxfile://usr/a/d", 6, Some(2)).unwrap(), b"on");
    let (info, digest) = files.info("wxfile://usr/a/d", DigestAlgorithm::Md5).unwrap();
    // printf 'drawn on' | md5sum
    assert_eq!((info.size, digest.as_str()), (8, "db31a3b329915faa2d195b12bd99c561"));
    let mut names = files.list_directory("wxfile://usr/a").unwrap();
    names.sort();
    assert_eq!(names, ["b", "d"]);
    let paths: Vec<String> = files.stat("wxfile://usr/a", true).unwrap().into_iter().map(|stats| stats.path).collect();
    assert_eq!(paths, ["/", "/b", "/d"]);
    let one = files.stat("wxfile://usr/a/d", false).unwrap();
    assert!(one.len() == 1 && one[0].is_file && !one[0].is_directory && one[0].size == 8 && one[0].path.is_empty());
    files.unlink("wxfile://usr/a/d").unwrap();
    files.remove_directory("wxfile://usr/a", true).unwrap();

    let Err(Error::Failed(failure)) = files.access("wxfile://usr/a") else { panic!("it is gone") };
    assert_eq!(failure.err_msg, "access:fail no such file or directory wxfile://usr/a");
    assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_FILE_NOT_FOUND, Category::File));
}

#[test]
fn wrong_option_is_named_in_the_error() {
    type Change = fn(&mut SessionOptions);
    let host = Host::new();
    let cases: [(&str, Change); 13] = [
        ("app_id", |options| options.app_id.clear()),
        ("client_version", |options| options.client_version = "eight".into()),
        ("data_directory", |options| options.data_directory = "relative".into()),
        ("max_concurrent_uploads is 0", |options| options.limits.max_concurrent_uploads = 0),
        ("max_concurrent_downloads is 0", |options| options.limits.max_concurrent_downloads = 0),
        // `user-` and three bytes for each letter.
        ("user_id is too long: its directory's name has 305 bytes", |options| options.user_id = "S".repeat(100)),
        ("send_uploads_once", |options| (options.send_uploads_once, options.retry.uploads) = (true, true)),
        ("low_speed_limit is 0", |options| options.low_speed = Some(LowSpeed { limit: 0, time: Duration::MAX })),
        ("low_speed_time is 0", |options| options.low_speed = Some(LowSpeed { limit: 1, time: Duration::ZERO })),
        ("low_speed_time is", |options| options.low_speed = Some(LowSpeed { limit: 1, time: Duration::MAX })),
        ("upload_domains", |options| options.upload_domains = vec!["https://a/b".into()]),
        ("root_certificates", |options| options.root_certificates = Some(Vec::new())),
        ("proxy", |options| options.proxy = Some("socks://s3cret@a".into())),
    ];
    for (expected, change) in cases {
        let mut options = host.options();
        change(&mut options);
        let refused = Session::open(options).unwrap_err();
        assert!(matches!(refused, Error::InvalidOption(_)), "{refused:?}");
        assert!(refused.to_string().contains(expected), "{refused}");
        assert!(!format!("{refused:?}").contains("s3cret"), "{refused:?}");
    }
    let mut options = host.options();
    options.proxy = Some(String::new());
    let session = Session::open(options).expect("an empty proxy is none");
    assert!(matches!(Session::open(host.options()), Err(Error::StorageLocked)));
    assert!(matches!(session.set_trust(Some(Vec::new()), Vec::new()), Err(Error::InvalidOption(_))));
    session.set_trust(Some(host.server.ca_pem().into()), Vec::new()).unwrap();
}

#[test]
fn longest_and_zero_timeouts_are_accepted() {
    let host = Host::new();
    let mut options = host.options();
    options.limits.max_timeout = Duration::MAX;
    options.limits.default_download_timeout = Duration::MAX;
    options.limits.default_upload_timeout = Duration::ZERO;
    let session = Session::open(options).unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    assert!(next(&end).result.is_ok());
    let (callbacks, end) = ends::<UploadSuccess>();
    session.upload_file(host.upload(b"1"), callbacks).unwrap();
    assert_eq!(next(&end).result.unwrap_err().category, Category::Timeout);
}

#[test]
fn printed_values_contain_no_secret() {
    let host = Host::new();
    let mut options = host.options();
    (options.proxy, options.user_id) = (Some("http://me:s3cret@localhost:1".into()), "s3cret".into());
    let text = format!("{options:?}");
    assert!(text.contains("wxrust") && !text.contains("s3cret"), "{text}");

    let mut options = host.options();
    options.user_id = "s3cret".into();
    let session = Session::open(options).unwrap();
    let file = session.import_data(b"1", None).unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(host.download("/bytes/1"), callbacks).unwrap();
    let completion = next(&end);
    for path in [&file.native_path, &completion.result.as_ref().unwrap().native_path] {
        assert!(path.to_str().unwrap().contains("s3cret"), "the user's id is part of it");
    }
    assert!(!format!("{file:?} {completion:?}").contains("s3cret"), "{file:?} {completion:?}");

    let (callbacks, end) = ends::<UploadSuccess>();
    session.upload_file(host.upload(b"s3cret"), callbacks).unwrap();
    let completion = next(&end);
    assert!(completion.result.as_ref().unwrap().data.contains("photo.jpg"), "the answer repeats the form");
    assert!(!format!("{completion:?}").contains("photo.jpg"), "{completion:?}");
    let check = session.check_url(Api::Upload, "https://a.example.com/?token=s3cret", &[]).unwrap();
    assert!(!format!("{check:?}").contains("s3cret"), "{check:?}");
}
