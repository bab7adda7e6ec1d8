use super::*;

const REFERER: &str = "https://servicewechat.com/wx0123456789abcdef/12/page-frame.html";

fn identity() -> Identity {
    Identity::new("wx0123456789abcdef", "12", "Agent/1", "").unwrap()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn list(fields: &[(&str, &str)]) -> Headers {
    fields.iter().copied().collect()
}

fn last(headers: &Headers) -> Option<(&str, &str)> {
    headers.iter().last().map(|header| (header.name, header.value))
}

fn build_for_download(callers: &[(&str, &str)]) -> RequestHeaders {
    build(&pairs(callers), &identity(), None, false).unwrap()
}

#[test]
fn library_headers_precede_the_callers() {
    let headers = build_for_download(&[("X-B", "2"), ("x-a", " 1\t"), ("X-B", ""), ("rANGE", "bytes=0-")]);
    let expected = [
        ("User-Agent", "Agent/1"),
        ("Accept", "*/*"),
        ("Referer", REFERER),
        ("X-B", "2"),
        ("x-a", "1"),
        ("X-B", ""),
        ("rANGE", "bytes=0-"),
    ];
    assert_eq!(headers.list, list(&expected));
    assert!(headers.dropped.is_empty());

    let upload = build(&pairs(&[("X-B", "2")]), &identity(), Some("multipart/form-data; boundary=b"), false).unwrap();
    let names: Vec<&str> = upload.list.iter().map(|header| header.name).collect();
    assert_eq!(names, ["User-Agent", "Accept", "Referer", "Content-Type", "X-B"]);
}

#[test]
fn callers_user_agent_and_accept_replace_the_librarys() {
    let headers = build_for_download(&[("X-A", "1"), ("user-agent", "Mine"), ("X-B", "2"), ("ACCEPT", "text/plain")]);
    let expected = [("Referer", REFERER), ("X-A", "1"), ("user-agent", "Mine"), ("X-B", "2"), ("ACCEPT", "text/plain")];
    assert_eq!(headers.list, list(&expected));

    // A dropped header does not replace the library's.
    let upload = build(&pairs(&[("content-TYPE", "t")]), &identity(), Some("multipart/form-data"), false).unwrap();
    assert_eq!(last(&upload.list), Some(("Content-Type", "multipart/form-data")));
}

#[test]
fn callers_referer_is_dropped() {
    for name in ["Referer", "referer", "REFERER", "rEfErEr"] {
        let headers = build_for_download(&[(name, "https://evil.example/")]);
        let referers: Vec<_> = headers.list.values("referer").collect();
        assert_eq!(referers, [REFERER]);
        assert_eq!(headers.dropped, [name]);
    }
}

#[test]
fn version_zero_is_the_development_version() {
    for version in ["0", ""] {
        let identity = Identity::new("wxid", version, "", "").unwrap();
        let headers = build(&[], &identity, None, false).unwrap();
        assert_eq!(headers.list.value("Referer"), Some("https://servicewechat.com/wxid/0/page-frame.html"));
    }
}

#[test]
fn a_session_without_a_user_agent_has_the_librarys() {
    let identity = Identity::new("wxid", "1", " ", "").unwrap();
    let headers = build(&[], &identity, None, false).unwrap();
    let user_agent = headers.list.value("user-agent").unwrap();
    assert!(user_agent.starts_with("wxtransfer/"), "{user_agent}");
}

#[test]
fn an_identity_that_would_break_the_referer_is_an_error() {
    let cases = [
        ("", "1", "", IdentityError::AppId),
        ("wx/../x", "1", "", IdentityError::AppId),
        ("wx\r\nX: y", "1", "", IdentityError::AppId),
        ("应用", "1", "", IdentityError::AppId),
        (".", "1", "", IdentityError::AppId),
        ("..", "1", "", IdentityError::AppId),
        ("%2e%2e", "1", "", IdentityError::AppId),
        ("wx?x", "1", "", IdentityError::AppId),
        ("wx#x", "1", "", IdentityError::AppId),
        ("wx\\x", "1", "", IdentityError::AppId),
        (" ", "1", "", IdentityError::AppId),
        ("wx\0", "1", "", IdentityError::AppId),
        ("wx", ".", "", IdentityError::AppVersion),
        ("wx", "..", "", IdentityError::AppVersion),
        ("wx", " ", "", IdentityError::AppVersion),
        ("wx", "1/2", "", IdentityError::AppVersion),
        ("wx", "1 ", "", IdentityError::AppVersion),
        ("wx", "1?x", "", IdentityError::AppVersion),
        ("wx", "1", "a\r\nb: c", IdentityError::UserAgent),
        ("wx", "1", "a\0", IdentityError::UserAgent),
    ];
    for (app_id, version, user_agent, expected) in cases {
        assert_eq!(
            Identity::new(app_id, version, user_agent, ""),
            Err(expected),
            "{app_id:?} {version:?} {user_agent:?}"
        );
    }
    // Dots within a segment are ordinary: each of these appears unchanged in the Referer.
    for segment in ["...", ".a", "a..", "1.0.0", "~", "wx_a-b.c~d"] {
        let headers = build(&[], &Identity::new(segment, segment, "", "").unwrap(), None, false).unwrap();
        let referer = url::Url::parse(headers.list.value("Referer").unwrap()).unwrap();
        let segments: Vec<&str> = referer.path_segments().unwrap().collect();
        assert_eq!(segments, [segment, segment, "page-frame.html"]);
    }
}

#[test]
fn framing_headers_of_the_caller_are_dropped() {
    let names = [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "Keep-Alive",
        "Proxy-Authorization",
        "Proxy-Connection",
        "proxy-anything",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
    ];
    let callers: Vec<_> = names.iter().map(|name| (*name, "x")).chain([("X-Kept", "y"), ("Proxy", "z")]).collect();
    let headers = build_for_download(&callers);
    assert_eq!(headers.dropped, names);
    let kept: Vec<&str> = headers.list.iter().map(|header| header.name).collect();
    assert_eq!(kept, ["User-Agent", "Accept", "Referer", "X-Kept", "Proxy"]);
}

#[test]
fn content_type_is_the_librarys_for_uploads_and_the_callers_for_downloads() {
    let callers = pairs(&[("content-type", "application/json")]);
    let upload = build(&callers, &identity(), Some("multipart/form-data; boundary=b"), false).unwrap();
    assert_eq!(last(&upload.list), Some(("Content-Type", "multipart/form-data; boundary=b")));
    assert_eq!(upload.list.values("content-type").count(), 1);
    assert_eq!(upload.dropped, ["content-type"]);

    let download = build(&callers, &identity(), None, false).unwrap();
    assert_eq!(download.list.value("Content-Type"), Some("application/json"));
    assert!(download.dropped.is_empty());
}

#[test]
fn old_ios_clients_ignore_the_callers_headers() {
    let callers = pairs(&[("X-A", "1"), ("User-Agent", "Mine"), ("bad\r\nname", "\r\n")]);
    let headers = build(&callers, &identity(), Some("multipart/form-data; boundary=b"), true).unwrap();
    let expected = [
        ("User-Agent", "Agent/1"),
        ("Accept", "*/*"),
        ("Referer", REFERER),
        ("Content-Type", "multipart/form-data; boundary=b"),
    ];
    assert_eq!(headers.list, list(&expected));
    // A dropped name cannot forge a line of the log.
    assert_eq!(headers.dropped, ["X-A", "User-Agent", "bad\\r\\nname"]);
}

/// RFC 9110 §5.6.2 and §5.5.
#[test]
fn a_header_that_could_smuggle_another_fails_the_call() {
    for name in
        ["", " ", "a b", "a:", "a\r\nb", "a\n", "\0", "名", "a(b)", "a/b", "a=b", "\"a\"", "a\u{7f}", "a,b", "Referer "]
    {
        let expected = HeaderError::Name { name: name.to_owned() };
        assert_eq!(build(&pairs(&[("X", "ok"), (name, "v")]), &identity(), None, false), Err(expected));
    }
    for value in ["a\rb", "a\nb", "a\r\nX: y", "\0", "a\u{1}", "a\u{1b}[0m", "a\u{7f}", "end\r\n", "\n"] {
        let expected = HeaderError::Value { name: "X-Bad".to_owned() };
        assert_eq!(build(&pairs(&[("X-Bad", value)]), &identity(), None, false), Err(expected), "{value:?}");
    }
    // Even if the header would have been dropped.
    let expected = HeaderError::Value { name: "Referer".to_owned() };
    assert_eq!(build(&pairs(&[("Referer", "a\r\nb")]), &identity(), None, false), Err(expected));
}

#[test]
fn total_size_of_caller_headers_is_limited() {
    // "X: " and the line end are 5 bytes.
    let of_size = |size: usize| vec![("X".to_owned(), "v".repeat(size - 5))];
    let many = |count: usize| vec![("X".to_owned(), "v".to_owned()); count];
    for (callers, fits) in
        [(of_size(32 * 1024), true), (of_size(32 * 1024 + 1), false), (many(5461), true), (many(5462), false)]
    {
        let built = build(&callers, &identity(), None, false);
        let too_large = HeaderError::TooLarge { name: "X".to_owned() };
        assert_eq!(built.err(), (!fits).then_some(too_large), "{}", callers.len());
        assert!(build(&callers, &identity(), None, true).is_ok(), "the size of ignored headers does not count");
    }
    // The error names the largest header.
    let small = || ("X-Small".to_owned(), "v".to_owned());
    let callers = vec![small(), ("X-Large".to_owned(), "v".repeat(40_000)), small()];
    let too_large = HeaderError::TooLarge { name: "X-Large".to_owned() };
    assert_eq!(build(&callers, &identity(), None, false), Err(too_large));
}

#[test]
fn ordinary_headers_of_the_caller_are_sent() {
    let names = "!#$%&'*+-.^_`|~09azAZ";
    for value in ["", "a\tb", "a b", "~!@#$%^&*()", "你好", "\u{80}", "é"] {
        let headers = build_for_download(&[(names, value)]);
        assert_eq!(last(&headers.list), Some((names, value)));
    }
}

#[test]
fn redirect_removes_headers_of_the_previous_server() {
    let fields = [
        ("X-A", "1"),
        ("AUTHORIZATION", "secret"),
        ("cookie", "secret"),
        ("Proxy-Authorization", "secret"),
        ("Content-Type", "t"),
        ("content-encoding", "e"),
        ("Referer", REFERER),
    ];
    let all: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let cases: [(bool, bool, &[&str]); 4] = [
        (true, true, &all),
        (false, true, &["X-A", "Content-Type", "content-encoding", "Referer"]),
        (true, false, &["X-A", "AUTHORIZATION", "cookie", "Proxy-Authorization", "Referer"]),
        (false, false, &["X-A", "Referer"]),
    ];
    for (same_origin, keep_body, expected) in cases {
        let mut headers = list(&fields);
        prepare_for_redirect(&mut headers, same_origin, keep_body);
        let names: Vec<&str> = headers.iter().map(|header| header.name).collect();
        assert_eq!(names, expected, "same origin: {same_origin}, body: {keep_body}");
    }
}

#[test]
fn referer_follows_the_template() {
    let cases = [
        ("", "https://servicewechat.com/wxid/12/page-frame.html"),
        (
            "https://servicedimina.com/{appid}/{version}/page-frame.html",
            "https://servicedimina.com/wxid/12/page-frame.html",
        ),
        (
            "https://tmaservice.developer.toutiao.com?appid={appid}&version={version}",
            "https://tmaservice.developer.toutiao.com?appid=wxid&version=12",
        ),
        ("http://a.example:8080/{appid}{appid}/%7Bx%7D", "http://a.example:8080/wxidwxid/%7Bx%7D"),
        ("https://a.example", "https://a.example"),
        ("https://a.example/@x?@y", "https://a.example/@x?@y"),
    ];
    for (template, expected) in cases {
        let identity = Identity::new("wxid", "12", "", template).unwrap();
        let headers = build(&[], &identity, None, false).unwrap();
        assert_eq!(headers.list.value("Referer"), Some(expected));
    }
    let refused = [
        "servicewechat.com/{appid}",
        "ftp://a.example/",
        "https://",
        "https:a.example",
        "https://user@a.example/",
        "https://user:password@a.example/",
        "https://@a.example/",
        "https://:@a.example/",
        "https:///a.example/",
        "https:////a.example/",
        "https://?a.example",
        "https://{appid}@a.example/",
        "https://a.example/#x",
        "https://a.example/{appkey}",
        "https://a.example/{appid",
        "https://a.example/a b",
        "https://a.example/\r\nX: y",
        "https://例子.测试/",
        " https://a.example/",
    ];
    for template in refused {
        assert_eq!(Identity::new("wxid", "12", "", template), Err(IdentityError::Referer), "{template:?}");
    }
    // The limit applies to the length after replacement.
    let of_length = |length: usize| format!("https://a.example/{{appid}}/{}", "x".repeat(length - 23));
    assert!(Identity::new("wxid", "12", "", &of_length(1024)).is_ok());
    assert_eq!(Identity::new("wxid", "12", "", &of_length(1025)), Err(IdentityError::Referer));
}
