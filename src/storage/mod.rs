//! The files of a mini program: the meaning of `wxfile://` paths, and how files are created, saved and deleted.
//!
//! Each mini program (app id + user) has one root below the data directory. Each launch of it has one [`Storage`]:
//!
//! ```text
//! locks/app-<app id>/user-<user id>/  empty; locked while a session is open
//! app-<app id>/user-<user id>/        locked, too
//!     launches/<hex>/                 one launch's temporary files; locked while it lives
//!         <hex>.part                  a file being written
//!         <hex>                       a directory being removed
//!         tmp_<hex>.<ext>             wxfile://tmp_<hex>.<ext>
//!     launches/<hex>.keep-<bytes>/    temporary files of a launch that has ended. The next launch may take over at
//!                                     most this many bytes. With 0, the directory is being removed (`retention.rs`)
//!     partials/<hex>.part             the partial file of an interrupted download, if kept; locked while it is written
//!     partials/<hex>                  its journal (`partials.rs`)
//!     store/store_<hex>.<ext>         wxfile://store_<hex>.<ext>; locked while a file is added here or below usr
//!     usr/…                           wxfile://usr/…
//!     usage                           the cost of saved files, for other processes with shared sessions (`usage.rs`)
//! ```
//!
//! A file is complete before it gets one of these names, with one rename, so that after a crash at any moment each file
//! is whole or absent. The usage of a quota is the content of the directories, counted when they are opened.
//!
//! A cleaner may delete any of the directories while a session is open, or replace one by a file or symbolic link. The
//! session then creates and locks them again at its next use. It deletes what is in their place, without following a
//! link. Another process can take the files only if both locked directories, or the data directory, are gone. The
//! session then fails with [`Error::Locked`]. Two sessions of one process never share exclusive files (`registry.rs`).
//!
//! Everything that waits, copies, counts, walks or deletes uses the worker that is passed to it. No mutex is held
//! during system calls that can take time.

mod by_age;
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
mod pauses;
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
use std::time::{Duration, Instant};

use crate::terms::extension;
use crate::terms::log::{Level, Log};
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
#[non_exhaustive]
pub enum Sharing {
    /// One session at a time. Opening a second one fails.
    Exclusive,
    /// Any number of sessions in this and other processes, if all of them are shared. They share the saved files. Each
    /// has its own temporary files.
    Shared,
}

/// How long opening deletes temporary files of earlier launches: enough for some hundred, as a killed process leaves
/// them. A page decides how many there are, and must not delay the next launch.
const OPENING_TIME: Duration = Duration::from_millis(10);

/// How long closing deletes temporary files: enough for some thousand, which is more than most launches have. What is
/// left takes space until the next launch.
const CLOSING_TIME: Duration = Duration::from_millis(100);

/// The options of a [`Storage`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The host's directory for all mini programs, as an absolute path. Created if missing.
    pub data_directory: PathBuf,
    /// The mini program's app id. Must not be empty.
    pub app_id: String,
    /// The user's id. May be empty.
    pub user_id: String,
    /// The quota in bytes for saved files and those under `wxfile://usr` together.
    pub storage_quota: u64,
    /// The scheme of all paths.
    pub path_scheme: PathScheme,
    /// The number of bytes of temporary files to keep for the next launch. The oldest are deleted first. 0 keeps none.
    pub temporary_retention: u64,
    /// The quota in bytes for the temporary files of one launch. To make space for a new file, the oldest complete ones
    /// are deleted. A file that does not fit next to those being written fails.
    pub temporary_quota: u64,
    /// Whether other sessions may use the same files at the same time.
    pub sharing: Sharing,
    /// Whether [`Storage::open_source`] accepts native absolute paths. They may name any file that the app can read.
    pub allow_native_paths: bool,
    /// Receives messages about evicted and left-over files.
    pub log: Log,
}

/// The files of one launch of one mini program. Every function may be called from any thread.
#[derive(Debug)]
pub struct Storage {
    root: Arc<Root>,
    launch: Arc<Launch>,
    store: Arc<Store>,
    /// The opening has not removed all files of earlier launches.
    has_leftovers: bool,
    allow_native_paths: bool,
    log: Log,
}

