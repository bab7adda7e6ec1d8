//! Walks through a directory tree of any depth and width: without recursion, with few descriptors and without following a
//! link. The host may have unpacked anything below `wxfile://usr`.

use std::ffi::{CStr, CString};
use std::io;

use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;
use rustix::path::Arg;

use super::Error;
use super::directory::{Directory, FileId, is_gone};
use super::quota::cost;
use crate::worker::Worker;

/// The most directories of a walk that are open at once. The others are opened again on the way back.
const MAX_OPEN: usize = 16;
/// How often a directory is emptied again in which something is left: a file system may pass over names while others are
/// removed, and somebody may add some.
const MAX_PASSES: usize = 8;

/// What a tree holds.
#[derive(Debug, Default)]
pub struct Measure {
    /// What its regular files cost of a quota.
    pub cost: u64,
    /// How many they are.
    pub files: u64,
    /// The first thing that could not be looked at, and so is not counted.
    pub problem: Option<io::Error>,
}

/// What a walk meets.
enum Met {
    /// Anything but a directory.
    File,
    /// A directory, when everything in it was met.
    Directory,
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
    let problem = walk(directory, worker, &mut |directory, name, met| {
        if let Met::File = met {
            let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                measure.cost = measure.cost.saturating_add(cost(u64::try_from(stat.st_size).unwrap_or(0)));
                measure.files += 1;
            }
        }
        Ok(())
    })?;
    measure.problem = problem;
    Ok(measure)
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
        let problem = walk(&inside, worker, &mut |directory, name, met| {
            let flags = match met {
                Met::File => AtFlags::empty(),
                Met::Directory => AtFlags::REMOVEDIR,
            };
            Ok(rustix::fs::unlinkat(directory, name, flags)?)
        })?;
        passes += 1;
        match rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) if passes < MAX_PASSES => {}
            Err(error) => return Err(fail(problem.unwrap_or_else(|| error.into()))),
        }
    }
}

/// Calls `visit` with everything in the tree, each with the directory that it is in. What `visit` or the system refuses is
/// passed over, and the first refusal is returned.
fn walk(
    root: &Directory,
    worker: &Worker,
    visit: &mut dyn FnMut(&Directory, &CStr, Met) -> io::Result<()>,
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
        if let Some(directory) = &parent.directory
            && let Err(error) = visit(directory, &left.name, Met::Directory)
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
    visit: &mut dyn FnMut(&Directory, &CStr, Met) -> io::Result<()>,
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
                    let name = entry.file_name();
                    if matches!(name.to_bytes(), b"." | b"..") {
                        return Ok(());
                    }
                    if !is_directory(&directory, name, entry.file_type())? {
                        return visit(&directory, name, Met::File);
                    }
                    below.try_reserve(1).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
                    below.push(name.to_owned());
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
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::sync::Arc;

    use super::super::quota::LEAST_COST;
    use super::*;
    use crate::worker::{StopReason, StopSignal};

    fn worker() -> Worker {
        Worker::for_call(Arc::new(StopSignal::new()))
    }

    fn open(path: &Path) -> Directory {
        Directory::open_native(path).unwrap()
    }

    /// A chain of directories, each with a file and an empty directory beside the next.
    fn chain(root: &Directory, depth: usize) {
        let mut directory = root.open(".").unwrap();
        for _ in 0..depth {
            directory.create_file("file").unwrap();
            directory.open_or_create("z").unwrap();
            directory = directory.open_or_create("d").unwrap().0;
        }
    }

    /// The descriptors of this process that are open below `path`.
    fn open_below(path: &Path) -> usize {
        let Ok(descriptors) = std::fs::read_dir("/proc/self/fd") else { return 0 };
        let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        targets.filter(|target| target.starts_with(path)).count()
    }

    #[test]
    fn a_deep_tree_is_measured_and_removed_with_few_descriptors() {
        let directory = tempfile::tempdir().unwrap();
        let root = open(directory.path());
        let (tree, _) = root.open_or_create("tree").unwrap();
        // Longer than a path may be.
        chain(&tree, 3000);
        let measured = measure(&tree, &worker()).unwrap();
        assert_eq!((measured.files, measured.cost), (3000, 3000 * LEAST_COST));
        assert!(measured.problem.is_none());

        let (mut most, mut met) = (0, 0);
        let below = directory.path().canonicalize().unwrap();
        walk(&tree, &worker(), &mut |_, _, _| {
            met += 1;
            if met % 50 == 0 {
                most = most.max(open_below(&below));
            }
            Ok(())
        })
        .unwrap();
        // The root, the tree, the one that is being read and its stream.
        assert!(most <= MAX_OPEN + 4, "{most}");

        drop(tree);
        remove_tree(&root, "tree", &worker()).unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn links_are_neither_followed_nor_counted() {
        let directory = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("file"), [0; 10_000]).unwrap();
        let tree = directory.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        symlink(outside.path(), tree.join("directory")).unwrap();
        symlink(outside.path().join("file"), tree.join("file")).unwrap();
        symlink(&tree, tree.join("loop")).unwrap();
        assert_eq!(measure(&open(&tree), &worker()).unwrap().cost, 0);
        remove_tree(&open(directory.path()), "tree", &worker()).unwrap();
        assert!(!tree.exists());
        assert!(outside.path().join("file").exists());
    }

    #[test]
    fn a_directory_that_cannot_be_read_is_told_and_the_rest_is_counted() {
        let directory = tempfile::tempdir().unwrap();
        let closed = directory.path().join("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::write(directory.path().join("file"), [0; 5000]).unwrap();
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
        let refused = std::fs::read_dir(&closed).is_err();
        let measured = measure(&open(directory.path()), &worker()).unwrap();
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(measured.cost, 5000);
        // The superuser reads everything.
        assert_eq!(measured.problem.is_some(), refused);
    }

    #[test]
    fn a_stop_ends_the_walk() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..100 {
            std::fs::write(directory.path().join(number.to_string()), b"").unwrap();
        }
        let worker = worker();
        let mut met = 0;
        let stopped = walk(&open(directory.path()), &worker, &mut |_, _, _| {
            met += 1;
            worker.stop().request(StopReason::Aborted);
            Ok(())
        });
        assert!(matches!(stopped, Err(Error::Stopped(StopReason::Aborted))));
        assert!(met <= 16, "{met}");
    }

    #[test]
    fn a_file_and_what_is_not_there_can_be_removed() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("file"), b"x").unwrap();
        let root = open(directory.path());
        remove_tree(&root, "file", &worker()).unwrap();
        remove_tree(&root, "file", &worker()).unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
