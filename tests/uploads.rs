//! `wx.uploadFile` with a server that parses the body.

mod support;

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use support::{Event, Session};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::request::WxtUploadRequest;
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer_test_server::{self as server, FaultServer, Options, Script, Server, Step, Transport};

fn pairs(pairs: &[(&'static str, &'static str)]) -> Vec<WxtPair> {
    pairs.iter().map(|(name, value)| WxtPair { name: WxtStr::new(name), value: WxtStr::new(value) }).collect()
}

fn set_form_data(request: &mut WxtUploadRequest, pairs: &[WxtPair]) {
    request.form_data = pairs.as_ptr();
    request.form_data_count = pairs.len();
}

fn set_header(request: &mut WxtUploadRequest, pairs: &[WxtPair]) {
    request.header = pairs.as_ptr();
    request.header_count = pairs.len();
}

#[test]
fn the_server_gets_the_fields_in_order_and_then_the_file() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let content: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let file = session.file("photo.JPG", &content);
    let form = pairs(&[("user", "test"), ("empty", ""), ("user", "again"), ("file", "same name"), ("名字", "值\n2")]);
    let header = pairs(&[("X-Custom", "one"), ("Referer", "https://evil.example/"), ("content-type", "text/plain")]);
    let task = session.upload_with(&server.https_url("/upload"), &file, |request| {
        set_form_data(request, &form);
        set_header(request, &header);
    });
    let ended = task.end();
    let success = ended.success();
    assert_eq!((success.err_msg.as_str(), success.status), ("uploadFile:ok", 200));
    assert!(success.data.as_deref().is_some_and(|data| data.contains("\"method\"")), "{success:?}");
    assert_eq!((&success.temp_file_path, &success.file_path, &success.native_path), (&None, &None, &None));

    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("one request, not {requests:?}") };
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/upload"));
    assert_eq!(request.header("Referer"), Some("https://servicewechat.com/wx1234567890abcdef/0/page-frame.html"));
    assert_eq!(request.header("X-Custom"), Some("one"));
    assert_eq!(request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Content-Type")).count(), 1);
    let content_type = request.header("Content-Type").expect("a Content-Type");
    assert!(content_type.starts_with("multipart/form-data; boundary="), "{content_type}");
    assert_eq!(request.header("Content-Length"), Some(request.body.length.to_string().as_str()));
    assert_eq!(request.header("Transfer-Encoding"), None);
    assert_eq!(
        request.body.fields(),
        [("user", "test"), ("empty", ""), ("user", "again"), ("file", "same name"), ("名字", "值\r\n2")]
    );
    let last = request.body.parts.last().expect("parts");
    assert_eq!((last.name.as_str(), last.filename.as_deref()), ("file", Some("photo.JPG")));
    assert_eq!(last.content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(last.sha256[..], Sha256::digest(&content)[..]);
}

#[test]
fn progress_ends_at_all_of_the_body() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let file = session.file("large.bin", &vec![7; 4 * 1024 * 1024]);
    let ended = session.upload(&server.https_url("/upload"), &file).end();
    ended.success();
    let length = server.requests()[0].body.length;
    assert_eq!(ended.progress().last(), Some(&(length, Some(length), Some(100))));
    assert!(ended.progress().iter().all(|(_, expected, _)| *expected == Some(length)));
}

