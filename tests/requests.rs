//! Requests on the wire: which bytes are sent, when, and how often.

mod support;

use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Instant;

use support::Session;
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::request::WxtUploadRequest;
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer_test_server::{self as server, Event, FaultServer, ProxyServer, Script, Step, Transport};

/// Repeated names in mixed case, interleaved with others. The library drops the last three.
const PAGE: [(&str, &str); 9] = [
    ("A", "1"),
    ("x-SOAP-Action", "2"),
    ("a", "3"),
    ("Accept-Language", "zh"),
    ("A", "4"),
    ("X-Soap-Action", "5"),
    ("HOST", "evil.example"),
    ("Content-length", "1"),
    ("Referer", "https://evil.example/"),
];
const SENT: [&str; 6] = ["A: 1", "x-SOAP-Action: 2", "a: 3", "Accept-Language: zh", "A: 4", "X-Soap-Action: 5"];

fn page_header() -> Vec<WxtPair> {
    PAGE.iter().map(|(name, value)| WxtPair { name: WxtStr::new(name), value: WxtStr::new(value) }).collect()
}

/// The lines of a connection's only request head.
fn head_lines(server: &FaultServer, connection: usize) -> Vec<String> {
    let received = server.received(connection);
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a whole head");
    String::from_utf8(received[..end].to_vec()).expect("UTF-8").split("\r\n").map(str::to_owned).collect()
}

/// Checks the request line, then the library's fields by name, then the page's fields as written.
fn assert_head(lines: &[String], line: &str, ours: &[&str]) {
    assert_eq!(lines[0], line);
    let (first, last) = lines[1..].split_at(lines.len() - 1 - SENT.len());
    let names: Vec<_> = first.iter().map(|line| line.split_once(": ").expect("a field").0).collect();
    assert_eq!(names, ours, "{lines:?}");
    assert_eq!(last, SENT, "{lines:?}");
}

const OF_DOWNLOAD: [&str; 5] = ["Host", "Accept-Encoding", "User-Agent", "Accept", "Referer"];
const OF_UPLOAD: [&str; 7] =
    ["Host", "Content-Length", "Accept-Encoding", "User-Agent", "Accept", "Referer", "Content-Type"];

/// Old appliances compare header names case-sensitively, and may depend on their order.
#[test]
fn headers_are_sent_as_the_page_wrote_them() {
    let header = page_header();
    for transport in [Transport::Plain, Transport::TLS] {
        for through_proxy in [false, true] {
            // The first hop redirects to the second, for an upload with 307.
            let moved = |status| {
                let head = server::response_head(status, &[("Location", "/next"), ("Connection", "close")], Some(0));
                Script::new([Step::ReadHead, Step::ReadWholeBody, Step::Send(head), Step::Close])
            };
            let last = || Script::answer(200, &[("Connection", "close")], b"done");
            let server =
                FaultServer::start(transport, vec![moved(302), last(), moved(307), last(), moved(303), last()]);
            let proxy = ProxyServer::start(None);
            let address = proxy.url();
            let session = Session::open_with(|options| {
                if through_proxy {
                    options.proxy = WxtStr::new(&address);
                }
            });
            // One request that is sent at once, and one that is not.
            let files = [session.file("small", b"content"), session.file("large", &vec![b'x'; 100_000])];
            let download = session.download_with(&server.url("/first?a=b"), |request| {
                request.header = header.as_ptr();
                request.header_count = header.len();
            });
            assert_eq!(download.end().success().data_length, 4);
            for file in &files {
                let upload = session.upload_with(&server.url("/first?a=b"), file, |request| {
                    request.header = header.as_ptr();
                    request.header_count = header.len();
                });
                assert_eq!(upload.end().success().data.as_deref(), Some("done"));
            }
            assert_eq!(proxy.connects().len(), if through_proxy { 6 } else { 0 });

            assert_head(&head_lines(&server, 0), "GET /first?a=b HTTP/1.1", &OF_DOWNLOAD);
            assert_head(&head_lines(&server, 1), "GET /next HTTP/1.1", &OF_DOWNLOAD);
            assert_head(&head_lines(&server, 2), "POST /first?a=b HTTP/1.1", &OF_UPLOAD);
            assert_head(&head_lines(&server, 3), "POST /next HTTP/1.1", &OF_UPLOAD);
            assert_head(&head_lines(&server, 4), "POST /first?a=b HTTP/1.1", &OF_UPLOAD);
            assert_head(&head_lines(&server, 5), "GET /next HTTP/1.1", &OF_DOWNLOAD);
        }
    }
}

