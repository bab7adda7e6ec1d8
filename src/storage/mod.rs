//! The files of a mini program: what its `wxfile://` paths mean, and how files come to be, are saved and go.
//!
//! Each mini program (app id + user) has one root below the data directory, and one launch of it one [`Storage`]:
//!
//! ```text
//! app-<app id>/user-<user id>/        locked for as long as a session is open
//!     launches/<hex>/                 one launch's temporary files; locked for as long as it lives
//!         <hex>.part                  a file being written
//!         tmp_<hex>.<ext>             wxfile://tmp_<hex>.<ext>
//!     store/store_<hex>.<ext>         wxfile://store_<hex>.<ext>
//!     usr/…                           wxfile://usr/…
//! ```
//!
//! A file is complete before it has one of these names, and gets it in one rename, so that a crash at any moment leaves
//! each file whole or absent. Nothing is recorded elsewhere: what is used of a quota is what the directories hold.

mod error;
mod extension;
mod import;
mod part;
mod source;
mod store;

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::log::Log;

pub use error::Error;
pub use extension::extension;
pub use import::ImportMode;
pub use part::PartFile;
pub use source::Source;
pub use store::SavedFile;

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
    /// The most bytes that the temporary files of one launch may hold.
    pub temporary_quota: u64,
    /// Whether other sessions may use the same files at the same time.
    pub sharing: Sharing,
    /// Whether [`Storage::open_source`] accepts native absolute paths. They may name any file that the app can read.
    pub allow_native_paths: bool,
    /// Where evicted and left-over files are reported.
    pub log: Log,
}

/// A complete file that a mini program can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The `wxfile://` path.
    pub path: String,
    /// The same file for the host. Not to be kept: iOS moves an app's directory between launches of the app.
    pub native_path: PathBuf,
    /// Its size in bytes.
    pub length: u64,
}

/// The files of one launch of one mini program. Every function may be called from any thread.
#[derive(Debug)]
pub struct Storage {}

impl Storage {
    /// Opens a mini program's files for one launch, creates their directories where they are missing and removes what
    /// crashed launches left.
    ///
    /// Fails with [`Error::Locked`] (see [`Sharing`]), [`Error::InvalidIdentity`], [`Error::InvalidDataDirectory`],
    /// [`Error::PermissionDenied`] where a directory of the tree is not one, [`Error::DiskFull`] or [`Error::Io`].
    pub fn open(_options: Options) -> Result<Storage, Error> {
        unimplemented!()
    }

    /// Opens a regular file for reading, without ever waiting for another process: `wxfile://…`, or a native absolute
    /// path where [`Options::allow_native_paths`] says so.
    ///
    /// Fails with [`Error::NotFound`]; [`Error::PermissionDenied`] for everything that is not a regular file of this
    /// mini program; [`Error::Io`].
    pub fn open_source(&self, _path: &str) -> Result<Source, Error> {
        unimplemented!()
    }

    /// Takes an open regular file, from its current offset, or a pipe of known length as something to read. `length`
    /// may shorten a regular file; `name` is its base name, where it has one.
    ///
    /// Fails with [`Error::InvalidDescriptor`] or [`Error::Io`].
    pub fn source_from_descriptor(
        &self,
        _descriptor: OwnedFd,
        _length: Option<u64>,
        _name: Option<String>,
    ) -> Result<Source, Error> {
        unimplemented!()
    }

    /// Starts a file that will be `wxfile://tmp_<hex>.<ext>`.
    ///
    /// Fails with [`Error::Closed`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn create_temporary(&self) -> Result<PartFile, Error> {
        unimplemented!()
    }

    /// Starts a file that will be, or replace, the `wxfile://usr/…` file `path`. Missing directories on the way are
    /// made when it is finished.
    ///
    /// Fails with [`Error::PermissionDenied`] where the path is not under `wxfile://usr/` or something that is not a
    /// regular file has its name; [`Error::Closed`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn create_target(&self, _path: &str) -> Result<PartFile, Error> {
        unimplemented!()
    }

    /// Moves the temporary file `temporary` to the store, or to the `wxfile://usr/…` file `target`, which it replaces.
    /// The temporary path is invalid afterwards. On failure it stays as it was.
    ///
    /// Fails with [`Error::TemporaryFileNotExist`], [`Error::PermissionDenied`], [`Error::QuotaExceeded`],
    /// [`Error::Locked`] where another process holds the store for seconds, [`Error::Closed`], [`Error::DiskFull`] or
    /// [`Error::Io`].
    pub fn save_file(&self, _temporary: &str, _target: Option<&str>) -> Result<SavedFile, Error> {
        unimplemented!()
    }

    /// The files in the store, oldest first; not those under `wxfile://usr`.
    ///
    /// Fails with [`Error::Io`].
    pub fn saved_files(&self) -> Result<Vec<SavedFile>, Error> {
        unimplemented!()
    }

    /// One file of the store.
    ///
    /// Fails with [`Error::NotFound`], also for a good path that is not of the store; [`Error::PermissionDenied`] or
    /// [`Error::Io`].
    pub fn saved_file(&self, _path: &str) -> Result<SavedFile, Error> {
        unimplemented!()
    }

    /// Removes one file of the store. Whoever has it open can read it to its end.
    ///
    /// Fails as [`Storage::saved_file`] does.
    pub fn remove_saved_file(&self, _path: &str) -> Result<(), Error> {
        unimplemented!()
    }

    /// Makes a temporary file of a file that the host owns. Its extension is that of `path`.
    ///
    /// Fails with [`Error::NotFound`], [`Error::PermissionDenied`] where `path` is not absolute or no readable regular
    /// file, [`Error::QuotaExceeded`], [`Error::DiskFull`], [`Error::Closed`] or [`Error::Io`]. The host's file is
    /// untouched then.
    pub fn import_path(&self, _path: &str, _mode: ImportMode) -> Result<StoredFile, Error> {
        unimplemented!()
    }

    /// Makes a temporary file of what an open regular file, from its current offset, or a pipe holds: `length` bytes,
    /// or all up to its end. The extension is that of `name`. Waits for as long as the other end of a pipe does.
    ///
    /// Fails with [`Error::InvalidDescriptor`], also where there are fewer than `length` bytes;
    /// [`Error::QuotaExceeded`], [`Error::DiskFull`], [`Error::Closed`] or [`Error::Io`].
    pub fn import_descriptor(
        &self,
        _descriptor: OwnedFd,
        _length: Option<u64>,
        _name: Option<&str>,
    ) -> Result<StoredFile, Error> {
        unimplemented!()
    }

    /// The native path of an existing `wxfile://…` file or directory, for the host.
    ///
    /// Fails with [`Error::NotFound`], [`Error::PermissionDenied`] or [`Error::Io`].
    pub fn resolve(&self, _path: &str) -> Result<PathBuf, Error> {
        unimplemented!()
    }

    /// Removes this launch's temporary files, also those still being written, and lets other sessions have the rest.
    /// What is open for reading can be read to its end. Does nothing the second time; dropping does the same.
    pub fn close(&self) {}
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.close();
    }
}
