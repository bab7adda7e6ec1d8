//! Uploads of several files, of bytes, and of a file as the raw body.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::io::{ErrorKind, PipeReader, PipeWriter, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use sha2::{Digest, Sha256};
use support::{Session, zeroed};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::request::*;
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer::ffi::task::wxt_upload_file;
use wxtransfer_test_server::{Event, FaultServer, Options, Script, Server, Step, Transport, pattern_bytes};

fn part(name: &'static str) -> WxtUploadPart {
    WxtUploadPart { name: WxtStr::new(name), ..zeroed() }
}

fn of_path(name: &'static str, path: &Path) -> WxtUploadPart {
    WxtUploadPart { file_path: WxtStr::new(path.to_str().expect("a UTF-8 path")), ..part(name) }
}

fn of_data(name: &'static str, data: &[u8]) -> WxtUploadPart {
    WxtUploadPart { data: data.as_ptr(), data_length: data.len(), ..part(name) }
}

fn of_descriptor(name: &'static str, descriptor: &impl AsRawFd, length: u64) -> WxtUploadPart {
    let file_descriptor = descriptor.as_raw_fd();
    WxtUploadPart { file_descriptor, has_file_descriptor: 1, file_length: length, ..part(name) }
}

/// Turns a request of one file into one of parts.
fn set_parts(request: &mut WxtUploadRequest, parts: &[WxtUploadPart]) {
    (request.file_path, request.name) = (WxtStr::absent(), WxtStr::absent());
    (request.parts, request.part_count) = (parts.as_ptr(), parts.len());
}

/// Turns a request into one with a raw body.
fn set_raw(request: &mut WxtUploadRequest, method: i32) {
    request.name = WxtStr::absent();
    (request.raw, request.method) = (1, method);
}

fn filled_pipe(content: &'static [u8]) -> PipeReader {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(content).expect("the pipe holds it");
    reader
}

#[test]
fn parts_follow_the_fields_in_their_order() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let large = pattern_bytes(0, 3_000_000);
    let (photo, page) = (session.file("photo.JPG", &large), session.file("page", b"<p>"));
    let mut file = std::fs::File::open(session.file("digits", b"0123456789")).expect("a file");
    file.seek(SeekFrom::Start(4)).expect("a seek");
    let pipe = filled_pipe(b"from a pipe");
    let parts = [
        of_path("photo", &photo),
        WxtUploadPart { media_type: WxtStr::new("text/html; charset=utf-8"), ..of_path("page", &page) },
        WxtUploadPart { file_name: WxtStr::new("rest.txt"), ..of_descriptor("digits", &file, 0) },
        of_descriptor("pipe", &pipe, 11),
        WxtUploadPart { file_path: WxtStr::new("wxfile://usr/a.json"), ..of_data("json", b"{}") },
        WxtUploadPart { media_type: WxtStr::new(""), ..of_data("nothing", b"") },
        of_path("photo", &page),
    ];
    let fields = [WxtPair { name: WxtStr::new("user"), value: WxtStr::new("test") }];
    let ended = session
        .upload_with(&server.https_url("/upload"), Path::new(""), |request| {
            set_parts(request, &parts);
            (request.form_data, request.form_data_count) = (fields.as_ptr(), 1);
        })
        .end();
    assert_eq!(ended.success().status, 200);
    let request = &server.requests()[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.body.fields(), [("user", "test")]);
    let names: Vec<_> = request.body.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["user", "photo", "page", "digits", "pipe", "json", "nothing", "photo"]);
    let found: Vec<_> = request
        .body
        .files()
        .into_iter()
        .map(|file| (file.filename.as_deref().unwrap(), file.content_type.as_deref().unwrap(), file.sha256.to_vec()))
        .collect();
    let expected = [
        ("photo.JPG", "image/jpeg", &large[..]),
        ("page", "text/html; charset=utf-8", b"<p>"),
        ("rest.txt", "text/plain", b"456789"),
        ("blob", "application/octet-stream", b"from a pipe"),
        ("a.json", "application/json", b"{}"),
        ("blob", "application/octet-stream", b""),
        ("page", "application/octet-stream", b"<p>"),
    ]
    .map(|(name, media_type, content)| (name, media_type, Sha256::digest(content).to_vec()));
    assert_eq!(found, expected);
    let total = request.body.length;
    assert_eq!(ended.progress().last(), Some(&(total, Some(total), Some(100))), "one total for all parts");
    assert_eq!(file.stream_position().expect("an offset"), 4, "the offset of the host's descriptor is unchanged");
}

