//! Rounds statistics to the precision of Data-Juicer.

use coldpress_record::StatValue;

/// The number of units in 1, for ten decimals.
const UNITS: f64 = 1e10;

/// The bound below which a number with ten decimals is a whole number of units that a float represents exactly.
const EXACT_BELOW: f64 = 900_000.0;

/// The number from which on numbers are written with digits and an exponent instead of decimals.
const EXPONENT_FROM: f64 = 1e16;

/// The number below which numbers are written that way as well, unless they are 0.
const EXPONENT_BELOW: f64 = 1e-15;

/// The factors by which pandas multiplies the decimals of a number, read as a whole number, for each count of decimals. It reads no
/// more decimals than that.
const UNIT_OF: [f64; 16] = [
    1.0, 0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14,
    1e-15,
];

/// Returns a statistic as Data-Juicer writes it: as JSON with ten decimals.
pub(crate) fn rounded(value: StatValue) -> StatValue {
    match value {
        StatValue::Float(number) => StatValue::Float(with_ten_decimals(number)),
        StatValue::List(values) => StatValue::List(values.into_iter().map(rounded).collect()),
        other => other,
    }
}

/// Returns the statistic by which Data-Juicer decides: as pandas reads the written one.
pub(crate) fn read_back(value: &StatValue) -> StatValue {
    match value {
        StatValue::Float(number) => StatValue::Float(as_pandas_reads(*number)),
        StatValue::List(values) => StatValue::List(values.iter().map(read_back).collect()),
        other => other.clone(),
    }
}

/// Reads the digits of a number as pandas does by default: `0.3` becomes 0.30000000000000004, because that is 3 times 0.1.
fn as_pandas_reads(number: f64) -> f64 {
    let size = number.abs();
    if !size.is_finite() || (size.fract() == 0.0 && size <= EXPONENT_FROM) {
        return number;
    }
    let has_exponent = !(EXPONENT_BELOW..=EXPONENT_FROM).contains(&size);
    let (digits, exponent) = match has_exponent {
        true => {
            let text = format!("{size:e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            (digits.to_owned(), exponent.parse().unwrap_or(0))
        }
        false => (size.to_string(), 0),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
    let decimals = &decimals[..decimals.len().min(UNIT_OF.len() - 1)];
    let whole = read(whole.to_owned(), size);
    let units: f64 = decimals.parse().unwrap_or(0.0);
    let size = whole + units * UNIT_OF[decimals.len()];
    let size = match exponent {
        0 => size,
        exponent => size * 10_f64.powf(f64::from(exponent)),
    };
    size.copysign(number)
}

/// Rounds as pandas does when it writes JSON: ties go to even.
pub(crate) fn with_ten_decimals(number: f64) -> f64 {
    let size = number.abs();
    if !size.is_finite() {
        return number;
    }
    if size > EXPONENT_FROM || (size < EXPONENT_BELOW && size > 0.0) {
        return read(format!("{number:.9e}"), number);
    }
    let mut whole = size.floor();
    let units = (size - whole) * UNITS;
    let mut decimals = units.floor();
    let rest = units - decimals;
    if rest > 0.5 || (rest == 0.5 && (decimals == 0.0 || decimals % 2.0 == 1.0)) {
        decimals += 1.0;
    }
    if decimals >= UNITS {
        (whole, decimals) = (whole + 1.0, 0.0);
    }
    let size = if size < EXACT_BELOW {
        (whole * UNITS + decimals) / UNITS
    } else {
        read(format!("{whole}.{decimals:010}"), size)
    };
    size.copysign(number)
}

fn read(digits: String, otherwise: f64) -> f64 {
    digits.parse().unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The expected numbers are those of `pandas.io.json.ujson_loads(ujson_dumps(number, double_precision=10))` in pandas 3.1.1.
    #[test]
    fn digits_are_read_as_pandas_reads_them() {
        for (number, expected) in [
            (0.3, 0.300_000_000_000_000_04),
            (0.7, 0.700_000_000_000_000_1),
            (-0.3, -0.300_000_000_000_000_04),
            (0.25, 0.25),
            (0.845_704_793_9, 0.845_704_793_900_000_1),
            (11.0 / 14.0, 0.785_714_285_7),
            (12_345_678_901_234_567.0, 1.234_567_890_000_000_2e16),
            (1e-16, 1e-16),
            (5e-324, 0.0),
            (17.3, 17.3),
            (1e300, 1e300),
            (123_456.0, 123_456.0),
            (0.0, 0.0),
        ] {
            let read = as_pandas_reads(with_ten_decimals(number));
            assert_eq!(read, expected, "{number}");
        }
        assert!(as_pandas_reads(f64::NAN).is_nan());
    }

    #[test]
    fn numbers_are_those_that_data_juicer_writes() {
        for (number, expected) in [
            (11.0 / 14.0, 0.785_714_285_7),
            (2.0 / 3.0, 0.666_666_666_7),
            (1e-11, 0.0),
            (5e-11, 1e-10),
            (2.5e-10, 2e-10),
            (4.5e-10, 4e-10),
            (0.1 + 0.2, 0.3),
            (-1.0 / 3.0, -0.333_333_333_3),
            (1_234.000_000_000_05, 1_234.000_000_000_1),
            (0.999_999_999_96, 1.0),
            (1e15 + 0.3, 1e15 + 0.25),
            (12_345_678_901_234_567.0, 1.234_567_89e16),
            (1e300, 1e300),
            (7.0, 7.0),
        ] {
            assert_eq!(with_ten_decimals(number), expected, "{number}");
        }
        assert!(with_ten_decimals(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_as_before(of in 0..5_000_u32, all in 1..5_000_u32) {
            let written = with_ten_decimals(f64::from(of) / f64::from(all));
            prop_assert_eq!(with_ten_decimals(as_pandas_reads(written)), written);
        }

        #[test]
        fn ratios_are_rounded_to_the_nearest(of in 0..5_000_u32, all in 1..5_000_u32) {
            let ratio = f64::from(of) / f64::from(all);
            let nearest: f64 = format!("{ratio:.10}").parse().unwrap();
            prop_assert_eq!(with_ten_decimals(ratio), nearest);
        }
    }
}
