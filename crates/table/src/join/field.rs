//! The field that holds the values of all parts.

use arrow::datatypes::{DataType, Field, Metadata};

use super::part::{Family, Part};
use super::{MixedField, decimal, metadata, nested, number, report, text, time};
use crate::json_text::{self, EXTENSION_METADATA, EXTENSION_NAME};

/// The type of a field.
enum Outcome {
    /// All parts with values have this exact type.
    Same(DataType),
    /// The join of several types.
    Joined(DataType),
    /// All parts with values have JSON text, and a column of this type holds it.
    Json(DataType),
    /// JSON text, because no other type holds all values.
    Mixed,
}

/// Returns the field `name` that holds the values of all parts, and nulls if it `is_missing` in one.
///
/// Inner fields that had to become JSON text are added to `mixed`.
pub(super) fn join(
    name: &str,
    parts: &[Part<'_>],
    is_missing: bool,
    mixed: &mut Vec<MixedField>,
) -> Field {
    let nullable = is_missing || parts.iter().any(|part| part.is_nullable());
    let values = parts.iter().copied().filter(|part| !part.is_null());
    let values = values.collect::<Vec<_>>();
    let before = mixed.len();
    let outcome = join_types(&values, mixed).unwrap_or_else(|| {
        let inner = mixed.split_off(before);
        mixed.push(report::mixed(&values, &inner));
        Outcome::Mixed
    });
    for field in &mut mixed[before..] {
        field.name = report::path(name, &field.name);
    }
    let mut metadata = agreed_metadata(parts, &values, &outcome);
    if matches!(outcome, Outcome::Json(_) | Outcome::Mixed)
        && !metadata.contains_key(EXTENSION_NAME)
    {
        json_text::mark(&mut metadata);
    }
    let data_type = match outcome {
        Outcome::Same(data_type) | Outcome::Joined(data_type) | Outcome::Json(data_type) => {
            data_type
        }
        Outcome::Mixed => DataType::Utf8,
    };
    Field::new(name, data_type, nullable).with_metadata(metadata)
}

/// Returns the type that holds all values; `None` for JSON text, if there is no other.
fn join_types(values: &[Part<'_>], mixed: &mut Vec<MixedField>) -> Option<Outcome> {
    let Some(first) = values.first() else {
        return Some(Outcome::Same(DataType::Null));
    };
    let is_json = |part: &Part<'_>| part.column().is_some_and(|column| column.is_json);
    if values.iter().all(is_json) {
        return text::join(values).map(Outcome::Json);
    }
    if values.iter().any(is_json) {
        return None;
    }
    if let Some(data_type) = first.data_type() {
        let is_same = |part: &Part<'_>| part.data_type() == Some(data_type);
        if values.iter().all(is_same) {
            return Some(Outcome::Same(data_type.clone()));
        }
    }
    let decoded = values.iter().map(|part| part.decoded()).collect::<Vec<_>>();
    join_decoded(&decoded, mixed).map(Outcome::Joined)
}

fn join_decoded(values: &[Part<'_>], mixed: &mut Vec<MixedField>) -> Option<DataType> {
    let family = values.first()?.family()?;
    if values.iter().any(|part| part.family() != Some(family)) {
        return None;
    }
    match family {
        Family::Boolean => Some(DataType::Boolean),
        Family::Number => number::join(values),
        Family::Text => text::join(values),
        Family::Binary => text::join_binary(values),
        Family::Timestamp => time::join(values),
        Family::Decimal => decimal::join(values),
        Family::List => nested::join_lists(values, mixed),
        Family::Struct => Some(nested::join_structs(values, mixed)),
        Family::Map => nested::join_maps(values, mixed),
        Family::Other => same(values),
    }
}

/// Returns the one type that all have.
fn same(values: &[Part<'_>]) -> Option<DataType> {
    let first = values.first()?.data_type()?;
    let is_same = values.iter().all(|part| part.data_type() == Some(first));
    is_same.then(|| first.clone())
}

/// Returns the metadata on which the parts agree. An extension type is kept if all values have it and keep their type.
fn agreed_metadata(parts: &[Part<'_>], values: &[Part<'_>], outcome: &Outcome) -> Metadata {
    let columns = parts.iter().filter_map(|part| part.column());
    let mut agreed = metadata::agreed(columns.map(|column| column.metadata));
    let extension = |part: &Part<'_>| {
        let metadata = part.column()?.metadata;
        let of = |key| metadata.get(key).cloned();
        Some((of(EXTENSION_NAME), of(EXTENSION_METADATA)))
    };
    let mut extensions = values.iter().map(extension);
    let first = extensions.next();
    let is_same = extensions.all(|other| Some(other) == first);
    if matches!(outcome, Outcome::Joined(_) | Outcome::Mixed) || !is_same {
        agreed.remove(EXTENSION_NAME);
        agreed.remove(EXTENSION_METADATA);
    }
    agreed
}
