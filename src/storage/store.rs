//! Files that outlive the launch: those in the store and those under `wxfile://usr`, which share a quota.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use super::directory::Directory;
use super::path::{self, VirtualPath, random_digits};
use super::quota::Quota;
use super::root::Root;
use super::{Error, lock};
use crate::terms::log::{Level, Log};

/// A file in the store, or one just saved under `wxfile://usr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// The `wxfile://` path.
    pub path: String,
    /// The same file for the host. Not to be kept: iOS moves an app's directory between launches of the app.
    pub native_path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// When it was saved, in seconds since the epoch.
    pub create_time: u64,
}

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
    },
}

/// The saved files, as one session sees them.
#[derive(Debug)]
pub struct Store {
    root: Arc<Root>,
    /// What is used is what the directories held when last looked at. Other sessions and the host may change that, so
    /// it only decides early; [`Store::place`] looks again.
    quota: Mutex<Quota>,
    log: Log,
}

impl Store {
    /// Measures what is there.
    pub fn open(root: Arc<Root>, quota: u64, log: Log) -> Result<Store, Error> {
        let used = measure(&root)?;
        Ok(Store { root, quota: Mutex::new(Quota::new(quota, used)), log })
    }

    /// Holds quota for `bytes` more.
    ///
    /// Fails with [`Error::QuotaExceeded`] or [`Error::Io`].
    pub fn hold(&self, bytes: u64) -> Result<(), Error> {
        let mut quota = lock(&self.quota);
        if !quota.fits(bytes) {
            quota.set_used(measure(&self.root)?);
            if !quota.fits(bytes) {
                return Err(Error::QuotaExceeded);
            }
        }
        quota.hold(bytes);
        Ok(())
    }

    /// Gives back held quota.
    pub fn release(&self, bytes: u64) {
        lock(&self.quota).release(bytes);
    }

    /// The size of the file that a new one would replace; 0 where there is none.
    ///
    /// Fails with [`Error::PermissionDenied`] where something else is there or on the way, or [`Error::Io`].
    pub fn replaced_size(&self, path: &str, components: &[String]) -> Result<u64, Error> {
        let size = || size_if_exists(&self.root.open_user_parent(components)?, last(components));
        match size() {
            // A directory on the way is missing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            other => other.map_err(|error| Error::at_path(path, "look at a file", error)),
        }
    }

    /// Moves `file`, which is `length` bytes long and open, from the name `source` to its destination. It survives a
    /// power failure when this returns. The `held` quota becomes used; on failure it stays held and the file in place.
    ///
    /// Fails with [`Error::NotFound`] where `source` is gone, [`Error::PermissionDenied`], [`Error::QuotaExceeded`],
    /// [`Error::Locked`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn place(
        &self,
        file: &File,
        source: (&Directory, &str),
        length: u64,
        held: u64,
        destination: &Destination,
    ) -> Result<SavedFile, Error> {
        // The contents first: a name must never be seen on a file whose bytes a power failure can still take.
        let modified = SystemTime::now();
        file.set_modified(modified)
            .and_then(|()| file.sync_all())
            .map_err(|error| Error::from_io("flush a file", error))?;

        let placed = match destination {
            Destination::Stored { extension } => {
                let name = path::stored_name(&random_digits()?, extension.as_deref());
                let path = path::virtual_path(&name);
                let native_path = self.root.native_stored(&name);
                self.rename(source, &self.root.store, &name, length, held, &path)?;
                (path, native_path)
            }
            Destination::User { path, components } => {
                let parent = self
                    .root
                    .create_user_parent(components)
                    .map_err(|error| Error::at_path(path, "create the directories of a file", error))?;
                self.rename(source, &parent, last(components), length, held, path)?;
                (path.clone(), self.root.native_user(components))
            }
        };
        let (path, native_path) = placed;
        Ok(SavedFile { path, native_path, size: length, create_time: epoch_seconds(modified) })
    }

    /// The rename of [`Store::place`], with the quota checked against what is there at that moment.
    fn rename(
        &self,
        (from, from_name): (&Directory, &str),
        directory: &Directory,
        name: &str,
        length: u64,
        held: u64,
        path: &str,
    ) -> Result<(), Error> {
        let guard = self.root.lock_changes(&self.root.store)?;
        let mut quota = lock(&self.quota);
        let replaced =
            size_if_exists(directory, name).map_err(|error| Error::at_path(path, "look at a file", error))?;
        let used = measure(&self.root)?.saturating_sub(replaced).saturating_add(length);
        if !quota.allows(used) {
            return Err(Error::QuotaExceeded);
        }
        from.rename(from_name, directory, name).map_err(|error| Error::at_path(path, "save a file", error))?;
        quota.set_used(used);
        quota.release(held);
        drop(quota);
        drop(guard);
        if let Err(error) = directory.sync() {
            // The file is saved; only a power failure right now could undo it.
            self.log.write(Level::Warning, || format!("a saved file's directory was not flushed: {error}"));
        }
        Ok(())
    }

    /// The files in the store, oldest first.
    pub fn files(&self) -> Result<Vec<SavedFile>, Error> {
        let names = self.root.store.names().map_err(|error| Error::from_io("list the saved files", error))?;
        let mut files = Vec::new();
        for name in names {
            let Some(name) = name.to_str().ok().filter(|name| path::is_stored_name(name)) else { continue };
            match self.file(&path::virtual_path(name)) {
                Ok(file) => files.push(file),
                // Removed meanwhile, or not a file of ours.
                Err(Error::NotFound { .. } | Error::PermissionDenied { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        files.sort_unstable_by(|a, b| (a.create_time, &a.path).cmp(&(b.create_time, &b.path)));
        Ok(files)
    }

    /// One file of the store.
    pub fn file(&self, path: &str) -> Result<SavedFile, Error> {
        let name = stored_name(path)?;
        let metadata = self
            .root
            .store
            .open_file(&name)
            .and_then(|file| file.metadata())
            .map_err(|error| Error::at_path(path, "look at a saved file", error))?;
        let modified = metadata.modified().map_err(|error| Error::at_path(path, "look at a saved file", error))?;
        Ok(SavedFile {
            path: path.to_owned(),
            native_path: self.root.native_stored(&name),
            size: metadata.len(),
            create_time: epoch_seconds(modified),
        })
    }

    /// Removes one file of the store. What it used is found free when the room is needed.
    pub fn remove(&self, path: &str) -> Result<(), Error> {
        let name = stored_name(path)?;
        self.root.store.remove_file(&name).map_err(|error| Error::at_path(path, "remove a saved file", error))
    }
}

fn stored_name(path: &str) -> Result<String, Error> {
    match path::parse(path)? {
        VirtualPath::Stored(name) => Ok(name),
        VirtualPath::Temporary(_) | VirtualPath::User(_) => Err(Error::NotFound { path: path.to_owned() }),
    }
}

fn size_if_exists(directory: &Directory, name: &str) -> io::Result<u64> {
    match directory.open_file(name) {
        Ok(file) => Ok(file.metadata()?.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn measure(root: &Root) -> Result<u64, Error> {
    root.measure_saved().map_err(|error| Error::from_io("measure the saved files", error))
}

fn last(components: &[String]) -> &str {
    components.last().map_or("", String::as_str)
}

fn epoch_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
