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
        let former = std::mem::replace(buffer, larger);
        // A buffer that outgrows this size is dropped at once, so that the intermediate sizes do not add up.
        if size <= MAX_KEPT {
            self.give_back(former);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::worker::{StopReason, StopSignal};

    fn worker() -> Worker {
        Worker::for_call(Arc::new(StopSignal::new()))
    }

    fn kept(worker: &Worker) -> usize {
        lock(&worker.thread.spare).0.len()
    }

    #[test]
    fn a_buffer_is_used_again_for_its_size_only() {
        let worker = worker();
        let mut buffer = worker.take_buffer(1000).unwrap();
        assert_eq!(buffer[..], [0; 1000]);
        buffer[0] = 7;
        worker.give_back(buffer);
        assert_eq!(worker.take_buffer(2000).unwrap()[0], 0);
        assert_eq!(worker.take_buffer(1000).unwrap()[0], 7);
        assert_eq!(worker.take_buffer(1000).unwrap()[0], 0, "it was taken");
    }

    #[test]
    fn a_thread_keeps_the_newest_few() {
        let worker = worker();
        for mark in 1..=MAX_SPARE + 1 {
            worker.give_back(Buffer::Small(vec![mark as u8; 10]));
        }
        let marks: Vec<_> = (0..=MAX_SPARE).map(|_| worker.take_buffer(10).unwrap()[0]).collect();
        assert_eq!(marks.iter().filter(|&&mark| mark == 1).count(), 0, "the oldest was dropped");
        assert_eq!(marks.iter().filter(|&&mark| mark == 0).count(), 1);
    }

    #[test]
    fn taking_a_buffer_does_not_make_an_old_one_newer() {
        let worker = worker();
        for mark in 1..=MAX_SPARE {
            worker.give_back(Buffer::Small(vec![mark as u8; 10 + mark]));
        }
        // The first place is free again, and two new ones follow.
        drop(worker.take_buffer(11).unwrap());
        worker.give_back(Buffer::Small(vec![1; 5]));
        worker.give_back(Buffer::Small(vec![1; 6]));
        assert_eq!(worker.take_buffer(12).unwrap()[0], 0, "the second was the oldest");
        assert_eq!(worker.take_buffer(10 + MAX_SPARE).unwrap()[0], MAX_SPARE as u8);
    }

    #[test]
    fn large_buffers_do_not_pile_up_during_a_task() {
        let worker = worker();
        worker.give_back(worker.take_buffer(MAX_KEPT + 1).unwrap());
        assert_eq!(lock(&worker.thread.deferred).len(), 0);
        worker.stop().request(StopReason::Aborted);
        worker.give_back(worker.take_buffer(MAX_KEPT + 1).unwrap());
        assert_eq!(lock(&worker.thread.deferred).len(), 1, "the host is told first");
    }

    #[test]
    fn lack_of_memory_is_an_error_and_leaves_the_buffer() {
        let worker = worker();
        let mut buffer = Buffer::Small(vec![7; 3]);
        assert!(worker.grow(&mut buffer, usize::MAX).is_err());
        assert_eq!(buffer[..], [7; 3]);
        assert!(worker.take_buffer(usize::MAX).is_err());
    }

    #[test]
    fn a_large_buffer_is_not_kept() {
        let worker = worker();
        worker.give_back(worker.take_buffer(MAX_KEPT + 1).unwrap());
        assert_eq!(kept(&worker), 0);
        worker.give_back(worker.take_buffer(MAX_KEPT).unwrap());
        assert_eq!(kept(&worker), 1);
    }

    #[test]
    fn a_buffer_that_grew_large_leaves_nothing_to_keep() {
        let worker = worker();
        let mut buffer = worker.take_buffer(MAX_KEPT).unwrap();
        worker.grow(&mut buffer, MAX_KEPT + 1).unwrap();
        assert_eq!(kept(&worker), 0);
        let mut buffer = worker.take_buffer(MAX_KEPT - 1).unwrap();
        worker.grow(&mut buffer, MAX_KEPT).unwrap();
        assert_eq!(kept(&worker), 1);
    }

    #[test]
    fn a_large_buffer_is_mapped() {
        let worker = worker();
        assert!(matches!(worker.take_buffer(MAX_ALLOCATED).unwrap(), Buffer::Small(_)));
        assert!(matches!(worker.take_buffer(MAX_ALLOCATED + 1).unwrap(), Buffer::Large(_)));
    }

    #[test]
    fn growing_keeps_the_bytes() {
        let worker = worker();
        let mut buffer = Buffer::Small(vec![1, 2, 3]);
        worker.grow(&mut buffer, 5).unwrap();
        assert_eq!(buffer[..3], [1, 2, 3]);
        assert_eq!(buffer.len(), 5);
        worker.grow(&mut buffer, 4).unwrap();
        assert_eq!(buffer.len(), 5, "it never shrinks");
    }
}
