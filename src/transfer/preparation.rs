//! A connection that is opened ahead of its first transfer.

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
    /// Checks that uploads or downloads may use the server. `server` is a URL, or a host with or without a port, which
    /// means `https`. Logs a refusal and returns `None`.
    pub fn new(environment: &Environment, server: &str) -> Option<Preparation> {
        let refused = |what: &str, why: &dyn fmt::Display| {
            environment.log.write(Level::Warning, || format!("no connection to {what} is opened ahead: {why}"));
        };
        let parsed = match server.contains("://") {
            true => url::parse(server),
            false => url::parse(&format!("https://{server}")),
        };
        // An invalid URL is not logged: it may contain anything.
        let target = parsed.inspect_err(|error| refused("a host", error)).ok()?;
        let check = |api: Api| {
            let rules = environment.quirks.rules(api);
            environment.domains.check(api, &target, &|| exchange::interfaces(rules))
        };
        // If neither list allows the host, the more specific reason is logged.
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

    /// Opens the connection on a worker thread. A failure is only logged.
    pub fn run(self, environment: &Environment, worker: &Arc<Worker>) {
        let reports = http::Reports { progress: false, round_trip: false, trace: false };
        let exchange = http::Exchange::new(worker.clone(), reports);
        let url = self.target.url();
        if let Err(error) = environment.client.prepare(url, &exchange) {
            environment
                .log
                .write(Level::Warning, || format!("no connection to {} is opened ahead: {error}", url.authority()));
        }
    }
}
