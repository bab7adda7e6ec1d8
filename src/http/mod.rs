//! A blocking HTTP/1.1 client that can be stopped at any point: ureq for the protocol, sockets and TLS of our own below it.
//!
//! One call is one hop. Nothing here knows what the transfers are for, and ureq is used nowhere else.

mod buffers;
mod channel;
mod client;
mod coding;
mod connect;
mod connector;
mod context;
mod error;
mod head;
mod proxy;
mod request;
mod resolver;
mod response;
mod stream;
mod tls;
mod tls_stream;
mod transport;
mod wait;

pub use client::{Client, ClientOptions};
pub use context::{Context, Trace};
pub use error::{Error, ErrorKind, TlsFailure};
#[cfg(feature = "fuzzing")]
pub use head::{Head, is_plausible};
pub use proxy::Proxy;
pub use request::{BodySource, Request};
pub use resolver::{Resolver, ResolverAnswer};
pub use response::Response;
pub use tls::{Pin, Trust};

#[cfg(test)]
use crate::terms::{Header, Method};
#[cfg(test)]
mod tests;
