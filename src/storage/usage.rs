//! The cost of the files in the store and below `wxfile://usr`.
//!
//! The files are counted once, when the first session of the process opens them. The count is then updated with each
//! change, so the cost of a save does not depend on the number of files. If the count leaves no space, the files are
//! counted again before anything is rejected. This also finds files that the host itself added or removed. After a count
//! of many entries there is a pause, because a page may try to save again and again, and others wait for the lock.
//!
//! Sessions of several processes that share the files also share the count, in a small file next to them. A process
//! that changes something deletes that file first and writes it again afterwards, both under the change lock. If the
//! file is missing or malformed because a process ended in between, the next process counts. So no crash can make it
//! wrong.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::change_lock::ChangeGuard;
use super::directory::Directory;
use super::quota::Quota;
use super::root::Root;
use super::shared_root::Tree;
use super::walk::{Measure, measure};
use super::{Error, Sharing};
use crate::terms::log::Level;
use crate::worker::{Worker, lock};

/// The file with the count, next to the directories.
const COUNT_FILE: &str = "usage";
/// The magic number and version of the file.
const MARK: u64 = u64::from_be_bytes(*b"wxtuse01");

/// After a count of so many entries there is a pause.
const MANY_ENTRIES: u64 = 1000;
/// The pause takes this many times as long as the count, so that counts hold the lock for a tenth of the time.
const PAUSE_FACTOR: u32 = 9;
/// The minimum time of the pause.
const MIN_PAUSE: Duration = Duration::from_secs(1);
/// The maximum time of the pause. A count may seem long only because the process was frozen meanwhile.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The state of this process.
#[derive(Debug, Default)]
pub struct Usage {
    state: Mutex<UsageState>,
}

#[derive(Debug, Default)]
struct UsageState {
    quota: Quota,
    /// The files were counted, the directories are still the same, and the cost of each change since is known.
    known: bool,
    /// Changes with every count. A removal that overlaps with a count may be included in it, so it is not subtracted
    /// again.
    epoch: u64,
    /// The end of the pause after a count of many entries.
    pause_end: Option<Instant>,
    /// A removal overlapped with the last count, which may include what was removed.
    missed_removal: bool,
    /// The cost of removals by this process that the count in the file does not include yet.
    removed: u64,
}

/// The effect of a change on the quota, in bytes of cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// The cost of the new file.
    pub added: u64,
    /// The cost of the file that it replaced.
    pub replaced: u64,
    /// The quota that was reserved for it.
    pub released: u64,
}

/// The content of the file with the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    epoch: u64,
    used: u64,
}

impl Usage {
    /// Reserves `bytes` of cost if they fit.
    pub fn hold(&self, bytes: u64, limit: u64) -> bool {
        let quota = &mut lock(&self.state).quota;
        let fits = quota.fits(bytes, limit);
        if fits {
            quota.hold(bytes);
        }
        fits
    }

    /// The cost as far as this process knows.
    #[cfg(test)]
    pub fn used(&self) -> u64 {
        lock(&self.state).quota.used()
    }

    /// Releases reserved cost.
    pub fn release(&self, bytes: u64) {
        lock(&self.state).quota.release(bytes);
    }

    /// Whether the files were counted.
    pub fn is_known(&self) -> bool {
        lock(&self.state).known
    }

    /// Whether it is worth counting again before a change is rejected.
    pub fn may_count_again(&self) -> bool {
        let state = lock(&self.state);
        let is_over = state.pause_end.is_none_or(|end| Instant::now() >= end);
        is_over || state.missed_removal || !state.known
    }

    /// The files are counted again at the next change: the directories were created again, or the cost of a removal is
    /// not known.
    pub fn forget(&self) {
        lock(&self.state).known = false;
    }

    /// The current epoch. Read it before a file is removed.
    pub fn epoch(&self) -> u64 {
        lock(&self.state).epoch
    }

    /// Subtracts a removed file. Takes no lock, so it never waits for another process.
    pub fn remove(&self, cost: u64, epoch: u64) {
        let mut state = lock(&self.state);
        if state.epoch == epoch {
            state.quota.remove_used(cost);
            state.removed = state.removed.saturating_add(cost);
        } else {
            // A count that is still running may include the file.
            state.missed_removal = true;
        }
    }

