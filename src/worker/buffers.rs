//! Byte buffers that a thread reuses for its next task, and large ones that are returned to the system after use.
//!
//! New memory must be zeroed, which for a small transfer is more bytes than it moves. An idle connection should hold no
//! memory. So buffers belong to the thread, and are freed when it has been idle for a while.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::sizes::{MAX_ALLOCATED, MAX_KEPT, MAX_SPARE};
use super::{Worker, lock};
use crate::platform::Pages;

/// Space for bytes, with unspecified content.
#[derive(Debug)]
pub enum Buffer {
    /// From the allocator.
    Small(Vec<u8>),
    /// From the system.
    Large(Pages),
}

impl Default for Buffer {
    /// Empty.
    fn default() -> Buffer {
        Buffer::Small(Vec::new())
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Buffer::Small(bytes) => bytes,
            Buffer::Large(pages) => pages,
        }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Buffer::Small(bytes) => bytes,
            Buffer::Large(pages) => pages,
        }
    }
}

impl Buffer {
    /// A zeroed buffer of `size` bytes.
    ///
    /// # Errors
    /// The system has no memory left. A server decides the sizes of some large buffers, so a failed allocation must not
    /// end the process.
    pub fn new(size: usize) -> Result<Buffer, OutOfMemory> {
        if size > MAX_ALLOCATED {
            return Pages::new(size).map(Buffer::Large).ok_or(OutOfMemory);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(|_| OutOfMemory)?;
        bytes.resize(size, 0);
        Ok(Buffer::Small(bytes))
    }
}

/// The system has no memory left.
#[derive(Clone, Copy, Debug)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no memory is left")
    }
}

/// The buffers that a thread keeps, oldest first.
#[derive(Debug, Default)]
pub(super) struct SpareBuffers(Vec<Buffer>);

#[cfg(test)]
impl SpareBuffers {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Worker {
    /// A buffer of `size` bytes with unspecified content. Of a large one, only the used part takes memory.
    ///
    /// # Errors
    /// As [`Buffer::new`].
    pub fn take_buffer(&self, size: usize) -> Result<Buffer, OutOfMemory> {
        let mut spare = lock(&self.thread.spare);
        if let Some(index) = spare.0.iter().position(|buffer| buffer.len() == size) {
            return Ok(spare.0.remove(index));
        }
        drop(spare);
        Buffer::new(size)
    }

    /// Keeps a buffer for the thread's next [`take_buffer`](Worker::take_buffer) of its size. A buffer that is larger
    /// than `MAX_KEPT` is dropped at once, so that the buffers of many attempts do not add up. If the task is stopped,
    /// it is dropped after the host was told. The content is not cleared.
    pub fn give_back(&self, buffer: Buffer) {
        if buffer.is_empty() {
            return;
        }
        if buffer.len() > MAX_KEPT {
            if self.check().is_err() {
                self.drop_later(buffer);
            }
            return;
        }
        let mut spare = lock(&self.thread.spare);
        if spare.0.len() == MAX_SPARE {
            spare.0.remove(0);
        }
        spare.0.push(buffer);
    }

    /// Grows a buffer to at least `size` bytes and keeps its content.
    ///
    /// # Errors
    /// As [`Buffer::new`]. The buffer is unchanged.
    pub fn grow(&self, buffer: &mut Buffer, size: usize) -> Result<(), OutOfMemory> {
        if buffer.len() >= size {
            return Ok(());
        }
        let mut larger = self.take_buffer(size)?;
        larger[..buffer.len()].copy_from_slice(buffer);
        self.give_back(std::mem::replace(buffer, larger));
        Ok(())
    }
}

#[cfg(test)]
#[path = "buffers_tests.rs"]
mod tests;
