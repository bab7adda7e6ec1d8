//! Gives a file of the host back if its import fails after it was moved.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::storage::directory::Directory;

/// Where a file was moved from, and its attributes there.
#[derive(Debug)]
pub struct ImportOrigin {
    native: PathBuf,
    before: Metadata,
}

impl ImportOrigin {
    pub fn new(native: &Path, before: &Metadata) -> ImportOrigin {
        ImportOrigin { native: native.to_owned(), before: before.clone() }
    }

    /// Moves the file back, and restores its earlier mode and modification time.
    pub fn give_back(&self, file: &File, directory: &Directory, name: &str) -> io::Result<()> {
        // The file is moved back even if its mode or time cannot be restored: the content matters more.
        let mode = file.set_permissions(self.before.permissions());
        let time = self.before.modified().and_then(|modified| file.set_modified(modified));
        directory.give_native(name, &self.native)?;
        mode.and(time)
    }
}
