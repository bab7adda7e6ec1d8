//! Parses `wxfile://` paths. The scheme is the session's (`scheme.rs`).
//!
//! Names are used unchanged, without decoding or normalisation: `%` is an ordinary character. Slashes follow POSIX:
//! several count as one, because pages write `USER_DATA_PATH + '//a.xlsx'`, and a trailing one denotes a directory.
//!
//! A name may contain invisible characters. Rejected are names that another reader of the path (the host, a log, a file
//! system that ignores some characters) could take for another path: names that read as `.` or `..`, control
//! characters, and characters that change the direction of surrounding text.

use super::Error;
use super::scheme::PathScheme;
use crate::terms::extension;

const TEMPORARY_PREFIX: &str = "tmp_";
const STORED_PREFIX: &str = "store_";
/// The number of hexadecimal digits in a generated name: 128 random bits.
const GENERATED_DIGITS: usize = 2 * DIGITS_BYTES;
const DIGITS_BYTES: usize = size_of::<u128>();
/// NAME_MAX of every file system on the supported platforms.
const MAX_NAME_BYTES: usize = 255;
/// PATH_MAX of the Apple platforms, which is the shortest. A longer path could not be passed to the host.
pub(super) const MAX_PATH_BYTES: usize = 1024;
/// The maximum number of names in a path. Opening a path opens each of its directories.
pub(super) const MAX_NAMES: usize = 31;

/// A parsed path, which stays within the mini program's files unless a symbolic link was planted there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VirtualPath {
    /// A file name in the launch's directory.
    Temporary(String),
    /// A file name in the store.
    Stored(String),
    /// The components from the user directory to a file. Empty for the directory itself.
    User(Vec<String>),
}

/// Parses a path.
///
/// Fails with [`Error::PermissionDenied`], [`Error::NameTooLong`], or [`Error::NotFound`] for an empty path and for a
/// temporary or stored name that the library cannot have generated.
pub fn parse(scheme: &PathScheme, path: &str) -> Result<VirtualPath, Error> {
    if path.is_empty() {
        return Err(not_found(path));
    }
    let rest = scheme.strip(path).ok_or_else(|| Error::denied(path))?;
    if path.len() > MAX_PATH_BYTES {
        return Err(Error::NameTooLong { path: path.to_owned() });
    }
    let (area, below) = rest.split_once('/').map_or((rest, None), |(area, below)| (area, Some(below)));
    match (area, below) {
        ("usr", below) => {
            let names: Vec<&str> = below.unwrap_or_default().split('/').filter(|name| !name.is_empty()).collect();
            if names.iter().any(|name| name.len() > MAX_NAME_BYTES) {
                return Err(Error::NameTooLong { path: path.to_owned() });
            }
            if names.len() > MAX_NAMES || !names.iter().all(|name| is_safe(name)) {
                return Err(Error::denied(path));
            }
            Ok(VirtualPath::User(names.into_iter().map(str::to_owned).collect()))
        }
        (name, None) if name.starts_with(TEMPORARY_PREFIX) && is_safe(name) => {
            generated(name, TEMPORARY_PREFIX).map(VirtualPath::Temporary).ok_or_else(|| not_found(path))
        }
        (name, None) if name.starts_with(STORED_PREFIX) && is_safe(name) => {
            generated(name, STORED_PREFIX).map(VirtualPath::Stored).ok_or_else(|| not_found(path))
        }
        _ => Err(Error::denied(path)),
    }
}

/// Whether the path denotes a directory.
pub fn is_of_directory(path: &str) -> bool {
    path.ends_with('/')
}

/// The components of a `wxfile://usr/…` file path.
///
/// Fails with [`Error::PermissionDenied`] for every other path, including one that denotes a directory. An empty path
/// fails with [`Error::NotFound`].
pub fn parse_target(scheme: &PathScheme, path: &str) -> Result<Vec<String>, Error> {
    match parse(scheme, path) {
        Ok(VirtualPath::User(names)) if !names.is_empty() && !is_of_directory(path) => Ok(names),
        Err(error @ Error::NameTooLong { .. }) => Err(error),
        Err(error @ Error::NotFound { .. }) if path.is_empty() => Err(error),
        _ => Err(Error::denied(path)),
    }
}

