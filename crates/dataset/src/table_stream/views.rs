//! Converting texts to views into the pages that they came from, and back.
//!
//! Parquet pages are decoded to views. Nothing is copied, and a text that a page's dictionary holds once takes no more memory
//! however many rows have it. Only the rows that are handed on get texts of their own.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait,
    RecordBatch, RecordBatchOptions, StructArray, make_array,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, SchemaRef};
use arrow::error::ArrowError;

use super::utf8::{BadRows, is_binary, is_text, texts};

/// Returns the fields with views in place of texts and bytes.
pub(super) fn with_views(fields: &Fields) -> Fields {
    with_types(fields, &|data_type| match data_type {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        other => other.clone(),
    })
}

/// Returns the fields with the types that `leaf` gives for those without children.
pub(super) fn with_types(fields: &Fields, leaf: &impl Fn(&DataType) -> DataType) -> Fields {
    let fields = fields.iter().map(|field| with_type(field, leaf));
    fields.collect()
}

fn with_type(field: &FieldRef, leaf: &impl Fn(&DataType) -> DataType) -> FieldRef {
    let child = |field| with_type(field, leaf);
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(with_types(fields, leaf)),
        DataType::List(element) => DataType::List(child(element)),
        DataType::LargeList(element) => DataType::LargeList(child(element)),
        DataType::FixedSizeList(element, length) => {
            DataType::FixedSizeList(child(element), *length)
        }
        DataType::Map(entries, sorted) => DataType::Map(child(entries), *sorted),
        other => leaf(other),
    };
    match data_type == *field.data_type() {
        true => Arc::clone(field),
        false => Arc::new(Field::clone(field).with_data_type(data_type)),
    }
}

/// Returns whether the type or any of its children has views.
pub(super) fn has_views(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView => true,
        DataType::Struct(fields) => fields.iter().any(|field| has_views(field.data_type())),
        DataType::List(child)
        | DataType::LargeList(child)
        | DataType::FixedSizeList(child, _)
        | DataType::Map(child, _) => has_views(child.data_type()),
        _ => false,
    }
}

/// Returns the rows with the types and names of `schema`. Rows with a text that isn't UTF-8 are added to `bad`.
pub(super) fn as_shown(
    rows: &RecordBatch,
    schema: &SchemaRef,
    bad: &mut BadRows,
) -> Result<RecordBatch, ArrowError> {
    let mut columns = Vec::with_capacity(rows.num_columns());
    for (column, field) in rows.columns().iter().zip(schema.fields()) {
        let known = bad.len();
        columns.push(without_views(column, field.data_type(), bad)?);
        for (_, reason) in &mut bad[known..] {
            *reason = format!("column `{}` {reason}", field.name());
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// Converts `array` to an array of `wanted`, which is its type except for views, names, and texts that came as bytes. The result
/// has no more texts than its rows have.
fn without_views(
    array: &ArrayRef,
    wanted: &DataType,
    bad: &mut BadRows,
) -> Result<ArrayRef, ArrowError> {
    Ok(match (array.data_type(), wanted) {
        (DataType::Utf8View, DataType::Utf8View) => Arc::new(array.as_string_view().gc()),
        (DataType::BinaryView, DataType::BinaryView) => Arc::new(array.as_binary_view().gc()),
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let array = array.as_struct();
            let columns = array.columns().iter().zip(fields);
            let columns = columns
                .map(|(column, field)| without_views(column, field.data_type(), bad))
                .collect::<Result<_, _>>()?;
            Arc::new(StructArray::try_new_with_length(
                fields.clone(),
                columns,
                array.nulls().cloned(),
                array.len(),
            )?)
        }
        (DataType::List(_), DataType::List(child)) => list(array.as_list::<i32>(), child, bad)?,
        (DataType::LargeList(_), DataType::LargeList(child)) => {
            list(array.as_list::<i64>(), child, bad)?
        }
        (DataType::FixedSizeList(..), DataType::FixedSizeList(child, length)) => {
            let array = array.as_fixed_size_list();
            let mut inner = BadRows::new();
            let values = without_views(array.values(), child.data_type(), &mut inner)?;
            let size = usize::try_from(*length).unwrap_or(1).max(1);
            bad.extend(inner.into_iter().map(|(at, why)| (at / size, why)));
            let nulls = array.nulls().cloned();
            Arc::new(FixedSizeListArray::try_new_with_length(
                Arc::clone(child),
                *length,
                values,
                nulls,
                array.len(),
            )?)
        }
        (DataType::Map(..), DataType::Map(entries, sorted)) => {
            let array = array.as_map();
            let (offsets, start, length) = from_zero(array.offsets());
            let held: ArrayRef = Arc::new(array.entries().slice(start, length));
            let mut inner = BadRows::new();
            let held = without_views(&held, entries.data_type(), &mut inner)?;
            bad.extend(
                inner
                    .into_iter()
                    .map(|(at, why)| (parent(&offsets, at), why)),
            );
            Arc::new(MapArray::try_new(
                Arc::clone(entries),
                offsets,
                held.as_struct().clone(),
                array.nulls().cloned(),
                *sorted,
            )?)
        }
        (have, wanted) if have == wanted => Arc::clone(array),
        (have, DataType::Dictionary(_, values)) if is_binary(have) && is_text(values) => {
            cast(&texts(array, values, bad)?, wanted)?
        }
        (have, wanted) if is_binary(have) && is_text(wanted) => texts(array, wanted, bad)?,
        (have, wanted) if have.equals_datatype(wanted) => {
            // The types differ only in names or metadata of fields.
            let data = array.to_data().into_builder().data_type(wanted.clone());
            make_array(data.build()?)
        }
        _ => cast(array, wanted)?,
    })
}

fn list<O: OffsetSizeTrait>(
    array: &GenericListArray<O>,
    child: &FieldRef,
    bad: &mut BadRows,
) -> Result<ArrayRef, ArrowError> {
    let (offsets, start, length) = from_zero(array.offsets());
    let (values, mut inner) = (array.values().slice(start, length), BadRows::new());
    let values = without_views(&values, child.data_type(), &mut inner)?;
    bad.extend(
        inner
            .into_iter()
            .map(|(at, why)| (parent(&offsets, at), why)),
    );
    let nulls = array.nulls().cloned();
    let list = GenericListArray::try_new(Arc::clone(child), offsets, values, nulls)?;
    Ok(Arc::new(list))
}

/// Returns the row that a value of a list belongs to.
fn parent<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, value: usize) -> usize {
    let behind = offsets.partition_point(|offset| offset.as_usize() <= value);
    behind.saturating_sub(1)
}

/// Returns the offsets relative to the first, and the range of values that they refer to.
fn from_zero<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> (OffsetBuffer<O>, usize, usize) {
    let (first, last) = (offsets[0], offsets[offsets.len() - 1]);
    let (start, length) = (first.as_usize(), (last - first).as_usize());
    if start == 0 {
        return (offsets.clone(), start, length);
    }
    let moved: ScalarBuffer<O> = offsets.iter().map(|offset| *offset - first).collect();
    (OffsetBuffer::new(moved), start, length)
}
