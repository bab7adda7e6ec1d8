//! The cost of files for the quota, and the number of counts of the files.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use super::crash::{given_directory, start};
use super::*;
use crate::worker::StopReason;

const BLOCK: u64 = 4096;

fn assert_exceeded<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(&result, Err(Error::QuotaExceeded)), "{result:?}");
}

/// A log, and a function that returns the number of counts since its last call.
fn counts() -> (Log, impl Fn() -> usize) {
    let lines = Arc::new(Mutex::new(0));
    let counted = lines.clone();
    let log = Log::new(Arc::new(move |_, message: &str| {
        if message.contains("were counted") {
            *lines.lock().unwrap() += 1;
        }
    }));
    (log, move || std::mem::take(&mut *counted.lock().unwrap()))
}

#[test]
fn an_empty_file_costs_a_block() {
    let (_directory, storage) = open_with(|options| {
        options.storage_quota = 3 * BLOCK;
        options.temporary_quota = 2 * BLOCK;
    });
    let first = temporary(&storage, b"");
    storage.save_file(&worker(), &first.path, None).unwrap();
    target(&storage, "wxfile://usr/a", b"").unwrap();
    target(&storage, "wxfile://usr/a", b"").unwrap();
    target(&storage, "wxfile://usr/b", b"x").unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/c", b""));
    let first = temporary(&storage, b"");
    let second = temporary(&storage, b"");
    assert_exceeded(storage.save_file(&worker(), &second.path, None));
    temporary(&storage, b"");
    assert_not_found(storage.open_source(&worker(), &first.path));
    assert!(storage.open_source(&worker(), &second.path).is_ok());
}

/// A walk through a tree is a count, and every count is logged.
#[test]
fn save_does_not_count_existing_files() {
    let (directory, storage) = open();
    let usr = root_of(&directory).join("usr");
    storage.close();
    for number in 0..1000 {
        fs::write(usr.join(number.to_string()), b"x").unwrap();
    }
    for sharing in [Sharing::Exclusive, Sharing::Shared] {
        let (log, counted) = counts();
        let mut options = options(directory.path());
        (options.sharing, options.log) = (sharing, log);
        let storage = Storage::open(options.clone()).unwrap();
        assert_eq!(counted(), 1, "the opening counts the files");
        for number in 0..20 {
            let saved = storage.save_file(&worker(), &temporary(&storage, b"x").path, None).unwrap();
            target(&storage, &format!("wxfile://usr/saved {number}"), b"x").unwrap();
            storage.remove_saved_file(&worker(), &saved.path).unwrap();
        }
        assert_eq!(counted(), 0);
        // A session that joins does not cause another count.
        if sharing == Sharing::Shared {
            let second = Storage::open(options).unwrap();
            target(&second, "wxfile://usr/saved 0", b"y").unwrap();
            assert_eq!(counted(), 0);
        }
    }
}

#[test]
fn refused_saves_do_not_each_cause_a_new_count() {
    const SAVES: usize = 20;
    let (directory, storage) = open();
    let usr = root_of(&directory).join("usr");
    storage.close();
    fs::write(usr.join("0"), b"x").unwrap();
    for number in 1..1000 {
        fs::create_dir(usr.join(number.to_string())).unwrap();
    }
    let (log, counted) = counts();
    let mut options = options(directory.path());
    (options.storage_quota, options.log) = (1000 * BLOCK, log);
    let storage = Storage::open(options).unwrap();
    counted();
    std::thread::scope(|scope| {
        for thread in 0..SAVES {
            let storage = &storage;
            scope.spawn(move || {
                assert_exceeded(storage.save_file(&worker(), &temporary(storage, b"x").path, None));
                assert_exceeded(target(storage, &format!("wxfile://usr/a{thread}"), b"x"));
            });
        }
    });
    // One count per second is allowed, and the machine may be slow.
    assert!(counted() < SAVES);
    fs::remove_file(usr.join("0")).unwrap();
    let begin = Instant::now();
    while target(&storage, "wxfile://usr/a", b"x").is_err() {
        assert!(begin.elapsed() < Duration::from_secs(60), "the deleted file is still counted");
    }
}

/// A page may ask for shorter deadlines than a count takes.
#[test]
fn a_stopped_count_is_not_tried_again_at_once() {
    let (directory, storage) = open();
    let usr = root_of(&directory).join("usr");
    storage.close();
    for number in 0..10 {
        fs::write(usr.join(number.to_string()), b"x").unwrap();
    }
    for sharing in [Sharing::Exclusive, Sharing::Shared] {
        let mut options = options(directory.path());
        (options.storage_quota, options.sharing) = (10 * BLOCK, sharing);
        let storage = Storage::open(options).unwrap();
        let root = &storage.store.root;
        let signal = Arc::new(StopSignal::new());
        signal.request(StopReason::Aborted);
        let stopped = Worker::for_call(signal);
        let guard = root.lock_changes(&worker()).unwrap();
        assert!(matches!(guard.count(&stopped), Err(Error::Stopped(_))));
        assert!(!root.shared.usage.may_count_again());
        // Another count would fail.
        assert_eq!(guard.used(&stopped).unwrap(), 10 * BLOCK);
        drop(guard);
        assert_exceeded(target(&storage, "wxfile://usr/a", b"x"));
        storage.close();
    }
}

