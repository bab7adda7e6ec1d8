//! No path, link or name leads out of the mini program's files.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn a_temporary_file_appears_whole_and_private() {
    let (directory, storage) = open();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.write(&worker(), b"hello ").unwrap();
    part.write(&worker(), b"world").unwrap();
    assert_eq!(part.length(), 11);
    let hidden = files_below(&root_of(&directory));
    assert_eq!(hidden.len(), 1);
    let name = hidden[0].file_name().unwrap().to_str().unwrap();
    assert_denied(storage.open_source(&worker(), &format!("wxfile://{name}")), &format!("wxfile://{name}"));

    let stored = part.finish(&worker(), Some("TXT"), &|| Ok(())).unwrap();
    assert!(stored.path.starts_with("wxfile://tmp_") && stored.path.ends_with(".txt"), "{}", stored.path);
    assert_eq!(stored.length, 11);
    assert_eq!(fs::read(&stored.native_path).unwrap(), b"hello world");
    assert_eq!(fs::metadata(&stored.native_path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(read(&storage, &stored.path).unwrap(), b"hello world");
    assert_eq!(storage.resolve(&worker(), &stored.path).unwrap().native_path, stored.native_path);
    assert_eq!(files_below(&root_of(&directory)), [stored.native_path]);
}

#[test]
fn invalid_extension_is_omitted() {
    let (_directory, storage) = open();
    for bad in ["../x", "a/b", "", "abcdefghijk", "\0"] {
        let stored = storage.create_temporary(&worker()).unwrap().finish(&worker(), Some(bad), &|| Ok(())).unwrap();
        assert!(!stored.path["wxfile://".len()..].contains(['.', '/']), "{}", stored.path);
        assert_eq!(read(&storage, &stored.path).unwrap(), b"");
    }
}

#[test]
fn a_dropped_file_leaves_nothing() {
    let (directory, storage) = open();
    let mut part = storage.create_temporary(&worker()).unwrap();
    part.write(&worker(), b"x").unwrap();
    drop(part);
    let mut part = storage.create_target(&worker(), "wxfile://usr/a").unwrap();
    part.write(&worker(), b"x").unwrap();
    drop(part);
    assert_eq!(files_below(&root_of(&directory)), Vec::<PathBuf>::new());
}

/// When the failure is reported to the host, the file is gone and its quota is free. Slow work follows later.
#[test]
fn a_file_that_is_given_up_is_gone_before_it_is_closed() {
    let (directory, storage) = open_with(|options| options.temporary_quota = 10_000);
    let worker = worker();
    let mut part = storage.create_temporary(&worker).unwrap();
    part.write(&worker, &[0; 10_000]).unwrap();
    let [path] = &files_below(&root_of(&directory))[..] else { panic!("one file is being written") };
    part.give_up(&worker);
    assert_eq!(files_below(&root_of(&directory)), Vec::<PathBuf>::new());
    assert_eq!(temporary(&storage, &[0; 10_000]).length, 10_000);
    #[cfg(target_os = "linux")]
    assert!(is_open(path), "the file was closed too early");
    worker.drop_deferred();
    #[cfg(target_os = "linux")]
    assert!(!is_open(path));
}

/// Whether this process has a file open, even if its name is gone.
#[cfg(target_os = "linux")]
fn is_open(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    let descriptors = fs::read_dir("/proc/self/fd").unwrap();
    descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).any(|target| {
        target.file_name().and_then(|target| target.to_str()).is_some_and(|target| target.starts_with(name))
    })
}