    fn set(&self, count: Count) {
        let mut state = lock(&self.state);
        state.quota.set_used(count.used);
        state.epoch = count.epoch;
        state.removed = 0;
        state.known = true;
    }
}

impl Root {
    /// Counts without waiting for the lock of another process. Changes of that process during the count are found at
    /// this process' next change.
    pub fn count_at_opening(&self, tree: &Arc<Tree>, worker: &Worker) -> Result<(), Error> {
        if self.shared.usage.is_known() {
            return Ok(());
        }
        if tree.is_new {
            self.set_counted(&Measure::default(), random_epoch()?);
            return Ok(());
        }
        match self.try_lock_changes(tree)? {
            Some(guard) => guard.count(worker),
            None => self.count(tree, worker),
        }
    }

    fn count(&self, tree: &Tree, worker: &Worker) -> Result<(), Error> {
        let usage = &self.shared.usage;
        // The epoch changes at the start and at the end. So a removal that overlaps with the count is not subtracted
        // from the new count, which may lack the file already.
        let begun = random_epoch()?;
        let missed_removal = {
            let mut state = lock(&usage.state);
            state.epoch = begun;
            std::mem::take(&mut state.missed_removal)
        };
        let begin = Instant::now();
        let counted = self.add_up(tree, worker).and_then(|sum| Ok((sum, random_epoch()?)));
        let is_large = counted.as_ref().map_or(true, |(sum, _)| sum.entries >= MANY_ENTRIES);
        let pause = begin.elapsed().saturating_mul(PAUSE_FACTOR).clamp(MIN_PAUSE, MAX_PAUSE);
        let result = counted.map(|(sum, epoch)| self.set_counted(&sum, epoch));
        let mut state = lock(&usage.state);
        state.pause_end = is_large.then(|| Instant::now() + pause);
        if result.is_err() {
            // The former count stays: it is too high by the removals that overlapped with this one, which is safe.
            state.missed_removal |= missed_removal;
        }
        result
    }

    fn set_counted(&self, sum: &Measure, epoch: u64) {
        let Measure { cost: used, files, .. } = *sum;
        self.shared.usage.set(Count { epoch, used });
        self.log.write(Level::Info, || format!("{files} saved files were counted; they use {used} bytes of the quota"));
    }

    fn add_up(&self, tree: &Tree, worker: &Worker) -> Result<Measure, Error> {
        let mut sum = Measure::default();
        for directory in [&tree.store, &tree.user] {
            let measured = measure(directory, worker)?;
            sum.cost = sum.cost.saturating_add(measured.cost);
            sum.files += measured.files;
            sum.entries += measured.entries;
            if let Some(problem) = measured.problem {
                self.log.write(Level::Warning, || format!("not all saved files could be counted: {problem}"));
            }
        }
        Ok(sum)
    }
}

impl ChangeGuard<'_> {
    /// The current cost.
    pub fn used(&self, worker: &Worker) -> Result<u64, Error> {
        let usage = &self.root.shared.usage;
        let is_current = self.take_over()?;
        // If the usage is not known, the count in the file is wrong, too: the directories were created again, or the
        // cost of a removal was not measured.
        if !is_current || !usage.is_known() {
            self.count(worker)?;
        }
        Ok(lock(&usage.state).quota.used())
    }

    /// Loads the count that another process may have written. `false` if there is none.
    fn take_over(&self) -> Result<bool, Error> {
        Ok(match self.root.shared.sharing {
            Sharing::Exclusive => true,
            Sharing::Shared => {
                read(&self.tree.session)?.inspect(|count| self.root.shared.usage.take_over(*count)).is_some()
            }
        })
    }

    /// Counts again, and publishes the result to other processes. If it fails, the former count stays.
    pub fn count(&self, worker: &Worker) -> Result<(), Error> {
        let has_former = self.take_over()?;
        self.begin()?;
        let result = self.root.count(&self.tree, worker);
        if result.is_ok() || has_former && self.root.shared.usage.is_known() {
            self.end(Change::default());
        }
        result
    }

    /// Called before a change. Until its end, no other process uses the count. An exclusive session deletes the file
    /// that others have left, because it becomes wrong.
    pub fn begin(&self) -> Result<(), Error> {
        match self.tree.session.remove_file(COUNT_FILE) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::from_io("begin a change", error)),
            _ => Ok(()),
        }
    }

    /// Called after a change.
    pub fn end(&self, change: Change) {
        let count = {
            let mut state = lock(&self.root.shared.usage.state);
            state.quota.remove_used(change.replaced);
            state.quota.add_used(change.added);
            state.quota.release(change.released);
            state.removed = 0;
            Count { epoch: state.epoch, used: state.quota.used() }
        };
        if self.root.shared.sharing == Sharing::Shared
            && let Err(error) = write(&self.tree.session, count)
        {
            // The next process counts.
            self.root.log.write(Level::Info, || format!("the count of saved files was not written: {error}"));
        }
    }
}

