//! `on_trace`: the HAR entry of each request.

#![allow(missing_docs)]
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

#[path = "../examples/trace/page.rs"]
mod page;

use std::ffi::c_void;
use std::sync::Mutex;
use std::time::Instant;

use serde_json::{Value, json};
use support::{Event, Session};
use wxtransfer::ffi::callback::WxtTrace;
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::options::{WXT_RESUME_WITHIN_TASK, WxtLogger, WxtSessionOptions};
use wxtransfer::ffi::request::WxtTaskId;
use wxtransfer::ffi::statistics::{WxtSessionStatistics, wxt_session_statistics};
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer_test_server as server;
use wxtransfer_test_server::{FaultServer, Options, Script, Server, Step, Transport};

/// The types of HAR members.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    /// ISO 8601 with a time zone.
    Date,
    /// At least 0.
    Number,
    /// At least 0, or -1 if it is unknown or did not happen.
    NumberOrMinusOne,
    Object,
    List,
}

/// The required members of an entry in HAR 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>, `entries` and
/// below). The `request` of an upload may have `postData`, which is optional.
const REQUIRED: [(&str, Kind); 33] = [
    ("/startedDateTime", Kind::Date),
    ("/time", Kind::Number),
    ("/request", Kind::Object),
    ("/request/method", Kind::Text),
    ("/request/url", Kind::Text),
    ("/request/httpVersion", Kind::Text),
    ("/request/cookies", Kind::List),
    ("/request/headers", Kind::List),
    ("/request/queryString", Kind::List),
    ("/request/headersSize", Kind::NumberOrMinusOne),
    ("/request/bodySize", Kind::NumberOrMinusOne),
    ("/response", Kind::Object),
    ("/response/status", Kind::Number),
    ("/response/statusText", Kind::Text),
    ("/response/httpVersion", Kind::Text),
    ("/response/cookies", Kind::List),
    ("/response/headers", Kind::List),
    ("/response/content", Kind::Object),
    ("/response/content/size", Kind::Number),
    ("/response/content/mimeType", Kind::Text),
    ("/response/redirectURL", Kind::Text),
    ("/response/headersSize", Kind::NumberOrMinusOne),
    ("/response/bodySize", Kind::NumberOrMinusOne),
    ("/cache", Kind::Object),
    ("/timings", Kind::Object),
    // These four are optional in HAR, and always present here.
    ("/timings/blocked", Kind::NumberOrMinusOne),
    ("/timings/dns", Kind::NumberOrMinusOne),
    ("/timings/connect", Kind::NumberOrMinusOne),
    ("/timings/ssl", Kind::NumberOrMinusOne),
    ("/timings/send", Kind::Number),
    ("/timings/wait", Kind::Number),
    ("/timings/receive", Kind::Number),
    ("/_addresses", Kind::List),
];

/// The other HAR members that an entry may have. Further ones start with an underscore.
const OPTIONAL: [&str; 4] = ["serverIPAddress", "connection", "comment", "pageref"];

fn assert_har(entry: &Value) {
    for (member, kind) in REQUIRED {
        let value = entry.pointer(member).unwrap_or_else(|| panic!("no {member}: {entry}"));
        let fits = match kind {
            Kind::Text => value.is_string(),
            Kind::Date => value.as_str().is_some_and(is_date),
            Kind::Number => value.as_f64().is_some_and(|number| number >= 0.0),
            Kind::NumberOrMinusOne => value.as_f64().is_some_and(|number| number >= 0.0 || number == -1.0),
            Kind::Object => value.is_object(),
            Kind::List => value.is_array(),
        };
        assert!(fits, "{member} is no {kind:?}: {value}");
    }
    for list in ["/request/headers", "/response/headers"] {
        for header in entry.pointer(list).unwrap().as_array().unwrap() {
            assert!(header["name"].is_string() && header["value"] == "", "a value may be a secret: {header}");
        }
    }
    for name in entry.as_object().unwrap().keys() {
        let is_required = REQUIRED.iter().any(|(member, _)| member[1..] == *name);
        assert!(
            is_required || OPTIONAL.contains(&name.as_str()) || name.starts_with('_'),
            "{name} is not a member of HAR"
        );
    }
    let phase = |name: &str| entry["timings"][name].as_f64().unwrap();
    let sum: f64 =
        ["blocked", "dns", "connect", "send", "wait", "receive"].into_iter().map(|name| phase(name).max(0.0)).sum();
    assert!((entry["time"].as_f64().unwrap() - sum).abs() < 0.01, "time is the sum of the phases: {entry}");
    assert!(phase("ssl") <= phase("connect"), "ssl is within connect: {entry}");
}

