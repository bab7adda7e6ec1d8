//! The one place that knows ureq. It sends one request on a connection that is open already.
//!
//! What runs of ureq is its loop over the states of one call (ureq-proto's). It asks the connector for a connection and writes
//! a head into the transport's buffer. It reads the body from its source into that buffer, counts it against the announced
//! length, has each piece sent, and so decides when the request is whole. Then it waits for the answer, reads the one that
//! stands in for it, and drops the transport. Of what it writes only the body's bytes leave; of what a server sends nothing
//! reaches it. Its other parts are not used, because they cannot be stopped, or look at a response more strictly or less
//! strictly than this library has to. These are the adaptions that follow from it:
//!
//! 1. **An agent for each request.** ureq has no state of a request that reaches a transport. So each request has its own
//!    agent, whose connector holds the exchange and the connection ([`SingleConnection`]).
//! 2. **No pool.** ureq's asks under its lock whether an idle connection is good. The agent drops each connection after its
//!    request, and the drop of the [`Transport`] hands it back to [`send`].
//! 3. **No resolver.** ureq asks it before every request, also where a connection is open. [`NoResolver`] answers nothing.
//! 4. **The answer is read elsewhere.** The transport waits for the answer's head, which `connection.rs` reads, and gives
//!    ureq [`WHOLE_ANSWER`] in its place.
//! 5. **Errors go around it.** ureq's error type cannot carry ours, so the transport and the body keep their failure in the
//!    [`Hand`], where [`send`] takes it from.
//! 6. **A refused body ends with an error.** When the server answers early, the transport fails the next send, and ureq gives
//!    up; [`send`] looks for the answer before it looks at errors.
//! 7. **Small requests leave in one piece.** ureq transmits head and body one after the other; the transport keeps what it is
//!    given until the request is whole, unless its body may have to be waited for.
//! 8. **The head is written here.** ureq keeps header fields in a map, where those of one name come together; a page's leave
//!    in its order ([`head`]). The transport drops ureq's and sends ours in its place.
//! 9. **ureq sees a stand-in for the request.** It has [`TARGET`], so that ureq neither reads an address by rules of its own nor
//!    wants TLS; POST for every method with a body; and the body's length.
//! 10. **No time of ureq's counts.** It has no time limits, and the transport ignores what it is told of them. The worker's stop
//!     signal and deadline end each wait, of the connection's and of the body's source.

mod head;
mod transport;

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

/// What stands in for the answer: its head and body are read by `connection.rs`.
const WHOLE_ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// What stands in for the target, which is in the head that `head.rs` writes. ureq's is never sent.
const TARGET: &str = "http://target.invalid/";

/// ureq with all of its own ideas switched off.
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

/// What a request and its transport hand to each other around ureq.
#[derive(Debug, Default)]
struct Hand {
    connection: Mutex<Option<Box<Connection>>>,
    failure: Mutex<Option<Error>>,
}

impl Hand {
    /// Keeps the first failure, and makes something of it that ureq can carry.
    fn fail(&self, error: Error) -> io::Error {
        let text = io::Error::other(error.detail.clone());
        lock(&self.failure).get_or_insert(error);
        text
    }
}

/// Sends `request` and waits for the head of its answer, which the connection then holds. `None` in place of the connection
/// means that ureq has lost it.
///
/// # Errors
/// Any kind. A server that has answered and does not want the rest of the request is none.
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
        // Also where an answer is there: the server had one before the request was whole, and the request failed after it.
        (Some(failure), _) => Err(failure),
        _ if connection.as_ref().is_some_and(|connection| connection.has_head()) => Ok(()),
        (None, Err(error)) => Err(Error::internal(format!("the request cannot be sent: {error}"))),
        (None, Ok(())) => Err(Error::internal("the request ended without an answer")),
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
    let output = transport::OutputSize::of(&head, body_length, may_wait);
    let connector = SingleConnection { exchange: exchange.clone(), hand: hand.clone(), head, output };
    let agent = Agent::with_parts(CONFIG.clone(), connector, NoResolver);
    let answer = match request.method {
        Method::Get => agent.get(TARGET).call(),
        // ureq's own head is never sent, so that one method with a body is as good as another.
        Method::Post | Method::Put => match &mut request.body {
            Some(source) if body_length > 0 => {
                let mut body = RequestBody { source: &mut **source, left: body_length, exchange, hand };
                let builder = agent.post(TARGET).header("Content-Length", body_length.to_string());
                builder.send(SendBody::from_reader(&mut body))
            }
            _ => agent.post(TARGET).send_empty(),
        },
    };
    answer.map(drop)
}

/// Gives out the connection that is there.
#[derive(Debug)]
struct SingleConnection {
    exchange: Arc<Exchange>,
    hand: Arc<Hand>,
    head: Vec<u8>,
    output: transport::OutputSize,
}

impl Connector for SingleConnection {
    type Out = Transport;

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<Transport>, ureq::Error> {
        let connection = lock(&self.hand.connection).take();
        Ok(connection.map(|connection| {
            Transport::new(connection, self.exchange.clone(), self.hand.clone(), &self.head, self.output)
        }))
    }
}

/// Answers nothing: the connection is open already.
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
    fn read_source(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let worker = self.exchange.worker();
        let read = loop {
            worker.turn(buffer.len())?;
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A source that waits gives up when the exchange is to stop, and its error is not the cause.
                Err(error) => {
                    worker.check()?;
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

impl Read for RequestBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        match self.read_source(&mut buffer[..wanted]) {
            Ok(read) => {
                self.left -= read as u64;
                self.exchange.count_body_read(read);
                Ok(read)
            }
            Err(error) => Err(self.hand.fail(error)),
        }
    }
}
