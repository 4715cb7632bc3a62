//! `metadata/schema.json`: the fields of the dataset and the types of their values.

use coldpress_record::{FieldSeen, FieldsSeen, KindSeen};
use serde::{Deserialize, Serialize};

/// The schema version of `schema.json`.
pub const FIELDS_SCHEMA: u32 = 1;

/// The fields of the dataset and the types of their values, as they were read. This is a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldsView {
    /// The schema version.
    pub schema_version: u32,
    /// The number of records that were read.
    pub records: u64,
    /// True if all partitions of the dataset are included.
    pub complete: bool,
    /// The top-level fields, in the order in which they were first seen.
    pub fields: Vec<FieldView>,
    /// The number of values of fields beyond the first 10,000.
    pub further_values: u64,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// The type of most of its values: `text`, `integer`, `float`, `boolean`, `list`, `object`, or the type of a column as Arrow
    /// names it. None if all are null.
    pub usual: Option<String>,
    /// The number of values of each type, except null.
    pub types: Vec<TypeCount>,
    /// The number of records in which it is null.
    pub nulls: u64,
    /// The number of records without the field.
    pub missing: u64,
    /// The first value of a type other than the usual one.
    pub odd: Option<OddPlace>,
}

/// A type and the number of its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeCount {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number of values.
    pub count: u64,
}

/// The place of the first odd value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddPlace {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The file.
    pub path: String,
    /// The byte at which its record begins in the file's text, or its row.
    pub position: u64,
    /// True if `position` is a row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_row: bool,
}

impl OddPlace {
    /// Returns what `position` counts.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.is_row {
            true => "row",
            false => "byte",
        }
    }
}

/// Makes the view of the fields that were seen. `source` gives the path of a source, and whether places in it are rows.
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
