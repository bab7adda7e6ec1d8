//! Tracks when the app is in the background, for sessions whose transfers wait for its return.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::lock;

/// Whether the app is away, and whether its transfers may use the network. Deadlines are suspended while the app is
/// away.
#[derive(Debug, Default)]
pub struct Absence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the app went away. `None` in the foreground.
    since: Option<Instant>,
    /// The total time of earlier absences.
    past: Duration,
    /// Set while no attempt may begin.
    is_suspended: bool,
    suspensions: u64,
}

/// The number of suspensions before an attempt began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuspensionCount(u64);

impl Absence {
    /// The app goes away: suspends deadlines. Attempts may still begin.
    pub fn begin(&self) {
        lock(&self.0).since.get_or_insert_with(Instant::now);
    }

    /// No attempt may begin until [`end`](Absence::end). If a running attempt fails, this suspension explains its
    /// failure.
    pub fn suspend(&self) {
        let mut state = lock(&self.0);
        state.is_suspended = true;
        state.suspensions += 1;
    }

    /// The app is back. The caller must then wake the workers that wait for this.
    pub fn end(&self) {
        let mut state = lock(&self.0);
        if let Some(since) = state.since.take() {
            state.past += since.elapsed();
        }
        state.is_suspended = false;
    }

    /// Whether the app is away.
    pub fn is_under_way(&self) -> bool {
        lock(&self.0).since.is_some()
    }

    /// Permits an attempt. `None` while none may begin.
    pub fn begin_attempt(&self) -> Option<SuspensionCount> {
        let state = lock(&self.0);
        (!state.is_suspended).then_some(SuspensionCount(state.suspensions))
    }

    /// Whether the absence explains the failure of an attempt: the app is away, or was suspended after the attempt
    /// began.
    pub fn explains_failure(&self, begun: SuspensionCount) -> bool {
        let state = lock(&self.0);
        state.since.is_some() || state.suspensions != begun.0
    }

    /// For how long deadlines have been suspended in total.
    pub(super) fn length(&self) -> Duration {
        let state = lock(&self.0);
        state.past + state.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_attempt_begins_between_a_suspension_and_the_return() {
        let absence = Absence::default();
        assert!(absence.begin_attempt().is_some());
        absence.begin();
        assert!(absence.begin_attempt().is_some(), "attempts may begin during the grace time");
        absence.suspend();
        assert!(absence.begin_attempt().is_none());
        absence.end();
        assert!(absence.begin_attempt().is_some());
    }

    #[test]
    fn absence_explains_failures_during_it_and_after_a_suspension() {
        let absence = Absence::default();
        let before = absence.begin_attempt().unwrap();
        assert!(!absence.explains_failure(before));
        absence.begin();
        assert!(absence.explains_failure(before));
        absence.end();
        assert!(!absence.explains_failure(before), "the app was not suspended");
        absence.begin();
        absence.suspend();
        absence.end();
        assert!(absence.explains_failure(before));
        assert!(
            !absence.explains_failure(absence.begin_attempt().unwrap()),
            "an attempt after the return is not affected"
        );
    }

    #[test]
    fn the_length_grows_only_while_the_app_is_away() {
        let absence = Absence::default();
        assert_eq!(absence.length(), Duration::ZERO);
        absence.begin();
        let before = absence.length();
        while absence.length() == before {}
        absence.begin();
        assert!(absence.length() > before, "a second begin has no effect");
        absence.end();
        let length = absence.length();
        absence.end();
        std::thread::yield_now();
        assert_eq!(absence.length(), length);
    }
}
