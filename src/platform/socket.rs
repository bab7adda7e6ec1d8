//! Platform-specific socket options.

use std::io;
use std::os::fd::AsFd;

use rustix::event::PollFlags;

/// The flags of every send. MSG_NOSIGNAL prevents SIGPIPE on systems without a socket option for it.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub const SEND_FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
/// The flags of every send. socket2 has set `SO_NOSIGPIPE` already.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub const SEND_FLAGS: libc::c_int = 0;

/// The number of bytes of a large body to wait for. Since Linux 4.18 the kernel enlarges a socket's buffer for it
/// (`tcp_set_rcvlowat`). Before that, the buffer may be full with fewer bytes, and the time limit of the wait ends it.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub const LOW_WATER_MARK: u32 = 256 * 1024;
/// The number of bytes of a large body to wait for: a quarter of a socket's initial receive buffer, which is 128 KiB
/// (`net.inet.tcp.recvspace`).
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub const LOW_WATER_MARK: u32 = 32 * 1024;

/// The event by which `poll` reports that the peer has closed the connection, or only its sending direction.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub const PEER_CLOSED: PollFlags = PollFlags::RDHUP;
/// The event by which `poll` reports that the peer has closed the connection. Apple's kernel watches only descriptors
/// with a requested event.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub const PEER_CLOSED: PollFlags = PollFlags::HUP;

/// Whether `poll` waits for [`PEER_CLOSED`] alone. Apple's kernel watches a descriptor for it by the same filter as for
/// bytes (`EVFILT_READ`, in XNU's `bsd/kern/sys_generic.c`), so bytes that nobody reads can end each wait at once.
pub const CLOSE_IS_AN_EVENT: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Makes `poll` report a socket as readable only after it has received `bytes`, an end or an error.
///
/// # Errors
/// The descriptor is not a socket.
#[expect(unsafe_code, reason = "no safe crate has this option")]
pub fn set_receive_low_water_mark(socket: &impl AsFd, bytes: u32) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    // SAFETY: the descriptor is open during the call; SO_RCVLOWAT reads one int, which is the given length.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVLOWAT,
            (&raw const bytes).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The number of bytes that a TCP socket accepted and its peer has not acknowledged.
///
/// # Errors
/// The descriptor is not a socket.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[expect(unsafe_code, reason = "no safe crate has this ioctl")]
pub fn unsent_bytes(socket: &impl AsFd) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open during the call, and SIOCOUTQ (the same number as TIOCOUTQ) writes one int.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(usize::try_from(bytes).unwrap_or(0)) }
}

/// The number of bytes that a TCP socket accepted and its peer has not acknowledged.
///
/// # Errors
/// The descriptor is not a socket.
#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "no safe crate has this option")]
pub fn unsent_bytes(socket: &impl AsFd) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    let mut bytes: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open during the call; SO_NWRITE writes one int, and `length` says that there is room
    // for it.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NWRITE,
            (&raw mut bytes).cast(),
            &raw mut length,
        )
    };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(usize::try_from(bytes).unwrap_or(0)) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    /// Waits until this many bytes can be received. The stream is non-blocking, because a blocking call would itself
    /// wait for the mark.
    fn wait_for_bytes(stream: &TcpStream, bytes: usize) {
        let mut space = vec![0; bytes + 1];
        while stream.peek(&mut space).map_or(true, |there| there < bytes) {}
    }

    fn is_readable(stream: &TcpStream) -> bool {
        let mut watched = [PollFd::new(stream, PollFlags::IN)];
        poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    #[test]
    fn socket_is_readable_at_its_low_water_mark_and_at_the_end() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let receiver = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut sender, _) = listener.accept().unwrap();
        receiver.set_nonblocking(true).unwrap();
        set_receive_low_water_mark(&receiver, 8).unwrap();
        sender.write_all(b"1234567").unwrap();
        wait_for_bytes(&receiver, 7);
        assert!(!is_readable(&receiver));
        sender.write_all(b"8").unwrap();
        wait_for_bytes(&receiver, 8);
        assert!(is_readable(&receiver));

        set_receive_low_water_mark(&receiver, 100).unwrap();
        assert!(!is_readable(&receiver));
        drop(sender);
        let mut watched = [PollFd::new(&receiver, PollFlags::IN)];
        assert_eq!(poll(&mut watched, None).unwrap(), 1);
    }
}
