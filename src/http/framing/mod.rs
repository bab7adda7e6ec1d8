//! Takes a response's body out of its framing (RFC 9112 section 6) without copying it.

mod chunked;

use super::error::Error;
use super::head::BodyFraming;
use chunked::Chunks;

/// Tells body from framing in the bytes that follow a head.
///
/// The caller asks what comes [next](Deframer::next), takes that many bytes from its input, and reports those of the body.
/// Work without progress is bounded: between two bytes of a body are at most a chunk's line of 16 KiB and two line ends,
/// behind the last one a trailer of 64 KiB.
#[derive(Debug)]
pub struct Deframer {
    framing: Framing,
    /// The most bytes the body may have.
    limit: Option<u64>,
    /// How many bytes of the body were taken.
    taken: u64,
}

#[derive(Debug)]
enum Framing {
    /// So much of the body is to come.
    Length(u64),
    Chunked(Chunks),
    UntilClose,
}

/// What comes next in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// So many bytes of the input are framing, never 0. They are to be dropped.
    Framing(usize),
    /// So many bytes are body, never 0; there may be fewer in the input.
    Body(u64),
    /// More input is needed to tell.
    More,
    /// The body is over; what follows is none of it.
    End,
}

impl Deframer {
    /// For the body that follows a head. With a `limit`, a length or a chunk that goes beyond fails as soon as it is
    /// announced. It counts the bytes of the wire, so a body with a content coding has none.
    pub fn new(framing: BodyFraming, limit: Option<u64>) -> Deframer {
        let framing = match framing {
            BodyFraming::None => Framing::Length(0),
            BodyFraming::Length(length) => Framing::Length(length),
            BodyFraming::Chunked => Framing::Chunked(Chunks::default()),
            BodyFraming::UntilClose => Framing::UntilClose,
        };
        Deframer { framing, limit, taken: 0 }
    }

    /// What the next bytes are; `input` begins behind what was taken so far.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`](super::error::ErrorKind::Protocol) at the first byte that no framing can have there;
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

    /// The caller has taken `amount` bytes of the body, at most [`body_left`](Deframer::body_left).
    pub fn consumed(&mut self, amount: u64) {
        self.taken = self.taken.saturating_add(amount);
        match &mut self.framing {
            Framing::Length(left) => *left = left.saturating_sub(amount),
            Framing::Chunked(chunks) => chunks.take_body(amount),
            Framing::UntilClose => {}
        }
    }

    /// How many bytes of the body are sure to come before anything else, for a caller that receives into the place where it
    /// wants them; `u64::MAX` for a body that ends with its connection.
    pub fn body_left(&self) -> u64 {
        match &self.framing {
            Framing::Length(left) => *left,
            Framing::Chunked(chunks) => chunks.body_left(),
            Framing::UntilClose => u64::MAX,
        }
    }

    /// A line for the log for each odd line of the trailer of a body that is over; none holds a value. They are given once.
    pub fn take_repairs(&mut self) -> Vec<String> {
        match &mut self.framing {
            Framing::Chunked(chunks) => chunks.take_repairs(),
            Framing::Length(_) | Framing::UntilClose => Vec::new(),
        }
    }

    /// The peer has closed the connection and all of the input was taken.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](super::error::ErrorKind::Closed) where the body cannot end here.
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
            // A chunk's size was checked as it came.
            Framing::Chunked(_) | Framing::UntilClose => 0,
        };
        match self.limit {
            Some(limit) if self.taken.saturating_add(announced) > limit => Err(Error::too_large(limit)),
            _ => Ok(()),
        }
    }
}
