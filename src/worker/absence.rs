//! The time in which the app is away, for sessions whose transfers wait for its return.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::lock;

/// Whether the app is away, and whether its transfers may use the network. Deadlines stand still while it is away.
#[derive(Debug, Default)]
pub struct Absence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the app went away; `None` while it is here.
    since: Option<Instant>,
    /// How long it was away in all, this time not included.
    past: Duration,
    /// No attempt may begin.
    is_suspended: bool,
    suspensions: u64,
}

/// The number of suspensions before an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuspensionCount(u64);

impl Absence {
    /// The app goes away: deadlines stand still. Attempts may still begin.
    pub fn begin(&self) {
        lock(&self.0).since.get_or_insert_with(Instant::now);
    }

    /// From here on no attempt may begin, and those under way count for nothing if they fail.
    pub fn suspend(&self) {
        let mut state = lock(&self.0);
        state.is_suspended = true;
        state.suspensions += 1;
    }

    /// The app is back. Whoever waits for that has to be woken.
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

    /// `None` while no attempt may begin.
    pub fn begin_attempt(&self) -> Option<SuspensionCount> {
        let state = lock(&self.0);
        (!state.is_suspended).then_some(SuspensionCount(state.suspensions))
    }

    /// Whether the failure of an attempt is one of the absence: the app is away, or was suspended since the attempt began.
    pub fn explains_failure(&self, begun: SuspensionCount) -> bool {
        let state = lock(&self.0);
        state.since.is_some() || state.suspensions != begun.0
    }

    /// How long deadlines have stood still until now.
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
        assert!(absence.begin_attempt().is_some(), "for the grace time all goes on");
        absence.suspend();
        assert!(absence.begin_attempt().is_none());
        absence.end();
        assert!(absence.begin_attempt().is_some());
    }

    #[test]
    fn a_failure_is_explained_while_away_and_by_a_suspension_since_the_attempt_began() {
        let absence = Absence::default();
        let before = absence.begin_attempt().unwrap();
        assert!(!absence.explains_failure(before));
        absence.begin();
        assert!(absence.explains_failure(before));
        absence.end();
        assert!(!absence.explains_failure(before), "it was not suspended");
        absence.begin();
        absence.suspend();
        absence.end();
        assert!(absence.explains_failure(before));
        assert!(!absence.explains_failure(absence.begin_attempt().unwrap()), "an attempt after the return");
    }

    #[test]
    fn the_length_grows_only_while_the_app_is_away() {
        let absence = Absence::default();
        assert_eq!(absence.length(), Duration::ZERO);
        absence.begin();
        let before = absence.length();
        while absence.length() == before {}
        absence.begin();
        assert!(absence.length() > before, "to go away again does not begin anew");
        absence.end();
        let length = absence.length();
        absence.end();
        std::thread::yield_now();
        assert_eq!(absence.length(), length);
    }
}
