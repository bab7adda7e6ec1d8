//! Quotas hold, also under concurrency, and no byte of them is ever lost.

use std::sync::{Arc, Mutex as StdMutex};

use super::*;

fn assert_exceeded<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::QuotaExceeded)), "{result:?}");
}

/// How many of the results are good; the others must have met the quota.
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
    let (_directory, storage) = open_with(|options| options.storage_quota = 100);
    let saved = storage.save_file(&temporary(&storage, &[0; 60]).path, None).unwrap();
    target(&storage, "wxfile://usr/a", &[0; 40]).unwrap();
    let file = temporary(&storage, &[0; 1]);
    assert_exceeded(storage.save_file(&file.path, None));
    assert_exceeded(target(&storage, "wxfile://usr/b", &[0; 1]));
    assert_eq!(read(&storage, &file.path).unwrap(), [0], "a refused save leaves the temporary file");
    storage.remove_saved_file(&saved.path).unwrap();
    storage.save_file(&file.path, None).unwrap();
    target(&storage, "wxfile://usr/b", &[0; 59]).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/c", &[0; 1]));
}

#[test]
fn a_replaced_file_makes_room_for_its_successor() {
    let (_directory, storage) = open_with(|options| options.storage_quota = 100);
    target(&storage, "wxfile://usr/a", &[0; 90]).unwrap();
    target(&storage, "wxfile://usr/a", &[1; 100]).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/a", &[2; 101]));
    assert_eq!(read(&storage, "wxfile://usr/a").unwrap(), [1; 100]);
    storage.save_file(&temporary(&storage, &[3; 100]).path, Some("wxfile://usr/a")).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/b", &[0; 1]));
}

#[test]
fn a_reservation_is_held_until_the_file_is_dropped() {
    let (_directory, storage) = open_with(|options| {
        options.storage_quota = 100;
        options.temporary_quota = 100;
    });
    for path in [None, Some("wxfile://usr/a")] {
        let create = || match path {
            Some(path) => storage.create_target(path).unwrap(),
            None => storage.create_temporary().unwrap(),
        };
        let (mut first, mut second) = (create(), create());
        first.reserve(Some(80)).unwrap();
        first.reserve(Some(60)).unwrap();
        assert_exceeded(second.reserve(Some(21)));
        second.reserve(Some(20)).unwrap();
        second.write(&[0; 20]).unwrap();
        assert_exceeded(second.write(&[0; 1]));
        drop(first);
        second.write(&[0; 80]).unwrap();
        let mut third = create();
        assert_exceeded(third.write(&[0; 1]));
        drop(second);
        third.write(&[0; 100]).unwrap();
    }
}

#[test]
fn what_the_host_and_earlier_sessions_put_there_counts() {
    let (directory, storage) = open_with(|options| options.storage_quota = 100);
    target(&storage, "wxfile://usr/a", &[0; 50]).unwrap();
    drop(storage);
    let mut options = options(directory.path());
    options.storage_quota = 100;
    let storage = Storage::open(options).unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/b", &[0; 51]));

    let mut late = storage.create_target("wxfile://usr/b").unwrap();
    late.write(&[0; 50]).unwrap();
    fs::create_dir(root_of(&directory).join("usr/d")).unwrap();
    fs::write(root_of(&directory).join("usr/d/host"), [0; 1]).unwrap();
    assert_exceeded(late.finish(None));
    fs::remove_file(root_of(&directory).join("usr/a")).unwrap();
    target(&storage, "wxfile://usr/b", &[0; 99]).unwrap();
}

