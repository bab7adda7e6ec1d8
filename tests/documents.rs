//! The documents match the repository: links lead to files and headings, named commands, files and tests exist, and
//! every exported function is named in a document or in a comment of the header.

#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "documents/commands.rs"]
mod commands;
#[path = "documents/scripts.rs"]
mod scripts;

/// Directories whose files are generated or downloaded.
const NOT_OURS: [&str; 3] = ["target", "node_modules", "found"];

/// The suffixes of files that documents name by path.
const ENDINGS: [&str; 9] = [".sh", ".rs", ".c", ".h", ".kt", ".swift", ".py", ".toml", ".txt"];

struct Document {
    path: PathBuf,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<Document> {
    let mut documents = Vec::new();
    add_documents(root(), &mut documents);
    assert!(documents.len() > 20, "too few documents were found");
    documents
}

fn add_documents(directory: &Path, documents: &mut Vec<Document>) {
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&name) {
            add_documents(&path, documents);
        } else if name.ends_with(".md") {
            documents.push(Document { text: fs::read_to_string(&path).unwrap(), path });
        }
    }
}

impl Document {
    fn directory(&self) -> &Path {
        self.path.parent().unwrap()
    }

    /// A problem and its location.
    fn fault(&self, what: &str) -> String {
        format!("{}: {what}", self.path.strip_prefix(root()).unwrap().display())
    }
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut faults = Vec::new();
    for document in documents() {
        for link in links(&document.text) {
            let (path, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { document.path.clone() } else { document.directory().join(path) };
            if !target.exists() {
                faults.push(document.fault(&format!("a link leads to {link}, which does not exist")));
            } else if !heading.is_empty() && !anchors(&fs::read_to_string(&target).unwrap()).contains(heading) {
                faults.push(document.fault(&format!("a link leads to {link}, which is no heading there")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_command_and_file_that_a_document_names_exists() {
    let mut faults = Vec::new();
    for document in documents() {
        // Documents about the code name files below src.
        let bases = [root(), document.directory(), &root().join("src")];
        for file in files(&document.text) {
            if !bases.iter().any(|base| base.join(&file).is_file()) {
                faults.push(document.fault(&format!("there is no {file}")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_exported_function_is_named_in_a_document_or_a_comment_of_the_header() {
    let header = fs::read_to_string(root().join("include/wxtransfer.h")).unwrap();
    let mut named: BTreeSet<String> = words(&comments(&header)).collect();
    // The change log describes changes, not the current state.
    for document in documents().iter().filter(|document| !document.path.ends_with("CHANGELOG.md")) {
        named.extend(words(&document.text));
    }
    let unnamed: Vec<_> = exported_functions().into_iter().filter(|function| !named.contains(function)).collect();
    assert!(unnamed.is_empty(), "no document names {unnamed:?}; docs/compatibility.md has the list");
}

#[test]
fn compatibility_lists_every_exported_function() {
    let text = fs::read_to_string(root().join("docs/compatibility.md")).unwrap();
    let rows = text.split("| For | Functions |").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: BTreeSet<String> = words(rows).filter(|word| word.starts_with("wxt_")).collect();
    assert_eq!(listed, exported_functions());
}

fn exported_functions() -> BTreeSet<String> {
    let mut functions = BTreeSet::new();
    for list in ["ffi-tests/exported-symbols.txt", "ffi-tests/mobile/exported-android.txt"] {
        let list = fs::read_to_string(root().join(list)).unwrap();
        let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        functions.extend(lines.filter(|line| line.starts_with("wxt_")).map(str::to_owned));
    }
    functions
}

/// The relative targets of a document's links and pictures.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        for part in without_code(line).split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            if !target.contains("://") && !target.starts_with("mailto:") {
                links.push(target.to_owned());
            }
        }
    }
    links
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// A line without the content of its backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// The anchors of a document's headings, as rendering platforms generate them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|part| part.is_alphanumeric() || " -_".contains(*part));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The paths of commands and files in a text: a directory, a slash and a name with one of the suffixes, or `.ci/run`. A
/// path with a leading slash is not in the repository: it is part of a URL, or a page's path.
fn files(text: &str) -> BTreeSet<String> {
    let in_path = |part: char| part.is_ascii_alphanumeric() || "/._-".contains(part);
    let paths = text.split(|part| !in_path(part)).map(|path| path.trim_end_matches('.').trim_start_matches("./"));
    let is_file =
        |path: &&str| path.contains('/') && !path.starts_with('/') && ENDINGS.iter().any(|end| path.ends_with(end));
    paths.filter(|path| is_file(path) || *path == ".ci/run").map(str::to_owned).collect()
}

/// The text of a C header's comments.
fn comments(header: &str) -> String {
    header.split("/*").skip(1).filter_map(|part| part.split("*/").next()).collect::<Vec<_>>().join("\n")
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|part: char| !part.is_ascii_alphanumeric() && part != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

/// Names of packages in documents have the current version. The change log also names earlier versions.
#[test]
fn documents_show_the_version_and_the_address_of_the_manifest() {
    let mut faults = Vec::new();
    for document in documents().iter().filter(|document| !document.path.ends_with("CHANGELOG.md")) {
        for version in versions(&document.text).into_iter().filter(|version| version != env!("CARGO_PKG_VERSION")) {
            faults.push(document.fault(&format!("a package has the version {version}")));
        }
        let hosts =
            document.text.split("https://").skip(1).map(|rest| rest.split(['/', '"', '`', ' ']).next().unwrap());
        let repository = env!("CARGO_PKG_REPOSITORY").trim_start_matches("https://");
        for host in hosts.filter(|host| host.ends_with(".invalid") && !repository.starts_with(&format!("{host}/"))) {
            faults.push(document.fault(&format!("{host} is not the address in Cargo.toml")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The versions in names and coordinates of packages: `wxtransfer-1.2.3`, `wxtransfer:1.2.3`, `from: "1.2.3"`.
fn versions(text: &str) -> Vec<String> {
    let version = |rest: &str| {
        let end = rest.find(|part: char| !part.is_ascii_digit() && part != '.').unwrap_or(rest.len());
        rest[..end].trim_end_matches('.').to_owned()
    };
    let names = ["wxtransfer-", "wxtransfer:", "wxtransfer-testing:", "WXTransfer-", "from: \""];
    let found = names.iter().flat_map(|name| text.split(name).skip(1).map(version));
    found.filter(|version| version.split('.').count() == 3).collect()
}

/// The parsers above work.
#[test]
fn parsers_find_their_targets() {
    let text = "see [a](docs/a.md#b) and [b](https://example.com/)\n```c\nx[1](2)\n```\n`y[1](2)` ![p](p.png)\n";
    assert_eq!(links(text), ["docs/a.md#b", "p.png"]);
    assert_eq!(anchor("What `a_b` is, and why it-is so"), "what-a_b-is-and-why-it-is-so");
    assert!(anchors("# One\n```sh\n# no heading\n```\n## Two words\n").iter().eq(["one", "two-words"]));
    let text = "`tests/a.rs`, b.sh, https://c.org/d.c. Run ./e/f.sh.\n```sh\nA=b g/h.sh --x\n.ci/run\n```";
    assert!(files(text).iter().eq([".ci/run", "e/f.sh", "g/h.sh", "tests/a.rs"]));
    assert_eq!(comments("/* one */ int two(void); /** three */"), " one \n* three ");
    assert!(words("`wxt_a`, wxt_b()").eq(["wxt_a", "wxt_b"]));
    let text = "wxtransfer-1.2.3.aar, `org.a:wxtransfer:4.5.6`, wxtransfer-sys. from: \"7.8.9\"";
    assert_eq!(versions(text), ["1.2.3", "4.5.6", "7.8.9"]);
}
