//! Directories that a cache cleaner or the user deletes while a session is open.

use std::sync::Barrier;

use super::*;
use crate::storage::directory::{Directory, FileId};
use crate::worker::StopReason;

/// The ways in which a cleaner deletes a directory: at once, or after moving it away.
const WAYS: [fn(&Path); 2] =
    [|path| fs::remove_dir_all(path).unwrap(), |path| fs::rename(path, path.with_extension("trash")).unwrap()];

/// Checks that all calls that write succeed, and that written files are at their expected places.
#[track_caller]
fn assert_works(storage: &Storage) {
    let file = temporary(storage, b"temporary");
    assert_eq!(fs::read(&file.native_path).unwrap(), b"temporary");
    assert_eq!(read(storage, &file.path).unwrap(), b"temporary");
    let saved = storage.save_file(&worker(), &file.path, None).unwrap();
    assert_eq!(fs::read(&saved.native_path).unwrap(), b"temporary");
    assert_eq!(storage.saved_files(&worker()).unwrap(), [saved]);
    let stored = target(storage, "wxfile://usr/a", b"target").unwrap();
    assert_eq!(fs::read(stored.native_path).unwrap(), b"target");
    let host = tempfile::NamedTempFile::new().unwrap();
    fs::write(host.path(), b"host").unwrap();
    let imported = storage.import_path(&worker(), host.path().to_str().unwrap(), ImportMode::Copy).unwrap();
    assert_eq!(read(storage, &imported.path).unwrap(), b"host");
}

fn launch_of(directory: &TempDir) -> PathBuf {
    let mut launches = fs::read_dir(root_of(directory).join("launches")).unwrap();
    launches.next().unwrap().unwrap().path()
}

#[test]
fn removed_directories_are_created_again() {
    for remove in WAYS {
        let places: [fn(&TempDir) -> PathBuf; 6] = [
            launch_of,
            |directory| root_of(directory).join("launches"),
            |directory| root_of(directory).join("store"),
            |directory| root_of(directory).join("usr"),
            |directory| root_of(directory),
            |directory| directory.path().join("app-wxapp"),
        ];
        for (number, place) in places.into_iter().enumerate() {
            let (directory, storage) = open();
            let file = temporary(&storage, b"lost");
            remove(&place(&directory));
            if !matches!(number, 2 | 3) {
                assert_not_found(storage.resolve(&worker(), &file.path));
            }
            assert_works(&storage);
            storage.close();
        }
    }
}

/// Counting the saved files takes a while, and the launch begins after it.
#[test]
fn directories_that_are_removed_during_the_opening_are_created_again() {
    for remove in WAYS {
        for place in ["app-wxapp", "app-wxapp/user-me", "app-wxapp/user-me/launches"] {
            let directory = tempfile::tempdir().unwrap();
            let (sharing, scheme, log) = (Sharing::Exclusive, PathScheme::default(), Log::default());
            let (root, tree) =
                Root::open(directory.path(), "wxapp", "me", sharing, scheme, log.clone(), &worker()).unwrap();
            remove(&directory.path().join(place));
            let (launch, _) = Launch::begin(Arc::new(root), tree, 1 << 20, 0, log, &worker()).unwrap();
            assert!(root_of(&directory).join("launches").join(launch.last_directory().name()).is_dir(), "{place}");
        }
    }
}

#[test]
fn removed_data_directory_is_created_again() {
    let outer = tempfile::tempdir().unwrap();
    for remove in WAYS {
        let data = outer.path().join("data");
        let storage = Storage::open(options(&data)).unwrap();
        temporary(&storage, b"lost");
        remove(&data);
        assert_works(&storage);
        storage.close();
        assert_eq!(files_below(&data.join("app-wxapp/user-me/launches")), Vec::<PathBuf>::new());
        fs::remove_dir_all(&data).unwrap();
    }
}

#[test]
fn a_file_that_was_being_written_fails_and_the_next_one_works() {
    for path in [None, Some("wxfile://usr/a")] {
        let (directory, storage) = open();
        let mut part = match path {
            Some(path) => storage.create_target(&worker(), path).unwrap(),
            None => storage.create_temporary(&worker()).unwrap(),
        };
        part.write(&worker(), b"x").unwrap();
        fs::remove_dir_all(launch_of(&directory)).unwrap();
        let finished = part.finish(&worker(), None, &|| Ok(()));
        assert!(matches!(&finished, Err(Error::Io { .. })), "{finished:?}");
        assert_works(&storage);
    }
}

