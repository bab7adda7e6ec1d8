//! What a server answered.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::coding::{Decoder, codings_of};
use super::connection::Connection;
use super::error::{Error, ErrorKind};
use super::exchange::Exchange;
use super::framing::Deframer;
use super::head::{BodyFraming, Head};
use super::pool::{IdlePool, Origin};
use crate::terms::Header;
use crate::terms::log::{Level, Log};
use crate::worker::sizes::DISCARD;

/// More than this is not read to save a connection.
const DISCARD_LIMIT: usize = 64 * 1024;
/// Longer than this nobody waits to save a connection, which costs about as much to make anew.
const DISCARD_TIME: Duration = Duration::from_millis(250);

/// A response whose body is read from the network as it is asked for.
pub struct Response {
    /// The status code, 200 or above.
    pub status: u16,
    /// The header fields: wire order, wire letters, duplicates kept.
    pub headers: Vec<Header>,
    /// The first `Location` that is not empty, byte for byte: read as text, one that is no UTF-8 would lead elsewhere.
    pub location: Option<Vec<u8>>,
    content_length: Option<u64>,
    /// How many bytes of the decoded body may still come.
    limit_left: u64,
    limit: u64,
    body: ResponseBody,
    exchange: Arc<Exchange>,
}

enum ResponseBody {
    Plain(Box<FramedBody>),
    Coded(Box<Decoder<FramedBody>>),
    Ended,
    Failed,
}

/// Is given the bytes of a body as they come, before codings are undone.
type WireObserver = Box<dyn FnMut(&[u8]) + Send>;

/// The body as it is on the wire, without its framing. Its connection goes back to the pool when it is over.
struct FramedBody {
    /// `None` once the body is over or has failed.
    connection: Option<Box<Connection>>,
    deframer: Deframer,
    /// How much is to come, where the head tells; else 0.
    rest: u64,
    /// Whether another request may follow.
    keeps_connection: bool,
    origin: Option<Origin>,
    pool: Arc<IdlePool>,
    exchange: Arc<Exchange>,
    /// Hears of an odd trailer.
    log: Log,
    /// When to give up on a body that nobody needs.
    patience: Option<Instant>,
    observer: Option<WireObserver>,
}

impl Response {
    pub(super) fn new(
        head: Head,
        connection: Box<Connection>,
        origin: Origin,
        pool: Arc<IdlePool>,
        exchange: &Arc<Exchange>,
        limit: u64,
        log: Log,
    ) -> Result<Response, Error> {
        let Head { status, headers, location, framing, keeps_connection, .. } = head;
        // First, since its drop ends the connection if there is an error below.
        let mut framed = FramedBody {
            connection: Some(connection),
            deframer: Deframer::new(BodyFraming::None, None),
            rest: 0,
            keeps_connection,
            origin: Some(origin),
            pool,
            exchange: exchange.clone(),
            log,
            patience: None,
            observer: None,
        };
        let codings = codings_of(&headers)?;
        // A coded body has another length when it is decoded.
        let wire_limit = codings.is_empty().then_some(limit);
        framed.deframer = Deframer::new(framing, wire_limit);
        framed.rest = if let BodyFraming::Length(length) = framing { length } else { 0 };
        let content_length = match framing {
            BodyFraming::None | BodyFraming::Length(0) => Some(0),
            BodyFraming::Length(length) if codings.is_empty() => Some(length),
            _ => None,
        };
        if content_length == Some(0) {
            framed.end();
        } else if content_length.is_some_and(|length| length > limit) {
            return Err(Error::too_large(limit));
        }
        let body = match content_length {
            Some(0) => ResponseBody::Ended,
            _ if codings.is_empty() => ResponseBody::Plain(Box::new(framed)),
            _ => ResponseBody::Coded(Box::new(Decoder::new(codings, framed, exchange.worker().clone()))),
        };
        Ok(Response {
            status,
            headers,
            location,
            content_length,
            limit_left: limit,
            limit,
            body,
            exchange: exchange.clone(),
        })
    }

    /// The body's size, where it is known before it is read: not for a chunked or close-delimited body, nor for a coded one.
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// Has `observer` given the bytes of the body as they come from here on: the framing is taken off, the codings are not.
    pub fn observe_wire(&mut self, observer: impl FnMut(&[u8]) + Send + 'static) {
        match &mut self.body {
            ResponseBody::Plain(body) => body.observer = Some(Box::new(observer)),
            ResponseBody::Coded(decoder) => decoder.source_mut().observer = Some(Box::new(observer)),
            ResponseBody::Ended | ResponseBody::Failed => {}
        }
    }

