use super::*;

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

#[test]
fn versions_compare_by_their_numbers() {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let cases = [
        ("6.5.10", "6.5.3", Greater),
        ("6.5.3.1", "6.5.3", Greater),
        ("8.0", "8.0.0", Equal),
        ("8", "8.0.0.0", Equal),
        ("0", "0.0", Equal),
        ("6.5.3", "6.5.3", Equal),
        ("6.5.03", "6.5.3", Equal),
        ("6.5", "6.5.3", Less),
        ("10.0", "9.9.9", Greater),
        ("2.10.0", "2.9.5", Greater),
        ("0.1", "0", Greater),
        ("4294967295", "4294967294.9", Greater),
    ];
    for (left, right, expected) in cases {
        assert_eq!(version(left).cmp(&version(right)), expected, "{left} and {right}");
        assert_eq!(version(right).cmp(&version(left)), expected.reverse(), "{right} and {left}");
    }
}

#[test]
fn what_is_no_version_is_an_error() {
    for text in
        ["", ".", "6.", ".5", "6..5", "v6.5", "6.5.3-beta", "6.5.3 ", " 6.5", "+6.5", "-1", "6,5", "６.5", "4294967296"]
    {
        assert_eq!(Version::parse(text), Err(VersionError { text: text.to_owned() }));
    }
}

/// Each row of the documentation at its border: the last version that has the quirk and the first that has not.
#[test]
fn each_quirk_holds_up_to_its_border() {
    use Api::{Download, Upload};
    use Platform::{Android, Ios, Other};
    const BOTH: &[Api] = &[Upload, Download];
    const NONE: &[Api] = &[];
    // (platform, client, base library, effect, the calls that have it)
    let cases = [
        (Ios, "6.5.3", None, Effect::HeaderIgnored, BOTH),
        (Ios, "6.5.3.0", None, Effect::HeaderIgnored, BOTH),
        (Ios, "5.9.99", None, Effect::HeaderIgnored, BOTH),
        (Ios, "6.5.3.1", None, Effect::HeaderIgnored, NONE),
        (Ios, "6.5.4", None, Effect::HeaderIgnored, NONE),
        (Ios, "6.5.10", None, Effect::HeaderIgnored, NONE),
        (Ios, "8.0.50", None, Effect::HeaderIgnored, NONE),
        (Android, "6.5.3", None, Effect::HeaderIgnored, NONE),
        (Other, "6.5.3", None, Effect::HeaderIgnored, NONE),
        (Ios, "8.0", Some("2.4.0"), Effect::OverflowFails, &[Upload]),
        (Android, "8.0", Some("2.4.1"), Effect::OverflowFails, NONE),
        (Android, "8.0", Some("1.4.4"), Effect::OverflowFails, &[Upload]),
        (Android, "8.0", Some("1.4.3"), Effect::OverflowFails, BOTH),
        (Other, "8.0", Some("2.9.5"), Effect::TimeoutIgnored, BOTH),
        (Ios, "8.0", Some("2.10.0"), Effect::TimeoutIgnored, NONE),
        (Ios, "8.0", Some("2.10"), Effect::TimeoutIgnored, NONE),
        (Android, "8.0", Some("1.7.9"), Effect::FilePathIgnored, &[Download]),
        (Android, "8.0", Some("1.8.0"), Effect::FilePathIgnored, NONE),
        (Ios, "8.0", Some("1.3.9"), Effect::NoProgressEvents, BOTH),
        (Ios, "8.0", Some("1.4.0"), Effect::NoProgressEvents, NONE),
        (Android, "8.0", Some("2.0.9"), Effect::NoHeadersEvent, BOTH),
        (Android, "8.0", Some("2.1.0"), Effect::NoHeadersEvent, NONE),
    ];
    for (platform, client, base_library, effect, expected) in cases {
        let base_library = base_library.map(version);
        let quirks = Quirks::new(platform, &version(client), base_library.as_ref());
        let actual: Vec<Api> = BOTH.iter().copied().filter(|&api| quirks.has(api, effect)).collect();
        assert_eq!(actual, expected, "{effect:?} on {platform:?} {client} with {base_library:?}");
    }
}

#[test]
fn a_base_library_that_is_not_named_is_the_newest() {
    let quirks = Quirks::new(Platform::Android, &version("1.0"), None);
    assert!(quirks.active.is_empty(), "{quirks:?}");
}

#[test]
fn every_row_says_where_it_is_known_from() {
    for quirk in QUIRKS {
        assert!(!quirk.source.is_empty(), "{:?}", quirk.effect);
    }
}
