//! Temporary files live as long as their launch.

use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

fn shared(directory: &TempDir) -> Storage {
    let mut options = options(directory.path());
    options.sharing = Sharing::Shared;
    Storage::open(options).unwrap()
}

/// Opens the files, and waits until the files of earlier launches are removed.
fn open_cleaned(options: Options) -> Storage {
    let storage = Storage::open(options).unwrap();
    assert!(storage.remove_leftovers(&worker()));
    storage
}

fn launches(directory: &TempDir) -> usize {
    fs::read_dir(root_of(directory).join("launches")).unwrap().count()
}

#[test]
fn closing_removes_temporary_files_and_parts() {
    let (directory, storage) = open();
    let file = temporary(&storage, b"x");
    let mut source = storage.open_source(&worker(), &file.path).unwrap();
    let saved = storage.save_file(&worker(), &temporary(&storage, b"x").path, None).unwrap();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.write(&worker(), b"x").unwrap();
    let mut wanted = storage.create_target(&worker(), "wxfile://usr/a").unwrap();
    wanted.write(&worker(), b"x").unwrap();

    storage.close();
    assert_eq!(launches(&directory), 0);
    part.write(&worker(), b"y").unwrap();
    assert!(matches!(part.finish(&worker(), None, &|| Ok(())), Err(Error::Closed)));
    assert!(matches!(wanted.finish(&worker(), None, &|| Ok(())), Err(Error::Closed)));
    assert!(matches!(storage.create_temporary(&worker()), Err(Error::Closed)));
    assert!(matches!(storage.create_target(&worker(), "wxfile://usr/a"), Err(Error::Closed)));
    assert_not_found(storage.open_source(&worker(), &file.path));
    assert_eq!(read_all(&mut source), b"x", "an open file can be read to its end");

    let next = Storage::open(options(directory.path())).unwrap();
    storage.close();
    drop(storage);
    assert!(
        matches!(Storage::open(options(directory.path())), Err(Error::Locked)),
        "dropping the closed storage does not unlock the open one"
    );
    assert_eq!(files_below(&root_of(&directory)), [saved.native_path]);
    temporary(&next, b"x");
}

#[test]
fn closing_leaves_what_takes_too_long_to_the_next_launch() {
    for retention in [0, 10_000] {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { temporary_retention: retention, ..options(directory.path()) };
        let storage = Storage::open(options.clone()).unwrap();
        let files: Vec<_> = (0..50).map(|_| temporary(&storage, b"x")).collect();
        // A reader of a file keeps its directory open.
        let mut source = storage.open_source(&worker(), &files[0].path).unwrap();
        storage.close_until(Instant::now());
        assert!(files_below(&root_of(&directory)).len() > 30, "the close ended early");
        assert_not_found(storage.open_source(&worker(), &files[49].path));
        let next = open_cleaned(options);
        assert_eq!((launches(&directory), files_below(&root_of(&directory)).len()), (1, retention as usize / 4096));
        assert_eq!(read_all(&mut source), b"x");
        drop(next);
    }
}

#[test]
fn files_of_dead_launches_are_removed() {
    let directory = tempfile::tempdir().unwrap();
    // A separate directory: if a link were followed, everything behind it would be deleted.
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("kept"), b"x").unwrap();
    let dead = root_of(&directory).join("launches/dead");
    fs::create_dir_all(dead.join("deep/er")).unwrap();
    fs::write(dead.join("tmp_0123456789abcdef0123456789abcdef.jpg"), b"x").unwrap();
    fs::write(dead.join("deep/er/a.part"), b"x").unwrap();
    fs::write(root_of(&directory).join("launches/stray"), b"x").unwrap();
    std::os::unix::fs::symlink(outside.path().join("kept"), dead.join("file link")).unwrap();
    std::os::unix::fs::symlink(outside.path(), dead.join("directory link")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root_of(&directory).join("launches/link")).unwrap();
    // Names that are not the library's, or look like one.
    let not_utf8 = std::ffi::OsStr::from_bytes(b"\xff").to_owned();
    for name in [not_utf8, "x.keep-".into(), "x.keep-y".into(), "x.keep-00".into(), "x".repeat(255).into()] {
        // Some systems refuse it.
        let _ = fs::create_dir(root_of(&directory).join("launches").join(name));
    }
    let storage = open_cleaned(options(directory.path()));
    assert_eq!(launches(&directory), 1);
    assert!(outside.path().join("kept").exists());
    assert_not_found(storage.open_source(&worker(), "wxfile://tmp_0123456789abcdef0123456789abcdef.jpg"));
}

