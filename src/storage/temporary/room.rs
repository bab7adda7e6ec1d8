//! Makes room for new temporary files, by deleting partial files and older complete ones.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Launch;
use crate::storage::{Error, partials, worker_until};
use crate::terms::log::Level;
use crate::worker::{Worker, lock};

/// How many files to take from the lists at once.
const FILES_AT_ONCE: usize = 16;
/// How long partial files are deleted because they need more than their quota. A page decides how many there are, and the
/// end of a task, a close or an opening waits for this.
const TRIMMING_TIME: Duration = Duration::from_millis(10);

/// A file that is deleted to free space.
#[derive(Debug)]
enum Removable {
    /// The key of a partial file.
    Partial(Arc<str>),
    /// The name of a complete file.
    Complete(Arc<str>),
}

impl Launch {
    /// Reserves quota for `bytes` more. To free space, deletes partial files that no task is writing, then the oldest
    /// complete files of this launch.
    ///
    /// Fails with [`Error::QuotaExceeded`] if deleting all of them would not be enough, [`Error::Stopped`] or
    /// [`Error::Io`].
    pub fn hold(&self, worker: &Worker, bytes: u64) -> Result<(), Error> {
        let mut removed = self.make_room(worker, bytes)?;
        let mut immovable = VecDeque::new();
        let held = self.remove_to_hold(worker, &mut removed, &mut immovable);
        // Their quota was reserved, so that others were removed in their place.
        self.release(immovable.iter().map(|(_, cost)| cost).sum());
        if held.is_err() {
            // The remaining files stay.
            self.release(bytes);
        }
        self.put_all_back(removed);
        self.put_all_back(immovable);
        held
    }

    /// Deletes the files in `removed`. A file that cannot be deleted gets into `immovable`: it must not block a task for
    /// which others could be deleted. These get into `removed`, and the quota of the immovable one is reserved.
    fn remove_to_hold(
        &self,
        worker: &Worker,
        removed: &mut VecDeque<(Removable, u64)>,
        immovable: &mut VecDeque<(Removable, u64)>,
    ) -> Result<(), Error> {
        while let Some((removable, cost)) = removed.front() {
            worker.turn(0)?;
            let result = self.remove_old(worker, removable);
            if let Err(error @ Error::Io { .. }) = result {
                immovable.try_reserve(1)?;
                let mut others = self.make_room(worker, *cost).map_err(|reason| match reason {
                    // There are no others.
                    Error::QuotaExceeded => error,
                    reason => reason,
                })?;
                immovable.extend(removed.pop_front());
                // The files in `removed` are older, so the caller must put them back after these.
                if let Err(lack) = removed.try_reserve(others.len()) {
                    self.put_all_back(others);
                    return Err(lack.into());
                }
                removed.append(&mut others);
                continue;
            }
            result?;
            self.log.write(Level::Warning, || match &removable {
                Removable::Partial(_) => "a partial file was removed to make room for a new temporary file".to_owned(),
                Removable::Complete(name) => {
                    format!("{} was removed to make room for a new temporary file", self.root.scheme.path_of(name))
                }
            });
            removed.pop_front();
        }
        Ok(())
    }

    /// Reserves quota, and returns the files to delete for it, oldest first. They are no longer counted.
    fn make_room(&self, worker: &Worker, bytes: u64) -> Result<VecDeque<(Removable, u64)>, Error> {
        let mut removed = VecDeque::new();
        let mut is_held = self.make_some_room(bytes, &mut removed);
        loop {
            match is_held {
                Ok(true) => return Ok(removed),
                Ok(false) => {
                    let stopped = worker.turns(FILES_AT_ONCE, 0).map_err(Error::from);
                    is_held = stopped.and_then(|()| self.make_some_room(bytes, &mut removed));
                }
                Err(error) => {
                    self.put_all_back(removed);
                    return Err(error);
                }
            }
        }
    }

