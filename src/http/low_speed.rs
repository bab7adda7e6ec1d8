//! Ends an exchange whose connection transfers too few bytes.

use std::sync::Mutex;
use std::time::Duration;

use crate::worker::lock;

/// The speed below which a connection counts as stalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowSpeed {
    /// Bytes per second. At least 1.
    pub limit: u64,
    /// How long a connection may be slower. At least a millisecond.
    pub time: Duration,
}

/// Measures one exchange. Only the time in which a worker sleeps for its socket counts, so neither rate limits, a slow
/// disk nor a pipe make a connection slow.
///
/// A new span starts whenever enough bytes for one were transferred. A stalled connection is therefore detected after
/// one span.
#[derive(Debug)]
pub(super) struct SpeedWatch {
    /// The minimum number of bytes in a span.
    enough: u64,
    time: Duration,
    span: Mutex<SpeedSpan>,
}

#[derive(Debug, Default)]
struct SpeedSpan {
    /// The bytes that the exchange had transferred when the span started.
    begin: u64,
    slept: Duration,
}

impl SpeedWatch {
    pub(super) fn new(rule: LowSpeed) -> SpeedWatch {
        let enough = u128::from(rule.limit).saturating_mul(rule.time.as_millis()).div_ceil(1000);
        let enough = u64::try_from(enough).unwrap_or(u64::MAX);
        SpeedWatch { enough, time: rule.time, span: Mutex::default() }
    }

    /// How long a connection may stall.
    pub(super) fn time(&self) -> Duration {
        self.time
    }

    /// How long the exchange may sleep, if it has transferred `moved` bytes. `None` if it is too slow.
    pub(super) fn time_left(&self, moved: u64) -> Option<Duration> {
        let mut span = lock(&self.span);
        if moved.saturating_sub(span.begin) >= self.enough {
            *span = SpeedSpan { begin: moved, slept: Duration::ZERO };
        }
        self.time.checked_sub(span.slept).filter(|left| !left.is_zero())
    }

    /// Adds the time that the exchange has slept.
    pub(super) fn add(&self, slept: Duration) {
        let mut span = lock(&self.span);
        span.slept = span.slept.saturating_add(slept);
    }

    /// Starts an exchange, which has transferred nothing.
    pub(super) fn begin(&self) {
        *lock(&self.span) = SpeedSpan::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn watch() -> SpeedWatch {
        SpeedWatch::new(LowSpeed { limit: 100, time: 2 * SECOND })
    }

    #[test]
    fn span_with_enough_bytes_starts_the_next() {
        let watch = watch();
        assert_eq!(watch.time_left(0), Some(2 * SECOND));
        watch.add(SECOND);
        assert_eq!(watch.time_left(199), Some(SECOND));
        assert_eq!(watch.time_left(200), Some(2 * SECOND));
        watch.add(SECOND);
        assert_eq!(watch.time_left(399), Some(SECOND), "the bytes before the span do not count");
        watch.add(SECOND);
        assert_eq!(watch.time_left(399), None);
        assert_eq!(watch.time_left(400), Some(2 * SECOND));
    }

    #[test]
    fn each_exchange_is_measured_separately() {
        let watch = watch();
        assert_eq!(watch.time_left(1000), Some(2 * SECOND));
        watch.add(2 * SECOND);
        assert_eq!(watch.time_left(1000), None);
        watch.begin();
        assert_eq!(watch.time_left(0), Some(2 * SECOND));
    }

    #[test]
    fn span_needs_at_least_one_byte() {
        let watch = SpeedWatch::new(LowSpeed { limit: 1, time: Duration::from_millis(1) });
        watch.add(SECOND);
        assert_eq!(watch.time_left(0), None);
        assert_eq!(watch.time_left(1), Some(Duration::from_millis(1)));
        let watch = SpeedWatch::new(LowSpeed { limit: u64::MAX, time: Duration::from_millis(u64::from(u32::MAX)) });
        watch.add(Duration::MAX);
        assert_eq!(watch.time_left(u64::MAX - 1), None);
    }
}
