//! A connection's buffers: small while little goes through them, and the place where a response's head is taken apart.
//!
//! ureq sees the head only when it is whole and known to be good, so that every way in which a head can be bad is found
//! here, and a caller gets the fields as they were on the wire.

use ureq::unversioned::transport::Buffers;

use super::error::Error;
use super::head::{Answering, Head, HeadReader, MAX_HEAD_SIZE};
use crate::buffer::{Buffer, LARGE_BODY, give_back, grow};

const SMALL: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct ConnectionBuffers {
    input: Buffer,
    start: usize,
    end: usize,
    /// The size that `input` gets when it is empty.
    input_size: usize,
    output: Buffer,
    output_size: usize,
    phase: Phase,
    /// What finds the end of a head.
    reader: HeadReader,
    /// Whether the last use of the input took something of it.
    progress: bool,
}

impl Drop for ConnectionBuffers {
    fn drop(&mut self) {
        give_back(std::mem::take(&mut self.input));
        give_back(std::mem::take(&mut self.output));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The head is not all there.
    Head,
    /// The head is whole and ureq has not taken it.
    HeadReady,
    /// What comes is the body.
    Body,
}

impl ConnectionBuffers {
    pub(super) fn new() -> ConnectionBuffers {
        ConnectionBuffers {
            input: Buffer::default(),
            start: 0,
            end: 0,
            input_size: SMALL,
            output: Buffer::default(),
            output_size: SMALL,
            phase: Phase::Head,
            reader: HeadReader::default(),
            progress: false,
        }
    }

    /// Makes ready for an exchange that sends a head of about `head_size` and a body of `body_length`, a large one through a
    /// buffer of `large` bytes.
    pub(super) fn begin(&mut self, head_size: usize, body_length: u64, large: usize) {
        let body_size = if body_length >= LARGE_BODY { large } else { SMALL };
        // ureq writes a field in one piece or not at all.
        self.output_size = body_size.max(head_size);
        self.input_size = SMALL;
        self.phase = Phase::Head;
        self.reader = HeadReader::default();
        self.progress = false;
    }

    /// Gives back the memory that an idle connection does not need.
    pub(super) fn shrink(&mut self) {
        give_back(std::mem::take(&mut self.output));
        if self.start == self.end {
            give_back(std::mem::take(&mut self.input));
            (self.start, self.end) = (0, 0);
        }
    }

    /// Whether the body is being received.
    pub(super) fn in_body(&self) -> bool {
        self.phase == Phase::Body
    }

    /// Whether nothing of the response has been received.
    pub(super) fn awaits_answer(&self) -> bool {
        self.phase == Phase::Head && self.start == self.end
    }

    /// Whether there is a response's head that ureq has not taken.
    pub(super) fn head_ready(&self) -> bool {
        self.phase == Phase::HeadReady
    }

    /// Space for more input, which is what bounds a head, a chunk's size and a trailer.
    pub(super) fn space(&mut self) -> Result<&mut [u8], Error> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.reader = HeadReader::default();
        } else if self.end == self.input.len() && self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        // Of a body, only a line that is not whole is still there.
        if self.end - self.start >= MAX_HEAD_SIZE {
            return Err(Error::protocol(match self.phase {
                Phase::Head => "the response's head is too large",
                Phase::HeadReady | Phase::Body => "a line of the response is too large",
            }));
        }
        if self.end == self.input.len() {
            let size = self.input_size.max(self.end * 2);
            grow(&mut self.input, size);
        } else if self.end == 0 && self.input.len() < self.input_size {
            grow(&mut self.input, self.input_size);
        }
        Ok(&mut self.input[self.end..])
    }

    /// Takes `amount` bytes of [`space`](ConnectionBuffers::space) as received. A body that fills the buffer gets a larger
    /// one, up to `limit`.
    pub(super) fn received(&mut self, amount: usize, limit: usize) {
        self.end += amount;
        if self.phase == Phase::Body && self.end == self.input.len() {
            self.input_size = (4 * self.input.len()).min(limit).max(self.input_size);
        }
    }

    /// The final response's head, once it is whole; interim ones are dropped.
    pub(super) fn take_head(&mut self) -> Result<Option<Head>, Error> {
        if self.phase != Phase::Head {
            return Ok(None);
        }
        loop {
            let parsed = self.reader.read(&self.input[self.start..self.end], Answering::Request)?;
            match parsed {
                Some((head, size)) if head.is_interim() => {
                    self.start += size;
                    self.reader = HeadReader::default();
                }
                Some((head, _)) => {
                    // In the buffer itself, since ureq parses the head once more.
                    unfold(&mut self.input[self.start..self.end]);
                    self.phase = Phase::HeadReady;
                    return Ok(Some(head));
                }
                None => return Ok(None),
            }
        }
    }

    /// The first `amount` bytes of the output.
    pub(super) fn output_bytes(&self, amount: usize) -> &[u8] {
        &self.output[..amount]
    }
}

/// Replaces the line ends inside of folded fields with spaces, as a user agent must (RFC 9112 section 5.2). Nothing behind
/// the head is touched, nor is a fold in front of the first field, which is an error.
fn unfold(input: &mut [u8]) {
    // Empty lines in front of a head are passed over (RFC 9112 section 2.2).
    let mut line = input.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(input.len());
    let mut in_field = false;
    while let Some(length) = input[line..].iter().position(|&byte| byte == b'\n') {
        let end = line + length;
        if matches!(input[line..end], [] | [b'\r']) {
            return;
        }
        if in_field && matches!(input.get(end + 1), Some(b' ' | b'\t')) {
            input[end] = b' ';
            if input[end - 1] == b'\r' {
                input[end - 1] = b' ';
            }
        }
        in_field = true;
        line = end + 1;
    }
}

impl Buffers for ConnectionBuffers {
    fn output(&mut self) -> &mut [u8] {
        grow(&mut self.output, self.output_size);
        &mut self.output[..self.output_size]
    }

    fn input(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut self.input[self.end..]
    }

    fn input_appended(&mut self, amount: usize) {
        self.end += amount;
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.start += amount;
        if self.phase == Phase::HeadReady && amount > 0 {
            self.phase = Phase::Body;
        }
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        // The first is for a chunked request, which there is none of.
        (&mut [], self.output())
    }

    fn can_use_input(&self) -> bool {
        match self.phase {
            Phase::Head => false,
            Phase::HeadReady => true,
            Phase::Body => self.progress && self.start < self.end,
        }
    }
}
