//! Bytes to and from a peer, with or without TLS, never blocking.

use std::io::{self, Read, Write};

use super::error::Error;
use super::stream::Stream;
use super::tls_stream::{self, TlsStream};
use crate::buffer;
use crate::platform::LOW_WATER_MARK;

/// From here on TLS receives a body cheaper in pieces of half a MiB, where sockets hold as much: less is over before their
/// memory has paid.
const VERY_LARGE_BODY: u64 = 8 * 1024 * 1024;

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

/// Where bytes are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In the channel, which may have received more than it handed out.
    Channel,
    /// There, and then in the socket.
    Socket,
}

impl Channel {
    pub(super) fn receive(&mut self, space: &mut [u8], source: Source) -> Result<Received, Error> {
        match self {
            Channel::Plain(_) if source == Source::Channel => Ok(Received::Nothing),
            Channel::Plain(stream) => match stream.read(space) {
                Ok(0) => Ok(Received::End { clean: true }),
                Ok(received) => Ok(Received::Bytes(received)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::Nothing),
                Err(error) => Err(Error::connection(&error)),
            },
            Channel::Tls(stream) => stream.receive(space, source),
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

    /// How many bytes wait for the kernel: of those that were taken, and of what TLS adds to them.
    pub(super) fn pending(&self) -> usize {
        match self {
            Channel::Plain(_) => 0,
            Channel::Tls(stream) => stream.pending(),
        }
    }

    /// Whether an idle connection is still good for a request.
    pub(super) fn is_quiet(&mut self) -> bool {
        match self {
            Channel::Plain(stream) => stream.is_quiet(),
            Channel::Tls(stream) => stream.is_quiet(),
        }
    }

    /// Gives back the memory that an idle connection does not need.
    pub(super) fn shrink(&mut self) {
        match self {
            Channel::Plain(_) => {}
            Channel::Tls(stream) => stream.shrink(),
        }
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Channel::Tls(_))
    }

    /// The largest buffer that makes a large body cheaper to receive. With TLS it is that of the stream below, from which
    /// this one is filled without a system call: small, it stays in the processor's cache.
    pub(super) fn largest_receive(&self) -> usize {
        match self {
            Channel::Plain(_) => buffer::size(1024 * 1024, 128 * 1024),
            Channel::Tls(_) => 64 * 1024,
        }
    }

    /// How many bytes of a body are worth waiting for while `left` are to come. With TLS they decide how much is received at
    /// once, too.
    pub(super) fn enough(&self, left: u64) -> u32 {
        match self {
            Channel::Tls(_) if left >= VERY_LARGE_BODY => 2 * LOW_WATER_MARK,
            Channel::Plain(_) | Channel::Tls(_) => LOW_WATER_MARK,
        }
    }

    /// The largest buffer that makes a large body cheaper to send.
    pub(super) fn largest_send(&self) -> usize {
        match self {
            Channel::Plain(_) => buffer::size(512 * 1024, 128 * 1024),
            Channel::Tls(_) => tls_stream::large_output(),
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
