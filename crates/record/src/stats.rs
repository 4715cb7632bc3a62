//! Statistics of records, which filters compute and by which they decide.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The field of an exported record that holds its statistics, as Data-Juicer names it.
pub const STATS_FIELD: &str = "__dj__stats__";

/// One statistic of one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StatValue {
    /// A count.
    Int(i64),
    /// A ratio or score.
    Float(f64),
    /// An answer to a question.
    Bool(bool),
    /// A name, such as that of a language.
    Text(Box<str>),
    /// Several values in order.
    List(Box<[StatValue]>),
    /// The value of a field that is null: the field was looked at and has no value.
    Null,
}

impl StatValue {
    /// Returns the value as the 64-bit float by which decisions are made; NaN for anything that isn't a number.
    pub fn as_f64(&self) -> f64 {
        match self {
            Self::Int(value) => *value as f64,
            Self::Float(value) => *value,
            Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Null => f64::NAN,
        }
    }

    /// Returns the text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the statistic for a JSON value. `None` for objects, for lists with null or objects in them, and for null, which
    /// means that a statistic was not computed.
    pub fn from_json(value: &serde_json::Value) -> Option<Self> {
        use serde_json::Value;
        match value {
            Value::Null | Value::Object(_) => None,
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(number) => match number.as_i64() {
                Some(count) => Some(Self::Int(count)),
                None => number.as_f64().map(Self::Float),
            },
            Value::String(text) => Some(Self::Text(text.as_str().into())),
            Value::Array(values) => {
                let values = values.iter().map(Self::from_json);
                values.collect::<Option<_>>().map(Self::List)
            }
        }
    }

    /// Returns whether both are the same bit for bit: NaN equals itself, and 0.0 differs from -0.0.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
            }
            (a, b) => a == b,
        }
    }

    /// Appends the value as JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
            // JSON cannot represent these, and Data-Juicer's readers accept null.
            Self::Float(value) if !value.is_finite() => out.extend_from_slice(b"null"),
            Self::Float(value) => out.extend_from_slice(format!("{value:?}").as_bytes()),
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Text(text) => crate::json::escape_into(text, out),
            Self::List(values) => {
                out.push(b'[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.extend_from_slice(b", ");
                    }
                    value.write_json(out);
                }
                out.push(b']');
            }
            Self::Null => out.extend_from_slice(b"null"),
        }
    }
}

/// A statistic that a filter computes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    /// Its name in `__dj__stats__`.
    pub name: String,
    /// The type of its values.
    pub kind: StatKind,
}

/// The type of a statistic's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatKind {
    /// Integers.
    Int,
    /// 64-bit floats; integers are accepted too.
    Float,
    /// `true` or `false`.
    Bool,
    /// Texts.
    Text,
    /// Lists of any of these.
    List,
    /// Values of any type, as in a field of the records.
    Any,
}

impl StatKind {
    /// Returns whether this is a numeric type. A column of numbers may hold integers and floats.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }

    /// Returns whether columns of both types can be one column. One of any type makes it one of any type.
    pub fn fits(self, other: Self) -> bool {
        let is_any = self == Self::Any || other == Self::Any;
        is_any || self == other || self.is_number() && other.is_number()
    }

    /// Returns whether a column of this type can hold the value.
    pub fn holds(self, value: &StatValue) -> bool {
        let kind = match value {
            StatValue::Int(_) => Self::Int,
            StatValue::Float(_) => Self::Float,
            StatValue::Bool(_) => Self::Bool,
            StatValue::Text(_) => Self::Text,
            StatValue::List(_) => Self::List,
            StatValue::Null => Self::Any,
        };
        match value {
            StatValue::Null => self == Self::Any,
            _ => self.fits(kind),
        }
    }
}

impl fmt::Display for StatKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int => "an integer",
            Self::Float => "a number",
            Self::Bool => "true or false",
            Self::Text => "text",
            Self::List => "a list",
            Self::Any => "a value of any type",
        })
    }
}

/// The statistics of a batch: a column for each name, with an optional value for each row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    names: Vec<String>,
    columns: Vec<Vec<Option<StatValue>>>,
}

impl Stats {
    /// Creates columns with these names and no rows.
    pub fn new(names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            columns: vec![Vec::new(); names.len()],
        }
    }

    /// Wraps these columns, which must have the same length.
    pub fn of_columns<'c>(
        columns: impl IntoIterator<Item = (&'c str, &'c [Option<StatValue>])>,
    ) -> Self {
        let columns = columns.into_iter();
        let (names, columns) = columns
            .map(|(name, values)| (name.to_owned(), values.to_vec()))
            .unzip();
        Self { names, columns }
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the column with this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Returns the value of a row, if it was computed.
    pub fn get(&self, column: usize, row: usize) -> Option<&StatValue> {
        self.columns[column][row].as_ref()
    }

    /// Sets the value of a row.
    pub fn set(&mut self, column: usize, row: usize, value: StatValue) {
        self.columns[column][row] = Some(value);
    }

    /// Forgets the values of these rows in these columns, so that they count as not computed.
    pub fn forget(&mut self, columns: &[usize], rows: &[u32]) {
        for column in columns {
            for row in rows {
                self.columns[*column][*row as usize] = None;
            }
        }
    }

    /// Returns the values of a column, one for each row.
    pub fn values(&self, column: usize) -> &[Option<StatValue>] {
        &self.columns[column]
    }

    /// Returns whether the row has any value.
    pub fn has_any(&self, row: usize) -> bool {
        self.columns.iter().any(|column| column[row].is_some())
    }

    /// Makes all columns `rows` long and empty.
    pub(crate) fn reset<'n>(&mut self, names: impl Iterator<Item = &'n str> + Clone, rows: usize) {
        if !names.clone().eq(self.names.iter().map(String::as_str)) {
            let names: Vec<String> = names.map(str::to_owned).collect();
            *self = Self::new(&names);
        }
        for column in &mut self.columns {
            column.clear();
            column.resize(rows, None);
        }
    }

    /// Replaces the rows by copies of the rows at `from`, in that order.
    pub(crate) fn gather(&mut self, from: &[usize]) {
        for column in &mut self.columns {
            *column = from.iter().map(|row| column[*row].clone()).collect();
        }
    }

    /// Writes the row's statistics as a JSON object.
    pub fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        self.write_first_json(row, usize::MAX, out);
    }

    /// Writes those of the row's statistics that are in the first so many columns.
    pub(crate) fn write_first_json(&self, row: usize, count: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        for (name, column) in self.names.iter().zip(&self.columns).take(count) {
            let Some(value) = &column[row] else { continue };
            if !first {
                out.extend_from_slice(b", ");
            }
            first = false;
            crate::json::escape_into(name, out);
            out.extend_from_slice(b": ");
            value.write_json(out);
        }
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form_holds_what_was_computed() {
        let mut stats = Stats::default();
        stats.reset(["text_len", "ratio", "langs"].into_iter(), 2);
        stats.set(0, 0, StatValue::Int(7));
        let langs = serde_json::json!(["d\"e", true, 1.5]);
        stats.set(2, 1, StatValue::from_json(&langs).unwrap());
        stats.set(1, 0, StatValue::Float(1.0));
        stats.set(1, 1, StatValue::Float(f64::NAN));
        let json = |row| {
            let mut out = Vec::new();
            stats.write_json(row, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(json(0), r#"{"text_len": 7, "ratio": 1.0}"#);
        assert_eq!(json(1), r#"{"ratio": null, "langs": ["d\"e", true, 1.5]}"#);
    }
}
