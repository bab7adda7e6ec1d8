//! The system's information about a TCP connection.

use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// The beginning of Linux's `struct tcp_info` (`linux/tcp.h`), up to the needed field. The kernel writes as much as
/// fits. libc has no such struct for Android.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[repr(C)]
struct TcpInfo {
    /// Eight fields of one byte and, from `tcpi_rto` to `tcpi_rcv_ssthresh`, fifteen of four bytes.
    before: [u32; 17],
    /// In microseconds.
    rtt: u32,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const TCP_INFO: libc::c_int = libc::TCP_INFO;

#[cfg(any(target_os = "linux", target_os = "android"))]
fn round_trip_time(info: &TcpInfo) -> Duration {
    Duration::from_micros(info.rtt.into())
}

#[cfg(target_vendor = "apple")]
use libc::{TCP_CONNECTION_INFO as TCP_INFO, tcp_connection_info as TcpInfo};

#[cfg(target_vendor = "apple")]
fn round_trip_time(info: &TcpInfo) -> Duration {
    Duration::from_millis(info.tcpi_srtt.into())
}

/// The smoothed round-trip time of a TCP connection. `None` if the system has not measured it or does not report it.
#[expect(unsafe_code, reason = "no safe crate has this option")]
pub fn smoothed_round_trip_time(socket: &impl AsFd) -> Option<Duration> {
    // SAFETY: only integers, for which all-zero bytes are a valid value.
    let mut info: TcpInfo = unsafe { std::mem::zeroed() };
    let mut length = size_of::<TcpInfo>() as libc::socklen_t;
    // SAFETY: the descriptor is open during the call; `length` is the size of `info`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    // An older system writes less, and the rest stays zero.
    Some(round_trip_time(&info)).filter(|time| result == 0 && !time.is_zero())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn field_has_the_offset_of_libc() {
        use std::mem::offset_of;
        assert_eq!(offset_of!(TcpInfo, rtt), offset_of!(libc::tcp_info, tcpi_rtt));
    }

    #[test]
    fn loopback_connection_has_a_short_round_trip_time() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let time = smoothed_round_trip_time(&stream);
        // An emulator of another processor may not support the option.
        assert!(time.is_some() || cfg!(not(target_arch = "x86_64")));
        assert!(time.unwrap_or_default() < Duration::from_secs(10), "{time:?}");
    }

    #[test]
    fn unconnected_socket_has_no_round_trip_time() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_eq!(smoothed_round_trip_time(&listener), None);
        assert_eq!(smoothed_round_trip_time(&tempfile::tempfile().unwrap()), None);
    }
}
