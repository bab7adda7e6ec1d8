//! The temporary files of one launch.

mod room;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::by_age::ByAge;
use super::directory::{Directory, FileId, is_gone};
use super::partials;
use super::path::{self, DigitsSource, random_digits};
use super::quota::{Quota, cost};
use super::retention;
use super::root::Root;
use super::shared_root::Tree;
use super::walk::remove_tree;
use super::{Error, StoredFile};
use crate::terms::log::{Level, Log};
use crate::worker::{StopReason, Worker, lock};

/// The suffix of a private file. Its name has no prefix, so no path leads to it.
pub const PART_SUFFIX: &str = ".part";
/// The maximum number of attempts to create a directory or file that others delete meanwhile.
const MAX_ATTEMPTS: usize = 32;

/// A launch of a mini program, until it ends.
#[derive(Debug)]
pub struct Launch {
    pub(super) root: Arc<Root>,
    current: Mutex<Arc<LaunchDirectory>>,
    open: AtomicBool,
    limit: u64,
    /// The number of bytes to keep when the launch ends.
    retention: u64,
    pub(super) files: Mutex<LaunchFiles>,
    part_names: Mutex<DigitsSource>,
    log: Log,
}

/// A launch's directory. It is locked while the launch lives, so an unlocked one belongs to a launch that has ended or
/// crashed.
#[derive(Debug)]
pub struct LaunchDirectory {
    pub directory: Directory,
    id: FileId,
    name: String,
    native: PathBuf,
    tree: Arc<Tree>,
}

#[derive(Debug, Default)]
pub struct LaunchFiles {
    pub quota: Quota,
    /// The complete files.
    pub complete: ByAge,
    /// The partial files that no task is writing, by their keys.
    pub partial: ByAge,
    /// Keys of the partial files that a task has given up and that are not flushed yet.
    pub leaving: Vec<String>,
}

impl Launch {
    /// Starts a launch. Takes over up to `retention` bytes of earlier launches, including crashed ones, and sets the
    /// rest aside. Also returns whether [`Launch::remove_leftovers`] has something to remove.
    pub fn begin(
        root: Arc<Root>,
        tree: Arc<Tree>,
        quota: u64,
        retention: u64,
        log: Log,
        worker: &Worker,
    ) -> Result<(Launch, bool), Error> {
        let retention = retention.min(quota);
        let turn = root.shared.launching.take_at_last(worker)?;
        let directory = LaunchDirectory::make(&root, tree, worker)?;
        let (files, has_leftovers) = match directory.tree.is_new {
            true => Default::default(),
            false => directory.take_over_files(retention, worker, &log)?,
        };
        drop(turn);
        let launch = Launch {
            root,
            current: Mutex::new(Arc::new(directory)),
            open: AtomicBool::new(true),
            limit: quota,
            retention,
            files: Mutex::new(files),
            part_names: Mutex::default(),
            log,
        };
        // The partial files of earlier launches, or of a session with a larger quota.
        // A file that cannot be removed takes space, but must not prevent the mini program from starting.
        match launch.trim_partials() {
            Err(error @ (Error::Io { .. } | Error::Stopped(_))) => {
                launch.log.write(Level::Warning, || format!("partial files need more than their quota: {error}"));
            }
            result => result?,
        }
        Ok((launch, has_leftovers))
    }

    /// The launch's directory. Created again if it was deleted; its temporary files are then lost.
    ///
    /// Fails with [`Error::Closed`], or as [`Root::tree`].
    pub fn directory(&self, worker: &Worker) -> Result<Arc<LaunchDirectory>, Error> {
        if let Some(current) = self.current()? {
            return Ok(current);
        }
        let turn = self.root.shared.launching.take_at_last(worker)?;
        if let Some(current) = self.current()? {
            return Ok(current);
        }
        let made = Arc::new(LaunchDirectory::make(&self.root, self.root.tree(worker)?, worker)?);
        *lock(&self.current) = made.clone();
        {
            // The partial files are in another directory and stay counted. If they were deleted, too, that is corrected
            // when space is needed: partial files are removed first.
            let mut files = lock(&self.files);
            files.complete = ByAge::default();
            let used = files.partial.cost();
            files.quota.set_used(used);
        }
        drop(turn);
        self.log.write(Level::Warning, || {
            "the temporary files were deleted; their directory has been created again".to_owned()
        });
        Ok(made)
    }

    fn current(&self) -> Result<Option<Arc<LaunchDirectory>>, Error> {
        if !self.is_open() {
            return Err(Error::Closed);
        }
        let current = lock(&self.current).clone();
        let is_there = current.is_there().map_err(|error| Error::from_io("find the launch's directory", error))?;
        Ok(is_there.then_some(current))
    }

