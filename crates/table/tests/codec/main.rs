//! Columns as JSON and JSON as columns.

// What each Arrow type is in JSON, and back.
mod arrow_types;
// Random schemas and batches.
mod generated;
// What the decoder refuses, and that it is unharmed by it.
mod hostile;
// JSON as columns of a given schema, and back.
mod json_records;
// Every type through a Parquet file.
mod parquet_files;
// Arrays of random values.
mod random;
// Rows with changed text.
mod rows;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use coldpress_table::{Decoder, Renderer};

/// The rows of a batch as JSON.
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

/// The records as a batch of this schema.
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

/// A batch of one column `v`.
pub(crate) fn column(array: ArrayRef) -> RecordBatch {
    let field = Field::new("v", array.data_type().clone(), true);
    column_of(field, array)
}

/// A batch of one column.
pub(crate) fn column_of(field: Field, array: ArrayRef) -> RecordBatch {
    let schema = Arc::new(Schema::new(vec![field]));
    RecordBatch::try_new(schema, vec![array]).unwrap()
}
