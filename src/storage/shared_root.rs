//! The directories of a mini program and user, shared by all sessions of this process with the same ones.
//!
//! A session holds two locks: on the directory of its files, and on an empty directory elsewhere in the data directory.
//! Using the files requires both. So a session that finds one of the directories deleted still excludes others, and
//! locks it again.

use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::directory::{Directory, FileId};
use super::registry::FilesIdentity;
use super::turns::{Turns, TurnsByKey};
use super::usage::Usage;
use super::{Error, Sharing};
use crate::worker::{Worker, lock};

/// The maximum number of attempts to open or lock directories that others delete or lock meanwhile.
pub const MAX_ATTEMPTS: usize = 8;
/// The polling interval of a session that holds one lock, while another process holds the other one and cannot get the
/// first.
const PAUSE: Duration = Duration::from_millis(4);
/// Contains a directory for each app, which contains an empty, locked directory for each user.
const LOCKS: &str = "locks";

/// The state that all sessions of this process with the same mini program and user share.
#[derive(Debug)]
pub struct SharedRoot {
    /// The resolved path, so that the same directory has the same path.
    data_directory: PathBuf,
    data_id: Mutex<FileId>,
    app_name: String,
    user_name: String,
    native: PathBuf,
    pub sharing: Sharing,
    /// `None` before the directories are opened, and after the last session is closed.
    tree: Mutex<Option<Arc<Tree>>>,
    /// Turns of threads that open the directories.
    making: Turns,
    /// Turns of threads that create a launch's directory or search for those of crashed launches.
    pub launching: Turns,
    /// Turns of threads that add files which outlive a launch.
    pub changes: Turns,
    /// Turns of threads that change a part of a `wxfile://usr` file, by its path components.
    pub rewrites: TurnsByKey<Vec<String>>,
    pub usage: Usage,
    /// Counts the discards of partial files, each at its beginning and at its end.
    pub discards: AtomicU64,
}

/// The open directories. All are opened again if one was deleted or replaced, which a cleaner may do at any time.
#[derive(Debug)]
pub struct Tree {
    /// Locked while a session is open, shared or exclusive.
    pub session: Arc<LockedDirectory>,
    /// The second lock. This directory contains no files.
    lock: Arc<LockedDirectory>,
    /// Contains a directory for each launch.
    pub launches: Directory,
    /// The saved files. Locked while files are added here or under `user`, so that all processes respect the quota.
    pub store: Directory,
    pub user: Directory,
    /// The session had the exclusive lock when it created `launches`, `store` and `user`, so they were empty.
    pub is_new: bool,
    native: PathBuf,
    /// The expected path and identity of each of the directories and their parents.
    places: Vec<(PathBuf, FileId)>,
}

/// A directory that is unlocked when it is dropped.
///
/// Closing it would not be enough: a process that the app forks shares the lock until it starts another program.
#[derive(Debug)]
pub struct LockedDirectory(Directory);

impl Deref for LockedDirectory {
    type Target = Directory;

    fn deref(&self) -> &Directory {
        &self.0
    }
}

impl Drop for LockedDirectory {
    fn drop(&mut self) {
        // Unlocking an open directory cannot fail, whether or not it is locked.
        let _ = self.0.unlock();
    }
}

