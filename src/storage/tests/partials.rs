//! Partial files that are kept for a later call.

use std::sync::{OnceLock, mpsc};

use super::crash::{given_directory, start};
use super::*;
use crate::storage::directory::Directory;
use crate::storage::partials;

const KEY: &str = "0123456789abcdef";
/// The cost of a small file. A small kept file costs twice as much, because it has a journal.
const BLOCK: u64 = 4096;
/// The maximum number of bytes that a crash loses.
const STEP: usize = 4 * 1024 * 1024;

fn partial_files(directory: &TempDir) -> Vec<PathBuf> {
    let directory = root_of(directory).join("partials");
    if directory.exists() { files_below(&directory) } else { Vec::new() }
}

/// Keeps a file with these bytes.
fn kept(storage: &Storage, key: &str, content: &[u8]) {
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.keep_as(key, "a note".to_owned(), storage.discards());
    part.write(&worker(), content).unwrap();
}

fn take(storage: &Storage, key: &str) -> Option<PartFile> {
    storage.take_partial(&worker(), key, None).unwrap().map(|(part, note)| {
        assert_eq!(note, "a note");
        part
    })
}

/// A copy of the files as another process finds them after this one was killed.
fn after_a_crash(directory: &TempDir) -> (TempDir, Storage) {
    let copy = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp").arg("-R").arg(directory.path().join(".")).arg(copy.path()).status();
    assert!(copied.unwrap().success());
    let storage = Storage::open(options(copy.path())).unwrap();
    (copy, storage)
}

#[test]
fn kept_file_is_continued_at_its_end() {
    for target in [None, Some("wxfile://usr/file.bin")] {
        let (directory, storage) = open();
        kept(&storage, KEY, b"begin");
        storage.close();
        drop(storage);
        let storage = Storage::open(options(directory.path())).unwrap();
        let (mut part, note) = storage.take_partial(&worker(), KEY, target).unwrap().unwrap();
        assert_eq!((part.length(), note.as_str()), (5, "a note"));
        part.write(&worker(), b" and end").unwrap();
        let stored = part.finish(&worker(), Some("bin"), &|| Ok(())).unwrap();
        assert_eq!(read(&storage, &stored.path).unwrap(), b"begin and end");
        assert_eq!(partial_files(&directory), Vec::<PathBuf>::new());
    }
}

/// Downloads to `filePath` reserve the quota of the target's store while they run.
#[test]
fn kept_files_of_downloads_to_a_path_count_as_temporary() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = options(directory.path());
    options.temporary_quota = 6 * BLOCK;
    let storage = Storage::open(options.clone()).unwrap();
    let keys = ["00", "11", "22", "33", "44"].map(|digits| digits.repeat(8));
    for key in &keys {
        let mut part = storage.create_target(&worker(), "wxfile://usr/file.bin").unwrap();
        part.keep_as(key, "a note".to_owned(), storage.discards());
        part.write(&worker(), b"begin").unwrap();
    }
    let is_kept = |storage: &Storage, key: &String| {
        storage.take_partial(&worker(), key, Some("wxfile://usr/file.bin")).unwrap().is_some()
    };
    assert_eq!(partial_files(&directory).len(), 2 * 3, "three files with their journals");
    storage.close();
    drop(storage);
    options.temporary_quota = 4 * BLOCK;
    let storage = Storage::open(options).unwrap();
    assert_eq!(partial_files(&directory).len(), 2 * 2, "the quota is smaller");
    assert_eq!(keys.each_ref().map(|key| is_kept(&storage, key)), [false, false, false, true, true]);
}

#[test]
fn space_for_bytes_that_are_not_written_can_be_released_until_it_is_reserved_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = options(directory.path());
    options.temporary_quota = 5 * BLOCK;
    let storage = Storage::open(options).unwrap();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.reserve(&worker(), Some(5 * BLOCK)).unwrap();
    part.write(&worker(), b"begin").unwrap();
    assert!(matches!(storage.launch.hold(&worker(), BLOCK), Err(Error::QuotaExceeded)));
    part.release_unwritten();
    storage.launch.hold(&worker(), 4 * BLOCK).unwrap();
    assert!(matches!(part.reserve(&worker(), Some(5 * BLOCK)), Err(Error::QuotaExceeded)));
    storage.launch.release(4 * BLOCK);
    part.reserve(&worker(), Some(5 * BLOCK)).unwrap();
}

