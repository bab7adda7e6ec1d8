//! The state of a running exchange: its worker, its counters and its times.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use super::low_speed::{LowSpeed, SpeedWatch};
use super::statistics::Counters;
use crate::worker::{Worker, lock, sizes};

/// The result of a TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsTerms {
    /// `TLS 1.3` or `TLS 1.2`.
    pub version: &'static str,
    /// The cipher suite's registered name, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher: &'static str,
    /// The handshake resumed the session of an earlier connection.
    pub is_resumed: bool,
}

/// The details of an exchange that are collected only for a trace.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The addresses to which a connection was attempted, in order, including those before a second attempt.
    pub addresses: Vec<SocketAddr>,
    /// The result of the connection's TLS handshake. `None` without TLS.
    pub tls: Option<TlsTerms>,
    /// The number of bytes of the decoded body that were handed out.
    pub content_bytes: u64,
    /// The number of connections that the exchange used or tried to open. 2 if the first one was dead in the pool.
    pub connections: u32,
}

/// The times and counters of the last exchange, for a profile.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// When the name look-up started. `None` if there was none.
    pub dns_start: Option<Instant>,
    /// When the addresses were known.
    pub dns_end: Option<Instant>,
    /// When connecting started. `None` if a connection was reused.
    pub connect_start: Option<Instant>,
    /// When the connection, including the tunnel through a proxy, was open.
    pub connect_end: Option<Instant>,
    /// When the TLS handshake started.
    pub tls_start: Option<Instant>,
    /// When the TLS handshake was complete.
    pub tls_end: Option<Instant>,
    /// When the first byte of the request was passed to the socket.
    pub request_start: Option<Instant>,
    /// When the last byte of the request was passed to the socket.
    pub request_end: Option<Instant>,
    /// When the first byte of the response was received.
    pub response_start: Option<Instant>,
    /// When the last byte of the response was received.
    pub response_end: Option<Instant>,
    /// The address of the peer. With a proxy, the proxy's.
    pub peer: Option<SocketAddr>,
    /// Whether the connection was open before, because an earlier request used it or it was opened ahead.
    pub reused: bool,
    /// Whether the connection uses TLS.
    pub is_tls: bool,
    /// TCP's round-trip time when the answer's head was received, or up to one second earlier. `None` if the exchange
    /// does not [measure](Reports::round_trip) it, if the answer redirects, or if the system does not report it.
    pub round_trip: Option<Duration>,
    /// Bytes written to the socket, including heads and TLS.
    pub bytes_sent: u64,
    /// Bytes read from the socket, including heads and TLS.
    pub bytes_received: u64,
    /// The value of `bytes_received` at `response_start`.
    pub bytes_received_at_response_start: u64,
    /// The details for a trace. `None` if the exchange is not [traced](Reports::trace).
    pub details: Option<Box<Details>>,
}

/// Called with [`Exchange::body_bytes_sent`] whenever it grows. Must not block.
type SentListener = Box<dyn Fn(u64) + Send + Sync>;

/// Called when no more of a body arrives for now. Must not block.
type StallListener = Box<dyn Fn() + Send + Sync>;

/// The least interval of a task's progress reports, also to the host. A slow transfer sleeps for this long, and each
/// report wakes two threads (the worker's and the delivery's), which makes eight wakes per second.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
/// With several transfers in the process, the interval is multiplied by their number, but at most by this factor.
/// Otherwise ten slow transfers would wake the process eighty times a second.
const MAX_INTERVALS: usize = 4;
/// How long received bytes may gather in the socket if nobody listens to the progress.
const QUIET_INTERVAL: Duration = Duration::from_secs(2);

/// What to measure and report of an exchange.
#[derive(Clone, Copy, Debug)]
pub struct Reports {
    /// The progress. Without it the device is woken less often, and [`body_bytes_sent`](Exchange::body_bytes_sent)
    /// stays 0.
    pub progress: bool,
    /// The round-trip time, which costs a system call.
    pub round_trip: bool,
    /// The [`Details`]: addresses, TLS, size of the content.
    pub trace: bool,
}

