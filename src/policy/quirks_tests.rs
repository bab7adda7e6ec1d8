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
fn text_that_is_not_a_version_is_an_error() {
    for text in
        ["", ".", "6.", ".5", "6..5", "v6.5", "6.5.3-beta", "6.5.3 ", " 6.5", "+6.5", "-1", "6,5", "６.5", "4294967296"]
    {
        assert_eq!(Version::parse(text), Err(VersionError), "{text}");
    }
}

/// A field of the rules, with its name.
type Rule = (&'static str, fn(CallRules) -> bool);

const HEADER_IGNORED: Rule = ("header_ignored", |rules| rules.header_ignored);
const FAIL_WHEN_FULL: Rule = ("fail_when_full", |rules| rules.fail_when_full);
const TIMEOUT_IGNORED: Rule = ("timeout_ignored", |rules| rules.timeout_ignored);
const FILE_PATH_IGNORED: Rule = ("file_path_ignored", |rules| rules.file_path_ignored);
const NO_PROGRESS: Rule = ("no_progress", |rules| rules.no_progress);
const NO_LAN: Rule = ("no_lan", |rules| rules.no_lan);
const NO_HEADERS_EVENT: Rule = ("no_headers_event", |rules| rules.no_headers_event);
const NO_PROFILE: Rule = ("no_profile", |rules| rules.no_profile);
const NO_QUEUE_TIMES: Rule = ("no_queue_times", |rules| rules.no_queue_times);

/// Each row of the documentation at its limit: the last version with the quirk and the first one without it.
#[test]
fn each_quirk_ends_after_its_last_version() {
    use Api::{Download, Upload};
    use Platform::{Android, Ios, Ohos, Other};
    const BOTH: &[Api] = &[Upload, Download];
    const NONE: &[Api] = &[];
    // (platform, client, base library, rule, the calls that have it)
    let cases = [
        (Ios, "6.5.3", None, HEADER_IGNORED, BOTH),
        (Ios, "6.5.3.0", None, HEADER_IGNORED, BOTH),
        (Ios, "5.9.99", None, HEADER_IGNORED, BOTH),
        (Ios, "6.5.3.1", None, HEADER_IGNORED, NONE),
        (Ios, "6.5.4", None, HEADER_IGNORED, NONE),
        (Ios, "6.5.10", None, HEADER_IGNORED, NONE),
        (Ios, "8.0.50", None, HEADER_IGNORED, NONE),
        (Android, "6.5.3", None, HEADER_IGNORED, NONE),
        (Ohos, "6.5.3", None, HEADER_IGNORED, NONE),
        (Other, "6.5.3", None, HEADER_IGNORED, NONE),
        (Ios, "8.0", Some("2.4.0"), FAIL_WHEN_FULL, &[Upload]),
        (Android, "8.0", Some("2.4.1"), FAIL_WHEN_FULL, NONE),
        (Android, "8.0", Some("1.4.4"), FAIL_WHEN_FULL, &[Upload]),
        (Android, "8.0", Some("1.4.3"), FAIL_WHEN_FULL, BOTH),
        (Other, "8.0", Some("2.9.5"), TIMEOUT_IGNORED, BOTH),
        (Ohos, "1.0", Some("2.9.5"), TIMEOUT_IGNORED, BOTH),
        (Ios, "8.0", Some("2.10.0"), TIMEOUT_IGNORED, NONE),
        (Ios, "8.0", Some("2.10"), TIMEOUT_IGNORED, NONE),
        (Android, "8.0", Some("1.7.9"), FILE_PATH_IGNORED, &[Download]),
        (Android, "8.0", Some("1.8.0"), FILE_PATH_IGNORED, NONE),
        (Ios, "8.0", Some("1.3.9"), NO_PROGRESS, BOTH),
        (Ios, "8.0", Some("1.4.0"), NO_PROGRESS, NONE),
        (Android, "8.0", Some("2.0.9"), NO_HEADERS_EVENT, BOTH),
        (Android, "8.0", Some("2.1.0"), NO_HEADERS_EVENT, NONE),
        (Ios, "8.0", Some("2.10.3"), NO_PROFILE, BOTH),
        (Ios, "8.0", Some("2.10.4"), NO_PROFILE, &[Upload]),
        (Android, "8.0", Some("3.4.99"), NO_PROFILE, &[Upload]),
        (Android, "8.0", Some("3.5"), NO_PROFILE, NONE),
        (Android, "8.0", Some("3.8.9"), NO_QUEUE_TIMES, BOTH),
        (Other, "8.0", Some("3.8.10"), NO_QUEUE_TIMES, NONE),
        (Ios, "8.0", Some("2.3.9"), NO_LAN, BOTH),
        (Ios, "8.0", Some("2.4.0"), NO_LAN, NONE),
    ];
    for (platform, client, base_library, (name, has), expected) in cases {
        let base_library = base_library.map(version);
        let quirks = Quirks::new(platform, &version(client), base_library.as_ref());
        let actual: Vec<Api> = BOTH.iter().copied().filter(|&api| has(quirks.rules(api))).collect();
        assert_eq!(actual, expected, "{name} on {platform:?} {client} with {base_library:?}");
    }
}

#[test]
fn missing_base_library_version_means_the_newest() {
    let quirks = Quirks::new(Platform::Android, &version("1.0"), None);
    assert_eq!([Api::Upload, Api::Download].map(|api| quirks.rules(api)), [CallRules::default(); 2]);
}

#[test]
fn every_row_has_a_source() {
    for quirk in QUIRKS {
        assert!(!quirk.source.is_empty(), "{:?}", quirk.effect);
    }
}