/// A directory in the place of the oldest file stands for a file that the system does not let the library remove.
#[test]
fn a_file_that_cannot_be_removed_does_not_block_the_removal_of_others() {
    for (extra, removed) in [(1, 1), (2, 1), (3, 2), (4, 3), (5, 1)] {
        let directory = tempfile::tempdir().unwrap();
        let mut options = options(directory.path());
        options.temporary_quota = 7 * BLOCK;
        let storage = Storage::open(options).unwrap();
        let mut files = Vec::new();
        for key in ["00", "11"].map(|digits| digits.repeat(8)) {
            kept(&storage, &key, b"begin");
            files.push(files_below(directory.path()).into_iter().find(|path| path.ends_with(&key)).unwrap());
        }
        let complete = [(); 3].map(|()| temporary(&storage, b"x"));
        files.push(PathBuf::from(&complete[0].native_path));
        // The oldest partial file, by its journal, and the oldest complete one.
        for path in [&files[0], &files[2]] {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }
        let held = storage.launch.hold(&worker(), extra * BLOCK);
        assert_eq!(held.is_ok(), extra < 5, "only files of four blocks can be removed: {held:?}");
        let is_there = |path: &str| storage.open_source(&worker(), path).is_ok();
        assert!(!files[1].exists(), "{extra}: the other partial file was removed first");
        assert_eq!(is_there(&complete[1].path), removed < 2, "{extra}");
        assert_eq!(is_there(&complete[2].path), removed < 3, "{extra}");
        if held.is_ok() {
            storage.launch.release(extra * BLOCK);
        }
        // What could not be removed is still counted.
        let quota = &crate::worker::lock(&storage.launch.files).quota;
        assert_eq!(quota.used(), (7 - removed - 1) * BLOCK, "{extra}");
        assert!(quota.can_ever_fit(7 * BLOCK, 7 * BLOCK), "{extra}: nothing is reserved");
    }
}

#[test]
fn without_descriptors_no_kept_file_is_lost() {
    if let Some(directory) = given_directory() {
        return settle_without_descriptors(&directory);
    }
    let directory = tempfile::tempdir().unwrap();
    let test = "partials::without_descriptors_no_kept_file_is_lost";
    let output = start(test, directory.path(), "ulimit -n 64").wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("all are there"));
}

fn settle_without_descriptors(directory: &Path) {
    let storage = Storage::open(options(directory)).unwrap();
    kept(&storage, KEY, b"begin");
    storage.close();
    let partials = files_below(directory).into_iter().find(|path| path.ends_with(KEY)).unwrap();
    let partials = Directory::open_native(partials.parent().unwrap()).unwrap();
    let mut taken = Vec::new();
    while let Ok(descriptor) = fs::File::open("/dev/null") {
        taken.push(descriptor);
    }
    // Frees one descriptor for listing the directory.
    taken.pop();
    let settled = partials::settle(&partials, &worker());
    assert!(matches!(&settled, Err(Error::OutOfResources { which: "descriptors" })), "{settled:?}");
    drop(taken);
    let (kept, problem) = partials::settle(&partials, &worker()).unwrap();
    assert!(kept.len() == 1 && problem.is_none());
    println!("\nall are there");
}

#[test]
fn crash_loses_only_unflushed_bytes() {
    let (directory, storage) = open();
    let content: Vec<u8> = (0..2 * STEP + 1000).map(|number| (number / 7) as u8).collect();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.keep_as(KEY, "a note".to_owned(), storage.discards());
    let mut length = 0;
    for piece in content.chunks(100_000) {
        part.write(&worker(), piece).unwrap();
        length += piece.len();
        // Checks a few lengths, most of them directly after a flush.
        if !length.is_multiple_of(1_500_000) && length % STEP >= 100_000 {
            continue;
        }
        let (_copy, next) = after_a_crash(&directory);
        let taken = take(&next, KEY).map_or(0, |part| part.length()) as usize;
        assert!(taken <= length && length - taken < STEP, "{taken} of {length}");
        if taken > 0 {
            let stored = take(&next, KEY).unwrap().finish(&worker(), None, &|| Ok(())).unwrap();
            assert!(read(&next, &stored.path).unwrap() == content[..taken], "{taken}");
        }
    }
    assert_eq!(length, content.len());
}

