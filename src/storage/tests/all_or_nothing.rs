//! A change that lacks descriptors or is stopped succeeds, or fails without any effect. In both cases the quota is
//! correct.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::crash::{given_directory, start};
use super::file_system::{blocks, make, write};
use super::*;
use crate::storage::quota::cost;
use crate::worker::StopReason;

/// More than any call needs.
const MOST_DESCRIPTORS: usize = 30;

const KEY: &str = "0123456789abcdef";

/// A file call, and the files that must exist before it.
struct Change {
    name: &'static str,
    prepare: fn(&Storage, &Host),
    make: fn(&Storage, &Host, &Worker) -> Result<(), Error>,
}

/// A directory of the host with a file to import.
struct Host {
    directory: TempDir,
    /// The path of the temporary or saved file to change.
    path: std::cell::RefCell<String>,
}

impl Host {
    fn file(&self) -> String {
        self.directory.path().join("photo.jpg").to_str().unwrap().to_owned()
    }
}

fn nothing(_: &Storage, _: &Host) {}

fn a_temporary_file(storage: &Storage, host: &Host) {
    host.path.replace(temporary(storage, &blocks(2)).path);
}

fn a_file(storage: &Storage, _: &Host) {
    write(storage, "wxfile://usr/a", WriteMode::Whole, &blocks(3)).unwrap();
}

fn a_file_and_a_temporary_file(storage: &Storage, host: &Host) {
    a_file(storage, host);
    a_temporary_file(storage, host);
}

fn a_tree(storage: &Storage, _: &Host) {
    make(storage, "wxfile://usr/d/e/f");
    for path in ["wxfile://usr/d/a", "wxfile://usr/d/e/a", "wxfile://usr/d/e/f/a"] {
        write(storage, path, WriteMode::Whole, &blocks(3)).unwrap();
    }
}

fn a_partial_file(storage: &Storage, _: &Host) {
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.keep_as(KEY, "a note".to_owned(), storage.discards());
    part.write(&worker(), &blocks(2)).unwrap();
}

const CHANGES: [Change; 19] = [
    Change {
        name: "save",
        prepare: a_temporary_file,
        make: |storage, host, worker| storage.save_file(worker, &host.path.borrow(), None).map(drop),
    },
    Change {
        name: "save in place of a file",
        prepare: a_file_and_a_temporary_file,
        make: |storage, host, worker| storage.save_file(worker, &host.path.borrow(), Some("wxfile://usr/a")).map(drop),
    },
    Change {
        name: "remove a saved file",
        prepare: |storage, host| {
            a_temporary_file(storage, host);
            let saved = storage.save_file(&worker(), &host.path.borrow(), None).unwrap();
            host.path.replace(saved.path);
        },
        make: |storage, host, worker| storage.remove_saved_file(worker, &host.path.borrow()),
    },
    Change { name: "unlink", prepare: a_file, make: |storage, _, worker| storage.unlink(worker, "wxfile://usr/a") },
    Change {
        name: "rename",
        prepare: |storage, host| {
            a_file(storage, host);
            write(storage, "wxfile://usr/b", WriteMode::Whole, &blocks(1)).unwrap();
        },
        make: |storage, _, worker| storage.rename(worker, "wxfile://usr/a", "wxfile://usr/b"),
    },
    Change {
        name: "rename a directory",
        prepare: a_tree,
        make: |storage, _, worker| storage.rename(worker, "wxfile://usr/d/e/f", "wxfile://usr/g"),
    },
    Change {
        name: "mkdir",
        prepare: nothing,
        make: |storage, _, worker| storage.make_directory(worker, "wxfile://usr/d", false),
    },
    Change {
        name: "mkdir with parents",
        prepare: nothing,
        make: |storage, _, worker| storage.make_directory(worker, "wxfile://usr/d/e/f/g", true),
    },
    Change {
        name: "rmdir",
        prepare: |storage, _| make(storage, "wxfile://usr/d"),
        make: |storage, _, worker| storage.remove_directory(worker, "wxfile://usr/d", false),
    },
    Change {
        name: "rmdir with contents",
        prepare: a_tree,
        make: |storage, _, worker| storage.remove_directory(worker, "wxfile://usr/d", true),
    },
    Change {
        name: "write",
        prepare: a_file,
        make: |storage, _, worker| storage.write_file(worker, "wxfile://usr/a", WriteMode::Whole, &blocks(2)),
    },
    Change {
        name: "append",
        prepare: a_file,
        make: |storage, _, worker| storage.write_file(worker, "wxfile://usr/a", WriteMode::Append, &blocks(2)),
    },
    Change {
        name: "write in the middle",
        prepare: a_file,
        make: |storage, _, worker| storage.write_file(worker, "wxfile://usr/a", WriteMode::At(10_000), &blocks(2)),
    },
    Change {
        name: "copy",
        prepare: a_file,
        make: |storage, _, worker| storage.copy_file(worker, "wxfile://usr/a", "wxfile://usr/copy"),
    },
    Change {
        name: "import of bytes",
        prepare: nothing,
        make: |storage, _, worker| storage.import_data(worker, &blocks(2), Some("a.bin")).map(drop),
    },
    Change {
        name: "import of a copy",
        prepare: nothing,
        make: |storage, host, worker| storage.import_path(worker, &host.file(), ImportMode::Copy).map(drop),
    },
    Change {
        name: "import by a move",
        prepare: nothing,
        make: |storage, host, worker| storage.import_path(worker, &host.file(), ImportMode::Move).map(drop),
    },
    Change {
        name: "download",
        prepare: nothing,
        make: |storage, _, worker| {
            let mut part = storage.create_temporary(worker)?;
            part.write(worker, &blocks(2))?;
            part.finish(worker, Some("bin"), &|| worker.check()).map(drop)
        },
    },
    Change {
        name: "removal of partial files",
        prepare: a_partial_file,
        make: |storage, _, worker| storage.discard_partials(worker),
    },
];

