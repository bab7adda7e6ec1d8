//! Further attempts from the host's point of view. The table of failures that are retried, and of the waits, is in
//! `src/transfer/tests/retry.rs`.

#![allow(missing_docs)]
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::c_void;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use support::{Event, Session, WAIT_LIMIT};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::options::{WXT_RESUME_ACROSS_LAUNCHES, WxtLogger, WxtSessionOptions};
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{Event as ServerEvent, FaultServer, Script, Step, Transport, pattern_bytes};

fn fine() -> Script {
    Script::answer(200, &[], b"fine")
}

/// Requests a wait of almost a task's whole time.
fn busy() -> Script {
    Script::answer(503, &[("Retry-After", "50"), ("Connection", "close")], b"busy")
}

fn with_retries(options: &mut WxtSessionOptions) {
    options.max_retries = 2;
    options.retry_delay = 1;
}

/// Waits until the connection's client has its whole answer. Then the task can only wait for its next attempt.
fn answered(server: &FaultServer, connection: usize) {
    server.wait_for(ServerEvent::Finished(connection));
}

#[test]
fn result_contains_the_number_of_attempts() {
    let session = Session::open_with(with_retries);
    let scripts = vec![Script::new([Step::ReadHead]), Script::answer(503, &[], b"busy"), fine()];
    let server = FaultServer::start(Transport::TLS, scripts);
    let ended = session.download(&server.url("/")).end();
    assert_eq!((ended.success().status, ended.success().attempts), (200, 3));

    let server = FaultServer::start(Transport::TLS, Vec::new());
    assert_eq!(session.download(&server.url("/")).end().failure().attempts, 3);
    let file = session.file("file.bin", b"content");
    let server = FaultServer::start(Transport::Plain, vec![Script::new([Step::ReadHead]), fine()]);
    assert_eq!(
        session.upload(&server.url("/"), &file).end().failure().attempts,
        1,
        "the upload may have reached the server"
    );
    assert_eq!(session.download("no URL").end().failure().attempts, 0, "nothing was attempted");
}

