//! Turning the live rows of a batch into a record batch.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, LargeStringArray, RecordBatch, RecordBatchOptions, StringArray,
    StringViewArray, StructArray, UInt64Array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;
use coldpress_record::{Batch, DeclaredFields, escape_into};
use coldpress_table::is_json_text;

use super::columns::find_field;
use super::fill::Texts;
use super::rows::TableRows;
use crate::error::{Error, Result};

type ArrowResult<T> = std::result::Result<T, ArrowError>;

impl TableRows {
    /// Returns the live rows of a batch as a record batch of their original schema, with the texts that operators changed.
    ///
    /// # Errors
    /// [`Error::Uncarried`](crate::Error::Uncarried) when the batch carries no such rows, or a changed text does not
    /// fit the type of its column.
    pub fn gather(batch: &Batch, fields: &DeclaredFields) -> Result<RecordBatch> {
        let rows = Self::of(batch).ok_or_else(|| Error::Uncarried {
            reason: "it carries no columns".to_owned(),
        })?;
        let mut rows = take_rows(batch, rows.record_batch()).map_err(uncarried)?;
        for (column, path) in fields.paths().iter().enumerate() {
            let changed = Changed::of(batch, column);
            if changed.any() {
                rows = replace(&rows, path.name(), &changed)?;
            }
        }
        Ok(rows)
    }
}

fn uncarried(error: ArrowError) -> Error {
    Error::Uncarried {
        reason: error.to_string(),
    }
}

/// Returns the carried rows of the live records. Nothing is copied if they are consecutive.
fn take_rows(batch: &Batch, rows: &RecordBatch) -> ArrowResult<RecordBatch> {
    let alive = batch.selection().iter();
    let wanted: Vec<u64> = alive
        .map(|row| batch.carried_row(*row as usize) as u64)
        .collect();
    let first = wanted.first().copied().unwrap_or_default();
    if (first..).zip(&wanted).all(|(next, row)| next == *row) {
        return Ok(match wanted.len() == rows.num_rows() {
            true => rows.clone(),
            false => rows.slice(first as usize, wanted.len()),
        });
    }
    if rows.num_columns() == 0 {
        let options = RecordBatchOptions::new().with_row_count(Some(wanted.len()));
        return RecordBatch::try_new_with_options(rows.schema(), Vec::new(), &options);
    }
    take_record_batch(rows, &UInt64Array::from(wanted))
}

/// The texts of a field that operators changed, by number among the live rows.
struct Changed<'a> {
    texts: Vec<Option<&'a str>>,
}

impl<'a> Changed<'a> {
    fn of(batch: &'a Batch, column: usize) -> Self {
        let text = |row: &u32| {
            let row = *row as usize;
            let is_changed = batch.is_field_changed(column, row);
            is_changed.then(|| batch.text(column, row).ok()).flatten()
        };
        Self {
            texts: batch.selection().iter().map(text).collect(),
        }
    }

    fn any(&self) -> bool {
        self.texts.iter().any(Option::is_some)
    }
}

fn replace(rows: &RecordBatch, name: &str, changed: &Changed<'_>) -> Result<RecordBatch> {
    let schema = rows.schema();
    let at_field = |reason: String| Error::Uncarried {
        reason: format!("column `{name}`: {reason}"),
    };
    let place = find_field(schema.fields(), name)
        .ok_or_else(|| at_field("the source has no such column".to_owned()))?;
    let mut columns = rows.columns().to_vec();
    let index = place.indexes[0];
    columns[index] = replaced(
        &columns[index],
        &schema.fields()[index],
        &place.indexes[1..],
        changed,
    )
    .map_err(|error| at_field(error.to_string()))?;
    RecordBatch::try_new(schema, columns).map_err(uncarried)
}

/// Returns `array` with the changed texts in it, or in the child that `path` leads to.
fn replaced(
    array: &ArrayRef,
    field: &FieldRef,
    path: &[usize],
    changed: &Changed<'_>,
) -> ArrowResult<ArrayRef> {
    let [index, rest @ ..] = path else {
        return with_texts(array, field, changed);
    };
    let parent = array.as_struct();
    let mut columns = parent.columns().to_vec();
    let child = &parent.fields()[*index];
    columns[*index] = replaced(&columns[*index], child, rest, changed)?;
    // An object that gets a text is no longer null.
    let nulls = parent.nulls().map(|nulls| {
        let valid = nulls.iter().zip(&changed.texts);
        let valid = valid.map(|(valid, text)| valid || text.is_some());
        NullBuffer::new(BooleanBuffer::from_iter(valid))
    });
    let parent = StructArray::try_new(parent.fields().clone(), columns, nulls)?;
    Ok(Arc::new(parent))
}

fn with_texts(array: &ArrayRef, field: &FieldRef, changed: &Changed<'_>) -> ArrowResult<ArrayRef> {
    let old = Texts::of(array).ok_or_else(|| {
        ArrowError::CastError(format!(
            "a text does not fit the type {}",
            array.data_type()
        ))
    })?;
    let escaped = is_json_text(field).then(|| changed.texts.iter().map(|text| text.map(escape)));
    let escaped: Vec<Option<String>> = escaped.into_iter().flatten().collect();
    let new = |row: usize| match escaped.get(row) {
        Some(json) => json.as_deref(),
        None => changed.texts[row],
    };
    let texts = (0..array.len()).map(|row| new(row).or_else(|| old.get(row)));
    let bytes: usize = texts.clone().flatten().map(str::len).sum();
    let new: ArrayRef = match array.data_type() {
        DataType::Utf8 if i32::try_from(bytes).is_ok() => Arc::new(texts.collect::<StringArray>()),
        DataType::Utf8View => Arc::new(texts.collect::<StringViewArray>()),
        _ => Arc::new(texts.collect::<LargeStringArray>()),
    };
    match new.data_type() == array.data_type() {
        true => Ok(new),
        false => cast(&new, array.data_type()),
    }
}

fn escape(text: &str) -> String {
    let mut json = Vec::new();
    escape_into(text, &mut json);
    String::from_utf8(json).unwrap_or_default()
}
