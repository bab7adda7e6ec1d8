//! Changes that a host makes while a session is open: rates, background, trust, prepared connections, partial files.

use wxtransfer::{Pin, Resume};
use wxtransfer_test_server::Event;

use super::*;

#[test]
fn the_rates_of_a_session_and_of_a_task_are_changed_while_a_task_runs() {
    // At this rate the body takes five minutes.
    const RATE: u64 = 30_000;
    let host = Host::new();
    let mut options = host.options();
    options.limits.max_bytes_per_second = RATE;
    let session = Session::open(options).unwrap();
    let mut request = host.download("/bytes/9000000");
    request.task.max_bytes_per_second = RATE;
    let (callbacks, end) = ends::<DownloadSuccess>();
    let (sender, begun) = channel();
    let callbacks = callbacks.on_headers_received(move |_, _| sender.send(()).unwrap());
    let task = session.download_file(request, callbacks).unwrap();
    next(&begun);
    session.set_max_bytes_per_second(0).unwrap();
    assert!(task.set_max_bytes_per_second(0));
    assert_eq!(next(&end).result.unwrap().data_length, 9_000_000);
    assert!(!task.set_max_bytes_per_second(1), "it has ended");
}

/// Waits for the grace time of 5 s.
#[test]
fn the_background_interrupts_tasks_and_the_foreground_accepts_them() {
    let host = Host::new();
    let session = host.open();
    let category_of = |path: &str| {
        let (callbacks, end) = ends::<DownloadSuccess>();
        session.download_file(host.download(path), callbacks).unwrap();
        next(&end).result.map(|success| success.data_length).map_err(|failure| failure.category)
    };
    session.enter_background().unwrap();
    assert_eq!(category_of(ENDLESS), Err(Category::Interrupted));
    assert_eq!(category_of("/bytes/1"), Err(Category::Interrupted));
    session.enter_foreground().unwrap();
    assert_eq!(category_of("/bytes/1"), Ok(1));
}

#[test]
fn a_prepared_connection_is_used_by_the_next_transfer() {
    let host = Host::new();
    let server = FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], b"whole")]);
    let session = host.open();
    session.prepare(&server.url("/")).unwrap();
    server.wait_for(Event::HandshakeDone(0));
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(DownloadRequest::new(server.url("/a")), callbacks).unwrap();
    let completion = next(&end);
    assert!(completion.result.is_ok() && completion.profile.unwrap().socket_reused);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_discarded_partial_file_is_not_continued() {
    let host = Host::new();
    let tag = ("ETag", "\"v1\"");
    let body = pattern_bytes(0, 10_000);
    // The first download breaks off, and so does its second attempt.
    let scripts = vec![
        Script::fault_at(4000, &[tag], &body, Step::Close),
        Script::new([Step::ReadHead]),
        Script::answer(200, &[tag], &body),
    ];
    let server = FaultServer::start(Transport::TLS, scripts);
    let mut options = host.options();
    options.resume = Resume::AcrossLaunches;
    let session = Session::open(options).unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(DownloadRequest::new(server.url("/a")), callbacks).unwrap();
    assert!(next(&end).result.is_err());
    session.discard_partials().unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(DownloadRequest::new(server.url("/a")), callbacks).unwrap();
    assert_eq!(next(&end).result.unwrap().data_length, 10_000);
    let continues = |connection| String::from_utf8(server.received(connection)).unwrap().contains("Range: bytes=4000-");
    assert!(continues(1) && !continues(2));
}

/// The library releases the file of an aborted task only after it has reported the task's end.
#[test]
fn the_partial_file_of_an_aborted_task_is_discarded() {
    let host = Host::new();
    let tag = ("ETag", "\"v1\"");
    let body = pattern_bytes(0, 10_000);
    let scripts = vec![Script::fault_at(4000, &[tag], &body, Step::Stall), Script::answer(200, &[tag], &body)];
    let server = FaultServer::start(Transport::TLS, scripts);
    let mut options = host.options();
    options.resume = Resume::AcrossLaunches;
    let session = Session::open(options).unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    let callbacks = callbacks.on_progress(|task, progress| {
        if progress.total_bytes == 4000 {
            assert!(task.abort());
        }
    });
    session.download_file(DownloadRequest::new(server.url("/a")), callbacks).unwrap();
    assert_eq!(next(&end).result.unwrap_err().category, Category::Aborted);
    session.discard_partials().unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(DownloadRequest::new(server.url("/a")), callbacks).unwrap();
    assert_eq!(next(&end).result.unwrap().data_length, 10_000);
    let request = String::from_utf8(server.received(1)).unwrap();
    assert!(!request.contains("Range: "), "{request}");
}

#[test]
fn changed_trust_takes_roots_and_pins() {
    let host = Host::new();
    let session = host.open();
    let category_of_download = || {
        let (callbacks, end) = ends::<DownloadSuccess>();
        session.download_file(host.download("/bytes/1"), callbacks).unwrap();
        next(&end).result.map(|success| success.data_length).map_err(|failure| failure.category)
    };
    let roots = || Some(host.server.ca_pem().as_bytes().to_vec());
    assert_eq!(category_of_download(), Ok(1));
    // No key has this digest.
    session.set_trust(roots(), vec![Pin::new("localhost", [0; 32]).unwrap()]).unwrap();
    assert_eq!(category_of_download(), Err(Category::Tls));
    session.set_trust(roots(), vec![Pin::new("elsewhere.example.com", [0; 32]).unwrap()]).unwrap();
    assert_eq!(category_of_download(), Ok(1));
}

#[test]
fn each_write_mode_has_its_own_call_name() {
    let host = Host::new();
    let session = host.open();
    for (mode, call) in
        [(WriteMode::Whole, "writeFile"), (WriteMode::Append, "appendFile"), (WriteMode::At(0), "write")]
    {
        let Err(Error::Failed(failure)) = session.files().write("wxfile://store_a", b"1", mode) else {
            panic!("a page may not write there")
        };
        assert!(failure.err_msg.starts_with(&format!("{call}:fail ")), "{failure:?}");
    }
}
