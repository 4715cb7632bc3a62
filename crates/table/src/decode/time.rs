//! Dates, times and intervals from JSON.

use arrow::datatypes::{
    ArrowPrimitiveType, IntervalDayTimeType, IntervalMonthDayNanoType, TimeUnit,
};
use chrono::NaiveDate;
use serde::Deserialize;

use super::number;
use super::text::inner_text;

const SECONDS_A_DAY: i64 = 86_400;
const MILLISECONDS_A_DAY: i64 = SECONDS_A_DAY * 1000;

/// Parses days since 1970, from a date or a number.
pub(super) fn days(json: &str) -> Option<i32> {
    match inner_text(json) {
        Some(text) => i32::try_from(date(text)?).ok(),
        None => number::integer(json),
    }
}

/// Parses milliseconds since 1970, from a date, a timestamp or a number.
pub(super) fn date64(json: &str) -> Option<i64> {
    match inner_text(json).and_then(date) {
        Some(days) => Some(days * MILLISECONDS_A_DAY),
        None => timestamp(json, TimeUnit::Millisecond, false),
    }
}

/// Parses units since midnight, from a time of day or a number.
pub(super) fn time(json: &str, unit: TimeUnit) -> Option<i64> {
    match inner_text(json) {
        Some(text) => time_of_day(text, unit),
        None => number::integer(json),
    }
}

/// Parses units since 1970, from a timestamp (with a final `Z` if it `is_utc`) or a number.
pub(super) fn timestamp(json: &str, unit: TimeUnit, is_utc: bool) -> Option<i64> {
    let Some(text) = inner_text(json) else {
        return number::integer(json);
    };
    let text = if is_utc {
        text.strip_suffix('Z')?
    } else {
        text
    };
    let (day, time) = text.split_once('T')?;
    // The end of the range of nanoseconds is computed from the day after it, so the sum needs a wider type.
    let whole = i128::from(date(day)?) * i128::from(SECONDS_A_DAY * per_second(unit));
    i64::try_from(whole + i128::from(time_of_day(time, unit)?)).ok()
}

/// Parses a date like `2024-01-31` as days since 1970.
fn date(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = digits(&bytes[..4])?.try_into().ok()?;
    let month = digits(&bytes[5..7])?.try_into().ok()?;
    let day = digits(&bytes[8..])?.try_into().ok()?;
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    (year > 0).then(|| date.to_epoch_days().into())
}

/// Parses a time like `12:34:56.789` as units since midnight, with no more digits than the unit has.
fn time_of_day(text: &str, unit: TimeUnit) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let hours = digits(&bytes[..2]).filter(|hours| *hours < 24)?;
    let minutes = digits(&bytes[3..5]).filter(|minutes| *minutes < 60)?;
    let seconds = digits(&bytes[6..8]).filter(|seconds| *seconds < 60)?;
    let units = per_second(unit);
    let fraction = match &bytes[8..] {
        [] => 0,
        [b'.', fraction @ ..] if !fraction.is_empty() && fraction.len() <= 9 => {
            let scaled = digits(fraction)?.checked_mul(units)?;
            let one = 10_i64.pow(fraction.len() as u32);
            (scaled % one == 0).then_some(scaled / one)?
        }
        _ => return None,
    };
    Some(((hours * 60 + minutes) * 60 + seconds) * units + fraction)
}

/// Parses these digits, at most nine.
fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// The parts of an interval. Which of them exist depends on its unit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    months: Option<i32>,
    days: Option<i32>,
    milliseconds: Option<i32>,
    nanoseconds: Option<i64>,
}

fn parts(json: &str) -> Option<Parts> {
    // The parts may be named rather than listed.
    let is_object = json.starts_with('{');
    is_object.then(|| serde_json::from_str(json).ok())?
}

/// Parses the months of a `YearMonth` interval.
pub(super) fn months(json: &str) -> Option<i32> {
    match parts(json)? {
        Parts {
            months: Some(months),
            days: None,
            milliseconds: None,
            nanoseconds: None,
        } => Some(months),
        _ => None,
    }
}

