//! The files around the transfers: saving, importing, and what is saved.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use super::Admission;
use crate::storage::{ImportMode, SavedFile, StoredFile};
use crate::terms::TransferError;

impl Admission<'_> {
    /// `wx.saveFile`: moves a temporary file to the store, or to a `wxfile://usr/` path.
    pub fn save_file(&self, temporary: &str, target: Option<&str>) -> Result<SavedFile, TransferError> {
        if temporary.is_empty() {
            return Err(TransferError::parameter("tempFilePath", "the tempFilePath is missing"));
        }
        Ok(self.session.environment.storage.save_file(temporary, target.filter(|target| !target.is_empty()))?)
    }

    /// `wx.getSavedFileList`: oldest first.
    pub fn saved_files(&self) -> Result<Vec<SavedFile>, TransferError> {
        Ok(self.session.environment.storage.saved_files()?)
    }

    /// `wx.getSavedFileInfo`.
    pub fn saved_file(&self, path: &str) -> Result<SavedFile, TransferError> {
        Ok(self.session.environment.storage.saved_file(path)?)
    }

    /// `wx.removeSavedFile`.
    pub fn remove_saved_file(&self, path: &str) -> Result<(), TransferError> {
        Ok(self.session.environment.storage.remove_saved_file(path)?)
    }

    /// Makes a temporary file of the host's own file.
    pub fn import_path(&self, path: &str, mode: ImportMode) -> Result<StoredFile, TransferError> {
        Ok(self.session.environment.storage.import_path(path, mode)?)
    }

    /// Makes a temporary file of an open file.
    pub fn import_descriptor(
        &self,
        descriptor: OwnedFd,
        length: Option<u64>,
        name: Option<&str>,
    ) -> Result<StoredFile, TransferError> {
        Ok(self.session.environment.storage.import_descriptor(descriptor, length, name)?)
    }

    /// The device's path of an existing `wxfile://` path.
    pub fn resolve_path(&self, path: &str) -> Result<PathBuf, TransferError> {
        Ok(self.session.environment.storage.resolve(path)?)
    }
}
