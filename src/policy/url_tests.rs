use super::*;

/// All cases for http and https of the URL standard's own tests, except those that this module rejects in addition:
/// user-info, other schemes, and hosts that no server has.
#[test]
fn cases_of_the_url_standard_pass() {
    let unescape = |text: &str| {
        let mut pieces = text.split('\\');
        let mut plain = pieces.next().unwrap().to_owned();
        while let Some(piece) = pieces.next() {
            match piece.strip_prefix("u{").and_then(|rest| rest.split_once('}')) {
                Some((code, rest)) => {
                    plain.push(u32::from_str_radix(code, 16).ok().and_then(char::from_u32).unwrap());
                    plain.push_str(rest);
                }
                // Two backslashes stand for one. The text after the second is literal.
                None => {
                    plain.push('\\');
                    plain.push_str(pieces.next().unwrap());
                }
            }
        }
        plain
    };
    let has_user_info = |url: &str| {
        url.split_once("://").is_some_and(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap().contains('@'))
    };
    let (mut read, mut refused) = (0, 0);
    for line in include_str!("url_standard_cases.txt").lines().filter(|line| !line.starts_with("# ")) {
        let [base, input, result] = line.splitn(3, '\t').map(unescape).collect::<Vec<_>>().try_into().unwrap();
        if has_user_info(&base) {
            assert_eq!(parse(&base), Err(UrlError::UserInfo), "{base}");
            continue;
        }
        let target = match base.as_str() {
            "" => parse(&input),
            base => parse(base).unwrap().join(&input),
        };
        match target {
            Ok(target) => {
                read += 1;
                assert_eq!(Some(target.url().as_str()), result.split('#').next(), "{line}");
            }
            Err(error) => {
                refused += 1;
                let expected = match error {
                    UrlError::Malformed(_) => result.is_empty(),
                    UrlError::Scheme => !result.is_empty() && !result.starts_with("http"),
                    UrlError::UserInfo => has_user_info(&result),
                    UrlError::Host => result.contains(['"', '`', '{', '}']),
                    UrlError::TooLong => false,
                };
                assert!(expected, "{line}: {error}");
            }
        }
    }
    assert!(read > 150 && refused > 150, "{read} and {refused}");
}

/// Few examples from the URL standard's tests. The part after `#` is removed, because it is never sent.
#[test]
fn addresses_are_normalised_as_the_url_standard_says() {
    let cases = [
        ("http://www.google.com", "http://www.google.com/"),
        ("http:example.com/", "http://example.com/"),
        ("https:/example.com/", "https://example.com/"),
        ("http:\\\\www.google.com\\foo", "http://www.google.com/foo"),
        ("http://example.com\\\\foo\\\\bar", "http://example.com//foo//bar"),
        ("http://ho\tst/", "http://host/"),
        ("http://ho\nst/", "http://host/"),
        ("http://ho\rst/", "http://host/"),
        ("http://foo:80/", "http://foo/"),
        ("http://foo:81/", "http://foo:81/"),
        ("https://foo:443/", "https://foo/"),
        ("https://foo:80/", "https://foo:80/"),
        ("http://f:00000000000000/c", "http://f:0/c"),
        ("http://f:00000000000000000000080/c", "http://f/c"),
        ("http://f:/c", "http://f/c"),
        ("http://example.com/./.foo", "http://example.com/.foo"),
        ("http://example.com/foo/bar/../ton/../../a", "http://example.com/a"),
        ("http://example.com/foo/../../../ton", "http://example.com/ton"),
        ("http://example.com/foo/%2e./%2e%2e/.%2e/%2e.bar", "http://example.com/%2e.bar"),
        ("http://example.com////../..", "http://example.com//"),
        ("http://example.com/%20foo", "http://example.com/%20foo"),
        ("http://example.com/foo%", "http://example.com/foo%"),
        ("http://example.com/foo%2zbar", "http://example.com/foo%2zbar"),
        ("http://example.com/foo%2Â©zbar", "http://example.com/foo%2%C3%82%C2%A9zbar"),
        ("http://example.com/foo%41%7a", "http://example.com/foo%41%7a"),
        ("http://example.com/foo\t\u{91}%91", "http://example.com/foo%C2%91%91"),
        ("http://example.com/(%28:%3A%29)", "http://example.com/(%28:%3A%29)"),
        ("http://example.com/你好你好", "http://example.com/%E4%BD%A0%E5%A5%BD%E4%BD%A0%E5%A5%BD"),
        ("http://example.com/\u{feff}/foo", "http://example.com/%EF%BB%BF/foo"),
        ("https://example.com/\"quoted\"", "https://example.com/%22quoted%22"),
        ("https://x/\u{0}y", "https://x/%00y"),
        ("https://x/\u{fffd}?\u{fffd}#\u{fffd}", "https://x/%EF%BF%BD?%EF%BF%BD"),
        ("http://host/?'", "http://host/?%27"),
        ("http://example.org/test?<", "http://example.org/test?%3C"),
        ("http://example.org/test?\u{2323}", "http://example.org/test?%E2%8C%A3"),
        ("http://example.org/test?%23%23", "http://example.org/test?%23%23"),
        ("http://example.org/test?%GH", "http://example.org/test?%GH"),
        ("http://facebook.com/?foo=%7B%22abc%22", "http://facebook.com/?foo=%7B%22abc%22"),
        (
            "https://www.example.com/path{\u{7f}path.html?query'\u{7f}=query#fragment<\u{7f}fragment",
            "https://www.example.com/path%7B%7Fpath.html?query%27%7F=query",
        ),
        ("http://www.google.com/foo?bar=baz# \u{bb}", "http://www.google.com/foo?bar=baz"),
        ("https://faß.ExAmPlE/", "https://xn--fa-hia.example/"),
        ("https://%e2%98%83", "https://xn--n3h/"),
        ("https://a%C2%ADb/", "https://ab/"),
        ("http://192.0x00A80001", "http://192.168.0.1/"),
        ("https://0x.0x.0", "https://0.0.0.0/"),
        ("http://[::127.0.0.1]", "http://[::7f00:1]/"),
        ("http://[2001::1]:80", "http://[2001::1]/"),
        ("http://[1:0:1:0:1:0:1:0]", "http://[1:0:1:0:1:0:1:0]/"),
    ];
    for (input, expected) in cases {
        let target = parse(input).unwrap_or_else(|error| panic!("{input:?}: {error}"));
        assert_eq!(target.url().as_str(), expected, "{input:?}");
    }
}

