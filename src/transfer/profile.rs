//! `profile`: when the steps of a transfer happened, in WeChat's terms.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::NetworkConditions;
use crate::http::Trace;

/// `profile`: when the steps of a task happened, and on which connection. Times are milliseconds since the Unix epoch,
/// or 0 if the step did not happen. All members from `fetch_start` on describe the last hop.
///
/// WeChat's names are those of [`WxtProfile`](crate::ffi::callback::WxtProfile), whose comments say more.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Profile {
    /// The times before the transfer. `None` on base libraries that do not have them.
    pub queue: Option<QueueTimes>,
    /// The redirects, if all of them stayed within one origin.
    pub redirect: Span,
    /// The last hop started.
    pub fetch_start: u64,
    /// The look-up of the host name. Equal to `fetch_start` on a kept connection or if no look-up was needed.
    pub domain_look_up: Span,
    /// Connecting, including TLS. Equal to `fetch_start` on a kept connection.
    pub connect: Span,
    /// The TLS handshake. Equal to `fetch_start` on a kept connection with TLS.
    pub ssl_connection: Span,
    /// Sending the request.
    pub request: Span,
    /// Receiving the answer.
    pub response: Span,
    /// The address of the peer.
    pub peer: Option<SocketAddr>,
    /// Whether the connection was opened by an earlier task, attempt or hop, or by a preparation.
    pub socket_reused: bool,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// The transfer's observation of the network. Unknown without an answer.
    pub observed: NetworkConditions,
    /// The session's estimate of the network, including this observation. Unknown without an answer.
    pub estimated: NetworkConditions,
}

/// The times before a transfer.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueueTimes {
    /// The task was started.
    pub invoke_start: u64,
    /// The task entered the queue.
    pub queue_start: u64,
    /// A worker took the task. 0 if none did.
    pub queue_end: u64,
}

/// The start and the end of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// 0 if it did not start.
    pub start: u64,
    /// 0 if it did not end.
    pub end: u64,
}

impl Profile {
    /// The last hop was redirected. As in the W3C's Resource Timing, one redirect to another origin hides all of them.
    pub(crate) fn redirected(&mut self, all_within_origin: bool) {
        self.redirect = if all_within_origin {
            let start = if self.redirect == Span::default() { self.fetch_start } else { self.redirect.start };
            Span { start, end: epoch_milliseconds() }
        } else {
            Span::default()
        };
    }

    /// Copies the times and counters of the last exchange.
    pub(crate) fn record(&mut self, trace: &Trace) {
        let clock = EpochClock::now();
        let span = |start, end| Span { start: clock.epoch(start), end: clock.epoch(end) };
        let at_fetch_start = Span { start: self.fetch_start, end: self.fetch_start };
        // WeChat's typings specify the start of the fetch for a kept connection, and also for the look-up if the host
        // is an address. They specify 0 for the TLS members only without TLS. On a kept connection with TLS, Resource
        // Timing sets the TLS members to the start of the fetch.
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

/// Converts times of the monotonic clock into wall-clock time.
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

/// The wall clock in milliseconds since the Unix epoch. 0 before it.
pub fn epoch_milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
