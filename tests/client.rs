//! The example program `client`, run as a user would.

#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wxtransfer_test_server::{Authority, Event, FaultServer, Script, Step, Transport, pattern_bytes, program_words};

/// The program, which `cargo test` builds. If this test runs alone (`cargo test --test client --example client` builds
/// both) and the program is missing, it is built here.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let program = test.parent().unwrap().parent().unwrap().join("examples/client");
        if !program.exists() {
            let build = ["build", "--locked", "--quiet", "--example", "client"];
            assert!(Command::new(env!("CARGO")).args(build).status().unwrap().success());
        }
        program
    })
}

/// Runs the program in `directory`, which also contains the program's cache.
fn client(directory: &TempDir, arguments: &[&str]) -> Output {
    let root = directory.path().join("root.pem");
    fs::write(&root, Authority::shared().pem()).unwrap();
    let words = program_words(program());
    Command::new(&words[0])
        .args(&words[1..])
        .args(["--lan", "--cacert", root.to_str().unwrap()])
        .args(arguments)
        .current_dir(directory)
        .env("XDG_CACHE_HOME", directory.path())
        .output()
        .unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn says(text: &[u8], expected: &str) {
    let text = String::from_utf8_lossy(text);
    assert!(text.contains(expected), "{text}");
}

#[test]
fn help_succeeds_and_invalid_arguments_fail() {
    let directory = directory();
    let helped = client(&directory, &["--help"]);
    assert_eq!(helped.status.code(), Some(0));
    says(&helped.stdout, "usage: client");
    for nonsense in [
        &["upload"][..],
        &["download", "a", "--rate", "0"],
        &["--no-such"],
        &["download", "a", "b", "-o", "c"],
        &["upload", "a", "b", "c"],
        &["upload", "a"],
        &["upload", "a", "-F", "user=me"],
        &["upload", "a", "b", "-F", "photo=@c"],
        &["upload", "a", "b", "-o", "c"],
        &["upload", "a", "-F", "photo=@b;size=1"],
        &["upload", "a", "b", "-F", "user=me;type=text/plain"],
        &["upload", "a", "b", "-F", "user=<missing"],
        &["download", "a", "-F", "user=me"],
        &["download", "a", "-o"],
    ] {
        let refused = client(&directory, nonsense);
        assert_eq!(refused.status.code(), Some(2), "{nonsense:?}");
        says(&refused.stderr, "usage: client");
    }
}

#[test]
fn headers_and_fields_reach_the_server_and_its_answer_the_terminal() {
    let (directory, server) =
        (directory(), FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], b"thanks")]));
    fs::write(directory.path().join("photo.jpg"), b"picture").unwrap();
    let arguments = ["upload", &server.url("/"), "-H", "X-One: two", "-F", "user=me", "-F", "photo=@photo.jpg"];
    let done = client(&directory, &arguments);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    says(&done.stdout, "thanks");
    let request = server.received(0);
    for expected in
        ["\r\nX-One: two\r\n", "name=\"user\"\r\n\r\nme\r\n", "name=\"photo\"; filename=\"photo.jpg\"", "picture"]
    {
        says(&request, expected);
    }
}

#[test]
fn form_has_all_files_in_their_order() {
    let (directory, server) =
        (directory(), FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], b"thanks")]));
    for (name, content) in [("a.txt", "first"), ("b.bin", "second"), ("note.txt", "long text")] {
        fs::write(directory.path().join(name), content).unwrap();
    }
    let arguments = [
        "upload",
        &server.url("/"),
        "-HX-One:  two",
        "-Fone=@a.txt",
        "-F",
        "two=@b.bin;type=image/png;filename=c.png",
        "--form",
        "note=<note.txt",
        "--form-string",
        "literal=@;type=none",
    ];
    let done = client(&directory, &arguments);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let request = String::from_utf8(server.received(0)).unwrap();
    let mut rest = request.as_str();
    for expected in [
        "\r\nX-One: two\r\n",
        "name=\"note\"\r\n\r\nlong text\r\n",
        "name=\"literal\"\r\n\r\n@;type=none\r\n",
        "name=\"one\"; filename=\"a.txt\"\r\n",
        "first\r\n",
        "name=\"two\"; filename=\"c.png\"\r\n",
        "Content-Type: image/png\r\n",
        "second\r\n",
    ] {
        let (_, after) = rest.split_once(expected).unwrap_or_else(|| panic!("{expected:?} is not in\n{request}"));
        rest = after;
    }
}

