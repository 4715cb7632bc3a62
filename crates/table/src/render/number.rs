//! Numbers as JSON.

use std::fmt::Display;
use std::io::Write;

use arrow::datatypes::{ArrowPrimitiveType, Float16Type};
use serde::Serialize;

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// Appends an integer or a finite float with the shortest digits that read back as the same value of its type.
pub(super) fn write<N: Serialize>(number: &N, out: &mut Vec<u8>) {
    // This cannot fail: a number can be serialized, and a vector accepts it.
    let _ = serde_json::to_writer(out, number);
}

pub(super) fn write_f64(value: f64, out: &mut Vec<u8>) {
    match not_finite(value) {
        Some(name) => out.extend_from_slice(name),
        None => write(&value, out),
    }
}

pub(super) fn write_f32(value: f32, out: &mut Vec<u8>) {
    match not_finite(value.into()) {
        Some(name) => out.extend_from_slice(name),
        None => write(&value, out),
    }
}

pub(super) fn write_f16(value: Half, out: &mut Vec<u8>) {
    match not_finite(value.to_f64()) {
        Some(name) => out.extend_from_slice(name),
        None => write(&shortest_f16(value), out),
    }
}

fn not_finite(value: f64) -> Option<&'static [u8]> {
    if value.is_finite() {
        None
    } else if value.is_nan() {
        Some(b"\"NaN\"")
    } else if value > 0.0 {
        Some(b"\"Infinity\"")
    } else {
        Some(b"\"-Infinity\"")
    }
}

/// Returns the number with the fewest digits whose nearest 16-bit float is `value`.
fn shortest_f16(value: Half) -> f64 {
    let exact = value.to_f64();
    // Five digits distinguish all numbers of 11 significant bits.
    let shorter = (0..5).find_map(|decimals| {
        let mut text = [0; 24];
        let digits = print(&mut text, format_args!("{exact:.decimals$e}"));
        let number = digits.parse::<f64>().ok()?;
        (Half::from_f64(number).to_bits() == value.to_bits()).then_some(number)
    });
    shorter.unwrap_or(exact)
}

/// Appends the decimal number `value` / 10^`scale` with all its digits.
pub(super) fn write_decimal<N: Display>(value: N, scale: i8, out: &mut Vec<u8>) {
    // The longest decimal has 76 digits and a sign.
    let mut text = [0; 96];
    let digits = print(&mut text, format_args!("{value}"));
    let digits = digits.strip_prefix('-').map_or(digits, |digits| {
        out.push(b'-');
        digits
    });
    let scale_digits = usize::from(scale.unsigned_abs());
    if scale <= 0 {
        out.extend_from_slice(digits.as_bytes());
        let zeros = if digits == "0" { 0 } else { scale_digits };
        out.extend(std::iter::repeat_n(b'0', zeros));
        return;
    }
    let whole = digits.len().saturating_sub(scale_digits);
    out.extend_from_slice(if whole == 0 {
        b"0"
    } else {
        &digits.as_bytes()[..whole]
    });
    out.push(b'.');
    out.extend(std::iter::repeat_n(
        b'0',
        scale_digits.saturating_sub(digits.len()),
    ));
    out.extend_from_slice(&digits.as_bytes()[whole..]);
}

/// Returns the text of `value`, printed into `room`, which must be large enough.
fn print<'a>(room: &'a mut [u8], value: std::fmt::Arguments<'_>) -> &'a str {
    let length = room.len();
    let mut rest = &mut *room;
    let _ = rest.write_fmt(value);
    let printed = length - rest.len();
    std::str::from_utf8(&room[..printed]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::i256;

    use super::*;

    #[track_caller]
    fn check(write: impl FnOnce(&mut Vec<u8>), expected: &str) {
        let mut out = Vec::new();
        write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn floats_have_the_fewest_digits_of_their_width() {
        check(|out| write_f64(0.1, out), "0.1");
        check(|out| write_f64(3.0, out), "3.0");
        check(|out| write_f64(-0.0, out), "-0.0");
        check(
            |out| write_f64(f64::MIN_POSITIVE / 2.0, out),
            "1.1125369292536007e-308",
        );
        check(|out| write_f64(f64::NAN, out), "\"NaN\"");
        check(|out| write_f32(0.1, out), "0.1");
        check(|out| write_f32(f32::INFINITY, out), "\"Infinity\"");
        check(|out| write_f16(Half::from_f64(0.1), out), "0.1");
        check(|out| write_f16(Half::from_f64(65504.0), out), "65500.0");
        check(|out| write_f16(Half::from_f64(-0.0), out), "-0.0");
        check(|out| write_f16(Half::NEG_INFINITY, out), "\"-Infinity\"");
    }

    #[test]
    fn every_number_of_16_bits_comes_back() {
        for bits in 0..=u16::MAX {
            let value = Half::from_bits(bits);
            if value.is_finite() {
                let mut out = Vec::new();
                write_f16(value, &mut out);
                let text = String::from_utf8(out).unwrap();
                let back = Half::from_f64(text.parse().unwrap());
                assert_eq!(back.to_bits(), bits, "{text}");
            }
        }
    }

    #[test]
    fn decimals_have_all_their_digits() {
        let cases = [
            (12340_i128, 3, "12.340"),
            (5, 2, "0.05"),
            (-5, 1, "-0.5"),
            (0, 3, "0.000"),
            (0, -3, "0"),
            (12, 0, "12"),
            (-12, -3, "-12000"),
        ];
        for (value, scale, expected) in cases {
            check(|out| write_decimal(value, scale, out), expected);
        }
        let nines = "9".repeat(76);
        let widest = i256::from_string(&nines).unwrap();
        check(|out| write_decimal(widest, 76, out), &format!("0.{nines}"));
    }
}