impl SharedRoot {
    /// Opens nothing yet.
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
            rewrites: TurnsByKey::new(),
            usage: Usage::default(),
            discards: AtomicU64::new(0),
        }
    }

    /// Whether this is the given mini program and user. The data directory matches by its path or its identity: one
    /// directory may have two paths, and a directory that was deleted and created again has another identity.
    pub fn is(&self, identity: FilesIdentity<'_>) -> bool {
        (self.app_name.as_str(), self.user_name.as_str()) == (identity.app_name, identity.user_name)
            && (self.data_directory == identity.data_directory || *lock(&self.data_id) == identity.data_id)
    }

    /// Releases the locks for other processes. Does not block.
    pub fn unlock(&self) {
        if let Some(tree) = lock(&self.tree).take() {
            // Unlocking an open directory cannot fail. Closing it would not be enough: a file that is being written may
            // keep it open.
            let _ = tree.session.unlock();
            let _ = tree.lock.unlock();
        }
    }

    /// The directories, opened or created if necessary, and whether they had been deleted.
    ///
    /// Fails with [`Error::Locked`] if another process has the files; [`Error::Stopped`], [`Error::OutOfResources`],
    /// [`Error::DiskFull`] or [`Error::Io`].
    pub fn tree(&self, worker: &Worker) -> Result<(Arc<Tree>, bool), Error> {
        if let Some(tree) = self.current()? {
            return Ok((tree, false));
        }
        let _turn = self.making.take_at_last(worker)?;
        if let Some(tree) = self.current()? {
            return Ok((tree, false));
        }
        let former = lock(&self.tree).clone();
        let mut attempts = 1;
        let tree = loop {
            match self.make(former.as_deref(), worker) {
                Ok(tree) => break Arc::new(tree),
                // One of the directories was deleted or moved away meanwhile.
                Err(Error::Io { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && attempts < MAX_ATTEMPTS =>
                {
                    attempts += 1;
                    worker.check()?;
                }
                Err(error) => return Err(error),
            }
        };
        *lock(&self.tree) = Some(tree.clone());
        if former.is_some() {
            self.usage.forget();
        }
        Ok((tree, former.is_some()))
    }

    fn current(&self) -> Result<Option<Arc<Tree>>, Error> {
        let Some(tree) = lock(&self.tree).clone() else { return Ok(None) };
        Ok(tree.is_in_place()?.then_some(tree))
    }

    /// Opens the directories, creates missing ones, and takes the locks unless `former` still holds them. A file or
    /// symbolic link that replaced a directory of `former` is deleted, because the names are the library's own. Without
    /// `former` it is an error.
    fn make(&self, former: Option<&Tree>, worker: &Worker) -> Result<Tree, Error> {
        // The error does not contain the native path, because the error can reach a page.
        let fail = |error| Error::from_io("open the directories", error);
        let data = match Directory::open_native(&self.data_directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(&self.data_directory)
                    .map_err(|error| Error::from_io("create the data directory", error))?;
                Directory::open_native(&self.data_directory)
            }
            opened => opened,
        }
        .map_err(|error| Error::from_io("open the data directory", error))?;
        *lock(&self.data_id) = FileId::of(&data).map_err(fail)?;
        let (app, user) = (self.app_name.as_str(), self.user_name.as_str());
        let replaces = former.is_some();
        let open = |(parent, is_new): (&Directory, bool), name: &str| {
            let opened = match (replaces, is_new) {
                (true, _) => parent.open_or_replace(name),
                (false, true) => parent.create_or_open(name),
                (false, false) => parent.open_or_create(name),
            };
            opened.map_err(fail)
        };
        let place = |names: &[&str], directory: &Directory| match FileId::of(directory) {
            Ok(id) => Ok((self.native_path(names), id)),
            Err(error) => Err(fail(error)),
        };
        // First the parents of the locked directories, so that these are not reached through a symbolic link.
        let (app_directory, app_is_new) = open((&data, false), app)?;
        let (locks, locks_are_new) = open((&data, false), LOCKS)?;
        let (app_locks, app_locks_are_new) = open((&locks, locks_are_new), app)?;
        let mut places =
            vec![place(&[app], &app_directory)?, place(&[LOCKS], &locks)?, place(&[LOCKS, app], &app_locks)?];
        let (lock_names, session_names) = ([LOCKS, app, user], [app, user]);
        let (mut kept_lock, mut kept_session) = (None, None);
        if let Some(former) = former {
            let (lock, session) = (&former.lock, &former.session);
            kept_lock = lock.is_at(&self.native_path(&lock_names)).map_err(fail)?.then_some(lock);
            kept_session = session.is_at(&self.native).map_err(fail)?.then_some(session);
        }
        // Another process can hold one lock for a moment, but not both.
        let patient = kept_lock.is_some() || kept_session.is_some();
        let lock_it = |kept: Option<&Arc<LockedDirectory>>, parent: (&Directory, bool), names: &[&str]| match kept {
            Some(kept) => Ok((kept.clone(), false)),
            None => {
                let (directory, created) = open(parent, user)?;
                let locked = self.lock_at(directory, &self.native_path(names), patient, worker)?;
                Ok::<_, Error>((Arc::new(locked), created))
            }
        };
        let (lock, _) = lock_it(kept_lock, (&app_locks, app_locks_are_new), &lock_names)?;
        let (session, session_is_new) = lock_it(kept_session, (&app_directory, app_is_new), &session_names)?;
        places.extend([place(&lock_names, &lock)?, place(&session_names, &session)?]);
        let mut created = 0;
        let mut open_of_session = |name| {
            let (directory, is_new) = open((&session, session_is_new), name)?;
            places.push(place(&[app, user, name], &directory)?);
            created += u32::from(is_new);
            Ok::<_, Error>(directory)
        };
        let (launches, store) = (open_of_session("launches")?, open_of_session("store")?);
        let user_files = open_of_session("usr")?;
        if created > 0 {
            // A power failure could otherwise lose a new directory and the saved files in it. Flushing a directory does
            // not flush its own name, so its parents are flushed, too.
            for directory in [&*session, &app_directory, &data] {
                directory.sync().map_err(fail)?;
            }
        }
        let is_new = session_is_new && created == 3 && self.sharing == Sharing::Exclusive;
        Ok(Tree { session, lock, launches, store, user: user_files, is_new, native: self.native.clone(), places })
    }

    /// Locks a directory, which must be at this path. If `patient`, waits briefly for another process.
    fn lock_at(
        &self,
        directory: Directory,
        native: &Path,
        patient: bool,
        worker: &Worker,
    ) -> Result<LockedDirectory, Error> {
        let fail = |error| Error::from_io("lock the directories", error);
        let directory = LockedDirectory(directory);
        let exclusive = self.sharing == Sharing::Exclusive;
        let mut attempts = 1;
        while !directory.try_lock(exclusive).map_err(fail)? {
            if !patient || attempts == MAX_ATTEMPTS {
                return Err(Error::Locked);
            }
            attempts += 1;
            worker.wait_for(Some(Instant::now() + PAUSE), || None::<()>)?;
        }
        // It may have been deleted before it was locked, and another one locked in its place.
        match directory.is_at(native).map_err(fail)? {
            true => Ok(directory),
            false => Err(fail(io::ErrorKind::NotFound.into())),
        }
    }

    /// The native path of a directory in the data directory.
    fn native_path(&self, names: &[&str]) -> PathBuf {
        names.iter().fold(self.data_directory.clone(), |path, name| path.join(name))
    }
}

