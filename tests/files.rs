//! The files of a mini program: saving, listing, deleting, importing and sending them, and no other files.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use support::{Event, Session};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::file::{WXT_IMPORT_COPY, WXT_IMPORT_MOVE};
use wxtransfer::ffi::file_system::{WXT_WRITE_APPEND, WXT_WRITE_WHOLE};
use wxtransfer::ffi::options::*;
use wxtransfer::ffi::status::*;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{self as server, FaultServer, Options, Script, Server, Step, Transport, pattern_bytes};

const OVER_QUOTA: &str = "the maximum size of the file storage limit is exceeded";
/// A name that was never generated.
const UNKNOWN: &str = "0123456789abcdef0123456789abcdef";

/// The root of a session's files, as the documentation of `src/storage` specifies it.
fn root(session: &Session) -> PathBuf {
    session.directory.path().join("app-wx1234567890abcdef/user-")
}

/// Downloads `length` bytes of the pattern to a temporary file.
fn temporary(session: &Session, server: &Server, length: usize) -> String {
    let ended = session.download(&server.https_url(&format!("/bytes/{length}?type=image/png"))).end();
    ended.success().temp_file_path.clone().expect("a tempFilePath")
}

/// The content of a failure.
struct Expected(String, i32);

impl Expected {
    fn as_failure(&self) -> (&str, i32) {
        (&self.0, self.1)
    }
}

fn not_found(call: &str, path: &str) -> Expected {
    Expected(shortened(format!("{call}:fail no such file or directory {path}")), WXT_ERRNO_FILE_NOT_FOUND)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// All names below a directory with their content.
fn snapshot(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let kind = fs::symlink_metadata(&path).expect("metadata").file_type();
        let content = if kind.is_symlink() {
            fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
        } else if kind.is_file() {
            fs::read(&path).expect("a file")
        } else {
            if kind.is_dir() {
                found.extend(snapshot(&path));
            }
            Vec::new()
        };
        found.insert(path, content);
    }
    found
}

#[test]
fn saving_moves_a_temporary_file_which_then_outlives_the_session() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let path = temporary(&session, &server, 5000);
    let before = seconds_now();
    let result = session.save(&path, None);
    assert_eq!(result.err_msg, "saveFile:ok");
    let saved = result.file().clone();
    assert!(saved.path.starts_with("wxfile://store_") && saved.path.ends_with(".png"), "{saved:?}");
    assert_eq!(saved.size, 5000);
    assert!((before..=seconds_now()).contains(&saved.create_time), "{saved:?}");
    assert_eq!(mode(&saved.native), 0o600);

    // The old path is invalid for every call.
    assert_eq!(
        session.save(&path, None).failure(),
        ("saveFile:fail tempFilePath file not exist", WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST)
    );
    let ended = session.upload(&server.https_url("/upload"), Path::new(&path)).end();
    assert_eq!((ended.failure().err_msg.as_str(), ended.failure().err_no), ("uploadFile:fail file not found", 1300002));
    assert_eq!(session.resolve(&path).failure(), not_found("resolvePath", &path).as_failure());

    let left = temporary(&session, &server, 100);
    assert_eq!(session.close(), WXT_OK);
    let data = session.directory.path().to_str().expect("UTF-8").to_owned();
    let next = Session::open_with(|options| options.data_directory = WxtStr::new(&data));
    assert_eq!(fs::read(&saved.native).expect("the saved file"), pattern_bytes(0, 5000));
    assert_eq!(next.saved_files().files, [saved]);
    assert_eq!(next.save(&left, None).failure().1, WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST, "a launch's own");
}

#[test]
fn saved_files_are_listed_inspected_and_removed() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let empty = session.saved_files();
    assert_eq!((empty.err_msg.as_str(), empty.err_no, empty.files.len()), ("getSavedFileList:ok", 0, 0));
    let saved: Vec<_> =
        [30, 10, 20].map(|size| session.save(&temporary(&session, &server, size), None).file().clone()).into();
    for file in &saved {
        // As if each file had been saved at a different time.
        let time = UNIX_EPOCH + Duration::from_secs(1_500_000_000 + file.size);
        fs::File::open(&file.native).expect("the file").set_modified(time).expect("its time is set");
    }
    session.save(&temporary(&session, &server, 5), Some("wxfile://usr/not in the list")).file();

    let listed = session.saved_files();
    assert_eq!(listed.err_msg, "getSavedFileList:ok");
    let sizes_and_times: Vec<_> = listed.files.iter().map(|file| (file.size, file.create_time)).collect();
    assert_eq!(sizes_and_times, [(10, 1_500_000_010), (20, 1_500_000_020), (30, 1_500_000_030)]);

    let info = session.saved_file(&saved[0].path);
    assert_eq!((info.err_msg.as_str(), info.file()), ("getSavedFileInfo:ok", &listed.files[2]));
    let removed = session.remove_saved_file(&saved[0].path);
    assert_eq!((removed.err_msg.as_str(), removed.err_no, removed.files.len()), ("removeSavedFile:ok", 0, 0));
    assert!(!saved[0].native.exists());
    assert_eq!(session.saved_files().files, listed.files[..2]);
    let path = &saved[0].path;
    assert_eq!(session.saved_file(path).failure(), not_found("getSavedFileInfo", path).as_failure());
    assert_eq!(session.remove_saved_file(path).failure(), not_found("removeSavedFile", path).as_failure());
}

