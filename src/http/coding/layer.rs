//! The decoder of one content coding.

use std::io;

#[cfg(feature = "brotli")]
use super::brotli::Brotli;
use super::gzip::Gzip;
use super::inflate::Deflate;
use super::{Coding, broken, decodes_to_nothing};
use crate::http::error::Error;
use crate::worker::sizes::CODING_INPUT;
use crate::worker::{Buffer, Worker};

/// The maximum amount of input that may decode to nothing: more than the largest extra field of gzip, and some thousand
/// empty members or blocks. Without a limit, a server could keep a decoder busy indefinitely.
const MAX_WITHOUT_OUTPUT: usize = 128 * 1024;

/// Decodes one coding.
pub(super) struct Layer {
    format: StreamFormat,
    /// Empty before the first read and after the end.
    input: Buffer,
    start: usize,
    end: usize,
    source_ended: bool,
    /// The last output filled its buffer, so there may be more output without more input.
    has_more: bool,
    /// The amount of input since the last output.
    without_output: usize,
}

enum StreamFormat {
    /// Nothing was decoded yet.
    Unread(Coding),
    Gzip(Box<Gzip>),
    Deflate(Deflate),
    #[cfg(feature = "brotli")]
    Brotli(Box<Brotli>),
}

/// The result of one decoding step.
#[derive(Clone, Copy, Default)]
pub(super) struct LayerStep {
    pub(super) consumed: usize,
    pub(super) produced: usize,
}

/// Reads coded input. The second argument says whether the body may end here.
pub(super) type Fetch<'a> = dyn FnMut(&mut [u8], bool) -> io::Result<usize> + 'a;

impl Layer {
    pub(super) fn new(coding: Coding) -> Layer {
        Layer {
            format: StreamFormat::Unread(coding),
            input: Buffer::default(),
            start: 0,
            end: 0,
            source_ended: false,
            has_more: false,
            without_output: 0,
        }
    }

    /// Reads decoded bytes into `buffer`, which must not be empty. Fails if `worker` is stopped.
    pub(super) fn read(&mut self, worker: &Worker, buffer: &mut [u8], fetch: &mut Fetch<'_>) -> io::Result<usize> {
        if let StreamFormat::Unread(coding) = self.format {
            self.input = worker.take_buffer(CODING_INPUT).map_err(|lack| io::Error::other(Error::from(lack)))?;
            // The first two bytes distinguish the two kinds of deflate.
            while self.end < 2 && !self.source_ended {
                self.fetch(fetch)?;
            }
            if self.end == 0 {
                worker.give_back(std::mem::take(&mut self.input));
                return Ok(0);
            }
            self.format = StreamFormat::new(coding, &self.input[..self.end]);
        }
        loop {
            if self.start == self.end && !self.has_more {
                if !self.source_ended {
                    (self.start, self.end) = (0, 0);
                    self.fetch(fetch)?;
                }
                if self.start == self.end {
                    worker.give_back(std::mem::take(&mut self.input));
                    return if self.format.is_whole() { Ok(0) } else { Err(broken("it ends too early")) };
                }
            }
            let step = self.format.decode(&self.input[self.start..self.end], buffer)?;
            self.start += step.consumed;
            self.has_more = step.produced == buffer.len();
            worker.turn(step.consumed + step.produced).map_err(|reason| io::Error::other(Error::from(reason)))?;
            if step.produced > 0 {
                self.without_output = 0;
                return Ok(step.produced);
            }
            self.without_output += step.consumed;
            if self.without_output > MAX_WITHOUT_OUTPUT {
                return Err(decodes_to_nothing());
            }
        }
    }

    /// Appends input, or notes the end of the source.
    fn fetch(&mut self, fetch: &mut Fetch<'_>) -> io::Result<()> {
        let received = fetch(&mut self.input[self.end..], self.format.is_whole())?;
        self.end += received;
        self.source_ended = received == 0;
        Ok(())
    }
}

impl StreamFormat {
    fn new(coding: Coding, first: &[u8]) -> StreamFormat {
        match coding {
            Coding::Gzip => StreamFormat::Gzip(Box::default()),
            Coding::Deflate => StreamFormat::Deflate(Deflate::new(first)),
            #[cfg(feature = "brotli")]
            Coding::Brotli => StreamFormat::Brotli(Box::default()),
        }
    }

    /// Whether the body may end here.
    fn is_whole(&self) -> bool {
        match self {
            StreamFormat::Unread(_) => false,
            StreamFormat::Gzip(gzip) => gzip.is_whole(),
            StreamFormat::Deflate(deflate) => deflate.is_whole(),
            #[cfg(feature = "brotli")]
            StreamFormat::Brotli(brotli) => brotli.is_whole(),
        }
    }

    /// Decodes some of `input`. If neither `input` nor `buffer` has length 0, each call makes progress or fails.
    fn decode(&mut self, input: &[u8], buffer: &mut [u8]) -> io::Result<LayerStep> {
        match self {
            StreamFormat::Unread(_) => Ok(LayerStep::default()),
            StreamFormat::Gzip(gzip) => gzip.decode(input, buffer),
            StreamFormat::Deflate(deflate) => deflate.decode(input, buffer),
            #[cfg(feature = "brotli")]
            StreamFormat::Brotli(brotli) => brotli.decode(input, buffer),
        }
    }
}
