//! Finding the requested fields among the columns of a file.

use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, FieldRef, Fields, Schema};

use crate::error::{Error, Result};

/// The path to a field: a column, then children of structs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldPlace {
    pub(super) indexes: Vec<usize>,
    pub(super) field: FieldRef,
}

/// Finds the field called `name`: a column of exactly that name, or else a path into structs.
///
/// Among columns with the same name the last one counts, as with repeated keys of a JSON object.
pub(super) fn find_field(fields: &Fields, name: &str) -> Option<FieldPlace> {
    let index_of = |name: &str| fields.iter().rposition(|field| field.name() == name);
    if let Some(index) = index_of(name) {
        return Some(FieldPlace {
            indexes: vec![index],
            field: FieldRef::clone(&fields[index]),
        });
    }
    let (first, rest) = name.split_once('.')?;
    let index = index_of(first)?;
    let DataType::Struct(children) = fields[index].data_type() else {
        return None;
    };
    let mut place = find_field(children, rest)?;
    place.indexes.insert(0, index);
    Some(place)
}

/// Returns the values of the field, and the rows in which an enclosing object is null, so that they lack the field.
pub(super) fn field_values(
    rows: &RecordBatch,
    place: &FieldPlace,
) -> (ArrayRef, Option<NullBuffer>) {
    let mut array = ArrayRef::clone(rows.column(place.indexes[0]));
    let mut parents = None;
    for index in &place.indexes[1..] {
        parents = NullBuffer::union(parents.as_ref(), array.nulls());
        let child = ArrayRef::clone(array.as_struct().column(*index));
        array = child;
    }
    (array, parents)
}

/// The most names that a message lists.
const MAX_LISTED: usize = 20;

/// Returns names for a message; only the first of them if there are many.
pub(super) fn name_list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => "none".to_owned(),
        count if count > MAX_LISTED => {
            let listed = names[..MAX_LISTED].join(", ");
            format!("{listed} and {} more", count - MAX_LISTED)
        }
        _ => names.join(", "),
    }
}

/// Returns which of `columns` of a file's schema are read, in the file's order.
pub(super) fn select_columns(
    path: &Path,
    schema: &Schema,
    columns: &[String],
) -> Result<Vec<usize>> {
    let names = || schema.fields().iter().map(|field| field.name());
    if let Some(missing) = columns
        .iter()
        .find(|column| !names().any(|name| name == *column))
    {
        return Err(Error::MissingColumn {
            path: path.display().to_string(),
            column: missing.clone(),
            columns: name_list(names()),
        });
    }
    let is_read = |name: &String| columns.is_empty() || columns.contains(name);
    Ok(names()
        .enumerate()
        .filter(|(_, name)| is_read(name))
        .map(|(index, _)| index)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Field;

    #[test]
    fn a_literal_name_wins_over_a_path() {
        let text = || Field::new("text", DataType::Utf8, true);
        let meta = |name: &str| {
            let inner = Field::new_struct("a.b", vec![text()], true);
            Field::new_struct(name, vec![text(), inner], true)
        };
        let fields = Fields::from(vec![
            meta("meta"),
            text(),
            Field::new("meta.text", DataType::Int8, true),
            text(),
        ]);
        let find = |name: &str| find_field(&fields, name).map(|place| place.indexes);
        assert_eq!(find("text"), Some(vec![3]));
        assert_eq!(find("meta.text"), Some(vec![2]));
        assert_eq!(find("meta.a.b.text"), None);
        assert_eq!(find("meta.a.b"), Some(vec![0, 1]));
        assert_eq!(find("meta.none"), None);
        assert_eq!(find("text.x"), None);
    }
}
