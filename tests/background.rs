//! A mini program in the background: what runs has a grace time, what waits stays, what is new is refused.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use support::{Ended, Session};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::session::{wxt_session_enter_background, wxt_session_enter_foreground};
use wxtransfer::ffi::status::*;
use wxtransfer_test_server::{self as server, FaultServer, Options, Script, Server, Step, Transport};

/// The WeChat documentation's number.
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

/// The one test that waits for the real grace time.
#[test]
fn what_runs_after_the_grace_time_is_interrupted_and_the_queue_waits_for_the_foreground() {
    let server = server_that_waits();
    // This one comes back in time, so that its transfer is never interrupted.
    let briefly = Session::open();
    let kept = briefly.download(&server.url("/kept"));
    server.wait_for(server::Event::HeadRead(0));
    enter(&briefly);
    leave(&briefly);

    let session = Session::open_with(|options| {
        options.max_concurrent_downloads = 1;
        options.max_concurrent_uploads = 1;
    });
    let file = session.file("file", b"content");
    let download = session.download(&server.url("/download"));
    server.wait_for(server::Event::HeadRead(1));
    let upload = session.upload(&server.url("/upload"), &file);
    server.wait_for(server::Event::HeadRead(2));
    let queued = [session.download(&server.url("/queued")), session.upload(&server.url("/queued"), &file)];
    let entered = Instant::now();
    enter(&session);
    assert_interrupted(&session.download(&server.url("/new")).end(), "downloadFile");
    // Again in the background changes nothing, nor does it begin the time anew.
    enter(&session);

    assert_interrupted(&download.end(), "downloadFile");
    let waited = entered.elapsed();
    assert!(waited >= GRACE, "{waited:?}");
    assert_interrupted(&upload.end(), "uploadFile");
    assert_eq!(server.connections(), 3, "nothing was taken from the queue, and the new call sent nothing");

    server.signal(0);
    assert_eq!(kept.end().success().status, 200);

    leave(&session);
    for connection in [3, 4] {
        server.wait_for(server::Event::HeadRead(connection));
        server.signal(connection);
    }
    for task in queued {
        assert_eq!(task.end().success().status, 200);
    }
}

#[test]
fn new_calls_fail_at_once_until_it_is_back() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let file = session.file("file", b"content");
    enter(&session);
    enter(&session);
    let before = Instant::now();
    assert_interrupted(&session.download(&server.https_url("/bytes/10")).end(), "downloadFile");
    assert_interrupted(&session.upload(&server.https_url("/upload"), &file).end(), "uploadFile");
    // What is wrong with a call does not matter there.
    assert_interrupted(&session.upload("no url", Path::new("nothing")).end(), "uploadFile");
    assert!(before.elapsed() < GRACE, "at once, not when the grace time is over");
    assert_eq!(server.requests().len(), 0);
    leave(&session);
    assert_eq!(session.download(&server.https_url("/bytes/10")).end().success().data_length, 10);
    assert_eq!(session.upload(&server.https_url("/upload"), &file).end().success().status, 200);
    leave(&session);
    assert_eq!(session.download(&server.https_url("/bytes/10")).end().success().data_length, 10);
}

#[test]
fn what_ends_within_the_grace_time_succeeds_and_lets_nothing_in() {
    let server = server_that_waits();
    let session = Session::open_with(|options| options.max_concurrent_downloads = 1);
    let running = session.download(&server.url("/running"));
    server.wait_for(server::Event::HeadRead(0));
    let queued = session.download(&server.url("/queued"));
    let aborted = session.download(&server.url("/aborted"));
    enter(&session);
    server.signal(0);
    assert_eq!(running.end().success().status, 200);
    assert_eq!(session.abort(&aborted), WXT_OK);
    assert_eq!(aborted.end().failure().err_msg, "downloadFile:fail abort");
    assert_eq!(server.connections(), 1);
    leave(&session);
    server.wait_for(server::Event::HeadRead(1));
    server.signal(1);
    assert_eq!(queued.end().success().status, 200);
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
    assert!(before.elapsed() < GRACE, "it does not wait for the grace time");
    for task in [running, queued] {
        assert_eq!(task.end().failure().err_msg, "downloadFile:fail abort");
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(wxt_session_enter_background(session.handle), WXT_SESSION_CLOSED);
    assert_eq!(wxt_session_enter_foreground(session.handle), WXT_SESSION_CLOSED);
}

#[test]
fn there_is_no_session_without_a_handle() {
    assert_eq!(wxt_session_enter_background(std::ptr::null_mut()), WXT_INVALID_ARGUMENT);
    assert_eq!(wxt_session_enter_foreground(std::ptr::null_mut()), WXT_INVALID_ARGUMENT);
}
