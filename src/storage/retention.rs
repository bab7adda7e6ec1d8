//! Files of earlier launches: taken over by the next launch, or set aside to be deleted.
//!
//! The name of a launch's directory says how much of it a later launch may take over:
//!
//! - `<hex>`: the launch lives if the directory is locked. Otherwise it has crashed, and the next launch may take over
//!   all of it.
//! - `<hex>.keep-<bytes>`: the launch has ended, and lets the next one keep at most so many bytes.
//! - `<hex>.keep-0`: a leftover. Every launch removes it, whatever it keeps itself. No lock protects it.
//!
//! A directory becomes a leftover with one rename, so an opening does not wait for the removal of its files.

use std::ffi::CStr;

use rustix::path::Arg;

use super::Error;
use super::directory::{Directory, FileId, is_gone};
use super::entry::EntryKind;
use super::path::{self, random_digits};
use super::walk::remove_tree;
use crate::terms::log::{Level, Log};
use crate::worker::{Worker, sort};

/// Between the digits of a directory's name and the number of bytes.
const KEEP: &str = ".keep-";

/// A temporary file of an earlier launch.
#[derive(Debug)]
pub struct Inherited {
    name: String,
    cost: u64,
    /// In seconds and nanoseconds since the Unix epoch.
    written: (i128, i128),
}

/// Renames the directory of a launch that has ended, so that a later launch takes over at most `keep` bytes. Returns
/// the new name.
pub fn set_aside(launches: &Directory, name: impl Arg, keep: u64) -> Result<String, Error> {
    let new = format!("{}{KEEP}{keep}", random_digits()?);
    let renamed = launches.rename(name, launches, new.as_str());
    renamed.map_err(|error| Error::from_io("set the files of a launch aside", error))?;
    Ok(new)
}

/// How much of the directory with this name a later launch may take over.
fn most_to_keep(name: &CStr) -> u64 {
    let bytes = name.to_str().ok().and_then(|name| Some(name.rsplit_once(KEEP)?.1));
    bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or(u64::MAX)
}

