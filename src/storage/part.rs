//! A file that is being written.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use super::directory::Directory;
use super::extension::normalised;
use super::store::{Destination, Store};
use super::temporary::Launch;
use super::{Error, StoredFile};
use crate::deferred::drop_later;
use crate::terms::log::{Level, Log};

/// A smaller file is written as fast as the device is asked for its room.
const WORTH_A_LOOK: u64 = 1024 * 1024;

/// A private file that gets its name when it is complete. Dropping it removes it.
#[derive(Debug)]
pub struct PartFile {
    launch: Arc<Launch>,
    area: Area,
    file: File,
    name: String,
    written: u64,
    /// Held of the area's quota.
    held: u64,
    log: Log,
}

/// Where the file will be, and whose quota it counts for.
#[derive(Debug)]
pub enum Area {
    /// Among the launch's temporary files.
    Temporary,
    /// At a `wxfile://usr` path.
    Target {
        /// The saved files.
        store: Arc<Store>,
        /// The file's place.
        destination: Destination,
        /// The size of the file that is there now, whose bytes are free when it is replaced.
        replaced: u64,
    },
}

impl PartFile {
    pub(super) fn create(launch: Arc<Launch>, area: Area, log: Log) -> Result<PartFile, Error> {
        let (name, file) = launch.create_part()?;
        Ok(PartFile { launch, area, file, name, written: 0, held: 0, log })
    }

    /// Holds quota for a file of `expected` bytes, and checks that the device has room for it where writing would tell
    /// much later. Without a number only what is written is held.
    ///
    /// Fails with [`Error::QuotaExceeded`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn reserve(&mut self, expected: Option<u64>) -> Result<(), Error> {
        let Some(expected) = expected else { return Ok(()) };
        self.hold(expected)?;
        if expected < WORTH_A_LOOK {
            return Ok(());
        }
        match self.launch.directory.available_bytes() {
            Ok(Some(available)) if available < expected.saturating_sub(self.written) => Err(Error::DiskFull),
            Ok(_) => Ok(()),
            // Writing will tell.
            Err(error) => {
                self.log.write(Level::Info, || format!("the free space of the device is unknown: {error}"));
                Ok(())
            }
        }
    }

    /// Appends all of `bytes`.
    ///
    /// Fails with [`Error::QuotaExceeded`], [`Error::DiskFull`] or [`Error::Io`]; the file is then only good for
    /// dropping.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        // A usize always fits: it has at most 64 bits on every supported platform.
        let length = self.written.saturating_add(bytes.len() as u64);
        self.hold(length)?;
        self.file.write_all(bytes).map_err(|error| Error::from_io("write a file", error))?;
        self.written = length;
        Ok(())
    }

    /// How many bytes were written.
    pub fn length(&self) -> u64 {
        self.written
    }

    /// Fails with [`Error::Closed`] when the session is closing.
    pub(super) fn check_open(&self) -> Result<(), Error> {
        if self.launch.is_ending() { Err(Error::Closed) } else { Ok(()) }
    }

    /// Gives the file its name. `extension` (see [`super::extension()`]) is used for temporary files only; a target has
    /// its own.
    ///
    /// Fails with [`Error::QuotaExceeded`] or [`Error::PermissionDenied`] where a target's place changed meanwhile,
    /// [`Error::Locked`], [`Error::Closed`], [`Error::DiskFull`] or [`Error::Io`]; the file is then removed.
    pub fn finish(mut self, extension: Option<&str>) -> Result<StoredFile, Error> {
        let stored = match &self.area {
            Area::Temporary => {
                let extension = extension.and_then(normalised);
                self.launch.complete(&self.name, self.written, self.held, extension.as_deref())?
            }
            Area::Target { store, destination, .. } => {
                if !self.launch.is_open() {
                    return Err(Error::Closed);
                }
                let source = (&self.launch.directory, self.name.as_str());
                let saved =
                    store.place(&self.file, source, self.written, self.held, destination).map_err(
                        |error| match error {
                            // Closing the session took the private file away.
                            Error::NotFound { .. } if !self.launch.is_open() => Error::Closed,
                            error => error,
                        },
                    )?;
                StoredFile { path: saved.path, native_path: saved.native_path, length: saved.size }
            }
        };
        // The area counts the file now, and nothing has the private name any more.
        self.held = 0;
        self.name.clear();
        Ok(stored)
    }

    /// Holds quota so that a file of `length` bytes fits.
    pub(super) fn hold(&mut self, length: u64) -> Result<(), Error> {
        let wanted = match &self.area {
            Area::Temporary => length,
            Area::Target { replaced, .. } => length.saturating_sub(*replaced),
        };
        let more = wanted.saturating_sub(self.held);
        if more == 0 {
            return Ok(());
        }
        match &self.area {
            Area::Temporary => self.launch.hold(more)?,
            Area::Target { store, .. } => store.hold(more)?,
        }
        self.held = wanted;
        Ok(())
    }

    /// The directory and name that a complete file can be moved to, over this one, before it is adopted.
    pub(super) fn place(&self) -> (&Directory, &str) {
        (&self.launch.directory, &self.name)
    }

    /// Takes over the complete file that was moved to this one's place.
    pub(super) fn adopt(&mut self, file: File) -> Result<(), Error> {
        let length = file.metadata().map_err(|error| Error::from_io("look at a file", error))?.len();
        self.file = file;
        self.hold(length)?;
        self.written = length;
        Ok(())
    }

    /// Removes the file, on a worker thread. What takes the system time, to free its bytes, is deferred: they go when the
    /// file is closed.
    pub fn give_up(mut self) {
        self.remove();
        drop_later(self);
    }

    fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        match &self.area {
            Area::Temporary => self.launch.release(held),
            Area::Target { store, .. } => store.release(held),
        }
    }

    /// Of a file that has got its name, or was removed, there is nothing to remove.
    fn remove(&mut self) {
        self.release();
        let name = std::mem::take(&mut self.name);
        if !name.is_empty() {
            self.launch.remove_part(&name);
        }
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        self.remove();
    }
}
