//! Ends an exchange whose connection moves too few bytes.

use std::sync::Mutex;
use std::time::Duration;

use crate::worker::lock;

/// When a connection is too slow to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowSpeed {
    /// Bytes per second. At least 1.
    pub limit: u64,
    /// For how long a connection may be slower. At least a millisecond.
    pub time: Duration,
}

/// Measures one exchange. What counts is the time in which a worker sleeps for its socket: neither its own limits of bytes per
/// second nor a slow disk nor a pipe make a connection slow.
///
/// A span of time begins whenever enough bytes were moved for one. So a connection that stalls is found out after one span.
#[derive(Debug)]
pub(super) struct SpeedWatch {
    /// The fewest bytes of a span.
    enough: u64,
    time: Duration,
    span: Mutex<SpeedSpan>,
}

#[derive(Debug, Default)]
struct SpeedSpan {
    /// The bytes that the exchange had moved when the span began.
    begin: u64,
    slept: Duration,
}

impl SpeedWatch {
    pub(super) fn new(rule: LowSpeed) -> SpeedWatch {
        let enough = u128::from(rule.limit).saturating_mul(rule.time.as_millis()).div_ceil(1000);
        let enough = u64::try_from(enough).unwrap_or(u64::MAX);
        SpeedWatch { enough, time: rule.time, span: Mutex::default() }
    }

    /// For how long the exchange, which has moved so many bytes, may sleep. `None` if it is too slow.
    pub(super) fn time_left(&self, moved: u64) -> Option<Duration> {
        let mut span = lock(&self.span);
        if moved.saturating_sub(span.begin) >= self.enough {
            *span = SpeedSpan { begin: moved, slept: Duration::ZERO };
        }
        self.time.checked_sub(span.slept).filter(|left| !left.is_zero())
    }

    /// The exchange has slept.
    pub(super) fn add(&self, slept: Duration) {
        let mut span = lock(&self.span);
        span.slept = span.slept.saturating_add(slept);
    }

    /// An exchange begins, which has moved nothing.
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
    fn a_span_with_enough_bytes_begins_the_next() {
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
    fn each_exchange_is_measured_for_itself() {
        let watch = watch();
        assert_eq!(watch.time_left(1000), Some(2 * SECOND));
        watch.add(2 * SECOND);
        assert_eq!(watch.time_left(1000), None);
        watch.begin();
        assert_eq!(watch.time_left(0), Some(2 * SECOND));
    }

    #[test]
    fn a_span_needs_a_byte_at_least() {
        let watch = SpeedWatch::new(LowSpeed { limit: 1, time: Duration::from_millis(1) });
        watch.add(SECOND);
        assert_eq!(watch.time_left(0), None);
        assert_eq!(watch.time_left(1), Some(Duration::from_millis(1)));
        let watch = SpeedWatch::new(LowSpeed { limit: u64::MAX, time: Duration::from_millis(u64::from(u32::MAX)) });
        watch.add(Duration::MAX);
        assert_eq!(watch.time_left(u64::MAX - 1), None);
    }
}
