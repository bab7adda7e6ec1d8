//! The background: transfers continue for the grace time, then everything is interrupted.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use support::{Ended, Session};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::session::{wxt_session_enter_background, wxt_session_enter_foreground};
use wxtransfer::ffi::status::*;
use wxtransfer_test_server::{self as server, FaultServer, Script, Step, Transport};

/// The number in WeChat's documentation.
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

/// The only test that waits for the real grace time.
#[test]
fn calls_are_taken_for_the_grace_time_and_interrupted_at_its_end() {
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
    assert_eq!(server.connections(), 4, "neither what waited nor what came later was sent");

    server.signal(0);
    assert_eq!(kept.end().success().status, 200);

    leave(&session);
    let back = session.download(&server.url("/back"));
    server.wait_for(server::Event::HeadRead(4));
    server.signal(4);
    assert_eq!(back.end().success().status, 200);
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
    assert!(before.elapsed() < GRACE, "it does not wait for the grace time");
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
