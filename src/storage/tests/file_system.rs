//! `FileSystemManager` calls: attributes, names, quota, and the sandbox.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::storage::quota::LEAST_COST;
use crate::terms::DigestAlgorithm;
use crate::worker::StopReason;

const BLOCK: usize = LEAST_COST as usize;

pub fn blocks(count: usize) -> Vec<u8> {
    vec![7; count * BLOCK]
}

pub fn write(storage: &Storage, path: &str, mode: WriteMode, content: &[u8]) -> Result<(), Error> {
    storage.write_file(&worker(), path, mode, content)
}

pub fn make(storage: &Storage, path: &str) {
    storage.make_directory(&worker(), path, true).unwrap();
}

#[track_caller]
fn assert_exceeded<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::QuotaExceeded)), "{result:?}");
}

#[track_caller]
fn assert_exists<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::AlreadyExists { .. })), "{result:?}");
}

/// Checks that the known usage equals the count of a new session.
#[track_caller]
pub fn assert_counted(storage: &Storage) {
    let usage = &storage.root.shared.usage;
    let kept = usage.used();
    storage.root.lock_changes(&worker()).unwrap().count(&worker()).unwrap();
    assert_eq!(kept, usage.used(), "kept and counted");
}

#[test]
fn page_can_free_space_when_the_quota_is_full() {
    let (_directory, storage) = open_with(|options| options.storage_quota = 10 * LEAST_COST);
    write(&storage, "wxfile://usr/a", WriteMode::Whole, &blocks(5)).unwrap();
    write(&storage, "wxfile://usr/b", WriteMode::Whole, &blocks(5)).unwrap();
    assert_exceeded(write(&storage, "wxfile://usr/c", WriteMode::Whole, b""));
    assert_exceeded(write(&storage, "wxfile://usr/b", WriteMode::Append, b"x"));
    assert_exceeded(storage.copy_file(&worker(), "wxfile://usr/a", "wxfile://usr/c"));
    assert_exceeded(storage.make_directory(&worker(), "wxfile://usr/d", false));
    // These calls need no more space.
    storage.copy_file(&worker(), "wxfile://usr/a", "wxfile://usr/b").unwrap();
    write(&storage, "wxfile://usr/b", WriteMode::At(1), b"x").unwrap();
    storage.rename(&worker(), "wxfile://usr/b", "wxfile://usr/moved").unwrap();
    storage.unlink(&worker(), "wxfile://usr/a").unwrap();
    assert_not_found(storage.access(&worker(), "wxfile://usr/a"));
    write(&storage, "wxfile://usr/c", WriteMode::Whole, &blocks(5)).unwrap();
    assert_exceeded(write(&storage, "wxfile://usr/d", WriteMode::Whole, b""));
    assert_counted(&storage);
}

#[test]
fn the_quota_is_kept_through_all_changes() {
    for sharing in [Sharing::Exclusive, Sharing::Shared] {
        let (_directory, storage) = open_with(|options| options.sharing = sharing);
        make(&storage, "wxfile://usr/a/b/c");
        write(&storage, "wxfile://usr/a/file", WriteMode::Whole, &blocks(3)).unwrap();
        write(&storage, "wxfile://usr/a/file", WriteMode::Append, &blocks(2)).unwrap();
        write(&storage, "wxfile://usr/a/file", WriteMode::At(100), b"x").unwrap();
        write(&storage, "wxfile://usr/other", WriteMode::Whole, b"x").unwrap();
        assert_counted(&storage);
        storage.rename(&worker(), "wxfile://usr/a/file", "wxfile://usr/other").unwrap();
        storage.rename(&worker(), "wxfile://usr/other", "wxfile://usr//other").unwrap();
        storage.rename(&worker(), "wxfile://usr/a/b/c", "wxfile://usr/c").unwrap();
        storage.rename(&worker(), "wxfile://usr/c", "wxfile://usr/a/b").unwrap();
        assert_counted(&storage);
        storage.copy_file(&worker(), "wxfile://usr/other", "wxfile://usr/a/b/copy").unwrap();
        storage.remove_directory(&worker(), "wxfile://usr/a", true).unwrap();
        storage.make_directory(&worker(), "wxfile://usr/d", false).unwrap();
        storage.remove_directory(&worker(), "wxfile://usr/d", false).unwrap();
        assert_counted(&storage);
        storage.unlink(&worker(), "wxfile://usr/other").unwrap();
        assert_eq!(storage.root.shared.usage.used(), 0);
    }
}

