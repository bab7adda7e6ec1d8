//! A file that is being read.

use std::fs::File;

use super::Error;

/// Something to read `length` bytes from.
#[derive(Debug)]
pub struct Source {
    /// The open file. A pipe may be in blocking or non-blocking mode: wait until it is readable before every read.
    pub file: File,
    /// How many bytes there were when it was opened, counted from where `file` stands.
    pub length: u64,
    /// The base name of its path; empty where it has none.
    pub name: String,
    /// Whether [`Source::rewind`] can succeed; false for a pipe.
    pub seekable: bool,
    start: u64,
}

impl Source {
    /// Goes back to the first of the `length` bytes, to send them again.
    ///
    /// Fails with [`Error::Io`], always for a pipe.
    pub fn rewind(&mut self) -> Result<(), Error> {
        unimplemented!()
    }
}
