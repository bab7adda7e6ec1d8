//! What a running exchange shares with the code around it: the thread that it runs on, its counters, its times.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use super::low_speed::{LowSpeed, SpeedWatch};
use super::statistics::Counters;
use crate::worker::{Worker, lock};

/// What a TLS handshake agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsTerms {
    /// `TLS 1.3` or `TLS 1.2`.
    pub version: &'static str,
    /// By its name in the registry, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher: &'static str,
    /// The session is an earlier connection's.
    pub is_resumed: bool,
}

/// What only a trace tells of an exchange.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The addresses that a connection was tried with, in their order, those before a second attempt too.
    pub addresses: Vec<SocketAddr>,
    /// What the connection's TLS handshake agreed on; `None` without TLS.
    pub tls: Option<TlsTerms>,
    /// Bytes of the answer's body that were handed out, decoded.
    pub content_bytes: u64,
    /// How many connections the exchange was sent on, or tried to get: 2 if the first one was dead in the pool.
    pub connections: u32,
}

/// The times and counters of the last exchange, for a profile.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// When the name was looked up; `None` where none was.
    pub dns_start: Option<Instant>,
    /// When the addresses were known.
    pub dns_end: Option<Instant>,
    /// When the connection was begun, `None` where one was reused.
    pub connect_start: Option<Instant>,
    /// When the connection, with its tunnel through a proxy, was open.
    pub connect_end: Option<Instant>,
    /// When the TLS handshake began.
    pub tls_start: Option<Instant>,
    /// When the TLS handshake was done.
    pub tls_end: Option<Instant>,
    /// When the first byte of the request was handed to the socket.
    pub request_start: Option<Instant>,
    /// When the last byte of the request was handed to the socket.
    pub request_end: Option<Instant>,
    /// When the first byte of the response was there.
    pub response_start: Option<Instant>,
    /// When the last byte of the response was there.
    pub response_end: Option<Instant>,
    /// The address at the other end, which is the proxy's where there is one.
    pub peer: Option<SocketAddr>,
    /// Whether the connection was open before: it had served a request, or was opened ahead.
    pub reused: bool,
    /// Whether the connection has TLS.
    pub is_tls: bool,
    /// The connection's round-trip time as TCP had it when the answer's head was there, or up to a second before. `None` if the exchange does not
    /// [measure](Reports::round_trip), the answer redirects, or the system does not tell.
    pub round_trip: Option<Duration>,
    /// Bytes given to the socket, with heads and TLS.
    pub bytes_sent: u64,
    /// Bytes taken from the socket, with heads and TLS.
    pub bytes_received: u64,
    /// Those of them that were there at `response_start`.
    pub bytes_received_at_response_start: u64,
    /// `None` if the exchange is not [traced](Reports::trace).
    pub details: Option<Box<Details>>,
}

/// Hears of [`Exchange::body_bytes_sent`] whenever it has grown. It must not block.
type SentListener = Box<dyn Fn(u64) + Send + Sync>;

/// Hears that nothing more of a body comes for now. It must not block.
type StallListener = Box<dyn Fn() + Send + Sync>;

/// The time between two reports of a transfer's progress, to the host too. A slow transfer sleeps as long, and each report
/// wakes two threads, the worker's and the delivery's: eight wake-ups a second.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
/// How long what was received may wait where nobody hears of progress.
const QUIET_INTERVAL: Duration = Duration::from_secs(2);

/// What of an exchange somebody wants to hear.
#[derive(Clone, Copy, Debug)]
pub struct Reports {
    /// The progress. Where nobody hears of it, the device is woken less often, and
    /// [`body_bytes_sent`](Exchange::body_bytes_sent) stays 0.
    pub progress: bool,
    /// The round-trip time, which costs a system call.
    pub round_trip: bool,
    /// What only a trace tells: addresses, TLS, the size of the content.
    pub trace: bool,
}