    /// Reserves quota, and returns `true`, unless more than a few files must be deleted for it. Then only takes these:
    /// every running download needs the lock.
    fn make_some_room(&self, bytes: u64, removed: &mut VecDeque<(Removable, u64)>) -> Result<bool, Error> {
        let mut files = lock(&self.files);
        if !files.quota.can_ever_fit(bytes, self.limit) {
            return Err(Error::QuotaExceeded);
        }
        for _ in 0..FILES_AT_ONCE {
            let mut oldest = None;
            if !files.quota.fits(bytes, self.limit) {
                removed.try_reserve(1)?;
                oldest = files.partial.remove_oldest().map(|(key, cost)| (Removable::Partial(key), cost));
                let complete = || files.complete.remove_oldest().map(|(name, cost)| (Removable::Complete(name), cost));
                oldest = oldest.or_else(complete);
            }
            let Some((removable, cost)) = oldest else {
                files.quota.hold(bytes);
                return Ok(true);
            };
            files.quota.remove_used(cost);
            removed.push_back((removable, cost));
        }
        Ok(false)
    }

    /// Counts files again that were to be deleted, which are in the order of their age.
    fn put_all_back(&self, mut removed: VecDeque<(Removable, u64)>) {
        while let Some((removable, cost)) = removed.pop_back() {
            self.put_back(removable, cost);
        }
    }

    /// Deletes the oldest partial files that no task is writing until the quota is kept, for at most
    /// [`TRIMMING_TIME`]: then [`hold`](Launch::hold) deletes them when a task needs the space. A partial file of a
    /// download to `filePath` counts only from the time when its task leaves it.
    ///
    /// Fails with [`Error::Stopped`] after this time, [`Error::OutOfResources`] or [`Error::Io`].
    pub fn trim_partials(&self) -> Result<(), Error> {
        let worker = worker_until(Instant::now() + TRIMMING_TIME);
        let is_kept = || lock(&self.files).quota.fits(0, self.limit);
        while !is_kept() && self.remove_oldest_partial(&worker)? {}
        Ok(())
    }

    /// Deletes the oldest partial file that no task is writing and that can be deleted. `false` if there is none.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`], or, if none can be deleted, with [`Error::Io`].
    pub fn remove_oldest_partial(&self, worker: &Worker) -> Result<bool, Error> {
        let mut immovable = VecDeque::new();
        let removed = self.remove_movable_partial(worker, &mut immovable);
        self.put_all_back(immovable);
        if let Ok(true) = removed {
            self.log.write(Level::Warning, || "a partial file was removed because there is no space for it".to_owned());
        }
        removed
    }

    /// Deletes the oldest partial file that can be deleted. Those that cannot get into `immovable` and are not counted.
    fn remove_movable_partial(
        &self,
        worker: &Worker,
        immovable: &mut VecDeque<(Removable, u64)>,
    ) -> Result<bool, Error> {
        let mut result = Ok(false);
        loop {
            worker.turn(0)?;
            immovable.try_reserve(1)?;
            let (key, cost) = {
                let mut files = lock(&self.files);
                let Some((key, cost)) = files.partial.remove_oldest() else { return result };
                files.quota.remove_used(cost);
                (key, cost)
            };
            let removable = Removable::Partial(key);
            match self.remove_old(worker, &removable) {
                Ok(()) => return Ok(true),
                Err(error) => {
                    immovable.push_back((removable, cost));
                    if !matches!(error, Error::Io { .. }) {
                        return Err(error);
                    }
                    result = result.and(Err(error));
                }
            }
        }
    }

    /// Counts a file again that could not be removed.
    fn put_back(&self, removable: Removable, cost: u64) {
        let mut files = lock(&self.files);
        let files = &mut *files;
        let (list, name) = match &removable {
            Removable::Partial(key) => (&mut files.partial, key),
            Removable::Complete(name) => (&mut files.complete, name),
        };
        // A task may have kept a partial file with the same key meanwhile.
        if !list.contains(name) {
            list.add_oldest(name, cost);
            files.quota.add_used(cost);
        }
    }

    fn remove_old(&self, worker: &Worker, removable: &Removable) -> Result<(), Error> {
        let removed = match removable {
            // If another session writes it meanwhile, that session counts it.
            Removable::Partial(key) => match self.partials(worker)? {
                Some(directory) => partials::remove(&directory, key).map(drop),
                None => Ok(()),
            },
            Removable::Complete(name) => {
                partials::existing(self.last_directory().directory.remove_file(name)).map(drop)
            }
        };
        removed.map_err(|error| Error::from_io("remove an old temporary file", error))
    }

    /// Releases reserved quota.
    pub fn release(&self, bytes: u64) {
        lock(&self.files).quota.release(bytes);
    }
}
