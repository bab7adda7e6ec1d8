//! The counters of a client.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one client. They never decrease.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub bytes_sent: Counter,
    pub bytes_received: Counter,
    pub connections_opened: Counter,
    pub connections_reused: Counter,
    pub tls_sessions_resumed: Counter,
    pub look_ups: Counter,
}

/// A number that never decreases.
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

/// A snapshot of a client's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientStatistics {
    /// Bytes written to sockets, including heads and TLS.
    pub bytes_sent: u64,
    /// Bytes read from sockets, including heads and TLS.
    pub bytes_received: u64,
    /// Connections that were opened, including TLS.
    pub connections_opened: u64,
    /// Attempts that took a connection from the pool, including one that was opened ahead.
    pub connections_reused: u64,
    /// Connections that resumed an earlier TLS session.
    pub tls_sessions_resumed: u64,
    /// Connections that are idle now.
    pub connections_idle: u64,
    /// Names that were looked up.
    pub look_ups: u64,
}

impl Counters {
    /// The counters' values, with the given number of idle connections.
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
