//! The failures and statuses that are retried, the delays, and the events that the host receives.

use rustix::pipe::pipe;
use wxtransfer_test_server::{FaultServer, Identity as ServerIdentity, MaximumTls, Script, Step, Transport};

use super::*;
use crate::terms::Category;

/// The kind of transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Download,
    /// Without `retry_uploads`.
    Upload,
    /// With `retry_uploads`.
    IdempotentUpload,
}

const CALLERS: [Caller; 3] = [Caller::Download, Caller::Upload, Caller::IdempotentUpload];

fn rules(max_retries: u32, caller: Caller) -> RetryRules {
    RetryRules { max_retries, uploads: caller == Caller::IdempotentUpload, ..RetryRules::default() }
}

fn transfer(bench: &Bench, caller: Caller, url: &str) -> Outcome {
    match caller {
        Caller::Download => bench.download(url),
        Caller::Upload | Caller::IdempotentUpload => bench.upload(url, b"content"),
    }
}

fn fine() -> Script {
    Script::answer(200, &[], b"fine")
}

/// The server's first connection.
fn first(steps: impl Into<Vec<Step>>) -> Vec<Script> {
    vec![Script::new(steps.into()), fine()]
}

const EXPIRED: Transport = Transport::Tls { identity: ServerIdentity::Expired, maximum: MaximumTls::Tls13 };