fn is_date(text: &str) -> bool {
    let shape: String = text.chars().map(|part| if part.is_ascii_digit() { '0' } else { part }).collect();
    shape == "0000-00-00T00:00:00.000Z"
}

fn traced(change: impl FnOnce(&mut WxtSessionOptions)) -> Session {
    let mut session = Session::open_with(change);
    session.on_trace = Some(support::on_trace);
    session
}

fn positive(entry: &Value, phase: &str) -> bool {
    entry["timings"][phase].as_f64().unwrap() > 0.0
}

#[test]
fn each_request_of_a_task_has_an_entry_in_order() {
    let session = traced(|_| {});
    let server = Server::start(Options::default());
    let ended = session.download(&server.https_url("/redirect/302?to=/bytes/1000%3Ftype=image/png")).end();
    let [first, second] = &ended.traces()[..] else { panic!("{:?}", ended.events) };
    assert_har(first);
    assert_har(second);
    assert_eq!(first["request"]["url"], server.https_url("/redirect/302"));
    assert_eq!((&first["request"]["method"], &first["response"]["status"]), (&json!("GET"), &json!(302)));
    assert_eq!(first["response"]["redirectURL"], server.https_url("/bytes/1000"));
    assert_eq!((&first["_reused"], &first["_attempt"], &first["_connections"]), (&json!(false), &json!(1), &json!(1)));
    assert_eq!(first["_tls"]["version"], "TLS 1.3");
    assert!(first["_tls"]["cipher"].as_str().unwrap().starts_with("TLS_"), "{first}");
    assert!(["dns", "connect", "ssl"].into_iter().all(|phase| positive(first, phase)), "{first}");
    let address = server.tls_address().to_string();
    assert!(first["_addresses"].as_array().unwrap().contains(&json!(address)), "{first}");
    assert_eq!(first["serverIPAddress"], "127.0.0.1");

    assert_eq!(second["request"]["url"], server.https_url("/bytes/1000"));
    assert_eq!((&second["response"]["status"], &second["_reused"]), (&json!(200), &json!(true)));
    assert_eq!(second["response"]["content"], json!({"size": 1000, "mimeType": "image/png"}));
    assert_eq!((&second["timings"]["connect"], &second["_addresses"]), (&json!(-1), &json!([])));
    assert_eq!(second["_tls"]["version"], "TLS 1.3", "a kept connection has its TLS version, too");
    assert!(second["_bytesReceived"].as_u64().unwrap() > 1000);

    // The first entry precedes the head of the final answer, and both precede the result.
    let order: Vec<char> = ended
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Trace(_) => Some('T'),
            Event::Headers { .. } => Some('H'),
            Event::Success(_) => Some('S'),
            Event::Complete(_) => Some('C'),
            Event::Release => Some('R'),
            Event::Progress { .. } | Event::Fail(_) => None,
        })
        .collect();
    assert_eq!(order, ['T', 'H', 'T', 'S', 'C', 'R']);
}

