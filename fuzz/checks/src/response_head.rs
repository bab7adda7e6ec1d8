//! The result of parsing a response head does not depend on how it is split, and contains only valid names and values.

use wxtransfer::fuzzing::{self, ResponseHead};

/// Checks one input.
pub fn check(input: &[u8]) {
    let (head, plausible) = fuzzing::response_head(input, usize::MAX);
    for piece in [1, 2, 7, 64] {
        assert_eq!(fuzzing::response_head(input, piece).0, head, "in pieces of {piece} bytes");
    }
    let ResponseHead::Complete(status, headers, size) = &head else { return };
    assert!(plausible, "a head looks like one");
    assert!((100..1000).contains(status) && *status != 101, "{status}");
    let end = &input[..*size];
    assert!(end.ends_with(b"\n\r\n") || end.ends_with(b"\n\n"), "the head ends with an empty line");
    for (name, value) in headers {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'), "{name:?}");
        // A Latin-1 byte may become a control character of Unicode.
        assert!(!value.contains(|letter: char| letter.is_ascii_control() && letter != '\t'), "{name:?}: {value:?}");
        assert_eq!(value.trim_matches([' ', '\t']), value, "{name:?}");
    }
    assert_eq!(fuzzing::response_head(end, usize::MAX).0, head, "bytes after the head do not matter");
    // An incomplete head is neither malformed nor complete, also for a reader that gets it at once. For long heads, only
    // some of the prefixes are tested.
    assert_eq!(fuzzing::response_head(&end[..size - 1], 1).0, ResponseHead::Partial, "the last byte completes it");
    let step = 1 + size / 64;
    for arrived in (0..*size).step_by(step).chain([size - 1]) {
        let (partial, plausible) = fuzzing::response_head(&input[..arrived], usize::MAX);
        assert!(partial == ResponseHead::Partial && plausible, "{partial:?} of {arrived} of {size} bytes");
    }
}
