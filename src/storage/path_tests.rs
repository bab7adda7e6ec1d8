use std::collections::HashSet;

use super::*;

fn parse(path: &str) -> Result<VirtualPath, Error> {
    super::parse(&PathScheme::default(), path)
}

fn parse_target(path: &str) -> Result<Vec<String>, Error> {
    super::parse_target(&PathScheme::default(), path)
}

const DIGITS: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn each_kind_of_path_names_its_area() {
    assert_eq!(
        parse("wxfile://tmp_0123456789abcdef0123456789abcdef.jpg").unwrap(),
        VirtualPath::Temporary("tmp_0123456789abcdef0123456789abcdef.jpg".into())
    );
    assert_eq!(
        parse("wxfile://store_0123456789abcdef0123456789abcdef").unwrap(),
        VirtualPath::Stored("store_0123456789abcdef0123456789abcdef".into())
    );
    assert_eq!(parse("wxfile://usr/图片/a b.txt").unwrap(), VirtualPath::User(vec!["图片".into(), "a b.txt".into()]));
    assert_eq!(parse("wxfile://usr").unwrap(), VirtualPath::User(vec![]));
}

#[test]
fn ordinary_names_are_not_changed() {
    for name in [
        "a",
        " ",
        ".hidden",
        "a..b",
        "..a",
        "...a",
        "文件……终.txt",
        "👨\u{200d}👩\u{200d}👧.png",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}.png",
        "❤\u{fe0f}",
        "é",
        "e\u{301}",
        "a:b",
        "CON",
        "~",
        "-rf",
        "*",
        "收入／支出.xlsx",
        "1\u{2044}2",
        // Nothing is decoded, so these are harmless.
        "100%",
        "50%off",
        "a%20b",
        "%2e%2e",
        "..%2f..%2fa",
        "%252e%252e",
        "a%00b",
        "%2%6a%%20",
        // Invisible characters, from chat messages and web pages.
        "a\u{200b}b.pdf",
        "\u{feff}报告.pdf",
        "soft\u{ad}hyphen",
        "a\u{2060}b",
        "a\u{180e}",
        "\u{3164}a",
        "a\u{fff9}b",
    ] {
        let path = format!("wxfile://usr/{name}");
        assert_eq!(parse(&path).unwrap(), VirtualPath::User(vec![name.to_owned()]), "{name:?}");
        assert_eq!(parse_target(&path).unwrap(), [name], "{name:?}");
    }
}

/// POSIX, XBD 4.16 "Pathname Resolution".
#[test]
fn repeated_slashes_count_once_and_a_trailing_one_denotes_a_directory() {
    for (path, names, is_directory) in [
        ("wxfile://usr//a.xlsx", &["a.xlsx"][..], false),
        ("wxfile://usr///a//b", &["a", "b"], false),
        ("wxfile://usr/a//b/", &["a", "b"], true),
        ("wxfile://usr/a//", &["a"], true),
        ("wxfile://usr/", &[], true),
        ("wxfile://usr//", &[], true),
        ("wxfile://usr//etc/passwd", &["etc", "passwd"], false),
    ] {
        assert_eq!(parse(path).unwrap(), VirtualPath::User(names.iter().map(|name| (*name).to_owned()).collect()));
        assert_eq!(is_of_directory(path), is_directory, "{path}");
        match parse_target(path) {
            Ok(target) => assert!(!is_directory && target == names, "{path}"),
            Err(error) => assert!(is_directory && matches!(error, Error::PermissionDenied { .. }), "{path}"),
        }
    }
}

/// After decomposition, or without invisible characters, no component of an accepted path is `.`, `..` or empty.
#[test]
fn invisible_characters_and_look_alikes_hide_no_dots() {
    let fillers = ["\u{200b}", "\u{200c}", "\u{200d}", "\u{feff}", "\u{ad}", "\u{2060}", "\u{fe0f}", "\u{e0061}"];
    let dots = [".", "\u{2024}", "\u{2025}", "\u{2026}", "\u{ff0e}", "\u{fe52}", ""];
    let rests = ["", "/", "/a", "\u{2215}a", "\u{ff0f}a", "\u{ff3c}a"];
    for filler in fillers {
        for dot in dots {
            for rest in rests {
                for name in [
                    format!("{filler}{dot}{dot}"),
                    format!("{dot}{filler}{dot}"),
                    format!("{dot}{dot}{filler}"),
                    format!("{dot}{filler}{filler}"),
                ] {
                    for path in [format!("wxfile://usr/{name}{rest}"), format!("wxfile://usr/b/{name}{rest}")] {
                        assert!(matches!(parse(&path), Err(Error::PermissionDenied { .. })), "{path:?}");
                    }
                    // One visible character is enough, at any position.
                    let seen = format!("{name}x");
                    assert_eq!(
                        parse(&format!("wxfile://usr/{seen}")).unwrap(),
                        VirtualPath::User(vec![seen.clone()]),
                        "{seen:?}"
                    );
                }
            }
        }
    }
}

/// UAX #9: the characters with the property `Bidi_Control`.
#[test]
fn bidi_controls_are_rejected() {
    let bidi = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}'];
    for character in bidi.into_iter().chain('\u{2066}'..='\u{2069}').chain(['\u{2028}', '\u{2029}', '\u{85}']) {
        for path in [
            format!("wxfile://usr/a{character}gpj.exe"),
            format!("wxfile://usr/{character}"),
            format!("wxfile://usr/a{character}/b"),
            format!("wxfile://tmp_{character}"),
            format!("wxfile://store_{character}"),
        ] {
            assert!(matches!(parse(&path), Err(Error::PermissionDenied { .. })), "{path:?}");
        }
    }
}

