//! Abort, deadline and close take effect while a peer sends endlessly.
//!
//! A flood ends by itself after [`FLOOD_TIME`], and a task must end long before. Data that makes no progress is also
//! limited in amount, so a task may end with the corresponding protocol error.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::time::{Duration, Instant};

use support::{Session, Task};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::session::wxt_session_enter_background;
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{
    self as server, FaultServer, Flood, Identity, MaximumTls, Options, ProxyServer, Script, Server, Step, TlsRecord,
    Transport, response_head,
};

/// A flood ends by itself after this time.
const FLOOD_TIME: Duration = Duration::from_secs(12);
const FLOOD_BYTES: u64 = 4 << 30;
/// An upper limit for immediate effects, also on a loaded machine.
const AT_ONCE: Duration = Duration::from_secs(5);
const SHORT: u32 = 500;
const LONG: u32 = 30_000;
/// A task is aborted after the server has sent this many bytes of a flood.
const BEGUN: u64 = 64 * 1024;
const TLS12: Transport = Transport::Tls { identity: Identity::Valid, maximum: MaximumTls::Tls12 };

/// How to end a flooded task.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Abort,
    Deadline,
    Close,
    /// By the limit on data without progress. The deadline is after the flood's own end.
    Bound,
}

/// The route to the flooding server.
#[derive(Clone, Copy, Debug)]
struct Route {
    transport: Transport,
    proxy: bool,
}

const PLAIN: Route = Route { transport: Transport::Plain, proxy: false };
const TLS: Route = Route { transport: Transport::TLS, proxy: false };
const PLAIN_BY_PROXY: Route = Route { transport: Transport::Plain, proxy: true };
const TLS_BY_PROXY: Route = Route { transport: Transport::TLS, proxy: true };

/// Runs downloads and uploads against flooding servers, and collects the tasks that end wrongly.
#[derive(Default)]
struct Floods {
    wrong: Vec<String>,
}

impl Floods {
    /// A download, whose server floods instead of answering, and an upload, whose server floods instead of receiving.
    fn both_ways(&mut self, route: Route, flood: &Flood, ends: &[End]) {
        self.run(route, vec![Step::ReadHead, step(flood)], false, ends);
        self.run(route, vec![Step::ReadHead, Step::ReadBody(64 * 1024), step(flood)], true, ends);
    }

    /// The last one of `steps` is the flood.
    fn run(&mut self, route: Route, steps: Vec<Step>, upload: bool, ends: &[End]) {
        for &end in ends {
            let server = FaultServer::start(route.transport, vec![Script::new(steps.clone())]);
            let proxy = route.proxy.then(|| ProxyServer::start(None));
            let proxy_url = proxy.as_ref().map(ProxyServer::url);
            self.end_one(&format!("{end:?}, {route:?}"), &server, &server.url("/"), proxy_url, upload, end);
        }
    }