/// A file with all of its bytes is rewound by one, because a range must not start after the last byte.
#[test]
fn a_crash_after_a_file_was_rewound_loses_nothing() {
    let (directory, storage) = open();
    kept(&storage, KEY, b"complete");
    let mut part = take(&storage, KEY).unwrap();
    part.rewind(7).unwrap();
    assert_eq!(part.length(), 7);
    let mut bytes = [0; 64];
    assert_eq!(part.read_at(&worker(), &mut bytes, 2).unwrap(), 5, "the rewound byte is no longer part of the file");
    let (_copy, next) = after_a_crash(&directory);
    assert_eq!(take(&next, KEY).unwrap().length(), 8);
    // A failure before the last byte is received again loses nothing either.
    drop(part);
    let mut part = take(&storage, KEY).unwrap();
    assert_eq!(part.length(), 8);
    part.rewind(7).unwrap();
    part.write(&worker(), b"e").unwrap();
    let stored = part.finish(&worker(), None, &|| Ok(())).unwrap();
    assert_eq!(read(&storage, &stored.path).unwrap(), b"complete");
    assert_eq!(partial_files(&directory), Vec::<PathBuf>::new());
}

/// The file system lost bytes that it had reported as durable.
#[test]
fn a_file_that_is_shorter_than_its_journal_says_is_not_continued() {
    let (directory, storage) = open();
    kept(&storage, KEY, b"begin");
    let part = |path: &&PathBuf| path.extension().is_some();
    let [path] = &partial_files(&directory).iter().filter(part).cloned().collect::<Vec<_>>()[..] else {
        panic!("{:?}", partial_files(&directory))
    };
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(4).unwrap();
    assert!(take(&storage, KEY).is_none());
    // The next download of the same URL takes its place.
    kept(&storage, KEY, b"again");
    let stored = take(&storage, KEY).unwrap().finish(&worker(), None, &|| Ok(())).unwrap();
    assert_eq!(read(&storage, &stored.path).unwrap(), b"again");
    drop(storage);
    let storage = Storage::open(options(directory.path())).unwrap();
    assert_eq!(partial_files(&directory), Vec::<PathBuf>::new());
    drop(storage);
}

#[test]
fn partial_file_without_a_journal_is_deleted() {
    let (directory, storage) = open();
    kept(&storage, KEY, b"kept");
    let root = root_of(&directory).join("partials");
    for name in ["00ff.part", "fedc.new", "fedc"] {
        fs::write(root.join(name), b"left").unwrap();
    }
    storage.close();
    drop(storage);
    let storage = Storage::open(options(directory.path())).unwrap();
    assert_eq!(partial_files(&directory).len(), 2, "the kept file and its journal");
    assert_eq!(take(&storage, KEY).unwrap().length(), 4);
}

#[test]
fn file_being_written_cannot_be_taken() {
    let (directory, storage) = open();
    kept(&storage, KEY, b"kept");
    let part = take(&storage, KEY).unwrap();
    assert!(take(&storage, KEY).is_none());
    // Another file with the same key is not kept in addition.
    kept(&storage, KEY, b"other");
    assert_eq!(partial_files(&directory).len(), 2);
    drop(part);
    let part = take(&storage, KEY).unwrap();
    assert_eq!(part.length(), 4);
    part.discard();
    assert_eq!(partial_files(&directory), Vec::<PathBuf>::new());
    // No task writes the first file any more, so the newer one replaces it.
    kept(&storage, KEY, b"first");
    kept(&storage, KEY, b"second");
    assert_eq!(take(&storage, KEY).unwrap().length(), 6);
    storage.discard_partials(&worker()).unwrap();
    assert_eq!(partial_files(&directory), Vec::<PathBuf>::new());
}

