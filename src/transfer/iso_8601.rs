//! The dates in traces.

use std::time::{SystemTime, UNIX_EPOCH};

/// Formats a time as `2026-11-28T09:05:07.123Z` (ISO 8601). Times before 1970 become 1970.
pub fn text(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, milliseconds) = (since.as_secs(), since.subsec_millis());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    // Counts days from March, so that a leap day is the last day of its year. 400 years have 146,097 days. The leap
    // days of earlier years are subtracted.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next_year;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_written_in_the_calendar() {
        let written = |seconds, milliseconds| {
            text(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(milliseconds))
        };
        assert_eq!(written(0, 0), "1970-01-01T00:00:00.000Z");
        // The example of RFC 9110 section 5.6.7.
        assert_eq!(written(784_111_777, 5), "1994-11-06T08:49:37.005Z");
        assert_eq!(written(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(written(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn every_day_matches_an_independent_calendar() {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        for day in 0..80_000 {
            let time = UNIX_EPOCH + Duration::from_secs(day * 86_400 + 3_661);
            let text = text(time);
            let month: usize = text[5..7].parse().unwrap();
            let date = format!("{} {} {} {}", &text[8..10], MONTHS[month - 1], &text[..4], &text[11..19]);
            let other = httpdate::fmt_http_date(time);
            assert!(other.ends_with(&format!(", {date} GMT")), "{text}, {other}");
        }
    }
}