/// A new file name for the launch's directory.
pub fn temporary_name(digits: &str, extension: Option<&str>) -> String {
    generated_name(TEMPORARY_PREFIX, digits, extension)
}

/// A new file name for the store.
pub fn stored_name(digits: &str, extension: Option<&str>) -> String {
    generated_name(STORED_PREFIX, digits, extension)
}

/// Whether a name in a launch's directory has the form of a generated name.
pub fn is_temporary_name(name: &str) -> bool {
    generated(name, TEMPORARY_PREFIX).is_some()
}

/// Whether a name in the store's directory has the form of a generated name.
pub fn is_stored_name(name: &str) -> bool {
    generated(name, STORED_PREFIX).is_some()
}

/// The extension of a generated name.
pub fn extension_of(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, extension)| extension)
}

/// 128 random bits as lower-case hexadecimal digits, which are distinct on case-insensitive file systems.
pub fn random_digits() -> Result<String, Error> {
    let mut bytes = [0; DIGITS_BYTES];
    fill_randomly(&mut bytes)?;
    Ok(digits(bytes))
}

/// [`random_digits`] for many names: requests random numbers for sixteen names at once.
#[derive(Debug)]
pub struct DigitsSource {
    random: [[u8; DIGITS_BYTES]; 16],
    left: usize,
}

impl Default for DigitsSource {
    fn default() -> DigitsSource {
        DigitsSource { random: [[0; DIGITS_BYTES]; 16], left: 0 }
    }
}

impl DigitsSource {
    /// New digits.
    pub fn next(&mut self) -> Result<String, Error> {
        if self.left == 0 {
            fill_randomly(self.random.as_flattened_mut())?;
            self.left = self.random.len();
        }
        self.left -= 1;
        Ok(digits(self.random[self.left]))
    }
}

fn fill_randomly(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes)
        .map_err(|error| Error::Io { operation: "get random bytes", source: std::io::Error::other(error.to_string()) })
}

fn digits(bytes: [u8; DIGITS_BYTES]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}

fn generated_name(prefix: &str, digits: &str, extension: Option<&str>) -> String {
    match extension {
        Some(extension) => [prefix, digits, ".", extension].concat(),
        None => [prefix, digits].concat(),
    }
}

/// Returns `name` if it has exactly the form of a generated name, so that a file never has two names.
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

/// Whether a path under `wxfile://usr` can contain this name.
pub fn is_name(name: &str) -> bool {
    !name.contains('/') && is_safe(name)
}

fn is_safe(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && !name.chars().any(is_refused)
        && !name.split(reads_as_separator).any(|part| part.chars().all(reads_as_dot_or_nothing))
}

/// Characters that no name needs and that change how surrounding text is read: controls, line ends, the separator of
/// other systems, and all with Unicode's property `Bidi_Control`.
fn is_refused(character: char) -> bool {
    character.is_control()
        || matches!(character, '\\' | '\u{2028}' | '\u{2029}')
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Characters that look like slashes. People use them in names because slashes are not allowed (`收入／支出.xlsx`). A reader
/// that takes one for a slash stays below the same directory, as long as no part of the name reads as `..`.
fn reads_as_separator(character: char) -> bool {
    matches!(
        character,
        '\u{2044}' | '\u{2215}' | '\u{2216}' | '\u{29f5}' | '\u{29f8}' | '\u{fe68}' | '\u{ff0f}' | '\u{ff3c}'
    )
}

/// Dots, characters whose compatibility decomposition contains dots, and invisible characters, which some file systems
/// ignore in comparisons (HFS+ does). A name of only these could be read as `.`, `..` or empty. Next to other
/// characters they are ordinary text.
fn reads_as_dot_or_nothing(character: char) -> bool {
    matches!(character, '.' | '\u{2024}'..='\u{2026}' | '\u{fe19}' | '\u{fe30}' | '\u{fe52}' | '\u{ff0e}')
        || is_invisible(character)
}

/// Unicode's `Default_Ignorable_Code_Point` without the rejected characters, and the interlinear annotations.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
