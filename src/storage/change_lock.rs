//! The lock for adding files to the store and to `wxfile://usr`, so that all sessions together respect the quota.
//!
//! Within the process it is a queue of turns. Between processes it is a lock on the store's directory, which the system
//! releases when a process ends. That lock is polled, because the system cannot wait for it with a deadline or until a
//! stop.

use std::sync::Arc;

use super::Error;
use super::pauses::Pauses;
use super::root::Root;
use super::shared_root::Tree;
use super::turns::Turn;
use crate::worker::Worker;

/// Prevents every other session, in this and other processes, from adding files.
#[derive(Debug)]
pub struct ChangeGuard<'a> {
    pub(super) root: &'a Root,
    pub(super) tree: Arc<Tree>,
    /// Dropped after the lock is released.
    _turn: Turn<'a>,
}

impl Root {
    /// Waits for the lock and takes it.
    ///
    /// Fails with [`Error::Stopped`]; [`Error::Locked`] if others hold the lock for longer than the worker's patience,
    /// or as [`Root::tree`].
    pub fn lock_changes(&self, worker: &Worker) -> Result<ChangeGuard<'_>, Error> {
        let turn = self.shared.changes.take(worker)?.ok_or(Error::Locked)?;
        let mut pauses = Pauses::new();
        loop {
            let tree = self.tree(worker)?;
            if try_lock(&tree)? {
                // The directory may have been deleted before it was locked.
                let is_in_place = tree.is_in_place();
                if matches!(is_in_place, Ok(true)) {
                    return Ok(ChangeGuard { root: self, tree, _turn: turn });
                }
                let _ = tree.store.unlock();
                is_in_place?;
            }
            if !worker.has_patience() {
                return Err(Error::Locked);
            }
            worker.wait_for_others(Some(pauses.end_of_next()), || None::<()>)?;
        }
    }

    /// Takes the lock if it is free. `None` otherwise.
    pub fn try_lock_changes(&self, tree: &Arc<Tree>) -> Result<Option<ChangeGuard<'_>>, Error> {
        let Some(turn) = self.shared.changes.try_take() else { return Ok(None) };
        if !try_lock(tree)? {
            return Ok(None);
        }
        Ok(Some(ChangeGuard { root: self, tree: tree.clone(), _turn: turn }))
    }
}

fn try_lock(tree: &Tree) -> Result<bool, Error> {
    tree.store.try_lock(true).map_err(|error| Error::from_io("lock a directory", error))
}

impl Drop for ChangeGuard<'_> {
    fn drop(&mut self) {
        // Unlocking a locked open directory cannot fail, and closing it would unlock it, too.
        let _ = self.tree.store.unlock();
    }
}
