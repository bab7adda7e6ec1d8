//! A blocking HTTP/1.1 client that can be stopped at any point.
//!
//! [`Client::send`] performs one hop. `client.rs` takes a connection from the pool or opens one, `ureq/` sends the
//! request on it, and `connection.rs` reads the answer. An exchange runs on its worker, which is passed as a parameter.
//! Only the system's look-ups have threads of their own (`resolver/system.rs`). This room does not know what the
//! transfers are for. Only `ureq/` uses ureq.

mod channel;
mod client;
mod coding;
mod connect;
mod connection;
mod connector;
mod error;
mod exchange;
mod framing;
mod head;
mod low_speed;
mod pending;
mod pool;
mod proxy;
mod received;
mod report_times;
mod request;
mod resolver;
mod response;
mod sockets;
mod statistics;
mod stream;
mod tls;
mod tls_stream;
mod ureq;

pub use client::{Client, ClientOptions};
#[cfg(feature = "fuzzing")]
pub use coding::{Decoder, codings_of};
pub use error::{Error, ErrorKind, TlsFailure};
pub use exchange::{Details, Exchange, PROGRESS_INTERVAL, Reports, TlsTerms, Trace};
#[cfg(feature = "fuzzing")]
pub use framing::{Deframer, Framed};
#[cfg(feature = "fuzzing")]
pub use head::{Answering, BodyFraming, HeadReader, is_plausible};
pub use low_speed::LowSpeed;
pub use proxy::Proxy;
pub use request::{BodySource, Request};
pub use resolver::{Resolver, ResolverAnswer};
pub use response::Response;
pub use statistics::ClientStatistics;
pub use tls::{CertificateParts, CertificateSigner, ClientCertificate, Pin, SignatureAnswer, Trust};

#[cfg(test)]
use crate::terms::{Headers, Method};
#[cfg(test)]
mod tests;
