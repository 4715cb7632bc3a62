//! What the fields of JSON records hold.

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

/// What the fields of JSON records hold: all that the types of their columns depend on, and the first record with each
/// kind of value.
///
/// It maintains the following invariants:
///
/// - Joining what parts of a dataset hold gives what the whole holds, in whatever groups the parts are joined.
/// - A field stands where it was first seen, and each of its values fits the type that
///   [`SchemaJoin`](crate::SchemaJoin) gives it.
/// - Of more than [`MAX_COLUMNS`](Self::MAX_COLUMNS) fields only those first seen are noted, and that there are more.
///
/// Its size is therefore bounded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Types {
    records: u64,
    #[serde(default)]
    fields: Fields,
    /// Whether there are more fields.
    #[serde(default, skip_serializing_if = "is_false")]
    has_more: bool,
    /// The members of the record that is being read; kept for its memory.
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
    /// Adds a record, which comes after those before it in dataset order.
    ///
    /// `record` must be a valid JSON object, as [`scan`](coldpress_record::scan) finds it; its depth is no limit. Of
    /// anything else parts may be noted.
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

    /// The top-level fields that become columns of their own, at most: with more of them files become slow to write and to
    /// read, as each row has a place in each column. The values of the others become one column of JSON text.
    pub const MAX_COLUMNS: usize = 2_000;

    /// Returns what no records hold in these fields, for [`observe_known`](Self::observe_known).
    pub fn of_fields<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut types = Self::default();
        for (at, name) in names.enumerate() {
            types.fields.place(at, name, usize::MAX);
        }
        types
    }

    /// Adds a record as [`observe`](Self::observe) does, but for fields that are not known yet.
    pub fn observe_known(&mut self, record: &str, origin: &Origin) {
        self.observe_within(record, origin, self.fields.len());
    }

    /// Returns whether there are more fields than are noted.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Adds what a later part of the dataset holds.
    pub fn join(&mut self, later: &Self) {
        self.records += later.records;
        let is_whole = self.fields.join(&later.fields, Self::MAX_COLUMNS);
        self.has_more |= later.has_more || !is_whole;
    }

    /// Returns whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Returns how many records there are.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The names of the top-level fields, in the order in which they were first seen.
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
