//! A connection that is opened before the transfer that will need it.

use std::fmt;
use std::sync::Arc;

use super::{Environment, exchange};
use crate::http;
use crate::policy::domains::DomainRefusal;
use crate::policy::url::{self, TargetUrl};
use crate::terms::Api;
use crate::terms::log::Level;
use crate::worker::Worker;

/// A server that a connection may be opened to.
#[derive(Debug)]
pub struct Preparation {
    target: TargetUrl,
}

impl Preparation {
    /// Checks by the rules of transfers that uploads or downloads may go to the server. `server` is a URL, or a host with or
    /// without a port, for which `https` is assumed. A refusal is told in the log, and `None`.
    pub fn new(environment: &Environment, server: &str) -> Option<Preparation> {
        let refused = |what: &str, why: &dyn fmt::Display| {
            environment.log.write(Level::Warning, || format!("no connection to {what} is prepared: {why}"));
        };
        let parsed = match server.contains("://") {
            true => url::parse(server),
            false => url::parse(&format!("https://{server}")),
        };
        // What is no URL is not repeated: it may be anything.
        let target = parsed.inspect_err(|error| refused("a host", error)).ok()?;
        let check = |api: Api| {
            let rules = environment.quirks.rules(api);
            environment.domains.check(api, &target, &|| exchange::interfaces(rules))
        };
        // Where neither list has the host as it is written, the list that has it in part says why not.
        let either = check(Api::Download).or_else(|refusal| {
            check(Api::Upload).map_err(|other| if refusal == DomainRefusal::NotListed { other } else { refusal })
        });
        match either {
            Ok(_) => Some(Preparation { target }),
            Err(refusal) => {
                refused(target.url().authority(), &refusal);
                None
            }
        }
    }

    /// Opens the connection on a worker thread. A failure is told in the log and nowhere else.
    pub fn run(self, environment: &Environment, worker: &Arc<Worker>) {
        let reports = http::Reports { progress: false, round_trip: false, trace: false };
        let exchange = http::Exchange::new(worker.clone(), reports);
        let url = self.target.url();
        if let Err(error) = environment.client.prepare(url, &exchange) {
            environment
                .log
                .write(Level::Warning, || format!("no connection to {} is prepared: {error}", url.authority()));
        }
    }
}
