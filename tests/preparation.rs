//! Connections that a host opens ahead of their first transfer.

mod support;

use std::ffi::c_void;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use support::{Session, WAIT_LIMIT};
use wxtransfer::ffi::network::wxt_session_prepare;
use wxtransfer::ffi::options::{WXT_LAN_OWN_SUBNETS, WxtLogger};
use wxtransfer::ffi::session::{wxt_session_enter_background, wxt_session_enter_foreground};
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{Event, FaultServer, MaximumTls, Options, Script, Server, Step, Transport, response_head};

#[expect(unsafe_code, reason = "the C interface")]
fn prepare(session: &Session, server: &str) -> WxtStatus {
    // SAFETY: the string lives until the call returns.
    unsafe { wxt_session_prepare(session.handle, WxtStr::new(server)) }
}

/// Answers the request of each connection. Performs the handshake when signalled.
fn server_that_waits() -> FaultServer {
    let answer = response_head(200, &[("Connection", "close")], Some(0));
    FaultServer::start_with(Transport::TLS, move |_| {
        Script::new([Step::AwaitSignal, Step::ReadHead, Step::Send(answer.clone())])
    })
}

#[test]
fn first_transfer_uses_the_prepared_connection() {
    for with_path in [false, true] {
        let server = FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], b"hello")]);
        let session = Session::open();
        let authority = format!("localhost:{}", server.address().port());
        let named = if with_path { format!("https://{authority}/a/page?query#fragment") } else { authority };
        assert_eq!(prepare(&session, &named), WXT_OK);
        server.wait_for(Event::HandshakeDone(0));
        assert!(!server.happened(Event::HeadRead(0)));
        let ended = session.download(&server.url("/")).end();
        let profile = ended.success().profile();
        assert_eq!((profile.raw.socket_reused, profile.raw.connect_end), (true, profile.raw.fetch_start));
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn transfer_waits_for_a_handshake_in_progress() {
    let server = server_that_waits();
    let session = Session::open();
    assert_eq!(prepare(&session, &server.url("/")), WXT_OK);
    server.wait_for(Event::ConnectionAccepted(0));
    let task = session.download(&server.url("/"));
    server.signal(0);
    task.end().success();
    assert_eq!(server.connections(), 1);
}

#[test]
fn preparations_do_not_take_places_of_transfers() {
    let (hanging, server) = (server_that_waits(), Server::start(Options::default()));
    let session = Session::open_with(|options| options.max_concurrent_downloads = 1);
    assert_eq!(prepare(&session, &hanging.url("/")), WXT_OK);
    hanging.wait_for(Event::ConnectionAccepted(0));
    session.download(&server.https_url("/bytes/10")).end().success();
    assert!(!hanging.happened(Event::HandshakeDone(0)));
}

#[test]
fn at_most_four_preparations_run_at_once() {
    let servers: Vec<_> = (0..6).map(|_| server_that_waits()).collect();
    let session = Session::open();
    for server in &servers {
        assert_eq!(prepare(&session, &server.url("/")), WXT_OK);
    }
    for server in &servers[..4] {
        server.wait_for(Event::ConnectionAccepted(0));
    }
    assert_eq!(servers[4].connections() + servers[5].connections(), 0);
    servers[2].signal(0);
    servers[4].wait_for(Event::ConnectionAccepted(0));
    servers[4].signal(0);
    servers[5].wait_for(Event::ConnectionAccepted(0));
}