#[test]
fn headers_come_before_success_and_the_profile_is_filled() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let file = session.file("a.txt", b"hello");
    let ended = session.upload(&server.https_url("/upload"), &file).end();
    let position = |wanted: fn(&Event) -> bool| ended.events.iter().position(wanted).expect("an event");
    assert!(
        position(|event| matches!(event, Event::Headers { status: 200, .. }))
            < position(|event| matches!(event, Event::Success(_)))
    );
    let profile = ended.success().profile();
    let raw = &profile.raw;
    let order = [
        raw.invoke_start,
        raw.queue_start,
        raw.queue_end,
        raw.fetch_start,
        raw.connect_start,
        raw.ssl_connection_start,
        raw.ssl_connection_end,
        raw.request_start,
        raw.request_end,
        raw.response_end,
    ];
    assert!(order[0] > 1_600_000_000_000, "milliseconds since the epoch: {raw:?}");
    // Each time is converted to wall-clock time separately, so neighbours may differ by rounding.
    assert!(order.windows(2).all(|pair| pair[0] <= pair[1] + 1), "{raw:?}");
    assert_eq!((raw.redirect_start, raw.redirect_end), (0, 0));
    assert_eq!((profile.peer_ip.as_deref(), raw.port), (Some("127.0.0.1"), server.tls_address().port()));
    assert_eq!(profile.protocol.as_deref(), Some("http1.1"));
    assert!(!raw.socket_reused);
    assert!(raw.send_bytes_count > 5 && raw.received_byted_count > 0, "{raw:?}");
}

#[test]
fn any_status_is_a_success() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let file = session.file("a.txt", b"hello");
    for status in [200, 204, 301, 304, 400, 404, 413, 500, 503] {
        let ended = session.upload(&server.https_url(&format!("/status/{status}")), &file).end();
        assert_eq!(ended.success().status, status);
    }
}

#[test]
fn data_is_text_in_the_answers_charset() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let file = session.file("a.txt", b"hello");
    for (query, expected) in [
        ("", "你好，世界"),
        ("?charset=utf-8", "你好，世界"),
        ("?charset=utf-8&bom=1", "你好，世界"),
        ("?charset=gbk", "你好，世界"),
        ("?charset=utf-16le", "你好，世界"),
        ("?charset=iso-8859-1", "café"),
    ] {
        let ended = session.upload(&server.https_url(&format!("/text{query}")), &file).end();
        assert_eq!(ended.success().data.as_deref(), Some(expected), "{query}");
    }
    let ended = session.upload(&server.https_url("/text?charset=invalid"), &file).end();
    assert!(ended.success().data.as_deref().is_some_and(|data| data.contains('\u{fffd}')));
}

#[test]
fn an_answer_over_the_limit_is_an_error() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.max_data_size = 1000);
    let file = session.file("a.txt", b"hello");
    assert_eq!(session.upload(&server.https_url("/bytes/1000"), &file).end().success().data_length, 1000);
    for target in ["/bytes/1001", "/bytes/1001?chunked=1"] {
        let ended = session.upload(&server.https_url(target), &file).end();
        let failure = ended.failure();
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_NETWORK, WXT_CATEGORY_LIMIT));
        assert_eq!(failure.err_msg, "uploadFile:fail the answer is larger than 1000 bytes");
    }
}

#[test]
fn an_empty_file_and_a_file_name_of_the_callers_are_sent() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let file = session.file("x", b"");
    let ended = session
        .upload_with(&server.https_url("/upload"), &file, |request| request.file_name = WxtStr::new("a\"b\r\n字.png"))
        .end();
    ended.success();
    let part = server.requests()[0].body.parts[0].clone();
    assert_eq!((part.length, part.filename.as_deref()), (0, Some("a%22b%0D%0A字.png")));
    assert_eq!(part.content_type.as_deref(), Some("image/png"));
}

