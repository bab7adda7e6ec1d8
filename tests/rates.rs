//! Rate limits, stalled connections and the order of the queue, as a host sees them.
//!
//! `benches/rates.sh` measures the accuracy of limits. These tests check that a transfer takes at least as long as its
//! limit requires.

#![allow(missing_docs)]

mod support;

use std::time::{Duration, Instant};

use support::{Ended, Event, Session, Task};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::network::wxt_session_prepare;
use wxtransfer::ffi::options::{WXT_RESUME_WITHIN_TASK, WxtSessionOptions};
use wxtransfer::ffi::request::WxtTaskId;
use wxtransfer::ffi::session::wxt_session_set_max_bytes_per_second;
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::task::wxt_task_set_max_bytes_per_second;
use wxtransfer_test_server::{
    self as server, Event as ServerEvent, FaultServer, Options, Script, Server, Step, Transport, pattern_bytes,
};

/// The limit for immediate effects, also on a loaded machine.
const AT_ONCE: Duration = Duration::from_secs(5);
const SIZE: usize = 60_000;
const RATE: u64 = 30_000;
/// The bytes that a limit allows in this time are transferred without a wait.
const AHEAD: Duration = Duration::from_millis(250);

/// The minimum time that `bodies` bodies of [`SIZE`] bytes take at [`RATE`].
fn time_of(bodies: u32) -> Duration {
    bodies * Duration::from_secs_f64(SIZE as f64 / RATE as f64) - AHEAD
}

/// Starts downloads and uploads, with and without TLS, each with its own limit.
fn start_each(session: &Session, server: &Server, limit: u64) -> Vec<Task> {
    let file = session.file("file.bin", &pattern_bytes(0, SIZE));
    let mut tasks = Vec::new();
    for url in [|server: &Server, path: &str| server.url(path), |server: &Server, path: &str| server.https_url(path)] {
        let download = url(server, &format!("/bytes/{SIZE}"));
        tasks.push(session.download_with(&download, |request| request.max_bytes_per_second = limit));
        let upload = url(server, "/upload");
        tasks.push(session.upload_with(&upload, &file, |request| request.max_bytes_per_second = limit));
    }
    tasks
}

fn assert_whole(ended: &Ended) {
    let success = ended.success();
    assert_eq!(success.status, 200);
    if let Some(path) = &success.native_path {
        assert_eq!(std::fs::read(path).expect("a file"), pattern_bytes(0, SIZE));
    } else {
        let seen: serde_json::Value = serde_json::from_str(success.data.as_ref().expect("an answer")).expect("JSON");
        assert_eq!(seen["files"][0]["length"], SIZE, "{seen}");
    }
}

#[test]
fn task_is_not_faster_than_its_limit() {
    let (session, server) = (Session::open(), Server::start(Options::default()));
    let begin = Instant::now();
    let tasks = start_each(&session, &server, RATE);
    for task in tasks {
        assert_whole(&task.end());
        assert!(begin.elapsed() >= time_of(1), "{:?}", begin.elapsed());
    }
}

#[test]
fn tasks_of_a_session_are_together_not_faster_than_its_limit() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.max_bytes_per_second = RATE);
    let begin = Instant::now();
    // Both limits apply; the task's own is higher here and changes nothing.
    for task in start_each(&session, &server, 10 * RATE) {
        assert_whole(&task.end());
    }
    assert!(begin.elapsed() >= time_of(4), "{:?}", begin.elapsed());
}

#[test]
fn limit_holds_across_redirects_and_attempts() {
    let body = pattern_bytes(0, SIZE);
    let tag = ("ETag", "\"v1\"");
    let range = format!("bytes 30000-{}/{SIZE}", SIZE - 1);
    let redirect = Script::answer(302, &[("Location", "/next"), ("Connection", "close")], b"");
    let scripts = vec![
        redirect.clone(),
        Script::fault_at(30_000, &[tag], &body, Step::Close),
        redirect,
        Script::answer(206, &[tag, ("Content-Range", &range)], &body[30_000..]),
    ];
    let server = FaultServer::start(Transport::TLS, scripts);
    let session = Session::open_with(|options| (options.resume, options.retry_delay) = (WXT_RESUME_WITHIN_TASK, 1));
    let begin = Instant::now();
    let ended = session.download_with(&server.url("/"), |request| request.max_bytes_per_second = RATE).end();
    assert_eq!((ended.success().attempts, ended.success().resumed_from), (2, 30_000));
    assert_whole(&ended);
    assert!(begin.elapsed() >= time_of(1), "{:?}", begin.elapsed());
}

/// Starts a download that would take days.
fn crawling(session: &Session, server: &Server) -> Task {
    let task =
        session.download_with(&server.https_url("/bytes/1000000"), |request| request.max_bytes_per_second = RATE);
    while !matches!(task.next(), Event::Progress { .. }) {}
    assert_eq!(wxt_task_set_max_bytes_per_second(session.handle, task.id, 1), WXT_OK);
    task
}

