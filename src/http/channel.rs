//! A non-blocking byte channel to a peer, with or without TLS.

use super::error::Error;
use super::exchange::{Exchange, TlsTerms};
use super::stream::Stream;
use super::tls_stream::TlsStream;
use crate::platform::LOW_WATER_MARK;
use crate::worker::sizes::TLS_PLAINTEXT;
use crate::worker::{Worker, sizes};

/// The largest TLS record that is sent: full plaintext with a header, a nonce and a tag (RFC 5288).
const LARGEST_RECORD: u64 = TLS_PLAINTEXT as u64 + 5 + 8 + 16;
/// The smallest overhead of a TLS record: a header and a tag.
const LEAST_RECORD_OVERHEAD: u64 = 5 + 16;

/// A connection below HTTP: plain TCP or TLS.
#[derive(Debug)]
pub(super) enum Channel {
    Plain(Stream),
    Tls(Box<TlsStream>),
}

/// The result of a receive.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Bytes(usize),
    /// No bytes are available yet.
    Nothing,
    /// The peer sends no more. `clean` is false if a TLS peer sent no close_notify before (RFC 8446 section 6.1).
    End {
        clean: bool,
    },
}

/// The result of a send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// The number of bytes that the caller must not pass again.
    pub taken: usize,
    /// The kernel accepts no more for now. Bytes that were taken may still wait in the channel.
    pub blocked: bool,
}

/// Where to look for received bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Only in the channel: bytes that it has received and not yet returned.
    Channel,
    /// In the channel first, then in the socket.
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

    /// If `more` of a large body follows at once, TLS only gathers records until [`has_room`](Channel::has_room) is
    /// false.
    pub(super) fn send(&mut self, exchange: &Exchange, bytes: &[u8], more: bool) -> Result<Sent, Error> {
        match self {
            Channel::Plain(stream) => Ok(match stream.write(exchange, bytes)? {
                // The rest would block.
                Some(taken) => Sent { taken, blocked: taken < bytes.len() },
                None => Sent { taken: 0, blocked: true },
            }),
            Channel::Tls(stream) => stream.send(exchange, bytes, more),
        }
    }

    /// The number of bytes that wait for the kernel: of those that were taken, and of the overhead that TLS adds.
    pub(super) fn pending(&self) -> usize {
        match self {
            Channel::Plain(_) => 0,
            Channel::Tls(stream) => stream.pending(),
        }
    }

    /// Whether sending gets cheaper if further bytes are added to those that wait.
    pub(super) fn has_room(&self) -> bool {
        match self {
            Channel::Plain(_) => false,
            Channel::Tls(stream) => stream.has_room(),
        }
    }

    /// The number of bytes passed to [`send`](Channel::send) that the kernel still holds, possibly slightly too high. 0
    /// if the system does not report it.
    pub(super) fn unsent(&self) -> u64 {
        let unsent = self.stream().unsent();
        match self {
            Channel::Plain(_) => unsent,
            // Subtract the record overhead, which is kilobytes in every megabyte of records.
            Channel::Tls(_) => unsent - unsent / LARGEST_RECORD * LEAST_RECORD_OVERHEAD,
        }
    }

    /// Whether an idle connection can take another request. Reads a bounded number of bytes, whatever the peer sends.
    pub(super) fn is_quiet(&mut self, exchange: &Exchange) -> bool {
        match self {
            Channel::Plain(stream) => stream.is_quiet(),
            Channel::Tls(stream) => stream.is_quiet(exchange),
        }
    }

    /// Whether all received bytes were handed out.
    pub(super) fn is_drained(&self) -> bool {
        match self {
            Channel::Plain(_) => true,
            Channel::Tls(stream) => stream.is_drained(),
        }
    }

    /// Releases the memory that an idle connection does not need.
    pub(super) fn shrink(&mut self, worker: &Worker) {
        match self {
            Channel::Plain(_) => {}
            Channel::Tls(stream) => stream.shrink(worker),
        }
    }

    /// Whether the end of the connection shows that everything was sent. With TLS, only the peer's close_notify does.
    pub(super) fn ends_cleanly(&self) -> bool {
        matches!(self, Channel::Plain(_))
    }

    /// The number of bytes that must arrive before any can be handed out.
    pub(super) fn least(&self) -> u32 {
        match self {
            Channel::Plain(_) => 1,
            // A record has at most 64 KiB.
            Channel::Tls(stream) => stream.missing() as u32,
        }
    }

    /// How many bytes of a body to wait for, if `left` are still to come. Twice as many if nobody listens to the
    /// progress, and for a very large body over TLS. With TLS, the receive buffer may grow to this size.
    pub(super) fn enough(&self, exchange: &Exchange, left: u64) -> u32 {
        let (is_worth_more, here) = match self {
            Channel::Plain(_) => (false, 0),
            Channel::Tls(stream) => (left >= sizes::VERY_LARGE_BODY, stream.received()),
        };
        let is_quiet = exchange.report_interval().is_none();
        let most = if is_worth_more || is_quiet { 2 * LOW_WATER_MARK } else { LOW_WATER_MARK };
        // The socket has to deliver at least this many bytes: TLS only adds overhead.
        let rest = u32::try_from(left.saturating_sub(here as u64)).unwrap_or(u32::MAX);
        rest.clamp(1, most)
    }

    /// The size of the parts in which a large body should be passed to [`send`](Channel::send).
    pub(super) fn largest_part(&self) -> usize {
        match self {
            Channel::Plain(_) => sizes::large_plain_output(),
            Channel::Tls(_) => sizes::LARGE_TLS_UPLOAD_FILE,
        }
    }

    /// The result of the TLS handshake. `None` without TLS.
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
