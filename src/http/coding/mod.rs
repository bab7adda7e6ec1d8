//! Content codings (RFC 9110 section 8.4): gzip, deflate, br, and several of them on top of each other.

#[cfg(feature = "brotli")]
mod brotli;
mod gzip;
mod inflate;
mod layer;

use std::io::{self, Read};
use std::sync::Arc;

use super::error::Error;
use super::head::list;
use crate::terms::Header;
use crate::worker::Worker;
use layer::Layer;

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

/// How many codings of one body are undone, as many as curl's: each may make a thousand bytes of one.
const MAX_CODINGS: usize = 5;

/// How many bytes the codings may hand to each other while none come out of the last. Each coding has a bound on input that
/// decodes to nothing, but those bounds multiply: one byte of output allows the next coding's whole bound of input.
const MAX_BETWEEN: usize = 4 * 1024 * 1024;

/// The codings to undo, in the order in which they are: the last one named is the outermost. The first that nobody knows
/// ends it: that and what is below is handed on as it is, as browsers do, since storage services give files such names as
/// `aws-chunked` or `utf-8`.
///
/// # Errors
/// [`ErrorKind::Protocol`](super::ErrorKind::Protocol) for more than five of them.
pub(super) fn codings_of(headers: &[Header]) -> Result<Vec<Coding>, Error> {
    let mut codings = Vec::new();
    for name in list(headers, "content-encoding").rev() {
        match name.to_ascii_lowercase().as_str() {
            "identity" => continue,
            "gzip" | "x-gzip" => codings.push(Coding::Gzip),
            "deflate" | "x-deflate" => codings.push(Coding::Deflate),
            #[cfg(feature = "brotli")]
            "br" => codings.push(Coding::Brotli),
            _ => break,
        }
        if codings.len() > MAX_CODINGS {
            return Err(Error::protocol("the response has too many content codings"));
        }
    }
    Ok(codings)
}

/// Reads the decoded body of a source. A body without any bytes is an empty one, which servers send with a coding too.
///
/// The source is read to its end, for the connection to be used again. A few bytes of it may be a lot of work, so every step
/// of every coding is a turn of the worker's.
///
/// # Errors
/// Why the worker is to stop, as an [`Error`] of the kind [`ErrorKind::Cancelled`](super::ErrorKind::Cancelled).
///
/// Those of the source come through as they are, but for one: an [`io::ErrorKind::UnexpectedEof`] says that the connection
/// ended where the body may end, only not as politely as it should have. It is an end if the outermost coding is whole by its
/// own account.
///
/// The decoder's own errors hold an [`Error`] of the kind [`ErrorKind::Protocol`](super::ErrorKind::Protocol): bad data, an
/// end before the coding's own, bytes behind it, and much data that decodes to nothing.
pub(super) struct Decoder<S> {
    /// The outermost coding first.
    layers: Vec<Layer>,
    source: S,
    worker: Arc<Worker>,
    /// How many bytes the layers have handed to each other since the last byte of the decoded body.
    between: usize,
}

impl<S: Read> Decoder<S> {
    /// `codings` are those of [`codings_of`]; without any, the body is read as it is.
    pub(super) fn new(codings: Vec<Coding>, source: S, worker: Arc<Worker>) -> Decoder<S> {
        Decoder { layers: codings.into_iter().map(Layer::new).collect(), source, worker, between: 0 }
    }

    /// The source, of which nothing may be read here.
    pub(super) fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }
}

impl<S: Read> Read for Decoder<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let size = read(&mut self.layers, &mut self.source, &self.worker, &mut self.between, buffer)?;
        if size > 0 {
            self.between = 0;
        }
        Ok(size)
    }
}

/// Reads what the last of the layers makes of what those in front of it make of the source. What those hand to it is added to
/// `between`, which is bounded.
fn read(
    layers: &mut [Layer],
    source: &mut dyn Read,
    worker: &Worker,
    between: &mut usize,
    buffer: &mut [u8],
) -> io::Result<usize> {
    match layers.split_last_mut() {
        None => source.read(buffer),
        Some((layer, [])) => layer.read(worker, buffer, &mut |input, is_whole| match source.read(input) {
            Err(error) if is_whole && error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            result => result,
        }),
        Some((layer, outer)) => layer.read(worker, buffer, &mut |input, _| {
            let size = read(outer, source, worker, between, input)?;
            *between += size;
            if *between > MAX_BETWEEN { Err(decodes_to_nothing()) } else { Ok(size) }
        }),
    }
}

fn decodes_to_nothing() -> io::Error {
    broken("much of it decodes to nothing")
}

fn broken(what: &str) -> io::Error {
    io::Error::other(Error::protocol(format!("the response's content coding is broken: {what}")))
}
