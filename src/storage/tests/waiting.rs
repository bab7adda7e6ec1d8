//! Waits end with their deadline or stop, although another thread or process holds the resource.

use std::io::Write;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::file_system::write;
use super::*;
use crate::storage::directory::Directory;
use crate::worker::StopReason;

const LIMIT: Duration = Duration::from_secs(60);

/// Locks the store like another process that adds a file.
fn lock_store(directory: &TempDir) -> Directory {
    let store = Directory::open_native(&root_of(directory).join("store")).unwrap();
    assert!(store.try_lock(true).unwrap());
    store
}

fn assert_stopped<T: std::fmt::Debug>(result: Result<T, Error>, expected: StopReason) {
    assert!(matches!(&result, Err(Error::Stopped(reason)) if *reason == expected), "{result:?}");
}

/// The lock is never released, so only the deadline can end the calls.
#[test]
fn ten_files_that_wait_for_a_frozen_process_end_with_their_deadlines() {
    let (directory, storage) = open();
    let _frozen = lock_store(&directory);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let downloads: Vec<_> = (0..10)
            .map(|number| {
                let storage = &storage;
                scope.spawn(move || {
                    let worker = worker();
                    worker.stop().set_deadline(Instant::now() + Duration::from_millis(500));
                    let path = format!("wxfile://usr/{number}");
                    let mut part = storage.create_target(&worker, &path).unwrap();
                    part.write(&worker, b"x").unwrap();
                    assert_stopped(part.finish(&worker, None, &|| Ok(())), StopReason::DeadlinePassed);
                    worker.drop_deferred();
                })
            })
            .collect();
        downloads.into_iter().for_each(|download| download.join().unwrap());
    });
    // The calls wait in parallel, and for less than the ten seconds of a call without a deadline.
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    assert_eq!(files_below(&root_of(&directory)), Vec::<PathBuf>::new());
}

/// How often this thread slept, if the system reports it.
#[cfg(target_os = "linux")]
fn sleeps() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.unwrap().trim().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn the_wait_for_a_frozen_process_wakes_the_processor_rarely() {
    let (directory, storage) = open();
    let file = temporary(&storage, b"x");
    let _frozen = lock_store(&directory);
    let before = sleeps();
    let refused = storage.save_file(&impatient_worker(Duration::from_secs(1)), &file.path, None);
    assert!(matches!(refused, Err(Error::Locked)), "{refused:?}");
    // About 14 pauses, and the waits within system calls between them.
    let slept = sleeps() - before;
    assert!(slept < 60, "{slept}");
}

/// Writing a large buffer takes long on a slow disk. The deadline passes while it is written.
#[test]
fn a_deadline_ends_a_write_between_two_pieces() {
    let bytes = vec![1; 64 * 1024 * 1024];
    let (_directory, storage) = open();
    for from_the_start in [false, true] {
        let mut part = storage.create_temporary(&worker()).unwrap();
        part.write(&worker(), &[0; 1024]).unwrap();
        let worker = worker();
        worker.stop().set_deadline(Instant::now() + Duration::from_micros(200));
        let written = match from_the_start {
            true => part.write_at(&worker, 0, &bytes),
            false => part.write(&worker, &bytes),
        };
        assert_stopped(written, StopReason::DeadlinePassed);
        assert!(part.length() < bytes.len() as u64, "{}", part.length());
    }
}

/// A worker with limited patience, so that no test takes ten seconds.
fn impatient_worker(patience: Duration) -> Worker {
    let worker = worker();
    worker.spend_patience(Duration::from_secs(10) - patience);
    worker
}

/// Each call waits for its own patience, not for that of another call.
#[test]
fn appends_that_wait_for_a_frozen_process_end_with_their_patience() {
    const PATIENCE: Duration = Duration::from_millis(500);
    let (directory, storage) = open();
    for name in ["a", "b"] {
        write(&storage, &format!("wxfile://usr/{name}"), WriteMode::Whole, b"x").unwrap();
    }
    let _frozen = lock_store(&directory);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..12 {
            let storage = &storage;
            scope.spawn(move || {
                let path = ["wxfile://usr/a", "wxfile://usr/b"][number % 2];
                let appended = storage.write_file(&impatient_worker(PATIENCE), path, WriteMode::Append, b"y");
                assert!(matches!(appended, Err(Error::Locked)), "{appended:?}");
            });
        }
    });
    assert!(begin.elapsed() >= PATIENCE);
    // Calls one after another would take six seconds.
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

/// A call that appends to one file waits for the lock and holds that file's turn.
#[test]
fn appends_to_different_files_do_not_wait_for_each_other() {
    let (_directory, storage) = open();
    write(&storage, "wxfile://usr/other", WriteMode::Whole, b"x").unwrap();
    let turns = storage.root.shared.rewrites.of(vec!["a".to_owned()]);
    let _turn = turns.try_take().unwrap();
    storage.write_file(&impatient_worker(Duration::ZERO), "wxfile://usr/other", WriteMode::Append, b"y").unwrap();
    assert_eq!(read(&storage, "wxfile://usr/other").unwrap(), b"xy");
    let refused = storage.write_file(&impatient_worker(Duration::ZERO), "wxfile://usr/a", WriteMode::Append, b"y");
    assert!(matches!(refused, Err(Error::Locked)), "{refused:?}");
}