impl Tree {
    /// Whether the directories still exist.
    ///
    /// Fails if the system cannot tell: [`Error::OutOfResources`] or [`Error::Io`].
    pub fn is_in_place(&self) -> Result<bool, Error> {
        for (path, id) in &self.places {
            if !id.is_at(path).map_err(|error| Error::from_io("find the directories", error))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The resolved native path of a launch's directory, for internal use. The host sees the path that it specified.
    pub fn native_launch(&self, launch: &str) -> PathBuf {
        self.native.join("launches").join(launch)
    }

    /// Opens the directory that contains a `wxfile://usr` file.
    pub fn open_user_parent(&self, components: &[String]) -> io::Result<Directory> {
        self.open_user_directory(components.split_last().map_or(&[], |(_, parents)| parents))
    }

    /// Opens a directory under `wxfile://usr`, or `wxfile://usr` itself.
    pub fn open_user_directory(&self, components: &[String]) -> io::Result<Directory> {
        let mut directory = self.user.open(".")?;
        for name in components {
            directory = directory.open(name.as_str())?;
        }
        Ok(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_locked_directory_unlocks_it_although_a_forked_process_shares_it() {
        let place = tempfile::tempdir().unwrap();
        let locked = LockedDirectory(Directory::open_native(place.path()).unwrap());
        assert!(locked.try_lock(true).unwrap());
        // As a fork does.
        let shared = rustix::io::dup(&locked.0).unwrap();
        let other = Directory::open_native(place.path()).unwrap();
        assert!(!other.try_lock(true).unwrap());
        drop(locked);
        assert!(other.try_lock(true).unwrap());
        drop(shared);
    }
}
