//! The buffer of bytes that a connection has received.

use super::head::MAX_HEAD_SIZE;
use crate::worker::sizes::CONNECTION_INPUT;
use crate::worker::{Buffer, OutOfMemory, Worker};

/// Bytes that were received and not consumed yet.
#[derive(Debug, Default)]
pub(super) struct ReceivedBytes {
    bytes: Buffer,
    start: usize,
    end: usize,
}

impl ReceivedBytes {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn take(&mut self, amount: usize) {
        self.start += amount;
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Free space for more bytes. `None` if at least `MAX_HEAD_SIZE` bytes are not consumed yet.
    ///
    /// # Errors
    /// There is no memory for them.
    pub(super) fn space(&mut self, worker: &Worker) -> Result<Option<&mut [u8]>, OutOfMemory> {
        if self.end == self.bytes.len() && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end - self.start >= MAX_HEAD_SIZE {
            return Ok(None);
        }
        if self.end == self.bytes.len() {
            worker.grow(&mut self.bytes, CONNECTION_INPUT.max(self.end * 2))?;
        }
        Ok(Some(&mut self.bytes[self.end..]))
    }

    /// Marks `amount` bytes of [`space`](ReceivedBytes::space) as received.
    pub(super) fn received(&mut self, amount: usize) {
        self.end += amount;
    }

    /// Releases the memory. All bytes must have been consumed.
    pub(super) fn release(&mut self, worker: &Worker) {
        worker.give_back(std::mem::take(&mut self.bytes));
        (self.start, self.end) = (0, 0);
    }
}