    /// Ends one task that `flooding` floods.
    fn end_one(
        &mut self,
        what: &str,
        flooding: &FaultServer,
        url: &str,
        proxy_url: Option<String>,
        upload: bool,
        end: End,
    ) {
        let session = Session::open_with(|options| {
            options.skip_domain_check = 1;
            options.proxy = proxy_url.as_deref().map_or(WxtStr::absent(), WxtStr::new);
        });
        let timeout = if end == End::Deadline { SHORT } else { LONG };
        let mut began = Instant::now();
        let task = start(&session, url, upload, timeout);
        let mut aborted = WXT_OK;
        if matches!(end, End::Abort | End::Close) {
            flooding.wait_for(server::Event::BytesFlooded(0, BEGUN));
            began = Instant::now();
            match end {
                End::Abort => aborted = session.abort(&task),
                _ => assert_eq!(session.close(), WXT_OK),
            }
        }
        let ended = task.end();
        let took = began.elapsed();
        let failure = ended.failure();
        let timed_out = failure.err_no == WXT_ERRNO_TIMEOUT && failure.category == WXT_CATEGORY_TIMEOUT;
        let abort_number = if upload { WXT_ERRNO_CANCEL } else { WXT_ERRNO_ABORT_DOWNLOAD };
        let was_aborted = failure.err_no == abort_number && failure.category == WXT_CATEGORY_ABORTED;
        // Every failure of a proxy counts as a connection failure.
        let by_proxy = proxy_url.is_some_and(|proxy| proxy == flooding.url(""));
        let was_bounded = failure.err_no == WXT_ERRNO_NETWORK
            && match failure.category {
                WXT_CATEGORY_PROTOCOL => true,
                category => by_proxy && category == WXT_CATEGORY_CONNECT,
            };
        let ended_well = match end {
            End::Abort if aborted == WXT_OK => was_aborted,
            End::Abort => was_bounded,
            End::Close => was_aborted || was_bounded,
            End::Deadline => timed_out || was_bounded,
            End::Bound => was_bounded,
        };
        if !ended_well || took >= AT_ONCE {
            let direction = if upload { "upload" } else { "download" };
            let (message, detail) = (&failure.err_msg, &failure.detail);
            self.wrong.push(format!("{what}, {direction}: after {took:.1?}, abort {aborted}: {message} ({detail})"));
        }
    }
}

impl Drop for Floods {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.wrong.is_empty(), "{} ended wrongly or late:\n{}", self.wrong.len(), self.wrong.join("\n"));
        }
    }
}

fn start(session: &Session, url: &str, upload: bool, timeout: u32) -> Task {
    if !upload {
        return session.download_with(url, |request| request.timeout = timeout);
    }
    // More than all buffers on the way can hold.
    let file = session.file("large", b"");
    let large = std::fs::OpenOptions::new().write(true).open(&file).and_then(|file| file.set_len(32 << 20));
    large.expect("a file can be large");
    session.upload_with(url, &file, |request| request.timeout = timeout)
}

fn step(flood: &Flood) -> Step {
    Step::Flood(flood.clone().at_most(FLOOD_TIME, FLOOD_BYTES))
}

fn data(bytes: &[u8]) -> TlsRecord {
    TlsRecord::Data(bytes.to_vec())
}

fn interim_heads() -> Vec<Flood> {
    let link = "</style.css>; rel=preload; as=style";
    let large = "x".repeat(8 * 1024);
    [
        response_head(100, &[], None),
        response_head(102, &[], None),
        response_head(103, &[("Link", link), ("Link", link)], None),
        response_head(103, &[("X-Large", &large)], None),
    ]
    .map(Flood::bytes)
    .to_vec()
}

const ALL_ENDS: [End; 4] = [End::Abort, End::Deadline, End::Close, End::Bound];

fn interim_heads_are_no_progress(end: End) {
    let mut floods = Floods::default();
    for flood in interim_heads() {
        for route in [PLAIN, TLS, PLAIN_BY_PROXY] {
            floods.both_ways(route, &flood, &[end]);
        }
    }
}

#[test]
fn abort_while_interim_heads_flood() {
    interim_heads_are_no_progress(End::Abort);
}

#[test]
fn deadline_while_interim_heads_flood() {
    interim_heads_are_no_progress(End::Deadline);
}

#[test]
fn close_while_interim_heads_flood() {
    interim_heads_are_no_progress(End::Close);
}

#[test]
fn interim_heads_are_limited() {
    interim_heads_are_no_progress(End::Bound);
}

#[test]
fn session_tickets_flood() {
    records_are_no_progress(Transport::TLS, &[TlsRecord::SessionTicket]);
}

/// rustls accepts 32 key updates between two records with data, of which ten may be empty.
#[test]
fn key_updates_flood() {
    records_are_no_progress(Transport::TLS, &[TlsRecord::KeyUpdate { requested: false }, data(b"")]);
}

#[test]
fn key_updates_that_want_an_answer_flood() {
    records_are_no_progress(Transport::TLS, &[TlsRecord::KeyUpdate { requested: true }, data(b"")]);
}

