//! Arrow IPC files, read back by Arrow.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, Int64Array, ListArray, StringArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int8Type, Int32Type, Int64Type, Schema};
use arrow::ipc::reader::FileReader;
use serde_json::json;

use super::*;

/// Returns all rows of the files as one batch.
fn read(files: &[(String, Vec<u8>)]) -> RecordBatch {
    let mut batches = Vec::new();
    let mut schema = None;
    for (_, bytes) in files {
        let reader = FileReader::try_new(Cursor::new(bytes), None).unwrap();
        schema = Some(reader.schema());
        batches.extend(reader.map(Result::unwrap));
    }
    concat_batches(&schema.unwrap(), &batches).unwrap()
}

fn rendered(batch: &RecordBatch) -> Vec<serde_json::Value> {
    super::parquets::rendered(batch)
}

#[test]
fn lines_of_many_types_become_columns() {
    let mut bench = Bench::new();
    bench.plain("{\"a\": 1, \"t\": \"x\"}\n{\"t\": null, \"l\": [1, 2]}\n");
    bench.plain("");
    bench.plain("{\"a\": 2.5, \"o\": {\"k\": \"v\"}, \"m\": 1}\n{\"m\": \"one\"}\n");
    for name in ["a.arrow", "a.feather"] {
        let target = bench.target(name, 0);
        let batch = read(&bench.exported(&target));
        let names: Vec<_> = batch
            .schema()
            .fields()
            .iter()
            .map(|f| f.name().clone())
            .collect();
        assert_eq!(names, ["a", "t", "l", "o", "m"]);
        assert_eq!(
            rendered(&batch),
            [
                json!({"a": 1.0, "t": "x", "l": null, "o": null, "m": null}),
                json!({"a": null, "t": null, "l": [1, 2], "o": null, "m": null}),
                json!({"a": 2.5, "t": null, "l": null, "o": {"k": "v"}, "m": 1}),
                json!({"a": null, "t": null, "l": null, "o": null, "m": "one"}),
            ]
        );
        let mixed = bench.export(&target, 2).unwrap().mixed;
        assert_eq!(mixed.len(), 1);
        assert_eq!(mixed[0].name, "m");
        assert_eq!(mixed[0].odd, Some(Origin::new(2, 1)));
    }
}

#[test]
fn no_rows_keep_the_schema() {
    let mut bench = Bench::new();
    let batch = read(&bench.exported(&bench.target("a.arrow", 0)));
    assert_eq!((batch.num_columns(), batch.num_rows()), (0, 0));
    let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("n", DataType::Int8, false)]));
    bench.table(&schema, &[]);
    let batch = read(&bench.exported(&bench.target("s.arrow", 0)));
    assert_eq!((batch.schema(), batch.num_rows()), (schema, 0));
}

#[test]
fn records_without_fields_are_rows() {
    let mut bench = Bench::new();
    bench.plain("{}\n{}\n{}\n");
    let batch = read(&bench.exported(&bench.target("a.arrow", 0)));
    assert_eq!((batch.num_columns(), batch.num_rows()), (0, 3));
}

#[test]
fn dictionaries_that_differ_become_plain() {
    let dictionary = |keys: Vec<Option<i8>>, values: &[&str]| {
        let values: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        DictionaryArray::<Int8Type>::new(keys.into(), values)
    };
    let batch = |keys, values| {
        let codes = dictionary(keys, values);
        let inner: ArrayRef = Arc::new(codes.clone());
        let element = Arc::new(Field::new("element", codes.data_type().clone(), true));
        let offsets = arrow::buffer::OffsetBuffer::from_lengths(vec![1; codes.len()]);
        let list: ArrayRef = Arc::new(ListArray::new(element, offsets, inner, None));
        RecordBatch::try_from_iter_with_nullable([
            ("code", Arc::new(codes) as ArrayRef, true),
            ("list", list, true),
        ])
        .unwrap()
    };
    let mut bench = Bench::new();
    let first = batch(vec![Some(0), None, Some(1)], &["a", "b"]);
    let second = batch(vec![Some(1), Some(0)], &["c", "d"]);
    let schema = first.schema();
    bench.table(&schema, &[first.clone(), second.clone()]);
    bench.table(&schema, &[second, first]);
    let read = read(&bench.exported(&bench.target("a.arrow", 0)));
    assert_eq!(read.schema().field(0).data_type(), &DataType::Utf8);
    let texts: Vec<_> = read.column(0).as_string::<i32>().iter().collect();
    let (a, b, c, d) = (Some("a"), Some("b"), Some("c"), Some("d"));
    assert_eq!(texts, [a, None, b, d, c, d, c, a, None, b]);
    let inner = read.column(1).as_list::<i32>().values().clone();
    assert_eq!(inner.as_string::<i32>().iter().collect::<Vec<_>>(), texts);
}

