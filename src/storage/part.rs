//! A file that is being written.

use super::{Error, StoredFile};

/// A private file that gets its name when it is complete. Dropping it removes it.
#[derive(Debug)]
pub struct PartFile {}

impl PartFile {
    /// Holds quota for a file of `expected` bytes, and checks that the device has room for it. Without a number only
    /// what is written is held.
    ///
    /// Fails with [`Error::QuotaExceeded`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn reserve(&mut self, _expected: Option<u64>) -> Result<(), Error> {
        unimplemented!()
    }

    /// Appends all of `bytes`.
    ///
    /// Fails with [`Error::QuotaExceeded`], [`Error::DiskFull`] or [`Error::Io`]; the file is then only good for
    /// [`PartFile::restart`] or dropping.
    pub fn write(&mut self, _bytes: &[u8]) -> Result<(), Error> {
        unimplemented!()
    }

    /// How many bytes were written.
    pub fn length(&self) -> u64 {
        unimplemented!()
    }

    /// Empties the file, to be written anew.
    ///
    /// Fails with [`Error::Io`].
    pub fn restart(&mut self) -> Result<(), Error> {
        unimplemented!()
    }

    /// Gives the file its name. `extension` (see [`super::extension`]) is used for temporary files only; a target has
    /// its own.
    ///
    /// Fails with [`Error::QuotaExceeded`] or [`Error::PermissionDenied`] where a target's place changed meanwhile,
    /// [`Error::Locked`], [`Error::Closed`], [`Error::DiskFull`] or [`Error::Io`]; the file is then removed.
    pub fn finish(self, _extension: Option<&str>) -> Result<StoredFile, Error> {
        unimplemented!()
    }
}