/// From the same source: failures according to the standard.
#[test]
fn text_rejected_by_the_url_standard_is_malformed() {
    let cases = [
        "http://?",
        "http://f:b/c",
        "http://f: /c",
        "http://f:999999/c",
        "http://foo:-80/",
        "http://[1::2]:3:4",
        "http://2001::1",
        "http://[www.google.com]/",
        "http://[::127.0.0.1.]",
        "http://user:pass@/",
        "https://x x:12",
        "https://\u{fffd}",
        "http://a\u{0}b/",
        "http://a<b",
        "http://a^b",
        "http://a|b/",
        "http://a%b/",
        "http://ho%20st/",
        "http://ho%2Fst/",
        "http://ho%40st/",
        "https://example.com%80/",
        "https://256.0.0.1/test",
        "https://0x100000000/test",
        "http://1.2.3.08",
        "http://foo.0x4",
        "https://xn--/",
        "https://\u{ad}/",
        "a/",
        "",
    ];
    for input in cases {
        assert!(matches!(parse(input), Err(UrlError::Malformed(_))), "{input:?}: {:?}", parse(input));
    }
}

#[test]
fn other_urls_are_rejected_with_a_reason() {
    let too_long = format!("https://a.example/{}", "x".repeat(32 * 1024));
    let long_fragment = format!("https://a.example/#{}", "x".repeat(64 * 1024));
    // Longer than what is parsed.
    let longest = format!("https://a.example/#{}", "x".repeat(1024 * 1024));
    // (input, expected)
    let cases = [
        ("http://a.example/", None),
        ("https://a.example/", None),
        ("HTTPS://a.example/", None),
        ("ftp://a.example/", Some(UrlError::Scheme)),
        ("file:///etc/passwd", Some(UrlError::Scheme)),
        ("wss://a.example/", Some(UrlError::Scheme)),
        ("data:,x", Some(UrlError::Scheme)),
        ("wxfile://tmp_1.jpg", Some(UrlError::Scheme)),
        ("https://user@a.example/", Some(UrlError::UserInfo)),
        ("https://user:secret@a.example/", Some(UrlError::UserInfo)),
        ("https://:secret@a.example/", Some(UrlError::UserInfo)),
        ("https://a.example@b.example/", Some(UrlError::UserInfo)),
        // Empty user-info is ignored: nothing of it is sent.
        ("https://:@a.example/", None),
        ("https://a`b.example/", Some(UrlError::Host)),
        ("https://a\"b.example/", Some(UrlError::Host)),
        ("https://{a}.example/", Some(UrlError::Host)),
        ("https://a!$&'()*+,-.;=_~b.example/`{}", None),
        (&too_long, Some(UrlError::TooLong)),
        (&long_fragment, None),
        (&longest, Some(UrlError::TooLong)),
    ];
    for (input, expected) in cases {
        assert_eq!(parse(input).err(), expected, "{input:?}");
    }
}

