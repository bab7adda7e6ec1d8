//! A file that is being written.

mod keeping;
mod origin;

use std::fs::{File, Metadata};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::contents::read_at;
use super::directory::Directory;
use super::extension::normalised;
use super::file::stamp;
use super::quota::cost;
use super::store::{Destination, Store, Unsaved};
use super::temporary::{Launch, LaunchDirectory};
use super::{Error, StoredFile};
use crate::terms::log::{Level, Log};
use crate::worker::sizes::FILE_PIECE;
use crate::worker::{StopReason, Worker};
use keeping::Keeping;
use origin::ImportOrigin;

/// For smaller files, checking the free space takes as long as writing.
const WORTH_A_LOOK: u64 = 1024 * 1024;

/// A private file that gets its name when it is complete. Dropping it deletes it, unless it is to be
/// [kept](PartFile::keep_as).
#[derive(Debug)]
pub struct PartFile {
    launch: Arc<Launch>,
    place: Place,
    area: Area,
    file: File,
    name: String,
    written: u64,
    /// The length that the file had before it was [rewound](PartFile::rewind).
    rewound_from: u64,
    /// The reserved part of the area's quota.
    held: u64,
    /// How to keep the file if it is not completed. `None` if it is not kept.
    keeping: Option<Keeping>,
    /// The host's path that the complete file was moved from. If it does not get its name, it is moved back.
    origin: Option<ImportOrigin>,
    log: Log,
}

/// The current place of the file.
#[derive(Debug)]
enum Place {
    /// In the launch's directory.
    Launch(Arc<LaunchDirectory>),
    /// In the directory of partial files.
    Partials(Directory),
}

/// The final place of the file, which also determines its quota.
#[derive(Debug)]
pub enum Area {
    /// Among the launch's temporary files.
    Temporary,
    /// At a `wxfile://usr` path.
    Target {
        /// The saved files.
        store: Arc<Store>,
        /// The place.
        destination: Destination,
        /// The cost of the existing file, which is freed when it is replaced.
        replaced: u64,
    },
}

impl PartFile {
    pub(super) fn create(worker: &Worker, launch: Arc<Launch>, area: Area, log: Log) -> Result<PartFile, Error> {
        let (directory, name, file) = launch.create_part(worker)?;
        let place = Place::Launch(directory);
        Ok(PartFile {
            launch,
            place,
            area,
            file,
            name,
            written: 0,
            rewound_from: 0,
            held: 0,
            keeping: None,
            origin: None,
            log,
        })
    }

    /// Reserves quota for a file of `expected` bytes, and checks the free space of the device if writing would take
    /// long. To free space there, deletes partial files that no task is writing. With `None`, only written bytes are reserved.
    ///
    /// Fails with [`Error::QuotaExceeded`], [`Error::DiskFull`], [`Error::Stopped`], [`Error::Locked`] or
    /// [`Error::Io`].
    pub fn reserve(&mut self, worker: &Worker, expected: Option<u64>) -> Result<(), Error> {
        let Some(expected) = expected else { return Ok(()) };
        self.hold(worker, expected)?;
        if expected < WORTH_A_LOOK {
            return Ok(());
        }
        loop {
            match self.place.directory().available_bytes() {
                Ok(Some(available)) if available < expected.saturating_sub(self.written) => {
                    if !self.launch.remove_oldest_partial(worker)? {
                        return Err(Error::DiskFull);
                    }
                }
                Ok(_) => return Ok(()),
                // If the device is full, writing will fail.
                Err(error) => {
                    self.log.write(Level::Info, || format!("the free space of the device is unknown: {error}"));
                    return Ok(());
                }
            }
        }
    }

    /// Appends all of `bytes` in pieces of at most [`FILE_PIECE`], each a turn of the worker.
    ///
    /// Fails with [`Error::Stopped`], or as [`PartFile::reserve`]. After a failure, the file can only be dropped or
    /// [given up](PartFile::give_up). The pieces before the failure are in it.
    pub fn write(&mut self, worker: &Worker, bytes: &[u8]) -> Result<(), Error> {
        for piece in bytes.chunks(FILE_PIECE) {
            worker.turn(piece.len())?;
            // Lossless: a usize has at most 64 bits on every supported platform.
            let length = self.written.saturating_add(piece.len() as u64);
            self.hold(worker, length)?;
            self.file.write_all(piece).map_err(|error| Error::from_io("write a file", error))?;
            self.written = length;
            self.flush_sometimes(worker);
        }
        Ok(())
    }

