//! The time that goes on while the device sleeps, which that of `std` does not.

use std::time::Duration;

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
/// Apple's counts sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// The time since the device was started, that of sleep included.
///
/// Through libc: rustix reads the kernel's vDSO by itself, which crashes under valgrind.
#[expect(unsafe_code, reason = "no other safe crate has these clocks")]
pub fn time_since_boot() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every system that the library is built for, and the call writes one timespec.
    unsafe { libc::clock_gettime(CLOCK, &raw mut time) };
    // Neither is negative, and there are fewer than 10^9 nanoseconds.
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
