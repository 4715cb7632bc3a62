//! The types of the fields of JSON records.

mod cursor;
mod held;
mod kind;
mod walk;

#[cfg(test)]
mod tests;

use coldpress_record::Origin;
use serde::{Deserialize, Serialize};

pub(crate) use held::{Fields, Held};
pub(crate) use kind::{Class, Kind};
use walk::{Member, Walk};

/// The types of the fields of JSON records: everything that the types of their columns depend on, and the first record with each
/// kind of value.
///
/// It maintains the following invariants:
///
/// - Joining the types of the parts of a dataset gives the types of the whole, in whatever groups the parts are joined.
/// - A field is placed where it was first seen, and each of its values fits the type that [`SchemaJoin`](crate::SchemaJoin) gives
///   it.
/// - If there are more than [`MAX_COLUMNS`](Self::MAX_COLUMNS) fields, only the first ones are recorded, together with the fact
///   that there are more.
///
/// Its size is therefore bounded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Types {
    records: u64,
    #[serde(default)]
    fields: Fields,
    /// True if there are more fields.
    #[serde(default, skip_serializing_if = "is_false")]
    has_more: bool,
    /// The members of the record that is being read, kept to reuse the memory.
    #[serde(skip)]
    members: Vec<Member>,
}

impl PartialEq for Types {
    fn eq(&self, other: &Self) -> bool {
        (self.records, &self.fields, self.has_more)
            == (other.records, &other.fields, other.has_more)
    }
}

impl Types {
    /// Adds a record that follows the earlier ones in dataset order.
    ///
    /// `record` must be a valid JSON object, as checked by [`scan`](coldpress_record::scan); its depth is not limited. For any
    /// other text, parts of it may be recorded.
    pub fn observe(&mut self, record: &str, origin: &Origin) {
        self.observe_within(record, origin, Self::MAX_COLUMNS);
    }

    fn observe_within(&mut self, record: &str, origin: &Origin, most: usize) {
        self.records += 1;
        self.members.clear();
        let mut walk = Walk {
            record,
            origin,
            members: &mut self.members,
            most,
        };
        self.has_more |= !walk.record(&mut self.fields);
    }

    /// The most top-level fields that become columns of their own. With more of them, files become slow to write and to read,
    /// because each row has a place in each column. The values of the others become one column of JSON text.
    pub const MAX_COLUMNS: usize = 2_000;

    /// Returns these fields without values, for [`observe_known`](Self::observe_known).
    pub fn of_fields<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut types = Self::default();
        for (at, name) in names.enumerate() {
            types.fields.place(at, name, usize::MAX);
        }
        types
    }

    /// Adds a record as [`observe`](Self::observe) does, but ignores fields that are not known yet.
    pub fn observe_known(&mut self, record: &str, origin: &Origin) {
        self.observe_within(record, origin, self.fields.len());
    }

    /// Returns whether there are more fields than are recorded.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Adds the types of a later part of the dataset.
    pub fn join(&mut self, later: &Self) {
        self.records += later.records;
        let is_whole = self.fields.join(&later.fields, Self::MAX_COLUMNS);
        self.has_more |= later.has_more || !is_whole;
    }

    /// Returns whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Returns the number of records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Returns the names of the top-level fields, in the order in which they were first seen.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