#[test]
fn an_empty_path_names_no_file() {
    let session = Session::open();
    for (result, message, number) in [
        (session.save("", None), "saveFile:fail tempFilePath file not exist", WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST),
        (session.saved_file(""), "getSavedFileInfo:fail no such file or directory", WXT_ERRNO_FILE_NOT_FOUND),
        (session.remove_saved_file(""), "removeSavedFile:fail no such file or directory", WXT_ERRNO_FILE_NOT_FOUND),
        (session.import("", WXT_IMPORT_COPY), "importFile:fail no such file or directory", WXT_ERRNO_FILE_NOT_FOUND),
        (session.resolve(""), "resolvePath:fail no such file or directory", WXT_ERRNO_FILE_NOT_FOUND),
    ] {
        assert_eq!(result.failure(), (message, number));
    }
}

#[test]
fn quota_limits_store_and_usr_together_to_the_byte() {
    let server = Server::start(Options::default());
    // 100,000 bytes, and one block of 4096 bytes for a directory.
    let session = Session::open_with(|options| options.storage_quota = 104_096);
    session.make_directory("wxfile://usr/a", false).done();
    let first = session.save(&temporary(&session, &server, 40_000), None).file().clone();
    session.save(&temporary(&session, &server, 40_000), Some("wxfile://usr/b.bin")).file();
    let too_large = temporary(&session, &server, 20_100);
    for target in [None, Some("wxfile://usr/c")] {
        let result = session.save(&too_large, target);
        let message = format!("saveFile:fail {OVER_QUOTA}");
        assert_eq!(result.failure(), (message.as_str(), WXT_ERRNO_QUOTA_EXCEEDED));
        assert_eq!(result.category, WXT_CATEGORY_STORAGE);
    }
    let url = server.https_url("/bytes/20100?chunked=1");
    let ended = session.download_with(&url, |request| request.file_path = WxtStr::new("wxfile://usr/c")).end();
    assert_eq!(ended.failure().err_msg, format!("downloadFile:fail {OVER_QUOTA}"));
    assert_eq!(ended.failure().err_no, WXT_ERRNO_QUOTA_EXCEEDED);
    assert!(!root(&session).join("usr/c").exists());

    // The rejected temporary file still exists. A file that is replaced frees its space.
    session.save(&too_large, Some("wxfile://usr/b.bin")).file();
    session.save(&temporary(&session, &server, 39_900), None).file();
    assert_eq!(session.save(&temporary(&session, &server, 1), None).failure().1, WXT_ERRNO_QUOTA_EXCEEDED);
    assert_eq!(session.remove_saved_file(&first.path).err_no, 0);
    session.save(&temporary(&session, &server, 40_000), None).file();
    assert_eq!(session.save(&temporary(&session, &server, 1), None).failure().1, WXT_ERRNO_QUOTA_EXCEEDED);
}

#[test]
fn the_oldest_temporary_files_make_room_for_a_new_one_that_can_fit() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.temporary_quota = 100_000);
    let [first, second] = [40_000, 50_000].map(|length| temporary(&session, &server, length));
    let source = session.file("photo.bin", &[7; 60_000]);
    let imported = session.import(source.to_str().expect("UTF-8"), WXT_IMPORT_COPY).file().clone();
    assert_eq!(session.resolve(&first).failure().1, WXT_ERRNO_FILE_NOT_FOUND);
    assert_eq!(session.resolve(&second).failure().1, WXT_ERRNO_FILE_NOT_FOUND);
    assert_eq!(session.resolve(&imported.path).file().size, 60_000);
    let large = session.file("large.bin", &[7; 100_001]);
    let message = format!("importFile:fail {OVER_QUOTA}");
    for mode in [WXT_IMPORT_COPY, WXT_IMPORT_MOVE] {
        let result = session.import(large.to_str().expect("UTF-8"), mode);
        assert_eq!(result.failure(), (message.as_str(), WXT_ERRNO_QUOTA_EXCEEDED));
    }
    let result = session.import_descriptor(fs::File::open(&large).expect("a file"), 0, "large.bin");
    assert_eq!(result.failure(), (message.as_str(), WXT_ERRNO_QUOTA_EXCEEDED));
    assert_eq!(fs::read(&large).expect("untouched"), [7; 100_001]);
    session.resolve(&imported.path).file();
}

