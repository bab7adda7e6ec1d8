//! Files that outlive the launch.

use std::path::PathBuf;

/// A file in the store, or one just saved under `wxfile://usr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// The `wxfile://` path.
    pub path: String,
    /// The same file for the host. Not to be kept: iOS moves an app's directory between launches of the app.
    pub native_path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// When it was saved, in seconds since the epoch.
    pub create_time: u64,
}