impl Storage {
    /// Opens a mini program's files for one launch, creates missing directories and deletes what earlier launches left,
    /// for at most [`OPENING_TIME`]; see [`Storage::has_leftovers`]. Does not wait for other processes.
    ///
    /// Fails with [`Error::Locked`] (see [`Sharing`]), [`Error::InvalidIdentity`], [`Error::InvalidDataDirectory`],
    /// [`Error::OutOfResources`], [`Error::DiskFull`] or [`Error::Io`], also if something else is in the place of a
    /// directory of the tree.
    pub fn open(options: Options) -> Result<Storage, Error> {
        let Options { data_directory, app_id, user_id, sharing, .. } = options;
        let log = notes::deferred(options.log);
        let worker = unstoppable_worker();
        let (root, tree) =
            Root::open(&data_directory, &app_id, &user_id, sharing, options.path_scheme, log.clone(), &worker)?;
        let root = Arc::new(root);
        let store = Store::open(root.clone(), &tree, options.storage_quota, &worker)?;
        let (quota, retention) = (options.temporary_quota, options.temporary_retention);
        let (launch, has_leftovers) = Launch::begin(root.clone(), tree, quota, retention, log.clone(), &worker)?;
        let mut storage = Storage {
            root,
            launch: Arc::new(launch),
            store: Arc::new(store),
            has_leftovers,
            allow_native_paths: options.allow_native_paths,
            log,
        };
        if has_leftovers {
            storage.has_leftovers = !storage.remove_leftovers(&worker_until(Instant::now() + OPENING_TIME));
        }
        Ok(storage)
    }

    /// Whether files of earlier launches were too many for the opening to delete.
    pub fn has_leftovers(&self) -> bool {
        self.has_leftovers
    }

    /// Deletes what earlier launches left. No path leads there, so any other call may run meanwhile. Returns `false` if
    /// the worker was stopped before the end. What cannot be deleted is only logged.
    pub fn remove_leftovers(&self, worker: &Worker) -> bool {
        match self.launch.remove_leftovers(worker) {
            Ok(()) => true,
            Err(Error::Stopped(_)) => false,
            Err(error) => {
                let left = || format!("the temporary files of an earlier launch were not removed: {error}");
                self.log.write(Level::Warning, left);
                true
            }
        }
    }

    /// Opens a regular file for reading, without waiting for another process: `wxfile://…`, or a native absolute path
    /// if [`Options::allow_native_paths`] is set.
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

    /// Creates the file that will become `wxfile://tmp_<hex>.<ext>`.
    ///
    /// Fails with [`Error::QuotaExceeded`], [`Error::Closed`], [`Error::Locked`] if the directories were deleted and
    /// another process has taken them, [`Error::Stopped`], [`Error::OutOfResources`], [`Error::DiskFull`] or
    /// [`Error::Io`]. All functions that write can fail with these.
    pub fn create_temporary(&self, worker: &Worker) -> Result<PartFile, Error> {
        PartFile::create(worker, self.launch.clone(), Area::Temporary, self.log.clone())
    }

    /// Creates the file that will become, or replace, the `wxfile://usr/…` file `path`.
    ///
    /// Fails with [`Error::NotFound`] if its directory does not exist; [`Error::PermissionDenied`] if the path is not
    /// under `wxfile://usr/` or names a symbolic link; [`Error::IsADirectory`], [`Error::NotADirectory`]; or as
    /// [`Storage::create_temporary`].
    pub fn create_target(&self, worker: &Worker, path: &str) -> Result<PartFile, Error> {
        PartFile::create(worker, self.launch.clone(), self.target_area(worker, path)?, self.log.clone())
    }

    /// Opens the partial file that was [kept](PartFile::keep_as) under `key`, to continue it, and returns it with its
    /// note. It will become `target`, or a temporary file. `None` if there is none, or another task is writing it.
    ///
    /// Fails as [`Storage::create_target`].
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

    /// The number of discards so far, for [`PartFile::keep_as`]. Read it when the task begins.
    pub fn discards(&self) -> u64 {
        self.launch.discards()
    }

