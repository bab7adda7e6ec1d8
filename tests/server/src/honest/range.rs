//! Ranges and validators (RFC 9110 sections 13 and 14).

use std::time::{Duration, SystemTime};

use hyper::HeaderMap;
use hyper::header::{IF_RANGE, RANGE};

/// The part of a representation to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// All of it: no range was requested, the range is not understood, or the validator has changed.
    Whole,
    /// From the first offset up to, but not including, the second.
    Part(u64, u64),
    /// The range is outside the representation.
    Unsatisfiable,
}

/// The `Last-Modified` of every representation: 2024-01-01T00:00:00Z.
pub(super) fn last_modified() -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200))
}

/// The entity tag of the first `length` bytes of the pattern.
pub(super) fn entity_tag(length: u64) -> String {
    format!("\"pattern-{length}\"")
}

/// The part of `length` bytes that a request with these headers asks for. Supports only one range, as a server may.
pub(super) fn select(headers: &HeaderMap, length: u64) -> Selection {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(validator) = text(IF_RANGE)
        && validator != entity_tag(length)
        && validator != last_modified()
    {
        return Selection::Whole;
    }
    let Some((first, last)) = text(RANGE).and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Selection::Whole;
    };
    match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), _) if first >= length => Selection::Unsatisfiable,
        (Ok(first), Ok(last)) if last < first => Selection::Whole,
        (Ok(first), Ok(last)) => Selection::Part(first, (last.saturating_add(1)).min(length)),
        (Ok(first), Err(_)) if last.trim().is_empty() => Selection::Part(first, length),
        (Err(_), Ok(0)) if first.trim().is_empty() => Selection::Unsatisfiable,
        (Err(_), Ok(suffix)) if first.trim().is_empty() => Selection::Part(length.saturating_sub(suffix), length),
        _ => Selection::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_select_as_rfc_9110_says() {
        let table = [
            ("bytes=0-0", Selection::Part(0, 1)),
            ("bytes=10-19", Selection::Part(10, 20)),
            ("bytes=90-", Selection::Part(90, 100)),
            ("bytes=90-1000", Selection::Part(90, 100)),
            ("bytes=-5", Selection::Part(95, 100)),
            ("bytes=-500", Selection::Part(0, 100)),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=100-", Selection::Unsatisfiable),
            ("bytes=5-4", Selection::Whole),
            ("bytes=a-b", Selection::Whole),
            ("lines=1-2", Selection::Whole),
        ];
        for (range, expected) in table {
            let headers = HeaderMap::from_iter([(RANGE, range.parse().expect("a header value"))]);
            assert_eq!(select(&headers, 100), expected, "{range}");
        }
    }

    #[test]
    fn range_is_sent_only_if_its_validator_matches() {
        let selected = |validator: &str| {
            let pairs = [(RANGE, "bytes=50-"), (IF_RANGE, validator)];
            let pairs = pairs.map(|(name, value)| (name, value.parse().expect("a header value")));
            select(&HeaderMap::from_iter(pairs), 100)
        };
        assert_eq!(selected("\"pattern-100\""), Selection::Part(50, 100));
        assert_eq!(selected("Mon, 01 Jan 2024 00:00:00 GMT"), Selection::Part(50, 100));
        assert_eq!(selected("\"pattern-99\""), Selection::Whole);
        assert_eq!(selected("Mon, 01 Jan 2024 00:00:01 GMT"), Selection::Whole);
    }
}
