//! Keeps request heads as they were on the wire: hyper normalises the case of names and groups equal ones.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const LONGEST_HEAD: usize = 512 * 1024;

/// A head's names and values, in order.
type Headers = Vec<(String, String)>;

/// The heads read but not yet asked for.
#[derive(Clone, Default)]
pub(super) struct Heads(Arc<Mutex<VecDeque<Headers>>>);

impl Heads {
    /// The head of the next request; `None` once the tap can no longer find heads in the stream.
    pub(super) fn next(&self) -> Option<Headers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn push(&self, head: Headers) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(head);
    }
}

/// A stream that copies the bytes that are read.
pub(super) struct HeadTap<S> {
    stream: S,
    place: Place,
    heads: Heads,
}

/// The position of the tap in the client's stream.
enum Place {
    Head(Vec<u8>),
    Body(u64),
    /// After a chunked request or a malformed head: the start of the next head is not known.
    Lost,
}

impl<S> HeadTap<S> {
    pub(super) fn new(stream: S) -> (HeadTap<S>, Heads) {
        let heads = Heads::default();
        (HeadTap { stream, place: Place::Head(Vec::new()), heads: heads.clone() }, heads)
    }

    fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.place {
                Place::Lost => return,
                Place::Body(left) => {
                    let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    bytes = &bytes[taken..];
                    *left -= taken as u64;
                    if *left == 0 {
                        self.place = Place::Head(Vec::new());
                    }
                }
                Place::Head(head) => {
                    let known = head.len();
                    head.extend_from_slice(bytes);
                    // The empty line may begin in bytes that arrived earlier.
                    let from = known.saturating_sub(3);
                    match head[from..].windows(4).position(|window| window == b"\r\n\r\n") {
                        Some(position) => {
                            let end = from + position + 4;
                            bytes = &bytes[end - known..];
                            head.truncate(end);
                            self.place = match parse(head) {
                                Some((headers, after)) => {
                                    self.heads.push(headers);
                                    after
                                }
                                None => Place::Lost,
                            };
                        }
                        None if head.len() > LONGEST_HEAD => self.place = Place::Lost,
                        None => return,
                    }
                }
            }
        }
    }
}

/// The headers of a head, and the position of the tap after it.
fn parse(head: &[u8]) -> Option<(Headers, Place)> {
    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(head).ok()?;
    let headers: Headers = request
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let value = |wanted: &str| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let after = match (value("transfer-encoding"), value("content-length").map(str::parse)) {
        (Some(_), _) | (None, Some(Err(_))) => Place::Lost,
        (None, Some(Ok(length))) if length > 0 => Place::Body(length),
        (None, _) => Place::Head(Vec::new()),
    };
    Some((headers, after))
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadTap<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let known = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.see(&buffer.filled()[known..]);
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadTap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte by byte, so that every split is tried.
    #[test]
    fn heads_are_recorded_as_sent_for_every_split_of_reads() {
        let stream = b"POST /a HTTP/1.1\r\nX-One: 1\r\nx-TWO: 2\r\nX-One: 3\r\nContent-Length: 5\r\n\r\n\r\n\r\n!\
            GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
        for size in [1, 2, 3, 7, stream.len()] {
            let (mut tap, heads) = HeadTap::new(());
            stream.chunks(size).for_each(|piece| tap.see(piece));
            let first = heads.next().expect("the first head");
            let pairs: Vec<_> = first.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(pairs, [("X-One", "1"), ("x-TWO", "2"), ("X-One", "3"), ("Content-Length", "5")]);
            assert_eq!(heads.next(), Some(vec![("Host".to_owned(), "h".to_owned())]));
            assert_eq!(heads.next(), None);
        }
    }
}
