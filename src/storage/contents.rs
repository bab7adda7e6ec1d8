//! Reading, writing and copying whole files, and their digests.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::digest::{Digest, hexadecimal};
use super::import::fill;
use super::quota::cost;
use super::store::{Store, last};
use super::usage::Change;
use super::{Error, Storage, StoredFile, at_path, path};
use crate::terms::DigestAlgorithm;
use crate::worker::Worker;
use crate::worker::sizes::FILE_PIECE;

/// The most bytes that one call reads or writes (WeChat's documentation of `readFile` and `writeFile`: 100 MB).
const MOST_BYTES: u64 = 100 * 1024 * 1024;

/// What of a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// All of it: what was there before is replaced in one step.
    Whole,
    /// What follows its end.
    Append,
    /// What begins at this byte.
    At(u64),
}

impl Storage {
    /// Reads a page's file from a position on: `length` bytes, as far as there are so many, or all up to its end.
    ///
    /// Fails with [`Error::PositionOutOfRange`] where the position is not in the file, [`Error::LengthOutOfRange`] where it is
    /// shorter than `length`, [`Error::TooManyBytes`]; [`Error::NotFound`], [`Error::IsADirectory`],
    /// [`Error::PermissionDenied`], [`Error::AccessDenied`], [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
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
        bytes.try_reserve_exact(wanted).map_err(|_| Error::OutOfResources { which: "memory" })?;
        bytes.resize(wanted, 0);
        let mut filled = 0;
        while filled < wanted {
            let end = wanted.min(filled.saturating_add(FILE_PIECE));
            match read_at(&file, &mut bytes[filled..end], position.saturating_add(filled as u64))? {
                // It was cut meanwhile.
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

    /// The size and the digest of a page's file, both of the same contents.
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
        let mut buffer = worker.take_buffer(FILE_PIECE);
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

    /// Writes a `wxfile://usr/…` file. One that is written whole is made where it is missing, and replaced in one step: a crash,
    /// a failure or a reader sees the old file or the new one. To append and to write at a position, the file must be there;
    /// those bytes are written in place. What fails or is stopped then leaves the file as long as it was.
    ///
    /// Fails with [`Error::TooManyBytes`]; [`Error::PositionOutOfRange`] for a position behind the end;
    /// [`Error::QuotaExceeded`], [`Error::DiskFull`], [`Error::NotFound`] where its directory, or a file to be changed, is
    /// missing; [`Error::IsADirectory`], [`Error::NotADirectory`], or as [`Storage::unlink`].
    pub fn write_file(&self, worker: &Worker, path: &str, mode: WriteMode, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Error::TooManyBytes);
        }
        let position = match mode {
            WriteMode::Whole => {
                let mut part = self.create_target(worker, path)?;
                part.reserve(worker, Some(bytes.len() as u64))?;
                for piece in bytes.chunks(FILE_PIECE) {
                    part.write(worker, piece)?;
                    worker.turn(piece.len())?;
                }
                return part.finish(worker, None, || worker.check()).map(drop);
            }
            WriteMode::Append => None,
            WriteMode::At(position) => Some(position),
        };
        self.store.write_in_place(worker, path, &path::parse_target(&self.root.scheme, path)?, position, bytes)
    }

    /// Makes a `wxfile://usr/…` file a copy of a page's file, in one step. The two share their blocks where the file system can.
    ///
    /// Fails with [`Error::NotFound`], [`Error::IsADirectory`], [`Error::PermissionDenied`] or [`Error::AccessDenied`] for
    /// either path, or as [`Storage::write_file`].
    pub fn copy_file(&self, worker: &Worker, source: &str, target: &str) -> Result<(), Error> {
        let file = self.open_file(worker, source, &self.parse(source)?)?;
        let length = file.metadata().map_err(|error| at_path(source, error))?.len();
        let mut part = self.create_target(worker, target)?;
        part.reserve(worker, Some(length))?;
        fill(worker, &mut part, file, None)?;
        part.finish(worker, None, || worker.check()).map(drop)
    }
}

impl Store {
    /// Writes into a file that is there: at `position`, or at its end.
    ///
    /// It holds the change lock meanwhile, so that two who append do not write over each other and the quota is kept.
    fn write_in_place(
        &self,
        worker: &Worker,
        path: &str,
        components: &[String],
        position: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let (guard, parent) = self.lock_parent(worker, path, components)?;
        let fail = |error| at_path(path, error);
        let file = parent.open_file_to_change(last(components)).map_err(fail)?;
        let before = file.metadata().map_err(fail)?.len();
        let position = position.unwrap_or(before);
        if position > before {
            return Err(Error::PositionOutOfRange);
        }
        let end = position.saturating_add(bytes.len() as u64).max(before);
        self.check_quota(&guard, worker, cost(before), cost(end))?;
        worker.check()?;
        guard.begin()?;
        let written = write_all_at(worker, &file, position, bytes).or_else(|error| {
            // What was appended goes again, so that no half of it is left.
            file.set_len(before).map_err(|error| Error::from_io("shorten a file", error))?;
            Err(error)
        });
        // Where that failed, too, the file is as long as it is.
        let after = file.metadata().map_or(end, |metadata| metadata.len());
        guard.end(Change { added: cost(after), replaced: cost(before), released: 0 });
        drop(guard);
        written?;
        file.sync_all().map_err(|error| Error::from_io("flush a file", error))
    }
}

fn read_at(file: &File, buffer: &mut [u8], position: u64) -> Result<usize, Error> {
    loop {
        match file.read_at(buffer, position) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read.map_err(|error| Error::from_io("read a file", error)),
        }
    }
}

fn write_all_at(worker: &Worker, file: &File, mut position: u64, bytes: &[u8]) -> Result<(), Error> {
    for piece in bytes.chunks(FILE_PIECE) {
        file.write_all_at(piece, position).map_err(|error| Error::from_io("write a file", error))?;
        position = position.saturating_add(piece.len() as u64);
        worker.turn(piece.len())?;
    }
    Ok(())
}