#[test]
fn open_sessions_cannot_read_each_others_temporary_files() {
    let directory = tempfile::tempdir().unwrap();
    let first = shared(&directory);
    let file = temporary(&first, b"first");
    let second = shared(&directory);
    assert_eq!(launches(&directory), 2);
    assert_eq!(read(&first, &file.path).unwrap(), b"first");
    assert_not_found(second.open_source(&worker(), &file.path));
    let saved = second.save_file(&worker(), &temporary(&second, b"second").path, None).unwrap();
    assert_eq!(read(&first, &saved.path).unwrap(), b"second");
    drop(second);
    assert_eq!(read(&first, &file.path).unwrap(), b"first");
    assert_eq!(launches(&directory), 1);
    first.remove_saved_file(&worker(), &saved.path).unwrap();
}

#[test]
fn opening_and_closing_sessions_does_not_affect_an_open_one() {
    let directory = tempfile::tempdir().unwrap();
    let stays = shared(&directory);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let comers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let storage = shared(&directory);
                        let file = temporary(&storage, b"comes");
                        assert_eq!(read(&storage, &file.path).unwrap(), b"comes");
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let file = temporary(&stays, b"stays");
                assert_eq!(read(&stays, &file.path).unwrap(), b"stays");
            }
        });
        let results: Vec<_> = comers.into_iter().map(|comer| comer.join()).collect();
        done.store(true, Ordering::SeqCst);
        assert!(results.iter().all(Result::is_ok));
    });
    assert_eq!(launches(&directory), 1);
}

/// Runs `work` while another process holds the lock of `name`. `work` must wait for it.
fn assert_waits_for_lock(directory: &TempDir, name: &str, work: impl FnOnce() + Send) {
    let other = directory::Directory::open_native(&root_of(directory).join(name)).unwrap();
    assert!(other.try_lock(true).unwrap());
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel();
        scope.spawn(move || {
            work();
            sender.send(()).unwrap();
        });
        let early = receiver.recv_timeout(Duration::from_millis(200));
        other.unlock().unwrap();
        assert!(early.is_err(), "{name} was changed while another process held its lock");
        receiver.recv_timeout(Duration::from_secs(30)).unwrap();
    });
}

#[test]
fn a_session_waits_while_another_saves() {
    let directory = tempfile::tempdir().unwrap();
    let storage = shared(&directory);
    let file = temporary(&storage, b"x");
    assert_waits_for_lock(&directory, "store", || drop(storage.save_file(&worker(), &file.path, None).unwrap()));
    assert_waits_for_lock(&directory, "store", || drop(target(&storage, "wxfile://usr/a", b"x").unwrap()));
}

/// A session that keeps `bytes` of its temporary files.
fn keeping(directory: &TempDir, bytes: u64) -> Storage {
    let mut options = options(directory.path());
    options.temporary_retention = bytes;
    open_cleaned(options)
}

/// Files of one block each, whose ages differ by more than the resolution of file times.
fn aged(storage: &Storage, ages: &[u64]) -> Vec<StoredFile> {
    let now = std::time::SystemTime::now();
    let make = |age: &u64| {
        let file = temporary(storage, age.to_string().as_bytes());
        let opened = fs::File::options().write(true).open(&file.native_path).unwrap();
        opened.set_modified(now - Duration::from_secs(*age)).unwrap();
        file
    };
    ages.iter().map(make).collect()
}

const BLOCK: u64 = 4096;