#[test]
fn stat_returns_the_values_of_the_system() {
    let (directory, storage) = open();
    write(&storage, "wxfile://usr/a.txt", WriteMode::Whole, b"hello").unwrap();
    let native = root_of(&directory).join("usr/a.txt");
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_500_000_000);
    let times = fs::FileTimes::new().set_accessed(time).set_modified(time + std::time::Duration::from_secs(5));
    fs::File::options().write(true).open(&native).unwrap().set_times(times).unwrap();
    let stat = storage.stat(&worker(), "wxfile://usr/a.txt").unwrap();
    let entry = stat.entry;
    assert_eq!((stat.path.as_str(), entry.kind, entry.length), ("", EntryKind::File, 5));
    assert_eq!((entry.accessed, entry.modified), (1_500_000_000, 1_500_000_005));
    assert_eq!(entry.mode, fs::metadata(&native).unwrap().permissions().mode());
    assert_eq!(storage.stat(&worker(), "wxfile://usr").unwrap().entry.kind, EntryKind::Directory);
    let temporary = temporary(&storage, b"abc");
    assert_eq!(storage.stat(&worker(), &temporary.path).unwrap().entry.length, 3);
    let saved = storage.save_file(&worker(), &temporary.path, None).unwrap();
    assert_eq!(storage.stat_tree(&worker(), &saved.path).unwrap()[0].entry.length, 3);
    assert_not_found(storage.stat(&worker(), &temporary.path));
}

#[test]
fn stat_tree_returns_relative_paths_without_unnameable_entries() {
    let (directory, storage) = open();
    make(&storage, "wxfile://usr/图/b");
    write(&storage, "wxfile://usr/图/b/c", WriteMode::Whole, b"12").unwrap();
    write(&storage, "wxfile://usr/图/a", WriteMode::Whole, b"1").unwrap();
    let native = root_of(&directory).join("usr/图");
    symlink("/etc/passwd", native.join("link")).unwrap();
    fs::write(native.join("back\\slash"), b"x").unwrap();
    fs::write(native.join(std::ffi::OsStr::new("a\u{202e}b")), b"x").unwrap();
    for path in ["wxfile://usr/图", "wxfile://usr//图/"] {
        let stats = storage.stat_tree(&worker(), path).unwrap();
        let told: Vec<_> =
            stats.iter().map(|stat| (stat.path.as_str(), stat.entry.kind == EntryKind::Directory)).collect();
        assert_eq!(told, [("/", true), ("/a", false), ("/b", true), ("/b/c", false)]);
        assert_eq!(stats[3].entry.length, 2);
        assert_eq!(storage.list_directory(&worker(), path).unwrap(), ["a", "b", "link"]);
    }
    assert_not_a_directory(storage.list_directory(&worker(), "wxfile://usr/图/a"));
    assert_eq!(storage.list_directory(&worker(), "wxfile://usr").unwrap(), ["图"]);
}

#[test]
fn directories_are_made_and_removed_as_asked() {
    let (_directory, storage) = open();
    let make = |path: &str, recursive| storage.make_directory(&worker(), path, recursive);
    assert_not_found(make("wxfile://usr/a/b", false));
    make("wxfile://usr/a/b/c", true).unwrap();
    make("wxfile://usr/a/d/", false).unwrap();
    for path in ["wxfile://usr", "wxfile://usr/a", "wxfile://usr/a/b/c"] {
        assert_exists(make(path, false));
        assert_exists(make(path, true));
    }
    write(&storage, "wxfile://usr/file", WriteMode::Whole, b"").unwrap();
    assert_exists(make("wxfile://usr/file", true));
    assert_not_a_directory(make("wxfile://usr/file/a", true));

    let remove = |path: &str, recursive| storage.remove_directory(&worker(), path, recursive);
    assert!(matches!(remove("wxfile://usr/a", false), Err(Error::NotEmpty { .. })));
    assert_not_a_directory(remove("wxfile://usr/file", false));
    assert_not_a_directory(remove("wxfile://usr/file", true));
    assert_not_found(remove("wxfile://usr/missing", true));
    remove("wxfile://usr/a/d", false).unwrap();
    remove("wxfile://usr/a", true).unwrap();
    assert_not_found(storage.access(&worker(), "wxfile://usr/a"));
    for recursive in [false, true] {
        assert_denied(remove("wxfile://usr", recursive), "wxfile://usr");
        assert_denied(remove("wxfile://usr/", recursive), "wxfile://usr/");
    }
}

