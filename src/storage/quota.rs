//! The arithmetic of a quota.

/// The least that a file costs of a quota, whatever is in it: it takes a block of the device, a name and an inode.
pub const LEAST_COST: u64 = 4096;

/// What a file of `length` bytes costs of a quota.
pub fn cost(length: u64) -> u64 {
    length.max(LEAST_COST)
}

/// How much complete files use and how much is held for those being written; both in bytes of cost.
#[derive(Debug, Default)]
pub struct Quota {
    used: u64,
    held: u64,
}

impl Quota {
    /// What complete files use.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Whether `bytes` more fit beside everything else.
    pub fn fits(&self, bytes: u64, limit: u64) -> bool {
        self.used.saturating_add(self.held).saturating_add(bytes) <= limit
    }

    /// Whether `bytes` more would fit if every complete file were gone.
    pub fn can_ever_fit(&self, bytes: u64, limit: u64) -> bool {
        self.held.saturating_add(bytes) <= limit
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

    /// Sets what complete files use.
    pub fn set_used(&mut self, bytes: u64) {
        self.used = bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(bytes: u64) -> Quota {
        Quota { used: bytes, held: 0 }
    }

    #[test]
    fn a_file_costs_a_block_at_least() {
        assert_eq!([0, 1, 4095, 4096, 4097, u64::MAX].map(cost), [4096, 4096, 4096, 4096, 4097, u64::MAX]);
    }

    #[test]
    fn used_and_held_bytes_both_count() {
        let mut quota = used(30);
        assert!(quota.fits(70, 100));
        assert!(!quota.fits(71, 100));
        quota.hold(50);
        assert!(quota.fits(20, 100));
        assert!(!quota.fits(21, 100));
        quota.release(50);
        quota.add_used(50);
        assert!(quota.fits(20, 100));
        assert!(!quota.fits(21, 100));
        quota.remove_used(80);
        assert!(quota.fits(100, 100));
    }

    #[test]
    fn only_held_bytes_are_in_the_way_for_good() {
        let mut quota = used(100);
        quota.hold(40);
        assert!(quota.can_ever_fit(60, 100));
        assert!(!quota.can_ever_fit(61, 100));
    }

    #[test]
    fn huge_numbers_do_not_fit_instead_of_wrapping() {
        let mut quota = used(1);
        quota.hold(1);
        assert!(!quota.fits(u64::MAX, 100));
        assert!(!quota.can_ever_fit(u64::MAX, 100));
    }

    #[test]
    fn a_quota_already_exceeded_takes_nothing_more() {
        assert!(!used(20).fits(1, 10));
    }
}
