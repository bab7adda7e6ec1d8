//! What a running exchange shares with the code around it: its stop signal, its counters, its times.
//!
//! ureq has no per-request state that reaches a connector or a transport. An exchange runs on one thread, so the context
//! is that thread's current one while ureq runs, and a transport keeps it from the first byte it sends on.

use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use super::error::Error;
use super::head::Head;
use crate::worker::{StopSignal, Worker};

/// The times and counters of the last exchange, for a profile.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// When the name was looked up; `None` where none was.
    pub dns_start: Option<Instant>,
    /// When the addresses were known.
    pub dns_end: Option<Instant>,
    /// When the connection was begun, `None` where one was reused.
    pub connect_start: Option<Instant>,
    /// When the connection, with its tunnel through a proxy, was open.
    pub connect_end: Option<Instant>,
    /// When the TLS handshake began.
    pub tls_start: Option<Instant>,
    /// When the TLS handshake was done.
    pub tls_end: Option<Instant>,
    /// When the first byte of the request was handed to the socket.
    pub request_start: Option<Instant>,
    /// When the last byte of the request was handed to the socket.
    pub request_end: Option<Instant>,
    /// When the first byte of the response was there.
    pub response_start: Option<Instant>,
    /// When the last byte of the response was there.
    pub response_end: Option<Instant>,
    /// The address at the other end, which is the proxy's where there is one.
    pub peer: Option<SocketAddr>,
    /// Whether the connection had served a request before.
    pub reused: bool,
    /// Bytes given to the socket, with heads and TLS.
    pub bytes_sent: u64,
    /// Bytes taken from the socket, with heads and TLS.
    pub bytes_received: u64,
}

/// The state of one exchange. One context may serve several exchanges one after another, the hops of a redirect.
pub struct Context {
    worker: Arc<Worker>,
    /// Read from the body's source.
    body_bytes_read: AtomicU64,
    /// Accepted by the socket.
    body_bytes_accepted: AtomicU64,
    body_bytes_sent: AtomicU64,
    /// The server does not want the rest of the body.
    body_refused: AtomicBool,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    state: Mutex<State>,
    listener: OnceLock<SentListener>,
}

/// Hears of [`Context::body_bytes_sent`] whenever it has grown. It must not block.
type SentListener = Box<dyn Fn(u64) + Send + Sync>;

/// What changes a few times in an exchange, and is read after it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub trace: Trace,
    /// The size of the request's body.
    pub body_length: u64,
    /// The space that the request's head needs to be written in one piece.
    pub request_head_size: usize,
    /// A pooled connection may not be used: the last one was dead.
    pub fresh_connection: bool,
    /// When to give up on a response that nobody needs any more.
    pub patience: Option<Instant>,
    /// The response's head, once it is there.
    pub head: Option<Head>,
    /// The failure behind an error that ureq reports.
    pub failure: Option<Error>,
}

impl Context {
    /// A context for exchanges that run on `worker`.
    pub fn new(worker: Arc<Worker>) -> Context {
        Context {
            worker,
            body_bytes_read: AtomicU64::new(0),
            body_bytes_accepted: AtomicU64::new(0),
            body_bytes_sent: AtomicU64::new(0),
            body_refused: AtomicBool::new(false),
            bytes_sent: AtomicU64::new(0),
            bytes_received: AtomicU64::new(0),
            state: Mutex::new(State::default()),
            listener: OnceLock::new(),
        }
    }

    /// Has `listener` told of [`body_bytes_sent`](Context::body_bytes_sent) whenever it has grown, on the thread that runs
    /// the exchange: also while the kernel still sends and nothing is asked of the body's source. The first one stays.
    pub fn on_body_sent(&self, listener: impl Fn(u64) + Send + Sync + 'static) {
        let _ = self.listener.set(Box::new(listener));
    }

    /// The bytes of the current request's body that left for the network: accepted by the socket, and no longer waiting
    /// in the kernel's buffer. It starts again at 0 with every exchange and every retry.
    pub fn body_bytes_sent(&self) -> u64 {
        self.body_bytes_sent.load(Ordering::Relaxed)
    }

    /// The times and counters of the last exchange so far.
    pub fn trace(&self) -> Trace {
        let mut trace = self.state().trace.clone();
        trace.bytes_sent = self.bytes_sent.load(Ordering::Relaxed);
        trace.bytes_received = self.bytes_received.load(Ordering::Relaxed);
        trace
    }

    /// The stop signal.
    pub fn cancel(&self) -> &StopSignal {
        self.worker.stop()
    }

    /// The thread that the exchange runs on.
    pub(super) fn worker(&self) -> &Worker {
        &self.worker
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the exchange before, when a new one begins.
    pub(super) fn begin(&self, state: State) {
        for counter in [
            &self.body_bytes_read,
            &self.body_bytes_accepted,
            &self.body_bytes_sent,
            &self.bytes_sent,
            &self.bytes_received,
        ] {
            counter.store(0, Ordering::Relaxed);
        }
        self.body_refused.store(false, Ordering::Relaxed);
        *self.state() = state;
    }

    pub(super) fn count_body_read(&self, bytes: usize) {
        self.body_bytes_read.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn body_bytes_read(&self) -> u64 {
        self.body_bytes_read.load(Ordering::Relaxed)
    }

    /// The socket has accepted `accepted` bytes of the body, and the kernel holds `unsent` bytes of the connection.
    pub(super) fn body_accepted(&self, accepted: u64, unsent: u64) {
        self.body_bytes_accepted.fetch_max(accepted, Ordering::Relaxed);
        let sent = accepted.saturating_sub(unsent);
        if self.body_bytes_sent.fetch_max(sent, Ordering::Relaxed) < sent
            && let Some(listener) = self.listener.get()
        {
            listener(sent);
        }
    }

    /// The bytes of the current request's body that the socket accepted.
    pub fn body_bytes_accepted(&self) -> u64 {
        self.body_bytes_accepted.load(Ordering::Relaxed)
    }

    pub(super) fn refuse_body(&self) {
        self.body_refused.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_body_refused(&self) -> bool {
        self.body_refused.load(Ordering::Relaxed)
    }

    pub(super) fn count_sent(&self, bytes: usize) {
        self.bytes_sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_received(&self, bytes: usize) {
        self.bytes_received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Keeps `error` for the caller, and gives ureq something to carry up in its place. ureq takes some kinds of I/O error
    /// for the end of a body, and this is none of them.
    pub(super) fn fail(&self, error: Error) -> ureq::Error {
        let mut state = self.state();
        let detail = error.detail.clone();
        state.failure.get_or_insert(error);
        ureq::Error::Other(detail.into())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Context").field("state", &self.state).finish_non_exhaustive()
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Context>>> = const { RefCell::new(None) };
}

/// Runs `work` with `context` as the thread's current one.
pub(super) fn with_current<T>(context: &Arc<Context>, work: impl FnOnce() -> T) -> T {
    /// Also puts the former context back when `work` panics.
    struct Restore(Option<Arc<Context>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let former = self.0.take();
            CURRENT.with(|current| *current.borrow_mut() = former);
        }
    }
    let _restore = Restore(CURRENT.with(|current| current.borrow_mut().replace(context.clone())));
    work()
}

/// The thread's current context.
pub(super) fn current() -> Option<Arc<Context>> {
    CURRENT.with(|current| current.borrow().clone())
}
