//! Tells a signer which handshake it is called in.
//!
//! rustls passes a signer the message and nothing of the connection. A signer for each connection is not possible:
//! rustls resumes a session only with the certificate resolver object that began it. So the signer finds the worker and
//! the socket in a variable of its thread, which is set only during handshakes with servers that may get the client
//! certificate.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use crate::http::sockets::OpenSocket;
use crate::worker::{Worker, lock};

/// The answer to a server's request for a client certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) enum CertificateAnswer {
    /// The server did not ask, or it asked under TLS 1.3 and rustls did not call the resolver.
    #[default]
    NotAsked,
    /// There is no certificate for this server.
    NoCertificate,
    /// The key can sign by no scheme that the server accepts.
    NoScheme,
    /// The certificate and a signature.
    Sent,
}

/// A handshake in which a client certificate may be asked for.
pub(super) struct Handshake {
    pub(super) worker: Arc<Worker>,
    pub(super) socket: Arc<OpenSocket>,
    answer: Mutex<CertificateAnswer>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Handshake>>> = const { RefCell::new(None) };
}

/// Marks a handshake as the current one of this thread until this is dropped.
pub(in crate::http) struct HandshakeTurn(Arc<Handshake>);

impl HandshakeTurn {
    pub(in crate::http) fn begin(worker: &Arc<Worker>, socket: &Arc<OpenSocket>) -> HandshakeTurn {
        let (worker, socket) = (worker.clone(), socket.clone());
        let handshake = Arc::new(Handshake { worker, socket, answer: Mutex::default() });
        CURRENT.set(Some(handshake.clone()));
        HandshakeTurn(handshake)
    }

    pub(in crate::http) fn answer(&self) -> CertificateAnswer {
        *lock(&self.0.answer)
    }
}

impl Drop for HandshakeTurn {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

impl Handshake {
    /// The current handshake of this thread.
    pub(super) fn current() -> Option<Arc<Handshake>> {
        CURRENT.with_borrow(Clone::clone)
    }

    pub(super) fn note(&self, answer: CertificateAnswer) {
        *lock(&self.answer) = answer;
    }
}