impl Usage {
    /// Loads what this or another process wrote last.
    fn take_over(&self, count: Count) {
        let mut state = lock(&self.state);
        let removed = if count.epoch == state.epoch { state.removed } else { 0 };
        state.quota.set_used(count.used.saturating_sub(removed));
        state.epoch = count.epoch;
        if removed == 0 {
            state.removed = 0;
        }
    }
}

/// Random, so that processes do not choose the same epoch.
fn random_epoch() -> Result<u64, Error> {
    getrandom::u64().map_err(|error| Error::from_io("get random bytes", io::Error::other(error.to_string())))
}

fn read(session: &Directory) -> Result<Option<Count>, Error> {
    let mut bytes = [0; 32];
    let content = session.open_file(COUNT_FILE).and_then(|file| file.read_exact_at(&mut bytes, 0));
    match content {
        Ok(()) => Ok(Count::from_bytes(&bytes)),
        Err(error) => match Error::from_io("read the count of saved files", error) {
            shortage @ Error::OutOfResources { .. } => Err(shortage),
            // Missing, truncated or malformed: it will be replaced.
            _ => Ok(None),
        },
    }
}

fn write(session: &Directory, count: Count) -> io::Result<()> {
    session.create_file(COUNT_FILE)?.write_all_at(&count.to_bytes(), 0)
}

impl Count {
    fn to_bytes(self) -> [u8; 32] {
        let words = [MARK, self.epoch, self.used, MARK ^ self.epoch ^ self.used];
        let mut bytes = [0; 32];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; 32]) -> Option<Count> {
        let mut words = bytes.chunks_exact(8).filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?)));
        let (mark, epoch, used, check) = (words.next()?, words.next()?, words.next()?, words.next()?);
        (mark == MARK && check == MARK ^ epoch ^ used).then_some(Count { epoch, used })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_is_parsed_exactly_or_rejected() {
        let count = Count { epoch: 0x0102_0304_0506_0708, used: u64::MAX - 1 };
        let bytes = count.to_bytes();
        assert_eq!(Count::from_bytes(&bytes), Some(count));
        for index in 0..bytes.len() {
            let mut damaged = bytes;
            damaged[index] ^= 0x10;
            assert_eq!(Count::from_bytes(&damaged), None, "byte {index}");
        }
        assert_eq!(Count::from_bytes(&[0; 32]), None);
    }

    #[test]
    fn removal_is_subtracted_once() {
        let usage = Usage::default();
        usage.set(Count { epoch: 1, used: 100 });
        usage.remove(30, usage.epoch());
        assert_eq!(lock(&usage.state).quota.used(), 70);
        // Another process twice wrote a count that does not know the removal, and then counted again.
        for _ in 0..2 {
            usage.take_over(Count { epoch: 1, used: 120 });
            assert_eq!(lock(&usage.state).quota.used(), 90);
        }
        let before = usage.epoch();
        usage.take_over(Count { epoch: 2, used: 90 });
        assert_eq!(lock(&usage.state).quota.used(), 90);
        usage.remove(30, before);
        assert_eq!(lock(&usage.state).quota.used(), 90, "the other process's count already lacks the removed file");
    }

    #[test]
    fn the_pause_after_a_count_ends_if_a_removal_overlapped_with_it() {
        let usage = Usage::default();
        usage.set(Count { epoch: 1, used: 100 });
        assert!(usage.may_count_again());
        lock(&usage.state).pause_end = Some(Instant::now() + Duration::from_secs(60));
        assert!(!usage.may_count_again());
        usage.remove(10, usage.epoch());
        assert!(!usage.may_count_again(), "the removal was subtracted from this count");
        usage.remove(10, 0);
        assert!(usage.may_count_again());
    }
}
