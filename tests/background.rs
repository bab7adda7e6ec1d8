//! The background: transfers continue for the grace time, then everything is interrupted, or waits for the return.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::c_void;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use support::{Ended, Event, Session, Task, WAIT_LIMIT};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::options::{WXT_RESUME_WITHIN_TASK, WxtLogger};
use wxtransfer::ffi::session::{wxt_session_enter_background, wxt_session_enter_foreground};
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{self as server, FaultServer, Script, Step, Transport, pattern_bytes};

/// The grace time in WeChat's documentation.
const GRACE: Duration = Duration::from_secs(5);

/// Answers each connection's request when it is signalled.
fn server_that_waits() -> FaultServer {
    let answer = server::response_head(200, &[("Connection", "close")], Some(0));
    FaultServer::start_with(Transport::TLS, move |_| {
        Script::new([Step::ReadHead, Step::AwaitSignal, Step::Send(answer.clone())])
    })
}

fn enter(session: &Session) {
    assert_eq!(wxt_session_enter_background(session.handle), WXT_OK);
}

fn leave(session: &Session) {
    assert_eq!(wxt_session_enter_foreground(session.handle), WXT_OK);
}

#[track_caller]
fn assert_interrupted(ended: &Ended, call: &str) {
    let failure = ended.failure();
    assert_eq!(failure.err_msg, format!("{call}:fail interrupted"));
    assert_eq!((failure.err_no, failure.category), (600_003, WXT_CATEGORY_INTERRUPTED));
    assert!(failure.retryable);
}

/// This test waits for the real grace time.
#[test]
fn calls_run_during_the_grace_time_and_are_interrupted_at_its_end() {
    let server = server_that_waits();
    // This session returns in time, so its transfer is not interrupted.
    let briefly = Session::open();
    let kept = briefly.download(&server.url("/kept"));
    server.wait_for(server::Event::HeadRead(0));
    enter(&briefly);
    leave(&briefly);

    let session = Session::open_with(|options| {
        options.max_concurrent_downloads = 1;
        options.max_concurrent_uploads = 2;
    });
    let file = session.file("file", b"content");
    let download = session.download(&server.url("/download"));
    server.wait_for(server::Event::HeadRead(1));
    let queued = session.download(&server.url("/queued"));
    let entered = Instant::now();
    enter(&session);
    // As a page does in `onHide`: one upload ends in time, and one does not.
    let in_time = session.upload(&server.url("/in-time"), &file);
    server.wait_for(server::Event::HeadRead(2));
    let too_late = session.upload(&server.url("/too-late"), &file);
    server.wait_for(server::Event::HeadRead(3));
    server.signal(2);
    assert_eq!(in_time.end().success().status, 200);
    // Entering the background again changes nothing and does not restart the grace time.
    enter(&session);

    assert_interrupted(&download.end(), "downloadFile");
    let waited = entered.elapsed();
    assert!(waited >= GRACE, "{waited:?}");
    assert_interrupted(&too_late.end(), "uploadFile");
    assert_interrupted(&queued.end(), "downloadFile");

    let before = Instant::now();
    assert_interrupted(&session.download(&server.url("/new")).end(), "downloadFile");
    assert_interrupted(&session.upload(&server.url("/new"), &file).end(), "uploadFile");
    // Invalid parameters do not matter in the background.
    assert_interrupted(&session.upload("no url", Path::new("nothing")).end(), "uploadFile");
    assert!(before.elapsed() < GRACE, "at once");
    assert_eq!(server.connections(), 4, "no request of a queued or later call was sent");

    server.signal(0);
    assert_eq!(kept.end().success().status, 200);

    leave(&session);
    let back = session.download(&server.url("/back"));
    server.wait_for(server::Event::HeadRead(4));
    server.signal(4);
    assert_eq!(back.end().success().status, 200);
}

