//! Rows with changed text.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema};
use coldpress_table::Renderer;

fn batch() -> RecordBatch {
    let inner = Fields::from(vec![
        Field::new("text", DataType::Utf8, true),
        Field::new("n", DataType::Int64, true),
    ]);
    let meta = StructArray::new(
        inner.clone(),
        vec![
            Arc::new(StringArray::from(vec!["deep", "gone"])),
            Arc::new(Int64Array::from(vec![1, 2])),
        ],
        Some(NullBuffer::from(vec![true, false])),
    );
    let kind: DictionaryArray<Int32Type> = vec!["k", "k"].into_iter().collect();
    let fields = vec![
        Field::new("id", DataType::Int64, false),
        Field::new("text", DataType::Utf8, true),
        Field::new("meta", DataType::Struct(inner), true),
        Field::new("meta.n", DataType::Utf8, true),
        Field::new("kind", kind.data_type().clone(), true),
    ];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![7, 8])),
        Arc::new(StringArray::from(vec![Some("old"), None])),
        Arc::new(meta),
        Arc::new(StringArray::from(vec!["literal", "literal"])),
        Arc::new(kind),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[track_caller]
fn check(row: usize, changed: &[(&str, &str)], expected: &str) {
    let batch = batch();
    let mut out = b"before ".to_vec();
    Renderer::new(&batch.schema()).write_row(&batch, row, changed, &mut out);
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out, format!("before {expected}"));
}

#[test]
fn every_column_is_written() {
    check(
        0,
        &[],
        r#"{"id": 7, "text": "old", "meta": {"text": "deep", "n": 1}, "meta.n": "literal", "kind": "k"}"#,
    );
    check(
        1,
        &[],
        r#"{"id": 8, "text": null, "meta": null, "meta.n": "literal", "kind": "k"}"#,
    );
}

#[test]
fn changed_text_takes_the_place_of_the_column() {
    check(
        0,
        &[("text", "n\"ew"), ("kind", "other")],
        r#"{"id": 7, "text": "n\"ew", "meta": {"text": "deep", "n": 1}, "meta.n": "literal", "kind": "other"}"#,
    );
}

#[test]
fn a_dotted_name_is_a_column_or_leads_into_structs() {
    check(
        0,
        &[("meta.text", "new"), ("meta.n", "m")],
        r#"{"id": 7, "text": "old", "meta": {"text": "new", "n": 1}, "meta.n": "m", "kind": "k"}"#,
    );
}

#[test]
fn names_that_the_schema_lacks_become_keys() {
    check(
        0,
        &[("meta.more", "a"), ("new", "b"), ("text.x", "c")],
        r#"{"id": 7, "text": "old", "meta": {"text": "deep", "n": 1}, "meta.n": "literal", "kind": "k", "meta.more": "a", "new": "b", "text.x": "c"}"#,
    );
}

#[test]
fn a_batch_without_columns_takes_changed_text() {
    let schema = Arc::new(Schema::empty());
    let batch = RecordBatch::new_empty(Arc::clone(&schema));
    let mut out = Vec::new();
    Renderer::new(&schema).write_row(&batch, 0, &[("a", "1"), ("b", "2")], &mut out);
    assert_eq!(out, br#"{"a": "1", "b": "2"}"#);
}

#[test]
fn one_value_alone() {
    let array = StringArray::from(vec!["a", "b"]);
    let mut out = Vec::new();
    let field = Field::new("v", DataType::Utf8, true);
    Renderer::write_value(&array, &field, 1, &mut out);
    assert_eq!(out, b"\"b\"");
}
