//! The mini programs whose files are open in this process.
//!
//! The lock on the directories keeps other processes away, but goes with the directories if a cleaner removes them. Within
//! the process this list keeps one session from another, whatever happens on the disk; and it is how the sessions that share
//! files come to share what this process knows of them.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::directory::FileId;
use super::shared_root::SharedRoot;
use super::{Error, Sharing};
use crate::worker::lock;

/// One mini program and user, with one session or several.
struct OpenRoot {
    root: Arc<SharedRoot>,
    sharing: Sharing,
    sessions: usize,
}

static OPEN: Mutex<Vec<OpenRoot>> = Mutex::new(Vec::new());

/// Which directory a mini program and user have.
#[derive(Clone, Copy, Debug)]
pub struct FilesIdentity<'a> {
    /// The path of the host's data directory, without links.
    pub data_directory: &'a Path,
    /// What that path leads to. The same directory may have another path.
    pub data_id: FileId,
    /// The directory of the app, in the data directory.
    pub app_name: &'a str,
    /// The directory of the user, in that of the app.
    pub user_name: &'a str,
}

/// Lets a session in, unless another one is there and either wants the files for itself.
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

/// Lets a session out. The last one takes the lock with it.
pub fn leave(root: &Arc<SharedRoot>) {
    let mut open = lock(&OPEN);
    let Some(index) = open.iter().position(|open| Arc::ptr_eq(&open.root, root)) else { return };
    open[index].sessions -= 1;
    if open[index].sessions == 0 {
        // Before others can enter, who would find the lock taken by nobody. It does not block.
        root.unlock();
        open.swap_remove(index);
    }
}
