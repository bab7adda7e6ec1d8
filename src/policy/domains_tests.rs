use super::super::url::parse;
use super::*;

fn rules(upload: &[&str]) -> DomainRules {
    DomainRules {
        upload: DomainList::parse(upload, true).unwrap(),
        allow_plain_http: true,
        lan: LanPolicy::Off,
        ..DomainRules::default()
    }
}

fn check(rules: &DomainRules, url: &str) -> Result<(), DomainRefusal> {
    rules
        .check(Api::Upload, &parse(url).unwrap(), &|| panic!("only the policy of subnets reads the interfaces"))
        .map(|_| ())
}

#[test]
fn only_listed_hosts_are_allowed() {
    let listed = Ok(());
    let other_host = Err(DomainRefusal::NotListed);
    let other_port = Err(DomainRefusal::PortNotListed);
    let cases: [(&[&str], &str, Result<(), DomainRefusal>); 33] = [
        (&[], "https://a.example/", other_host),
        (&["https://a.example"], "https://a.example/path?query", listed),
        (&["https://a.example/"], "https://a.example/", listed),
        (&["HTTPS://A.Example"], "https://a.example/", listed),
        (&["https://a.example"], "https://A.EXAMPLE/", listed),
        (&["a.example"], "https://a.example/", listed),
        (&["x.example", "a.example"], "https://a.example/", listed),
        // Neither parent domains nor subdomains nor similar names.
        (&["https://a.example"], "https://b.a.example/", other_host),
        (&["https://b.a.example"], "https://a.example/", other_host),
        (&["https://a.example"], "https://aa.example/", other_host),
        (&["https://a.example"], "https://a.example.evil.example/", other_host),
        (&["https://a.example"], "https://a.example./", other_host),
        // Ports are compared as written.
        (&["https://a.example"], "https://a.example:443/", other_port),
        (&["https://a.example"], "https://a.example:/", listed),
        (&["https://a.example"], "https://a.example:8443/", other_port),
        (&["https://a.example:8443"], "https://a.example:8443/", listed),
        (&["https://a.example:8443"], "https://a.example/", other_port),
        (&["https://a.example:8443"], "https://a.example:9443/", other_port),
        (&["https://a.example:443"], "https://a.example:443/", listed),
        (&["https://a.example:443"], "https://a.example/", other_port),
        (&["a.example:443"], "https://a.example:443/", listed),
        (&["a.example:443"], "http://a.example:443/", listed),
        (&["a.example:80"], "http://a.example:80/", listed),
        (&["a.example:80"], "https://a.example/", other_port),
        (&["https://a.example", "https://a.example:8443"], "https://a.example:8443/", listed),
        (&["https://a.example:8443", "https://a.example"], "https://a.example/", listed),
        // The scheme of an entry must match.
        (&["https://a.example"], "http://a.example/", other_host),
        (&["http://a.example"], "http://a.example/", listed),
        (&["a.example"], "http://a.example/", listed),
        // Internationalised names, with either form on either side.
        (&["https://bücher.example"], "https://xn--bcher-kva.example/", listed),
        (&["https://xn--bcher-kva.example"], "https://BÜCHER.example/", listed),
        (&["例子.测试"], "https://xn--fsqu00a.xn--0zwm56d/", listed),
        (&["https://bücher.example"], "https://bucher.example/", other_host),
    ];
    for (list, url, expected) in cases {
        assert_eq!(check(&rules(list), url), expected, "{url} with {list:?}");
    }
}

#[test]
fn each_api_has_a_list_of_its_own() {
    let rules = DomainRules {
        upload: DomainList::parse(&["up.example"], true).unwrap(),
        download: DomainList::parse(&["down.example"], true).unwrap(),
        ..DomainRules::default()
    };
    let cases = [
        (Api::Upload, "https://up.example/", Ok(())),
        (Api::Upload, "https://down.example/", Err(DomainRefusal::NotListed)),
        (Api::Download, "https://down.example/", Ok(())),
        (Api::Download, "https://up.example/", Err(DomainRefusal::NotListed)),
    ];
    for (api, url, expected) in cases {
        assert_eq!(rules.check(api, &parse(url).unwrap(), &|| Ok(Vec::new())).map(|_| ()), expected, "{api:?} {url}");
    }
}

