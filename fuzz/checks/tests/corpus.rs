//! Replays the committed inputs of every fuzz target, and checks that the lists of targets agree.

#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, panic, thread};

use wxtransfer_fuzz_checks::{Check, TARGETS};

/// The directory `fuzz`.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn names(directory: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz().join(directory)).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_target_passes_with_its_committed_inputs() {
    let failed: Vec<PathBuf> = thread::scope(|scope| {
        let threads = TARGETS.map(|(target, check)| scope.spawn(move || first_failure(target, check)));
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{failed:?}");
}

/// The first committed input that fails. After it, servers of the target may be in any state.
fn first_failure(target: &str, check: Check) -> Option<PathBuf> {
    let inputs = fs::read_dir(fuzz().join("corpus").join(target)).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<PathBuf> = inputs.collect();
    inputs.sort();
    inputs.into_iter().find(|input| {
        let data = fs::read(input).unwrap();
        panic::catch_unwind(|| check(&data)).is_err()
    })
}

#[test]
fn committed_inputs_are_small() {
    for (target, _) in TARGETS {
        let inputs = fs::read_dir(fuzz().join("corpus").join(target)).unwrap();
        let sizes: Vec<u64> = inputs.map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
        assert!((1..=400).contains(&sizes.len()), "{} inputs of {target}", sizes.len());
        assert!(sizes.iter().all(|size| *size <= 4096), "an input of {target} has more than 4 KiB");
    }
}

#[test]
fn every_target_has_a_program_inputs_and_a_subject() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let programs = manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/"));
    assert_eq!(programs.map(|path| path.trim_end_matches(".rs\"").to_owned()).collect::<BTreeSet<_>>(), targets);
    let mut with_subject = BTreeSet::new();
    for (target, paths) in subjects() {
        for path in paths {
            assert!(fuzz().join("..").join(&path).exists(), "{target}: there is no {path}");
        }
        with_subject.insert(target);
    }
    assert_eq!(with_subject, targets);
}

/// The targets of `subjects.txt` and their paths.
fn subjects() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(fuzz().join("subjects.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let subject = |line: &str| {
        let (target, paths) = line.split_once(' ').unwrap();
        (target.to_owned(), paths.split_whitespace().map(str::to_owned).collect())
    };
    lines.map(subject).collect()
}

/// `fuzz/run.sh --changed` runs no target after a change of a file that is no subject.
#[test]
fn every_room_of_the_library_and_every_file_of_the_checks_is_the_subject_of_a_target() {
    // The models of threads are tests, and the interface for hosts in Rust has no target.
    const NO_SUBJECT: [&str; 2] = ["src/models", "src/rust"];
    let mut known: BTreeSet<String> = subjects().into_iter().flat_map(|(_, paths)| paths).collect();
    known.extend(NO_SUBJECT.map(str::to_owned));
    for (target, _) in TARGETS {
        known.extend([format!("fuzz/checks/src/{target}.rs"), format!("fuzz/checks/src/{target}")]);
    }
    // The script itself names the files that all targets share.
    let script = fs::read_to_string(fuzz().join("run.sh")).unwrap();
    known.extend(script.split_whitespace().filter(|word| word.ends_with(".rs")).map(str::to_owned));
    for directory in ["src", "fuzz/checks/src"] {
        for entry in fs::read_dir(fuzz().join("..").join(directory)).unwrap() {
            let path = format!("{directory}/{}", entry.unwrap().file_name().to_str().unwrap());
            assert!(known.contains(&path), "{path} is the subject of no target: add it to fuzz/subjects.txt");
        }
    }
}
