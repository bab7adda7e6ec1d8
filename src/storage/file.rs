//! A complete file, as the host is told of it.

use std::fs::File;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Error;

/// A complete file that a mini program can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The `wxfile://` path.
    pub path: String,
    /// The same file for the host. Not to be kept: iOS moves an app's directory between launches of the app.
    pub native_path: PathBuf,
    /// Its size in bytes.
    pub length: u64,
    /// When it was saved, in seconds since the Unix epoch. `None` for a file that was not saved (a temporary one), or whose
    /// time was not asked for.
    pub create_time: Option<u64>,
}

/// Gives a file the present time, whatever it had before: a file of the host may be years old, and a clone is as old as its
/// source on some systems. Retention and the list of saved files go by this time.
pub(super) fn stamp(file: &File) -> Result<SystemTime, Error> {
    let now = SystemTime::now();
    file.set_modified(now).map_err(|error| Error::from_io("set the time of a file", error))?;
    Ok(now)
}

/// A time as [`StoredFile::create_time`] has it.
pub fn epoch_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
