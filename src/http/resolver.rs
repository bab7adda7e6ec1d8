//! Resolves host names without blocking a task's thread in the system's resolver.

mod system;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use super::error::{Error, ErrorKind};
use super::pending::Pending;
use crate::worker::Worker;
use system::{LookupSession, LookupsInUse};

/// Resolves names instead of the system, for an app that has its own DNS.
pub trait Resolver: Send + Sync {
    /// Starts to resolve `host` and returns at once. `answer` may be finished later on any thread. Dropping it means
    /// that the name has no address.
    fn resolve(&self, host: &str, answer: ResolverAnswer);
}

/// Returns the answer of a [`Resolver`].
#[derive(Debug)]
pub struct ResolverAnswer(Arc<PendingLookup>);

/// The addresses in order of preference. `None` if the system lacked descriptors or memory.
type LookupAnswer = Option<Vec<IpAddr>>;

/// A question for addresses that a worker waits for.
type PendingLookup = Pending<LookupAnswer>;

impl ResolverAnswer {
    /// Sets the addresses, in order of preference. The task that asked may have ended.
    pub fn finish(self, addresses: Vec<IpAddr>) {
        self.0.finish(Some(addresses));
    }
}

impl Drop for ResolverAnswer {
    fn drop(&mut self) {
        self.0.finish(Some(Vec::new()));
    }
}

/// The resolver of one client.
pub(super) enum Names {
    /// The host's resolver.
    Host(Arc<dyn Resolver>),
    /// The system's resolver, on threads that all clients share.
    System(Arc<LookupsInUse>, LookupSession),
}

impl Names {
    /// Uses the host's resolver if there is one.
    pub(super) fn new(resolver: Option<Arc<dyn Resolver>>) -> Names {
        match resolver {
            Some(resolver) => Names::Host(resolver),
            None => Names::System(LookupsInUse::begin(), LookupSession::new()),
        }
    }

    /// Repeats the look-ups that the system has not answered, because the network that they used may be gone. The
    /// host's resolver is not told: it observes the network itself.
    pub(super) fn ask_again(&self) {
        if let Names::System(lookups, session) = self {
            lookups.get().ask_again(*session);
        }
    }

    /// The addresses of `host`, in order of preference. Never empty.
    ///
    /// # Errors
    /// [`ErrorKind::NameResolution`], [`ErrorKind::OutOfResources`], the stop signal.
    pub(super) fn resolve(&self, worker: &Worker, host: &str) -> Result<Vec<IpAddr>, Error> {
        let answer = match self {
            Names::Host(resolver) => {
                let pending = Pending::new(worker.waker().map_err(shortage)?);
                resolver.resolve(host, ResolverAnswer(pending.clone()));
                worker.wait_for(None, || pending.take())?
            }
            Names::System(lookups, session) => lookups.get().resolve(*session, host, worker)?,
        };
        let Some(addresses) = answer.unwrap_or_else(|| Some(Vec::new())) else {
            return Err(Error::new(
                ErrorKind::OutOfResources,
                format!("the system has no descriptor or memory left for the look-up of {host}"),
            ));
        };
        if addresses.is_empty() {
            return Err(Error::new(ErrorKind::NameResolution, format!("the name {host} has no address")));
        }
        Ok(addresses)
    }
}

fn shortage(error: io::Error) -> Error {
    Error::new(ErrorKind::OutOfResources, format!("a look-up cannot start: {error}"))
}

impl fmt::Debug for Names {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Names::Host(_) => "Names(host)",
            Names::System(..) => "Names(system)",
        })
    }
}
