//! Abort, deadline and close take effect in every phase of a transfer.
//!
//! The fault server holds a transfer in a phase. These tests check only that it ends although the server never
//! continues. `benches` measures how fast it ends.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::net::TcpListener;
use std::os::fd::AsFd;
use std::sync::mpsc::channel;
use std::time::Duration;

use support::{Event, Session, Task};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::options::WxtResolver;
use wxtransfer::ffi::status::*;
use wxtransfer_test_server::{self as server, BlackHole, FaultServer, Script, Step, Transport};

/// How to end a held transfer.
#[derive(Clone, Copy, Debug)]
enum End {
    Abort,
    Deadline,
    Close,
}

const ENDS: [End; 3] = [End::Abort, End::Deadline, End::Close];

/// The timeout, in milliseconds, of a held transfer that must end by its deadline. Other transfers have the default.
const SHORT: u32 = 300;

impl End {
    fn timeout(self) -> u32 {
        match self {
            End::Deadline => SHORT,
            End::Abort | End::Close => 0,
        }
    }

    /// Ends a task that has reached the tested phase, and checks its failure.
    fn apply(self, session: &Session, task: Task) {
        match self {
            End::Abort => assert_eq!(session.abort(&task), WXT_OK),
            End::Deadline => {}
            End::Close => assert_eq!(session.close(), WXT_OK),
        }
        let ended = task.end();
        let failure = ended.failure();
        let reason = failure.err_msg.split_once(":fail ").expect("an errMsg").1;
        let upload = failure.err_msg.starts_with("uploadFile");
        let (text, number, category) = match self {
            End::Deadline => ("timeout", WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT),
            _ if upload => ("abort", WXT_ERRNO_CANCEL, WXT_CATEGORY_ABORTED),
            _ => ("abort", WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED),
        };
        assert_eq!((reason, failure.err_no, failure.category), (text, number, category), "{self:?}");
        assert_eq!(failure.retryable, matches!(self, End::Deadline), "{self:?}");
        assert_eq!(session.files_besides(&[&session.directory.path().join("large")]), Vec::<std::path::PathBuf>::new());
    }
}

/// Downloads from a server that follows `script`, and ends the transfer once `reached` has happened.
fn download_is_ended(transport: Transport, script: Vec<Step>, reached: server::Event) {
    for end in ENDS {
        let server = FaultServer::start(transport, vec![Script::new(script.clone())]);
        let session = Session::open();
        let task = session.download_with(&server.url("/"), |request| request.timeout = end.timeout());
        server.wait_for(reached);
        end.apply(&session, task);
    }
}

#[test]
fn while_waiting_in_the_queue() {
    for end in [End::Abort, End::Close] {
        let server = FaultServer::start_with(Transport::Plain, |_| Script::new([Step::ReadHead, Step::Stall]));
        let session = Session::open_with(|options| options.max_concurrent_downloads = 1);
        let running = session.download(&server.url("/running"));
        server.wait_for(server::Event::HeadRead(0));
        let queued = session.download(&server.url("/queued"));
        end.apply(&session, queued);
        if matches!(end, End::Abort) {
            assert_eq!(session.abort(&running), WXT_OK);
        }
        assert_eq!(running.end().failure().err_msg, "downloadFile:fail abort");
        assert_eq!(server.connections(), 1, "a task aborted in the queue sends nothing");
    }
}

