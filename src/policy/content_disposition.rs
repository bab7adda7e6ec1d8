//! Parses the file name in a `Content-Disposition` (RFC 6266), leniently.

use percent_encoding::percent_decode_str;

/// The file names of a value, in order of preference: `filename*` precedes `filename` (RFC 6266 §4.3). A missing
/// disposition type and stray white space are accepted. Of a repeated parameter, the first one counts. `filename` is
/// also percent-decoded, as in Chromium.
pub fn file_names(value: &str) -> impl Iterator<Item = String> {
    let parameters = parameters(value);
    let named = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone())
    };
    let (extended, plain) = (named("filename*"), named("filename"));
    extended.and_then(|value| extended_value(&value)).into_iter().chain(plain.map(|value| percent_decoded(&value)))
}

/// Parses the form of RFC 8187 §3.2, `charset'language'percent-encoded`.
fn extended_value(value: &str) -> Option<String> {
    value.splitn(3, '\'').nth(2).map(percent_decoded)
}

/// Invalid UTF-8 becomes U+FFFD. The caller uses only the ASCII characters of a name, which UTF-8, ISO-8859-1 and the
/// other encodings in use write as ASCII.
fn percent_decoded(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

/// The `name=value` parts of a header's value, separated by semicolons outside of quoted strings (RFC 9110 §5.6.6),
/// without quotes and backslashes.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut part = ParameterPart::default();
    let mut characters = value.chars();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => part.push(characters.next().unwrap_or('\\')),
            ';' if !quoted => parameters.extend(std::mem::take(&mut part).parameter()),
            '=' if !quoted && part.value.is_none() => part.value = Some(String::new()),
            other => part.push(other),
        }
    }
    parameters.extend(part.parameter());
    parameters
}

/// A parameter that is being parsed.
#[derive(Default)]
struct ParameterPart {
    name: String,
    value: Option<String>,
}

impl ParameterPart {
    fn push(&mut self, character: char) {
        self.value.as_mut().unwrap_or(&mut self.name).push(character);
    }

    fn parameter(self) -> Option<(String, String)> {
        Some((self.name.trim().to_owned(), self.value?.trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first group is from RFC 6266 §5 and RFC 8187 §3.2.3.
    #[test]
    fn names_in_the_syntax_of_rfcs_and_real_servers_are_parsed() {
        let cases: [(&str, &[&str]); 33] = [
            ("Attachment; filename=example.html", &["example.html"]),
            ("INLINE; FILENAME= \"an example.html\"", &["an example.html"]),
            ("attachment; filename*= UTF-8''%e2%82%ac%20rates", &["€ rates"]),
            ("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", &["€ rates", "EURO rates"]),
            ("attachment; filename*=iso-8859-1'en'%A3%20rates.csv", &["\u{fffd} rates.csv"]),
            ("filename=a.png", &["a.png"]),
            ("attachment;filename = \"a;b.png\" ; size=3", &["a;b.png"]),
            ("attachment;filename=a;b.png", &["a"]),
            ("attachment; filename=\"a\\\"b.png\"", &["a\"b.png"]),
            ("attachment; filename=\"a\\\\b.png\"", &["a\\b.png"]),
            ("attachment; filename=\"a.png", &["a.png"]),
            ("attachment; filename=\"\\", &["\\"]),
            ("attachment; filename=a=b.png", &["a=b.png"]),
            ("attachment; filename=报告.pdf", &["报告.pdf"]),
            // Chromium decodes these, Firefox does not. Servers intend it.
            ("attachment; filename=%E6%8A%A5.pdf", &["报.pdf"]),
            ("attachment; filename=a%2Epdf", &["a.pdf"]),
            ("attachment; filename=\"a%2epdf\"", &["a.pdf"]),
            ("attachment; filename=100%.pdf", &["100%.pdf"]),
            ("attachment; filename=%B1%A8.pdf", &["\u{fffd}\u{fffd}.pdf"]),
            // Chromium finds no name in these either: a comma does not end a parameter, and `filename*` needs a
            // charset.
            ("attachment, filename=a.pdf", &[]),
            ("attachment; filename*=b.pdf", &[]),
            ("attachment; filename*=UTF-8''a%2Epng", &["a.png"]),
            ("attachment; filename*=UTF-8''a%zz%.png", &["a%zz%.png"]),
            ("attachment; filename*=UTF-8'zh'a'b", &["a'b"]),
            ("attachment; filename*=\"UTF-8''a.png\"", &["a.png"]),
            ("attachment; filename*=broken; filename=a.png", &["a.png"]),
            ("attachment; filename=a; filename=b; FileName*=x''c; filename*=x''d", &["c", "a"]),
            ("attachment; xfilename=a.png; filename*0=b.png", &[]),
            ("attachment; filename", &[]),
            ("attachment; filename=", &[""]),
            ("a.png", &[]),
            (";;;=;=\"", &[]),
            ("", &[]),
        ];
        for (value, expected) in cases {
            assert_eq!(file_names(value).collect::<Vec<_>>(), expected, "{value}");
        }
    }
}
