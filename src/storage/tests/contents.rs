//! Reading and writing a page's files.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::file_system::{assert_counted, blocks, make, write};
use super::*;
use crate::terms::DigestAlgorithm;
use crate::worker::StopReason;

#[test]
fn requested_bytes_are_read() {
    let (_directory, storage) = open();
    write(&storage, "wxfile://usr/a", WriteMode::Whole, b"0123456789").unwrap();
    write(&storage, "wxfile://usr/empty", WriteMode::Whole, b"").unwrap();
    let read = |path, position, length| storage.read_file(&worker(), path, position, length);
    for (position, length, expected) in [
        (0, None, "0123456789"),
        (3, None, "3456789"),
        (9, None, "9"),
        (0, Some(1), "0"),
        (4, Some(3), "456"),
        (8, Some(10), "89"),
        (0, Some(10), "0123456789"),
    ] {
        assert_eq!(read("wxfile://usr/a", position, length).unwrap(), expected.as_bytes());
    }
    assert_eq!(read("wxfile://usr/empty", 0, None).unwrap(), b"");
    for (path, position) in [("wxfile://usr/a", 10), ("wxfile://usr/a", u64::MAX), ("wxfile://usr/empty", 1)] {
        assert!(matches!(read(path, position, None), Err(Error::PositionOutOfRange)), "{path} {position}");
    }
    assert!(matches!(read("wxfile://usr/a", 0, Some(11)), Err(Error::LengthOutOfRange)));
    assert!(matches!(read("wxfile://usr/a", 0, Some(u64::MAX)), Err(Error::LengthOutOfRange)));
    assert_denied(read("wxfile://usr", 0, None), "wxfile://usr");
    make(&storage, "wxfile://usr/d");
    assert_is_a_directory(read("wxfile://usr/d", 0, None));
}

/// Sparse files, which take no space.
#[test]
fn no_call_reads_or_writes_more_than_100_mib() {
    let (directory, storage) = open();
    write(&storage, "wxfile://usr/a", WriteMode::Whole, b"").unwrap();
    let file = fs::File::options().write(true).open(root_of(&directory).join("usr/a")).unwrap();
    file.set_len(100 * MIB + 1).unwrap();
    assert!(matches!(storage.read_file(&worker(), "wxfile://usr/a", 0, None), Err(Error::TooManyBytes)));
    assert_eq!(storage.read_file(&worker(), "wxfile://usr/a", 1, None).unwrap().len() as u64, 100 * MIB);
    let too_many = vec![0; 100 * MIB as usize + 1];
    for mode in [WriteMode::Whole, WriteMode::Append, WriteMode::At(0)] {
        assert!(matches!(write(&storage, "wxfile://usr/a", mode, &too_many), Err(Error::TooManyBytes)));
    }
}

#[test]
fn bytes_are_written_at_the_requested_position() {
    let (directory, storage) = open();
    let path = "wxfile://usr/a";
    for mode in [WriteMode::Append, WriteMode::At(0)] {
        assert_not_found(write(&storage, path, mode, b"x"));
        assert_not_found(write(&storage, "wxfile://usr/missing/a", mode, b"x"));
    }
    assert_not_found(write(&storage, "wxfile://usr/missing/a", WriteMode::Whole, b"x"));
    write(&storage, path, WriteMode::Whole, b"hello").unwrap();
    write(&storage, path, WriteMode::Append, b" world").unwrap();
    write(&storage, path, WriteMode::At(6), b"W").unwrap();
    write(&storage, path, WriteMode::At(11), b"!").unwrap();
    assert_eq!(read(&storage, path).unwrap(), b"hello World!");
    assert!(matches!(write(&storage, path, WriteMode::At(13), b"x"), Err(Error::PositionOutOfRange)));
    assert!(matches!(write(&storage, path, WriteMode::At(u64::MAX), b"x"), Err(Error::PositionOutOfRange)));
    let native = root_of(&directory).join("usr/a");
    assert_eq!(fs::metadata(&native).unwrap().permissions().mode() & 0o7777, 0o600);
    write(&storage, path, WriteMode::Whole, b"").unwrap();
    assert_eq!(read(&storage, path).unwrap(), b"");
    make(&storage, "wxfile://usr/d");
    for mode in [WriteMode::Whole, WriteMode::Append, WriteMode::At(0)] {
        assert_is_a_directory(write(&storage, "wxfile://usr/d", mode, b"x"));
        assert_not_a_directory(write(&storage, "wxfile://usr/a/b", mode, b"x"));
    }
}