#[test]
fn failed_attempts_have_entries_too() {
    let session = traced(|options| (options.max_retries, options.retry_delay) = (2, 1));
    let scripts = vec![
        Script::new([Step::ReadHead]),
        Script::answer(503, &[], b"busy"),
        Script::fault_at(4, &[], b"whole body", Step::Reset),
    ];
    let server = FaultServer::start(Transport::Plain, scripts);
    let ended = session.download(&server.url("/")).end();
    let traces = ended.traces();
    traces.iter().for_each(assert_har);
    let statuses: Vec<_> = traces.iter().map(|entry| entry["response"]["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [0, 503, 200]);
    let attempts: Vec<_> = traces.iter().map(|entry| entry["_attempt"].as_u64().unwrap()).collect();
    assert_eq!(attempts, [1, 2, 3]);
    assert!(traces[0]["response"]["_error"].is_string() && traces[1]["response"]["_error"].is_null());
    assert_eq!(traces[2]["response"]["_error"], ended.failure().detail);
    assert_eq!(ended.failure().category, WXT_CATEGORY_CONNECTION_CLOSED);
}

/// The second request of an interrupted download requests the rest. Its entry shows this.
#[test]
fn a_resumed_download_is_traced_and_counted() {
    let session = traced(|options| options.resume = WXT_RESUME_WITHIN_TASK);
    let etag = ("ETag", "\"a\"");
    let rest = [("Content-Range", "bytes 4-9/10"), etag];
    let server = FaultServer::start(
        Transport::Plain,
        vec![Script::fault_at(4, &[etag], b"whole body", Step::Close), Script::answer(206, &rest, b"e body")],
    );
    let ended = session.download(&server.url("/")).end();
    assert_eq!(ended.success().resumed_from, 4);
    let traces = ended.traces();
    traces.iter().for_each(assert_har);
    let told: Vec<_> = traces.iter().map(|entry| (&entry["_range"], &entry["response"]["status"])).collect();
    assert_eq!(told, [(&Value::Null, &json!(200)), (&json!("bytes=4-"), &json!(206))]);
    let mut numbers = WxtSessionStatistics { struct_size: size_of::<WxtSessionStatistics>(), ..Default::default() };
    assert_eq!(unsafe { wxt_session_statistics(session.handle, &mut numbers) }, WXT_OK);
    assert_eq!((numbers.retries, numbers.resumed), (1, 1));
}

/// Locked while `on_trace` of this test is slow.
static SLOW: Mutex<()> = Mutex::new(());

unsafe extern "C" fn slow_on_trace(user_data: *mut c_void, task: WxtTaskId, event: *const WxtTrace) {
    drop(SLOW.lock().unwrap());
    unsafe { support::on_trace(user_data, task, event) };
}

/// The server decides how many entries there are. The first ones and the last one arrive, and the last one contains the
/// number of entries that were dropped.
#[test]
fn entries_that_wait_for_a_slow_host_are_few() {
    const ATTEMPTS: usize = 60;
    // Each answer contains one byte of the file.
    let server = FaultServer::start_with(Transport::Plain, |attempt| {
        let (range, left) = (format!("bytes {attempt}-{}/{ATTEMPTS}", ATTEMPTS - 1), (ATTEMPTS - attempt) as u64);
        let headers = [("ETag", "\"a\""), ("Content-Range", &range)];
        let (status, headers) = if attempt == 0 { (200, &headers[..1]) } else { (206, &headers[..]) };
        let head = server::response_head(status, headers, Some(left));
        Script::new([Step::ReadHead, Step::Send(head), Step::Send(vec![b'x']), Step::Close])
    });
    // The session is dropped before the server, which waits for the end of the last connection.
    let mut session = traced(|options| (options.resume, options.retry_delay) = (WXT_RESUME_WITHIN_TASK, 1));
    session.on_trace = Some(slow_on_trace);
    let slow = SLOW.lock().unwrap();
    let task = session.download(&server.url("/"));
    let begin = Instant::now();
    let mut numbers = WxtSessionStatistics { struct_size: size_of::<WxtSessionStatistics>(), ..Default::default() };
    while numbers.tasks_succeeded == 0 {
        assert!(begin.elapsed() < support::WAIT_LIMIT, "the task has not ended: {numbers:?}");
        assert_eq!(unsafe { wxt_session_statistics(session.handle, &mut numbers) }, WXT_OK);
        std::thread::yield_now();
    }
    drop(slow);
    let ended = task.end();
    assert_eq!((ended.success().attempts, ended.success().data_length), (60, 60));
    let traces = ended.traces();
    traces.iter().for_each(assert_har);
    // One more if the host had received the first before it was slow.
    assert!((33..=34).contains(&traces.len()), "{} entries", traces.len());
    let (last, others) = traces.split_last().unwrap();
    assert!(others.iter().all(|entry| entry["_dropped"].is_null()));
    assert_eq!((&last["_attempt"], &last["_dropped"]), (&json!(60), &json!(60 - traces.len())));
}

#[test]
fn a_request_that_is_stopped_has_an_entry() {
    let session = traced(|_| {});
    let server = FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead, Step::Stall])]);
    let task = session.download(&server.url("/"));
    server.wait_for(server::Event::HeadRead(0));
    session.abort(&task);
    let ended = task.end();
    assert_eq!(ended.failure().category, WXT_CATEGORY_ABORTED);
    let [entry] = &ended.traces()[..] else { panic!("{:?}", ended.events) };
    assert_har(entry);
    assert!(positive(entry, "wait"), "{entry}");
    assert_eq!(entry["response"]["_error"], "the task was aborted");
}

#[test]
fn task_without_a_request_has_no_entry() {
    let session = traced(|_| {});
    assert!(session.download("no URL").end().traces().is_empty());
}

#[test]
fn plain_range_is_in_the_entry() {
    let session = traced(|_| {});
    let server = Server::start(Options::default());
    let header = [WxtPair { name: WxtStr::new("Range"), value: WxtStr::new("bytes=100-199") }];
    let task = session.download_with(&server.url("/bytes/1000"), |request| {
        (request.header, request.header_count) = (header.as_ptr(), 1);
    });
    let entry = &task.end().traces()[0];
    assert_eq!((&entry["_range"], &entry["response"]["status"]), (&json!("bytes=100-199"), &json!(206)));
    assert_eq!(entry["response"]["content"]["size"], 100);
}

