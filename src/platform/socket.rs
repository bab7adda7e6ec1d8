//! What the socket interface of each system has of its own.

use std::io;
use std::os::fd::AsFd;

/// The flags of every send: where a socket has no option against SIGPIPE, the signal is kept off call by call.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub const SEND_FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
/// The flags of every send; socket2 has already set `SO_NOSIGPIPE`.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub const SEND_FLAGS: libc::c_int = 0;

/// The bytes that a TCP socket accepted and its peer has not acknowledged.
///
/// # Errors
/// When the descriptor is no socket.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[expect(unsafe_code, reason = "no safe crate has this ioctl")]
pub fn unsent_bytes(socket: &impl AsFd) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open for the call, and SIOCOUTQ (the same number as TIOCOUTQ) writes one int.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(usize::try_from(bytes).unwrap_or(0)) }
}

/// The bytes that a TCP socket accepted and its peer has not acknowledged.
///
/// # Errors
/// When the descriptor is no socket.
#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "no safe crate has this option")]
pub fn unsent_bytes(socket: &impl AsFd) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    let mut bytes: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open for the call; SO_NWRITE writes one int, and `length` says that there is room for it.
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
