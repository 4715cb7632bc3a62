//! The precision of statistics in Data-Juicer.

use coldpress_record::StatValue;

/// Ten decimals.
const UNITS: f64 = 1e10;

/// Below this, a number with its ten decimals is a whole number of units that a float holds exactly.
const EXACT_BELOW: f64 = 900_000.0;

/// Numbers from here on are written with digits and an exponent instead of decimals.
const EXPONENT_FROM: f64 = 1e16;

/// Returns a statistic as Data-Juicer decides by it: it writes statistics as JSON with ten decimals and reads them back.
pub(crate) fn rounded(value: StatValue) -> StatValue {
    match value {
        StatValue::Float(number) => StatValue::Float(with_ten_decimals(number)),
        StatValue::List(values) => StatValue::List(values.into_iter().map(rounded).collect()),
        other => other,
    }
}

/// Rounds as pandas does where it writes JSON: half a unit rounds to even.
pub(crate) fn with_ten_decimals(number: f64) -> f64 {
    let size = number.abs();
    if !size.is_finite() {
        return number;
    }
    if size > EXPONENT_FROM {
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

    #[test]
    fn numbers_are_those_that_data_juicer_reads_back() {
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
        fn ratios_are_rounded_to_the_nearest(of in 0..5_000_u32, all in 1..5_000_u32) {
            let ratio = f64::from(of) / f64::from(all);
            let nearest: f64 = format!("{ratio:.10}").parse().unwrap();
            prop_assert_eq!(with_ten_decimals(ratio), nearest);
        }
    }
}
