//! The directories of a mini program and user, which all sessions of this process with the same ones share.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::directory::{Directory, FileId};
use super::registry::FilesIdentity;
use super::turns::Turns;
use super::usage::Usage;
use super::{Error, Sharing};
use crate::worker::{Worker, lock};

/// How often a directory that is removed while it is made is made again.
const MAX_ATTEMPTS: usize = 8;

/// What all sessions of this process share that have the same mini program and user.
#[derive(Debug)]
pub struct SharedRoot {
    /// Without links, so that the same directory has the same path.
    data_directory: PathBuf,
    data_id: Mutex<FileId>,
    app_name: String,
    user_name: String,
    native: PathBuf,
    pub sharing: Sharing,
    /// `None` until they are opened, and when the last session is closed.
    tree: Mutex<Option<Arc<Tree>>>,
    /// Of those who open the directories.
    making: Turns,
    /// Of those who make a launch's directory, or look for those of crashed launches.
    pub launching: Turns,
    /// Of those who add files that outlive a launch.
    pub changes: Turns,
    /// Of those who change a part of a file.
    pub rewrites: Turns,
    pub usage: Usage,
}

/// The open directories. All of them are made anew when one was removed, which a cleaner may do at any time.
#[derive(Debug)]
pub struct Tree {
    /// Locked while a session is open, shared or exclusively.
    pub session: Arc<Directory>,
    /// Holds one directory for each launch.
    pub launches: Directory,
    /// The saved files. Locked while files are added here or under `user`, so that the quota is kept by all processes.
    pub store: Directory,
    pub user: Directory,
    native: PathBuf,
}

impl SharedRoot {
    /// Nothing is opened yet.
    pub fn new(identity: FilesIdentity<'_>, sharing: Sharing) -> SharedRoot {
        let FilesIdentity { data_directory, data_id, app_name, user_name } = identity;
        SharedRoot {
            data_directory: data_directory.to_owned(),
            data_id: Mutex::new(data_id),
            app_name: app_name.to_owned(),
            user_name: user_name.to_owned(),
            native: data_directory.join(app_name).join(user_name),
            sharing,
            tree: Mutex::new(None),
            making: Turns::default(),
            launching: Turns::default(),
            changes: Turns::default(),
            rewrites: Turns::default(),
            usage: Usage::default(),
        }
    }

    /// Whether this is the mini program and user. The directory may have two paths, and a removed one only has its path.
    pub fn is(&self, identity: FilesIdentity<'_>) -> bool {
        (self.app_name.as_str(), self.user_name.as_str()) == (identity.app_name, identity.user_name)
            && (self.data_directory == identity.data_directory || *lock(&self.data_id) == identity.data_id)
    }

    /// Lets other processes have the directories. Does not block.
    pub fn unlock(&self) {
        if let Some(tree) = lock(&self.tree).take() {
            // Unlocking an open directory has no way to fail. Closing it would not do: a file that is written may hold it.
            let _ = tree.session.unlock();
        }
    }

    /// The directories, opened or made where that is necessary; and whether that was because they were removed.
    ///
    /// Fails with [`Error::Locked`] where another process has the files; [`Error::Stopped`], [`Error::PermissionDenied`],
    /// [`Error::OutOfResources`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn tree(&self, worker: &Worker) -> Result<(Arc<Tree>, bool), Error> {
        if let Some(tree) = self.current() {
            return Ok((tree, false));
        }
        let _turn = self.making.take(worker, None)?;
        if let Some(tree) = self.current() {
            return Ok((tree, false));
        }
        let former = lock(&self.tree).clone();
        let made = self.make(former.as_deref(), worker);
        // The host learns of the path when it opens a session. Later a page's call would be told.
        let made = if former.is_some() { made.map_err(|error| error.of_native("open the directories")) } else { made };
        let tree = Arc::new(made?);
        *lock(&self.tree) = Some(tree.clone());
        if former.is_some() {
            self.usage.forget();
        }
        Ok((tree, former.is_some()))
    }

    fn current(&self) -> Option<Arc<Tree>> {
        lock(&self.tree).clone().filter(|tree| tree.is_in_place())
    }

    /// Opens the directories, making those that are missing, and locks the outermost unless `former` is still that and
    /// locked.
    fn make(&self, former: Option<&Tree>, worker: &Worker) -> Result<Tree, Error> {
        let fail = |error| Error::at_path(&self.native.to_string_lossy(), "open the directories", error);
        std::fs::create_dir_all(&self.data_directory).map_err(fail)?;
        let data = Directory::open_native(&self.data_directory).map_err(fail)?;
        *lock(&self.data_id) = FileId::of(&data).map_err(fail)?;
        let kept = former.filter(|former| former.session.is_at(&self.native));
        let session = match kept {
            Some(former) => former.session.clone(),
            None => Arc::new(self.make_session(&data, worker)?),
        };
        let open = |name| session.open_or_create(name).map(|(directory, _)| directory).map_err(fail);
        let (launches, store, user) = (open("launches")?, open("store")?, open("usr")?);
        Ok(Tree { session, launches, store, user, native: self.native.clone() })
    }

    fn make_session(&self, data: &Directory, worker: &Worker) -> Result<Directory, Error> {
        let fail = |error| Error::at_path(&self.native.to_string_lossy(), "open the directories", error);
        for _ in 0..MAX_ATTEMPTS {
            worker.check()?;
            let (app, _) = data.open_or_create(&self.app_name).map_err(fail)?;
            let (session, _) = app.open_or_create(&self.user_name).map_err(fail)?;
            let exclusive = self.sharing == Sharing::Exclusive;
            if !session.try_lock(exclusive).map_err(|error| Error::from_io("lock the directories", error))? {
                return Err(Error::Locked);
            }
            // It may have been removed before it was locked: another one could be locked beside it.
            if session.is_at(&self.native) {
                return Ok(session);
            }
        }
        Err(fail(io::ErrorKind::NotFound.into()))
    }
}

impl Tree {
    /// Whether the directories are still there.
    pub fn is_in_place(&self) -> bool {
        [(&self.launches, "launches"), (&self.store, "store"), (&self.user, "usr")]
            .iter()
            .all(|(directory, name)| directory.is_at(&self.native.join(name)))
    }

    /// Where the directory of a launch is. For the library: the host is told the path that it gave.
    pub fn native_launch(&self, launch: &str) -> PathBuf {
        self.native.join("launches").join(launch)
    }

    /// Opens the directory that a `wxfile://usr` file is in.
    pub fn open_user_parent(&self, components: &[String]) -> io::Result<Directory> {
        self.open_user_directory(components.split_last().map_or(&[], |(_, parents)| parents))
    }

    /// Opens a directory under `wxfile://usr`, or that itself.
    pub fn open_user_directory(&self, components: &[String]) -> io::Result<Directory> {
        let mut directory = self.user.open(".")?;
        for name in components {
            directory = directory.open(name.as_str())?;
        }
        Ok(directory)
    }
}
