//! Dates, times and intervals as JSON.

use arrow::datatypes::TimeUnit;
use chrono::{Datelike, NaiveDate};

use super::number;

const SECONDS_A_DAY: i64 = 86_400;
const MILLISECONDS_A_DAY: i64 = SECONDS_A_DAY * 1000;

/// Appends the day that is `days` after 1970-01-01.
pub(super) fn write_days(days: i32, out: &mut Vec<u8>) {
    match date(days.into()) {
        Some(date) => quoted(out, |out| push_date(date, out)),
        None => number::write(&days, out),
    }
}

/// Appends the day that is `milliseconds` after 1970, as a timestamp if it isn't a whole day.
pub(super) fn write_date64(milliseconds: i64, out: &mut Vec<u8>) {
    let days = milliseconds.div_euclid(MILLISECONDS_A_DAY);
    match date(days) {
        Some(date) if milliseconds % MILLISECONDS_A_DAY == 0 => {
            quoted(out, |out| push_date(date, out));
        }
        _ => write_timestamp(milliseconds, TimeUnit::Millisecond, false, out),
    }
}

/// Appends the time of day that is `value` units after midnight.
pub(super) fn write_time(value: i64, unit: TimeUnit, out: &mut Vec<u8>) {
    let (per_second, digits) = resolution(unit);
    let seconds = value.div_euclid(per_second);
    if (0..SECONDS_A_DAY).contains(&seconds) {
        let fraction = value.rem_euclid(per_second);
        quoted(out, |out| push_time(seconds, fraction, digits, out));
    } else {
        number::write(&value, out);
    }
}

/// Appends the time that is `value` units after 1970.
pub(super) fn write_timestamp(value: i64, unit: TimeUnit, is_utc: bool, out: &mut Vec<u8>) {
    let (per_second, digits) = resolution(unit);
    let seconds = value.div_euclid(per_second);
    let Some(date) = date(seconds.div_euclid(SECONDS_A_DAY)) else {
        return number::write(&value, out);
    };
    quoted(out, |out| {
        push_date(date, out);
        out.push(b'T');
        let fraction = value.rem_euclid(per_second);
        push_time(seconds.rem_euclid(SECONDS_A_DAY), fraction, digits, out);
        if is_utc {
            out.push(b'Z');
        }
    });
}

/// Appends an object of named integers.
pub(super) fn write_parts(parts: &[(&str, i64)], out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in parts.iter().enumerate() {
        super::write_key(at == 0, name, out);
        number::write(value, out);
    }
    out.push(b'}');
}

/// Returns how many units are in a second, and how many digits its fraction has.
fn resolution(unit: TimeUnit) -> (i64, u32) {
    match unit {
        TimeUnit::Second => (1, 0),
        TimeUnit::Millisecond => (1_000, 3),
        TimeUnit::Microsecond => (1_000_000, 6),
        TimeUnit::Nanosecond => (1_000_000_000, 9),
    }
}

/// Returns the day, if its year has four digits.
fn date(days: i64) -> Option<NaiveDate> {
    let date = NaiveDate::from_epoch_days(i32::try_from(days).ok()?)?;
    (1..=9999).contains(&date.year()).then_some(date)
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

fn push_date(date: NaiveDate, out: &mut Vec<u8>) {
    push_digits(date.year().into(), 4, out);
    out.push(b'-');
    push_digits(date.month().into(), 2, out);
    out.push(b'-');
    push_digits(date.day().into(), 2, out);
}

fn push_time(seconds: i64, fraction: i64, digits: u32, out: &mut Vec<u8>) {
    push_digits(seconds / 3600, 2, out);
    out.push(b':');
    push_digits(seconds / 60 % 60, 2, out);
    out.push(b':');
    push_digits(seconds % 60, 2, out);
    if digits > 0 {
        out.push(b'.');
        push_digits(fraction, digits, out);
    }
}

/// Appends the last `count` digits of `value`, which isn't negative.
fn push_digits(value: i64, count: u32, out: &mut Vec<u8>) {
    for place in (0..count).rev() {
        let digit = value / 10_i64.pow(place) % 10;
        out.push(b'0' + digit as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(write: impl FnOnce(&mut Vec<u8>), expected: &str) {
        let mut out = Vec::new();
        write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn days_outside_of_four_digit_years_are_numbers() {
        check(|out| write_days(19_753, out), "\"2024-01-31\"");
        check(|out| write_days(-719_162, out), "\"0001-01-01\"");
        check(|out| write_days(-719_163, out), "-719163");
        check(|out| write_days(2_932_896, out), "\"9999-12-31\"");
        check(|out| write_days(2_932_897, out), "2932897");
        check(|out| write_days(i32::MAX, out), "2147483647");
    }

    #[test]
    fn a_date_that_is_no_whole_day_is_a_timestamp() {
        check(|out| write_date64(-86_400_000, out), "\"1969-12-31\"");
        check(|out| write_date64(-1, out), "\"1969-12-31T23:59:59.999\"");
        check(|out| write_date64(i64::MIN, out), "-9223372036854775808");
    }

    #[test]
    fn times_have_the_digits_of_their_unit() {
        let nanosecond = TimeUnit::Nanosecond;
        check(
            |out| write_time(45_296, TimeUnit::Second, out),
            "\"12:34:56\"",
        );
        check(
            |out| write_time(1, nanosecond, out),
            "\"00:00:00.000000001\"",
        );
        check(|out| write_time(86_400, TimeUnit::Second, out), "86400");
        check(|out| write_time(-1, nanosecond, out), "-1");
        check(
            |out| write_timestamp(-1, TimeUnit::Microsecond, true, out),
            "\"1969-12-31T23:59:59.999999Z\"",
        );
        check(
            |out| write_timestamp(i64::MIN, nanosecond, false, out),
            "\"1677-09-21T00:12:43.145224192\"",
        );
        check(
            |out| write_timestamp(i64::MAX, TimeUnit::Second, false, out),
            "9223372036854775807",
        );
    }
}
