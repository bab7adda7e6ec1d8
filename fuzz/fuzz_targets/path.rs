//! A `wxfile://` path that is accepted names something below the session's own directories, in one way only.

#![no_main]

use std::path::{Component, Path as NativePath};

use libfuzzer_sys::fuzz_target;
use wxtransfer::fuzzing::{self, Path};

fuzz_target!(|text: &str| {
    let Some(path) = fuzzing::path(text) else { return };
    let (names, canonical) = match path {
        Path::Temporary(name) => (vec![name.clone()], generated(&name, "tmp_")),
        Path::Stored(name) => (vec![name.clone()], generated(&name, "store_")),
        Path::User(names) if names.is_empty() => (names, "wxfile://usr".to_owned()),
        Path::User(names) => (names.clone(), format!("wxfile://usr/{}", names.join("/"))),
    };
    assert_eq!(canonical, text, "one file has one path");
    let mut native = NativePath::new("/root").to_path_buf();
    native.extend(&names);
    let inside = native.strip_prefix("/root").expect("it stays inside");
    assert_eq!(inside.components().count(), names.len(), "{text:?}");
    assert!(inside.components().all(|component| matches!(component, Component::Normal(_))), "{text:?}");
    for name in &names {
        assert!(name.len() <= 255);
        let mut reading = name.clone();
        // Who decodes it, once or more often, comes to no other place.
        for _ in 0..4 {
            assert!(!reading.contains(['/', '\\', '\0']) && reading != "." && reading != "..", "{text:?}: {reading:?}");
            reading = percent_decode(&reading);
        }
    }
});

fn generated(name: &str, prefix: &str) -> String {
    let (digits, extension) = name.strip_prefix(prefix).expect("the prefix").split_at(32);
    assert!(digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{name:?}");
    let extension = extension.strip_prefix('.').unwrap_or(extension);
    assert!(extension.len() <= 10 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name:?}");
    format!("wxfile://{name}")
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())) {
            Some(digits) => {
                bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
