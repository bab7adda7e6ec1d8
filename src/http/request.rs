//! What a caller asks for.

use std::io;

use crate::terms::Method;

/// One request to one server; following redirects is the caller's.
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// An `http` or `https` URL.
    pub url: &'a url::Url,
    /// The header fields, complete and already validated. They go out in this order and in these letters, also those of
    /// one name. `Host`, `Content-Length` and, unless it is given, `Accept-Encoding` are added in front.
    pub headers: &'a [(String, String)],
    /// The body of a POST or PUT.
    pub body: Option<&'a mut dyn BodySource>,
    /// Whether a POST or PUT that was all sent on a connection out of the pool may be sent once more when that ends without a byte
    /// of an answer. The server may have acted on it (RFC 9110 section 9.2.2).
    pub may_be_sent_again: bool,
    /// The most bytes that the body of the answer may have, decoded. More is [`ErrorKind::BodyTooLarge`](
    /// super::ErrorKind::BodyTooLarge), as soon as it is announced.
    pub body_limit: u64,
}

/// Where a request's body is read from, while it is sent.
pub trait BodySource: Send {
    /// The exact number of bytes that [`read`](BodySource::read) will give.
    fn length(&self) -> u64;

    /// Whether a [`read`](BodySource::read) may have to wait for somebody else, as that of a pipe. What comes before such
    /// a read leaves before it.
    fn may_wait(&self) -> bool;

    /// Whether [`rewind`](BodySource::rewind) works. A body that can be read once only is sent on a new connection: one out of
    /// the pool may turn out to be dead when a part of the body is gone.
    fn can_rewind(&self) -> bool;

    /// Goes back to the first byte, for a second attempt.
    ///
    /// # Errors
    /// When the source cannot be read again; there is no second attempt then.
    fn rewind(&mut self) -> io::Result<()>;

    /// Reads the next bytes; 0 before [`length`](BodySource::length) bytes were given fails the exchange.
    ///
    /// # Errors
    /// Whatever the source says; it becomes [`ErrorKind::RequestBody`](super::ErrorKind::RequestBody).
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}