#[test]
fn addresses_and_local_names_are_for_the_lan_policy() {
    let lan = [
        "https://localhost/",
        "https://LOCALHOST:8080/",
        "https://localhost./",
        "https://%6cocalhost/",
        "https://app.localhost/",
        "https://printer.local/",
        "https://printer.local./",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://１２７.０.０.１/",
        "https://10.0.0.1:9000/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.1.5/",
        "https://169.254.1.1/",
        "https://[::1]/",
        "https://[fc00::1]/",
        "https://[fd12:3456::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:192.168.1.5]/",
    ];
    let public = [
        "https://1.1.1.1/",
        "https://0x01010101/",
        "https://8.8.8.8:443/",
        "https://172.15.0.1/",
        "https://172.32.0.1/",
        "https://192.169.0.1/",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://255.255.255.255/",
        "https://[2606:4700:4700::1111]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[::]/",
    ];
    let listed = ["https://a.example"];
    let refused = rules(&listed);
    let allowed = DomainRules { lan: LanPolicy::AllLocal, ..rules(&listed) };
    let unchecked = DomainRules { skip_check: true, allow_plain_http: true, ..DomainRules::default() };
    for url in lan {
        assert_eq!(check(&refused, url), Err(DomainRefusal::LanNotAllowed), "{url}");
        assert_eq!(check(&allowed, url), Ok(()), "{url}");
        assert_eq!(check(&unchecked, url), Ok(()), "{url}");
    }
    for url in public {
        assert_eq!(check(&refused, url), Err(DomainRefusal::PublicAddress), "{url}");
        assert_eq!(check(&allowed, url), Err(DomainRefusal::PublicAddress), "{url}");
        assert_eq!(check(&unchecked, url), Ok(()), "{url}");
    }
    // Plain http has a separate switch, except for local addresses if all of them are allowed.
    let strict = DomainRules { allow_plain_http: false, ..allowed.clone() };
    for url in lan {
        assert_eq!(check(&strict, &url.replace("https", "http")), Ok(()), "{url}");
    }
    assert_eq!(check(&strict, "http://a.example/"), Err(DomainRefusal::PlainHttp));
    let unchecked_strict = DomainRules { allow_plain_http: false, lan: LanPolicy::Off, ..unchecked.clone() };
    for url in ["http://b.example/", "http://127.0.0.1/", "http://localhost/"] {
        assert_eq!(check(&unchecked_strict, url), Err(DomainRefusal::PlainHttp), "{url}");
    }
    // The switch opens the local network and nothing else.
    for url in ["https://b.example/", "https://notlocal/", "https://local/", "https://localhost.example/"] {
        assert_eq!(check(&allowed, url), Err(DomainRefusal::NotListed), "{url}");
    }
    assert_eq!(check(&allowed, "https://a.example/"), Ok(()));
    assert_eq!(check(&unchecked, "http://b.example:81/"), Ok(()));
}

