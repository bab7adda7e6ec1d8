//! The only code that uses ureq. It sends one request on an open connection.
//!
//! Only ureq's loop over the states of one call (ureq-proto) is used. The loop asks the connector for a connection, and
//! writes a head into the transport's buffer. It reads the body from its source into that buffer, compares it with the
//! announced length, has each part sent, and so decides when the request is complete. Then it waits for the answer,
//! reads a placeholder instead of it, and drops the transport. Of the loop's output, only the body's bytes are sent.
//! The loop receives nothing that a server sends. The other parts of ureq are not used, because they cannot be stopped,
//! or are stricter or less strict about responses than this library. This requires the following adaptations:
//!
//! 1. **One agent per request.** ureq has no per-request state that reaches a transport. So each request has its own
//!    agent, whose connector holds the exchange and the connection ([`SingleConnection`]).
//! 2. **No pool.** ureq's pool checks idle connections under its lock. Here the agent drops its [`Transport`] after the
//!    request. The connection stays in the [`Hand`].
//! 3. **No resolver.** ureq resolves before every request, even if a connection is open. [`NoResolver`] returns no
//!    address.
//! 4. **The answer is read elsewhere.** The transport waits for the answer's head, which `connection.rs` reads, and
//!    passes [`WHOLE_ANSWER`] to ureq instead.
//! 5. **Errors bypass ureq.** ureq's error type cannot carry the library's, so the transport and the body store their
//!    failure in the [`Hand`], and [`send`] takes it from there.
//! 6. **A refused body ends with an error.** If the server answers early, the next send, or the wait for a pipe, fails,
//!    and ureq stops. [`send`] checks for a stored failure first, then for an answer, and then for ureq's error.
//! 7. **Small requests are sent at once.** ureq transmits head and body separately. The transport buffers both until
//!    the request is complete, unless its body may have to be waited for.
//! 8. **The library writes the head.** ureq stores header fields in a map, which groups fields of the same name. A
//!    page's fields must keep their order ([`head`]). The transport drops ureq's head and sends the library's.
//! 9. **ureq sees a placeholder request.** It has the URL [`TARGET`], so that ureq neither applies its own rules to an
//!    address nor wants TLS; POST for every method with a body; and the body's length.
//! 10. **ureq's time limits are off.** None are set, and the transport ignores those that it receives. The worker's
//!     stop signal and deadline end each wait, of the connection and of the body's source.

mod head;
mod transport;

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use once_cell::sync::Lazy;
use ureq::config::{AutoHeaderValue, Config};
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout};
use ureq::{Agent, SendBody};

use super::connection::Connection;
use super::error::Error;
use super::exchange::Exchange;
use super::request::{BodySource, Request};
use crate::terms::Method;
use crate::worker::lock;
use transport::Transport;

/// The placeholder for the answer, whose head and body `connection.rs` reads.
const WHOLE_ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The placeholder for the URL. ureq's head is never sent.
const TARGET: &str = "http://target.invalid/";

/// The text of the error that ends ureq's work after an early answer.
const REFUSED: &str = "the server does not want the rest of the request";

/// ureq with all optional behaviour switched off.
static CONFIG: Lazy<Config> = Lazy::new(|| {
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(AutoHeaderValue::None)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .max_idle_connections(0)
        .build()
});

/// What [`send`], the transport and the body share without ureq. They run on one thread.
#[derive(Debug)]
struct Hand {
    /// `None` while it is in use, and after [`send`].
    connection: Mutex<Option<Box<Connection>>>,
    failure: Mutex<Option<Error>>,
}

impl Hand {
    /// Uses the connection. It is taken out meanwhile, because no lock may be held during a wait.
    fn with_connection<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, Error>) -> Result<T, Error> {
        let connection = lock(&self.connection).take();
        let mut connection = connection.ok_or_else(|| Error::internal("the connection is in use, or was returned"))?;
        let result = work(&mut connection);
        *lock(&self.connection) = Some(connection);
        result
    }

    /// Stores the first failure, and returns an error that ureq can carry.
    fn fail(&self, error: Error) -> io::Error {
        let text = io::Error::other(error.detail.clone());
        lock(&self.failure).get_or_insert(error);
        text
    }
}

/// Sends `request` and waits for the head of its answer, which the connection then holds. The returned connection is
/// `None` only after a fault of this module.
///
/// # Errors
/// Any kind. An early answer of a server that does not want the rest of the request is not an error.
pub(super) fn send(
    request: &mut Request<'_>,
    exchange: &Arc<Exchange>,
    connection: Box<Connection>,
) -> (Option<Box<Connection>>, Result<(), Error>) {
    let hand = Arc::new(Hand { connection: Mutex::new(Some(connection)), failure: Mutex::default() });
    let result = match head::write(request, exchange.body_length()) {
        Ok(head) => run(request, head, exchange, &hand),
        Err(error) => Err(ureq::Error::Io(hand.fail(error))),
    };
    let (connection, failure) = (lock(&hand.connection).take(), lock(&hand.failure).take());
    let result = match (failure, result) {
        // A failure takes precedence over an answer: the server answered early, and then the request failed.
        (Some(failure), _) => Err(failure),
        _ if connection.as_ref().is_some_and(|connection| connection.has_head()) => Ok(()),
        (None, Err(error)) => Err(Error::internal(format!("the request cannot be sent: {error}"))),
        (None, Ok(())) => Err(Error::internal("the request ended without a response")),
    };
    (connection, result)
}

