//! An accepted `wxfile://` path names a file below the session's own directories, and has one spelling, except for the
//! number of slashes under `usr`.

use std::path::{Component, Path as NativePath};

use wxtransfer::fuzzing::{self, Path};

use crate::input::valid_text;

/// Checks one input.
pub fn check(data: &[u8]) {
    let text = valid_text(data);
    let Some(path) = fuzzing::path(text) else { return };
    let (names, canonical) = match path {
        Path::Temporary(name) => (vec![name.clone()], generated(&name, "tmp_")),
        Path::Stored(name) => (vec![name.clone()], generated(&name, "store_")),
        Path::User(names) => (
            names.clone(),
            ["wxfile://usr"].into_iter().chain(names.iter().map(String::as_str)).collect::<Vec<_>>().join("/"),
        ),
    };
    assert_eq!(canonical, single_slashes(text), "one file has one path");
    let mut native = NativePath::new("/root").to_path_buf();
    native.extend(&names);
    let inside = native.strip_prefix("/root").expect("it stays inside");
    assert_eq!(inside.components().count(), names.len(), "{text:?}");
    assert!(inside.components().all(|component| matches!(component, Component::Normal(_))), "{text:?}");
    for name in &names {
        assert!(name.len() <= 255);
        assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control), "{text:?}: {name:?}");
        assert!(!name.contains(['\u{202e}', '\u{2066}', '\u{200f}']), "{text:?}: {name:?}");
        // Removing invisible characters must not change where the path leads.
        let seen = name.replace(['\u{200b}', '\u{200c}', '\u{200d}', '\u{feff}', '\u{ad}'], "");
        assert!(!matches!(seen.as_str(), "" | "." | ".."), "{text:?}: {name:?}");
    }
}

/// The path with single slashes under `usr`, and without one at the end.
fn single_slashes(text: &str) -> String {
    let Some(below) = text.strip_prefix("wxfile://usr/") else { return text.to_owned() };
    let names = below.split('/').filter(|name| !name.is_empty());
    ["wxfile://usr"].into_iter().chain(names).collect::<Vec<_>>().join("/")
}

fn generated(name: &str, prefix: &str) -> String {
    let (digits, extension) = name.strip_prefix(prefix).expect("the prefix").split_at(32);
    assert!(digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{name:?}");
    let extension = extension.strip_prefix('.').unwrap_or(extension);
    assert!(extension.len() <= 10 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name:?}");
    format!("wxfile://{name}")
}
