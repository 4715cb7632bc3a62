//! Interprets an unquoted YAML scalar once the wanted type is known.
//!
//! Readers of YAML 1.1 (Data-Juicer's among them) and of YAML 1.2 disagree about `yes`, `017` and `1_000`. A recipe must not have
//! two meanings. So a scalar stays text until a type is wanted, and spellings that the two versions would read as different numbers
//! (`017`) are not numbers at all.

use serde_json::Value as Json;

/// Returns whether the text means that no value is given.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Reads a truth value in the words of YAML 1.1.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Reads a whole number: decimal without leading zeros, `0x`, `0o`, `0b`, with `_` between digits.
pub(crate) fn parse_integer(text: &str) -> Option<i128> {
    let (negative, digits) = split_sign(text);
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits),
    };
    if radix == 10 && has_leading_zero(digits) {
        return None;
    }
    let digits = without_separators(digits)?;
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(&digits, radix).ok()?;
    Some(if negative { -value } else { value })
}

/// Reads a number, including `.inf` and `.nan`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    if let Some(integer) = parse_integer(text) {
        return Some(integer as f64);
    }
    let (negative, body) = split_sign(text);
    let value = match body {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" if body.len() == text.len() => f64::NAN,
        _ => parse_decimal(body)?,
    };
    Some(if negative { -value } else { value })
}

/// Returns the JSON value of an unquoted scalar in YAML 1.2's core schema. Words that only YAML 1.1 reads as truth values or
/// numbers, spellings that the two versions read differently, and values that JSON cannot represent stay text.
pub(crate) fn core_json(text: &str) -> Json {
    if is_null(text) {
        return Json::Null;
    }
    match text {
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    core_number(text).map_or_else(|| Json::String(text.to_string()), Json::Number)
}

fn core_number(text: &str) -> Option<serde_json::Number> {
    if text.contains('_') || text.contains("0b") {
        return None;
    }
    if let Some(integer) = parse_integer(text) {
        return u64::try_from(integer)
            .map(Into::into)
            .or_else(|_| i64::try_from(integer).map(Into::into))
            .ok();
    }
    serde_json::Number::from_f64(parse_float(text)?)
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn has_leading_zero(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() > 1 && bytes[0] == b'0' && (bytes[1].is_ascii_digit() || bytes[1] == b'_')
}

/// Returns the digits without `_`, which is only allowed between two digits.
fn without_separators(digits: &str) -> Option<String> {
    let misplaced = digits.is_empty()
        || digits.starts_with('_')
        || digits.ends_with('_')
        || digits.contains("__");
    (!misplaced).then(|| digits.replace('_', ""))
}

fn parse_decimal(body: &str) -> Option<f64> {
    if has_leading_zero(body) {
        return None;
    }
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    if let Some(exponent) = exponent {
        let (_, digits) = split_sign(exponent);
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    for part in [whole, fraction] {
        if !part.is_empty()
            && !without_separators(part)?
                .bytes()
                .all(|digit| digit.is_ascii_digit())
        {
            return None;
        }
    }
    let value: f64 = body.replace('_', "").parse().ok()?;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_integer(text: &str, expected: Option<i128>) {
        assert_eq!(parse_integer(text), expected, "{text}");
    }

    #[test]
    fn integers_have_one_meaning_or_none() {
        check_integer("0", Some(0));
        check_integer("-12", Some(-12));
        check_integer("+12", Some(12));
        check_integer("1_000", Some(1000));
        check_integer("0x10", Some(16));
        check_integer("0o17", Some(15));
        check_integer("0b101", Some(5));
        for no_integer in [
            "017", "-017", "0_1", "", "-", "+", "1__0", "_1", "1_", "1e5", "0x", "0xg", "1:30",
            "٣", "--1", "+-1", "0x-1", "é", "1é",
        ] {
            check_integer(no_integer, None);
        }
    }

    #[test]
    fn numbers_take_fractions_and_exponents() {
        for (text, expected) in [
            ("0.5", 0.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e5", 1e5),
            ("-1.5E-3", -0.0015),
            ("1_0.5", 10.5),
        ] {
            assert_eq!(parse_float(text), Some(expected), "{text}");
        }
        assert_eq!(parse_float("-.inf"), Some(f64::NEG_INFINITY));
        assert!(parse_float(".nan").is_some_and(f64::is_nan));
        for text in [
            "", ".", "e5", "1e", "1e+", "017", "00.5", "inf", "nan", "-.nan", "1.2.3", "0.5%",
            "1e999", "1 0",
        ] {
            assert_eq!(parse_float(text), None, "{text}");
        }
    }

    #[test]
    fn untyped_scalars_follow_the_core_schema() {
        for (text, expected) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("True", json!(true)),
            ("yes", json!("yes")),
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("0x10", json!(16)),
            ("0.25", json!(0.25)),
            ("1_000", json!("1_000")),
            ("017", json!("017")),
            (".inf", json!(".inf")),
            ("99999999999999999999", json!("99999999999999999999")),
            ("en", json!("en")),
        ] {
            assert_eq!(core_json(text), expected, "{text}");
        }
    }
}