    /// Opens one of the files for reading. Also returns its directory.
    pub fn open_file(&self, name: &str) -> io::Result<(Arc<LaunchDirectory>, File)> {
        let last = self.last_directory();
        if !self.is_open() || !last.is_there()? {
            // After the end of the launch, the file belongs to the next one. A directory that was moved may be deleted.
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = last.directory.open_file(name)?;
        Ok((last, file))
    }

    /// The most recent directory.
    pub fn last_directory(&self) -> Arc<LaunchDirectory> {
        lock(&self.current).clone()
    }

    /// Creates a private file under a name that no path can contain, and returns its directory. That directory may have
    /// been moved away. This is checked only when the file is complete, so that no file costs two checks.
    pub fn create_part(&self, worker: &Worker) -> Result<(Arc<LaunchDirectory>, String, File), Error> {
        if !self.is_open() {
            return Err(Error::Closed);
        }
        let name = lock(&self.part_names).next()? + PART_SUFFIX;
        let mut directory = self.last_directory();
        let mut attempts = 1;
        loop {
            match directory.directory.create_file(&name) {
                Ok(file) => return Ok((directory, name, file)),
                // The directory was deleted.
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempts < MAX_ATTEMPTS => attempts += 1,
                Err(error) => return Err(Error::from_io("create a file", error)),
            }
            directory = self.directory(worker)?;
        }
    }

    /// Deletes a private file.
    pub fn remove_part(&self, directory: &Directory, name: &str) {
        match directory.remove_file(name) {
            // Closing the session deletes it, too.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.log.write(Level::Warning, || format!("an unfinished file was not removed: {error}"));
            }
            _ => {}
        }
    }

    /// Whether the launch has not ended.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst)
    }

    /// Gives a private file of `length` bytes its final name, with the same digits. The `held` quota becomes used.
    /// `commit` is called after everything that takes time. If it returns a stop, the file keeps its private name.
    pub fn complete(
        &self,
        worker: &Worker,
        (directory, part): (&Directory, &str),
        length: u64,
        held: u64,
        extension: Option<&str>,
        commit: &dyn Fn() -> Result<(), StopReason>,
    ) -> Result<StoredFile, Error> {
        let name = path::temporary_name(part.trim_end_matches(PART_SUFFIX), extension);
        let current = self.name_part(worker, (directory, part), &name, commit)?;
        let native_path = self.root.native_temporary(&current.name, &name);
        let path = self.root.scheme.path_of(&name);
        let mut files = lock(&self.files);
        files.quota.release(held);
        files.quota.add_used(cost(length));
        files.complete.add_newest(&name, cost(length));
        Ok(StoredFile { path, native_path, length, create_time: None })
    }

    /// Moves a private file to its final name in the launch's directory, and returns that directory. It differs from
    /// the part's directory if that was moved away.
    fn name_part(
        &self,
        worker: &Worker,
        (directory, part): (&Directory, &str),
        name: &str,
        commit: &dyn Fn() -> Result<(), StopReason>,
    ) -> Result<Arc<LaunchDirectory>, Error> {
        let fail = |error| Error::from_io("name a temporary file", error);
        let last = self.last_directory();
        if !self.is_open() {
            return Err(Error::Closed);
        }
        if std::ptr::eq(directory, &last.directory) {
            // Finds the part by its path, and so only if the directory, or a copy of it, is there. A check of its own
            // would be one more system call for each file. If this fails, the directory is most likely gone; any other
            // failure happens again below.
            if last.directory.take_native(&last.native.join(part), name).is_ok() {
                commit().inspect_err(|_| {
                    // Nobody was told of the name yet. If this fails, the file was deleted with its directory.
                    let _ = last.directory.rename(name, &last.directory, part);
                })?;
                return Ok(last);
            }
        }
        let current = self.directory(worker)?;
        commit()?;
        // If the directory was deleted, the part was deleted with it.
        directory.rename(part, &current.directory, name).map_err(fail)?;
        Ok(current)
    }

    /// No longer counts a file that was moved away.
    pub fn forget(&self, name: &str) {
        let mut files = lock(&self.files);
        if let Some(cost) = files.complete.remove(name) {
            files.quota.remove_used(cost);
        }
    }

    /// Removes what this and earlier launches have set aside.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`]. Removes as much as possible.
    pub fn remove_leftovers(&self, worker: &Worker) -> Result<(), Error> {
        if retention::remove_leftovers(&self.last_directory().tree.launches, worker)? {
            self.log.write(Level::Info, || "the temporary files of an earlier launch were removed".to_owned());
        }
        Ok(())
    }

    /// Ends the launch: sets its directory aside, except for files that are kept for the next launch, and deletes what
    /// was set aside. What is left when `worker` is stopped is deleted by other launches, and taken over by none. No
    /// file may be created or completed meanwhile: it would be left, too.
    pub fn end(&self, worker: &Worker) {
        if !self.open.swap(false, Ordering::SeqCst) {
            return;
        }
        let last = self.last_directory();
        let removed = self.set_aside(&last, worker);
        // In any case, so that the next launch sees that this one has ended.
        let unlocked = last.directory.unlock().map_err(|error| Error::from_io("unlock a directory", error));
        match removed.and(unlocked).and_then(|()| self.remove_leftovers(worker)) {
            Ok(()) => {}
            Err(Error::Stopped(_)) => self.log.write(Level::Info, || {
                "there are too many temporary files to delete them now; the next launch deletes the rest".to_owned()
            }),
            Err(error) => {
                self.log.write(Level::Warning, || format!("temporary files were left for the next launch: {error}"));
            }
        }
    }

    /// Sets the launch's directory aside, and deletes it except for the files that the next launch may keep.
    fn set_aside(&self, last: &LaunchDirectory, worker: &Worker) -> Result<(), Error> {
        let fail = |error| Error::from_io("find the launch's directory", error);
        if !last.id.is_at(&last.native).map_err(fail)? && last.is_there().map_err(fail)? {
            // A link leads to it, which no other launch follows.
            last.directory.for_each_name(worker, |name| remove_tree(&last.directory, name, worker))?;
            return remove_tree(&last.tree.launches, last.name.as_str(), worker);
        }
        let mut kept = std::mem::take(&mut lock(&self.files).complete);
        let mut bytes = kept.cost();
        while bytes > self.retention {
            let Some((_, cost)) = kept.remove_oldest() else { break };
            bytes -= cost;
        }
        let launches = &last.tree.launches;
        let keep = if kept.names().next().is_none() { 0 } else { self.retention };
        let name = match retention::set_aside(launches, last.name.as_str(), keep) {
            Ok(name) => name,
            // A cleaner has moved it, or its longer name needs space that a full device does not have.
            Err(error) => {
                self.log.write(Level::Info, || format!("the launch's directory keeps its name: {error}"));
                last.name.clone()
            }
        };
        if keep == 0 {
            return remove_tree(launches, name.as_str(), worker);
        }
        last.directory.for_each_name(worker, |name| {
            if name.to_str().is_ok_and(|name| kept.contains(name)) {
                return Ok(());
            }
            remove_tree(&last.directory, name, worker)
        })
    }
}