/// Servers take a part without a file name for a text field, so the file would be lost.
#[test]
fn every_file_has_a_name() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let path = session.file("照片.jpg", b"content");
    let file = std::fs::File::open(&path).expect("a file");
    let text = path.to_str().expect("UTF-8");
    const JPEG: &str = "image/jpeg";
    const UNKNOWN: &str = "application/octet-stream";
    // The file name, the path, whether there is a descriptor, and the name that the server receives.
    let cases = [
        (None, text, false, "照片.jpg", JPEG),
        (Some(""), text, false, "照片.jpg", JPEG),
        (Some("a.pdf"), text, false, "a.pdf", "application/pdf"),
        (None, "", true, "blob", UNKNOWN),
        (Some(""), "", true, "blob", UNKNOWN),
        (None, text, true, "照片.jpg", JPEG),
        (Some(""), text, true, "照片.jpg", JPEG),
        (Some("a.silk"), text, true, "a.silk", "audio/silk"),
        (Some(" "), text, true, " ", UNKNOWN),
        (None, "content://media/images/12.png", true, "12.png", "image/png"),
        (None, "no-directory.flv", true, "no-directory.flv", "video/x-flv"),
        (None, "/a/directory/", true, "blob", UNKNOWN),
        (None, "wxfile://", true, "blob", UNKNOWN),
        (None, "/a/b.png/..", true, "blob", UNKNOWN),
        (Some(""), "/a/b.png/.", true, "blob", UNKNOWN),
        (None, "..", true, "blob", UNKNOWN),
        (None, ".", true, "blob", UNKNOWN),
        (None, "/a/...", true, "...", UNKNOWN),
        (None, "/../.png", true, ".png", UNKNOWN),
        (Some("a.png"), "/a/..", true, "a.png", "image/png"),
    ];
    for (name, path, is_descriptor, expected, content_type) in cases {
        let ended = session
            .upload_with(&server.https_url("/upload"), Path::new(path), |request| {
                request.file_name = WxtStr::optional(name);
                if is_descriptor {
                    request.has_file_descriptor = 1;
                    request.file_descriptor = file.as_raw_fd();
                }
            })
            .end();
        ended.success();
        let sent = server.requests().pop().expect("a request").body.files()[0].clone();
        let case = format!("{name:?} {path:?} {is_descriptor}");
        assert_eq!((sent.filename.as_deref(), sent.length), (Some(expected), 7), "{case}");
        assert_eq!(sent.content_type.as_deref(), Some(content_type), "{case}");
    }
}

#[test]
fn descriptor_is_sent_from_its_offset_and_stays_open() {
    use std::io::Read;
    let server = Server::start(Options::default());
    let session = Session::open();
    let path = session.file("data.bin", b"0123456789");
    let mut file = std::fs::File::open(&path).expect("a file");
    file.seek(SeekFrom::Start(4)).expect("a seek");
    let ended = session
        .upload_with(&server.https_url("/upload"), Path::new(""), |request| {
            request.has_file_descriptor = 1;
            request.file_descriptor = file.as_raw_fd();
            request.file_name = WxtStr::new("rest.bin");
        })
        .end();
    ended.success();
    let part = server.requests()[0].body.parts[0].clone();
    assert_eq!((part.length, part.sha256[..].to_vec()), (6, Sha256::digest(b"456789").to_vec()));
    file.rewind().expect("the descriptor is still open");
    let mut content = String::new();
    file.read_to_string(&mut content).expect("it can be read");
    assert_eq!(content, "0123456789");
}

/// The duplicates of a descriptor share one offset. Neither the host nor another upload may be affected.
#[test]
fn one_descriptor_can_be_sent_many_times() {
    const LENGTH: u64 = 1_000_000;
    let content = server::pattern_bytes(0, LENGTH as usize);
    for at_once in [1, 3] {
        let server = Server::start(Options::default());
        let session = Session::open_with(|options| options.max_concurrent_uploads = at_once);
        let path = session.file("file", &content);
        let mut file = std::fs::File::open(path).expect("a file");
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                session.upload_with(&server.https_url("/upload"), Path::new(""), |request| {
                    request.has_file_descriptor = 1;
                    request.file_descriptor = file.as_raw_fd();
                })
            })
            .collect();
        assert_eq!(file.stream_position().expect("an offset"), 0);
        // The tasks have started, so a new offset of the host's descriptor must not affect them.
        file.seek(SeekFrom::End(0)).expect("it moves");
        for task in tasks {
            assert_eq!(task.end().success().status, 200);
        }
        for request in server.requests() {
            let part = &request.body.files()[0];
            assert_eq!((part.length, part.sha256), (LENGTH, wxtransfer_test_server::pattern_sha256(LENGTH)));
        }
        assert_eq!(file.stream_position().expect("an offset"), LENGTH);
    }
}

