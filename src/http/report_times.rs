//! When a connection reports how much of a request's body has left.

use std::time::{Duration, Instant};

/// The longest time that a wait lasts before it looks for progress.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The times of the next report. A body that does not move wakes the device less and less often.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReportTimes {
    /// `None` before the first report.
    last: Option<LastReport>,
}

#[derive(Clone, Copy, Debug)]
struct LastReport {
    next: Instant,
    wake: Instant,
    pause: Duration,
}

impl ReportTimes {
    /// Whether a report is due for somebody who is awake.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now >= last.next)
    }

    /// When a wait must end for a report. `None` before the first report.
    pub(super) fn wake(&self) -> Option<Instant> {
        self.last.map(|last| last.wake)
    }

    /// Notes a report. `interval` is the time between two reports; `has_moved` says whether bytes have left since the
    /// last one.
    pub(super) fn reported(&mut self, now: Instant, interval: Duration, has_moved: bool) {
        let longer = self.last.map_or(interval, |last| (last.pause * 2).clamp(interval, LONGEST_PAUSE.max(interval)));
        let pause = if has_moved { interval } else { longer };
        self.last = Some(LastReport { next: now + interval, wake: now + pause, pause });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_does_not_move_wakes_less_and_less_often() {
        let interval = Duration::from_millis(250);
        let mut times = ReportTimes::default();
        let mut now = Instant::now();
        assert!(times.is_due(now) && times.wake().is_none());
        times.reported(now, interval, true);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            assert!(!times.is_due(now) && times.is_due(now + interval), "reports do not wait longer");
            let wake = times.wake().unwrap();
            pauses.push((wake - now).as_millis());
            now = wake;
            times.reported(now, interval, false);
        }
        assert_eq!(pauses, [250, 500, 1000, 2000, 2000, 2000]);
        times.reported(now, interval, true);
        assert_eq!(times.wake(), Some(now + interval));
    }
}
