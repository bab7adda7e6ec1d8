//! Names to addresses, without a thread of the caller's own stuck in the system's resolver.

mod system;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::error::{Error, ErrorKind};
use super::pending::Pending;
use crate::worker::Worker;
use system::{LookupSession, LookupsInUse};

/// Looks names up in place of the system, for an app that has its own DNS.
pub trait Resolver: Send + Sync {
    /// Starts to look `host` up and returns at once. `answer` may be finished later and on any thread; dropping it means
    /// that the name has no address.
    fn resolve(&self, host: &str, answer: ResolverAnswer);
}

/// The way back for a [`Resolver`].
#[derive(Debug)]
pub struct ResolverAnswer(Arc<PendingLookup>);

/// The addresses, best first; `None` where the system had no descriptor or memory to look for them.
type LookupAnswer = Option<Vec<IpAddr>>;

/// A question for addresses that a worker waits for.
type PendingLookup = Pending<LookupAnswer>;

impl ResolverAnswer {
    /// Gives the addresses, best first. Nobody may be waiting any more, which is fine.
    pub fn finish(self, addresses: Vec<IpAddr>) {
        self.0.finish(Some(addresses));
    }
}

impl Drop for ResolverAnswer {
    fn drop(&mut self) {
        self.0.finish(Some(Vec::new()));
    }
}

/// How one client looks names up.
pub(super) enum Names {
    /// The host does it.
    Host(Arc<dyn Resolver>),
    /// The system does it, on the threads that all clients share.
    System(Arc<LookupsInUse>, LookupSession),
}

impl Names {
    /// With the host's resolver where there is one.
    pub(super) fn new(resolver: Option<Arc<dyn Resolver>>) -> Names {
        match resolver {
            Some(resolver) => Names::Host(resolver),
            None => Names::System(LookupsInUse::begin(), LookupSession::new()),
        }
    }

    /// Asks the system anew for what it is looking up, by a network that the device may not have any more. The host's own
    /// resolver hears of the network by other ways.
    pub(super) fn ask_again(&self) {
        if let Names::System(lookups, session) = self {
            lookups.get().ask_again(session);
        }
    }

    /// The addresses of `host`, best first and never none.
    ///
    /// # Errors
    /// [`ErrorKind::NameResolution`], [`ErrorKind::OutOfResources`], the stop signal.
    pub(super) fn resolve(&self, worker: &Worker, host: &str) -> Result<Vec<IpAddr>, Error> {
        let shortage = |error| Error::new(ErrorKind::OutOfResources, format!("no look-up can begin: {error}"));
        let waker = worker.waker().map_err(shortage)?;
        let pending = Pending::new(waker);
        match self {
            Names::Host(resolver) => resolver.resolve(host, ResolverAnswer(pending.clone())),
            Names::System(lookups, session) => lookups.get().ask(session, host, &pending).map_err(shortage)?,
        }
        let answer = worker.wait_for(None, || pending.take())?;
        let Some(addresses) = answer.unwrap_or_else(|| Some(Vec::new())) else {
            return Err(Error::new(ErrorKind::OutOfResources, format!("a descriptor to look {host} up")));
        };
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
