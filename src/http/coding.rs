//! Content codings (RFC 9110 section 8.4): gzip, deflate, br.

use std::io::{self, Read};

use super::error::Error;
use super::head::list;
use crate::terms::Header;

/// A content coding that this build can undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    #[cfg(feature = "brotli")]
    Brotli,
}

/// The value of `Accept-Encoding`: what can be undone.
pub(super) const ACCEPTED: &str = if cfg!(feature = "brotli") { "gzip, deflate, br" } else { "gzip, deflate" };

/// The coding of a response. One that nobody knows is handed on as it is, as browsers do: storage services give files
/// such names as `aws-chunked` or `utf-8`.
pub(super) fn coding_of(headers: &[Header]) -> Result<Option<Coding>, Error> {
    let mut known = None;
    for name in list(headers, "content-encoding") {
        let coding = match name.as_str() {
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            #[cfg(feature = "brotli")]
            "br" => Coding::Brotli,
            _ => continue,
        };
        if known.replace(coding).is_some() {
            return Err(Error::protocol("the response has several content codings"));
        }
    }
    Ok(known)
}

/// Reads the decoded body of a source. Bad data is an error, and so is an end before the coding's own; a body without any
/// bytes is an empty one, which servers send with a coding too.
///
/// The source is always read to its end, beyond that of the coding, for the connection to be used again.
pub(super) struct Decoder<S: Read> {
    state: State<S>,
}

enum State<S: Read> {
    Unread(Coding, S),
    Gzip(Box<flate2::read::MultiGzDecoder<Begun<S>>>),
    Deflate(Box<Inflater<Begun<S>>>),
    #[cfg(feature = "brotli")]
    Brotli(Box<brotli_decompressor::Decompressor<Begun<S>>>),
    Ended,
}

/// A source whose first bytes were looked at.
type Begun<S> = io::Chain<io::Take<io::Cursor<[u8; 2]>>, S>;

impl<S: Read> Decoder<S> {
    pub(super) fn new(coding: Coding, source: S) -> Decoder<S> {
        Decoder { state: State::Unread(coding, source) }
    }

    fn begin(coding: Coding, mut source: S) -> io::Result<State<S>> {
        let mut first = [0; 2];
        let mut count = 0;
        while count < first.len() {
            match source.read(&mut first[count..])? {
                0 => break,
                received => count += received,
            }
        }
        if count == 0 {
            return Ok(State::Ended);
        }
        let source = io::Cursor::new(first).take(count as u64).chain(source);
        Ok(match coding {
            Coding::Gzip => State::Gzip(Box::new(flate2::read::MultiGzDecoder::new(source))),
            Coding::Deflate => State::Deflate(Box::new(Inflater::new(source, has_zlib_header(first)))),
            #[cfg(feature = "brotli")]
            Coding::Brotli => State::Brotli(Box::new(brotli_decompressor::Decompressor::new(source, INPUT_SIZE))),
        })
    }
}

impl<S: Read> Read for Decoder<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let State::Unread(..) = self.state
            && let State::Unread(coding, source) = std::mem::replace(&mut self.state, State::Ended)
        {
            self.state = Self::begin(coding, source)?;
        }
        match &mut self.state {
            State::Unread(..) | State::Ended => Ok(0),
            State::Gzip(decoder) => decoder.read(buffer),
            State::Deflate(decoder) => decoder.read(buffer),
            #[cfg(feature = "brotli")]
            State::Brotli(decoder) => match decoder.read(buffer)? {
                0 => {
                    io::copy(decoder.get_mut(), &mut io::sink())?;
                    Ok(0)
                }
                decoded => Ok(decoded),
            },
        }
    }
}

const INPUT_SIZE: usize = 16 * 1024;

/// "deflate" is the zlib format (RFC 1950), but servers send bare deflate data (RFC 1951) under the name as well.
fn has_zlib_header(first: [u8; 2]) -> bool {
    first[0] & 0x0f == 8 && u16::from_be_bytes(first).is_multiple_of(31)
}

/// flate2's own readers take an end of the source for the end of the data.
struct Inflater<S> {
    source: S,
    inflate: flate2::Decompress,
    input: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl<S: Read> Inflater<S> {
    fn new(source: S, zlib_header: bool) -> Inflater<S> {
        let inflate = flate2::Decompress::new(zlib_header);
        Inflater { source, inflate, input: vec![0; INPUT_SIZE], start: 0, end: 0, ended: false }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended {
            let mut source_ended = false;
            if self.start == self.end {
                (self.start, self.end) = (0, self.source.read(&mut self.input)?);
                source_ended = self.end == 0;
            }
            let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
            let input = &self.input[self.start..self.end];
            let status = self.inflate.decompress(input, buffer, flate2::FlushDecompress::None)?;
            self.start += (self.inflate.total_in() - in_before) as usize;
            self.ended = status == flate2::Status::StreamEnd;
            let decoded = (self.inflate.total_out() - out_before) as usize;
            if decoded > 0 {
                return Ok(decoded);
            }
            if source_ended && !self.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        io::copy(&mut self.source, &mut io::sink())?;
        Ok(0)
    }
}
