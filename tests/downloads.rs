//! `wx.downloadFile` into files.

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};
use support::{Event, Session};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::status::{WXT_NOT_FOUND, WXT_OK};
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer_test_server::{self as server, FaultServer, Options, Script, Server, Step, Transport, pattern_sha256};

#[test]
fn the_body_is_in_a_temporary_file_until_the_session_closes() {
    let server = Server::start(Options::default());
    let session = Session::open();
    for (target, extension) in
        [("/bytes/1000000?type=image/png", "png"), ("/bytes/1000000?type=image/png&chunked=1", "png")]
    {
        let ended = session.download(&server.https_url(target)).end();
        let success = ended.success();
        assert_eq!((success.err_msg.as_str(), success.status), ("downloadFile:ok", 200));
        assert_eq!((&success.data, &success.file_path), (&None, &None));
        let path = success.temp_file_path.as_deref().expect("a tempFilePath");
        assert!(path.starts_with("wxfile://tmp_") && path.ends_with(&format!(".{extension}")), "{path}");
        let native = Path::new(success.native_path.as_deref().expect("a native path"));
        assert!(native.starts_with(session.directory.path()), "{native:?}");
        assert_eq!(Sha256::digest(std::fs::read(native).expect("the file"))[..], pattern_sha256(1_000_000));
        assert_eq!(native.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
        assert_eq!(success.data_length, 1_000_000);
    }
    assert_eq!(session.files_besides(&[]).len(), 2);
    assert_eq!(session.close(), WXT_OK);
    assert_eq!(session.files_besides(&[]), Vec::<std::path::PathBuf>::new());
}

#[test]
fn progress_ends_at_100_and_a_chunked_body_has_no_total() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let ended = session.download(&server.https_url("/bytes/3000000")).end();
    assert_eq!(ended.progress().last(), Some(&(3_000_000, Some(3_000_000), Some(100))));
    let ended = session.download(&server.https_url("/bytes/3000000?chunked=1")).end();
    let progress = ended.progress();
    assert_eq!(progress.last(), Some(&(3_000_000, Some(3_000_000), Some(100))));
    let before = &progress[..progress.len() - 1];
    assert!(before.iter().all(|(_, expected, percent)| expected.is_none() && percent.is_none()), "{progress:?}");
}

#[test]
fn received_bytes_are_reported_when_the_body_stalls() {
    for framing in ["Content-Length: 1000000", "Content-Length: 60000", "Transfer-Encoding: chunked"] {
        let chunk = |size: usize| match framing {
            "Transfer-Encoding: chunked" => format!("{size:x}\r\n{}\r\n", "x".repeat(size)),
            _ => "x".repeat(size),
        };
        let first = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n{}", chunk(1000));
        let steps = [Step::Send(first.into()), Step::AwaitSignal, Step::Send(chunk(50_000).into()), Step::Stall];
        let script = Script::new([vec![Step::ReadHead], steps.into()].concat());
        let server = FaultServer::start(Transport::Plain, vec![script]);
        let session = Session::open();
        let download = session.download(&server.url("/"));
        let next_total = || loop {
            if let Event::Progress { total, .. } = download.next() {
                return total;
            }
        };
        assert_eq!(next_total(), 1000, "{framing}");
        // These bytes arrive before the next progress event is due, and then the body stalls.
        server.signal(0);
        while next_total() < 51_000 {}
        assert_eq!(session.abort(&download), WXT_OK);
        assert_eq!(download.end().failure().err_no, WXT_ERRNO_ABORT_DOWNLOAD);
    }
}

#[test]
fn the_last_progress_is_reported_before_a_failure() {
    let first = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_owned() + &"x".repeat(1000);
    let rest = "x".repeat(50_000).into();
    let script =
        Script::new([Step::ReadHead, Step::Send(first.into()), Step::AwaitSignal, Step::Send(rest), Step::Close]);
    let server = FaultServer::start(Transport::Plain, vec![script]);
    let session = Session::open();
    let download = session.download(&server.url("/"));
    while !matches!(download.next(), Event::Progress { total: 1000, .. }) {}
    // These bytes arrive before the next progress event is due.
    server.signal(0);
    let ended = download.end();
    assert_eq!(ended.failure().category, WXT_CATEGORY_CONNECTION_CLOSED);
    assert_eq!(ended.progress().last(), Some(&(51_000, Some(1_000_000), Some(5))));
}