fn run(
    request: &mut Request<'_>,
    head: Vec<u8>,
    exchange: &Arc<Exchange>,
    hand: &Arc<Hand>,
) -> Result<(), ureq::Error> {
    let body_length = exchange.body_length();
    let may_wait = request.body.as_ref().is_some_and(|body| body.may_wait());
    let plan = transport::SendPlan::of(&head, body_length, may_wait);
    let head = Mutex::new(Some(head));
    let connector = SingleConnection { exchange: exchange.clone(), hand: hand.clone(), head, plan };
    let agent = Agent::with_parts(CONFIG.clone(), connector, NoResolver);
    let answer = match request.method {
        Method::Get => agent.get(TARGET).call(),
        // ureq's head is never sent, so any method with a body works.
        Method::Post | Method::Put => match &mut request.body {
            Some(source) if body_length > 0 => {
                let mut body = RequestBody { source: &mut **source, left: body_length, exchange, hand };
                let builder = agent.post(TARGET).header("Content-Length", body_length.to_string());
                builder.send(SendBody::from_reader(&mut body))
            }
            body => {
                let check = body.as_mut().map_or(Ok(()), |source| check_empty(&mut **source, exchange));
                check.map_err(|error| ureq::Error::Io(hand.fail(error)))?;
                agent.post(TARGET).send_empty()
            }
        },
    };
    answer.map(drop)
}

/// Reads an empty body once: its file may have grown since its length was read.
fn check_empty(source: &mut dyn BodySource, exchange: &Exchange) -> Result<(), Error> {
    match source.read(&mut [0]) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
            exchange.worker().check()?;
            Err(Error::request_body(error))
        }
        _ => Ok(()),
    }
}

/// Returns a transport over the existing connection.
struct SingleConnection {
    exchange: Arc<Exchange>,
    hand: Arc<Hand>,
    /// Taken by the only transport.
    head: Mutex<Option<Vec<u8>>>,
    plan: transport::SendPlan,
}

/// Required by ureq, which never prints it.
impl fmt::Debug for SingleConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SingleConnection").finish_non_exhaustive()
    }
}

impl Connector for SingleConnection {
    type Out = Transport;

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<Transport>, ureq::Error> {
        let Some(head) = lock(&self.head).take() else { return Ok(None) };
        let output = self.hand.with_connection(|connection| {
            let size = self.plan.buffer_size(connection.largest_part());
            self.exchange.worker().take_buffer(size).map_err(Error::from)
        });
        let output = output.map_err(|error| ureq::Error::Io(self.hand.fail(error)))?;
        Ok(Some(Transport::new(self.exchange.clone(), self.hand.clone(), &head, output, self.plan)))
    }
}

/// Returns no address, because the connection is open already.
#[derive(Debug)]
struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// The request's body as ureq reads it.
struct RequestBody<'a> {
    source: &'a mut dyn BodySource,
    left: u64,
    exchange: &'a Exchange,
    hand: &'a Hand,
}

impl RequestBody<'_> {
    /// Waits until the source's next bytes are at hand. Meanwhile the server may answer, or the connection may end.
    fn wait_for_source(&mut self) -> io::Result<()> {
        let Some(pipe) = self.source.next_pipe() else { return Ok(()) };
        match self.hand.with_connection(|connection| connection.wait_for_pipe(self.exchange, pipe)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(io::Error::other(REFUSED)),
            Err(error) => Err(self.hand.fail(error)),
        }
    }

    /// `None` if the pipe that it comes from is empty.
    fn read_source(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let worker = self.exchange.worker();
        let read = loop {
            worker.turn(buffer.len())?;
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                // A source that waits fails when the exchange is stopped. The stop is then the cause.
                Err(error) => {
                    worker.check()?;
                    return Err(Error::request_body(error));
                }
                Ok(read) => break read,
            }
        };
        match read {
            // ureq would retry endlessly to reach the announced Content-Length.
            0 => Err(Error::request_body(io::Error::new(io::ErrorKind::UnexpectedEof, "it is shorter than announced"))),
            read if read > buffer.len() => {
                Err(Error::internal("the request body returned more bytes than the buffer holds"))
            }
            read => Ok(Some(read)),
        }
    }
}

impl Read for RequestBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        loop {
            self.wait_for_source()?;
            match self.read_source(&mut buffer[..wanted]) {
                Ok(Some(read)) => {
                    self.left -= read as u64;
                    self.exchange.count_body_read(read);
                    return Ok(read);
                }
                // Another reader of the pipe was faster.
                Ok(None) => {}
                Err(error) => return Err(self.hand.fail(error)),
            }
        }
    }
}
