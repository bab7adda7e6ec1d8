//! Changes of the device's network. `ffi-tests/network-change.sh` contains tests that need two networks.

mod support;

use std::time::{Duration, Instant};

use support::{Ended, Session, zeroed};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::network::*;
use wxtransfer::ffi::session::{wxt_session_enter_background, wxt_session_enter_foreground};
use wxtransfer::ffi::status::*;
use wxtransfer_test_server::{Event, FaultServer, MaximumTls, Options, Script, Server, Step, Transport, response_head};

/// The grace time without a network. WeChat documents none, so the library uses that of the background.
const GRACE: Duration = Duration::from_secs(5);

const UNMETERED: WxtNetwork =
    WxtNetwork { struct_size: size_of::<WxtNetwork>(), kind: WXT_NETWORK_WIFI, metered: 0, roaming: 0 };
const METERED: WxtNetwork = WxtNetwork { kind: WXT_NETWORK_CELLULAR, metered: 1, ..UNMETERED };
const ROAMING: WxtNetwork = WxtNetwork { kind: WXT_NETWORK_CELLULAR, roaming: 1, ..UNMETERED };
const NONE: WxtNetwork = WxtNetwork { kind: WXT_NETWORK_NONE, ..UNMETERED };

#[expect(unsafe_code, reason = "the C interface")]
fn tell(session: &Session, network: WxtNetwork) -> WxtStatus {
    // SAFETY: the struct lives until the call returns.
    unsafe { wxt_session_network_changed(session.handle, &network, std::ptr::null_mut()) }
}

#[track_caller]
fn assert_interrupted(ended: &Ended) {
    let failure = ended.failure();
    assert_eq!((failure.err_no, failure.category), (600_003, WXT_CATEGORY_INTERRUPTED));
    assert!(failure.err_msg.ends_with(":fail interrupted") && failure.retryable, "{failure:?}");
    assert!(failure.detail.contains("no network"), "{failure:?}");
}

/// Answers each connection's request when it is signalled.
fn server_that_waits() -> FaultServer {
    let answer = response_head(200, &[("Connection", "close")], Some(0));
    FaultServer::start_with(Transport::TLS, move |_| {
        Script::new([Step::ReadHead, Step::AwaitSignal, Step::Send(answer.clone())])
    })
}

/// The loopback interface stays, so transfers on it continue.
#[test]
fn network_change_ends_only_idle_connections_if_the_address_stays() {
    let (idle, running) = (Server::start(Options::default()), server_that_waits());
    let session = Session::open();
    session.download(&idle.https_url("/bytes/10")).end().success();
    let download = session.download(&running.url("/"));
    running.wait_for(Event::HeadRead(0));
    for network in [METERED, ROAMING, NONE, UNMETERED] {
        assert_eq!(tell(&session, network), WXT_OK);
    }
    idle.wait_for_open_connections(0);
    running.signal(0);
    download.end().success();
}

#[test]
fn network_change_ends_a_preparation() {
    let server = FaultServer::start(Transport::TLS, vec![Script::new([Step::AwaitSignal, Step::ReadAll])]);
    let session = Session::open();
    #[expect(unsafe_code, reason = "the C interface")]
    // SAFETY: the string lives until the call returns.
    let status = unsafe { wxt_session_prepare(session.handle, wxtransfer::ffi::string::WxtStr::new(&server.url(""))) };
    assert_eq!(status, WXT_OK);
    server.wait_for(Event::ConnectionAccepted(0));
    assert_eq!(tell(&session, UNMETERED), WXT_OK);
    server.signal(0);
    server.wait_for(Event::PeerClosed(0));
}

#[test]
fn tls_sessions_are_resumed_in_the_next_network() {
    for maximum_tls in [MaximumTls::Tls12, MaximumTls::Tls13] {
        let server = Server::start(Options { maximum_tls, ..Options::default() });
        let session = Session::open();
        for _ in 0..4 {
            session.download(&server.https_url("/bytes/10")).end().success();
            assert_eq!(tell(&session, UNMETERED), WXT_OK);
        }
        let resumed: Vec<_> = server.requests().into_iter().map(|request| request.tls.expect("TLS").resumed).collect();
        assert_eq!((server.connections(), resumed), (4, vec![false, true, true, true]), "{maximum_tls:?}");
    }
}

