//! The handshake that a thread is in, for the code that rustls calls in the middle of it.
//!
//! rustls tells a signer what to sign and nothing of the connection. A signer of each connection's own would end resumption:
//! rustls resumes a session only with the very resolver of certificates that it began with. So the worker and the socket
//! come by the thread, and only where a client certificate may be asked for.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use crate::http::sockets::OpenSocket;
use crate::worker::{Worker, lock};

/// What a server that asked for a client certificate was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) enum CertificateAnswer {
    /// It did not ask; or it did under TLS 1.3, where nobody sees it.
    #[default]
    NotAsked,
    /// There is none for it.
    NoCertificate,
    /// There is none for it, since the key signs by no scheme that it takes.
    NoScheme,
    /// The certificate, with a signature.
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

/// While it lives, a handshake is the one of this thread.
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
    /// That of this thread.
    pub(super) fn current() -> Option<Arc<Handshake>> {
        CURRENT.with_borrow(Clone::clone)
    }

    pub(super) fn note(&self, answer: CertificateAnswer) {
        *lock(&self.answer) = answer;
    }
}
