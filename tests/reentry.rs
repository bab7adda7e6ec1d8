//! Callbacks that call the library again, on any thread of the host.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::c_void;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, OnceLock};

use support::files::FileResult;
use support::{Session, WAIT_LIMIT, zeroed};
use wxtransfer::ffi::callback::*;
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::file::{WXT_IMPORT_COPY, wxt_import_file};
use wxtransfer::ffi::file_result::WxtFileResult;
use wxtransfer::ffi::file_system::WXT_WRITE_APPEND;
use wxtransfer::ffi::options::WxtSessionOptions;
use wxtransfer::ffi::request::*;
use wxtransfer::ffi::session::WxtSession;
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::task::wxt_download_file;
use wxtransfer_test_server::{Options, Server};

/// An executor that runs each job inline, on the thread that posts it.
unsafe extern "C" fn run_at_once(
    _: *mut c_void,
    job: Option<unsafe extern "C" fn(job_data: *mut c_void)>,
    job_data: *mut c_void,
) {
    unsafe { job.expect("a job")(job_data) };
}

fn inline(options: &mut WxtSessionOptions) {
    options.executor.post = Some(run_at_once);
}

/// Called for each completion of a download with its `errno`.
type OnComplete = Box<dyn FnMut(i32) + Send>;

fn download(session: *mut WxtSession, url: &str, on_complete: OnComplete) {
    unsafe extern "C" fn complete(user_data: *mut c_void, _: WxtTaskId, event: *const WxtCompletion) {
        let (then, event) = unsafe { (&mut *user_data.cast::<OnComplete>(), &*event) };
        then(if event.failure.is_null() { WXT_ERRNO_OK } else { unsafe { (*event.failure).err_no } });
    }
    unsafe extern "C" fn release(user_data: *mut c_void) {
        drop(unsafe { Box::from_raw(user_data.cast::<OnComplete>()) });
    }
    let mut request: WxtDownloadRequest = zeroed();
    request.struct_size = size_of::<WxtDownloadRequest>();
    request.url = WxtStr::new(url);
    let mut callbacks: WxtCallbacks = zeroed();
    callbacks.struct_size = size_of::<WxtCallbacks>();
    callbacks.user_data = Box::into_raw(Box::new(on_complete)).cast();
    callbacks.on_complete = Some(complete);
    callbacks.release = Some(release);
    assert_eq!(
        unsafe { wxt_download_file(session, &request, &callbacks, std::ptr::null_mut(), std::ptr::null_mut()) },
        WXT_OK
    );
}

fn next(results: &Receiver<i32>) -> i32 {
    results.recv_timeout(WAIT_LIMIT).expect("the task ends")
}

/// A handle is a number.
#[derive(Clone, Copy)]
struct Handle(*mut WxtSession);
unsafe impl Send for Handle {}
unsafe impl Sync for Handle {}

impl Handle {
    fn get(self) -> *mut WxtSession {
        self.0
    }
}

/// Downloads one after another, each from the `on_complete` of the previous one.
fn chain(session: Handle, url: String, left: u32, results: Sender<i32>) {
    let next_url = url.clone();
    let then = move |err_no| {
        results.send(err_no).expect("the test listens");
        if left > 1 {
            chain(session, next_url.clone(), left - 1, results.clone());
        }
    };
    download(session.get(), &url, Box::new(then));
}

#[test]
fn finished_task_frees_its_place_before_its_callbacks() {
    let server = Server::start(Options::default());
    for change in [(|_| {}) as fn(&mut WxtSessionOptions), inline] {
        let session = Session::open_with(|options| {
            options.base_library_version = WxtStr::new("1.4.3");
            options.max_concurrent_downloads = 1;
            change(options);
        });
        let (sender, results) = channel();
        chain(Handle(session.handle), server.url("/bytes/1"), 20, sender);
        for _ in 0..20 {
            assert_eq!(next(&results), WXT_ERRNO_OK);
        }
    }
}

#[test]
fn callbacks_of_two_sessions_may_call_each_other() {
    let server = Server::start(Options::default());
    let sessions = [Session::open_with(inline), Session::open_with(inline)];
    let both = Arc::new(Barrier::new(2));
    let (sender, results) = channel();
    for (here, there) in [(0, 1), (1, 0)] {
        let (there, both, sender) = (Handle(sessions[there].handle), both.clone(), sender.clone());
        let then = move |_| {
            // Each session is inside a callback when it gets an event from the other session's callback.
            both.wait();
            let sender = sender.clone();
            download(there.get(), "no url", Box::new(move |err_no| sender.send(err_no).expect("the test listens")));
        };
        download(sessions[here].handle, &server.url("/bytes/1"), Box::new(then));
    }
    for _ in 0..2 {
        assert_eq!(next(&results), WXT_ERRNO_INVALID_URL);
    }
}