#[test]
fn a_usr_target_is_replaced_whole() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let target = "wxfile://usr/图片/二〇二六/a b.PNG";
    let refused = session.save(&temporary(&session, &server, 1), Some(target));
    assert_eq!(refused.failure(), not_found("saveFile", target).as_failure(), "its directory is missing");
    session.make_directory("wxfile://usr/图片/二〇二六", true).done();
    for length in [300, 200] {
        let temporary = temporary(&session, &server, length);
        let saved = session.save(&temporary, Some(target)).file().clone();
        assert_eq!((saved.path.as_str(), saved.size), (target, length as u64));
        assert_eq!(saved.native, root(&session).join("usr/图片/二〇二六/a b.PNG"));
        assert_eq!(fs::read(&saved.native).expect("the file"), pattern_bytes(0, length));
        assert_eq!(mode(&saved.native), 0o600);
        assert_eq!(session.resolve(target).file().native, saved.native);
    }
    // The replaced file stays complete until the new one is.
    let body = pattern_bytes(0, 1000);
    let broken = FaultServer::start(Transport::TLS, vec![Script::fault_at(999, &[], &body, Step::Reset)]);
    let ended = session.download_with(&broken.url("/"), |request| request.file_path = WxtStr::new(target)).end();
    assert_eq!(ended.failure().category, WXT_CATEGORY_CONNECTION_CLOSED);
    assert_eq!(fs::read(session.resolve(target).file().native.clone()).expect("the file"), pattern_bytes(0, 200));
}

#[test]
fn imported_files_can_be_uploaded() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.path_policy = WXT_PATHS_SANDBOX);
    let content = pattern_bytes(17, 100_000);
    let source = session.file("IMG_0001.JPG", &content);
    fs::set_permissions(&source, fs::Permissions::from_mode(0o755)).expect("its mode is set");
    let native = source.to_str().expect("UTF-8");
    let copied = session.import(native, WXT_IMPORT_COPY);
    assert_eq!(copied.err_msg, "importFile:ok");
    assert!(source.exists());

    let mut file = fs::File::open(&source).expect("a file");
    file.seek(SeekFrom::Start(1000)).expect("an offset");
    let part = session.import_descriptor(&file, 500, "IMG_0001.JPG");
    file.seek(SeekFrom::Start(1000)).expect("an offset");
    let rest = session.import_descriptor(&file, 0, "");

    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let whole = content.clone();
    let writing = std::thread::spawn(move || writer.write_all(&whole));
    let piped = session.import_descriptor(&reader, 0, "x.mp4");
    writing.join().expect("no panic").expect("all is read");

    let moved = session.import(native, WXT_IMPORT_MOVE);
    assert!(!source.exists());

    for (imported, expected, extension, content_type) in [
        (copied, &content[..], ".jpg", "image/jpeg"),
        (part, &content[1000..1500], ".jpg", "image/jpeg"),
        (rest, &content[1000..], "", "application/octet-stream"),
        (piped, &content[..], ".mp4", "video/mp4"),
        (moved, &content[..], ".jpg", "image/jpeg"),
    ] {
        let file = imported.file();
        let name = file.path.strip_prefix("wxfile://").expect("a virtual path");
        assert_temporary_name(name, extension);
        assert_eq!((file.size, mode(&file.native)), (expected.len() as u64, 0o600));
        let ended = session.upload(&server.https_url("/upload"), Path::new(&file.path)).end();
        assert_eq!(ended.success().status, 200);
        let request = server.requests().pop().expect("a request");
        let sent = request.body.files()[0].clone();
        assert_eq!((sent.filename.as_deref(), sent.content_type.as_deref()), (Some(name), Some(content_type)));
        assert_eq!((sent.length, sent.sha256), (expected.len() as u64, sha256(expected)));
    }
}

#[test]
fn files_of_the_store_and_usr_can_be_uploaded() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.path_policy = WXT_PATHS_SANDBOX);
    let saved = session.save(&temporary(&session, &server, 3000), None).file().path.clone();
    let usr = "wxfile://usr/docs/报告.pdf";
    session.make_directory("wxfile://usr/docs", false).done();
    session.save(&temporary(&session, &server, 4000), Some(usr)).file();
    for (path, name, length) in [(saved.as_str(), &saved["wxfile://".len()..], 3000), (usr, "报告.pdf", 4000)] {
        let ended = session.upload(&server.https_url("/upload"), Path::new(path)).end();
        assert_eq!(ended.success().status, 200);
        let request = server.requests().pop().expect("a request");
        let file = request.body.files()[0].clone();
        assert_eq!((file.filename.as_deref(), file.length), (Some(name), length));
        assert_eq!(file.sha256, server::pattern_sha256(length));
    }
}