#[test]
fn one_part_is_an_upload_of_one_file() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let parts = [WxtUploadPart { media_type: WxtStr::new("image/heic"), ..of_data("file", b"bytes") }];
    let ended = session.upload_with(&server.url("/upload"), Path::new(""), |request| set_parts(request, &parts)).end();
    ended.success();
    let file = server.requests()[0].body.files()[0].clone();
    assert_eq!((file.name.as_str(), file.filename.as_deref()), ("file", Some("blob")));
    assert_eq!((file.content_type.as_deref(), file.length), (Some("image/heic"), 5));
}

#[test]
fn bytes_can_be_uploaded_instead_of_a_file() {
    let server = Server::start(Options::default());
    let session = Session::open();
    for content in [&b"bytes"[..], b""] {
        let ended = session
            .upload_with(&server.url("/upload"), Path::new("wxfile://usr/drawn.png"), |request| {
                (request.data, request.data_length) = (content.as_ptr(), content.len());
            })
            .end();
        ended.success();
        let file = server.requests().last().unwrap().body.files()[0].clone();
        assert_eq!((file.filename.as_deref(), file.content_type.as_deref()), (Some("drawn.png"), Some("image/png")));
        assert_eq!(file.sha256[..], Sha256::digest(content)[..]);
    }
}

#[test]
fn there_are_at_most_100_parts() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let file = session.file("a", b"x");
    let parts = vec![of_path("f", &file); 101];
    let ended =
        session.upload_with(&server.url("/upload"), Path::new(""), |request| set_parts(request, &parts[..100])).end();
    ended.success();
    assert_eq!(server.requests()[0].body.files().len(), 100);
    assert_eq!(refused(&session, |request| set_parts(request, &parts)), WXT_INVALID_ARGUMENT);
}

/// The status of a refused upload: nothing is stored, and no callback runs.
fn refused(session: &Session, change: impl FnOnce(&mut WxtUploadRequest)) -> WxtStatus {
    let mut request: WxtUploadRequest = zeroed();
    request.struct_size = size_of::<WxtUploadRequest>();
    request.url = WxtStr::new("http://127.0.0.1:1/");
    (request.file_path, request.name) = (WxtStr::new("/file"), WxtStr::new("file"));
    change(&mut request);
    let (sender, events) = std::sync::mpsc::channel();
    let callbacks = support::callbacks(sender);
    let status =
        unsafe { wxt_upload_file(session.handle, &request, &callbacks, std::ptr::null_mut(), std::ptr::null_mut()) };
    assert_ne!(status, WXT_OK);
    assert!(events.try_recv().is_err(), "no callback runs");
    drop(unsafe { Box::from_raw(callbacks.user_data.cast::<std::sync::mpsc::Sender<support::Event>>()) });
    status
}

#[test]
fn fields_that_exclude_each_other_are_rejected() {
    type Change = fn(&mut WxtUploadRequest, &[WxtUploadPart], &[WxtPair]);
    let session = Session::open();
    let parts = [of_data("a", b"x")];
    let mut both = parts;
    (both[0].has_file_descriptor, both[0].file_descriptor) = (1, 0);
    let mut no_bytes = parts;
    no_bytes[0].data = std::ptr::null();
    let pairs = [WxtPair { name: WxtStr::new("a"), value: WxtStr::new("b") }];
    let cases: [(&str, Change); 14] = [
        ("a method that there is not", |request, _, _| request.method = 2),
        ("a negative one", |request, _, _| request.method = -1),
        ("bytes without a pointer", |request, _, _| request.data_length = 1),
        ("parts without a pointer", |request, _, _| request.part_count = 1),
        ("bytes and a descriptor", |request, _, _| {
            (request.data, request.has_file_descriptor) = ([0].as_ptr(), 1);
        }),
        ("parts and a path", |request, parts, _| {
            set_parts(request, parts);
            request.file_path = WxtStr::new("/a");
        }),
        ("parts and a name", |request, parts, _| {
            set_parts(request, parts);
            request.name = WxtStr::new("a");
        }),
        ("parts and a file name", |request, parts, _| {
            set_parts(request, parts);
            request.file_name = WxtStr::new("a");
        }),
        ("parts and bytes", |request, parts, _| {
            set_parts(request, parts);
            request.data = [0].as_ptr();
        }),
        ("parts and a descriptor", |request, parts, _| {
            set_parts(request, parts);
            request.has_file_descriptor = 1;
        }),
        ("parts that are raw", |request, parts, _| {
            set_parts(request, parts);
            request.raw = 1;
        }),
        ("a raw body with a name", |request, _, _| request.raw = 1),
        ("a raw body with a file name", |request, _, _| {
            set_raw(request, WXT_METHOD_PUT);
            request.file_name = WxtStr::new("a");
        }),
        ("a raw body with fields", |request, _, pairs| {
            set_raw(request, WXT_METHOD_PUT);
            (request.form_data, request.form_data_count) = (pairs.as_ptr(), 1);
        }),
    ];
    for (what, change) in cases {
        assert_eq!(refused(&session, |request| change(request, &parts, &pairs)), WXT_INVALID_ARGUMENT, "{what}");
    }
    for bad in [both, no_bytes] {
        assert_eq!(refused(&session, |request| set_parts(request, &bad)), WXT_INVALID_ARGUMENT);
    }
    let closed = [WxtUploadPart { file_descriptor: 1_000_000, has_file_descriptor: 1, ..part("a") }];
    assert_eq!(refused(&session, |request| set_parts(request, &closed)), WXT_INVALID_ARGUMENT);
}