#[test]
fn a_shorter_file_does_not_replace_a_longer_one_of_the_same_body() {
    let (directory, storage) = open();
    kept(&storage, KEY, b"the longer one");
    kept(&storage, KEY, b"short");
    assert_eq!(take(&storage, KEY).unwrap().length(), 14);
    // A longer file of another body is outdated.
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.keep_as(KEY, "another note".to_owned(), storage.discards());
    part.write(&worker(), b"new").unwrap();
    drop(part);
    let (part, note) = storage.take_partial(&worker(), KEY, None).unwrap().unwrap();
    assert_eq!((part.length(), note.as_str()), (3, "another note"));
    assert_eq!(partial_files(&directory).len(), 2);
}

/// It compares at each step, so that a file that was shorter at first is kept once it is the longer one.
#[test]
fn a_file_that_becomes_the_longer_one_replaces_the_other() {
    for is_still_written in [false, true] {
        let (directory, storage) = open();
        let others = if is_still_written { 1000 } else { STEP + 1000 };
        kept(&storage, KEY, &vec![1; others]);
        let other = if is_still_written { take(&storage, KEY) } else { None };
        let mut part = storage.create_temporary(&worker()).unwrap();
        part.keep_as(KEY, "a note".to_owned(), storage.discards());
        part.write(&worker(), &[2; STEP]).unwrap();
        part.write(&worker(), &[2; 2000]).unwrap();
        drop(other);
        drop(part);
        assert_eq!(take(&storage, KEY).unwrap().length(), STEP as u64 + 2000);
        assert_eq!(partial_files(&directory).len(), 2);
    }
}

/// Another task cannot continue it either.
#[test]
fn a_file_that_lost_its_end_is_replaced_by_a_shorter_one() {
    let (directory, storage) = open();
    kept(&storage, KEY, b"the longer one");
    let file = partial_files(&directory).into_iter().find(|path| !path.ends_with(KEY)).unwrap();
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(3).unwrap();
    kept(&storage, KEY, b"short");
    assert_eq!(take(&storage, KEY).unwrap().length(), 5);
}

#[test]
fn a_file_whose_first_journal_failed_replaces_only_a_shorter_one() {
    for (others, expected) in [(STEP - 1000, 2 * STEP), (2 * STEP + 1000, 2 * STEP + 1000)] {
        let (directory, storage) = open();
        let obstacle = root_of(&directory).join("partials").join(format!("{KEY}.new"));
        fs::create_dir_all(&obstacle).unwrap();
        let mut part = storage.create_temporary(&worker()).unwrap();
        part.keep_as(KEY, "a note".to_owned(), storage.discards());
        part.write(&worker(), &[1; STEP]).unwrap();
        fs::remove_dir(&obstacle).unwrap();
        kept(&storage, KEY, &vec![2; others]);
        part.write(&worker(), &[1; STEP]).unwrap();
        drop(part);
        assert_eq!(take(&storage, KEY).unwrap().length(), expected as u64);
        assert_eq!(partial_files(&directory).len(), 2, "no file is left without a journal");
    }
}

#[test]
fn flushed_bytes_stay_if_the_journal_cannot_be_updated() {
    let (directory, storage) = open();
    kept(&storage, KEY, b"begin");
    let mut part = take(&storage, KEY).unwrap();
    let obstacle = root_of(&directory).join("partials").join(format!("{KEY}.new"));
    fs::create_dir(&obstacle).unwrap();
    part.write(&worker(), &[7; STEP]).unwrap();
    drop(part);
    let part = take(&storage, KEY).unwrap();
    assert_eq!(part.length(), 5);
    fs::remove_dir(&obstacle).unwrap();
    let mut buffer = [0; 10];
    assert_eq!(part.read_at(&worker(), &mut buffer, 0).unwrap(), 5);
    assert_eq!(&buffer[..5], b"begin");
}

/// Two tasks download the same at the same time. One completes its file, and the other one keeps its own directly
/// afterwards.
#[test]
fn completed_file_does_not_delete_the_journal_of_another_file() {
    let (directory, storage) = open();
    for is_completed in [true, false] {
        kept(&storage, KEY, b"first");
        let mut first = take(&storage, KEY).unwrap();
        let path = root_of(&directory).join("partials");
        let journal = partials::read(&Directory::open_native(&path).unwrap(), KEY).unwrap().unwrap();
        // The first file got its final name, or a cleaner deleted it.
        fs::rename(path.join(&journal.part), path.join("aside")).unwrap();
        kept(&storage, KEY, b"the second");
        if is_completed {
            fs::rename(path.join("aside"), path.join(&journal.part)).unwrap();
            first.write(&worker(), b" and its end").unwrap();
            first.finish(&worker(), None, &|| Ok(())).unwrap();
        } else {
            first.discard();
        }
        let second = take(&storage, KEY).unwrap();
        assert_eq!(second.length(), 10);
        second.discard();
        let _ = fs::remove_file(path.join("aside"));
    }
    assert_eq!(partial_files(&directory), Vec::<PathBuf>::new());
}

