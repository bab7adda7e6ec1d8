//! The newest progress of a task: written by its worker, read by the delivery, never queued.

use std::sync::Mutex;
use std::time::Instant;

use crate::transfer::PROGRESS_INTERVAL;
use crate::worker::lock;

/// The progress of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Of an upload `totalBytesSent`: bytes of the request body that left the device's send buffer; when the upload
    /// ends, all bytes that were put into it. Of a download `totalBytesWritten`: bytes written to the file. Never
    /// decreases.
    pub total_bytes: u64,
    /// `totalBytesExpectedToSend` or `totalBytesExpectedToWrite`, if it is known.
    pub total_bytes_expected: Option<u64>,
    /// `progress`: 0 to 100, if the total is known. Never decreases.
    pub progress: Option<u32>,
}

/// One value that is overwritten: a slow host receives fewer events instead of a longer queue. Events are at least
/// [`PROGRESS_INTERVAL`] apart, but the last value is always reported.
pub struct ProgressCell {
    enabled: bool,
    latest: Mutex<LatestProgress>,
}

#[derive(Default)]
struct LatestProgress {
    /// The last written value and total. In a second attempt they may be lower than the reported ones.
    newest: (u64, Option<u64>),
    total_bytes: u64,
    expected: Option<u64>,
    /// An event is in the delivery's queue. It will read the newest value.
    pending: bool,
    last_event: Option<Instant>,
    last_reported: Option<Progress>,
    /// The highest percentage that was reported. An attempt with an unknown total reports none.
    percent: u32,
}

impl ProgressCell {
    pub fn new(enabled: bool) -> ProgressCell {
        ProgressCell { enabled, latest: Mutex::default() }
    }

    /// Whether events are wanted.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Writes the newest value. `true` if an event must be queued for it.
    pub fn set(&self, total_bytes: u64, expected: Option<u64>) -> bool {
        if !self.enabled {
            return false;
        }
        let mut latest = lock(&self.latest);
        latest.newest = (total_bytes, expected);
        latest.total_bytes = latest.total_bytes.max(total_bytes);
        // The total of a second attempt may be lower than what the first one reached.
        latest.expected = expected.map(|expected| expected.max(latest.total_bytes));
        if latest.pending || latest.last_event.is_some_and(|last| last.elapsed() < PROGRESS_INTERVAL) {
            return false;
        }
        latest.pending = true;
        latest.last_event = Some(Instant::now());
        true
    }

    /// `true` if an event must be queued for a value that was held back because of the interval.
    pub fn release(&self) -> bool {
        let mut latest = lock(&self.latest);
        let reported = latest.last_reported.map_or(0, |progress| progress.total_bytes);
        let is_held_back = self.enabled && !latest.pending && latest.total_bytes > reported;
        if is_held_back {
            latest.pending = true;
            latest.last_event = Some(Instant::now());
        }
        is_held_back
    }

    /// The value to report now. `None` if it was reported already.
    pub fn take(&self) -> Option<Progress> {
        let mut latest = lock(&self.latest);
        latest.pending = false;
        // A second attempt starts over and may have another total. 100 means that it is complete, even if an earlier
        // one got further than its total.
        let (done, total) = latest.newest;
        let limit = if total.is_some_and(|total| done >= total) { 100 } else { 99 };
        let reported = latest.percent;
        let percent = latest.expected.map(|expected| percent(latest.total_bytes, expected).min(limit).max(reported));
        let progress =
            Progress { total_bytes: latest.total_bytes, total_bytes_expected: latest.expected, progress: percent };
        latest.report(progress)
    }

    /// The final value of a successful task: 100 % of its last attempt. `None` if it was reported already.
    pub fn take_final(&self) -> Option<Progress> {
        if !self.enabled {
            return None;
        }
        let mut latest = lock(&self.latest);
        let (newest, expected) = latest.newest;
        // An earlier attempt may have got further than the total of the last one.
        let total_bytes = expected.unwrap_or(newest).max(latest.total_bytes);
        let progress = Progress { total_bytes, total_bytes_expected: Some(total_bytes), progress: Some(100) };
        latest.report(progress)
    }
}

impl LatestProgress {
    fn report(&mut self, progress: Progress) -> Option<Progress> {
        if self.last_reported == Some(progress) {
            return None;
        }
        self.last_reported = Some(progress);
        self.percent = progress.progress.unwrap_or(self.percent);
        Some(progress)
    }
}

