//! What a `wxfile://` path means, decided by its text alone.
//!
//! A path is compared and used as it is, never decoded or normalised. What only exists to be read in two ways (encoded
//! or look-alike dots and slashes, invisible characters) is refused, so that no other reader of the same path, such as
//! the host or a file system that ignores such characters, can come to another file.

use super::Error;
use crate::policy::extension;

const SCHEME: &str = "wxfile://";
const TEMPORARY_PREFIX: &str = "tmp_";
const STORED_PREFIX: &str = "store_";
/// Hexadecimal digits in a generated name: 128 random bits.
const GENERATED_DIGITS: usize = 32;
/// NAME_MAX of every file system on the supported platforms.
const MAX_COMPONENT_BYTES: usize = 255;
/// PATH_MAX of the Apple platforms, the shortest: no path longer than this could be handed to the host.
const MAX_PATH_BYTES: usize = 1024;
/// Keeps the directories open while a tree is walked few.
const MAX_COMPONENTS: usize = 32;

/// A path that stays inside the mini program's files, unless a link was planted there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VirtualPath {
    /// A file name in the launch's directory.
    Temporary(String),
    /// A file name in the store.
    Stored(String),
    /// The names that lead from the user directory to a file; empty for the directory itself.
    User(Vec<String>),
}

/// Reads a path.
///
/// Fails with [`Error::PermissionDenied`], or [`Error::NotFound`] for a harmless temporary or stored name that was
/// never given out.
pub fn parse(path: &str) -> Result<VirtualPath, Error> {
    if path.len() > MAX_PATH_BYTES {
        return Err(Error::denied(path));
    }
    let rest = path.strip_prefix(SCHEME).ok_or_else(|| Error::denied(path))?;
    let components: Vec<&str> = rest.split('/').collect();
    if components.len() > MAX_COMPONENTS || !components.iter().all(|component| is_safe(component)) {
        return Err(Error::denied(path));
    }
    match components.as_slice() {
        ["usr", below @ ..] => Ok(VirtualPath::User(below.iter().map(|name| (*name).to_owned()).collect())),
        [name] if name.starts_with(TEMPORARY_PREFIX) => {
            generated(name, TEMPORARY_PREFIX).map(VirtualPath::Temporary).ok_or_else(|| not_found(path))
        }
        [name] if name.starts_with(STORED_PREFIX) => {
            generated(name, STORED_PREFIX).map(VirtualPath::Stored).ok_or_else(|| not_found(path))
        }
        _ => Err(Error::denied(path)),
    }
}

/// The names that lead to a `wxfile://usr/…` file.
///
/// Fails with [`Error::PermissionDenied`] for every other path.
pub fn parse_target(path: &str) -> Result<Vec<String>, Error> {
    match parse(path) {
        Ok(VirtualPath::User(components)) if !components.is_empty() => Ok(components),
        _ => Err(Error::denied(path)),
    }
}

/// The `wxfile://` path of a generated name.
pub fn virtual_path(name: &str) -> String {
    format!("{SCHEME}{name}")
}

/// A new file name in the launch's directory.
pub fn temporary_name(digits: &str, extension: Option<&str>) -> String {
    generated_name(TEMPORARY_PREFIX, digits, extension)
}

/// A new file name in the store.
pub fn stored_name(digits: &str, extension: Option<&str>) -> String {
    generated_name(STORED_PREFIX, digits, extension)
}

/// Whether a name in the store's directory is one that was given out.
pub fn is_stored_name(name: &str) -> bool {
    generated(name, STORED_PREFIX).is_some()
}

/// The extension of a generated name.
pub fn extension_of(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, extension)| extension)
}

