//! Quotas hold under concurrency, and no reserved byte is lost.

use std::sync::Mutex;

use super::*;
use crate::storage::quota::LEAST_COST;
use crate::terms::log::Level;
use crate::worker::StopReason;

/// The minimum cost of a file, as a size.
const BLOCK: usize = LEAST_COST as usize;

fn blocks(count: usize) -> Vec<u8> {
    vec![0; count * BLOCK]
}

fn assert_exceeded<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::QuotaExceeded)), "{result:?}");
}

/// The number of successes. All failures must be due to the quota.
fn successes<T: std::fmt::Debug>(results: Vec<Result<T, Error>>) -> usize {
    results
        .into_iter()
        .filter(|result| match result {
            Ok(_) => true,
            Err(Error::QuotaExceeded) => false,
            Err(error) => panic!("{error}"),
        })
        .count()
}

/// Runs `work` on 16 threads, `rounds` times each.
fn on_16_threads<T: Send>(rounds: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..16)
            .map(|thread| {
                scope.spawn(move || (0..rounds).map(|round| work(thread * rounds + round)).collect::<Vec<T>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn saved_and_user_files_share_a_quota() {
    let (_directory, storage) = open_with(|options| options.storage_quota = 100 * LEAST_COST);
    let saved = storage.save_file(&worker(), &temporary(&storage, &blocks(60)).path, None).unwrap();
    target(&storage, "wxfile://usr/a", &blocks(40)).unwrap();
    let file = temporary(&storage, &blocks(1));
    assert_exceeded(storage.save_file(&worker(), &file.path, None));
    assert_exceeded(target(&storage, "wxfile://usr/b", &blocks(1)));
    assert_eq!(read(&storage, &file.path).unwrap(), blocks(1), "a refused save leaves the temporary file");
    storage.remove_saved_file(&worker(), &saved.path).unwrap();
    storage.save_file(&worker(), &file.path, None).unwrap();
    target(&storage, "wxfile://usr/b", &blocks(59)).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/c", &blocks(1)));
}

#[test]
fn a_replaced_file_makes_room_for_its_successor() {
    let (_directory, storage) = open_with(|options| options.storage_quota = 100 * LEAST_COST);
    target(&storage, "wxfile://usr/a", &blocks(90)).unwrap();
    target(&storage, "wxfile://usr/a", &vec![1; 100 * BLOCK]).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/a", &vec![2; 101 * BLOCK]));
    assert_eq!(read(&storage, "wxfile://usr/a").unwrap(), vec![1; 100 * BLOCK]);
    storage.save_file(&worker(), &temporary(&storage, &vec![3; 100 * BLOCK]).path, Some("wxfile://usr/a")).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/b", &blocks(1)));
}

#[test]
fn a_reservation_is_held_until_the_file_is_dropped() {
    let (_directory, storage) = open_with(|options| {
        options.storage_quota = 100 * LEAST_COST;
        options.temporary_quota = 100 * LEAST_COST;
    });
    for path in [None, Some("wxfile://usr/a")] {
        let create = || match path {
            Some(path) => storage.create_target(&worker(), path).unwrap(),
            None => storage.create_temporary(&worker()).unwrap(),
        };
        let (mut first, mut second) = (create(), create());
        first.reserve(&worker(), Some(80 * LEAST_COST)).unwrap();
        first.reserve(&worker(), Some(60 * LEAST_COST)).unwrap();
        assert_exceeded(second.reserve(&worker(), Some(21 * LEAST_COST)));
        second.reserve(&worker(), Some(20 * LEAST_COST)).unwrap();
        second.write(&worker(), &blocks(20)).unwrap();
        assert_exceeded(second.write(&worker(), &blocks(1)));
        drop(first);
        second.write(&worker(), &blocks(80)).unwrap();
        let mut third = create();
        assert_exceeded(third.write(&worker(), b"x"));
        assert_exceeded(create().finish(&worker(), None, &|| Ok(())));
        drop(second);
        third.write(&worker(), &blocks(100)).unwrap();
    }
}

#[test]
fn files_of_the_host_and_of_earlier_sessions_count() {
    let (directory, storage) = open_with(|options| options.storage_quota = 100 * LEAST_COST);
    target(&storage, "wxfile://usr/a", &blocks(50)).unwrap();
    drop(storage);
    let mut options = options(directory.path());
    options.storage_quota = 100 * LEAST_COST;
    let storage = Storage::open(options).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/b", &blocks(51)));

    // Files that the host adds count from the next opening on, or when space is needed.
    let usr = root_of(&directory).join("usr");
    fs::create_dir(usr.join("d")).unwrap();
    fs::write(usr.join("d/host"), blocks(1)).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/b", &blocks(51)));
    assert_exceeded(target(&storage, "wxfile://usr/b", &blocks(49)));
    fs::remove_file(usr.join("a")).unwrap();
    target(&storage, "wxfile://usr/b", &blocks(98)).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/c", b""));
}

#[test]
fn sixteen_threads_fill_the_store_exactly() {
    // With one block for the directory.
    let (directory, storage) = open_with(|options| options.storage_quota = 101 * LEAST_COST);
    storage.make_directory(&worker(), "wxfile://usr/d", false).unwrap();
    for _ in 0..3 {
        let results = on_16_threads(2, |number| match (number / 2 + number) % 2 {
            0 => storage.save_file(&worker(), &temporary(&storage, &blocks(10)).path, None).map(|_| ()),
            _ => target(&storage, &format!("wxfile://usr/saved {number}"), &blocks(10)).map(|_| ()),
        });
        assert_eq!(successes(results), 10);
        let root = root_of(&directory);
        assert_eq!(bytes_below(&root.join("store")) + bytes_below(&root.join("usr")), 100 * LEAST_COST);
        for saved in storage.saved_files(&worker()).unwrap() {
            storage.remove_saved_file(&worker(), &saved.path).unwrap();
        }
        for file in files_below(&root.join("usr")) {
            fs::remove_file(file).unwrap();
        }
    }
}

#[test]
fn two_sessions_fill_the_store_exactly() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let mut options = options(directory.path());
        (options.storage_quota, options.sharing) = (100 * LEAST_COST, Sharing::Shared);
        Storage::open(options).unwrap()
    };
    let sessions = [open(), open()];
    let results = on_16_threads(2, |number| {
        let session = &sessions[number % 2];
        session.save_file(&worker(), &temporary(session, &blocks(10)).path, None)
    });
    assert_eq!(successes(results), 10);
    assert_eq!(sessions[0].saved_files(&worker()).unwrap(), sessions[1].saved_files(&worker()).unwrap());
    assert_eq!(bytes_below(&root_of(&directory).join("store")), 100 * LEAST_COST);
}

#[test]
fn the_oldest_temporary_files_make_room() {
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let sink = warnings.clone();
    let (_directory, storage) = open_with(|options| {
        options.temporary_quota = 100 * LEAST_COST;
        options.log = Log::new(Arc::new(move |level, message: &str| {
            if level == Level::Warning {
                sink.lock().unwrap().push(message.to_owned());
            }
        }));
    });
    let files: Vec<StoredFile> = (0..4).map(|_| temporary(&storage, &blocks(25))).collect();
    let saved = storage.save_file(&worker(), &files[1].path, None).unwrap();
    temporary(&storage, &blocks(25));
    assert!(storage.open_source(&worker(), &files[0].path).is_ok(), "a saved file no longer counts");

    temporary(&storage, &blocks(26));
    assert_not_found(storage.open_source(&worker(), &files[0].path));
    assert_not_found(storage.open_source(&worker(), &files[2].path));
    assert!(storage.open_source(&worker(), &files[3].path).is_ok());
    assert!(storage.open_source(&worker(), &saved.path).is_ok());
    let warnings = warnings.lock().unwrap().clone();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains(&files[0].path) && warnings[1].contains(&files[2].path), "{warnings:?}");
}

