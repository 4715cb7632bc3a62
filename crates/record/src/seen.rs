//! The types of the fields of a dataset: which kinds of values occur, how often, and where the odd ones are.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of fields that are counted separately. Further ones are counted together, because a dataset whose keys are data must
/// not fill the memory.
const MAX_FIELDS: usize = 10_000;

/// The kinds of values of the top-level fields of records, counted.
///
/// The counts of the parts of a dataset can be joined in dataset order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldsSeen {
    /// The number of records looked at.
    pub records: u64,
    /// The fields, in the order in which they were first seen.
    pub fields: Vec<FieldSeen>,
    /// The number of values of fields beyond the first 10,000.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub further_values: u64,
    /// The places of the first fields, as many as it has; only used when there are many.
    #[serde(skip)]
    places: Places,
    /// The field and kind of each value of a record that is still being read.
    #[serde(skip)]
    pending: Vec<(u32, u32)>,
}

/// The places of fields. It holds no information that the fields do not have.
#[derive(Clone, Debug, Default)]
struct Places(HashMap<Box<str>, u32>);

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Places {}

/// Below this many fields, a linear search is fast enough.
const FEW: usize = 16;

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSeen {
    /// Its name.
    pub name: String,
    /// The kinds of its values, in the order in which they were first seen.
    pub kinds: Vec<KindSeen>,
}

/// One kind of value in one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindSeen {
    /// The kind of value.
    pub kind: ValueKind,
    /// The number of records that have it.
    pub count: u64,
    /// The source of the first of them.
    pub source: u32,
    /// Its position in the source.
    pub position: u64,
}

/// A kind of value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ValueKind {
    /// `null`, or no value in a column.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number without fraction and exponent.
    Integer,
    /// Another number.
    Float,
    /// A string.
    Text,
    /// An array.
    List,
    /// An object.
    Object,
    /// The type of a column, as Arrow names it.
    Column(String),
}

impl ValueKind {
    /// Returns the kind of a JSON value.
    pub fn of_json(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => Self::Text,
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'[') => Self::List,
            Some(b'{') => Self::Object,
            _ if json.contains(['.', 'e', 'E']) => Self::Float,
            _ => Self::Integer,
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "text",
            Self::List => "list",
            Self::Object => "object",
            Self::Column(name) => name,
        })
    }
}

impl From<String> for ValueKind {
    fn from(name: String) -> Self {
        match name.as_str() {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "text" => Self::Text,
            "list" => Self::List,
            "object" => Self::Object,
            _ => Self::Column(name),
        }
    }
}

impl From<ValueKind> for String {
    fn from(kind: ValueKind) -> Self {
        kind.to_string()
    }
}

impl FieldSeen {
    /// Returns the kinds of its values, except null.
    pub fn value_kinds(&self) -> impl DoubleEndedIterator<Item = &KindSeen> {
        self.kinds
            .iter()
            .filter(|seen| seen.kind != ValueKind::Null)
    }

    /// Returns the number of records with a value that isn't null.
    pub fn values(&self) -> u64 {
        self.value_kinds().map(|seen| seen.count).sum()
    }

    /// Returns the number of records with null.
    pub fn nulls(&self) -> u64 {
        self.kind(&ValueKind::Null).map_or(0, |seen| seen.count)
    }

    /// Returns the kind that most values have.
    pub fn usual(&self) -> Option<&KindSeen> {
        // Among equals, this takes the first one.
        self.value_kinds().rev().max_by_key(|seen| seen.count)
    }

    /// Returns the first value of a kind other than the usual one.
    pub fn odd(&self) -> Option<&KindSeen> {
        let usual = self.usual()?;
        let others = self.value_kinds().filter(|seen| seen.kind != usual.kind);
        others.min_by_key(|seen| (seen.source, seen.position))
    }

    fn kind(&self, kind: &ValueKind) -> Option<&KindSeen> {
        self.kinds.iter().find(|seen| seen.kind == *kind)
    }
}

