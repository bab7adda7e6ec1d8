//! A monotonic clock that includes sleep, unlike that of `std`.

use std::time::Duration;

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
/// Apple's monotonic clock includes sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// The time since the device was started, including sleep.
///
/// Uses libc, because rustix reads the kernel's vDSO itself, which crashes under valgrind.
#[expect(unsafe_code, reason = "no other safe crate has these clocks")]
pub fn time_since_boot() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every supported system, and the call writes one timespec.
    unsafe { libc::clock_gettime(CLOCK, &raw mut time) };
    // Lossless: neither is negative, and the nanoseconds are below 10^9.
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
