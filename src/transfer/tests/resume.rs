//! Interrupted downloads that continue, and interrupted downloads that start from the beginning.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use wxtransfer_test_server::{FaultServer, Script, Server, Step, Transport, pattern_bytes, response_head};

use super::*;
use crate::terms::Category;

const V1: (&str, &str) = ("ETag", "\"v1\"");
const V2: (&str, &str) = ("ETag", "\"v2\"");

/// The first four of ten bytes of version 1, then the connection ends.
fn broken() -> Script {
    Script::fault_at(4, &[V1, ("Content-Type", "image/png")], b"1111111111", Step::Close)
}

/// All of version 2.
fn second() -> Script {
    Script::answer(200, &[V2], b"2222222222")
}

/// The rest of version 1.
fn rest() -> Script {
    Script::answer(206, &[V1, ("Content-Range", "bytes 4-9/10")], b"111111")
}

/// The `Range` and `If-Range` of each connection's request.
fn ranges(server: &FaultServer) -> Vec<Option<(String, String)>> {
    let range_of = |connection| {
        let request = String::from_utf8(server.received(connection)).unwrap();
        let value = |name: &str| request.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        let is_identity = value("Accept-Encoding: ") == Some("identity".to_owned());
        let range = value("Range: ").zip(value("If-Range: "));
        assert!(range.is_none() || is_identity, "{request}");
        range
    };
    (0..server.connections()).map(range_of).collect()
}

fn from(begin: u64) -> Option<(String, String)> {
    Some((format!("bytes={begin}-"), "\"v1\"".to_owned()))
}

#[test]
fn interrupted_download_continues_where_it_stopped() {
    for transport in [Transport::Plain, Transport::TLS] {
        let server = FaultServer::start(transport, vec![broken(), rest()]);
        let outcome = Bench::resuming(Resume::WithinTask, 0).download(&server.url("/"));
        assert_eq!(outcome.content, b"1111111111");
        assert_eq!(outcome.counts, Counts { attempts: 2, resumed_from: 4 });
        assert_eq!(ranges(&server), [None, from(4)]);
        assert_eq!(outcome.heard.progress, [(4, Some(10)), (10, Some(10))]);
        // The page requested the whole file.
        let head = outcome.heard.heads.iter().map(|head| (head.status, &head.headers)).collect::<Vec<_>>();
        let success = outcome.result.as_ref().unwrap();
        assert_eq!(head, [(200, &success.headers)]);
        assert_eq!(success.status, 200);
        let value = |name| success.headers.value(name);
        assert_eq!((value("Content-Length"), value("Content-Range")), (Some("10"), None));
        assert_eq!(value("Content-Type"), Some("image/png"), "the type in the first answer");
    }
}

#[test]
fn resumed_attempts_do_not_count_as_retries() {
    let piece = |begin: usize| {
        let range = format!("bytes {begin}-9/10");
        let head = response_head(206, &[V1, ("Content-Range", &range)], Some(10 - begin as u64));
        Script::new([Step::ReadHead, Step::Send(head), Step::Send(b"1".to_vec())])
    };
    let scripts = [broken()].into_iter().chain((4..10).map(piece)).collect();
    let server = FaultServer::start(Transport::Plain, scripts);
    let outcome = Bench::resuming(Resume::WithinTask, 0).download(&server.url("/"));
    assert_eq!(outcome.content, b"1111111111");
    assert_eq!(outcome.counts, Counts { attempts: 7, resumed_from: 9 });
    // The delay does not grow, because every attempt except the last received bytes.
    assert_eq!(outcome.waits, [Duration::from_millis(500); 6]);
    // Each attempt that receives nothing doubles the delay, until an attempt receives bytes.
    let silent = || Script::new([Step::ReadHead]);
    let server = FaultServer::start(Transport::Plain, vec![silent(), silent(), broken(), silent(), rest()]);
    let outcome = Bench::resuming(Resume::WithinTask, 3).download(&server.url("/"));
    assert_eq!(outcome.counts, Counts { attempts: 5, resumed_from: 4 });
    assert_eq!(outcome.waits, [500, 1000, 500, 500].map(Duration::from_millis));
    // An attempt that receives nothing counts as a retry, and none is allowed.
    let server = FaultServer::start(Transport::Plain, vec![broken(), Script::new([Step::ReadHead])]);
    let outcome = Bench::resuming(Resume::WithinTask, 0).download(&server.url("/"));
    assert_eq!(outcome.result.map(drop).unwrap_err().category(), Category::ConnectionClosed);
    assert_eq!(outcome.counts.attempts, 2);
}