#[test]
fn a_target_in_usr_gets_the_file() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let target = "wxfile://usr/pictures/a.bin";
    let download =
        || session.download_with(&server.https_url("/bytes/1000"), |request| request.file_path = WxtStr::new(target));
    let refused = download().end();
    assert_eq!((refused.failure().err_no, server.requests().len()), (WXT_ERRNO_FILE_NOT_FOUND, 0), "no directory");
    session.make_directory("wxfile://usr/pictures", false).done();
    let ended = download().end();
    let success = ended.success();
    assert_eq!((success.file_path.as_deref(), success.temp_file_path.as_deref()), (Some(target), None));
    let native = success.native_path.clone().expect("a native path");
    assert_eq!(session.close(), WXT_OK);
    assert_eq!(Sha256::digest(std::fs::read(native).expect("it outlives the session"))[..], pattern_sha256(1000));
}

#[test]
fn a_target_outside_usr_is_refused_before_anything_is_sent() {
    let server = Server::start(Options::default());
    let session = Session::open();
    for path in [
        "wxfile://usr/../x",
        "wxfile://tmp_1.png",
        "/etc/passwd",
        "wxfile://usr//../x",
        "x",
        "wxfile://usr/",
        "wxfile://usr/a/",
    ] {
        let ended = session
            .download_with(&server.https_url("/bytes/10"), |request| request.file_path = WxtStr::new(path))
            .end();
        let failure = ended.failure();
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_TARGET_DENIED, WXT_CATEGORY_FILE), "{path}");
        assert_eq!(failure.err_msg, format!("downloadFile:fail permission denied, open {path}"));
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn any_status_is_a_success_with_a_file() {
    let server = Server::start(Options::default());
    let session = Session::open();
    for status in [200, 204, 304, 404, 500] {
        let ended = session.download(&server.https_url(&format!("/status/{status}"))).end();
        let success = ended.success();
        assert_eq!(success.status, status);
        assert!(Path::new(success.native_path.as_deref().expect("a path")).exists(), "{status}");
    }
}

#[test]
fn gzip_is_decoded_and_the_total_is_then_unknown() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let ended = session.download(&server.https_url("/bytes/2000000?gzip=1")).end();
    let native = ended.success().native_path.clone().expect("a path");
    assert_eq!(Sha256::digest(std::fs::read(native).expect("the file"))[..], pattern_sha256(2_000_000));
    assert_eq!(ended.progress().last(), Some(&(2_000_000, Some(2_000_000), Some(100))));
}

#[test]
fn a_body_that_is_cut_off_is_never_a_file() {
    let body = server::pattern_bytes(0, 100_000);
    let close_delimited = || {
        let mut bytes = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        bytes.extend_from_slice(&body);
        Script::new([Step::ReadHead, Step::Send(bytes), Step::CloseWithoutNotify])
    };
    for at in [0, 1, 99_999] {
        for fault in [Step::Close, Step::CloseWithoutNotify, Step::Reset] {
            for transport in [Transport::Plain, Transport::TLS] {
                for script in [
                    Script::fault_at(at, &[], &body, fault.clone()),
                    Script::fault_in_chunks_at(at, &[], &body, fault.clone()),
                ] {
                    let server = FaultServer::start(transport, vec![script]);
                    let session = Session::open();
                    let ended = session.download(&server.url("/")).end();
                    let failure = ended.failure();
                    let what = format!("{at} {fault:?} {transport:?}: {failure:?}");
                    assert_eq!(failure.err_no, WXT_ERRNO_NETWORK, "{what}");
                    assert_eq!(failure.category, WXT_CATEGORY_CONNECTION_CLOSED, "{what}");
                    assert_eq!(session.files_besides(&[]).len(), 0, "{what}");
                }
            }
        }
    }
    let server = FaultServer::start(Transport::TLS, vec![close_delimited()]);
    let session = Session::open();
    let ended = session.download(&server.url("/")).end();
    assert_eq!(ended.failure().category, WXT_CATEGORY_CONNECTION_CLOSED, "a body without close_notify is cut off");
    let server = FaultServer::start(Transport::Plain, vec![close_delimited()]);
    let session = Session::open();
    assert_eq!(
        session.download(&server.url("/")).end().success().data_length,
        100_000,
        "the end of a plain connection ends the body"
    );
}

