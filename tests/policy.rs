//! Redirects, domain lists and TLS rules, end to end.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::{CStr, CString};
use std::net::{IpAddr, UdpSocket};
use std::sync::Mutex;

use support::Session;
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::options::{
    WXT_LAN_ALL_LOCAL, WXT_LAN_OFF, WXT_LAN_OWN_SUBNETS, WXT_PLATFORM_IOS, WxtLogger, WxtPin, WxtResolver,
    WxtSessionOptions,
};
use wxtransfer::ffi::status::{WXT_INVALID_ARGUMENT, WXT_INVALID_DOMAIN, WXT_INVALID_PROXY, WXT_OK, WxtStatus};
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer_test_server::{
    self as server, Authority, Event, FaultServer, Identity, MaximumTls, Options, ProxyServer, Script, Server, Step,
    Transport,
};

/// Resolves every name to the address in the context, a `CStr`, or to loopback if it is NULL.
unsafe extern "C" fn resolve(
    context: *mut std::ffi::c_void,
    _: WxtStr,
    resolution: *mut wxtransfer::ffi::resolver::WxtResolution,
) {
    let address = match context.is_null() {
        true => "127.0.0.1",
        false => unsafe { CStr::from_ptr(context.cast()) }.to_str().expect("an address"),
    };
    let address = WxtStr::new(address);
    assert_eq!(unsafe { wxtransfer::ffi::resolver::wxt_resolution_finish(resolution, &address, 1) }, 0);
}

const LOOPBACK: WxtResolver = WxtResolver { context: std::ptr::null_mut(), resolve: Some(resolve) };

fn always(address: &CStr) -> WxtResolver {
    WxtResolver { context: address.as_ptr().cast_mut().cast(), resolve: Some(resolve) }
}

/// The address of this machine in other networks. Connecting a UDP socket sends nothing.
fn address_of_an_interface() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.7:9").ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn redirect(status: u16, location: &str) -> Script {
    Script::new([
        Step::ReadHead,
        Step::ReadWholeBody,
        Step::Send(server::response_head(status, &[("Location", location), ("Connection", "close")], Some(0))),
        Step::Close,
    ])
}

fn first_line(server: &FaultServer, connection: usize) -> String {
    let received = String::from_utf8_lossy(&server.received(connection)).into_owned();
    received.lines().next().unwrap_or_default().to_owned()
}

unsafe extern "C" fn collect(lines: *mut std::ffi::c_void, _: i32, message: WxtStr) {
    let message = unsafe { message.host_text("message") }.expect("UTF-8");
    unsafe { &*lines.cast::<Mutex<Vec<String>>>() }.lock().expect("no panic").push(message);
}

/// The status of opening a session, and the log.
fn opened(change: impl FnOnce(&mut WxtSessionOptions)) -> (WxtStatus, Vec<String>) {
    let lines = Mutex::new(Vec::new());
    let (status, session) = Session::try_open_with(|options| {
        options.logger = WxtLogger { context: (&raw const lines).cast_mut().cast(), log: Some(collect) };
        change(options);
    });
    drop(session);
    (status, lines.into_inner().expect("no panic"))
}

/// Mistakes of the host are reported when the session opens, with the entry that is wrong.
#[test]
fn invalid_domain_entry_is_named_in_the_log() {
    let entry = |text: &'static str| [WxtStr::new("https://good.example"), WxtStr::new(text)];
    for (text, reason) in [
        ("http://a.example", "plain http is not allowed"),
        ("https://a.example/path", "an entry is a host with an optional scheme and port"),
        ("https://10.0.0.1", "it is an IP address or a local name"),
        ("wss://a.example", "the scheme is neither https nor http"),
    ] {
        let entries = entry(text);
        let (status, lines) = opened(|options| {
            options.allow_plain_http = 0;
            options.upload_domains = entries.as_ptr();
            options.upload_domain_count = 2;
        });
        assert_eq!(status, WXT_INVALID_DOMAIN, "{text}");
        assert_eq!(lines, [format!("the session is not opened: upload_domains[1] cannot be listed: {reason}")]);
        let (status, lines) = opened(|options| {
            options.allow_plain_http = 0;
            options.skip_domain_check = 1;
            options.download_domains = entries.as_ptr();
            options.download_domain_count = 2;
        });
        assert_eq!(status, WXT_INVALID_DOMAIN, "{text}");
        assert_eq!(lines, [format!("the session is not opened: download_domains[1] cannot be listed: {reason}")]);
    }
    let entries = entry("http://a.example");
    let (status, _) = opened(|options| {
        options.upload_domains = entries.as_ptr();
        options.upload_domain_count = 2;
    });
    assert_eq!(status, WXT_OK, "with plain http");
}

