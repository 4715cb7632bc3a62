//! Dates and times of day in UTC, computed from the seconds since 1970.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A moment in UTC, to the second; displayed as `2025-11-21T02:08:09Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Utc {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
}

impl Utc {
    pub(crate) fn from_millis(millis: u64) -> Self {
        let seconds = millis / 1000;
        let (year, month, day) = civil_date(seconds / 86_400);
        let of_day = seconds % 86_400;
        Self {
            year,
            month,
            day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
        }
    }
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

/// Returns the milliseconds since 1970; 0 if the clock is set to an earlier time.
pub(crate) fn now_millis() -> u64 {
    millis_of(SystemTime::now())
}

pub(crate) fn millis_of(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns seconds as a float, as in Data-Juicer's files.
pub(crate) fn seconds_of(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

/// Returns the Gregorian date of this day after 1970-01-01.
///
/// Years are counted from 1 March, so that the leap day is the last day of a year; 400 years have 146 097 days.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: u64, expected: &str) {
        assert_eq!(Utc::from_millis(seconds * 1000).to_string(), expected);
    }

    #[test]
    fn known_moments() {
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_399, "2000-02-28T23:59:59Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(951_868_800, "2000-03-01T00:00:00Z");
        check(1_000_000_000, "2001-09-09T01:46:40Z");
        check(1_709_164_800, "2024-02-29T00:00:00Z");
        check(1_763_690_889, "2025-11-21T02:08:09Z");
        check(4_107_542_400, "2100-03-01T00:00:00Z");
    }

    #[test]
    fn every_day_is_the_next_of_the_one_before() {
        let mut previous = civil_date(0);
        for days in 1..200_000 {
            let next = civil_date(days);
            let (year, month, day) = previous;
            let follows = next == (year, month, day + 1)
                || next == (year, month + 1, 1)
                || (month == 12 && next == (year + 1, 1, 1));
            assert!(follows && next.2 <= 31, "{previous:?} {next:?}");
            previous = next;
        }
    }
}
