//! A tunnel through an HTTP proxy (RFC 9110 section 9.3.6).

use super::error::Error;

/// An HTTP proxy. Every connection goes through a tunnel, that of a plain `http` URL too.
#[derive(Clone)]
pub struct Proxy {}

impl Proxy {
    /// Reads `http://[user:password@]host[:port]`; the port is 80 where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Proxy`](super::ErrorKind::Proxy) for any other scheme, a path or a missing host.
    pub fn parse(_url: &str) -> Result<Proxy, Error> {
        Err(Error::internal("not built yet"))
    }
}