#[test]
fn explicit_default_port_is_detected() {
    let cases = [
        ("https://a.example/", None),
        ("https://a.example:/", None),
        ("https://a.example:443/", Some(443)),
        ("https://a.example:0443", Some(443)),
        ("https://a.example:80/", Some(80)),
        ("http://a.example:80/", Some(80)),
        ("http://a.example:443/", Some(443)),
        ("http://a.example/", None),
        ("https://a.example:8443/x", Some(8443)),
        ("  HTTPS://a.example:443/", Some(443)),
        ("ht\ntps:\\\\a.example:4\t43", Some(443)),
        ("https:a.example:443", Some(443)),
        ("https://[::1]:443/", Some(443)),
        ("https://[::1]/", None),
        ("https://a.example/:443", None),
        ("https://a.example?:443", None),
        ("https://a.example#:443", None),
    ];
    for (input, expected) in cases {
        assert_eq!(parse(input).map(|target| target.explicit_port()), Ok(expected), "{input:?}");
    }
}

/// The first cases are from urltestdata.json, the rest follows RFC 3986 §5.4.
#[test]
fn references_are_resolved() {
    let cases = [
        ("http://example.org/foo/bar", "http:foo.com", "http://example.org/foo/foo.com"),
        ("http://example.org/foo/bar", "\t   :foo.com   \n", "http://example.org/foo/:foo.com"),
        ("http://example.org/foo/bar", "", "http://example.org/foo/bar"),
        ("http://example.org/foo/bar", "#link", "http://example.org/foo/bar"),
        ("http://example.org/foo/bar", "?a=b&c=d", "http://example.org/foo/bar?a=b&c=d"),
        ("http://example.org/foo/bar", "\\\\x\\hello", "http://x/hello"),
        ("http://example.org/foo/bar", "//foo/bar", "http://foo/bar"),
        ("http://example.org/foo/bar", "/a/ /c", "http://example.org/a/%20/c"),
        ("http://example.org/foo/bar", "/a%2fc", "http://example.org/a%2fc"),
        ("http://example.org/foo/bar", "https:example.com/", "https://example.com/"),
        ("https://a/b/c/d;p?q", "g", "https://a/b/c/g"),
        ("https://a/b/c/d;p?q", "../../../g", "https://a/g"),
        ("https://a/b/c/d;p?q", "g;x=1/../y", "https://a/b/c/y"),
        ("https://a/b/c/d;p?q", "?y", "https://a/b/c/d;p?y"),
    ];
    for (base, reference, expected) in cases {
        let target = parse(base).unwrap().join(reference);
        assert_eq!(target.as_ref().map(|target| target.url().as_str()), Ok(expected), "{reference:?}");
    }
}

#[test]
fn reference_inherits_an_explicit_port_only_with_its_host() {
    let cases = [
        ("https://a.example:443/", "/x", Some(443)),
        ("https://a.example:443/", "https:x", Some(443)),
        ("https://a.example:443/", "https://a.example/", None),
        ("https://a.example:443/", "//b.example/", None),
        ("https://a.example/", "/x", None),
        ("https://a.example/", "/x:443", None),
        ("https://a.example/", "//a.example:443/", Some(443)),
        ("https://a.example/", "https://a.example:443/", Some(443)),
        ("https://a.example:80/", "/x", Some(80)),
        ("https://a.example:8443/", "?x", Some(8443)),
        ("http://a.example:80/", "x", Some(80)),
        ("http://a.example:80/", "https://a.example", None),
        ("http://a.example/", "https:a.example:443", Some(443)),
    ];
    for (base, reference, expected) in cases {
        let target = parse(base).unwrap().join(reference).unwrap();
        assert_eq!(target.explicit_port(), expected, "{reference:?} at {base}");
    }
}

#[test]
fn references_follow_the_same_rules() {
    let base = parse("https://a.example/").unwrap();
    let cases = [
        ("ftp://a.example/", UrlError::Scheme),
        ("javascript:alert(1)", UrlError::Scheme),
        ("//user@b.example/", UrlError::UserInfo),
        ("//a b/", UrlError::Malformed(ParseError::IdnaError)),
        ("//a.example:99999/", UrlError::Malformed(ParseError::InvalidPort)),
    ];
    for (reference, expected) in cases {
        match (base.join(reference), expected) {
            // The parser decides which part of a malformed URL it reports.
            (Err(UrlError::Malformed(_)), UrlError::Malformed(_)) => {}
            (result, expected) => assert_eq!(result, Err(expected), "{reference:?}"),
        }
    }
}

#[test]
fn logged_url_has_no_query_and_no_fragment() {
    let cases = [
        ("https://a.example/path?token=secret", "https://a.example/path"),
        ("https://a.example:8443/path?token=secret#secret", "https://a.example:8443/path"),
        ("https://a.example/", "https://a.example/"),
    ];
    for (input, expected) in cases {
        assert_eq!(redacted(&Url::parse(input).unwrap()), expected);
    }
}