/// POSIX, `rename`.
#[test]
fn rename_replaces_targets_as_in_posix() {
    let (_directory, storage) = open();
    let rename = |old: &str, new: &str| {
        storage.rename(&worker(), &format!("wxfile://usr/{old}"), &format!("wxfile://usr/{new}"))
    };
    make(&storage, "wxfile://usr/full/inside");
    make(&storage, "wxfile://usr/empty");
    for name in ["a", "b"] {
        write(&storage, &format!("wxfile://usr/{name}"), WriteMode::Whole, name.as_bytes()).unwrap();
    }
    assert_is_a_directory(rename("a", "full"));
    assert_is_a_directory(rename("a", "empty"));
    assert_not_a_directory(rename("full", "a"));
    assert!(matches!(rename("empty", "full"), Err(Error::NotEmpty { .. })));
    assert!(matches!(rename("full", "full/inside/below"), Err(Error::InvalidArgument { .. })));
    assert!(matches!(rename("full", "full/below"), Err(Error::InvalidArgument { .. })));
    assert_not_found(rename("missing", "c"));
    assert_not_found(rename("a", "missing/c"));
    assert_not_a_directory(rename("a", "b/c"));
    assert_not_a_directory(rename("a", "c/"));
    assert_not_a_directory(rename("a/", "c"));
    rename("a", "a").unwrap();
    rename("a", "b").unwrap();
    assert_eq!(read(&storage, "wxfile://usr/b").unwrap(), b"a");
    rename("full", "empty").unwrap();
    rename("empty/", "other/").unwrap();
    assert_eq!(storage.list_directory(&worker(), "wxfile://usr").unwrap(), ["b", "other"]);
    assert_eq!(storage.list_directory(&worker(), "wxfile://usr/other").unwrap(), ["inside"]);
    assert_counted(&storage);
}

#[test]
fn names_of_255_bytes_are_accepted_and_longer_ones_rejected() {
    let (_directory, storage) = open();
    let (longest, too_long) =
        (format!("wxfile://usr/{}", "n".repeat(255)), format!("wxfile://usr/{}", "n".repeat(256)));
    write(&storage, &longest, WriteMode::Whole, b"x").unwrap();
    storage.copy_file(&worker(), &longest, &format!("wxfile://usr/{}", "图".repeat(85))).unwrap();
    storage.rename(&worker(), &longest, &format!("wxfile://usr/{}", "m".repeat(255))).unwrap();
    let refused = [
        storage.access(&worker(), &too_long),
        write(&storage, &too_long, WriteMode::Whole, b""),
        storage.rename(&worker(), "wxfile://usr/a", &too_long),
        storage.make_directory(&worker(), &too_long, true),
        storage.unlink(&worker(), &too_long),
    ];
    for result in refused {
        assert!(matches!(&result, Err(Error::NameTooLong { .. })), "{result:?}");
    }
}

#[test]
fn only_files_under_usr_can_be_changed() {
    let (directory, storage) = open();
    let temporary = temporary(&storage, b"x").path;
    let saved = storage.save_file(&worker(), &super::temporary(&storage, b"x").path, None).unwrap().path;
    write(&storage, "wxfile://usr/a", WriteMode::Whole, b"x").unwrap();
    for path in [temporary.as_str(), &saved, "wxfile://usr/../a", "wxfile://launches", "/etc/passwd", "wxfile://usr/."]
    {
        assert_denied(storage.unlink(&worker(), path), path);
        assert_denied(storage.rename(&worker(), path, "wxfile://usr/b"), path);
        assert_denied(storage.rename(&worker(), "wxfile://usr/a", path), path);
        assert_denied(storage.copy_file(&worker(), "wxfile://usr/a", path), path);
        assert_denied(storage.make_directory(&worker(), path, true), path);
        assert_denied(storage.remove_directory(&worker(), path, true), path);
        for mode in [WriteMode::Whole, WriteMode::Append, WriteMode::At(0)] {
            assert_denied(write(&storage, path, mode, b"y"), path);
        }
    }
    for path in [temporary.as_str(), &saved] {
        storage.access(&worker(), path).unwrap();
        assert_eq!(storage.read_file(&worker(), path, 0, None).unwrap(), b"x");
        storage.copy_file(&worker(), path, "wxfile://usr/copy").unwrap();
        assert_not_a_directory(storage.list_directory(&worker(), path));
    }
    assert_eq!(files_below(&root_of(&directory)).len(), 4);
}

