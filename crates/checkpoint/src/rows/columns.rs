//! The columns of a rows file.

use std::cell::RefCell;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use coldpress_record::Stat;

const RECORD: &str = "record";
const SOURCE: &str = "source";
const POSITION: &str = "position";
const PIECE: &str = "piece";
const STATS: &str = "stats.";
const INT: &str = ".int";
const FLOAT: &str = ".float";
const VALUE: &str = ".value";

thread_local! {
    static LAST_SCHEMA: RefCell<Option<(Columns, SchemaRef)>> = const { RefCell::new(None) };
}

/// The columns of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) with_records: bool,
    /// The statistics, each once.
    pub(crate) stats: Vec<StatColumns>,
}

/// The columns of a statistic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatColumns {
    pub(crate) name: String,
    /// True for numbers, which have a column of integers and one of floats. Other values have one column of their bytes.
    pub(crate) is_number: bool,
}

impl Columns {
    pub(crate) fn new(with_records: bool, stats: &[Stat]) -> Self {
        let mut once: Vec<StatColumns> = Vec::with_capacity(stats.len());
        for stat in stats {
            if !once.iter().any(|known| known.name == stat.name) {
                once.push(StatColumns {
                    name: stat.name.clone(),
                    is_number: stat.kind.is_number(),
                });
            }
        }
        Self {
            with_records,
            stats: once,
        }
    }

    /// Returns the columns of a file whose columns have these names; `None` if it isn't a rows file.
    pub(crate) fn from_names(names: &[&str]) -> Option<Self> {
        let with_records = names.first() == Some(&RECORD);
        let places = &names[usize::from(with_records)..];
        let mut left = places.strip_prefix(&[SOURCE, POSITION, PIECE])?;
        let mut stats: Vec<StatColumns> = Vec::new();
        while let Some((first, rest)) = left.split_first() {
            let of_stat = first.strip_prefix(STATS)?;
            let (name, is_number) = match of_stat.strip_suffix(INT) {
                Some(name) => (name, true),
                None => (of_stat.strip_suffix(VALUE)?, false),
            };
            left = rest;
            if is_number {
                let (second, rest) = rest.split_first()?;
                left = (*second == column(name, FLOAT)).then_some(rest)?;
            }
            if stats.iter().any(|known| known.name == name) {
                return None;
            }
            stats.push(StatColumns {
                name: name.to_owned(),
                is_number,
            });
        }
        Some(Self {
            with_records,
            stats,
        })
    }

    /// Returns the names of the statistics.
    pub(crate) fn stat_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.stats.iter().map(|stat| stat.name.as_str())
    }

    /// Returns the schema. It is shared by all files of these columns that a thread writes, because for a few rows it takes as long
    /// to make as they do.
    pub(crate) fn schema(&self) -> SchemaRef {
        LAST_SCHEMA.with_borrow_mut(|last| match last {
            Some((columns, schema)) if columns == self => Arc::clone(schema),
            _ => {
                let schema = self.make_schema();
                *last = Some((self.clone(), Arc::clone(&schema)));
                schema
            }
        })
    }

    fn make_schema(&self) -> SchemaRef {
        let mut fields = Vec::new();
        if self.with_records {
            fields.push(Field::new(RECORD, DataType::LargeUtf8, false));
        }
        fields.push(Field::new(SOURCE, DataType::UInt32, false));
        fields.push(Field::new(POSITION, DataType::UInt64, false));
        fields.push(Field::new(PIECE, DataType::List(piece_element()), true));
        for StatColumns { name, is_number } in &self.stats {
            if *is_number {
                fields.push(Field::new(column(name, INT), DataType::Int64, true));
                fields.push(Field::new(column(name, FLOAT), DataType::Float64, true));
            } else {
                fields.push(Field::new(column(name, VALUE), DataType::LargeBinary, true));
            }
        }
        Arc::new(Schema::new(Fields::from(fields)))
    }
}

pub(super) fn piece_element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::UInt32, false))
}

fn column(stat: &str, suffix: &str) -> String {
    format!("{STATS}{stat}{suffix}")
}

#[cfg(test)]
mod tests {
    use coldpress_record::StatKind;

    use super::*;

    #[test]
    fn columns_are_known_again_by_their_names() {
        let stat = |name: &str, kind| Stat {
            name: name.to_owned(),
            kind,
        };
        let stats = [
            stat("text_len", StatKind::Int),
            stat("", StatKind::Float),
            stat("a.int", StatKind::Text),
            stat("é", StatKind::Float),
            stat("b.value", StatKind::Int),
            stat(".float", StatKind::List),
        ];
        for with_records in [true, false] {
            let columns = Columns::new(with_records, &stats);
            let schema = columns.schema();
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            assert_eq!(Columns::from_names(&names), Some(columns));
            assert_eq!(Columns::from_names(&names[..names.len() - 2]), None);
            assert_eq!(Columns::from_names(&names[1..]).is_some(), with_records);
        }
        assert_eq!(Columns::from_names(&[]), None);
        assert_eq!(Columns::from_names(&["text"]), None);
    }
}