/// The test has preparations in progress, waiting preparations, and open connections.
#[test]
fn background_and_close_stop_preparations_at_once() {
    for closes in [false, true] {
        let servers: Vec<_> = (0..6).map(|_| server_that_waits()).collect();
        let session = Session::open();
        assert_eq!(prepare(&session, &servers[0].url("/")), WXT_OK);
        servers[0].signal(0);
        servers[0].wait_for(Event::HandshakeDone(0));
        for server in &servers[1..] {
            assert_eq!(prepare(&session, &server.url("/")), WXT_OK);
        }
        for server in &servers[1..5] {
            server.wait_for(Event::ConnectionAccepted(0));
        }
        let began = Instant::now();
        if closes {
            assert_eq!(session.close(), WXT_OK);
            assert_eq!(prepare(&session, &servers[0].url("/")), WXT_SESSION_CLOSED);
        } else {
            assert_eq!(wxt_session_enter_background(session.handle), WXT_OK);
            assert_eq!(prepare(&session, &servers[0].url("/")), WXT_OK);
        }
        for server in &servers[..5] {
            server.signal(0);
            server.wait_for(Event::PeerClosed(0));
        }
        for server in &servers[1..5] {
            assert!(!server.happened(Event::HandshakeDone(0)), "the handshake is stopped, not completed");
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert_eq!((servers[0].connections(), servers[5].connections()), (1, 0));
        if !closes {
            assert_eq!(wxt_session_enter_foreground(session.handle), WXT_OK);
            assert_eq!(prepare(&session, &servers[5].url("/")), WXT_OK);
            servers[5].wait_for(Event::ConnectionAccepted(0));
        }
    }
}

#[expect(unsafe_code, reason = "the C interface")]
unsafe extern "C" fn log(context: *mut c_void, _: i32, message: WxtStr) {
    // SAFETY: the test keeps the sender until the session is closed, and the message lives until this returns.
    let (sender, message) = unsafe { (&*context.cast::<Sender<String>>(), message.bytes("message")) };
    let message = message.expect("a message").expect("a message");
    sender.send(String::from_utf8(message.to_vec()).expect("UTF-8")).expect("the test listens");
}

/// A refused or failed preparation causes no event for the page. The host finds it in the log.
#[test]
fn refused_and_failed_preparations_are_logged() {
    let server = FaultServer::start(Transport::TLS, vec![Script::new([Step::ResetDuringHandshake])]);
    let address = server.address();
    let local = format!("https://{address}/?secret");
    let failing = server.url("/?secret");
    // (lan policy, plain http, server, log message)
    let cases = [
        (
            WXT_LAN_OWN_SUBNETS,
            1,
            "https://files.example.com",
            "files.example.com is opened ahead: the host is not in the domain list",
        ),
        (WXT_LAN_OWN_SUBNETS, 1, "listed.example.com:8443", "the port is not in the domain list"),
        (WXT_LAN_OWN_SUBNETS, 1, &local, "the host is the device itself"),
        (WXT_LAN_OWN_SUBNETS, 0, "http://listed.example.com", "plain http is not allowed"),
        (WXT_LAN_OWN_SUBNETS, 1, "ftp://listed.example.com", "no connection to a host is opened ahead: "),
        (WXT_LAN_OWN_SUBNETS, 1, "https://secret@listed.example.com", "no connection to a host is opened ahead: "),
        (WXT_LAN_OWN_SUBNETS, 1, " ", "no connection to a host is opened ahead: "),
        (wxtransfer::ffi::options::WXT_LAN_ALL_LOCAL, 1, &failing, "is opened ahead: "),
    ];
    for (lan_policy, allow_plain_http, named, expected) in cases {
        let (sender, messages) = channel::<String>();
        let listed = [WxtStr::new("https://listed.example.com")];
        let session = Session::open_with(|options| {
            options.lan_policy = lan_policy;
            options.allow_plain_http = allow_plain_http;
            (options.upload_domains, options.upload_domain_count) = (listed.as_ptr(), listed.len());
            options.logger = WxtLogger { context: (&raw const sender).cast_mut().cast(), log: Some(log) };
        });
        assert_eq!(prepare(&session, named), WXT_OK);
        loop {
            let message =
                messages.recv_timeout(WAIT_LIMIT).unwrap_or_else(|_| panic!("{named}: nothing says {expected}"));
            assert!(!message.contains("secret"), "{message}");
            if message.contains(expected) {
                break;
            }
        }
        session.close();
    }
    assert_eq!(server.connections(), 1, "a refused preparation does not connect");
}

/// A preparation times out after 15 s.
#[test]
fn at_most_20_preparations_hang_and_each_times_out() {
    let servers: Vec<_> = (0..4).map(|_| server_that_waits()).collect();
    let (sender, messages) = channel::<String>();
    let session = Session::open_with(|options| {
        options.logger = WxtLogger { context: (&raw const sender).cast_mut().cast(), log: Some(log) };
    });
    for server in &servers {
        assert_eq!(prepare(&session, &server.url("/")), WXT_OK);
        server.wait_for(Event::ConnectionAccepted(0));
    }
    let is_one_too_many = |message: &String| message.contains("20 are waiting or being opened");
    for _ in servers.len()..20 {
        assert_eq!(prepare(&session, &servers[0].url("/")), WXT_OK);
    }
    assert!(!messages.try_iter().any(|message| is_one_too_many(&message)));
    assert_eq!(prepare(&session, &servers[0].url("/")), WXT_OK);
    // The 21st preparation is rejected before the call returns.
    assert!(messages.try_iter().any(|message| is_one_too_many(&message)));
    for _ in &servers {
        let is_late = |message: &String| message.contains("the deadline passed");
        while !is_late(&messages.recv_timeout(WAIT_LIMIT).expect("each preparation times out")) {}
    }
    session.close();
}

/// What opens a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Opener {
    Download,
    Preparation,
}

impl Opener {
    /// Opens the connection that is the server's `number`-th one. A preparation may still be in its handshake afterwards.
    fn open(self, session: &Session, server: &Server, number: u64) {
        match self {
            Opener::Download => _ = session.download(&server.https_url("/bytes/10")).end().success(),
            Opener::Preparation => assert_eq!(prepare(session, &server.https_url("")), WXT_OK),
        }
        let limit = Instant::now() + WAIT_LIMIT;
        while server.connections() < number {
            assert!(Instant::now() < limit, "no connection is opened");
            std::thread::yield_now();
        }
    }
}

/// docs/rules.md: an idle connection lives for 15 s. Its TLS session can be resumed after that, also if no task used
/// the connection.
#[test]
fn sessions_are_resumed_after_the_idle_timer() {
    let openers = [
        (Opener::Download, Opener::Download),
        (Opener::Download, Opener::Preparation),
        (Opener::Preparation, Opener::Download),
    ];
    // All run at the same time, because each waits for the idle timer.
    std::thread::scope(|scope| {
        for (maximum_tls, version) in [(MaximumTls::Tls12, "TLSv1_2"), (MaximumTls::Tls13, "TLSv1_3")] {
            for (first, second) in openers {
                scope.spawn(move || {
                    let server = Server::start(Options { maximum_tls, ..Options::default() });
                    let session = Session::open();
                    first.open(&session, &server, 1);
                    server.wait_for_open_connections(0);
                    second.open(&session, &server, 2);
                    if second == Opener::Preparation {
                        // This download uses the prepared connection, or another one if the check finds the prepared one
                        // in the middle of a record.
                        session.download(&server.https_url("/bytes/10")).end().success();
                    }
                    let handshakes = server.requests().into_iter().map(|request| request.tls.expect("TLS"));
                    let resumed: Vec<_> = handshakes.map(|handshake| (handshake.version, handshake.resumed)).collect();
                    // A preparation has no request.
                    let begin = if first == Opener::Preparation { 1 } else { 0 };
                    let expected = [(version.to_owned(), false), (version.to_owned(), true)];
                    assert_eq!(resumed, expected[begin..], "{first:?}, {second:?}");
                });
            }
        }
    });
}