/// A host's unzip may create any kind of file below `wxfile://usr`.
#[test]
fn planted_entries_lead_nowhere() {
    let (directory, storage) = open();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, b"secret").unwrap();
    let user = root_of(&directory).join("usr");
    fs::create_dir(user.join("tree")).unwrap();
    write(&storage, "wxfile://usr/mine", WriteMode::Whole, b"mine").unwrap();
    for place in ["", "tree"] {
        let place = user.join(place);
        symlink(&secret, place.join("symlink")).unwrap();
        symlink(outside.path(), place.join("linked")).unwrap();
        fs::hard_link(&secret, place.join("hardlink")).unwrap();
    }
    for name in ["symlink", "linked", "hardlink", "linked/secret"] {
        let path = &format!("wxfile://usr/{name}");
        assert_denied(storage.access(&worker(), path), path);
        assert_denied(storage.stat_tree(&worker(), path), path);
        assert_denied(storage.list_directory(&worker(), path), path);
        assert_denied(storage.read_file(&worker(), path, 0, None), path);
        assert_denied(storage.file_digest(&worker(), path, DigestAlgorithm::Md5), path);
        assert_denied(storage.copy_file(&worker(), path, "wxfile://usr/copy"), path);
        assert_denied(storage.copy_file(&worker(), "wxfile://usr/mine", path), path);
        assert_denied(storage.rename(&worker(), path, "wxfile://usr/renamed"), path);
        assert_denied(storage.rename(&worker(), "wxfile://usr/mine", path), path);
        assert_denied(storage.remove_directory(&worker(), path, true), path);
        for mode in [WriteMode::Whole, WriteMode::Append, WriteMode::At(0)] {
            assert_denied(write(&storage, path, mode, b"x"), path);
        }
        assert!(storage.make_directory(&worker(), path, true).is_err());
        assert!(storage.make_directory(&worker(), &format!("{path}/new"), true).is_err());
    }
    assert_denied(storage.unlink(&worker(), "wxfile://usr/linked/secret"), "wxfile://usr/linked/secret");
    // The link itself is removed.
    for name in ["symlink", "linked", "hardlink"] {
        storage.unlink(&worker(), &format!("wxfile://usr/{name}")).unwrap();
    }
    storage.remove_directory(&worker(), "wxfile://usr/tree", true).unwrap();
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(storage.list_directory(&worker(), "wxfile://usr").unwrap(), ["mine"]);
    assert_eq!(read(&storage, "wxfile://usr/mine").unwrap(), b"mine");
}

#[test]
fn a_directory_is_not_removed_as_a_file() {
    let (_directory, storage) = open();
    make(&storage, "wxfile://usr/d");
    write(&storage, "wxfile://usr/a", WriteMode::Whole, b"x").unwrap();
    for path in ["wxfile://usr/d", "wxfile://usr/d/"] {
        let result = storage.unlink(&worker(), path);
        assert!(matches!(&result, Err(Error::NotPermitted { .. })), "{result:?}");
    }
    assert_denied(storage.unlink(&worker(), "wxfile://usr"), "wxfile://usr");
    assert_not_found(storage.unlink(&worker(), "wxfile://usr/missing"));
    assert_not_found(storage.unlink(&worker(), "wxfile://usr/missing/a"));
    assert_not_a_directory(storage.unlink(&worker(), "wxfile://usr/a/"));
    assert_not_a_directory(storage.unlink(&worker(), "wxfile://usr/a/b"));
}