/// WeChat's rule: the address of another device in a subnet of this one. Everything else is checked as usual.
#[test]
fn lan_neighbour_needs_no_list_entry() {
    let wifi = || {
        let address = "192.168.1.5".parse().unwrap();
        Ok(vec![InterfaceAddress { address, prefix: 24, is_loopback: false, is_up: true }])
    };
    let rules = DomainRules { upload: DomainList::parse(&["a.example"], false).unwrap(), ..DomainRules::default() };
    let cases = [
        ("https://192.168.1.7/", Ok(Permission::Neighbour)),
        ("http://192.168.1.7:8080/", Ok(Permission::Neighbour)),
        ("http://0xc0a80107/", Ok(Permission::Neighbour)),
        ("http://[::ffff:192.168.1.7]/", Ok(Permission::Neighbour)),
        ("http://192.168.1.5/", Err(DomainRefusal::LanNotAllowed)),
        ("http://192.168.2.7/", Err(DomainRefusal::LanNotAllowed)),
        ("http://127.0.0.1/", Err(DomainRefusal::LanNotAllowed)),
        ("http://8.8.8.8/", Err(DomainRefusal::PublicAddress)),
        ("https://localhost/", Err(DomainRefusal::LanNotAllowed)),
        ("https://printer.local/", Err(DomainRefusal::LanNotAllowed)),
        ("https://a.example/", Ok(Permission::Listed)),
        ("http://a.example/", Err(DomainRefusal::PlainHttp)),
        ("https://b.example/", Err(DomainRefusal::NotListed)),
    ];
    for (url, expected) in cases {
        assert_eq!(rules.check(Api::Upload, &parse(url).unwrap(), &wifi), expected, "{url}");
    }
    // Without the interface, its neighbours are refused. For a name, the interfaces are not read.
    let target = parse("http://192.168.1.7/").unwrap();
    assert_eq!(rules.check(Api::Upload, &target, &|| Ok(Vec::new())), Err(DomainRefusal::LanNotAllowed));
    let failing = || Err(std::io::ErrorKind::OutOfMemory.into());
    assert_eq!(rules.check(Api::Upload, &target, &failing), Err(DomainRefusal::InterfacesUnknown));
    let named = parse("https://a.example/").unwrap();
    assert_eq!(
        rules.check(Api::Upload, &named, &|| panic!("the interfaces are read for a name")),
        Ok(Permission::Listed)
    );
}

#[test]
fn a_bad_entry_is_an_error() {
    let cases = [
        ("", "url"),
        ("https://", "url"),
        ("https://a.example:port", "url"),
        ("https://a.example:99999", "url"),
        ("https://xn--/", "url"),
        ("wss://a.example", "url"),
        ("ftp://a.example", "url"),
        ("https://a.example/path", "shape"),
        ("https://a.example//", "shape"),
        ("https://a.example?query", "shape"),
        ("https://a.example#fragment", "shape"),
        ("https://user@a.example", "shape"),
        ("https://*.a.example", "shape"),
        ("*", "shape"),
        (" a.example", "shape"),
        ("a.example ", "shape"),
        (" https://a.example", "shape"),
        ("\thttps://a.example", "shape"),
        ("\u{1}https://a.example", "shape"),
        ("https://a.example\n", "shape"),
        ("ht\ntps://a.example", "shape"),
        ("https\r://a.example", "shape"),
        ("https ://a.example", "shape"),
        ("https:https://a.example", "shape"),
        (" http://a.example", "shape"),
        ("a.example b.example", "shape"),
        ("a.exam\tple", "shape"),
        ("//a.example", "shape"),
        ("\\\\a.example", "shape"),
        ("127.0.0.1", "local"),
        ("https://8.8.8.8", "local"),
        ("https://[::1]:8443", "local"),
        ("localhost", "local"),
        ("http://printer.local", "local"),
    ];
    for (entry, expected) in cases {
        let error = DomainList::parse(&["good.example", entry], true).expect_err(entry);
        let reason = match error.reason {
            EntryReason::Url(_) => "url",
            EntryReason::NotHostAndPort => "shape",
            EntryReason::PlainHttp => "http",
            EntryReason::AddressOrLocal => "local",
        };
        assert_eq!((error.index, reason), (1, expected), "{entry}");
    }
}

/// No URL could match the entry without plain http. The mistake is reported at once, not at the first transfer.
#[test]
fn an_http_entry_needs_plain_http() {
    for entry in ["http://a.example", "HTTP://a.example:8080", "http://a.example/", "http://bücher.example"] {
        assert!(DomainList::parse(&[entry], true).is_ok(), "{entry}");
        let error =
            DomainList::parse(&["https://good.example", entry, "http://later.example"], false).expect_err(entry);
        assert_eq!(error, DomainEntryError { index: 1, reason: EntryReason::PlainHttp });
        assert_eq!(error.to_string(), "[1] cannot be listed: plain http is not allowed");
    }
    // An entry without a scheme is for https, and for http if that is allowed.
    for entry in ["a.example", "https://a.example", "http.example", "a.example:80"] {
        assert!(DomainList::parse(&[entry], false).is_ok(), "{entry}");
    }
}
