//! Abort, deadline and close take effect during waits for things other than peers: name servers, locks, pipes, queues.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::c_void;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use support::{Session, Task, WAIT_LIMIT};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::options::WxtResolver;
use wxtransfer::ffi::resolver::{WxtResolution, wxt_resolution_finish};
use wxtransfer::ffi::session::wxt_session_enter_background;
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{self as server, FaultServer, Options, Script, Server, Step, Transport};

/// An upper limit for immediate effects, also on a loaded machine.
const AT_ONCE: Duration = Duration::from_secs(5);
const SHORT: u32 = 500;

#[track_caller]
fn assert_at_once(what: &str, began: Instant) {
    let took = began.elapsed();
    assert!(took < AT_ONCE, "{what} took {took:.1?}");
}

/// Closes the session on another thread, because closing may hang, and fails if it takes longer than [`AT_ONCE`].
#[track_caller]
fn assert_closes_at_once(session: &Session, release: impl FnOnce()) {
    thread::scope(|scope| {
        let (sender, closed) = channel();
        scope.spawn(move || sender.send(session.close()));
        let status = closed.recv_timeout(AT_ONCE);
        // Ends a close that hangs. Otherwise the scope would wait for its thread, and the failure could not be
        // reported.
        release();
        assert_eq!(status, Ok(WXT_OK), "closing waits");
    });
}

/// Look-ups that hang after their tasks have ended must not block other sessions.
#[test]
fn abandoned_look_ups_of_the_host_delay_no_session() {
    struct Question(*mut WxtResolution);
    unsafe impl Send for Question {}
    unsafe extern "C" fn never_answers(context: *mut c_void, _: WxtStr, resolution: *mut WxtResolution) {
        let sender = unsafe { &*context.cast::<Mutex<Sender<Question>>>() };
        sender.lock().expect("no panic").send(Question(resolution)).expect("the test listens");
    }
    const TASKS: u32 = 120;

    let (sender, questions) = channel::<Question>();
    let sender = Mutex::new(sender);
    let stuck = Session::open_with(|options| {
        options.skip_domain_check = 1;
        options.max_concurrent_downloads = TASKS;
        options.resolver = WxtResolver { context: (&raw const sender).cast_mut().cast(), resolve: Some(never_answers) };
    });
    let server = Server::start(Options::default());
    let tasks: Vec<Task> = (0..TASKS).map(|i| stuck.download(&format!("https://name{i}.test/"))).collect();
    let asked: Vec<Question> =
        tasks.iter().map(|_| questions.recv_timeout(WAIT_LIMIT).expect("all are asked")).collect();

    let began = Instant::now();
    for task in &tasks {
        assert_eq!(stuck.abort(task), WXT_OK);
    }
    for task in tasks {
        assert_eq!(task.end().failure().err_no, WXT_ERRNO_ABORT_DOWNLOAD);
    }
    assert_at_once("aborting all", began);

    let other = Session::open();
    let began = Instant::now();
    let downloads: Vec<Task> = (0..3).map(|_| other.download(&server.https_url("/bytes/10"))).collect();
    for task in downloads {
        task.end().success();
    }
    assert_at_once("three downloads of another session", began);
    let began = Instant::now();
    assert_eq!(stuck.close(), WXT_OK);
    assert_at_once("closing", began);
    for Question(resolution) in asked {
        assert_eq!(unsafe { wxt_resolution_finish(resolution, std::ptr::null(), 0) }, WXT_OK);
    }
}

/// Holds the lock for saving files, like a frozen process. The lock belongs to the open directory, so one opened by
/// this process has the same effect as that of another process.
fn hold_the_store(session: &Session) -> File {
    let store = File::open(session.directory.path().join("app-wx1234567890abcdef/user-/store")).expect("the store");
    rustix::fs::flock(&store, rustix::fs::FlockOperation::NonBlockingLockExclusive).expect("the lock is free");
    store
}

#[test]
fn lock_of_another_process_does_not_outlast_a_deadline() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let lock = hold_the_store(&session);
    let began = Instant::now();
    let tasks: Vec<Task> = (0..10)
        .map(|i| {
            let path = format!("wxfile://usr/{i}");
            session.download_with(&server.https_url("/bytes/10"), |request| {
                request.timeout = SHORT;
                request.file_path = WxtStr::new(&path);
            })
        })
        .collect();
    let ended: Vec<(String, Duration)> =
        tasks.into_iter().map(|task| (task.end().failure().err_msg.clone(), began.elapsed())).collect();
    let on_time = |(message, took): &(String, Duration)| message == "downloadFile:fail timeout" && *took < AT_ONCE;
    assert!(ended.iter().all(on_time), "{ended:.1?}");

    drop(lock);
    let path = WxtStr::new("wxfile://usr/later");
    session.download_with(&server.https_url("/bytes/10"), |request| request.file_path = path).end().success();
}

#[test]
fn lock_of_another_process_does_not_delay_an_abort() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let _lock = hold_the_store(&session);
    let path = WxtStr::new("wxfile://usr/file");
    let task = session.download_with(&server.https_url("/bytes/10"), |request| request.file_path = path);
    // Once a `.part` file has all bytes, only its final place is waited for.
    await_files(&session, |files| files.iter().any(|(_, size)| *size == 10));
    let began = Instant::now();
    assert_eq!(session.abort(&task), WXT_OK);
    assert_eq!(task.end().failure().err_msg, "downloadFile:fail abort");
    assert_at_once("an abort", began);
}