/// All files with their contents, without random names.
#[derive(Debug, PartialEq)]
struct Snapshot {
    /// With directories, which have no content.
    user: BTreeMap<PathBuf, Option<Vec<u8>>>,
    stored: Vec<Vec<u8>>,
    temporary: Vec<Vec<u8>>,
    partial: usize,
    /// With its mode and time.
    host: Option<(Vec<u8>, u32, SystemTime)>,
}

impl Snapshot {
    fn of(host: &Host) -> Snapshot {
        let root = root_of(&host.directory);
        let contents = |files: Vec<PathBuf>| {
            let mut contents: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
            contents.sort();
            contents
        };
        let mut user = BTreeMap::new();
        let mut below = vec![root.join("usr")];
        while let Some(directory) = below.pop() {
            for entry in fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                let content = (!path.is_dir()).then(|| fs::read(&path).unwrap());
                if content.is_none() {
                    below.push(path.clone());
                }
                user.insert(path, content);
            }
        }
        let mut temporary = files_below(&root.join("launches"));
        temporary.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("tmp_"));
        let file = host.file();
        let attributes = fs::metadata(&file).ok();
        Snapshot {
            user,
            stored: contents(files_below(&root.join("store"))),
            temporary: contents(temporary),
            partial: fs::read_dir(root.join("partials")).map_or(0, |names| names.count()),
            host: attributes
                .map(|found| (fs::read(file).unwrap(), found.permissions().mode(), found.modified().unwrap())),
        }
    }

    fn cost_of_temporary_files(&self, host: &Host) -> u64 {
        let parts = fs::read_dir(root_of(&host.directory).join("partials")).into_iter().flatten();
        let parts = parts.map(|entry| entry.unwrap().path());
        let parts: u64 = parts.map(|path| cost(fs::metadata(path).unwrap().len())).sum();
        self.temporary.iter().map(|content| cost(content.len() as u64)).sum::<u64>() + parts
    }
}

