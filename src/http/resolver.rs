//! Names to addresses.

use std::net::IpAddr;

use crossbeam_channel::Sender;

/// Looks names up in place of the system, for an app that has its own DNS.
pub trait Resolver: Send + Sync {
    /// Starts to look `host` up and returns at once. `answer` may be finished later and on any thread; dropping it means
    /// that the name has no address.
    fn resolve(&self, host: &str, answer: ResolverAnswer);
}

/// The way back for a [`Resolver`].
#[derive(Debug)]
pub struct ResolverAnswer(Sender<Vec<IpAddr>>);

impl ResolverAnswer {
    /// Gives the addresses, best first. Nobody may be waiting any more, which is fine.
    pub fn finish(self, addresses: Vec<IpAddr>) {
        let _ = self.0.try_send(addresses);
    }
}
