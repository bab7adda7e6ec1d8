//! Walks through a directory tree of any depth and width: without recursion, with few descriptors and without following a
//! link. The host may have unpacked anything below `wxfile://usr`.

use std::ffi::{CStr, CString};
use std::io;

use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;
use rustix::path::Arg;

use super::Error;
use super::directory::{Directory, FileId, is_gone};
use super::entry::Entry;
use super::quota::LEAST_COST;
use crate::worker::Worker;

/// The most directories of a walk that are open at once. The others are opened again on the way back.
const MAX_OPEN: usize = 16;
/// How often a directory is emptied again in which something is left: a file system may pass over names while others are
/// removed, and somebody may add some.
const MAX_PASSES: usize = 8;

/// What a tree holds.
#[derive(Debug, Default)]
pub struct Measure {
    /// What its regular files and directories cost of a quota, without the tree's own directory.
    pub cost: u64,
    /// How many regular files there are.
    pub files: u64,
    /// The first thing that could not be looked at, and so is not counted.
    pub problem: Option<io::Error>,
}

/// Everything in a tree.
#[derive(Debug)]
pub struct Listing {
    /// Each with its path from the tree's own directory.
    pub entries: Vec<(String, Entry)>,
    /// The first thing that could not be looked at, and so is missing.
    pub problem: Option<io::Error>,
}

/// What a walk meets.
struct Met<'a> {
    /// Where it is.
    directory: &'a Directory,
    /// Its name there.
    name: &'a CStr,
    /// A directory is met when everything in it was met.
    is_directory: bool,
    /// The names that lead from the root of the walk to `directory`, that of the root, which is empty, first.
    way: (&'a [OpenLevel], &'a CStr),
}

impl Met<'_> {
    /// The path from the root of the walk; `None` where it is not UTF-8.
    fn path(&self) -> io::Result<Option<String>> {
        let (levels, last) = self.way;
        let mut path = String::new();
        for name in levels.iter().map(|level| level.name.as_c_str()).chain([last, self.name]) {
            let Ok(name) = name.to_str() else { return Ok(None) };
            path = if path.is_empty() { joined(&[name])? } else { joined(&[&path, "/", name])? };
        }
        Ok(Some(path))
    }
}

/// A directory on the way from the root of the walk to where it is now.
struct OpenLevel {
    /// Its name in the one above.
    name: CString,
    /// `None` while it is closed to save a descriptor.
    directory: Option<Directory>,
    id: FileId,
    /// The directories in it that are still to be walked through.
    below: Vec<CString>,
}

/// Measures the tree below `directory`. What goes away meanwhile is not counted.
///
/// Fails with [`Error::Stopped`] or [`Error::OutOfResources`]; what cannot be read is told in the result.
pub fn measure(directory: &Directory, worker: &Worker) -> Result<Measure, Error> {
    let mut measure = Measure::default();
    let problem = walk(directory, worker, &mut |met| {
        let cost = if met.is_directory { LEAST_COST } else { met.directory.look(met.name)?.cost };
        measure.cost = measure.cost.saturating_add(cost);
        measure.files += u64::from(!met.is_directory && cost > 0);
        Ok(())
    })?;
    measure.problem = problem;
    Ok(measure)
}

/// Everything in the tree below `directory`, with the path from there; in no order. What has a name that is not UTF-8, and
/// what goes away meanwhile, is left out.
///
/// Fails with [`Error::Stopped`] or [`Error::OutOfResources`]; what cannot be read is told in the result.
pub fn entries(directory: &Directory, worker: &Worker) -> Result<Listing, Error> {
    let mut entries = Vec::new();
    let problem = walk(directory, worker, &mut |met| {
        let Some(path) = met.path()? else { return Ok(()) };
        let entry = met.directory.look(met.name)?;
        entries.try_reserve(1).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        entries.push((path, entry));
        Ok(())
    })?;
    Ok(Listing { entries, problem })
}

/// Removes a name in `directory` with everything below it; links are removed, not followed. That it is gone already is no
/// error.
///
/// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`]; as much as possible is removed.
pub fn remove_tree<P: Arg + Copy>(directory: &Directory, name: P, worker: &Worker) -> Result<(), Error> {
    let fail = |error: io::Error| Error::from_io("remove a directory", error);
    // Nearly all are files. Of a directory this fails, with ISDIR or PERM depending on the system.
    if matches!(rustix::fs::unlinkat(directory, name, AtFlags::empty()), Ok(()) | Err(Errno::NOENT)) {
        return Ok(());
    }
    let mut passes = 0;
    loop {
        let inside = match directory.open(name) {
            Ok(inside) => inside,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fail(error)),
        };
        let problem = walk(&inside, worker, &mut |met| {
            let flags = if met.is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
            Ok(rustix::fs::unlinkat(met.directory, met.name, flags)?)
        })?;
        passes += 1;
        match rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) if passes < MAX_PASSES => {}
            Err(error) => return Err(fail(problem.unwrap_or_else(|| error.into()))),
        }
    }
}