#[test]
fn answer_that_is_not_the_rest_is_never_appended() {
    let range = ("Content-Range", "bytes 4-9/10");
    let partial = |headers: &[(&str, &str)], body: &[u8]| Script::answer(206, headers, body);
    // (case, answer to the request for the rest, whether a third request follows, the file, its status)
    let cases: Vec<(&str, Script, bool, &[u8], u16)> = vec![
        ("another version", second(), false, b"2222222222", 200),
        ("the range is ignored", Script::answer(200, &[V1], b"1111111111"), false, b"1111111111", 200),
        ("another version, shorter", Script::answer(200, &[V2], b"22"), false, b"22", 200),
        ("gone", Script::answer(404, &[], b"gone"), false, b"gone", 404),
        ("not satisfiable", Script::answer(416, &[("Content-Range", "bytes */10")], b""), true, b"2222222222", 200),
        ("another version's rest", partial(&[V2, range], b"222222"), true, b"2222222222", 200),
        ("no validator", partial(&[range], b"222222"), true, b"2222222222", 200),
        ("another begin", partial(&[V1, ("Content-Range", "bytes 3-9/10")], b"2222222"), true, b"2222222222", 200),
        ("another end", partial(&[V1, ("Content-Range", "bytes 4-8/10")], b"22222"), true, b"2222222222", 200),
        ("another size", partial(&[V1, ("Content-Range", "bytes 4-9/20")], b"222222"), true, b"2222222222", 200),
        ("too little", partial(&[V1, range], b"22"), true, b"2222222222", 200),
        ("no range", partial(&[V1], b"222222"), true, b"2222222222", 200),
        (
            "parts",
            partial(&[V1, ("Content-Type", "multipart/byteranges; boundary=x")], b"--x--"),
            true,
            b"2222222222",
            200,
        ),
        ("coded", partial(&[V1, range, ("Content-Encoding", "gzip")], b"222222"), true, b"2222222222", 200),
    ];
    for (name, script, begins_anew, file, status) in cases {
        let mut scripts = vec![broken(), script];
        scripts.extend(begins_anew.then(second));
        let server = FaultServer::start(Transport::Plain, scripts);
        let outcome = Bench::resuming(Resume::WithinTask, 0).download(&server.url("/"));
        assert_eq!(outcome.status(), status, "{name}");
        assert_eq!(outcome.content, file, "{name}");
        let attempts = if begins_anew { 3 } else { 2 };
        assert_eq!(outcome.counts, Counts { attempts, resumed_from: 0 }, "{name}");
        let expected = [None, from(4), None];
        assert_eq!(ranges(&server), expected[..attempts as usize], "{name}");
        let progress: Vec<u64> = outcome.heard.progress.iter().map(|(bytes, _)| *bytes).collect();
        assert_eq!(progress, [4, file.len() as u64], "{name}");
    }
}

#[test]
fn server_without_ranges_is_asked_only_once() {
    let unsatisfiable = Script::answer(416, &[], b"");
    let server = FaultServer::start(Transport::Plain, vec![broken(), unsatisfiable, broken(), second()]);
    let outcome = Bench::resuming(Resume::WithinTask, 1).download(&server.url("/"));
    assert_eq!(outcome.content, b"2222222222");
    assert_eq!(ranges(&server), [None, from(4), None, None]);
}