/// 128 random bits in lower-case hexadecimal digits, which no case-insensitive file system confuses.
pub fn random_digits() -> Result<String, Error> {
    let mut bytes = [0u8; size_of::<u128>()];
    getrandom::fill(&mut bytes).map_err(|error| Error::Io {
        operation: "get random bytes",
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn generated_name(prefix: &str, digits: &str, extension: Option<&str>) -> String {
    match extension {
        Some(extension) => format!("{prefix}{digits}.{extension}"),
        None => format!("{prefix}{digits}"),
    }
}

/// `name` if it has exactly the form of a generated name, so that one file never has two names.
fn generated(name: &str, prefix: &str) -> Option<String> {
    let rest = name.strip_prefix(prefix)?;
    let (digits, extension) = match rest.split_once('.') {
        Some((digits, extension)) => (digits, Some(extension)),
        None => (rest, None),
    };
    let is_lower = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    let good = digits.len() == GENERATED_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && extension.is_none_or(|extension| {
            (1..=extension::MAX_LENGTH).contains(&extension.len()) && extension.bytes().all(is_lower)
        });
    good.then(|| name.to_owned())
}

fn not_found(path: &str) -> Error {
    Error::NotFound { path: path.to_owned() }
}

fn is_safe(component: &str) -> bool {
    !component.is_empty()
        && component.len() <= MAX_COMPONENT_BYTES
        && !component.chars().all(reads_as_dots)
        && !component.chars().any(is_refused)
        && !holds_encoded_separator(component)
}

/// Dots, what Unicode's compatibility decomposition makes dots of, and the joiners that some file systems ignore. A
/// name of these alone could be read as `.` or `..`; among other characters they are ordinary text.
fn reads_as_dots(character: char) -> bool {
    matches!(
        character,
        '.' | '\u{2024}'..='\u{2026}' | '\u{fe19}' | '\u{fe30}' | '\u{fe52}' | '\u{ff0e}' | '\u{200c}' | '\u{200d}'
    )
}

/// Control and invisible characters, and what is or looks like a separator.
fn is_refused(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\\' | '\u{2044}' | '\u{2215}' | '\u{2216}' | '\u{29f5}' | '\u{29f8}' | '\u{fe68}' | '\u{ff0f}' | '\u{ff3c}'
                | '\u{ad}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Whether percent-decoding, once or more often, would bring forth a dot, a separator or a control character.
fn holds_encoded_separator(component: &str) -> bool {
    let mut text = component.as_bytes().to_vec();
    // What is decoded is put in place and looked at again: it may complete a code before it, as in `%2%66`.
    while let Some((at, code)) = first_encoded(&text) {
        if matches!(code, b'.' | b'/' | b'\\' | b'%' | 0..=0x1f | 0x7f) {
            return true;
        }
        text.splice(at..at + 3, [code]);
    }
    false
}

/// Where the first `%` with two hexadecimal digits is, and the byte that it stands for.
fn first_encoded(text: &[u8]) -> Option<(usize, u8)> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.windows(3).enumerate().find_map(|(at, window)| match (window[0], digit(window[1]), digit(window[2])) {
        // Two hexadecimal digits are at most 255.
        (b'%', Some(high), Some(low)) => Some((at, (high * 16 + low) as u8)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            parse("wxfile://usr/图片/a b.txt").unwrap(),
            VirtualPath::User(vec!["图片".into(), "a b.txt".into()])
        );
        assert_eq!(parse("wxfile://usr").unwrap(), VirtualPath::User(vec![]));
    }

    #[test]
    fn ordinary_names_are_kept_as_they_are() {
        for name in [
            "a",
            ".hidden",
            "a..b",
            "100%",
            "50%off",
            "文件……终.txt",
            "👨\u{200d}👩\u{200d}👧.png",
            "é",
            "e\u{301}",
            "a:b",
            "CON",
            "~",
            "-rf",
            "*",
            "a%20b",
            "%2%6a%%20",
        ] {
            let path = format!("wxfile://usr/{name}");
            assert_eq!(parse(&path).unwrap(), VirtualPath::User(vec![name.to_owned()]), "{name:?}");
        }
    }

    #[test]
    fn hostile_paths_are_refused() {
        let mut hostile: Vec<String> = [
            "",
            "/",
            "/etc/passwd",
            "etc/passwd",
            "file:///etc/passwd",
            "WXFILE://usr/a",
            "wxfile:/usr/a",
            "wxfile://",
            "wxfile:///",
            "wxfile:///etc/passwd",
            "wxfile://etc/passwd",
            "wxfile://usrx",
            "wxfile://USR/a",
            "wxfile://Usr/a",
            "wxfile://store",
            "wxfile://launches/a",
            "wxfile://usr/",
            "wxfile://usr//a",
            "wxfile://usr//etc/passwd",
            "wxfile://usr/a/",
            "wxfile://usr/.",
            "wxfile://usr/..",
            "wxfile://usr/../store",
            "wxfile://usr/a/../../b",
            "wxfile://usr/./a",
            "wxfile://usr/...",
            "wxfile://usr/%2e%2e/a",
            "wxfile://usr/%2E%2E",
            "wxfile://usr/.%2e",
            "wxfile://usr/%252e%252e/a",
            "wxfile://usr/%2%65%2%65/a",
            "wxfile://usr/%%32e%%32e/a",
            "wxfile://usr/a%%%332%%366b",
            "wxfile://usr/a%2fb",
            "wxfile://usr/a%5Cb",
            "wxfile://usr/a%00b",
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
            "wxfile://usr/a\u{2215}b",
            "wxfile://usr/..\u{ff0f}a",
            "wxfile://usr/a\u{202e}gpj.exe",
            "wxfile://usr/.\u{200b}.",
            "wxfile://usr/\u{feff}",
            "wxfile://tmp_a/../b",
            "wxfile://tmp_0123456789abcdef0123456789abcdef/a",
            "wxfile://tmp_%2e%2e",
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
        hostile.push(format!("wxfile://usr/{}", "a".repeat(256)));
        hostile.push(format!("wxfile://usr/{}", "图".repeat(86)));
        hostile.push(format!("wxfile://usr{}", "/a".repeat(32)));
        hostile.push(format!("wxfile://usr{}", format!("/{}", "a".repeat(200)).repeat(6)));
        for path in hostile {
            assert!(
                matches!(parse(&path), Err(Error::PermissionDenied { path: named }) if named == path),
                "{path:?} gave {:?}",
                parse(&path)
            );
        }
    }

    #[test]
    fn the_longest_name_is_still_a_name() {
        assert!(parse(&format!("wxfile://usr/{}", "a".repeat(255))).is_ok());
        assert!(parse(&format!("wxfile://usr{}", "/a".repeat(31))).is_ok());
    }

    #[test]
    fn names_that_were_never_given_out_are_not_found() {
        for name in [
            "tmp_",
            "tmp_unknown.jpg",
            "store_unknown",
            "tmp_0123456789ABCDEF0123456789abcdef",
            "tmp_0123456789abcdef0123456789abcdef.",
            "tmp_0123456789abcdef0123456789abcdef.JPG",
            "tmp_0123456789abcdef0123456789abcdef.tar.gz",
            "tmp_0123456789abcdef0123456789abcdef.abcdefghijk",
            "tmp_0123456789abcdef0123456789abcdef0",
        ] {
            assert!(matches!(parse(&virtual_path(name)), Err(Error::NotFound { .. })), "{name}");
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
        assert_eq!(parse(&virtual_path(&name)).unwrap(), VirtualPath::Temporary(name.clone()));
        assert_eq!(extension_of(&name), Some("mp4"));
        assert_eq!(extension_of(&stored_name(DIGITS, None)), None);
        assert!(is_stored_name(&stored_name(DIGITS, None)));
        assert!(!is_stored_name("store_x"));
        assert_ne!(random_digits().unwrap(), random_digits().unwrap());
    }
}
