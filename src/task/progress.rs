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
/// [`PROGRESS_INTERVAL`] apart, but the last value is always reported, unless the task is stopped or fails after all bytes.
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
    /// Only the end of the task reports the newest value.
    is_for_the_end: bool,
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
        self.write(total_bytes, expected, false)
    }

    /// Writes a value that only a success may report, also if an event is queued already.
    pub fn set_for_the_end(&self, total_bytes: u64, expected: Option<u64>) {
        self.write(total_bytes, expected, true);
    }

    fn write(&self, total_bytes: u64, expected: Option<u64>, is_for_the_end: bool) -> bool {
        if !self.enabled {
            return false;
        }
        let mut latest = lock(&self.latest);
        latest.newest = (total_bytes, expected);
        latest.is_for_the_end = is_for_the_end;
        latest.total_bytes = latest.total_bytes.max(total_bytes);
        // The total of a second attempt may be lower than what the first one reached.
        latest.expected = expected.map(|expected| expected.max(latest.total_bytes));
        if is_for_the_end || latest.pending || latest.last_event.is_some_and(|last| last.elapsed() < PROGRESS_INTERVAL)
        {
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

    /// The last value of a failed task, if it was held back. `None` after all bytes: to a page, 100 % means success.
    pub fn take_held_back(&self) -> Option<Progress> {
        let (done, total) = lock(&self.latest).newest;
        if total == Some(done) || !self.release() { None } else { self.take() }
    }

    /// The value to report now. `None` if it was reported already, or is for the end.
    pub fn take(&self) -> Option<Progress> {
        let mut latest = lock(&self.latest);
        latest.pending = false;
        if latest.is_for_the_end {
            return None;
        }
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
#[path = "progress_tests.rs"]
mod tests;
