//! An open directory, and everything that is done to the names in it.
//!
//! Every name is a single component, looked up relative to the open directory and without following a link, so that
//! what happens to the tree at the same time cannot lead anywhere else.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::path::Arg;

use super::Error;
use crate::worker::Worker;

/// Waiting for a pipe's other end, or becoming a terminal's process group, is never wanted.
const FILE_FLAGS: OFlags = OFlags::CLOEXEC.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);
const DIRECTORY_FLAGS: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::DIRECTORY);

/// Which file or directory it is, whatever its name. It stays another's for as long as this one is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// Of something open.
    pub fn of(descriptor: impl AsFd) -> io::Result<FileId> {
        Ok(FileId::from_stat(&rustix::fs::fstat(descriptor)?))
    }

    /// Of what a path of the host's leads to.
    pub fn at(path: &Path) -> io::Result<FileId> {
        Ok(FileId::from_stat(&rustix::fs::stat(path)?))
    }

    /// Whether it has this path: a link to it does not count.
    pub fn is_at(self, path: &Path) -> bool {
        let there = rustix::fs::statat(rustix::fs::CWD, path, AtFlags::SYMLINK_NOFOLLOW);
        there.is_ok_and(|there| FileId::from_stat(&there) == self)
    }

    #[expect(clippy::unnecessary_cast, reason = "the fields have other types on other systems")]
    pub(super) fn from_stat(stat: &rustix::fs::Stat) -> FileId {
        FileId { device: stat.st_dev as u64, inode: stat.st_ino as u64 }
    }
}

/// An open directory.
#[derive(Debug)]
pub struct Directory(OwnedFd);

impl Directory {
    /// Opens a directory of the host's, by a path that may lead through links.
    pub fn open_native(path: &Path) -> io::Result<Directory> {
        Ok(Directory(rustix::io::retry_on_intr(|| rustix::fs::open(path, DIRECTORY_FLAGS, Mode::empty()))?))
    }

    /// Opens a directory in this one; `.` is this one again. A link fails with `ELOOP`, a file with `ENOTDIR`.
    pub fn open<P: Arg + Copy>(&self, name: P) -> io::Result<Directory> {
        let flags = DIRECTORY_FLAGS | OFlags::NOFOLLOW;
        match rustix::io::retry_on_intr(|| rustix::fs::openat(&self.0, name, flags, Mode::empty())) {
            Ok(directory) => Ok(Directory(directory)),
            // Linux says the same of a link.
            Err(Errno::NOTDIR) if !self.is_file(name) => Err(Errno::LOOP.into()),
            Err(error) => Err(error.into()),
        }
    }

