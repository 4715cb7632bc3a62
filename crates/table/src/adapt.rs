//! Record batches in a wider schema.

mod leaf;
mod nested;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use arrow::array::{
    Array, ArrayRef, LargeStringBuilder, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};

use crate::error::{Error, Result};
use crate::json_text::is_json_text;
use crate::render::Renderer;

/// Converts a record batch to the schema that [`SchemaJoin`](crate::SchemaJoin) made of its own and others.
///
/// Columns that the batch lacks become nulls. The others are converted to the type in the schema without loss: wider numbers, other
/// forms of text, bytes and lists, the values of dictionaries, structs and lists by their children, and anything to JSON text. A
/// column that already has its type is not copied.
///
/// # Errors
/// [`Error::Value`] for a column that cannot be converted to the type without loss, and for one that is missing but must not be
/// null. [`Error::UnknownField`] for one that the schema does not have.
pub fn adapt(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if batch.schema_ref() == schema {
        return Ok(batch.clone());
    }
    let columns = columns(
        batch.schema_ref().fields(),
        batch.columns(),
        schema.fields(),
        batch.num_rows(),
    )?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let schema = SchemaRef::clone(schema);
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

/// Converts columns with the fields `from` to columns with the fields `to`, which are matched by name.
///
/// The n-th field of a name is matched with the n-th field of that name.
fn columns(
    from: &[FieldRef],
    arrays: &[ArrayRef],
    to: &[FieldRef],
    len: usize,
) -> Result<Vec<ArrayRef>> {
    let mut places = named(from)
        .zip(from.iter().zip(arrays))
        .collect::<HashMap<_, _>>();
    let mut columns = Vec::with_capacity(to.len());
    for (name, field) in named(to).zip(to) {
        columns.push(match places.remove(&name) {
            Some((from, array)) => {
                convert(array, from, field).map_err(|error| within(field.name(), error))?
            }
            None if field.is_nullable() => new_null_array(field.data_type(), len),
            None => return Err(within(field.name(), misfit("missing", field))),
        });
    }
    // The first one in order is reported, because the order of the table is arbitrary.
    match named(from).find(|name| places.contains_key(name)) {
        Some((name, _)) => Err(Error::UnknownField {
            field: name.to_owned(),
        }),
        None => Ok(columns),
    }
}

/// Returns the names of the fields, each with the number of earlier fields of the same name.
fn named(fields: &[FieldRef]) -> impl Iterator<Item = (&str, usize)> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    fields.iter().map(move |field| {
        let time = times.entry(field.name().as_str()).or_default();
        *time += 1;
        (field.name().as_str(), *time - 1)
    })
}

/// Converts the array of the field `from` to one of the field `to`. Errors name the fields in it, not the field itself.
fn convert(array: &ArrayRef, from: &Field, to: &Field) -> Result<ArrayRef> {
    if array.data_type() == to.data_type() && is_json_text(from) == is_json_text(to) {
        return Ok(ArrayRef::clone(array));
    }
    if let DataType::Null = array.data_type() {
        return Ok(new_null_array(to.data_type(), array.len()));
    }
    if is_json_text(to) && !is_json_text(from) {
        return to_json(array, from, to);
    }
    match array.data_type() {
        DataType::Dictionary(_, values) => decode(array, values, from, to),
        DataType::RunEndEncoded(_, values) => decode(array, values.data_type(), from, to),
        DataType::Struct(_) => nested::convert_struct(array, to),
        DataType::Map(..) => nested::convert_map(array, to),
        list if list.is_list() => nested::convert_list(array, to),
        _ if is_json_text(from) && !is_json_text(to) => Err(misfit("JSON text", to)),
        _ => leaf::convert(array, to),
    }
}

/// Returns the values of a dictionary or of runs, in the type of `to`.
fn decode(array: &ArrayRef, values: &DataType, from: &Field, to: &Field) -> Result<ArrayRef> {
    let decoded = leaf::cast(array, values, to)?;
    let from = from.clone().with_data_type(values.clone());
    convert(&decoded, &from, to)
}

/// Converts the values to JSON text. A null stays a null.
fn to_json(array: &ArrayRef, from: &Field, to: &Field) -> Result<ArrayRef> {
    // A null in a union belongs to one of its members.
    let nulls = match array.data_type() {
        DataType::Union(..) => None,
        _ => array.logical_nulls(),
    };
    let mut texts = LargeStringBuilder::new();
    let mut json = Vec::new();
    for row in 0..array.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            texts.append_null();
            continue;
        }
        json.clear();
        Renderer::write_value(array, from, row, &mut json);
        match std::str::from_utf8(&json) {
            Ok(json) => texts.append_value(json),
            Err(_) => return Err(misfit("text that is not UTF-8", to)),
        }
    }
    let texts: ArrayRef = std::sync::Arc::new(texts.finish());
    leaf::convert(&texts, to)
}

/// Returns the error for a field whose name is still to be added by [`within`].
fn misfit(found: impl Into<String>, to: &Field) -> Error {
    Error::Value {
        field: String::new(),
        found: found.into(),
        expected: to.data_type().to_string(),
    }
}

/// Returns the error for the field `name`, or for the inner field that the error names.
fn within(name: &str, mut error: Error) -> Error {
    if let Error::Value { field, .. } | Error::UnknownField { field } = &mut error {
        *field = match field.as_str() {
            "" => name.to_owned(),
            inner => format!("{name}.{inner}"),
        };
    }
    error
}