/// Writing to a pipe without a reader fails.
fn assert_no_reader(mut writer: PipeWriter) {
    let error = writer.write_all(b"x").expect_err("no duplicate of the pipe is left");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

/// However a call ends, each duplicate of a descriptor is closed, and the host's own stays open.
#[test]
fn descriptors_are_closed_once_whatever_becomes_of_the_call() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let url = server.url("/upload");
    type Call<'a> = (&'a str, &'a dyn Fn(&[WxtUploadPart]));
    let closed = WxtUploadPart { file_descriptor: 1_000_000, has_file_descriptor: 1, ..part("closed") };
    let upload = |parts: &[WxtUploadPart], url: &str| {
        session.upload_with(url, Path::new(""), |request| set_parts(request, parts)).end().result.is_ok()
    };
    let calls: [Call<'_>; 6] = [
        ("sent", &|parts| assert!(upload(parts, &url))),
        ("refused for the last part", &|parts| {
            let parts = [parts, &[closed]].concat();
            refused(&session, |request| set_parts(request, &parts));
        }),
        ("refused for the method", &|parts| {
            refused(&session, |request| {
                set_parts(request, parts);
                request.method = 9;
            });
        }),
        ("refused for a name beside it", &|parts| {
            refused(&session, |request| {
                set_parts(request, parts);
                request.file_path = WxtStr::new("/a");
            });
        }),
        ("failed for a part without a name", &|parts| {
            assert!(!upload(&[parts, &[of_data("", b"x")]].concat(), &url));
        }),
        ("failed for its URL", &|parts| assert!(!upload(parts, "no url"))),
    ];
    for (what, call) in calls {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"12").expect("the pipe holds it");
        call(&[of_descriptor("a", &reader, 1), of_data("b", b"x"), of_descriptor("c", &reader, 1)]);
        writer.write_all(b"x").unwrap_or_else(|error| panic!("{what}: the host's own is open: {error}"));
        drop(reader);
        assert_no_reader(writer);
    }
}

#[test]
fn mistakes_of_a_page_are_reported_through_fail() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let fails = |part: WxtUploadPart| {
        let parts = [of_data("good", b"x"), part];
        let ended =
            session.upload_with(&server.url("/upload"), Path::new(""), |request| set_parts(request, &parts)).end();
        let failure = ended.failure().clone();
        (failure.err_no, failure.err_msg)
    };
    let missing = |name: &str| {
        let text = format!("uploadFile:fail parameter error: parameter.{name} should be String instead of Undefined;");
        (WXT_ERRNO_PARAMETER, text)
    };
    assert_eq!(fails(part("a")), missing("filePath"));
    assert_eq!(fails(WxtUploadPart { name: WxtStr::absent(), ..of_data("", b"x") }), missing("name"));
    let unsendable =
        |what: &str| (WXT_ERRNO_INVALID_REQUEST_DATA, format!("uploadFile:fail invalid request data {what}"));
    assert_eq!(fails(of_data("", b"x")), unsendable("name"));
    let media_type = WxtUploadPart { media_type: WxtStr::new("a/b\r\nX: y"), ..of_data("a", b"x") };
    assert_eq!(fails(media_type), unsendable("mediaType"));
    let nothing = of_path("a", Path::new("/nothing/is/here"));
    assert_eq!(fails(nothing), (WXT_ERRNO_FILE_NOT_FOUND, "uploadFile:fail file not found".to_owned()));
    assert_eq!(server.connections(), 0);
}