#[test]
fn a_stop_while_old_files_make_room_keeps_the_others_and_their_order() {
    const FILES: usize = 100;
    let (_directory, storage) = open_with(|options| options.temporary_quota = FILES as u64 * LEAST_COST);
    let files: Vec<StoredFile> = (0..FILES).map(|_| temporary(&storage, &blocks(1))).collect();
    let exist = || {
        let found = files.iter().map(|file| storage.open_source(&worker(), &file.path).is_ok());
        found.collect::<Vec<bool>>()
    };
    let stopped = worker();
    assert!(stopped.stop().request(StopReason::Aborted));
    let mut part = storage.create_temporary(&worker()).unwrap();
    let reserved = part.reserve(&stopped, Some(FILES as u64 * LEAST_COST));
    assert!(matches!(reserved, Err(Error::Stopped(StopReason::Aborted))), "{reserved:?}");
    drop(part);
    // It may delete a few files before it checks for a stop.
    let deleted = exist().iter().position(|&exists| exists).expect("the stop keeps the other files");
    let first_is = |first| (0..FILES).map(|number| number >= first).collect::<Vec<bool>>();
    assert_eq!(exist(), first_is(deleted));
    // There is room for as many files as were deleted. The next file replaces the oldest.
    for _ in 0..deleted {
        temporary(&storage, &blocks(1));
    }
    assert_eq!(exist(), first_is(deleted));
    temporary(&storage, &blocks(1));
    assert_eq!(exist(), first_is(deleted + 1));
}