#[test]
fn file_written_in_a_moved_directory_is_completed_in_the_new_one() {
    let (directory, storage) = open();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.write(&worker(), b"rescued").unwrap();
    let launch = launch_of(&directory);
    fs::rename(&launch, directory.path().join("trash")).unwrap();
    let file = part.finish(&worker(), None, &|| Ok(())).unwrap();
    assert_eq!(fs::read(&file.native_path).unwrap(), b"rescued");
    assert_eq!(read(&storage, &file.path).unwrap(), b"rescued");
    assert_ne!(file.native_path.parent().unwrap(), launch);
    assert_works(&storage);
}

/// The link leads to the same directory, so its files are where their paths say.
#[test]
fn files_of_a_directory_that_is_moved_behind_a_link_can_be_read_until_the_session_is_closed() {
    for retention in [0, 1 << 20] {
        let (directory, storage) = open_with(|options| options.temporary_retention = retention);
        let (launch, moved) = (launch_of(&directory), directory.path().join("moved"));
        fs::rename(&launch, &moved).unwrap();
        std::os::unix::fs::symlink(&moved, &launch).unwrap();
        for _ in 0..2 {
            let file = temporary(&storage, b"moved");
            assert_eq!(fs::read(&file.native_path).unwrap(), b"moved");
            assert_eq!(read(&storage, &file.path).unwrap(), b"moved");
        }
        assert_eq!(files_below(&moved).len(), 2);
        storage.close();
        assert_eq!(files_below(&moved), Vec::<PathBuf>::new());
        assert!(fs::symlink_metadata(&launch).is_err(), "the link was removed");
    }
}

#[test]
fn a_kept_file_that_is_stopped_when_it_gets_its_name_can_be_continued() {
    let (directory, storage) = open();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.keep_as("0123456789abcdef", String::new(), storage.discards());
    part.write(&worker(), b"complete").unwrap();
    let finished = part.finish(&worker(), None, &|| Err(StopReason::Aborted));
    assert!(matches!(finished, Err(Error::Stopped(StopReason::Aborted))), "{finished:?}");
    assert_eq!(files_below(&launch_of(&directory)), Vec::<PathBuf>::new());
    let taken = storage.take_partial(&worker(), "0123456789abcdef", None).unwrap();
    assert_eq!(taken.map(|(part, _)| part.length()), Some(8));
}

#[test]
fn removed_files_are_no_longer_counted() {
    let (directory, storage) = open_with(|options| {
        options.storage_quota = 100_000;
        options.temporary_quota = 100_000;
    });
    for _ in 0..3 {
        let file = temporary(&storage, &[0; 100_000]);
        storage.save_file(&worker(), &file.path, None).unwrap();
        temporary(&storage, &[0; 100_000]);
        fs::remove_dir_all(root_of(&directory)).unwrap();
    }
}

#[test]
fn concurrent_threads_create_the_directories_once() {
    let (directory, storage) = open();
    for _ in 0..10 {
        fs::remove_dir_all(root_of(&directory)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let file = temporary(&storage, b"x");
                    assert_eq!(fs::read(&file.native_path).unwrap(), b"x");
                });
            }
        });
        assert_eq!(fs::read_dir(root_of(&directory).join("launches")).unwrap().count(), 1);
    }
}

/// The removed directory had the lock, so only the registry of the process can refuse a second session.
#[test]
fn removed_directory_stays_locked_for_sessions_of_the_process() {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    let link = outer.path().join("link");
    std::os::unix::fs::symlink(&data, &link).unwrap();
    let removed = [data.join("app-wxapp/user-me"), data.join("app-wxapp"), data.clone()];
    for remove in WAYS {
        for path in &removed {
            let first = Storage::open(options(&data)).unwrap();
            remove(path);
            for sharing in [Sharing::Exclusive, Sharing::Shared] {
                // A symbolic link to a missing target cannot be opened.
                for path in [Some(&data), Some(&link).filter(|_| data.exists())].into_iter().flatten() {
                    let mut second = options(path);
                    second.sharing = sharing;
                    let second = Storage::open(second);
                    assert!(matches!(second, Err(Error::Locked)), "{second:?}");
                }
            }
            assert_works(&first);
            drop(first);
            Storage::open(options(&data)).unwrap().close();
            for trash in [&data, &data.with_extension("trash")] {
                let _ = fs::remove_dir_all(trash);
            }
        }
    }
}