#[test]
fn interrupted_download_of_a_second_version_is_resumed() {
    let second_broken = Script::fault_at(7, &[V2], b"2222222222", Step::Close);
    let second_rest = Script::answer(206, &[V2, ("Content-Range", "bytes 7-9/10")], b"222");
    let server = FaultServer::start(Transport::Plain, vec![broken(), second_broken, second_rest]);
    let outcome = Bench::resuming(Resume::WithinTask, 0).download(&server.url("/"));
    assert_eq!(outcome.content, b"2222222222");
    assert_eq!(outcome.counts, Counts { attempts: 3, resumed_from: 7 });
    assert_eq!(ranges(&server)[2], Some(("bytes=7-".to_owned(), "\"v2\"".to_owned())));
}

/// The server ignores the range, or has another version each time, and always breaks off at the same byte.
#[test]
fn a_server_that_starts_over_and_breaks_off_is_retried_as_often_as_allowed() {
    for max_retries in [0, 2] {
        let server = FaultServer::start_with(Transport::Plain, |connection| {
            let version = format!("\"v{connection}\"");
            Script::fault_at(4, &[("ETag", &version)], b"1111111111", Step::Close)
        });
        let outcome = Bench::resuming(Resume::WithinTask, max_retries).download(&server.url("/"));
        assert!(outcome.result.is_err());
        // The first attempt has gained bytes, so the second one is no retry.
        assert_eq!(outcome.counts.attempts, 2 + max_retries);
    }
}

#[test]
fn an_error_that_breaks_off_leaves_the_file_to_the_next_attempt() {
    // More bytes than the file has, which are not the file's.
    let error = [response_head(404, &[], Some(100)), vec![b'e'; 50]].concat();
    let error = Script::new([Step::ReadHead, Step::Send(error), Step::Close]);
    let part = [response_head(206, &[V1, ("Content-Range", "bytes 4-9/10")], Some(6)), b"11".to_vec()].concat();
    let part = Script::new([Step::ReadHead, Step::Send(part), Step::Close]);
    let last = Script::answer(206, &[V1, ("Content-Range", "bytes 6-9/10")], b"1111");
    let server = FaultServer::start(Transport::Plain, vec![broken(), error, part, last]);
    let outcome = Bench::resuming(Resume::WithinTask, 1).download(&server.url("/"));
    assert_eq!(outcome.content, b"1111111111");
    assert_eq!(outcome.counts, Counts { attempts: 4, resumed_from: 6 });
    assert_eq!(ranges(&server), [None, from(4), from(4), from(6)]);
}

#[test]
fn download_that_cannot_resume_starts_over() {
    let cut = |headers: &[(&str, &str)]| Script::fault_at(4, headers, b"1111111111", Step::Close);
    let cases = [
        ("weak", cut(&[("ETag", "W/\"v1\"")])),
        ("no validator", cut(&[])),
        ("coded", cut(&[V1, ("Content-Encoding", "br")])),
        ("size unknown", Script::fault_in_chunks_at(4, &[V1], b"1111111111", Step::Close)),
    ];
    for (name, script) in cases {
        let server = FaultServer::start(Transport::Plain, vec![script, second()]);
        let outcome = Bench::resuming(Resume::WithinTask, 1).download(&server.url("/"));
        assert_eq!(outcome.content, b"2222222222", "{name}");
        assert_eq!(ranges(&server), [None, None], "{name}");
    }
    for header in [("Range", "bytes=0-9"), ("If-None-Match", "\"v0\"")] {
        let server = FaultServer::start(Transport::Plain, vec![broken(), second()]);
        let outcome = Bench::resuming(Resume::WithinTask, 1).download_to(&server.url("/"), None, &[header]);
        assert_eq!(outcome.content, b"2222222222", "{header:?}");
        assert!(!String::from_utf8(server.received(1)).unwrap().contains("If-Range"), "{header:?}");
    }
    // Resume is off.
    let server = FaultServer::start(Transport::Plain, vec![broken(), second()]);
    assert_eq!(Bench::resuming(Resume::Off, 1).download(&server.url("/")).content, b"2222222222");
    assert_eq!(ranges(&server), [None, None]);
}

