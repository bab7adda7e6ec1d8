//! Byte buffers that a worker thread uses again, from one transfer to the next, and large ones that go back to the system
//! when they have been used.
//!
//! New memory has to be zeroed, which for a small transfer is more bytes than it moves, and an idle connection is to hold
//! no memory. So buffers belong to the thread that runs transfers, and go with it when it has had nothing to do. Large ones
//! do not: a large body takes far longer than the zeroing, and each of many threads may have seen one.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::deferred::drop_later;
use crate::platform::Pages;

/// As many as a transfer of some size goes through: the two ways of a connection and of TLS, which grow, and a file's.
const MAX_SPARE: usize = 8;
/// The largest that the allocator is asked for: it may keep what it is given back, once for every thread.
const MAX_SMALL: usize = 32 * 1024;
/// The largest that a thread keeps.
const MAX_KEPT: usize = 80 * 1024;

thread_local! {
    static SPARE: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

/// Bytes to be used as a space.
#[derive(Debug)]
pub enum Buffer {
    /// Of the allocator.
    Small(Vec<u8>),
    /// Of the system.
    Large(Pages),
}

impl Default for Buffer {
    /// No bytes.
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

/// From here on a body is worth a large buffer, which it fills many times.
pub const LARGE_BODY: u64 = 2 * 1024 * 1024;

/// The transfers that run in this process, of every session: they share its memory.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// A transfer that runs, until it is dropped.
#[derive(Debug)]
pub struct Running(());

impl Running {
    /// Counts a transfer.
    pub fn begin() -> Running {
        RUNNING.fetch_add(1, Ordering::Relaxed);
        Running(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The size that a large body's buffer may have now: that of a transfer which runs `alone`, for which a larger one is
/// cheaper, or that of one `among_others`, of which ten have to fit into a phone and into the processor's cache.
pub fn size(alone: usize, among_others: usize) -> usize {
    size_of_one_of(RUNNING.load(Ordering::Relaxed), alone, among_others)
}

fn size_of_one_of(running: usize, alone: usize, among_others: usize) -> usize {
    if running > 1 { among_others } else { alone }
}

/// A buffer of `size` bytes, whatever they are. Of a large one, only what is used takes memory.
pub fn take(size: usize) -> Buffer {
    let spare = SPARE.with_borrow_mut(|spare| {
        let index = spare.iter().position(|buffer| buffer.len() == size)?;
        Some(spare.swap_remove(index))
    });
    let large = || if size > MAX_SMALL { Pages::new(size).map(Buffer::Large) } else { None };
    // Zeroed by the allocator, which has memory that is zero already: to fill it byte by byte, as `resize` does in a build
    // for size, is most of the work of a small download.
    spare.or_else(large).unwrap_or_else(|| Buffer::Small(vec![0; size]))
}

/// Keeps a buffer for the thread's next [`take`] of its size, unless it is too large for that. What it holds is not cleared.
pub fn give_back(buffer: Buffer) {
    if buffer.is_empty() {
        return;
    }
    if buffer.len() > MAX_KEPT {
        return drop_later(buffer);
    }
    // A connection may end with its thread, when there is nowhere to keep a buffer any more.
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() == MAX_SPARE {
            spare.remove(0);
        }
        spare.push(buffer);
    });
}

/// Makes a buffer at least `size` long, with the same bytes at its start.
pub fn grow(buffer: &mut Buffer, size: usize) {
    if buffer.len() < size {
        let mut larger = take(size);
        larger[..buffer.len()].copy_from_slice(buffer);
        let former = std::mem::replace(buffer, larger);
        // What has grown to a large one is not kept, nor put off: the sizes on the way are not to add up.
        if size <= MAX_KEPT {
            give_back(former);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_for_its_size_only() {
        let mut buffer = take(1000);
        assert_eq!(buffer[..], [0; 1000]);
        buffer[0] = 7;
        give_back(buffer);
        assert_eq!(take(2000)[0], 0);
        assert_eq!(take(1000)[0], 7);
        assert_eq!(take(1000)[0], 0, "it was taken");
    }

    #[test]
    fn a_thread_keeps_a_few() {
        for mark in 1..=MAX_SPARE + 1 {
            give_back(Buffer::Small(vec![mark as u8; 10]));
        }
        let marks: Vec<_> = (0..=MAX_SPARE).map(|_| take(10)[0]).collect();
        assert_eq!(marks.iter().filter(|&&mark| mark == 1).count(), 0, "the oldest went");
        assert_eq!(marks.iter().filter(|&&mark| mark == 0).count(), 1);
    }

    #[test]
    fn a_large_one_is_not_kept() {
        give_back(take(MAX_KEPT + 1));
        assert!(SPARE.with_borrow(Vec::is_empty));
        give_back(take(MAX_KEPT));
        assert_eq!(SPARE.with_borrow(Vec::len), 1);
    }

    #[test]
    fn what_grows_to_a_large_one_is_not_kept() {
        let mut buffer = take(MAX_KEPT);
        grow(&mut buffer, MAX_KEPT + 1);
        assert!(SPARE.with_borrow(Vec::is_empty));
        let mut buffer = take(MAX_KEPT - 1);
        grow(&mut buffer, MAX_KEPT);
        assert_eq!(SPARE.with_borrow(Vec::len), 1);
    }

    #[test]
    fn a_large_one_is_the_systems() {
        assert!(matches!(take(MAX_SMALL), Buffer::Small(_)));
        assert!(matches!(take(MAX_SMALL + 1), Buffer::Large(_)));
    }

    #[test]
    fn the_size_depends_on_how_many_run() {
        assert_eq!([0, 1, 2, 10].map(|running| size_of_one_of(running, 7, 3)), [7, 7, 3, 3]);
        // Whatever other tests run meanwhile, these are two.
        let running = [Running::begin(), Running::begin()];
        assert_eq!(size(7, 3), 3);
        drop(running);
    }

    #[test]
    fn to_grow_keeps_the_bytes() {
        let mut buffer = Buffer::Small(vec![1, 2, 3]);
        grow(&mut buffer, 5);
        assert_eq!(buffer[..3], [1, 2, 3]);
        assert_eq!(buffer.len(), 5);
        grow(&mut buffer, 4);
        assert_eq!(buffer.len(), 5, "it never shrinks");
    }
}
