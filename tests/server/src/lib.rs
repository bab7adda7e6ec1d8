//! Loopback servers for tests, examples and benchmarks.
//!
//! * [`Server`] is a well-behaved HTTP server, plain and over TLS, that records its requests.
//! * [`FaultServer`] follows a [`Script`] per connection and misbehaves at an exact byte.
//! * [`ProxyServer`] tunnels with `CONNECT`; [`BlackHole`] is an address whose connections are never accepted.
//!
//! Everything listens on 127.0.0.1 only, runs on its own threads, and ends when it is dropped. All servers of a
//! process share one certificate authority, [`Authority::shared`].
//!
//! These are tools for tests: they panic with a message if the machine denies what they need (no loopback, no threads,
//! no space for a file) or a wait times out.

mod acceptor;
mod black_hole;
mod client_identity;
mod fault;
mod honest;
mod identity;
mod pattern;
mod program;
mod proxy;

pub use black_hole::BlackHole;
pub use client_identity::{ClientIdentity, ClientKey};
pub use fault::{Event, FaultServer, Flood, Script, Step, Targets, TlsRecord, Transport, response_head};
pub use honest::{Options, Part, ReceivedBody, ReceivedRequest, Server, TlsInfo};
pub use identity::{Authority, Identity, MaximumTls};
pub use pattern::{pattern_byte, pattern_bytes, pattern_sha256};
pub use program::program_words;
pub use proxy::{ProxyConnect, ProxyServer};

use std::time::Duration;

/// The limit of the `wait_…` functions, after which they panic. Long, because a loaded machine must not fail a test.
pub const WAIT_LIMIT: Duration = Duration::from_secs(30);
