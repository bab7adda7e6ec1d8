//! The files of a mini program: what its `wxfile://` paths mean, and how files come to be, are saved and go.
//!
//! Each mini program (app id + user) has one root below the data directory, and one launch of it one [`Storage`]:
//!
//! ```text
//! locks/app-<app id>/user-<user id>/  empty; locked for as long as a session is open
//! app-<app id>/user-<user id>/        locked, too
//!     launches/<hex>/                 one launch's temporary files; locked for as long as it lives. What it leaves is moved
//!                                     to the next launch's, if temporary files are kept
//!         <hex>.part                  a file being written
//!         <hex>                       a directory being removed
//!         tmp_<hex>.<ext>             wxfile://tmp_<hex>.<ext>
//!     partials/<hex>.part             what a download wrote that broke off, if it is kept; locked while it is written
//!     partials/<hex>                  its journal (`partials.rs`)
//!     store/store_<hex>.<ext>         wxfile://store_<hex>.<ext>; locked while a file is added here or below usr
//!     usr/…                           wxfile://usr/…
//!     usage                           what they use of the quota, for the other processes of shared sessions (`usage.rs`)
//! ```
//!
//! A file is complete before it has one of these names, and gets it in one rename, so that a crash at any moment leaves
//! each file whole or absent. What is used of a quota is what the directories hold, counted when they are opened.
//!
//! A cleaner may remove any of the directories while a session is open, or put a file or a link in its place. They are made anew,
//! and locked again, when the session next uses them; what has their place is removed, and a link is not followed. Another process
//! can come first only if both locked directories are gone, or the data directory is: the session then fails with
//! [`Error::Locked`]. No two sessions of one process ever come to have exclusive files in common (`registry.rs`).
//!
//! Whatever waits, copies, counts, walks or removes does so with the worker that it is given. No mutex is held while the
//! system is asked for anything that can take time.

mod change_lock;
mod contents;
mod crc64;
mod digest;
mod directory;
mod entry;
mod error;
mod file;
mod import;
mod names;
mod notes;
mod part;
mod partials;
mod path;
mod pipe;
mod quota;
mod registry;
mod retention;
mod root;
mod scheme;
mod shared_root;
mod source;
mod stat;
mod store;
mod temporary;
mod turns;
mod usage;
mod walk;

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::terms::extension;
use crate::terms::log::Log;
use crate::worker::{StopSignal, Worker};

use part::Area;
use path::VirtualPath;
use quota::cost;
use root::Root;
use store::{Destination, Store, Unsaved};
use temporary::Launch;

pub use contents::WriteMode;
pub use digest::{Digest, hexadecimal};
pub use entry::EntryKind;
pub use error::Error;
pub use file::StoredFile;
pub use import::ImportMode;
pub use part::PartFile;
#[cfg(feature = "fuzzing")]
pub use path::{VirtualPath as ParsedPath, parse as parse_path};
pub use scheme::PathScheme;
pub use source::SourceFile;
pub use stat::FileStat;

/// Whether other sessions may use the same files at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// One session at a time: a second one fails with [`Error::Locked`].
    Exclusive,
    /// Any number of sessions, of this process or others, as long as all of them are shared. Saved files are common to
    /// all, temporary ones belong to one session.
    Shared,
}

/// What a [`Storage`] is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The host's directory for all mini programs; an absolute path. It is created where it is missing.
    pub data_directory: PathBuf,
    /// The mini program's app id; not empty.
    pub app_id: String,
    /// The user's id; may be empty.
    pub user_id: String,
    /// The most bytes that saved files and those under `wxfile://usr` may hold together.
    pub storage_quota: u64,
    /// The scheme of all paths that are given and taken.
    pub path_scheme: PathScheme,
    /// The most bytes of temporary files that stay when the launch ends, for the next one; the oldest go first. 0 keeps none.
    pub temporary_retention: u64,
    /// The most bytes that the temporary files of one launch may hold. Where a new one would exceed it, the oldest complete
    /// ones are removed to make room; a file that does not fit beside those being written fails.
    pub temporary_quota: u64,
    /// Whether other sessions may use the same files at the same time.
    pub sharing: Sharing,
    /// Whether [`Storage::open_source`] accepts native absolute paths. They may name any file that the app can read.
    pub allow_native_paths: bool,
    /// Where evicted and left-over files are reported.
    pub log: Log,
}

