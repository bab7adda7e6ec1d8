//! The requests that the server has received, for tests.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustls::{HandshakeKind, ProtocolVersion, ServerConnection};

use crate::WAIT_LIMIT;
use crate::client_identity::ClientKey;
use crate::identity::Authority;

/// A request that a [`Server`](crate::Server) has received.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// The connection's number, counted from 0 over all ports: two requests with the same one shared a connection.
    pub connection: u64,
    /// The client's address.
    pub peer: SocketAddr,
    /// The TLS session, if it was over TLS.
    pub tls: Option<TlsInfo>,
    /// `GET`, `POST`, …
    pub method: String,
    /// The request target as sent.
    pub target: String,
    /// The headers in order, with their names as sent. After a chunked request on the same connection, the names are in
    /// lower case and equal ones are grouped.
    pub headers: Vec<(String, String)>,
    /// The part of the body that has arrived.
    pub body: ReceivedBody,
}

impl ReceivedRequest {
    /// The value of the first header of that name, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A request's body.
#[derive(Clone, Debug, Default)]
pub struct ReceivedBody {
    /// How many bytes have arrived, without chunk framing.
    pub length: u64,
    /// Whether all of it has arrived. Stays false if the client broke off.
    pub complete: bool,
    /// The raw bytes of a body of at most 256 KiB.
    pub bytes: Option<Vec<u8>>,
    /// The SHA-256 of a complete body. Only `/raw` fills it in.
    pub sha256: Option<[u8; 32]>,
    /// The parts of a multipart body, in order. Only `/upload` fills them in.
    pub parts: Vec<Part>,
    /// Why the body could not be read, or why it is not a multipart body.
    pub error: Option<String>,
}

impl ReceivedBody {
    /// The form fields, name and value, in order.
    pub fn fields(&self) -> Vec<(&str, &str)> {
        self.parts.iter().filter_map(|part| Some((part.name.as_str(), part.value.as_deref()?))).collect()
    }

    /// The files, in order.
    pub fn files(&self) -> Vec<&Part> {
        self.parts.iter().filter(|part| part.filename.is_some()).collect()
    }
}

/// One part of a multipart body: a file if it has a `filename`, else a form field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The `name` parameter, as sent: `%22` is not decoded.
    pub name: String,
    /// The `filename` parameter, as sent.
    pub filename: Option<String>,
    /// The part's `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// The length of its contents in bytes.
    pub length: u64,
    /// The SHA-256 of its contents.
    pub sha256: [u8; 32],
    /// A form field's value; at most the first MiB.
    pub value: Option<String>,
}

/// The parameters that a TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: String,
    /// Whether it resumed an earlier session.
    pub resumed: bool,
    /// The server name that the client sent.
    pub server_name: Option<String>,
    /// The certificate that the client showed, in this handshake or in the one of the session that it resumed.
    pub client: Option<ClientKey>,
}

impl TlsInfo {
    pub(super) fn of(connection: &ServerConnection) -> TlsInfo {
        let version = connection.protocol_version().as_ref().and_then(ProtocolVersion::as_str);
        TlsInfo {
            version: version.unwrap_or("unknown").to_owned(),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            server_name: connection.server_name().map(str::to_owned),
            client: connection.peer_certificates().and_then(|chain| Authority::shared().client_of(chain.first()?)),
        }
    }
}

/// The data that all requests of a connection share.
#[derive(Clone)]
pub(super) struct ConnectionInfo {
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    pub(super) tls: Option<TlsInfo>,
}

/// The records of a server.
pub(super) struct Record {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    requests: Vec<ReceivedRequest>,
    accepted: u64,
    open: u64,
}

/// Counts a connection as open while it exists.
pub(super) struct OpenConnection {
    number: u64,
    record: Arc<Record>,
}

impl OpenConnection {
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.record.change(|state| state.open -= 1);
    }
}

impl Record {
    pub(super) fn new() -> Record {
        Record { state: Mutex::default(), changed: Condvar::new() }
    }

    pub(super) fn open_connection(self: &Arc<Record>) -> OpenConnection {
        let number = self.change(|state| {
            state.accepted += 1;
            state.open += 1;
            state.accepted - 1
        });
        OpenConnection { number, record: Arc::clone(self) }
    }

    /// Adds a request and returns its index.
    pub(super) fn add(&self, request: ReceivedRequest) -> usize {
        self.change(|state| {
            state.requests.push(request);
            state.requests.len() - 1
        })
    }

    pub(super) fn set_body(&self, index: usize, body: ReceivedBody) {
        self.change(|state| state.requests[index].body = body);
    }

    pub(super) fn requests(&self) -> Vec<ReceivedRequest> {
        self.lock().requests.clone()
    }

    pub(super) fn connections(&self) -> u64 {
        self.lock().accepted
    }

    pub(super) fn wait_for_requests(&self, count: usize) -> Vec<ReceivedRequest> {
        let requests = self.wait(|state| state.requests.len() >= count).requests.clone();
        assert!(requests.len() >= count, "{} of {count} requests within {WAIT_LIMIT:?}: {requests:?}", requests.len());
        requests
    }

    pub(super) fn wait_for_open_connections(&self, count: u64) {
        let open = self.wait(|state| state.open <= count).open;
        assert!(open <= count, "{open} connections are open after {WAIT_LIMIT:?}, wanted at most {count}");
    }

    fn wait(&self, happened: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed
            .wait_timeout_while(self.lock(), WAIT_LIMIT, |state| !happened(state))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