/// Checks that both quotas equal the cost of the files, at the latest at the next change, and that nothing is reserved.
#[track_caller]
fn assert_quotas(storage: &Storage, host: &Host, context: &str) {
    let guard = storage.root.lock_changes(&worker()).unwrap();
    let known = guard.used(&worker()).unwrap();
    guard.count(&worker()).unwrap();
    assert_eq!(known, guard.used(&worker()).unwrap(), "{context}: the known usage equals a new count");
    drop(guard);
    let limit = options(host.directory.path()).storage_quota;
    storage.store.hold(&worker(), limit - known).unwrap();
    storage.store.release(limit - known);
    let expected = Snapshot::of(host).cost_of_temporary_files(host);
    let quota = &crate::worker::lock(&storage.launch.files).quota;
    assert_eq!(quota.used(), expected, "{context}: temporary files");
    assert!(quota.can_ever_fit(u64::MAX, u64::MAX) && quota.fits(10, expected + 10), "{context}: no byte is reserved");
}

fn prepared(change: &Change, sharing: Sharing) -> (Host, Storage) {
    let (directory, storage) = open_with(|options| options.sharing = sharing);
    let host = Host { directory, path: Default::default() };
    fs::write(host.file(), blocks(2)).unwrap();
    let file = fs::File::options().write(true).open(host.file()).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o644)).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_500_000_000)).unwrap();
    (change.prepare)(&storage, &host);
    (host, storage)
}

fn check(change: &Change, sharing: Sharing, interfere: impl FnOnce(&Worker) -> Vec<fs::File>, context: &str) -> bool {
    let whole = {
        let (host, storage) = prepared(change, sharing);
        (change.make)(&storage, &host, &worker()).unwrap();
        Snapshot::of(&host).named_as_in(&host)
    };
    let context = format!("{}, {sharing:?}, {context}", change.name);
    let (host, storage) = prepared(change, sharing);
    let before = Snapshot::of(&host);
    let worker_of_call = worker();
    let taken = interfere(&worker_of_call);
    let made = (change.make)(&storage, &host, &worker_of_call);
    worker_of_call.drop_deferred();
    drop(taken);
    let after = Snapshot::of(&host);
    match &made {
        Ok(()) => assert_eq!(after.named_as_in(&host), whole, "{context}"),
        Err(Error::OutOfResources { which: "descriptors" } | Error::Stopped(StopReason::Aborted)) => {
            assert_eq!(after, before, "{context}: {made:?}");
        }
        Err(error) => panic!("{context}: {error:?}"),
    }
    assert_quotas(&storage, &host, &context);
    if made.is_err() {
        (change.make)(&storage, &host, &worker()).unwrap_or_else(|error| panic!("{context}, again: {error:?}"));
        assert_eq!(Snapshot::of(&host).named_as_in(&host), whole, "{context}, again");
        assert_quotas(&storage, &host, &context);
    }
    made.is_ok()
}

impl Snapshot {
    /// With paths relative to the directory, to compare two.
    fn named_as_in(mut self, host: &Host) -> Snapshot {
        let root = root_of(&host.directory);
        self.user = self
            .user
            .into_iter()
            .map(|(path, content)| (path.strip_prefix(&root).unwrap().to_owned(), content))
            .collect();
        self
    }
}

#[test]
fn a_change_without_descriptors_is_whole_or_absent() {
    if given_directory().is_none() {
        let directory = tempfile::tempdir().unwrap();
        let test = "all_or_nothing::a_change_without_descriptors_is_whole_or_absent";
        let output = start(test, directory.path(), "ulimit -n 64").wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return assert!(String::from_utf8_lossy(&output.stdout).contains("all were tried"));
    }
    for sharing in [Sharing::Exclusive, Sharing::Shared] {
        let mut failures = 0;
        for change in &CHANGES {
            let succeeds = |free: usize| {
                let leave = |_: &Worker| {
                    let mut taken = Vec::new();
                    while let Ok(descriptor) = fs::File::open("/dev/null") {
                        taken.push(descriptor);
                    }
                    taken.truncate(taken.len().checked_sub(free).expect("enough descriptors for the test"));
                    taken
                };
                check(change, sharing, leave, &format!("{free} descriptors"))
            };
            let enough = (0..MOST_DESCRIPTORS).position(succeeds).expect("some number is enough");
            failures += enough;
        }
        assert!(failures > CHANGES.len(), "most need some");
    }
    println!("\nall were tried");
}

