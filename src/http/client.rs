//! The client: sends a request, returns the answer, and retries once if a pooled connection was dead.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::connect::MayConnect;
use super::connection::Connection;
use super::connector::{Connector, CurrentTrust};
use super::error::{Error, ErrorKind};
use super::exchange::{Details, Exchange};
use super::low_speed::LowSpeed;
use super::pool::{IdlePool, Origin};
use super::proxy::Proxy;
use super::request::Request;
use super::resolver::{Names, Resolver};
use super::response::Response;
use super::sockets::OpenSockets;
use super::statistics::{ClientStatistics, Counters};
use super::tls::{ClientCertificate, Pin, TlsSettings, Trust};
use super::ureq;
use crate::platform::InterfaceAddress;
use crate::terms::Method;
use crate::terms::log::{Level, Log};

/// Decides whether a host name may resolve to all of the given addresses. An error, usually
/// [`ErrorKind::AddressRefused`], is that of the exchange.
pub type AddressRule = Arc<dyn Fn(&str, &[IpAddr]) -> Result<(), Error> + Send + Sync>;

/// The options of a client. Only the trust and the pins can be changed later ([`Client::set_trust`]).
pub struct ClientOptions {
    /// The certificates that TLS trusts.
    pub trust: Trust,
    /// The pins of hosts. A host with pins must match one of them.
    pub pins: Vec<Pin>,
    /// The client's own certificate.
    pub certificate: Option<ClientCertificate>,
    /// The proxy of every connection.
    pub proxy: Option<Proxy>,
    /// The resolver to use instead of the system's.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// Called once for each new connection to a host name, with all addresses of the name. Not called if the URL has an
    /// IP address, nor with a proxy, which resolves names itself.
    pub address_rule: Option<AddressRule>,
    /// The speed below which a connection counts as stalled. `None`: no limit.
    pub low_speed: Option<LowSpeed>,
    /// Receives notes on second attempts, connections opened ahead, and malformed answers.
    pub log: Log,
}

/// A client with its pool of idle connections. Many threads use it at the same time, each for one exchange.
pub struct Client {
    connector: Connector,
    certificate: Option<Arc<ClientCertificate>>,
    pool: Arc<IdlePool>,
    counters: Arc<Counters>,
    low_speed: Option<LowSpeed>,
    log: Log,
}

impl Client {
    /// Creates a client. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if the list of roots is empty or contains an invalid certificate;
    /// [`ErrorKind::PlatformVerifier`] if the system's verifier is to be used and is not initialised.
    pub fn new(options: ClientOptions) -> Result<Client, Error> {
        let ClientOptions { trust, pins, certificate, proxy, resolver, address_rule, low_speed, log } = options;
        let certificate = certificate.map(Arc::new);
        let trust = CurrentTrust::new(TlsSettings::new(trust, pins, certificate.clone())?);
        let (names, sockets) = (Names::new(resolver), OpenSockets::default());
        let connector = Connector { trust, proxy, names, sockets, address_rule, log: log.clone() };
        Ok(Client { connector, certificate, pool: Arc::default(), counters: Arc::default(), low_speed, log })
    }

