//! The memory that rows take. It keeps batches small, and makes units of an export end at the same rows however the rows are cut
//! into batches.

use arrow::array::{
    AnyDictionaryArray, Array, ArrayRef, AsArray, GenericListArray, GenericListViewArray,
    OffsetSizeTrait, RecordBatch, cast::as_union_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{
    ByteArrayType, ByteViewType, DataType, Int16Type, Int32Type, Int64Type, RunEndIndexType,
    UnionMode,
};

use super::flaw::Checked;
use super::limits::ensure_fits;

/// About how many bytes a batch of rows has.
pub(super) const BATCH_BYTES: u64 = 256 << 10;
/// The most rows of a batch.
pub(super) const BATCH_ROWS: usize = 8192;

/// Returns the number of rows in a batch when each takes `row_bytes`.
pub(super) fn rows_of_batch(row_bytes: f64) -> usize {
    let rows = BATCH_BYTES as f64 / row_bytes.max(1.0);
    (rows as usize).clamp(1, BATCH_ROWS)
}

/// Returns the first of `rows`, as many as make a batch. A row that takes more than a third of `most_bytes` is too large, because
/// there will be three copies: as decoded, as handed on, and as written.
pub(super) fn first_batch(rows: &RecordBatch, most_bytes: u64) -> Checked<RecordBatch> {
    let mut count = rows.num_rows().min(BATCH_ROWS);
    loop {
        let part = match count == rows.num_rows() {
            true => rows.clone(),
            false => rows.slice(0, count),
        };
        let weight = part.columns().iter().map(weight).sum::<u64>();
        if count <= 1 || weight <= 2 * BATCH_BYTES {
            ensure_fits(weight, most_bytes / 3, || "a row".to_owned())?;
            return Ok(part);
        }
        let fitting = (count as u64 * BATCH_BYTES / weight) as usize;
        count = fitting.clamp(1, count - 1);
    }
}

/// Returns the first of `rows` up to the one with which they weigh `limit` or more, at least one, and their weight. The weight of
/// rows is the sum of the weights of their parts.
pub fn rows_of_weight(rows: &RecordBatch, limit: u64) -> (RecordBatch, u64) {
    let weight_of = |count: usize| {
        let part = rows.slice(0, count);
        part.columns().iter().map(weight).sum::<u64>()
    };
    let all = weight_of(rows.num_rows());
    if all < limit {
        return (rows.clone(), all);
    }
    let (mut too_few, mut enough) = (0, rows.num_rows());
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        match weight_of(middle) < limit {
            true => too_few = middle,
            false => enough = middle,
        }
    }
    (rows.slice(0, enough), weight_of(enough))
}

/// Returns about how many bytes the values of an array take, not counting what its slice leaves out.
pub(super) fn weight(array: &ArrayRef) -> u64 {
    let rows = array.len() as u64;
    match array.data_type() {
        DataType::Null => 0,
        DataType::Boolean => rows,
        DataType::Utf8 => of_bytes::<arrow::datatypes::Utf8Type>(array),
        DataType::LargeUtf8 => of_bytes::<arrow::datatypes::LargeUtf8Type>(array),
        DataType::Binary => of_bytes::<arrow::datatypes::BinaryType>(array),
        DataType::LargeBinary => of_bytes::<arrow::datatypes::LargeBinaryType>(array),
        DataType::Utf8View => of_views::<arrow::datatypes::StringViewType>(array),
        DataType::BinaryView => of_views::<arrow::datatypes::BinaryViewType>(array),
        DataType::FixedSizeBinary(length) => rows * *length as u64,
        DataType::List(_) => of_list(array.as_list::<i32>()),
        DataType::LargeList(_) => of_list(array.as_list::<i64>()),
        DataType::FixedSizeList(..) => weight(array.as_fixed_size_list().values()),
        DataType::Map(..) => {
            let map = array.as_map();
            let (start, length) = held(map.offsets());
            let entries = map.entries().slice(start, length);
            entries.columns().iter().map(weight).sum::<u64>() + rows * 4
        }
        DataType::Struct(_) => array.as_struct().columns().iter().map(weight).sum(),
        DataType::Union(fields, UnionMode::Sparse) => {
            let union = as_union_array(array);
            let children = fields.iter().map(|(id, _)| weight(union.child(id)));
            children.sum::<u64>() + rows
        }
        // This holds however few values there are: as soon as rows are looked at or written, each has its own.
        DataType::Dictionary(..) => of_dictionary(array.as_any_dictionary()),
        DataType::RunEndEncoded(..) => of_runs(array),
        DataType::ListView(_) => of_list_view(array.as_list_view::<i32>()),
        DataType::LargeListView(_) => of_list_view(array.as_list_view::<i64>()),
        DataType::Union(_, UnionMode::Dense) => {
            let union = as_union_array(array);
            let values = (0..array.len()).map(|row| weight(&union.value(row)));
            values.sum::<u64>() + rows * 5
        }
        other => rows * other.primitive_width().unwrap_or(8) as u64,
    }
}

