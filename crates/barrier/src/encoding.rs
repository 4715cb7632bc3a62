//! Encodes JSON values as bytes that sort like the values, either exactly or read as floats.

use coldpress_operator::value::{Kind, NotJson, Number, Value};
use serde_json::value::RawValue;

use crate::error::Result;

/// The first byte of every encoded value, which keeps kinds apart.
const LOWEST: u8 = 0;
const NULL: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const HIGHEST: u8 = 4;

/// Appends bytes that sort like the values of one kind: numbers by their exact value, texts by code points. Equal values have equal
/// bytes. For a list or an object, nothing is appended.
pub(crate) fn encode(json: &[u8], out: &mut Vec<u8>) -> Result<Kind> {
    let value = Value::parse(json)?;
    match &value {
        Value::Null => out.push(NULL),
        Value::Boolean(boolean) => {
            out.push(NUMBER);
            Number::Integer(i128::from(*boolean)).encode(out);
        }
        Value::Number(number) => {
            out.push(NUMBER);
            number.encode(out);
        }
        Value::Text(text) => {
            out.push(TEXT);
            out.extend(text.as_bytes());
        }
        Value::List | Value::Object => {}
    }
    Ok(value.kind())
}

/// The place of values that aren't numbers: before or after all numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    Lowest,
    Highest,
}

/// Appends bytes that sort like the values read as floats: a text by the number in it, a list of numbers by its mean.
pub(crate) fn encode_float(json: &[u8], unread: Unread, out: &mut Vec<u8>) -> Result<()> {
    match (float(json)?, unread) {
        (Some(float), _) => {
            out.push(NUMBER);
            Number::Float(float).encode(out);
        }
        (None, Unread::Lowest) => out.push(LOWEST),
        (None, Unread::Highest) => out.push(HIGHEST),
    }
    Ok(())
}

/// Reads a value as a float; `None` if it isn't a number, or is NaN.
fn float(json: &[u8]) -> Result<Option<f64>> {
    let float = match Value::parse(json)? {
        Value::Null | Value::Object => None,
        Value::Boolean(boolean) => Some(f64::from(u8::from(boolean))),
        Value::Number(number) => Some(number.float()),
        Value::Text(text) => float_of_text(&text),
        Value::List => mean(json)?,
    };
    Ok(float.filter(|float| !float.is_nan()))
}

/// Returns the number in a text, as Python's `float` reads it.
fn float_of_text(text: &str) -> Option<f64> {
    // Python counts these four separators as whitespace, but Unicode does not.
    let is_space = |char: char| char.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&char);
    let text = text.trim_matches(is_space);
    let pieces: Vec<&str> = text.split('_').collect();
    let between_digits = pieces.windows(2).all(|pair| {
        let before = pair[0].ends_with(|char: char| char.is_ascii_digit());
        before && pair[1].starts_with(|char: char| char.is_ascii_digit())
    });
    let number = pieces.concat().parse().ok();
    number.filter(|_| between_digits)
}

/// Returns the mean of a list of numbers; `None` if it is empty or has anything else.
fn mean(json: &[u8]) -> Result<Option<f64>> {
    let items: Vec<&RawValue> = serde_json::from_slice(json).map_err(|_| NotJson)?;
    let mut sum = 0.0;
    for item in &items {
        sum += match Value::parse(item.get().as_bytes())? {
            Value::Boolean(boolean) => f64::from(u8::from(boolean)),
            Value::Number(number) => number.float(),
            _ => return Ok(None),
        };
    }
    Ok((!items.is_empty()).then(|| sum / items.len() as f64))
}

/// A number that can be written as bytes that sort like numbers.
trait Ordered {
    fn parts(self) -> Option<(bool, i16, u128)>;
    fn encode(self, out: &mut Vec<u8>);
}

impl Ordered for Number {
    /// Returns whether the number is negative, its binary exponent, and its digits from the first one on; `None` for zero.
    fn parts(self) -> Option<(bool, i16, u128)> {
        const INFINITE: i16 = 0x1000;
        let (negative, digits, exponent) = match self {
            Self::Integer(integer) => (integer < 0, integer.unsigned_abs(), 0),
            Self::Float(float) if float.is_infinite() => (float < 0.0, 1, INFINITE),
            Self::Float(float) => {
                let bits = float.to_bits();
                let fraction = u128::from(bits & ((1 << 52) - 1));
                match (bits >> 52 & 0x7ff) as i16 {
                    0 => (float < 0.0, fraction, -1074),
                    exponent => (float < 0.0, fraction | 1 << 52, exponent - 1075),
                }
            }
        };
        let unused = digits.leading_zeros();
        let digits = digits.checked_shl(unused)?;
        Some((negative, exponent + 127 - unused as i16, digits))
    }

