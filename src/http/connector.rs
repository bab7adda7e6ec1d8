//! Opens connections: name look-up, connect, tunnel, TLS.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::channel::Channel;
use super::client::AddressRule;
use super::connect::{MayConnect, connect};
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
use crate::worker::lock;

/// Opens the connections of one client.
pub(super) struct Connector {
    pub trust: CurrentTrust,
    pub proxy: Option<Proxy>,
    pub names: Names,
    pub sockets: OpenSockets,
    pub address_rule: Option<AddressRule>,
    pub log: Log,
}

/// Why a handshake ends when its trust is replaced. No caller sees it, because the connection is opened again.
const TRUST_REPLACED: &str = "the trust was replaced during the handshake";

/// The trust of new connections. It can be replaced; each trust has a number.
pub(super) struct CurrentTrust(Mutex<(TrustNumber, Arc<TlsSettings>)>);

/// Identifies the trust that a connection was opened with. A later trust has a higher number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TrustNumber(u64);

impl CurrentTrust {
    pub(super) fn new(tls: TlsSettings) -> CurrentTrust {
        CurrentTrust(Mutex::new((TrustNumber::default(), Arc::new(tls))))
    }

    /// Connections that are opened after this call use `tls`. Ends the unfinished handshakes of the former trust.
    pub(super) fn replace(&self, tls: TlsSettings, sockets: &OpenSockets) -> TrustNumber {
        let mut current = lock(&self.0);
        *current = (TrustNumber(current.0.0 + 1), Arc::new(tls));
        // The lock is still held, so no connection has the new trust yet: only handshakes of the former trust end.
        sockets.end_handshakes(TRUST_REPLACED);
        current.0
    }

    fn get(&self) -> (TrustNumber, Arc<TlsSettings>) {
        lock(&self.0).clone()
    }

    fn is_current(&self, number: TrustNumber) -> bool {
        lock(&self.0).0 == number
    }
}

impl Connector {
    /// Opens a connection to `origin`. If the trust is replaced meanwhile, the result is discarded, whether a
    /// connection or a failure, and the connection is opened again.
    ///
    /// # Errors
    /// Any failure that precedes the request: name, address, proxy, TLS, the stop signal. [`ErrorKind::Connect`] if it
    /// takes longer than the exchange [allows](Exchange::limit_connecting).
    pub(super) fn open(
        &self,
        exchange: &Exchange,
        may_connect: MayConnect<'_>,
        origin: &Origin,
    ) -> Result<Box<Connection>, Error> {
        let (trust, channel) = loop {
            // Those of an opening with a former trust.
            let mut times = exchange.times();
            (times.dns_start, times.dns_end, times.peer) = (None, None, None);
            (times.connect_end, times.tls_start, times.tls_end) = (None, None, None);
            drop(times);
            let (trust, tls) = self.trust.get();
            let open = || self.open_channel(exchange, may_connect, origin, trust, &tls);
            let channel = exchange.worker().within(exchange.connect_time(), open);
            if !origin.is_tls || self.trust.is_current(trust) {
                break (trust, channel?);
            }
        };
        exchange.count(|counters| {
            counters.connections_opened.add(1);
            counters.tls_sessions_resumed.add(channel.tls().is_some_and(|tls| tls.is_resumed).into());
        });
        Ok(Box::new(Connection::new(channel, trust)))
    }

    fn open_channel(
        &self,
        exchange: &Exchange,
        may_connect: MayConnect<'_>,
        origin: &Origin,
        trust: TrustNumber,
        tls: &TlsSettings,
    ) -> Result<Channel, Error> {
        // Checked before the look-up: no certificate can match such a host name.
        let name = origin.is_tls.then(|| server_name(&origin.host)).transpose()?;
        let stream = match &self.proxy {
            None => self.connect(exchange, may_connect, &origin.host, origin.port, self.address_rule.as_ref())?,
            Some(proxy) => {
                let mut stream =
                    self.connect(exchange, may_connect, proxy.host(), proxy.port, None).map_err(proxy_error)?;
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
        let socket = stream.socket().clone();
        // Set before the check, so that a replacement of the trust either ends this handshake or is noticed here.
        socket.set_in_handshake(true);
        if !self.trust.is_current(trust) {
            return Err(Error::closed(TRUST_REPLACED));
        }
        let stream = TlsStream::connect(exchange, stream, tls.config(exchange.worker(), &name)?, name)?;
        socket.set_in_handshake(false);
        exchange.times().tls_end = Some(Instant::now());
        Ok(Channel::Tls(Box::new(stream)))
    }

    fn connect(
        &self,
        exchange: &Exchange,
        may_connect: MayConnect<'_>,
        host: &str,
        port: u16,
        address_rule: Option<&AddressRule>,
    ) -> Result<Stream, Error> {
        loop {
            exchange.times().connect_start = None;
            // Before the look-up, too, which fails at once without a network.
            may_connect()?;
            let addresses = match self.addresses(exchange, host, address_rule) {
                // The network went away meanwhile.
                Err(error) if matches!(error.kind, ErrorKind::NameResolution) && may_connect()? => continue,
                result => result?,
            };
            exchange.times().connect_start = Some(Instant::now());
            if let Some(stream) = connect(exchange, may_connect, &self.sockets, &addresses, port)? {
                return Ok(stream);
            }
            // The name may have other addresses in the new network, and the rule for local addresses other interfaces.
        }
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
        let mut times = exchange.times();
        (times.dns_start, times.dns_end) = (Some(Instant::now()), None);
        drop(times);
        exchange.count(|counters| counters.look_ups.add(1));
        let addresses = self.names.resolve(exchange.worker(), host)?;
        exchange.times().dns_end = Some(Instant::now());
        if let Some(rule) = address_rule {
            rule(host, &addresses)?;
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