#[test]
fn kept_files_have_the_same_paths_in_the_next_launch() {
    let directory = tempfile::tempdir().unwrap();
    let storage = keeping(&directory, 100 * BLOCK);
    let file = temporary(&storage, b"kept");
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.write(&worker(), b"x").unwrap();
    storage.close();
    assert_not_found(storage.open_source(&worker(), &file.path));
    assert_eq!(bytes_below(&root_of(&directory).join("launches")), 4, "the incomplete file is removed");
    drop((part, storage));

    for _ in 0..2 {
        let storage = keeping(&directory, 100 * BLOCK);
        assert_eq!(launches(&directory), 1);
        assert_eq!(read(&storage, &file.path).unwrap(), b"kept");
        assert_eq!(fs::read(storage.resolve(&worker(), &file.path).unwrap().native_path).unwrap(), b"kept");
    }
    let storage = keeping(&directory, 100 * BLOCK);
    let saved = storage.save_file(&worker(), &file.path, None).unwrap();
    assert_eq!(read(&storage, &saved.path).unwrap(), b"kept");
    drop(storage);
    assert_eq!(launches(&directory), 0, "no file is left to keep");
}

#[test]
fn kept_files_survive_a_crash_until_a_launch_without_retention() {
    let directory = tempfile::tempdir().unwrap();
    let storage = keeping(&directory, 100 * BLOCK);
    let files = aged(&storage, &[30, 20]);
    let launch = files[0].native_path.parent().unwrap().to_owned();
    // The state after a process was killed while it wrote a file, and while it took over the files of another launch.
    // So the files are in two directories.
    let outside = tempfile::tempdir().unwrap();
    let copy = outside.path().join("crashed");
    fs::create_dir(&copy).unwrap();
    fs::rename(&files[1].native_path, copy.join(files[1].native_path.file_name().unwrap())).unwrap();
    fs::write(copy.join("0123.part"), b"unfinished").unwrap();
    fs::write(outside.path().join("secret"), b"secret").unwrap();
    let planted = "tmp_0123456789abcdef0123456789abcdef.bin";
    std::os::unix::fs::symlink(outside.path().join("secret"), copy.join(planted)).unwrap();
    storage.close();
    drop(storage);
    fs::rename(&copy, launch.with_file_name("crashed")).unwrap();

    let storage = keeping(&directory, 100 * BLOCK);
    assert_eq!(launches(&directory), 1);
    for (file, content) in files.iter().zip(["30", "20"]) {
        assert_eq!(read(&storage, &file.path).unwrap(), content.as_bytes());
    }
    assert_not_found(storage.open_source(&worker(), &format!("wxfile://{planted}")));
    assert_eq!(files_below(&root_of(&directory)).len(), 2);
    drop(storage);

    let storage = keeping(&directory, 0);
    assert_not_found(storage.open_source(&worker(), &files[0].path));
    assert_eq!(files_below(&root_of(&directory)), Vec::<PathBuf>::new());
}

#[test]
fn oldest_temporary_files_are_removed_first_when_closing_and_opening() {
    let directory = tempfile::tempdir().unwrap();
    let there = |storage: &Storage, files: &[StoredFile]| -> Vec<bool> {
        files.iter().map(|file| storage.open_source(&worker(), &file.path).is_ok()).collect()
    };
    let storage = keeping(&directory, 3 * BLOCK);
    let files: Vec<StoredFile> = (0..5).map(|_| temporary(&storage, b"x")).collect();
    drop(storage);
    let storage = keeping(&directory, 3 * BLOCK);
    assert_eq!(there(&storage, &files), [false, false, true, true, true]);
    drop(storage);

    // The next launch may keep fewer files. The age is that of the file.
    let storage = keeping(&directory, 100 * BLOCK);
    for file in &files[2..] {
        storage.save_file(&worker(), &file.path, None).unwrap();
    }
    let files = aged(&storage, &[10, 40, 30, 20]);
    drop(storage);
    let storage = keeping(&directory, 2 * BLOCK);
    assert_eq!(there(&storage, &files), [true, false, false, true]);
}