/// The files of one launch of one mini program. Every function may be called from any thread.
#[derive(Debug)]
pub struct Storage {
    root: Arc<Root>,
    launch: Arc<Launch>,
    store: Arc<Store>,
    allow_native_paths: bool,
    log: Log,
}

impl Storage {
    /// Opens a mini program's files for one launch, creates their directories where they are missing and removes what
    /// crashed launches left. It does not wait for other processes.
    ///
    /// Fails with [`Error::Locked`] (see [`Sharing`]), [`Error::InvalidIdentity`], [`Error::InvalidDataDirectory`],
    /// [`Error::PermissionDenied`] where a directory of the tree is not one, [`Error::OutOfResources`], [`Error::DiskFull`] or
    /// [`Error::Io`].
    pub fn open(options: Options) -> Result<Storage, Error> {
        let Options { data_directory, app_id, user_id, sharing, log, .. } = options;
        let worker = unstoppable_worker();
        let root = Arc::new(Root::open(
            &data_directory,
            &app_id,
            &user_id,
            sharing,
            options.path_scheme,
            log.clone(),
            &worker,
        )?);
        let store = Store::open(root.clone(), options.storage_quota, &worker)?;
        let launch =
            Launch::begin(root.clone(), options.temporary_quota, options.temporary_retention, log.clone(), &worker)?;
        Ok(Storage {
            root,
            launch: Arc::new(launch),
            store: Arc::new(store),
            allow_native_paths: options.allow_native_paths,
            log,
        })
    }

    /// Opens a regular file for reading, without ever waiting for another process: `wxfile://…`, or a native absolute
    /// path where [`Options::allow_native_paths`] says so.
    ///
    /// Fails with [`Error::NotFound`]; [`Error::PermissionDenied`] for everything that is not a regular file of this
    /// mini program; [`Error::OutOfResources`] or [`Error::Io`].
    pub fn open_source(&self, worker: &Worker, path: &str) -> Result<SourceFile, Error> {
        if path.starts_with('/') && self.allow_native_paths {
            let native = Path::new(path);
            let file = directory::open_native_file(native).map_err(|error| at_path(path, error))?;
            let name = native.file_name().map(|name| name.to_string_lossy().into_owned());
            return SourceFile::from_file(file, name.unwrap_or_default());
        }
        let file = self.open_file(worker, path, &self.parse(path)?)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        SourceFile::from_file(file, name.to_owned())
    }

    /// Starts a file that will be `wxfile://tmp_<hex>.<ext>`.
    ///
    /// Fails with [`Error::QuotaExceeded`], [`Error::Closed`], [`Error::Locked`] where the directories were removed and
    /// another process has made them its own, [`Error::Stopped`], [`Error::OutOfResources`], [`Error::DiskFull`] or
    /// [`Error::Io`]; so does everything that writes.
    pub fn create_temporary(&self, worker: &Worker) -> Result<PartFile, Error> {
        PartFile::create(worker, self.launch.clone(), Area::Temporary, self.log.clone())
    }

    /// Starts a file that will be, or replace, the `wxfile://usr/…` file `path`.
    ///
    /// Fails with [`Error::NotFound`] where its directory is missing; [`Error::PermissionDenied`] where the path is not under
    /// `wxfile://usr/` or a link has its name; [`Error::IsADirectory`], [`Error::NotADirectory`]; or as [`Storage::create_temporary`] does.
    pub fn create_target(&self, worker: &Worker, path: &str) -> Result<PartFile, Error> {
        PartFile::create(worker, self.launch.clone(), self.target_area(worker, path)?, self.log.clone())
    }

    /// Takes the file that was [kept](PartFile::keep_as) under `key`, to go on with it, and the note that was made of it. It will be
    /// where `target` says, or a temporary file. `None` if there is none, or another task writes it.
    ///
    /// Fails as [`Storage::create_target`] does.
    pub fn take_partial(
        &self,
        worker: &Worker,
        key: &str,
        target: Option<&str>,
    ) -> Result<Option<(PartFile, String)>, Error> {
        let area = match target {
            Some(path) => self.target_area(worker, path)?,
            None => Area::Temporary,
        };
        PartFile::take(worker, self.launch.clone(), area, key, self.log.clone())
    }

