//! A translated document matches its original: the same headings, code, tables and links in the same order, and between
//! two headings the same names in backticks. A change that is made in only one of the two fails here.

#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

const TRANSLATED: &str = ".zh-CN.md";

fn translations(directory: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(TRANSLATED) {
            found.push(path);
        } else if path.is_dir() && !name.starts_with('.') && !["target", "node_modules"].contains(&name) {
            translations(&path, found);
        }
    }
}

/// The parts of a document, without the translated text.
#[derive(Debug, PartialEq)]
enum Part {
    /// The level of the heading.
    Heading(usize),
    /// A line of code, without its comment.
    Code(String),
    /// The text in backticks of each cell of a table's row.
    Row(Vec<BTreeSet<String>>),
    /// The target of a link, without the heading, whose name differs between languages.
    Link(String),
    /// The text in backticks between two headings, without that of tables.
    Names(BTreeSet<String>),
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut prose = String::new();
    let mut in_code = false;
    for line in text.lines() {
        // A block of code that belongs to an item of a list is indented.
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            parts.push(Part::Code(line.to_owned()));
        } else if in_code {
            let code = line.split(" # ").next().unwrap();
            parts.push(Part::Code(code.trim_end().to_owned()));
        } else if line.starts_with('#') {
            parts.push(Part::Names(backticked(&mem::take(&mut prose))));
            parts.push(Part::Heading(line.chars().take_while(|part| *part == '#').count()));
        } else {
            if line.starts_with('|') {
                parts.push(Part::Row(line.split('|').map(backticked).collect()));
            } else {
                prose.push_str(line);
                prose.push(' ');
            }
            parts.extend(links(line).map(Part::Link));
        }
    }
    parts.push(Part::Names(backticked(&prose)));
    parts
}

/// The text in backticks, with translations under the names of their originals.
fn backticked(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(|name| name.replace(TRANSLATED, ".md")).collect()
}

/// The links to other documents, with translations under the names of their originals: each version links to the other.
fn links(line: &str) -> impl Iterator<Item = String> {
    let targets = line.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    let documents = targets.map(|target| target.split('#').next().unwrap().replace(TRANSLATED, ".md"));
    documents.filter(|document| !document.is_empty()).collect::<Vec<_>>().into_iter()
}

#[test]
fn each_translation_has_the_parts_of_its_original() {
    let mut found = Vec::new();
    translations(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    assert!(!found.is_empty(), "no translations were found");
    for translation in found {
        let original = PathBuf::from(translation.to_str().unwrap().replace(TRANSLATED, ".md"));
        let (translated, originals) =
            (fs::read_to_string(&translation).unwrap(), fs::read_to_string(original).unwrap());
        let (translated, originals) = (parts(&translated), parts(&originals));
        for (number, (ours, theirs)) in translated.iter().zip(&originals).enumerate() {
            assert_eq!(ours, theirs, "{}: part {number}", translation.display());
        }
        assert_eq!(translated.len(), originals.len(), "{}: something is missing at its end", translation.display());
    }
}

#[test]
fn parts_contain_no_translated_text() {
    let text = "# One\n```sh\nls # all\n```\n| `a` b | [c](d.md#e) |\nSee [f](g.zh-CN.md), `h` and [i](#j).\n\
                - `k`:\n\n  ```c\n  f();\n  ```\n";
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let code = |line: &str| Part::Code(line.to_owned());
    let expected = [
        Part::Names(names(&[])),
        Part::Heading(1),
        code("```sh"),
        code("ls"),
        code("```"),
        Part::Row(vec![names(&[]), names(&["a"]), names(&[]), names(&[])]),
        Part::Link("d.md".to_owned()),
        Part::Link("g.md".to_owned()),
        code("  ```c"),
        code("  f();"),
        code("  ```"),
        Part::Names(names(&["h", "k"])),
    ];
    assert_eq!(parts(text), expected);
}