/// For example at a logout: later calls must not find files of the former user.
#[test]
fn discarded_file_that_is_being_written_completes_but_is_not_kept() {
    let created = |storage: &Storage, bytes: usize| {
        let mut part = storage.create_temporary(&worker()).unwrap();
        part.keep_as(KEY, "a note".to_owned(), storage.discards());
        part.write(&worker(), &vec![1; bytes]).unwrap();
        part
    };
    let taken = |storage: &Storage, bytes: usize| {
        kept(storage, KEY, &vec![1; bytes]);
        take(storage, KEY).unwrap()
    };
    for (part_of, begin) in [(&created as &dyn Fn(&Storage, usize) -> PartFile, 3), (&created, STEP + 3), (&taken, 3)] {
        for more in [0, 3, STEP + 3] {
            let (directory, storage) = open();
            for completes in [false, true] {
                let mut part = part_of(&storage, begin);
                storage.discard_partials(&worker()).unwrap();
                let (_copy, next) = after_a_crash(&directory);
                assert!(take(&next, KEY).is_none(), "the file must be gone after a crash");
                part.write(&worker(), &vec![1; more]).unwrap();
                assert!(take(&storage, KEY).is_none());
                match completes {
                    true => {
                        let stored = part.finish(&worker(), None, &|| Ok(())).unwrap();
                        assert!(read(&storage, &stored.path).unwrap() == vec![1; begin + more]);
                    }
                    // The session closes its tasks' files in this way, too.
                    false => drop(part),
                }
                assert_eq!(partial_files(&directory), Vec::<PathBuf>::new(), "{begin} {more}");
            }
            kept(&storage, KEY, b"later");
            assert_eq!(take(&storage, KEY).unwrap().length(), 5, "a later download is kept");
        }
    }
}

/// A discard waits for partial files that tasks are giving up at the moment. This log callback runs within such a step.
#[test]
fn log_callback_may_discard_partial_files() {
    let place: Arc<OnceLock<Storage>> = Arc::default();
    let (in_log, (sender, waited)) = (place.clone(), mpsc::channel());
    let (directory, storage) = open_with(|options| {
        options.log = Log::new(Arc::new(move |_, message: &str| {
            if message.contains("is not flushed") {
                let worker = worker();
                let _ = in_log.get().unwrap().discard_partials(&worker);
                sender.send(!worker.has_patience()).unwrap();
            }
        }));
    });
    let storage = place.get_or_init(|| storage);
    let worker = worker();
    let mut part = storage.create_temporary(&worker).unwrap();
    part.keep_as(KEY, "a note".to_owned(), storage.discards());
    part.write(&worker, b"content").unwrap();
    fs::write(root_of(&directory).join("partials"), b"not a directory").unwrap();
    part.give_up(&worker);
    worker.drop_deferred();
    assert_eq!(waited.try_recv(), Ok(false));
}

#[test]
fn a_discard_applies_to_all_sessions_of_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let shared = || Storage::open(Options { sharing: Sharing::Shared, ..options(directory.path()) }).unwrap();
    let (one, other) = (shared(), shared());
    kept(&one, KEY, b"kept");
    let part = take(&one, KEY).unwrap();
    other.discard_partials(&worker()).unwrap();
    drop(part);
    assert_eq!(partial_files(&directory), Vec::<PathBuf>::new());
}