#[test]
fn records_of_all_kinds_flood() {
    let update = TlsRecord::KeyUpdate { requested: false };
    records_are_no_progress(Transport::TLS, &[TlsRecord::SessionTicket, data(b""), update, data(b"")]);
}

#[test]
fn empty_records_and_warnings_flood() {
    for transport in [Transport::TLS, TLS12] {
        records_are_no_progress(transport, &[data(b"")]);
        records_are_no_progress(transport, &[TlsRecord::Warning]);
    }
}

#[test]
fn requests_to_renegotiate_flood() {
    records_are_no_progress(TLS12, &[TlsRecord::HelloRequest]);
}

fn records_are_no_progress(transport: Transport, records: &[TlsRecord]) {
    let flood = Flood::records(records.to_vec());
    let mut floods = Floods::default();
    for proxy in [false, true] {
        floods.both_ways(Route { transport, proxy }, &flood, &ALL_ENDS);
    }
}

/// The proxy itself floods instead of answering the CONNECT request.
#[test]
fn a_proxy_floods() {
    let mut floods = Floods::default();
    for flood in interim_heads() {
        for upload in [false, true] {
            for end in ALL_ENDS {
                let proxy = FaultServer::start(Transport::Plain, vec![[Step::ReadHead, step(&flood)].into()]);
                let url = "https://target.test/";
                floods.end_one(&format!("{end:?}, a proxy"), &proxy, url, Some(proxy.url("")), upload, end);
            }
        }
    }
}

/// An endless body whose framing or coding contains no data.
#[test]
fn a_body_without_bytes_floods() {
    let chunked = response_head(200, &[("Transfer-Encoding", "chunked")], None);
    let gzip = response_head(200, &[("Content-Encoding", "gzip")], None);
    // RFC 1952: the header, an empty last block with fixed codes, a checksum and a length of zero.
    let empty_member = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0][..], &[0; 8]].concat();
    let cases = [
        ([&chunked[..], b"5;a="].concat(), Flood::bytes("x")),
        ([&chunked[..], b"5"].concat(), Flood::bytes(";a=b")),
        ([&chunked[..], b"0\r\n"].concat(), Flood::bytes("X-Trailer: y\r\n")),
        ([&chunked[..], b"0"].concat(), Flood::bytes("0")),
        (gzip, Flood::bytes(empty_member)),
    ];
    let mut floods = Floods::default();
    for (begin, flood) in cases {
        for route in [PLAIN, TLS, TLS_BY_PROXY] {
            let steps = vec![Step::ReadHead, Step::Send(begin.clone()), step(&flood)];
            floods.run(route, steps, false, &[End::Abort, End::Deadline, End::Close]);
        }
    }
}

/// Small chunks are progress, so only the deadline ends the task.
#[test]
fn the_smallest_chunks_flood() {
    let chunked = response_head(200, &[("Transfer-Encoding", "chunked")], None);
    let steps = vec![Step::ReadHead, Step::Send(chunked), step(&Flood::bytes("1\r\nx\r\n"))];
    for route in [PLAIN, TLS, PLAIN_BY_PROXY] {
        Floods::default().run(route, steps.clone(), false, &[End::Abort, End::Deadline, End::Close]);
    }
}

/// One byte of data is progress, also between many records without data.
#[test]
fn the_smallest_records_flood() {
    let body = response_head(200, &[], Some(100 << 20));
    let mut floods = Floods::default();
    for between in [1, 200] {
        let mut records = vec![TlsRecord::SessionTicket; between];
        records.push(data(b"x"));
        let steps = vec![Step::ReadHead, Step::Send(body.clone()), step(&Flood::records(records))];
        for route in [TLS, TLS_BY_PROXY] {
            floods.run(route, steps.clone(), false, &[End::Abort, End::Deadline, End::Close]);
        }
    }
}