/// This test waits for the real grace time.
#[test]
fn without_a_network_calls_wait_for_the_grace_time_and_are_interrupted_at_its_end() {
    let (server, running_server) = (Server::start(Options::default()), server_that_waits());
    let session = Session::open_with(|options| options.max_concurrent_downloads = 1);
    let file = session.file("file", b"content");
    let running = session.download(&running_server.url("/"));
    running_server.wait_for(Event::HeadRead(0));
    let queued = session.download(&server.https_url("/bytes/10"));
    let began = Instant::now();
    assert_eq!(tell(&session, NONE), WXT_OK);
    let upload = session.upload(&server.https_url("/upload"), &file);
    // Reporting no network again does not restart the grace time.
    assert_eq!(tell(&session, NONE), WXT_OK);
    assert_interrupted(&upload.end());
    assert!(began.elapsed() >= GRACE, "{:?}", began.elapsed());
    assert_interrupted(&queued.end());
    assert_interrupted(&running.end());
    assert_interrupted(&session.download(&server.https_url("/bytes/10")).end());
    assert_eq!(server.connections(), 0, "no waiting call sent a request");
    assert_eq!(tell(&session, UNMETERED), WXT_OK);
    session.download(&server.https_url("/bytes/10")).end().success();
    session.upload(&server.https_url("/upload"), &file).end().success();
}

#[test]
fn network_that_returns_in_time_interrupts_nothing() {
    let server = Server::start(Options::default());
    let session = Session::open();
    assert_eq!(tell(&session, NONE), WXT_OK);
    let tasks: Vec<_> = (0..3).map(|_| session.download(&server.https_url("/bytes/10"))).collect();
    assert_eq!(server.connections(), 0);
    assert_eq!(tell(&session, METERED), WXT_OK);
    for task in tasks {
        task.end().success();
    }
}

/// An attempt that did not wait would fail at once.
#[test]
fn attempts_wait_for_a_network_that_the_task_may_use() {
    let server = FaultServer::start_with(Transport::TLS, |connection| match connection {
        0 | 2 => Script::new([Step::ReadHead, Step::AwaitSignal, Step::Close]),
        _ => Script::answer(200, &[("Connection", "close")], b"done"),
    });
    let idle = Server::start(Options::default());
    for (gap, needs_unmetered) in [(NONE, 0), (METERED, 1)] {
        let attempts = server.connections();
        let session = Session::open_with(|options| (options.max_retries, options.retry_delay) = (1, 1));
        let download = session.download_with(&server.url("/"), |request| request.needs_unmetered = needs_unmetered);
        server.wait_for(Event::HeadRead(attempts));
        assert_eq!(tell(&session, gap), WXT_OK);
        server.signal(attempts);
        server.wait_for(Event::PeerClosed(attempts));
        // The transfer of another session takes longer than the wait before an attempt.
        let other = Session::open();
        other.download(&idle.https_url("/bytes/100000")).end().success();
        assert_eq!(server.connections(), attempts + 1, "no attempt begins without a usable network");
        assert_eq!(tell(&session, UNMETERED), WXT_OK);
        assert_eq!(download.end().success().attempts, 2);
    }
}

