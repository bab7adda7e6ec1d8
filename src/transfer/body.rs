//! The body of an upload on its way out, read from the file.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::multipart::MultipartBody;
use crate::cancel::CancelToken;
use crate::http::BodySource;
use crate::storage::Source;

impl BodySource for MultipartBody<SourceReader> {
    fn length(&self) -> u64 {
        MultipartBody::length(self)
    }

    fn rewind(&mut self) -> io::Result<()> {
        MultipartBody::rewind(self)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        MultipartBody::read(self, buffer)
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
        if !self.source.seekable && !self.source.is_at_end() {
            wait_until_readable(&self.source.file, &self.cancel)?;
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

/// Waits until a pipe has something to read or has ended. The exchange looks at the token itself, so that a cancelled
/// wait is reported as the cancellation, not as this error.
fn wait_until_readable(file: &fs::File, cancel: &CancelToken) -> io::Result<()> {
    let waker = cancel.waker();
    loop {
        cancel.check().map_err(|reason| io::Error::other(format!("{reason:?}")))?;
        let mut watched = vec![PollFd::new(file, PollFlags::IN)];
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