const CANARY: &str = "c4n4ry";

unsafe extern "C" fn log(context: *mut c_void, _: i32, message: WxtStr) {
    let lines = unsafe { &*context.cast::<Mutex<Vec<String>>>() };
    let message = unsafe { message.bytes("message") }.unwrap().unwrap_or_default();
    lines.lock().unwrap().push(String::from_utf8_lossy(message).into_owned());
}

/// Secrets in the query, in a header's value and name, in a field and in the file of the request, and in each part of
/// the answer. The log has the lines of a redirect and of a second attempt.
#[test]
fn entries_and_the_log_contain_no_secrets() {
    let lines = Mutex::new(Vec::<String>::new());
    let session = traced(|options| {
        options.max_retries = 1;
        options.logger = WxtLogger { context: (&raw const lines).cast_mut().cast(), log: Some(log) };
    });
    let file = session.file("file.bin", CANARY.repeat(100).as_bytes());
    let location = format!("/next?{CANARY}#{CANARY}");
    let answer =
        [("Location", location.as_str()), ("X-Canary", CANARY), ("Content-Type", CANARY), ("Set-Cookie", CANARY)];
    let server = FaultServer::start(
        Transport::TLS,
        vec![
            Script::answer(307, &answer, CANARY.as_bytes()),
            Script::answer(200, &answer[1..], CANARY.as_bytes()),
            Script::fault_at(3, &answer[1..], CANARY.as_bytes(), Step::Reset),
        ],
    );
    let url = server.url(&format!("/?{CANARY}=1"));
    let pair = |name, value| WxtPair { name: WxtStr::new(name), value: WxtStr::new(value) };
    let header = [pair("Authorization", CANARY), pair("Range", CANARY)];
    let fields = [pair(CANARY, CANARY)];
    let uploaded = session
        .upload_with(&url, &file, |request| {
            (request.header, request.header_count) = (header.as_ptr(), 2);
            (request.form_data, request.form_data_count) = (fields.as_ptr(), 1);
        })
        .end();
    assert_eq!(uploaded.traces().len(), 2);
    let failed = session.download(&url).end();
    assert!(failed.result.is_err());
    for entry in uploaded.traces().iter().chain(&failed.traces()) {
        assert_har(entry);
        assert!(!entry.to_string().contains(CANARY), "{entry}");
    }
    let names = uploaded.traces()[0]["request"]["headers"].to_string();
    assert!(names.contains("\"Authorization\""), "the names are there: {names}");
    assert_eq!(uploaded.traces()[0]["request"]["method"], "POST");
    assert!(uploaded.traces()[0]["request"]["bodySize"].as_u64().unwrap() > 600);
    assert_eq!(session.close(), WXT_OK);
    let log = lines.into_inner().unwrap().join("\n");
    assert!(!log.contains(CANARY), "{log}");
    for line in ["uploadFile: 307 redirects to https://localhost", "downloadFile: attempt 2 in "] {
        assert!(log.contains(line), "{line}: {log}");
    }
}

/// The example's page shows every request and loads nothing else.
#[test]
fn traces_page_is_self_contained() {
    let session = traced(|_| {});
    let server = Server::start(Options::default());
    let file = session.file("file.bin", &[7; 5000]);
    let mut entries = session.download(&server.https_url("/redirect/302?to=/bytes/1000")).end().traces();
    entries.extend(session.upload(&server.url("/upload"), &file).end().traces());
    let closing = FaultServer::start(Transport::Plain, vec![Script::new([Step::ReadHead])]);
    entries.extend(session.download(&closing.url("/<script>")).end().traces());
    let lines: Vec<String> = entries.iter().map(Value::to_string).collect();
    let html = page::render(&lines.join("\n")).unwrap();
    assert!(html.starts_with("<!doctype html>"));
    for path in ["/redirect/302", "/bytes/1000", "/upload"] {
        assert_eq!(html.matches(&format!("{path}</summary>")).count(), 1, "{path}: {html}");
    }
    assert!(html.contains("/%3Cscript%3E</summary><p>the server closed the connection"), "{html}");
    for phase in ["dns", "connect", "ssl", "send", "wait", "receive"] {
        assert!(html.contains(&format!("class=\"{phase}\"")), "{phase}: {html}");
    }
    for outside in ["src=", "href=", "url(", "@import", "<script", "<link", "<img"] {
        assert!(!html.contains(outside), "{outside}: {html}");
    }
    assert!(page::render("{}").is_err() && page::render("no JSON").is_err());
    assert!(page::render("").unwrap().contains("no requests"));
}
