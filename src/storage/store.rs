//! Files that outlive the launch: those in the store and those under `wxfile://usr`, which share a quota.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::change_lock::ChangeGuard;
use super::directory::{Directory, FileId};
use super::file::{epoch_seconds, stamp};
use super::path::{self, VirtualPath, random_digits};
use super::quota::cost;
use super::root::Root;
use super::scheme::PathScheme;
use super::shared_root::Tree;
use super::usage::Change;
use super::{Error, StoredFile};
use crate::terms::log::Level;
use crate::worker::{StopReason, Worker};

/// Where a file is to be saved.
#[derive(Clone, Debug)]
pub enum Destination {
    /// In the store, under a new name.
    Stored {
        /// The extension of that name.
        extension: Option<String>,
    },
    /// Under `wxfile://usr`.
    User {
        /// The path as the caller gave it.
        path: String,
        /// The names that lead to it.
        components: Vec<String>,
        /// The file that must still be there, which the new one is made of.
        successor_of: Option<FileId>,
    },
}

/// A complete file under a private name, to be saved.
#[derive(Debug)]
pub struct Unsaved<'a> {
    /// The open file.
    pub file: &'a File,
    /// The directory that it is in.
    pub directory: &'a Directory,
    /// Its name there.
    pub name: &'a str,
    /// Its size in bytes.
    pub length: u64,
    /// What is held of the quota for it.
    pub held: u64,
}

/// The saved files, as one session sees them.
#[derive(Debug)]
pub struct Store {
    pub(super) root: Arc<Root>,
    pub(super) limit: u64,
}

/// Where a file goes: the directory, the name in it, and both as paths.
struct Placement<'a> {
    directory: &'a Directory,
    name: &'a str,
    path: &'a str,
    successor_of: Option<FileId>,
}

impl Store {
    /// Counts what is there, unless another session of the process has done so.
    pub fn open(root: Arc<Root>, quota: u64, worker: &Worker) -> Result<Store, Error> {
        root.count_at_opening(worker)?;
        Ok(Store { root, limit: quota })
    }

    /// Holds quota for `bytes` more.
    ///
    /// Fails with [`Error::QuotaExceeded`], or as [`Root::lock_changes`] where that has to be found out.
    pub fn hold(&self, worker: &Worker, bytes: u64) -> Result<(), Error> {
        let usage = &self.root.shared.usage;
        if usage.hold(bytes, self.limit) {
            return Ok(());
        }
        if bytes <= self.limit {
            // Files may be gone that nobody has told of.
            self.root.lock_changes(worker)?.count(worker)?;
            if usage.hold(bytes, self.limit) {
                return Ok(());
            }
        }
        Err(Error::QuotaExceeded)
    }

    /// Gives back held quota.
    pub fn release(&self, bytes: u64) {
        self.root.shared.usage.release(bytes);
    }

    /// What the file costs that a new one would replace; 0 where there is none.
    ///
    /// Fails with [`Error::NotFound`] where its directory is missing; [`Error::NotADirectory`], [`Error::IsADirectory`] or
    /// [`Error::PermissionDenied`] where something else is there or on the way, or as [`Root::tree`].
    pub fn replaced_cost(&self, worker: &Worker, path: &str, components: &[String]) -> Result<u64, Error> {
        let tree = self.root.tree(worker)?;
        let replaced = tree.open_user_parent(components).and_then(|parent| cost_if_exists(&parent, last(components)));
        replaced.map_err(|error| Error::at_path(path, "look at a file", error))
    }

    /// Moves a file to its destination. It survives a power failure when this returns. The held quota becomes used; on
    /// failure it stays held and the file in place. `commit` is asked right before the file gets its name.
    ///
    /// Fails with [`Error::NotFound`] where the file or the directory that it is to be in is gone, [`Error::PermissionDenied`], [`Error::Replaced`],
    /// [`Error::QuotaExceeded`], [`Error::DiskFull`], or as [`Root::lock_changes`].
    pub fn place(
        &self,
        worker: &Worker,
        unsaved: &Unsaved<'_>,
        destination: &Destination,
        commit: impl FnOnce() -> Result<(), StopReason>,
    ) -> Result<StoredFile, Error> {
        // The contents first: a name must never be seen on a file whose bytes a power failure can still take.
        let modified = stamp(unsaved.file)?;
        unsaved.file.sync_all().map_err(|error| Error::from_io("flush a file", error))?;

        let (path, native_path) = match destination {
            Destination::Stored { extension } => {
                let name = path::stored_name(&random_digits()?, extension.as_deref());
                let path = self.root.scheme.path_of(&name);
                let guard = self.root.lock_changes(worker)?;
                let tree = guard.tree.clone();
                let place = Placement { directory: &tree.store, name: &name, path: &path, successor_of: None };
                self.put_in_place(worker, guard, unsaved, &place, commit)?;
                (path, self.root.native_stored(&name))
            }
            Destination::User { path, components, successor_of } => {
                let (guard, parent) = self.lock_parent(worker, path, components)?;
                let name = last(components);
                let place = Placement { directory: &parent, name, path, successor_of: *successor_of };
                self.put_in_place(worker, guard, unsaved, &place, commit)?;
                (path.clone(), self.root.native_user(components))
            }
        };
        Ok(StoredFile { path, native_path, length: unsaved.length, create_time: Some(epoch_seconds(modified)) })
    }

    /// Takes the lock and opens the directory of a file. While the lock is held, no call of a page moves or removes it.
    pub(super) fn lock_parent(
        &self,
        worker: &Worker,
        path: &str,
        components: &[String],
    ) -> Result<(ChangeGuard<'_>, Directory), Error> {
        let guard = self.root.lock_changes(worker)?;
        let parent = guard.tree.open_user_parent(components);
        let parent = parent.map_err(|error| Error::at_path(path, "open the directory of a file", error))?;
        Ok((guard, parent))
    }

