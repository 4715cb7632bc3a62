//! Functions on arrays that the formats share.

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;

/// Returns the batches as one.
pub(super) fn joined(
    schema: &SchemaRef,
    mut batches: Vec<RecordBatch>,
) -> Result<RecordBatch, ArrowError> {
    match batches.pop() {
        Some(only) if batches.is_empty() => Ok(only),
        last => {
            batches.extend(last);
            concat_batches(schema, &batches)
        }
    }
}

/// Returns the bytes that the rows take in memory.
pub(super) fn plain_bytes(rows: &RecordBatch) -> u64 {
    let bytes = |array: &arrow::array::ArrayRef| {
        let data = array.to_data();
        data.get_slice_memory_size()
            .unwrap_or_else(|_| array.get_buffer_memory_size()) as u64
    };
    rows.columns().iter().map(bytes).sum()
}

/// Returns the first rows, about `limit` bytes of them but at least one.
pub(super) fn head(rows: &RecordBatch, limit: u64) -> RecordBatch {
    let bytes = plain_bytes(rows).max(1);
    let count = rows.num_rows() as u128 * u128::from(limit) / u128::from(bytes);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    rows.slice(0, count.max(1).min(rows.num_rows()))
}

/// Returns the names of the columns.
pub(super) fn names(schema: &Schema) -> Vec<String> {
    schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect()
}
