//! Walks through a directory tree of any depth and width, without recursion, with few descriptors, and without
//! following symbolic links. The host may have unpacked anything below `wxfile://usr`.

use std::ffi::{CStr, CString};
use std::io;

use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;
use rustix::path::Arg;

use super::Error;
use super::directory::{Directory, FileId, is_gone};
use super::entry::Entry;
use super::path::{MAX_NAMES, MAX_PATH_BYTES};
use super::quota::LEAST_COST;
use crate::worker::Worker;

/// The maximum number of directories that a walk keeps open. Others are opened again on the way back.
const MAX_OPEN: usize = 16;
/// The maximum number of passes over a directory that is not empty after removal. A file system may skip names while
/// others are removed, and other processes may add some.
const MAX_PASSES: usize = 8;

/// The measured size of a tree.
#[derive(Debug, Default)]
pub struct Measure {
    /// The cost of its regular files and directories, without the top directory.
    pub cost: u64,
    /// The number of regular files.
    pub files: u64,
    /// The number of all entries.
    pub entries: u64,
    /// The first entry that could not be examined, and so is not counted.
    pub problem: Option<io::Error>,
}

/// All entries of a tree.
#[derive(Debug)]
pub struct Listing {
    /// Each entry with its path relative to the top directory.
    pub entries: Vec<(String, Entry)>,
    /// The first entry that could not be examined, and so is missing.
    pub problem: Option<io::Error>,
}

/// An entry that the walk visits.
struct Met<'a> {
    /// The directory that contains it.
    directory: &'a Directory,
    /// Its name there.
    name: &'a CStr,
    /// A directory is visited after its contents.
    is_directory: bool,
    /// The names from the top of the walk to `directory`. The first one, of the top, is empty.
    way: (&'a [OpenLevel], &'a CStr),
}

impl Met<'_> {
    /// The path relative to the top of the walk. `None` if no page can name it: it is not UTF-8 or too long.
    fn path(&self) -> io::Result<Option<String>> {
        let (levels, last) = self.way;
        // Checked first, because the sum of all paths of a deep tree is larger than any memory.
        if levels.len() > MAX_NAMES {
            return Ok(None);
        }
        let names = levels.iter().map(|level| level.name.as_c_str()).chain([last, self.name]);
        let names = names.filter(|name| !name.is_empty());
        // Allocated once: with one copy for each name, the time would grow with the square of the depth.
        let mut path = String::new();
        let length = names.clone().map(|name| name.count_bytes() + 1).sum();
        if names.clone().count() > MAX_NAMES || length > MAX_PATH_BYTES {
            return Ok(None);
        }
        path.try_reserve_exact(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        for name in names {
            let Ok(name) = name.to_str() else { return Ok(None) };
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(name);
        }
        Ok(Some(path))
    }
}

/// A directory on the way from the top of the walk to the current one.
struct OpenLevel {
    /// Its name in its parent.
    name: CString,
    /// `None` while it is closed to save a descriptor.
    directory: Option<Directory>,
    id: FileId,
    /// The subdirectories that were not walked yet.
    below: Vec<CString>,
}

/// Measures the tree below `directory`. Entries that disappear meanwhile are not counted.
///
/// Fails with [`Error::Stopped`] or [`Error::OutOfResources`]. Entries that cannot be read are reported in the result.
pub fn measure(directory: &Directory, worker: &Worker) -> Result<Measure, Error> {
    let mut measure = Measure::default();
    let problem = walk(directory, worker, &mut |met| {
        let cost = if met.is_directory { LEAST_COST } else { met.directory.look(met.name)?.cost };
        measure.cost = measure.cost.saturating_add(cost);
        measure.files += u64::from(!met.is_directory && cost > 0);
        measure.entries += 1;
        Ok(())
    })?;
    measure.problem = problem;
    Ok(measure)
}

/// All entries of the tree below `directory`, with their relative paths, in no particular order. Entries that no page
/// can name, and those that disappear meanwhile, are left out.
///
/// Fails with [`Error::Stopped`] or [`Error::OutOfResources`]. Entries that cannot be read are reported in the result.
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

/// Removes a name in `directory` with everything below it. Symbolic links are removed, not followed. A missing entry is
/// not an error.
///
/// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`]. Removes as much as possible.
pub fn remove_tree<P: Arg + Copy>(directory: &Directory, name: P, worker: &Worker) -> Result<(), Error> {
    let fail = |error: io::Error| Error::from_io("remove a directory", error);
    // Nearly all entries are files. For a directory this fails with ISDIR or PERM, depending on the system.
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

/// Joins the parts. Fails if memory is short: a tree may have any number of paths, of any length.
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

/// Calls `visit` for each entry of the tree. Skips entries for which `visit` or the system fails, and returns the first
/// failure.
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

/// Enters an opened directory, and visits everything in it that is not a directory.
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
    // The copy shares its position with the directory, which the walk lists only here.
    match rustix::io::fcntl_dupfd_cloexec(&directory, 0).and_then(Dir::new) {
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
    // Some file systems do not return the type with the name.
    let kind = match kind {
        FileType::Unknown => {
            let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
            FileType::from_raw_mode(stat.st_mode)
        }
        kind => kind,
    };
    Ok(kind == FileType::Directory)
}

/// Opens the parent of a directory again. If the directory was moved, its parent is not part of the tree.
fn reopen(left: &OpenLevel, parent: FileId) -> io::Result<Directory> {
    let moved = || io::Error::from(Errno::STALE);
    let directory = left.directory.as_ref().ok_or_else(moved)?.open("..")?;
    if FileId::of(&directory)? == parent { Ok(directory) } else { Err(moved()) }
}

/// Stores the first problem. A missing entry is not one. A lack of resources ends the walk.
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
