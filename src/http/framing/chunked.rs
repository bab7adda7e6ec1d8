//! Parses the framing of a chunked body (RFC 9112 section 7.1) byte by byte, so that a malformed one fails at its first
//! wrong byte.

use crate::http::error::Error;
use crate::http::head::{MAX_FIELDS, MAX_HEAD_SIZE, is_token_byte, trailer_repairs};

/// The maximum length of a chunk's size line, without its line end. Extensions are ignored (RFC 9112 section 7.1.1).
const MAX_LINE: usize = 16 * 1024;

/// The position of the next byte in the framing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ChunkPlace {
    /// Before the first digit of a size.
    #[default]
    Size,
    /// Within the digits of a size.
    Digits,
    /// In the blanks after a size.
    Blanks,
    /// Within the extensions.
    Extensions,
    /// Between CR and LF of a size line.
    SizeEnd,
    /// In the data, or directly after it.
    Data,
    /// Between CR and LF after the data.
    DataEnd,
    /// At the start of a trailer line.
    Line,
    /// In the name of a trailer line.
    Name,
    /// In the blanks between a name and its colon.
    NameBlanks,
    /// After the colon of a trailer line, or in a folded line.
    Value,
    /// Between CR and LF of a trailer line.
    FieldEnd,
    /// Between CR and LF of the last line.
    LastEnd,
    /// After the last line.
    Over,
}

/// The framing of a chunked body.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    place: ChunkPlace,
    /// While the size line is read: the size so far. Afterwards: the number of bytes left in the chunk.
    size: u64,
    /// The number of bytes of the size line so far.
    length: usize,
    /// The trailer received so far.
    trailer: Vec<u8>,
    /// The number of trailer fields so far.
    fields: usize,
    /// One log message for each repaired trailer line.
    repairs: Vec<String>,
}

impl Chunks {
    /// The current chunk's size so far, or the number of bytes left in it.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The number of data bytes that follow.
    pub(super) fn body_left(&self) -> u64 {
        if self.place == ChunkPlace::Data { self.size } else { 0 }
    }

    /// Whether the last line was read.
    pub(super) fn is_over(&self) -> bool {
        self.place == ChunkPlace::Over
    }

    /// Returns one log message for each repaired trailer line, once.
    pub(super) fn take_repairs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.repairs)
    }

    /// Consumes data of the current chunk.
    pub(super) fn take_body(&mut self, amount: u64) {
        self.size = self.size.saturating_sub(amount);
    }

    /// Consumes one byte of framing. A lone LF also ends a line, as in curl and browsers. A CR must be followed by LF.
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
            (ChunkPlace::Over, _) => return Err(Error::internal("a read after the last chunk")),
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

    /// Counts a byte of the size line.
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

    /// Consumes a byte of the trailer. Its fields are ignored. Its lines are repaired like those of a head. A line that
    /// is not a field fails at its first invalid byte. Such a line may be a chunk that a faulty server sent after the
    /// chunk of size 0. Ignoring it would truncate the body.
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
            // A folded line, which requires a field before it.
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
