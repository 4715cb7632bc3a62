//! JSON values as Python sees them.

use std::fmt;

use crate::json::{Style, write_value};
use crate::{Error, Record, Result, json};

/// A JSON value, with the distinctions that Python makes.
///
/// - `1` is an integer and `1.0` a float; integers can be of any size.
/// - NaN and the infinities are values, as in the JSON that Python writes.
/// - A text can have half of a surrogate pair, which no Rust string can hold.
///
/// Two values are equal if they are the same: NaN equals NaN, and `-0.0` is not `0.0`.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer within `i64`.
    Int(i64),
    /// An integer beyond `i64`: its decimal digits, after a `-` if it is negative.
    BigInt(Box<str>),
    /// A number with a fraction or an exponent, NaN or an infinity.
    Float(f64),
    /// A text.
    Text(Box<str>),
    /// The UTF-16 code units of a text that has half of a surrogate pair somewhere.
    Utf16(Box<[u16]>),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Object(Record),
}

impl Value {
    /// Parses JSON as Python's `json.loads` does: `NaN`, `Infinity` and `-Infinity` are numbers.
    ///
    /// # Errors
    /// [`Error::Json`] with the place of the first byte that is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        json::Parser::default()
            .parse_whole(text.as_bytes())
            .map_err(|fault| Error::Json {
                offset: fault.offset as u64,
                reason: fault.reason.into(),
            })
    }

    /// Returns the value as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        write_value(self, Style::COMPACT, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Returns the text, if the value is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the integer, if the value is one within `i64`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the number as the nearest float, if the value is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::BigInt(digits) => digits.parse().ok(),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns whether the value is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns what kind of value it is, with its article.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::BigInt(_) | Self::Float(_) => "a number",
            Self::Text(_) | Self::Utf16(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The value of these digits: an integer that may have a sign and is of any size.
    pub(crate) fn from_digits(digits: &str) -> Self {
        match digits.parse() {
            Ok(number) => Self::Int(number),
            Err(_) => Self::BigInt(digits.into()),
        }
    }

    /// The text of these code units.
    pub(crate) fn from_utf16(units: Vec<u16>) -> Self {
        match String::from_utf16(&units) {
            Ok(text) => Self::Text(text.into()),
            Err(_) => Self::Utf16(units.into()),
        }
    }

    /// About how many bytes the value takes in memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        let within = match self {
            Self::Text(text) | Self::BigInt(text) => text.len(),
            Self::Utf16(units) => units.len() * 2,
            Self::List(values) => values.iter().map(Self::memory_bytes).sum(),
            Self::Object(record) => record.memory_bytes(),
            _ => 0,
        };
        size_of::<Self>() + within
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::BigInt(one), Self::BigInt(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => {
                one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()
            }
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Utf16(one), Self::Utf16(other)) => one == other,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Object(one), Self::Object(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Self {
        Self::List(value)
    }
}

impl From<Record> for Value {
    fn from(value: Record) -> Self {
        Self::Object(value)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Self::Int(number),
                None if number.is_u64() => Self::BigInt(number.to_string().into()),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(text.into()),
            Json::Array(values) => Self::List(values.into_iter().map(Self::from).collect()),
            Json::Object(fields) => Self::Object(fields.into()),
        }
    }
}