#[test]
fn during_name_resolution() {
    unsafe extern "C" fn never_answers(
        context: *mut std::ffi::c_void,
        _: wxtransfer::ffi::string::WxtStr,
        resolution: *mut wxtransfer::ffi::resolver::WxtResolution,
    ) {
        let sender = unsafe { &*context.cast::<std::sync::mpsc::Sender<usize>>() };
        sender.send(resolution.addr()).expect("the test listens");
        QUESTIONS.lock().expect("no panic").push(Question(resolution));
    }
    struct Question(*mut wxtransfer::ffi::resolver::WxtResolution);
    unsafe impl Send for Question {}
    static QUESTIONS: std::sync::Mutex<Vec<Question>> = std::sync::Mutex::new(Vec::new());

    for end in ENDS {
        let (sender, asked) = channel::<usize>();
        let session = Session::open_with(|options| {
            options.skip_domain_check = 1;
            options.resolver =
                WxtResolver { context: (&raw const sender).cast_mut().cast(), resolve: Some(never_answers) };
        });
        let task = session.download_with("https://name.test/", |request| request.timeout = end.timeout());
        asked.recv_timeout(support::WAIT_LIMIT).expect("the resolver is asked");
        end.apply(&session, task);
    }
    // Late answers to ended tasks are harmless.
    for Question(resolution) in QUESTIONS.lock().expect("no panic").drain(..) {
        let status = unsafe { wxtransfer::ffi::resolver::wxt_resolution_finish(resolution, std::ptr::null(), 0) };
        assert_eq!(status, WXT_OK);
    }
}

#[test]
fn during_connect() {
    for end in ENDS {
        let hole = BlackHole::start();
        let session = Session::open();
        let task = session.download_with(&hole.url("/"), |request| request.timeout = end.timeout());
        // The test cannot observe the connection attempt. Whether or not its first packet was sent, the connection is
        // not established.
        end.apply(&session, task);
    }
}

#[test]
fn during_the_tls_handshake() {
    download_is_ended(Transport::TLS, vec![Step::StallBeforeHandshake], server::Event::StepReached(0, 0));
}

#[test]
fn while_waiting_for_the_answer() {
    for transport in [Transport::Plain, Transport::TLS] {
        download_is_ended(transport, vec![Step::ReadHead, Step::Stall], server::Event::HeadRead(0));
    }
}

#[test]
fn while_receiving_the_head() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Le".to_vec();
    let script = vec![Step::ReadHead, Step::Send(half), Step::Stall];
    for transport in [Transport::Plain, Transport::TLS] {
        download_is_ended(transport, script.clone(), server::Event::StepReached(0, 2));
    }
}

#[test]
fn while_receiving_the_body() {
    let mut part = server::response_head(200, &[], Some(1000));
    part.extend_from_slice(&[b'x'; 100]);
    let script = vec![Step::ReadHead, Step::Send(part), Step::Stall];
    for transport in [Transport::Plain, Transport::TLS] {
        download_is_ended(transport, script.clone(), server::Event::StepReached(0, 2));
    }
}

#[test]
fn while_sending_the_body() {
    for transport in [Transport::Plain, Transport::TLS] {
        for end in ENDS {
            let script = vec![Step::ReadHead, Step::ReadBody(64 * 1024), Step::Stall];
            let server = FaultServer::start(transport, vec![Script::new(script)]);
            let session = Session::open();
            // More than all buffers on the way can hold.
            let file = session.file("large", &vec![b'x'; 32 * 1024 * 1024]);
            let task = session.upload_with(&server.url("/"), &file, |request| request.timeout = end.timeout());
            server.wait_for(server::Event::StepReached(0, 2));
            end.apply(&session, task);
        }
    }
}

#[test]
fn while_waiting_for_a_pipe() {
    for end in ENDS {
        let script = vec![Step::ReadHead, Step::ReadBody(10), Step::Stall];
        let server = FaultServer::start(Transport::Plain, vec![Script::new(script)]);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let session = Session::open();
        let task = session.upload_with(&server.url("/"), std::path::Path::new(""), |request| {
            request.has_file_descriptor = 1;
            request.file_descriptor = std::os::fd::AsRawFd::as_raw_fd(&reader.as_fd());
            request.file_length = 1000;
            request.timeout = end.timeout();
        });
        server.wait_for(server::Event::ConnectionAccepted(0));
        end.apply(&session, task);
        drop(writer);
    }
}

#[test]
fn while_a_redirect_is_followed() {
    let redirect = server::response_head(302, &[("Location", "/next"), ("Connection", "close")], Some(0));
    for end in ENDS {
        let server = FaultServer::start(
            Transport::TLS,
            vec![
                Script::new([Step::ReadHead, Step::Send(redirect.clone()), Step::Close]),
                Script::new([Step::ReadHead, Step::Stall]),
            ],
        );
        let session = Session::open();
        let task = session.download_with(&server.url("/"), |request| request.timeout = end.timeout());
        server.wait_for(server::Event::HeadRead(1));
        end.apply(&session, task);
    }
}