#[test]
fn file_dropped_during_a_discard_is_not_kept() {
    let (directory, storage) = open();
    for round in 0..300 {
        let mut part = storage.create_temporary(&worker()).unwrap();
        part.keep_as(KEY, "a note".to_owned(), storage.discards());
        part.write(&worker(), b"content").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| drop(part));
            for _ in 0..round % 8 {
                std::thread::yield_now();
            }
            storage.discard_partials(&worker()).unwrap();
        });
        assert_eq!(partial_files(&directory), Vec::<PathBuf>::new(), "{round}");
        assert_eq!(crate::worker::lock(&storage.launch.files).quota.used(), 0, "{round}");
    }
}

#[test]
fn a_file_without_a_byte_is_not_kept() {
    let (directory, storage) = open();
    kept(&storage, KEY, b"");
    assert!(!root_of(&directory).join("partials").exists());
    assert!(take(&storage, KEY).is_none());
}

#[test]
fn kept_files_count_as_temporary_and_go_first() {
    const BLOCK: usize = 4096;
    let (directory, storage) = open_with(|options| options.temporary_quota = 12 * BLOCK as u64);
    let complete = temporary(&storage, &[1; 4 * BLOCK]);
    kept(&storage, "aa", &[2; 2 * BLOCK]);
    kept(&storage, "bb", &[2; 2 * BLOCK]);
    let second = temporary(&storage, &[3; 2 * BLOCK]);
    assert_eq!(partial_files(&directory).len(), 4, "all files fit");
    // Two more blocks: the older kept file is deleted, although the complete one is older.
    temporary(&storage, &[4; 2 * BLOCK]);
    assert!(take(&storage, "aa").is_none());
    temporary(&storage, &[5; 2 * BLOCK]);
    assert_eq!(partial_files(&directory), Vec::<PathBuf>::new());
    assert!(read(&storage, &complete.path).is_ok() && read(&storage, &second.path).is_ok());
    // Without kept files, complete files are deleted. Kept files also count in the next launch, and a file that is
    // continued counts once.
    kept(&storage, "cc", &[6; 5 * BLOCK]);
    assert_not_found(read(&storage, &complete.path));
    storage.close();
    drop(storage);
    let mut options = options(directory.path());
    options.temporary_quota = 12 * BLOCK as u64;
    let storage = Storage::open(options).unwrap();
    let part = take(&storage, "cc").unwrap();
    let five = temporary(&storage, &[7; 5 * BLOCK]);
    assert_eq!(read(&storage, &five.path).unwrap().len(), 5 * BLOCK);
    let mut more = storage.create_temporary(&worker()).unwrap();
    assert!(
        matches!(more.write(&worker(), &[8; 8 * BLOCK]), Err(Error::QuotaExceeded)),
        "a kept file that a task continues is not deleted"
    );
    drop(part);
    more.write(&worker(), &[8; 8 * BLOCK]).unwrap();
    assert!(take(&storage, "cc").is_none());
}

/// Otherwise a server could fill the device with the headers of answers that it breaks off.
#[test]
fn the_journal_of_a_kept_file_costs_as_much_as_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = options(directory.path());
    options.temporary_quota = 100 * BLOCK;
    let note = "n".repeat(5 * BLOCK as usize);
    let storage = Storage::open(options.clone()).unwrap();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.keep_as(KEY, note, storage.discards());
    part.write(&worker(), b"x").unwrap();
    drop(part);
    let used = |storage: &Storage| crate::worker::lock(&storage.launch.files).quota.used();
    let journal = fs::metadata(root_of(&directory).join("partials").join(KEY)).unwrap().len();
    assert!(journal > 5 * BLOCK);
    assert_eq!(used(&storage), BLOCK + journal);
    storage.close();
    drop(storage);
    let storage = Storage::open(options).unwrap();
    assert_eq!(used(&storage), BLOCK + journal);
    storage.discard_partials(&worker()).unwrap();
    assert_eq!(used(&storage), 0);
}

#[test]
fn a_file_that_fails_to_be_stored_is_not_kept() {
    let (directory, storage) = open();
    let mut part = storage.create_target(&worker(), "wxfile://usr/file.bin").unwrap();
    part.keep_as(KEY, "a note".to_owned(), storage.discards());
    part.write(&worker(), b"content").unwrap();
    fs::create_dir(root_of(&directory).join("usr/file.bin")).unwrap();
    assert!(part.finish(&worker(), None, &|| Ok(())).is_err());
    assert!(take(&storage, KEY).is_none());
}
