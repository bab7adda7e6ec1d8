//! How far a transfer is, as the page is told.

/// The bytes that are done, and of how many. It never goes back: a body that is sent again after a redirect or on a
/// fresh connection is not progress until it passes what was already reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    done: u64,
    total: Option<u64>,
}

impl Progress {
    /// Nothing done yet; `total` is `None` where nobody knows it.
    pub fn new(total: Option<u64>) -> Progress {
        Progress { done: 0, total }
    }

    /// Takes note that `done` bytes are done in all; returns whether that is news.
    pub fn advance(&mut self, done: u64) -> bool {
        let done = self.total.map_or(done, |total| done.min(total));
        let news = done > self.done;
        self.done = self.done.max(done);
        news
    }

    /// Whole per cent, rounded down, so that 100 means all; `None` where nobody knows the total.
    pub fn percent(&self) -> Option<u8> {
        let total = self.total?;
        if total == 0 {
            return Some(100);
        }
        let percent = u128::from(self.done) * 100 / u128::from(total);
        Some(u8::try_from(percent).unwrap_or(100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cent_are_rounded_down() {
        // (done, total, expected)
        let cases = [
            (0, Some(10), Some(0)),
            (1, Some(3), Some(33)),
            (2, Some(3), Some(66)),
            (3, Some(3), Some(100)),
            (999, Some(1000), Some(99)),
            (4, Some(3), Some(100)),
            (0, Some(0), Some(100)),
            (u64::MAX - 1, Some(u64::MAX), Some(99)),
            (u64::MAX, Some(u64::MAX), Some(100)),
            (0, None, None),
            (5, None, None),
        ];
        for (done, total, expected) in cases {
            let mut progress = Progress::new(total);
            progress.advance(done);
            assert_eq!(progress.percent(), expected, "{done} of {total:?}");
        }
    }

    #[test]
    fn it_never_goes_back_and_says_what_is_news() {
        let mut progress = Progress::new(Some(100));
        let steps =
            [(40, true, 40), (40, false, 40), (10, false, 40), (41, true, 41), (300, true, 100), (7, false, 100)];
        for (done, news, expected) in steps {
            assert_eq!(progress.advance(done), news, "{done}");
            assert_eq!(progress.done, expected, "{done}");
        }
    }
}