#[test]
fn fifty_session_tickets_are_accepted() {
    let mut records = vec![TlsRecord::SessionTicket; 50];
    records.push(data(&[&response_head(200, &[], Some(5))[..], b"hello"].concat()));
    let server = FaultServer::start(
        Transport::TLS,
        vec![Script::new([Step::ReadHead, Step::SendRecords(records), Step::ReadAll])],
    );
    let session = Session::open();
    assert_eq!(session.download(&server.url("/")).end().success().data_length, 5);
}

/// A few records without plaintext do not make an idle connection unusable.
#[test]
fn an_idle_connection_with_some_session_tickets_is_used_again() {
    let answer = || data(&[&response_head(200, &[], Some(5))[..], b"hello"].concat());
    let update = TlsRecord::KeyUpdate { requested: false };
    let mut idle = vec![TlsRecord::SessionTicket; 16];
    idle.push(update);
    let script = Script::new([
        Step::ReadHead,
        Step::SendRecords(vec![answer()]),
        Step::AwaitSignal,
        Step::SendRecords(idle),
        // The next request, which is not decrypted.
        Step::ReadBody(1),
        Step::SendRecords(vec![answer()]),
        Step::ReadAll,
    ]);
    let server = FaultServer::start(Transport::TLS, vec![script]);
    let session = Session::open();
    session.download(&server.url("/first")).end().success();
    server.signal(0);
    server.wait_for(server::Event::StepReached(0, 4));
    assert_eq!(session.download(&server.url("/second")).end().success().data_length, 5);
    assert_eq!(server.connections(), 1);
}

/// A flooded idle connection delays neither requests to its own or other servers, nor the end of the session.
#[test]
fn flooded_idle_connection_delays_nothing_else() {
    let cases = [
        (Transport::Plain, Flood::bytes(response_head(103, &[], None))),
        (Transport::TLS, Flood::bytes("x")),
        (Transport::TLS, Flood::records([TlsRecord::SessionTicket])),
        (Transport::TLS, Flood::records([TlsRecord::KeyUpdate { requested: true }, data(b"")])),
    ];
    for (transport, flood) in cases {
        let answer = Script::answer(200, &[], b"hello");
        let flooded = answer.clone().then([Step::AwaitSignal, step(&flood)]);
        let hostile = FaultServer::start(transport, vec![flooded.clone(), answer.then(Step::Stall)]);
        let good = Server::start(Options::default());
        let session = Session::open();
        session.download(&hostile.url("/")).end().success();
        hostile.signal(0);
        hostile.wait_for(server::Event::BytesFlooded(0, BEGUN));

        // The request that meets the flooded connection goes first: its wait must not block the others.
        let began = Instant::now();
        let again = session.download(&hostile.url("/"));
        let downloads: Vec<Task> = (0..3).map(|_| session.download(&good.https_url("/bytes/10"))).collect();
        for task in downloads {
            assert_eq!(task.end().success().data_length, 10);
        }
        assert_at_once("three downloads of another server", began);
        assert_eq!(again.end().success().data_length, 5);
        assert_at_once("a download of the same server", began);
    }
}

#[test]
fn close_and_background_do_not_wait_for_a_flooded_idle_connection() {
    for flood in [Flood::bytes("x"), Flood::records([TlsRecord::SessionTicket])] {
        for background in [false, true] {
            let script = Script::answer(200, &[], b"hello").then([Step::AwaitSignal, step(&flood)]);
            let hostile = FaultServer::start(Transport::TLS, vec![script]);
            let session = Session::open();
            session.download(&hostile.url("/")).end().success();
            hostile.signal(0);
            hostile.wait_for(server::Event::BytesFlooded(0, BEGUN));
            let began = Instant::now();
            let status = if background { wxt_session_enter_background(session.handle) } else { session.close() };
            assert_eq!(status, WXT_OK);
            hostile.wait_for(server::Event::Finished(0));
            assert_at_once("the end of the connection", began);
        }
    }
}

#[track_caller]
fn assert_at_once(what: &str, began: Instant) {
    let took = began.elapsed();
    assert!(took < AT_ONCE, "{what} took {took:.1?}");
}
