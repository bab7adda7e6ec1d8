//! The attributes of a name in a directory.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Stat};
use rustix::path::Arg;

use super::directory::{Directory, FileId};
use super::quota::{LEAST_COST, cost};

/// The kind of a file, from a page's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file without further hard links.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, a device, a pipe, or a file with a second hard link, which may be outside of the sandbox. A
    /// page must not use it.
    Other,
}

/// The attributes of a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The kind.
    pub kind: EntryKind,
    /// POSIX `st_mode`: file type and permissions.
    pub mode: u32,
    /// The size in bytes.
    pub length: u64,
    /// The time of the last read, in seconds since the Unix epoch.
    pub accessed: u64,
    /// The time of the last modification, in seconds since the Unix epoch.
    pub modified: u64,
    /// The cost against the quota. For a directory, without its contents.
    pub cost: u64,
    /// The identity.
    pub id: FileId,
}

impl Entry {
    /// Of an open file or directory.
    pub fn of(descriptor: impl AsFd) -> io::Result<Entry> {
        Ok(Entry::from_stat(&rustix::fs::fstat(descriptor)?))
    }

    #[expect(clippy::unnecessary_cast, reason = "the fields have other types on other systems")]
    fn from_stat(stat: &Stat) -> Entry {
        let file_type = FileType::from_raw_mode(stat.st_mode);
        let length = u64::try_from(stat.st_size).unwrap_or(0);
        Entry {
            kind: match file_type {
                FileType::RegularFile if stat.st_nlink <= 1 => EntryKind::File,
                FileType::Directory => EntryKind::Directory,
                _ => EntryKind::Other,
            },
            mode: stat.st_mode as u32,
            length,
            // Times before the epoch become 0.
            accessed: u64::try_from(stat.st_atime as i64).unwrap_or(0),
            modified: u64::try_from(stat.st_mtime as i64).unwrap_or(0),
            cost: match file_type {
                FileType::RegularFile => cost(length),
                FileType::Directory => LEAST_COST,
                _ => 0,
            },
            id: FileId::from_stat(stat),
        }
    }
}

impl Directory {
    /// The attributes of a name in this directory. A symbolic link is not followed.
    pub fn look<P: Arg + Copy>(&self, name: P) -> io::Result<Entry> {
        self.look_with_time(name).map(|(entry, _)| entry)
    }

    /// The attributes, and the exact time of the last modification: seconds and nanoseconds since the Unix epoch.
    pub fn look_with_time<P: Arg + Copy>(&self, name: P) -> io::Result<(Entry, (i128, i128))> {
        let stat = rustix::fs::statat(self, name, AtFlags::SYMLINK_NOFOLLOW)?;
        // The fields have other types on other systems.
        Ok((Entry::from_stat(&stat), (i128::from(stat.st_mtime), i128::from(stat.st_mtime_nsec))))
    }
}
