//! NaNs in JSON lines, exact to the bit.
//!
//! JSON has one text for all of them. The bits of unusual ones are in an additional column, which only groups that need it have.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, UInt64Type};
use arrow::error::ArrowError;

const BITS: &str = ".bits";

/// Returns the rows, with additional columns if any of them has an unusual NaN.
pub(super) fn with_bits(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let bits: Vec<Option<UInt64Array>> =
        rows.columns().iter().map(|array| odd_bits(array)).collect();
    if !bits
        .iter()
        .flatten()
        .any(|bits| bits.null_count() < bits.len())
    {
        return Ok(rows.clone());
    }
    let mut columns = rows.columns().to_vec();
    columns.extend(
        bits.into_iter()
            .flatten()
            .map(|bits| Arc::new(bits) as ArrayRef),
    );
    RecordBatch::try_new(schema_with_bits(&rows.schema()), columns)
}

/// Returns the schema of rows with the additional columns.
pub(super) fn schema_with_bits(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter();
    let floats = fields.clone().filter(|field| is_float(field));
    let bits = floats.map(|field| {
        let name = format!("{}{BITS}", field.name());
        Arc::new(Field::new(name, DataType::UInt64, true))
    });
    Arc::new(Schema::new(fields.cloned().chain(bits).collect::<Vec<_>>()))
}

/// Returns the rows of `schema` from rows with the additional columns.
pub(super) fn without_bits(
    rows: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let (columns, bits) = rows.columns().split_at(schema.fields().len());
    let mut bits = bits.iter();
    let mut restored = Vec::with_capacity(columns.len());
    for (field, column) in schema.fields().iter().zip(columns) {
        let bits = if is_float(field) { bits.next() } else { None };
        restored.push(match bits {
            Some(bits) if bits.null_count() < bits.len() => restore(column, bits),
            _ => column.clone(),
        });
    }
    RecordBatch::try_new(schema.clone(), restored)
}

fn is_float(field: &Field) -> bool {
    *field.data_type() == DataType::Float64
}

fn odd_bits(array: &dyn Array) -> Option<UInt64Array> {
    let floats = array.as_primitive_opt::<Float64Type>()?;
    let is_odd = |float: f64| float.is_nan() && float.to_bits() != f64::NAN.to_bits();
    let bits = floats
        .iter()
        .map(|float| float.filter(|float| is_odd(*float)).map(f64::to_bits));
    Some(bits.collect())
}

fn restore(floats: &dyn Array, bits: &dyn Array) -> ArrayRef {
    let floats = floats.as_primitive::<Float64Type>().iter();
    let bits = bits.as_primitive::<UInt64Type>().iter();
    let restored = floats
        .zip(bits)
        .map(|(float, bits)| bits.map(f64::from_bits).or(float));
    Arc::new(restored.collect::<Float64Array>())
}
