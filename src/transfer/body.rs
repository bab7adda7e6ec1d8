//! The body of an upload on its way out: read from the file, counted as it leaves.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Events;
use super::multipart::MultipartBody;
use crate::cancel::CancelToken;
use crate::http::{self, BodySource};
use crate::storage::Source;

/// Gives the multipart body to the exchange, and reports how much of what it gave before has left.
pub struct UploadBody<'a> {
    pub multipart: MultipartBody<SourceReader>,
    pub context: &'a http::Context,
    /// `None` for base libraries without progress events.
    pub events: Option<&'a dyn Events>,
}

impl BodySource for UploadBody<'_> {
    fn length(&self) -> u64 {
        self.multipart.length()
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.multipart.rewind()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(events) = self.events {
            let sent = self.context.body_bytes_sent();
            if sent > 0 {
                events.progress(sent, Some(self.multipart.length()));
            }
        }
        self.multipart.read(buffer)
    }
}

/// A file that is read like any other, and a pipe whose writer may keep it waiting.
#[derive(Debug)]
pub struct SourceReader {
    source: Source,
    cancel: Arc<CancelToken>,
}

impl SourceReader {
    pub fn new(source: Source, cancel: Arc<CancelToken>) -> SourceReader {
        SourceReader { source, cancel }
    }
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.source.seekable {
            if !self.source.is_read() {
                wait_until_readable(&self.source, &self.cancel)?;
            } else if !is_readable(&self.source)? {
                // Its length is known, and its writer may keep it open: no end is waited for.
                return Ok(0);
            }
        }
        self.source.read(buffer)
    }
}

impl Seek for SourceReader {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match position {
            SeekFrom::Start(0) => self.source.rewind().map(|()| 0).map_err(io::Error::other),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// Whether a pipe has something to read or has ended, by now.
fn is_readable(source: &Source) -> io::Result<bool> {
    loop {
        match poll(&mut [PollFd::new(source, PollFlags::IN)], Some(&Timespec::default())) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits until a pipe has something to read or has ended. The exchange looks at the token itself, so that a cancelled
/// wait is reported as the cancellation, not as this error.
fn wait_until_readable(source: &Source, cancel: &CancelToken) -> io::Result<()> {
    let waker = cancel.waker();
    loop {
        cancel.check().map_err(|reason| io::Error::other(format!("{reason:?}")))?;
        let mut watched = vec![PollFd::new(source, PollFlags::IN)];
        if let Some(waker) = &waker {
            watched.push(PollFd::new(&**waker, PollFlags::IN));
        }
        let left = cancel.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut watched, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !watched[0].revents().is_empty() {
            return Ok(());
        }
        if let Some(waker) = &waker {
            // A wake without a reason was meant for an earlier task of this thread.
            waker.reset();
        }
    }
}
