//! The structure of the code: the places where threads may sleep, the thread-local values, the imports between rooms,
//! unique type names, and the functions of the C interface that are safe to call.

#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "structure/names.rs"]
mod names;
#[path = "structure/safe_calls.rs"]
mod safe_calls;
#[path = "structure/sleeps.rs"]
mod sleeps;
#[path = "structure/thread_locals.rs"]
mod thread_locals;
#[path = "structure/words.rs"]
mod words;

/// The rooms of `src` with their floors. A room imports from lower floors only.
const ROOMS: [(&str, u32); 12] = [
    ("ffi", 7),
    ("rust", 7),
    ("session", 6),
    ("task", 5),
    ("transfer", 4),
    ("http", 3),
    ("policy", 3),
    ("storage", 3),
    ("terms", 2),
    ("worker", 1),
    ("platform", 0),
    // The fuzzing targets use any room.
    ("fuzzing", 8),
];

/// A file of `src` without its comments, tests and models.
struct Source {
    /// Below `src`, with `/`.
    path: String,
    lines: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    for file in files_below(&root) {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        if path.ends_with(".rs")
            && !path.ends_with("_tests.rs")
            && !path.split('/').any(|part| part.trim_end_matches(".rs") == "tests")
            && !path.starts_with("models/")
        {
            sources.push(Source { lines: code_of(&fs::read_to_string(&file).unwrap()), path });
        }
    }
    assert!(sources.len() > 50, "too few sources were found");
    sources
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files.extend(files_below(&entry));
        } else {
            files.push(entry);
        }
    }
    files
}

/// The lines before the module of models or of tests. These modules are the last items of a file.
fn code_of(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let begins_tests = |index: &usize| {
        let rest = lines[index + 1..].iter().find(|line| !line.starts_with("#["));
        ["#[cfg(test)]", "#[cfg(all(test, "].iter().any(|start| lines[*index].starts_with(start))
            && rest.is_some_and(|line| line.contains("mod tests") || line.contains("mod models"))
    };
    let end = (0..lines.len()).find(begins_tests).unwrap_or(lines.len());
    let code = lines[..end].iter().filter(|line| !line.trim_start().starts_with("//"));
    code.map(|line| (*line).to_owned()).collect()
}

#[test]
fn no_room_imports_from_a_room_above_or_beside_it() {
    let floor_of = |room: &str| ROOMS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor);
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for source in sources().into_iter().filter(|source| source.path != "lib.rs") {
        let room = room_of(&source.path);
        let floor = floor_of(room).unwrap_or_else(|| panic!("src/{} is in no room of the list", source.path));
        seen.insert(room.to_owned());
        for line in &source.lines {
            for imported in imports(line, &source.path) {
                if imported != room && floor_of(&imported).is_none_or(|other| other >= floor) {
                    faults.push(format!("{}: {}", source.path, line.trim()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "these point upwards:\n{}", faults.join("\n"));
    let gone: Vec<_> = ROOMS.into_iter().filter(|(room, _)| !seen.contains(*room)).collect();
    assert!(gone.is_empty(), "there is no such room: {gone:?}");
}

/// `CONTRIBUTING.md` says so. A longer module hides the code above it.
#[test]
fn tests_at_the_end_of_a_file_have_at_most_a_hundred_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lines_of_tests = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.split_once("\nmod tests {\n").map_or(0, |(_, tests)| tests.lines().count() - 1)
    };
    let long: Vec<_> = files_below(&root).into_iter().filter(|file| lines_of_tests(file) > 100).collect();
    assert!(long.is_empty(), "their tests belong in a file of their own: {long:?}");
}

/// A model that no code includes is not compiled, and no test would fail.
#[test]
fn every_model_is_a_module_of_the_code_that_it_checks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files: BTreeSet<String> = files_below(&root.join("models"))
        .iter()
        .filter_map(|file| Some(file.file_name()?.to_str()?.strip_suffix(".rs")?.to_owned()))
        .filter(|name| name != "mod")
        .collect();
    let mut included = BTreeSet::new();
    for file in files_below(&root) {
        for line in fs::read_to_string(&file).unwrap_or_default().lines() {
            let name = line.strip_prefix("#[path = \"../models/").and_then(|rest| rest.strip_suffix(".rs\"]"));
            included.extend(name.map(str::to_owned));
        }
    }
    assert_eq!(included, files);
}

fn room_of(path: &str) -> &str {
    path.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The rooms that a line names, through `crate::` or through enough `super::` to reach the crate's root.
fn imports(line: &str, path: &str) -> Vec<String> {
    let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
    let up = "super::".repeat(parts.len());
    let from_root = |prefix: &str| -> Vec<String> {
        let starts = line.match_indices(prefix).filter(|(index, _)| !line[..*index].ends_with("super::"));
        starts.flat_map(|(index, _)| first_names(&line[index + prefix.len()..])).collect()
    };
    [from_root("crate::"), from_root(&up)].concat()
}

/// The first name of a path, or of each path in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|part| part.is_alphanumeric() || *part == '_').collect();
    match rest.strip_prefix('{') {
        Some(group) => group.split('}').next().unwrap_or_default().split(',').map(name).collect(),
        None => vec![name(rest)],
    }
}

/// The parsers above work.
#[test]
fn parsers_find_their_targets() {
    assert_eq!(imports("use crate::task::{Engine, Job};", "http/client.rs"), ["task"]);
    assert_eq!(imports("use crate::{http, session};", "policy/url.rs"), ["http", "session"]);
    assert_eq!(imports("    super::policy::url::parse()", "http/mod.rs"), ["policy"]);
    assert_eq!(imports("    super::super::task::x()", "http/client.rs"), ["task"]);
    assert!(imports("use super::head::Head;", "http/client.rs").is_empty());
    assert_eq!(code_of("a\n// b\n#[cfg(test)]\nuse x;\nc\n#[cfg(test)]\n#[path = \"t.rs\"]\nmod tests;").len(), 4);
}