#[test]
fn a_stop_ends_the_wait_for_a_frozen_process_at_once() {
    let (directory, storage) = open();
    let file = temporary(&storage, b"x");
    let _frozen = lock_store(&directory);
    let stop = Arc::new(StopSignal::new());
    std::thread::scope(|scope| {
        let (begins, begun) = mpsc::channel();
        let saves: Vec<_> = (0..4)
            .map(|_| {
                let (storage, stop, file, begins) = (&storage, stop.clone(), &file, begins.clone());
                scope.spawn(move || {
                    begins.send(()).unwrap();
                    storage.save_file(&Worker::for_call(stop), &file.path, None)
                })
            })
            .collect();
        (0..4).for_each(|_| begun.recv_timeout(LIMIT).unwrap());
        stop.request(StopReason::Aborted);
        saves.into_iter().for_each(|save| assert_stopped(save.join().unwrap(), StopReason::Aborted));
    });
    assert_eq!(read(&storage, &file.path).unwrap(), b"x", "it stays");
}

#[test]
fn opening_listing_and_removing_do_not_wait_for_a_frozen_process() {
    let directory = tempfile::tempdir().unwrap();
    let shared = || {
        let mut options = options(directory.path());
        options.sharing = Sharing::Shared;
        Storage::open(options).unwrap()
    };
    let storage = shared();
    let saved = storage.save_file(&worker(), &temporary(&storage, b"x").path, None).unwrap();
    storage.close();
    let _frozen = lock_store(&directory);
    let storage = shared();
    assert_eq!(storage.saved_files(&worker()).unwrap(), std::slice::from_ref(&saved));
    temporary(&storage, b"x");
    storage.remove_saved_file(&worker(), &saved.path).unwrap();
}

/// The last moment at which an abort is in time: all slow work is done.
#[test]
fn stop_when_a_file_gets_its_name_leaves_no_file() {
    let (directory, storage) = open_with(|options| options.storage_quota = 10_000);
    for path in [None, Some("wxfile://usr/a")] {
        let worker = worker();
        let mut part = match path {
            Some(path) => storage.create_target(&worker, path).unwrap(),
            None => storage.create_temporary(&worker).unwrap(),
        };
        part.write(&worker, &[0; 10_000]).unwrap();
        assert_stopped(part.finish(&worker, None, &|| Err(StopReason::Aborted)), StopReason::Aborted);
        assert_eq!(files_below(&root_of(&directory)), Vec::<PathBuf>::new());
    }
    target(&storage, "wxfile://usr/b", &[0; 10_000]).unwrap();
}

/// In blocking mode, the fastest reader takes all bytes. A read by another reader would then block.
#[test]
fn readers_of_one_blocking_pipe_can_be_stopped() {
    let (_directory, storage) = open();
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let stop = Arc::new(StopSignal::new());
    let (sender, ended) = mpsc::channel();
    for number in 0..4 {
        let (storage, stop, sender) = (storage.launch.clone(), stop.clone(), sender.clone());
        let reader = reader.try_clone().unwrap();
        std::thread::spawn(move || {
            let worker = Worker::for_call(stop);
            let result = if number % 2 == 0 {
                super::super::import::descriptor(&worker, storage, reader, None, None, &Log::default()).map(drop)
            } else {
                let mut source = SourceFile::from_descriptor(reader, Some(u64::MAX)).unwrap();
                let mut buffer = [0; 10];
                loop {
                    match source.read(&worker, &mut buffer) {
                        Ok(Some(0)) => break Ok(()),
                        Ok(_) => {}
                        Err(error) => break Err(error),
                    }
                }
            };
            sender.send(result).unwrap();
        });
    }
    let mut writer = fs::File::from(writer);
    // All readers see each part, and one gets it.
    for _ in 0..20_000 {
        writer.write_all(&[7; 50]).unwrap();
    }
    stop.request(StopReason::Aborted);
    for _ in 0..4 {
        let result = ended.recv_timeout(LIMIT).expect("a reader waits for bytes that do not come");
        assert_stopped(result, StopReason::Aborted);
    }
    drop(writer);
}

#[test]
fn every_byte_of_a_pipe_goes_to_one_of_its_readers() {
    let (_directory, storage) = open();
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let total: u64 = std::thread::scope(|scope| {
        let imports: Vec<_> = (0..4)
            .map(|_| {
                let (storage, reader) = (&storage, reader.try_clone().unwrap());
                scope.spawn(move || storage.import_descriptor(&worker(), reader, None, None).unwrap().length)
            })
            .collect();
        fs::File::from(writer).write_all(&[7; 1_000_000]).unwrap();
        imports.into_iter().map(|import| import.join().unwrap()).sum()
    });
    assert_eq!(total, 1_000_000);
}