/// A phase in which the first attempt of a transfer fails. The second one would succeed.
struct Phase {
    name: &'static str,
    transport: Transport,
    /// The result of each look-up. `127.0.0.2` has no server.
    addresses: &'static [&'static [&'static str]],
    scripts: Vec<Script>,
    category: Category,
    /// Whether a download, an upload, and an upload with `retry_uploads` are retried.
    is_tried_again: [bool; 3],
}

fn phases() -> Vec<Phase> {
    const SERVER: &[&[&str]] = &[&["127.0.0.1"]];
    let (all, none, all_but_uploads) = ([true; 3], [false; 3], [true, false, true]);
    let phase = |name, transport, addresses, scripts, category, is_tried_again| Phase {
        name,
        transport,
        addresses,
        scripts,
        category,
        is_tried_again,
    };
    let closed = Category::ConnectionClosed;
    let head = || Step::Send(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec());
    vec![
        phase("name", Transport::Plain, &[&[], &["127.0.0.1"]], vec![fine()], Category::NameResolution, all),
        phase("connect", Transport::Plain, &[&["127.0.0.2"], &["127.0.0.1"]], vec![fine()], Category::Connect, all),
        phase("TLS closed", Transport::TLS, SERVER, first([Step::CloseDuringHandshake]), closed, all),
        phase("TLS reset", Transport::TLS, SERVER, first([Step::ResetDuringHandshake]), closed, all),
        phase("no TLS", Transport::TLS, SERVER, first([Step::PlainOnTlsPort, Step::Garbage(64)]), Category::Tls, none),
        phase("certificate", EXPIRED, SERVER, first([Step::ReadHead]), Category::Tls, none),
        phase("request", Transport::TLS, SERVER, first([Step::ReadHead, Step::Reset]), closed, all_but_uploads),
        phase("answer", Transport::TLS, SERVER, first([Step::ReadHead, Step::ReadWholeBody]), closed, all_but_uploads),
        phase(
            "head",
            Transport::Plain,
            SERVER,
            first([Step::ReadHead, Step::ReadWholeBody, head()]),
            closed,
            all_but_uploads,
        ),
        phase(
            "body",
            Transport::TLS,
            SERVER,
            vec![Script::fault_at(3, &[], b"lost", Step::Close), fine()],
            closed,
            all_but_uploads,
        ),
        phase(
            "chunks",
            Transport::Plain,
            SERVER,
            vec![Script::fault_in_chunks_at(3, &[], b"lost", Step::Reset), fine()],
            closed,
            all_but_uploads,
        ),
        phase(
            "protocol",
            Transport::Plain,
            SERVER,
            first([Step::ReadHead, Step::ReadWholeBody, Step::Garbage(64)]),
            Category::Protocol,
            none,
        ),
    ]
}

#[test]
fn connection_failures_are_retried() {
    for retries in [0, 1] {
        for (column, caller) in CALLERS.into_iter().enumerate() {
            for phase in phases() {
                let Phase { name, transport, addresses, scripts, category, is_tried_again } = phase;
                let server = FaultServer::start(transport, scripts);
                let bench = Bench::new(rules(retries, caller), addresses);
                let url = server.url("/").replace("127.0.0.1", "server.test");
                let outcome = transfer(&bench, caller, &url);
                let case = format!("{name}, {caller:?}, {retries} retries");
                if retries > 0 && is_tried_again[column] {
                    assert_eq!(outcome.status(), 200, "{case}");
                    assert_eq!((outcome.counts.attempts, outcome.waits.len()), (2, 1), "{case}");
                } else {
                    assert_eq!(outcome.result.map(drop).unwrap_err().category(), category, "{case}");
                    assert_eq!((outcome.counts.attempts, outcome.waits.len()), (1, 0), "{case}");
                }
            }
        }
    }
}

#[test]
fn five_statuses_are_retried() {
    for (caller, retried) in [
        (Caller::Download, &[408, 429, 502, 503, 504][..]),
        (Caller::Upload, &[]),
        (Caller::IdempotentUpload, &[408, 429, 502, 503, 504]),
    ] {
        for status in [200, 201, 206, 400, 404, 408, 416, 429, 500, 501, 502, 503, 504] {
            let server = FaultServer::start(Transport::Plain, vec![Script::answer(status, &[], b"busy"), fine()]);
            let outcome = transfer(&Bench::new(rules(1, caller), &[&[]]), caller, &server.url("/"));
            let is_retried = retried.contains(&status);
            assert_eq!(outcome.status(), if is_retried { 200 } else { status }, "{caller:?}, {status}");
            assert_eq!(outcome.counts.attempts, if is_retried { 2 } else { 1 }, "{caller:?}, {status}");
            let heads: Vec<u16> = outcome.heard.heads.iter().map(|head| head.status).collect();
            assert_eq!(
                heads,
                [outcome.status()],
                "{caller:?}, {status}: only the head of the final answer is reported"
            );
        }
    }
}

#[test]
fn last_answer_is_the_result() {
    let scripts = (1..=3).map(|attempt| Script::answer(503, &[], format!("busy {attempt}").as_bytes())).collect();
    let server = FaultServer::start(Transport::Plain, scripts);
    let bench = Bench::new(rules(2, Caller::Download), &[&[]]);
    let outcome = bench.download(&server.url("/"));
    assert_eq!((outcome.status(), outcome.counts.attempts), (503, 3));
    assert_eq!(outcome.content, b"busy 3");
}

#[test]
fn last_failure_is_the_result() {
    let scripts = vec![
        Script::answer(503, &[], b"busy"),
        Script::new([Step::ReadHead]),
        Script::new([Step::ReadHead, Step::Garbage(64)]),
    ];
    let server = FaultServer::start(Transport::Plain, scripts);
    let outcome = Bench::new(rules(9, Caller::Download), &[&[]]).download(&server.url("/"));
    assert_eq!(outcome.result.map(drop).unwrap_err().category(), Category::Protocol);
    assert_eq!((outcome.counts.attempts, outcome.waits.len()), (3, 2));
    assert!(outcome.heard.heads.is_empty());
}

#[test]
fn delays_double_and_are_a_random_part_of_their_span() {
    let server = FaultServer::start(Transport::Plain, Vec::new());
    let bench = Bench::new(rules(4, Caller::Download), &[&[]]);
    let outcome = bench.download(&server.url("/"));
    assert_eq!(outcome.waits, [500, 1000, 2000, 4000].map(Duration::from_millis));
    assert_eq!(outcome.counts.attempts, 5);

    bench.clock.random.store(0, Ordering::Relaxed);
    assert_eq!(bench.download(&server.url("/")).waits, [Duration::ZERO; 4]);
}

#[test]
fn no_attempt_is_delayed_beyond_the_deadline() {
    let server = FaultServer::start(Transport::Plain, Vec::new());
    let bench = Bench::new(RetryRules { delay: Duration::from_secs(10), ..rules(9, Caller::Download) }, &[&[]]);
    let outcome = bench.download(&server.url("/"));
    // The third wait, of 30 s, would end at the deadline.
    assert_eq!(outcome.waits, [10, 20].map(Duration::from_secs));
    assert_eq!((outcome.result.is_err(), outcome.counts.attempts), (true, 3));
}

#[test]
fn retry_after_is_obeyed_before_the_deadline() {
    // (Retry-After, the wait in milliseconds if there is one). Without a Retry-After it is 500.
    let cases = [
        ("0", Some(500)),
        ("7", Some(7_000)),
        ("59", Some(59_000)),
        ("60", None),
        ("99999999999999999999", None),
        ("Sun, 06 Nov 1994 08:49:57 GMT", Some(20_000)),
        (BEGIN, Some(500)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", None),
        ("Sat, 06 Nov 2094 08:49:37 GMT", None),
    ];
    for (value, wait) in cases {
        for status in [429, 503] {
            let busy = Script::answer(status, &[("Retry-After", value)], b"busy");
            let server = FaultServer::start(Transport::Plain, vec![busy, fine()]);
            let outcome = Bench::new(rules(1, Caller::Download), &[&[]]).download(&server.url("/"));
            assert_eq!(outcome.waits, Vec::from_iter(wait.map(Duration::from_millis)), "{value}");
            assert_eq!(outcome.status(), if wait.is_some() { 200 } else { status }, "{value}");
        }
    }
    let server =
        FaultServer::start(Transport::Plain, vec![Script::answer(503, &[("Retry-After", "soon")], b""), fine()]);
    let outcome = Bench::new(rules(1, Caller::Download), &[&[]]).download(&server.url("/"));
    assert_eq!(outcome.waits, [Duration::from_millis(500)], "an invalid value is ignored");
}

/// The deadline stands still while the app is away. If the requested wait is longer than the time that is left, there
/// is no further attempt, and the answer is the result at once.
#[test]
fn retry_after_is_compared_with_a_deadline_that_stands_still() {
    for (value, status) in [("7", 200), ("120", 503)] {
        let busy = Script::answer(503, &[("Retry-After", value)], b"busy");
        let server = FaultServer::start(Transport::Plain, vec![busy, fine()]);
        let mut bench = Bench::new(rules(1, Caller::Download), &[&[]]);
        bench.absence.insert(Arc::default()).begin();
        let outcome = bench.download(&server.url("/"));
        assert_eq!((outcome.status(), outcome.waits.len()), (status, usize::from(status == 200)), "{value}");
    }
}

#[test]
fn host_receives_only_the_final_head_and_its_file() {
    let broken = Script::fault_at(6, &[("X-Attempt", "1")], b"broken off", Step::Close);
    let server =
        FaultServer::start(Transport::Plain, vec![broken, Script::answer(200, &[("X-Attempt", "2")], b"fine")]);
    let outcome = Bench::new(rules(1, Caller::Download), &[&[]]).download(&server.url("/"));
    let attempts: Vec<_> = outcome.heard.heads.iter().filter_map(|head| head.headers.value("X-Attempt")).collect();
    assert_eq!(attempts, ["2"]);
    assert_eq!(outcome.heard.progress, [(6, Some(10)), (4, Some(4))]);
}

#[test]
fn head_is_reported_at_once_without_further_attempts() {
    let script = || Script::fault_at(1, &[], b"body", Step::Close);
    for (caller, retries) in [(Caller::Download, 0), (Caller::Upload, 1)] {
        let server = FaultServer::start(Transport::Plain, vec![script()]);
        let outcome = transfer(&Bench::new(rules(retries, caller), &[&[]]), caller, &server.url("/"));
        assert_eq!(outcome.heard.heads.len(), 1, "{caller:?}");
        assert!(outcome.result.is_err());
    }
}

/// The values of `Idempotency-Key` that a server received, one list per connection.
fn keys(server: &FaultServer) -> Vec<Vec<String>> {
    let keys_of = |connection| {
        let request = String::from_utf8(server.received(connection)).unwrap();
        let lines = request.lines().filter_map(|line| line.strip_prefix("Idempotency-Key: ").map(str::to_owned));
        lines.collect()
    };
    (0..server.connections()).map(keys_of).collect()
}

#[test]
fn every_attempt_of_an_upload_has_the_same_key() {
    let scripts = || vec![Script::new([Step::ReadHead, Step::ReadWholeBody]), fine(), fine()];
    let server = FaultServer::start(Transport::Plain, scripts());
    let bench = Bench::new(rules(1, Caller::IdempotentUpload), &[&[]]);
    assert_eq!(bench.upload(&server.url("/"), b"content").status(), 200);
    assert_eq!(bench.upload(&server.url("/"), b"content").status(), 200);
    let keys_sent = keys(&server);
    assert_eq!(keys_sent.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(keys_sent[0], keys_sent[1]);
    assert_ne!(keys_sent[1], keys_sent[2], "another upload");
    let digits = keys_sent[0][0].trim_matches('"');
    assert!(keys_sent[0][0].len() == 34 && digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    // Each attempt sends the whole body.
    assert_eq!(server.received(0).len(), server.received(1).len());

    let server = FaultServer::start(Transport::Plain, scripts());
    let path = bench.directory.path().join("source.bin").to_str().unwrap().to_owned();
    let header = [("idempotency-key", "the page's")];
    assert_eq!(bench.upload_from(&server.url("/"), UploadSource::Path(path), &header).status(), 200);
    assert_eq!(keys(&server), [[""; 0]; 2], "none of ours");
    for connection in 0..2 {
        assert!(String::from_utf8(server.received(connection)).unwrap().contains("idempotency-key: the page's\r\n"));
    }
}

#[test]
fn an_empty_key_of_the_page_is_replaced() {
    let server = FaultServer::start(Transport::Plain, vec![fine()]);
    let bench = Bench::new(rules(1, Caller::IdempotentUpload), &[&[]]);
    let path = bench.directory.path().join("source.bin").to_str().unwrap().to_owned();
    std::fs::write(&path, b"content").unwrap();
    let header = [("idempotency-key", "")];
    assert_eq!(bench.upload_from(&server.url("/"), UploadSource::Path(path), &header).status(), 200);
    assert_eq!(keys(&server)[0].len(), 1);
    assert!(!String::from_utf8(server.received(0)).unwrap().contains("idempotency-key:"));
}

#[test]
fn no_key_is_sent_without_retry_uploads() {
    for rules in [rules(0, Caller::IdempotentUpload), rules(1, Caller::Upload)] {
        let server = FaultServer::start(Transport::Plain, vec![fine()]);
        assert_eq!(Bench::new(rules, &[&[]]).upload(&server.url("/"), b"content").status(), 200);
        assert_eq!(keys(&server), [[""; 0]]);
    }
}

#[test]
fn pipe_is_retried_only_before_it_was_read() {
    let from_pipe = |bench: &Bench, url: &str| {
        let (reader, writer) = pipe().unwrap();
        rustix::io::write(&writer, b"content").unwrap();
        let file = UploadSource::Descriptor { descriptor: reader, path: String::new(), length: Some(7) };
        bench.upload_from(url, file, &[])
    };
    let bench = Bench::new(rules(1, Caller::IdempotentUpload), &[&[], &["127.0.0.1"]]);
    let server = FaultServer::start(Transport::Plain, vec![fine()]);
    let outcome = from_pipe(&bench, &server.url("/").replace("127.0.0.1", "server.test"));
    assert_eq!((outcome.status(), outcome.counts.attempts), (200, 2));
    assert!(String::from_utf8(server.received(0)).unwrap().contains("\r\n\r\ncontent\r\n"));

    let server = FaultServer::start(Transport::Plain, first([Step::ReadHead, Step::ReadWholeBody]));
    let outcome = from_pipe(&bench, &server.url("/"));
    assert!(outcome.result.is_err());
    assert_eq!(outcome.counts.attempts, 1);
}

#[test]
fn an_upload_whose_redirect_was_sent_is_not_sent_again() {
    let redirect = Script::answer(307, &[("Location", "http://server.test:9/")], b"");
    let server = FaultServer::start(Transport::Plain, vec![redirect, fine()]);
    let outcome = Bench::new(rules(1, Caller::Upload), &[&[]]).upload(&server.url("/"), b"content");
    assert_eq!(outcome.result.map(drop).unwrap_err().category(), Category::NameResolution);
    assert_eq!(outcome.counts.attempts, 1);
}
