//! Changes of names under `wxfile://usr`: removing, moving and creating directories. Each change holds the change lock,
//! so that the quota stays correct, and takes effect completely or not at all.

use std::io;

use super::change_lock::ChangeGuard;
use super::directory::Directory;
use super::entry::{Entry, EntryKind};
use super::path::VirtualPath;
use super::quota::LEAST_COST;
use super::store::{Store, last};
use super::usage::Change;
use super::walk::{measure, remove_tree};
use super::{Error, Storage, path};
use crate::terms::log::Level;
use crate::worker::Worker;

impl Storage {
    /// Removes a file under `wxfile://usr`. A symbolic link is removed, not followed. Needs no free quota.
    ///
    /// Fails with [`Error::NotFound`]; [`Error::NotPermitted`] for a directory; [`Error::NotADirectory`];
    /// [`Error::PermissionDenied`] for a path outside `wxfile://usr`; [`Error::AccessDenied`], [`Error::Locked`] if
    /// another process holds the change lock for seconds, [`Error::Stopped`], [`Error::OutOfResources`] or
    /// [`Error::Io`]. All changes of names can fail with these.
    pub fn unlink(&self, worker: &Worker, path: &str) -> Result<(), Error> {
        let components = self.user_path(path)?;
        self.store.unlink(worker, UserPath { path, components: &components })
    }

    /// Moves a file or directory from one `wxfile://usr` path to another, in one step. A file may replace a file, and a
    /// directory may replace an empty directory.
    ///
    /// Fails with [`Error::IsADirectory`], [`Error::NotADirectory`] or [`Error::NotEmpty`] if something else is at
    /// `new`; [`Error::InvalidArgument`] if `new` is below `old`; or as [`Storage::unlink`].
    pub fn rename(&self, worker: &Worker, old: &str, new: &str) -> Result<(), Error> {
        let (old_components, new_components) = (self.user_path(old)?, self.user_path(new)?);
        let old = UserPath { path: old, components: &old_components };
        self.store.rename(worker, old, UserPath { path: new, components: &new_components })
    }

    /// Creates a directory under `wxfile://usr`, with `recursive` also its parents.
    ///
    /// Fails with [`Error::AlreadyExists`]; [`Error::NotFound`] if its parent does not exist and `recursive` is not
    /// set; [`Error::QuotaExceeded`], or as [`Storage::unlink`].
    pub fn make_directory(&self, worker: &Worker, path: &str, recursive: bool) -> Result<(), Error> {
        match self.parse(path)? {
            VirtualPath::User(components) if components.is_empty() => {
                Err(Error::AlreadyExists { path: path.to_owned() })
            }
            VirtualPath::User(components) => {
                self.store.make_directory(worker, UserPath { path, components: &components }, recursive)
            }
            VirtualPath::Temporary(_) | VirtualPath::Stored(_) => Err(Error::denied(path)),
        }
    }

    /// Removes a directory under `wxfile://usr`, with `recursive` also its contents. The directory disappears for pages
    /// at once, however long the removal takes.
    ///
    /// Fails with [`Error::NotEmpty`], [`Error::NotADirectory`], or as [`Storage::unlink`].
    pub fn remove_directory(&self, worker: &Worker, path: &str, recursive: bool) -> Result<(), Error> {
        let components = self.user_path(path)?;
        let target = UserPath { path, components: &components };
        if !recursive {
            return self.store.remove_directory(worker, target);
        }
        // The directory is moved to a private name among the temporary files. Contents that a crash, a stop or a
        // failure leaves there are deleted with the temporary files.
        let launch = self.launch.directory(worker)?;
        let name = path::random_digits()?;
        let taken = self.store.take_away(worker, target, &launch.directory, &name)?;
        // Pages no longer see the directory, so the call has succeeded, and nothing that follows makes it fail.
        let measured = launch.directory.open(name.as_str());
        let measured = measured.map_err(|error| Error::from_io("open a directory that is to be removed", error));
        let measured = measured.and_then(|directory| measure(&directory, worker));
        self.store.forget(&taken, measured.as_ref().ok().map(|measure| measure.cost));
        if let Err(error) = measured.and_then(|_| remove_tree(&launch.directory, name.as_str(), worker)) {
            let left = || format!("part of a removed directory is left until the session is closed: {error}");
            self.log.write(Level::Warning, left);
        }
        Ok(())
    }

    /// The components of a path under `wxfile://usr`, which may end with a slash.
    fn user_path(&self, path: &str) -> Result<Vec<String>, Error> {
        match self.parse(path)? {
            VirtualPath::User(components) if !components.is_empty() => Ok(components),
            _ => Err(Error::denied(path)),
        }
    }
}

