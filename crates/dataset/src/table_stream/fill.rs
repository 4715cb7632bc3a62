//! The values of declared fields, as a batch takes them.

use std::borrow::Cow;

use arrow::array::{
    Array, ArrayRef, AsArray, LargeStringArray, RecordBatch, StringArray, StringViewArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use coldpress_record::{FieldValue, unescape_into};
use coldpress_table::Renderer;

use super::columns::{field_values, find_field};

/// A declared field of all rows of a record batch.
pub(super) struct FieldColumn {
    /// In which rows an object that the field is in is null.
    parents: Option<NullBuffer>,
    values: Values,
}

enum Values {
    /// The schema does not have it.
    Absent,
    Text(Texts),
    /// JSON text, or of another type: what each row's is in JSON.
    Json(Vec<JsonValue>),
}

enum JsonValue {
    Null,
    /// A string, which may be a date or bytes in the column.
    Text(String),
    Json(String),
}

/// An array of strings.
pub(super) enum Texts {
    Small(StringArray),
    Large(LargeStringArray),
    View(StringViewArray),
}

impl Texts {
    /// The texts of `array`, if it is one of strings; nothing is copied.
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

/// Whether the field holds JSON text: strings with the canonical extension type `arrow.json`.
pub(super) fn is_json_text(field: &Field) -> bool {
    field.extension_type_name() == Some("arrow.json")
}

impl FieldColumn {
    /// The field that `name` means.
    pub(super) fn of(rows: &RecordBatch, name: &str) -> Self {
        let Some(place) = find_field(rows.schema_ref().fields(), name) else {
            return Self {
                parents: None,
                values: Values::Absent,
            };
        };
        let (array, parents) = field_values(rows, &place);
        let values = match Texts::of(&array) {
            Some(texts) if !is_json_text(&place.field) => Values::Text(texts),
            _ => {
                let rows = 0..array.len();
                Values::Json(
                    rows.map(|row| json_value(&array, &place.field, row))
                        .collect(),
                )
            }
        };
        Self { parents, values }
    }

    /// Its value in a row.
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