#[test]
fn sixteen_threads_fill_the_store_exactly() {
    let (directory, storage) = open_with(|options| options.storage_quota = 1000);
    for _ in 0..3 {
        let results = on_16_threads(2, |number| match (number / 2 + number) % 2 {
            0 => storage.save_file(&temporary(&storage, &[0; 100]).path, None).map(|_| ()),
            _ => target(&storage, &format!("wxfile://usr/d/{number}"), &[0; 100]).map(|_| ()),
        });
        assert_eq!(successes(results), 10);
        let root = root_of(&directory);
        assert_eq!(bytes_below(&root.join("store")) + bytes_below(&root.join("usr")), 1000);
        for saved in storage.saved_files().unwrap() {
            storage.remove_saved_file(&saved.path).unwrap();
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
        (options.storage_quota, options.sharing) = (1000, Sharing::Shared);
        Storage::open(options).unwrap()
    };
    let sessions = [open(), open()];
    let results = on_16_threads(2, |number| {
        let session = &sessions[number % 2];
        session.save_file(&temporary(session, &[0; 100]).path, None)
    });
    assert_eq!(successes(results), 10);
    assert_eq!(sessions[0].saved_files().unwrap(), sessions[1].saved_files().unwrap());
    assert_eq!(bytes_below(&root_of(&directory).join("store")), 1000);
}

#[test]
fn the_oldest_temporary_files_make_room() {
    let warnings = Arc::new(StdMutex::new(Vec::new()));
    let sink = warnings.clone();
    let (_directory, storage) = open_with(|options| {
        options.temporary_quota = 100;
        options.log = Log::new(Arc::new(move |_, message: &str| sink.lock().unwrap().push(message.to_owned())));
    });
    let files: Vec<StoredFile> = (0..4).map(|_| temporary(&storage, &[0; 25])).collect();
    let saved = storage.save_file(&files[1].path, None).unwrap();
    temporary(&storage, &[0; 25]);
    assert!(storage.open_source(&files[0].path).is_ok(), "a saved file no longer counts");

    temporary(&storage, &[0; 26]);
    assert_not_found(storage.open_source(&files[0].path));
    assert_not_found(storage.open_source(&files[2].path));
    assert!(storage.open_source(&files[3].path).is_ok());
    assert!(storage.open_source(&saved.path).is_ok());
    let warnings = warnings.lock().unwrap().clone();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains(&files[0].path) && warnings[1].contains(&files[2].path), "{warnings:?}");
}

#[test]
fn a_file_larger_than_the_quota_removes_nothing() {
    let (_directory, storage) = open_with(|options| options.temporary_quota = 100);
    let file = temporary(&storage, &[0; 100]);
    let mut part = storage.create_temporary().unwrap();
    assert_exceeded(part.reserve(Some(101)));
    assert_exceeded(part.reserve(Some(u64::MAX)));
    assert!(storage.open_source(&file.path).is_ok());
    part.reserve(Some(100)).unwrap();
    assert_not_found(storage.open_source(&file.path));
}

#[test]
fn sixteen_threads_never_exceed_the_temporary_quota() {
    let (directory, storage) = open_with(|options| options.temporary_quota = 1000);
    let launches = root_of(&directory).join("launches");
    let results = on_16_threads(20, |_| {
        let mut part = storage.create_temporary()?;
        for _ in 0..10 {
            part.write(&[0; 13])?;
        }
        part.finish(None)
    });
    assert!(successes(results) >= 7, "seven files of 130 bytes fit at once");
    assert!(bytes_below(&launches) <= 1000);
    // Nothing is held any more: a file as large as the quota fits, once all others are gone.
    temporary(&storage, &[0; 1000]);
    assert_eq!(bytes_below(&launches), 1000);
    assert_eq!(files_below(&launches).len(), 1);
}

#[test]
fn a_file_larger_than_the_device_is_refused_before_it_is_written() {
    let (_directory, storage) = open_with(|options| options.temporary_quota = u64::MAX);
    let mut part = storage.create_temporary().unwrap();
    assert!(matches!(part.reserve(Some(u64::MAX / 2)), Err(Error::DiskFull)));
    part.reserve(None).unwrap();
    part.write(b"x").unwrap();
    part.finish(None).unwrap();
}
