//! `profile`: when a transfer did what, in WeChat's terms.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::http::Trace;

/// Times are milliseconds since the Unix epoch, 0 where the step did not happen. Redirected hops count as the
/// redirect; everything from `fetch_start` on is the last hop's.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The call came in.
    pub invoke_start: u64,
    /// It began to wait for a worker.
    pub queue_start: u64,
    /// A worker took it.
    pub queue_end: u64,
    /// The first redirected request began.
    pub redirect_start: u64,
    /// The last redirect was received.
    pub redirect_end: u64,
    /// The last hop began.
    pub fetch_start: u64,
    /// The host name's resolution.
    pub domain_look_up: Span,
    /// Everything until the connection was ready.
    pub connect: Span,
    /// The TLS handshake.
    pub ssl_connection: Span,
    /// Sending the request.
    pub request: Span,
    /// Receiving the answer.
    pub response: Span,
    /// The address at the other end.
    pub peer: Option<SocketAddr>,
    /// Whether the connection was an earlier task's.
    pub socket_reused: bool,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
}

/// The begin and the end of a step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// 0 if it never began.
    pub start: u64,
    /// 0 if it never ended.
    pub end: u64,
}

impl Profile {
    /// Takes over what the last exchange left.
    pub fn record(&mut self, trace: &Trace) {
        let clock = EpochClock::now();
        let span = |start, end| Span { start: clock.epoch(start), end: clock.epoch(end) };
        self.domain_look_up = span(trace.dns_start, trace.dns_end);
        // WeChat's connectEnd includes TLS, as in the W3C's Resource Timing.
        self.connect = span(trace.connect_start, trace.tls_end.or(trace.connect_end));
        self.ssl_connection = span(trace.tls_start, trace.tls_end);
        self.request = span(trace.request_start, trace.request_end);
        self.response = span(trace.response_start, trace.response_end);
        self.peer = trace.peer;
        self.socket_reused = trace.reused;
        self.bytes_sent = trace.bytes_sent;
        self.bytes_received = trace.bytes_received;
    }
}

/// Turns the monotonic clock's readings into wall-clock time.
struct EpochClock {
    monotonic: Instant,
    epoch: u64,
}

impl EpochClock {
    fn now() -> EpochClock {
        EpochClock { monotonic: Instant::now(), epoch: epoch_milliseconds() }
    }

    fn epoch(&self, instant: Option<Instant>) -> u64 {
        instant.map_or(0, |instant| {
            let ago = self.monotonic.saturating_duration_since(instant).as_millis();
            self.epoch.saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX))
        })
    }
}

/// The wall clock in milliseconds since the Unix epoch; 0 before it.
pub fn epoch_milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