#[test]
fn an_answer_of_another_origin_is_neither_resumed_nor_the_rest() {
    let other = FaultServer::start(Transport::Plain, vec![broken(), second(), rest(), second()]);
    let away = || Script::answer(302, &[("Location", &other.url("/"))], b"");
    let server = FaultServer::start(Transport::Plain, vec![away(), away()]);
    let outcome = Bench::resuming(Resume::WithinTask, 1).download(&server.url("/"));
    assert_eq!(outcome.content, b"2222222222");
    assert_eq!(ranges(&other), [None, None]);

    let server = FaultServer::start(Transport::Plain, vec![broken(), away(), away()]);
    let outcome = Bench::resuming(Resume::WithinTask, 1).download(&server.url("/"));
    assert_eq!(outcome.content, b"2222222222", "another origin's file with the same name is not the rest");

    // Within the origin, a redirect changes nothing if it leads to the same URL.
    let moved = || Script::answer(302, &[("Location", "/moved"), ("Connection", "close")], b"");
    let server = FaultServer::start(Transport::Plain, vec![moved(), broken(), moved(), rest()]);
    let outcome = Bench::resuming(Resume::WithinTask, 0).download(&server.url("/"));
    assert_eq!((outcome.content.as_slice(), outcome.counts.resumed_from), (&b"1111111111"[..], 4));
}

/// Servers make an `ETag` of a file's size and date, so two files may have the same one.
#[test]
fn answer_of_another_resource_is_not_the_rest() {
    let moved = |location| Script::answer(302, &[("Location", location), ("Connection", "close")], b"");
    let rest_of_another = || Script::answer(206, &[V1, ("Content-Range", "bytes 4-9/10")], b"222222");
    let first = vec![moved("/1"), broken()];
    let second = vec![moved("/2"), rest_of_another(), moved("/2"), second()];
    let server = FaultServer::start(Transport::Plain, [first.clone(), second.clone()].concat());
    let outcome = Bench::resuming(Resume::WithinTask, 0).download(&server.url("/latest"));
    assert_eq!((outcome.content.as_slice(), outcome.counts.resumed_from), (&b"2222222222"[..], 0));

    let silent = vec![Script::new([Step::ReadHead])];
    let server = FaultServer::start(Transport::Plain, [first, silent, second].concat());
    let bench = Bench::resuming(Resume::AcrossLaunches, 0);
    assert!(bench.download(&server.url("/latest")).result.is_err());
    let outcome = bench.relaunched().download(&server.url("/latest"));
    assert_eq!((outcome.content.as_slice(), outcome.counts.resumed_from), (&b"2222222222"[..], 0));
    assert!(ranges(&server)[4].is_some(), "the rest was requested");
}

/// The size limit applies to the whole file. Bytes that were received before do not count in addition.
#[test]
fn whole_file_instead_of_the_rest_has_the_full_size_limit() {
    for answer in [second(), Script::answer(404, &[], b"not found ")] {
        let server = FaultServer::start(Transport::Plain, vec![broken(), answer]);
        let bench = Bench::resuming(Resume::WithinTask, 0);
        let limits = Limits { max_download_size: 10, ..Limits::default() };
        let bench = Bench { environment: Environment { limits, ..bench.environment }, ..bench };
        let outcome = bench.download(&server.url("/"));
        assert_eq!(outcome.content.len(), 10, "{:?}", outcome.result.err());
    }
}