    /// Continues after the first `length` bytes. The others stay on the disk, because the file's journal may count them
    /// as durable. So whoever writes them again must write the same ones.
    ///
    /// Fails with [`Error::Io`].
    pub fn rewind(&mut self, length: u64) -> Result<(), Error> {
        if length >= self.written {
            return Ok(());
        }
        let rewound = self.file.seek(SeekFrom::Start(length));
        rewound.map_err(|error| Error::from_io("continue a file", error))?;
        self.rewound_from = self.rewound_from.max(self.written);
        self.written = length;
        Ok(())
    }

    /// Reads written bytes from `offset` on, at least one.
    ///
    /// Fails with [`Error::Stopped`], or with [`Error::Io`], also if there are no bytes from `offset` on.
    pub fn read_at(&self, worker: &Worker, buffer: &mut [u8], offset: u64) -> Result<usize, Error> {
        worker.turn(buffer.len())?;
        // A rewound file has more bytes on the disk.
        let left = usize::try_from(self.written.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        match read_at(&self.file, &mut buffer[..wanted], offset)? {
            // Another process has truncated the file.
            0 => Err(Error::from_io("read a partial file", std::io::ErrorKind::UnexpectedEof.into())),
            count => Ok(count),
        }
    }

    /// Writes all of `bytes` at `position`, overwriting existing bytes, in pieces as [`PartFile::write`].
    ///
    /// Fails as [`PartFile::write`].
    pub(super) fn write_at(&mut self, worker: &Worker, mut position: u64, bytes: &[u8]) -> Result<(), Error> {
        for piece in bytes.chunks(FILE_PIECE) {
            worker.turn(piece.len())?;
            let end = position.saturating_add(piece.len() as u64);
            self.hold(worker, end.max(self.written))?;
            self.file.write_all_at(piece, position).map_err(|error| Error::from_io("write a file", error))?;
            self.written = end.max(self.written);
            position = end;
        }
        Ok(())
    }

    /// The number of bytes written.
    pub fn length(&self) -> u64 {
        self.written
    }

    /// Gives the file its name. `extension` (see `terms/extension.rs`) applies only to temporary files; a target has
    /// its own. `commit` is called after everything that takes time. If it returns a stop, this fails.
    ///
    /// Fails with [`Error::Stopped`]; [`Error::QuotaExceeded`], [`Error::PermissionDenied`] or [`Error::Replaced`] if
    /// the target's place has changed; [`Error::Locked`], [`Error::Closed`], [`Error::DiskFull`] or [`Error::Io`]. The
    /// file is then deleted, or, after a stop, handled as in [`PartFile::give_up`].
    pub fn finish(
        mut self,
        worker: &Worker,
        extension: Option<&str>,
        commit: &dyn Fn() -> Result<(), StopReason>,
    ) -> Result<StoredFile, Error> {
        // An empty file has a cost, too.
        let held = self.hold(worker, self.written).and_then(|()| self.cut_the_rest());
        match held.and_then(|()| self.name_it(worker, extension, commit)) {
            Ok(stored) => {
                self.stop_keeping();
                // The area has counted the file, and the private name no longer exists.
                self.held = 0;
                self.name.clear();
                Ok(stored)
            }
            Err(error) => {
                if matches!(error, Error::Stopped(_)) {
                    self.give_up(worker);
                } else {
                    self.stop_keeping();
                }
                Err(error)
            }
        }
    }

    /// Removes the bytes that were not written again after the file was rewound.
    fn cut_the_rest(&mut self) -> Result<(), Error> {
        if self.written >= self.rewound_from {
            return Ok(());
        }
        self.file.set_len(self.written).map_err(|error| Error::from_io("shorten a file", error))
    }

    fn name_it(
        &self,
        worker: &Worker,
        extension: Option<&str>,
        commit: &dyn Fn() -> Result<(), StopReason>,
    ) -> Result<StoredFile, Error> {
        match &self.area {
            Area::Temporary => {
                let extension = extension.and_then(normalised);
                let place = (self.place.directory(), self.name.as_str());
                self.launch.complete(worker, place, self.written, self.held, extension.as_deref(), commit)
            }
            Area::Target { store, destination, .. } => {
                if !self.launch.is_open() {
                    return Err(Error::Closed);
                }
                let unsaved = Unsaved {
                    file: &self.file,
                    directory: self.place.directory(),
                    name: &self.name,
                    length: self.written,
                    held: self.held,
                };
                store.place(worker, &unsaved, destination, commit).map_err(|error| match error {
                    // Closing the session has deleted the private file.
                    Error::NotFound { .. } if !self.launch.is_open() => Error::Closed,
                    // The private file exists, so the target's directory is gone.
                    Error::NotFound { .. } if self.place.directory().look(self.name.as_str()).is_ok() => error,
                    // A cleaner has deleted the private file.
                    Error::NotFound { .. } => Error::from_io("save a file", std::io::ErrorKind::NotFound.into()),
                    error => error,
                })
            }
        }
    }

    /// Reserves quota for a file of `length` bytes.
    pub(super) fn hold(&mut self, worker: &Worker, length: u64) -> Result<(), Error> {
        let wanted = self.cost_of(length);
        let more = wanted.saturating_sub(self.held);
        if more == 0 {
            return Ok(());
        }
        match &self.area {
            Area::Temporary => self.launch.hold(worker, more)?,
            Area::Target { store, .. } => store.hold(worker, more)?,
        }
        self.held = wanted;
        Ok(())
    }

    /// Releases the quota that is reserved for bytes that are not written, until [`reserve`](PartFile::reserve).
    pub fn release_unwritten(&mut self) {
        let wanted = self.cost_of(self.written.max(self.rewound_from));
        let unneeded = self.held.saturating_sub(wanted);
        self.held -= unneeded;
        self.release_quota(unneeded);
    }

    fn cost_of(&self, length: u64) -> u64 {
        match &self.area {
            Area::Temporary => cost(length),
            Area::Target { replaced, .. } => cost(length).saturating_sub(*replaced),
        }
    }

    /// The directory and name of this file. A complete file may be moved there before [`PartFile::adopt`].
    pub(super) fn place(&self) -> (&Directory, &str) {
        (self.place.directory(), &self.name)
    }

    /// The complete file at this file's place was moved from a path of the host. `before` are its attributes there.
    pub(super) fn came_from(&mut self, native: &Path, before: &Metadata) {
        self.origin = Some(ImportOrigin::new(native, before));
    }

    /// Uses the complete file that was moved to this file's place.
    pub(super) fn adopt(&mut self, worker: &Worker, file: File) -> Result<(), Error> {
        self.file = file;
        // A file that this part wrote itself has the current time already.
        stamp(&self.file)?;
        let length = self.file.metadata().map_err(|error| Error::from_io("look at a file", error))?.len();
        self.hold(worker, length)?;
        self.written = length;
        Ok(())
    }

    /// Deletes the file, unless it is kept. Freeing or flushing its bytes takes time, so it is deferred.
    pub fn give_up(mut self, worker: &Worker) {
        match &self.keeping {
            Some(keeping) => self.launch.partial_is_leaving(keeping.key()),
            None => self.remove(),
        }
        worker.drop_later(self);
    }

    fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.release_quota(held);
    }

    fn release_quota(&self, bytes: u64) {
        match &self.area {
            Area::Temporary => self.launch.release(bytes),
            Area::Target { store, .. } => store.release(bytes),
        }
    }

    /// Does nothing if the file has got its name or was deleted.
    fn remove(&mut self) {
        self.release();
        let name = std::mem::take(&mut self.name);
        if name.is_empty() {
            return;
        }
        match self.origin.take().map(|origin| origin.give_back(&self.file, self.place.directory(), &name)) {
            Some(Ok(())) => return,
            Some(Err(error)) => {
                self.log.write(Level::Warning, || format!("the file of a failed import was not moved back: {error}"));
            }
            None => {}
        }
        self.launch.remove_part(self.place.directory(), &name);
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        self.leave();
        self.remove();
    }
}

impl Place {
    fn directory(&self) -> &Directory {
        match self {
            Place::Launch(launch) => &launch.directory,
            Place::Partials(directory) => directory,
        }
    }
}