#[test]
fn lock_of_another_process_does_not_delay_a_close() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let temporary = session.download(&server.https_url("/bytes/7")).end().success().temp_file_path.clone();
    let temporary = temporary.expect("a temporary file");
    let lock = hold_the_store(&session);
    let tasks: Vec<Task> = (0..5)
        .map(|i| {
            let path = format!("wxfile://usr/{i}");
            session.download_with(&server.https_url("/bytes/10"), |request| request.file_path = WxtStr::new(&path))
        })
        .collect();
    await_files(&session, |files| files.iter().filter(|(_, size)| *size == 10).count() == 5);
    thread::scope(|scope| {
        let saving = scope.spawn(|| session.try_save(&temporary));
        assert_closes_at_once(&session, || drop(lock));
        let saved = saving.join().expect("no panic");
        match saved {
            Ok(saved) => assert_eq!(saved.failure(), ("saveFile:fail abort", WXT_ERRNO_SYSTEM_ERROR)),
            // The call came after the session had started to close.
            Err(status) => assert_eq!(status, WXT_SESSION_CLOSED),
        }
    });
    for task in tasks {
        assert_eq!(task.end().failure().err_msg, "downloadFile:fail abort");
    }
}

/// Waits until the launch's files, with their sizes, satisfy `done`.
fn await_files(session: &Session, done: impl Fn(&[(PathBuf, u64)]) -> bool) {
    let launches = session.directory.path().join("app-wx1234567890abcdef/user-/launches");
    let end = Instant::now() + WAIT_LIMIT;
    loop {
        let mut files = Vec::new();
        for launch in fs::read_dir(&launches).expect("launches") {
            for entry in fs::read_dir(launch.expect("a launch").path()).expect("files") {
                let path = entry.expect("an entry").path();
                // A file that disappeared meanwhile was renamed.
                let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
                files.push((path, size));
            }
        }
        if done(&files) {
            return;
        }
        assert!(Instant::now() < end, "{files:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// If `wxt_task_abort` returned `WXT_OK`, the end is `abort`, even if another event happened at the same moment.
#[test]
fn accepted_abort_is_the_result() {
    const TASKS: usize = 10_000;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let session = Session::open();
    let file = session.file("file", b"content");
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    // The duration of a task without an abort, so that the aborts are spread over it.
    let mut usual = 1000;
    let (mut accepted, mut wrong) = (0, Vec::new());
    for i in 0..TASKS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let began = Instant::now();
        let task = if i % 4 == 0 { session.upload(&url, &file) } else { session.download(&url) };
        if i % 100 == 0 {
            task.end().failure();
            usual = began.elapsed().as_micros() as u64;
            continue;
        }
        let moment = Instant::now() + Duration::from_micros(random % (2 * usual));
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        let status = session.abort(&task);
        let ended = task.end();
        let failure = ended.failure();
        if status == WXT_OK {
            accepted += 1;
            if failure.category != WXT_CATEGORY_ABORTED || !failure.err_msg.ends_with(":fail abort") {
                wrong.push(failure.err_msg.clone());
            }
        }
    }
    assert!(
        accepted > 0 && accepted < TASKS,
        "{accepted} of {TASKS} aborts came in time; the test needs aborts before and after the end of a task"
    );
    assert!(wrong.is_empty(), "{} of {accepted} accepted aborts ended otherwise, as {:?}", wrong.len(), wrong[0]);
}

/// docs/rules.md: an idle connection lives for 15 s. It is then closed without a further call.
#[test]
fn an_idle_connection_closes_by_itself() {
    for transport in [Transport::Plain, Transport::TLS] {
        let server = FaultServer::start(transport, vec![Script::answer(200, &[], b"hello").then(Step::ReadAll)]);
        let session = Session::open();
        session.download(&server.url("/")).end().success();
        let idle = Instant::now();
        server.wait_for(server::Event::PeerClosed(0));
        let lived = idle.elapsed();
        assert!(lived > Duration::from_secs(12), "{lived:.1?}");
        drop(session);
    }
}

#[test]
fn an_idle_connection_closes_in_the_background() {
    for transport in [Transport::Plain, Transport::TLS] {
        let server = FaultServer::start(transport, vec![Script::answer(200, &[], b"hello").then(Step::ReadAll)]);
        let session = Session::open();
        session.download(&server.url("/")).end().success();
        let began = Instant::now();
        assert_eq!(wxt_session_enter_background(session.handle), WXT_OK);
        server.wait_for(server::Event::PeerClosed(0));
        assert_at_once("the end of an idle connection", began);
    }
}

/// All readers of a pipe see that it has bytes. One reader takes them, and the others must not block.
#[test]
fn imports_of_one_pipe_do_not_outlast_the_session() {
    const IMPORTS: usize = 4;
    // The test needs two readers that check the pipe at the same time. This does not happen in every round.
    for _ in 0..20 {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let session = Session::open();
        thread::scope(|scope| {
            let imports: Vec<_> =
                (0..IMPORTS).map(|_| scope.spawn(|| session.import_descriptor(&reader, 0, "x.txt"))).collect();
            await_files(&session, |files| files.iter().filter(|(path, _)| is_part(path)).count() == IMPORTS);
            for byte in 1..=5 {
                writer.write_all(b"x").expect("somebody reads");
                await_files(&session, |files| files.iter().map(|(_, size)| size).sum::<u64>() == byte);
            }
            assert_closes_at_once(&session, || drop(writer));
            for import in imports {
                assert_eq!(
                    import.join().expect("no panic").failure(),
                    ("importFile:fail abort", WXT_ERRNO_SYSTEM_ERROR)
                );
            }
        });
    }
}

fn is_part(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|extension| extension == "part")
}