#[test]
fn a_pipe_of_known_length_is_sent() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let content = vec![b'p'; 300_000];
    let sent = content.clone();
    let feeder = std::thread::spawn(move || writer.write_all(&sent));
    let ended = session
        .upload_with(&server.https_url("/upload"), Path::new(""), |request| {
            request.has_file_descriptor = 1;
            request.file_descriptor = reader.as_raw_fd();
            request.file_length = content.len() as u64;
            request.file_name = WxtStr::new("pipe.bin");
        })
        .end();
    ended.success();
    feeder.join().expect("no panic").expect("all is read");
    assert_eq!(server.requests()[0].body.parts[0].sha256[..], Sha256::digest(&content)[..]);
}

#[test]
fn pipe_ends_after_its_length_even_with_a_writer() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(b"all of it").expect("the pipe holds it");
    let ended = session
        .upload_with(&server.url("/upload"), Path::new(""), |request| {
            request.has_file_descriptor = 1;
            request.file_descriptor = reader.as_raw_fd();
            request.file_length = 9;
            request.timeout = 10_000;
        })
        .end();
    ended.success();
    assert_eq!(server.requests()[0].body.parts[0].length, 9);
    drop(writer);
}

/// The server reads the beginning, the file changes, and the server continues.
fn changed_while_sent(change: impl FnOnce(&Path)) -> (support::Ended, FaultServer) {
    let script = Script::new([Step::ReadHead, Step::ReadBody(1024), Step::AwaitSignal, Step::ReadAll]);
    let server = FaultServer::start(Transport::Plain, vec![script]);
    let session = Session::open();
    let file = session.file("changing.bin", &vec![b'x'; 64 * 1024 * 1024]);
    let task = session.upload(&server.url("/"), &file);
    server.wait_for(server::Event::BodyBytesRead(0, 1024));
    change(&file);
    server.signal(0);
    (task.end(), server)
}

#[test]
fn a_file_that_shrinks_or_grows_while_it_is_sent_fails_the_call() {
    let (shrunk, _server) = changed_while_sent(|file| {
        OpenOptions::new().write(true).open(file).expect("a file").set_len(1024 * 1024).expect("it shrinks");
    });
    let (grown, _server) = changed_while_sent(|file| {
        OpenOptions::new().append(true).open(file).expect("a file").write_all(b"more").expect("it grows");
    });
    for (ended, verb) in [(shrunk, "shrank"), (grown, "grew")] {
        let failure = ended.failure();
        assert_eq!((failure.category, failure.err_no), (WXT_CATEGORY_FILE, WXT_ERRNO_NETWORK));
        assert!(failure.detail.contains(verb), "{failure:?}");
    }
}

#[test]
fn progress_ends_at_100_after_an_early_success() {
    let mut answer = server::response_head(200, &[("Connection", "close")], Some(2));
    answer.extend_from_slice(b"ok");
    let script = [Step::ReadHead, Step::Send(answer), Step::Delay(Duration::from_millis(200)), Step::ReadAll];
    let server = FaultServer::start(Transport::Plain, vec![Script::new(script)]);
    let session = Session::open();
    let file = session.file("large.bin", &vec![b'x'; 16 * 1024 * 1024]);
    let ended = session.upload(&server.url("/"), &file).end();
    ended.success();
    let (total, expected, percent) = *ended.progress().last().expect("progress");
    assert_eq!((Some(total), percent), (expected, Some(100)));
}

#[test]
fn early_answer_is_the_result() {
    for transport in [Transport::Plain, Transport::TLS] {
        let mut answer = server::response_head(413, &[("Connection", "close")], Some(9));
        answer.extend_from_slice(b"too large");
        let script = [Step::ReadHead, Step::ReadBody(1000), Step::Send(answer), Step::Close];
        let server = FaultServer::start_with(transport, move |_| Script::new(script.clone()));
        let session = Session::open();
        let file = session.file("large.bin", &vec![b'x'; 16 * 1024 * 1024]);
        for round in 0..20 {
            let ended = session.upload(&server.url("/"), &file).end();
            let success = ended.success();
            assert_eq!((success.status, success.data.as_deref()), (413, Some("too large")), "{transport:?} {round}");
            assert_eq!(ended.progress().last().map(|last| last.2), Some(Some(100)));
        }
    }
}