/// The state of one exchange. One may serve several exchanges one after another, the hops of a redirect.
pub struct Exchange {
    worker: Arc<Worker>,
    reports: Reports,
    /// The size of the request's body.
    body_length: AtomicU64,
    /// Of the body, read from its source.
    body_bytes_read: AtomicU64,
    /// Of the body, accepted by the socket.
    body_bytes_accepted: AtomicU64,
    /// Of the body, left for the network.
    body_bytes_sent: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    /// An exchange before this one has given bytes of its request to the socket.
    had_sent: AtomicBool,
    trace: Mutex<Trace>,
    listener: OnceLock<SentListener>,
    stall_listener: OnceLock<StallListener>,
    /// Those of the client.
    counters: OnceLock<Arc<Counters>>,
    /// Nothing where no connection is too slow.
    speed: OnceLock<Box<SpeedWatch>>,
}

impl Exchange {
    /// For exchanges that run on `worker`.
    pub fn new(worker: Arc<Worker>, reports: Reports) -> Exchange {
        Exchange {
            worker,
            reports,
            body_length: AtomicU64::new(0),
            body_bytes_read: AtomicU64::new(0),
            body_bytes_accepted: AtomicU64::new(0),
            body_bytes_sent: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
            bytes_received: AtomicU64::new(0),
            had_sent: AtomicBool::new(false),
            trace: Mutex::default(),
            listener: OnceLock::new(),
            stall_listener: OnceLock::new(),
            counters: OnceLock::new(),
            speed: OnceLock::new(),
        }
    }

    /// Has `listener` told of [`body_bytes_sent`](Exchange::body_bytes_sent) whenever it has grown, on the thread that runs
    /// the exchange: also while the kernel still sends and nothing is asked of the body's source. The first one stays.
    pub fn on_body_sent(&self, listener: impl Fn(u64) + Send + Sync + 'static) {
        let _ = self.listener.set(Box::new(listener));
    }

    /// Has `listener` told, on the thread that runs the exchange, when nothing more of the response's body comes for as long as
    /// two reports of the progress are apart. The first one stays.
    pub fn on_body_stalled(&self, listener: impl Fn() + Send + Sync + 'static) {
        let _ = self.stall_listener.set(Box::new(listener));
    }

    /// The bytes of the current request's body that left for the network: accepted by the socket, and no longer waiting
    /// in the kernel's buffer. It starts again at 0 with every exchange and every attempt.
    pub fn body_bytes_sent(&self) -> u64 {
        self.body_bytes_sent.load(Ordering::Relaxed)
    }

    /// The bytes of the current request's body that the socket accepted.
    pub fn body_bytes_accepted(&self) -> u64 {
        self.body_bytes_accepted.load(Ordering::Relaxed)
    }

    /// Whether a byte of any request was given to the socket, in this exchange or one before it.
    pub fn request_has_left(&self) -> bool {
        self.had_sent.load(Ordering::Relaxed) || self.times().request_start.is_some()
    }

    /// The times and counters of the last exchange so far.
    pub fn trace(&self) -> Trace {
        let mut trace = self.times().clone();
        trace.bytes_sent = self.bytes_sent.load(Ordering::Relaxed);
        trace.bytes_received = self.bytes_received.load(Ordering::Relaxed);
        trace
    }

