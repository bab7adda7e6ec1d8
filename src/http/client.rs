//! The client: one request, one answer, and the second attempt after a connection that was dead in the pool.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

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

/// Says whether a host name may lead to all of the addresses that it has; `Err` says why it may not.
pub type AddressRule = Arc<dyn Fn(&str, &[IpAddr]) -> Result<(), String> + Send + Sync>;

/// How a client reaches servers. Only whom it trusts can be changed later.
pub struct ClientOptions {
    /// Whom TLS trusts.
    pub trust: Trust,
    /// Keys of certain hosts. A host that has any must match one of them.
    pub pins: Vec<Pin>,
    /// The client's own certificate.
    pub certificate: Option<ClientCertificate>,
    /// The way to every server.
    pub proxy: Option<Proxy>,
    /// Looks names up; the system does where there is none.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// Asked once for each new connection, of all addresses that its name resolves to. A proxy looks names up itself, and is not asked about.
    pub address_rule: Option<AddressRule>,
    /// Which connections are too slow to go on with; `None` is none.
    pub low_speed: Option<LowSpeed>,
    /// Where second attempts and odd answers are reported.
    pub log: Log,
}

/// A client with its pool of idle connections. It is used from many threads at once, each running one exchange.
pub struct Client {
    connector: Connector,
    certificate: Option<Arc<ClientCertificate>>,
    pool: Arc<IdlePool>,
    counters: Arc<Counters>,
    low_speed: Option<LowSpeed>,
    log: Log,
}

impl Client {
    /// Makes a client; nothing is connected.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] when a given root is no certificate or there is none; [`ErrorKind::PlatformVerifier`] when the
    /// system's verifier is wanted and still has to be initialised.
    pub fn new(options: ClientOptions) -> Result<Client, Error> {
        let ClientOptions { trust, pins, certificate, proxy, resolver, address_rule, low_speed, log } = options;
        let certificate = certificate.map(Arc::new);
        let trust = CurrentTrust::new(TlsSettings::new(trust, pins, certificate.clone())?);
        let (names, sockets) = (Names::new(resolver), OpenSockets::default());
        let connector = Connector { trust, proxy, names, sockets, address_rule, log: log.clone() };
        Ok(Client { connector, certificate, pool: Arc::default(), counters: Arc::default(), low_speed, log })
    }