#[test]
fn logger_may_create_a_temporary_file() {
    struct Host {
        session: OnceLock<Handle>,
        file: OnceLock<String>,
        imports: Sender<i32>,
    }
    unsafe extern "C" fn imported(user_data: *mut c_void, result: *const WxtFileResult) {
        let host = unsafe { &*user_data.cast::<Host>() };
        host.imports.send(unsafe { (*result).err_no }).expect("the test listens");
    }
    unsafe extern "C" fn log(context: *mut c_void, _: i32, message: WxtStr) {
        let message = unsafe { message.bytes("message") }.expect("a string").unwrap_or_default();
        if String::from_utf8_lossy(message).contains("make room") {
            let host = unsafe { &*context.cast::<Host>() };
            let (session, file) = (host.session.get().expect("a session"), host.file.get().expect("a file"));
            let path = WxtStr::new(file);
            let status = unsafe { wxt_import_file(session.get(), path, WXT_IMPORT_COPY, Some(imported), context) };
            assert_eq!(status, WXT_OK);
        }
    }

    let server = Server::start(Options::default());
    let (sender, imports) = channel();
    let host = Host { session: OnceLock::new(), file: OnceLock::new(), imports: sender };
    let session = Session::open_with(|options| {
        options.temporary_quota = 15_000;
        options.logger.context = (&raw const host).cast_mut().cast();
        options.logger.log = Some(log);
    });
    assert!(host.session.set(Handle(session.handle)).is_ok());
    let file = session.file("photo.jpg", b"x");
    host.file.set(path_text(&file)).expect("set once");
    session.download(&server.url("/bytes/10000")).end().success();
    let second = session.download(&server.url("/bytes/10000"));
    assert_eq!(next(&imports), WXT_ERRNO_OK);
    second.end().success();
}

/// A call that finds its directories removed creates them again, and logs this. Meanwhile it holds locks that other
/// calls wait for. The logger makes such calls.
#[test]
fn logger_may_call_the_session_while_a_call_holds_locks() {
    const CALLS: [fn(&Session, &str) -> FileResult; 3] = [
        |session, _| session.import_data(b"x", None),
        |session, name| session.make_directory(&format!("wxfile://usr/{name}"), false),
        |session, _| session.write_file("wxfile://usr/file", WXT_WRITE_APPEND, 0, b"x"),
    ];
    const EXPECTED: [i32; 3] = [WXT_ERRNO_OK, WXT_ERRNO_OK, WXT_ERRNO_FILE_NOT_FOUND];

    struct Host {
        session: OnceLock<SessionPointer>,
        has_called: AtomicBool,
        results: Sender<[i32; 3]>,
    }
    struct SessionPointer(*const Session);
    unsafe impl Send for SessionPointer {}
    unsafe impl Sync for SessionPointer {}
    unsafe extern "C" fn log(context: *mut c_void, _: i32, message: WxtStr) {
        let host = unsafe { &*context.cast::<Host>() };
        let message = unsafe { message.bytes("message") }.expect("a string").unwrap_or_default();
        if String::from_utf8_lossy(message).contains("created again") && !host.has_called.swap(true, Ordering::SeqCst) {
            let session = unsafe { &*host.session.get().expect("a session").0 };
            host.results.send(CALLS.map(|call| call(session, "by the logger").err_no)).expect("the test listens");
        }
    }

    for (call, expected) in CALLS.into_iter().zip(EXPECTED) {
        let (sender, results) = channel();
        let host = Host { session: OnceLock::new(), has_called: AtomicBool::new(false), results: sender };
        let session = Session::open_with(|options| {
            options.logger.context = (&raw const host).cast_mut().cast();
            options.logger.log = Some(log);
        });
        assert!(host.session.set(SessionPointer(&raw const session)).is_ok());
        std::fs::remove_dir_all(session.directory.path()).expect("the directories are removed");
        std::thread::scope(|scope| {
            let called = scope.spawn(|| call(&session, "by the call").err_no);
            let in_logger = results.recv_timeout(WAIT_LIMIT);
            if in_logger.is_err() {
                // Ends the call, which waits for its own thread.
                session.close();
            }
            assert_eq!(in_logger, Ok(EXPECTED));
            assert_eq!(called.join().expect("no panic"), expected);
        });
    }
}

fn path_text(path: &Path) -> String {
    path.to_str().expect("a UTF-8 path").to_owned()
}
