//! The library's behaviour when the system has no descriptor, thread or memory left.
//!
//! Each test runs in a child process with its own limits.

#![cfg(all(target_os = "linux", target_env = "gnu"))]
// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::env;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::process::Command;
use std::sync::mpsc::channel;

use support::{Failure, Session, callbacks, zeroed};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::network::*;
use wxtransfer::ffi::request::{WxtDownloadRequest, WxtUploadRequest};
use wxtransfer::ffi::session::wxt_session_enter_background;
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::task::wxt_upload_file;
use wxtransfer_test_server::{Options, Server, program_words};

const CHILD: &str = "WXT_SHORTAGE_CHILD";

/// Runs `work` in a child process, which is this program with only this test.
fn in_a_process(test: &str, work: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        return work();
    }
    let words = program_words(env::current_exe().expect("a path"));
    let output = Command::new(&words[0])
        .args(&words[1..])
        // One thread, the first of the process, so that its heap can be prepared.
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .expect("a process");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn limit(resource: libc::__rlimit_resource_t, value: libc::rlim_t) {
    let mut limits: libc::rlimit = zeroed();
    assert_eq!(unsafe { libc::getrlimit(resource, &mut limits) }, 0);
    limits.rlim_cur = value;
    assert_eq!(unsafe { libc::setrlimit(resource, &limits) }, 0);
}

/// Opens files until no descriptor is left.
fn take_all_descriptors() -> Vec<File> {
    limit(libc::RLIMIT_NOFILE, 256);
    let mut taken = Vec::new();
    loop {
        match File::open("/dev/null") {
            Ok(file) => taken.push(file),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
                return taken;
            }
        }
    }
}

fn try_upload(session: &Session, url: &str, file: impl AsFd) -> WxtStatus {
    let mut request: WxtUploadRequest = zeroed();
    request.struct_size = size_of::<WxtUploadRequest>();
    request.url = WxtStr::new(url);
    request.name = WxtStr::new("file");
    request.has_file_descriptor = 1;
    request.file_descriptor = file.as_fd().as_raw_fd();
    let (sender, _events) = channel();
    let callbacks = callbacks(sender);
    unsafe { wxt_upload_file(session.handle, &request, &callbacks, std::ptr::null_mut(), std::ptr::null_mut()) }
}

/// Checks that a failure is retryable, and is reported neither as an internal error nor as a storage error.
#[track_caller]
fn assert_shortage(failure: &Failure) {
    assert!(failure.retryable, "{failure:?}");
    assert_ne!(failure.err_no, WXT_ERRNO_INTERNAL, "{failure:?}");
    assert!(failure.category != WXT_CATEGORY_INTERNAL && failure.category != WXT_CATEGORY_STORAGE, "{failure:?}");
    assert!(!failure.detail.is_empty(), "{failure:?}");
}

#[test]
fn an_open_descriptor_that_cannot_be_duplicated_is_no_invalid_argument() {
    in_a_process("an_open_descriptor_that_cannot_be_duplicated_is_no_invalid_argument", || {
        let server = Server::start(Options::default());
        let session = Session::open();
        let file = File::open(session.file("file", b"content")).expect("a file");
        let url = server.https_url("/upload");

        let taken = take_all_descriptors();
        let statuses = (try_upload(&session, &url, &file), session.try_import_descriptor(&file).map(|_| ()));
        drop(taken);
        assert_eq!(statuses, (WXT_OUT_OF_RESOURCES, Err(WXT_OUT_OF_RESOURCES)));

        assert_eq!(session.try_import_descriptor(&file).map(|result| result.file().size), Ok(7));
        assert_eq!(try_upload(&session, &url, &file), WXT_OK);
    });
}

#[test]
fn a_closed_descriptor_is_an_invalid_argument() {
    let server = Server::start(Options::default());
    let session = Session::open();
    // No process has a descriptor with such a high number.
    let closed = unsafe { std::os::fd::BorrowedFd::borrow_raw(i32::MAX - 1) };
    assert_eq!(try_upload(&session, &server.https_url("/upload"), closed), WXT_INVALID_ARGUMENT);
    assert_eq!(session.try_import_descriptor(closed).map(|_| ()), Err(WXT_INVALID_ARGUMENT));
}

#[test]
fn tasks_without_descriptors_fail_with_out_of_resources() {
    in_a_process("tasks_without_descriptors_fail_with_out_of_resources", || {
        let server = Server::start(Options::default());
        let session = Session::open();
        let file = session.file("file", b"content");
        let url = server.https_url("/bytes/10");

        let taken = take_all_descriptors();
        let download = session.download(&url).end();
        let upload = session.upload(&server.https_url("/upload"), &file).end();
        let import = session.import(file.to_str().expect("UTF-8"), wxtransfer::ffi::file::WXT_IMPORT_COPY);
        drop(taken);
        session.download(&url).end().success();
        assert_shortage(download.failure());
        assert_shortage(upload.failure());
        assert!(import.err_no != 0 && import.err_no != WXT_ERRNO_INTERNAL, "{import:?}");
        assert!(import.category != WXT_CATEGORY_INTERNAL && import.category != WXT_CATEGORY_STORAGE, "{import:?}");
    });
}

