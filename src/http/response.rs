//! The response of a server.

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
use crate::terms::Headers;
use crate::terms::log::{Level, Log};
use crate::worker::sizes::{DISCARD, FILE_PIECE};

/// The maximum number of bytes to read and discard in order to keep a connection.
const DISCARD_LIMIT: usize = 64 * 1024;
/// The maximum time to wait in order to keep a connection. Opening a new one costs about as much.
const DISCARD_TIME: Duration = Duration::from_millis(250);

/// A response. Its body is read from the network on demand.
pub struct Response {
    /// The status code, 200 or above.
    pub status: u16,
    /// The header fields, in the order and spelling of the wire, including duplicates.
    pub headers: Arc<Headers>,
    /// The first `Location` that is not empty, as raw bytes. Decoding one that is not UTF-8 would change its target.
    pub location: Option<Vec<u8>>,
    content_length: Option<u64>,
    /// The number of bytes of the decoded body that may still follow.
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

/// Receives the bytes of a body as they arrive, before content codings are decoded.
type WireObserver = Box<dyn FnMut(&[u8]) + Send>;

/// The body as it is on the wire, without its framing. At its end the connection goes back to the pool.
struct FramedBody {
    /// `None` after the end of the body.
    connection: Option<Box<Connection>>,
    deframer: Deframer,
    /// Whether the connection can take another request after the body.
    keeps_connection: bool,
    origin: Option<Origin>,
    pool: Arc<IdlePool>,
    exchange: Arc<Exchange>,
    /// Receives notes on a malformed trailer.
    log: Log,
    /// When to give up reading a body that nobody needs.
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
        // Created first: if the code below fails, dropping it ends the connection.
        let mut framed = FramedBody {
            connection: Some(connection),
            deframer: Deframer::new(BodyFraming::None, None),
            keeps_connection,
            origin: Some(origin),
            pool,
            exchange: exchange.clone(),
            log,
            patience: None,
            observer: None,
        };
        let codings = codings_of(&headers)?;
        // The limit applies to the decoded body, so it cannot be checked on a coded one here.
        let wire_limit = codings.is_empty().then_some(limit);
        framed.deframer = Deframer::new(framing, wire_limit);
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
            headers: Arc::new(headers),
            location,
            content_length,
            limit_left: limit,
            limit,
            body,
            exchange: exchange.clone(),
        })
    }

    /// The size of the body, if it is known in advance. `None` for a chunked, close-delimited or coded body.
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// Passes the bytes of the body to `observer` as they arrive from here on, without framing and before decoding.
    pub fn observe_wire(&mut self, observer: impl FnMut(&[u8]) + Send + 'static) {
        match &mut self.body {
            ResponseBody::Plain(body) => body.observer = Some(Box::new(observer)),
            ResponseBody::Coded(decoder) => decoder.source_mut().observer = Some(Box::new(observer)),
            ResponseBody::Ended | ResponseBody::Failed => {}
        }
    }

    /// Reads the next bytes of the decoded body. 0 is its end, which is reported only for a complete body.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`]; [`ErrorKind::Closed`] for a body that is cut off; [`ErrorKind::Stalled`];
    /// [`ErrorKind::Protocol`] for a malformed chunk or content coding; [`ErrorKind::BodyTooLarge`];
    /// [`ErrorKind::Tls`]; [`ErrorKind::OutOfResources`]; [`ErrorKind::Internal`]. After a failure, every further read
    /// fails: with [`ErrorKind::Cancelled`] if the exchange was stopped, otherwise with [`ErrorKind::Closed`].
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // Reads of buffered bytes do not wait, so they would not notice a stop.
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
        // For a caller, an unclean end is a body that was cut off.
        result.map_err(|error| match error.kind {
            ErrorKind::UncleanEnd => Error::closed(error.detail),
            _ => error,
        })
    }

    /// Discards the rest of a response. Keeps the connection if only little is left.
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
        // The result does not matter. A failure closes the connection.
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
        let received = connection.receive_body(&self.exchange, &mut self.deframer, buffer, self.patience)?;
        if let Some(observer) = &mut self.observer {
            for piece in buffer[..received].chunks(FILE_PIECE) {
                self.exchange.worker().turn(piece.len())?;
                observer(piece);
            }
        }
        if received == 0 {
            self.end();
        }
        Ok(received)
    }

    /// The body is complete, so the connection may take another request.
    fn end(&mut self) {
        self.exchange.times().response_end = Some(Instant::now());
        for repair in self.deframer.take_repairs() {
            self.log.write(Level::Warning, || format!("the response's trailer was malformed: {repair}"));
        }
        let (Some(connection), Some(origin)) = (self.connection.take(), self.origin.take()) else { return };
        if self.keeps_connection && connection.can_be_kept() && self.exchange.worker().check().is_ok() {
            self.pool.put(origin, connection, self.exchange.worker());
        } else {
            connection.end(self.exchange.worker());
        }
    }
}

/// Ends the connection if the body was not read to its end.
impl Drop for FramedBody {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.end(self.exchange.worker());
        }
    }
}

/// For a decoder. Wraps errors unchanged, but marks an unclean end as `UnexpectedEof`, which the decoder handles.
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
