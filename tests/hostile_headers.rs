//! A server's file names and media types do not affect where a file is stored. The file is `tmp_<hex>[.<ext>]` in the
//! session's directory.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use support::Session;
use wxtransfer::ffi::options::WXT_PATHS_SANDBOX;
use wxtransfer_test_server::{FaultServer, Script, Step, Transport};

/// Values of `Content-Disposition`: traversal, absolute paths, drives, devices, streams, encodings, duplicates and
/// invalid syntax (RFC 6266, RFC 8187, RFC 2231, RFC 2047).
const DISPOSITIONS: &[&[u8]] = &[
    b"attachment; filename=\"../../../evil.sh\"",
    b"attachment; filename=\"..\\..\\..\\evil.bat\"",
    b"attachment; filename=\"/etc/cron.d/evil\"",
    b"attachment; filename=\"/evil.png\"",
    b"attachment; filename=\"C:\\Windows\\evil.exe\"",
    b"attachment; filename=\"\\\\\\\\server\\\\share\\\\evil.dll\"",
    b"attachment; filename=\"file:///etc/passwd\"",
    b"attachment; filename=\"wxfile://usr/evil.png\"",
    b"attachment; filename=..",
    b"attachment; filename=.",
    b"attachment; filename=\"...\"",
    b"attachment; filename=\"a/.\"",
    b"attachment; filename=\"a.png/..\"",
    b"attachment; filename=\"a./../../b\"",
    b"attachment; filename=\".png\"",
    b"attachment; filename=\"~/.bashrc\"",
    b"attachment; filename=\"CON\"",
    b"attachment; filename=\"a.png:stream\"",
    b"attachment; filename=\"a.png \"",
    b"attachment; filename=\"a.p ng\"",
    b"attachment; filename=\"a.p\tng\"",
    b"attachment; filename=\"a.png\\\"; filename=\\\"b.exe\"",
    b"attachment; filename=\"a.\\p\\n\\g\"",
    b"attachment; filename=\"a.png",
    b"attachment; filename=\"a.png\\",
    b"attachment; filename=a.png\"",
    b"attachment; filename='a.png'",
    b"attachment; filename==a.png",
    b"attachment; filename = = a.png",
    b"attachment; filename=a.png; filename=../b.exe",
    b"attachment; FILENAME=\"a.PNG\"; filename*=UTF-8''..%2Fb.exe",
    b"attachment; filename*=UTF-8''..%2F..%2F..%2Fevil.sh",
    b"attachment; filename*=UTF-8''%2Fetc%2Fpasswd.png",
    b"attachment; filename*=UTF-8''a.png%2F..%2F..%2Fb",
    b"attachment; filename*=UTF-8''a.png%00.exe",
    b"attachment; filename*=UTF-8''a.png%0d%0aX: y.exe",
    b"attachment; filename*=UTF-8''a.%E2%80%AEgnp",
    b"attachment; filename*=UTF-8''a.%EF%BC%90",
    b"attachment; filename*=UTF-8''a.%c0%ae%c0%ae%c0%afpng",
    b"attachment; filename*=UTF-8''a.%FF%FE",
    b"attachment; filename*=UTF-8''%",
    b"attachment; filename*=UTF-8''a.%g0png%2",
    b"attachment; filename*=UTF-16''a.%00p%00n%00g",
    b"attachment; filename*=nonsense'xx'a.png",
    b"attachment; filename*=''",
    b"attachment; filename*='",
    b"attachment; filename*=UTF-8''''''a.png",
    b"attachment; filename*=\"UTF-8''a.png\"",
    b"attachment; filename*=ISO-8859-1''%e4.p%e4ng",
    b"attachment; filename*0=\"../../a\"; filename*1=\".png\"",
    b"attachment; filename*0*=UTF-8''..%2f; filename*1*=a.png",
    b"attachment; filename*1=\".exe\"; filename*0=\"a\"",
    b"attachment; filename*00=a.exe",
    b"attachment; filename*-1=a.exe",
    b"attachment; filename=\"=?UTF-8?B?Li4vLi4vZXZpbC5zaA==?=\"",
    b"attachment; filename=\"=?UTF-8?Q?..=2Fevil.sh?=\"",
    b"attachment; filename=\"=?x?y?z?=.png\"",
    b"attachment; filename=\"a.verylongextension\"",
    b"attachment; filename=\"\xe5\x9b\xbe.\xe5\x9b\xbe\"",
    b"attachment; filename=\"\xff\xfe.\xff\"",
    b"attachment; filename=\"a.png\xff\"",
    b"attachment; filename=\"a.\xef\xbd\x90ng\"",
    b"attachment;;;;; filename=a.png;;;;",
    b"attachment filename=a.png",
    b"attachment, inline; filename=a.png",
    b";=;=;=\"\\\";\\",
    b"=",
    b"\"",
    b"filename",
    b"filename=",
    b"filename*=",
    b"attachment; filename=\"\"",
];

