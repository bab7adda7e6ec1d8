//! The dates of HTTP (RFC 9110 section 5.6.7), and those of traces.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads a date in one of the three forms that a recipient must accept. The day's name is not compared with the date. `now`
/// decides the century of the form with two digits.
pub fn parse(text: &str, now: SystemTime) -> Option<SystemTime> {
    let (_, date) = text.trim_matches([' ', '\t']).split_once(' ')?;
    let words: Vec<&str> = date.split_ascii_whitespace().collect();
    match words[..] {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [day, month, year, time, "GMT"] => time_of(number(year, 4)?, month, number(day, 2)?, time),
        // Sunday, 06-Nov-94 08:49:37 GMT
        [date, time, "GMT"] => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let at = |century| time_of(century + number(year, 2)?, month, number(day, 2)?, time);
            let recent = at(2000)?;
            // More than 50 years ahead is the century before (RFC 9110 section 5.6.7).
            let is_ahead = recent.duration_since(now).is_ok_and(|ahead| ahead > Duration::from_secs(50 * 31_556_952));
            if is_ahead { at(1900) } else { Some(recent) }
        }
        // Sun Nov  6 08:49:37 1994
        [month, day, time, year] => time_of(number(year, 4)?, month, number(day, day.len())?, time),
        _ => None,
    }
}

/// A time as `2026-11-28T09:05:07.123Z` (ISO 8601). Times before 1970 are 1970.
pub fn iso_8601(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, milliseconds) = (since.as_secs(), since.subsec_millis());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    // As in `time_of`: years begin in March. 146,097 days are 400 years; the leap days of the years before are taken out.
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

fn number(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// `time` is `08:49:37`. Dates before 1970 are none that a server would name.
fn time_of(year: u64, month: &str, day: u64, time: &str) -> Option<SystemTime> {
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let mut parts = time.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    // A leap second is the 60th.
    let is_valid = (1970..=9999).contains(&year) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !is_valid || parts.next().is_some() {
        return None;
    }
    // Days since 1970 in the Gregorian calendar, with years that begin in March, so that a leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    UNIX_EPOCH.checked_add(Duration::from_secs(days * 86_400 + hour * 3600 + minute * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-28 00:00:00.
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_824_000)
    }

    fn seconds(text: &str) -> Option<u64> {
        parse(text, now()).map(|date| date.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn all_three_forms_of_the_rfc_are_read() {
        // The example of RFC 9110 section 5.6.7, in its three forms.
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(seconds(text), Some(784_111_777), "{text}");
        }
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Thu, 29 Feb 2024 23:59:60 GMT"), Some(1_709_251_200));
        assert_eq!(seconds("Fri, 01 Mar 2024 00:00:00 GMT"), Some(1_709_251_200));
        assert_eq!(seconds("Friday, 31-Dec-99 23:59:59 GMT"), Some(946_684_799), "2099 is more than 50 years ahead");
        assert_eq!(seconds("Friday, 31-Dec-27 23:59:59 GMT"), Some(1_830_297_599));
    }

    #[test]
    fn times_are_written_in_the_calendar_that_is_read() {
        let written = |seconds, milliseconds| {
            iso_8601(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(milliseconds))
        };
        assert_eq!(written(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(784_111_777, 5), "1994-11-06T08:49:37.005Z");
        assert_eq!(written(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(written(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
        for day in 0..80_000 {
            let text = written(day * 86_400 + 3_661, 0);
            let month: usize = text[5..7].parse().unwrap();
            let date = format!("Sun, {} {} {} {} GMT", &text[8..10], MONTHS[month - 1], &text[..4], &text[11..19]);
            assert_eq!(seconds(&date), Some(day * 86_400 + 3_661), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "0",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:01 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1964 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov 08:49:37 GMT",
        ] {
            assert_eq!(seconds(text), None, "{text:?}");
        }
    }
}