/// A transfer continues on its connection, but a redirect needs another one.
#[test]
fn a_redirect_waits_for_a_network_that_the_task_may_use() {
    let target = Server::start(Options::default());
    let to = target.https_url("/bytes/10");
    let server = FaultServer::start_with(Transport::TLS, move |_| {
        let head = response_head(302, &[("Connection", "close"), ("Location", &to)], Some(0));
        Script::new([Step::ReadHead, Step::AwaitSignal, Step::Send(head), Step::Close])
    });
    let session = Session::open();
    let download = session.download_with(&server.url("/"), |request| request.needs_unmetered = 1);
    server.wait_for(Event::HeadRead(0));
    assert_eq!(tell(&session, METERED), WXT_OK);
    // Leaves a connection that could be used.
    session.download(&target.https_url("/bytes/10")).end().success();
    server.signal(0);
    server.wait_for(Event::PeerClosed(0));
    // Takes longer than opening a connection.
    session.download(&target.https_url("/bytes/100000")).end().success();
    assert_eq!(target.requests().len(), 2, "only the other tasks have sent requests");
    assert_eq!(tell(&session, UNMETERED), WXT_OK);
    download.end().success();
    assert_eq!(target.requests().len(), 3);
}

#[test]
fn a_call_that_needs_an_unmetered_network_waits_for_it_without_a_deadline() {
    let server = Server::start(Options::default());
    for network in [METERED, ROAMING] {
        let session = Session::open_with(|options| options.max_concurrent_downloads = 1);
        let file = session.file("file", b"content");
        assert_eq!(tell(&session, network), WXT_OK);
        let download = session.download_with(&server.https_url("/bytes/10"), |request| {
            (request.needs_unmetered, request.timeout) = (1, 1000);
        });
        let upload = session.upload_with(&server.https_url("/upload"), &file, |request| {
            (request.needs_unmetered, request.timeout) = (1, 1000);
        });
        // The waiting calls block no other task, and their deadline of one second does not pass.
        let before = server.requests().len();
        session.download(&server.https_url("/slow?ms=1200")).end().success();
        assert_eq!(server.requests().len(), before + 1);
        assert_eq!(tell(&session, UNMETERED), WXT_OK);
        download.end().success();
        upload.end().success();
    }
}

#[test]
fn a_call_that_waits_for_an_unmetered_network_can_be_ended() {
    let server = Server::start(Options::default());
    let session = Session::open();
    assert_eq!(tell(&session, METERED), WXT_OK);
    let waiting = || session.download_with(&server.https_url("/bytes/10"), |request| request.needs_unmetered = 1);
    let aborted = waiting();
    assert_eq!(session.abort(&aborted), WXT_OK);
    assert_eq!(aborted.end().failure().category, WXT_CATEGORY_ABORTED);

    let interrupted = waiting();
    assert_eq!(wxt_session_enter_background(session.handle), WXT_OK);
    assert_eq!(interrupted.end().failure().category, WXT_CATEGORY_INTERRUPTED);
    assert_eq!(wxt_session_enter_foreground(session.handle), WXT_OK);

    let without_network = waiting();
    assert_eq!(tell(&session, NONE), WXT_OK);
    assert_interrupted(&without_network.end());
    assert_eq!(tell(&session, METERED), WXT_OK);

    let closed = waiting();
    assert_eq!(session.close(), WXT_OK);
    assert_eq!(closed.end().failure().category, WXT_CATEGORY_ABORTED);
    assert_eq!(server.connections(), 0);
}

#[test]
fn closing_does_not_wait_for_a_network() {
    let session = Session::open();
    assert_eq!(tell(&session, NONE), WXT_OK);
    let waiting = session.download("https://localhost:1/");
    let began = Instant::now();
    assert_eq!(session.close(), WXT_OK);
    assert!(began.elapsed() < GRACE, "{:?}", began.elapsed());
    assert_eq!(waiting.end().failure().category, WXT_CATEGORY_ABORTED);
    assert_eq!(tell(&session, UNMETERED), WXT_SESSION_CLOSED);
}

#[test]
fn invalid_network_is_rejected() {
    let session = Session::open();
    for kind in [-1, 4, i32::MAX] {
        assert_eq!(tell(&session, WxtNetwork { kind, ..UNMETERED }), WXT_INVALID_ARGUMENT);
    }
    assert_eq!(tell(&session, WxtNetwork { struct_size: 3, ..UNMETERED }), WXT_INVALID_STRUCT_SIZE);
    let older = WxtNetwork { struct_size: size_of::<usize>(), ..zeroed() };
    assert_eq!(tell(&session, older), WXT_OK, "the default is any network");
}