#[test]
fn changed_limit_applies_at_once() {
    let (session, server) = (Session::open(), Server::start(Options::default()));
    let set = |limit| wxt_session_set_max_bytes_per_second(session.handle, limit);
    let set_task = |task: WxtTaskId, limit| wxt_task_set_max_bytes_per_second(session.handle, task, limit);
    let task = crawling(&session, &server);
    assert_eq!(set_task(task.id, 0), WXT_OK);
    let id = task.id;
    assert_eq!(task.end().success().data_length, 1_000_000);
    assert_eq!(set_task(id, 1), WXT_NOT_FOUND);

    assert_eq!(set(1), WXT_OK);
    let task = session.download(&server.url("/bytes/1000000"));
    assert_eq!(set(1_000_000_000), WXT_OK);
    assert_eq!(task.end().success().data_length, 1_000_000);
    assert_eq!(set(u64::MAX), WXT_OK);
    assert_eq!(session.download(&server.url("/bytes/1000000")).end().success().data_length, 1_000_000);
    assert_eq!(set(0), WXT_OK);
}

#[test]
fn abort_deadline_and_close_end_a_wait_for_a_turn() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let (aborted, closed) = (crawling(&session, &server), crawling(&session, &server));
    let begin = Instant::now();
    let short = session.download_with(&server.url("/bytes/10"), |request| {
        (request.max_bytes_per_second, request.timeout) = (1, 200);
    });
    let failure = short.end().failure().clone();
    assert_eq!((failure.category, failure.detail.as_str()), (WXT_CATEGORY_TIMEOUT, "the deadline passed"));
    assert_eq!(session.abort(&aborted), WXT_OK);
    assert_eq!(aborted.end().failure().category, WXT_CATEGORY_ABORTED);
    assert_eq!(session.close(), WXT_OK);
    assert_eq!(closed.end().failure().category, WXT_CATEGORY_ABORTED);
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
}

#[test]
fn an_early_answer_ends_an_upload_that_waits_for_its_turn() {
    let answer = server::response_head(413, &[("Connection", "close")], Some(0));
    let script = || Script::new([Step::ReadHead, Step::Send(answer.clone()), Step::AwaitSignal]);
    let session = Session::open();
    let file = session.file("file.bin", &vec![7; 10_000_000]);
    for transport in [Transport::Plain, Transport::TLS] {
        let server = FaultServer::start(transport, vec![script()]);
        // At this rate, the bytes that are encrypted at once would take longer than the deadline.
        let task = session.upload_with(&server.url("/"), &file, |request| request.max_bytes_per_second = 5000);
        assert_eq!(task.end().success().status, 413);
        server.signal(0);
    }
}

fn with_low_speed(options: &mut WxtSessionOptions) {
    (options.low_speed_limit, options.low_speed_time) = (100, 500);
}

#[track_caller]
fn assert_stalled(ended: &Ended, api: &str) {
    let failure = ended.failure();
    assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT));
    assert_eq!((failure.detail.as_str(), failure.retryable), ("stalled", true));
    assert_eq!(failure.err_msg, format!("{api}:fail timeout"));
}

#[test]
fn stalled_connection_fails_its_task_in_each_phase() {
    let body = pattern_bytes(0, 10_000);
    let session = Session::open_with(with_low_speed);
    let begin = Instant::now();
    let scripts = [
        (Transport::TLS, Script::from(Step::StallBeforeHandshake)),
        (Transport::TLS, Script::new([Step::ReadHead, Step::Stall])),
        (Transport::TLS, Script::fault_at(5000, &[], &body, Step::Stall)),
        (Transport::Plain, Script::fault_in_chunks_at(5000, &[], &body, Step::Stall)),
    ];
    for (transport, script) in scripts {
        let server = FaultServer::start(transport, vec![script]);
        assert_stalled(&session.download(&server.url("/")).end(), "downloadFile");
    }
    // More than the sockets' buffers hold.
    let file = session.file("file.bin", &vec![7; 30_000_000]);
    for transport in [Transport::Plain, Transport::TLS] {
        let server =
            FaultServer::start(transport, vec![Script::new([Step::ReadHead, Step::AwaitSignal, Step::ReadAll])]);
        assert_stalled(&session.upload(&server.url("/"), &file).end(), "uploadFile");
        server.signal(0);
        // The client resets the connection, so that the system does not send the rest during a further attempt.
        server.wait_for(ServerEvent::Finished(0));
        assert!(server.failure(0).is_some(), "the connection ended without a reset");
    }
    assert!(begin.elapsed() < Duration::from_secs(60), "no deadline passed: {:?}", begin.elapsed());
}