/// Values of `Content-Type` whose subtype or parameters would be bad extensions.
const TYPES: &[&[u8]] = &[
    b"image/../../../evil",
    b"image/png/../../evil",
    b"../../evil",
    b"/etc/passwd",
    b"image/png\\..\\evil",
    b"image/%2e%2e%2fevil",
    b"image/png;name=\"../../evil.sh\"",
    b"image/png; charset=\"",
    b"image/png, text/html",
    b"IMAGE/PNG ;;;",
    b"image/\xff\xfe",
    b"image/\xe5\x9b\xbe",
    b"image/",
    b"/",
    b"image",
    b";",
    b"=?UTF-8?Q?image=2Fpng?=",
    b"application/x-very-long-type-that-nobody-has-registered",
    b"text/plain; charset=../../evil",
    b"text/plain; charset=utf-7",
    b"text/plain; charset=\xff",
];

/// Characters that a server must not send: the answer fails, or the name does not contain them.
const CONTROL_CHARACTERS: &[&[u8]] = &[b"\0", b"\x01", b"\x08", b"\x0b", b"\x1b", b"\x7f", b"\r", b"\n", b"\r\n"];

fn answer(headers: &[u8]) -> Script {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n".to_vec();
    bytes.extend_from_slice(headers);
    bytes.extend_from_slice(b"\r\n\r\nbody");
    Script::new([Step::ReadHead, Step::Send(bytes)])
}

fn line(name: &str, value: &[u8]) -> Vec<u8> {
    [name.as_bytes(), b": ", value].concat()
}

/// Header lines of every answer.
fn cases() -> Vec<Vec<u8>> {
    let mut cases = Vec::new();
    for disposition in DISPOSITIONS {
        cases.push(line("Content-Disposition", disposition));
    }
    for content_type in TYPES {
        cases.push(line("Content-Type", content_type));
    }
    for control in CONTROL_CHARACTERS {
        for place in [["attachment; filename=\"a", ".png\""], ["attachment; filename=\"a.p", "ng\""]] {
            cases.push(line("Content-Disposition", &[place[0].as_bytes(), control, place[1].as_bytes()].concat()));
        }
        cases.push(line("Content-Type", &[b"image/p", *control, b"ng"].concat()));
    }
    // The same header twice, and a folded one.
    cases.push(
        b"Content-Disposition: attachment; filename=a.png\r\nContent-Disposition: attachment; filename=../b".into(),
    );
    cases.push(b"Content-Type: image/png\r\nContent-Type: ../../evil".into());
    cases.push(b"Content-Disposition: attachment;\r\n filename=\"../../a.png\"".into());
    let long = "a/../".repeat(6000);
    cases.push(line("Content-Disposition", format!("attachment; filename=\"{long}evil.png\"").as_bytes()));
    cases.push(line(
        "Content-Disposition",
        format!("attachment; filename*=UTF-8''{}.png", "%2e".repeat(6000)).as_bytes(),
    ));
    cases
}

/// All files and directories below `directory`.
fn names_below(directory: &Path) -> BTreeSet<PathBuf> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            names.extend(names_below(&path));
        }
        names.insert(path);
    }
    names
}

fn is_temporary_name(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("tmp_") else { return false };
    let (digits, extension) = rest.split_once('.').unwrap_or((rest, "x"));
    digits.len() == 32
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && (1..=10).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[test]
fn servers_names_and_types_do_not_reach_the_disk() {
    let cases = cases();
    let scripts: Vec<_> = cases.iter().map(|headers| answer(headers)).collect();
    let server = FaultServer::start_with(Transport::Plain, move |connection| {
        scripts.get(connection).cloned().unwrap_or_else(|| Script::new([Step::Reset]))
    });
    let session = Session::open_with(|options| options.path_policy = WXT_PATHS_SANDBOX);
    let before = names_below(session.directory.path());
    let launches = session.directory.path().join("app-wx1234567890abcdef/user-/launches");
    let launch = std::fs::read_dir(&launches).expect("a directory").next().expect("a launch").expect("an entry").path();

    let mut files = 0;
    for (index, headers) in cases.iter().enumerate() {
        let what = String::from_utf8_lossy(headers);
        let ended = session.download(&server.url("/download")).end();
        assert_eq!(server.connections(), index + 1, "{what:?}");
        let controls = headers.iter().any(|byte| byte.is_ascii_control() && !b"\t\r\n".contains(byte));
        match &ended.result {
            Ok(success) => {
                files += 1;
                let path = success.temp_file_path.as_deref().expect("a tempFilePath");
                let name = path.strip_prefix("wxfile://").expect("a virtual path");
                assert!(is_temporary_name(name), "{what:?}: {path}");
                assert_eq!(success.native_path.as_deref(), launch.join(name).to_str(), "{what:?}");
                assert_eq!(std::fs::read(launch.join(name)).expect("the file"), b"body", "{what:?}");
            }
            // Only answers that are not HTTP fail.
            Err(failure) => {
                let folded = headers.windows(1).any(|byte| byte == b"\r" || byte == b"\n");
                assert!(controls || folded, "{what:?}: {failure:?}");
            }
        }
    }
    assert!(files >= DISPOSITIONS.len() + TYPES.len(), "{files} files");

    let added: Vec<_> = names_below(session.directory.path()).difference(&before).cloned().collect();
    assert_eq!(added.len(), files, "one name for each file: {added:?}");
    for path in added {
        assert_eq!(path.parent(), Some(launch.as_path()), "{path:?}");
        assert!(path.file_name().and_then(|name| name.to_str()).is_some_and(is_temporary_name), "{path:?}");
    }
}
