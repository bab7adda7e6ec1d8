//! The body of an upload on its way out, read from the file.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::multipart::MultipartBody;
use crate::http::BodySource;
use crate::storage::SourceFile;
use crate::worker::Worker;

impl BodySource for MultipartBody<SourceReader> {
    fn length(&self) -> u64 {
        MultipartBody::length(self)
    }

    fn may_wait(&self) -> bool {
        self.content().source.is_pipe()
    }

    fn can_rewind(&self) -> bool {
        !self.content().source.is_pipe()
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
    source: SourceFile,
    worker: Arc<Worker>,
}

impl SourceReader {
    pub fn new(source: SourceFile, worker: Arc<Worker>) -> SourceReader {
        SourceReader { source, worker }
    }
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The exchange looks at the stop signal itself, so that a stopped wait is told as the stop, not as this error.
        self.source.read(&self.worker, buffer).map_err(io::Error::other)
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