impl FieldsSeen {
    /// Returns the field with this name.
    pub fn field(&self, name: &str) -> Option<&FieldSeen> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Counts `count` values of a kind in a field, the first of which is at `position` of `source`.
    ///
    /// `hint` is the probable place of the field. Returns the probable place of the next one.
    pub fn add(&mut self, hint: usize, name: &str, value: KindSeen) -> usize {
        let found = match self.fields.get(hint) {
            Some(field) if field.name == name => Some(hint),
            _ => self.find(name),
        };
        let at = match found {
            Some(at) => at,
            None if self.fields.len() < MAX_FIELDS => {
                self.fields.push(FieldSeen {
                    name: name.to_owned(),
                    kinds: Vec::new(),
                });
                self.fields.len() - 1
            }
            None => {
                self.further_values += value.count;
                return hint;
            }
        };
        let kinds = &mut self.fields[at].kinds;
        let known = kinds.iter().position(|seen| seen.kind == value.kind);
        match known {
            Some(kind) => kinds[kind].count += value.count,
            None => kinds.push(value),
        }
        let kind = known.unwrap_or(kinds.len() - 1);
        self.pending.push((at as u32, kind as u32));
        at + 1
    }

    fn find(&mut self, name: &str) -> Option<usize> {
        if self.fields.len() <= FEW {
            return self.fields.iter().position(|field| field.name == name);
        }
        let places = &mut self.places.0;
        for place in places.len()..self.fields.len() {
            places.insert(self.fields[place].name.as_str().into(), place as u32);
        }
        places.get(name).map(|place| *place as usize)
    }

    /// Counts records whose values were added.
    pub fn add_records(&mut self, records: u64) {
        self.records += records;
        self.pending.clear();
    }

    /// Counts one record whose values were added one by one.
    pub(crate) fn end_record(&mut self) {
        self.add_records(1);
    }

    /// Removes the values that were added since the last record, because they belong to none.
    pub(crate) fn take_back(&mut self) {
        while let Some((at, kind)) = self.pending.pop() {
            let field = &mut self.fields[at as usize];
            field.kinds[kind as usize].count -= 1;
            // A kind that these values added is the last one.
            field.kinds.pop_if(|seen| seen.count == 0);
            if field.kinds.is_empty()
                && let Some(field) = self.fields.pop()
            {
                self.places.0.remove(field.name.as_str());
            }
        }
    }

    /// Adds the counts of a later part of the dataset.
    pub fn join(&mut self, later: &Self) {
        self.records += later.records;
        self.further_values += later.further_values;
        let mut hint = 0;
        for field in &later.fields {
            for value in &field.kinds {
                hint = self.add(hint, &field.name, value.clone());
                hint = hint.saturating_sub(1);
            }
            hint += 1;
        }
        self.pending.clear();
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(kind: ValueKind, position: u64) -> KindSeen {
        KindSeen {
            kind,
            count: 1,
            source: 0,
            position,
        }
    }

    #[test]
    fn the_odd_value_is_the_first_of_a_rarer_kind() {
        let mut seen = FieldsSeen::default();
        let kinds = ["text", "null", "integer", "text", "text", "list"];
        for (at, kind) in kinds.into_iter().enumerate() {
            seen.add(0, "a", value(ValueKind::from(kind.to_owned()), at as u64));
            seen.end_record();
        }
        let field = seen.field("a").unwrap();
        assert_eq!(field.usual().unwrap().kind, ValueKind::Text);
        assert_eq!(field.odd().unwrap(), &value(ValueKind::Integer, 2));
        assert_eq!((field.values(), field.nulls()), (5, 1));
    }

    proptest! {
        #[test]
        fn parts_can_be_joined(records in prop::collection::vec(prop::collection::vec(("[a-d]", 0u8..4), 0..5), 0..20), cut in 0usize..20) {
            let kinds = [ValueKind::Null, ValueKind::Text, ValueKind::Integer, ValueKind::Column("Utf8".into())];
            let see = |range: std::ops::Range<usize>| {
                let mut seen = FieldsSeen::default();
                for at in range {
                    let mut hint = 0;
                    for (name, kind) in &records[at] {
                        hint = seen.add(hint, name, value(kinds[usize::from(*kind)].clone(), at as u64));
                    }
                    if at % 3 == 2 { seen.take_back() } else { seen.end_record() }
                }
                seen
            };
            let whole = see(0..records.len());
            let counted: u64 = whole.fields.iter().flat_map(|field| &field.kinds).map(|seen| seen.count).sum();
            let expected = records.iter().enumerate().filter(|(at, _)| at % 3 != 2).map(|(_, record)| record.len() as u64);
            prop_assert_eq!(counted, expected.sum::<u64>());
            let cut = cut.min(records.len());
            let mut joined = see(0..cut);
            joined.join(&see(cut..records.len()));
            prop_assert_eq!(&joined, &whole);
            let json = serde_json::to_string(&joined).unwrap();
            prop_assert_eq!(serde_json::from_str::<FieldsSeen>(&json).unwrap(), joined);
        }
    }
}
