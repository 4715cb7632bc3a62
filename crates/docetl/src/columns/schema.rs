//! The columns of a file.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::kind::{Kind, Seen};

/// The number of keys that get columns of their own. The other keys of a record become one JSON text.
const MAX_COLUMNS: usize = 2_000;
/// The column of the other keys.
pub(crate) const REST_NAME: &str = "__rest__";
/// The only column of a file whose records have no keys. It exists because most programs cannot read a file without columns.
const NO_KEYS_NAME: &str = "__no_keys__";

/// The columns of all records together, in the order in which their keys were first seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    list: Vec<(Box<str>, Seen)>,
    places: HashMap<Box<str>, u32>,
    has_rest: bool,
}

impl Columns {
    /// Returns the column of a key, making it if it is new; `None` if there are too many.
    pub(crate) fn place(&mut self, key: &str) -> Option<u32> {
        if let Some(place) = self.places.get(key) {
            return Some(*place);
        }
        // A column with that name would be mistaken for the one of all other keys.
        if self.list.len() >= MAX_COLUMNS || key.starts_with(REST_NAME) {
            self.has_rest = true;
            return None;
        }
        let place = self.list.len() as u32;
        self.list.push((key.into(), Seen::default()));
        self.places.insert(key.into(), place);
        Some(place)
    }

    pub(crate) fn seen(&mut self, place: u32) -> &mut Seen {
        &mut self.list[place as usize].1
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn has_rest(&self) -> bool {
        self.has_rest
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.list.iter().map(|(name, seen)| (&**name, seen.kind()))
    }

    /// Returns whether a file with these columns can hold the records of the other ones without changes.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.has_rest == other.has_rest && self.kinds().eq(other.kinds())
    }

    /// Returns the schema of the file: the columns of the keys, then the one of the other keys.
    pub(crate) fn schema(&self) -> SchemaRef {
        let mut fields: Vec<Field> = self
            .kinds()
            .map(|(name, kind)| Field::new(name, data_type(kind), true))
            .collect();
        if self.has_rest {
            fields.push(Field::new(REST_NAME, DataType::LargeUtf8, true));
        }
        if fields.is_empty() {
            fields.push(Field::new(NO_KEYS_NAME, DataType::Boolean, true));
        }
        Arc::new(Schema::new(fields))
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Bool => DataType::Boolean,
        Kind::Int => DataType::Int64,
        Kind::UInt => DataType::UInt64,
        Kind::Number => DataType::Float64,
        Kind::Null | Kind::Text | Kind::Json => DataType::LargeUtf8,
    }
}