/// Opening the prepared connection may take 15 s. The task then opens a connection of its own, and its next attempt
/// does not wait for the slow preparation again.
#[test]
#[expect(unsafe_code, reason = "the C interface")]
fn slow_preparation_does_not_fail_a_task() {
    let stall = || Script::from(Step::StallBeforeHandshake);
    let server = FaultServer::start(Transport::TLS, vec![stall(), stall(), Script::answer(200, &[], b"content")]);
    let session = Session::open_with(|options| {
        with_low_speed(options);
        (options.max_retries, options.retry_delay) = (1, 1);
    });
    let url = server.url("/");
    // SAFETY: the string lives until the call returns.
    assert_eq!(unsafe { wxt_session_prepare(session.handle, WxtStr::new(&url)) }, WXT_OK);
    server.wait_for(ServerEvent::ConnectionAccepted(0));
    let begin = Instant::now();
    assert_eq!(
        session.download(&url).end().success().attempts,
        2,
        "only the task's own slow connection counts as an attempt"
    );
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(server.connections(), 3);
}

#[test]
fn trickling_bytes_are_a_stall_and_fast_enough_ones_are_not() {
    let session = Session::open_with(with_low_speed);
    let body = pattern_bytes(0, 600);
    let slowly = |each_byte| {
        let head = server::response_head(200, &[], Some(600));
        let send = Step::SendSlowly { bytes: body.clone(), each_byte };
        FaultServer::start(Transport::Plain, vec![Script::new([Step::ReadHead, Step::Send(head), send])])
    };
    let slow = slowly(Duration::from_millis(30));
    assert_stalled(&session.download(&slow.url("/")).end(), "downloadFile");
    let fast = slowly(Duration::from_millis(2));
    assert_eq!(session.download(&fast.url("/")).end().success().data_length, 600);
}

#[test]
fn stalled_attempt_is_repeated() {
    let body = pattern_bytes(0, 10_000);
    let tag = ("ETag", "\"v1\"");
    let scripts = || {
        vec![
            Script::fault_at(4000, &[tag], &body, Step::Stall),
            Script::answer(206, &[tag, ("Content-Range", "bytes 4000-9999/10000")], &body[4000..]),
        ]
    };
    let session = Session::open_with(|options| {
        with_low_speed(options);
        (options.resume, options.retry_delay) = (WXT_RESUME_WITHIN_TASK, 1);
    });
    let server = FaultServer::start(Transport::TLS, scripts());
    let success = session.download(&server.url("/")).end().success().clone();
    assert_eq!((success.attempts, success.resumed_from, success.data_length), (2, 4000, 10_000));

    let session = Session::open_with(|options| {
        with_low_speed(options);
        (options.max_retries, options.retry_delay) = (1, 1);
    });
    let file = session.file("file.bin", b"content");
    let fine = || Script::answer(200, &[], b"fine");
    let server = FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead, Step::Stall]), fine()]);
    assert_eq!(session.download(&server.url("/")).end().success().attempts, 2);
    let server = FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead, Step::Stall]), fine()]);
    let ended = session.upload(&server.url("/"), &file).end();
    assert_stalled(&ended, "uploadFile");
    assert_eq!(ended.failure().attempts, 1, "the upload may have reached the server");
}

#[test]
fn rate_limits_and_the_queue_are_not_stalls() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| {
        (options.low_speed_limit, options.low_speed_time) = (100_000, 1500);
        options.max_bytes_per_second = RATE;
        options.max_concurrent_downloads = 1;
        options.max_concurrent_uploads = 1;
    });
    for task in start_each(&session, &server, RATE / 2) {
        assert_whole(&task.end());
    }
}

#[test]
fn higher_priority_leaves_the_queue_first() {
    let session = Session::open_with(|options| options.max_concurrent_downloads = 1);
    let server = Server::start(Options::default());
    let answer = Script::new([Step::ReadHead, Step::AwaitSignal]).then(Script::from(Step::Close));
    let holder = FaultServer::start(Transport::Plain, vec![answer]);
    let held = session.download(&holder.url("/"));
    holder.wait_for(server::Event::HeadRead(0));
    let priorities = [0, 5, -7, 5, 0];
    let tasks: Vec<_> = (1..)
        .zip(priorities)
        .map(|(size, priority)| {
            session.download_with(&server.url(&format!("/bytes/{size}")), |request| request.priority = priority)
        })
        .collect();
    holder.signal(0);
    held.end().failure();
    for task in tasks {
        task.end().success();
    }
    let order: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(order, [2, 4, 1, 5, 3].map(|size| format!("/bytes/{size}")));
}

#[test]
fn low_speed_needs_a_limit_and_a_time() {
    let status = |limit, time| {
        let (status, _session) = Session::try_open_with(|options| {
            (options.low_speed_limit, options.low_speed_time) = (limit, time);
        });
        status
    };
    assert_eq!(status(1, 0), WXT_INVALID_ARGUMENT);
    assert_eq!(status(0, 1), WXT_INVALID_ARGUMENT);
    assert_eq!(status(u64::MAX, u32::MAX), WXT_OK);
    assert_eq!(status(1, 1), WXT_OK);
}