/// Paths with a hostile text. They are refused for any content of the disk.
fn hostile_paths(outside: &Path) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/",
        "/etc/passwd",
        "etc/passwd",
        "../secret",
        "file:///etc/passwd",
        "http://usr/a",
        "WXFILE://usr/a",
        "wxfile:/usr/a",
        "wxfile://",
        "wxfile:///etc/passwd",
        "wxfile://secret",
        "wxfile://launches/x",
        "wxfile://usr/.",
        "wxfile://usr/..",
        "wxfile://usr/../secret",
        "wxfile://usr/../../../secret",
        "wxfile://usr/a/../../../../secret",
        "wxfile://usr//../secret",
        "wxfile://usr//.//..//secret",
        "wxfile:///usr/a",
        "wxfile://usr/..\\..\\..\\secret",
        "wxfile://usr/\u{ff0e}\u{ff0e}/secret",
        "wxfile://usr/..\u{2215}secret",
        "wxfile://usr/.\u{200b}./secret",
        "wxfile://usr/a\0/../secret",
        "wxfile://usr/secret\0.png",
        "wxfile://usr/a\r\nb",
        "wxfile://usr/\u{202e}gnp.exe",
        "wxfile://usr/a\u{2066}gnp.exe",
        "wxfile://usr/\u{feff}",
        "wxfile://tmp_/../../../secret",
        "wxfile://tmp_..\\secret",
        "wxfile://store_/../../../../secret",
        "wxfile://usr/link/secret",
        "wxfile://usr/link/new",
        "wxfile://usr/file link",
        "wxfile://usr/hard link",
        "wxfile://usr/dangling",
        "wxfile://usr/pipe",
        "wxfile://usr/directory",
        "wxfile://usr/file/below",
    ]
    .map(str::to_owned)
    .into();
    let climb = "../".repeat(30);
    paths.push(format!("wxfile://usr/{climb}{}", outside.join("secret").display()));
    paths.push(outside.join("secret").display().to_string());
    paths.push(format!("wxfile://usr/{}", "x".repeat(256)));
    paths.push(format!("wxfile://usr{}", "/a".repeat(5000)));
    paths
}

/// Plants hostile entries under `wxfile://usr`, with the names of the list above.
fn plant(session: &Session, outside: &Path) {
    fs::write(outside.join("secret"), b"secret").expect("a file");
    let usr = root(session).join("usr");
    symlink(outside, usr.join("link")).expect("a link");
    symlink(outside.join("secret"), usr.join("file link")).expect("a link");
    symlink(outside.join("nothing"), usr.join("dangling")).expect("a link");
    fs::hard_link(outside.join("secret"), usr.join("hard link")).expect("a link");
    assert!(Command::new("mkfifo").arg(usr.join("pipe")).status().expect("a program").success());
    fs::create_dir(usr.join("directory")).expect("a directory");
    fs::write(usr.join("file"), b"file").expect("a file");
}

#[test]
fn hostile_paths_are_refused_by_every_call_and_change_nothing() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.path_policy = WXT_PATHS_SANDBOX);
    // In the data directory, so that a hard link is possible, and a path out of the session's directory could reach it.
    let outside = session.directory.path().join("outside");
    fs::create_dir(&outside).expect("a directory");
    fs::write(session.directory.path().join("secret"), b"secret").expect("a file");
    plant(&session, &outside);
    let temporary = temporary(&session, &server, 10);
    let requests = server.requests().len();
    let before = snapshot(session.directory.path());

    for path in hostile_paths(&outside) {
        let expected = |call: &str| shortened(format!("{call}:fail permission denied, open {path}"));
        let denied = WXT_ERRNO_PERMISSION_DENIED;

        let ended = session.upload(&server.https_url("/upload"), Path::new(&path)).end();
        let failure = ended.failure();
        assert_eq!((failure.err_msg.clone(), failure.err_no), (expected("uploadFile"), denied), "{path:?}");
        let url = server.https_url("/bytes/10");
        let ended = session.download_with(&url, |request| request.file_path = WxtStr::new(&path)).end();
        let failure = ended.failure();
        assert_eq!(
            (failure.err_msg.clone(), failure.err_no),
            (expected("downloadFile"), WXT_ERRNO_TARGET_DENIED),
            "{path:?}"
        );

        // The expected failure of a file call. A path may name, or lead through, an entry of the wrong kind.
        let told = |call: &str| match path.as_str() {
            "wxfile://usr/directory" => {
                Expected(format!("{call}:fail Is a directory {path}"), WXT_ERRNO_IS_A_DIRECTORY)
            }
            "wxfile://usr/file/below" => {
                Expected(format!("{call}:fail not a directory {path}"), WXT_ERRNO_NOT_A_DIRECTORY)
            }
            _ if path.starts_with("wxfile://usr/")
                && (path.len() > 1024 || path.split('/').any(|name| name.len() > 255)) =>
            {
                Expected(shortened(format!("{call}:fail File name too long {path}")), WXT_ERRNO_FILE_NAME_TOO_LONG)
            }
            _ => Expected(expected(call), denied),
        };
        let result = session.save(&temporary, Some(&path));
        assert_eq!(result.failure(), told("saveFile").as_failure(), "{path:?}");
        assert_eq!(result.category, WXT_CATEGORY_FILE);
        let result = session.resolve(&path);
        if path != "wxfile://usr/directory" {
            assert_eq!(result.failure(), told("resolvePath").as_failure(), "{path:?}");
        }
        let result = session.copy_file(&path, "wxfile://usr/copy");
        assert_eq!(result.failure(), told("copyFile").as_failure(), "{path:?}");
        let result = session.write_file(&path, WXT_WRITE_APPEND, 0, b"x");
        assert_eq!(result.failure().1 == denied, told("").1 == denied, "{path:?}");
        if path != "wxfile://usr/directory" {
            assert_eq!(session.access(&path).failure(), told("access").as_failure(), "{path:?}");
            assert_eq!(
                session.rename(&path, "wxfile://usr/renamed").failure(),
                told("rename").as_failure(),
                "{path:?}"
            );
            assert!(session.make_directory(&path, true).err_no != 0, "{path:?}");
        }
        // A valid path of another kind is not found as a temporary or saved file. An invalid one is rejected.
        let planted = path.starts_with("wxfile://usr/") && is_harmless_text(&path);
        for (result, call, other) in [
            (session.save(&path, None), "saveFile", "tempFilePath file not exist".to_owned()),
            (session.saved_file(&path), "getSavedFileInfo", format!("no such file or directory {path}")),
            (session.remove_saved_file(&path), "removeSavedFile", format!("no such file or directory {path}")),
        ] {
            let message = if planted { format!("{call}:fail {other}") } else { told(call).0 };
            assert_eq!(result.failure().0, message, "{path:?}");
        }
        if !path.starts_with('/') {
            for mode in [WXT_IMPORT_COPY, WXT_IMPORT_MOVE] {
                let result = session.import(&path, mode);
                assert_eq!(result.failure(), (expected("importFile").as_str(), denied), "{path:?}");
            }
        }
        assert_eq!(snapshot(session.directory.path()), before, "{path:?}");
    }
    assert_eq!(server.requests().len(), requests, "nothing was sent");
}