/// `platform` can be wrong only in the C interface. Both interfaces check `proxy`.
#[test]
fn wrong_option_is_named_in_the_log() {
    let (status, lines) = opened(|options| options.platform = 0);
    assert_eq!(status, WXT_INVALID_ARGUMENT);
    assert!(lines.len() == 1 && lines[0].starts_with("the session is not opened: platform"), "{lines:?}");
    let (status, lines) = opened(|options| options.proxy = WxtStr::new("no proxy"));
    assert_eq!(status, WXT_INVALID_PROXY);
    assert!(lines.len() == 1 && lines[0].starts_with("the session is not opened: proxy"), "{lines:?}");
}

/// Both values are segments of the Referer's path and parts of a directory's name.
#[test]
fn app_id_or_version_that_changes_the_referers_path_is_rejected() {
    for text in [".", "..", "a/b", "a\\b", "a?b", "a#b", "a b", " ", "a\n", "a\u{7f}", "%2e", "应用"] {
        let (status, lines) = opened(|options| options.app_id = WxtStr::new(text));
        assert_eq!(status, WXT_INVALID_ARGUMENT, "{text:?}");
        assert!(lines.len() == 1 && lines[0].contains("app_id"), "{text:?}: {lines:?}");
        let (status, lines) = opened(|options| options.app_version = WxtStr::new(text));
        assert_eq!(status, WXT_INVALID_ARGUMENT, "{text:?}");
        assert!(lines.len() == 1 && lines[0].contains("app_version"), "{text:?}: {lines:?}");
    }
    for text in ["wx", "...", "a.b", "1.0.0", "~"] {
        let (status, _) =
            opened(|options| (options.app_id, options.app_version) = (WxtStr::new(text), WxtStr::new(text)));
        assert_eq!(status, WXT_OK, "{text:?}");
    }
    assert_eq!(opened(|options| options.app_version = WxtStr::absent()).0, WXT_OK, "the development version");
}

#[test]
fn redirects_change_the_method_or_send_the_body_again() {
    for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let server = FaultServer::start(
            Transport::TLS,
            vec![redirect(status, "/next"), Script::answer(200, &[("Connection", "close")], b"done")],
        );
        let session = Session::open();
        let file = session.file("a.txt", b"the content of the file");
        let ended = session.upload(&server.url("/first"), &file).end();
        assert_eq!(ended.success().data.as_deref(), Some("done"), "{status}");
        assert_eq!(first_line(&server, 1), format!("{method} /next HTTP/1.1"));
        let second = String::from_utf8_lossy(&server.received(1)).into_owned();
        assert_eq!(second.contains("the content of the file"), method == "POST", "{second}");
        assert!(second.to_ascii_lowercase().contains("referer: https://servicewechat.com/"), "{second}");
        assert_eq!(second.to_ascii_lowercase().contains("content-type:"), method == "POST", "{second}");
        let profile = ended.success().profile().raw;
        assert!(profile.redirect_start > 0 && profile.redirect_end >= profile.redirect_start);
    }
}

#[test]
fn five_redirects_are_followed_and_the_sixth_fails() {
    for (redirects, works) in [(5, true), (6, false)] {
        let server = Server::start(Options::default());
        let session = Session::open();
        let ended = session.download(&server.https_url(&format!("/redirect/302?n={redirects}"))).end();
        if works {
            assert_eq!(ended.success().status, 200);
        } else {
            let failure = ended.failure();
            assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_TOO_MANY_REDIRECTS, WXT_CATEGORY_LIMIT));
            assert_eq!(failure.err_msg, "downloadFile:fail exceed max redirect count");
        }
    }
}

