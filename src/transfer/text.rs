//! Decodes the answer of an upload to text, because a page receives only text.

use std::collections::TryReserveError;

/// Decodes `bytes` by the `charset` of the `Content-Type`, or as UTF-8 if it is absent or unknown. Undecodable bytes
/// become U+FFFD.
///
/// A byte order mark takes precedence over the charset and is removed, once (WHATWG Encoding, "decode").
///
/// # Errors
/// There is not enough memory for the text.
#[cfg(feature = "charset")]
pub fn decode(bytes: Vec<u8>, content_type: Option<&str>) -> Result<String, TryReserveError> {
    let label = content_type.and_then(charset);
    // The labels of the "replacement" encoding count as unknown, because it would discard the text.
    let named = label
        .and_then(|label| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()))
        .unwrap_or(encoding_rs::UTF_8);
    let (encoding, mark) = encoding_rs::Encoding::for_bom(&bytes).unwrap_or((named, 0));
    if encoding == encoding_rs::UTF_8 {
        return decode_utf8(bytes, mark);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (mut text, mut rest) = (String::new(), &bytes[mark..]);
    loop {
        // Most texts need one pass. The 16 bytes are for the end of a text, where a decoder reserves more than it
        // writes.
        text.try_reserve(rest.len() + 16)?;
        let (result, read, _) = decoder.decode_to_string(rest, &mut text, true);
        rest = &rest[read..];
        if result == encoding_rs::CoderResult::InputEmpty {
            return Ok(text);
        }
    }
}

/// Decodes `bytes` as UTF-8 and ignores the `Content-Type`, because this build omits other charsets. Undecodable bytes
/// become U+FFFD. A byte order mark is removed, once.
///
/// # Errors
/// There is not enough memory for the text.
#[cfg(not(feature = "charset"))]
pub fn decode(bytes: Vec<u8>, _content_type: Option<&str>) -> Result<String, TryReserveError> {
    let mark = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    decode_utf8(bytes, mark)
}

/// The text after a byte order mark of `mark` bytes. Valid UTF-8 is not copied.
fn decode_utf8(mut bytes: Vec<u8>, mark: usize) -> Result<String, TryReserveError> {
    bytes.drain(..mark);
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::new();
    text.try_reserve(bytes.len())?;
    for chunk in bytes.utf8_chunks() {
        // Each invalid sequence becomes one U+FFFD (WHATWG Encoding, "UTF-8 decoder").
        let replacement = if chunk.invalid().is_empty() { "" } else { "\u{FFFD}" };
        text.try_reserve(chunk.valid().len() + replacement.len())?;
        text.push_str(chunk.valid());
        text.push_str(replacement);
    }
    Ok(text)
}

/// The first `charset` parameter (RFC 9110 §8.3.1), parsed leniently as in WHATWG MIME Sniffing, "parse a MIME type":
/// malformed parameters are skipped, and an unclosed quote extends to the end.
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

/// Parses a quoted string after its opening quote. Returns it and the text after the closing quote.
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
