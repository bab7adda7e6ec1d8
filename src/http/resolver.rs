//! Names to addresses, without a thread of the caller's own stuck in the system's resolver.

mod system;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use super::error::{Error, ErrorKind};
use crate::platform::Waker;
use crate::worker::{Worker, lock};
use system::{LookupSession, Lookups};

/// Looks names up in place of the system, for an app that has its own DNS.
pub trait Resolver: Send + Sync {
    /// Starts to look `host` up and returns at once. `answer` may be finished later and on any thread; dropping it means
    /// that the name has no address.
    fn resolve(&self, host: &str, answer: ResolverAnswer);
}

/// The way back for a [`Resolver`].
#[derive(Debug)]
pub struct ResolverAnswer(Arc<Pending>);

/// An answer that a worker waits for.
#[derive(Debug)]
struct Pending {
    addresses: Mutex<Option<Vec<IpAddr>>>,
    waker: Arc<Waker>,
}

impl Pending {
    /// Gives the addresses, unless there are some.
    fn finish(&self, addresses: Vec<IpAddr>) {
        lock(&self.addresses).get_or_insert(addresses);
        self.waker.wake();
    }
}

impl ResolverAnswer {
    /// Gives the addresses, best first. Nobody may be waiting any more, which is fine.
    pub fn finish(self, addresses: Vec<IpAddr>) {
        self.0.finish(addresses);
    }
}

impl Drop for ResolverAnswer {
    fn drop(&mut self) {
        self.0.finish(Vec::new());
    }
}

/// How one client looks names up.
pub(super) enum Names {
    /// The host does it.
    Host(Arc<dyn Resolver>),
    /// The system does it, on the threads that all clients share.
    System(Arc<Lookups>, LookupSession),
}

impl Names {
    /// With the host's resolver where there is one.
    pub(super) fn new(resolver: Option<Arc<dyn Resolver>>) -> Names {
        match resolver {
            Some(resolver) => Names::Host(resolver),
            None => Names::System(Lookups::shared(), LookupSession::new()),
        }
    }

    /// The addresses of `host`, best first and never none.
    ///
    /// # Errors
    /// [`ErrorKind::NameResolution`], [`ErrorKind::OutOfResources`], the stop signal.
    pub(super) fn resolve(&self, worker: &Worker, host: &str) -> Result<Vec<IpAddr>, Error> {
        let shortage = |error| Error::new(ErrorKind::OutOfResources, format!("no look-up can begin: {error}"));
        let waker = worker.waker().map_err(shortage)?;
        let pending = Arc::new(Pending { addresses: Mutex::default(), waker });
        match self {
            Names::Host(resolver) => resolver.resolve(host, ResolverAnswer(pending.clone())),
            Names::System(lookups, session) => lookups.ask(session, host, &pending).map_err(shortage)?,
        }
        let addresses = worker.wait_for(None, || lock(&pending.addresses).take())?.unwrap_or_default();
        if addresses.is_empty() {
            return Err(Error::new(ErrorKind::NameResolution, format!("the name {host} has no address")));
        }
        Ok(addresses)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Names::Host(_) => "Names(host)",
            Names::System(..) => "Names(system)",
        })
    }
}