/// Opens the files in a child process, which does not know this process' registry.
fn opens_elsewhere(directory: &Path) -> bool {
    let test = "cleaner::other_process_can_open_only_if_both_locks_are_removed";
    let mut child = super::crash::start(test, directory, "");
    let output = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
    assert!(child.wait().unwrap().success(), "{output}");
    match output.lines().find(|line| line.starts_with("opened: ")) {
        Some("opened: true") => true,
        Some("opened: false") => false,
        _ => panic!("{output}"),
    }
}

#[test]
fn other_process_can_open_only_if_both_locks_are_removed() {
    if let Some(directory) = super::crash::given_directory() {
        let mut opened = Vec::new();
        for sharing in [Sharing::Exclusive, Sharing::Shared] {
            let mut options = options(&directory);
            options.sharing = sharing;
            opened.push(match Storage::open(options) {
                Ok(_) => true,
                Err(Error::Locked) => false,
                Err(error) => panic!("{error}"),
            });
        }
        assert_eq!(opened[0], opened[1]);
        return println!("\nopened: {}", opened[0]);
    }
    let use_it = |storage: &Storage| {
        storage.saved_files(&worker()).unwrap();
        assert_eq!(fs::read(temporary(storage, b"x").native_path).unwrap(), b"x");
    };
    let app = "app-wxapp";
    let mine = "app-wxapp/user-me";
    let inside = ["launches", "store", "usr"].map(|name| format!("{mine}/{name}"));
    let locks = ["locks", "locks/app-wxapp", "locks/app-wxapp/user-me"];
    for removed in inside.iter().map(String::as_str).chain([app, mine]).chain(locks) {
        for remove in WAYS {
            let (directory, storage) = open();
            remove(&directory.path().join(removed));
            assert!(!opens_elsewhere(directory.path()), "{removed} is removed");
            use_it(&storage);
            assert!(!opens_elsewhere(directory.path()), "{removed} was removed");
            // The other lock can be used the next time.
            remove(&directory.path().join(if removed.starts_with("locks") { mine } else { "locks" }));
            assert!(!opens_elsewhere(directory.path()), "{removed} was created again");
            use_it(&storage);
            storage.close();
            assert!(opens_elsewhere(directory.path()), "{removed} was removed; the storage is closed");
        }
    }
    let (directory, storage) = open();
    fs::remove_dir_all(directory.path().join(app)).unwrap();
    fs::remove_dir_all(directory.path().join("locks")).unwrap();
    assert!(opens_elsewhere(directory.path()));
    use_it(&storage);
}

/// If a link replaces a directory, nothing is written or deleted in the link's target, even if the target is the moved
/// directory itself.
#[test]
fn replacement_of_a_directory_is_deleted() {
    let inside = ["launches", "store", "usr"].map(|name| format!("app-wxapp/user-me/{name}"));
    let around = ["app-wxapp", "app-wxapp/user-me", "locks", "locks/app-wxapp", "locks/app-wxapp/user-me"];
    let ways: [fn(&Path, &Path); 5] = [
        |place, outside| std::os::unix::fs::symlink(outside, place).unwrap(),
        |place, _| std::os::unix::fs::symlink("/nothing/is/here", place).unwrap(),
        |place, _| std::os::unix::fs::symlink(place.with_extension("trash"), place).unwrap(),
        |place, _| fs::write(place, "in its place").unwrap(),
        |place, _| drop(std::os::unix::net::UnixListener::bind(place).unwrap()),
    ];
    for replaced in inside.iter().map(String::as_str).chain(around) {
        for (number, way) in ways.iter().enumerate() {
            let (directory, storage) = open();
            let outside = tempfile::tempdir().unwrap();
            fs::write(outside.path().join("file"), "outside").unwrap();
            let place = directory.path().join(replaced);
            fs::rename(&place, place.with_extension("trash")).unwrap();
            way(&place, outside.path());
            // Reading or writing creates the directories again.
            assert_eq!(storage.saved_files(&worker()).unwrap(), [], "{replaced} {number}");
            assert_works(&storage);
            assert!(fs::symlink_metadata(&place).unwrap().is_dir(), "{replaced} {number}");
            assert_eq!(files_below(outside.path()), [outside.path().join("file")]);
            assert_eq!(files_below(&place.with_extension("trash")), Vec::<PathBuf>::new(), "{replaced} {number}");
            assert!(matches!(Storage::open(options(directory.path())), Err(Error::Locked)));
            storage.close();
            Storage::open(options(directory.path())).unwrap();
        }
    }
}