fn set_pipe(request: &mut WxtUploadRequest, reader: &std::io::PipeReader, length: usize) {
    request.has_file_descriptor = 1;
    request.file_descriptor = reader.as_raw_fd();
    request.file_length = length as u64;
}

#[test]
fn the_head_of_an_upload_from_a_pipe_does_not_wait_for_the_pipe() {
    for transport in [Transport::Plain, Transport::TLS] {
        let server = FaultServer::start(transport, vec![Script::answer(200, &[], b"done")]);
        let session = Session::open();
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let task = session.upload_with(&server.url("/"), Path::new(""), |request| set_pipe(request, &reader, 7));
        server.wait_for(Event::HeadRead(0));
        writer.write_all(b"content").expect("the pipe holds it");
        task.end().success();
        assert!(String::from_utf8_lossy(&server.received(0)).contains("\r\n\r\ncontent\r\n--"));
    }
}

/// While the writer is silent, all available bytes are sent: the form before the file, and the part of the file that
/// was read.
#[test]
fn bytes_of_a_pipe_are_sent_while_its_writer_is_silent() {
    for transport in [Transport::Plain, Transport::TLS] {
        // Requests of these sizes have different buffers.
        for length in [4, 3_000_000] {
            for is_form in [true, false] {
                let server = FaultServer::start(transport, vec![Script::answer(200, &[], b"done")]);
                let session = Session::open();
                let (reader, mut writer) = std::io::pipe().expect("a pipe");
                let task = session.upload_with(&server.url("/"), Path::new(""), |request| {
                    set_pipe(request, &reader, length);
                    if !is_form {
                        (request.raw, request.name) = (1, WxtStr::absent());
                    }
                });
                if is_form {
                    // Less than the lines before the file.
                    server.wait_for(Event::BodyBytesRead(0, 60));
                }
                writer.write_all(b"abc").expect("the pipe holds it");
                if !is_form {
                    server.wait_for(Event::BodyBytesRead(0, 3));
                }
                writer.write_all(&vec![b'x'; length - 3]).expect("the library reads");
                task.end().success();
            }
        }
    }
}

#[test]
fn an_answer_ends_an_upload_whose_pipe_is_silent() {
    for transport in [Transport::Plain, Transport::TLS] {
        for (written, through) in [(0, 1), (3, 90)] {
            let refusal = [server::response_head(401, &[], Some(6)), b"log in".to_vec()].concat();
            let script = Script::new([Step::ReadHead, Step::ReadBody(through), Step::Send(refusal), Step::Stall]);
            let server = FaultServer::start(transport, vec![script]);
            let session = Session::open();
            let (reader, mut writer) = std::io::pipe().expect("a pipe");
            writer.write_all(&b"abc"[..written]).expect("the pipe holds it");
            let task = session.upload_with(&server.url("/"), Path::new(""), |request| set_pipe(request, &reader, 1000));
            drop(reader);
            let ended = task.end();
            assert_eq!((ended.success().status, ended.success().data.as_deref()), (401, Some("log in")));
            writer.write_all(b"x").expect_err("no duplicate of the pipe is left");
        }
    }
}

/// A server that closes after its success reads no more of the body.
#[test]
fn success_and_close_end_an_upload_whose_pipe_is_silent() {
    for transport in [Transport::Plain, Transport::TLS] {
        for end in [Step::Close, Step::CloseWithoutNotify] {
            let answer = [server::response_head(200, &[], Some(4)), b"fine".to_vec()].concat();
            let script = Script::new([Step::ReadHead, Step::ReadBody(1), Step::Send(answer), end]);
            let server = FaultServer::start(transport, vec![script]);
            let session = Session::open();
            let (reader, _writer) = std::io::pipe().expect("a pipe");
            let task = session.upload_with(&server.url("/"), Path::new(""), |request| set_pipe(request, &reader, 1000));
            assert_eq!(task.end().success().data.as_deref(), Some("fine"));
        }
    }
}

