//! Bytes to and from a peer, with or without TLS, never blocking.

use std::io::{self, Read, Write};

use super::error::Error;
use super::stream::Stream;
use super::tls_stream::TlsStream;

/// A connection below HTTP.
#[derive(Debug)]
pub(super) enum Channel {
    Plain(Stream),
    Tls(Box<TlsStream>),
}

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// The peer sends no more; whether it said so, which a TLS peer has to (RFC 8446 section 6.1).
    End {
        clean: bool,
    },
}

/// What went out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// How many bytes need not be given again.
    pub taken: usize,
    /// The kernel takes no more for now. Bytes that were taken may still wait in the channel.
    pub blocked: bool,
}

impl Channel {
    pub(super) fn receive(&mut self, space: &mut [u8]) -> Result<Received, Error> {
        match self {
            Channel::Plain(stream) => match stream.read(space) {
                Ok(0) => Ok(Received::End { clean: true }),
                Ok(received) => Ok(Received::Bytes(received)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::Nothing),
                Err(error) => Err(Error::connection(&error)),
            },
            Channel::Tls(stream) => stream.receive(space),
        }
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<Sent, Error> {
        match self {
            Channel::Plain(stream) => match stream.write(bytes) {
                Ok(taken) => Ok(Sent { taken, blocked: false }),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Sent { taken: 0, blocked: true }),
                Err(error) => Err(Error::connection(&error)),
            },
            Channel::Tls(stream) => stream.send(bytes),
        }
    }

    /// Whether bytes that were taken wait for the kernel.
    pub(super) fn has_pending(&self) -> bool {
        match self {
            Channel::Plain(_) => false,
            Channel::Tls(stream) => stream.has_pending(),
        }
    }

    /// Whether an idle connection is still good for a request.
    pub(super) fn is_quiet(&mut self) -> bool {
        match self {
            Channel::Plain(stream) => stream.is_quiet(),
            Channel::Tls(stream) => stream.is_quiet(),
        }
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Channel::Tls(_))
    }

    /// The largest receive that is worth a buffer: TLS hands out one record at a time.
    pub(super) fn largest_receive(&self) -> usize {
        match self {
            Channel::Plain(_) => usize::MAX,
            Channel::Tls(_) => 32 * 1024,
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        match self {
            Channel::Plain(stream) => stream,
            Channel::Tls(stream) => stream.stream(),
        }
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        match self {
            Channel::Plain(stream) => stream,
            Channel::Tls(stream) => stream.stream_mut(),
        }
    }
}
