use super::super::domains::DomainList;
use super::super::url::parse;
use super::*;
use crate::platform::InterfaceAddress;

fn target(url: &str) -> TargetUrl {
    parse(url).unwrap()
}

fn unchecked() -> DomainRules {
    DomainRules { skip_check: true, ..DomainRules::default() }
}

fn answer<'a>(target: &'a TargetUrl, method: Method, status: u16, location: &'a [u8]) -> Answer<'a> {
    Answer { target, method, followed: 0, status, location: Some(location) }
}

fn decide_unchecked(answer: &Answer<'_>, allow_plain_http: bool) -> Result<Decision, RedirectError> {
    let rules = DomainRules { allow_plain_http, ..unchecked() };
    decide(answer, Api::Upload, &rules, &|| Ok(Vec::new()))
}

/// RFC 9110 §15.4. 305 and 306 are obsolete; 300 and 304 do not redirect.
#[test]
fn the_status_decides_about_method_and_body() {
    use Method::{Get, Post, Put};
    // (status, method before, method after)
    let cases = [
        (301, Post, Some(Get)),
        (302, Post, Some(Get)),
        (303, Post, Some(Get)),
        (307, Post, Some(Post)),
        (308, Post, Some(Post)),
        // The Fetch standard's "HTTP-redirect fetch" changes only the method of a POST, except for 303.
        (301, Put, Some(Put)),
        (302, Put, Some(Put)),
        (303, Put, Some(Get)),
        (307, Put, Some(Put)),
        (308, Put, Some(Put)),
        (301, Get, Some(Get)),
        (302, Get, Some(Get)),
        (303, Get, Some(Get)),
        (307, Get, Some(Get)),
        (308, Get, Some(Get)),
        (200, Post, None),
        (201, Post, None),
        (300, Get, None),
        (304, Get, None),
        (305, Get, None),
        (306, Get, None),
        (309, Get, None),
        (399, Get, None),
        (404, Get, None),
        (503, Post, None),
    ];
    let here = target("https://a.example/from");
    for (status, method, expected) in cases {
        let expected = match expected {
            None => Decision::Deliver,
            Some(next) => Decision::Follow(Hop {
                target: target("https://a.example/to"),
                method: next,
                keep_body: next != Get,
                same_origin: true,
            }),
        };
        assert_eq!(
            decide_unchecked(&answer(&here, method, status, b"/to"), false),
            Ok(expected),
            "{status} to {method:?}"
        );
    }
}

#[test]
fn redirect_without_location_is_the_result() {
    let here = target("https://a.example/");
    for location in [None, Some(&b""[..]), Some(&b" \t"[..])] {
        let answer = Answer { target: &here, method: Method::Get, followed: MAX_REDIRECTS, status: 302, location };
        assert_eq!(decide_unchecked(&answer, false), Ok(Decision::Deliver), "{location:?}");
    }
}

#[test]
fn unusual_locations_resolve_as_in_browsers() {
    let here = "https://a.example/dir/page?query";
    let cases: [(&[u8], &str, bool); 17] = [
        (b"other", "https://a.example/dir/other", true),
        (b"../up", "https://a.example/up", true),
        (b"?q=1", "https://a.example/dir/page?q=1", true),
        (b"#top", "https://a.example/dir/page?query", true),
        (b"/new#top", "https://a.example/new", true),
        (b"//b.example/x", "https://b.example/x", false),
        (b"https://b.example", "https://b.example/", false),
        (b"https://a.example:8443/", "https://a.example:8443/", false),
        (b"https://a.example:443/x", "https://a.example/x", true),
        (b"https://A.EXAMPLE/x", "https://a.example/x", true),
        (b"  /padded  ", "https://a.example/padded", true),
        (b"/with space", "https://a.example/with%20space", true),
        (b"/%E4%BD%A0", "https://a.example/%E4%BD%A0", true),
        ("/你".as_bytes(), "https://a.example/%E4%BD%A0", true),
        (b"/caf\xE9?\xFF", "https://a.example/caf%E9?%FF", true),
        (b"\\\\b.example\\x", "https://b.example/x", false),
        (b"https:/b.example/x", "https://a.example/b.example/x", true),
    ];
    for (location, expected, same_origin) in cases {
        let here = target(here);
        let decision = decide_unchecked(&answer(&here, Method::Get, 302, location), false);
        let Ok(Decision::Follow(hop)) = decision else {
            panic!("{:?}: {decision:?}", location.escape_ascii().to_string())
        };
        assert_eq!((hop.target.url().as_str(), hop.same_origin), (expected, same_origin));
    }
}

#[test]
fn five_redirects_are_followed_and_the_sixth_fails() {
    let here = target("https://a.example/");
    for followed in 0..8 {
        let answer = Answer { followed, ..answer(&here, Method::Get, 302, b"/") };
        let decision = decide_unchecked(&answer, false);
        if followed < 5 {
            assert!(matches!(decision, Ok(Decision::Follow(_))), "{followed}: {decision:?}");
        } else {
            assert_eq!(decision, Err(RedirectError::TooMany), "{followed}");
        }
    }
    // Any number of redirects may precede a result.
    let answer = Answer { followed: 9, ..answer(&here, Method::Get, 200, b"/") };
    assert_eq!(decide_unchecked(&answer, false), Ok(Decision::Deliver));
}

