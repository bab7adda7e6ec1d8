//! The request of a caller.

use std::io;
use std::os::fd::BorrowedFd;

use crate::terms::{Headers, Method};

/// One request to one server. The caller follows redirects.
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// An `http` or `https` URL.
    pub url: &'a url::Url,
    /// The header fields, validated. They are sent in this order and spelling, including duplicates, but without `Host`
    /// and `Content-Length`. The library's own fields precede them: `Host`, `Content-Length` for a POST or PUT, and
    /// `Accept-Encoding` unless the list has one.
    pub headers: &'a Headers,
    /// The body of a POST or PUT.
    pub body: Option<&'a mut dyn BodySource>,
    /// Whether a POST or PUT that was sent completely may be sent once more if its pooled connection ends before a byte
    /// of the answer. The server may have acted on it (RFC 9110 section 9.2.2).
    pub may_be_sent_again: bool,
    /// The maximum number of bytes of the decoded answer body. A larger one fails with
    /// [`ErrorKind::BodyTooLarge`](super::ErrorKind::BodyTooLarge) as soon as its size is known.
    pub body_limit: u64,
}

/// The source of a request's body, read while it is sent.
pub trait BodySource: Send {
    /// The exact number of bytes that [`read`](BodySource::read) returns in total.
    fn length(&self) -> u64;

    /// Whether a [`read`](BodySource::read) may wait for another party, as with a pipe. Earlier bytes are then sent
    /// before such a read.
    fn may_wait(&self) -> bool;

    /// The pipe that the next bytes come from. The exchange waits until it is readable, and watches the connection
    /// meanwhile. `None` if the next bytes come from elsewhere.
    fn next_pipe(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Whether [`rewind`](BodySource::rewind) works. A body that can be read only once is sent on a new connection,
    /// because a pooled one may turn out to be dead when a part of the body is consumed.
    fn can_rewind(&self) -> bool;

    /// Rewinds to the first byte, for a second attempt.
    ///
    /// # Errors
    /// The source cannot be read again. Then there is no second attempt.
    fn rewind(&mut self) -> io::Result<()>;

    /// Reads the next bytes. Returning 0 before [`length`](BodySource::length) bytes fails the exchange.
    ///
    /// # Errors
    /// `WouldBlock` if the next bytes come from a pipe that is empty. Any other error is a failure of the source, and
    /// becomes [`ErrorKind::RequestBody`](super::ErrorKind::RequestBody).
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}
