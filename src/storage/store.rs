//! Files that outlive the launch: the store and `wxfile://usr`, which share a quota.

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
use crate::worker::{StopReason, Worker, sort};

/// The place to save a file at.
#[derive(Clone, Debug)]
pub enum Destination {
    /// In the store, under a new name.
    Stored {
        /// The extension of the new name.
        extension: Option<String>,
    },
    /// Under `wxfile://usr`.
    User {
        /// The path, as the caller specified it.
        path: String,
        /// The components of the path.
        components: Vec<String>,
        /// The existing file that the new one was made from. It must still be there.
        successor_of: Option<FileId>,
    },
}

/// A complete file under a private name, ready to be saved.
#[derive(Debug)]
pub struct Unsaved<'a> {
    /// The open file.
    pub file: &'a File,
    /// The directory that contains it.
    pub directory: &'a Directory,
    /// Its name in that directory.
    pub name: &'a str,
    /// Its size in bytes.
    pub length: u64,
    /// The quota that is reserved for it.
    pub held: u64,
}

/// The saved files of one session.
#[derive(Debug)]
pub struct Store {
    pub(super) root: Arc<Root>,
    pub(super) limit: u64,
}

/// The place of a file: the directory and the name in it, and the path.
struct Placement<'a> {
    directory: &'a Directory,
    name: &'a str,
    path: &'a str,
    successor_of: Option<FileId>,
}

impl Store {
    /// Counts the existing files, unless another session of the process has counted them.
    pub fn open(root: Arc<Root>, tree: &Arc<Tree>, quota: u64, worker: &Worker) -> Result<Store, Error> {
        root.count_at_opening(tree, worker)?;
        Ok(Store { root, limit: quota })
    }

    /// Reserves quota for `bytes` more.
    ///
    /// Fails with [`Error::QuotaExceeded`], or as [`Root::lock_changes`] if there seems to be no space.
    pub fn hold(&self, worker: &Worker, bytes: u64) -> Result<(), Error> {
        let usage = &self.root.shared.usage;
        if usage.hold(bytes, self.limit) {
            return Ok(());
        }
        if bytes <= self.limit {
            let guard = self.root.lock_changes(worker)?;
            // Another process or, meanwhile, another thread may have freed space.
            guard.used(worker)?;
            if usage.hold(bytes, self.limit) {
                return Ok(());
            }
            // Files may have been deleted without the library.
            if usage.may_count_again() {
                guard.count(worker)?;
                if usage.hold(bytes, self.limit) {
                    return Ok(());
                }
            }
        }
        Err(Error::QuotaExceeded)
    }

    /// Releases reserved quota.
    pub fn release(&self, bytes: u64) {
        self.root.shared.usage.release(bytes);
    }

    /// The cost of the existing file that a new one would replace. 0 if there is none.
    ///
    /// Fails with [`Error::NotFound`] if its directory does not exist; [`Error::NotADirectory`],
    /// [`Error::IsADirectory`] or [`Error::PermissionDenied`] if another kind of file is at the path or on the way, or
    /// as [`Root::tree`].
    pub fn replaced_cost(&self, worker: &Worker, path: &str, components: &[String]) -> Result<u64, Error> {
        let tree = self.root.tree(worker)?;
        let replaced = tree.open_user_parent(components).and_then(|parent| cost_if_exists(&parent, last(components)));
        replaced.map_err(|error| Error::at_path(path, "look at a file", error))
    }

    /// Moves a file to its destination. When this returns, it survives a power failure. The reserved quota becomes
    /// used. On failure the quota stays reserved and the file stays in place. `commit` is called directly before the
    /// file gets its name.
    ///
    /// Fails with [`Error::NotFound`] if the file or the target's directory is gone, [`Error::PermissionDenied`],
    /// [`Error::Replaced`], [`Error::QuotaExceeded`], [`Error::DiskFull`], or as [`Root::lock_changes`].
    pub fn place(
        &self,
        worker: &Worker,
        unsaved: &Unsaved<'_>,
        destination: &Destination,
        commit: &dyn Fn() -> Result<(), StopReason>,
    ) -> Result<StoredFile, Error> {
        // The content first: a file whose bytes a power failure could still lose must not get its name.
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

    /// Takes the change lock and opens the directory of a file. While the lock is held, no call of a page moves or
    /// deletes it.
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

    /// Checks that the quota allows replacing a cost of `replaced` by `added`.
    ///
    /// Fails with [`Error::QuotaExceeded`], or as counting does.
    pub(super) fn check_quota(
        &self,
        guard: &ChangeGuard<'_>,
        worker: &Worker,
        replaced: u64,
        added: u64,
    ) -> Result<(), Error> {
        // A change that needs no more space is allowed even if the quota is exceeded.
        let exceeded = |used: u64| added > replaced && used.saturating_sub(replaced).saturating_add(added) > self.limit;
        if !exceeded(guard.used(worker)?) {
            return Ok(());
        }
        if self.root.shared.usage.may_count_again() {
            guard.count(worker)?;
            if !exceeded(guard.used(worker)?) {
                return Ok(());
            }
        }
        Err(Error::QuotaExceeded)
    }

    /// Flushes a changed directory, so that the change survives a power failure.
    pub(super) fn flush(&self, directory: &Directory) {
        if let Err(error) = directory.sync() {
            // Only a power failure directly afterwards could undo the change.
            self.root.log.write(Level::Warning, || format!("a changed directory was not flushed: {error}"));
        }
    }

    /// The rename of [`Store::place`]. Checks the quota against the current usage.
    fn put_in_place(
        &self,
        worker: &Worker,
        guard: ChangeGuard<'_>,
        unsaved: &Unsaved<'_>,
        place: &Placement<'_>,
        commit: &dyn Fn() -> Result<(), StopReason>,
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
                    files.try_reserve(1)?;
                    files.push(file);
                    Ok(())
                }
                // Deleted meanwhile, or not one of the library's files.
                Err(Error::NotFound { .. } | Error::PermissionDenied { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        })?;
        let precedes =
            |one: &StoredFile, other: &StoredFile| (one.create_time, &one.path) < (other.create_time, &other.path);
        sort(&mut files, precedes, || worker.turn(0))?;
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

    /// Deletes one file of the store. Takes no lock, so that no other process can prevent a page from freeing space.
    pub fn remove(&self, worker: &Worker, path: &str) -> Result<(), Error> {
        let name = stored_name(&self.root.scheme, path)?;
        let tree = self.root.tree(worker)?;
        let usage = &self.root.shared.usage;
        let epoch = usage.epoch();
        let fail = |error| Error::at_path(path, "remove a saved file", error);
        // Needs no descriptor. So a page can free space even if there is none.
        let freed = tree.store.look(name.as_str()).map_err(fail)?.cost;
        tree.store.remove_file(&name).map_err(fail)?;
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

/// The last component, which is the name of the file in its directory.
pub(super) fn last(components: &[String]) -> &str {
    components.last().map_or("", String::as_str)
}