#[test]
fn target_is_created_and_replaced_in_one_step() {
    let (directory, storage) = open();
    let path = "wxfile://usr/图片/a b/c.txt";
    assert_not_found(storage.create_target(&worker(), path));
    storage.make_directory(&worker(), "wxfile://usr/图片/a b", true).unwrap();
    let mut part = storage.create_target(&worker(), path).unwrap();
    part.write(&worker(), b"new").unwrap();
    assert_not_found(storage.open_source(&worker(), path));
    let stored = part.finish(&worker(), Some("ignored"), &|| Ok(())).unwrap();
    assert_eq!(stored.path, path);
    assert_eq!(stored.native_path, root_of(&directory).join("usr/图片/a b/c.txt"));
    assert_eq!(read(&storage, path).unwrap(), b"new");
    assert_eq!(fs::metadata(&stored.native_path).unwrap().permissions().mode() & 0o7777, 0o600);

    let mut old = storage.open_source(&worker(), path).unwrap();
    target(&storage, path, b"newer").unwrap();
    assert_eq!(read_all(&mut old), b"new", "a reader of the old file still reads the old content");
    assert_eq!(read(&storage, path).unwrap(), b"newer");
    assert_eq!(files_below(&root_of(&directory)), [stored.native_path]);
}

#[test]
fn hostile_text_is_refused_everywhere() {
    let (_directory, storage) = open();
    let file = temporary(&storage, b"x");
    for path in ["wxfile://usr/../store", "wxfile://usr//..", "/etc/passwd", "wxfile://usr/a\0b", "usr/a"] {
        assert_denied(storage.open_source(&worker(), path), path);
        assert_denied(storage.create_target(&worker(), path), path);
        assert_denied(storage.save_file(&worker(), &file.path, Some(path)), path);
        assert_denied(storage.save_file(&worker(), path, None), path);
        assert_denied(storage.saved_file(&worker(), path), path);
        assert_denied(storage.remove_saved_file(&worker(), path), path);
        assert_denied(storage.resolve(&worker(), path), path);
    }
    assert_eq!(read(&storage, &file.path).unwrap(), b"x");
}

#[test]
fn planted_entries_are_rejected() {
    let (directory, storage) = open();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, b"secret").unwrap();
    let user = root_of(&directory).join("usr");

    symlink(&secret, user.join("symlink")).unwrap();
    symlink(outside.path(), user.join("linked")).unwrap();
    symlink(user.join("absent"), user.join("dangling")).unwrap();
    fs::hard_link(&secret, user.join("hardlink")).unwrap();
    fs::create_dir(user.join("directory")).unwrap();
    make_fifo(&user.join("fifo"));
    // With this writer, code that waits for a writer would return, so the test detects it by its result instead of
    // hanging.
    let _writer = fs::File::options().read(true).write(true).open(user.join("fifo")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(user.join("socket")).unwrap();

    let file = temporary(&storage, b"x");
    for name in ["symlink", "dangling", "hardlink", "fifo", "socket", "linked/secret", "linked/new/a"] {
        let path = format!("wxfile://usr/{name}");
        assert_denied(storage.open_source(&worker(), &path), &path);
        assert_denied(storage.create_target(&worker(), &path), &path);
        assert_denied(storage.save_file(&worker(), &file.path, Some(&path)), &path);
        assert_denied(storage.resolve(&worker(), &path), &path);
    }
    let path = "wxfile://usr/directory";
    assert_is_a_directory(storage.open_source(&worker(), path));
    assert_is_a_directory(storage.create_target(&worker(), path));
    assert_is_a_directory(storage.save_file(&worker(), &file.path, Some(path)));
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(read(&storage, &file.path).unwrap(), b"x", "a refused save leaves the temporary file");
}

#[test]
fn a_link_with_a_stored_name_is_not_a_saved_file() {
    let (directory, storage) = open();
    let outside = tempfile::NamedTempFile::new().unwrap();
    let name = "store_0123456789abcdef0123456789abcdef.txt";
    symlink(outside.path(), root_of(&directory).join("store").join(name)).unwrap();
    let path = format!("wxfile://{name}");
    assert_denied(storage.open_source(&worker(), &path), &path);
    assert_denied(storage.saved_file(&worker(), &path), &path);
    assert_eq!(storage.saved_files(&worker()).unwrap(), []);
    storage.remove_saved_file(&worker(), &path).unwrap();
    assert!(outside.path().exists());
}

