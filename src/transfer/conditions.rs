//! The speed of the network: what one transfer observed, and a session's estimate.

use std::sync::Mutex;
use std::time::Duration;

use crate::http::Trace;
use crate::worker::lock;

/// The bytes that a server may be sent before it acknowledges any: RFC 6928's initial window. A request up to this size
/// is sent at once, so the answer takes one round trip plus the server's own time.
const INITIAL_WINDOW: u64 = 14_600;
/// The minimum number of bytes for measuring the throughput, as in Chromium's network quality estimator. Fewer bytes
/// may arrive at once.
const SMALLEST_MEASURE: u64 = 32 * 1024;

/// The speed of the network. `None` means unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkConditions {
    /// The time from the first byte of a request to the first byte of its answer.
    pub http_round_trip: Option<Duration>,
    /// TCP's round-trip time.
    pub transport_round_trip: Option<Duration>,
    /// The throughput of a body in kilobits per second.
    pub throughput: Option<u64>,
}

/// A session's estimate of the network.
#[derive(Debug, Default)]
pub struct NetworkEstimator {
    estimate: Mutex<NetworkConditions>,
}

/// The effective connection types of the Network Information API, with WeChat's numbers (which are Chromium's). The
/// values 1 (offline) and 6 (end of the list) are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectiveType {
    /// Nothing is known.
    Unknown = 0,
    /// Like a bad 2G connection.
    Slow2g = 2,
    /// Like 2G.
    Net2g = 3,
    /// Like 3G.
    Net3g = 4,
    /// Faster than 3G.
    Net4g = 5,
}

/// "Table of effective connection types" (Network Information API): the minimum round-trip time and the maximum
/// kilobits per second of each type.
const TYPES: [(Duration, u64, EffectiveType); 3] = [
    (Duration::from_millis(2000), 50, EffectiveType::Slow2g),
    (Duration::from_millis(1400), 70, EffectiveType::Net2g),
    (Duration::from_millis(270), 700, EffectiveType::Net3g),
];

impl NetworkConditions {
    /// The observation of a transfer's last exchange.
    pub(crate) fn observed(trace: &Trace) -> NetworkConditions {
        let between = |start: Option<_>, end: Option<std::time::Instant>| end?.checked_duration_since(start?);
        let received = trace.bytes_received.saturating_sub(trace.bytes_received_at_response_start);
        NetworkConditions {
            http_round_trip: between(trace.request_start, trace.response_start)
                .filter(|_| trace.bytes_sent <= INITIAL_WINDOW),
            transport_round_trip: trace.round_trip,
            throughput: between(trace.response_start, trace.response_end)
                .filter(|_| received >= SMALLEST_MEASURE)
                .and_then(|time| kilobits_a_second(received, time)),
        }
    }

    /// The effective connection type. TCP's round-trip time takes precedence over HTTP's, which includes the server's
    /// own time.
    pub fn effective_type(&self) -> EffectiveType {
        let round_trip = self.transport_round_trip.or(self.http_round_trip);
        if round_trip.is_none() && self.throughput.is_none() {
            return EffectiveType::Unknown;
        }
        let is_of_type = |(slowest, fastest, _): &&(Duration, u64, EffectiveType)| {
            round_trip.is_some_and(|time| time >= *slowest) || self.throughput.is_some_and(|speed| speed <= *fastest)
        };
        TYPES.iter().find(is_of_type).map_or(EffectiveType::Net4g, |(_, _, effective_type)| *effective_type)
    }
}

impl NetworkEstimator {
    /// Resets the estimate, because the network is another one.
    pub fn forget(&self) {
        *lock(&self.estimate) = NetworkConditions::default();
    }

    /// Adds a transfer's observation, and returns the resulting estimate.
    pub fn add(&self, observed: NetworkConditions) -> NetworkConditions {
        let mut estimate = lock(&self.estimate);
        let smoothed_time = |old: Option<Duration>, new: Option<Duration>| {
            let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            smoothed(old.map(micros), new.map(micros)).map(Duration::from_micros)
        };
        *estimate = NetworkConditions {
            http_round_trip: smoothed_time(estimate.http_round_trip, observed.http_round_trip),
            transport_round_trip: smoothed_time(estimate.transport_round_trip, observed.transport_round_trip),
            throughput: smoothed(estimate.throughput, observed.throughput),
        };
        *estimate
    }
}

/// RFC 6298 section 2: the first observation is the estimate, and each later one moves it by an eighth of the
/// difference.
fn smoothed(estimate: Option<u64>, observed: Option<u64>) -> Option<u64> {
    match (estimate, observed) {
        (Some(estimate), Some(observed)) => Some(estimate.saturating_mul(7).saturating_add(observed) / 8),
        (estimate, observed) => observed.or(estimate),
    }
}

/// `None` if `time` is zero.
fn kilobits_a_second(bytes: u64, time: Duration) -> Option<u64> {
    let kilobits = u128::from(bytes) * 8_000_000 / time.as_nanos().max(1);
    u64::try_from(kilobits).ok().filter(|_| !time.is_zero())
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
