//! Reads request bodies, multipart ones into their parts, in constant memory.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use hyper::body::{Body, Bytes, Incoming};
use multer::Multipart;
use ring::digest;

use super::record::{Part, ReceivedBody};
use crate::pattern::sha256_of;

/// The longest body that is stored completely.
const KEPT_BODY: u64 = 256 * 1024;
const LONGEST_FIELD: usize = 1024 * 1024;

/// Counts a body, and stores it while it is small.
struct CountedBody {
    incoming: Incoming,
    hash: Option<digest::Context>,
    received: ReceivedBody,
}

impl Stream for CountedBody {
    type Item = Result<Bytes, hyper::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::task::ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
                None => {
                    self.received.complete = self.received.error.is_none();
                    return Poll::Ready(None);
                }
                Some(Err(error)) => {
                    self.received.error = Some(error.to_string());
                    return Poll::Ready(Some(Err(error)));
                }
                Some(Ok(frame)) => {
                    // Trailers are ignored.
                    let Ok(bytes) = frame.into_data() else { continue };
                    self.received.length += bytes.len() as u64;
                    if let Some(hash) = &mut self.hash {
                        hash.update(&bytes);
                    }
                    if self.received.length > KEPT_BODY {
                        self.received.bytes = None;
                    } else if let Some(kept) = &mut self.received.bytes {
                        kept.extend_from_slice(&bytes);
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
            }
        }
    }
}

/// Reads a body to its end. With a multipart `boundary`, splits it into parts; with `is_hashed`, computes its SHA-256.
pub(super) async fn read_body(incoming: Incoming, boundary: Option<String>, is_hashed: bool) -> ReceivedBody {
    let received = ReceivedBody { bytes: Some(Vec::new()), ..ReceivedBody::default() };
    let hash = is_hashed.then(|| digest::Context::new(&digest::SHA256));
    let mut body = CountedBody { incoming, hash, received };
    let mut parts = Vec::new();
    let mut not_multipart = None;
    if let Some(boundary) = boundary {
        not_multipart = read_parts(Multipart::new(&mut body, boundary), &mut parts).await.err();
    }
    // Reads what follows the last boundary, or all of a body that is not multipart.
    while let Some(Ok(_)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {}
    let mut received = body.received;
    received.sha256 = body.hash.map(sha256_of);
    received.parts = parts;
    if let Some(error) = not_multipart {
        received.error.get_or_insert(error.to_string());
    }
    received
}

async fn read_parts(mut multipart: Multipart<'_>, parts: &mut Vec<Part>) -> multer::Result<()> {
    while let Some(mut field) = multipart.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let filename = field.file_name().map(str::to_owned);
        let content_type = field.headers().get("content-type");
        let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut length = 0;
        let mut value = Vec::new();
        while let Some(piece) = field.chunk().await? {
            hash.update(&piece);
            length += piece.len() as u64;
            if filename.is_none() {
                let room = LONGEST_FIELD - value.len();
                value.extend_from_slice(&piece[..piece.len().min(room)]);
            }
        }
        let value = filename.is_none().then(|| String::from_utf8_lossy(&value).into_owned());
        parts.push(Part { name, filename, content_type, length, sha256: sha256_of(hash), value });
    }
    Ok(())
}
