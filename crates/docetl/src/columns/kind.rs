//! The kinds of values that a column has.

use crate::Value;

/// The largest integer up to which a float represents every integer.
const MAX_EXACT: u64 = 1 << 53;

/// The kinds of values that a column has seen; more can only be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen(u8);

const BOOL: u8 = 1;
/// An integer that a float represents exactly.
const SMALL: u8 = 1 << 1;
/// An integer within `i64` that a float may not represent.
const WIDE: u8 = 1 << 2;
/// An integer beyond `i64` but within `u64`.
const UNSIGNED: u8 = 1 << 3;
/// A negative integer.
const NEGATIVE: u8 = 1 << 4;
const FLOAT: u8 = 1 << 5;
const TEXT: u8 = 1 << 6;
/// A value that only JSON can express: a list, an object, a larger integer, half of a surrogate pair.
const OTHER: u8 = 1 << 7;

impl Seen {
    pub(crate) fn add(&mut self, value: &Value) {
        self.0 |= match value {
            Value::Null => 0,
            Value::Bool(_) => BOOL,
            Value::Int(number) => {
                let size = if number.unsigned_abs() <= MAX_EXACT {
                    SMALL
                } else {
                    WIDE
                };
                if *number < 0 { size | NEGATIVE } else { size }
            }
            Value::BigInt(digits) if digits.parse::<u64>().is_ok() => UNSIGNED,
            Value::Float(_) => FLOAT,
            Value::Text(_) => TEXT,
            Value::BigInt(_) | Value::Utf16(_) | Value::List(_) | Value::Object(_) => OTHER,
        };
    }

    /// Returns the kind that can hold everything that was seen.
    pub(crate) fn kind(self) -> Kind {
        const SIGNED: u8 = SMALL | WIDE | NEGATIVE;
        match self.0 {
            0 => Kind::Null,
            BOOL => Kind::Bool,
            TEXT => Kind::Text,
            seen if seen & !SIGNED == 0 => Kind::Int,
            seen if seen & !(SMALL | WIDE | UNSIGNED) == 0 => Kind::UInt,
            seen if seen & !(SMALL | NEGATIVE | FLOAT) == 0 => Kind::Number,
            _ => Kind::Json,
        }
    }
}

/// The type of a column's cells. A cell that is null holds `null` or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// All are null.
    Null,
    Bool,
    /// Integers within `i64`.
    Int,
    /// Integers within `u64`.
    UInt,
    /// Floats, some of which may represent integers.
    Number,
    Text,
    /// JSON text.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], kind: Kind) {
        let mut seen = Seen::default();
        for value in values {
            seen.add(&Value::parse(value).unwrap());
        }
        assert_eq!(seen.kind(), kind, "{values:?}");
    }

    #[test]
    fn a_column_takes_the_narrowest_kind_that_holds_all() {
        check(&["null"], Kind::Null);
        check(&["true", "null"], Kind::Bool);
        check(&["1", "-9223372036854775808"], Kind::Int);
        check(&["1", "18446744073709551615"], Kind::UInt);
        check(&["-1", "18446744073709551615"], Kind::Json);
        check(&["18446744073709551616"], Kind::Json);
        check(&["1", "-2", "1.5", "NaN"], Kind::Number);
        check(&["9007199254740992", "1.5"], Kind::Number);
        check(&["9007199254740993", "1.5"], Kind::Json);
        check(&["\"a\""], Kind::Text);
        check(&["\"a\"", "1"], Kind::Json);
        check(&["true", "1"], Kind::Json);
        check(&["\"\\ud800\""], Kind::Json);
        check(&["[]"], Kind::Json);
    }
}
