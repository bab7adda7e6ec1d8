//! The client.

use std::sync::Arc;

use super::context::Context;
use super::error::Error;
use super::proxy::Proxy;
use super::request::Request;
use super::resolver::Resolver;
use super::response::Response;
use super::tls::{Pin, Trust};
use crate::log::Log;

/// How a client reaches servers, fixed when it is made.
pub struct ClientOptions {
    /// Whom TLS trusts.
    pub trust: Trust,
    /// Keys of certain hosts. A host that has any must match one of them.
    pub pins: Vec<Pin>,
    /// The way to every server.
    pub proxy: Option<Proxy>,
    /// Looks names up; the system does where there is none.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// Where retries are reported.
    pub log: Log,
}

/// A client with its pool of idle connections. It is used from many threads at once, each running one exchange.
pub struct Client {}

impl Client {
    /// Makes a client; nothing is connected.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](super::ErrorKind::Tls) when a given root is no certificate.
    pub fn new(_options: ClientOptions) -> Result<Client, Error> {
        Err(Error::internal("not built yet"))
    }

    /// Sends one request and returns when the response's head is there.
    ///
    /// # Errors
    /// Any [`ErrorKind`](super::ErrorKind). A status is never an error.
    pub fn send<'a>(&'a self, _request: Request<'a>, _context: &Arc<Context>) -> Result<Response, Error> {
        Err(Error::internal("not built yet"))
    }

    /// Closes the connections that no exchange uses.
    pub fn close_idle(&self) {}
}
