//! What the system tells of a TCP connection.

use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// The begin of Linux's `struct tcp_info` (`linux/tcp.h`), up to the field that is wanted: the kernel writes as much as there
/// is room for. libc has no such struct for Android.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[repr(C)]
struct TcpInfo {
    /// Eight fields of a byte and, from `tcpi_rto` to `tcpi_rcv_ssthresh`, fifteen of four.
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

/// The round-trip time of a TCP connection as the system has smoothed it. `None` if it has not measured one, or does not
/// tell.
#[expect(unsafe_code, reason = "no safe crate has this option")]
pub fn smoothed_round_trip_time(socket: &impl AsFd) -> Option<Duration> {
    // SAFETY: integers only, for which all bytes zero are a valid value.
    let mut info: TcpInfo = unsafe { std::mem::zeroed() };
    let mut length = size_of::<TcpInfo>() as libc::socklen_t;
    // SAFETY: the descriptor is open for the call; `length` says how much room there is in `info`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    // A system that knows less writes less, and the rest stays zero.
    Some(round_trip_time(&info)).filter(|time| result == 0 && !time.is_zero())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn the_field_is_where_libc_has_it() {
        use std::mem::offset_of;
        assert_eq!(offset_of!(TcpInfo, rtt), offset_of!(libc::tcp_info, tcpi_rtt));
    }

    #[test]
    fn a_connection_on_this_machine_is_fast() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let time = smoothed_round_trip_time(&stream);
        // An emulator of another processor may not pass the option on.
        assert!(time.is_some() || cfg!(not(target_arch = "x86_64")));
        assert!(time.unwrap_or_default() < Duration::from_secs(10), "{time:?}");
    }

    #[test]
    fn what_is_not_connected_has_none() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_eq!(smoothed_round_trip_time(&listener), None);
        assert_eq!(smoothed_round_trip_time(&tempfile::tempfile().unwrap()), None);
    }
}
