//! Numbers from JSON, without loss.

use std::str::FromStr;

use arrow::datatypes::{ArrowPrimitiveType, Float16Type};

use super::text::inner_text;

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// Parses an integer that is written as one.
pub(super) fn integer<N: FromStr>(json: &str) -> Option<N> {
    // Unsigned types do not parse this zero.
    let json = if json == "-0" { "0" } else { json };
    json.parse().ok()
}

pub(super) fn float64(json: &str) -> Option<f64> {
    match inner_text(json) {
        Some(name) => not_finite(name),
        None => finite(json),
    }
}

pub(super) fn float32(json: &str) -> Option<f32> {
    if let Some(name) = inner_text(json) {
        return not_finite(name).map(|value| value as f32);
    }
    let value = json.parse::<f32>().ok()?;
    (value.is_finite() && is_faithful(json, value.into())).then_some(value)
}

pub(super) fn float16(json: &str) -> Option<Half> {
    if let Some(name) = inner_text(json) {
        return not_finite(name).map(Half::from_f64);
    }
    let value = Half::from_f64(finite(json)?);
    (value.is_finite() && is_faithful(json, value.to_f64())).then_some(value)
}

fn not_finite(name: &str) -> Option<f64> {
    match name {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn finite(json: &str) -> Option<f64> {
    let value = json.parse::<f64>().ok()?;
    (value.is_finite() && is_faithful(json, value)).then_some(value)
}

/// Returns whether the number is a fraction, which may be rounded, or an integer that equals `value` exactly.
fn is_faithful(json: &str, value: f64) -> bool {
    const EXACT_DIGITS: usize = 3;
    if json.len() <= EXACT_DIGITS || json.contains(['.', 'e', 'E']) {
        return true;
    }
    // A float outside this type's range is clamped to its ends, and only one float equals an end.
    json.parse::<i128>()
        .is_ok_and(|integer| integer != i128::MAX && integer == value as i128)
}

/// Parses the decimal number `json` as an integer of units of 10^-`scale`, if it has at most `precision` digits.
pub(super) fn decimal<N: FromStr>(json: &str, precision: u8, scale: i8) -> Option<N> {
    let (sign, number) = match json.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", json),
    };
    if !number.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = String::with_capacity(mantissa.len() + 1);
    digits.push_str(sign);
    digits.push_str(whole.trim_start_matches('0'));
    let more = if digits.len() == sign.len() {
        fraction.trim_start_matches('0')
    } else {
        fraction
    };
    digits.push_str(more);
    if digits.len() == sign.len() {
        return "0".parse().ok();
    }
    let exponent = exponent.parse::<i32>().ok()?;
    let fraction_digits = i32::try_from(fraction.len()).ok()?;
    let shift = exponent
        .checked_sub(fraction_digits)?
        .checked_add(scale.into())?;
    shift_digits(&mut digits, shift)?;
    let length = digits.len() - sign.len();
    (length <= usize::from(precision)).then(|| digits.parse().ok())?
}

/// Multiplies the digits by 10^`shift`, if the result is an integer that a decimal can hold.
fn shift_digits(digits: &mut String, shift: i32) -> Option<()> {
    const LONGEST: usize = 76;
    let places = usize::try_from(shift.unsigned_abs()).ok()?;
    if shift >= 0 {
        let zeros = (places <= LONGEST).then_some(places)?;
        digits.extend(std::iter::repeat_n('0', zeros));
    } else {
        let kept = digits.len().checked_sub(places)?;
        let dropped = digits.get(kept..)?;
        dropped.bytes().all(|digit| digit == b'0').then_some(())?;
        digits.truncate(kept);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::i256;

    use super::*;

    #[test]
    fn integers_are_integers_of_their_width() {
        assert_eq!(integer::<i8>("-128"), Some(-128));
        assert_eq!(integer::<u64>("18446744073709551615"), Some(u64::MAX));
        assert_eq!(integer::<u8>("-0"), Some(0));
        for json in ["128", "-129", "1.0", "1e0", "true", "\"1\"", "[]"] {
            assert_eq!(integer::<i8>(json), None, "{json}");
        }
    }

    #[test]
    fn integers_become_floats_only_if_exact() {
        assert_eq!(float64("9007199254740992"), Some(9_007_199_254_740_992.0));
        assert_eq!(float64("9007199254740993"), None);
        assert_eq!(float64("9007199254740993.0"), Some(9_007_199_254_740_992.0));
        assert_eq!(float32("16777216"), Some(16_777_216.0));
        assert_eq!(float32("16777217"), None);
        assert_eq!(float16("2048"), Some(Half::from_f64(2048.0)));
        assert_eq!(float16("2049"), None);
        assert_eq!(float64("170141183460469231731687303715884105727"), None);
        assert_eq!(float64(&format!("1{}", "0".repeat(400))), None);
    }

    #[test]
    fn floats_are_finite_or_named() {
        assert_eq!(float64("1e400"), None);
        assert_eq!(float32("1e39"), None);
        assert_eq!(float16("65520.0"), None);
        assert_eq!(float64("-0.0").map(f64::to_bits), Some(1 << 63));
        assert_eq!(float32("\"-Infinity\""), Some(f32::NEG_INFINITY));
        assert!(float16("\"NaN\"").is_some_and(Half::is_nan));
        for json in ["\"nan\"", "\"inf\"", "\"1\"", "true", "{}"] {
            assert_eq!(float64(json), None, "{json}");
        }
    }

    #[test]
    fn decimals_keep_every_digit() {
        let cases = [
            ("12.340", 5, 3, Some(12_340)),
            ("12.34", 5, 3, Some(12_340)),
            ("12.3400", 5, 3, Some(12_340)),
            ("12.3401", 5, 3, None),
            ("123.456", 5, 3, None),
            ("-0.05", 4, 2, Some(-5)),
            ("0.000", 4, 3, Some(0)),
            ("-0", 4, 3, Some(0)),
            ("0e999999999999", 4, 3, Some(0)),
            ("1200", 4, -2, Some(12)),
            ("1250", 4, -2, None),
            ("1.2E3", 4, -2, Some(12)),
            ("5e-1", 4, 1, Some(5)),
            ("1e2147483647", 38, 3, None),
            ("1e-2147483648", 38, 3, None),
            ("true", 38, 3, None),
            ("\"1\"", 38, 3, None),
        ];
        for (json, precision, scale, expected) in cases {
            assert_eq!(decimal::<i128>(json, precision, scale), expected, "{json}");
        }
        let nines = "9".repeat(76);
        assert_eq!(
            decimal::<i256>(&format!("-0.{nines}"), 76, 76),
            i256::from_string(&format!("-{nines}"))
        );
    }
}