#[test]
fn credentials_stay_at_their_origin() {
    let target = FaultServer::start(Transport::TLS, vec![Script::answer(200, &[], b"")]);
    let first = FaultServer::start(Transport::TLS, vec![redirect(302, &target.url("/there"))]);
    let session = Session::open();
    let header = [("Authorization", "secret"), ("Cookie", "secret"), ("X-Other", "kept")];
    let header = header.map(|(name, value)| WxtPair { name: WxtStr::new(name), value: WxtStr::new(value) });
    let ended = session
        .download_with(&first.url("/"), |request| {
            request.header = header.as_ptr();
            request.header_count = header.len();
        })
        .end();
    ended.success();
    let (here, there) = (first.received(0), target.received(0));
    assert!(String::from_utf8_lossy(&here).contains("secret"));
    assert!(!String::from_utf8_lossy(&there).contains("secret"));
    assert!(String::from_utf8_lossy(&there).contains("kept"));
    let referer = "referer: https://servicewechat.com/wx1234567890abcdef/0/page-frame.html\r\n";
    assert!(
        String::from_utf8_lossy(&there).to_ascii_lowercase().contains(referer),
        "the Referer is the same in every request"
    );
}

#[test]
fn a_downgrade_is_refused_unless_plain_http_is_allowed() {
    let server = Server::start(Options::default());
    let url = server.https_url(&format!("/redirect/302?to={}", server.url("/bytes/3")));
    let strict = Session::open_with(|options| {
        options.allow_plain_http = 0;
        options.lan_policy = WXT_LAN_OFF;
        options.skip_domain_check = 1;
    });
    let refused = (WXT_ERRNO_NOT_IN_DOMAIN_LIST, "downloadFile:fail url not in domain list");
    let ended = strict.download(&url).end();
    let failure = ended.failure();
    assert_eq!((failure.err_no, failure.err_msg.as_str()), refused);
    assert_eq!(failure.detail, "the server redirects from https to http, which allow_plain_http does not allow");
    assert_eq!(Session::open().download(&url).end().success().data_length, 3);
    let ended = strict.download(&server.url("/bytes/3")).end();
    let failure = ended.failure();
    assert_eq!((failure.err_no, failure.err_msg.as_str()), refused);
    assert_eq!(failure.detail, "plain http is not allowed");
}

#[test]
fn the_domain_list_holds_for_the_first_request_and_for_redirects() {
    let server = Server::start(Options::default());
    let port = server.tls_address().port();
    let listed = format!("https://one.example.test:{port}");
    let entry = WxtStr::new(&listed);
    let session = Session::open_with(|options| {
        // A listed name may then resolve to the device itself.
        options.lan_policy = WXT_LAN_ALL_LOCAL;
        options.resolver = LOOPBACK;
        options.download_domains = &entry;
        options.download_domain_count = 1;
    });
    let ended = session.download(&format!("{listed}/bytes/5")).end();
    assert_eq!(ended.success().data_length, 5);
    let before = server.requests().len();
    let cases = [
        format!("https://two.example.test:{port}/bytes/5"),
        format!("https://example.test:{port}/bytes/5"),
        "https://192.0.2.7/bytes/5".to_owned(),
        "https://one.example.test/bytes/5".to_owned(),
    ];
    for url in &cases {
        let ended = session.download(url).end();
        let failure = ended.failure();
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_NOT_IN_DOMAIN_LIST, WXT_CATEGORY_POLICY), "{url}");
        assert_eq!(failure.err_msg, "downloadFile:fail url not in domain list");
    }
    let file = session.file("a", b"a");
    let ended = session.upload(&format!("{listed}/upload"), &file).end();
    assert_eq!(ended.failure().err_msg, "uploadFile:fail url not in domain list", "each API has its own list");
    assert_eq!(server.requests().len(), before, "nothing is sent");
    let ended = session.download(&format!("{listed}/redirect/302?to=https://two.example.test:{port}/bytes/5")).end();
    assert_eq!(ended.failure().err_no, WXT_ERRNO_NOT_IN_DOMAIN_LIST);
    assert_eq!(server.requests().len(), before + 1, "no request is sent to the redirect's target");
}