    /// Sends one request and returns when the response's head is there.
    ///
    /// A connection from the pool that turns out to be dead before the first byte of the response is replaced by a new one
    /// once: for a GET, and for a POST or PUT that [may be sent again](Request::may_be_sent_again). A body that
    /// [cannot be read again](super::BodySource::can_rewind) is sent on a new connection.
    ///
    /// # Errors
    /// Any [`ErrorKind`]. A status is never an error.
    pub fn send<'a>(&'a self, mut request: Request<'a>, exchange: &Arc<Exchange>) -> Result<Response, Error> {
        exchange.count_into(&self.counters);
        if let Some(rule) = self.low_speed {
            exchange.expect_speed(rule);
        }
        exchange.trace_with(|details| *details = Details::default());
        let from_pool = request.body.as_ref().is_none_or(|body| body.can_rewind());
        match self.attempt(&mut request, exchange, from_pool) {
            Err(error) if was_dead(exchange, &error) && may_be_repeated(&request, exchange) => {
                // A source that fails now leaves the connection's failure as the answer.
                if request.body.as_mut().is_some_and(|body| body.rewind().is_err()) {
                    return Err(error);
                }
                self.log.write(Level::Info, || {
                    format!("an idle connection to {} was dead, a new one is made", request.url.authority())
                });
                self.attempt(&mut request, exchange, false)
            }
            result => result,
        }
    }

    /// Opens a connection to the server of `url` ahead of the exchanges that will need it: name, addresses, tunnel, TLS. It is
    /// idle then, for as long as others. An exchange with that server that begins meanwhile waits for it, and opens its own if
    /// this one fails; of several such exchanges the first one waits.
    ///
    /// Nothing is opened if a connection to the server is there or on its way, if ten such connections have served no exchange
    /// yet, or if none is kept now.
    ///
    /// # Errors
    /// Any [`ErrorKind`] that comes before a request.
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
        let connection = self.connector.open(exchange, &origin)?;
        right.finish(connection, exchange.worker());
        self.log.write(Level::Info, || format!("a connection to {} is open before it is needed", url.authority()));
        Ok(())
    }

    /// Trusts others from here on. Exchanges that have a connection go on with it, and it is closed behind them; idle ones are
    /// closed. What is being opened is opened anew. TLS sessions of before are not resumed. The client certificate stays.
    ///
    /// # Errors
    /// As [`new`](Client::new); nothing has changed then.
    pub fn set_trust(&self, trust: Trust, pins: Vec<Pin>) -> Result<(), Error> {
        let settings = TlsSettings::new(trust, pins, self.certificate.clone())?;
        self.pool.renew(self.connector.trust.replace(settings));
        Ok(())
    }

    /// Closes the connections that no exchange uses. Those in use are closed when they are done, until
    /// [`keep_idle`](Client::keep_idle).
    pub fn close_idle(&self) {
        self.pool.pause();
    }

    /// The device has another network, or none. Idle connections are closed. Those in use whose local address is gone end at
    /// once with [`ErrorKind::Closed`], and attempts to connect from such an address with [`ErrorKind::Connect`]; gives the
    /// number of both. What is being looked up by the system is asked anew. TLS sessions can still be resumed.
    pub fn network_changed(&self, interfaces: &[InterfaceAddress]) -> usize {
        // First, so that whoever fails below finds none of them.
        self.pool.close_all();
        let ended = self.connector.sockets.end_stranded(interfaces);
        self.connector.names.ask_again();
        ended
    }

    /// Keeps idle connections again.
    pub fn keep_idle(&self) {
        self.pool.resume();
    }

    /// What the client has done so far.
    pub fn statistics(&self) -> ClientStatistics {
        self.counters.snapshot(self.pool.idle() as u64)
    }

    fn attempt(&self, request: &mut Request<'_>, exchange: &Arc<Exchange>, from_pool: bool) -> Result<Response, Error> {
        // First, so that an exchange that is stopped here has nothing of the one before it.
        exchange.begin(request.body.as_ref().map_or(0, |body| body.length()));
        exchange.worker().check()?;
        let origin = origin(request.url)?;
        let pooled = if from_pool { self.pool.take(&origin, exchange)? } else { None };
        let was_open = pooled.is_some();
        let mut connection = match pooled {
            Some(connection) => {
                self.counters.connections_reused.add(1);
                connection
            }
            None => self.connector.open(exchange, &origin)?,
        };
        connection.begin(exchange, was_open);
        let (connection, sent) = ureq::send(request, exchange, connection);
        let mut connection = connection.ok_or_else(|| Error::internal("the connection was lost"))?;
        let answered = sent.and_then(|()| self.answer(request, &mut connection, exchange));
        match answered {
            Ok(head) => {
                let (pool, log) = (self.pool.clone(), self.log.clone());
                Response::new(head, connection, origin, pool, exchange, request.body_limit, log)
            }
            Err(error) => {
                connection.end(exchange.worker());
                Err(error)
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
            self.log.write(Level::Warning, || format!("the response's head was odd: {repair}"));
        }
        // A server that closes an idle connection may say so with a 408, which crosses the next request and is no answer to it
        // (RFC 9110 section 15.5.9). Such a server closes; and one that has sent an interim head has seen the request. A
        // request that may not be sent again gets the 408 as its answer.
        let gives_up = head.status == 408 && !head.keeps_connection && !connection.had_interim_head();
        if gives_up && exchange.times().reused && may_be_repeated(request, exchange) {
            exchange.times().response_start = None;
            return Err(Error::closed("the server gave the idle connection up with a status of 408"));
        }
        // A transfer measures once, so that it costs one system call: where it ends.
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

/// Whether a connection out of the pool failed before a byte of the answer came.
fn was_dead(exchange: &Exchange, error: &Error) -> bool {
    let times = exchange.times();
    matches!(error.kind, ErrorKind::Closed) && times.reused && times.response_start.is_none()
}

fn may_be_repeated(request: &Request<'_>, exchange: &Exchange) -> bool {
    match request.method {
        Method::Get => true,
        // A server cannot have acted on a body that it did not get whole.
        Method::Post | Method::Put => {
            request.may_be_sent_again || exchange.body_bytes_accepted() < exchange.body_length()
        }
    }
}