/// Leaves enough heap for small allocations, but not for a thread's stack.
fn leave_no_space_for_threads() {
    // Smaller than the size from which malloc maps an allocation separately. The last chunk is leaked, so that the heap
    // does not shrink.
    const CHUNK: usize = 64 * 1024;
    let mut chunks: Vec<Vec<u8>> = (0..256).map(|_| Vec::with_capacity(CHUNK)).collect();
    std::mem::forget(chunks.pop());
    drop(chunks);
    limit_address_space();
    assert!(std::thread::Builder::new().spawn(|| {}).is_err(), "there is space for a thread");
}

/// Leaves less address space than a large buffer needs.
fn limit_address_space() {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB"));
    let kibibytes: libc::rlim_t = size.and_then(|size| size.parse().ok()).expect("a number");
    limit(libc::RLIMIT_AS, (kibibytes + 128) * 1024);
}

/// The server decides how large a body is, and so the size of the buffers.
#[test]
fn a_large_download_without_memory_fails_with_out_of_resources() {
    in_a_process("a_large_download_without_memory_fails_with_out_of_resources", || {
        let server = Server::start(Options::default());
        let session = Session::open();
        let url = server.https_url("/bytes/16777216");
        // Afterwards client and server have their threads and small buffers.
        session.download(&url).end().success();

        limit_address_space();
        let ended = session.download(&url).end();
        limit(libc::RLIMIT_AS, libc::RLIM_INFINITY);
        assert_shortage(ended.failure());
        assert!(ended.failure().detail.contains("memory"), "{:?}", ended.failure());
        session.download(&url).end().success();
    });
}

#[test]
fn tasks_without_threads_fail_with_out_of_resources() {
    in_a_process("tasks_without_threads_fail_with_out_of_resources", || {
        // The first task needs a thread. The delivery thread exists already.
        let session = Session::open();
        leave_no_space_for_threads();
        let tasks: Vec<_> = (0..3).map(|_| session.download("https://127.0.0.1:1/")).collect();
        let ended: Vec<_> = tasks.into_iter().map(support::Task::end).collect();
        limit(libc::RLIMIT_AS, libc::RLIM_INFINITY);
        for ended in ended {
            assert_shortage(ended.failure());
        }
    });
}

#[track_caller]
fn assert_interrupted(ended: &support::Ended) {
    assert_eq!(ended.failure().category, WXT_CATEGORY_INTERRUPTED, "{:?}", ended.failure());
}

/// The waiting tasks were accepted while threads were available. A later shortage must not prevent them from ending,
/// nor from starting.
#[test]
fn waiting_tasks_end_and_start_although_no_thread_and_no_descriptor_is_left() {
    in_a_process("waiting_tasks_end_and_start_although_no_thread_and_no_descriptor_is_left", || {
        let tell = |session: &Session, kind, metered| {
            let struct_size = size_of::<WxtNetwork>();
            let network = WxtNetwork { struct_size, kind, metered, roaming: 0 };
            assert_eq!(unsafe { wxt_session_network_changed(session.handle, &network, std::ptr::null_mut()) }, WXT_OK);
        };
        let on_wifi = |request: &mut WxtDownloadRequest| request.needs_unmetered = 1;
        let url = "https://127.0.0.1:1/";
        let [no_network, background, wifi] = [(); 3].map(|()| Session::open());
        tell(&no_network, WXT_NETWORK_NONE, 0);
        let without_network: Vec<_> = (0..3).map(|_| no_network.download(url)).collect();
        tell(&background, WXT_NETWORK_CELLULAR, 1);
        let in_background: Vec<_> = (0..3).map(|_| background.download_with(url, on_wifi)).collect();
        assert_eq!(wxt_session_enter_background(background.handle), WXT_OK);
        tell(&wifi, WXT_NETWORK_CELLULAR, 1);
        let on_wifi: Vec<_> = (0..3).map(|_| wifi.download_with(url, on_wifi)).collect();

        let taken = take_all_descriptors();
        let ended: Vec<_> = without_network.into_iter().chain(in_background).map(support::Task::end).collect();
        // Takes the descriptors that became free when the tasks ended.
        let further: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        tell(&wifi, WXT_NETWORK_WIFI, 0);
        let started: Vec<_> = on_wifi.into_iter().map(support::Task::end).collect();
        drop((taken, further));
        ended.iter().for_each(assert_interrupted);
        for ended in started {
            assert_shortage(ended.failure());
        }
    });
}