#[test]
fn a_reader_finds_the_old_file_or_the_new_one() {
    let (_directory, storage) = open();
    let path = "wxfile://usr/a";
    let content = |byte: u8| vec![byte; 300_000];
    write(&storage, path, WriteMode::Whole, &content(0)).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut reads = 0;
            while reads < 20 || !done.load(Ordering::SeqCst) {
                let found = storage.read_file(&worker(), path, 0, None).unwrap();
                assert!(found.len() == 300_000 && found.iter().all(|byte| *byte == found[0]));
                let (file, _) = storage.file_digest(&worker(), path, DigestAlgorithm::Sha256).unwrap();
                assert_eq!(file.length, 300_000);
                reads += 1;
            }
        });
        write(&storage, "wxfile://usr/source", WriteMode::Whole, &content(100)).unwrap();
        for byte in 1..20 {
            write(&storage, path, WriteMode::Whole, &content(byte)).unwrap();
            storage.copy_file(&worker(), "wxfile://usr/source", path).unwrap();
        }
        done.store(true, Ordering::SeqCst);
        reading.join().unwrap();
    });
}

#[test]
fn a_stopped_change_leaves_the_file_as_it_was() {
    for mode in [WriteMode::Append, WriteMode::At(0), WriteMode::At(2)] {
        let (directory, storage) = open();
        let launches = root_of(&directory).join("launches");
        let many = blocks(4000);
        write(&storage, "wxfile://usr/a", WriteMode::Whole, b"whole").unwrap();
        // The file may have been renamed meanwhile.
        let is_begun = |part: &PathBuf| fs::metadata(part).is_ok_and(|metadata| metadata.len() > 5);
        // The stop must arrive in the middle. If the system completes the change first, the test retries.
        let stopped_within = || {
            write(&storage, "wxfile://usr/a", WriteMode::Whole, b"whole").unwrap();
            let worker = worker();
            std::thread::scope(|scope| {
                let changing = scope.spawn(|| storage.write_file(&worker, "wxfile://usr/a", mode, &many));
                while !files_below(&launches).iter().any(is_begun) && !changing.is_finished() {
                    std::thread::yield_now();
                }
                assert!(matches!(read(&storage, "wxfile://usr/a").unwrap().len(), 5 | 16_384_000..));
                worker.stop().request(StopReason::Aborted);
                match changing.join().unwrap() {
                    Ok(()) => false,
                    Err(Error::Stopped(StopReason::Aborted)) => true,
                    Err(error) => panic!("{error}"),
                }
            })
        };
        assert!((0..1000).any(|_| stopped_within()), "no stop came during the change");
        assert_eq!(read(&storage, "wxfile://usr/a").unwrap(), b"whole");
        assert_eq!(bytes_below(&launches), 0);
        assert_counted(&storage);
    }
}

/// A reader that has the file open, such as `readFile`, reads the content that it had when opened.
#[test]
fn files_are_never_changed_in_place() {
    let (_directory, storage) = open();
    let path = "wxfile://usr/a";
    write(&storage, path, WriteMode::Whole, b"0123").unwrap();
    for (mode, expected) in [(WriteMode::Append, "0123x"), (WriteMode::At(1), "0x23"), (WriteMode::At(4), "0123x")] {
        write(&storage, path, WriteMode::Whole, b"0123").unwrap();
        let before = storage.open_file(&worker(), path, &storage.parse(path).unwrap()).unwrap();
        write(&storage, path, mode, b"x").unwrap();
        assert_eq!(read(&storage, path).unwrap(), expected.as_bytes());
        assert_eq!(std::io::read_to_string(before).unwrap(), "0123");
    }
}

