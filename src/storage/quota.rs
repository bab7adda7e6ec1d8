//! Quota arithmetic.

/// The minimum cost of a file against a quota: it takes a block of the device, a name and an inode.
pub const LEAST_COST: u64 = 4096;

/// The cost of a file of `length` bytes.
pub fn cost(length: u64) -> u64 {
    length.max(LEAST_COST)
}

/// The cost of complete files (used), and of files that are being written (held), in bytes.
#[derive(Debug, Default)]
pub struct Quota {
    used: u64,
    held: u64,
}

impl Quota {
    /// The cost of complete files.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Whether `bytes` more fit.
    pub fn fits(&self, bytes: u64, limit: u64) -> bool {
        self.used.saturating_add(self.held).saturating_add(bytes) <= limit
    }

    /// Whether `bytes` more would fit without any complete file.
    pub fn can_ever_fit(&self, bytes: u64, limit: u64) -> bool {
        self.held.saturating_add(bytes) <= limit
    }

    /// Reserves `bytes`, which must fit.
    pub fn hold(&mut self, bytes: u64) {
        self.held = self.held.saturating_add(bytes);
    }

    /// Releases reserved bytes.
    pub fn release(&mut self, bytes: u64) {
        self.held = self.held.saturating_sub(bytes);
    }

    /// Adds a completed file.
    pub fn add_used(&mut self, bytes: u64) {
        self.used = self.used.saturating_add(bytes);
    }

    /// Subtracts a complete file.
    pub fn remove_used(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Sets the cost of the complete files.
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
    fn complete_files_never_prevent_a_fit() {
        let mut quota = used(100);
        quota.hold(40);
        assert!(quota.can_ever_fit(60, 100));
        assert!(!quota.can_ever_fit(61, 100));
    }

    #[test]
    fn huge_sizes_do_not_overflow() {
        let mut quota = used(1);
        quota.hold(1);
        assert!(!quota.fits(u64::MAX, 100));
        assert!(!quota.can_ever_fit(u64::MAX, 100));
    }

    #[test]
    fn exceeded_quota_accepts_no_file() {
        assert!(!used(20).fits(1, 10));
    }
}