#[test]
fn a_file_over_the_limit_is_refused_by_its_length_or_on_the_way() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.max_download_size = 50_000);
    assert_eq!(session.download(&server.https_url("/bytes/50000")).end().success().data_length, 50_000);
    for target in ["/bytes/50001", "/bytes/50001?chunked=1", "/bytes/5000000?gzip=1"] {
        let ended = session.download(&server.https_url(target)).end();
        let failure = ended.failure();
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_FILE_TOO_LARGE, WXT_CATEGORY_LIMIT), "{target}");
        assert_eq!(failure.err_msg, "downloadFile:fail exceed max file size");
    }
    assert_eq!(session.files_besides(&[]).len(), 1);
}

#[test]
fn a_file_over_the_temporary_quota_is_refused() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.temporary_quota = 10_000);
    let ended = session.download(&server.https_url("/bytes/10001?chunked=1")).end();
    let failure = ended.failure();
    assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_QUOTA_EXCEEDED, WXT_CATEGORY_STORAGE));
    assert_eq!(failure.err_msg, "downloadFile:fail the maximum size of the file storage limit is exceeded");
    assert_eq!(session.files_besides(&[]).len(), 0);
}

#[test]
fn callers_headers_do_not_replace_the_librarys() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.app_version = WxtStr::new("42"));
    let header = [
        ("Authorization", "Bearer x"),
        ("X-名", ""),
        ("referer", "https://evil.example/"),
        ("Host", "evil.example"),
        ("Content-Length", "5"),
    ];
    let header: Vec<WxtPair> = header
        .iter()
        .filter(|(name, _)| name.is_ascii())
        .map(|(name, value)| WxtPair { name: WxtStr::new(name), value: WxtStr::new(value) })
        .collect();
    let ended = session
        .download_with(&server.https_url("/headers"), |request| {
            request.header = header.as_ptr();
            request.header_count = header.len();
        })
        .end();
    ended.success();
    let request = server.requests()[0].clone();
    assert_eq!(request.header("Authorization"), Some("Bearer x"));
    assert_eq!(request.header("Referer"), Some("https://servicewechat.com/wx1234567890abcdef/42/page-frame.html"));
    assert_eq!(request.header("Host"), Some(format!("localhost:{}", server.tls_address().port()).as_str()));
    assert_eq!(request.header("Content-Length"), None);
    assert!(request.header("User-Agent").is_some_and(|agent| agent.starts_with("wxtransfer/")));
}

