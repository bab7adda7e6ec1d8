//! The lines of a chunked body (RFC 9112 section 7.1), a byte at a time, so that a bad one fails at its first bad byte.

use crate::http::error::Error;
use crate::http::head::{MAX_FIELDS, MAX_HEAD_SIZE, is_token_byte, trailer_repairs};

/// The most bytes of a chunk's line, without its end. Extensions are not known and so passed over (RFC 9112 section 7.1.1),
/// as long as they are.
const MAX_LINE: usize = 16 * 1024;

/// Where in the framing the next byte is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ChunkPlace {
    /// In front of a size's first digit.
    #[default]
    Size,
    /// In the size.
    Digits,
    /// In the blanks behind a size.
    Blanks,
    /// In the extensions.
    Extensions,
    /// Between the CR and the LF of a chunk's line.
    SizeEnd,
    /// In the data, or right behind it.
    Data,
    /// Between the CR and the LF behind the data.
    DataEnd,
    /// At the start of a trailer's line.
    Line,
    /// In the name of a trailer's line.
    Name,
    /// In the blanks between a name and its colon.
    NameBlanks,
    /// Behind the colon of a trailer's line, or in a folded line.
    Value,
    /// Between the CR and the LF of a trailer's line.
    FieldEnd,
    /// Between the CR and the LF of the last line.
    LastEnd,
    /// Behind the last line.
    Over,
}

/// The framing of a chunked body.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    place: ChunkPlace,
    /// The size of a chunk while its line is read, then what is left of it.
    size: u64,
    /// The bytes of a chunk's line.
    length: usize,
    /// The trailer, as far as it has come.
    trailer: Vec<u8>,
    /// How many fields of the trailer have begun.
    fields: usize,
    /// A line for the log for each of its lines that was odd.
    repairs: Vec<String>,
}

impl Chunks {
    /// The current chunk's size, as far as its digits have come, or what is left of it.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// How many bytes of data follow.
    pub(super) fn body_left(&self) -> u64 {
        if self.place == ChunkPlace::Data { self.size } else { 0 }
    }

    /// Whether the last line was read.
    pub(super) fn is_over(&self) -> bool {
        self.place == ChunkPlace::Over
    }

    /// A line for the log for each odd line of the trailer, once.
    pub(super) fn take_repairs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.repairs)
    }

    /// Takes data of the current chunk.
    pub(super) fn take_body(&mut self, amount: u64) {
        self.size = self.size.saturating_sub(amount);
    }

    /// Takes one byte of framing. LF alone ends a line, as curl and browsers have it; CR is nothing but the half of CRLF.
    pub(super) fn take_framing(&mut self, byte: u8) -> Result<(), Error> {
        self.place = match (self.place, byte) {
            (ChunkPlace::Size | ChunkPlace::Digits, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte)?,
            (ChunkPlace::Digits | ChunkPlace::Blanks, b' ' | b'\t') => self.in_line(ChunkPlace::Blanks)?,
            (ChunkPlace::Digits | ChunkPlace::Blanks, b';') => self.in_line(ChunkPlace::Extensions)?,
            (ChunkPlace::Digits | ChunkPlace::Blanks | ChunkPlace::Extensions, b'\r') => ChunkPlace::SizeEnd,
            (ChunkPlace::Digits | ChunkPlace::Blanks | ChunkPlace::Extensions | ChunkPlace::SizeEnd, b'\n') => {
                self.line_ended()
            }
            (ChunkPlace::Size | ChunkPlace::Digits | ChunkPlace::Blanks | ChunkPlace::SizeEnd, _) => {
                return Err(Error::protocol("a chunk's size is malformed"));
            }
            (ChunkPlace::Extensions, _) => self.in_line(ChunkPlace::Extensions)?,
            (ChunkPlace::Data, b'\r') => ChunkPlace::DataEnd,
            (ChunkPlace::Data | ChunkPlace::DataEnd, b'\n') => ChunkPlace::Size,
            (ChunkPlace::Data | ChunkPlace::DataEnd, _) => {
                return Err(Error::protocol("a chunk is longer than its size"));
            }
            (ChunkPlace::Over, _) => return Err(Error::internal("there is nothing behind the last chunk")),
            (_, 0) => return Err(Error::protocol("the response's trailer holds a NUL")),
            _ => self.take_trailer(byte)?,
        };
        Ok(())
    }

    fn digit(&mut self, digit: u8) -> Result<ChunkPlace, Error> {
        let value = char::from(digit).to_digit(16).unwrap_or_default();
        let size = self.size.checked_mul(16).and_then(|size| size.checked_add(u64::from(value)));
        self.size = size.ok_or_else(|| Error::protocol("a chunk's size is too large"))?;
        self.in_line(ChunkPlace::Digits)
    }

    /// Counts a byte of a chunk's line.
    fn in_line(&mut self, place: ChunkPlace) -> Result<ChunkPlace, Error> {
        self.length += 1;
        if self.length > MAX_LINE {
            return Err(Error::protocol("a chunk's line is too long"));
        }
        Ok(place)
    }

    fn line_ended(&mut self) -> ChunkPlace {
        self.length = 0;
        if self.size == 0 { ChunkPlace::Line } else { ChunkPlace::Data }
    }

    /// Takes a byte of the trailer. Its fields have no use and no effect; its lines are those of a head and are repaired like
    /// them. A line that is no field is an error at its first byte that no field can have there: it may be a chunk behind the
    /// last one, of a server that counted wrongly, and the body would be shorter than it is.
    fn take_trailer(&mut self, byte: u8) -> Result<ChunkPlace, Error> {
        self.trailer.push(byte);
        if self.trailer.len() > MAX_HEAD_SIZE {
            return Err(Error::protocol("the response's trailer is too large"));
        }
        let place = match (self.place, byte) {
            (ChunkPlace::Line, b'\r') => ChunkPlace::LastEnd,
            (ChunkPlace::Line | ChunkPlace::LastEnd, b'\n') => {
                self.repairs = trailer_repairs(&std::mem::take(&mut self.trailer))?;
                ChunkPlace::Over
            }
            // A folded line, which needs one to go on from.
            (ChunkPlace::Line, b' ' | b'\t') if self.fields > 0 => ChunkPlace::Value,
            (ChunkPlace::Line, _) if is_token_byte(byte) => {
                self.fields += 1;
                if self.fields > MAX_FIELDS {
                    return Err(Error::protocol("the response's trailer has too many lines"));
                }
                ChunkPlace::Name
            }
            (ChunkPlace::Name, _) if is_token_byte(byte) => ChunkPlace::Name,
            (ChunkPlace::Name | ChunkPlace::NameBlanks, b' ' | b'\t') => ChunkPlace::NameBlanks,
            (ChunkPlace::Name | ChunkPlace::NameBlanks, b':') => ChunkPlace::Value,
            (ChunkPlace::Value, b'\r') => ChunkPlace::FieldEnd,
            (ChunkPlace::Value | ChunkPlace::FieldEnd, b'\n') => ChunkPlace::Line,
            (ChunkPlace::Value, _) => ChunkPlace::Value,
            (ChunkPlace::FieldEnd | ChunkPlace::LastEnd, _) => {
                return Err(Error::protocol("the response's trailer has a malformed line end"));
            }
            _ => return Err(Error::protocol("a line of the response's trailer is no header line")),
        };
        Ok(place)
    }
}
