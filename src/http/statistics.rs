//! What a client counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one client. They only grow.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub bytes_sent: Counter,
    pub bytes_received: Counter,
    pub connections_opened: Counter,
    pub connections_reused: Counter,
    pub tls_sessions_resumed: Counter,
    pub look_ups: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a client has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientStatistics {
    /// Bytes given to sockets, with heads and TLS.
    pub bytes_sent: u64,
    /// Bytes taken from sockets, with heads and TLS.
    pub bytes_received: u64,
    /// Connections that were opened, TLS included.
    pub connections_opened: u64,
    /// Requests that found a connection open.
    pub connections_reused: u64,
    /// Connections whose TLS session was an earlier one's.
    pub tls_sessions_resumed: u64,
    /// Connections that are kept for a later request.
    pub connections_idle: u64,
    /// Names that were asked for.
    pub look_ups: u64,
}

impl Counters {
    /// The numbers of now, with as many idle connections.
    pub(super) fn snapshot(&self, connections_idle: u64) -> ClientStatistics {
        ClientStatistics {
            bytes_sent: self.bytes_sent.get(),
            bytes_received: self.bytes_received.get(),
            connections_opened: self.connections_opened.get(),
            connections_reused: self.connections_reused.get(),
            tls_sessions_resumed: self.tls_sessions_resumed.get(),
            connections_idle,
            look_ups: self.look_ups.get(),
        }
    }
}
