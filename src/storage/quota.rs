//! The arithmetic of a quota.

/// How much of a limit is used by complete files and held for those being written; all in bytes.
#[derive(Debug)]
pub struct Quota {
    limit: u64,
    used: u64,
    held: u64,
}

impl Quota {
    /// A quota of which complete files use `used`.
    pub fn new(limit: u64, used: u64) -> Quota {
        Quota { limit, used, held: 0 }
    }

    /// Whether `bytes` more fit beside everything else.
    pub fn fits(&self, bytes: u64) -> bool {
        self.used.saturating_add(self.held).saturating_add(bytes) <= self.limit
    }

    /// Whether `bytes` more would fit if every complete file were gone.
    pub fn can_ever_fit(&self, bytes: u64) -> bool {
        self.held.saturating_add(bytes) <= self.limit
    }

    /// Whether complete files may use `used`.
    pub fn allows(&self, used: u64) -> bool {
        used <= self.limit
    }

    /// Holds `bytes`, which the caller has found to fit.
    pub fn hold(&mut self, bytes: u64) {
        self.held = self.held.saturating_add(bytes);
    }

    /// Gives back what was held.
    pub fn release(&mut self, bytes: u64) {
        self.held = self.held.saturating_sub(bytes);
    }

    /// Counts a file that was completed.
    pub fn add_used(&mut self, bytes: u64) {
        self.used = self.used.saturating_add(bytes);
    }

    /// No longer counts a complete file.
    pub fn remove_used(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Sets what complete files use, as found in their directories.
    pub fn set_used(&mut self, bytes: u64) {
        self.used = bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_and_held_bytes_both_count() {
        let mut quota = Quota::new(100, 30);
        assert!(quota.fits(70));
        assert!(!quota.fits(71));
        quota.hold(50);
        assert!(quota.fits(20));
        assert!(!quota.fits(21));
        quota.release(50);
        quota.add_used(50);
        assert!(quota.fits(20));
        assert!(!quota.fits(21));
        quota.remove_used(80);
        assert!(quota.fits(100));
    }

    #[test]
    fn only_held_bytes_are_in_the_way_for_good() {
        let mut quota = Quota::new(100, 100);
        quota.hold(40);
        assert!(quota.can_ever_fit(60));
        assert!(!quota.can_ever_fit(61));
    }

    #[test]
    fn huge_numbers_do_not_fit_instead_of_wrapping() {
        let mut quota = Quota::new(100, 1);
        quota.hold(1);
        assert!(!quota.fits(u64::MAX));
        assert!(!quota.can_ever_fit(u64::MAX));
    }

    #[test]
    fn a_quota_already_exceeded_takes_nothing_more() {
        let quota = Quota::new(10, 20);
        assert!(!quota.fits(1));
        assert!(!quota.allows(11));
        assert!(quota.allows(10));
    }
}
