//! Decodes the answer of an upload to text, because a page receives only text.

use crate::worker::OutOfMemory;
#[cfg(feature = "charset")]
use crate::worker::sizes::DECODED_TEXT;

/// A decoder for a text with this `Content-Type`.
#[cfg(feature = "charset")]
pub fn decoder(content_type: Option<&str>) -> CharsetDecoder {
    CharsetDecoder::new(content_type)
}

/// A decoder for a text. This build omits charsets other than UTF-8 and ignores the `Content-Type`.
#[cfg(not(feature = "charset"))]
pub fn decoder(_content_type: Option<&str>) -> Utf8Decoder {
    Utf8Decoder::new()
}

/// Decodes a text in parts: by the `charset` of the `Content-Type`, or as UTF-8 if it is absent or unknown. Undecodable
/// bytes become U+FFFD.
///
/// A byte order mark takes precedence over the charset and is removed, once (WHATWG Encoding, "decode").
#[cfg(feature = "charset")]
pub struct CharsetDecoder {
    decoder: encoding_rs::Decoder,
    text: String,
    /// Space for the text of a part.
    piece: String,
}

#[cfg(feature = "charset")]
impl CharsetDecoder {
    fn new(content_type: Option<&str>) -> CharsetDecoder {
        let label = content_type.and_then(charset);
        // The labels of the "replacement" encoding count as unknown, because it would discard the text.
        let encoding = label
            .and_then(|label| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()))
            .unwrap_or(encoding_rs::UTF_8);
        CharsetDecoder { decoder: encoding.new_decoder(), text: String::new(), piece: "\0".repeat(DECODED_TEXT) }
    }

    /// Decodes the next bytes.
    ///
    /// # Errors
    /// There is not enough memory for the text.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), OutOfMemory> {
        self.decode(bytes, false)
    }

    /// The text.
    ///
    /// # Errors
    /// There is not enough memory for its end.
    pub fn finish(mut self) -> Result<String, OutOfMemory> {
        self.decode(&[], true)?;
        Ok(self.text)
    }

    fn decode(&mut self, mut bytes: &[u8], is_last: bool) -> Result<(), OutOfMemory> {
        loop {
            // Not directly into the text: the decoder would then touch all spare memory of the text for each part.
            let (result, read, written, _) = self.decoder.decode_to_str(bytes, &mut self.piece, is_last);
            self.text.try_reserve(written).map_err(|_| OutOfMemory)?;
            self.text.push_str(&self.piece[..written]);
            if result == encoding_rs::CoderResult::InputEmpty {
                return Ok(());
            }
            bytes = &bytes[read..];
        }
    }
}

/// Decodes a text in parts, as UTF-8. Undecodable bytes become U+FFFD. A byte order mark is removed, once.
#[cfg(not(feature = "charset"))]
pub struct Utf8Decoder {
    text: String,
    /// The beginning of a character whose other bytes may follow, at most three bytes.
    begun: Vec<u8>,
    /// Nothing was decoded yet, so a byte order mark may come.
    is_first: bool,
}

#[cfg(not(feature = "charset"))]
impl Utf8Decoder {
    fn new() -> Utf8Decoder {
        Utf8Decoder { text: String::new(), begun: Vec::new(), is_first: true }
    }

    /// Decodes the next bytes.
    ///
    /// # Errors
    /// There is not enough memory for the text.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), OutOfMemory> {
        let begun = std::mem::take(&mut self.begun);
        if begun.is_empty() { self.decode(bytes) } else { self.decode(&[&begun, bytes].concat()) }
    }

    /// The text.
    ///
    /// # Errors
    /// There is not enough memory for its end.
    pub fn finish(mut self) -> Result<String, OutOfMemory> {
        if !self.begun.is_empty() {
            self.push("\u{FFFD}")?;
        }
        Ok(self.text)
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<(), OutOfMemory> {
        let mut left = bytes.len();
        for chunk in bytes.utf8_chunks() {
            let invalid = chunk.invalid();
            left -= chunk.valid().len() + invalid.len();
            self.push(chunk.valid())?;
            match std::str::from_utf8(invalid) {
                Ok(_) => {}
                Err(error) if left == 0 && error.error_len().is_none() => self.begun = invalid.to_vec(),
                // Each invalid sequence becomes one U+FFFD (WHATWG Encoding, "UTF-8 decoder").
                Err(_) => self.push("\u{FFFD}")?,
            }
        }
        Ok(())
    }

    fn push(&mut self, text: &str) -> Result<(), OutOfMemory> {
        if text.is_empty() {
            return Ok(());
        }
        let is_first = std::mem::take(&mut self.is_first);
        let text = text.strip_prefix('\u{FEFF}').filter(|_| is_first).unwrap_or(text);
        self.text.try_reserve(text.len()).map_err(|_| OutOfMemory)?;
        self.text.push_str(text);
        Ok(())
    }
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