/// DNS rebinding: a listed name that resolves to the device would let a page talk to its services.
#[test]
fn a_name_that_leads_to_the_device_is_refused_before_anything_is_sent() {
    let server = Server::start(Options::default());
    let listed = format!("https://one.example.test:{}", server.tls_address().port());
    let entry = WxtStr::new(&listed);
    let loopback = ["127.0.0.1", "::1", "::ffff:127.0.0.1"].map(str::to_owned);
    // A machine without a network has no other address.
    let own = address_of_an_interface().map(|address| address.to_string());
    for address in loopback.into_iter().chain(own) {
        let address = CString::new(address).expect("no NUL");
        for skip_domain_check in [0, 1] {
            let session = Session::open_with(|options| {
                options.lan_policy = WXT_LAN_OWN_SUBNETS;
                options.skip_domain_check = skip_domain_check;
                options.resolver = always(&address);
                options.download_domains = &entry;
                options.download_domain_count = 1;
            });
            let ended = session.download(&format!("{listed}/bytes/5")).end();
            let failure = ended.failure();
            assert_eq!(
                (failure.err_no, failure.category),
                (WXT_ERRNO_NOT_IN_DOMAIN_LIST, WXT_CATEGORY_POLICY),
                "{address:?}"
            );
            assert_eq!(failure.err_msg, "downloadFile:fail url not in domain list");
            assert_eq!(failure.detail, "the host name resolves to an address of the device itself");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn invalid_certificates_are_rejected_with_their_reason() {
    let tls = |identity| Transport::Tls { identity, maximum: MaximumTls::Tls13 };
    let answer = || vec![Script::answer(200, &[], b"secret")];
    let cases = [
        (tls(Identity::Expired), answer(), "expired"),
        (tls(Identity::NotYetValid), answer(), "is not valid before"),
        (tls(Identity::WrongHost), answer(), "another host"),
        (tls(Identity::SelfSigned), answer(), "self-signed"),
        (tls(Identity::UnknownCa), answer(), "not issued by a trusted authority"),
        (tls(Identity::MissingIntermediate), answer(), "was not sent"),
        (Transport::TLS, vec![Script::new([Step::ChooseTls11])], "TLS 1.2"),
        (
            Transport::TLS,
            vec![Script::new([Step::PlainOnTlsPort]).then(Script::new([
                Step::Send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec()),
                Step::Close,
            ]))],
            "does not speak TLS",
        ),
    ];
    let mut details = Vec::new();
    for (transport, scripts, detail) in cases {
        let server = FaultServer::start(transport, scripts);
        let session = Session::open();
        let ended = session.download(&server.url("/")).end();
        let failure = ended.failure();
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS), "{failure:?}");
        assert!(failure.detail.contains(detail), "{detail}: {failure:?}");
        assert!(!details.contains(&failure.detail), "each failure has its own detail: {failure:?}");
        details.push(failure.detail.clone());
        assert_eq!(failure.retryable, detail == "does not speak TLS", "only a captive portal's failure is retryable");
        server.wait_for(Event::Finished(0));
        assert!(!String::from_utf8_lossy(&server.received(0)).contains("HTTP/1.1"), "no request is sent");
    }
    let server = FaultServer::start(
        Transport::Tls { identity: Identity::Valid, maximum: MaximumTls::Tls12 },
        vec![Script::answer(200, &[], b"ok")],
    );
    assert_eq!(Session::open().download(&server.url("/")).end().success().status, 200);
}

#[test]
fn pinned_host_must_present_the_pinned_key() {
    let server = Server::start(Options::default());
    let right = Authority::shared().spki_sha256();
    let wrong = [7; 32];
    for (hashes, works) in [(vec![right], true), (vec![wrong], false), (vec![wrong, right], true)] {
        let pins: Vec<WxtPin> = hashes
            .iter()
            .map(|hash| WxtPin { host: WxtStr::new("localhost"), sha256: hash.as_ptr(), sha256_length: 32 })
            .collect();
        let session = Session::open_with(|options| {
            options.pins = pins.as_ptr();
            options.pin_count = pins.len();
        });
        let ended = session.download(&server.https_url("/bytes/3")).end();
        if works {
            assert_eq!(ended.success().data_length, 3);
        } else {
            assert!(ended.failure().detail.contains("pinned"), "{:?}", ended.failure());
        }
    }
}

