//! Numbers: their JSON spelling, their values, and their Python spelling.

use crate::value::Value;

/// Returns the length of the number that a text begins with, or the offset where it becomes invalid.
pub(super) fn number_length(text: &[u8]) -> Result<usize, usize> {
    let mut at = usize::from(text.first() == Some(&b'-'));
    match text.get(at) {
        Some(b'0') => at += 1,
        Some(b'1'..=b'9') => at = digits(text, at),
        _ => return Err(at),
    }
    if text.get(at) == Some(&b'.') {
        at = some_digits(text, at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        at = some_digits(text, at)?;
    }
    Ok(at)
}

fn some_digits(text: &[u8], at: usize) -> Result<usize, usize> {
    match digits(text, at) {
        end if end == at => Err(at),
        end => Ok(end),
    }
}

fn digits(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// Returns the value of a valid number. A number that is too large for a float is an infinity, as in Python.
pub(super) fn number(spelled: &[u8]) -> Value {
    let is_float = spelled
        .iter()
        .any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if !is_float && spelled.len() <= 18 {
        let (negative, digits) = match spelled {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let number = digits
            .iter()
            .fold(0, |sum: i64, digit| sum * 10 + i64::from(digit - b'0'));
        return Value::Int(if negative { -number } else { number });
    }
    let text = std::str::from_utf8(spelled).unwrap_or_default();
    match is_float {
        true => Value::Float(text.parse().unwrap_or(f64::NAN)),
        false => Value::from_digits(text),
    }
}

/// Writes a float as Python's `repr` does, and values that JSON has no number for as Python's `json` does.
pub(super) fn write_float(number: f64, out: &mut Vec<u8>) {
    if number.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if number.is_infinite() {
        let spelled: &[u8] = if number > 0.0 {
            b"Infinity"
        } else {
            b"-Infinity"
        };
        return out.extend_from_slice(spelled);
    }
    // In this range, Rust and Python spell the fewest digits in the same way.
    if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
        let mut buffer = ryu::Buffer::new();
        return out.extend_from_slice(buffer.format_finite(number).as_bytes());
    }
    // The fewest digits that read back as the same float: `-1.5e-7`.
    let spelled = format!("{number:e}");
    let (digits, exponent) = spelled.split_once('e').unwrap_or((&spelled, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let digits = digits.replace('.', "");
    out.extend_from_slice(sign.as_bytes());
    write_digits(&digits, exponent, out);
}

/// Writes digits. The first one has this power of ten, which is far from zero.
fn write_digits(digits: &str, exponent: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(&digits.as_bytes()[..1]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits.as_bytes()[1..]);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_spelled_as_by_python() {
        for (number, spelled) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (123.456, "123.456"),
            (1e15, "1000000000000000.0"),
            (9999999999999998.0, "9999999999999998.0"),
            (123456789012345.0, "123456789012345.0"),
            (0.00012345, "0.00012345"),
            (-0.000099999, "-9.9999e-05"),
            (100.0, "100.0"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (1234567890123456.7, "1234567890123456.8"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.25e-7, "1.25e-07"),
            (5e-324, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut out = Vec::new();
            write_float(number, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), spelled);
        }
    }
}
