//! Memory pages from the system.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::slice;

/// Zeroed memory in whole pages, which is returned to the system when dropped. An allocator may keep freed memory for a
/// use that never comes.
pub struct Pages {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: it owns its memory, like a `Box<[u8]>`.
#[expect(unsafe_code, reason = "a type with a raw pointer is not Send by itself")]
unsafe impl Send for Pages {}

// SAFETY: as above; shared access is read-only.
#[expect(unsafe_code, reason = "a type with a raw pointer is not Sync by itself")]
unsafe impl Sync for Pages {}

impl Pages {
    /// Memory of `length` bytes. `None` if the system has none, or if `length` exceeds the limit of an object.
    ///
    /// Calls the C library: the thread sanitizer does not see direct system calls, and would take the memory of a new
    /// mapping for that of an earlier one at the same address.
    #[expect(unsafe_code, reason = "no safe crate hands out anonymous memory that can be written")]
    pub fn new(length: usize) -> Option<Pages> {
        // Required by slices.
        isize::try_from(length).ok()?;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
        // SAFETY: a new private mapping at an address that the system chooses.
        let start = unsafe { libc::mmap(ptr::null_mut(), length, access, kind, -1, 0) };
        if start == libc::MAP_FAILED { None } else { Some(Pages { start: NonNull::new(start.cast())?, length }) }
    }
}

impl Deref for Pages {
    type Target = [u8];

    #[expect(unsafe_code, reason = "the memory is behind a pointer")]
    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping is `length` bytes long, which is at most `isize::MAX`; the system has zeroed it; it is
        // readable and lives as long as `self`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for Pages {
    #[expect(unsafe_code, reason = "the memory is behind a pointer")]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and writable; nothing else uses it while `self` is borrowed.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Pages {
    #[expect(unsafe_code, reason = "the counterpart of mmap")]
    fn drop(&mut self) {
        // SAFETY: the whole of a mapping that nothing else refers to. Cannot fail, because the mapping exists.
        let _ = unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pages").field("length", &self.length).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_zeroed_and_writable() {
        let mut pages = Pages::new(100_000).unwrap();
        assert_eq!(pages[..], vec![0; 100_000]);
        pages[99_999] = 7;
        assert_eq!(std::thread::spawn(move || pages[99_999]).join().unwrap(), 7);
    }

    #[test]
    fn failed_mapping_returns_none() {
        assert!(Pages::new(usize::MAX).is_none());
        assert!(Pages::new(0).is_none());
    }
}