/// The state of an exchange. Consecutive exchanges may share one, as the hops of a redirect do.
pub struct Exchange {
    worker: Arc<Worker>,
    reports: Reports,
    /// The size of the request's body.
    body_length: AtomicU64,
    /// Bytes of the body that were read from its source.
    body_bytes_read: AtomicU64,
    /// Bytes of the body that the socket accepted.
    body_bytes_accepted: AtomicU64,
    /// Bytes of the body that left for the network.
    body_bytes_sent: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    /// An earlier exchange passed bytes of its request to the socket.
    had_sent: AtomicBool,
    trace: Mutex<Trace>,
    listener: OnceLock<SentListener>,
    stall_listener: OnceLock<StallListener>,
    /// The counters of the client.
    counters: OnceLock<Arc<Counters>>,
    /// Empty if there is no minimum speed.
    speed: OnceLock<Box<SpeedWatch>>,
    /// How long opening one connection may take, and whether only until a byte of a request has left. `None`: until the
    /// deadline.
    connect_time: Mutex<Option<(Duration, bool)>>,
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
            connect_time: Mutex::new(None),
        }
    }

    /// Limits how long opening one connection may take: look-up, connect, tunnel and TLS, without the time for a
    /// signature. `None`, the default: until the deadline. With `only_before_a_request`, there is no limit once a byte
    /// of a request has left.
    pub fn limit_connecting(&self, time: Option<Duration>, only_before_a_request: bool) {
        *lock(&self.connect_time) = time.map(|time| (time, only_before_a_request));
    }

    /// How long opening one connection may take.
    pub(super) fn connect_time(&self) -> Option<Duration> {
        let (time, only_before_a_request) = (*lock(&self.connect_time))?;
        (!(only_before_a_request && self.request_has_left())).then_some(time)
    }

    /// Calls `listener` with [`body_bytes_sent`](Exchange::body_bytes_sent) whenever it grows, on the thread of the
    /// exchange, also while the kernel sends and the body's source is not read. A second listener is ignored.
    pub fn on_body_sent(&self, listener: impl Fn(u64) + Send + Sync + 'static) {
        let _ = self.listener.set(Box::new(listener));
    }

    /// Calls `listener`, on the thread of the exchange, when no more of the response's body has arrived for one
    /// interval of progress reports. A second listener is ignored.
    pub fn on_body_stalled(&self, listener: impl Fn() + Send + Sync + 'static) {
        let _ = self.stall_listener.set(Box::new(listener));
    }

    /// The number of bytes of the current request's body that left for the network: accepted by the socket and no
    /// longer in the kernel's buffer. Starts at 0 with every exchange and every attempt.
    pub fn body_bytes_sent(&self) -> u64 {
        self.body_bytes_sent.load(Ordering::Relaxed)
    }

    /// The number of bytes of the current request's body that the socket accepted.
    pub fn body_bytes_accepted(&self) -> u64 {
        self.body_bytes_accepted.load(Ordering::Relaxed)
    }

    /// Whether any byte of a request was passed to the socket, in this exchange or an earlier one.
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

    /// The worker that the exchange runs on.
    pub(super) fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }

    /// From here on, the exchange also counts into the client's counters.
    pub(super) fn count_into(&self, counters: &Arc<Counters>) {
        self.counters.get_or_init(|| counters.clone());
    }

    /// From here on, a connection that is too slow ends the exchange.
    pub(super) fn expect_speed(&self, rule: LowSpeed) {
        self.speed.get_or_init(|| Box::new(SpeedWatch::new(rule)));
    }

    /// Measures the speed. `None` if there is no minimum.
    pub(super) fn speed(&self) -> Option<&SpeedWatch> {
        self.speed.get().map(|watch| &**watch)
    }

    /// The bytes transferred in both directions, without the `unsent` bytes in the kernel's buffer.
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

    /// Notes a detail if the exchange is traced.
    pub(super) fn trace_with(&self, note: impl FnOnce(&mut Details)) {
        if self.reports.trace {
            note(self.times().details.get_or_insert_default());
        }
    }

    pub(super) fn measures_round_trip(&self) -> bool {
        self.reports.round_trip
    }

    /// Notes that bytes of the answer were received, possibly the first ones.
    pub(super) fn response_received(&self) {
        let mut times = self.times();
        if times.response_start.is_none() {
            times.response_start = Some(Instant::now());
            times.bytes_received_at_response_start = self.bytes_received.load(Ordering::Relaxed);
        }
    }

    /// The interval of progress reports. `None` if nobody listens to the progress.
    pub(super) fn report_interval(&self) -> Option<Duration> {
        self.reports.progress.then(|| report_interval_of_one_of(sizes::running_transfers()))
    }

    /// How long bytes of a body may gather in the socket.
    pub(super) fn gathering_time(&self) -> Duration {
        self.report_interval().unwrap_or(QUIET_INTERVAL)
    }

    /// The times, for the code that sets them.
    pub(super) fn times(&self) -> MutexGuard<'_, Trace> {
        lock(&self.trace)
    }

    /// Starts an attempt with a body of `body_length` bytes, and resets the counters of the previous one.
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

    /// The time since the first byte of the answer. 0 before it.
    pub(super) fn response_age(&self) -> Duration {
        self.times().response_start.map_or(Duration::ZERO, |start| start.elapsed())
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

    /// The socket has accepted the first `accepted` bytes of the body.
    pub(super) fn body_accepted(&self, accepted: u64) {
        self.body_bytes_accepted.fetch_max(accepted, Ordering::Relaxed);
    }

    /// The kernel still holds `unsent` of the bytes that the socket accepted.
    pub(super) fn body_unsent(&self, unsent: u64) {
        let sent = self.body_bytes_accepted().saturating_sub(unsent);
        if self.body_bytes_sent.fetch_max(sent, Ordering::Relaxed) < sent
            && let Some(listener) = self.listener.get()
        {
            listener(sent);
        }
    }

    /// No more of the response's body arrives for now.
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

/// The interval of the progress reports of one of `running` transfers.
fn report_interval_of_one_of(running: usize) -> Duration {
    PROGRESS_INTERVAL * running.clamp(1, MAX_INTERVALS) as u32
}

impl fmt::Debug for Exchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Exchange").field("trace", &self.trace).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::StopSignal;

    /// An attempt whose request has begun may be the last one. A limit would only shorten it.
    #[test]
    fn connect_limit_can_end_when_the_request_begins() {
        let limit = Some(Duration::from_secs(1));
        for (only_before_a_request, after) in [(true, None), (false, limit)] {
            let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
            let exchange = Exchange::new(worker, Reports { progress: false, round_trip: false, trace: false });
            exchange.limit_connecting(limit, only_before_a_request);
            assert_eq!(exchange.connect_time(), limit);
            exchange.times().request_start = Some(Instant::now());
            assert_eq!(exchange.connect_time(), after);
        }
    }

    #[test]
    fn report_interval_grows_with_the_number_of_transfers() {
        let seconds = [0, 1, 2, 4, 10, 20].map(|running| report_interval_of_one_of(running).as_secs_f64());
        assert_eq!(seconds, [0.25, 0.25, 0.5, 1.0, 1.0, 1.0]);
    }
}
