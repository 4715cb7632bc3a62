//! Kinds of JSON values, as detailed as the choice of a column's type requires.

use serde::{Deserialize, Serialize};

/// A kind of JSON value. There is none for `null`, which fits every column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Boolean,
    /// An integer in `0..=2^53`, which a float holds too.
    Positive,
    /// An integer in `-2^53..0`, or `-0`.
    Negative,
    /// A larger integer that `i64` holds.
    LongPositive,
    /// A smaller integer that `i64` holds.
    LongNegative,
    /// An integer that only `u64` holds.
    Unsigned,
    /// A number with a fraction or an exponent.
    Float,
    /// An integer that neither `i64` nor `u64` holds, or a number that overflows a float.
    Huge,
    Text,
    /// A string with a lone surrogate escape, which isn't valid text.
    LoneSurrogate,
    List,
    Object,
    EmptyObject,
    /// An object with a key that is not text.
    UnnamedKey,
    /// A list or an object that is nested too deeply.
    Deep,
}

/// The type of a field if all its values are in one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Boolean,
    Number,
    Text,
    List,
    Object,
    /// JSON text, because no other column holds it.
    Json,
}

/// The largest integer up to which a float holds all integers.
const EXACT_IN_FLOAT: u64 = 1 << 53;

/// The number of digits below which a number without exponent is certainly a finite float. The largest float has 309.
const SURELY_FINITE: usize = 300;

/// The way a number is written.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    Integer,
    /// With a decimal point.
    Fraction,
    /// With an exponent, and perhaps a decimal point.
    Exponent,
}

impl Kind {
    pub(crate) fn class(self) -> Class {
        match self {
            Self::Boolean => Class::Boolean,
            Self::Positive
            | Self::Negative
            | Self::LongPositive
            | Self::LongNegative
            | Self::Unsigned
            | Self::Float => Class::Number,
            Self::Text => Class::Text,
            Self::List => Class::List,
            Self::Object => Class::Object,
            Self::Huge
            | Self::LoneSurrogate
            | Self::EmptyObject
            | Self::UnnamedKey
            | Self::Deep => Class::Json,
        }
    }

    /// Returns its name for a report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Positive | Self::Negative | Self::LongPositive | Self::LongNegative => "int64",
            Self::Unsigned => "uint64",
            Self::Float => "float64",
            Self::Huge => "number beyond 64 bits",
            Self::Text => "text",
            Self::LoneSurrogate => "text with a lone surrogate",
            Self::List => "list",
            Self::Object => "object",
            Self::EmptyObject => "empty object",
            Self::UnnamedKey => "object with a key that is not text",
            Self::Deep => "value nested too deeply",
        }
    }

    /// Returns the kind of the JSON number `json`.
    pub(super) fn of_number(json: &str, spelling: Spelling) -> Self {
        match spelling {
            Spelling::Integer => Self::of_integer(json),
            Spelling::Fraction if json.len() < SURELY_FINITE => Self::Float,
            Spelling::Fraction | Spelling::Exponent => match json.parse::<f64>() {
                Ok(number) if number.is_finite() => Self::Float,
                _ => Self::Huge,
            },
        }
    }

    fn of_integer(json: &str) -> Self {
        match json.strip_prefix('-') {
            Some(digits) => match digits.parse::<u64>() {
                Ok(number) if number <= EXACT_IN_FLOAT => Self::Negative,
                Ok(number) if number <= i64::MIN.unsigned_abs() => Self::LongNegative,
                _ => Self::Huge,
            },
            None => match json.parse::<u64>() {
                Ok(number) if number <= EXACT_IN_FLOAT => Self::Positive,
                Ok(number) if number <= i64::MAX.unsigned_abs() => Self::LongPositive,
                Ok(_) => Self::Unsigned,
                Err(_) => Self::Huge,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_kind_of_their_range() {
        let cases = [
            ("0", Kind::Positive),
            ("-0", Kind::Negative),
            ("9007199254740992", Kind::Positive),
            ("9007199254740993", Kind::LongPositive),
            ("-9007199254740992", Kind::Negative),
            ("-9007199254740993", Kind::LongNegative),
            ("9223372036854775807", Kind::LongPositive),
            ("9223372036854775808", Kind::Unsigned),
            ("-9223372036854775808", Kind::LongNegative),
            ("-9223372036854775809", Kind::Huge),
            ("18446744073709551615", Kind::Unsigned),
            ("18446744073709551616", Kind::Huge),
            ("1.0", Kind::Float),
            ("1e5", Kind::Float),
            ("-0.0", Kind::Float),
            ("1e-999", Kind::Float),
            ("1.7976931348623157e308", Kind::Float),
            ("1.8e308", Kind::Huge),
            ("-1E400", Kind::Huge),
            (&format!("{}.5", "9".repeat(308)), Kind::Float),
            (&format!("{}.5", "9".repeat(310)), Kind::Huge),
        ];
        for (json, kind) in cases {
            let spelling = match (json.contains(['e', 'E']), json.contains('.')) {
                (true, _) => Spelling::Exponent,
                (_, true) => Spelling::Fraction,
                _ => Spelling::Integer,
            };
            assert_eq!(Kind::of_number(json, spelling), kind, "{json}");
        }
    }
}