/// The log is code of the host. It receives messages about counts, and about directories that are created again.
#[test]
fn log_may_call_the_storage() {
    let place: Arc<OnceLock<Storage>> = Arc::default();
    let (in_log, (sender, saved)) = (place.clone(), mpsc::channel());
    let (directory, storage) = open_with(|options| {
        options.storage_quota = 2 * BLOCK;
        options.log = Log::new(Arc::new(move |_, message: &str| {
            if let Some(storage) = in_log.get()
                && (message.contains("were counted") || message.contains("created again"))
            {
                sender.send(target(storage, "wxfile://usr/by the log", b"").map(drop)).unwrap();
            }
        }));
    });
    let (sender, done) = mpsc::channel();
    std::thread::spawn(move || {
        place.set(storage).unwrap();
        let storage = place.get().unwrap();
        target(storage, "wxfile://usr/a", b"").unwrap();
        assert_exceeded(target(storage, "wxfile://usr/b", &[0; 2 * BLOCK as usize]));
        saved.try_recv().unwrap().unwrap();
        fs::remove_dir_all(root_of(&directory)).unwrap();
        target(storage, "wxfile://usr/a", b"").unwrap();
        saved.try_recv().unwrap().unwrap();
        sender.send(()).unwrap();
    });
    done.recv_timeout(Duration::from_secs(60)).expect("no lock is held while the log is called");
}

#[test]
fn count_is_correct_after_every_kind_of_change() {
    let (_directory, storage) = open_with(|options| options.storage_quota = 10 * BLOCK);
    let save = |length: usize| storage.save_file(&worker(), &temporary(&storage, &vec![0; length]).path, None);
    let blocks = |count: u64| (count * BLOCK) as usize;
    let saved = save(blocks(4)).unwrap();
    target(&storage, "wxfile://usr/a", &vec![0; blocks(5)]).unwrap();
    storage.remove_saved_file(&worker(), &saved.path).unwrap();
    target(&storage, "wxfile://usr/a", b"").unwrap();
    // A rejected save changes nothing: a directory has the name.
    storage.make_directory(&worker(), "wxfile://usr/d", false).unwrap();
    assert_is_a_directory(target(&storage, "wxfile://usr/d", b"x"));
    // The directory costs a block.
    assert_exceeded(save(blocks(8) + 1));
    save(blocks(8)).unwrap();
    assert_exceeded(save(0));
}

#[test]
fn deep_tree_does_not_prevent_opening() {
    let (directory, storage) = open();
    storage.close();
    // Longer than a path may be, so it is created step by step.
    let mut usr = directory::Directory::open_native(&root_of(&directory).join("usr")).unwrap();
    for _ in 0..1500 {
        fs::File::from(std::os::fd::OwnedFd::from(usr.create_file("file").unwrap())).set_len(BLOCK).unwrap();
        usr = usr.open_or_create("d").unwrap().0;
    }
    let mut options = options(directory.path());
    options.storage_quota = 3001 * BLOCK;
    let storage = Storage::open(options.clone()).unwrap();
    target(&storage, "wxfile://usr/a", b"").unwrap();
    assert_exceeded(target(&storage, "wxfile://usr/b", b""));
    // A crashed launch may have left one, too.
    storage.close();
    let launches = root_of(&directory).join("launches");
    fs::rename(root_of(&directory).join("usr/d"), launches.join("dead")).unwrap();
    let storage = Storage::open(options).unwrap();
    assert!(storage.remove_leftovers(&worker()));
    assert_eq!(fs::read_dir(launches).unwrap().count(), 1);
    assert_exceeded(target(&storage, "wxfile://usr/b", &vec![0; 3000 * BLOCK as usize]));
}

#[test]
fn unreadable_tree_does_not_prevent_opening() {
    let (directory, storage) = open();
    fs::create_dir(root_of(&directory).join("usr/d")).unwrap();
    target(&storage, "wxfile://usr/d/a", b"x").unwrap();
    storage.close();
    let closed = root_of(&directory).join("usr/d");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let opened = Storage::open(options(directory.path()));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    target(&opened.unwrap(), "wxfile://usr/b", b"x").unwrap();
}

fn shared(directory: &Path, log: Log) -> Storage {
    let mut options = options(directory);
    (options.sharing, options.storage_quota, options.log) = (Sharing::Shared, 10 * BLOCK, log);
    Storage::open(options).unwrap()
}