#[test]
fn existing_page_of_a_trace_is_refused_before_any_request() {
    let (directory, server) = (directory(), FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], b"new")]));
    fs::write(directory.path().join("page.html"), b"old").unwrap();
    for (words, expected) in [
        (&["-oa.txt", "--trace", "page.html"][..], "page.html exists"),
        (&["-oa.txt", "--trace", "missing/page.html"], "missing is no directory"),
        (&["-oa.txt", "--trace", "a.txt"], "the same file"),
    ] {
        let url = server.url("/a.txt");
        let arguments = [&["download", url.as_str()][..], words].concat();
        let refused = client(&directory, &arguments);
        assert_eq!(refused.status.code(), Some(1), "{words:?}");
        says(&refused.stderr, expected);
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(fs::read(directory.path().join("page.html")).unwrap(), b"old");
    assert!(!directory.path().join("a.txt").exists());
}

#[test]
fn existing_file_is_refused_before_any_request() {
    let (directory, server) = (directory(), FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], b"new")]));
    fs::write(directory.path().join("here.txt"), b"old").unwrap();
    let refused = client(&directory, &["download", &server.url("/a.txt"), "-ohere.txt"]);
    assert_eq!(refused.status.code(), Some(1));
    says(&refused.stderr, "here.txt exists");
    assert_eq!(server.connections(), 0);
    assert_eq!(fs::read(directory.path().join("here.txt")).unwrap(), b"old");
    let done = client(&directory, &["download", &server.url("/a.txt")]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(fs::read(directory.path().join("a.txt")).unwrap(), b"new");
}

#[test]
fn a_broken_download_is_tried_again_and_the_page_shows_both_requests() {
    let directory = directory();
    let server =
        FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead]), Script::answer(200, &[], b"whole")]);
    let arguments = ["download", &server.url("/a.txt"), "--retry", "1", "--trace", "page.html"];
    let done = client(&directory, &arguments);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    says(&fs::read(directory.path().join("page.html")).unwrap(), "<h1>2 requests in ");
}

#[test]
fn broken_download_is_resumed_at_the_next_start() {
    let (directory, body) = (directory(), pattern_bytes(0, 200_000));
    let headers = [("ETag", "\"one\"")];
    // The first start makes two attempts. The server reads the second request and closes the connection without an
    // answer.
    let broken = Script::fault_at(150_000, &headers, &body, Step::Reset);
    let server = FaultServer::start(
        Transport::TLS,
        vec![broken, Script::new([Step::ReadHead]), Script::answer(200, &headers, &body)],
    );
    let arguments = ["download", &server.url("/a.bin"), "--resume"];
    assert_eq!(client(&directory, &arguments).status.code(), Some(1));
    server.wait_for(Event::Finished(1));
    let done = client(&directory, &arguments);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    says(&server.received(2), "\r\nRange: bytes=");
    says(&server.received(2), "\r\nIf-Range: \"one\"\r\n");
    assert_eq!(fs::read(directory.path().join("a.bin")).unwrap(), body);
}

#[test]
fn download_obeys_its_rate_limit() {
    let (directory, body) = (directory(), pattern_bytes(0, 96 << 10));
    let server = FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], &body)]);
    let begin = Instant::now();
    let done = client(&directory, &["download", &server.url("/a.bin"), "--rate", "64k"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    // 96 KiB at 64 KiB/s take 1.5 s, minus the first 0.25 s, whose bytes a rate limit allows at once.
    assert!(begin.elapsed() > Duration::from_secs(1));
}
