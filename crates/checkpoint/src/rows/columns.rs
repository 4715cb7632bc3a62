//! The columns of a rows file.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

const RECORD: &str = "record";
const SOURCE: &str = "source";
const POSITION: &str = "position";
const PIECE: &str = "piece";
const STATS: &str = "stats.";
const INT: &str = ".int";
const FLOAT: &str = ".float";

/// Which columns a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) with_records: bool,
    /// Each once.
    pub(crate) stat_names: Vec<String>,
}

impl Columns {
    pub(crate) fn new(with_records: bool, stat_names: &[String]) -> Self {
        let mut once: Vec<String> = Vec::with_capacity(stat_names.len());
        for name in stat_names {
            if !once.contains(name) {
                once.push(name.clone());
            }
        }
        Self {
            with_records,
            stat_names: once,
        }
    }

    /// The columns of a file whose columns have these names; `None` if it is no rows file.
    pub(crate) fn from_names(names: &[&str]) -> Option<Self> {
        let with_records = names.first() == Some(&RECORD);
        let places = &names[usize::from(with_records)..];
        let stats = places.strip_prefix(&[SOURCE, POSITION, PIECE])?;
        let stat_name = |pair: &[&str]| match pair {
            [int, float] => {
                let name = int.strip_prefix(STATS)?.strip_suffix(INT)?;
                (*float == float_column(name)).then(|| name.to_owned())
            }
            _ => None,
        };
        let stat_names: Vec<String> = stats.chunks(2).map(stat_name).collect::<Option<_>>()?;
        let columns = Self::new(with_records, &stat_names);
        (columns.stat_names == stat_names).then_some(columns)
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        let mut fields = Vec::new();
        if self.with_records {
            fields.push(Field::new(RECORD, DataType::LargeUtf8, false));
        }
        fields.push(Field::new(SOURCE, DataType::UInt32, false));
        fields.push(Field::new(POSITION, DataType::UInt64, false));
        fields.push(Field::new(PIECE, DataType::List(piece_element()), true));
        for name in &self.stat_names {
            fields.push(Field::new(int_column(name), DataType::Int64, true));
            fields.push(Field::new(float_column(name), DataType::Float64, true));
        }
        Arc::new(Schema::new(Fields::from(fields)))
    }
}

pub(super) fn piece_element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::UInt32, false))
}

fn int_column(name: &str) -> String {
    format!("{STATS}{name}{INT}")
}

fn float_column(name: &str) -> String {
    format!("{STATS}{name}{FLOAT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_again_by_their_names() {
        let stat_names = ["text_len", "", "a.int", "é"].map(str::to_owned);
        for with_records in [true, false] {
            let columns = Columns::new(with_records, &stat_names);
            let schema = columns.schema();
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            assert_eq!(Columns::from_names(&names), Some(columns));
            assert_eq!(Columns::from_names(&names[..names.len() - 1]), None);
            assert_eq!(Columns::from_names(&names[1..]).is_some(), with_records);
        }
        assert_eq!(Columns::from_names(&[]), None);
        assert_eq!(Columns::from_names(&["text"]), None);
    }
}
