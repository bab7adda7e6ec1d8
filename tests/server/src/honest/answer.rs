//! The bodies of responses. They are computed while they are sent.

use std::convert::Infallible;
use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::pattern::pattern_piece;

/// The body of a response.
pub(super) enum AnswerBody {
    /// Known bytes.
    Full(Bytes),
    /// The pattern between two offsets; with `chunked`, without a `Content-Length`.
    Pattern { offset: u64, end: u64, chunked: bool },
    /// The first `end` bytes of the pattern, compressed. `None` once the last of it is out.
    Gzip { offset: u64, end: u64, encoder: Option<GzEncoder<Vec<u8>>> },
    /// This many bytes of the pattern, one at a time.
    Drip { offset: u64, end: u64, interval: Duration, pause: Pin<Box<Sleep>> },
}

impl AnswerBody {
    pub(super) fn gzip(length: u64) -> AnswerBody {
        AnswerBody::Gzip { offset: 0, end: length, encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())) }
    }

    pub(super) fn drip(length: u64, interval: Duration) -> AnswerBody {
        AnswerBody::Drip { offset: 0, end: length, interval, pause: Box::pin(tokio::time::sleep(interval)) }
    }
}

impl From<String> for AnswerBody {
    fn from(text: String) -> AnswerBody {
        AnswerBody::Full(text.into())
    }
}

/// Compresses until there is something to send. Works in slices, so that one connection does not hold a thread for
/// long.
fn compress(offset: &mut u64, end: u64, encoder: &mut Option<GzEncoder<Vec<u8>>>) -> std::io::Result<Bytes> {
    while let Some(open) = encoder {
        if *offset == end {
            let rest = open.try_finish().map(|()| std::mem::take(open.get_mut()));
            *encoder = None;
            return rest.map(Bytes::from);
        }
        let piece = pattern_piece(*offset, end - *offset);
        open.write_all(&piece)?;
        *offset += piece.len() as u64;
        if !open.get_ref().is_empty() {
            return Ok(std::mem::take(open.get_mut()).into());
        }
    }
    Ok(Bytes::new())
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let bytes = match &mut *self {
            AnswerBody::Full(bytes) => Ok(std::mem::take(bytes)),
            AnswerBody::Pattern { offset, end, .. } => {
                let piece = pattern_piece(*offset, *end - *offset);
                *offset += piece.len() as u64;
                Ok(piece)
            }
            AnswerBody::Gzip { offset, end, encoder } => compress(offset, *end, encoder),
            AnswerBody::Drip { offset, end, interval, pause } => {
                if offset == end {
                    return Poll::Ready(None);
                }
                std::task::ready!(pause.as_mut().poll(cx));
                pause.as_mut().reset(Instant::now() + *interval);
                *offset += 1;
                Ok(pattern_piece(*offset - 1, 1))
            }
        };
        Poll::Ready(match bytes {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) => Some(Ok(Frame::data(bytes))),
            Err(error) => Some(Err(error)),
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            AnswerBody::Full(bytes) => bytes.is_empty(),
            AnswerBody::Pattern { offset, end, .. } | AnswerBody::Drip { offset, end, .. } => offset == end,
            AnswerBody::Gzip { encoder, .. } => encoder.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            AnswerBody::Pattern { offset, end, chunked: false } | AnswerBody::Drip { offset, end, .. } => {
                SizeHint::with_exact(end - offset)
            }
            AnswerBody::Pattern { chunked: true, .. } | AnswerBody::Gzip { .. } => SizeHint::default(),
        }
    }
}

/// A route always answers, also after an error.
pub(super) type Answer = Result<hyper::Response<AnswerBody>, Infallible>;
