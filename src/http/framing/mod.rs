//! Removes the framing of a response's body (RFC 9112 section 6) without copying it.

mod chunked;

use super::error::Error;
use super::head::BodyFraming;
use chunked::Chunks;

/// Distinguishes body from framing in the bytes after a head.
///
/// The caller asks what comes [next](Deframer::next), consumes that many bytes of its input, and reports consumed body
/// bytes. Work without progress is limited: between two bytes of a body there are at most a size line of 16 KiB and two
/// line ends, and after the last byte a trailer of 64 KiB.
#[derive(Debug)]
pub struct Deframer {
    framing: Framing,
    /// The maximum number of bytes of the body.
    limit: Option<u64>,
    /// The number of consumed bytes of the body.
    taken: u64,
}

#[derive(Debug)]
enum Framing {
    /// The number of bytes that are still to come.
    Length(u64),
    Chunked(Chunks),
    UntilClose,
}

/// The kind of the next bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// This many bytes are framing, never 0. Drop them.
    Framing(usize),
    /// This many bytes are body, never 0. The input may contain fewer.
    Body(u64),
    /// More input is needed.
    More,
    /// The body is complete. Further bytes do not belong to it.
    End,
}

/// What is known of the bytes that are still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Exactly this many bytes.
    Length(u64),
    /// This many bytes of the current chunk, then an unknown number.
    Chunk(u64),
    /// An unknown number of bytes, then the end of the connection.
    UntilClose,
}

impl Deframer {
    /// For the body after a head. With a `limit`, a length or chunk that exceeds it fails as soon as it is announced.
    /// The limit counts bytes of the wire, so it is `None` for a body with a content coding.
    pub fn new(framing: BodyFraming, limit: Option<u64>) -> Deframer {
        let framing = match framing {
            BodyFraming::None => Framing::Length(0),
            BodyFraming::Length(length) => Framing::Length(length),
            BodyFraming::Chunked => Framing::Chunked(Chunks::default()),
            BodyFraming::UntilClose => Framing::UntilClose,
        };
        Deframer { framing, limit, taken: 0 }
    }

    /// The kind of the next bytes. `input` starts after the bytes consumed so far.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`](super::error::ErrorKind::Protocol) at the first byte that violates the framing;
    /// [`ErrorKind::BodyTooLarge`](super::error::ErrorKind::BodyTooLarge).
    pub fn next(&mut self, input: &[u8]) -> Result<Framed, Error> {
        self.check_limit()?;
        let chunks = match &mut self.framing {
            Framing::Length(0) => return Ok(Framed::End),
            Framing::Length(left) => return Ok(Framed::Body(*left)),
            Framing::UntilClose => return Ok(Framed::Body(u64::MAX)),
            Framing::Chunked(chunks) => chunks,
        };
        if chunks.body_left() > 0 {
            return Ok(Framed::Body(chunks.body_left()));
        }
        if chunks.is_over() {
            return Ok(Framed::End);
        }
        for (index, &byte) in input.iter().enumerate() {
            chunks.take_framing(byte)?;
            if self.limit.is_some_and(|limit| chunks.size() > limit.saturating_sub(self.taken)) {
                return Err(Error::too_large(self.limit.unwrap_or_default()));
            }
            if chunks.body_left() > 0 || chunks.is_over() {
                return Ok(Framed::Framing(index + 1));
            }
        }
        Ok(if input.is_empty() { Framed::More } else { Framed::Framing(input.len()) })
    }

    /// Reports that the caller has consumed `amount` bytes of the body, at most [`body_left`](Deframer::body_left).
    pub fn consumed(&mut self, amount: u64) {
        self.taken = self.taken.saturating_add(amount);
        match &mut self.framing {
            Framing::Length(left) => *left = left.saturating_sub(amount),
            Framing::Chunked(chunks) => chunks.take_body(amount),
            Framing::UntilClose => {}
        }
    }

    /// The number of body bytes that follow without framing, so that the caller can receive them directly into its own
    /// buffer. `u64::MAX` for a body that ends with the connection.
    pub fn body_left(&self) -> u64 {
        match &self.framing {
            Framing::Length(left) => *left,
            Framing::Chunked(chunks) => chunks.body_left(),
            Framing::UntilClose => u64::MAX,
        }
    }

    /// What is known of the bytes that are still to come.
    pub fn rest(&self) -> Rest {
        match &self.framing {
            Framing::Length(left) => Rest::Length(*left),
            Framing::Chunked(chunks) => Rest::Chunk(chunks.body_left()),
            Framing::UntilClose => Rest::UntilClose,
        }
    }

    /// Returns one log message for each repaired trailer line of a complete body, once. None contains a value.
    pub fn take_repairs(&mut self) -> Vec<String> {
        match &mut self.framing {
            Framing::Chunked(chunks) => chunks.take_repairs(),
            Framing::Length(_) | Framing::UntilClose => Vec::new(),
        }
    }

    /// The peer has closed the connection, and all input was consumed.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](super::error::ErrorKind::Closed) if the body cannot end here.
    pub fn end_of_input(&self) -> Result<(), Error> {
        let may_end = match &self.framing {
            Framing::Length(left) => *left == 0,
            Framing::Chunked(chunks) => chunks.is_over(),
            Framing::UntilClose => true,
        };
        if may_end {
            return Ok(());
        }
        Err(Error::closed("the server closed the connection before the response was whole"))
    }

    fn check_limit(&self) -> Result<(), Error> {
        let announced = match self.framing {
            Framing::Length(left) => left,
            // A chunk's size was checked when it was read.
            Framing::Chunked(_) | Framing::UntilClose => 0,
        };
        match self.limit {
            Some(limit) if self.taken.saturating_add(announced) > limit => Err(Error::too_large(limit)),
            _ => Ok(()),
        }
    }
}