/// Parses a `DayTime` interval.
pub(super) fn day_time(json: &str) -> Option<<IntervalDayTimeType as ArrowPrimitiveType>::Native> {
    match parts(json)? {
        Parts {
            months: None,
            days: Some(days),
            milliseconds: Some(milliseconds),
            nanoseconds: None,
        } => Some(IntervalDayTimeType::make_value(days, milliseconds)),
        _ => None,
    }
}

/// Parses a `MonthDayNano` interval.
pub(super) fn month_day_nano(
    json: &str,
) -> Option<<IntervalMonthDayNanoType as ArrowPrimitiveType>::Native> {
    match parts(json)? {
        Parts {
            months: Some(months),
            days: Some(days),
            milliseconds: None,
            nanoseconds: Some(nanoseconds),
        } => Some(IntervalMonthDayNanoType::make_value(
            months,
            days,
            nanoseconds,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_or_numbers() {
        assert_eq!(days("\"2024-02-29\""), Some(19_782));
        assert_eq!(days("-719163"), Some(-719_163));
        assert_eq!(date64("\"1970-01-02\""), Some(86_400_000));
        assert_eq!(date64("\"1969-12-31T23:59:59.999\""), Some(-1));
        let wrong = [
            "\"2023-02-29\"",
            "\"0000-01-01\"",
            "\"2024-1-31\"",
            "\"2024-01-3é\"",
            "\"2024-01-31T00:00:00\"",
            "2147483648",
            "1.5",
        ];
        for json in wrong {
            assert_eq!(days(json), None, "{json}");
        }
    }

    #[test]
    fn times_have_no_finer_digits_than_their_unit() {
        let unit = TimeUnit::Microsecond;
        assert_eq!(time("\"00:00:01\"", unit), Some(1_000_000));
        assert_eq!(time("\"00:00:00.5\"", unit), Some(500_000));
        assert_eq!(time("\"00:00:00.000001000\"", unit), Some(1));
        assert_eq!(time("-1", unit), Some(-1));
        let wrong = [
            "\"00:00:00.0000001\"",
            "\"24:00:00\"",
            "\"00:60:00\"",
            "\"00:00:60\"",
            "\"00:00:00.\"",
            "\"00:00:00.0000000000\"",
            "\"00:00\"",
            "\"\"",
        ];
        for json in wrong {
            assert_eq!(time(json, unit), None, "{json}");
        }
    }

    #[test]
    fn timestamps_reach_both_ends_of_their_range() {
        let nanosecond = TimeUnit::Nanosecond;
        let cases = [
            ("\"1677-09-21T00:12:43.145224192\"", Some(i64::MIN)),
            ("\"1677-09-21T00:12:43.145224191\"", None),
            ("\"2262-04-11T23:47:16.854775807\"", Some(i64::MAX)),
            ("\"2262-04-11T23:47:16.854775808\"", None),
            ("\"1970-01-01T00:00:00Z\"", None),
        ];
        for (json, expected) in cases {
            assert_eq!(timestamp(json, nanosecond, false), expected, "{json}");
        }
        let utc = "\"1970-01-01T00:00:01Z\"";
        assert_eq!(timestamp(utc, TimeUnit::Second, true), Some(1));
        let local = "\"1970-01-01T00:00:01\"";
        assert_eq!(timestamp(local, TimeUnit::Second, true), None);
    }

    #[test]
    fn intervals_have_the_parts_of_their_unit() {
        assert_eq!(months(r#"{"months": -3}"#), Some(-3));
        assert_eq!(months(r#"{"months": 1, "days": 2}"#), None);
        assert_eq!(months("[1]"), None);
        assert!(day_time(r#"{"milliseconds": 2, "days": 1}"#).is_some());
        assert!(day_time(r#"{"days": 1}"#).is_none());
        assert!(month_day_nano(r#"{"months": 1, "days": 2, "nanoseconds": 3}"#).is_some());
        assert!(month_day_nano(r#"{"months": 1, "days": 2, "nanoseconds": 3.0}"#).is_none());
    }
}