/// Creates and locks a launch's directory. `None` if it was deleted meanwhile: until it is locked, it looks like that
/// of a crashed launch.
fn create_locked(launches: &Directory, name: &str) -> io::Result<Option<Directory>> {
    match launches.create_directory(name).and_then(|()| launches.open(name)) {
        Ok(directory) => Ok(directory.try_lock(true)?.then_some(directory)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl LaunchDirectory {
    /// Creates a directory in `tree`, or in the current one if `tree` was deleted or replaced meanwhile.
    fn make(root: &Root, mut tree: Arc<Tree>, worker: &Worker) -> Result<LaunchDirectory, Error> {
        let fail = |error| Error::from_io("create the launch's directory", error);
        for _ in 0..MAX_ATTEMPTS {
            worker.check()?;
            let name = random_digits()?;
            let native = tree.native_launch(&name);
            if let Some(directory) = create_locked(&tree.launches, &name).map_err(fail)? {
                let id = FileId::of(&directory).map_err(fail)?;
                if id.is_at(&native).map_err(fail)? {
                    return Ok(LaunchDirectory { directory, id, name, native, tree });
                }
            }
            tree = root.tree(worker)?;
        }
        Err(fail(io::ErrorKind::NotFound.into()))
    }

    /// Takes over files of earlier launches: partial files, and up to `retention` bytes of temporary files. Sets the other
    /// temporary files aside. Also returns whether something was set aside, now or before.
    fn take_over_files(&self, retention: u64, worker: &Worker, log: &Log) -> Result<(LaunchFiles, bool), Error> {
        let mut files = LaunchFiles::default();
        let heir = (retention > 0).then_some((&self.directory, retention));
        let settled = retention::settle_dead_launches(&self.tree.launches, &self.name, heir, worker, log)?;
        if let Some(partials) = partials::existing(self.tree.session.open(partials::DIRECTORY))
            .map_err(|error| Error::from_io("open a directory", error))?
        {
            let (kept, problem) = partials::settle(&partials, worker)?;
            if let Some(problem) = problem {
                log.write(Level::Warning, || format!("a partial file is left alone: {problem}"));
            }
            for kept in kept {
                files.quota.add_used(kept.cost);
                files.partial.add_newest(&kept.key, kept.cost);
            }
        }
        for (name, cost) in retention::trim(&self.directory, settled.inherited, retention, worker, log)? {
            files.quota.add_used(cost);
            files.complete.add_newest(&name, cost);
        }
        Ok((files, settled.has_leftovers))
    }

    /// Whether the directory was neither deleted, moved nor replaced. A symbolic link to it in its place counts as the
    /// directory, as for [`Launch::name_part`].
    fn is_there(&self) -> io::Result<bool> {
        match FileId::at(&self.native) {
            Ok(there) => Ok(there == self.id),
            Err(error) if is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