/// The parts as one text. There are as many as there are files, so that to have no memory for it is a failure.
pub fn joined(parts: &[&str]) -> io::Result<String> {
    let mut text = String::new();
    text.try_reserve_exact(parts.iter().map(|part| part.len()).sum()).map_err(|_| io::ErrorKind::OutOfMemory)?;
    text.extend(parts.iter().copied());
    Ok(text)
}

fn owned(name: &CStr) -> io::Result<CString> {
    let bytes = name.to_bytes_with_nul();
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
    copy.extend_from_slice(bytes);
    CString::from_vec_with_nul(copy).map_err(io::Error::other)
}

/// Calls `visit` with everything in the tree. What `visit` or the system refuses is
/// passed over, and the first refusal is returned.
fn walk(
    root: &Directory,
    worker: &Worker,
    visit: &mut dyn FnMut(&Met<'_>) -> io::Result<()>,
) -> Result<Option<io::Error>, Error> {
    let mut problem = None;
    let mut levels = Vec::new();
    enter(root.open("."), CString::default(), &mut levels, worker, visit, &mut problem)?;
    while let Some(level) = levels.last_mut() {
        worker.turn(0)?;
        if let (Some(directory), Some(name)) = (&level.directory, level.below.pop()) {
            let opened = directory.open(name.as_c_str());
            enter(opened, name, &mut levels, worker, visit, &mut problem)?;
            continue;
        }
        let Some(left) = levels.pop() else { break };
        let Some(parent) = levels.last_mut() else { break };
        if parent.directory.is_none() {
            match reopen(&left, parent.id) {
                Ok(directory) => parent.directory = Some(directory),
                Err(error) => {
                    note(error, &mut problem)?;
                    break;
                }
            }
        }
        if let Some((last, above)) = levels.split_last()
            && let Some(directory) = &last.directory
            && let Err(error) =
                visit(&Met { directory, name: &left.name, is_directory: true, way: (above, &last.name) })
        {
            note(error, &mut problem)?;
        }
    }
    Ok(problem)
}

/// Goes into a directory that was opened, and meets all in it that is no directory.
fn enter(
    opened: io::Result<Directory>,
    name: CString,
    levels: &mut Vec<OpenLevel>,
    worker: &Worker,
    visit: &mut dyn FnMut(&Met<'_>) -> io::Result<()>,
    problem: &mut Option<io::Error>,
) -> Result<(), Error> {
    let (directory, id) = match opened.and_then(|directory| Ok((FileId::of(&directory)?, directory))) {
        Ok((id, directory)) => (directory, id),
        Err(error) => return note(error, problem),
    };
    let mut below = Vec::new();
    match Dir::read_from(&directory) {
        Ok(entries) => {
            for entry in entries {
                worker.turn(0)?;
                let met = entry.map_err(io::Error::from).and_then(|entry| {
                    let inside = entry.file_name();
                    if matches!(inside.to_bytes(), b"." | b"..") {
                        return Ok(());
                    }
                    if !is_directory(&directory, inside, entry.file_type())? {
                        let way = (levels.as_slice(), name.as_c_str());
                        return visit(&Met { directory: &directory, name: inside, is_directory: false, way });
                    }
                    below.try_reserve(1).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
                    below.push(owned(inside)?);
                    Ok(())
                });
                if let Err(error) = met {
                    note(error, problem)?;
                }
            }
        }
        Err(error) => note(error.into(), problem)?,
    }
    levels.try_reserve(1).map_err(|_| Error::OutOfResources { which: "memory" })?;
    levels.push(OpenLevel { name, directory: Some(directory), id, below });
    if let Some(index) = levels.len().checked_sub(MAX_OPEN + 1) {
        levels[index].directory = None;
    }
    Ok(())
}

fn is_directory(directory: &Directory, name: &CStr, kind: FileType) -> io::Result<bool> {
    // Some file systems do not say it with the name.
    let kind = match kind {
        FileType::Unknown => {
            let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
            FileType::from_raw_mode(stat.st_mode)
        }
        kind => kind,
    };
    Ok(kind == FileType::Directory)
}

/// Opens the directory above one again. One that was moved meanwhile has another above it, which is none of the tree's.
fn reopen(left: &OpenLevel, parent: FileId) -> io::Result<Directory> {
    let moved = || io::Error::from(Errno::STALE);
    let directory = left.directory.as_ref().ok_or_else(moved)?.open("..")?;
    if FileId::of(&directory)? == parent { Ok(directory) } else { Err(moved()) }
}

/// Keeps the first problem. What went away meanwhile is none; a shortage ends the walk.
fn note(error: io::Error, problem: &mut Option<io::Error>) -> Result<(), Error> {
    if is_gone(&error) {
        return Ok(());
    }
    match Error::from_io("walk through a directory", error) {
        Error::Io { source, .. } => {
            problem.get_or_insert(source);
            Ok(())
        }
        shortage => Err(shortage),
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