#[test]
fn a_resumed_file_is_checked_as_a_whole() {
    // The SHA-256 of ten times "1", from `printf 1111111111 | sha256sum`.
    const SHA256: &str = "d2d02ea74de2c9fab1d802db969c18d409a8663a9697977bb1c98ccdd9de4372";
    const REPR_DIGEST: &str = "sha-256=:0tAup03iyfqx2ALblpwY1AmoZjqWl5d7scmMzdneQ3I=:";
    let check = |digest: &str, change: fn(&mut IntegrityRequest)| {
        let head = [V1, ("Repr-Digest", digest)];
        let broken = Script::fault_at(4, &head, b"1111111111", Step::Close);
        // The digest of the part does not describe the whole file.
        let rest_headers = [V1, ("Content-Range", "bytes 4-9/10"), ("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")];
        let server = FaultServer::start(Transport::Plain, vec![broken, Script::answer(206, &rest_headers, b"111111")]);
        Bench::resuming(Resume::WithinTask, 0).download_with(&server.url("/"), |request| change(&mut request.integrity))
    };
    let outcome = check("", |integrity| integrity.want_sha256 = true);
    assert_eq!(outcome.counts.resumed_from, 4);
    assert_eq!(outcome.result.unwrap().sha256.as_deref(), Some(SHA256));
    assert!(check("", |integrity| integrity.expected_length = 10).result.is_ok());
    let mismatch = |outcome: Outcome| outcome.result.map(drop).unwrap_err().category() == Category::Integrity;
    assert!(mismatch(check("", |integrity| integrity.expected_length = 11)));
    assert!(mismatch(check("", |integrity| integrity.expected_sha256 = Some("0".repeat(64)))));
    // The digest of the whole file in the first answer still applies.
    assert!(check(REPR_DIGEST, |integrity| integrity.verify_digest = true).result.is_ok());
    assert!(mismatch(check(&REPR_DIGEST.replace(":0", ":A"), |integrity| integrity.verify_digest = true)));
}

#[test]
fn partial_file_survives_into_the_next_launch() {
    for file_path in [None, Some("wxfile://usr/file.bin")] {
        let server = FaultServer::start(Transport::Plain, vec![broken(), Script::new([Step::ReadHead]), rest()]);
        let bench = Bench::resuming(Resume::AcrossLaunches, 0);
        let first = bench.download_to(&server.url("/"), file_path, &[]);
        assert!(first.result.is_err());
        assert_eq!(first.counts, Counts { attempts: 2, resumed_from: 0 });
        let bench = bench.relaunched();
        let outcome = bench.download_to(&server.url("/"), file_path, &[]);
        assert_eq!(outcome.content, b"1111111111", "{file_path:?}");
        assert_eq!(outcome.counts, Counts { attempts: 1, resumed_from: 4 }, "{file_path:?}");
        assert_eq!(ranges(&server), [None, from(4), from(4)], "{file_path:?}");
        assert_eq!(outcome.heard.progress, [(10, Some(10))]);
        assert_eq!(outcome.heard.heads[0].headers.value("Content-Type"), Some("image/png"));
        // No partial file is left.
        let partials = bench.directory.path().join("app-wx/user-/partials");
        assert_eq!(std::fs::read_dir(partials).unwrap().count(), 0, "{file_path:?}");
    }
}

#[test]
fn another_call_does_not_get_the_partial_file() {
    let server = FaultServer::start_with(Transport::Plain, |connection| match connection {
        0 => broken(),
        1 => Script::new([Step::ReadHead]),
        _ => second(),
    });
    let bench = Bench::resuming(Resume::AcrossLaunches, 0);
    assert!(bench.download(&server.url("/")).result.is_err());
    let others: [(_, _, &[_]); 3] = [
        ("/?other", None, &[]),
        ("/", Some("wxfile://usr/file.bin"), &[]),
        ("/", None, &[("Authorization", "another user")]),
    ];
    for (path, file_path, header) in others {
        let outcome = bench.download_to(&server.url(path), file_path, header);
        assert_eq!(outcome.content, b"2222222222");
        assert_eq!(outcome.counts.resumed_from, 0);
    }
    assert!(ranges(&server)[2..].iter().all(Option::is_none));
    // After discarding, no call finds it.
    bench.environment.storage.discard_partials(&Worker::for_call(Arc::new(StopSignal::new()))).unwrap();
    assert_eq!(bench.download(&server.url("/")).counts.resumed_from, 0);
}

