use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, StructArray,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use coldpress_docetl::{IntermediateStore, Options, Restore};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;

use crate::records;

/// Writes a Parquet file as a program would that knows nothing about this crate.
fn write(
    folder: &Path,
    columns: Vec<(Field, ArrayRef)>,
    pandas: Option<&str>,
) -> IntermediateStore {
    fs::create_dir_all(folder.join("s")).unwrap();
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let schema = Arc::new(Schema::new(fields));
    let file = File::create(folder.join("s/o.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), None).unwrap();
    writer
        .write(&RecordBatch::try_new(schema, arrays).unwrap())
        .unwrap();
    if let Some(pandas) = pandas {
        writer.append_key_value_metadata(KeyValue::new("pandas".to_owned(), pandas.to_owned()));
    }
    writer.close().unwrap();
    IntermediateStore::open(folder).unwrap()
}

fn column(name: &str, array: impl arrow::array::Array + 'static) -> (Field, ArrayRef) {
    (
        Field::new(name, array.data_type().clone(), true),
        Arc::new(array),
    )
}

fn texts(name: &str, values: &[Option<&str>]) -> (Field, ArrayRef) {
    column(name, StringArray::from(values.to_vec()))
}

#[test]
fn objects_and_lists_in_json_text_are_restored_where_all_of_a_column_are() {
    let folder = tempfile::tempdir().unwrap();
    let columns = vec![
        texts("object", &[Some(r#"{"b": 1, "a": [NaN]}"#), None]),
        texts("list", &[Some("[]"), Some("[1.0]")]),
        texts("torn", &[Some(r#"{"a": 1}"#), Some("{")]),
        texts("text", &[Some("a"), Some("{}")]),
        texts("number", &[Some("1"), Some("[1]")]),
        texts("nothing", &[None, None]),
    ];
    let store = write(folder.path(), columns, None);
    let expected = records(&[
        r#"{"object": {"b": 1, "a": [NaN]}, "list": [], "torn": "{\"a\": 1}", "text": "a", "number": "1", "nothing": null}"#,
        r#"{"object": null, "list": [1.0], "torn": "{", "text": "{}", "number": "[1]", "nothing": null}"#,
    ]);
    assert_eq!(store.load("s", "o").unwrap().unwrap(), expected);
    let never = Options::new().restore(Restore::Never);
    let store = IntermediateStore::open_with(folder.path(), never).unwrap();
    assert_eq!(
        store.load("s", "o").unwrap().unwrap()[1]
            .get("list")
            .unwrap()
            .as_str(),
        Some("[1.0]")
    );
}

#[test]
fn a_column_that_pandas_says_is_text_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let columns = vec![
        texts("text", &[Some(r#"{"a": 1}"#), Some(r#"{"a": 2}"#)]),
        column("__index_level_0__", Int64Array::from(vec![5, 6])),
    ];
    let pandas = r#"{"index_columns": ["__index_level_0__"], "columns": [
        {"name": "text", "field_name": "text", "pandas_type": "unicode", "numpy_type": "object", "metadata": null},
        {"name": null, "field_name": "__index_level_0__", "pandas_type": "int64", "numpy_type": "int64", "metadata": null}]}"#;
    let store = write(folder.path(), columns, Some(pandas));
    let expected = records(&[r#"{"text": "{\"a\": 1}"}"#, r#"{"text": "{\"a\": 2}"}"#]);
    assert_eq!(store.load("s", "o").unwrap().unwrap(), expected);
    let always = Options::new().restore(Restore::Always);
    let store = IntermediateStore::open_with(folder.path(), always).unwrap();
    assert_eq!(
        store.load("s", "o").unwrap().unwrap(),
        records(&[r#"{"text": {"a": 1}}"#, r#"{"text": {"a": 2}}"#])
    );
}

#[test]
fn columns_of_any_type_become_values() {
    let folder = tempfile::tempdir().unwrap();
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
    let inner: ArrayRef = Arc::new(Float64Array::from(vec![0.5, f64::NAN]));
    let object = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Float64, true)),
        inner,
    )]);
    let json = coldpress_table::as_json_text(&Field::new("json", DataType::Utf8, true));
    let columns = vec![
        column("small", Int32Array::from(vec![Some(-1), None])),
        column("float", Float64Array::from(vec![Some(1.0), Some(f64::NAN)])),
        column("day", Date32Array::from(vec![Some(19_753), None])),
        column("list", list),
        column("object", object),
        (
            json,
            Arc::new(StringArray::from(vec!["1", "{\"a\": null}"])) as ArrayRef,
        ),
    ];
    let store = write(folder.path(), columns, None);
    let loaded = store.load("s", "o").unwrap().unwrap();
    assert_eq!(
        loaded,
        records(&[
            r#"{"small": -1, "float": 1.0, "day": "2024-01-31", "list": [1, null], "object": {"x": 0.5}, "json": 1}"#,
            r#"{"small": null, "float": NaN, "day": null, "list": null, "object": {"x": NaN}, "json": {"a": null}}"#,
        ])
    );
    let some = store
        .load_columns("s", "o", &["list", "small"], 1..5)
        .unwrap()
        .unwrap();
    assert_eq!(some, records(&[r#"{"small": null, "list": null}"#]));
    // The records that were read can be saved unchanged.
    store.save("s", "again", &loaded).unwrap();
    assert_eq!(store.load("s", "again").unwrap().unwrap(), loaded);
}

#[test]
fn the_placeholder_of_a_dataset_without_records_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = write(
        folder.path(),
        vec![texts("_placeholder", &[Some("empty")])],
        None,
    );
    assert_eq!(store.load("s", "o").unwrap().unwrap(), []);
    assert_eq!(store.list().unwrap()[0].rows, Some(0));
}

#[test]
fn a_file_of_others_that_is_damaged_is_an_error_or_reads_and_never_more() {
    let folder = tempfile::tempdir().unwrap();
    let columns = vec![
        texts("text", &[Some("abc"); 40]),
        column("n", Int64Array::from_iter_values(0..40)),
    ];
    let store = write(folder.path(), columns, None);
    let path = folder.path().join("s/o.parquet");
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            fs::write(&path, &flipped).unwrap();
            // Such files have no digests, so a changed letter is not found, but nothing may panic.
            if let Err(error) = store.load("s", "o") {
                assert!(error.to_string().contains("o.parquet"), "{error}");
            }
        }
        fs::write(&path, &bytes[..at]).unwrap();
        assert!(store.load("s", "o").is_err(), "{at} bytes");
    }
}