#[test]
fn something_planted_at_a_target_while_it_is_written_is_refused() {
    let (directory, storage) = open();
    let outside = tempfile::tempdir().unwrap();
    let user = root_of(&directory).join("usr");
    storage.make_directory(&worker(), "wxfile://usr/a", false).unwrap();
    let mut part = storage.create_target(&worker(), "wxfile://usr/a/b").unwrap();
    part.write(&worker(), b"x").unwrap();
    fs::remove_dir(user.join("a")).unwrap();
    symlink(outside.path(), user.join("a")).unwrap();
    assert_denied(part.finish(&worker(), None, &|| Ok(())), "wxfile://usr/a/b");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);

    let part = storage.create_target(&worker(), "wxfile://usr/c").unwrap();
    symlink(outside.path().join("c"), user.join("c")).unwrap();
    assert_denied(part.finish(&worker(), None, &|| Ok(())), "wxfile://usr/c");
    assert!(!outside.path().join("c").exists());
    assert_eq!(bytes_below(&root_of(&directory).join("launches")), 0);
}

/// A directory is constantly exchanged for a symbolic link. At no moment is anything outside read or written.
#[test]
fn exchanged_directory_does_not_redirect() {
    let (directory, storage) = open();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("file"), b"outside").unwrap();
    let user = root_of(&directory).join("usr");
    fs::create_dir(user.join("real")).unwrap();
    fs::write(user.join("real/file"), b"inside").unwrap();
    symlink(outside.path(), user.join("link")).unwrap();

    let (done, exchanged) = (AtomicBool::new(false), AtomicBool::new(false));
    let results = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                fs::rename(user.join("real"), user.join("d")).unwrap();
                fs::rename(user.join("d"), user.join("real")).unwrap();
                fs::rename(user.join("link"), user.join("d")).unwrap();
                fs::rename(user.join("d"), user.join("link")).unwrap();
                exchanged.store(true, Ordering::SeqCst);
            }
        });
        let mut results = Vec::new();
        while results.len() < 2000 || !exchanged.load(Ordering::SeqCst) {
            results.push(read(&storage, "wxfile://usr/d/file"));
        }
        done.store(true, Ordering::SeqCst);
        results
    });
    for result in results {
        match result {
            Ok(content) => assert_eq!(content, b"inside"),
            Err(Error::NotFound { .. } | Error::PermissionDenied { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn mini_programs_and_users_do_not_see_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let open = |app: &str, user: &str| {
        let mut options = options(directory.path());
        (options.app_id, options.user_id) = (app.to_owned(), user.to_owned());
        Storage::open(options).unwrap()
    };
    let storages = [open("a", "u"), open("A", "u"), open("a", "U"), open("a/u", ""), open("..", "..")];
    let mut paths = Vec::new();
    for storage in &storages {
        let kept = temporary(storage, b"x").path;
        let saved = storage.save_file(&worker(), &temporary(storage, b"x").path, None).unwrap().path;
        target(storage, "wxfile://usr/mine", b"x").unwrap();
        paths.push([kept, saved]);
    }
    for (owner, paths) in paths.iter().enumerate() {
        for (reader, storage) in storages.iter().enumerate() {
            for path in paths {
                assert_eq!(storage.open_source(&worker(), path).is_ok(), owner == reader, "{owner} {reader} {path}");
            }
        }
    }
    assert_eq!(files_below(directory.path()).len(), 3 * storages.len());
}

#[test]
fn directories_and_the_user_directory_itself_resolve() {
    let (directory, storage) = open();
    fs::create_dir(root_of(&directory).join("usr/d")).unwrap();
    target(&storage, "wxfile://usr/d/a", b"x").unwrap();
    assert_eq!(storage.resolve(&worker(), "wxfile://usr").unwrap().native_path, root_of(&directory).join("usr"));
    assert_eq!(storage.resolve(&worker(), "wxfile://usr/d").unwrap().native_path, root_of(&directory).join("usr/d"));
    assert_eq!(
        storage.resolve(&worker(), "wxfile://usr/d/a").unwrap().native_path,
        root_of(&directory).join("usr/d/a")
    );
    assert_not_found(storage.resolve(&worker(), "wxfile://usr/d/b"));
    assert_not_found(storage.resolve(&worker(), "wxfile://tmp_unknown"));
    assert_denied(storage.open_source(&worker(), "wxfile://usr"), "wxfile://usr");
}

/// `USER_DATA_PATH + '//a.xlsx'`. A trailing slash denotes a directory.
#[test]
fn slashes_are_read_as_posix_reads_them() {
    let (directory, storage) = open();
    let user = root_of(&directory).join("usr");
    fs::create_dir(user.join("d")).unwrap();
    let stored = target(&storage, "wxfile://usr//d///a.xlsx", b"x").unwrap();
    assert_eq!(stored.native_path, user.join("d/a.xlsx"));
    assert_eq!(stored.path, "wxfile://usr//d///a.xlsx", "the result has the path of the call");
    for path in ["wxfile://usr/d/a.xlsx", "wxfile://usr//d/a.xlsx", "wxfile://usr/d//a.xlsx"] {
        assert_eq!(read(&storage, path).unwrap(), b"x", "{path}");
        assert_eq!(storage.resolve(&worker(), path).unwrap().native_path, user.join("d/a.xlsx"), "{path}");
    }
    for (path, native) in [("wxfile://usr/", "usr"), ("wxfile://usr//", "usr"), ("wxfile://usr//d//", "usr/d")] {
        assert_eq!(storage.resolve(&worker(), path).unwrap().native_path, root_of(&directory).join(native), "{path}");
        assert_denied(storage.open_source(&worker(), path), path);
        assert_denied(storage.create_target(&worker(), path), path);
    }
    for path in ["wxfile://usr/d/a.xlsx/", "wxfile://usr//d//a.xlsx//"] {
        assert_denied(storage.open_source(&worker(), path), path);
        assert_denied(storage.resolve(&worker(), path), path);
        assert_denied(storage.create_target(&worker(), path), path);
    }
    assert_eq!(files_below(&root_of(&directory)), [stored.native_path]);
}

/// Nothing is decoded, and invisible characters are part of the name.
#[test]
fn names_are_stored_unchanged() {
    let (directory, storage) = open();
    let user = root_of(&directory).join("usr");
    let names = ["%2e%2e", "..%2f..%2fa", "100%", "a%00b", "a\u{200b}b", "ab", "\u{feff}报告.pdf", "收入／支出.xlsx"];
    for name in names {
        let path = format!("wxfile://usr/{name}");
        assert_eq!(target(&storage, &path, name.as_bytes()).unwrap().native_path, user.join(name));
    }
    for name in names {
        assert_eq!(read(&storage, &format!("wxfile://usr/{name}")).unwrap(), name.as_bytes());
    }
    let mut found = files_below(&root_of(&directory));
    let mut expected: Vec<_> = names.iter().map(|name| user.join(name)).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

/// As in POSIX, no parent directory is created. The directory is checked before the file is written, and after that.
#[test]
fn a_target_needs_its_directory() {
    let (directory, storage) = open();
    let path = "wxfile://usr/a/b/c";
    let is_missing = |error: &Error| matches!(error, Error::NotFound { path: named } if named == path);
    let parent = root_of(&directory).join("usr/a/b");
    let file = temporary(&storage, b"x");
    for missing in [0, 1] {
        assert!(is_missing(&storage.create_target(&worker(), path).unwrap_err()), "{missing}");
        assert!(is_missing(&storage.save_file(&worker(), &file.path, Some(path)).unwrap_err()), "{missing}");
        assert_eq!(read(&storage, &file.path).unwrap(), b"x", "the temporary file stays");
        fs::create_dir_all(parent.parent().unwrap()).unwrap();
    }
    fs::create_dir(&parent).unwrap();
    let mut part = storage.create_target(&worker(), path).unwrap();
    part.write(&worker(), b"y").unwrap();
    fs::remove_dir(&parent).unwrap();
    assert!(is_missing(&part.finish(&worker(), None, &|| Ok(())).unwrap_err()));
    assert_eq!(bytes_below(&root_of(&directory).join("launches")), 1, "the private file is gone");
    fs::create_dir(&parent).unwrap();
    assert_eq!(target(&storage, path, b"z").unwrap().native_path, parent.join("c"));
    assert_eq!(storage.save_file(&worker(), &file.path, Some(path)).unwrap().length, 1);
}