    /// Sends one request and returns once the response's head is received.
    ///
    /// If a connection from the pool ends before the first byte of the response, the request is sent once more on a new
    /// connection: always for a GET, and for a POST or PUT whose body was not sent completely. If the body was sent
    /// completely, only if the request [may be sent again](Request::may_be_sent_again), and not if this device ended the
    /// connection. A body that [cannot be read again](super::BodySource::can_rewind) is sent on a new connection from
    /// the start. `may_connect` is called before each look-up and each attempt to connect, and after a look-up that failed.
    ///
    /// # Errors
    /// Any [`ErrorKind`]. A status is never an error.
    pub fn send<'a>(
        &'a self,
        mut request: Request<'a>,
        exchange: &Arc<Exchange>,
        may_connect: MayConnect<'_>,
    ) -> Result<Response, Error> {
        exchange.count_into(&self.counters);
        if let Some(rule) = self.low_speed {
            exchange.expect_speed(rule);
        }
        exchange.trace_with(|details| *details = Details::default());
        let from_pool = request.body.as_ref().is_none_or(|body| body.can_rewind());
        match self.attempt(&mut request, exchange, may_connect, from_pool) {
            Err(failed)
                if was_dead(exchange, &failed.error) && may_be_repeated(&request, exchange, failed.was_ended_here) =>
            {
                // If the source cannot rewind, the failure of the connection is the result.
                if request.body.as_mut().is_some_and(|body| body.rewind().is_err()) {
                    return Err(failed.error);
                }
                self.log.write(Level::Info, || {
                    format!("an idle connection to {} is unusable, opening a new one", request.url.authority())
                });
                self.attempt(&mut request, exchange, may_connect, false).map_err(|failed| failed.error)
            }
            result => result.map_err(|failed| failed.error),
        }
    }

    /// Opens a connection to the server of `url` ahead of its first exchange: look-up, connect, tunnel, TLS. The
    /// connection is then idle like any other. An exchange with that server that starts meanwhile waits for it, and
    /// opens its own if this one fails or takes too long. If several exchanges start, only the first one waits.
    ///
    /// Opens nothing if a connection to the server is being opened ahead or has been idle for a short time only, if ten
    /// connections are being opened ahead or were opened ahead and have served no exchange yet, or if idle connections
    /// are not kept.
    ///
    /// # Errors
    /// Any [`ErrorKind`] that precedes a request.
    pub fn prepare(&self, url: &url::Url, exchange: &Exchange) -> Result<(), Error> {
        let origin = origin(url)?;
        let right = match self.pool.begin_opening(&origin) {
            Ok(right) => right,
            Err(why) => {
                self.log.write(Level::Info, || format!("no connection to {} is opened ahead: {why}", url.authority()));
                return Ok(());
            }
        };
        exchange.count_into(&self.counters);
        let connection = self.connector.open(exchange, &|| Ok(false), &origin)?;
        right.finish(connection, exchange.worker());
        self.log.write(Level::Info, || format!("a connection to {} is open before it is needed", url.authority()));
        Ok(())
    }

    /// Replaces the trust of new connections. Connections in use stay open until their exchange ends, and idle ones are
    /// closed. Unfinished handshakes end at once, also while they wait for a signature, and their connections are
    /// opened again. TLS sessions of the former trust are not resumed. The client certificate stays.
    ///
    /// # Errors
    /// As [`new`](Client::new). Then nothing has changed.
    pub fn set_trust(&self, trust: Trust, pins: Vec<Pin>) -> Result<(), Error> {
        let settings = TlsSettings::new(trust, pins, self.certificate.clone())?;
        self.pool.renew(self.connector.trust.replace(settings, &self.connector.sockets));
        Ok(())
    }

    /// Until [`keep_idle`](Client::keep_idle), connections in use are closed after their exchange. Connections that are
    /// idle already stay open until [`close_idle`](Client::close_idle).
    pub fn keep_no_idle(&self) {
        self.pool.pause();
    }

    /// Closes the idle connections.
    pub fn close_idle(&self) {
        self.pool.close_all();
    }

    /// Handles a change of the device's network. Closes the idle connections, and those in use after their exchange.
    /// Ends connections in use whose local address is gone with [`ErrorKind::Closed`], and attempts to connect from such
    /// an address with [`ErrorKind::Connect`]; returns the number of both. Repeats the look-ups that the system has not
    /// answered. TLS sessions can still be resumed.
    pub fn network_changed(&self, interfaces: &[InterfaceAddress]) -> usize {
        // Before connections are ended, so that an exchange that fails below does not pick up one of the old network.
        self.connector.sockets.leave_network();
        self.pool.close_all();
        let ended = self.connector.sockets.end_stranded(interfaces);
        self.connector.names.ask_again();
        ended
    }

    /// Handles the suspension of the app. Connections in use end at once with [`ErrorKind::Closed`], and attempts to
    /// connect with [`ErrorKind::Connect`], also those that begin before [`go_on`](Client::go_on).
    pub fn suspend(&self) {
        self.connector.sockets.suspend();
    }

    /// Handles the end of the suspension: connections may be opened again. Repeats the look-ups that the system has not
    /// answered.
    pub fn go_on(&self) {
        self.connector.sockets.go_on();
        self.connector.names.ask_again();
    }

    /// Keeps idle connections again.
    pub fn keep_idle(&self) {
        self.pool.resume();
    }

    /// The client's counters.
    pub fn statistics(&self) -> ClientStatistics {
        self.counters.snapshot(self.pool.idle() as u64)
    }

    fn attempt(
        &self,
        request: &mut Request<'_>,
        exchange: &Arc<Exchange>,
        may_connect: MayConnect<'_>,
        from_pool: bool,
    ) -> Result<Response, FailedAttempt> {
        // Reset the counters first, so that an exchange that is stopped here does not show those of the previous one.
        exchange.begin(request.body.as_ref().map_or(0, |body| body.length()));
        exchange.worker().check().map_err(Error::from)?;
        let origin = origin(request.url)?;
        let pooled = if from_pool { self.pool.take(&origin, exchange)? } else { None };
        let was_open = pooled.is_some();
        let mut connection = match pooled {
            Some(connection) => {
                self.counters.connections_reused.add(1);
                connection
            }
            None => self.connector.open(exchange, may_connect, &origin)?,
        };
        connection.begin(exchange, was_open);
        let (connection, sent) = ureq::send(request, exchange, connection);
        let mut connection = connection.ok_or_else(|| Error::internal("the connection was lost"))?;
        let answered = sent.and_then(|()| self.answer(request, &mut connection, exchange));
        match answered {
            Ok(head) => {
                let (pool, log) = (self.pool.clone(), self.log.clone());
                Ok(Response::new(head, connection, origin, pool, exchange, request.body_limit, log)?)
            }
            Err(error) => {
                let was_ended_here = connection.was_ended_here();
                connection.end(exchange.worker());
                Err(FailedAttempt { error, was_ended_here })
            }
        }
    }

    fn answer(
        &self,
        request: &Request<'_>,
        connection: &mut Connection,
        exchange: &Exchange,
    ) -> Result<super::head::Head, Error> {
        let head = connection.take_head().ok_or_else(|| Error::internal("the response has no head"))?;
        for repair in &head.repairs {
            self.log.write(Level::Warning, || format!("the response's head was malformed: {repair}"));
        }
        // A server that closes an idle connection may announce that with a 408, which can cross the next request and is
        // then not its answer (RFC 9110 section 15.5.9). Such a server closes the connection, and has sent no interim
        // head, which would mean that it had seen the request. If the request may not be sent again, the 408 is its
        // answer.
        let gives_up = head.status == 408 && !head.keeps_connection && !connection.had_interim_head();
        if gives_up && exchange.times().reused && may_be_repeated(request, exchange, false) {
            exchange.times().response_start = None;
            return Err(Error::closed("the server closed the idle connection with the status 408"));
        }
        // Measured once per attempt, for the last answer, because it costs a system call.
        if exchange.measures_round_trip() && !head.redirects() {
            exchange.times().round_trip = connection.round_trip();
        }
        Ok(head)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("connector", &self.connector).finish_non_exhaustive()
    }
}