/// `errMsg` has at most 200 UTF-16 units. A longer text ends with an ellipsis.
fn shortened(text: String) -> String {
    match text.encode_utf16().count() {
        0..=200 => text,
        _ => text.chars().take(199).chain(['\u{2026}']).collect(),
    }
}

/// Whether the text of the path is harmless, so that only the planted entry on the disk makes the path hostile.
fn is_harmless_text(path: &str) -> bool {
    let names = ["link/secret", "link/new", "file link", "hard link", "dangling", "pipe", "directory", "file/below"];
    path.strip_prefix("wxfile://usr/").is_some_and(|name| names.contains(&name))
}

#[test]
fn valid_names_that_were_never_generated_are_not_found() {
    let server = Server::start(Options::default());
    let session = Session::open();
    for path in [
        format!("wxfile://tmp_{UNKNOWN}.png"),
        format!("wxfile://store_{UNKNOWN}"),
        "wxfile://tmp_1.png".to_owned(),
        "wxfile://usr/nothing".to_owned(),
        "wxfile://usr/no/such/directory".to_owned(),
        "wxfile://usr//nothing".to_owned(),
        "wxfile://usr//etc/hosts".to_owned(),
        "wxfile://usr/%2e%2e/%2e%2e/secret".to_owned(),
        "wxfile://usr/..%2f..%2fsecret".to_owned(),
        "wxfile://usr/no\u{200b}thing".to_owned(),
        "wxfile://store_%2e%2e%2fsecret".to_owned(),
    ] {
        let ended = session.upload(&server.https_url("/upload"), Path::new(&path)).end();
        assert_eq!(ended.failure().err_msg, "uploadFile:fail file not found", "{path}");
        assert_eq!(ended.failure().err_no, WXT_ERRNO_FILE_NOT_FOUND);
        assert_eq!(session.resolve(&path).failure().1, WXT_ERRNO_FILE_NOT_FOUND, "{path}");
        assert_eq!(session.saved_file(&path).failure().1, WXT_ERRNO_FILE_NOT_FOUND, "{path}");
        assert_eq!(session.save(&path, None).failure().1, WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST, "{path}");
    }
    assert_eq!(server.requests().len(), 0);
}

/// Pages write `USER_DATA_PATH + '//a.xlsx'`, and names from chat messages contain invisible characters.
#[test]
fn every_call_accepts_paths_as_pages_write_them() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.path_policy = WXT_PATHS_SANDBOX);
    let usr = root(&session).join("usr");
    session.make_directory("wxfile://usr/d", false).done();
    for (path, below) in [
        ("wxfile://usr//a.xlsx", "a.xlsx"),
        ("wxfile://usr/d///b c.txt", "d/b c.txt"),
        ("wxfile://usr/50%2F.txt", "50%2F.txt"),
        ("wxfile://usr/\u{feff}报\u{200b}告\u{ad}.pdf", "\u{feff}报\u{200b}告\u{ad}.pdf"),
    ] {
        let url = server.https_url("/bytes/10");
        let ended = session.download_with(&url, |request| request.file_path = WxtStr::new(path)).end();
        assert_eq!(ended.success().file_path.as_deref(), Some(path));
        assert_eq!(ended.success().native_path.as_deref(), usr.join(below).to_str());
        assert_eq!(session.save(&temporary(&session, &server, 20), Some(path)).file().path, path);
        assert_eq!(session.resolve(path).file().native, usr.join(below));
        let ended = session.upload(&server.https_url("/upload"), Path::new(path)).end();
        assert_eq!(ended.success().status, 200);
        let sent = server.requests().pop().expect("a request").body.files()[0].clone();
        assert_eq!((sent.filename.as_deref(), sent.length), (path.rsplit('/').next(), 20));
    }
    // A path with a trailing slash is a directory.
    for (path, native) in [("wxfile://usr/", usr.clone()), ("wxfile://usr//d/", usr.join("d"))] {
        assert_eq!(session.resolve(path).file().native, native);
        let ended = session.upload(&server.https_url("/upload"), Path::new(path)).end();
        assert_eq!(ended.failure().err_msg, format!("uploadFile:fail permission denied, open {path}"));
    }
}