#[test]
fn a_deadline_is_total_and_not_reset_by_a_drip() {
    let mut head = server::response_head(200, &[], Some(1_000_000));
    head.push(b'x');
    let drip = Step::SendSlowly { bytes: vec![b'x'; 10_000], each_byte: Duration::from_millis(20) };
    let server = FaultServer::start(Transport::Plain, vec![Script::new([Step::ReadHead, Step::Send(head), drip])]);
    let session = Session::open();
    let task = session.download_with(&server.url("/"), |request| request.timeout = SHORT);
    let ended = task.end();
    assert_eq!(ended.failure().err_msg, "downloadFile:fail timeout");
    assert_eq!(ended.failure().err_no, WXT_ERRNO_TIMEOUT);
}

#[test]
fn a_timeout_above_the_maximum_is_the_maximum() {
    let server = FaultServer::start(Transport::Plain, vec![Script::new([Step::ReadHead, Step::Stall])]);
    let session = Session::open_with(|options| options.max_timeout = SHORT);
    let task = session.download_with(&server.url("/"), |request| request.timeout = u32::MAX);
    assert_eq!(task.end().failure().err_msg, "downloadFile:fail timeout");
}

#[test]
fn an_abort_after_the_end_finds_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let session = Session::open();
    let task = session.download(&url);
    let id = task.id;
    assert!(task.end().result.is_err());
    assert_eq!(wxtransfer::ffi::task::wxt_task_abort(session.handle, id), WXT_NOT_FOUND);
    assert_eq!(wxtransfer::ffi::task::wxt_task_abort(session.handle, u64::MAX), WXT_NOT_FOUND);
}

#[test]
fn an_abort_in_a_headers_callback_ends_the_body() {
    let mut part = server::response_head(200, &[("X", "y")], Some(1000));
    part.extend_from_slice(&[b'x'; 100]);
    let script = Script::new([Step::ReadHead, Step::Send(part), Step::Stall]);
    let server = FaultServer::start(Transport::TLS, vec![script]);
    let session = Session::open();
    let task = session.download(&server.url("/"));
    match task.next() {
        Event::Headers { status: 200, .. } => {}
        other => panic!("headers come first, not {other:?}"),
    }
    assert_eq!(session.abort(&task), WXT_OK);
    let mut events = Vec::new();
    loop {
        let event = task.next();
        let last = matches!(event, Event::Release);
        events.push(event);
        if last {
            break;
        }
    }
    assert!(
        events.iter().any(|event| matches!(event, Event::Fail(failure) if failure.err_no == WXT_ERRNO_ABORT_DOWNLOAD))
    );
}

/// A refused connection fails at about the time of the abort. The result of the abort must match the failure.
#[test]
fn result_of_abort_matches_the_end_of_a_failing_task() {
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}/", listener.local_addr().expect("an address"))
    };
    let session = Session::open();
    let file = session.file("file", b"content");
    let mut aborted = 0;
    for round in 0..2000 {
        let (task, number) = if round % 2 == 0 {
            (session.download(&refused), WXT_ERRNO_ABORT_DOWNLOAD)
        } else {
            (session.upload(&refused, &file), WXT_ERRNO_CANCEL)
        };
        // The aborts are spread over the duration of an attempt. A yield instead of this loop would let the attempt end
        // first on a busy machine.
        for _ in 0..(round % 100) * 20 {
            std::hint::spin_loop();
        }
        let status = session.abort(&task);
        let ended = task.end();
        let (number_told, category) = (ended.failure().err_no, ended.failure().category);
        if status == WXT_OK {
            assert_eq!((number_told, category), (number, WXT_CATEGORY_ABORTED), "round {round}");
            aborted += 1;
        } else {
            assert_eq!(status, WXT_NOT_FOUND);
            assert_eq!((number_told, category), (WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECT), "round {round}");
        }
    }
    assert!(aborted > 0);
}
