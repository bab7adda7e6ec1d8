//! A `Location` that is followed has a listed host and an allowed scheme, and credentials are not sent to another
//! origin.
//!
//! Input: the URL of the request, 0xFF, the `Location`.

use wxtransfer::fuzzing;

const DOMAINS: [&str; 3] = ["https://a.example", "b.example:8443", "图.example"];
const HOSTS: [(&str, Option<u16>); 3] = [("a.example", None), ("b.example", Some(8443)), ("xn--wcs.example", None)];

/// Checks one input.
pub fn check(data: &[u8]) {
    let Some(border) = data.iter().position(|byte| *byte == 0xff) else { return };
    let Ok(base) = std::str::from_utf8(&data[..border]) else { return };
    let location = &data[border + 1..];
    for allow_plain_http in [false, true] {
        let Some(hop) = fuzzing::redirect(base, location, &DOMAINS, allow_plain_http) else { continue };
        let what = format!("{base:?} to {:?} gave {hop:?}", String::from_utf8_lossy(location));
        let from = fuzzing::url(base).expect("it was accepted").0;
        let (from, to) = (::url::Url::parse(&from).expect("a URL"), ::url::Url::parse(&hop.url).expect("a URL"));
        assert!(to.scheme() == "https" || (allow_plain_http && to.scheme() == "http"), "{what}");
        let host = to.host_str().expect("a host");
        assert!(HOSTS.iter().any(|(listed, port)| *listed == host && to.port() == *port), "{what}");
        assert!(host != "a.example" || to.scheme() == "https", "{what}");
        assert!(to.username().is_empty() && to.password().is_none() && to.fragment().is_none(), "{what}");
        assert!(!hop.url.bytes().any(|byte| byte <= b' ' || byte >= 0x7f), "{what}");
        let origin = |url: &::url::Url| {
            (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default())
        };
        assert_eq!(hop.same_origin, origin(&from) == origin(&to), "{what}");
        assert!(hop.keep_body, "307 sends the body again: {what}");
    }
}
