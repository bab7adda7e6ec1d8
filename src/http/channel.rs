//! Bytes to and from a peer, with or without TLS, never blocking.

use super::error::Error;
use super::exchange::{Exchange, TlsTerms};
use super::stream::Stream;
use super::tls_stream::TlsStream;
use crate::platform::LOW_WATER_MARK;
use crate::worker::sizes::TLS_PLAINTEXT;
use crate::worker::{Worker, sizes};

/// A full record with a header, a nonce and a tag (RFC 5288): none that is sent is larger.
const LARGEST_RECORD: u64 = TLS_PLAINTEXT as u64 + 5 + 8 + 16;
/// What every record has besides its plaintext: a header and a tag.
const LEAST_RECORD_OVERHEAD: u64 = 5 + 16;

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
    pub(super) fn receive(&mut self, exchange: &Exchange, space: &mut [u8], source: Source) -> Result<Received, Error> {
        match self {
            Channel::Plain(_) if source == Source::Channel => Ok(Received::Nothing),
            Channel::Plain(stream) => Ok(match stream.read(exchange, space)? {
                Some(0) => Received::End { clean: true },
                Some(received) => Received::Bytes(received),
                None => Received::Nothing,
            }),
            Channel::Tls(stream) => stream.receive(exchange, space, source),
        }
    }

    pub(super) fn send(&mut self, exchange: &Exchange, bytes: &[u8]) -> Result<Sent, Error> {
        match self {
            Channel::Plain(stream) => Ok(match stream.write(exchange, bytes)? {
                // What it did not take at once would block.
                Some(taken) => Sent { taken, blocked: taken < bytes.len() },
                None => Sent { taken: 0, blocked: true },
            }),
            Channel::Tls(stream) => stream.send(exchange, bytes),
        }
    }

    /// How many bytes wait for the kernel: of those that were taken, and of what TLS adds to them.
    pub(super) fn pending(&self) -> usize {
        match self {
            Channel::Plain(_) => 0,
            Channel::Tls(stream) => stream.pending(),
        }
    }

    /// How many bytes that were given to [`send`](Channel::send) the kernel still holds, or a few more: never fewer.
    pub(super) fn unsent(&self) -> u64 {
        let unsent = self.stream().unsent();
        match self {
            Channel::Plain(_) => unsent,
            // Megabytes of records hold kilobytes that are not the body's.
            Channel::Tls(_) => unsent - unsent / LARGEST_RECORD * LEAST_RECORD_OVERHEAD,
        }
    }

    /// Whether an idle connection is still good for a request. Looks at a bounded number of bytes, whatever the peer sends.
    pub(super) fn is_quiet(&mut self, exchange: &Exchange) -> bool {
        match self {
            Channel::Plain(stream) => stream.is_quiet(),
            Channel::Tls(stream) => stream.is_quiet(exchange),
        }
    }

    /// Whether nothing that was received waits to be handed out.
    pub(super) fn is_drained(&self) -> bool {
        match self {
            Channel::Plain(_) => true,
            Channel::Tls(stream) => stream.is_drained(),
        }
    }

    /// Gives back the memory that an idle connection does not need.
    pub(super) fn shrink(&mut self, worker: &Worker) {
        match self {
            Channel::Plain(_) => {}
            Channel::Tls(stream) => stream.shrink(worker),
        }
    }

    /// Whether the end of the connection says that all was sent. With TLS, only a word of the peer's does.
    pub(super) fn ends_cleanly(&self) -> bool {
        matches!(self, Channel::Plain(_))
    }

    /// How many bytes have to come before any can be handed out.
    pub(super) fn least(&self) -> u32 {
        match self {
            Channel::Plain(_) => 1,
            // A record has 64 KiB at most.
            Channel::Tls(stream) => stream.missing() as u32,
        }
    }

    /// How many bytes of a body are worth waiting for while `left` are to come: twice as many where nobody hears of progress.
    /// With TLS they decide how much is received at once, too.
    pub(super) fn enough(&self, exchange: &Exchange, left: u64) -> u32 {
        let (is_worth_more, here) = match self {
            Channel::Plain(_) => (false, 0),
            Channel::Tls(stream) => (left >= sizes::VERY_LARGE_BODY, stream.received()),
        };
        let is_quiet = exchange.report_interval().is_none();
        let most = if is_worth_more || is_quiet { 2 * LOW_WATER_MARK } else { LOW_WATER_MARK };
        // So many are certainly still to come: TLS only adds to them.
        let rest = u32::try_from(left.saturating_sub(here as u64)).unwrap_or(u32::MAX);
        rest.clamp(1, most)
    }

    /// The largest buffer that makes a large body cheaper to send.
    pub(super) fn largest_send(&self) -> usize {
        match self {
            Channel::Plain(_) => sizes::large_plain_output(),
            Channel::Tls(_) => sizes::large_tls_output(),
        }
    }

    /// What the handshake agreed on; `None` without TLS.
    pub(super) fn tls(&self) -> Option<TlsTerms> {
        match self {
            Channel::Plain(_) => None,
            Channel::Tls(stream) => Some(stream.terms()),
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