/// The second file changes while the first part is being sent. The server never receives a complete body.
#[test]
fn part_that_changes_before_it_is_sent_fails_the_call() {
    type Change = (&'static str, fn(&Path));
    let changes: [Change; 3] = [
        ("shrank", |path| std::fs::write(path, b"").expect("it shrinks")),
        ("grew", |path| std::fs::write(path, b"longer").expect("it grows")),
        ("no such file", |path| std::fs::remove_file(path).expect("it goes")),
    ];
    for (reason, change) in changes {
        let script = Script::new([Step::ReadHead, Step::ReadBody(1024), Step::AwaitSignal, Step::ReadAll]);
        let server = FaultServer::start(Transport::Plain, vec![script]);
        let session = Session::open();
        let (first, second) = (session.file("first", &vec![b'x'; 64 << 20]), session.file("second", b"short"));
        let parts = [of_path("a", &first), of_path("b", &second)];
        let task = session.upload_with(&server.url("/"), Path::new(""), |request| set_parts(request, &parts));
        server.wait_for(Event::BodyBytesRead(0, 1024));
        change(&second);
        server.signal(0);
        let ended = task.end();
        let failure = ended.failure();
        assert_eq!((failure.category, failure.retryable), (WXT_CATEGORY_FILE, true), "{failure:?}");
        assert!(failure.detail.contains(reason), "{failure:?}");
    }
}

/// A presigned URL of an object store accepts only the bytes and the signed headers.
#[test]
fn raw_body_is_only_the_file() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let content = pattern_bytes(0, 3_000_000);
    let path = session.file("photo.jpg", &content);
    let types = [WxtPair { name: WxtStr::new("content-type"), value: WxtStr::new("image/heic") }];
    for (method, name) in [(WXT_METHOD_PUT, "PUT"), (WXT_METHOD_POST, "POST")] {
        for header in [&types[..], &[]] {
            let ended = session
                .upload_with(&server.https_url("/raw?X-Amz-Signature=1"), &path, |request| {
                    set_raw(request, method);
                    (request.header, request.header_count) = (header.as_ptr(), header.len());
                })
                .end();
            assert_eq!(ended.success().status, 200);
            let request = server.requests().last().unwrap().clone();
            assert_eq!((request.method.as_str(), request.body.length), (name, 3_000_000));
            assert_eq!(request.header("content-length"), Some("3000000"));
            assert_eq!(request.header("content-type"), header.first().map(|_| "image/heic"));
            assert_eq!(request.body.sha256.unwrap()[..], Sha256::digest(&content)[..]);
            assert_eq!(ended.progress().last(), Some(&(3_000_000, Some(3_000_000), Some(100))));
        }
    }
}

#[test]
fn raw_body_can_come_from_every_source() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let file = std::fs::File::open(session.file("file", b"of a descriptor")).expect("a file");
    let pipe = filled_pipe(b"of a pipe");
    let empty = session.file("empty", b"");
    let sent = |path: &Path, change: &dyn Fn(&mut WxtUploadRequest)| {
        let task = session.upload_with(&server.url("/raw"), path, |request| {
            set_raw(request, WXT_METHOD_PUT);
            change(request);
        });
        task.end().success();
        let request = server.requests().last().unwrap().clone();
        assert_eq!(request.header("content-length"), Some(request.body.length.to_string().as_str()));
        String::from_utf8(request.body.bytes.unwrap()).unwrap()
    };
    let none = Path::new("");
    let of = |descriptor: i32, length: u64| {
        move |request: &mut WxtUploadRequest| {
            (request.has_file_descriptor, request.file_descriptor, request.file_length) = (1, descriptor, length);
        }
    };
    assert_eq!(sent(none, &of(file.as_raw_fd(), 0)), "of a descriptor");
    assert_eq!(sent(none, &of(file.as_raw_fd(), 4)), "of a");
    assert_eq!(sent(none, &of(pipe.as_raw_fd(), 9)), "of a pipe");
    assert_eq!(sent(none, &|request| (request.data, request.data_length) = (b"bytes".as_ptr(), 5)), "bytes");
    assert_eq!(sent(none, &|request| request.data = b"".as_ptr()), "");
    assert_eq!(sent(&empty, &|_| {}), "");
}

#[test]
fn a_form_beyond_64_bits_is_a_mistake_of_the_caller() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let pipes = [(); 2].map(|()| filled_pipe(b"content"));
    let parts = [of_descriptor("a", &pipes[0], 1 << 63), of_descriptor("b", &pipes[1], 1 << 63)];
    let task = session.upload_with(&server.url("/upload"), Path::new(""), |request| set_parts(request, &parts));
    let ended = task.end();
    let failure = ended.failure();
    assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST), "{failure:?}");
    assert!(failure.err_msg.contains("parameter.fileLength should be Length instead of Number"), "{failure:?}");
    assert!(failure.detail.contains("too long") && !failure.retryable, "{failure:?}");
    assert!(server.requests().is_empty());
}