/// An old photo is the newest file if it was imported last.
#[test]
fn retention_uses_the_time_of_import() {
    let directory = tempfile::tempdir().unwrap();
    let storage = keeping(&directory, 2 * BLOCK);
    let first = temporary(&storage, b"first");
    let second = temporary(&storage, b"second");
    let photo = directory.path().join("photo");
    fs::write(&photo, b"photo").unwrap();
    fs::File::open(&photo).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let photo = storage.import_path(&worker(), photo.to_str().unwrap(), ImportMode::Move).unwrap();
    drop(storage);
    drop(keeping(&directory, 2 * BLOCK));
    let storage = keeping(&directory, BLOCK);
    assert_not_found(storage.open_source(&worker(), &first.path));
    assert_not_found(storage.open_source(&worker(), &second.path));
    assert_eq!(read(&storage, &photo.path).unwrap(), b"photo");
}

#[test]
fn kept_files_count_against_the_temporary_quota_and_make_room() {
    let directory = tempfile::tempdir().unwrap();
    let storage = keeping(&directory, 100 * BLOCK);
    let files = aged(&storage, &[40, 30, 20]);
    drop(storage);
    let mut options = options(directory.path());
    (options.temporary_retention, options.temporary_quota) = (u64::MAX, 3 * BLOCK);
    let storage = Storage::open(options).unwrap();
    let new = temporary(&storage, b"new");
    assert_not_found(storage.open_source(&worker(), &files[0].path));
    for file in [&files[1], &files[2], &new] {
        assert!(storage.open_source(&worker(), &file.path).is_ok());
    }
}

#[test]
fn files_of_a_live_launch_are_not_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let mut options = options(directory.path());
        (options.temporary_retention, options.sharing) = (100 * BLOCK, Sharing::Shared);
        Storage::open(options).unwrap()
    };
    let (first, second) = (open(), open());
    let file = temporary(&first, b"x");
    drop(open());
    assert_not_found(second.open_source(&worker(), &file.path));
    assert_eq!(read(&first, &file.path).unwrap(), b"x");
    drop(first);
    assert_eq!(read(&open(), &file.path).unwrap(), b"x");
}

/// Simulates a killed launch: its files stay, and its lock is released.
fn kill(directory: &TempDir, storage: Storage) {
    let launches = root_of(directory).join("launches");
    let launch = launches.join(storage.launch.last_directory().name());
    let outside = tempfile::tempdir_in(directory.path()).unwrap();
    let copy = outside.path().join("crashed");
    fs::rename(&launch, &copy).unwrap();
    drop(storage);
    fs::rename(&copy, launch.with_file_name("crashed")).unwrap();
}

fn stopped() -> Worker {
    let worker = worker();
    worker.stop().request(crate::worker::StopReason::Aborted);
    worker
}

/// The opening only renames the directory. The files in it have no path, cost no quota, and can be removed in pieces.
#[test]
fn opening_sets_aside_files_that_it_does_not_remove() {
    for retention in [0, 3 * BLOCK] {
        let directory = tempfile::tempdir().unwrap();
        let storage = keeping(&directory, 100 * BLOCK);
        let files: Vec<_> = (0..50).map(|_| temporary(&storage, b"x")).collect();
        fs::create_dir(files[0].native_path.with_file_name("0123")).unwrap();
        kill(&directory, storage);

        let (sharing, scheme, log) = (Sharing::Exclusive, PathScheme::default(), Log::default());
        let (root, tree) =
            Root::open(directory.path(), "wxapp", "me", sharing, scheme, log.clone(), &worker()).unwrap();
        let (launch, has_leftovers) = Launch::begin(Arc::new(root), tree, 1 << 20, retention, log, &worker()).unwrap();
        let kept = (retention / BLOCK) as usize;
        assert!(has_leftovers);
        assert_eq!(launches(&directory), 2);
        assert_eq!(files_below(&root_of(&directory).join("launches")).len(), 50, "no file is removed");
        assert_eq!(crate::worker::lock(&launch.files).quota.used(), retention);
        let found =
            |file: &&StoredFile| launch.open_file(file.native_path.file_name().unwrap().to_str().unwrap()).is_ok();
        assert_eq!(files.iter().filter(found).count(), kept);

        let removed = launch.remove_leftovers(&stopped());
        assert!(matches!(removed, Err(Error::Stopped(_))), "{removed:?}");
        assert!(files_below(&root_of(&directory).join("launches")).len() > kept, "the removal was stopped");
        launch.remove_leftovers(&worker()).unwrap();
        assert_eq!(launches(&directory), 1);
        assert_eq!(files_below(&root_of(&directory).join("launches")).len(), kept);
        assert_eq!(crate::worker::lock(&launch.files).quota.used(), retention);
    }
}

