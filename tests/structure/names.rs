//! Each type name is unique.

use std::collections::BTreeMap;

use super::sources;
use super::words::words_of;

/// Names that several types share, with the reason why the name is not misleading.
const SHARED: [(&str, &str); 1] =
    [("Error", "the failure of a room's calls; other rooms write it with the room's name")];

/// The types that a piece of code declares, without associated types.
fn types_of(code: &str) -> Vec<String> {
    let words = words_of(code);
    let mut types = Vec::new();
    let mut depth = 0;
    let mut inside = Vec::new();
    let mut item = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match word.as_str() {
            "{" => {
                depth += 1;
                if item.iter().any(|word| word == "impl" || word == "trait") {
                    inside.push(depth);
                }
                item.clear();
            }
            "}" => {
                if inside.last() == Some(&depth) {
                    inside.pop();
                }
                depth -= 1;
                item.clear();
            }
            ";" => item.clear(),
            "struct" | "enum" | "union" | "trait" => types.extend(words.get(index + 1).cloned()),
            "type" if inside.last() != Some(&depth) => types.extend(words.get(index + 1).cloned()),
            _ => {}
        }
        if !["{", "}", ";"].contains(&word.as_str()) {
            item.push(word.clone());
        }
    }
    types.retain(|name| name.starts_with(char::is_uppercase));
    types
}

#[test]
fn no_two_types_have_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources() {
        for name in types_of(&source.lines.join("\n")) {
            places.entry(name).or_default().push(source.path.clone());
        }
    }
    let is_shared = |name: &str| SHARED.iter().any(|(shared, _)| *shared == name);
    let doubles: Vec<_> = places.iter().filter(|(name, places)| places.len() > 1 && !is_shared(name)).collect();
    assert!(doubles.is_empty(), "{doubles:#?}");
    for (name, _) in SHARED {
        assert!(places.get(name).is_some_and(|places| places.len() > 1), "{name} is one type");
    }
}

#[test]
fn types_of_every_kind_are_found() {
    let code = "pub struct A<'a>(&'a u8); enum B { C } trait D { type E; fn f() { struct G; } } type H = u8; union I {}
        impl D for B { type E = u8; } fn g() { enum J {} } pub(crate) struct K where u8: Copy {}";
    assert_eq!(types_of(code), ["A", "B", "D", "G", "H", "I", "J", "K"]);
}
