//! Trees of all shapes, and planted entries.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::worker::{StopReason, StopSignal};

fn worker() -> Worker {
    Worker::for_call(Arc::new(StopSignal::new()))
}

fn open(path: &Path) -> Directory {
    Directory::open_native(path).unwrap()
}

/// A chain of directories, each with a file and an empty directory next to the next one.
fn chain(root: &Directory, depth: usize) {
    let mut directory = root.open(".").unwrap();
    for _ in 0..depth {
        directory.create_file("file").unwrap();
        directory.open_or_create("z").unwrap();
        directory = directory.open_or_create("d").unwrap().0;
    }
}

/// The number of descriptors of this process that are open below `path`.
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
    assert_eq!((measured.files, measured.cost), (3000, 3 * 3000 * LEAST_COST));
    assert!(measured.problem.is_none());
    let (mut most, mut met) = (0, 0);
    let below = directory.path().canonicalize().unwrap();
    walk(&tree, &worker(), &mut |_| {
        met += 1;
        if met % 50 == 0 {
            most = most.max(open_below(&below));
        }
        Ok(())
    })
    .unwrap();
    // In addition: the root, the tree, the directory that is being read, and its stream.
    assert!(most <= MAX_OPEN + 4, "{most}");

    drop(tree);
    remove_tree(&root, "tree", &worker()).unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn paths_that_no_page_can_name_are_not_listed() {
    let directory = tempfile::tempdir().unwrap();
    let root = open(directory.path());
    chain(&root, 100);
    let listed = entries(&root, &worker()).unwrap().entries;
    let deepest = listed.iter().map(|(path, _)| path.as_str()).max_by_key(|path| path.len());
    assert_eq!((listed.len(), deepest), (3 * MAX_NAMES, Some(&*("d/".repeat(MAX_NAMES - 1) + "file"))));

    let directory = tempfile::tempdir().unwrap();
    let mut deeper = open(directory.path());
    let name = "n".repeat(250);
    for _ in 0..10 {
        deeper = deeper.open_or_create(name.as_str()).unwrap().0;
    }
    let listed = entries(&open(directory.path()), &worker()).unwrap().entries;
    let lengths: Vec<_> = listed.iter().map(|(path, _)| path.len()).collect();
    assert_eq!(lengths, [1003, 752, 501, 250], "each directory after its contents");
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
fn unreadable_directory_is_reported_and_the_rest_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let closed = directory.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::write(directory.path().join("file"), [0; 5000]).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let refused = std::fs::read_dir(&closed).is_err();
    let measured = measure(&open(directory.path()), &worker()).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(measured.cost, 5000 + LEAST_COST);
    // The superuser can read everything.
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
    let stopped = walk(&open(directory.path()), &worker, &mut |_| {
        met += 1;
        worker.stop().request(StopReason::Aborted);
        Ok(())
    });
    assert!(matches!(stopped, Err(Error::Stopped(StopReason::Aborted))));
    assert!(met <= 16, "{met}");
}

#[test]
fn file_and_missing_entry_can_be_removed() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), b"x").unwrap();
    let root = open(directory.path());
    remove_tree(&root, "file", &worker()).unwrap();
    remove_tree(&root, "file", &worker()).unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