/// A raw body has no closing delimiter that the library could withhold, so the library withholds the last byte.
#[test]
fn raw_body_of_a_changed_file_is_never_sent_completely() {
    const LENGTH: u64 = 64 << 20;
    for (verb, length) in [("shrank", LENGTH - 1), ("grew", LENGTH + 1)] {
        let script = Script::new([Step::ReadHead, Step::ReadBody(1024), Step::AwaitSignal, Step::ReadAll]);
        let server = FaultServer::start(Transport::Plain, vec![script]);
        let session = Session::open();
        let path = session.file("changing", &vec![b'x'; LENGTH as usize]);
        let task = session.upload_with(&server.url("/"), &path, |request| set_raw(request, WXT_METHOD_PUT));
        server.wait_for(Event::BodyBytesRead(0, 1024));
        std::fs::OpenOptions::new().write(true).open(&path).expect("a file").set_len(length).expect("it changes");
        server.signal(0);
        let ended = task.end();
        let failure = ended.failure();
        assert_eq!((failure.category, failure.retryable), (WXT_CATEGORY_FILE, true), "{failure:?}");
        assert!(failure.detail.contains(verb), "{failure:?}");
    }
}

/// The Fetch standard's "HTTP-redirect fetch": a PUT stays a PUT, except for 303.
#[test]
fn a_redirect_sends_all_of_the_body_again() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let path = session.file("a", b"content");
    for (status, method) in [(301, "PUT"), (302, "PUT"), (303, "GET"), (307, "PUT"), (308, "PUT")] {
        let url = server.url(&format!("/redirect/{status}?to=/raw"));
        let task = session.upload_with(&url, &path, |request| set_raw(request, WXT_METHOD_PUT));
        assert_eq!(task.end().success().status, 200);
        let last = server.requests().last().unwrap().clone();
        let length = if method == "PUT" { 7 } else { 0 };
        assert_eq!((last.method.as_str(), last.body.length), (method, length), "{status}");
    }
    let parts = [of_path("a", &path), of_data("b", b"bytes"), of_path("c", &path)];
    let url = server.url("/redirect/307?to=/upload");
    session.upload_with(&url, Path::new(""), |request| set_parts(request, &parts)).end().success();
    let lengths: Vec<_> = server.requests().last().unwrap().body.files().iter().map(|file| file.length).collect();
    assert_eq!(lengths, [7, 5, 7]);
}

/// A body with a pipe cannot be sent again, so it takes a new connection. Other bodies can be sent again.
#[test]
fn parts_are_sent_again_unless_one_is_a_pipe() {
    for has_pipe in [false, true] {
        let dying = Script::answer(200, &[], b"one").then(Script::new([Step::ReadHead, Step::Reset]));
        let server = FaultServer::start(Transport::Plain, vec![dying, Script::answer(200, &[], b"two")]);
        let session = Session::open();
        let path = session.file("a.txt", b"content");
        session.upload(&server.url("/"), &path).end().success();
        let pipe = filled_pipe(b"pipe");
        let other = if has_pipe { of_descriptor("b", &pipe, 4) } else { of_data("b", b"data") };
        let parts = [of_path("a", &path), other];
        let task = session.upload_with(&server.url("/"), Path::new(""), |request| set_parts(request, &parts));
        let ended = task.end();
        assert_eq!(ended.success().data.as_deref(), Some("two"));
        assert_eq!(server.connections(), 2);
        assert!(!ended.success().profile().raw.socket_reused);
    }
}

#[test]
fn bytes_become_a_temporary_file() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let content = pattern_bytes(0, 300_000);
    for (content, name, extension) in
        [(&content[..], Some("drawn.PNG"), ".png"), (b"", None, ""), (b"x", Some("no extension"), "")]
    {
        let imported = session.import_data(content, name);
        let path = imported.file().path.clone();
        assert_eq!(imported.err_msg, "importFile:ok");
        assert!(path.starts_with("wxfile://tmp_") && path.ends_with(extension), "{path}");
        let ended = session.upload(&server.url("/upload"), Path::new(&path)).end();
        ended.success();
        assert_eq!(server.requests().last().unwrap().body.files()[0].sha256[..], Sha256::digest(content)[..]);
    }
}
