//! An accepted URL has an allowed scheme, only parts that may be sent, and parses to itself again. Ada, another parser of
//! the WHATWG URL standard, finds the same URL, and rejects the same texts.

use wxtransfer::fuzzing;

use crate::input::valid_text;

/// Checks one input.
pub fn check(data: &[u8]) {
    let text = valid_text(data);
    let result = fuzzing::url(text);
    compare_with_ada(text, result.as_ref().map(|(url, _)| url.as_str()));
    let Some((url, port)) = result else { return };
    assert!(url.starts_with("https://") || url.starts_with("http://"), "{text:?} gave {url:?}");
    assert!(url.is_ascii() && !url.bytes().any(|byte| byte <= b' ' || byte == 0x7f), "{text:?} gave {url:?}");
    assert!(!url.contains('#') && url.len() <= 32 * 1024, "{text:?} gave {url:?}");
    let parsed = ::url::Url::parse(&url).expect("it reads back");
    assert!(parsed.username().is_empty() && parsed.password().is_none() && parsed.has_host(), "{text:?} gave {url:?}");
    // A default port is removed from the URL, so only other ports are found again.
    assert_eq!(parsed.port(), port.filter(|_| parsed.port().is_some()), "{text:?} gave {url:?}");
    assert!(parsed.port().is_none() || port.is_some(), "{text:?} gave {url:?}");
    let again = fuzzing::url(&url).expect("it is accepted again");
    assert_eq!(again, (url, parsed.port()), "{text:?}");
}

/// Compares with Ada, a parser of the same standard that shares no code with the crate `url`.
fn compare_with_ada(text: &str, url: Option<&str>) {
    let ada = ada_url::Url::parse(text, None).ok();
    let Some(mut ada) = ada.filter(|ada| matches!(ada.protocol(), "http:" | "https:") && !ada.has_credentials()) else {
        // Ada's tables are those of Unicode 17. The crate `url` may have newer ones, with more characters.
        let is_international = url.is_some_and(|url| url.contains("xn--"));
        assert!(url.is_none() || is_international, "{text:?}: Ada refuses {url:?}");
        return;
    };
    ada.set_hash(None);
    if let Some(url) = url {
        let (href, origin) = (ada.href().to_owned(), ada.origin() + "/");
        // Ada does not bring all combining marks of a host into the canonical order (Unicode Standard, section 3.11), which
        // the crate `url` does. So only the rest after such a host is compared.
        let is_international = url.contains("xn--");
        let [url, href, origin] =
            if is_international { [after_host(url), after_host(&href), ""] } else { [url, &href, &origin] };
        let path_end = url.find('?').unwrap_or(url.len());
        let (before, query) = url.split_at(path_end);
        if before.split('/').any(is_drive) {
            // The crate `url` keeps a segment such as `c:` when `..` follows it. The standard keeps it only in `file` URLs.
            assert!(url.starts_with(origin), "{text:?}");
        } else {
            // Ada encodes `^` in a path, as the standard says since 2024. The crate `url` does not.
            assert_eq!(before.replace('^', "%5E") + query, href, "{text:?}");
        }
        return;
    }
    // The library refuses these hosts and lengths, which the standard allows.
    let is_stricter = ada.hostname().contains(['"', '`', '{', '}']) || ada.href().len() > 32 * 1024;
    // Ada does not decode the punycode of a host in ASCII, and does not apply the rule of bidirectional names to labels in
    // ASCII (RFC 5893 section 2). The crate `url` does both.
    let is_international = ada.hostname().contains("xn--");
    assert!(is_stricter || is_international, "{text:?}: Ada accepts {:?}", ada.href());
}

/// The path and the query of a URL, without the first slash.
fn after_host(url: &str) -> &str {
    url.splitn(4, '/').nth(3).unwrap_or_default()
}

/// Whether a segment of a path is a drive letter of Windows.
fn is_drive(segment: &str) -> bool {
    matches!(segment.as_bytes(), [letter, b':' | b'|'] if letter.is_ascii_alphabetic())
}
