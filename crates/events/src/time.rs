//! Points in time, as seconds since 1970 (UTC) and in the notation that people use.

const DAY_SECONDS: i64 = 86_400;

/// Returns the current time, in seconds since 1970-01-01 00:00:00 UTC.
#[must_use]
pub fn now_seconds() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0.0, |duration| duration.as_secs_f64())
}

/// Formats a point in time in UTC, with milliseconds.
///
/// ```
/// use coldpress_events::time::format_utc;
///
/// assert_eq!(format_utc(1_795_225_060.123), "2026-11-21 01:37:40.123");
/// ```
#[must_use]
pub fn format_utc(seconds: f64) -> String {
    // Years of more than four digits only come from damaged or foreign files.
    let millis = (seconds * 1000.0).round().clamp(-6.2e13, 2.5e14) as i64;
    let (whole, millis) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    let (day, second) = (whole.div_euclid(DAY_SECONDS), whole.rem_euclid(DAY_SECONDS));
    let (year, month, date) = civil_of_day(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{date:02} {hour:02}:{minute:02}:{second:02}.{millis:03}")
}

/// Reads a point in time: seconds since 1970, or `2026-11-21`, `2026-11-21 01:37`, `2026-11-21T01:37:40.5Z` and similar forms in
/// UTC.
///
/// ```
/// use coldpress_events::time::parse_utc;
///
/// assert_eq!(parse_utc("2026-11-21T01:37:40.5Z"), Some(1_795_225_060.5));
/// assert_eq!(parse_utc("1795225060.5"), Some(1_795_225_060.5));
/// assert_eq!(parse_utc("2026-02-30"), None);
/// ```
#[must_use]
pub fn parse_utc(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-').map(parse_digits);
    let (year, month, date) = (parts.next()??, parts.next()??, parts.next()??);
    let day = day_of_civil(year, month, date);
    if year > 9999 || civil_of_day(day) != (year, month, date) {
        return None;
    }
    let second = time.map_or(Some(0.0), parse_time)?;
    Some((day * DAY_SECONDS) as f64 + second)
}

fn parse_time(text: &str) -> Option<f64> {
    let mut parts = text.splitn(3, ':');
    let (hour, minute) = (parse_digits(parts.next()?)?, parse_digits(parts.next()?)?);
    let second = parts.next().unwrap_or("0");
    let plain = second
        .bytes()
        .all(|byte| byte == b'.' || byte.is_ascii_digit());
    let second: f64 = second.parse().ok().filter(|_| plain)?;
    (hour < 24 && minute < 60 && second < 61.0).then(|| (hour * 3600 + minute * 60) as f64 + second)
}

fn parse_digits(text: &str) -> Option<i64> {
    let plain = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Returns the year, month and date of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Here, years begin in March, so that the leap day is the last day of its year, and the months before it have a fixed pattern of
/// lengths (153 days in five months).
fn civil_of_day(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, date)
}

/// Returns the inverse of [`civil_of_day`] for dates that exist.
fn day_of_civil(year: i64, month: i64, date: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + date - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        for (seconds, text) in [
            (0.0, "1970-01-01 00:00:00.000"),
            (951_782_400.0, "2000-02-29 00:00:00.000"),
            (951_868_799.75, "2000-02-29 23:59:59.750"),
            (1_709_164_800.5, "2024-02-29 00:00:00.500"),
            (4_107_542_400.0, "2100-03-01 00:00:00.000"),
            (-0.001, "1969-12-31 23:59:59.999"),
        ] {
            assert_eq!(format_utc(seconds), text);
        }
        // Any number in a file gives a text.
        for seconds in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(!format_utc(seconds).is_empty());
        }
    }

    #[test]
    fn days_come_back_over_four_centuries() {
        let mut last = civil_of_day(-1);
        for day in 0..146_097 {
            let civil = civil_of_day(day);
            assert!(civil > last);
            assert_eq!(day_of_civil(civil.0, civil.1, civil.2), day);
            last = civil;
        }
        assert_eq!(last, (2369, 12, 31));
    }

    #[test]
    fn times_that_are_none() {
        for text in [
            "",
            "x",
            "NaN",
            "inf",
            "2026",
            "2026-13-01",
            "2026-00-10",
            "2026-1-0",
            "2026-11-21 25:00",
            "2026-11-21 1",
            "2026-11-21 01:00:-1",
            "2026-11-21T01:00:1e1",
            "99999-01-01",
            "2026-11-2ä",
        ] {
            let found = parse_utc(text);
            assert!(found.is_none() || text == "2026", "{text}: {found:?}");
        }
        assert_eq!(parse_utc("2026-11-21 01:37"), Some(1_795_225_020.0));
    }
}