#[test]
fn planted_link_in_the_store_is_not_a_saved_file() {
    let session = Session::open();
    let outside = session.file("secret", b"secret");
    let link = root(&session).join(format!("store/store_{UNKNOWN}.txt"));
    symlink(&outside, link).expect("a link");
    let path = format!("wxfile://store_{UNKNOWN}.txt");
    assert_eq!(session.saved_files().files, []);
    let message = format!("getSavedFileInfo:fail permission denied, open {path}");
    assert_eq!(session.saved_file(&path).failure(), (message.as_str(), WXT_ERRNO_PERMISSION_DENIED));
    // Deletes the link, not its target.
    assert_eq!(session.remove_saved_file(&path).err_no, 0);
    assert_eq!(fs::read(outside).expect("untouched"), b"secret");
}

#[test]
fn failed_import_leaves_the_hosts_file() {
    let session = Session::open();
    let directory = session.directory.path();
    let file = session.file("file", b"content");
    let link = directory.join("link");
    symlink(&file, &link).expect("a link");
    let pipe = directory.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("a program").success());
    let before = snapshot(directory);
    for (path, modes, number) in [
        (directory, &[WXT_IMPORT_COPY, WXT_IMPORT_MOVE][..], WXT_ERRNO_PERMISSION_DENIED),
        (&pipe, &[WXT_IMPORT_COPY, WXT_IMPORT_MOVE], WXT_ERRNO_PERMISSION_DENIED),
        (&link, &[WXT_IMPORT_MOVE], WXT_ERRNO_PERMISSION_DENIED),
        (&directory.join("nothing"), &[WXT_IMPORT_COPY, WXT_IMPORT_MOVE], WXT_ERRNO_FILE_NOT_FOUND),
        (Path::new("file"), &[WXT_IMPORT_COPY, WXT_IMPORT_MOVE], WXT_ERRNO_PERMISSION_DENIED),
    ] {
        let path = path.to_str().expect("UTF-8");
        for &mode in modes {
            let result = session.import(path, mode);
            let message = match number {
                WXT_ERRNO_FILE_NOT_FOUND => not_found("importFile", path).0,
                _ => format!("importFile:fail permission denied, open {path}"),
            };
            assert_eq!(result.failure(), (message.as_str(), number), "{path} {mode}");
            assert_eq!(snapshot(directory), before, "{path} {mode}");
        }
    }
    let result = session.import_descriptor(fs::File::open(directory).expect("a directory"), 0, "x");
    assert_eq!(result.failure(), ("importFile:fail bad file descriptor", WXT_ERRNO_BAD_FILE_DESCRIPTOR));
    let result = session.import_descriptor(fs::File::open(&file).expect("a file"), 8, "x");
    assert_eq!(result.failure().1, WXT_ERRNO_BAD_FILE_DESCRIPTOR, "it holds only 7 bytes");
    assert_eq!(snapshot(directory), before);
}

/// These files of the Linux kernel fail with these errors for every user, including root.
#[cfg(target_os = "linux")]
#[test]
fn denied_access_and_device_failures_have_their_own_errno() {
    let session = Session::open();
    let written_only = "/proc/sys/vm/compact_memory";
    let message = format!("importFile:fail permission denied {written_only}");
    let result = session.import(written_only, WXT_IMPORT_COPY);
    assert_eq!(result.failure(), (message.as_str(), WXT_ERRNO_FILE_ACCESS_DENIED));
    // The process has no memory at address 0.
    let result = session.import_descriptor(fs::File::open("/proc/self/mem").expect("a file"), 10, "x");
    assert_eq!(result.failure(), ("importFile:fail Input/output error", WXT_ERRNO_INPUT_OUTPUT));
}

#[test]
fn closing_does_not_wait_for_a_pipe_that_is_imported() {
    let session = Session::open();
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    // More than a pipe holds, so once it is written, the import has started.
    let beginning = vec![0; 1024 * 1024];
    let (sender, closed) = std::sync::mpsc::channel();
    let (closed, result) = std::thread::scope(|scope| {
        let importing = scope.spawn(|| session.import_descriptor(&reader, 0, "x"));
        writer.write_all(&beginning).expect("it is read");
        scope.spawn(|| sender.send(session.close()).expect("it is received"));
        let closed = closed.recv_timeout(Duration::from_secs(10));
        drop(writer);
        (closed, importing.join().expect("no panic"))
    });
    assert_eq!(closed, Ok(WXT_OK));
    assert_eq!(result.failure(), ("importFile:fail abort", WXT_ERRNO_SYSTEM_ERROR));
    assert_eq!(result.category, WXT_CATEGORY_ABORTED);
    assert_eq!(session.files_besides(&[]), Vec::<PathBuf>::new());
}

