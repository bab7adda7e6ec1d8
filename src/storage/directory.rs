//! An open directory and the operations on its names.
//!
//! Every name is a single component. It is looked up relative to the open directory without following symbolic links,
//! so concurrent changes of the tree cannot redirect it.

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

/// Opening must not wait for the other end of a pipe, and must not make a terminal the controlling one.
const FILE_FLAGS: OFlags = OFlags::CLOEXEC.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);
const DIRECTORY_FLAGS: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::DIRECTORY);

/// The identity of a file or directory, independent of its name. Not reused while the file is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// Of an open file or directory.
    pub fn of(descriptor: impl AsFd) -> io::Result<FileId> {
        Ok(FileId::from_stat(&rustix::fs::fstat(descriptor)?))
    }

    /// Of the target of a native path.
    pub fn at(path: &Path) -> io::Result<FileId> {
        Ok(FileId::from_stat(&rustix::fs::stat(path)?))
    }

    /// Whether the file is at this path. A symbolic link to it does not count.
    ///
    /// # Errors
    /// The system cannot tell. The file may be there.
    pub fn is_at(self, path: &Path) -> io::Result<bool> {
        match rustix::fs::statat(rustix::fs::CWD, path, AtFlags::SYMLINK_NOFOLLOW).map_err(io::Error::from) {
            Ok(there) => Ok(FileId::from_stat(&there) == self),
            Err(error) if is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
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
    /// Opens a native directory. The path may contain symbolic links.
    pub fn open_native(path: &Path) -> io::Result<Directory> {
        Ok(Directory(rustix::io::retry_on_intr(|| rustix::fs::open(path, DIRECTORY_FLAGS, Mode::empty()))?))
    }

    /// Opens a directory in this one; `.` opens this one again. A symbolic link fails with `ELOOP`, a file with
    /// `ENOTDIR`.
    pub fn open<P: Arg + Copy>(&self, name: P) -> io::Result<Directory> {
        let flags = DIRECTORY_FLAGS | OFlags::NOFOLLOW;
        match rustix::io::retry_on_intr(|| rustix::fs::openat(&self.0, name, flags, Mode::empty())) {
            Ok(directory) => Ok(Directory(directory)),
            // Linux reports this for a symbolic link, too.
            Err(Errno::NOTDIR) if !self.is_file(name) => Err(Errno::LOOP.into()),
            Err(error) => Err(error.into()),
        }
    }

    fn is_file<P: Arg>(&self, name: P) -> bool {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW);
        stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
    }

    /// Opens a directory in this one and creates it if missing. Also returns whether it was created.
    pub fn open_or_create(&self, name: &str) -> io::Result<(Directory, bool)> {
        match self.open(name) {
            Ok(directory) => Ok((directory, false)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.create_or_open(name),
            Err(error) => Err(error),
        }
    }

    /// Does what [`Directory::open_or_create`] does, with fewer system calls if the directory is missing.
    pub fn create_or_open(&self, name: &str) -> io::Result<(Directory, bool)> {
        let created = match self.create_directory(name) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error),
        };
        Ok((self.open(name)?, created))
    }

    /// As [`Directory::open_or_create`], but removes a file or symbolic link with that name first. A link is not
    /// followed.
    pub fn open_or_replace(&self, name: &str) -> io::Result<(Directory, bool)> {
        match self.open_or_create(name) {
            Err(error) if is_gone(&error) => {
                self.remove_file(name)?;
                self.open_or_create(name)
            }
            opened => opened,
        }
    }

    /// Whether this directory is at the path, and was not removed, moved or replaced.
    ///
    /// # Errors
    /// As [`FileId::is_at`].
    pub fn is_at(&self, path: &Path) -> io::Result<bool> {
        FileId::of(self)?.is_at(path)
    }

    /// Opens a regular file without further hard links for reading. A directory fails with `EISDIR`, everything else
    /// with `EPERM`.
    ///
    /// A second hard link could lead to a file outside of the sandbox, planted so that it is uploaded. The library
    /// never creates one.
    pub fn open_file(&self, name: &str) -> io::Result<File> {
        self.open_regular(name, OFlags::RDONLY)
    }

    /// Opens a file as [`Directory::open_file`] does, for reading and writing.
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

    /// Creates a file that only the app can read and write. It must not exist.
    pub fn create_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(File::from(rustix::io::retry_on_intr(|| rustix::fs::openat(&self.0, name, flags, mode))?))
    }

    /// Moves a file or directory, replacing an existing one as POSIX allows.
    pub fn rename(&self, name: impl Arg, target: &Directory, target_name: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name, &target.0, target_name)?)
    }

    /// Moves a native file here, replacing an existing one.
    pub fn take_native(&self, path: &Path, name: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(rustix::fs::CWD, path, &self.0, name)?)
    }

    /// Moves a file back to its native path.
    pub fn give_native(&self, name: &str, path: &Path) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name, rustix::fs::CWD, path)?)
    }

    /// Removes a file or symbolic link.
    pub fn remove_file(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Creates a directory that only the app can use. The name must not exist.
    pub fn create_directory(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, Mode::RWXU)?)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Calls `take` with each name in the directory, in no particular order.
    ///
    /// Fails with the failure of `take`, [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
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

    /// Locks the directory against other holders of the lock, in this and other processes. `false` if another one holds
    /// it. The system releases the lock when the process ends.
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

    /// Flushes the names in the directory, so that they survive a power failure.
    pub fn sync(&self) -> io::Result<()> {
        match rustix::io::retry_on_intr(|| rustix::fs::fsync(&self.0)) {
            // File systems that cannot flush a directory report EINVAL.
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The free space in bytes. `None` if the file system does not report it.
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

/// Opens a native regular file for reading. The path may contain symbolic links.
pub fn open_native_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | FILE_FLAGS;
    let file = File::from(rustix::io::retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?);
    if !file.metadata()?.is_file() {
        return Err(Errno::PERM.into());
    }
    Ok(file)
}

/// Whether opening a directory failed because it does not exist or is not a directory.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error().map(Errno::from_raw_os_error),
        // For a symbolic link, O_NOFOLLOW reports LOOP or MLINK, depending on the system.
        Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::MLINK)
    )
}