#[test]
fn a_stopped_change_is_whole_or_absent() {
    for sharing in [Sharing::Exclusive, Sharing::Shared] {
        for change in &CHANGES {
            let stop = |worker: &Worker| {
                worker.stop().request(StopReason::Aborted);
                Vec::new()
            };
            check(change, sharing, stop, "stopped");
        }
    }
}

/// Once the directory has disappeared, its removal cannot fail. The quota is correct even if the contents were not
/// measured.
#[test]
fn removal_that_is_stopped_after_its_begin_succeeds() {
    for sharing in [Sharing::Exclusive, Sharing::Shared] {
        let (directory, storage) = open_with(|options| {
            options.sharing = sharing;
            options.storage_quota = 3000 * 4096;
        });
        let tree = root_of(&directory).join("usr/tree");
        fs::create_dir(&tree).unwrap();
        for number in 0..2000 {
            fs::write(tree.join(number.to_string()), b"x").unwrap();
        }
        storage.root.lock_changes(&worker()).unwrap().count(&worker()).unwrap();
        let removing = worker();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while tree.exists() {
                    std::hint::spin_loop();
                }
                removing.stop().request(StopReason::Aborted);
            });
            storage.remove_directory(&removing, "wxfile://usr/tree", true).unwrap();
        });
        assert_not_found(storage.access(&worker(), "wxfile://usr/tree"));
        let guard = storage.root.lock_changes(&worker()).unwrap();
        assert_eq!(guard.used(&worker()).unwrap(), 0, "{sharing:?}");
        drop(guard);
        storage.close_until(Instant::now() + Duration::from_secs(60));
        assert_eq!(files_below(&root_of(&directory)).len(), usize::from(sharing == Sharing::Shared), "only the count");
    }
}

/// The count fails, so the previous count remains. It still includes the removed file.
#[test]
fn removal_during_a_failed_count_is_noticed_before_a_change_is_rejected() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = options(directory.path());
    options.storage_quota = 100 * 4096;
    let storage = Storage::open(options).unwrap();
    for number in 0..100 {
        write(&storage, &format!("wxfile://usr/{number}"), WriteMode::Whole, b"x").unwrap();
    }
    let usage = &storage.root.shared.usage;
    let epoch = usage.epoch();
    let stopped = worker();
    stopped.stop().request(StopReason::Aborted);
    let counted = storage.root.lock_changes(&worker()).unwrap().count(&stopped);
    assert!(matches!(counted, Err(Error::Stopped(_))), "{counted:?}");
    fs::remove_file(root_of(&directory).join("usr/1")).unwrap();
    usage.remove(4096, epoch);
    assert_eq!(usage.used(), 100 * 4096);
    write(&storage, "wxfile://usr/100", WriteMode::Whole, b"x").unwrap();
    assert_eq!(usage.used(), 100 * 4096);
}

/// The files are gone but still counted, as after a removal that failed when the partial file was already deleted.
#[test]
fn a_partial_file_that_is_gone_is_no_longer_counted_once_all_are_discarded() {
    let (directory, storage) = open();
    a_partial_file(&storage, &Host { directory: tempfile::tempdir().unwrap(), path: Default::default() });
    assert!(crate::worker::lock(&storage.launch.files).quota.used() > 0);
    for file in files_below(&root_of(&directory).join("partials")) {
        fs::remove_file(file).unwrap();
    }
    storage.discard_partials(&worker()).unwrap();
    assert_eq!(crate::worker::lock(&storage.launch.files).quota.used(), 0);
}

/// Partial files are in another directory than temporary files.
#[test]
fn partial_files_stay_counted_if_the_temporary_files_are_removed() {
    let (directory, storage) = open();
    let host = Host { directory, path: Default::default() };
    a_partial_file(&storage, &host);
    temporary(&storage, &blocks(1));
    fs::remove_dir_all(root_of(&host.directory).join("launches")).unwrap();
    temporary(&storage, &blocks(1));
    assert_quotas(&storage, &host, "after a cleaner");
    assert!(storage.take_partial(&worker(), KEY, None).unwrap().is_some());
}