#[test]
fn session_is_exclusive_unless_all_are_shared() {
    let server = Server::start(Options::default());
    let first = Session::open();
    let data = first.directory.path().to_str().expect("UTF-8").to_owned();
    let open = |sharing, user: &'static str| {
        Session::try_open_with(|options| {
            options.data_directory = WxtStr::new(&data);
            options.storage_sharing = sharing;
            options.user_id = WxtStr::new(user);
        })
    };
    for sharing in [WXT_STORAGE_EXCLUSIVE, WXT_STORAGE_SHARED] {
        assert_eq!(open(sharing, "").0, WXT_STORAGE_LOCKED);
    }
    let (status, other_user) = open(WXT_STORAGE_EXCLUSIVE, "another");
    assert_eq!(status, WXT_OK);
    let hers = temporary(&first, &server, 10);
    assert_eq!(other_user.resolve(&hers).failure().1, WXT_ERRNO_FILE_NOT_FOUND);
    assert_eq!(first.close(), WXT_OK);

    let (one, two) = (open(WXT_STORAGE_SHARED, "").1, open(WXT_STORAGE_SHARED, "").1);
    assert_eq!(open(WXT_STORAGE_EXCLUSIVE, "").0, WXT_STORAGE_LOCKED);
    let temporary = temporary(&one, &server, 1000);
    assert_eq!(
        two.save(&temporary, None).failure().1,
        WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST,
        "each session has its own temporary files"
    );
    let saved = one.save(&temporary, None).file().clone();
    assert_eq!(two.saved_file(&saved.path).file(), &saved);
    assert_eq!(one.close(), WXT_OK);
    assert_eq!(two.remove_saved_file(&saved.path).err_no, 0);
}

#[test]
fn sessions_that_share_keep_one_quota() {
    let server = Server::start(Options::default());
    let first = Session::open_with(|options| {
        options.storage_sharing = WXT_STORAGE_SHARED;
        options.storage_quota = 100_000;
    });
    let data = first.directory.path().to_str().expect("UTF-8").to_owned();
    let second = Session::open_with(|options| {
        options.data_directory = WxtStr::new(&data);
        options.storage_sharing = WXT_STORAGE_SHARED;
        options.storage_quota = 100_000;
    });
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = [&first, &second]
            .map(|session| {
                let paths = [(); 10].map(|()| temporary(session, &server, 15_000));
                scope.spawn(move || paths.map(|path| session.save(&path, None).err_no))
            })
            .into();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(results.iter().filter(|number| **number == 0).count(), 6, "{results:?}");
    assert!(results.iter().all(|number| [0, WXT_ERRNO_QUOTA_EXCEEDED].contains(number)), "{results:?}");
    assert_eq!(first.saved_files().files.len(), 6);
}