/// The next launch may keep many more files than the closed one had to keep.
#[test]
fn next_launch_does_not_keep_files_that_a_close_had_to_remove() {
    for (retention, kept) in [(0, 0), (2 * BLOCK, 2)] {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::open(Options { temporary_retention: retention, ..options(directory.path()) }).unwrap();
        let files: Vec<_> = (0..50).map(|_| temporary(&storage, b"x")).collect();
        storage.close_until(Instant::now());
        drop(storage);
        assert!(files_below(&root_of(&directory)).len() > 30, "the close ended early");
        let storage = keeping(&directory, 1000 * BLOCK);
        let there = files.iter().filter(|file| storage.open_source(&worker(), &file.path).is_ok()).count();
        assert_eq!((there, launches(&directory)), (kept, 1));
        assert_eq!(files_below(&root_of(&directory)).len(), kept);
    }
}

/// Two sessions overlap with the close: one is open before it, and one opens during it.
#[test]
fn overlapping_sessions_remove_files_that_a_close_did_not_remove() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let mut options = options(directory.path());
        (options.sharing, options.temporary_retention) = (Sharing::Shared, 100 * BLOCK);
        Storage::open(options).unwrap()
    };
    let closing = |retention| {
        let mut options = options(directory.path());
        (options.sharing, options.temporary_retention) = (Sharing::Shared, retention);
        let storage = Storage::open(options).unwrap();
        let files: Vec<_> = (0..50).map(|_| temporary(&storage, b"x")).collect();
        (storage, files)
    };
    let stays = open();
    let (closes, _) = closing(0);
    closes.close_until(Instant::now());
    assert!(files_below(&root_of(&directory).join("launches")).len() > 30, "the close ended early");
    // This session was open before, and removes the files when it closes.
    stays.close_until(Instant::now() + Duration::from_secs(60));
    assert_eq!(launches(&directory), 0);

    // A session opens while another one still removes its files.
    let (closes, files) = closing(0);
    let last = closes.launch.last_directory();
    crate::storage::retention::set_aside(
        &directory::Directory::open_native(&root_of(&directory).join("launches")).unwrap(),
        last.name(),
        0,
    )
    .unwrap();
    assert!(!directory::Directory::open_native(&the_only_launch(&directory)).unwrap().try_lock(true).unwrap());
    let opens = open();
    assert!(opens.remove_leftovers(&worker()));
    assert_eq!(launches(&directory), 1);
    assert!(files.iter().all(|file| opens.open_source(&worker(), &file.path).is_err()));
}

fn the_only_launch(directory: &TempDir) -> PathBuf {
    let mut launches = fs::read_dir(root_of(directory).join("launches")).unwrap();
    let only = launches.next().unwrap().unwrap().path();
    assert!(launches.next().is_none());
    only
}

/// A page saves its files one after another.
#[test]
fn forgetting_a_file_is_fast_among_many_files() {
    const FILES: u64 = 100_000;
    let (_directory, storage) = open();
    let name = |number| format!("tmp_{number:032x}.bin");
    {
        let mut files = crate::worker::lock(&storage.launch.files);
        files.quota.add_used(FILES);
        (0..FILES).for_each(|number| files.complete.add_newest(&name(number), 1));
    }
    let begin = Instant::now();
    (0..FILES).rev().for_each(|number| storage.launch.forget(&name(number)));
    // This takes less than a second. With a search through all files, it would take minutes.
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert_eq!(crate::worker::lock(&storage.launch.files).quota.used(), 0);
}
