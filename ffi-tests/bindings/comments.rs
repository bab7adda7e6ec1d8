//! The header's comments as documentation of each language.

use crate::bindings::header::{Constant, Field, Header, Kind};
use crate::bindings::names::Language;
use crate::bindings::table::COMMENTS;

/// The longest line.
const WIDTH: usize = 120;

/// The comment of a constant, as lines of code.
pub fn of_constant(header: &Header, language: Language, constant: &Constant, indent: usize) -> Vec<String> {
    let row = COMMENTS.iter().find(|(name, _)| *name == constant.name);
    let mut text = translated(header, language, "", row.map_or(constant.comment.as_str(), |(_, comment)| *comment));
    if language == Language::Swift && constant.name.starts_with("WXT_ERRNO_") {
        text = format!("{}: {text}", constant.value);
    }
    lines(language, &text, indent)
}

/// The comment of a field of a struct, as lines of code.
pub fn of_field(header: &Header, language: Language, structure: &str, field: &Field, indent: usize) -> Vec<String> {
    let mut text = field.comment.replace(" Required.", "");
    if structure == "WxtProfile" {
        // The name that the comment begins with is the property's.
        let rest = text.splitn(3, '`').nth(2).unwrap_or_default();
        let after_name = rest.find([':', '.']).map_or("", |end| rest[end + 1..].trim_start());
        text = capitalised(after_name);
    }
    if field.kind == Kind::Flag {
        text = text.replace("Set to 1", "Set to `true`").replace("Default: 0", "Default: `false`");
    } else if language == Language::Swift && field.zero_means_default() {
        text = text.replace("Default: 0,", "Default: `nil`,");
    }
    lines(language, &translated(header, language, structure, &text), indent)
}

fn capitalised(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

/// The same text with the words of the language.
fn translated(header: &Header, language: Language, structure: &str, text: &str) -> String {
    let none = format!("`{}`", language.none());
    let text = without_remarks_on_c(text).replace("NULL", &none).replace("Absent", &none).replace("absent", &none);
    let pieces = text.split('`').enumerate();
    let pieces = pieces.map(|(index, piece)| match index % 2 {
        0 => piece.to_owned(),
        _ => language.code(header, structure, piece),
    });
    pieces.collect()
}

/// Without the sentences that begin with "In C,".
fn without_remarks_on_c(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(start) = text.find("In C,") {
        let end = text[start..].find(". ").map_or(text.len(), |length| start + length + 2);
        text.replace_range(start..end, "");
    }
    text
}

/// A text as a comment whose lines are not too long: paragraphs, and lists of lines that begin with `- `.
fn lines(language: Language, text: &str, indent: usize) -> Vec<String> {
    let mut broken: Vec<String> = Vec::new();
    for paragraph in text.split("\n\n") {
        if !broken.is_empty() {
            broken.push(String::new());
        }
        for (index, item) in paragraph.split("\n- ").enumerate() {
            let mark = if index > 0 { "- " } else { "" };
            let continued = if index > 0 || item.starts_with("- ") { "  " } else { "" };
            broken.extend(wrapped(&format!("{mark}{item}"), continued, WIDTH - indent - 4));
        }
    }
    match language {
        Language::Swift => broken.iter().map(|line| format!("/// {line}").trim_end().to_owned()).collect(),
        _ if broken.len() == 1 => vec![format!("/** {} */", broken[0])],
        Language::Kotlin | Language::ArkTs => {
            let inside = broken.iter().map(|line| format!(" * {line}").trim_end().to_owned());
            ["/**".to_owned()].into_iter().chain(inside).chain([" */".to_owned()]).collect()
        }
    }
}

/// A text in lines of at most `width` characters. Every line after the first begins with `continued`.
fn wrapped(text: &str, continued: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("one line at least");
        if line.trim().is_empty() || line.chars().count() + 1 + word.chars().count() <= width {
            if !line.trim().is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(format!("{continued}{word}"));
        }
    }
    lines
}
