//! Clones files: a copy that shares its blocks until one of the two is changed.

use std::io;
use std::os::fd::BorrowedFd;

/// Clones `source` as the new file `name` in `directory`. If the file system cannot clone, or `directory` is on another
/// file system, fails and leaves no new file.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn clone_file(source: BorrowedFd<'_>, directory: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    use rustix::fs::{AtFlags, Mode, OFlags};
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let target = rustix::fs::openat(directory, name, flags, Mode::RUSR | Mode::WUSR)?;
    if let Err(error) = rustix::fs::ioctl_ficlone(&target, source) {
        rustix::fs::unlinkat(directory, name, AtFlags::empty())?;
        return Err(error.into());
    }
    Ok(())
}

/// Clones `source` as the new file `name` in `directory`. If the file system cannot clone, or `directory` is on another
/// file system, fails and leaves no new file.
#[cfg(target_vendor = "apple")]
pub fn clone_file(source: BorrowedFd<'_>, directory: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    Ok(rustix::fs::fclonefileat(source, directory, name, rustix::fs::CloneFlags::empty())?)
}
