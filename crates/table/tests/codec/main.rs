//! Columns as JSON and JSON as columns.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Arrow types that hold others, to JSON and back.
mod arrow_nested;
// Arrow types that hold no others, to JSON and back.
mod arrow_types;
// Random schemas and batches.
mod generated;
// Records that the decoder refuses, without being harmed.
mod hostile;
// JSON as columns of a given schema, and back.
mod json_records;
// JSON as columns of its own types, and back.
mod json_types;
// Records with broken bytes.
mod mutated;
// Every type through a Parquet file.
mod parquet_files;
// Arrays of random values.
mod random;
// Rows with changed text.
mod rows;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use coldpress_table::{Decoder, Renderer};

/// Returns the rows of a batch as JSON.
#[track_caller]
pub(crate) fn rendered(batch: &RecordBatch) -> Vec<String> {
    let renderer = Renderer::new(&batch.schema());
    let row = |row| {
        let mut out = Vec::new();
        renderer.write_row(batch, row, &[], &mut out);
        let json = String::from_utf8(out).unwrap();
        assert!(!json.contains(['\n', '\r']), "{json}");
        json
    };
    (0..batch.num_rows()).map(row).collect()
}

/// Returns the records as a batch of this schema.
#[track_caller]
pub(crate) fn decoded<R: AsRef<str>>(schema: &SchemaRef, records: &[R]) -> RecordBatch {
    let mut decoder = Decoder::new(Arc::clone(schema)).unwrap();
    for record in records {
        let pushed = decoder.push(record.as_ref());
        pushed.unwrap_or_else(|error| panic!("{error}: {}", record.as_ref()));
    }
    assert_eq!(decoder.rows(), records.len());
    let batch = decoder.finish().unwrap();
    assert_eq!(decoder.rows(), 0);
    batch
}

/// Returns a batch of one column `v`.
pub(crate) fn column(array: ArrayRef) -> RecordBatch {
    let field = Field::new("v", array.data_type().clone(), true);
    column_of(field, array)
}

/// Returns a batch of one column.
pub(crate) fn column_of(field: Field, array: ArrayRef) -> RecordBatch {
    let schema = Arc::new(Schema::new(vec![field]));
    RecordBatch::try_new(schema, vec![array]).unwrap()
}

/// Checks that the values of the array are `expected` in JSON, and that the array comes back from it.
#[track_caller]
pub(crate) fn check(array: impl Array + 'static, expected: &[&str]) {
    check_batch(&column(Arc::new(array)), expected);
}

/// Checks that the values of the column `v` are `expected` in JSON, and that the batch comes back from it.
#[track_caller]
pub(crate) fn check_batch(batch: &RecordBatch, expected: &[&str]) {
    let records = rendered(batch);
    let expected = expected.iter().map(|value| format!("{{\"v\": {value}}}"));
    assert_eq!(records, expected.collect::<Vec<_>>());
    let back = decoded(&batch.schema(), &records);
    assert_eq!(&back, batch);
    assert_eq!(rendered(&back), records);
    back.column(0).to_data().validate_full().unwrap();
}