    fn is_file<P: Arg>(&self, name: P) -> bool {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW);
        stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
    }

    /// Opens a directory in this one, which is made first where it is missing; also says whether it was.
    pub fn open_or_create(&self, name: &str) -> io::Result<(Directory, bool)> {
        let created = match self.create_directory(name) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error),
        };
        Ok((self.open(name)?, created))
    }

    /// The same, and a file or link that has the name makes way: it is removed, and not followed.
    pub fn open_or_replace(&self, name: &str) -> io::Result<(Directory, bool)> {
        match self.open_or_create(name) {
            Err(error) if is_gone(&error) => {
                self.remove_file(name)?;
                self.open_or_create(name)
            }
            opened => opened,
        }
    }

    /// Whether this is the directory that has the path: it was neither removed, moved nor replaced.
    pub fn is_at(&self, path: &Path) -> bool {
        FileId::of(self).is_ok_and(|this| this.is_at(path))
    }

    /// Opens a regular file with no other hard link for reading. A directory fails with `EISDIR`, everything else with `EPERM`.
    ///
    /// A second link could be to a file outside, planted to have it sent. The library itself never makes one.
    pub fn open_file(&self, name: &str) -> io::Result<File> {
        self.open_regular(name, OFlags::RDONLY)
    }

    /// Opens a file as [`Directory::open_file`] does, to change it where it is.
    pub fn open_file_to_change(&self, name: &str) -> io::Result<File> {
        self.open_regular(name, OFlags::RDWR)
    }

    fn open_regular(&self, name: &str, access: OFlags) -> io::Result<File> {
        let flags = access | OFlags::NOFOLLOW | FILE_FLAGS;
        let file = File::from(rustix::io::retry_on_intr(|| rustix::fs::openat(&self.0, name, flags, Mode::empty()))?);
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(Errno::ISDIR.into());
        }
        if !metadata.is_file() || metadata.nlink() > 1 {
            return Err(Errno::PERM.into());
        }
        Ok(file)
    }

    /// Creates a file that only the app can read, to be written. It must not exist.
    pub fn create_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(File::from(rustix::io::retry_on_intr(|| rustix::fs::openat(&self.0, name, flags, mode))?))
    }

    /// Moves a file or directory, over one that is there where POSIX allows it.
    pub fn rename(&self, name: &str, target: &Directory, target_name: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name, &target.0, target_name)?)
    }

    /// Moves a file of the host's here, over one that is there.
    pub fn take_native(&self, path: &Path, name: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(rustix::fs::CWD, path, &self.0, name)?)
    }

    /// Moves a file back to where the host had it.
    pub fn give_native(&self, name: &str, path: &Path) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name, rustix::fs::CWD, path)?)
    }

    /// Removes a file or link.
    pub fn remove_file(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Makes a directory that only the app can use. Nothing may have the name.
    pub fn create_directory(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, Mode::RWXU)?)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Calls `take` with each name in the directory, in no order.
    ///
    /// Fails with what `take` fails with, [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn for_each_name(
        &self,
        worker: &Worker,
        mut take: impl FnMut(&CStr) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let fail = |error: Errno| Error::from_io("list a directory", error.into());
        for entry in Dir::read_from(&self.0).map_err(fail)? {
            worker.turn(0)?;
            let entry = entry.map_err(fail)?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                take(entry.file_name())?;
            }
        }
        Ok(())
    }

    /// Locks the directory against other holders of the same lock, here and in other processes; `false` if one of them
    /// has it. The system releases it when the process ends.
    pub fn try_lock(&self, exclusive: bool) -> io::Result<bool> {
        let operation =
            if exclusive { FlockOperation::NonBlockingLockExclusive } else { FlockOperation::NonBlockingLockShared };
        match rustix::io::retry_on_intr(|| rustix::fs::flock(&self.0, operation)) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Releases the lock.
    pub fn unlock(&self) -> io::Result<()> {
        Ok(rustix::fs::flock(&self.0, FlockOperation::NonBlockingUnlock)?)
    }

    /// Makes the names in the directory survive a power failure.
    pub fn sync(&self) -> io::Result<()> {
        match rustix::io::retry_on_intr(|| rustix::fs::fsync(&self.0)) {
            // File systems that cannot do this for a directory say so with EINVAL.
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// How many bytes can still be written here; `None` where the file system does not know.
    pub fn available_bytes(&self) -> io::Result<Option<u64>> {
        let status = rustix::fs::fstatvfs(&self.0)?;
        Ok((status.f_blocks > 0).then(|| status.f_bavail.saturating_mul(status.f_frsize)))
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Opens a regular file of the host's for reading, by a path that may lead through links.
pub fn open_native_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | FILE_FLAGS;
    let file = File::from(rustix::io::retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?);
    if !file.metadata()?.is_file() {
        return Err(Errno::PERM.into());
    }
    Ok(file)
}

/// Whether opening a name as a directory failed because it is none, or no longer there.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error().map(Errno::from_raw_os_error),
        // LOOP and MLINK are what O_NOFOLLOW reports for a symbolic link, depending on the system.
        Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::MLINK)
    )
}
