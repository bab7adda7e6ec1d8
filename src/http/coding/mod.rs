//! Content codings (RFC 9110 section 8.4): gzip, deflate, br, and several of them on top of each other.

#[cfg(feature = "brotli")]
mod brotli;
mod gzip;
mod inflate;
mod layer;

use std::io::{self, Read};

use super::error::Error;
use super::head::list;
use crate::terms::Header;
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
/// The source is read to its end, for the connection to be used again. Between two reads of the source the work is bounded,
/// so it is enough that the source looks whether it is to stop.
///
/// # Errors
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
}

impl<S: Read> Decoder<S> {
    /// `codings` are those of [`codings_of`]; without any, the body is read as it is.
    pub(super) fn new(codings: Vec<Coding>, source: S) -> Decoder<S> {
        Decoder { layers: codings.into_iter().map(Layer::new).collect(), source }
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
        read(&mut self.layers, &mut self.source, buffer)
    }
}

/// Reads what the last of the layers makes of what those in front of it make of the source.
fn read(layers: &mut [Layer], source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    match layers.split_last_mut() {
        None => source.read(buffer),
        Some((layer, [])) => layer.read(buffer, &mut |input, is_whole| match source.read(input) {
            Err(error) if is_whole && error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            result => result,
        }),
        Some((layer, outer)) => layer.read(buffer, &mut |input, _| read(outer, source, input)),
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::other(Error::protocol(format!("the response's content coding is broken: {what}")))
}
