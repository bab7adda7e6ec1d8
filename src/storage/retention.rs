//! What earlier launches left: removed, or taken over by the next launch.

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

/// Moves the temporary files of launches that no longer live to `heir`, and removes the launches' directories with whatever else
/// is there. Without an heir all of it goes.
///
/// Each file is moved by one rename: a crash leaves it in one directory or the other, and the next launch looks at both.
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
                // Locked until it is removed, so that nobody begins a launch in it.
                Some(directory)
            }
            // Gone, or not a directory: nobody lives there. Of anything else, such as a lack of descriptors, nobody knows.
            Err(error) if is_gone(&error) => None,
            Err(_) => return Ok(()),
        };
        if let (Some(dead), Some(heir)) = (&dead, heir) {
            take_over(dead, heir, &mut inherited, worker, notes)?;
        }
        // What cannot be removed takes room, but must not keep the mini program from starting.
        match remove_tree(launches, name, worker) {
            Ok(()) if heir.is_none() => {
                notes.add(Level::Info, || "the temporary files of a crashed launch were removed".to_owned());
            }
            Ok(()) => {}
            Err(stopped @ Error::Stopped(_)) => return Err(stopped),
            Err(error) => {
                notes.add(Level::Warning, || format!("the files of a crashed launch were not removed: {error}"));
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
        // Not a link, nor anything else that was planted there.
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

/// Removes the oldest of `files` until they have `most` bytes together. The names and costs of the others, oldest first.
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
                // It takes its room until it goes, like any other.
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
