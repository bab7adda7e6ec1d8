//! Opens connections: name look-up, connect, tunnel, TLS.

use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

use super::channel::Channel;
use super::client::AddressRule;
use super::connect::connect;
use super::connection::Connection;
use super::error::{Error, ErrorKind};
use super::exchange::Exchange;
use super::pool::Origin;
use super::proxy::Proxy;
use super::resolver::Names;
use super::sockets::OpenSockets;
use super::stream::Stream;
use super::tls::{TlsSettings, server_name};
use super::tls_stream::TlsStream;
use crate::terms::log::Log;

/// Opens the connections of one client.
pub(super) struct Connector {
    pub tls: TlsSettings,
    pub proxy: Option<Proxy>,
    pub names: Names,
    pub sockets: OpenSockets,
    pub address_rule: Option<AddressRule>,
    pub log: Log,
}

impl Connector {
    /// Opens a connection to `origin`.
    ///
    /// # Errors
    /// Any failure that precedes the request: name, address, proxy, TLS, the stop signal.
    pub(super) fn open(&self, exchange: &Exchange, origin: &Origin) -> Result<Box<Connection>, Error> {
        let channel = self.open_channel(exchange, origin)?;
        exchange.count(|counters| {
            counters.connections_opened.add(1);
            counters.tls_sessions_resumed.add(channel.tls().is_some_and(|tls| tls.is_resumed).into());
        });
        Ok(Box::new(Connection::new(channel)))
    }

    fn open_channel(&self, exchange: &Exchange, origin: &Origin) -> Result<Channel, Error> {
        // Checked before the look-up: no certificate can match such a host name.
        let name = origin.is_tls.then(|| server_name(&origin.host)).transpose()?;
        let stream = match &self.proxy {
            None => self.connect(exchange, &origin.host, origin.port, self.address_rule.as_ref())?,
            Some(proxy) => {
                let mut stream = self.connect(exchange, proxy.host(), proxy.port, None).map_err(proxy_error)?;
                exchange.times().peer = Some(stream.peer);
                proxy.open_tunnel(exchange, &mut stream, &authority(origin), &self.log)?;
                stream
            }
        };
        let mut times = exchange.times();
        times.peer = Some(stream.peer);
        times.connect_end = Some(Instant::now());
        drop(times);
        let Some(name) = name else { return Ok(Channel::Plain(stream)) };
        exchange.times().tls_start = Some(Instant::now());
        let stream = TlsStream::connect(exchange, stream, self.tls.config()?, name)?;
        exchange.times().tls_end = Some(Instant::now());
        Ok(Channel::Tls(Box::new(stream)))
    }

    fn connect(
        &self,
        exchange: &Exchange,
        host: &str,
        port: u16,
        address_rule: Option<&AddressRule>,
    ) -> Result<Stream, Error> {
        let addresses = self.addresses(exchange, host, address_rule)?;
        exchange.times().connect_start = Some(Instant::now());
        connect(exchange, &self.sockets, &addresses, port)
    }

    fn addresses(
        &self,
        exchange: &Exchange,
        host: &str,
        address_rule: Option<&AddressRule>,
    ) -> Result<Vec<IpAddr>, Error> {
        // An IP address in the URL was already checked by the caller's rules.
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        exchange.times().dns_start = Some(Instant::now());
        exchange.count(|counters| counters.look_ups.add(1));
        let addresses = self.names.resolve(exchange.worker(), host)?;
        exchange.times().dns_end = Some(Instant::now());
        if let Some(rule) = address_rule {
            rule(host, &addresses).map_err(|why| Error::new(ErrorKind::AddressRefused, why))?;
        }
        Ok(addresses)
    }
}

/// The origin in the form that a CONNECT request uses.
fn authority(origin: &Origin) -> String {
    match origin.host.contains(':') {
        true => format!("[{}]:{}", origin.host, origin.port),
        false => format!("{}:{}", origin.host, origin.port),
    }
}

/// Reports every failure to reach the proxy as a proxy failure.
fn proxy_error(error: Error) -> Error {
    match error.kind {
        ErrorKind::NameResolution | ErrorKind::Connect => {
            Error::new(ErrorKind::Proxy, format!("the proxy cannot be reached: {}", error.detail))
        }
        _ => error,
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").field("proxy", &self.proxy).finish_non_exhaustive()
    }
}