/// Removes what was set aside. Returns whether there was something.
///
/// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`]. Removes as much as possible.
pub fn remove_leftovers(launches: &Directory, worker: &Worker) -> Result<bool, Error> {
    let mut found = false;
    let mut failure = None;
    launches.for_each_name(worker, |name| {
        if most_to_keep(name) > 0 {
            return Ok(());
        }
        found = true;
        match remove_tree(launches, name, worker) {
            Err(stopped @ Error::Stopped(_)) => Err(stopped),
            // It takes space, but must not keep the others from being removed.
            Err(error) => {
                failure.get_or_insert(error);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    })?;
    failure.map_or(Ok(found), Err)
}

/// The result of [`settle_dead_launches`].
#[derive(Debug, Default)]
pub struct Settled {
    /// The files that were taken over.
    pub inherited: Vec<Inherited>,
    /// Whether something was set aside, now or before.
    pub has_leftovers: bool,
}

/// Moves the newest temporary files of each dead launch to `heir`, at most the given number of bytes for each launch,
/// and sets the rest aside. Without an heir, sets everything aside. `own` is the name of the new launch's directory.
///
/// Each file is moved with one rename. After a crash it is in one of the two directories, and the next launch checks
/// both.
pub fn settle_dead_launches(
    launches: &Directory,
    own: &str,
    heir: Option<(&Directory, u64)>,
    worker: &Worker,
    log: &Log,
) -> Result<Settled, Error> {
    let mut found = Settled::default();
    launches.for_each_name(worker, |name| {
        if name.to_bytes() == own.as_bytes() {
            return Ok(());
        }
        let most = most_to_keep(name);
        if most == 0 {
            found.has_leftovers = true;
            return Ok(());
        }
        let settled = match launches.open(name) {
            Ok(dead) => {
                // Locked until it is set aside, so that no other launch takes files over.
                if !dead.try_lock(true).map_err(|error| Error::from_io("lock a directory", error))? {
                    return Ok(());
                }
                // Another launch has set it aside before it was locked.
                if !is_named(&dead, launches, name) {
                    return Ok(());
                }
                if let Some((heir, retention)) = heir {
                    take_over(&dead, (heir, retention.min(most)), &mut found.inherited, worker, log)?;
                }
                found.has_leftovers = true;
                // A longer name may need space that a full device does not have.
                set_aside(launches, name, 0).map(drop).or_else(|_| remove_tree(launches, name, worker))
            }
            // Gone or not a directory, so no launch uses it. For any other error, such as a lack of descriptors, that
            // is unknown.
            Err(error) if is_gone(&error) => remove_tree(launches, name, worker),
            Err(_) => return Ok(()),
        };
        match settled {
            Err(stopped @ Error::Stopped(_)) => return Err(stopped),
            // An entry that cannot be removed takes space, but must not prevent the mini program from starting.
            Err(error) => {
                log.write(Level::Warning, || format!("the files of an earlier launch were not removed: {error}"));
            }
            Ok(()) => {}
        }
        Ok(())
    })?;
    Ok(found)
}

fn is_named(directory: &Directory, parent: &Directory, name: &CStr) -> bool {
    match (FileId::of(directory), parent.look(name)) {
        (Ok(id), Ok(entry)) => id == entry.id,
        _ => false,
    }
}

fn take_over(
    dead: &Directory,
    (heir, most): (&Directory, u64),
    inherited: &mut Vec<Inherited>,
    worker: &Worker,
    log: &Log,
) -> Result<(), Error> {
    let mut files = Vec::new();
    dead.for_each_name(worker, |name| {
        let Some(name) = name.to_str().ok().filter(|name| path::is_temporary_name(name)) else { return Ok(()) };
        // Needs no descriptor. Symbolic links and other planted entries are skipped.
        match dead.look_with_time(name) {
            Ok((entry, written)) if entry.kind == EntryKind::File => {
                files.try_reserve(1)?;
                files.push(Inherited { name: name.to_owned(), cost: entry.cost, written });
            }
            Ok(_) => {}
            Err(error) => log.write(Level::Warning, || format!("a temporary file was not kept: {error}")),
        }
        Ok(())
    })?;
    let excess = excess(&mut files, most, worker)?;
    inherited.try_reserve(files.len() - excess)?;
    for file in files.drain(excess..) {
        worker.turn(0)?;
        match dead.rename(&file.name, heir, &file.name) {
            Ok(()) => inherited.push(file),
            Err(error) => log.write(Level::Warning, || format!("a temporary file was not kept: {error}")),
        }
    }
    Ok(())
}

/// Orders files by age, oldest first. Returns how many must go so that at most `most` bytes are left.
fn excess(files: &mut [Inherited], most: u64, worker: &Worker) -> Result<usize, Error> {
    sort(files, |one, other| (one.written, &one.name) < (other.written, &other.name), || worker.turn(0))?;
    let mut bytes: u64 = files.iter().map(|file| file.cost).sum();
    let mut oldest = files.iter();
    while bytes > most
        && let Some(file) = oldest.next()
    {
        bytes -= file.cost;
    }
    Ok(files.len() - oldest.len())
}

/// Deletes the oldest of `files` until at most `most` bytes are left. Returns names and costs of the others, oldest
/// first.
pub fn trim(
    directory: &Directory,
    mut files: Vec<Inherited>,
    most: u64,
    worker: &Worker,
    log: &Log,
) -> Result<Vec<(String, u64)>, Error> {
    let excess = excess(&mut files, most, worker)?;
    let mut kept = Vec::new();
    kept.try_reserve(files.len())?;
    for (index, Inherited { name, cost, .. }) in files.into_iter().enumerate() {
        if index < excess {
            worker.turn(0)?;
            match directory.remove_file(&name) {
                Ok(()) => continue,
                // It takes space until it is deleted, so it stays counted.
                Err(error) => log.write(Level::Warning, || format!("an old temporary file was not removed: {error}")),
            }
        }
        kept.push((name, cost));
    }
    Ok(kept)
}
