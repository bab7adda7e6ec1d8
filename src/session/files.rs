//! File calls of a page and of the host.

use std::os::fd::OwnedFd;

use super::Admission;
use super::file_failure::{of_file_call, of_writing};
use crate::storage::{self, FileStat, ImportMode, Storage, StoredFile, WriteMode};
use crate::terms::{DigestAlgorithm, TransferError};
use crate::worker::Worker;

impl Admission<'_> {
    /// `wx.saveFile`: moves a temporary file to the store, or to a `wxfile://usr/` path.
    pub fn save_file(&self, temporary: &str, target: Option<&str>) -> Result<StoredFile, TransferError> {
        let target = target.filter(|target| !target.is_empty());
        self.storage().save_file(&self.worker(), temporary, target).map_err(of_file_call)
    }

    /// `wx.getSavedFileList`: oldest first.
    pub fn saved_files(&self) -> Result<Vec<StoredFile>, TransferError> {
        self.storage().saved_files(&self.worker()).map_err(of_file_call)
    }

    /// `wx.getSavedFileInfo`.
    pub fn saved_file(&self, path: &str) -> Result<StoredFile, TransferError> {
        self.storage().saved_file(&self.worker(), path).map_err(of_file_call)
    }

    /// `wx.removeSavedFile`.
    pub fn remove_saved_file(&self, path: &str) -> Result<(), TransferError> {
        self.storage().remove_saved_file(&self.worker(), path).map_err(of_file_call)
    }

    /// Makes a temporary file from a native file.
    pub fn import_path(&self, path: &str, mode: ImportMode) -> Result<StoredFile, TransferError> {
        self.storage().import_path(&self.worker(), path, mode).map_err(of_file_call)
    }

    /// Makes a temporary file from an open file or pipe.
    pub fn import_descriptor(
        &self,
        descriptor: OwnedFd,
        length: Option<u64>,
        name: Option<&str>,
    ) -> Result<StoredFile, TransferError> {
        self.storage().import_descriptor(&self.worker(), descriptor, length, name).map_err(of_file_call)
    }

    /// Makes a temporary file from bytes.
    pub fn import_data(&self, bytes: &[u8], name: Option<&str>) -> Result<StoredFile, TransferError> {
        self.storage().import_data(&self.worker(), bytes, name).map_err(of_file_call)
    }

    /// Deletes the partial files that no task is writing.
    pub fn discard_partials(&self) -> Result<(), storage::Error> {
        self.storage().discard_partials(&self.worker())
    }

    /// The path on the device of the file or directory that a `wxfile://` path names.
    pub fn resolve_path(&self, path: &str) -> Result<StoredFile, TransferError> {
        self.storage().resolve(&self.worker(), path).map_err(of_file_call)
    }

    /// `FileSystemManager.access`: checks that a file or directory exists.
    pub fn access(&self, path: &str) -> Result<(), TransferError> {
        self.storage().access(&self.worker(), path).map_err(of_file_call)
    }

    /// `FileSystemManager.stat`. With `recursive`, also of a directory's contents.
    pub fn stat(&self, path: &str, recursive: bool) -> Result<Vec<FileStat>, TransferError> {
        let (storage, worker) = (self.storage(), self.worker());
        let stats = if recursive {
            storage.stat_tree(&worker, path)
        } else {
            storage.stat(&worker, path).map(|stat| vec![stat])
        };
        stats.map_err(of_file_call)
    }

    /// `FileSystemManager.unlink`: deletes a `wxfile://usr` file.
    pub fn unlink(&self, path: &str) -> Result<(), TransferError> {
        self.storage().unlink(&self.worker(), path).map_err(of_file_call)
    }

    /// `FileSystemManager.copyFile`.
    pub fn copy_file(&self, source: &str, target: &str) -> Result<(), TransferError> {
        self.storage().copy_file(&self.worker(), source, target).map_err(of_file_call)
    }

    /// `FileSystemManager.rename`.
    pub fn rename(&self, old: &str, new: &str) -> Result<(), TransferError> {
        self.storage().rename(&self.worker(), old, new).map_err(of_file_call)
    }

    /// `FileSystemManager.mkdir`.
    pub fn make_directory(&self, path: &str, recursive: bool) -> Result<(), TransferError> {
        self.storage().make_directory(&self.worker(), path, recursive).map_err(of_file_call)
    }

    /// `FileSystemManager.rmdir`.
    pub fn remove_directory(&self, path: &str, recursive: bool) -> Result<(), TransferError> {
        self.storage().remove_directory(&self.worker(), path, recursive).map_err(of_file_call)
    }

    /// `FileSystemManager.readdir`.
    pub fn list_directory(&self, path: &str) -> Result<Vec<String>, TransferError> {
        self.storage().list_directory(&self.worker(), path).map_err(of_file_call)
    }

    /// `FileSystemManager.getFileInfo`: size and digest.
    pub fn file_info(&self, path: &str, algorithm: DigestAlgorithm) -> Result<(StoredFile, String), TransferError> {
        self.storage().file_digest(&self.worker(), path, algorithm).map_err(of_file_call)
    }

    /// `FileSystemManager.readFile`.
    pub fn read_file(&self, path: &str, position: u64, length: Option<u64>) -> Result<Vec<u8>, TransferError> {
        self.storage().read_file(&self.worker(), path, position, length).map_err(of_file_call)
    }

    /// `FileSystemManager.writeFile`, `appendFile` or `write`.
    pub fn write_file(&self, path: &str, mode: WriteMode, bytes: &[u8]) -> Result<(), TransferError> {
        self.storage().write_file(&self.worker(), path, mode, bytes).map_err(of_writing)
    }

    fn storage(&self) -> &Storage {
        &self.session.environment.storage
    }

    /// The worker of this call, on a thread of the host. Closing the session stops it.
    fn worker(&self) -> Worker {
        Worker::for_call(self.session.file_calls.clone())
    }
}