#[test]
fn a_server_that_breaks_off_is_a_network_error() {
    let half = server::response_head(200, &[], Some(100));
    let mut garbage = b"\x16\x03\x01 this is no HTTP\r\n\r\n".to_vec();
    garbage.resize(200, b'?');
    let cases: [(&str, Vec<Step>, i32); 5] = [
        (
            "close before the answer",
            vec![Step::ReadHead, Step::ReadWholeBody, Step::Close],
            WXT_CATEGORY_CONNECTION_CLOSED,
        ),
        (
            "reset before the answer",
            vec![Step::ReadHead, Step::ReadWholeBody, Step::Reset],
            WXT_CATEGORY_CONNECTION_CLOSED,
        ),
        ("reset in the body", vec![Step::ReadHead, Step::ReadBody(1000), Step::Reset], WXT_CATEGORY_CONNECTION_CLOSED),
        (
            "truncated answer",
            vec![Step::ReadHead, Step::ReadWholeBody, Step::Send(half), Step::Close],
            WXT_CATEGORY_CONNECTION_CLOSED,
        ),
        ("garbage", vec![Step::ReadHead, Step::ReadWholeBody, Step::Send(garbage), Step::Close], WXT_CATEGORY_PROTOCOL),
    ];
    for transport in [Transport::Plain, Transport::TLS] {
        for (what, steps, category) in &cases {
            let server = FaultServer::start(transport, vec![Script::new(steps.clone())]);
            let session = Session::open();
            let file = session.file("a.bin", &vec![b'x'; 4 * 1024 * 1024]);
            let ended = session.upload(&server.url("/"), &file).end();
            let failure = ended.failure();
            assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_NETWORK, *category), "{what}: {failure:?}");
            assert!(failure.retryable, "{what}");
            assert_eq!(failure.err_msg, format!("uploadFile:fail {}", failure.detail), "{what}");
        }
    }
}

#[test]
fn bytes_that_arrive_one_at_a_time_are_read() {
    let mut answer = server::response_head(200, &[("X-Slow", "yes")], Some(5));
    answer.extend_from_slice(b"hello");
    let each_byte = Duration::from_millis(1);
    let script =
        Script::new([Step::ReadHead, Step::ReadWholeBody, Step::SendSlowly { bytes: answer, each_byte }, Step::Close]);
    let server = FaultServer::start(Transport::TLS, vec![script]);
    let session = Session::open();
    let file = session.file("a.txt", b"x");
    assert_eq!(session.upload(&server.url("/"), &file).end().success().data.as_deref(), Some("hello"));
}

/// Bytes of a pipe cannot be read again if a kept connection turns out to be dead.
#[test]
fn upload_from_a_pipe_uses_a_new_connection() {
    let length = 300_000;
    // The first connection breaks off when it is used again, or ends after its answer.
    for rest in [[Step::ReadHead, Step::Reset].as_slice(), &[Step::Close]] {
        let dying = Script::answer(200, &[], b"one").then(Script::new(rest.to_vec()));
        let server = FaultServer::start(Transport::Plain, vec![dying, Script::answer(200, &[], b"two")]);
        let session = Session::open();
        session.upload(&server.url("/"), &session.file("a.txt", b"content")).end().success();
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let feeder = std::thread::spawn(move || writer.write_all(&vec![b'x'; length]));
        let ended = session
            .upload_with(&server.url("/"), Path::new(""), |request| {
                request.has_file_descriptor = 1;
                request.file_descriptor = reader.as_raw_fd();
                request.file_length = length as u64;
                request.file_name = WxtStr::new("pipe.bin");
            })
            .end();
        assert_eq!(ended.success().data.as_deref(), Some("two"));
        assert!(!ended.success().profile().raw.socket_reused);
        feeder.join().expect("no panic").expect("all is read");
        assert_eq!(server.connections(), 2);
    }
}
