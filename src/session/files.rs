//! The files around the transfers: saving, importing, and what is saved.

use std::os::fd::OwnedFd;

use super::Admission;
use crate::storage::{ImportMode, StoredFile};
use crate::terms::TransferError;
use crate::worker::Worker;

impl Admission<'_> {
    /// `wx.saveFile`: moves a temporary file to the store, or to a `wxfile://usr/` path.
    pub fn save_file(&self, temporary: &str, target: Option<&str>) -> Result<StoredFile, TransferError> {
        Ok(self.session.environment.storage.save_file(
            &self.worker(),
            temporary,
            target.filter(|target| !target.is_empty()),
        )?)
    }

    /// `wx.getSavedFileList`: oldest first.
    pub fn saved_files(&self) -> Result<Vec<StoredFile>, TransferError> {
        Ok(self.session.environment.storage.saved_files(&self.worker())?)
    }

    /// `wx.getSavedFileInfo`.
    pub fn saved_file(&self, path: &str) -> Result<StoredFile, TransferError> {
        Ok(self.session.environment.storage.saved_file(&self.worker(), path)?)
    }

    /// `wx.removeSavedFile`.
    pub fn remove_saved_file(&self, path: &str) -> Result<(), TransferError> {
        Ok(self.session.environment.storage.remove_saved_file(&self.worker(), path)?)
    }

    /// Makes a temporary file of the host's own file.
    pub fn import_path(&self, path: &str, mode: ImportMode) -> Result<StoredFile, TransferError> {
        Ok(self.session.environment.storage.import_path(&self.worker(), path, mode)?)
    }

    /// Makes a temporary file of an open file.
    pub fn import_descriptor(
        &self,
        descriptor: OwnedFd,
        length: Option<u64>,
        name: Option<&str>,
    ) -> Result<StoredFile, TransferError> {
        Ok(self.session.environment.storage.import_descriptor(&self.worker(), descriptor, length, name)?)
    }

    /// The file or directory that a `wxfile://` path names, for its path on the device.
    pub fn resolve_path(&self, path: &str) -> Result<StoredFile, TransferError> {
        Ok(self.session.environment.storage.resolve(&self.worker(), path)?)
    }

    /// The thread of the host's that this call runs on. Closing the session stops it.
    fn worker(&self) -> Worker {
        Worker::for_call(self.session.file_calls.clone())
    }
}
