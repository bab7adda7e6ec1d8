//! Saved files.

use std::time::{SystemTime, UNIX_EPOCH};

use super::*;

fn assert_no_temporary_file<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::TemporaryFileNotExist { .. })), "{result:?}");
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn saving_moves_the_file_to_the_store() {
    let (directory, storage) = open();
    let file = temporary(&storage, b"keep me");
    // The time of saving counts, not that of writing.
    fs::File::options().append(true).open(&file.native_path).unwrap().set_modified(UNIX_EPOCH).unwrap();
    let before = now();
    let saved = storage.save_file(&worker(), &file.path, None).unwrap();
    assert!(saved.path.starts_with("wxfile://store_") && saved.path.ends_with(".bin"), "{}", saved.path);
    assert_eq!(saved.length, 7);
    assert!((before..=now()).contains(&saved.create_time.unwrap()));
    assert_eq!(fs::read(&saved.native_path).unwrap(), b"keep me");
    assert_eq!(storage.resolve(&worker(), &saved.path).unwrap().native_path, saved.native_path);

    assert_not_found(storage.open_source(&worker(), &file.path));
    assert_no_temporary_file(storage.save_file(&worker(), &file.path, None));
    assert_eq!(storage.saved_files(&worker()).unwrap(), std::slice::from_ref(&saved));
    assert_eq!(storage.saved_file(&worker(), &saved.path).unwrap(), saved);

    drop(storage);
    let storage = Storage::open(options(directory.path())).unwrap();
    assert_eq!(storage.saved_files(&worker()).unwrap(), std::slice::from_ref(&saved));
    assert_eq!(read(&storage, &saved.path).unwrap(), b"keep me");

    storage.remove_saved_file(&worker(), &saved.path).unwrap();
    assert_not_found(storage.remove_saved_file(&worker(), &saved.path));
    assert_not_found(storage.saved_file(&worker(), &saved.path));
    assert_not_found(storage.open_source(&worker(), &saved.path));
    assert_eq!(storage.saved_files(&worker()).unwrap(), []);
}

#[test]
fn saving_to_a_target_replaces_it_and_is_not_listed() {
    let (directory, storage) = open();
    fs::create_dir(root_of(&directory).join("usr/d")).unwrap();
    target(&storage, "wxfile://usr/d/a.txt", b"old").unwrap();
    let saved = storage.save_file(&worker(), &temporary(&storage, b"new").path, Some("wxfile://usr/d/a.txt")).unwrap();
    assert_eq!((saved.path.as_str(), saved.length), ("wxfile://usr/d/a.txt", 3));
    assert_eq!(read(&storage, "wxfile://usr/d/a.txt").unwrap(), b"new");
    assert_eq!(storage.saved_files(&worker()).unwrap(), []);
    assert_not_found(storage.saved_file(&worker(), "wxfile://usr/d/a.txt"));
    assert_not_found(storage.remove_saved_file(&worker(), "wxfile://usr/d/a.txt"));
    let file = temporary(&storage, b"x");
    assert_is_a_directory(storage.save_file(&worker(), &file.path, Some("wxfile://usr/d")));
    assert_not_a_directory(storage.save_file(&worker(), &file.path, Some("wxfile://usr/d/a.txt/b")));
    assert_not_found(storage.save_file(&worker(), &file.path, Some("wxfile://usr/missing/b")));
    assert_eq!(read(&storage, &file.path).unwrap(), b"x", "a refused save leaves the temporary file");
    assert_denied(storage.save_file(&worker(), &file.path, Some(&file.path)), &file.path);
}

#[test]
fn only_temporary_files_can_be_saved() {
    let (_directory, storage) = open();
    target(&storage, "wxfile://usr/a", b"x").unwrap();
    let saved = storage.save_file(&worker(), &temporary(&storage, b"x").path, None).unwrap();
    for path in ["wxfile://tmp_unknown.jpg", "wxfile://usr/a", &saved.path] {
        assert_no_temporary_file(storage.save_file(&worker(), path, None));
    }
    assert_no_temporary_file(storage.save_file(&worker(), "wxfile://tmp_0123456789abcdef0123456789abcdef.jpg", None));
}

#[test]
fn saved_files_are_listed_oldest_first() {
    let (_directory, storage) = open();
    let saved: Vec<StoredFile> =
        (0..3).map(|_| storage.save_file(&worker(), &temporary(&storage, b"x").path, None).unwrap()).collect();
    for (file, seconds) in saved.iter().zip([300, 100, 200]) {
        let time = UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        fs::File::options().append(true).open(&file.native_path).unwrap().set_modified(time).unwrap();
    }
    let listed: Vec<(String, u64)> = storage
        .saved_files(&worker())
        .unwrap()
        .into_iter()
        .map(|file| (file.path, file.create_time.unwrap()))
        .collect();
    let path = |index: usize| saved[index].path.clone();
    assert_eq!(listed, [(path(1), 100), (path(2), 200), (path(0), 300)]);
}

#[test]
fn concurrent_saves_of_one_file_have_one_winner() {
    let (_directory, storage) = open();
    for _ in 0..20 {
        let file = temporary(&storage, b"x");
        let saved = std::thread::scope(|scope| {
            let savers: Vec<_> =
                (0..8).map(|_| scope.spawn(|| storage.save_file(&worker(), &file.path, None))).collect();
            let results: Vec<_> = savers.into_iter().map(|saver| saver.join().unwrap()).collect();
            results
                .into_iter()
                .filter_map(|result| match result {
                    Err(Error::TemporaryFileNotExist { .. }) => None,
                    other => Some(other.unwrap()),
                })
                .count()
        });
        assert_eq!(saved, 1);
    }
    assert_eq!(storage.saved_files(&worker()).unwrap().len(), 20);
}

#[test]
fn a_removed_file_can_be_read_to_its_end() {
    let (_directory, storage) = open();
    let saved = storage.save_file(&worker(), &temporary(&storage, b"content").path, None).unwrap();
    let mut source = storage.open_source(&worker(), &saved.path).unwrap();
    storage.remove_saved_file(&worker(), &saved.path).unwrap();
    assert_eq!(read_all(&mut source), b"content");
}