/// A path under `wxfile://usr`, but not `wxfile://usr` itself.
#[derive(Clone, Copy, Debug)]
pub struct UserPath<'a> {
    /// The path, as the caller specified it.
    pub path: &'a str,
    /// The components of the path.
    pub components: &'a [String],
}

/// A directory that was moved out of `wxfile://usr` and is to be removed.
#[derive(Debug)]
pub struct TakenAway {
    /// The epoch of the count that included it.
    epoch: u64,
}

impl UserPath<'_> {
    fn denied(&self) -> Error {
        Error::denied(self.path)
    }

    fn not_a_directory(&self) -> Error {
        Error::NotADirectory { path: self.path.to_owned() }
    }

    fn name(&self) -> &str {
        last(self.components)
    }

    /// The attributes of the page's file or directory at the path.
    fn look(&self, parent: &Directory) -> Result<Entry, Error> {
        let entry = parent.look(self.name());
        let entry = entry.map_err(|error| Error::at_path(self.path, "look at a file", error))?;
        match entry.kind {
            EntryKind::Other => Err(self.denied()),
            EntryKind::File if path::is_of_directory(self.path) => Err(self.not_a_directory()),
            EntryKind::File | EntryKind::Directory => Ok(entry),
        }
    }
}

impl Store {
    /// Removes a file. A symbolic link or other planted entry is removed, not followed.
    pub fn unlink(&self, worker: &Worker, target: UserPath<'_>) -> Result<(), Error> {
        let fail = |error| Error::at_path(target.path, "remove a file", error);
        let (guard, parent) = self.lock_parent(worker, target.path, target.components)?;
        let entry = parent.look(target.name()).map_err(fail)?;
        if entry.kind == EntryKind::Directory {
            return Err(Error::NotPermitted { path: target.path.to_owned() });
        }
        if path::is_of_directory(target.path) {
            return Err(target.not_a_directory());
        }
        change(&guard, worker, || {
            parent.remove_file(target.name()).map_err(fail)?;
            Ok(Change { replaced: entry.cost, ..Change::default() })
        })?;
        drop(guard);
        self.flush(&parent);
        Ok(())
    }

