//! Decides whether and when a failed attempt is followed by another.

use std::time::{Duration, SystemTime};

use crate::terms::{Category, Failure};

/// The default of the longest first wait. Its mean is half of it.
const DEFAULT_DELAY: Duration = Duration::from_millis(500);
/// The maximum of the longest wait. WeChat's longest deadline is 60 s.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// The time that each connection has at least. A slow phone network needs some seconds for TCP and TLS.
const LEAST_CONNECT_TIME: Duration = Duration::from_secs(10);

/// A session's rules for further attempts. `docs/resume-and-retry.md` says which failures they follow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryRules {
    /// The maximum number of attempts after a task's first one. All must fit within its deadline. Default: 0, none.
    pub max_retries: u32,
    /// The longest wait before the second attempt (`retry_delay` in C). Each wait is random between 0 and its longest
    /// value, which doubles with each attempt, up to 30 s. Default: 500 ms.
    pub delay: Duration,
    /// Whether uploads that may have reached the server are tried again, too (`retry_uploads` in C). Only if every
    /// server recognises two attempts of one upload by their `Idempotency-Key`. Default: `false`.
    pub uploads: bool,
}

impl Default for RetryRules {
    fn default() -> RetryRules {
        RetryRules { max_retries: 0, delay: DEFAULT_DELAY, uploads: false }
    }
}

impl RetryRules {
    /// The wait after `failures` earlier failed attempts: exponential with full jitter, so that clients of a failed
    /// server do not return at the same time. `random` is uniformly distributed.
    pub(crate) fn delay_after(&self, failures: u32, random: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        let span = self.delay.saturating_mul(factor).min(LONGEST_DELAY);
        span.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

/// How long an attempt may take to open a connection if `retries` more may follow it within `time`: its share of the
/// time, so that a server or a network that swallows packets does not use up the time of all attempts. `None` for the
/// last attempt: until the deadline.
pub fn connect_time(time: Duration, retries: u32) -> Option<Duration> {
    (retries > 0).then(|| (time / retries.saturating_add(1)).max(LEAST_CONNECT_TIME))
}

/// Whether the same request may succeed soon: the connection failed or stalled, and the request is not at fault.
pub fn is_transient(failure: &Failure) -> bool {
    match failure {
        // Another connection may be fast enough.
        Failure::Stalled => true,
        Failure::Network(category) => {
            matches!(category, Category::NameResolution | Category::Connect | Category::ConnectionClosed)
        }
        _ => false,
    }
}

/// Whether a status means that the same request may succeed soon.
pub fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 502 | 503 | 504)
}

/// The wait that a `Retry-After` (RFC 9110 section 10.2.3) requests, as seconds or as a date. `None` if it is neither. A
/// date is compared with `date`, the answer's own, because the device's clock may be wrong; without one, with `now`.
pub fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit is longer than any wait.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::worker::StopReason;

    #[test]
    fn each_attempt_but_the_last_has_its_share_of_the_time_to_connect() {
        let seconds = |time, retries| connect_time(Duration::from_secs(time), retries).map(|time| time.as_secs());
        assert_eq!(seconds(60, 0), None);
        assert_eq!(seconds(60, 1), Some(30));
        assert_eq!(seconds(60, 3), Some(15));
        assert_eq!(seconds(60, 9), Some(10), "never too short for a slow network");
        assert_eq!(seconds(60, u32::MAX), Some(10));
    }

    #[test]
    fn span_of_the_retry_delay_doubles_up_to_its_limit() {
        let rules = RetryRules { delay: Duration::from_secs(1), ..RetryRules::default() };
        let longest = |failures| rules.delay_after(failures, u32::MAX).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 5, 31, 32, u32::MAX].map(longest), [1, 2, 4, 8, 16, 30, 30, 30, 30]);
        assert_eq!(rules.delay_after(3, 0), Duration::ZERO);
        let half = rules.delay_after(3, u32::MAX / 2);
        assert!(half.abs_diff(Duration::from_secs(4)) < Duration::from_micros(1), "{half:?}");
    }

    #[test]
    fn connection_failures_are_transient() {
        let transient = [Category::NameResolution, Category::Connect, Category::ConnectionClosed];
        for category in transient {
            assert!(is_transient(&Failure::Network(category)), "{category:?}");
        }
        assert!(is_transient(&Failure::Stalled));
        for failure in [
            Failure::Network(Category::Protocol),
            Failure::ProxyRefused,
            Failure::Tls,
            Failure::NotTls,
            Failure::Cancelled(StopReason::DeadlinePassed),
            Failure::NotInDomainList,
            Failure::SourceFile,
            Failure::QuotaExceeded,
            Failure::OutOfResources,
            Failure::Internal,
        ] {
            assert!(!is_transient(&failure), "{failure:?}");
        }
    }

    #[test]
    fn five_statuses_are_transient() {
        let transient: Vec<u16> = (200..=599).filter(|status| is_transient_status(*status)).collect();
        assert_eq!(transient, [408, 429, 502, 503, 504]);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = |value| retry_after(value, None, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "a date that has passed");
        for value in ["", "-1", "1.5", "soon", "1s"] {
            assert_eq!(seconds(value), None, "{value:?}");
        }
        // The device's clock is five minutes slow.
        let date = Some("Sun, 06 Nov 1994 08:54:37 GMT");
        let wait = |value, date| retry_after(value, date, now).map(|wait| wait.as_secs());
        assert_eq!(wait("Sun, 06 Nov 1994 08:54:47 GMT", date), Some(10));
        assert_eq!(wait("10", date), Some(10));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:47 GMT", Some("yesterday")), Some(10));
    }
}
