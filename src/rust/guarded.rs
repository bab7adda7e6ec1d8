//! Code of the host that the library calls outside of a task's closures: executor, log, resolver and signer. It runs as
//! a callback, from which a session cannot be closed, and its panics are caught.

use std::sync::Arc;

use crate::http::{CertificateSigner, Resolver, ResolverAnswer, SignatureAnswer};
use crate::session::SessionOptions;
use crate::task::{Executor, as_callback};
use crate::terms::log::{Level, LogSink};
use crate::worker::caught;

/// Code of the host.
struct Guarded<T>(T);

/// The options, with the host's code guarded.
pub(super) fn guarded(mut options: SessionOptions) -> SessionOptions {
    options.executor = options.executor.map(|executor| Box::new(Guarded(executor)) as Box<dyn Executor>);
    options.resolver = options.resolver.map(|resolver| Arc::new(Guarded(resolver)) as Arc<dyn Resolver>);
    options.log = options.log.wrapped(|sink| -> LogSink {
        Arc::new(move |level: Level, message: &str| as_guarded_callback(|| sink(level, message)))
    });
    if let Some(certificate) = &mut options.client_certificate {
        certificate.signer = Arc::new(Guarded(certificate.signer.clone()));
    }
    options
}

/// Runs code of the host as a callback, and catches its panic. There is nothing to undo after a panic, and the panic
/// hook of the process has already run.
fn as_guarded_callback(call: impl FnOnce()) {
    as_callback(|| {
        let _ = caught(call);
    });
}

impl Executor for Guarded<Box<dyn Executor>> {
    /// Catches no panic: the delivery catches it, and posts another job for the next event.
    fn post(&self, job: Box<dyn FnOnce() + Send>) {
        as_callback(|| self.0.post(job));
    }
}

impl Resolver for Guarded<Arc<dyn Resolver>> {
    /// A panic drops the answer: the name has no address.
    fn resolve(&self, host: &str, answer: ResolverAnswer) {
        as_guarded_callback(|| self.0.resolve(host, answer));
    }
}

impl CertificateSigner for Guarded<Arc<dyn CertificateSigner>> {
    /// A panic drops the answer: there is no signature.
    fn sign(&self, scheme: u16, message: &[u8], answer: SignatureAnswer) {
        as_guarded_callback(|| self.0.sign(scheme, message, answer));
    }
}
