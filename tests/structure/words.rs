//! Splits Rust code into words and signs, so that no line end, blank or comment hides a call.

/// The words and signs of a text, without comments, characters and lifetimes. Every string becomes an empty one. `::`
/// is one sign. Types between `::<` and `>` are omitted.
pub fn words_of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = unread(rest) {
            // A call with a string argument differs from one without arguments.
            if rest[..length].ends_with(['"', '#']) && !rest.starts_with('/') {
                words.push("\"\"".to_owned());
            }
            rest = &rest[length..];
            continue;
        } else if first.is_alphanumeric() || first == '_' {
            rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::<") {
            rest = &rest[turbofish(rest)..];
            continue;
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        words.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    words
}

/// The length of a blank, comment, string, character or lifetime at the beginning of the text.
fn unread(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if first.is_whitespace() {
        return Some(first.len_utf8());
    }
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(text.find("*/").map_or(text.len(), |end| end + 2));
    }
    let prefix = text.len() - text.trim_start_matches(['b', 'c', 'r']).len();
    let raw = &text[prefix..];
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if text[..prefix].contains('r') && raw[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix + hashes + 1;
        return Some(text[start..].find(&end).map_or(text.len(), |found| start + found + end.len()));
    }
    if raw.starts_with('"') {
        return Some(prefix + quoted(raw));
    }
    if let Some(rest) = raw.strip_prefix('\'') {
        let is_character = rest.starts_with('\\') || rest.chars().nth(1) == Some('\'');
        let lifetime = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
        return Some(prefix + if is_character { quoted(raw) } else { 1 + lifetime });
    }
    None
}

/// The length of a string or character, including its quotes.
fn quoted(text: &str) -> usize {
    let mut characters = text.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    while let Some((index, next)) = characters.next() {
        if next == '\\' {
            characters.next();
        } else if Some(next) == quote {
            return index + 1;
        }
    }
    text.len()
}

/// The length of `::<…>`.
fn turbofish(text: &str) -> usize {
    let mut open = 0;
    for (index, sign) in text.char_indices() {
        match sign {
            '<' => open += 1,
            '>' if !text[..index].ends_with('-') => open -= 1,
            _ => continue,
        }
        if open == 0 {
            return index + 1;
        }
    }
    text.len()
}

#[test]
fn only_code_is_read() {
    let words = |text| words_of(text).join(" ");
    assert_eq!(words("a . b::<Vec<fn() -> u8>>(c) // d\n /* e */ f"), "a . b ( c ) f");
    assert_eq!(
        words(r##"x("a \" b", r#"c"d"#, b"e", 'f', '\'', b'\n', 'g: loop)"##),
        r#"x ( "" , "" , "" , , , , : loop )"#
    );
    assert_eq!(words("br_x 你 r"), "br_x 你 r");
}
