//! The values of declared fields, in the form that a batch takes.

use std::borrow::Cow;

use arrow::array::{
    Array, ArrayRef, AsArray, LargeStringArray, RecordBatch, StringArray, StringViewArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use coldpress_record::{FieldValue, escape_into, unescape_into};
use coldpress_table::{Renderer, is_json_text};

use super::columns::{field_values, find_field};

/// A declared field for all rows of a record batch.
pub(super) struct FieldColumn {
    /// The rows in which an enclosing object is null.
    parents: Option<NullBuffer>,
    values: Values,
}

enum Values {
    /// The schema does not have the field.
    Absent,
    Text(Texts),
    /// JSON text, with the parsed value of each row.
    Json(Vec<JsonValue>),
    /// Values of another type, which has this name, as JSON. A JSON string among them is not a text.
    Typed(Vec<JsonValue>, &'static str),
}

enum JsonValue {
    Null,
    Text(String),
    Json(String),
}

/// The kind of a column's values, by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// JSON text, in which each value has a kind of its own.
    Json,
    /// Values that are not text, whatever they look like in JSON. The name says what they are, as in `a date`.
    Other(&'static str),
}

impl ColumnKind {
    pub(super) fn of(field: &Field) -> Self {
        match type_name(field.data_type()) {
            None if is_json_text(field) => Self::Json,
            None => Self::Text,
            Some(name) => Self::Other(name),
        }
    }
}

/// Returns the name of this type for messages; none for texts.
fn type_name(data_type: &DataType) -> Option<&'static str> {
    Some(match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => return None,
        DataType::Dictionary(_, values) => return type_name(values),
        DataType::RunEndEncoded(_, values) => return type_name(values.data_type()),
        DataType::Null => "null",
        DataType::Boolean => "a boolean",
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => "binary",
        DataType::Date32 | DataType::Date64 => "a date",
        DataType::Time32(_) | DataType::Time64(_) => "a time",
        DataType::Timestamp(..) => "a timestamp",
        DataType::Duration(_) => "a duration",
        DataType::Interval(_) => "an interval",
        DataType::Struct(_) | DataType::Map(..) => "an object",
        DataType::Union(..) => "a union",
        list if list.is_list() => "a list",
        _ => "a number",
    })
}

/// An array of strings.
pub(super) enum Texts {
    Small(StringArray),
    Large(LargeStringArray),
    View(StringViewArray),
}

impl Texts {
    /// Returns the texts of `array`, if it is an array of strings. Nothing is copied.
    pub(super) fn of(array: &ArrayRef) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8 => Some(Self::Small(array.as_string().clone())),
            DataType::LargeUtf8 => Some(Self::Large(array.as_string().clone())),
            DataType::Utf8View => Some(Self::View(array.as_string_view().clone())),
            DataType::Dictionary(_, values) if is_string(values) => {
                let views = cast(array, &DataType::Utf8View).ok()?;
                Some(Self::View(views.as_string_view().clone()))
            }
            DataType::RunEndEncoded(_, values) if is_string(values.data_type()) => {
                let texts = cast(array, &DataType::LargeUtf8).ok()?;
                Some(Self::Large(texts.as_string().clone()))
            }
            _ => None,
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Small(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Large(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::View(texts) => texts.is_valid(row).then(|| texts.value(row)),
        }
    }
}

fn is_string(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

impl FieldColumn {
    /// Returns the field called `name`.
    pub(super) fn of(rows: &RecordBatch, name: &str) -> Self {
        let Some(place) = find_field(rows.schema_ref().fields(), name) else {
            return Self {
                parents: None,
                values: Values::Absent,
            };
        };
        let (array, parents) = field_values(rows, &place);
        let json = || {
            let rows = 0..array.len();
            rows.map(|row| json_value(&array, &place.field, row))
                .collect()
        };
        let values = match (ColumnKind::of(&place.field), Texts::of(&array)) {
            (ColumnKind::Text, Some(texts)) => Values::Text(texts),
            (ColumnKind::Other(name), _) => Values::Typed(json(), name),
            _ => Values::Json(json()),
        };
        Self { parents, values }
    }

    /// Returns the value of the field in a row.
    pub(super) fn value(&self, row: usize) -> FieldValue<'_> {
        if self
            .parents
            .as_ref()
            .is_some_and(|valid| valid.is_null(row))
        {
            return FieldValue::Absent;
        }
        match &self.values {
            Values::Absent => FieldValue::Absent,
            Values::Text(texts) => texts.get(row).map_or(FieldValue::Null, FieldValue::Text),
            Values::Json(values) => match &values[row] {
                JsonValue::Null => FieldValue::Null,
                JsonValue::Text(text) => FieldValue::Text(text),
                JsonValue::Json(json) => FieldValue::Json(Cow::Borrowed(json)),
            },
            Values::Typed(values, name) => match &values[row] {
                JsonValue::Null => FieldValue::Null,
                JsonValue::Json(json) => FieldValue::Json(Cow::Borrowed(json)),
                JsonValue::Text(text) => {
                    let mut json = Vec::new();
                    escape_into(text, &mut json);
                    let json = String::from_utf8(json).unwrap_or_default();
                    FieldValue::Typed(Cow::Owned(json), name)
                }
            },
        }
    }
}

fn json_value(array: &ArrayRef, field: &FieldRef, row: usize) -> JsonValue {
    let mut json = Vec::new();
    Renderer::write_value(array.as_ref(), field, row, &mut json);
    let json = String::from_utf8(json).unwrap_or_default();
    if json == "null" {
        return JsonValue::Null;
    }
    let inner = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let mut text = String::new();
    match inner.map(|inner| unescape_into(inner, &mut text)) {
        Some(Ok(())) => JsonValue::Text(text),
        _ => JsonValue::Json(json),
    }
}
