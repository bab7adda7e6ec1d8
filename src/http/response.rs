//! What a server answered.

use super::error::Error;
use super::head::Header;

/// A response whose body is read from the network as it is asked for.
pub struct Response {
    /// The status code, 200 or above.
    pub status: u16,
    /// The header fields: wire order, wire letters, duplicates kept.
    pub headers: Vec<Header>,
}

impl Response {
    /// The body's size, where it is known before it is read: not for a chunked or close-delimited body, nor for a coded one.
    pub fn content_length(&self) -> Option<u64> {
        None
    }

    /// Reads the next bytes of the decoded body; 0 is its end, which is only reported for a whole body.
    ///
    /// # Errors
    /// Everything but the kinds that end with the response's head. A body that failed once fails with every later read.
    pub fn read(&mut self, _buffer: &mut [u8]) -> Result<usize, Error> {
        Err(Error::internal("not built yet"))
    }

    /// Ends a response that nobody needs, and keeps the connection when little of it is left.
    pub fn discard(self) {}
}
