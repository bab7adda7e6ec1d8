//! An upload's answer as text, for the page gets nothing but text.

/// Decodes `bytes` by the `charset` of a `Content-Type`, else as UTF-8. It never fails: what does not decode becomes
/// U+FFFD, and an unknown charset counts as none.
///
/// A byte order mark wins over the charset and is removed, once (WHATWG Encoding, "decode").
#[cfg(feature = "charset")]
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let label = content_type.and_then(charset);
    // The labels of the "replacement" encoding count as unknown: it would leave nothing of the text.
    let encoding = label
        .and_then(|label| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()))
        .unwrap_or(encoding_rs::UTF_8);
    encoding.decode(bytes).0.into_owned()
}

/// Decodes `bytes` as UTF-8, whatever the `Content-Type` says: other charsets are left out of this build. It never
/// fails: what does not decode becomes U+FFFD. A byte order mark is removed, once.
#[cfg(not(feature = "charset"))]
pub fn decode(bytes: &[u8], _content_type: Option<&str>) -> String {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).into_owned()
}

/// The first `charset` parameter (RFC 9110 §8.3.1), read as leniently as WHATWG MIME Sniffing "parse a MIME type"
/// does: parameters that make no sense are skipped, a quote that is never closed reaches to the end.
#[cfg(feature = "charset")]
fn charset(content_type: &str) -> Option<String> {
    let (_, mut rest) = content_type.split_once(';')?;
    while !rest.is_empty() {
        let end_of_name = rest.find([';', '=']).unwrap_or(rest.len());
        let name = rest[..end_of_name].trim();
        rest = &rest[end_of_name..];
        let Some(after_equals) = rest.strip_prefix('=') else {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        let (value, after_value) = match after_equals.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = after_equals.find(';').unwrap_or(after_equals.len());
                (after_equals[..end].trim().to_owned(), &after_equals[end..])
            }
        };
        if name.eq_ignore_ascii_case("charset") && !value.is_empty() {
            return Some(value);
        }
        rest = after_value.split_once(';').map_or("", |(_, next)| next);
    }
    None
}

/// Reads a quoted string behind its opening quote; returns it and what follows the closing one.
#[cfg(feature = "charset")]
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.push(characters.next().unwrap_or('\\')),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
