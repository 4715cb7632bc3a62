//! What the fields of JSON records hold.

mod cursor;
mod fields;
mod held;
mod kind;
mod walk;

#[cfg(test)]
mod tests;

use arrow::datatypes::SchemaRef;
use coldpress_record::Origin;
use serde::{Deserialize, Serialize};

use crate::SchemaJoin;
pub(crate) use fields::Fields;
pub(crate) use held::Held;
pub(crate) use kind::{Class, Kind};
use walk::{Member, Walk};

/// What the fields of JSON records hold: all that the types of their columns depend on, and the first record with each
/// kind of value.
///
/// It maintains the following invariants:
///
/// - Joining what parts of a dataset hold gives what the whole holds, in whatever groups the parts are joined.
/// - A field stands where it was first seen, and each of its values fits the type that [`schema`](Self::schema) gives it.
///
/// Its size is bounded by the different keys that the records have, not by their number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Types {
    records: u64,
    #[serde(default)]
    fields: Fields,
    /// The members of the record that is being read; kept for its memory.
    #[serde(skip)]
    members: Vec<Member>,
}

impl PartialEq for Types {
    fn eq(&self, other: &Self) -> bool {
        (self.records, &self.fields) == (other.records, &other.fields)
    }
}

impl Types {
    /// Adds a record, which comes after those before it in dataset order.
    ///
    /// `record` must be a valid JSON object, as [`scan`](coldpress_record::scan) finds it; its depth is no limit. Of
    /// anything else parts may be noted.
    pub fn observe(&mut self, record: &str, origin: &Origin) {
        self.records += 1;
        self.members.clear();
        let mut walk = Walk {
            record,
            origin,
            members: &mut self.members,
        };
        walk.record(&mut self.fields);
    }

    /// Adds what a later part of the dataset holds.
    pub fn join(&mut self, later: &Self) {
        self.records += later.records;
        self.fields.join(&later.fields);
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The names of the top-level fields, in the order in which they were first seen.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// The schema of a table that holds the records without loss.
    pub fn schema(&self) -> SchemaRef {
        let mut join = SchemaJoin::default();
        join.add_types(self);
        join.finish().schema
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }
}