/// Another process saves and deletes while this one has a session open, and is killed.
#[test]
fn processes_that_share_the_files_share_the_count() {
    if let Some(directory) = given_directory() {
        let storage = shared(&directory, Log::default());
        let save = || storage.save_file(&worker(), &temporary(&storage, b"x").path, None);
        let saved: Vec<_> = (0..5).map(|_| save().unwrap()).collect();
        storage.remove_saved_file(&worker(), &saved[0].path).unwrap();
        // This write publishes the removal.
        target(&storage, "wxfile://usr/same", b"x").unwrap();
        std::process::abort();
    }
    let directory = tempfile::tempdir().unwrap();
    let (log, counted) = counts();
    let storage = shared(directory.path(), log);
    target(&storage, "wxfile://usr/first", b"x").unwrap();
    assert_eq!(counted(), 1);
    let mut child = start("usage::processes_that_share_the_files_share_the_count", directory.path(), "ulimit -c 0");
    assert!(!child.wait().unwrap().success());
    // One file of this process and five of the other.
    for number in 0..4 {
        target(&storage, &format!("wxfile://usr/{number}"), b"x").unwrap();
    }
    assert_eq!(counted(), 0, "the count was taken over");
    assert_exceeded(target(&storage, "wxfile://usr/more", b"x"));
    assert_eq!(counted(), 1, "the files are counted again before a change is rejected");
}

/// The count file does not exist while something is changed, so a process killed then leaves none.
#[test]
fn lost_or_damaged_count_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (log, counted) = counts();
    let storage = shared(directory.path(), log);
    target(&storage, "wxfile://usr/a", b"x").unwrap();
    let file = root_of(&directory).join("usage");
    let damages: [fn(&Path); 4] = [
        |file| fs::remove_file(file).unwrap(),
        |file| fs::write(file, b"").unwrap(),
        |file| fs::write(file, [0xff; 32]).unwrap(),
        |file| {
            fs::remove_file(file).unwrap();
            std::os::unix::fs::symlink("/dev/zero", file).unwrap();
        },
    ];
    counted();
    for damage in damages {
        damage(&file);
        target(&storage, "wxfile://usr/a", b"x").unwrap();
        assert_eq!(counted(), 1);
        target(&storage, "wxfile://usr/a", b"x").unwrap();
        assert_eq!(counted(), 0);
    }
    let now = fs::read(&file).unwrap();
    // A count file of earlier sessions is not used.
    storage.close();
    fs::write(root_of(&directory).join("usr/host"), b"x").unwrap();
    let (log, counted) = counts();
    let storage = shared(directory.path(), log);
    assert_eq!(counted(), 1);
    assert_ne!(fs::read(&file).unwrap(), now);
    storage.close();
    // An exclusive session needs no count file.
    let storage = Storage::open(options(directory.path())).unwrap();
    assert!(!file.exists());
    target(&storage, "wxfile://usr/a", b"x").unwrap();
    assert!(!file.exists());
}

#[test]
fn lack_of_descriptors_is_reported_and_temporary() {
    if let Some(directory) = given_directory() {
        return without_descriptors(&directory);
    }
    let directory = tempfile::tempdir().unwrap();
    let test = "usage::lack_of_descriptors_is_reported_and_temporary";
    let output = start(test, directory.path(), "ulimit -n 64").wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("there were none"));
}

fn without_descriptors(directory: &Path) {
    fn assert_shortage<T: std::fmt::Debug>(result: Result<T, Error>) {
        assert!(matches!(&result, Err(Error::OutOfResources { which: "descriptors" })), "{result:?}");
    }
    let storage = Storage::open(options(directory)).unwrap();
    let file = temporary(&storage, b"x");
    let host = directory.join("host");
    fs::write(&host, b"x").unwrap();
    let host = host.to_str().unwrap();
    let (reader, _writer) = rustix::pipe::pipe().unwrap();
    let worker = worker();

    let mut taken = Vec::new();
    while let Ok(descriptor) = fs::File::open("/dev/null") {
        taken.push(descriptor);
    }
    assert_shortage(storage.create_temporary(&worker));
    assert_shortage(storage.create_target(&worker, "wxfile://usr/a"));
    assert_shortage(storage.open_source(&worker, &file.path));
    assert_shortage(storage.save_file(&worker, &file.path, None));
    assert_shortage(storage.saved_files(&worker));
    assert_shortage(storage.import_path(&worker, host, ImportMode::Copy));
    assert_shortage(storage.import_descriptor(&worker, reader, None, None));
    let mut second = options(directory);
    second.user_id = "another".to_owned();
    assert_shortage(Storage::open(second.clone()));
    drop(taken);

    temporary(&storage, b"x");
    storage.import_path(&worker, host, ImportMode::Copy).unwrap();
    storage.save_file(&worker, &file.path, None).unwrap();
    Storage::open(second).unwrap();
    println!("\nthere were none");
}