#[test]
fn a_proxy_tunnels_every_connection() {
    let server = Server::start(Options::default());
    let proxy = ProxyServer::start(Some(("user", "pass word")));
    let address = format!("http://user:pass%20word@{}", proxy.address());
    let session = Session::open_with(|options| options.proxy = WxtStr::new(&address));
    assert_eq!(session.download(&server.https_url("/bytes/3")).end().success().data_length, 3);
    assert_eq!(session.download(&server.url("/bytes/3")).end().success().data_length, 3);
    let targets: Vec<_> = proxy.connects().iter().map(|connect| connect.target.clone()).collect();
    assert_eq!(targets, [format!("localhost:{}", server.tls_address().port()), format!("{}", server.address())]);
    let wrong = format!("http://user:wrong@{}", proxy.address());
    let session = Session::open_with(|options| {
        options.proxy = WxtStr::new(&wrong);
        options.max_retries = 3;
    });
    let ended = session.download(&server.https_url("/bytes/3")).end();
    // Further attempts with a wrong password could lock the account.
    let failure = ended.failure();
    assert_eq!(
        (failure.category, failure.retryable, failure.attempts),
        (WXT_CATEGORY_CONNECT, false, 1),
        "{failure:?}"
    );
}

#[test]
fn an_old_ios_client_sends_no_header_of_the_callers() {
    let header = [WxtPair { name: WxtStr::new("X-Custom"), value: WxtStr::new("one") }];
    for (version, sent) in [("6.5.3", None), ("6.5.2.9", None), ("6.5.3.1", Some("one")), ("6.5.10", Some("one"))] {
        let server = Server::start(Options::default());
        let session = Session::open_with(|options| {
            options.platform = WXT_PLATFORM_IOS;
            options.client_version = WxtStr::new(version);
        });
        let ended = session
            .download_with(&server.https_url("/headers"), |request| {
                request.header = header.as_ptr();
                request.header_count = 1;
            })
            .end();
        ended.success();
        let request = server.requests()[0].clone();
        assert_eq!(request.header("X-Custom"), sent, "{version}");
        assert!(request.header("Referer").is_some(), "{version}");
    }
}

/// The server identifies the URL by its bytes, so the next request must contain the same bytes in any encoding.
#[test]
fn location_is_sent_back_with_the_same_bytes() {
    let cases: [(&[u8], &str); 7] = [
        (b"/caf\xE9?q=\xFF", "/caf%E9?q=%FF"),
        // The GBK encoding of a name, whose bytes are other characters in Latin-1.
        (b"/\xC4\xE3\xBA\xC3.txt", "/%C4%E3%BA%C3.txt"),
        (b"/caf\xC3\xA9", "/caf%C3%A9"),
        (b"/caf%E9%c3%a9", "/caf%E9%c3%a9"),
        // A relative URL whose first byte beyond ASCII is a Latin-1 space, which is not whitespace around a value.
        (b"\xA0/x", "/%A0/x"),
        (b"  \t/padded\t ", "/padded"),
        (b"/folded\r\n ", "/folded"),
    ];
    for (location, path) in cases {
        let mut head = b"HTTP/1.1 302 Found\r\nLocation:\r\nlocation: ".to_vec();
        head.extend_from_slice(location);
        head.extend_from_slice(b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let first = Script::new([Step::ReadHead, Step::ReadWholeBody, Step::Send(head), Step::Close]);
        let server =
            FaultServer::start(Transport::Plain, vec![first, Script::answer(200, &[("Connection", "close")], b"done")]);
        let session = Session::open();
        let ended = session.download(&server.url("/")).end();
        assert_eq!(ended.success().data_length, 4, "{}", location.escape_ascii());
        assert_eq!(first_line(&server, 1), format!("GET {path} HTTP/1.1"), "{}", location.escape_ascii());
    }
}

/// Headers that are too large for the lower layers are the page's mistake, found before anything is sent.
#[test]
fn headers_that_are_too_large_fail_the_call_at_once() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let large = "v".repeat(70_000);
    let one = vec![WxtPair { name: WxtStr::new("X-Large"), value: WxtStr::new(&large) }];
    let many = vec![WxtPair { name: WxtStr::new("X"), value: WxtStr::new("") }; 33_000];
    for (header, name) in [(one, "X-Large"), (many, "X")] {
        let ended = session
            .download_with(&server.url("/bytes/3"), |request| {
                request.header = header.as_ptr();
                request.header_count = header.len();
            })
            .end();
        let failure = ended.failure();
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_INVALID_REQUEST_DATA, WXT_CATEGORY_REQUEST));
        assert_eq!(failure.err_msg, format!("downloadFile:fail invalid request data header {name}"));
    }
    assert_eq!(server.requests().len(), 0);
}