/// The attempt after the discard starts over, with another file.
#[test]
fn a_download_that_runs_during_a_discard_keeps_nothing_of_a_later_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let bench = Bench::resuming(Resume::AcrossLaunches, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for validator in [V1, V2] {
                let (mut client, _) = listener.accept().unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    client.read_exact(&mut byte).unwrap();
                    head.extend(byte);
                }
                if validator == V2 {
                    bench.environment.storage.discard_partials(&Worker::for_call(Arc::new(StopSignal::new()))).unwrap();
                }
                client.write_all(&response_head(200, &[validator], Some(10))).unwrap();
                // The second attempt receives more, so a third one follows.
                client.write_all(&b"11111"[usize::from(validator == V1)..]).unwrap();
            }
            drop(listener.accept().unwrap());
        });
        let outcome = bench.download(&url);
        assert_eq!(outcome.result.map(drop).unwrap_err().category(), Category::ConnectionClosed);
        assert_eq!(outcome.counts, Counts { attempts: 3, resumed_from: 0 });
    });
    let partials = bench.directory.path().join("app-wx/user-/partials");
    assert_eq!(std::fs::read_dir(partials).map_or(0, Iterator::count), 0);
}

#[test]
fn an_error_of_the_server_leaves_the_partial_file_to_a_later_call() {
    let error = Script::answer(500, &[], b"error");
    let server = FaultServer::start(Transport::Plain, vec![broken(), error, rest()]);
    let bench = Bench::resuming(Resume::AcrossLaunches, 0);
    let outcome = bench.download(&server.url("/"));
    assert_eq!((outcome.status(), outcome.content.as_slice()), (500, &b"error"[..]));
    let outcome = bench.download(&server.url("/"));
    assert_eq!((outcome.content.as_slice(), outcome.counts.resumed_from), (&b"1111111111"[..], 4));
}

/// A directory in the place of the journal stands for a file that the system protects.
#[test]
fn a_partial_file_that_cannot_be_read_does_not_prevent_a_download() {
    let ends = Script::new([Step::ReadHead, Step::Close]);
    let server = FaultServer::start(Transport::Plain, vec![broken(), ends, second()]);
    let bench = Bench::resuming(Resume::AcrossLaunches, 0);
    bench.download(&server.url("/")).result.map(drop).unwrap_err();
    let partials = bench.directory.path().join("app-wx/user-/partials");
    let names = std::fs::read_dir(&partials).unwrap().map(|entry| entry.unwrap().file_name());
    let journal = names.into_iter().find(|name| !name.to_string_lossy().contains('.')).unwrap();
    std::fs::remove_file(partials.join(&journal)).unwrap();
    std::fs::create_dir(partials.join(&journal)).unwrap();
    let outcome = bench.download(&server.url("/"));
    assert_eq!((outcome.content.as_slice(), outcome.counts.resumed_from), (&b"2222222222"[..], 0));
}

/// The first of several answers of a captive portal, which a device gets instead of the server's answer.
#[test]
fn a_captive_portal_leaves_the_partial_file_to_a_later_call() {
    let redirect = || Script::answer(302, &[("Location", "/login")], b"");
    let no_http = Script::new([Step::ReadHead, Step::Send(b"<html>Log in</html>\r\n\r\n".to_vec())]);
    // Five redirects are followed.
    for (portal, category) in
        [((0..6).map(|_| redirect()).collect(), Category::Limit), (vec![no_http], Category::Protocol)]
    {
        let scripts = [vec![broken()], portal, vec![rest()]].concat();
        let server = FaultServer::start(Transport::Plain, scripts);
        let bench = Bench::resuming(Resume::AcrossLaunches, 0);
        let failed = bench.download(&server.url("/"));
        assert_eq!(failed.result.map(drop).unwrap_err().category(), category);
        let bench = bench.relaunched();
        let outcome = bench.download(&server.url("/"));
        assert_eq!((outcome.content.as_slice(), outcome.counts.resumed_from), (&b"1111111111"[..], 4), "{category:?}");
    }
}

