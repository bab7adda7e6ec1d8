//! A descriptor that one thread makes readable to end the `poll` of another.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A descriptor that is readable from [`Waker::wake`] until [`Waker::reset`].
///
/// An eventfd on Linux and Android. Elsewhere a pipe, which behaves the same but needs two descriptors.
#[derive(Debug)]
pub struct Waker {
    reader: OwnedFd,
    /// `None` if reader and writer are the same descriptor.
    writer: Option<OwnedFd>,
}

impl Waker {
    /// Opens the descriptor. Fails if the process has no descriptor left.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn new() -> io::Result<Waker> {
        use rustix::event::{EventfdFlags, eventfd};
        let reader = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Waker { reader, writer: None })
    }

    /// Opens the descriptors. Fails if the process has none left.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn new() -> io::Result<Waker> {
        use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};
        let (reader, writer) = rustix::pipe::pipe()?;
        for end in [&reader, &writer] {
            fcntl_setfd(end, FdFlags::CLOEXEC)?;
            ioctl_fionbio(end, true)?;
        }
        Ok(Waker { reader, writer: Some(writer) })
    }

    /// Makes the descriptor readable. Never blocks. A full pipe or counter is readable already, so a failed write does
    /// not matter.
    pub fn wake(&self) {
        let writer = self.writer.as_ref().unwrap_or(&self.reader);
        let _ = rustix::io::write(writer, &1u64.to_ne_bytes());
    }

    /// Makes the descriptor unreadable, whatever wakes came before.
    pub fn reset(&self) {
        let mut buffer = [0u8; 64];
        while matches!(rustix::io::read(&self.reader, &mut buffer), Ok(n) if n == buffer.len()) {}
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    impl Waker {
        /// Whether the waker was woken after its last reset.
        pub fn is_readable(&self) -> bool {
            poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&Timespec::default())).unwrap() == 1
        }
    }

    #[test]
    fn waker_is_readable_until_reset() {
        let waker = Waker::new().unwrap();
        waker.reset();
        assert!(!waker.is_readable());
        for wakes in [1, 3, 100] {
            (0..wakes).for_each(|_| waker.wake());
            assert!(waker.is_readable());
            waker.reset();
            assert!(!waker.is_readable(), "after {wakes} wakes");
        }
    }
}