/// The script of a connection that sends the first 4000 of 10,000 bytes and then only reads.
fn breaks_off() -> Script {
    Script::fault_at(4000, &[TAG], &pattern_bytes(0, 10_000), Step::ReadAll)
}

const TAG: (&str, &str) = ("ETag", "\"v1\"");

/// Waits until the first bytes are in the file.
fn wait_for_progress(task: &Task) {
    while !matches!(task.next(), Event::Progress { .. }) {}
}

/// This test waits for the real grace time, too.
#[test]
fn transfers_wait_for_the_return_with_wait_in_background() {
    let body = pattern_bytes(0, 10_000);
    let session = Session::open_with(|options| {
        options.wait_in_background = 1;
        // Shorter than the grace time, so the deadline would pass if the wait in the background counted.
        options.default_download_timeout = 4500;
        options.resume = WXT_RESUME_WITHIN_TASK;
        options.max_retries = 1;
        options.retry_uploads = 1;
    });
    let file = session.file("file", &pattern_bytes(0, 100_000));
    let rest = Script::answer(206, &[TAG, ("Content-Range", "bytes 4000-9999/10000")], &body[4000..]);
    let server = FaultServer::start(Transport::TLS, vec![breaks_off(), rest]);
    let download = session.download(&server.url("/resumed"));
    let reads_no_more = || Script::new([Step::ReadHead, Step::ReadBody(1000), Step::AwaitSignal]);
    let uploads = FaultServer::start(Transport::TLS, vec![reads_no_more(), Script::answer(200, &[], b"done")]);
    let upload = session.upload(&uploads.url("/again"), &file);

    // This session neither resumes downloads nor retries uploads.
    let plain = Session::open_with(|options| options.wait_in_background = 1);
    let anew = FaultServer::start(Transport::TLS, vec![breaks_off(), Script::answer(200, &[TAG], &body)]);
    let begun_anew = plain.download(&anew.url("/anew"));
    let once = FaultServer::start(Transport::TLS, vec![reads_no_more(), Script::answer(200, &[], b"twice")]);
    let upload_once = plain.upload(&once.url("/once"), &file);
    let other = FaultServer::start(Transport::TLS, vec![breaks_off()]);
    let aborted = plain.download(&other.url("/aborted"));
    for task in [&download, &begun_anew, &aborted] {
        wait_for_progress(task);
    }
    for server in [&uploads, &once] {
        server.wait_for(server::Event::BodyBytesRead(0, 1000));
    }
    enter(&session);
    enter(&plain);

    for server in [&server, &anew, &other] {
        server.wait_for(server::Event::PeerClosed(0));
    }
    assert_interrupted(&upload_once.end(), "uploadFile");
    assert_eq!(plain.abort(&aborted), WXT_OK);
    assert_eq!(aborted.end().failure().err_msg, "downloadFile:fail abort");
    let later = FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], b"later")]);
    let called_there = plain.download(&later.url("/later"));
    let servers = [&server, &uploads, &anew, &once, &other, &later];
    assert_eq!(servers.map(|server| server.connections()), [1, 1, 1, 1, 1, 0], "nothing is sent before the return");

    leave(&session);
    leave(&plain);
    let ended = download.end();
    assert_eq!(std::fs::read(ended.success().native_path.as_ref().unwrap()).unwrap(), body);
    assert_eq!((ended.success().attempts, ended.success().resumed_from), (2, 4000));
    let ended = upload.end();
    assert_eq!((ended.success().data.as_deref(), ended.success().attempts), (Some("done"), 2));
    let ended = begun_anew.end();
    assert_eq!(std::fs::read(ended.success().native_path.as_ref().unwrap()).unwrap(), body);
    assert_eq!((ended.success().attempts, ended.success().resumed_from), (2, 0));
    assert_eq!(called_there.end().success().attempts, 1);
    assert_eq!(once.connections(), 1);
}