    /// Deletes the kept partial files. Those that a task of this process is writing are not kept any more.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn discard_partials(&self, worker: &Worker) -> Result<(), Error> {
        self.launch.discard_partials(worker)
    }

    /// Moves the temporary file `temporary` to the store, or to the `wxfile://usr/…` file `target`, which it replaces.
    /// The temporary path is invalid afterwards. On failure the temporary file stays.
    ///
    /// Fails with [`Error::TemporaryFileNotExist`]; [`Error::QuotaExceeded`], [`Error::Locked`] if another process
    /// holds the change lock for seconds, or as [`Storage::create_target`].
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
        match self.store.place(worker, &unsaved, &destination, &|| worker.check()) {
            Ok(saved) => {
                self.launch.forget(name);
                Ok(saved)
            }
            Err(error) => {
                self.store.release(held);
                match directory.directory.look(name.as_str()) {
                    // The temporary file exists, so the target's directory is missing.
                    Ok(_) => Err(error),
                    // Another thread has saved or evicted the file meanwhile.
                    Err(_) => Err(not_found_as(error, missing)),
                }
            }
        }
    }

    /// The files in the store, oldest first, without those under `wxfile://usr`.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn saved_files(&self, worker: &Worker) -> Result<Vec<StoredFile>, Error> {
        self.store.files(worker)
    }

    /// One file of the store.
    ///
    /// Fails with [`Error::NotFound`], also for a valid path outside the store; [`Error::PermissionDenied`],
    /// [`Error::OutOfResources`] or [`Error::Io`].
    pub fn saved_file(&self, worker: &Worker, path: &str) -> Result<StoredFile, Error> {
        self.store.file(worker, path)
    }

    /// Deletes one file of the store. A reader that has it open can still read it to its end.
    ///
    /// Fails as [`Storage::saved_file`].
    pub fn remove_saved_file(&self, worker: &Worker, path: &str) -> Result<(), Error> {
        self.store.remove(worker, path)
    }

    /// Makes a temporary file from a native file. Its extension is that of `path`.
    ///
    /// Fails with [`Error::NotFound`], [`Error::PermissionDenied`] if `path` is not absolute, is not a readable regular
    /// file, or is a symbolic link to be moved; or as [`Storage::create_temporary`]. The host's file is then in its
    /// place and unchanged.
    pub fn import_path(&self, worker: &Worker, path: &str, mode: ImportMode) -> Result<StoredFile, Error> {
        import::path(worker, self.launch.clone(), path, mode, &self.log)
    }

    /// Makes a temporary file from the content of an open regular file, from its current offset, or of a pipe: `length`
    /// bytes, or all up to its end. The extension is that of `name`. Waits for the writer of a pipe.
    ///
    /// Fails with [`Error::InvalidDescriptor`], also if there are fewer than `length` bytes; or as
    /// [`Storage::create_temporary`].
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

    /// An existing `wxfile://…` file or directory, for the host to use by its native path. `create_time` is `None`.
    ///
    /// Fails with [`Error::NotFound`], [`Error::PermissionDenied`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn resolve(&self, worker: &Worker, path: &str) -> Result<StoredFile, Error> {
        let parsed = self.parse(path)?;
        // Opened only to reject paths that must not be used. The user of the native path resolves it again.
        let length = match &parsed {
            VirtualPath::User(components) if self.opens_as_directory(worker, path, components)? => 0,
            _ => {
                let metadata = self.open_file(worker, path, &parsed)?.metadata();
                metadata.map_err(|error| at_path(path, error))?.len()
            }
        };
        let native_path = self.root.native_path(self.launch.last_directory().name(), &parsed);
        Ok(StoredFile { path: path.to_owned(), native_path, length, create_time: None })
    }

    /// Deletes this launch's temporary files except those that [`Options::temporary_retention`] keeps, including those
    /// being written, and lets other sessions use the rest. What cannot be deleted within [`CLOSING_TIME`] is deleted
    /// by the next launch, whatever its retention is. Readers that have a file open can read it to its end. Has no
    /// effect the second time. Dropping does the same. No other call may be running: it could leave a temporary file
    /// for the next launch to delete.
    pub fn close(&self) {
        self.close_until(Instant::now() + CLOSING_TIME);
    }

    fn close_until(&self, limit: Instant) {
        self.launch.end(&worker_until(limit));
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

    fn opens_as_directory(&self, worker: &Worker, path: &str, components: &[String]) -> Result<bool, Error> {
        let tree = self.root.tree(worker)?;
        let Some(name) = components.last() else { return Ok(true) };
        match tree.open_user_parent(components).and_then(|parent| parent.open(name.as_str())) {
            Ok(_) => Ok(true),
            Err(error) => match at_path(path, error) {
                shortage @ Error::OutOfResources { .. } => Err(shortage),
                // Opening it as a file tells what it is.
                _ => Ok(false),
            },
        }
    }

    fn target_area(&self, worker: &Worker, path: &str) -> Result<Area, Error> {
        let (destination, replaced) = self.target(worker, path)?;
        Ok(Area::Target { store: self.store.clone(), destination, replaced })
    }

    /// The destination that a `wxfile://usr/…` path names, and the cost of the existing file there.
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

/// Returns `other` if `error` is `NotFound`, otherwise `error`.
fn not_found_as(error: Error, other: impl FnOnce() -> Error) -> Error {
    match error {
        Error::NotFound { .. } => other(),
        error => error,
    }
}

/// For work that must run to its end: opening.
fn unstoppable_worker() -> Worker {
    Worker::for_call(Arc::new(StopSignal::new()))
}

/// For work that stops at a time.
fn worker_until(limit: Instant) -> Worker {
    let stop = StopSignal::new();
    stop.set_deadline(limit);
    Worker::for_call(Arc::new(stop))
}

#[cfg(test)]
mod tests;
