//! The client: one request, one answer, and the retry of a connection that was dead in the pool.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::config::AutoHeaderValue;
use ureq::{Agent, RequestBuilder, SendBody};
use url::Position;

use super::coding::ACCEPTED;
use super::connector::{Connector, NoResolver, SharedConnector};
use super::context::{Context, State, with_current};
use super::error::{Error, ErrorKind};
use super::head::MAX_HEAD_SIZE;
use super::proxy::Proxy;
use super::request::{BodySource, Request};
use super::resolver::Resolver;
use super::response::{Response, from_ureq};
use super::tls::{Pin, TlsSettings, Trust};
use crate::terms::Method;
use crate::terms::log::{Level, Log};

/// As many as one mini program has transfers of one kind.
const MAX_IDLE_PER_HOST: usize = 10;
const MAX_IDLE: usize = 20;
/// Short enough for most servers not to have closed the connection yet, and for a phone to be let alone.
const MAX_IDLE_AGE: Duration = Duration::from_secs(15);

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
pub struct Client {
    /// Replaced when the idle connections are to go.
    agent: Mutex<Agent>,
    connector: Arc<Connector>,
    log: Log,
}

impl Client {
    /// Makes a client; nothing is connected.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] when a given root is no certificate or there is none; [`ErrorKind::PlatformVerifier`] when the
    /// system's verifier is wanted and still has to be initialised.
    pub fn new(options: ClientOptions) -> Result<Client, Error> {
        let ClientOptions { trust, pins, proxy, resolver, log } = options;
        let connector = Arc::new(Connector { tls: TlsSettings::new(trust, pins)?, proxy, resolver });
        Ok(Client { agent: Mutex::new(agent(connector.clone())), connector, log })
    }

    /// Sends one request and returns when the response's head is there.
    ///
    /// A connection from the pool that turns out to be dead before the first byte of the response is replaced by a new one
    /// once, if the request is a GET or its body was not all sent.
    ///
    /// # Errors
    /// Any [`ErrorKind`]. A status is never an error.
    pub fn send<'a>(&'a self, mut request: Request<'a>, context: &Arc<Context>) -> Result<Response, Error> {
        match self.attempt(&mut request, context, false) {
            Err(error) if may_retry(&request, context, &error) => {
                // A body that cannot be read again leaves the connection's failure as the answer.
                if request.body.as_mut().is_some_and(|body| body.rewind().is_err()) {
                    return Err(error);
                }
                self.log.write(Level::Info, || {
                    format!("an idle connection to {} was dead, a new one is made", request.url.authority())
                });
                self.attempt(&mut request, context, true)
            }
            result => result,
        }
    }

    /// Closes the connections that no exchange uses. Those in use are closed when they are done.
    pub fn close_idle(&self) {
        let fresh = agent(self.connector.clone());
        let former = std::mem::replace(&mut *self.agent.lock().unwrap_or_else(PoisonError::into_inner), fresh);
        drop(former);
    }

    fn attempt(
        &self,
        request: &mut Request<'_>,
        context: &Arc<Context>,
        fresh_connection: bool,
    ) -> Result<Response, Error> {
        context.cancel().check()?;
        let body_length = request.body.as_ref().map_or(0, |body| body.length());
        let request_head_size = largest_line(request);
        if request_head_size > MAX_HEAD_SIZE {
            return Err(Error::internal("the request's head is too large"));
        }
        context.begin(State { body_length, request_head_size, fresh_connection, ..State::default() });

        let agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let result = with_current(context, || match request.method {
            Method::Get => with_headers(agent.get(target(request.url)), request.headers).call(),
            Method::Post => {
                let builder = with_headers(agent.post(target(request.url)), request.headers)
                    .header("Content-Length", body_length.to_string());
                match &mut request.body {
                    Some(source) if body_length > 0 => {
                        let mut body = Body { source: &mut **source, left: body_length, context };
                        builder.send(SendBody::from_reader(&mut body))
                    }
                    _ => builder.send_empty(),
                }
            }
        });
        let response = result.map_err(|error| from_ureq(context, error))?;
        let head = context.state().head.take();
        let head = head.ok_or_else(|| Error::internal("the response has no head"))?;
        Response::new(context, head, response)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("connector", &self.connector).finish_non_exhaustive()
    }
}

/// ureq with all of its own ideas switched off.
fn agent(connector: Arc<Connector>) -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(AutoHeaderValue::None)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .max_response_header_size(MAX_HEAD_SIZE)
        .max_idle_connections(MAX_IDLE)
        .max_idle_connections_per_host(MAX_IDLE_PER_HOST)
        .max_idle_age(MAX_IDLE_AGE)
        .build();
    Agent::with_parts(config, SharedConnector(connector), NoResolver)
}

/// Without user information, which is never sent, and without a fragment.
fn target(url: &url::Url) -> String {
    format!("{}://{}", url.scheme(), &url[Position::BeforeHost..Position::AfterQuery])
}

/// The longest piece of the request's head, with some space for what is around it.
fn largest_line(request: &Request<'_>) -> usize {
    let headers = request.headers.iter().map(|(name, value)| name.len() + value.len());
    headers.chain([request.url.as_str().len()]).max().unwrap_or(0) + 256
}

fn with_headers<B>(mut builder: RequestBuilder<B>, headers: &[(String, String)]) -> RequestBuilder<B> {
    let mut accepts_coding = false;
    let mut wants_range = false;
    for (name, value) in headers {
        accepts_coding |= name.eq_ignore_ascii_case("accept-encoding");
        wants_range |= name.eq_ignore_ascii_case("range");
        // These two follow from the URL and the body.
        if !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("content-length") {
            builder = builder.header_raw(name, value.as_bytes());
        }
    }
    if accepts_coding {
        return builder;
    }
    // A piece out of the middle of coded data cannot be decoded (the Fetch standard's "HTTP-network-or-cache fetch").
    let accepted = if wants_range { "identity" } else { ACCEPTED };
    builder.header_raw("Accept-Encoding", accepted.as_bytes())
}

fn may_retry(request: &Request<'_>, context: &Context, error: &Error) -> bool {
    let trace = context.trace();
    let harmless = match request.method {
        Method::Get => true,
        Method::Post => {
            let length = request.body.as_ref().map_or(0, |body| body.length());
            length > 0 && context.body_bytes_accepted() < length
        }
    };
    matches!(error.kind, ErrorKind::Closed) && trace.reused && trace.response_start.is_none() && harmless
}

/// The request's body as ureq reads it.
struct Body<'a> {
    source: &'a mut dyn BodySource,
    left: u64,
    context: &'a Context,
}

impl Body<'_> {
    fn read_source(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.context.cancel().check()?;
        let read = loop {
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A source that waits gives up when the exchange is to stop, and its error is not the cause.
                Err(error) => {
                    self.context.cancel().check()?;
                    return Err(Error::request_body(error));
                }
                Ok(read) => break read,
            }
        };
        match read {
            // ureq would ask again and again for what its Content-Length has promised.
            0 => Err(Error::request_body(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended before its length"))),
            read if read > buffer.len() => Err(Error::internal("the request body gave more than it was asked for")),
            read => Ok(read),
        }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        if self.context.is_body_refused() {
            // The transport sends no more, but ureq wants to have been given it all before it looks at the answer.
            self.left -= wanted as u64;
            return Ok(wanted);
        }
        match self.read_source(&mut buffer[..wanted]) {
            Ok(read) => {
                self.left -= read as u64;
                self.context.count_body_read(read);
                Ok(read)
            }
            Err(error) => Err(io::Error::other(self.context.fail(error))),
        }
    }
}