#[test]
fn hostile_paths_are_refused() {
    let mut hostile: Vec<String> = [
        "/",
        "/etc/passwd",
        "etc/passwd",
        "file:///etc/passwd",
        "WXFILE://usr/a",
        "wxfile:/usr/a",
        "wxfile://",
        "wxfile:///",
        "wxfile:///etc/passwd",
        "wxfile:///usr",
        "wxfile:///usr/a",
        "wxfile:////usr/a",
        "wxfile://usr/a//../b",
        "wxfile://usr//..",
        "wxfile://usr//.//a",
        "wxfile://usr/../",
        "wxfile://usr%2fa",
        "wxfile://%75sr/a",
        "wxfile://usr\u{200b}/a",
        "wxfile://etc/passwd",
        "wxfile://usrx",
        "wxfile://USR/a",
        "wxfile://Usr/a",
        "wxfile://store",
        "wxfile://launches/a",
        "wxfile://usr/.",
        "wxfile://usr/..",
        "wxfile://usr/../store",
        "wxfile://usr/a/../../b",
        "wxfile://usr/./a",
        "wxfile://usr/...",
        "wxfile://usr/a\0b",
        "wxfile://usr/a\0",
        "wxfile://usr/a\nb",
        "wxfile://usr/..\\a",
        "wxfile://usr/a\\b",
        "wxfile://usr/\u{ff0e}\u{ff0e}/a",
        "wxfile://usr/\u{2025}",
        "wxfile://usr/.\u{2024}",
        "wxfile://usr/.\u{200d}.",
        "wxfile://usr/\u{2026}",
        "wxfile://usr/..\u{ff0f}a",
        "wxfile://usr/a\u{202e}gpj.exe",
        "wxfile://usr/.\u{200b}.",
        "wxfile://usr/\u{feff}",
        "wxfile://tmp_a/../b",
        "wxfile://tmp_0123456789abcdef0123456789abcdef/a",
        "wxfile://tmp_0123456789abcdef0123456789abcdef/",
        "wxfile:///tmp_0123456789abcdef0123456789abcdef",
        "wxfile://store_0123456789abcdef0123456789abcdef//",
        "wxfile://tmp_..\\a",
        "wxfile://tmp_a\0",
        "wxfile://store_a/b",
        "wxfile://TMP_a",
        "http://tmp/a",
        "wxfile://~/a",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    hostile.push(format!("wxfile://usr{}", "/a".repeat(32)));
    for path in hostile {
        assert!(
            matches!(parse(&path), Err(Error::PermissionDenied { path: named }) if named == path),
            "{path:?} gave {:?}",
            parse(&path)
        );
    }
}

#[test]
fn too_long_names_and_paths_are_rejected() {
    for name in ["a".repeat(256), "图".repeat(86)] {
        let path = format!("wxfile://usr/{name}");
        assert!(matches!(parse(&path), Err(Error::NameTooLong { .. })), "{path}");
        assert!(matches!(parse_target(&path), Err(Error::NameTooLong { .. })), "{path}");
    }
    let long = format!("wxfile://usr{}", format!("/{}", "a".repeat(200)).repeat(6));
    assert!(matches!(parse(&long), Err(Error::NameTooLong { .. })));
    assert!(parse(&format!("wxfile://usr/{}", "a".repeat(255))).is_ok());
    assert!(parse(&format!("wxfile://usr/{}", "图".repeat(85))).is_ok());
    assert!(parse(&format!("wxfile://usr{}", "/a".repeat(31))).is_ok());
    assert!(parse(&format!("wxfile://usr{}", "//a".repeat(31))).is_ok());
}

#[test]
fn names_that_were_never_generated_are_not_found() {
    for name in [
        "tmp_",
        "tmp_unknown.jpg",
        "tmp_%2e%2e",
        "tmp_\u{200b}0123456789abcdef0123456789abcdef",
        "store_%2e%2e%2fsecret",
        "store_unknown",
        "tmp_0123456789ABCDEF0123456789abcdef",
        "tmp_0123456789abcdef0123456789abcdef.",
        "tmp_0123456789abcdef0123456789abcdef.JPG",
        "tmp_0123456789abcdef0123456789abcdef.tar.gz",
        "tmp_0123456789abcdef0123456789abcdef.abcdefghijk",
        "tmp_0123456789abcdef0123456789abcdef0",
    ] {
        assert!(matches!(parse(&PathScheme::default().path_of(name)), Err(Error::NotFound { .. })), "{name}");
    }
}

#[test]
fn only_files_under_usr_are_targets() {
    assert_eq!(parse_target("wxfile://usr/a/b").unwrap(), ["a", "b"]);
    for path in ["wxfile://usr", "wxfile://tmp_x", "wxfile://store_0123456789abcdef0123456789abcdef", "/a"] {
        assert!(matches!(parse_target(path), Err(Error::PermissionDenied { .. })), "{path}");
    }
}

#[test]
fn generated_names_read_back_and_differ() {
    let name = temporary_name(&random_digits().unwrap(), Some("mp4"));
    assert_eq!(parse(&PathScheme::default().path_of(&name)).unwrap(), VirtualPath::Temporary(name.clone()));
    assert_eq!(extension_of(&name), Some("mp4"));
    assert_eq!(extension_of(&stored_name(DIGITS, None)), None);
    assert!(is_stored_name(&stored_name(DIGITS, None)));
    assert!(!is_stored_name("store_x"));
    assert_ne!(random_digits().unwrap(), random_digits().unwrap());
    let mut source = DigitsSource::default();
    let names: HashSet<_> = (0..100).map(|_| source.next().unwrap()).collect();
    assert_eq!(names.len(), 100);
}