fn origin(url: &url::Url) -> Result<Origin, Error> {
    let host = url.host_str().ok_or_else(|| Error::internal("the URL has no host"))?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = url.port_or_known_default().ok_or_else(|| Error::internal("the URL has no port"))?;
    Ok(Origin { is_tls: url.scheme() == "https", host: host.to_owned(), port })
}

struct FailedAttempt {
    error: Error,
    /// This device ended the connection, because the network changed or the app was suspended.
    was_ended_here: bool,
}

impl From<Error> for FailedAttempt {
    fn from(error: Error) -> FailedAttempt {
        FailedAttempt { error, was_ended_here: false }
    }
}

/// Whether a pooled connection ended before the first byte of the answer.
fn was_dead(exchange: &Exchange, error: &Error) -> bool {
    let times = exchange.times();
    matches!(error.kind, ErrorKind::Closed) && times.reused && times.response_start.is_none()
}

fn may_be_repeated(request: &Request<'_>, exchange: &Exchange, was_ended_here: bool) -> bool {
    match request.method {
        Method::Get => true,
        // A server cannot have acted on a body that it has received in part. If this device ended the connection, the
        // server may be at work on the request.
        Method::Post | Method::Put => {
            // A request with an empty body is complete once its head was sent.
            let is_complete =
                exchange.body_bytes_accepted() == exchange.body_length() && exchange.times().request_end.is_some();
            !is_complete || (request.may_be_sent_again && !was_ended_here)
        }
    }
}