/// Another process sees the locks, but not this process' registry.
#[test]
fn locks_are_taken_again_after_their_directories_are_removed() {
    let (directory, storage) = open();
    let root = root_of(&directory);
    let locks = directory.path().join("locks");
    let lock = locks.join("app-wxapp/user-me");
    let is_free = |path: &Path| Directory::open_native(path).unwrap().try_lock(true).unwrap();
    for removed in [&root, &locks] {
        fs::remove_dir_all(removed).unwrap();
        temporary(&storage, b"x");
        storage.saved_files(&worker()).unwrap();
        assert!(!is_free(&root) && !is_free(&lock));
    }

    // Another process takes the files first.
    fs::remove_dir_all(&root).unwrap();
    fs::remove_dir_all(&locks).unwrap();
    fs::create_dir(&root).unwrap();
    let other = Directory::open_native(&root).unwrap();
    assert!(other.try_lock(true).unwrap());
    for _ in 0..2 {
        let refused = storage.create_temporary(&worker());
        assert!(matches!(&refused, Err(Error::Locked)), "{refused:?}");
        let refused = storage.saved_files(&worker());
        assert!(matches!(&refused, Err(Error::Locked)), "{refused:?}");
    }
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0, "the other process's directory is unchanged");
    drop(other);
    assert_works(&storage);
    assert!(!is_free(&root) && !is_free(&lock));
    storage.close();
    assert!(is_free(&root) && is_free(&lock));
}

/// A page must not learn the path of a directory. A path in an error would reach the page's `errMsg`.
#[test]
fn failure_to_create_directories_reveals_no_path() {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    let storage = Storage::open(options(&data)).unwrap();
    fs::rename(&data, outer.path().join("trash")).unwrap();
    // The data directory, and a file in its place, belong to the host.
    fs::write(&data, b"in its place").unwrap();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.write(&worker(), b"x").unwrap();
    let finished = part.finish(&worker(), None, &|| Ok(()));
    assert!(matches!(finished, Err(Error::Io { .. })), "{finished:?}");
}

/// The latest moment of an opening at which a directory is moved away. Most openings take less.
const LATEST: Duration = Duration::from_millis(1);
const MOMENTS: u32 = 25;

/// Opens files for the first time, while one of the directories is moved away.
fn open_while_moved_away(place: &str, moment: Duration) -> (TempDir, Storage) {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    let both_ready = Barrier::new(2);
    let opened = std::thread::scope(|scope| {
        scope.spawn(|| {
            both_ready.wait();
            let begin = Instant::now();
            while begin.elapsed() < moment || !data.join(place).exists() && begin.elapsed() < LATEST {
                std::hint::spin_loop();
            }
            // Fails if the opening has not made the directory yet.
            let _ = fs::rename(data.join(place), outer.path().join("trash"));
        });
        both_ready.wait();
        Storage::open(options(&data))
    });
    (outer, opened.unwrap())
}

#[test]
fn opening_recreates_a_directory_that_is_moved_away_meanwhile() {
    for place in [
        "",
        "locks",
        "locks/app-wxapp",
        "locks/app-wxapp/user-me",
        "app-wxapp",
        "app-wxapp/user-me",
        "app-wxapp/user-me/launches",
        "app-wxapp/user-me/store",
        "app-wxapp/user-me/usr",
    ] {
        for moment in 0..MOMENTS {
            let (_directory, storage) = open_while_moved_away(place, LATEST * moment / MOMENTS);
            assert_works(&storage);
            storage.close();
        }
    }
}

/// Otherwise a lack of memory would make the library forget the temporary files.
#[test]
fn path_that_cannot_be_examined_is_not_a_removed_directory() {
    let directory = tempfile::tempdir().unwrap();
    let id = FileId::at(directory.path()).unwrap();
    assert!(id.is_at(directory.path()).unwrap());
    for gone in ["nothing", "nothing/below"] {
        assert!(!id.is_at(&directory.path().join(gone)).unwrap());
    }
    // The system has no other error without a full table or a broken device.
    let error = id.is_at(&directory.path().join("x".repeat(300))).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENAMETOOLONG));
}