#[test]
fn plain_http_is_only_followed_where_it_is_allowed() {
    let secure = target("https://a.example/");
    let plain = target("http://a.example/");
    let to_plain = |target| answer(target, Method::Get, 302, b"http://a.example/x");
    assert_eq!(decide_unchecked(&to_plain(&secure), false), Err(RedirectError::Downgrade));
    for here in [&secure, &plain] {
        let decision = decide_unchecked(&to_plain(here), true);
        assert!(matches!(decision, Ok(Decision::Follow(_))), "{decision:?}");
    }
    let Ok(Decision::Follow(hop)) = decide_unchecked(&answer(&plain, Method::Get, 302, b"https://a.example/x"), true)
    else {
        panic!("an upgrade must be followed");
    };
    assert!(!hop.same_origin);
}

#[test]
fn invalid_location_is_an_error() {
    let here = target("https://a.example/");
    let cases: [(&[u8], Option<UrlError>); 6] = [
        (b"ftp://a.example/", Some(UrlError::Scheme)),
        (b"file:///etc/passwd", Some(UrlError::Scheme)),
        (b"//user:secret@a.example/", Some(UrlError::UserInfo)),
        (b"https://", None),
        (b"https://a b/", None),
        (b"https://a.example:99999/", None),
    ];
    for (location, expected) in cases {
        match decide_unchecked(&answer(&here, Method::Get, 302, location), false) {
            Err(RedirectError::InvalidLocation(UrlError::Malformed(_))) if expected.is_none() => {}
            Err(RedirectError::InvalidLocation(error)) if Some(error) == expected => {}
            other => panic!("{:?}: {other:?}", location.escape_ascii().to_string()),
        }
    }
}

#[test]
fn domain_list_applies_to_every_redirect() {
    let rules = DomainRules {
        upload: DomainList::parse(&["a.example", "b.example:8443"], true).unwrap(),
        download: DomainList::parse(&["c.example"], true).unwrap(),
        ..DomainRules::default()
    };
    let cases: [(&[u8], Api, Option<DomainRefusal>); 8] = [
        (b"/x", Api::Upload, None),
        (b"https://b.example:8443/", Api::Upload, None),
        (b"https://b.example/", Api::Upload, Some(DomainRefusal::PortNotListed)),
        (b"https://a.example:443/", Api::Upload, Some(DomainRefusal::PortNotListed)),
        (b"//evil.example/", Api::Upload, Some(DomainRefusal::NotListed)),
        (b"https://c.example/", Api::Upload, Some(DomainRefusal::NotListed)),
        (b"https://c.example/", Api::Download, None),
        (b"https://127.0.0.1/", Api::Upload, Some(DomainRefusal::LanNotAllowed)),
    ];
    let here = target("https://a.example/");
    for (location, api, expected) in cases {
        let decision = decide(&answer(&here, Method::Post, 307, location), api, &rules, &|| Ok(Vec::new()));
        let refusal = match decision {
            Ok(Decision::Follow(_)) => None,
            Err(RedirectError::Refused(refusal)) => Some(refusal),
            other => panic!("{other:?}"),
        };
        assert_eq!(refusal, expected, "{:?}", location.escape_ascii().to_string());
    }
}

/// A page may name a device of its network, and that device another one. A server on the internet must not.
#[test]
fn host_name_may_not_redirect_to_a_local_subnet() {
    let wifi = || {
        let address = "192.168.1.5".parse().unwrap();
        Ok(vec![InterfaceAddress { address, prefix: 24, is_loopback: false, is_up: true }])
    };
    let strict = DomainRules { upload: DomainList::parse(&["a.example"], false).unwrap(), ..DomainRules::default() };
    let refused = Err(RedirectError::Refused(DomainRefusal::LanNotAllowed));
    let cases: [(&str, &[u8], Result<(), RedirectError>); 8] = [
        ("https://a.example/", b"https://192.168.1.7/", refused),
        ("https://a.example/", b"http://192.168.1.7/", Err(RedirectError::Downgrade)),
        ("https://192.168.1.7/", b"https://192.168.1.8/", Ok(())),
        ("http://192.168.1.7/", b"http://192.168.1.8/", Ok(())),
        ("https://192.168.1.7/", b"http://192.168.1.8/", Err(RedirectError::Downgrade)),
        ("http://192.168.1.7/", b"http://192.168.1.5/", refused),
        ("http://192.168.1.7/", b"http://a.example/", Err(RedirectError::Refused(DomainRefusal::PlainHttp))),
        ("http://192.168.1.7/", b"https://a.example/", Ok(())),
    ];
    for (from, location, expected) in cases {
        let here = target(from);
        let decision = decide(&answer(&here, Method::Post, 307, location), Api::Upload, &strict, &wifi);
        assert_eq!(decision.map(|_| ()), expected, "{from} to {}", location.escape_ascii());
    }
}