    /// Removes the files that were kept, but those that a task writes.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn discard_partials(&self, worker: &Worker) -> Result<(), Error> {
        self.launch.discard_partials(worker)
    }

    /// Moves the temporary file `temporary` to the store, or to the `wxfile://usr/…` file `target`, which it replaces.
    /// The temporary path is invalid afterwards. On failure it stays as it was.
    ///
    /// Fails with [`Error::TemporaryFileNotExist`]; [`Error::QuotaExceeded`], [`Error::Locked`] where another process holds the
    /// store for seconds, or as [`Storage::create_target`] does.
    pub fn save_file(&self, worker: &Worker, temporary: &str, target: Option<&str>) -> Result<StoredFile, Error> {
        let missing = || Error::TemporaryFileNotExist { path: temporary.to_owned() };
        let parsed = self.parse(temporary).map_err(|error| not_found_as(error, missing))?;
        let VirtualPath::Temporary(name) = &parsed else { return Err(missing()) };
        let opened = self.launch.open_file(name).map_err(|error| at_path(temporary, error));
        let (directory, file) = opened.map_err(|error| not_found_as(error, missing))?;
        let length = file.metadata().map_err(|error| at_path(temporary, error))?.len();
        let (destination, replaced) = match target {
            Some(target) => self.target(worker, target)?,
            None => (Destination::Stored { extension: path::extension_of(name).map(str::to_owned) }, 0),
        };

        let held = cost(length).saturating_sub(replaced);
        self.store.hold(worker, held)?;
        let unsaved = Unsaved { file: &file, directory: &directory.directory, name, length, held };
        match self.store.place(worker, &unsaved, &destination, || worker.check()) {
            Ok(saved) => {
                self.launch.forget(name);
                Ok(saved)
            }
            Err(error) => {
                self.store.release(held);
                match directory.directory.look(name.as_str()) {
                    // It is the target's directory that is missing.
                    Ok(_) => Err(error),
                    // Saved or evicted by another thread in between.
                    Err(_) => Err(not_found_as(error, missing)),
                }
            }
        }
    }

    /// The files in the store, oldest first; not those under `wxfile://usr`.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn saved_files(&self, worker: &Worker) -> Result<Vec<StoredFile>, Error> {
        self.store.files(worker)
    }

    /// One file of the store.
    ///
    /// Fails with [`Error::NotFound`], also for a good path that is not of the store; [`Error::PermissionDenied`],
    /// [`Error::OutOfResources`] or [`Error::Io`].
    pub fn saved_file(&self, worker: &Worker, path: &str) -> Result<StoredFile, Error> {
        self.store.file(worker, path)
    }

    /// Removes one file of the store. Whoever has it open can read it to its end.
    ///
    /// Fails as [`Storage::saved_file`] does.
    pub fn remove_saved_file(&self, worker: &Worker, path: &str) -> Result<(), Error> {
        self.store.remove(worker, path)
    }

    /// Makes a temporary file of a file that the host owns. Its extension is that of `path`.
    ///
    /// Fails with [`Error::NotFound`], [`Error::PermissionDenied`] where `path` is not absolute or no readable regular
    /// file, or a link that is to be moved; or as [`Storage::create_temporary`] does. The host's file is untouched then,
    /// unless the session was closed while it was moved: then it is gone as every temporary file.
    pub fn import_path(&self, worker: &Worker, path: &str, mode: ImportMode) -> Result<StoredFile, Error> {
        import::path(worker, self.launch.clone(), path, mode, &self.log)
    }

    /// Makes a temporary file of what an open regular file, from its current offset, or a pipe holds: `length` bytes,
    /// or all up to its end. The extension is that of `name`. Waits for the other end of a pipe.
    ///
    /// Fails with [`Error::InvalidDescriptor`], also where there are fewer than `length` bytes; or as
    /// [`Storage::create_temporary`] does.
    pub fn import_descriptor(
        &self,
        worker: &Worker,
        descriptor: OwnedFd,
        length: Option<u64>,
        name: Option<&str>,
    ) -> Result<StoredFile, Error> {
        import::descriptor(worker, self.launch.clone(), descriptor, length, name, &self.log)
    }

    /// Makes a temporary file of bytes. The extension is that of `name`.
    ///
    /// Fails as [`Storage::create_temporary`] does.
    pub fn import_data(&self, worker: &Worker, bytes: &[u8], name: Option<&str>) -> Result<StoredFile, Error> {
        import::data(worker, self.launch.clone(), bytes, name, &self.log)
    }

    /// An existing `wxfile://…` file or directory, for the host to use by its native path. The time is not asked for.
    ///
    /// Fails with [`Error::NotFound`], [`Error::PermissionDenied`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn resolve(&self, worker: &Worker, path: &str) -> Result<StoredFile, Error> {
        let parsed = self.parse(path)?;
        // Looked at only to refuse what may not be named; a native path is resolved anew by whoever uses it.
        let length = match &parsed {
            VirtualPath::User(components) if self.opens_as_directory(worker, components)? => 0,
            _ => {
                let metadata = self.open_file(worker, path, &parsed)?.metadata();
                metadata.map_err(|error| at_path(path, error))?.len()
            }
        };
        let native_path = self.root.native_path(self.launch.last_directory().name(), &parsed);
        Ok(StoredFile { path: path.to_owned(), native_path, length, create_time: None })
    }

    /// Removes this launch's temporary files but those that [`Options::temporary_retention`] keeps, also those still being
    /// written, and lets other sessions have the rest.
    /// What is open for reading can be read to its end. Does nothing the second time; dropping does the same. No other call
    /// may be running: one that is would leave a temporary file for the next launch to remove.
    pub fn close(&self) {
        self.launch.end(&unstoppable_worker());
        self.root.leave();
    }

    fn parse(&self, path: &str) -> Result<VirtualPath, Error> {
        path::parse(&self.root.scheme, path)
    }

    fn open_file(&self, worker: &Worker, path: &str, parsed: &VirtualPath) -> Result<File, Error> {
        let opened = match parsed {
            VirtualPath::Temporary(name) => self.launch.open_file(name).map(|(_, file)| file),
            VirtualPath::Stored(name) => self.root.tree(worker)?.store.open_file(name),
            VirtualPath::User(components) => match components.last() {
                Some(name) if !path::is_of_directory(path) => {
                    let tree = self.root.tree(worker)?;
                    tree.open_user_parent(components).and_then(|parent| parent.open_file(name))
                }
                _ => return Err(Error::denied(path)),
            },
        };
        opened.map_err(|error| at_path(path, error))
    }

    fn opens_as_directory(&self, worker: &Worker, components: &[String]) -> Result<bool, Error> {
        let tree = self.root.tree(worker)?;
        Ok(match components.last() {
            Some(name) => tree.open_user_parent(components).and_then(|parent| parent.open(name.as_str())).is_ok(),
            None => true,
        })
    }

    fn target_area(&self, worker: &Worker, path: &str) -> Result<Area, Error> {
        let (destination, replaced) = self.target(worker, path)?;
        Ok(Area::Target { store: self.store.clone(), destination, replaced })
    }

    /// The place that a `wxfile://usr/…` path names, and what the file costs that is there now.
    fn target(&self, worker: &Worker, path: &str) -> Result<(Destination, u64), Error> {
        let components = path::parse_target(&self.root.scheme, path)?;
        let replaced = self.store.replaced_cost(worker, path, &components)?;
        Ok((Destination::User { path: path.to_owned(), components, successor_of: None }, replaced))
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.close();
    }
}

fn at_path(path: &str, error: io::Error) -> Error {
    Error::at_path(path, "open a file", error)
}

/// `error`, or `other` where it says that nothing is there.
fn not_found_as(error: Error, other: impl FnOnce() -> Error) -> Error {
    match error {
        Error::NotFound { .. } => other(),
        error => error,
    }
}

/// Of what must be done to its end: opening and closing.
fn unstoppable_worker() -> Worker {
    Worker::for_call(Arc::new(StopSignal::new()))
}

#[cfg(test)]
mod tests;
