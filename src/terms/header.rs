//! The header fields of a request or a response.

use std::fmt;

/// One header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name, with the spelling of the wire.
    pub name: &'a str,
    /// The value. Bytes that are not UTF-8 are decoded as Latin-1.
    pub value: &'a str,
}

/// The header fields of a request or a response in their order, including duplicates.
///
/// One buffer holds all of them: two strings per field would be a third of the allocations of a small download.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// The names and values, without separators.
    text: String,
    ends: Vec<FieldEnds>,
}

/// Where a field's name and value end in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FieldEnds {
    name: usize,
    value: usize,
}

impl Headers {
    /// An empty list with room for this many bytes of names and values.
    pub(crate) fn with_capacity(bytes: usize) -> Headers {
        Headers { text: String::with_capacity(bytes), ends: Vec::new() }
    }

    /// Appends a field.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name = self.text.len();
        self.text.push_str(value);
        self.ends.push(FieldEnds { name, value: self.text.len() });
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = Header<'_>> {
        let mut begin = 0;
        self.ends.iter().map(move |ends| {
            let (name, value) = (&self.text[begin..ends.name], &self.text[ends.name..ends.value]);
            begin = ends.value;
            Header { name, value }
        })
    }

    /// The values of every field called `name`, ignoring case (RFC 9110 section 5.1).
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    }

    /// The value of the first field called `name`, ignoring case.
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// Whether there is a field called `name`, ignoring case.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Removes the fields that `keep` rejects.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Header<'_>) -> bool) {
        *self = self.iter().filter(keep).collect();
    }
}

impl<'a> FromIterator<Header<'a>> for Headers {
    fn from_iter<I: IntoIterator<Item = Header<'a>>>(headers: I) -> Headers {
        let mut list = Headers::default();
        headers.into_iter().for_each(|header| list.add(header.name, header.value));
        list
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(headers: I) -> Headers {
        headers.into_iter().map(|(name, value)| Header { name, value }).collect()
    }
}

/// Only the names: a value may be a secret.
impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter().map(|header| header.name)).finish()
    }
}

/// Whether a field's name is one of `names`, ignoring case.
pub fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|candidate| candidate.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_in_any_letter_case_and_the_first_one_counts() {
        let headers: Headers =
            [("X-A", "1"), ("content-TYPE", "text/plain"), ("Content-Type", "text/html")].into_iter().collect();
        assert_eq!(headers.value("Content-Type"), Some("text/plain"));
        assert_eq!(headers.values("CONTENT-TYPE").collect::<Vec<_>>(), ["text/plain", "text/html"]);
        assert_eq!(headers.value("Content"), None);
    }

    #[test]
    fn fields_keep_their_order_and_spelling_and_may_be_empty() {
        let fields = [("X-A", ""), ("x-a", "é"), ("Ü", "1"), ("X-A", "")];
        let headers: Headers = fields.into_iter().collect();
        assert_eq!(headers.iter().map(|header| (header.name, header.value)).collect::<Vec<_>>(), fields);
        assert_eq!(Headers::default().iter().next(), None);
    }

    #[test]
    fn printed_headers_contain_no_value() {
        let headers: Headers = [("Set-Cookie", "secret")].into_iter().collect();
        assert_eq!(format!("{headers:?}"), r#"["Set-Cookie"]"#);
    }

    #[test]
    fn rejected_fields_are_removed() {
        let mut headers: Headers = [("X-A", "1"), ("range", ""), ("X-B", "2"), ("x-a", "3")].into_iter().collect();
        assert!(headers.has("x-b") && headers.has("Range") && !headers.has("x-") && !headers.has("1"));
        headers.retain(|header| !is_one_of(header.name, &["Range", "X-A"]));
        assert_eq!(headers, [("X-B", "2")].into_iter().collect());
    }

    #[test]
    fn a_name_is_one_of_several_in_any_letter_case() {
        assert!(is_one_of("HOST", &["TE", "host"]) && !is_one_of("host:", &["host"]));
    }
}
