//! `metadata/schema.json`: what the fields of the dataset hold.

use coldpress_record::{FieldSeen, FieldsSeen, KindSeen};
use serde::{Deserialize, Serialize};

/// The schema version of `schema.json`.
pub const FIELDS_SCHEMA: u32 = 1;

/// What the fields of the dataset hold, as it was read: a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldsView {
    /// The schema version.
    pub schema_version: u32,
    /// Records looked at: all that were read and are records.
    pub records: u64,
    /// Whether these are all partitions of the dataset.
    pub complete: bool,
    /// The top-level fields, in the order in which they were first seen.
    pub fields: Vec<FieldView>,
    /// Values of fields beyond the first 10,000.
    pub further_values: u64,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// What most of its values are: `text`, `integer`, `float`, `boolean`, `list`, `object`, or the type of a column as
    /// Arrow names it. None where all are null.
    pub usual: Option<String>,
    /// How many values there are of each type, null left out.
    pub types: Vec<TypeCount>,
    /// Records with null.
    pub nulls: u64,
    /// Records without the field.
    pub missing: u64,
    /// The first value of another type than the usual one.
    pub odd: Option<OddPlace>,
}

/// A type and how many values have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeCount {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Values.
    pub count: u64,
}

/// Where the first odd value of a field is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddPlace {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The file.
    pub path: String,
    /// The byte at which its record begins in the file's text, or its row.
    pub position: u64,
    /// Whether it is the row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_row: bool,
}

impl OddPlace {
    /// Returns what the position counts.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.is_row {
            true => "row",
            false => "byte",
        }
    }
}

/// The view of what was seen; `source` gives the path of a source, and whether places in it are rows.
pub fn fields_view(
    seen: &FieldsSeen,
    complete: bool,
    source: impl Fn(u32) -> (String, bool),
) -> FieldsView {
    let odd_place = |odd: &KindSeen| {
        let (path, is_row) = source(odd.source);
        OddPlace {
            kind: odd.kind.to_string(),
            path,
            position: odd.position,
            is_row,
        }
    };
    let field = |field: &FieldSeen| {
        let (values, nulls) = (field.values(), field.nulls());
        let types = field.value_kinds().map(|seen| TypeCount {
            kind: seen.kind.to_string(),
            count: seen.count,
        });
        FieldView {
            name: field.name.clone(),
            usual: field.usual().map(|seen| seen.kind.to_string()),
            types: types.collect(),
            nulls,
            // A key that a record repeats counts twice.
            missing: seen.records.saturating_sub(values + nulls),
            odd: field.odd().map(odd_place),
        }
    };
    FieldsView {
        schema_version: FIELDS_SCHEMA,
        records: seen.records,
        complete,
        fields: seen.fields.iter().map(field).collect(),
        further_values: seen.further_values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_nulls_missing_and_the_odd_place_are_told() {
        let seen: FieldsSeen = serde_json::from_str(
            r#"{"records": 5, "fields": [{"name": "n", "kinds": [
                {"kind": "null", "count": 1, "source": 0, "position": 0},
                {"kind": "integer", "count": 2, "source": 0, "position": 9},
                {"kind": "text", "count": 1, "source": 1, "position": 30}]}]}"#,
        )
        .unwrap();
        let view = fields_view(&seen, true, |source| (format!("{source}.jsonl"), false));
        let json = serde_json::to_string(&view).unwrap();
        assert_eq!(
            json,
            r#"{"schema_version":1,"records":5,"complete":true,"fields":[{"name":"n","usual":"integer","types":[{"type":"integer","count":2},{"type":"text","count":1}],"nulls":1,"missing":1,"odd":{"type":"text","path":"1.jsonl","position":30}}],"further_values":0}"#
        );
    }
}
