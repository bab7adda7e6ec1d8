//! Content codings (RFC 9110 section 8.4): gzip, deflate, br, and combinations of them.

#[cfg(feature = "brotli")]
mod brotli;
mod gzip;
mod inflate;
mod layer;

use std::io::{self, Read};
use std::sync::Arc;

use super::error::Error;
use super::head::list;
use crate::terms::Headers;
use crate::worker::Worker;
use layer::Layer;

/// A content coding that this build can decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Gzip,
    Deflate,
    #[cfg(feature = "brotli")]
    Brotli,
}

/// The value of `Accept-Encoding`.
pub(super) const ACCEPTED: &str = if cfg!(feature = "brotli") { "gzip, deflate, br" } else { "gzip, deflate" };

/// The maximum number of codings of one body, as in curl. Each may expand a byte to a thousand.
const MAX_CODINGS: usize = 5;

/// The maximum number of bytes that the layers may pass to each other without output of the last one. Each layer limits
/// input that decodes to nothing, but these limits multiply: one byte of output allows the next layer its whole limit.
const MAX_BETWEEN: usize = 4 * 1024 * 1024;

/// The codings to decode, outermost first (the last one named). Stops at the first unknown coding: the body is then
/// returned with the remaining codings, as browsers do, because storage services send names such as `aws-chunked` or
/// `utf-8`.
///
/// # Errors
/// [`ErrorKind::Protocol`](super::ErrorKind::Protocol) for more than five of them.
pub fn codings_of(headers: &Headers) -> Result<Vec<Coding>, Error> {
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

/// Reads the decoded body of a source. An empty body is valid with any coding, because servers send it.
///
/// The source is read to its end, so that the connection can be used again. A few bytes may take long to decode, so
/// every decoding step is a turn of the worker.
///
/// # Errors
/// A stop of the worker, as an [`Error`] of the kind [`ErrorKind::Cancelled`](super::ErrorKind::Cancelled).
///
/// Errors of the source are returned unchanged, except [`io::ErrorKind::UnexpectedEof`], which means that the
/// connection ended where the body may end, but not cleanly. It counts as the end if the outermost coding is complete.
///
/// Decoding errors contain an [`Error`] of the kind [`ErrorKind::Protocol`](super::ErrorKind::Protocol): invalid data,
/// a premature end, trailing bytes, or much data that decodes to nothing.
pub struct Decoder<S> {
    /// The outermost coding first.
    layers: Vec<Layer>,
    source: S,
    worker: Arc<Worker>,
    /// The number of bytes that the layers have passed to each other since the last byte of the decoded body.
    between: usize,
}

impl<S: Read> Decoder<S> {
    /// `codings` are those of [`codings_of`]. If empty, the body is read unchanged.
    pub fn new(codings: Vec<Coding>, source: S, worker: Arc<Worker>) -> Decoder<S> {
        Decoder { layers: codings.into_iter().map(Layer::new).collect(), source, worker, between: 0 }
    }

    /// The source. Do not read from it.
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

/// Reads the output of the last layer. Bytes that earlier layers pass to it are added to `between`, which is limited.
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
