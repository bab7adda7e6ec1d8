//! Reads, writes and copies whole files, and computes their digests.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use super::digest::{Digest, hexadecimal};
use super::directory::FileId;
use super::import::fill;
use super::part::{Area, PartFile};
use super::path::VirtualPath;
use super::quota::cost;
use super::store::Destination;
use super::{Error, Storage, StoredFile, at_path, path};
use crate::terms::DigestAlgorithm;
use crate::worker::Worker;
use crate::worker::sizes::FILE_PIECE;

/// The maximum number of bytes that one call reads or writes (WeChat's documentation of `readFile` and `writeFile`: 100
/// MB).
const MOST_BYTES: u64 = 100 * 1024 * 1024;

/// The part of a file to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// The whole file. The previous content is replaced in one step.
    Whole,
    /// After the end.
    Append,
    /// From this byte on.
    At(u64),
}

impl Storage {
    /// Reads a page's file from a position on: up to `length` bytes, or up to its end.
    ///
    /// Fails with [`Error::PositionOutOfRange`] if the position is not within the file, [`Error::LengthOutOfRange`] if
    /// the file is shorter than `length`, [`Error::TooManyBytes`]; [`Error::NotFound`], [`Error::IsADirectory`],
    /// [`Error::PermissionDenied`], [`Error::AccessDenied`], [`Error::Stopped`], [`Error::OutOfResources`] or
    /// [`Error::Io`].
    pub fn read_file(&self, worker: &Worker, path: &str, position: u64, length: Option<u64>) -> Result<Vec<u8>, Error> {
        let file = self.open_file(worker, path, &self.parse(path)?)?;
        let whole = file.metadata().map_err(|error| at_path(path, error))?.len();
        if position > 0 && position >= whole {
            return Err(Error::PositionOutOfRange);
        }
        if length.is_some_and(|length| length > whole) {
            return Err(Error::LengthOutOfRange);
        }
        let wanted = length.unwrap_or(whole).min(whole.saturating_sub(position));
        let wanted = usize::try_from(wanted).ok().filter(|_| wanted <= MOST_BYTES).ok_or(Error::TooManyBytes)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(wanted)?;
        let mut filled = 0;
        while filled < wanted {
            let end = wanted.min(filled.saturating_add(FILE_PIECE));
            bytes.resize(end, 0);
            match read_at(&file, &mut bytes[filled..end], position.saturating_add(filled as u64))? {
                // The file was truncated meanwhile.
                0 => break,
                read => {
                    filled += read;
                    worker.turn(read)?;
                }
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// The size and the digest of a page's file, both of the same content.
    ///
    /// Fails as [`Storage::read_file`].
    pub fn file_digest(
        &self,
        worker: &Worker,
        path: &str,
        algorithm: DigestAlgorithm,
    ) -> Result<(StoredFile, String), Error> {
        let parsed = self.parse(path)?;
        let file = self.open_file(worker, path, &parsed)?;
        let mut digest = Digest::new(algorithm);
        let mut buffer = worker.take_buffer(FILE_PIECE)?;
        let mut length = 0u64;
        loop {
            let read = read_at(&file, &mut buffer[..FILE_PIECE], length)?;
            if read == 0 {
                break;
            }
            digest.update(&buffer[..read]);
            length = length.saturating_add(read as u64);
            worker.turn(read)?;
        }
        worker.give_back(buffer);
        let native_path = self.root.native_path(self.launch.last_directory().name(), &parsed);
        let file = StoredFile { path: path.to_owned(), native_path, length, create_time: None };
        Ok((file, hexadecimal(&digest.finish())))
    }

    /// Writes a `wxfile://usr/…` file in one step: after a crash, a failure or a stop, and for a reader, it is the old
    /// file or the new one. A whole write creates a missing file. Appending and writing at a position require an
    /// existing file, and copy the part that stays.
    ///
    /// Fails with [`Error::TooManyBytes`]; [`Error::PositionOutOfRange`] for a position after the end;
    /// [`Error::QuotaExceeded`], [`Error::DiskFull`], [`Error::NotFound`] if its directory, or the file to change, does
    /// not exist; [`Error::Locked`] if others hold the lock, or replace the file, for longer than the worker's
    /// patience; [`Error::IsADirectory`], [`Error::NotADirectory`], or as [`Storage::unlink`].
    pub fn write_file(&self, worker: &Worker, path: &str, mode: WriteMode, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Error::TooManyBytes);
        }
        let position = match mode {
            WriteMode::Whole => {
                let mut part = self.create_target(worker, path)?;
                part.reserve(worker, Some(bytes.len() as u64))?;
                return finish_with(worker, part, 0, bytes);
            }
            WriteMode::Append => None,
            WriteMode::At(position) => Some(position),
        };
        let components = path::parse_target(&self.root.scheme, path)?;
        // In turns, because concurrent appends to one file would copy it again and again.
        let turns = self.root.shared.rewrites.of(components.clone());
        let _turn = turns.take(worker)?.ok_or(Error::Locked)?;
        loop {
            let begin = Instant::now();
            match self.rewrite(worker, path, &components, position, bytes) {
                // Replaced by another process, or by a whole write.
                Err(Error::Replaced) => worker.spend_patience(begin.elapsed()),
                result => return result,
            }
            worker.check()?;
            if !worker.has_patience() {
                return Err(Error::Locked);
            }
        }
    }

    /// Replaces an existing file by a copy with these bytes at `position`, or at its end.
    ///
    /// Fails with [`Error::Replaced`] if another file is at its path by then, or as [`Storage::write_file`].
    fn rewrite(
        &self,
        worker: &Worker,
        path: &str,
        components: &[String],
        position: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let fail = |error| at_path(path, error);
        let file = self.open_file(worker, path, &VirtualPath::User(components.to_vec()))?;
        let length = file.metadata().map_err(fail)?.len();
        let position = position.unwrap_or(length);
        if position > length {
            return Err(Error::PositionOutOfRange);
        }
        let successor_of = Some(FileId::of(&file).map_err(fail)?);
        let destination = Destination::User { path: path.to_owned(), components: components.to_vec(), successor_of };
        let area = Area::Target { store: self.store.clone(), destination, replaced: cost(length) };
        let mut part = PartFile::create(worker, self.launch.clone(), area, self.log.clone())?;
        part.reserve(worker, Some(position.saturating_add(bytes.len() as u64).max(length)))?;
        fill(worker, &mut part, file.try_clone().map_err(fail)?, None)?;
        // Kept open, so that its inode number cannot be reused meanwhile.
        let finished = finish_with(worker, part, position, bytes);
        drop(file);
        finished
    }

    /// Makes a `wxfile://usr/…` file a copy of a page's file, in one step. The two share their blocks if the file
    /// system can.
    ///
    /// Fails with [`Error::NotFound`], [`Error::IsADirectory`], [`Error::PermissionDenied`] or [`Error::AccessDenied`]
    /// for either path, or as [`Storage::write_file`].
    pub fn copy_file(&self, worker: &Worker, source: &str, target: &str) -> Result<(), Error> {
        let file = self.open_file(worker, source, &self.parse(source)?)?;
        let length = file.metadata().map_err(|error| at_path(source, error))?.len();
        let mut part = self.create_target(worker, target)?;
        part.reserve(worker, Some(length))?;
        fill(worker, &mut part, file, None)?;
        part.finish(worker, None, &|| worker.check()).map(drop)
    }
}

/// Writes the bytes to a part file and gives it its name.
fn finish_with(worker: &Worker, mut part: PartFile, position: u64, bytes: &[u8]) -> Result<(), Error> {
    part.write_at(worker, position, bytes)?;
    part.finish(worker, None, &|| worker.check()).map(drop)
}

/// Reads at a position. Returns 0 at the end.
pub(super) fn read_at(file: &File, buffer: &mut [u8], position: u64) -> Result<usize, Error> {
    loop {
        match file.read_at(buffer, position) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read.map_err(|error| Error::from_io("read a file", error)),
        }
    }
}
