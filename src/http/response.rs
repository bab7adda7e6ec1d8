//! What a server answered.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::BodyReader;

use super::coding::{Coding, Decoder, coding_of};
use super::context::Context;
use super::error::{Error, ErrorKind};
use super::head::Head;
use crate::terms::Header;

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
    body: Body,
    context: Arc<Context>,
}

enum Body {
    Plain(BodyReader<'static>),
    Coded(Box<Decoder<BodyReader<'static>>>),
    Ended,
    Failed,
}

impl Response {
    /// Puts together what ureq made of the response and what was on the wire.
    pub(super) fn new(
        context: &Arc<Context>,
        head: Head,
        response: ureq::http::Response<ureq::Body>,
    ) -> Result<Response, Error> {
        let coding = coding_of(&head.headers)?;
        let body = response.into_body();
        let has_body = !matches!(head.status, 204 | 304);
        let content_length = match coding {
            _ if !has_body => Some(0),
            Some(_) => None,
            None => body.content_length(),
        };
        let mut response = Response {
            status: head.status,
            headers: head.headers,
            location: head.location,
            content_length,
            body: into_body(body, coding),
            context: context.clone(),
        };
        if content_length == Some(0) {
            response.end();
        }
        Ok(response)
    }

    /// The body's size, where it is known before it is read: not for a chunked or close-delimited body, nor for a coded one.
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// Reads the next bytes of the decoded body; 0 is its end, which is only reported for a whole body.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`], [`ErrorKind::Closed`] for a body that is cut off, [`ErrorKind::Protocol`] for bad chunks
    /// or data that the content coding does not allow, [`ErrorKind::Tls`], [`ErrorKind::Internal`]. A body that failed
    /// once fails with [`ErrorKind::Closed`] on every later read.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // Much of a body may have been received before it is read.
        if let Err(reason) = self.context.cancel().check() {
            self.body = Body::Failed;
            return Err(reason.into());
        }
        let result = match &mut self.body {
            Body::Plain(reader) => reader.read(buffer).map_err(|error| plain_error(&self.context, error)),
            Body::Coded(reader) => reader.read(buffer).map_err(|error| coded_error(&self.context, error)),
            Body::Ended => return Ok(0),
            Body::Failed => return Err(Error::closed("the response has failed before")),
        };
        match result {
            Ok(0) => self.end(),
            Ok(_) => {}
            Err(_) => self.body = Body::Failed,
        }
        result
    }

    /// Ends a response that nobody needs, and keeps the connection when little of it is left.
    pub fn discard(mut self) {
        if self.content_length.is_some_and(|length| length > DISCARD_LIMIT as u64) {
            return;
        }
        self.context.state().patience = Some(Instant::now() + DISCARD_TIME);
        let mut buffer = [0; 4096];
        let mut left = DISCARD_LIMIT;
        // Nobody wants to know how it ends; a failure closes the connection, and that is all there is to it.
        while let Ok(received @ 1..) = self.read(&mut buffer) {
            left = left.saturating_sub(received);
            if left == 0 {
                break;
            }
        }
        self.context.state().patience = None;
    }

    fn end(&mut self) {
        self.body = Body::Ended;
        self.context.state().trace.response_end = Some(Instant::now());
    }
}

fn into_body(body: ureq::Body, coding: Option<Coding>) -> Body {
    let reader = body.into_reader();
    match coding {
        None => Body::Plain(reader),
        Some(coding) => Body::Coded(Box::new(Decoder::new(coding, reader))),
    }
}

fn plain_error(context: &Context, error: io::Error) -> Error {
    from_ureq(context, ureq::Error::from(error))
}

/// An error of the decoder itself, unless the connection below it has failed.
fn coded_error(context: &Context, error: io::Error) -> Error {
    if error.get_ref().is_some_and(|inner| inner.is::<ureq::Error>()) {
        return plain_error(context, error);
    }
    match context.state().failure.take() {
        Some(failure) => failure,
        None => Error::protocol(format!("the response's content coding is broken: {error}")),
    }
}

/// The failure behind an error of ureq: our own where there is one, else one that ureq found itself.
pub(super) fn from_ureq(context: &Context, error: ureq::Error) -> Error {
    if let Some(failure) = context.state().failure.take() {
        return failure;
    }
    match error {
        ureq::Error::Io(error) => Error::connection(&error),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) | ureq::Error::BodyStalled => {
            Error::protocol(format!("the response breaks the rules of HTTP: {error}"))
        }
        ureq::Error::HostNotFound => Error::new(ErrorKind::NameResolution, "the name has no address"),
        ureq::Error::ConnectionFailed => Error::new(ErrorKind::Connect, "cannot connect"),
        error => Error::internal(format!("the request failed: {error}")),
    }
}