    /// Reads the next bytes of the decoded body; 0 is its end, which is only reported for a whole body.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`], [`ErrorKind::Closed`] for a body that is cut off, [`ErrorKind::Protocol`] for bad chunks
    /// or data that the content coding does not allow, [`ErrorKind::BodyTooLarge`], [`ErrorKind::Tls`],
    /// [`ErrorKind::Internal`]. A body that failed once fails with [`ErrorKind::Closed`] on every later read.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // Much of a body may have been received before it is read.
        if let Err(reason) = self.exchange.worker().check() {
            self.body = ResponseBody::Failed;
            return Err(reason.into());
        }
        let result = match &mut self.body {
            ResponseBody::Plain(body) => body.receive(buffer),
            ResponseBody::Coded(decoder) => decoder.read(buffer).map_err(of_decoder),
            ResponseBody::Ended => return Ok(0),
            ResponseBody::Failed => return Err(Error::closed("the response has failed before")),
        };
        let result = result.and_then(|read| {
            self.limit_left = self.limit_left.checked_sub(read as u64).ok_or_else(|| Error::too_large(self.limit))?;
            self.exchange.trace_with(|details| details.content_bytes += read as u64);
            Ok(read)
        });
        match &result {
            Ok(0) => {
                self.exchange.times().response_end.get_or_insert_with(Instant::now);
                self.body = ResponseBody::Ended;
            }
            Ok(_) => {}
            Err(_) => self.body = ResponseBody::Failed,
        }
        // To a caller it is a body that was cut off.
        result.map_err(|error| match error.kind {
            ErrorKind::UncleanEnd => Error::closed(error.detail),
            _ => error,
        })
    }

    /// Ends a response that nobody needs, and keeps the connection when little of it is left.
    pub fn discard(mut self) {
        if self.content_length.is_some_and(|length| length > DISCARD_LIMIT as u64) {
            return;
        }
        let patience = Some(Instant::now() + DISCARD_TIME);
        match &mut self.body {
            ResponseBody::Plain(body) => body.patience = patience,
            ResponseBody::Coded(decoder) => decoder.source_mut().patience = patience,
            ResponseBody::Ended | ResponseBody::Failed => return,
        }
        let mut buffer = [0; DISCARD];
        let mut left = DISCARD_LIMIT;
        // Nobody wants to know how it ends; a failure closes the connection, and that is all there is to it.
        while let Ok(received @ 1..) = self.read(&mut buffer) {
            left = left.saturating_sub(received);
            if left == 0 {
                break;
            }
        }
    }
}

impl FramedBody {
    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let Some(connection) = &mut self.connection else { return Ok(0) };
        let received = connection.receive_body(&self.exchange, &mut self.deframer, buffer, self.rest, self.patience)?;
        self.rest = self.rest.saturating_sub(received as u64);
        if let Some(observer) = &mut self.observer {
            observer(&buffer[..received]);
        }
        if received == 0 {
            self.end();
        }
        Ok(received)
    }

    /// The body is whole: the connection may serve another request.
    fn end(&mut self) {
        self.exchange.times().response_end = Some(Instant::now());
        for repair in self.deframer.take_repairs() {
            self.log.write(Level::Warning, || format!("the response's trailer was odd: {repair}"));
        }
        let (Some(connection), Some(origin)) = (self.connection.take(), self.origin.take()) else { return };
        if self.keeps_connection && connection.can_be_kept() && self.exchange.worker().check().is_ok() {
            self.pool.put(origin, connection, self.exchange.worker());
        } else {
            connection.end(self.exchange.worker());
        }
    }
}

/// A body that nobody read to its end takes its connection with it.
impl Drop for FramedBody {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.end(self.exchange.worker());
        }
    }
}

/// For a decoder: an error is carried as it is. The decoder has to tell an end that was not polite from others.
impl Read for FramedBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(buffer).map_err(|error| match error.kind {
            ErrorKind::UncleanEnd => io::Error::new(io::ErrorKind::UnexpectedEof, error),
            _ => io::Error::other(error),
        })
    }
}

fn of_decoder(error: io::Error) -> Error {
    error.downcast().unwrap_or_else(|error| Error::connection(&error))
}
