//! What is under a name in a directory.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Stat};
use rustix::path::Arg;

use super::directory::{Directory, FileId};
use super::quota::{LEAST_COST, cost};

/// What a name leads to, as far as a page may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file with no other hard link.
    File,
    /// A directory.
    Directory,
    /// A link, a device, a pipe, or a file that has a second name, which may be outside: none of the page's.
    Other,
}

/// A file or directory as the system describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// POSIX `st_mode`: type and permissions.
    pub mode: u32,
    /// Its size in bytes.
    pub length: u64,
    /// When it was read last, in seconds since the Unix epoch.
    pub accessed: u64,
    /// When its contents were changed last, in seconds since the Unix epoch.
    pub modified: u64,
    /// What it costs of the quota; of a directory without what is in it.
    pub cost: u64,
    /// Which one it is.
    pub id: FileId,
}

impl Entry {
    /// Of something open.
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
            // Before the epoch is as good as at it.
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
    /// What a name in this directory leads to. A link is told as one, not followed.
    pub fn look<P: Arg + Copy>(&self, name: P) -> io::Result<Entry> {
        Ok(Entry::from_stat(&rustix::fs::statat(self, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }
}