/// Rounded down, so that 100 means complete.
fn percent(done: u64, total: u64) -> u32 {
    if done >= total {
        return 100;
    }
    // Below 100, because `done` is below `total`.
    (u128::from(done) * 100 / u128::from(total)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cent_are_rounded_down() {
        // (done, total, expected)
        let cases = [
            (0, 10, 0),
            (1, 3, 33),
            (2, 3, 66),
            (3, 3, 100),
            (999, 1000, 99),
            (4, 3, 100),
            (0, 0, 100),
            (u64::MAX - 1, u64::MAX, 99),
            (u64::MAX, u64::MAX, 100),
        ];
        for (done, total, expected) in cases {
            assert_eq!(percent(done, total), expected, "{done} of {total}");
        }
    }

    fn progress(total_bytes: u64, total_bytes_expected: Option<u64>, progress: Option<u32>) -> Progress {
        Progress { total_bytes, total_bytes_expected, progress }
    }

    #[test]
    fn unread_values_are_overwritten() {
        let cell = ProgressCell::new(true);
        assert!(cell.set(1, Some(100)));
        for total in 2..=70 {
            assert!(!cell.set(total, Some(100)), "one event is queued already");
        }
        assert_eq!(cell.take(), Some(progress(70, Some(100), Some(70))));
        assert_eq!(cell.take(), None, "it was reported");
    }

    #[test]
    fn events_are_an_interval_apart() {
        let cell = ProgressCell::new(true);
        let start = Instant::now();
        let mut events = 0;
        let mut total = 0;
        while events < 4 {
            total += 1;
            if cell.set(total, None) {
                events += 1;
                assert!(cell.take().is_some());
            }
        }
        assert!(start.elapsed() >= 3 * PROGRESS_INTERVAL, "{:?}", start.elapsed());
    }

    #[test]
    fn held_back_progress_is_reported_once() {
        let cell = ProgressCell::new(true);
        assert!(!cell.release(), "nothing has happened");
        assert!(cell.set(10, Some(100)));
        assert!(!cell.release(), "its event is queued");
        cell.take();
        assert!(!cell.set(20, Some(100)), "too early");
        assert!(cell.release());
        assert!(!cell.release());
        assert_eq!(cell.take(), Some(progress(20, Some(100), Some(20))));
        assert!(!cell.release());
    }

    #[test]
    fn progress_never_decreases() {
        let cell = ProgressCell::new(true);
        cell.set(50, Some(100));
        // A body that is sent again after a redirect counts from its start.
        cell.set(10, Some(100));
        assert_eq!(cell.take(), Some(progress(50, Some(100), Some(50))));
        // The percentage does not fall either if a second attempt has a higher total.
        cell.set(60, Some(1000));
        assert_eq!(cell.take(), Some(progress(60, Some(1000), Some(50))));
        // An attempt with an unknown total is no reason to forget the percentage.
        cell.set(60, None);
        assert_eq!(cell.take(), Some(progress(60, None, None)));
        cell.set(60, Some(2000));
        assert_eq!(cell.take(), Some(progress(60, Some(2000), Some(50))));
        // The value never exceeds the total, and 100 % means that the newest attempt is complete.
        cell.set(20, Some(30));
        assert_eq!(cell.take(), Some(progress(60, Some(60), Some(99))));
        cell.set(30, Some(30));
        assert_eq!(cell.take(), Some(progress(60, Some(60), Some(100))));
    }

    #[test]
    fn final_value_is_the_total_and_reported_once() {
        let cell = ProgressCell::new(true);
        cell.set(30, None);
        assert_eq!(cell.take(), Some(progress(30, None, None)));
        cell.set(40, None);
        assert_eq!(cell.take_final(), Some(progress(40, Some(40), Some(100))));
        assert_eq!(cell.take_final(), None);

        let cell = ProgressCell::new(true);
        cell.set(100, Some(100));
        assert_eq!(cell.take(), Some(progress(100, Some(100), Some(100))));
        assert_eq!(cell.take_final(), None, "it was reported");

        // The first attempt may have got further than the final total.
        let cell = ProgressCell::new(true);
        cell.set(90, Some(100));
        assert_eq!(cell.take(), Some(progress(90, Some(100), Some(90))));
        cell.set(30, Some(30));
        assert_eq!(cell.take(), Some(progress(90, Some(90), Some(100))));
        assert_eq!(cell.take_final(), None, "it was reported");
    }

    #[test]
    fn disabled_progress_has_no_final_value() {
        let cell = ProgressCell::new(false);
        assert!(!cell.set(1, Some(1)));
        assert_eq!(cell.take_final(), None);
    }
}
