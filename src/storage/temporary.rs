//! One launch's temporary files.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use rustix::io::Errno;

use super::directory::Directory;
use super::path::{self, random_digits};
use super::quota::Quota;
use super::root::Root;
use super::{Error, StoredFile, lock};
use crate::terms::log::{Level, Log};

/// Ends the name of a private file, which has nothing in front of the digits: no path leads to it.
const PART_SUFFIX: &str = ".part";

/// A launch's own directory. It is locked for as long as the launch lives, so that whoever finds one that is not knows
/// that its launch crashed.
#[derive(Debug)]
pub struct Launch {
    root: Arc<Root>,
    name: String,
    pub directory: Directory,
    /// Held for reading by those who change the directory, so that it is not removed meanwhile; they need not wait for
    /// each other.
    open: RwLock<bool>,
    state: Mutex<State>,
    /// Nobody is to wait for new bytes any more.
    ending: AtomicBool,
    log: Log,
}

#[derive(Debug)]
struct State {
    quota: Quota,
    /// Names and sizes of the complete files, oldest first.
    complete: VecDeque<(String, u64)>,
}

impl Launch {
    /// Begins a launch, and removes what crashed ones left.
    pub fn begin(root: Arc<Root>, quota: u64, log: Log) -> Result<Launch, Error> {
        let name = random_digits()?;
        let guard = root.lock_changes(&root.launches)?;
        remove_dead_launches(&root.launches, &log)?;
        let create = || -> io::Result<Directory> {
            let (directory, _) = root.launches.open_or_create(&name)?;
            // Nobody else can have it: dead launches are looked for under the same guard.
            directory.try_lock(true)?;
            Ok(directory)
        };
        let directory = create().map_err(|error| Error::from_io("create the launch's directory", error))?;
        drop(guard);
        let state = State { quota: Quota::new(quota, 0), complete: VecDeque::new() };
        Ok(Launch {
            root,
            name,
            directory,
            open: RwLock::new(true),
            state: Mutex::new(state),
            ending: AtomicBool::new(false),
            log,
        })
    }

    /// The name of its directory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Creates a private file under a name that no path can name.
    pub fn create_part(&self) -> Result<(String, File), Error> {
        let name = format!("{}{PART_SUFFIX}", random_digits()?);
        let _open = self.while_open()?;
        let file = self.directory.create_file(&name).map_err(|error| Error::from_io("create a file", error))?;
        Ok((name, file))
    }

    /// Removes a private file.
    pub fn remove_part(&self, name: &str) {
        match self.directory.remove_file(name) {
            // Closing the session removes it, too.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.log.write(Level::Warning, || format!("an unfinished file was not removed: {error}"));
            }
            _ => {}
        }
    }

    /// Holds quota for `bytes` more. The oldest complete files of this launch make room.
    ///
    /// Fails with [`Error::QuotaExceeded`] where removing all of them would not be enough, or [`Error::Io`].
    pub fn hold(&self, bytes: u64) -> Result<(), Error> {
        let mut removed = Vec::new();
        let held = self.make_room(bytes, &mut removed);
        // Without the lock: the log is the host's code, which may well ask for a temporary file.
        for name in removed {
            self.log.write(Level::Warning, || {
                format!("{} was removed to make room for a new temporary file", path::virtual_path(&name))
            });
        }
        held
    }

    /// The work of [`Launch::hold`]; `removed` gets the names of the files that had to go.
    fn make_room(&self, bytes: u64, removed: &mut Vec<String>) -> Result<(), Error> {
        let mut state = lock(&self.state);
        if !state.quota.can_ever_fit(bytes) {
            return Err(Error::QuotaExceeded);
        }
        while !state.quota.fits(bytes) {
            let Some((name, size)) = state.complete.pop_front() else { return Err(Error::QuotaExceeded) };
            match self.directory.remove_file(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    state.complete.push_front((name, size));
                    return Err(Error::from_io("remove an old temporary file", error));
                }
                _ => {}
            }
            state.quota.remove_used(size);
            removed.push(name);
        }
        state.quota.hold(bytes);
        Ok(())
    }

    /// Gives back held quota.
    pub fn release(&self, bytes: u64) {
        lock(&self.state).quota.release(bytes);
    }

    /// Whether the launch has not ended.
    pub fn is_open(&self) -> bool {
        *self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the launch from ending, or fails with [`Error::Closed`].
    fn while_open(&self) -> Result<RwLockReadGuard<'_, bool>, Error> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        if *open { Ok(open) } else { Err(Error::Closed) }
    }

    /// Makes whoever waits for bytes of a file give up.
    pub fn begin_to_end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    /// Whether that was said.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Gives a private file of `length` bytes its name, of the same digits; the `held` quota becomes used.
    pub fn complete(&self, part: &str, length: u64, held: u64, extension: Option<&str>) -> Result<StoredFile, Error> {
        let name = path::temporary_name(part.trim_end_matches(PART_SUFFIX), extension);
        let _open = self.while_open()?;
        self.directory
            .rename(part, &self.directory, &name)
            .map_err(|error| Error::from_io("name a temporary file", error))?;
        let mut state = lock(&self.state);
        state.quota.release(held);
        state.quota.add_used(length);
        state.complete.push_back((name.clone(), length));
        Ok(StoredFile {
            path: path::virtual_path(&name),
            native_path: self.root.native_launch(&self.name).join(name),
            length,
        })
    }

    /// No longer counts a file that was moved away.
    pub fn forget(&self, name: &str) {
        let mut state = lock(&self.state);
        if let Some(index) = state.complete.iter().position(|(complete, _)| complete == name)
            && let Some((_, size)) = state.complete.remove(index)
        {
            state.quota.remove_used(size);
        }
    }

    /// Ends the launch: removes its directory with all that is in it.
    pub fn end(&self) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *open, false) {
            return;
        }
        let removed = self.root.launches.remove_tree(self.name.as_str()).and_then(|()| self.directory.unlock());
        drop(open);
        if let Err(error) = removed {
            self.log.write(Level::Warning, || format!("temporary files were left for the next launch: {error}"));
        }
    }
}

/// Removes the directories of launches that no longer live, and whatever else is there.
fn remove_dead_launches(launches: &Directory, log: &Log) -> Result<(), Error> {
    let names = launches.names().map_err(|error| Error::from_io("list the launches", error))?;
    for name in names {
        let lives = match launches.open(name.as_c_str()) {
            Ok(directory) => !directory.try_lock(true).map_err(|error| Error::from_io("lock a directory", error))?,
            // Gone, or not a directory: nobody lives there. Of anything else, such as a lack of descriptors, nobody knows.
            Err(error) => !matches!(
                error.raw_os_error().map(Errno::from_raw_os_error),
                Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::MLINK)
            ),
        };
        if lives {
            continue;
        }
        // What cannot be removed takes room, but must not keep the mini program from starting.
        match launches.remove_tree(name.as_c_str()) {
            Ok(()) => log.write(Level::Info, || "the temporary files of a crashed launch were removed".to_owned()),
            Err(error) => {
                log.write(Level::Warning, || format!("the files of a crashed launch were not removed: {error}"));
            }
        }
    }
    Ok(())
}
