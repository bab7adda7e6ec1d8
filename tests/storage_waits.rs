//! Deadline, abort and close take effect although another process interferes: it holds a lock, deletes the directories,
//! or writes nothing into a pipe.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::fs;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use support::{Ended, Session};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::file_system::WXT_WRITE_WHOLE;
use wxtransfer::ffi::options::*;
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{Options, Server, pattern_bytes};

/// Far below the ten seconds for which a call without a deadline waits for another process.
const AT_ONCE: Duration = Duration::from_secs(5);

fn root(session: &Session) -> PathBuf {
    session.directory.path().join("app-wx1234567890abcdef/user-")
}

/// Holds the store's lock like a process that was frozen while adding a file.
fn frozen(session: &Session) -> fs::File {
    let store = fs::File::open(root(session).join("store")).expect("a directory");
    rustix::fs::flock(&store, FlockOperation::NonBlockingLockExclusive).expect("nobody has it");
    store
}

/// Yields until `condition` holds.
fn until(mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < support::WAIT_LIMIT, "it never holds");
        std::thread::yield_now();
    }
}

fn ten_downloads_to_usr(session: &Session, server: &Server, timeout: u32) -> Vec<support::Task> {
    let paths: Vec<_> = (0..10).map(|number| format!("wxfile://usr/{number}")).collect();
    let start = |path: &String| {
        session.download_with(&server.url("/bytes/1000"), |request| {
            request.file_path = WxtStr::new(path);
            request.timeout = timeout;
        })
    };
    paths.iter().map(start).collect()
}

fn ends(tasks: Vec<support::Task>) -> Vec<Ended> {
    tasks.into_iter().map(|task| task.end()).collect()
}

#[test]
fn ten_downloads_that_wait_for_a_frozen_process_end_with_their_deadlines() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let _frozen = frozen(&session);
    let begin = Instant::now();
    for ended in ends(ten_downloads_to_usr(&session, &server, 500)) {
        assert_eq!(ended.failure().err_msg, "downloadFile:fail timeout");
        assert_eq!(ended.failure().err_no, WXT_ERRNO_TIMEOUT);
    }
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    assert_eq!(session.files_besides(&[]), Vec::<PathBuf>::new());
}

#[test]
fn an_abort_and_a_close_end_the_wait_for_a_frozen_process() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let _frozen = frozen(&session);
    let begin = Instant::now();
    let aborted = ten_downloads_to_usr(&session, &server, 0);
    for task in &aborted {
        assert_eq!(session.abort(task), WXT_OK);
    }
    for ended in ends(aborted) {
        assert_eq!(ended.failure().err_msg, "downloadFile:fail abort");
    }
    let temporary = session.download(&server.url("/bytes/1000")).end().success().temp_file_path.clone();
    let temporary = temporary.expect("a path");
    let native = session.resolve(&temporary).file().native.clone();
    let modified = || fs::metadata(&native).expect("a file").modified().expect("a time");
    let before = modified();
    let closed = ten_downloads_to_usr(&session, &server, 0);
    std::thread::scope(|scope| {
        let save = scope.spawn(|| session.save(&temporary, None));
        // The call sets the file's modification time to the time of saving. After that, closing does not refuse the
        // call.
        until(|| modified() != before);
        assert_eq!(session.close(), WXT_OK);
        assert_eq!(save.join().expect("no panic").failure(), ("saveFile:fail abort", WXT_ERRNO_SYSTEM_ERROR));
    });
    for ended in ends(closed) {
        assert_eq!(ended.failure().err_msg, "downloadFile:fail abort");
    }
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
}

/// The source is sparse, so only the copy takes space, and only for the bytes that are written before the end.
#[test]
fn closing_does_not_wait_for_a_copy_of_two_gib() {
    const LENGTH: u64 = 2 * 1024 * 1024 * 1024;
    let session = Session::open_with(|options| options.storage_quota = 3 * LENGTH);
    session.write_file("wxfile://usr/large", WXT_WRITE_WHOLE, 0, b"x").done();
    let large = fs::File::options().write(true).open(root(&session).join("usr/large")).expect("the file");
    large.set_len(LENGTH).expect("a hole");
    let written = || {
        let files = fs::read_dir(root(&session).join("launches")).expect("launches").filter_map(|entry| {
            fs::read_dir(entry.expect("a launch").path()).expect("files").next()?.ok()?.metadata().ok()
        });
        files.map(|metadata| metadata.len()).sum::<u64>()
    };
    std::thread::scope(|scope| {
        let copy = scope.spawn(|| session.copy_file("wxfile://usr/large", "wxfile://usr/copy"));
        until(|| written() > 0 || copy.is_finished());
        assert_eq!(session.close(), WXT_OK);
        let result = copy.join().expect("no panic");
        // If the file system shares blocks, the copy is immediate.
        if result.err_no != 0 {
            assert_eq!(result.failure(), ("copyFile:fail abort", WXT_ERRNO_SYSTEM_ERROR));
            assert!(!root(&session).join("usr/copy").exists());
        }
    });
    assert_eq!(fs::read_dir(root(&session).join("launches")).expect("launches").count(), 0);
}

