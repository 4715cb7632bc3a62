//! Values and records as JSON text.

use std::fmt;

use super::parse::Parser;
use super::write::{Style, write_record, write_value};
use crate::error::{Error, Result};
use crate::value::{Record, Value};

impl Value {
    /// Parses JSON as Python's `json.loads` does: `NaN`, `Infinity` and `-Infinity` are numbers.
    ///
    /// # Errors
    /// [`Error::Json`] with the offset of the first wrong byte.
    pub fn parse(text: &str) -> Result<Self> {
        Parser::default()
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
}

impl Record {
    /// Parses a JSON object as Python's `json.loads` does. If a key occurs more than once, its last value counts.
    ///
    /// # Errors
    /// [`Error::Json`] if the text isn't JSON, or isn't an object.
    pub fn parse(text: &str) -> Result<Self> {
        match Value::parse(text)? {
            Value::Object(record) => Ok(record),
            other => Err(Error::Json {
                offset: 0,
                reason: format!("{} is where an object should be", other.kind()),
            }),
        }
    }

    /// Returns the record as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        write_record(self, Style::COMPACT, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}
