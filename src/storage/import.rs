//! Temporary files made of what the host owns: a photo just taken, a document just picked.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::directory::{Directory, open_native_file};
use super::part::{Area, PartFile};
use super::path::random_digits;
use super::source::Descriptor;
use super::temporary::Launch;
use super::{Error, StoredFile, extension};
use crate::platform;
use crate::terms::log::{Level, Log};

const BUFFER_BYTES: usize = 128 * 1024;
/// How long a wait goes on without a look at whether the session is closing.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// How a file of the host becomes a temporary file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// The host keeps its file. Its blocks are shared where the file system can (a clone), else copied.
    Copy,
    /// The host gives its file away. It is renamed where that is possible, else copied and removed.
    Move,
}

/// Imports the file at a native path.
pub(super) fn path(launch: Arc<Launch>, path: &str, mode: ImportMode, log: &Log) -> Result<StoredFile, Error> {
    let native = Path::new(path);
    if !native.is_absolute() {
        return Err(Error::denied(path));
    }
    let fail = |error| Error::at_path(path, "import a file", error);
    let source = open_native_file(native).map_err(fail)?;
    let metadata = source.metadata().map_err(fail)?;
    let extension = extension::of_name(path);

    let mut part = PartFile::create(launch, Area::Temporary, log.clone())?;
    part.hold(metadata.len())?;
    // A file with a second name would still be the host's under that one.
    if mode == ImportMode::Move && metadata.nlink() == 1 {
        let (directory, name) = part.place();
        match take(directory, name, native, &metadata) {
            Ok(file) => {
                part.adopt(file)?;
                return part.finish(extension.as_deref());
            }
            // On another file system.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
            Err(error) => return Err(fail(error)),
        }
    }
    match clone(&part, &source) {
        Ok(file) => part.adopt(file)?,
        // The file system cannot, or the two are on different ones; it has many ways to say so.
        Err(_) => copy(&source, Some(metadata.len()), false, &mut part)?,
    }
    let stored = part.finish(extension.as_deref())?;
    if mode == ImportMode::Move
        && let Err(error) = std::fs::remove_file(native)
    {
        log.write(Level::Warning, || format!("a file given away could be copied, but not removed: {error}"));
    }
    Ok(stored)
}

/// Imports what a descriptor holds.
pub(super) fn descriptor(
    launch: Arc<Launch>,
    descriptor: OwnedFd,
    length: Option<u64>,
    name: Option<&str>,
    log: &Log,
) -> Result<StoredFile, Error> {
    let (file, length, waits) = match Descriptor::open(descriptor)? {
        Descriptor::Pipe(file) => (file, length, true),
        Descriptor::Regular { file, rest, .. } => (file, Some(length.unwrap_or(rest)), false),
    };
    let mut part = PartFile::create(launch, Area::Temporary, log.clone())?;
    copy(&file, length, waits, &mut part)?;
    part.finish(name.and_then(extension::of_name).as_deref())
}

/// Renames the host's file to `name`, and back where it turns out not to be the one that was looked at.
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

/// Puts a clone of `source` in the place of the part file.
fn clone(part: &PartFile, source: &File) -> io::Result<File> {
    let (directory, name) = part.place();
    let digits = random_digits().map_err(io::Error::other)?;
    let clone_name = format!("{digits}.part");
    platform::clone_file(source.as_fd(), directory.as_fd(), &clone_name)?;
    let placed = directory.open_file(&clone_name).and_then(|file| {
        make_private(&file)?;
        directory.rename(&clone_name, directory, name)?;
        Ok(file)
    });
    if placed.is_err() {
        directory.remove_file(&clone_name)?;
    }
    placed
}

/// Readable and writable for the app alone, and never executable, whatever the host's file was.
fn make_private(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fchmod(file, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?)
}

/// Writes `length` bytes of `source`, or all up to its end, to the part file; until the session closes. `waits` is true
/// of a source that may have nothing to read yet.
fn copy(mut source: &File, length: Option<u64>, waits: bool, part: &mut PartFile) -> Result<(), Error> {
    part.reserve(length)?;
    let mut left = length.unwrap_or(u64::MAX);
    let mut buffer = vec![0; BUFFER_BYTES];
    while left > 0 {
        part.check_open()?;
        if waits && !is_readable_soon(source)? {
            continue;
        }
        let most = usize::try_from(left).map_or(BUFFER_BYTES, |left| left.min(BUFFER_BYTES));
        match source.read(&mut buffer[..most]) {
            Ok(0) if length.is_none() => break,
            Ok(0) => return Err(Error::InvalidDescriptor { reason: "it holds fewer bytes than was said" }),
            Ok(read) => {
                part.write(&buffer[..read])?;
                left -= read as u64;
            }
            // WouldBlock: another reader of the same pipe was faster.
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            Err(error) => return Err(Error::from_io("read a file", error)),
        }
    }
    Ok(())
}

/// Waits a moment until a pipe has something to read or has ended.
fn is_readable_soon(source: &File) -> Result<bool, Error> {
    match rustix::event::poll(&mut [PollFd::new(source, PollFlags::IN)], Some(&LOOK_EVERY)) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(Error::from_io("wait for a pipe", error.into())),
    }
}