#[test]
fn a_killed_launch_leaves_its_saved_files_and_nothing_else() {
    const MARK: &str = "WXT_TEST_KILLED_LAUNCH";
    if let Some(data) = std::env::var_os(MARK) {
        live_until_killed(data.to_str().expect("UTF-8"));
    }
    let directory = tempfile::tempdir().expect("a directory");
    let words = server::program_words(std::env::current_exe().expect("a path"));
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        .args(["--exact", "a_killed_launch_leaves_its_saved_files_and_nothing_else", "--nocapture"])
        .env(MARK, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let ready = output.lines().map_while(Result::ok).find_map(|line| line.strip_prefix("saved ").map(str::to_owned));
    let data = directory.path().to_str().expect("UTF-8").to_owned();
    let (locked, _) = Session::try_open_with(|options| options.data_directory = WxtStr::new(&data));
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    let saved = ready.expect("it saved a file");
    assert_eq!(locked, WXT_STORAGE_LOCKED, "while it lived");

    let launches = directory.path().join("app-wx1234567890abcdef/user-/launches");
    let left: Vec<_> = snapshot(&launches).into_values().map(|content| content.len()).collect();
    assert!(left.contains(&700) && left.contains(&100), "there was something to remove: {left:?}");
    let session = Session::open_with(|options| options.data_directory = WxtStr::new(&data));
    await_only_own_launch(&launches);
    assert_eq!(session.saved_files().files.len(), 1);
    let native = session.saved_file(&saved).file().native.clone();
    assert_eq!(fs::read(native).expect("the saved file"), pattern_bytes(0, 500));
}

/// Waits until the files of earlier launches are removed. Then only the new launch's directory is left.
fn await_only_own_launch(launches: &Path) {
    let end = Instant::now() + support::WAIT_LIMIT;
    loop {
        let names: Vec<_> =
            fs::read_dir(launches).expect("launches").map(|entry| entry.expect("a launch").path()).collect();
        if names.len() == 1 {
            return;
        }
        assert!(Instant::now() < end, "{names:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The dead launch has more files than opening a session removes before it returns. The removal continues in the
/// background, and in the next session if this one is closed.
#[test]
fn many_files_of_a_killed_launch_are_removed_while_the_session_is_used() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_str().expect("UTF-8").to_owned();
    let launches = directory.path().join("app-wx1234567890abcdef/user-/launches");
    let dead = launches.join("0123456789abcdef0123456789abcdef");
    fs::create_dir_all(&dead).expect("a directory");
    for number in 0..20_000 {
        fs::File::create(dead.join(format!("tmp_{number:032x}.jpg"))).expect("a file");
    }
    let session = Session::open_with(|options| options.data_directory = WxtStr::new(&data));
    assert!(!dead.exists(), "the dead launch's directory is set aside");
    assert_eq!(session.close(), WXT_OK);
    let session = Session::open_with(|options| options.data_directory = WxtStr::new(&data));
    session.write_file("wxfile://usr/a", WXT_WRITE_WHOLE, 0, b"x").done();
    await_only_own_launch(&launches);
    assert_eq!(session.close(), WXT_OK);
    assert_eq!(fs::read_dir(&launches).expect("launches").count(), 0);
}

/// The child process of `a_killed_launch_leaves_its_saved_files_and_nothing_else`: has a saved, a temporary and an
/// incomplete file when it is killed.
fn live_until_killed(data: &str) -> ! {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| options.data_directory = WxtStr::new(data));
    let saved = session.save(&temporary(&session, &server, 500), None).file().path.clone();
    temporary(&session, &server, 700);
    let mut part = server::response_head(200, &[], Some(1000));
    part.extend_from_slice(&[b'x'; 100]);
    let script = Script::new([Step::ReadHead, Step::Send(part), Step::Stall]);
    let stalling = FaultServer::start(Transport::Plain, vec![script]);
    let task = session.download(&stalling.url("/"));
    loop {
        match task.next() {
            Event::Progress { total: 100, .. } => break,
            Event::Headers { .. } | Event::Progress { .. } => {}
            other => panic!("the download must stall, not {other:?}"),
        }
    }
    println!("\nsaved {saved}");
    loop {
        std::thread::park();
    }
}

#[test]
fn the_extension_comes_from_the_type_then_the_disposition_then_the_url() {
    type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);
    const PNG: (&str, &str) = ("Content-Type", "image/png; charset=x");
    const ZIP: (&str, &str) = ("Content-Type", "application/zip");
    const UNTOLD: (&str, &str) = ("Content-Type", "application/force-download");
    const PDF: (&str, &str) = ("Content-Disposition", "attachment; filename=\"c.PDF\"");
    const DOCX: (&str, &str) =
        ("Content-Disposition", "attachment; filename=\"c.zip\"; filename*=UTF-8''%E2%82%AC.docx");
    const ROWS: [Row; 14] = [
        ("/a.gif", &[PNG, PDF], ".png"),
        ("/a.GIF?b=c.mp4", &[UNTOLD, PDF], ".pdf"),
        ("/a.GIF?b=c.mp4", &[UNTOLD], ".gif"),
        ("/download.php", &[PDF], ".pdf"),
        ("/download.php?a=b.gif", &[], ""),
        ("/api/v1.0", &[UNTOLD], ""),
        ("/a.gif", &[ZIP, DOCX], ".docx"),
        ("/a.gif", &[ZIP, PDF], ".zip"),
        ("/a.gif%00", &[PDF], ".pdf"),
        ("/a.toolongname", &[], ""),
        ("/a.t-r", &[], ""),
        ("/a.", &[("Content-Type", "unheard/of")], ""),
        ("/dir.gif/a", &[], ""),
        ("/", &[], ""),
    ];
    let server = FaultServer::start_with(Transport::TLS, |connection| {
        let headers = ROWS.get(connection).map_or(&[][..], |row| row.1);
        Script::answer(200, &[headers, &[("Connection", "close")]].concat(), b"body")
    });
    let session = Session::open();
    for (target, headers, extension) in ROWS {
        let ended = session.download(&server.url(target)).end();
        let path = ended.success().temp_file_path.clone().expect("a path");
        let name = path.strip_prefix("wxfile://").expect("a virtual path");
        assert_eq!(name.len(), "tmp_".len() + 32 + extension.len(), "{target} {headers:?}: {name}");
        assert_temporary_name(name, extension);
        // A saved file keeps its extension.
        let saved = session.save(&path, None).file().path.clone();
        assert_eq!(&saved["wxfile://store_".len() + 32..], extension);
    }
}

#[test]
fn a_body_that_the_disk_cannot_hold_is_refused_by_its_length() {
    let announced = 1u64 << 60;
    let head = server::response_head(200, &[], Some(announced));
    let script = Script::new([Step::ReadHead, Step::Send(head), Step::Stall]);
    let server = FaultServer::start_with(Transport::TLS, move |_| script.clone());
    let session = Session::open_with(|options| {
        options.max_download_size = u64::MAX;
        options.temporary_quota = u64::MAX;
        options.storage_quota = u64::MAX;
    });
    for target in [None, Some("wxfile://usr/large")] {
        let path = WxtStr::optional(target);
        let ended = session.download_with(&server.url("/"), |request| request.file_path = path).end();
        let failure = ended.failure();
        assert_eq!(failure.err_msg, "downloadFile:fail save file error no space left on the device");
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_SAVE_FILE, WXT_CATEGORY_STORAGE));
    }
    assert_eq!(session.files_besides(&[]), Vec::<PathBuf>::new());
}

#[track_caller]
fn assert_temporary_name(name: &str, extension: &str) {
    let digits = name.strip_prefix("tmp_").and_then(|name| name.strip_suffix(extension)).unwrap_or_default();
    let hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    assert!(digits.len() == 32 && hexadecimal, "{name} {extension}");
}

fn sha256(content: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(content).into()
}
