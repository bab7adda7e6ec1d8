//! A server that breaks connections exactly as a test's script says.

mod connection;
mod flood;
mod journal;
mod script;
mod targets;
mod tls_records;
mod wire;

pub use flood::Flood;
pub use journal::Event;
pub use script::{Script, Step, response_head};
pub use targets::Targets;
pub use tls_records::TlsRecord;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::acceptor::Acceptor;
use crate::identity::{Authority, Identity, MaximumTls};
use journal::Journal;

/// The protocol of a [`FaultServer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP over TCP.
    Plain,
    /// HTTP over TLS; the handshake takes place before the first step that needs it.
    Tls {
        /// The certificate that the server sends.
        identity: Identity,
        /// The highest TLS version it agrees to.
        maximum: MaximumTls,
    },
}

impl Transport {
    /// Correct TLS: a valid certificate, TLS 1.2 and 1.3.
    pub const TLS: Transport = Transport::Tls { identity: Identity::Valid, maximum: MaximumTls::Tls13 };
}

/// A listener on 127.0.0.1 whose connections each follow a [`Script`], until it is dropped.
///
/// Connections are numbered from 0 in the order in which they were accepted. Every method may be called from any
/// thread at any time.
pub struct FaultServer {
    transport: Transport,
    journal: Arc<Journal>,
    acceptor: Acceptor,
}

impl FaultServer {
    /// Starts a server whose connection *i* follows `scripts[i]`. Connections beyond the list are reset at once.
    pub fn start(transport: Transport, scripts: Vec<Script>) -> FaultServer {
        FaultServer::start_with(transport, move |connection| {
            scripts.get(connection).cloned().unwrap_or_else(|| Script::new([Step::Reset]))
        })
    }

    /// Starts a server that asks `script_for` for the script of each connection.
    pub fn start_with(
        transport: Transport,
        script_for: impl Fn(usize) -> Script + Send + Sync + 'static,
    ) -> FaultServer {
        FaultServer::start_noting(Journal::new(), transport, script_for)
    }

    /// Starts a server whose faults are chosen by the targets of the requests.
    pub fn by_target(transport: Transport) -> FaultServer {
        let targets = Targets::default();
        FaultServer::start_with(transport, move |_| Step::ByTarget(targets.clone()).into())
    }

    /// As [`start_with`](FaultServer::start_with), but the connections are not recorded, so that a million requests use
    /// no memory. A test cannot wait for events of this server, nor signal to it.
    pub fn start_without_record(
        transport: Transport,
        script_for: impl Fn(usize) -> Script + Send + Sync + 'static,
    ) -> FaultServer {
        FaultServer::start_noting(Journal::without_record(), transport, script_for)
    }

    fn start_noting(
        journal: Journal,
        transport: Transport,
        script_for: impl Fn(usize) -> Script + Send + Sync + 'static,
    ) -> FaultServer {
        let tls = match transport {
            Transport::Plain => None,
            Transport::Tls { identity, maximum } => Some(Authority::shared().server_config(identity, maximum)),
        };
        let journal = Arc::new(journal);
        let shared = Arc::clone(&journal);
        let acceptor = Acceptor::start(move |connection, socket| {
            shared.connection_accepted(connection);
            connection::run(connection, socket, tls.clone(), script_for(connection), &shared);
        });
        FaultServer { transport, journal, acceptor }
    }

    /// The listener's address.
    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// `http://127.0.0.1:PORT` or `https://localhost:PORT`, followed by `path`.
    pub fn url(&self, path: &str) -> String {
        match self.transport {
            Transport::Plain => format!("http://{}{path}", self.address()),
            Transport::Tls { .. } => format!("https://localhost:{}{path}", self.address().port()),
        }
    }

    /// Waits until `event` has happened; returns at once if it has already.
    ///
    /// # Panics
    /// After [`WAIT_LIMIT`](crate::WAIT_LIMIT); the message lists the events so far.
    pub fn wait_for(&self, event: Event) {
        self.journal.wait_for(event);
    }

    /// Whether `event` has happened.
    pub fn happened(&self, event: Event) -> bool {
        self.journal.happened(event)
    }

    /// Releases one [`Step::AwaitSignal`] of a connection, the next one if none is waiting yet.
    pub fn signal(&self, connection: usize) {
        self.journal.signal(connection);
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.journal.connections()
    }

    /// The bytes of a connection's client that steps have read until now, decrypted: at most the first MiB.
    ///
    /// The end of a client's task does not show that the server has read its whole request, unless the server has
    /// answered after that. Otherwise, wait for an event first, for example for the step that follows the read.
    pub fn received(&self, connection: usize) -> Vec<u8> {
        self.journal.received(connection)
    }

    /// The reason why a connection's script ended early: an I/O error, a TLS alert from the client, the peer's end.
    pub fn failure(&self, connection: usize) -> Option<String> {
        self.journal.failure(connection)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        // The acceptor, dropped next, joins the connections' threads, so those that wait for the journal must end.
        self.journal.stop();
    }
}
