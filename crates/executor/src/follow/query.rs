//! Which records are asked for.

use std::fmt;

use serde_json::Value;

/// Which records are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordQuery {
    /// Those whose field has a value.
    Field {
        /// The field, with dots where it is nested.
        path: String,
        /// The value: a text as it is, or JSON.
        value: String,
    },
    /// The record with this number in a file of the dataset.
    Number {
        /// The file, or the end of its path.
        file: String,
        /// The number from 1. Blank lines are not counted.
        number: u64,
    },
    /// All records.
    All,
}

impl RecordQuery {
    /// Returns the field that is looked at.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field { path, .. } => Some(path),
            Self::Number { .. } | Self::All => None,
        }
    }
}

impl fmt::Display for RecordQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { path, value } => write!(f, "{path}={value}"),
            Self::Number { file, number } => write!(f, "{file}:{number}"),
            Self::All => f.write_str("all records"),
        }
    }
}

/// A value that is looked for.
pub(super) struct Wanted<'q> {
    text: &'q str,
    json: Option<Value>,
}

impl<'q> Wanted<'q> {
    pub(super) fn new(text: &'q str) -> Self {
        Self {
            text,
            json: serde_json::from_str(text).ok(),
        }
    }

    /// Returns whether a field has the value, whose JSON is given.
    pub(super) fn is(&self, json: &str) -> bool {
        let json = json.trim();
        if json == self.text {
            return true;
        }
        if json.starts_with('"') {
            // Most texts are spelled without escapes, and then their length decides.
            let is_plain = !json.contains('\\');
            if is_plain {
                return json.len() == self.text.len() + 2 && &json[1..json.len() - 1] == self.text;
            }
            return serde_json::from_str::<String>(json).is_ok_and(|found| found == self.text);
        }
        let Some(wanted) = &self.json else {
            return false;
        };
        // Numbers and words differ only where they are spelled differently.
        serde_json::from_str::<Value>(json).is_ok_and(|found| same(wanted, &found))
    }
}

fn same(one: &Value, other: &Value) -> bool {
    /// Beyond it numbers are the same only where they are spelled the same: as floats they may be rounded to one.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one == other && one.abs() < EXACT,
            _ => false,
        },
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, json: &str, expected: bool) {
        assert_eq!(Wanted::new(wanted).is(json), expected, "{wanted} {json}");
    }

    #[test]
    fn values_are_compared_as_texts_and_as_json() {
        check("7", "7", true);
        check("7", "\"7\"", true);
        check("7", "7.0", true);
        check("7", "70", false);
        check("7", "\"70\"", false);
        check("caf\u{e9}", "\"caf\\u00e9\"", true);
        check("a\\b", "\"a\\\\b\"", true);
        check("\"a\"", "\"a\"", true);
        check("null", "null", true);
        check("null", "\"null\"", true);
        check("[1, 2]", "[1,2]", true);
        check("{\"a\":1,\"b\":2}", "{\"b\": 2, \"a\": 1}", true);
        check("", "\"\"", true);
        check("", "null", false);
        check("x", "[", false);
        check("12345678901234567890123", "12345678901234567890124", false);
    }
}
