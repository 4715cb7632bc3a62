use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int64Array, LargeStringArray, RecordBatch,
    StringArray, StringViewArray, StructArray,
};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Date32Type, Field, Fields, Int32Type, Schema};
use coldpress_dataset::{Error, TableRows};
use coldpress_record::{Batch, DeclaredFields, Edits, FieldError, JsonKind};

use crate::tables::rendered;

const TEXTS: [Option<&str>; 5] = [Some("one"), None, Some("three"), Some(""), Some("five€")];

/// Returns a column of the same texts in every type that texts can have.
fn rows() -> RecordBatch {
    let json = Field::new("json", DataType::Utf8, true)
        .with_metadata([("ARROW:extension:name".to_owned(), "arrow.json".to_owned())]);
    let inner = StructArray::new(
        Fields::from(vec![
            Field::new("text", DataType::LargeUtf8, true),
            Field::new("n", DataType::Int64, true),
        ]),
        vec![
            Arc::new(LargeStringArray::from(TEXTS.to_vec())),
            Arc::new(Int64Array::from_iter_values(0..5)),
        ],
        Some(vec![true, true, false, true, true].into()),
    );
    let words: DictionaryArray<Int32Type> = TEXTS.into_iter().collect();
    let days = arrow::array::PrimitiveArray::<Date32Type>::from_iter_values(0..5);
    let columns: Vec<(Field, ArrayRef)> = vec![
        (
            Field::new("text", DataType::Utf8, true),
            Arc::new(StringArray::from(TEXTS.to_vec())),
        ),
        (
            Field::new("large", DataType::LargeUtf8, true),
            Arc::new(LargeStringArray::from(TEXTS.to_vec())),
        ),
        (
            Field::new("view", DataType::Utf8View, true),
            Arc::new(StringViewArray::from(TEXTS.to_vec())),
        ),
        (
            Field::new("word", words.data_type().clone(), true),
            Arc::new(words),
        ),
        (
            Field::new("meta", inner.data_type().clone(), true),
            Arc::new(inner),
        ),
        (
            json,
            Arc::new(StringArray::from(vec![
                Some(r#""one\n""#),
                None,
                Some(r#"{"a": [1,  2]}"#),
                Some("null"),
                Some("no JSON"),
            ])),
        ),
        (Field::new("day", DataType::Date32, true), Arc::new(days)),
    ];
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn filled(names: &[&str]) -> (Batch, DeclaredFields) {
    let fields = DeclaredFields::new(names.iter().copied());
    let mut batch = Batch::default();
    Arc::new(TableRows::new(rows())).fill(&mut batch, 3, 10..15, &fields);
    (batch, fields)
}

#[track_caller]
fn edit(batch: &mut Batch, column: usize, row: usize, text: &str) {
    let mut edits = Edits::default();
    edits.replace(0..batch.text(column, row).unwrap().len(), text);
    batch.edit_text(column, row, &edits).unwrap();
}

#[test]
fn texts_of_every_type_are_cells() {
    let (batch, _) = filled(&[
        "text",
        "large",
        "view",
        "word",
        "meta.text",
        "json",
        "day",
        "meta.none",
        "x",
    ]);
    assert_eq!(
        batch.origin(4).to_string(),
        coldpress_record::Origin::new(3, 14).to_string()
    );
    for column in 0..4 {
        for (row, text) in TEXTS.iter().enumerate() {
            assert_eq!(batch.text(column, row).ok(), *text, "column {column}");
        }
        assert_eq!(batch.json(column, 1).as_deref(), Some("null"));
    }
    assert_eq!(batch.text(4, 4), Ok("five€"));
    // The enclosing object is null.
    assert_eq!(batch.text(4, 2), Err(FieldError::Missing));
    assert_eq!(batch.text(5, 0), Ok("one\n"));
    assert_eq!(batch.json(5, 2).as_deref(), Some(r#"{"a": [1,  2]}"#));
    assert_eq!(batch.text(5, 4), Ok("no JSON"));
    assert_eq!(batch.json(5, 3).as_deref(), Some("null"));
    assert_eq!(batch.json(6, 1).as_deref(), Some(r#""1970-01-02""#));
    // A date is not text, even though it looks like one in JSON.
    let date = FieldError::NotText(JsonKind::Column("a date"));
    assert_eq!(batch.text(6, 1), Err(date));
    assert_eq!(batch.text(7, 0), Err(FieldError::Missing));
    assert_eq!(batch.text(8, 0), Err(FieldError::Missing));
}

#[test]
fn what_nothing_changed_is_the_same_memory() {
    let (mut batch, fields) = filled(&["text"]);
    let gathered = TableRows::gather(&batch, &fields).unwrap();
    assert_eq!(gathered, rows());
    let carried = TableRows::of(&batch).unwrap().record_batch().column(0);
    assert!(Arc::ptr_eq(gathered.column(0), carried));
    batch.retain(|row| row > 1);
    assert_eq!(
        TableRows::gather(&batch, &fields).unwrap(),
        rows().slice(2, 3)
    );
    batch.retain(|row| row != 3);
    let expected = take_record_batch(&rows(), &Int64Array::from(vec![2, 4])).unwrap();
    assert_eq!(TableRows::gather(&batch, &fields).unwrap(), expected);
}

#[test]
fn changed_texts_come_back_in_the_type_of_their_column() {
    let names = ["text", "large", "view", "word", "meta.text", "json"];
    let (mut batch, fields) = filled(&names);
    for column in 0..5 {
        edit(&mut batch, column, 4, "new\n");
    }
    edit(&mut batch, 5, 0, "\"quoted\"");
    batch.retain(|row| row != 1);
    let gathered = TableRows::gather(&batch, &fields).unwrap();
    assert_eq!(gathered.schema(), rows().schema());
    let lines = rendered(std::slice::from_ref(&gathered));
    let before = rendered(&[rows()]);
    assert_eq!(lines[0], before[0].replace(r#""one\n""#, r#""\"quoted\"""#));
    assert_eq!(lines[1..3], before[2..4]);
    assert_eq!(lines[3], before[4].replace("five€", r"new\n"));
    // A record says the same when it is written as a line.
    let mut line = Vec::new();
    batch.write_record(4, &fields, &mut line);
    assert_eq!(String::from_utf8(line).unwrap().trim_end(), lines[3]);
    for column in gathered.columns() {
        column.to_data().validate_full().unwrap();
    }
}

#[test]
fn children_of_splitters_carry_their_parents_columns() {
    let (mut batch, fields) = filled(&["meta.text"]);
    batch.replace_rows(
        0,
        &[(4, 0, "a".into()), (4, 1, "b".into()), (2, 0, "c".into())],
    );
    let gathered = TableRows::gather(&batch, &fields).unwrap();
    let meta = gathered.column(4).as_struct();
    assert_eq!(
        meta.column(0)
            .as_string::<i64>()
            .iter()
            .flatten()
            .collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    // The object of the last one was null.
    assert_eq!(meta.null_count(), 0);
    let numbers = meta.column(1).as_primitive::<arrow::datatypes::Int64Type>();
    assert_eq!(numbers.values()[..2], [4, 4]);
}

#[test]
fn what_does_not_fit_a_column_is_an_error() {
    let (batch, fields) = (Batch::default(), DeclaredFields::new(["text"]));
    let error = TableRows::gather(&batch, &fields).unwrap_err();
    assert!(matches!(error, Error::Uncarried { .. }), "{error}");
    for name in ["day", "meta.none"] {
        let (mut batch, fields) = filled(&[name]);
        batch.replace_rows(0, &[(0, 0, "x".into())]);
        let error = TableRows::gather(&batch, &fields).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}