/// The page of a captive portal that has a host of its own, to which it redirects.
#[test]
fn an_answer_of_another_server_leaves_the_partial_file_to_a_later_call() {
    let portal = FaultServer::start(Transport::Plain, vec![Script::answer(200, &[], b"Log in")]);
    let redirect = Script::answer(302, &[("Location", &portal.url("/"))], b"");
    let server = FaultServer::start(Transport::Plain, vec![broken(), redirect, rest()]);
    let bench = Bench::resuming(Resume::AcrossLaunches, 0);
    // The first attempt breaks off, the second one is redirected.
    assert_eq!(bench.download(&server.url("/")).content, b"Log in");
    let bench = bench.relaunched();
    let outcome = bench.download(&server.url("/"));
    assert_eq!((outcome.content.as_slice(), outcome.counts.resumed_from), (&b"1111111111"[..], 4));
}

#[test]
fn a_file_with_a_wrong_digest_is_not_left_to_a_later_call() {
    let server = FaultServer::start(Transport::Plain, vec![broken(), rest(), second()]);
    let bench = Bench::resuming(Resume::AcrossLaunches, 0);
    let failed = bench.download_with(&server.url("/"), |request| {
        request.integrity.expected_sha256 = Some("0".repeat(64));
    });
    assert_eq!(failed.result.map(drop).unwrap_err().category(), Category::Integrity);
    assert_eq!(bench.download(&server.url("/")).content, b"2222222222");
    assert_eq!(ranges(&server), [None, from(4), None]);
}

/// A proxy that ends a connection after a number of answer bytes.
struct Cutter(SocketAddr);

impl Cutter {
    /// `cuts` applies to the connections in order. Later ones are not cut.
    fn start(server: SocketAddr, cuts: Vec<u64>) -> Cutter {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // Runs until the process ends.
        thread::spawn(move || {
            let mut cuts = cuts.into_iter();
            for client in listener.incoming().map_while(Result::ok) {
                let cut = cuts.next().unwrap_or(u64::MAX);
                thread::spawn(move || Cutter::serve(client, server, cut));
            }
        });
        Cutter(address)
    }

    fn serve(client: TcpStream, server: SocketAddr, cut: u64) -> io::Result<()> {
        let upstream = TcpStream::connect(server)?;
        let (mut requests, mut forwarded) = (client.try_clone()?, upstream.try_clone()?);
        thread::spawn(move || io::copy(&mut requests, &mut forwarded));
        let mut client = client;
        io::copy(&mut upstream.take(cut), &mut client)?;
        client.flush()?;
        client.shutdown(Shutdown::Write)
    }
}

/// Cuts within every TLS record and handshake message. The file is the same each time.
#[test]
fn connection_may_end_at_any_byte() {
    const SIZE: usize = 100_000;
    let server = Server::start(wxtransfer_test_server::Options::default());
    let expected = pattern_bytes(0, SIZE);
    for scheme in ["http", "https"] {
        let url = if scheme == "https" { server.https_url("") } else { server.url("") };
        let port: u16 = url.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
        let mut resumed = 0;
        // A record has at most 16 KiB, so each has several cuts. The handshake has some, too.
        for cut in (1..SIZE as u64 + 8000).step_by(1499) {
            let cutter = Cutter::start(([127, 0, 0, 1], port).into(), vec![cut, 20_000 + cut % 5000]);
            let bench = Bench::resuming(Resume::WithinTask, 2);
            let host = if scheme == "https" { "localhost" } else { "127.0.0.1" };
            let outcome = bench.download(&format!("{scheme}://{host}:{}/bytes/{SIZE}", cutter.0.port()));
            assert!(outcome.content == expected, "{scheme}, cut at {cut}");
            resumed += usize::from(outcome.counts.resumed_from > 0);
            let falls = outcome.heard.progress.windows(2).any(|two| two[1].0 < two[0].0);
            assert!(!falls, "{scheme}, cut at {cut}");
        }
        assert!(resumed > 40, "{scheme}: {resumed}");
    }
}
