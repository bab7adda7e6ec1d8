//! The behaviour of a [`Storage`] as a whole.

mod all_or_nothing;
mod cleaner;
mod contents;
mod crash;
mod file_system;
mod import;
mod launch;
mod partials;
mod paths;
mod quota;
mod saving;
mod source;
mod usage;
mod waiting;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

const MIB: u64 = 1024 * 1024;

fn options(directory: &Path) -> Options {
    Options {
        data_directory: directory.to_path_buf(),
        app_id: "wxapp".to_owned(),
        user_id: "me".to_owned(),
        storage_quota: 200 * MIB,
        temporary_quota: 4096 * MIB,
        temporary_retention: 0,
        path_scheme: PathScheme::default(),
        sharing: Sharing::Exclusive,
        allow_native_paths: false,
        log: Log::default(),
    }
}

fn open() -> (TempDir, Storage) {
    open_with(|_| {})
}

fn open_with(change: impl FnOnce(&mut Options)) -> (TempDir, Storage) {
    let directory = tempfile::tempdir().unwrap();
    let mut options = options(directory.path());
    change(&mut options);
    let storage = Storage::open(options).unwrap();
    (directory, storage)
}

/// The root of this mini program's files, as the module's documentation specifies it.
fn root_of(directory: &TempDir) -> PathBuf {
    directory.path().join("app-wxapp/user-me")
}

/// For a call that is never stopped.
fn worker() -> Worker {
    Worker::for_call(Arc::new(StopSignal::new()))
}

fn temporary(storage: &Storage, content: &[u8]) -> StoredFile {
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.write(&worker(), content).unwrap();
    part.finish(&worker(), Some("bin"), &|| Ok(())).unwrap()
}

/// Writes a `wxfile://usr` file. Creates its parent directories.
fn target(storage: &Storage, path: &str, content: &[u8]) -> Result<StoredFile, Error> {
    if let Some((parent, _)) = path.rsplit_once('/') {
        match storage.make_directory(&worker(), parent, true) {
            Ok(()) | // Writing reports the obstacle.
            Err(Error::AlreadyExists { .. } | Error::PermissionDenied { .. } | Error::NotADirectory { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let mut part = storage.create_target(&worker(), path)?;
    part.write(&worker(), content)?;
    part.finish(&worker(), None, &|| Ok(()))
}

fn read(storage: &Storage, path: &str) -> Result<Vec<u8>, Error> {
    let mut source = storage.open_source(&worker(), path)?;
    let content = read_all(&mut source);
    assert_eq!(content.len() as u64, source.length);
    Ok(content)
}

fn read_all(source: &mut SourceFile) -> Vec<u8> {
    let (worker, mut content, mut buffer) = (worker(), Vec::new(), [0; 1000]);
    loop {
        match source.read(&worker, &mut buffer).unwrap().unwrap() {
            0 => return content,
            count => content.extend_from_slice(&buffer[..count]),
        }
    }
}

/// The system call for it differs between platforms. The program does not.
fn make_fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// All files below a directory.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

fn bytes_below(directory: &Path) -> u64 {
    files_below(directory).iter().map(|file| fs::metadata(file).unwrap().len()).sum()
}

#[track_caller]
fn assert_denied<T: std::fmt::Debug>(result: Result<T, Error>, expected: &str) {
    assert!(matches!(&result, Err(Error::PermissionDenied { path }) if path == expected), "{expected:?}: {result:?}");
}

#[track_caller]
fn assert_is_a_directory<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::IsADirectory { .. })), "{result:?}");
}

#[track_caller]
fn assert_not_a_directory<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::NotADirectory { .. })), "{result:?}");
}

#[track_caller]
fn assert_not_found<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::NotFound { .. })), "{result:?}");
}
