//! Statistics of records: what filters compute and decide by.

use serde::{Deserialize, Serialize};

/// The field of an exported record that holds its statistics, as the reference system names it.
pub const STATS_FIELD: &str = "__dj__stats__";

/// One statistic of one record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StatValue {
    /// A count.
    Int(i64),
    /// A ratio or score.
    Float(f64),
}

impl StatValue {
    /// The value as the 64-bit float that decisions are made on.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

/// The statistics of a batch: a column per name, a value or nothing per row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    names: Vec<String>,
    columns: Vec<Vec<Option<StatValue>>>,
}

impl Stats {
    /// Columns with these names and no rows.
    pub fn new(names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            columns: vec![Vec::new(); names.len()],
        }
    }

    /// These columns, which must be of one length.
    pub fn of_columns<'c>(
        columns: impl IntoIterator<Item = (&'c str, &'c [Option<StatValue>])>,
    ) -> Self {
        let columns = columns.into_iter();
        let (names, columns) = columns
            .map(|(name, values)| (name.to_owned(), values.to_vec()))
            .unzip();
        Self { names, columns }
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The value of a row, if it was computed.
    pub fn get(&self, column: usize, row: usize) -> Option<StatValue> {
        self.columns[column][row]
    }

    /// Sets the value of a row.
    pub fn set(&mut self, column: usize, row: usize, value: StatValue) {
        self.columns[column][row] = Some(value);
    }

    /// The values of a column, a row each.
    pub fn values(&self, column: usize) -> &[Option<StatValue>] {
        &self.columns[column]
    }

    /// Whether the row has any value.
    pub fn has_any(&self, row: usize) -> bool {
        self.columns.iter().any(|column| column[row].is_some())
    }

    /// Makes all columns `rows` long and empty.
    pub(crate) fn reset(&mut self, names: &[String], rows: usize) {
        if self.names != names {
            *self = Self::new(names);
        }
        for column in &mut self.columns {
            column.clear();
            column.resize(rows, None);
        }
    }

    /// Replaces the rows by copies of the rows at `from`, in that order.
    pub(crate) fn gather(&mut self, from: &[usize]) {
        for column in &mut self.columns {
            *column = from.iter().map(|row| column[*row]).collect();
        }
    }

    /// Writes the row's statistics as a JSON object.
    pub fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        for (name, column) in self.names.iter().zip(&self.columns) {
            let Some(value) = column[row] else { continue };
            if !first {
                out.extend_from_slice(b", ");
            }
            first = false;
            crate::json::escape_into(name, out);
            out.extend_from_slice(b": ");
            write_number(value, out);
        }
        out.push(b'}');
    }
}

fn write_number(value: StatValue, out: &mut Vec<u8>) {
    let text = match value {
        StatValue::Int(value) => value.to_string(),
        // JSON has no spelling for these; the reference's readers take null.
        StatValue::Float(value) if !value.is_finite() => "null".to_owned(),
        StatValue::Float(value) => format!("{value:?}"),
    };
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form_holds_what_was_computed() {
        let mut stats = Stats::default();
        stats.reset(&["text_len".into(), "ratio".into()], 2);
        stats.set(0, 0, StatValue::Int(7));
        stats.set(1, 0, StatValue::Float(1.0));
        stats.set(1, 1, StatValue::Float(f64::NAN));
        let json = |row| {
            let mut out = Vec::new();
            stats.write_json(row, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(json(0), r#"{"text_len": 7, "ratio": 1.0}"#);
        assert_eq!(json(1), r#"{"ratio": null}"#);
    }
}