/// All readers see that the pipe has a byte, and one takes it. The others must continue to watch their connections.
#[test]
fn answers_end_uploads_that_share_a_silent_pipe() {
    let refusal = || server::response_head(401, &[], Some(0));
    let script = || Script::new([Step::ReadHead, Step::AwaitSignal, Step::Send(refusal()), Step::Stall]);
    for _ in 0..5 {
        let server = FaultServer::start(Transport::Plain, (0..4).map(|_| script()).collect());
        let session = Session::open();
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let tasks = [(); 4]
            .map(|()| session.upload_with(&server.url("/"), Path::new(""), |request| set_pipe(request, &reader, 1000)));
        for connection in 0..4 {
            server.wait_for(Event::HeadRead(connection));
        }
        for _ in 0..20 {
            writer.write_all(b"x").expect("the pipe holds it");
            let begin = Instant::now();
            while rustix::io::ioctl_fionread(&reader).expect("a pipe") > 0 {
                assert!(begin.elapsed() < support::WAIT_LIMIT, "no reader takes the byte");
                std::thread::yield_now();
            }
        }
        (0..4).for_each(|connection| server.signal(connection));
        for task in tasks {
            assert_eq!(task.end().success().status, 401);
        }
    }
}

/// An interim response does not end an upload. After an early success, the rest of the body is still sent.
#[test]
fn pipe_upload_continues_after_interim_responses_and_early_success() {
    let early = [server::response_head(102, &[], None), server::response_head(200, &[], Some(0))];
    for transport in [Transport::Plain, Transport::TLS] {
        for (index, early) in early.iter().enumerate() {
            let last = if index == 0 { Step::Send(server::response_head(200, &[], Some(0))) } else { Step::Close };
            let steps = [Step::ReadHead, Step::Send(early.clone()), Step::ReadWholeBody, last];
            let server = FaultServer::start(transport, vec![Script::new(steps)]);
            let session = Session::open();
            let (reader, mut writer) = std::io::pipe().expect("a pipe");
            let task = session.upload_with(&server.url("/"), Path::new(""), |request| set_pipe(request, &reader, 7));
            server.wait_for(Event::StepReached(0, 2));
            writer.write_all(b"content").expect("the pipe holds it");
            assert_eq!(task.end().success().status, 200);
            // The early success can end the task while the server is still reading.
            server.wait_for(Event::StepReached(0, 3));
            assert!(String::from_utf8_lossy(&server.received(0)).contains("content"));
        }
    }
}

#[test]
fn the_end_of_the_connection_ends_an_upload_whose_pipe_is_silent() {
    for transport in [Transport::Plain, Transport::TLS] {
        for end in [Step::Close, Step::CloseWithoutNotify, Step::Reset] {
            let server = FaultServer::start(transport, vec![Script::new([Step::ReadHead, Step::ReadBody(1), end])]);
            let session = Session::open();
            let (reader, _writer) = std::io::pipe().expect("a pipe");
            let task = session.upload_with(&server.url("/"), Path::new(""), |request| set_pipe(request, &reader, 1000));
            let ended = task.end();
            assert_eq!(ended.failure().category, WXT_CATEGORY_CONNECTION_CLOSED, "{:?}", ended.failure());
        }
    }
}

#[test]
fn upload_is_sent_once_with_send_uploads_once() {
    for (once, answered) in [(0, true), (1, false)] {
        for transport in [Transport::Plain, Transport::TLS] {
            // The second request is read completely, and the connection ends without a byte of an answer.
            let dying = Script::answer(200, &[], b"one").then([Step::ReadHead, Step::ReadWholeBody, Step::Reset]);
            let server = FaultServer::start(transport, vec![dying, Script::answer(200, &[], b"two")]);
            let session = Session::open_with(|options| options.send_uploads_once = once);
            let file = session.file("a.txt", b"the content");
            session.upload(&server.url("/"), &file).end().success();
            let ended = session.upload(&server.url("/"), &file).end();
            if answered {
                assert_eq!(ended.success().data.as_deref(), Some("two"));
                assert!(String::from_utf8_lossy(&server.received(1)).contains("the content"));
            } else {
                let failure = ended.failure();
                assert_eq!(failure.category, WXT_CATEGORY_CONNECTION_CLOSED, "{failure:?}");
            }
            assert_eq!(server.connections(), if answered { 2 } else { 1 });
            let times = String::from_utf8_lossy(&server.received(0)).matches("the content").count();
            assert_eq!(times, 2, "both were sent on the first connection");
        }
    }
}