#[test]
fn download_completes_after_waiting_for_another_process() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let other = frozen(&session);
    let tasks = ten_downloads_to_usr(&session, &server, 0);
    // Each answer fits into the sockets' buffers, so the downloads wait only for the other process.
    until(|| server.requests().len() == tasks.len());
    drop(other);
    for ended in ends(tasks) {
        ended.success();
    }
    assert_eq!(fs::read(root(&session).join("usr/7")).expect("a file"), pattern_bytes(0, 1000));
}

#[test]
fn session_survives_the_removal_of_its_directories() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let data = session.directory.path().to_str().expect("UTF-8").to_owned();
    let host = session.directory.path().join("app-wx1234567890abcdef/host");
    for removed in
        [root(&session).join("launches"), root(&session), session.directory.path().join("app-wx1234567890abcdef")]
    {
        fs::remove_dir_all(&removed).expect("it is removed");
        // No other session can open meanwhile.
        for sharing in [WXT_STORAGE_EXCLUSIVE, WXT_STORAGE_SHARED] {
            let (status, _) = Session::try_open_with(|options| {
                options.data_directory = WxtStr::new(&data);
                options.storage_sharing = sharing;
            });
            assert_eq!(status, WXT_STORAGE_LOCKED);
        }
        let ended = session.download(&server.url("/bytes/1000")).end();
        let path = ended.success().temp_file_path.clone().expect("a path");
        let native = session.resolve(&path).file().native.clone();
        assert_eq!(fs::read(native).expect("a file"), pattern_bytes(0, 1000));
        let saved = session.save(&path, None).file().clone();
        assert_eq!(session.saved_files().files.last(), Some(&saved));
        fs::write(&host, b"host").expect("a file");
        session.import(host.to_str().expect("UTF-8"), wxtransfer::ffi::file::WXT_IMPORT_MOVE).file();
        let (status, _) = Session::try_open_with(|options| options.data_directory = WxtStr::new(&data));
        assert_eq!(status, WXT_STORAGE_LOCKED);
    }
    assert_eq!(session.close(), WXT_OK);
}

/// All readers see that the pipe has bytes, and the fastest takes them. In blocking mode, the others would block.
#[test]
fn closing_ends_all_readers_of_one_blocking_pipe() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let uploads: Vec<_> = (0..2)
        .map(|_| {
            session.upload_with(&server.url("/upload"), Path::new("x"), |request| {
                request.file_path = WxtStr::absent();
                request.has_file_descriptor = 1;
                request.file_descriptor = reader.as_fd().as_raw_fd();
                request.file_length = 100_000_000;
            })
        })
        .collect();
    let (sender, closed) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let imports: Vec<_> = (0..4).map(|_| scope.spawn(|| session.import_descriptor(&reader, 0, "x"))).collect();
        // More than the pipe holds, in parts that each reader could take alone.
        let mut write = || (0..20_000).for_each(|_| writer.write_all(&[7; 50]).expect("it is read"));
        write();
        // When each import has received bytes, all of them read. An import that starts late needs further bytes.
        until(|| {
            let all_read = session.files_besides(&[]).len() == 4;
            if !all_read {
                write();
            }
            all_read
        });
        scope.spawn(|| sender.send(session.close()).expect("the test listens"));
        let status = closed.recv_timeout(AT_ONCE);
        drop(writer);
        assert_eq!(status, Ok(WXT_OK), "a reader waits for bytes that do not come");
        for import in imports {
            assert_eq!(import.join().expect("no panic").failure(), ("importFile:fail abort", WXT_ERRNO_SYSTEM_ERROR));
        }
    });
    for ended in ends(uploads) {
        assert_eq!(ended.failure().err_msg, "uploadFile:fail abort");
    }
}
