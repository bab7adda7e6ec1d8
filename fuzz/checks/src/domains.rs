//! A URL is allowed exactly if an entry of the list has its scheme, its host and its port as written.
//!
//! Input: whether `http` is allowed in one byte, the URL, then entries, each preceded by 0xFF.

use ::url::{Host, Url};
use wxtransfer::fuzzing;

/// Checks one input.
pub fn check(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    let allow_plain_http = first & 1 == 1;
    let texts: Vec<String> =
        rest.split(|byte| *byte == 0xff).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    let Some((url, entries)) = texts.split_first() else { return };
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let Some(allowed) = fuzzing::domains(&entries, allow_plain_http, url) else { return };
    let (normalised, port) = fuzzing::url(url).expect("it was accepted");
    let target = Url::parse(&normalised).expect("a URL");
    let listed = entries.iter().any(|text| {
        let entry = Entry::parse(text);
        assert!(allow_plain_http || entry.scheme.as_deref() != Some("http"), "{text:?} is accepted");
        let same_scheme = entry.scheme.as_deref().is_none_or(|scheme| scheme == target.scheme());
        same_scheme && Some(entry.host.as_str()) == target.host_str() && entry.port == port
    });
    let expected = listed && (allow_plain_http || target.scheme() == "https");
    assert_eq!(allowed, expected, "{url:?} with {entries:?}");
}

struct Entry {
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
}

impl Entry {
    /// Reads an entry that the library accepted.
    fn parse(text: &str) -> Entry {
        let (scheme, authority) = match text.split_once("://") {
            Some((scheme, authority)) => (Some(scheme.to_ascii_lowercase()), authority),
            None => (None, text),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.is_empty());
        let port = port.map(|port| port.parse().unwrap_or_else(|_| panic!("{text:?} is accepted")));
        let url = Url::parse(&format!("{}://{authority}/", scheme.as_deref().unwrap_or("https")));
        let url = url.unwrap_or_else(|error| panic!("{text:?} is accepted: {error}"));
        let Some(Host::Domain(host)) = url.host() else { panic!("{text:?} is accepted") };
        assert!(url.path() == "/" && url.query().is_none() && url.username().is_empty(), "{text:?} is accepted");
        assert!(!host.is_empty() && host != "localhost", "{text:?} is accepted");
        Entry { scheme, host: host.to_owned(), port }
    }
}