    /// Whether the quota takes what costs `added` in the place of what costs `replaced`.
    ///
    /// Fails with [`Error::QuotaExceeded`], or as counting does.
    pub(super) fn check_quota(
        &self,
        guard: &ChangeGuard<'_>,
        worker: &Worker,
        replaced: u64,
        added: u64,
    ) -> Result<(), Error> {
        // What takes no more room than before is good even where the quota is exceeded.
        let exceeded = |used: u64| added > replaced && used.saturating_sub(replaced).saturating_add(added) > self.limit;
        if exceeded(guard.used(worker)?) {
            guard.count(worker)?;
            if exceeded(guard.used(worker)?) {
                return Err(Error::QuotaExceeded);
            }
        }
        Ok(())
    }

    /// Makes the names in a directory survive a power failure, after a change that is made.
    pub(super) fn flush(&self, directory: &Directory) {
        if let Err(error) = directory.sync() {
            // Only a power failure right now could undo it.
            self.root.log.write(Level::Warning, || format!("a changed directory was not flushed: {error}"));
        }
    }

    /// The rename of [`Store::place`], with the quota checked against what is used at that moment.
    fn put_in_place(
        &self,
        worker: &Worker,
        guard: ChangeGuard<'_>,
        unsaved: &Unsaved<'_>,
        place: &Placement<'_>,
        commit: impl FnOnce() -> Result<(), StopReason>,
    ) -> Result<(), Error> {
        let Placement { directory, name, path, successor_of } = *place;
        let fail = |error| Error::at_path(path, "look at a file", error);
        if successor_of.is_some() && id_if_exists(directory, name).map_err(fail)? != successor_of {
            return Err(Error::Replaced);
        }
        let replaced = cost_if_exists(directory, name).map_err(fail)?;
        let added = cost(unsaved.length);
        self.check_quota(&guard, worker, replaced, added)?;
        guard.begin()?;
        let renamed = commit().map_err(Error::from).and_then(|()| {
            let renamed = unsaved.directory.rename(unsaved.name, directory, name);
            renamed.map_err(|error| Error::at_path(path, "save a file", error))
        });
        match renamed {
            Ok(()) => guard.end(Change { added, replaced, released: unsaved.held }),
            Err(_) => guard.end(Change::default()),
        }
        drop(guard);
        renamed?;
        self.flush(directory);
        Ok(())
    }

    /// The files in the store, oldest first.
    pub fn files(&self, worker: &Worker) -> Result<Vec<StoredFile>, Error> {
        let tree = self.root.tree(worker)?;
        let mut files = Vec::new();
        tree.store.for_each_name(worker, |name| {
            let Some(name) = name.to_str().ok().filter(|name| path::is_stored_name(name)) else { return Ok(()) };
            match self.stored(&tree, &self.root.scheme.path_of(name), name) {
                Ok(file) => {
                    files.try_reserve(1).map_err(|_| Error::OutOfResources { which: "memory" })?;
                    files.push(file);
                    Ok(())
                }
                // Removed meanwhile, or not a file of ours.
                Err(Error::NotFound { .. } | Error::PermissionDenied { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        })?;
        files.sort_unstable_by(|a, b| (a.create_time, &a.path).cmp(&(b.create_time, &b.path)));
        Ok(files)
    }

    /// One file of the store.
    pub fn file(&self, worker: &Worker, path: &str) -> Result<StoredFile, Error> {
        let name = stored_name(&self.root.scheme, path)?;
        self.stored(&*self.root.tree(worker)?, path, &name)
    }

    fn stored(&self, tree: &Tree, path: &str, name: &str) -> Result<StoredFile, Error> {
        let fail = |error| Error::at_path(path, "look at a saved file", error);
        let metadata = tree.store.open_file(name).and_then(|file| file.metadata()).map_err(fail)?;
        let modified = metadata.modified().map_err(fail)?;
        Ok(StoredFile {
            path: path.to_owned(),
            native_path: self.root.native_stored(name),
            length: metadata.len(),
            create_time: Some(epoch_seconds(modified)),
        })
    }

    /// Removes one file of the store. It needs no lock, so that no other process can keep a page from making room.
    pub fn remove(&self, worker: &Worker, path: &str) -> Result<(), Error> {
        let name = stored_name(&self.root.scheme, path)?;
        let tree = self.root.tree(worker)?;
        let usage = &self.root.shared.usage;
        let epoch = usage.epoch();
        // What is no regular file was not counted either.
        let freed = cost_if_exists(&tree.store, &name).unwrap_or(0);
        tree.store.remove_file(&name).map_err(|error| Error::at_path(path, "remove a saved file", error))?;
        usage.remove(freed, epoch);
        Ok(())
    }
}

fn stored_name(scheme: &PathScheme, path: &str) -> Result<String, Error> {
    match path::parse(scheme, path)? {
        VirtualPath::Stored(name) => Ok(name),
        VirtualPath::Temporary(_) | VirtualPath::User(_) => Err(Error::NotFound { path: path.to_owned() }),
    }
}

fn cost_if_exists(directory: &Directory, name: &str) -> io::Result<u64> {
    match directory.open_file(name) {
        Ok(file) => Ok(cost(file.metadata()?.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn id_if_exists(directory: &Directory, name: &str) -> io::Result<Option<FileId>> {
    match directory.open_file(name) {
        Ok(file) => FileId::of(file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of a file in its directory.
pub(super) fn last(components: &[String]) -> &str {
    components.last().map_or("", String::as_str)
}