    /// Moves a file or directory in one step. A file may replace a file, and a directory an empty directory (POSIX
    /// `rename`).
    pub fn rename(&self, worker: &Worker, old: UserPath<'_>, new: UserPath<'_>) -> Result<(), Error> {
        let (guard, old_parent) = self.lock_parent(worker, old.path, old.components)?;
        let source = old.look(&old_parent)?;
        let new_parent = guard.tree.open_user_parent(new.components);
        let new_parent = new_parent.map_err(|error| Error::at_path(new.path, "open the directory of a file", error))?;
        let replaced = match new.look(&new_parent) {
            Ok(target) => replaceable(source, target, new)?,
            Err(Error::NotFound { .. }) if source.kind == EntryKind::File && path::is_of_directory(new.path) => {
                return Err(new.not_a_directory());
            }
            Err(Error::NotFound { .. }) => 0,
            Err(error) => return Err(error),
        };
        change(&guard, worker, || {
            match old_parent.rename(old.name(), &new_parent, new.name()) {
                Ok(()) => Ok(Change { replaced, ..Change::default() }),
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    Err(Error::InvalidArgument { path: new.path.to_owned() })
                }
                // Some systems report EEXIST for a directory that is not empty.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(Error::NotEmpty { path: new.path.to_owned() })
                }
                Err(error) => Err(Error::at_path(new.path, "rename a file", error)),
            }
        })?;
        drop(guard);
        // The new name first: a power failure between the two must not find the file under neither name.
        self.flush(&new_parent);
        self.flush(&old_parent);
        Ok(())
    }

    /// Creates a directory, with `recursive` also its parents. Each costs as much as an empty file.
    pub fn make_directory(&self, worker: &Worker, target: UserPath<'_>, recursive: bool) -> Result<(), Error> {
        let fail = |error| Error::at_path(target.path, "make a directory", error);
        let guard = self.root.lock_changes(worker)?;
        // The last existing directory, and the names of the directories to create.
        let mut parent = guard.tree.user.open(".").map_err(fail)?;
        let mut missing = target.components;
        while let [name, below @ ..] = missing {
            match parent.open(name.as_str()) {
                Ok(_) if below.is_empty() => return Err(Error::AlreadyExists { path: target.path.to_owned() }),
                Ok(directory) => (parent, missing) = (directory, below),
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                // Something exists. A symbolic link is not followed to find out what.
                Err(_) if below.is_empty() && parent.look(name.as_str()).is_ok() => {
                    return Err(Error::AlreadyExists { path: target.path.to_owned() });
                }
                Err(error) => return Err(fail(error)),
            }
        }
        if missing.len() > 1 && !recursive {
            return Err(Error::NotFound { path: target.path.to_owned() });
        }
        // A path has a bounded number of names.
        self.check_quota(&guard, worker, 0, LEAST_COST.saturating_mul(missing.len() as u64))?;
        let mut parents = vec![parent];
        let mut made = Ok(());
        change(&guard, worker, || {
            let there;
            (made, there) = make_below(&mut parents, missing);
            Ok(Change { added: LEAST_COST.saturating_mul(there), ..Change::default() })
        })?;
        drop(guard);
        parents.iter().for_each(|directory| self.flush(directory));
        made.map_err(fail)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, worker: &Worker, target: UserPath<'_>) -> Result<(), Error> {
        let (guard, parent) = self.lock_parent(worker, target.path, target.components)?;
        let entry = self.directory(&parent, target)?;
        change(&guard, worker, || match parent.remove_directory(target.name()) {
            Ok(()) => Ok(Change { replaced: entry.cost, ..Change::default() }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::NotEmpty { path: target.path.to_owned() })
            }
            Err(error) => Err(Error::at_path(target.path, "remove a directory", error)),
        })?;
        drop(guard);
        self.flush(&parent);
        Ok(())
    }

    /// Moves a directory with its contents to `name` in `place`, where no path leads. Its cost stays counted until
    /// [`Store::forget`].
    pub fn take_away(
        &self,
        worker: &Worker,
        target: UserPath<'_>,
        place: &Directory,
        name: &str,
    ) -> Result<TakenAway, Error> {
        let (guard, parent) = self.lock_parent(worker, target.path, target.components)?;
        self.directory(&parent, target)?;
        let mut epoch = 0;
        change(&guard, worker, || {
            epoch = self.root.shared.usage.epoch();
            let moved = parent.rename(target.name(), place, name);
            moved.map_err(|error| Error::at_path(target.path, "remove a directory", error))?;
            Ok(Change::default())
        })?;
        drop(guard);
        self.flush(&parent);
        Ok(TakenAway { epoch })
    }

    /// Subtracts the cost of a directory that was taken away, whose contents cost `inside`. If the files were counted
    /// again since, it is not in that count. With `None`, the files are counted at the next change.
    pub fn forget(&self, taken: &TakenAway, inside: Option<u64>) {
        let usage = &self.root.shared.usage;
        match inside {
            Some(inside) => usage.remove(inside.saturating_add(LEAST_COST), taken.epoch),
            None => usage.forget(),
        }
    }

    fn directory(&self, parent: &Directory, target: UserPath<'_>) -> Result<Entry, Error> {
        let entry = target.look(parent)?;
        if entry.kind == EntryKind::Directory { Ok(entry) } else { Err(target.not_a_directory()) }
    }
}

/// Creates the directories `names`: the first one in `parents[0]`, each further one in the one before. Opens all except
/// the last one, and appends them to `parents`. On failure, removes the created directories again, so that a repeated
/// call finds none of them. Also returns the number of created directories that exist afterwards.
fn make_below(parents: &mut Vec<Directory>, names: &[String]) -> (io::Result<()>, u64) {
    let mut there = 0;
    let mut make = || {
        for (index, name) in names.iter().enumerate() {
            parents[index].create_directory(name)?;
            there += 1;
            // Not the last one: nothing may fail once it exists.
            if there < names.len() {
                let directory = parents[index].open(name.as_str())?;
                parents.push(directory);
            }
        }
        Ok(())
    };
    let made = make();
    if made.is_err() {
        while there > 0 && parents[there - 1].remove_directory(&names[there - 1]).is_ok() {
            there -= 1;
        }
    }
    (made, there as u64)
}

/// The cost of an existing target of a rename, if it may be replaced.
fn replaceable(source: Entry, target: Entry, new: UserPath<'_>) -> Result<u64, Error> {
    match (source.kind, target.kind) {
        // The same file, possibly under another spelling of its name.
        _ if source.id == target.id => Ok(0),
        (EntryKind::File, EntryKind::Directory) => Err(Error::IsADirectory { path: new.path.to_owned() }),
        (EntryKind::Directory, EntryKind::File) => Err(new.not_a_directory()),
        _ => Ok(target.cost),
    }
}

/// Performs a change. `make` returns its effect on the quota.
fn change(guard: &ChangeGuard<'_>, worker: &Worker, make: impl FnOnce() -> Result<Change, Error>) -> Result<(), Error> {
    // Loads the count of other processes before changing it.
    guard.used(worker)?;
    worker.check()?;
    guard.begin()?;
    let made = make();
    guard.end(*made.as_ref().unwrap_or(&Change::default()));
    made.map(drop)
}