#[test]
fn concurrent_calls_on_one_path_lose_nothing_and_keep_the_quota() {
    let (_directory, storage) = open();
    make(&storage, "wxfile://usr/d");
    write(&storage, "wxfile://usr/log", WriteMode::Whole, b"").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8u8 {
            let storage = &storage;
            scope.spawn(move || {
                for round in 0..20 {
                    write(storage, "wxfile://usr/log", WriteMode::Append, &[thread; 100]).unwrap();
                    // Other threads remove the files. No other failure is allowed.
                    let path = format!("wxfile://usr/d/{}", round % 3);
                    for result in [
                        write(storage, &path, WriteMode::Whole, &[thread; 5000]),
                        storage.rename(&worker(), &path, "wxfile://usr/d/renamed"),
                        write(storage, "wxfile://usr/d/renamed", WriteMode::Append, b"x"),
                        storage.unlink(&worker(), &path),
                        storage.copy_file(&worker(), "wxfile://usr/d/renamed", &path),
                        storage.remove_directory(&worker(), "wxfile://usr/d", true),
                        storage.make_directory(&worker(), "wxfile://usr/d", false),
                    ] {
                        assert!(
                            matches!(&result, Ok(()) | Err(Error::NotFound { .. } | Error::AlreadyExists { .. })),
                            "{result:?}"
                        );
                    }
                }
            });
        }
    });
    let log = read(&storage, "wxfile://usr/log").unwrap();
    assert_eq!(log.len(), 8 * 20 * 100);
    assert!(log.chunks(100).all(|line| line.iter().all(|byte| *byte == line[0])), "lines are whole");
    assert_counted(&storage);
}

#[test]
fn stop_ends_long_operations_without_changes() {
    let (directory, storage) = open();
    let path = "wxfile://usr/large";
    write(&storage, path, WriteMode::Whole, b"x").unwrap();
    let native = root_of(&directory).join("usr/large");
    let file = fs::File::options().write(true).open(native).unwrap();
    file.set_len(64 * MIB).unwrap();
    write(&storage, "wxfile://usr/small", WriteMode::Whole, b"small").unwrap();
    let stopped = || {
        let worker = worker();
        worker.stop().request(StopReason::Aborted);
        worker
    };
    let results = [
        storage.file_digest(&stopped(), path, DigestAlgorithm::Sha1).map(drop),
        storage.read_file(&stopped(), path, 0, None).map(drop),
        storage.write_file(&stopped(), "wxfile://usr/small", WriteMode::Whole, &blocks(100)),
        storage.write_file(&stopped(), "wxfile://usr/small", WriteMode::Append, &blocks(100)),
        storage.rename(&stopped(), path, "wxfile://usr/renamed"),
        storage.unlink(&stopped(), path),
    ];
    for result in results {
        assert!(matches!(&result, Err(Error::Stopped(StopReason::Aborted))), "{result:?}");
    }
    assert_eq!(read(&storage, "wxfile://usr/small").unwrap(), b"small");
    assert_eq!(storage.list_directory(&worker(), "wxfile://usr").unwrap(), ["large", "small"]);
}

#[test]
fn a_removed_tree_is_gone_at_once_and_leaves_nothing() {
    let (directory, storage) = open();
    make(&storage, "wxfile://usr/tree/a/b");
    for number in 0..100 {
        write(&storage, &format!("wxfile://usr/tree/a/{number}"), WriteMode::Whole, b"x").unwrap();
    }
    // A stop in the middle of the removal: the tree is no longer among the page's files, and is deleted with the
    // temporary ones.
    let stopping = worker();
    let (target, components) = ("wxfile://usr/tree", vec!["tree".to_owned()]);
    let launch = storage.launch.directory(&stopping).unwrap();
    let user_path = super::super::names::UserPath { path: target, components: &components };
    let taken = storage.store.take_away(&stopping, user_path, &launch.directory, "doomed").unwrap();
    assert_not_found(storage.access(&worker(), target));
    make(&storage, target);
    assert_eq!(storage.list_directory(&worker(), target).unwrap(), Vec::<String>::new());
    // A later count does not include it.
    let before = storage.root.shared.usage.used();
    storage.root.lock_changes(&worker()).unwrap().count(&worker()).unwrap();
    assert!(storage.root.shared.usage.used() < before);
    storage.store.forget(&taken, Some(1000 * LEAST_COST));
    assert_counted(&storage);
    storage.close_until(std::time::Instant::now() + std::time::Duration::from_secs(60));
    assert_eq!(files_below(&root_of(&directory)), Vec::<PathBuf>::new());
}
