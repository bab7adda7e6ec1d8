//! A number keeps its meaning: `numbers.txt` contains every constant of the header with its value. Lines are only
//! added; `ffi-tests/abi.sh` compares it with earlier commits and releases.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::tools::source;

/// The names and values of a text of lines `name value`.
fn listed(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once(' ').expect("a name and a value"))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

fn in_header() -> Vec<(String, String)> {
    let header = fs::read_to_string(env!("WXTRANSFER_GENERATED_HEADER")).unwrap();
    let defined = header.lines().filter_map(|line| line.strip_prefix("#define WXT_")?.split_once(' '));
    defined.map(|(name, value)| (format!("WXT_{name}"), value.to_owned())).collect()
}

/// The text of `numbers.txt` with the new numbers of the header at its end. Fails if the header lacks a known number.
pub fn with_new_ones() -> String {
    let mut text = fs::read_to_string(source("ffi-tests/numbers.txt")).unwrap();
    let header: BTreeMap<String, String> = in_header().into_iter().collect();
    let known = listed(&text);
    assert!(header.len() > 90 && known.len() > 90, "{} in the header, {} known", header.len(), known.len());
    for (name, value) in &known {
        assert_eq!(header.get(name), Some(value), "{name} was {value}: hosts were compiled with that");
    }
    let known: BTreeSet<_> = known.into_iter().map(|(name, _)| name).collect();
    let new = in_header().into_iter().filter(|(name, _)| !known.contains(name));
    text.extend(new.map(|(name, value)| format!("{name} {value}\n")));
    text
}

#[test]
fn no_number_of_the_header_is_removed_or_changed() {
    with_new_ones();
}

/// Two names of one family must not have the same number.
#[test]
fn no_number_has_two_names() {
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    for (name, value) in in_header() {
        // The second word of a name is its family, such as `ERRNO`. A constant whose second word is not listed here is
        // a status.
        const FAMILIES: [&str; 11] =
            ["API", "CATEGORY", "DIGEST", "ERRNO", "IMPORT", "LAN", "LOG", "METHOD", "NETWORK", "PATHS", "PLATFORM"];
        const MORE: [&str; 6] = ["PROFILE", "PROGRESS", "RESUME", "STORAGE", "TOTAL", "WRITE"];
        let word = name.split('_').nth(1).unwrap_or_default();
        let is_status = ["WXT_STORAGE_FAILED", "WXT_STORAGE_LOCKED"].contains(&name.as_str());
        let family = if !is_status && (FAMILIES.contains(&word) || MORE.contains(&word)) { word } else { "status" };
        let other = seen.insert((family.to_owned(), value.clone()), name.clone());
        assert!(other.is_none(), "{name} and {} are both {value}", other.unwrap_or_default());
    }
}
