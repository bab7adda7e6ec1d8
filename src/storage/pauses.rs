//! Pauses between two looks at something that another process or task holds and that cannot be waited for.

use std::time::{Duration, Instant};

/// The first pause. Others normally hold such a thing for milliseconds.
const SHORTEST: Duration = Duration::from_millis(4);
/// The longest pause. A frozen process may hold it until the deadline, and each look wakes the processor.
const LONGEST: Duration = Duration::from_millis(100);

/// Pauses, each twice as long as the one before, up to [`LONGEST`].
#[derive(Debug)]
pub struct Pauses(Duration);

impl Pauses {
    /// Begins with [`SHORTEST`].
    pub fn new() -> Pauses {
        Pauses(SHORTEST)
    }

    /// The end of the next pause, which begins now.
    pub fn end_of_next(&mut self) -> Instant {
        let pause = self.0;
        self.0 = pause.saturating_mul(2).min(LONGEST);
        Instant::now() + pause
    }
}
