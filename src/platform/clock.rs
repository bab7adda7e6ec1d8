//! The time that goes on while the device sleeps, which that of `std` does not.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: ClockId = ClockId::Boottime;
/// Apple's counts sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: ClockId = ClockId::Monotonic;

/// The time since the device was started, that of sleep included.
pub fn time_since_boot() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(CLOCK);
    // Neither is negative, and there are fewer than 10^9 nanoseconds.
    Duration::new(tv_sec as u64, tv_nsec as u32)
}
