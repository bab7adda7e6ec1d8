//! The mini programs whose files are open in this process.
//!
//! The locks on the directories exclude other processes, but disappear if a cleaner deletes the directories. Within the
//! process, this list separates sessions whatever happens on the disk. Sessions that share files also share their
//! in-memory state through it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::directory::FileId;
use super::shared_root::SharedRoot;
use super::{Error, Sharing};
use crate::worker::lock;

/// One mini program and user, with one or several sessions.
struct OpenRoot {
    root: Arc<SharedRoot>,
    sharing: Sharing,
    sessions: usize,
}

static OPEN: Mutex<Vec<OpenRoot>> = Mutex::new(Vec::new());

/// The identity of a mini program's and user's directory.
#[derive(Clone, Copy, Debug)]
pub struct FilesIdentity<'a> {
    /// The resolved path of the host's data directory.
    pub data_directory: &'a Path,
    /// The identity of that directory. The same directory may have another path.
    pub data_id: FileId,
    /// The name of the app's directory in the data directory.
    pub app_name: &'a str,
    /// The name of the user's directory in the app's directory.
    pub user_name: &'a str,
}

/// Registers a session, unless another one exists and one of the two is exclusive.
///
/// Fails with [`Error::Locked`].
pub fn enter(identity: FilesIdentity<'_>, sharing: Sharing) -> Result<Arc<SharedRoot>, Error> {
    let mut open = lock(&OPEN);
    if let Some(found) = open.iter_mut().find(|open| open.root.is(identity)) {
        if sharing == Sharing::Exclusive || found.sharing == Sharing::Exclusive {
            return Err(Error::Locked);
        }
        found.sessions += 1;
        return Ok(found.root.clone());
    }
    let root = Arc::new(SharedRoot::new(identity, sharing));
    open.push(OpenRoot { root: root.clone(), sharing, sessions: 1 });
    Ok(root)
}

/// Unregisters a session. The last one releases the lock.
pub fn leave(root: &Arc<SharedRoot>) {
    let mut open = lock(&OPEN);
    let Some(index) = open.iter().position(|open| Arc::ptr_eq(&open.root, root)) else { return };
    open[index].sessions -= 1;
    if open[index].sessions == 0 {
        // Before the entry is removed, so that the next session does not find the lock still held. Does not block.
        root.unlock();
        open.swap_remove(index);
    }
}