unsafe extern "C" fn log(context: *mut c_void, _: i32, message: WxtStr) {
    let lines = unsafe { &*context.cast::<mpsc::Sender<String>>() };
    let message = unsafe { message.bytes("message") }.unwrap().unwrap_or_default();
    // A test that reads no further lines has dropped the receiver.
    let _ = lines.send(String::from_utf8_lossy(message).into_owned());
}

fn wait_for_line(lines: &mpsc::Receiver<String>, part: &str) {
    while !lines.recv_timeout(WAIT_LIMIT).expect("a line of the log").contains(part) {}
}

#[test]
fn network_failure_in_the_background_fails_no_task_before_the_return() {
    let (sender, lines) = mpsc::channel();
    let session = Session::open_with(|options| {
        options.wait_in_background = 1;
        options.logger = WxtLogger { context: (&raw const sender).cast_mut().cast(), log: Some(log) };
    });
    let closes = || Script::new([Step::ReadHead]);
    let server = FaultServer::start(Transport::TLS, vec![closes(), closes()]);
    enter(&session);
    let task = session.download(&server.url("/"));
    wait_for_line(&lines, "downloadFile: attempt 2 when the app is back: ");
    leave(&session);
    let ended = task.end();
    let failure = ended.failure();
    assert_eq!((failure.category, failure.attempts), (WXT_CATEGORY_CONNECTION_CLOSED, 2), "the next attempt failed");
    assert_eq!(session.close(), WXT_OK);
}

#[test]
fn a_session_can_be_closed_while_its_tasks_wait_for_the_return() {
    let (sender, lines) = mpsc::channel();
    let session = Session::open_with(|options| {
        options.wait_in_background = 1;
        options.logger = WxtLogger { context: (&raw const sender).cast_mut().cast(), log: Some(log) };
    });
    let server = FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead])]);
    enter(&session);
    let task = session.download(&server.url("/"));
    wait_for_line(&lines, "when the app is back");
    assert_eq!(session.close(), WXT_OK);
    assert_eq!(task.end().failure().err_msg, "downloadFile:fail abort");
}

#[test]
fn queue_continues_within_the_grace_time() {
    let server = server_that_waits();
    let session = Session::open_with(|options| options.max_concurrent_downloads = 1);
    let running = session.download(&server.url("/running"));
    server.wait_for(server::Event::HeadRead(0));
    let aborted = session.download(&server.url("/aborted"));
    enter(&session);
    let queued = session.download(&server.url("/queued"));
    assert_eq!(session.abort(&aborted), WXT_OK);
    assert_eq!(aborted.end().failure().err_msg, "downloadFile:fail abort");
    server.signal(0);
    assert_eq!(running.end().success().status, 200);
    server.wait_for(server::Event::HeadRead(1));
    server.signal(1);
    assert_eq!(queued.end().success().status, 200);
    leave(&session);
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_session_can_be_closed_in_the_background() {
    let server = server_that_waits();
    let session = Session::open_with(|options| options.max_concurrent_downloads = 1);
    let running = session.download(&server.url("/running"));
    server.wait_for(server::Event::HeadRead(0));
    let queued = session.download(&server.url("/queued"));
    enter(&session);
    let before = Instant::now();
    assert_eq!(session.close(), WXT_OK);
    assert!(before.elapsed() < GRACE, "closing does not wait for the grace time");
    for task in [running, queued] {
        assert_eq!(task.end().failure().err_msg, "downloadFile:fail abort");
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(wxt_session_enter_background(session.handle), WXT_SESSION_CLOSED);
    assert_eq!(wxt_session_enter_foreground(session.handle), WXT_SESSION_CLOSED);
}

#[test]
fn null_handle_is_rejected() {
    assert_eq!(wxt_session_enter_background(std::ptr::null_mut()), WXT_INVALID_ARGUMENT);
    assert_eq!(wxt_session_enter_foreground(std::ptr::null_mut()), WXT_INVALID_ARGUMENT);
}