/// A server may redirect an upload before it has read the file.
#[test]
fn a_redirect_that_comes_early_is_followed_with_the_whole_body() {
    for transport in [Transport::Plain, Transport::TLS] {
        let head = server::response_head(307, &[("Location", "/next"), ("Connection", "close")], Some(0));
        let early = Script::new([Step::ReadHead, Step::ReadBody(1000), Step::Send(head), Step::Close]);
        let answer = Script::new([
            Step::ReadHead,
            Step::ReadWholeBody,
            Step::Send(server::response_head(200, &[("Connection", "close")], Some(0))),
        ]);
        let server = FaultServer::start(transport, vec![early, answer]);
        let session = Session::open();
        let content = vec![b'x'; 8_000_000];
        let ended = session.upload(&server.url("/first"), &session.file("large.bin", &content)).end();
        assert_eq!(ended.success().status, 200);
        assert_eq!(first_line(&server, 1), "POST /next HTTP/1.1");
        let (sent, expected, _) = *ended.progress().last().expect("progress");
        assert!(sent > content.len() as u64 && Some(sent) == expected, "{sent} of {expected:?}");
    }
}

/// Without a target to follow, the answer itself is the result.
#[test]
fn redirect_without_a_target_is_the_result() {
    for status in [300, 301, 302, 303, 304, 305, 307, 308] {
        for location in ["", "Location: \r\n", "Location:\r\nLocation: \t\r\n"] {
            let body = if status == 304 { "" } else { "body" };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} Test\r\n{location}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let script =
                Script::new([Step::ReadHead, Step::ReadWholeBody, Step::Send(answer.into_bytes()), Step::Close]);
            let server = FaultServer::start(Transport::Plain, vec![script.clone(), script]);
            let session = Session::open();
            let ended = session.download(&server.url("/")).end();
            assert_eq!((ended.success().status, ended.success().data_length), (status, length as u64));
            let ended = session.upload(&server.url("/"), &session.file("a.txt", b"content")).end();
            assert_eq!((ended.success().status, ended.success().data.as_deref()), (status, Some(body)));
        }
    }
}

/// The differences between containers with the same calls: the Referer and the path scheme.
#[test]
fn referer_and_path_scheme_are_configurable() {
    let server = Server::start(Options::default());
    let session = Session::open_with(|options| {
        options.app_version = WxtStr::new("7");
        options.referer = WxtStr::new("https://servicedimina.com/{appid}/{version}/page-frame.html");
        options.path_scheme = WxtStr::new("difile");
    });
    let ended = session.download(&server.https_url("/bytes/5")).end();
    let path = ended.success().temp_file_path.clone().expect("a temporary file");
    assert!(path.starts_with("difile://tmp_"), "{path}");
    let ended = session.upload(&server.https_url("/upload"), std::path::Path::new(&path)).end();
    assert_eq!(ended.success().status, 200);
    for request in server.requests() {
        let referer =
            request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("referer")).map(|(_, value)| value);
        assert_eq!(referer.map(String::as_str), Some("https://servicedimina.com/wx1234567890abcdef/7/page-frame.html"));
    }
    let wechats = path.replace("difile", "wxfile");
    let ended = session.upload(&server.https_url("/upload"), std::path::Path::new(&wechats)).end();
    assert_eq!(ended.failure().err_no, WXT_ERRNO_PERMISSION_DENIED);

    let (status, lines) = opened(|options| options.path_scheme = WxtStr::new("https"));
    assert_eq!(status, WXT_INVALID_ARGUMENT);
    assert!(lines[0].contains("path_scheme"), "{lines:?}");
    let (status, lines) = opened(|options| options.referer = WxtStr::new("https://a.example/{appkey}"));
    assert_eq!(status, WXT_INVALID_ARGUMENT);
    assert!(lines[0].contains("referer"), "{lines:?}");
}
