//! Files of earlier launches: deleted, or taken over by the next launch.

use std::ffi::CStr;
use std::time::SystemTime;

use super::Error;
use super::directory::{Directory, is_gone};
use super::notes::Notes;
use super::path;
use super::quota::cost;
use super::walk::remove_tree;
use crate::terms::log::Level;
use crate::worker::Worker;

/// A temporary file of an earlier launch.
#[derive(Debug)]
pub struct Inherited {
    name: String,
    cost: u64,
    written: SystemTime,
}

/// Moves the temporary files of dead launches to `heir`, and deletes everything else in their directories. Without an
/// heir, deletes everything.
///
/// Each file is moved with one rename. After a crash it is in one of the two directories, and the next launch checks
/// both.
pub fn settle_dead_launches(
    launches: &Directory,
    heir: Option<&Directory>,
    worker: &Worker,
    notes: &mut Notes,
) -> Result<Vec<Inherited>, Error> {
    let mut inherited = Vec::new();
    launches.for_each_name(worker, |name| {
        let dead = match launches.open(name) {
            Ok(directory) => {
                if !directory.try_lock(true).map_err(|error| Error::from_io("lock a directory", error))? {
                    return Ok(());
                }
                // Locked until it is removed, so that no launch starts in it.
                Some(directory)
            }
            // Gone or not a directory, so no launch uses it. For any other error, such as a lack of descriptors, that
            // is unknown.
            Err(error) if is_gone(&error) => None,
            Err(_) => return Ok(()),
        };
        if let (Some(dead), Some(heir)) = (&dead, heir) {
            take_over(dead, heir, &mut inherited, worker, notes)?;
        }
        // An entry that cannot be deleted takes space, but must not prevent the mini program from starting.
        match remove_tree(launches, name, worker) {
            Ok(()) if heir.is_none() => {
                notes.add(Level::Info, || "the temporary files of an earlier launch were removed".to_owned());
            }
            Ok(()) => {}
            Err(stopped @ Error::Stopped(_)) => return Err(stopped),
            Err(error) => {
                notes.add(Level::Warning, || format!("the files of an earlier launch were not removed: {error}"));
            }
        }
        drop(dead);
        Ok(())
    })?;
    Ok(inherited)
}

fn take_over(
    dead: &Directory,
    heir: &Directory,
    inherited: &mut Vec<Inherited>,
    worker: &Worker,
    notes: &mut Notes,
) -> Result<(), Error> {
    dead.for_each_name(worker, |name| {
        let Some(name) = text(name).filter(|name| path::is_temporary_name(name)) else { return Ok(()) };
        // Skips symbolic links and other planted entries.
        let moved = dead.open_file(name).and_then(|file| {
            let metadata = file.metadata()?;
            dead.rename(name, heir, name)?;
            Ok(Inherited { name: name.to_owned(), cost: cost(metadata.len()), written: metadata.modified()? })
        });
        match moved {
            Ok(file) => inherited.push(file),
            Err(error) => notes.add(Level::Warning, || format!("a temporary file was not kept: {error}")),
        }
        Ok(())
    })
}

/// Deletes the oldest of `files` until at most `most` bytes are left. Returns names and costs of the others, oldest
/// first.
pub fn trim(
    directory: &Directory,
    mut files: Vec<Inherited>,
    most: u64,
    worker: &Worker,
    notes: &mut Notes,
) -> Result<Vec<(String, u64)>, Error> {
    files.sort_unstable_by(|one, other| (one.written, &one.name).cmp(&(other.written, &other.name)));
    let mut bytes: u64 = files.iter().map(|file| file.cost).sum();
    let mut kept = Vec::new();
    for Inherited { name, cost, .. } in files {
        if bytes <= most {
            kept.push((name, cost));
            continue;
        }
        worker.turn(0)?;
        match directory.remove_file(&name) {
            Ok(()) => bytes -= cost,
            Err(error) => {
                // It takes space until it is deleted, so it stays counted.
                notes.add(Level::Warning, || format!("an old temporary file was not removed: {error}"));
                kept.push((name, cost));
            }
        }
    }
    Ok(kept)
}

fn text(name: &CStr) -> Option<&str> {
    name.to_str().ok()
}