    /// Appends bytes that sort like the numbers. An integer and a float that are equal have the same bytes, and no integer is
    /// rounded for the comparison with a float.
    fn encode(self, out: &mut Vec<u8>) {
        let Some((negative, exponent, digits)) = self.parts() else {
            return out.push(1);
        };
        let flip = if negative { 0xff } else { 0 };
        out.push(if negative { 0 } else { 2 });
        // Shifted up, so that negative exponents come first.
        let exponent = (i32::from(exponent) + 0x8000) as u16;
        out.extend(exponent.to_be_bytes().map(|byte| byte ^ flip));
        out.extend(digits.to_be_bytes().map(|byte| byte ^ flip));
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;

    fn encoded(json: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(json.as_bytes(), &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn numbers_are_ordered_by_their_exact_value() {
        let ascending = [
            "-1e400",
            "-1e308",
            "-1e300",
            "-170141183460469231731687303715884105728",
            "-9007199254740993",
            "-9007199254740992.0",
            "-2",
            "-1.5",
            "-1",
            "-1e-310",
            "-5e-324",
            "0",
            "5e-324",
            "1e-310",
            "2.2250738585072014e-308",
            "0.1",
            "true",
            "1.0000000000000002",
            "2",
            "9007199254740991",
            "9007199254740992.0",
            "9007199254740993",
            "9007199254740994",
            "9223372036854775807",
            "9.223372036854775807e18",
            "9223372036854775809",
            "18446744073709551615",
            "18446744073709551616.0",
            "1e300",
            "1e400",
        ];
        for pair in ascending.windows(2) {
            assert!(encoded(pair[0]) < encoded(pair[1]), "{pair:?}");
        }
        for (one, other) in [
            ("1", "1.0"),
            ("1", "true"),
            ("false", "-0.0"),
            ("1e2", "100"),
        ] {
            assert_eq!(encoded(one), encoded(other));
        }
    }

    proptest! {
        #[test]
        fn floats_and_texts_are_ordered_as_in_memory(
            floats in any::<[f64; 2]>(), texts in any::<[String; 2]>(),
        ) {
            let json = floats.map(|float| format!("{float:?}"));
            if floats.iter().all(|float| float.is_finite()) {
                let order = encoded(&json[0]).cmp(&encoded(&json[1]));
                prop_assert_eq!(Some(order), floats[0].partial_cmp(&floats[1]));
            }
            let json = texts.clone().map(|text| serde_json::Value::from(text).to_string());
            prop_assert_eq!(encoded(&json[0]).cmp(&encoded(&json[1])), texts[0].cmp(&texts[1]));
        }

        #[test]
        fn integers_are_compared_with_floats_without_rounding(integer in any::<i64>(), steps in -3i64..4) {
            let float = integer as f64;
            let integer = integer.saturating_add(steps);
            // A float of this size is an integer that fits in 128 bits.
            let expected = i128::from(integer).cmp(&(float as i128));
            let order = encoded(&integer.to_string()).cmp(&encoded(&format!("{float:?}")));
            prop_assert_eq!(order, expected);
        }

        #[test]
        fn whatever_bytes_there_are_nothing_panics(json in "[\\[\\]{}\",:0-9eE.+a-z-]{0,12}") {
            let _ = encode(json.as_bytes(), &mut Vec::new());
            let _ = encode_float(json.as_bytes(), Unread::Lowest, &mut Vec::new());
            let _ = coldpress_operator::value::canonical(json.as_bytes(), &mut Vec::new());
        }
    }

    #[test]
    fn floats_are_read_as_python_reads_them() {
        let cases = [
            ("null", None),
            ("3", Some(3.0)),
            ("true", Some(1.0)),
            (r#"" 1_000.5\u001c\n""#, Some(1000.5)),
            (r#""+.5""#, Some(0.5)),
            (r#""1.""#, Some(1.0)),
            (r#""-Infinity""#, Some(f64::NEG_INFINITY)),
            (r#""nan""#, None),
            (r#""1__0""#, None),
            (r#""_1""#, None),
            (r#""one""#, None),
            (r#""""#, None),
            ("[1, 2.5, true]", Some(1.5)),
            ("[]", None),
            (r#"["1"]"#, None),
            (r#"{"a": 1}"#, None),
        ];
        for (json, expected) in cases {
            assert_eq!(float(json.as_bytes()).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_number_comes_where_it_is_wanted() {
        let order = |unread, number: &str| {
            let [mut one, mut other] = [Vec::new(), Vec::new()];
            encode_float(b"null", unread, &mut one).unwrap();
            encode_float(number.as_bytes(), unread, &mut other).unwrap();
            one.cmp(&other)
        };
        for number in ["-1e400", "0", "1e400"] {
            assert_eq!(order(Unread::Lowest, number), Ordering::Less);
            assert_eq!(order(Unread::Highest, number), Ordering::Greater);
        }
    }
}
