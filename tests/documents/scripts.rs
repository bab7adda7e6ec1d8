//! Scripts use the versions of the lock file.

use std::fs;
use std::path::{Path, PathBuf};

use super::{NOT_OURS, root};

/// The commands of cargo that would write a lock file.
const COMMANDS: [&str; 9] = ["build", "test", "run", "rustc", "check", "clippy", "doc", "bench", "metadata"];

/// The shell scripts of the repository.
fn scripts() -> Vec<PathBuf> {
    let mut scripts = vec![root().join(".ci/run")];
    add_scripts(root(), &mut scripts);
    assert!(scripts.len() > 30, "too few scripts were found");
    scripts
}

fn add_scripts(directory: &Path, scripts: &mut Vec<PathBuf>) {
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&name) {
            add_scripts(&path, scripts);
        } else if name.ends_with(".sh") {
            scripts.push(path);
        }
    }
}

/// The commands of a script that call cargo without `--locked`.
fn unlocked(script: &str) -> Vec<String> {
    // Two scripts have cargo with its environment in one array, and options in another.
    let script = script.replace("\\\n", " ").replace("\"${cargo[@]}\"", "cargo");
    let has_locked_options = script.contains("options=(--locked ");
    let mut found = Vec::new();
    for line in script.lines().filter(|line| !line.trim_start().starts_with('#')) {
        for command in line.split(['|', ';', ')']).flat_map(|part| part.split("&&")) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let calls = |pair: &[&str]| pair[0].trim_start_matches(['(', '$', '"']) == "cargo" && is_command(pair[1]);
            let is_locked = words.contains(&"--locked") || has_locked_options && words.contains(&"\"${options[@]}\"");
            let builds_nothing = words.contains(&"--version");
            if words.windows(2).any(calls) && !is_locked && !builds_nothing {
                found.push(command.trim().to_owned());
            }
        }
    }
    found
}

fn is_command(word: &str) -> bool {
    COMMANDS.contains(&word)
}

/// `docs/dependencies.md` says so.
#[test]
fn scripts_call_cargo_with_locked_versions() {
    let mut faults = Vec::new();
    for path in scripts() {
        let commands = unlocked(&fs::read_to_string(&path).unwrap());
        let path = path.strip_prefix(root()).unwrap().display();
        faults.extend(commands.into_iter().map(|command| format!("{path}: without --locked: {command}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn unlocked_commands_are_found() {
    let script =
        "# cargo build\ncargo fmt\n(cd x && A=b cargo rustc --quiet)\ncargo test --locked; cargo test \\\n  --lib";
    assert_eq!(unlocked(script), ["A=b cargo rustc --quiet", "cargo test    --lib"]);
    assert_eq!(unlocked("\"${cargo[@]}\" test \"${options[@]}\""), ["cargo test \"${options[@]}\""]);
    assert!(unlocked("options=(--locked -q)\n\"${cargo[@]}\" test \"${options[@]}\"").is_empty());
}
