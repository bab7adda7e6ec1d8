//! The cargo targets, the script options and the tests that documents name exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Document, documents, prose, root};

/// The commands of a text: the lines of its code blocks, without their comments, and the text in backticks.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code || line.starts_with("    ") {
            commands.push(line.split(" #").next().unwrap().to_owned());
        }
    }
    commands.extend(spans(text));
    commands
}

/// The texts in backticks outside of code blocks. Such a text may continue in the next line.
fn spans(text: &str) -> Vec<String> {
    let lines: Vec<&str> = prose(text).collect();
    let paragraphs = lines.split(|line| line.trim().is_empty()).map(|paragraph| paragraph.join(" "));
    paragraphs.flat_map(|text| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The targets in a documented call of cargo, each as its option and its name. Arguments after `--` are not for cargo.
fn targets(command: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let Some(cargo) = words.iter().position(|word| *word == "cargo") else { return Vec::new() };
    let words: Vec<&str> = words[cargo..].iter().copied().take_while(|word| *word != "--").collect();
    let options = ["--test", "--example", "--bench", "-p", "--package"];
    let named = words.windows(2).filter(|pair| options.contains(&pair[0]));
    named.map(|pair| (pair[0].replace("--package", "-p"), pair[1].to_owned())).collect()
}

/// The long options that a command passes to scripts: the script and the option.
fn script_options(command: &str) -> Vec<(String, String)> {
    let mut options = Vec::new();
    let mut script = None;
    for word in command.split_whitespace() {
        if word.ends_with(".sh") || word == ".ci/run" {
            script = Some(word);
        } else if ["&&", "|", ";"].contains(&word) {
            script = None;
        } else if let Some(script) = script
            && word.starts_with("--")
            && word != "--"
        {
            options.push((script.to_owned(), word.to_owned()));
        }
    }
    options
}

/// The tests that a text names as `file::name`. `…::name` is in the same file as the test before.
fn named_tests(text: &str) -> Vec<(String, String)> {
    let mut tests: Vec<(String, String)> = Vec::new();
    for span in spans(text) {
        let Some((file, name)) = span.split_once("::") else { continue };
        let file = match file {
            "…" => tests.last().map_or_else(String::new, |(file, _)| file.clone()),
            file => file.to_owned(),
        };
        if file.is_empty() || file.ends_with(".rs") {
            tests.push((file, name.to_owned()));
        }
    }
    tests
}

/// The names of the existing targets, each with the option that selects it.
fn existing_targets() -> BTreeSet<(String, String)> {
    let mut targets = BTreeSet::new();
    let mut add = |option: &str, name: &str| {
        targets.insert((option.to_owned(), name.to_owned()));
    };
    for (option, directory) in [("--test", "tests"), ("--example", "examples")] {
        for path in fs::read_dir(root().join(directory)).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").exists() {
                add(option, path.file_stem().unwrap().to_str().unwrap());
            }
        }
    }
    let manifests = ["", "bindings/kotlin/jni", "fuzz/checks", "tests/server"];
    for manifest in manifests.map(|directory| fs::read_to_string(root().join(directory).join("Cargo.toml")).unwrap()) {
        let mut section = "";
        for line in manifest.lines() {
            let name = line.strip_prefix("name = \"").and_then(|rest| rest.split('"').next());
            match (section, name) {
                _ if line.starts_with('[') => section = line,
                ("[[test]]", Some(name)) => add("--test", name),
                ("[[example]]", Some(name)) => add("--example", name),
                ("[[bench]]", Some(name)) => add("--bench", name),
                ("[package]", Some(name)) => add("-p", name),
                _ => {}
            }
        }
    }
    targets
}

/// The script that a document names: from the root, from the document's directory, or by the name of a script there.
fn script(document: &Document, name: &str) -> Option<PathBuf> {
    let name = name.trim_start_matches("./");
    let bases: [&Path; 2] = [root(), document.directory()];
    bases.iter().map(|base| base.join(name)).find(|path| path.is_file())
}

#[test]
fn documented_commands_name_existing_targets_and_options() {
    let existing = existing_targets();
    let mut faults = Vec::new();
    for document in documents() {
        for command in commands(&document.text) {
            for (option, name) in targets(&command) {
                if !existing.contains(&(option.clone(), name.clone())) {
                    faults.push(document.fault(&format!("there is no {option} {name}")));
                }
            }
            for (name, option) in script_options(&command) {
                // Another test checks that the script exists.
                let Some(path) = script(&document, &name) else { continue };
                if !fs::read_to_string(path).unwrap().contains(&option) {
                    faults.push(document.fault(&format!("{name} has no option {option}")));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_test_that_a_document_names_exists() {
    let mut faults = Vec::new();
    let mut count = 0;
    for document in documents() {
        for (file, name) in named_tests(&document.text) {
            let path = [root().join("src").join(&file), root().join(&file)].into_iter().find(|path| path.is_file());
            let text = path.map(|path| fs::read_to_string(path).unwrap()).unwrap_or_default();
            if !text.contains(&format!("fn {name}(")) {
                faults.push(document.fault(&format!("there is no test {file}::{name}")));
            }
            count += 1;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 50, "too few tests were found in docs/threat-model.md: {count}");
}

#[test]
fn parsers_of_commands_find_their_targets() {
    let text = "Run `cargo test\n--test a`, `…`.\n\n```sh\nb.sh --quick  # not --slow\ncargo run -p c -- -p d\n```\n";
    assert_eq!(commands(text), ["b.sh --quick ", "cargo run -p c -- -p d", "cargo test --test a", "…"]);
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        targets("A=b cargo test --locked --test a --package b -- --test c"),
        [pair("--test", "a"), pair("-p", "b")]
    );
    assert_eq!(script_options("A=b c/d.sh 3 --one && e --two"), [pair("c/d.sh", "--one")]);
    let text = "`a.rs::one`, `…::two`, `B::three`, `c.rs`";
    assert_eq!(named_tests(text), [pair("a.rs", "one"), pair("a.rs", "two")]);
}
