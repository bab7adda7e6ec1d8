//! Byte buffers that a worker thread uses again, from one transfer to the next.
//!
//! New memory has to be zeroed, which for a small transfer is more bytes than it moves, and an idle connection is to hold
//! no memory. So buffers belong to the thread that runs transfers, and go with it when it has had nothing to do.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// As many as one transfer has at once: the two ways of a connection, TLS input, and a file's.
const MAX_SPARE: usize = 4;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
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

/// A buffer of `size` bytes, whatever they are.
pub fn take(size: usize) -> Vec<u8> {
    let spare = SPARE.with_borrow_mut(|spare| {
        let index = spare.iter().position(|buffer| buffer.len() == size)?;
        Some(spare.swap_remove(index))
    });
    // Zeroed by the allocator, which has memory that is zero already: to fill it byte by byte, as `resize` does in a build
    // for size, is most of the work of a small download.
    spare.unwrap_or_else(|| vec![0; size])
}

/// Keeps a buffer for the thread's next [`take`] of its size. What it holds is not cleared.
pub fn give_back(buffer: Vec<u8>) {
    if buffer.is_empty() {
        return;
    }
    SPARE.with_borrow_mut(|spare| {
        if spare.len() == MAX_SPARE {
            spare.remove(0);
        }
        spare.push(buffer);
    });
}

/// Makes a buffer at least `size` long, with the same bytes at its start.
pub fn grow(buffer: &mut Vec<u8>, size: usize) {
    if buffer.len() < size {
        let mut larger = take(size);
        larger[..buffer.len()].copy_from_slice(buffer);
        give_back(std::mem::replace(buffer, larger));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_for_its_size_only() {
        let mut buffer = take(1000);
        assert_eq!(buffer, [0; 1000]);
        buffer[0] = 7;
        give_back(buffer);
        assert_eq!(take(2000)[0], 0);
        assert_eq!(take(1000)[0], 7);
        assert_eq!(take(1000)[0], 0, "it was taken");
    }

    #[test]
    fn a_thread_keeps_a_few() {
        for mark in 1..=MAX_SPARE + 1 {
            give_back(vec![mark as u8; 10]);
        }
        let marks: Vec<_> = (0..=MAX_SPARE).map(|_| take(10)[0]).collect();
        assert_eq!(marks.iter().filter(|&&mark| mark == 1).count(), 0, "the oldest went");
        assert_eq!(marks.iter().filter(|&&mark| mark == 0).count(), 1);
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
        let mut buffer = vec![1, 2, 3];
        grow(&mut buffer, 5);
        assert_eq!(buffer[..3], [1, 2, 3]);
        assert_eq!(buffer.len(), 5);
        grow(&mut buffer, 4);
        assert_eq!(buffer.len(), 5, "it never shrinks");
    }
}
