//! The header fields of a response.

/// One header field of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name, with the spelling of the wire.
    pub name: String,
    /// The value. Bytes that are not UTF-8 are decoded as Latin-1.
    pub value: String,
}

/// The values of every field called `name`, ignoring case (RFC 9110 section 5.1), in order.
pub fn header_values<'a>(headers: &'a [Header], name: &'a str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
}

/// The value of the first field called `name`, ignoring case.
pub fn header_value<'a>(headers: &'a [Header], name: &'a str) -> Option<&'a str> {
    header_values(headers, name).next()
}

/// Whether a field of a request is called `name`, ignoring case.
pub fn has_field<'a>(fields: impl IntoIterator<Item = &'a (String, String)>, name: &str) -> bool {
    fields.into_iter().any(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
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
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let headers = [header("X-A", "1"), header("content-TYPE", "text/plain"), header("Content-Type", "text/html")];
        assert_eq!(header_value(&headers, "Content-Type"), Some("text/plain"));
        assert_eq!(header_values(&headers, "CONTENT-TYPE").collect::<Vec<_>>(), ["text/plain", "text/html"]);
        assert_eq!(header_value(&headers, "Content"), None);
    }

    #[test]
    fn a_field_of_a_request_is_found_in_any_letter_case() {
        let fields = [("X-A".to_owned(), "1".to_owned()), ("range".to_owned(), String::new())];
        assert!(has_field(&fields, "x-a") && has_field(&fields, "Range"));
        assert!(!has_field(&fields, "x-") && !has_field(&fields, "1") && !has_field(&fields[..0], "x-a"));
        assert!(is_one_of("HOST", &["TE", "host"]) && !is_one_of("host:", &["host"]));
    }
}