#[test]
fn tables_of_different_schemas_and_lines_are_joined() {
    let narrow: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    let wide: ArrayRef = Arc::new(Int64Array::from(vec![1 << 40]));
    let narrow = RecordBatch::try_from_iter_with_nullable([("n", narrow, true)]).unwrap();
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let wide = RecordBatch::try_from_iter([("other", other), ("n", wide)]).unwrap();
    let mut bench = Bench::new();
    bench.table(&narrow.schema(), &[narrow]);
    bench.plain("{\"n\": 7, \"more\": true}\n");
    bench.table(&wide.schema(), &[wide]);
    let read = read(&bench.exported(&bench.target("a.arrow", 0)));
    assert_eq!(read.column(0).data_type(), &DataType::Int64);
    let numbers: Vec<_> = read.column(0).as_primitive::<Int64Type>().iter().collect();
    assert_eq!(numbers, [Some(1), None, Some(7), Some(1 << 40)]);
    assert_eq!(
        rendered(&read)[2..],
        [
            json!({"n": 7, "more": true, "other": null}),
            json!({"n": 1_i64 << 40, "more": null, "other": "x"}),
        ]
    );
}

#[test]
fn batches_have_a_size_whatever_the_pieces() {
    let batch = |rows: i32| {
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows));
        RecordBatch::try_from_iter([("n", numbers)]).unwrap()
    };
    let mut bench = Bench::new();
    let schema = batch(0).schema();
    bench.table(&schema, &[batch(1000), batch(100_000), batch(0)]);
    bench.table(&schema, &[batch(70_000)]);
    let files = bench.exported(&bench.target("a.arrow", 0));
    let reader = FileReader::try_new(Cursor::new(&files[0].1), None).unwrap();
    let rows: Vec<usize> = reader.map(|batch| batch.unwrap().num_rows()).collect();
    assert_eq!(rows, [65_536, 65_536, 171_000 - 131_072]);
    let expected: Vec<i32> = (0..1000).chain(0..100_000).chain(0..70_000).collect();
    let read = read(&files);
    assert_eq!(
        read.column(0).as_primitive::<Int32Type>().values(),
        expected.as_slice()
    );
}

#[test]
fn rows_of_columns_that_do_not_belong_to_the_output_are_left_out() {
    let batch = |numbers: &[i32]| {
        let numbers: ArrayRef = Arc::new(Int32Array::from(numbers.to_vec()));
        RecordBatch::try_from_iter([("n", numbers)]).unwrap()
    };
    let (mut bench, mut chosen) = (Bench::new(), Bench::new());
    let schema = batch(&[]).schema();
    bench
        .table(&schema, &[batch(&[1, 2, 3]), batch(&[4]), batch(&[5, 6])])
        .table(&schema, &[batch(&[7]), batch(&[8])])
        .table(&schema, &[batch(&[9])]);
    bench.partitions[0].kept = KeptRows::new(6, vec![0b10_0101]);
    bench.partitions[1].kept = KeptRows::new(2, vec![0]);
    chosen
        .table(&schema, &[batch(&[1, 3, 6])])
        .table(&schema, &[])
        .table(&schema, &[batch(&[9])]);
    for name in ["a.arrow", "a.parquet"] {
        let bytes = |bench: &Bench| {
            let files = bench.exported(&bench.target(name, 12)).into_iter();
            files.map(|(_, bytes)| bytes).collect::<Vec<_>>()
        };
        assert_eq!(bytes(&bench), bytes(&chosen), "{name}");
    }
    for (rows, bits) in [(5, 0b1), (7, 0b111_1111)] {
        bench.partitions[0].kept = KeptRows::new(rows, vec![bits]);
        let error = bench.export(&bench.target("a.arrow", 0), 1).unwrap_err();
        assert!(matches!(error, Error::DamagedRows { .. }), "{error}");
    }
}

#[test]
fn shards_end_with_the_batch_that_reaches_the_limit() {
    let mut bench = Bench::new();
    let row = |n: usize| format!("{{\"n\": {n}, \"text\": \"{}\"}}\n", "y".repeat(500));
    bench.plain(&(0..1500).map(row).collect::<String>());
    let shards = bench.exported(&bench.typed("s/", "arrow", 200_000));
    assert!((3..6).contains(&shards.len()), "{}", shards.len());
    assert!(
        shards[..shards.len() - 1]
            .iter()
            .all(|(_, bytes)| (200_000..300_000).contains(&bytes.len()))
    );
    assert_eq!(shards[0].0, "part-00000.arrow");
    let numbers = read(&shards);
    let numbers = numbers
        .column(0)
        .as_primitive::<Int64Type>()
        .values()
        .iter()
        .copied();
    assert!(numbers.eq(0..1500));
}
