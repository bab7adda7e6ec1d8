//! `profile`: when a transfer did what, in WeChat's terms.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::NetworkConditions;
use crate::http::Trace;

/// Times are milliseconds since the Unix epoch, 0 where the step did not happen. Everything from `fetch_start` on is the
/// last hop's.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// What came before the transfer; `None` on base libraries that do not tell.
    pub queue: Option<QueueTimes>,
    /// The redirects, if all of them stayed within one origin.
    pub redirect: Span,
    /// The last hop began.
    pub fetch_start: u64,
    /// The host name's resolution. At `fetch_start`, if a connection was there already or needed none.
    pub domain_look_up: Span,
    /// Everything until the connection was ready. At `fetch_start`, if it was there already.
    pub connect: Span,
    /// The TLS handshake. At `fetch_start`, if a connection with TLS was there already.
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
    /// What the transfer saw of the network. Unknown for one without an answer.
    pub observed: NetworkConditions,
    /// The session's estimate of the network, the transfer's own observation included. Unknown for one without an answer.
    pub estimated: NetworkConditions,
}

/// What comes before a transfer.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueueTimes {
    /// The call came in.
    pub invoke_start: u64,
    /// It began to wait for a worker.
    pub queue_start: u64,
    /// A worker took it; 0 if none did.
    pub queue_end: u64,
}

/// The begin and the end of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// 0 if it never began.
    pub start: u64,
    /// 0 if it never ended.
    pub end: u64,
}

impl Profile {
    /// The last hop was redirected. As in the W3C's Resource Timing, one redirect to another origin hides all of them.
    pub fn redirected(&mut self, all_within_origin: bool) {
        self.redirect = if all_within_origin {
            let start = if self.redirect == Span::default() { self.fetch_start } else { self.redirect.start };
            Span { start, end: epoch_milliseconds() }
        } else {
            Span::default()
        };
    }

    /// Takes over what the last exchange left.
    pub fn record(&mut self, trace: &Trace) {
        let clock = EpochClock::now();
        let span = |start, end| Span { start: clock.epoch(start), end: clock.epoch(end) };
        let at_fetch_start = Span { start: self.fetch_start, end: self.fetch_start };
        // WeChat's typings have these two for a kept connection, and the first for an address without a look-up. They have
        // the third 0 without TLS only; at the beginning of the fetch is where Resource Timing has it.
        let needs_no_look_up = trace.dns_start.is_none() && trace.connect_start.is_some();
        self.domain_look_up = match trace.reused || needs_no_look_up {
            true => at_fetch_start,
            false => span(trace.dns_start, trace.dns_end),
        };
        // WeChat's connectEnd includes TLS, as in the W3C's Resource Timing.
        self.connect = match trace.reused {
            true => at_fetch_start,
            false => span(trace.connect_start, trace.tls_end.or(trace.connect_end)),
        };
        self.ssl_connection = match trace.reused && trace.is_tls {
            true => at_fetch_start,
            false => span(trace.tls_start, trace.tls_end),
        };
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

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