/// This test waits for the real time to connect, which is at least ten seconds.
#[test]
fn silent_server_does_not_use_up_the_time_of_all_attempts() {
    let silent = Script::new([Step::AwaitSignal, Step::ReadAll]);
    let server = FaultServer::start(Transport::TLS, vec![silent, fine()]);
    let session = Session::open_with(|options| (options.max_retries, options.retry_delay) = (1, 1));
    let begin = Instant::now();
    let download = session.download_with(&server.url("/"), |request| request.timeout = 20_000);
    assert_eq!(download.end().success().attempts, 2);
    assert!(begin.elapsed() >= Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn nothing_is_retried_by_default() {
    let session = Session::open();
    let server = FaultServer::start(Transport::Plain, vec![Script::answer(503, &[], b"busy"), fine()]);
    let ended = session.download(&server.url("/")).end();
    assert_eq!((ended.success().status, ended.success().attempts), (503, 1));
    let server = FaultServer::start(Transport::Plain, vec![Script::new([Step::ReadHead]), fine()]);
    assert_eq!(session.download(&server.url("/")).end().failure().attempts, 1);
}

unsafe extern "C" fn log(context: *mut c_void, _: i32, message: WxtStr) {
    let lines = unsafe { &*context.cast::<mpsc::Sender<String>>() };
    let message = unsafe { message.bytes("message") }.unwrap().unwrap_or_default();
    lines.send(String::from_utf8_lossy(message).into_owned()).unwrap();
}

/// The server asks for a wait of 90 s, which is longer than WeChat's deadline of 60 s. A task that waits has a longer
/// deadline.
#[test]
fn a_deadline_is_longer_than_a_minute_only_where_the_host_allows_it() {
    // (max_timeout, default_download_timeout, timeout, whether it is longer), in milliseconds
    let cases = [
        (0, 0, 0, false),
        (0, 0, 120_000, false),
        (0, 120_000, 0, false),
        (120_000, 0, 0, false),
        (120_000, 0, 120_000, true),
        (120_000, 120_000, 0, true),
        (u32::MAX, 0, u32::MAX, true),
    ];
    for (max_timeout, default, timeout, is_longer) in cases {
        let (sender, lines) = mpsc::channel::<String>();
        let session = Session::open_with(|options| {
            with_retries(options);
            (options.max_timeout, options.default_download_timeout) = (max_timeout, default);
            options.logger = WxtLogger { context: (&raw const sender).cast_mut().cast(), log: Some(log) };
        });
        let later = Script::answer(503, &[("Retry-After", "90"), ("Connection", "close")], b"busy");
        let server = FaultServer::start(Transport::Plain, vec![later]);
        let task = session.download_with(&server.url("/"), |request| request.timeout = timeout);
        if is_longer {
            while !lines.recv_timeout(WAIT_LIMIT).expect("a line").contains("downloadFile: attempt 2 in ") {}
            assert_eq!(session.abort(&task), WXT_OK);
            assert_eq!(task.end().failure().category, WXT_CATEGORY_ABORTED);
        } else {
            let ended = task.end();
            assert_eq!(
                (ended.success().status, ended.success().attempts),
                (503, 1),
                "{max_timeout} {default} {timeout}"
            );
        }
        session.close();
    }
}

#[test]
fn abort_and_close_end_the_wait_for_an_attempt() {
    // Each of the waits is 50 s long.
    const LESS: Duration = Duration::from_secs(40);
    let begin = Instant::now();
    let session = Session::open_with(with_retries);
    let server = FaultServer::start(Transport::Plain, vec![busy(), busy()]);
    let task = session.download(&server.url("/"));
    answered(&server, 0);
    assert_eq!(session.abort(&task), WXT_OK);
    let ended = task.end();
    assert_eq!((ended.failure().category, ended.failure().attempts), (WXT_CATEGORY_ABORTED, 1));
    assert!(begin.elapsed() < LESS, "{:?}", begin.elapsed());

    let begin = Instant::now();
    let task = session.download(&server.url("/"));
    answered(&server, 1);
    assert_eq!(session.close(), WXT_OK);
    assert_eq!(task.end().failure().category, WXT_CATEGORY_ABORTED);
    assert!(begin.elapsed() < LESS, "{:?}", begin.elapsed());
}

#[test]
fn deadline_covers_all_attempts() {
    let session = Session::open_with(with_retries);
    let server = FaultServer::start(Transport::Plain, vec![Script::new([Step::ReadHead]), Step::Stall.into()]);
    let ended = session.download_with(&server.url("/"), |request| request.timeout = 2000).end();
    assert_eq!((ended.failure().category, ended.failure().attempts), (WXT_CATEGORY_TIMEOUT, 2));
}

#[test]
fn task_waiting_for_its_next_attempt_keeps_its_place() {
    let session = Session::open_with(|options| {
        with_retries(options);
        options.max_concurrent_downloads = 1;
    });
    let server = FaultServer::start(Transport::Plain, vec![busy(), fine()]);
    let first = session.download(&server.url("/first"));
    answered(&server, 0);
    let second = session.download(&server.url("/second"));
    assert_eq!(session.abort(&first), WXT_OK);
    assert_eq!(first.end().failure().category, WXT_CATEGORY_ABORTED);
    // The second task started after the end of the first one, not before.
    assert_eq!(second.end().success().status, 200);
    assert!(String::from_utf8(server.received(1)).unwrap().starts_with("GET /second "));
}

#[test]
fn aborted_download_continues_in_the_next_call() {
    let tag = ("ETag", "\"v1\"");
    for file_path in ["", "wxfile://usr/file.bin"] {
        let session = Session::open_with(|options| options.resume = WXT_RESUME_ACROSS_LAUNCHES);
        let beginning = Script::fault_at(4000, &[tag], &pattern_bytes(0, 10_000), Step::Stall);
        let headers = [tag, ("Content-Range", "bytes 4000-9999/10000")];
        let rest = Script::answer(206, &headers, &pattern_bytes(4000, 6000));
        let server = FaultServer::start(Transport::TLS, vec![beginning, rest]);
        let download = || session.download_with(&server.url("/"), |request| request.file_path = WxtStr::new(file_path));
        let task = download();
        while !matches!(task.next(), Event::Progress { total: 4000, .. }) {}
        assert_eq!(session.abort(&task), WXT_OK);
        while !matches!(task.next(), Event::Fail(_)) {}
        // The page calls again as soon as it receives the end.
        let ended = download().end();
        assert_eq!((ended.success().data_length, ended.success().resumed_from), (10_000, 4000), "{file_path:?}");
        let content = std::fs::read(ended.success().native_path.as_ref().unwrap()).unwrap();
        assert!(content == pattern_bytes(0, 10_000), "{file_path:?}");
        assert_eq!(ended.progress().last(), Some(&(10_000, Some(10_000), Some(100))));
    }
}

#[test]
fn contradictory_options_are_rejected() {
    let (status, _session) = Session::try_open_with(|options| {
        options.retry_uploads = 1;
        options.send_uploads_once = 1;
    });
    assert_eq!(status, WXT_INVALID_ARGUMENT);
    for resume in [-1, 3] {
        let (status, _session) = Session::try_open_with(|options| options.resume = resume);
        assert_eq!(status, WXT_INVALID_ARGUMENT, "{resume}");
    }
    let (status, _session) = Session::try_open_with(|options| options.retry_uploads = 1);
    assert_eq!(status, WXT_OK, "without retries the option has no effect");
}
