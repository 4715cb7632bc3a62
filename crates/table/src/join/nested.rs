//! Joining lists, structs and maps by their children.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields};

use super::part::Part;
use super::{Columns, MixedField, field, table_columns};

/// Returns lists of a type that holds all elements; `None` if something in these had to become JSON text.
pub(super) fn join_lists(values: &[Part<'_>], mixed: &mut Vec<MixedField>) -> Option<DataType> {
    let columns = values
        .iter()
        .filter_map(|part| list_field(part.data_type()?));
    let name = one_name(columns, "element");
    let has_json = values.iter().any(|part| part.column().is_none());
    let elements = values.iter().filter_map(|part| match part {
        Part::Json(held) => held.element().map(Part::Json),
        Part::Column(column) => list_field(column.data_type).map(|field| Part::of(field)),
    });
    let element = join_inner(&name, &elements.collect::<Vec<_>>(), has_json, mixed)?;
    Some(list_type(values, Arc::new(element)))
}

/// Returns a list type with this element that holds lists of all these types.
fn list_type(values: &[Part<'_>], element: FieldRef) -> DataType {
    let is_large = |part: &Part<'_>| {
        matches!(
            part.data_type(),
            Some(DataType::LargeList(_) | DataType::LargeListView(_))
        )
    };
    let all =
        |is: fn(&DataType) -> bool| values.iter().all(|part| part.data_type().is_some_and(is));
    if all(|list| matches!(list, DataType::ListView(_))) {
        return DataType::ListView(element);
    }
    if all(|list| matches!(list, DataType::LargeListView(_))) {
        return DataType::LargeListView(element);
    }
    match one_size(values) {
        Some(size) => DataType::FixedSizeList(element, size),
        None if values.iter().any(is_large) => DataType::LargeList(element),
        None => DataType::List(element),
    }
}

/// Returns the size that all lists have by their type.
fn one_size(values: &[Part<'_>]) -> Option<i32> {
    let mut sizes = values.iter().map(|part| match part.data_type() {
        Some(DataType::FixedSizeList(_, size)) => Some(*size),
        _ => None,
    });
    let first = sizes.next()??;
    sizes.all(|size| size == Some(first)).then_some(first)
}

fn list_field(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _) => Some(field),
        _ => None,
    }
}

/// Returns structs with the children of all. A child is nullable if one of them lacks it.
pub(super) fn join_structs(values: &[Part<'_>], mixed: &mut Vec<MixedField>) -> DataType {
    let mut columns = Columns::default();
    for part in values {
        match part {
            Part::Json(held) => columns.add(
                held.children()
                    .iter()
                    .map(|field| (field.name.as_str(), Part::Json(&field.held))),
            ),
            Part::Column(column) => {
                if let DataType::Struct(fields) = column.data_type {
                    columns.add(table_columns(fields));
                }
            }
        }
    }
    let children = columns.columns.iter().map(|(name, parts)| {
        let is_missing = parts.len() < values.len();
        field::join(name, parts, is_missing, mixed)
    });
    DataType::Struct(children.collect())
}

/// Returns maps whose keys and values hold all; `None` if something in these had to become JSON text.
pub(super) fn join_maps(values: &[Part<'_>], mixed: &mut Vec<MixedField>) -> Option<DataType> {
    let maps = values.iter().map(|part| match part.data_type()? {
        DataType::Map(entries, sorted) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => Some((entries, fields, *sorted)),
            _ => None,
        },
        _ => None,
    });
    let maps = maps.collect::<Option<Vec<_>>>()?;
    let mut children = Vec::new();
    for (at, usual_name) in ["key", "value"].into_iter().enumerate() {
        let name = one_name(maps.iter().map(|(_, fields, _)| &fields[at]), usual_name);
        let parts = maps.iter().map(|(_, fields, _)| Part::of(&fields[at]));
        children.push(join_inner(&name, &parts.collect::<Vec<_>>(), false, mixed)?);
    }
    let name = one_name(maps.iter().map(|(entries, ..)| *entries), "entries");
    let entries = Field::new(name, DataType::Struct(Fields::from(children)), false);
    let sorted = maps.iter().all(|(.., sorted)| *sorted);
    Some(DataType::Map(Arc::new(entries), sorted))
}

/// Returns the child of a list or map; `None` if something in it had to become JSON text.
fn join_inner(
    name: &str,
    parts: &[Part<'_>],
    is_missing: bool,
    mixed: &mut Vec<MixedField>,
) -> Option<Field> {
    let mut inner = Vec::new();
    let child = field::join(name, parts, is_missing, &mut inner);
    if inner.is_empty() {
        return Some(child);
    }
    for mut field in inner {
        // The name of the child itself carries no information.
        field.name = match field.name.strip_prefix(name) {
            Some(rest) => rest.strip_prefix('.').unwrap_or(rest).to_owned(),
            None => field.name,
        };
        mixed.push(field);
    }
    None
}

/// Returns the name that all fields have, or else `usual`.
fn one_name<'a>(fields: impl Iterator<Item = &'a FieldRef>, usual: &str) -> String {
    let mut names = fields.map(|field| field.name());
    match names.next() {
        Some(first) if names.all(|name| name == first) => first.clone(),
        _ => usual.to_owned(),
    }
}