    /// The thread that the exchange runs on.
    pub(super) fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }

    /// From here on the client's counters have what happens in the exchange.
    pub(super) fn count_into(&self, counters: &Arc<Counters>) {
        self.counters.get_or_init(|| counters.clone());
    }

    /// From here on a connection that is slower ends the exchange.
    pub(super) fn expect_speed(&self, rule: LowSpeed) {
        self.speed.get_or_init(|| Box::new(SpeedWatch::new(rule)));
    }

    /// What measures the speed, where anything does.
    pub(super) fn speed(&self) -> Option<&SpeedWatch> {
        self.speed.get().map(|watch| &**watch)
    }

    /// The bytes that were moved in either direction, of which the kernel still holds `unsent`.
    pub(super) fn bytes_moved(&self, unsent: u64) -> u64 {
        let [sent, received] = [&self.bytes_sent, &self.bytes_received].map(|bytes| bytes.load(Ordering::Relaxed));
        sent.saturating_sub(unsent).saturating_add(received)
    }

    /// Adds to the client's counters.
    pub(super) fn count(&self, add: impl FnOnce(&Counters)) {
        if let Some(counters) = self.counters.get() {
            add(counters);
        }
    }

    /// Takes note of what only a trace tells.
    pub(super) fn trace_with(&self, note: impl FnOnce(&mut Details)) {
        if self.reports.trace {
            note(self.times().details.get_or_insert_default());
        }
    }

    pub(super) fn measures_round_trip(&self) -> bool {
        self.reports.round_trip
    }

    /// Bytes of the answer were received, which may be the first.
    pub(super) fn response_received(&self) {
        let mut times = self.times();
        if times.response_start.is_none() {
            times.response_start = Some(Instant::now());
            times.bytes_received_at_response_start = self.bytes_received.load(Ordering::Relaxed);
        }
    }

    /// How far apart two reports of the progress are; `None` where nobody hears of it.
    pub(super) fn report_interval(&self) -> Option<Duration> {
        self.reports.progress.then_some(PROGRESS_INTERVAL)
    }

    /// How long bytes of a body may gather in the socket.
    pub(super) fn gathering_time(&self) -> Duration {
        self.report_interval().unwrap_or(QUIET_INTERVAL)
    }

    /// The times, to be set as things happen.
    pub(super) fn times(&self) -> MutexGuard<'_, Trace> {
        lock(&self.trace)
    }

    /// Forgets the attempt before, when one with a body of `body_length` begins.
    pub(super) fn begin(&self, body_length: u64) {
        for counter in [
            &self.body_bytes_read,
            &self.body_bytes_accepted,
            &self.body_bytes_sent,
            &self.bytes_sent,
            &self.bytes_received,
        ] {
            counter.store(0, Ordering::Relaxed);
        }
        self.body_length.store(body_length, Ordering::Relaxed);
        if let Some(speed) = self.speed() {
            speed.begin();
        }
        let mut times = self.times();
        let before = std::mem::take(&mut *times);
        if self.reports.trace {
            let Details { addresses, connections, .. } =
                before.details.map_or_else(Details::default, |details| *details);
            let details = Details { addresses, connections: connections + 1, ..Details::default() };
            times.details = Some(Box::new(details));
        }
        drop(times);
        if before.request_start.is_some() {
            self.had_sent.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn body_length(&self) -> u64 {
        self.body_length.load(Ordering::Relaxed)
    }

    pub(super) fn count_body_read(&self, bytes: usize) {
        self.body_bytes_read.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn body_bytes_read(&self) -> u64 {
        self.body_bytes_read.load(Ordering::Relaxed)
    }

    /// The socket has accepted `accepted` bytes of the body.
    pub(super) fn body_accepted(&self, accepted: u64) {
        self.body_bytes_accepted.fetch_max(accepted, Ordering::Relaxed);
    }

    /// Of the bytes that the socket accepted, the kernel still holds `unsent`.
    pub(super) fn body_unsent(&self, unsent: u64) {
        let sent = self.body_bytes_accepted().saturating_sub(unsent);
        if self.body_bytes_sent.fetch_max(sent, Ordering::Relaxed) < sent
            && let Some(listener) = self.listener.get()
        {
            listener(sent);
        }
    }

    /// Nothing more of the response's body comes for now.
    pub(super) fn body_stalled(&self) {
        if let Some(listener) = self.stall_listener.get() {
            listener();
        }
    }

    pub(super) fn count_sent(&self, bytes: usize) {
        self.count(|counters| counters.bytes_sent.add(bytes as u64));
        self.bytes_sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_received(&self, bytes: usize) {
        self.count(|counters| counters.bytes_received.add(bytes as u64));
        self.bytes_received.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Exchange").field("trace", &self.trace).finish_non_exhaustive()
    }
}