fn of_dictionary(array: &dyn AnyDictionaryArray) -> u64 {
    let values = array.values();
    if values.is_empty() {
        return array.len() as u64 * 4;
    }
    let keys = array.normalized_keys();
    let is_valid = |row: &usize| array.keys().is_valid(*row);
    let held = (0..keys.len())
        .filter(is_valid)
        .map(|row| of_value(values, keys[row]));
    held.sum::<u64>() + array.len() as u64 * 4
}

fn of_runs(array: &ArrayRef) -> u64 {
    match array.data_type() {
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => runs::<Int16Type>(array),
            DataType::Int32 => runs::<Int32Type>(array),
            _ => runs::<Int64Type>(array),
        },
        _ => 0,
    }
}

fn runs<T: RunEndIndexType>(array: &ArrayRef) -> u64 {
    let Some(runs) = array.as_run_opt::<T>() else {
        return array.len() as u64 * 16;
    };
    let rows = 0..runs.len();
    rows.map(|row| of_value(runs.values(), runs.get_physical_index(row)))
        .sum()
}

fn of_list_view<O: OffsetSizeTrait>(array: &GenericListViewArray<O>) -> u64 {
    let views = array.offsets().iter().zip(array.sizes());
    let held = views.map(|(offset, size)| {
        weight(&array.values().slice(offset.as_usize(), size.as_usize())) + 8
    });
    held.sum()
}

/// Returns the weight of one value. Dictionaries may have many more values than there are rows, so not all are looked at.
fn of_value(values: &ArrayRef, at: usize) -> u64 {
    match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().value_length(at) as u64,
        DataType::LargeUtf8 => values.as_string::<i64>().value_length(at) as u64,
        DataType::Binary => values.as_binary::<i32>().value_length(at) as u64,
        DataType::LargeBinary => values.as_binary::<i64>().value_length(at) as u64,
        _ => weight(&values.slice(at, 1)),
    }
}

fn of_bytes<T: ByteArrayType>(array: &ArrayRef) -> u64 {
    let array = array.as_bytes::<T>();
    let (_, length) = held(array.offsets());
    length as u64 + array.len() as u64 * 4
}

fn of_views<T: ByteViewType>(array: &ArrayRef) -> u64 {
    // The lower half of a view's first word is the length of its value.
    let views = array.as_byte_view::<T>().views();
    views
        .iter()
        .map(|view| u64::from(*view as u32) + 4)
        .sum::<u64>()
}

fn of_list<O: OffsetSizeTrait>(array: &GenericListArray<O>) -> u64 {
    let (start, length) = held(array.offsets());
    weight(&array.values().slice(start, length)) + array.len() as u64 * 4
}

/// Returns where the values of rows begin, and how many there are.
fn held<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> (usize, usize) {
    let (first, last) = (offsets[0].as_usize(), offsets[offsets.len() - 1].as_usize());
    (first, last - first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringArray;
    use std::sync::Arc;

    #[test]
    fn a_batch_ends_where_its_rows_grow() {
        let texts = (0..4000).map(|at| "x".repeat(if at < 1000 { 10 } else { 100_000 }));
        let column: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        let mut rows = RecordBatch::try_from_iter([("text", column)]).unwrap();
        let mut sizes = Vec::new();
        while rows.num_rows() > 0 {
            let batch = first_batch(&rows, u64::MAX).unwrap();
            let bytes = batch.columns().iter().map(weight).sum::<u64>();
            assert!(bytes <= 2 * BATCH_BYTES);
            sizes.push(batch.num_rows());
            rows = rows.slice(batch.num_rows(), rows.num_rows() - batch.num_rows());
        }
        assert_eq!(sizes.iter().sum::<usize>(), 4000);
        assert!(sizes.len() < 3200, "{}", sizes.len());
    }
}
