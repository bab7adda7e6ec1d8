//! Imports from the host.

use std::io::{Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::storage::file::epoch_seconds;

fn host_file(directory: &TempDir, name: &str, content: &[u8]) -> String {
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn check(storage: &Storage, stored: &StoredFile, content: &[u8], ending: &str) {
    assert!(stored.path.starts_with("wxfile://tmp_") && stored.path.ends_with(ending), "{}", stored.path);
    assert_eq!(stored.length, content.len() as u64);
    assert_eq!(read(storage, &stored.path).unwrap(), content);
    assert_eq!(fs::metadata(&stored.native_path).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn import_by_copy_keeps_the_hosts_file() {
    let (_directory, storage) = open();
    let host = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..300_000u32).map(|number| number as u8).collect();
    let path = host_file(&host, "photo.JPG", &content);
    let stored = storage.import_path(&worker(), &path, ImportMode::Copy).unwrap();
    check(&storage, &stored, &content, ".jpg");
    fs::write(&path, b"changed").unwrap();
    check(&storage, &stored, &content, ".jpg");
    storage.save_file(&worker(), &stored.path, None).unwrap();
}

#[test]
fn import_by_move_removes_the_hosts_file() {
    let (_directory, storage) = open();
    let host = tempfile::tempdir().unwrap();
    let path = host_file(&host, "video.mp4", b"video");
    let stored = storage.import_path(&worker(), &path, ImportMode::Move).unwrap();
    check(&storage, &stored, b"video", ".mp4");
    assert!(!Path::new(&path).exists());
}

#[test]
fn moving_a_file_with_a_second_hard_link_copies_it() {
    let (_directory, storage) = open();
    let host = tempfile::tempdir().unwrap();
    let path = host_file(&host, "a.txt", b"text");
    fs::hard_link(&path, host.path().join("second")).unwrap();
    let stored = storage.import_path(&worker(), &path, ImportMode::Move).unwrap();
    check(&storage, &stored, b"text", ".txt");
    assert!(!Path::new(&path).exists());
    assert_eq!(fs::read(host.path().join("second")).unwrap(), b"text");
}

#[test]
fn only_regular_files_are_imported_and_others_stay_in_place() {
    let (directory, storage) = open();
    let host = tempfile::tempdir().unwrap();
    let path = host_file(&host, "a", b"x");
    let link = host.path().join("link");
    symlink(&path, &link).unwrap();
    let link = link.to_str().unwrap();
    for mode in [ImportMode::Copy, ImportMode::Move] {
        let folder = host.path().to_str().unwrap();
        assert_denied(storage.import_path(&worker(), folder, mode), folder);
        assert_denied(storage.import_path(&worker(), "/dev/null", mode), "/dev/null");
        assert_denied(storage.import_path(&worker(), "a", mode), "a");
        assert_denied(storage.import_path(&worker(), "wxfile://usr/a", mode), "wxfile://usr/a");
        assert_not_found(storage.import_path(&worker(), "/no/such/file", mode));
    }
    assert_denied(storage.import_path(&worker(), link, ImportMode::Move), link);
    assert!(fs::symlink_metadata(link).unwrap().is_symlink());
    let stored = storage.import_path(&worker(), link, ImportMode::Copy).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"x");
    assert_eq!(files_below(&root_of(&directory)), [stored.native_path]);
}

#[test]
fn an_import_over_the_quota_leaves_the_hosts_file() {
    let (directory, storage) = open_with(|options| options.temporary_quota = 10_000);
    let host = tempfile::tempdir().unwrap();
    let path = host_file(&host, "a", &[0; 10_001]);
    for mode in [ImportMode::Copy, ImportMode::Move] {
        assert!(matches!(storage.import_path(&worker(), &path, mode), Err(Error::QuotaExceeded)));
    }
    assert_eq!(fs::read(&path).unwrap(), [0; 10_001]);
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    rustix::io::write(&writer, &[0; 10_001]).unwrap();
    drop(writer);
    assert!(matches!(storage.import_descriptor(&worker(), reader, None, None), Err(Error::QuotaExceeded)));
    assert_eq!(files_below(&root_of(&directory)), Vec::<PathBuf>::new());
}

#[test]
fn a_descriptor_is_imported_from_its_offset() {
    let (_directory, storage) = open();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"0123456789").unwrap();
    let at = |offset: u64| -> OwnedFd {
        let mut file = file.try_clone().unwrap();
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.into()
    };
    check(&storage, &storage.import_descriptor(&worker(), at(3), None, Some("a.Png")).unwrap(), b"3456789", ".png");
    check(&storage, &storage.import_descriptor(&worker(), at(3), Some(2), None).unwrap(), b"34", "");
    let short = storage.import_descriptor(&worker(), at(3), Some(8), None);
    assert!(matches!(short, Err(Error::InvalidDescriptor { .. })), "{short:?}");
}

#[test]
fn pipes_are_imported_in_either_mode() {
    let (directory, storage) = open();
    let content: Vec<u8> = (0..500_000u32).map(|number| (number / 7) as u8).collect();
    for nonblocking in [false, true] {
        for length in [None, Some(content.len() as u64)] {
            let (reader, writer) = rustix::pipe::pipe().unwrap();
            rustix::io::ioctl_fionbio(&reader, nonblocking).unwrap();
            let stored = std::thread::scope(|scope| {
                scope.spawn(|| fs::File::from(writer).write_all(&content).unwrap());
                storage.import_descriptor(&worker(), reader, length, Some("a.bin")).unwrap()
            });
            check(&storage, &stored, &content, ".bin");
        }
    }
    let before = files_below(&root_of(&directory)).len();
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    rustix::io::write(&writer, b"abc").unwrap();
    drop(writer);
    let short = storage.import_descriptor(&worker(), reader, Some(4), None);
    assert!(matches!(short, Err(Error::InvalidDescriptor { .. })), "{short:?}");
    assert_eq!(files_below(&root_of(&directory)).len(), before);
}

/// A file's age counts from its import: for the eviction of temporary files, and as the time of saving.
#[test]
fn age_of_a_file_counts_from_its_import() {
    let (_directory, storage) = open();
    let host = tempfile::tempdir().unwrap();
    // By the clock of the file system, which lags some milliseconds behind the system's.
    let begin = fs::metadata(host_file(&host, "begin", b"")).unwrap().modified().unwrap();
    let modified = |stored: &StoredFile| fs::metadata(&stored.native_path).unwrap().modified().unwrap();
    for mode in [ImportMode::Copy, ImportMode::Move] {
        let path = host_file(&host, "photo.jpg", b"photo");
        fs::File::open(&path).unwrap().set_modified(UNIX_EPOCH + Duration::from_secs(1_500_000_000)).unwrap();
        let imported = storage.import_path(&worker(), &path, mode).unwrap();
        assert!(modified(&imported) >= begin, "{mode:?}");
        let copy = "wxfile://usr/copy";
        storage.copy_file(&worker(), &imported.path, copy).unwrap();
        assert!(modified(&storage.resolve(&worker(), copy).unwrap()) >= begin, "{mode:?}");

        // A temporary file gets the time at which it is saved.
        fs::File::open(&imported.native_path).unwrap().set_modified(UNIX_EPOCH).unwrap();
        let saved = storage.save_file(&worker(), &imported.path, None).unwrap();
        assert!(modified(&saved) >= begin && saved.create_time >= Some(epoch_seconds(begin)), "{mode:?}");
    }
}

/// A session that closes stops an import at its last step.
#[test]
fn failed_import_by_move_restores_the_hosts_file() {
    let (directory, storage) = open();
    let host = tempfile::tempdir().unwrap();
    let path = host_file(&host, "photo.jpg", b"photo");
    let taken_at = UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    fs::File::open(&path).unwrap().set_modified(taken_at).unwrap();
    let stopped = worker();
    stopped.stop().request(crate::worker::StopReason::Aborted);
    let imported = storage.import_path(&stopped, &path, ImportMode::Move);
    assert!(matches!(imported, Err(Error::Stopped(_))), "{imported:?}");
    assert_eq!(fs::read(&path).unwrap(), b"photo");
    let attributes = fs::metadata(&path).unwrap();
    assert_eq!((attributes.permissions().mode() & 0o7777, attributes.modified().unwrap()), (0o755, taken_at));
    assert_eq!(files_below(&root_of(&directory)), Vec::<PathBuf>::new());
    storage.import_path(&worker(), &path, ImportMode::Move).unwrap();
}