#[test]
fn exactly_the_oldest_of_many_files_make_room_for_a_large_one() {
    const FILES: usize = 100;
    let (_directory, storage) = open_with(|options| options.temporary_quota = FILES as u64 * LEAST_COST);
    let files: Vec<StoredFile> = (0..FILES).map(|_| temporary(&storage, &blocks(1))).collect();
    let large = temporary(&storage, &blocks(70));
    for (number, file) in files.iter().enumerate() {
        assert_eq!(storage.open_source(&worker(), &file.path).is_ok(), number >= 70, "{number}");
    }
    // 30 old files and the large one fill the quota.
    temporary(&storage, &blocks(31));
    assert_not_found(storage.open_source(&worker(), &files[FILES - 1].path));
    assert_not_found(storage.open_source(&worker(), &large.path));
}

#[test]
fn a_file_larger_than_the_quota_removes_nothing() {
    let (_directory, storage) = open_with(|options| options.temporary_quota = 100 * LEAST_COST);
    let file = temporary(&storage, &blocks(100));
    let mut part = storage.create_temporary(&worker()).unwrap();
    assert_exceeded(part.reserve(&worker(), Some(101 * LEAST_COST)));
    assert_exceeded(part.reserve(&worker(), Some(u64::MAX)));
    assert!(storage.open_source(&worker(), &file.path).is_ok());
    part.reserve(&worker(), Some(100 * LEAST_COST)).unwrap();
    assert_not_found(storage.open_source(&worker(), &file.path));
}

#[test]
fn sixteen_threads_never_exceed_the_temporary_quota() {
    let (directory, storage) = open_with(|options| options.temporary_quota = 100 * LEAST_COST);
    let launches = root_of(&directory).join("launches");
    let results = on_16_threads(20, |_| {
        let mut part = storage.create_temporary(&worker())?;
        for _ in 0..13 {
            part.write(&worker(), &blocks(1))?;
        }
        part.finish(&worker(), None, &|| Ok(()))
    });
    assert!(successes(results) >= 7, "seven files of 13 blocks fit at once");
    assert!(bytes_below(&launches) <= 100 * LEAST_COST);
    // Nothing is reserved any more: a file as large as the quota fits once all others are gone.
    temporary(&storage, &blocks(100));
    assert_eq!(bytes_below(&launches), 100 * LEAST_COST);
    assert_eq!(files_below(&launches).len(), 1);
}

#[test]
fn a_file_larger_than_the_device_is_refused_before_it_is_written() {
    let (_directory, storage) = open_with(|options| options.temporary_quota = u64::MAX);
    let mut part = storage.create_temporary(&worker()).unwrap();
    assert!(matches!(part.reserve(&worker(), Some(u64::MAX / 2)), Err(Error::DiskFull)));
    part.reserve(&worker(), None).unwrap();
    part.write(&worker(), b"x").unwrap();
    part.finish(&worker(), None, &|| Ok(())).unwrap();
}
