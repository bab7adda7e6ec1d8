//! A complete file, as reported to the host.

use std::fs::File;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Error;

/// A complete file with a path for the mini program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The `wxfile://` path.
    pub path: String,
    /// The path on the device. Do not store it: iOS moves an app's directory between launches.
    pub native_path: PathBuf,
    /// The size in bytes.
    pub length: u64,
    /// The time of saving, in seconds since the Unix epoch. `None` for a temporary file, or if the time was not
    /// requested.
    pub create_time: Option<u64>,
}

/// Sets a file's modification time to now. A file of the host may be years old, and on some systems a clone inherits
/// the time of its source. Retention and the list of saved files use this time.
pub(super) fn stamp(file: &File) -> Result<SystemTime, Error> {
    let now = SystemTime::now();
    file.set_modified(now).map_err(|error| Error::from_io("set the time of a file", error))?;
    Ok(now)
}

/// Converts a time for [`StoredFile::create_time`].
pub fn epoch_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
