//! Makes temporary files from content of the host, such as a photo just taken or a document just picked.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use rustix::io::Errno;

use super::directory::{Directory, open_native_file};
use super::part::{Area, PartFile};
use super::path::random_digits;
use super::pipe::Pipe;
use super::source::Descriptor;
use super::temporary::Launch;
use super::{Error, StoredFile, extension};
use crate::platform;
use crate::terms::log::{Level, Log};
use crate::worker::Worker;
use crate::worker::sizes::FILE_PIECE;

/// How to make a temporary file from a native file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// The host keeps its file. It is cloned if the file system can clone, otherwise copied.
    Copy,
    /// The host gives up its file. It is renamed if possible, otherwise copied and deleted.
    Move,
}

/// Imports a native path.
pub(super) fn path(
    worker: &Worker,
    launch: Arc<Launch>,
    path: &str,
    mode: ImportMode,
    log: &Log,
) -> Result<StoredFile, Error> {
    if path.is_empty() {
        return Err(Error::NotFound { path: path.to_owned() });
    }
    let native = Path::new(path);
    if !native.is_absolute() {
        return Err(Error::denied(path));
    }
    let fail = |error| Error::at_path(path, "import a file", error);
    let source = open_native_file(native).map_err(fail)?;
    let metadata = source.metadata().map_err(fail)?;
    let extension = extension::of_name(path);

    let mut part = PartFile::create(worker, launch, Area::Temporary, log.clone())?;
    part.hold(worker, metadata.len())?;
    // A file with a second hard link would remain accessible to the host.
    if mode == ImportMode::Move && metadata.nlink() == 1 {
        let (directory, name) = part.place();
        match take(directory, name, native, &metadata) {
            Ok(file) => {
                part.came_from(native, &metadata);
                part.adopt(worker, file)?;
                return part.finish(worker, extension.as_deref(), &|| worker.check());
            }
            // On another file system.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
            Err(error) => return Err(fail(error)),
        }
    }
    fill(worker, &mut part, source, Some(metadata.len()))?;
    let stored = part.finish(worker, extension.as_deref(), &|| worker.check())?;
    if mode == ImportMode::Move
        && let Err(error) = std::fs::remove_file(native)
    {
        log.write(Level::Warning, || {
            format!("an imported file was copied, but its source could not be removed: {error}")
        });
    }
    Ok(stored)
}

/// Imports the content of a descriptor.
pub(super) fn descriptor(
    worker: &Worker,
    launch: Arc<Launch>,
    descriptor: OwnedFd,
    length: Option<u64>,
    name: Option<&str>,
    log: &Log,
) -> Result<StoredFile, Error> {
    let (source, length) = match Descriptor::open(descriptor)? {
        Descriptor::Pipe(pipe) => (Open::Pipe(pipe), length),
        Descriptor::Regular { file, rest, .. } => (Open::File(file), Some(length.unwrap_or(rest))),
    };
    let mut part = PartFile::create(worker, launch, Area::Temporary, log.clone())?;
    copy(worker, source, length, &mut part)?;
    part.finish(worker, name.and_then(extension::of_name).as_deref(), &|| worker.check())
}

/// Imports bytes.
pub(super) fn data(
    worker: &Worker,
    launch: Arc<Launch>,
    bytes: &[u8],
    name: Option<&str>,
    log: &Log,
) -> Result<StoredFile, Error> {
    let mut part = PartFile::create(worker, launch, Area::Temporary, log.clone())?;
    part.reserve(worker, Some(bytes.len() as u64))?;
    part.write(worker, bytes)?;
    part.finish(worker, name.and_then(extension::of_name).as_deref(), &|| worker.check())
}

/// Fills a part file with `length` bytes of a file, or all of it. Clones it if the file system can, otherwise copies.
pub(super) fn fill(worker: &Worker, part: &mut PartFile, source: File, length: Option<u64>) -> Result<(), Error> {
    match clone(part, &source) {
        Ok(file) => part.adopt(worker, file),
        // The file system cannot clone, or the two are on different ones. Errors for this vary.
        Err(_) => copy(worker, Open::File(source), length, part),
    }
}

/// The source of a copy.
enum Open {
    File(File),
    Pipe(Pipe),
}

impl Open {
    fn read(&mut self, worker: &Worker, buffer: &mut [u8]) -> Result<usize, Error> {
        match self {
            Open::Pipe(pipe) => pipe.read(worker, buffer),
            Open::File(file) => loop {
                match file.read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => return read.map_err(|error| Error::from_io("read a file", error)),
                }
            },
        }
    }
}

/// Renames the native file to `name`, and back if it is not the file that was examined before.
fn take(directory: &Directory, name: &str, native: &Path, expected: &Metadata) -> io::Result<File> {
    directory.take_native(native, name)?;
    let opened = directory.open_file(name).and_then(|file| {
        let found = file.metadata()?;
        if (found.dev(), found.ino(), found.len()) != (expected.dev(), expected.ino(), expected.len()) {
            return Err(Errno::PERM.into());
        }
        make_private(&file)?;
        Ok(file)
    });
    if opened.is_err() {
        directory.give_native(name, native)?;
    }
    opened
}

/// Replaces the part file with a clone of `source`.
fn clone(part: &PartFile, source: &File) -> io::Result<File> {
    let (directory, name) = part.place();
    let digits = random_digits().map_err(io::Error::other)?;
    let clone_name = format!("{digits}.part");
    platform::clone_file(source.as_fd(), directory.as_fd(), &clone_name)?;
    let placed = directory.open_file(&clone_name).and_then(|file| {
        make_private(&file)?;
        // Opened for writing, which the original file's mode may not have allowed. Before the rename: nothing may fail
        // after it, because the part's own file is then gone.
        let file = directory.open_file_to_change(&clone_name)?;
        directory.rename(&clone_name, directory, name)?;
        Ok(file)
    });
    if placed.is_err() {
        directory.remove_file(&clone_name)?;
    }
    placed
}

/// Makes a file readable and writable for the app only, and not executable.
fn make_private(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fchmod(file, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?)
}

/// Copies `length` bytes of `source`, or all up to its end, to the part file.
fn copy(worker: &Worker, mut source: Open, length: Option<u64>, part: &mut PartFile) -> Result<(), Error> {
    part.reserve(worker, length)?;
    let mut left = length.unwrap_or(u64::MAX);
    let mut buffer = worker.take_buffer(FILE_PIECE)?;
    while left > 0 {
        let most = usize::try_from(left).map_or(FILE_PIECE, |left| left.min(FILE_PIECE));
        let read = source.read(worker, &mut buffer[..most])?;
        if read == 0 {
            if length.is_some() {
                return Err(Error::InvalidDescriptor { reason: "it has fewer bytes than the given length" });
            }
            break;
        }
        part.write(worker, &buffer[..read])?;
        left -= read as u64;
    }
    worker.give_back(buffer);
    Ok(())
}
