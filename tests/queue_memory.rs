//! Aborted queued tasks free their memory. A separate program, because it measures the whole process.

#![cfg(any(target_os = "linux", target_os = "android"))]
// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::c_void;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use support::{Session, WAIT_LIMIT, zeroed};
use wxtransfer::ffi::callback::WxtCallbacks;
use wxtransfer::ffi::request::WxtDownloadRequest;
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::task::{wxt_download_file, wxt_task_abort};
use wxtransfer_test_server::{self as server, FaultServer, Script, Step, Transport};

const TASKS: usize = 100_000;
/// The maximum number of tasks in the queue while their ends are delivered.
const AT_ONCE: usize = 1000;
const MOST_KIB: u64 = 30 * 1024;

unsafe extern "C" fn release(user_data: *mut c_void) {
    let sender = unsafe { &*user_data.cast::<Mutex<Sender<()>>>() };
    sender.lock().expect("no panic").send(()).expect("the test listens");
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn aborted_tasks_leave_the_queue() {
    let server = FaultServer::start_with(Transport::Plain, |_| Script::new([Step::ReadHead, Step::Stall]));
    let url = server.url("/");
    let session = Session::open();
    let stalled: Vec<_> = (0..10).map(|_| session.download(&url)).collect();
    for connection in 0..stalled.len() {
        server.wait_for(server::Event::HeadRead(connection));
    }

    let (sender, released) = channel::<()>();
    let sender = Mutex::new(sender);
    let mut callbacks: WxtCallbacks = zeroed();
    callbacks.struct_size = size_of::<WxtCallbacks>();
    callbacks.user_data = (&raw const sender).cast_mut().cast();
    callbacks.release = Some(release);
    let mut request: WxtDownloadRequest = zeroed();
    request.struct_size = size_of::<WxtDownloadRequest>();
    request.url = WxtStr::new(&url);

    let mut before = 0;
    for i in 0..TASKS {
        let mut id = 0;
        assert_eq!(
            unsafe { wxt_download_file(session.handle, &request, &callbacks, &mut id, std::ptr::null_mut()) },
            WXT_OK
        );
        assert_eq!(wxt_task_abort(session.handle, id), WXT_OK);
        if (i + 1) % AT_ONCE == 0 {
            for _ in 0..AT_ONCE {
                released.recv_timeout(WAIT_LIMIT).expect("a release");
            }
        }
        if i + 1 == AT_ONCE {
            before = resident_kib();
        }
    }
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < MOST_KIB, "{TASKS} aborted downloads hold {grown} KiB");

    assert_eq!(server.connections(), stalled.len());
    for task in stalled {
        assert_eq!(session.abort(&task), WXT_OK);
        task.end().failure();
    }
}
