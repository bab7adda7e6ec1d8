//! Parses the lines of a head. Each is accepted, repaired, dropped, or fails the answer.

use std::borrow::Cow;

use super::{Headers, MAX_FIELDS};
use crate::http::error::Error;

/// The only whitespace of HTTP (RFC 9110 section 5.6.3).
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// The fields that decide where a body ends, how it is decoded and where a redirect leads. Two parsers that disagree
/// about one of them can be exploited, so a malformed one is never repaired.
const DECISIVE: [&str; 5] = ["content-length", "transfer-encoding", "content-encoding", "location", "connection"];

/// The fields of a head.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) headers: Headers,
    /// The first `Location` that is not empty.
    pub(super) location: Option<Vec<u8>>,
    pub(super) repairs: Vec<String>,
    /// The number of fields, including dropped ones.
    count: usize,
    /// Whether a field may decide where the body ends.
    frames: bool,
}

impl Fields {
    /// Parses the lines after the status line, up to and including the empty line.
    ///
    /// `frames` is false if the fields cannot affect a body: in the answer to a successful CONNECT, and in a trailer.
    /// Then no field is decisive.
    pub(super) fn read(input: &[u8], frames: bool) -> Result<Fields, Error> {
        let mut fields = Fields { headers: Headers::with_capacity(input.len()), frames, ..Fields::default() };
        let mut field: Option<Cow<'_, [u8]>> = None;
        for line in input.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
            match (&mut field, line) {
                // A folded line (RFC 9112 section 5.2). Before the first field it is a malformed line of its own
                // (section 2.2).
                (Some(field), [b' ' | b'\t', ..]) => {
                    let field = field.to_mut();
                    field.push(b' ');
                    field.extend_from_slice(trim_blanks(line));
                }
                (None, [b' ' | b'\t', ..]) => fields.add(line)?,
                _ => {
                    if let Some(field) = field.take() {
                        fields.add(&field)?;
                    }
                    match line {
                        [] => return Ok(fields),
                        // Some parsers would take the end of this line for the end of the head.
                        [b'\r', ..] if line.iter().all(|&byte| byte == b'\r') => break,
                        _ => field = Some(Cow::Borrowed(line)),
                    }
                }
            }
        }
        Err(Error::protocol("the response's head has a malformed line end"))
    }

    fn add(&mut self, line: &[u8]) -> Result<(), Error> {
        self.count += 1;
        if self.count > MAX_FIELDS {
            return Err(Error::protocol("the response has too many headers"));
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            return self.drop_line(line, "has no colon");
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        let Some(token) = token(name) else {
            return self.drop_line(name, "has a malformed name");
        };
        let has_blank = token.len() < name.len();
        let controls = value.iter().any(|&byte| is_control(byte));
        if self.frames
            && (has_blank || controls)
            && DECISIVE.iter().any(|decisive| token.eq_ignore_ascii_case(decisive))
        {
            return Err(Error::protocol(format!("the response's {token} is malformed")));
        }
        // The log does not contain the name: it may be a part of a value that was split into two lines.
        let number = self.count;
        if has_blank {
            self.repairs.push(format!("removed the blank before the colon of the header line {number}"));
        }
        let value = if controls {
            self.repairs.push(format!("replaced control characters in the header line {number}"));
            // RFC 9110 section 5.5 requires this for CR.
            Cow::Owned(value.iter().map(|&byte| if is_control(byte) { b' ' } else { byte }).collect())
        } else {
            Cow::Borrowed(value)
        };
        let value = trim_blanks(&value);
        if self.location.is_none() && !value.is_empty() && token.eq_ignore_ascii_case("location") {
            self.location = Some(value.to_vec());
        }
        self.headers.add(token, &decode(value));
        Ok(())
    }

    /// Drops the line with this `name`, which is the whole line if it has no colon. Fails if a word of the name is that
    /// of a decisive field, because another parser could take the line for that field.
    fn drop_line(&mut self, name: &[u8], reason: &str) -> Result<(), Error> {
        if self.frames && DECISIVE.iter().any(|decisive| names(name, decisive)) {
            return Err(Error::protocol(format!("a possible framing, coding, redirect or connection field {reason}")));
        }
        self.repairs.push(format!("dropped the header line {}, which {reason}", self.count));
        Ok(())
    }
}

/// Whether `field` is one word of `text` or several consecutive ones, ignoring case and the separators.
fn names(text: &[u8], field: &str) -> bool {
    let letters = field.replace('-', "");
    let words: Vec<&[u8]> = text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    (0..words.len()).any(|start| begin_with(&words[start..], letters.as_bytes()))
}

/// Whether the first words consist of exactly these letters.
fn begin_with(words: &[&[u8]], mut letters: &[u8]) -> bool {
    for word in words {
        match letters.split_at_checked(word.len()) {
            Some((same, rest)) if same.eq_ignore_ascii_case(word) => letters = rest,
            _ => return false,
        }
        if letters.is_empty() {
            return true;
        }
    }
    false
}

/// The name before a colon without trailing blanks. `None` if it is not a token (RFC 9110 section 5.6.2).
fn token(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?.trim_end_matches(BLANKS);
    is_token(name).then_some(name)
}

/// Whether a name is a token (RFC 9110 section 5.6.2).
pub fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_token_byte)
}

/// Whether a byte may occur in a token (RFC 9110 section 5.6.2).
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a byte must not occur in a value (RFC 9110 section 5.5).
pub fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

fn trim_blanks(value: &[u8]) -> &[u8] {
    let start = value.iter().position(|&byte| !is_blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|&byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

fn decode(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.iter().map(|&byte| char::from(byte)).collect()),
    }
}
