//! Files that can be read, and files that are rejected without waiting for them.

use std::io::{Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use super::*;

fn assert_invalid(result: Result<SourceFile, Error>) {
    assert!(matches!(&result, Err(Error::InvalidDescriptor { .. })), "{result:?}");
}

#[test]
fn native_paths_need_permission() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("photo 1.jpg");
    fs::write(&file, b"photo").unwrap();
    let path = file.to_str().unwrap();
    let (_directory, storage) = open();
    assert_denied(storage.open_source(&worker(), path), path);

    let (_directory, storage) = open_with(|options| options.allow_native_paths = true);
    let source = storage.open_source(&worker(), path).unwrap();
    assert_eq!((source.length, source.name.as_str()), (5, "photo 1.jpg"));
    assert_eq!(read(&storage, path).unwrap(), b"photo");
    assert_not_found(storage.open_source(&worker(), "/no/such/file"));
    assert_denied(storage.open_source(&worker(), "photo 1.jpg"), "photo 1.jpg");
    let zero = format!("{path}\0");
    assert_denied(storage.open_source(&worker(), &zero), &zero);
}

#[test]
fn only_regular_files_are_opened_without_waiting() {
    let outside = tempfile::tempdir().unwrap();
    let fifo = outside.path().join("fifo");
    make_fifo(&fifo);
    let paths = [fifo, outside.path().to_path_buf(), "/dev/null".into(), "/".into()];
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (_directory, storage) = open_with(|options| options.allow_native_paths = true);
        for path in paths.map(|path| path.to_str().unwrap().to_owned()) {
            sender.send((storage.open_source(&worker(), &path), path)).unwrap();
        }
    });
    for _ in 0..4 {
        let (opened, path) = receiver.recv_timeout(Duration::from_secs(30)).expect("opening waits for a writer");
        assert_denied(opened, &path);
    }
}

#[test]
fn a_source_names_its_file_and_rewinds() {
    let (_directory, storage) = open();
    target(&storage, "wxfile://usr/文件.txt", b"content").unwrap();
    let mut source = storage.open_source(&worker(), "wxfile://usr/文件.txt").unwrap();
    assert_eq!((source.length, source.name.as_str()), (7, "文件.txt"));
    for _ in 0..2 {
        assert_eq!(read_all(&mut source), b"content");
        source.rewind().unwrap();
    }
    let stored = temporary(&storage, b"x");
    assert_eq!(storage.open_source(&worker(), &stored.path).unwrap().name, stored.path["wxfile://".len()..]);
}

#[test]
fn a_descriptor_is_read_from_its_offset() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"0123456789").unwrap();
    let at = |offset: u64| -> OwnedFd {
        let mut file = file.try_clone().unwrap();
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.into()
    };
    let mut source = SourceFile::from_descriptor(at(4), None).unwrap();
    assert_eq!((source.length, source.name.as_str()), (6, ""));
    for _ in 0..2 {
        assert_eq!(read_all(&mut source), b"456789");
        source.rewind().unwrap();
    }
    assert_eq!((&file).stream_position().unwrap(), 4, "the offset is shared with the host's descriptor and stays");
    let mut shortened = SourceFile::from_descriptor(at(4), Some(3)).unwrap();
    assert_eq!((shortened.length, read_all(&mut shortened)), (3, b"456".to_vec()));
    assert_invalid(SourceFile::from_descriptor(at(4), Some(7)));
    assert_eq!(SourceFile::from_descriptor(at(20), None).unwrap().length, 0);
    // Only a length that the host gave stays when the file grows before it is read.
    let (mut whole, mut part) =
        (SourceFile::from_descriptor(at(4), None).unwrap(), SourceFile::from_descriptor(at(4), Some(3)).unwrap());
    file.write_all_at(b"ab", 10).unwrap();
    whole.measure().unwrap();
    part.measure().unwrap();
    assert_eq!((whole.length, read_all(&mut whole)), (8, b"456789ab".to_vec()));
    assert_eq!((part.length, read_all(&mut part)), (3, b"456".to_vec()));
}

#[test]
fn a_pipe_needs_a_length() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    rustix::io::write(&writer, b"abc").unwrap();
    assert_invalid(SourceFile::from_descriptor(reader.try_clone().unwrap(), None));
    let mut source = SourceFile::from_descriptor(reader, Some(3)).unwrap();
    assert_eq!((source.length, source.name.as_str()), (3, ""));
    // The writer still has the pipe open. The reader does not wait for it.
    assert_eq!(read_all(&mut source), b"abc");
    assert!(matches!(source.rewind(), Err(Error::Io { .. })));
}

#[test]
fn descriptors_that_cannot_be_sent_are_refused() {
    let open = |path: &str, flags: OFlags| rustix::fs::open(path, flags, Mode::empty()).unwrap();
    assert_invalid(SourceFile::from_descriptor(open("/", OFlags::RDONLY), None));
    assert_invalid(SourceFile::from_descriptor(open("/dev/null", OFlags::RDONLY), Some(0)));
    assert_invalid(SourceFile::from_descriptor(open("/dev/null", OFlags::WRONLY), Some(0)));
    let (_reader, writer) = rustix::pipe::pipe().unwrap();
    assert_invalid(SourceFile::from_descriptor(writer, Some(1)));
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    assert_invalid(SourceFile::from_descriptor(socket.into(), Some(1)));
}
