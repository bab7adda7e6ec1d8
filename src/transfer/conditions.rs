//! How fast the network is: what one transfer saw, and what a session makes of all that its transfers saw.

use std::sync::Mutex;
use std::time::Duration;

use crate::http::Trace;
use crate::worker::lock;

/// What a server may be sent before it acknowledges anything: RFC 6928's initial window. A request up to this size leaves at
/// once, so that its answer is one round trip away, and what the server needs for it.
const INITIAL_WINDOW: u64 = 14_600;
/// The fewest bytes whose arrival tells how fast the network is. Fewer may come in one piece (Chromium's network quality
/// estimator has the same bound).
const SMALLEST_MEASURE: u64 = 32 * 1024;

/// How fast the network is; `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkConditions {
    /// From the first byte of a request to the first byte of its answer.
    pub http_round_trip: Option<Duration>,
    /// As TCP has it.
    pub transport_round_trip: Option<Duration>,
    /// The speed of a body's arrival in kilobits a second.
    pub throughput: Option<u64>,
}

/// A session's estimate of the network.
#[derive(Debug, Default)]
pub struct NetworkEstimator {
    estimate: Mutex<NetworkConditions>,
}

/// The Network Information API's effective connection types, by WeChat's numbers (which are Chromium's). Its 1, offline, and
/// 6, the end of the list, are never estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectiveType {
    /// Nothing is known.
    Unknown = 0,
    /// As slow as a bad connection of the second generation.
    Slow2g = 2,
    /// As fast as the second generation.
    Net2g = 3,
    /// As fast as the third generation.
    Net3g = 4,
    /// Faster.
    Net4g = 5,
}

/// "Table of effective connection types" (Network Information API): from which round-trip time on, and up to which kilobits a
/// second, a connection is of the type.
const TYPES: [(Duration, u64, EffectiveType); 3] = [
    (Duration::from_millis(2000), 50, EffectiveType::Slow2g),
    (Duration::from_millis(1400), 70, EffectiveType::Net2g),
    (Duration::from_millis(270), 700, EffectiveType::Net3g),
];

impl NetworkConditions {
    /// What a transfer saw in its last exchange.
    pub fn observed(trace: &Trace) -> NetworkConditions {
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

    /// The type that these conditions are typical of. TCP's round-trip time counts before HTTP's, in which the server's own
    /// time is.
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
    /// The network is another one: nothing is known of it.
    pub fn forget(&self) {
        *lock(&self.estimate) = NetworkConditions::default();
    }

    /// Takes a transfer's observation in, and gives the estimate that results.
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

/// RFC 6298 section 2: the first observation is the estimate, and each later one moves it by an eighth of the difference.
fn smoothed(estimate: Option<u64>, observed: Option<u64>) -> Option<u64> {
    match (estimate, observed) {
        (Some(estimate), Some(observed)) => Some(estimate.saturating_mul(7).saturating_add(observed) / 8),
        (estimate, observed) => observed.or(estimate),
    }
}

/// `None` for no time.
fn kilobits_a_second(bytes: u64, time: Duration) -> Option<u64> {
    let kilobits = u128::from(bytes) * 8_000_000 / time.as_nanos().max(1);
    u64::try_from(kilobits).ok().filter(|_| !time.is_zero())
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