#[test]
fn concurrent_appends_lose_nothing() {
    for sharing in [Sharing::Exclusive, Sharing::Shared] {
        let (_directory, storage) = open_with(|options| options.sharing = sharing);
        write(&storage, "wxfile://usr/a", WriteMode::Whole, b"").unwrap();
        std::thread::scope(|scope| {
            for letter in b"abcdefgh" {
                let storage = &storage;
                scope.spawn(move || {
                    for _ in 0..20 {
                        write(storage, "wxfile://usr/a", WriteMode::Append, &[*letter; 3]).unwrap();
                    }
                });
            }
        });
        let content = read(&storage, "wxfile://usr/a").unwrap();
        for letter in b"abcdefgh" {
            let found = content.chunks(3).filter(|chunk| chunk.iter().all(|byte| byte == letter)).count();
            assert_eq!(found, 20, "of {letter}");
        }
        assert_eq!(content.len(), 8 * 20 * 3);
        assert_counted(&storage);
    }
}

/// The file is replaced while an append copies it. The bytes are appended to the new file, or to the old one before it
/// is replaced.
#[test]
fn append_never_restores_replaced_content() {
    let (_directory, storage) = open();
    let path = "wxfile://usr/a";
    let large = blocks(1000);
    let mut after = 0;
    for _ in 0..50 {
        write(&storage, path, WriteMode::Whole, &large).unwrap();
        std::thread::scope(|scope| {
            let appending = scope.spawn(|| write(&storage, path, WriteMode::Append, b"x"));
            write(&storage, path, WriteMode::Whole, b"new").unwrap();
            appending.join().unwrap().unwrap();
        });
        match read(&storage, path).unwrap().as_slice() {
            b"new" => {}
            b"newx" => after += 1,
            other => panic!("{} bytes", other.len()),
        }
    }
    assert!(after > 0, "no append came after the replacement");
    assert_counted(&storage);
}

#[test]
fn append_never_restores_a_removed_file() {
    let (directory, storage) = open();
    let launches = root_of(&directory).join("launches");
    let path = "wxfile://usr/a";
    let large = blocks(1000);
    for _ in 0..20 {
        write(&storage, path, WriteMode::Whole, &large).unwrap();
        std::thread::scope(|scope| {
            let appending = scope.spawn(|| write(&storage, path, WriteMode::Append, b"x"));
            while files_below(&launches).is_empty() && !appending.is_finished() {
                std::thread::yield_now();
            }
            storage.unlink(&worker(), path).unwrap();
            match appending.join().unwrap() {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        });
        assert_not_found(read(&storage, path).map(|content| content.len()));
    }
    assert_counted(&storage);
}

/// The answer to a request for the rest may have fewer bytes than it announced.
#[test]
fn rewound_file_gets_only_what_is_written_again() {
    let (_directory, storage) = open();
    for (path, kept, expected) in
        [(None, 0, "second"), (Some("wxfile://usr/a"), 0, "second"), (Some("wxfile://usr/a"), 3, "thesecond")]
    {
        let mut part = match path {
            Some(path) => storage.create_target(&worker(), path).unwrap(),
            None => storage.create_temporary(&worker()).unwrap(),
        };
        part.write(&worker(), b"the first answer").unwrap();
        part.rewind(kept).unwrap();
        assert_eq!(part.length(), kept);
        part.write(&worker(), b"second").unwrap();
        let stored = part.finish(&worker(), None, &|| Ok(())).unwrap();
        assert_eq!(fs::read_to_string(&stored.native_path).unwrap(), expected);
        assert_eq!(stored.length, expected.len() as u64);
    }
    assert_counted(&storage);
}

#[test]
fn digest_and_size_are_of_the_same_bytes() {
    let (_directory, storage) = open();
    // More than one part, and not a multiple of one.
    let content: Vec<u8> = (0..300_001u32).map(|number| (number % 251) as u8).collect();
    let file = temporary(&storage, &content);
    use sha2::Digest as _;
    let expected: String = sha2::Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let (told, digest) = storage.file_digest(&worker(), &file.path, DigestAlgorithm::Sha256).unwrap();
    assert_eq!((told.length, digest), (300_001, expected));
    assert_eq!((told.path, told.native_path), (file.path, file.native_path));
}