#[test]
fn response_headers_keep_their_order_letters_and_duplicates() {
    let answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-One: 1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n";
    let server = FaultServer::start(
        Transport::TLS,
        vec![Script::new([Step::ReadHead, Step::Send(answer.to_vec()), Step::Close])],
    );
    let session = Session::open();
    let ended = session.download(&server.url("/")).end();
    let expected = [("Set-Cookie", "a=1"), ("X-One", "1"), ("set-cookie", "b=2"), ("Content-Length", "0")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(ended.headers(), expected);
    assert_eq!(ended.success().headers, expected);
}

#[test]
fn connections_are_kept_for_the_next_task() {
    let server = Server::start(Options::default());
    let session = Session::open();
    for round in 0..5 {
        let ended = session.download(&server.https_url("/bytes/1000")).end();
        assert_eq!(ended.success().profile().raw.socket_reused, round > 0);
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn dead_kept_connection_is_replaced_silently() {
    let server = FaultServer::start(
        Transport::TLS,
        vec![
            // The second request is read, and the connection ends without a byte of an answer.
            Script::answer(200, &[], b"one").then([Step::ReadHead, Step::Reset]),
            Script::answer(200, &[], b"two"),
        ],
    );
    let session = Session::open();
    assert_eq!(session.download(&server.url("/")).end().success().data_length, 3);
    assert_eq!(session.download(&server.url("/")).end().success().data_length, 3);
    assert_eq!(server.connections(), 2);
}

#[test]
fn ten_downloads_run_at_once_and_the_eleventh_waits() {
    let server = FaultServer::start_with(Transport::Plain, |_| {
        Script::new([Step::ReadHead, Step::AwaitSignal]).then(Script::new([
            Step::Send(server::response_head(200, &[("Connection", "close")], Some(0))),
            Step::Close,
        ]))
    });
    let session = Session::open();
    let tasks: Vec<_> = (0..12).map(|_| session.download(&server.url("/"))).collect();
    for connection in 0..10 {
        server.wait_for(server::Event::HeadRead(connection));
    }
    assert_eq!(server.connections(), 10);
    for connection in 0..10 {
        server.signal(connection);
    }
    for connection in 10..12 {
        server.wait_for(server::Event::HeadRead(connection));
        server.signal(connection);
    }
    for task in tasks {
        assert_eq!(task.end().success().status, 200);
    }
}

#[test]
fn full_disk_fails_the_task_and_leaves_no_file() {
    // The process' limit on file sizes stands in for a full disk. It would affect other tests, so this test runs in a
    // child process.
    const MARK: &str = "WXT_TEST_FILE_SIZE_LIMIT";
    if std::env::var_os(MARK).is_none() {
        let output = std::process::Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
            .args(wxtransfer_test_server::program_words(std::env::current_exe().expect("a path")))
            .args(["--exact", "full_disk_fails_the_task_and_leaves_no_file", "--nocapture"])
            .env(MARK, "1")
            .output()
            .expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        return;
    }
    let server = Server::start(Options::default());
    let session = Session::open();
    let ended = session.download(&server.https_url("/bytes/1000000?chunked=1")).end();
    let failure = ended.failure();
    assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_SAVE_FILE, WXT_CATEGORY_STORAGE), "{failure:?}");
    assert!(failure.err_msg.starts_with("downloadFile:fail save file error "), "{failure:?}");
    assert_eq!(session.files_besides(&[]).len(), 0);
    assert_eq!(session.download(&server.https_url("/bytes/100")).end().success().data_length, 100);
}

#[test]
fn progress_events_are_far_fewer_than_reads() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let task = session.download(&server.https_url("/bytes/20000000"));
    // The channel of the test is unbounded. The test shows that there are far fewer events than reads.
    let ended = task.end();
    let events = ended.events.iter().filter(|event| matches!(event, Event::Progress { .. })).count();
    assert!((1..=200).contains(&events), "{events} events");
}

/// Another process holds the store, so a completely received download cannot get its final name yet.
#[test]
fn late_abort_returns_not_found() {
    let body = b"all of it";
    let server = FaultServer::start(Transport::Plain, vec![Script::answer(200, &[("Connection", "close")], body)]);
    let session = Session::open();
    let store = session.directory.path().join("app-wx1234567890abcdef/user-/store");
    let store = std::fs::File::open(store).expect("the store's directory");
    flock(&store, FlockOperation::LockExclusive).expect("a lock");
    let task = session.download_with(&server.url("/"), |request| request.file_path = WxtStr::new("wxfile://usr/a"));
    while !matches!(task.next(), Event::Headers { .. }) {}
    // The wait for the store is not observable. If it has not started yet, the abort is in time.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let status = session.abort(&task);
    flock(&store, FlockOperation::Unlock).expect("the lock was held");
    let mut succeeded = None;
    loop {
        match task.next() {
            Event::Success(_) => succeeded = Some(true),
            Event::Fail(_) => succeeded = Some(false),
            Event::Release => break,
            _ => {}
        }
    }
    let expected = if succeeded == Some(true) { WXT_NOT_FOUND } else { WXT_OK };
    assert_eq!(status, expected, "an accepted abort makes the task fail");
}
