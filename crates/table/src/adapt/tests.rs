use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    DataType, Field, Fields, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit,
};
use coldpress_record::Origin;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, meaning};
use crate::{Decoder, SchemaJoin, Types};

fn observe(records: &[String]) -> Types {
    let mut types = Types::default();
    for (at, record) in records.iter().enumerate() {
        types.observe(record, &Origin::new(0, at as u64));
    }
    types
}

fn decode(records: &[String], schema: &SchemaRef) -> RecordBatch {
    let mut decoder = Decoder::new(Arc::clone(schema)).unwrap();
    for record in records {
        decoder.push(record).unwrap();
    }
    decoder.finish().unwrap()
}

fn render(batch: &RecordBatch) -> Vec<String> {
    let renderer = Renderer::new(batch.schema_ref());
    let rows = (0..batch.num_rows()).map(|row| {
        let mut out = Vec::new();
        renderer.write_row(batch, row, &[], &mut out);
        String::from_utf8(out).unwrap()
    });
    rows.collect()
}

fn meanings(records: &[String]) -> Vec<arbitrary::Meaning> {
    records
        .iter()
        .map(|record| meaning(record.trim()))
        .collect()
}

/// Adapts a column to the join of its type and `other`, and returns the type and the values as text.
fn adapted(array: ArrayRef, other: DataType) -> (DataType, Vec<String>) {
    // A slice has offsets, which must not be ignored.
    let padded = new_null_array(array.data_type(), 1);
    let array = arrow::compute::concat(&[&padded, &array]).unwrap();
    let field = Field::new("a", array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(vec![field]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![array]).unwrap();
    let batch = batch.slice(1, batch.num_rows() - 1);
    let mut join = SchemaJoin::default();
    join.add_schema(&schema);
    join.add_schema(&Schema::new(vec![Field::new("a", other, true)]));
    let joined = join.finish().schema;
    let adapted = adapt(&batch, &joined).unwrap();
    assert_eq!(adapted.schema(), joined);
    adapted.column(0).to_data().validate_full().unwrap();
    let values = (0..adapted.num_rows()).map(|row| {
        let mut out = Vec::new();
        Renderer::write_value(adapted.column(0), joined.field(0), row, &mut out);
        String::from_utf8(out).unwrap()
    });
    (joined.field(0).data_type().clone(), values.collect())
}

#[track_caller]
fn check(array: impl Array + 'static, other: DataType, expected: DataType, values: &[&str]) {
    let (data_type, found) = adapted(Arc::new(array), other);
    assert_eq!(data_type, expected);
    assert_eq!(found, values);
}

fn item(data_type: DataType) -> Arc<Field> {
    Arc::new(Field::new("item", data_type, true))
}

#[test]
fn leaves_become_wider() {
    use DataType::*;
    let ints = || Int32Array::from(vec![Some(7), None, Some(-3)]);
    check(ints(), Int64, Int64, &["7", "null", "-3"]);
    check(ints(), UInt32, Int64, &["7", "null", "-3"]);
    check(ints(), Float16, Float64, &["7.0", "null", "-3.0"]);
    check(ints(), Utf8, Utf8, &["7", "null", "-3"]);
    check(
        UInt64Array::from(vec![u64::MAX]),
        Int8,
        Utf8,
        &["18446744073709551615"],
    );
    check(
        Float32Array::from(vec![0.1, f32::NAN]),
        Float64,
        Float64,
        &["0.10000000149011612", r#""NaN""#],
    );
    check(
        Float32Array::from(vec![0.1, f32::NAN]),
        Utf8,
        Utf8,
        &["0.1", r#""NaN""#],
    );
    check(
        StringArray::from(vec!["x\"", ""]),
        LargeUtf8,
        LargeUtf8,
        &[r#""x\"""#, r#""""#],
    );
    check(
        StringArray::from(vec!["x\"", ""]),
        Int8,
        Utf8,
        &[r#""x\"""#, r#""""#],
    );
    check(
        StringViewArray::from(vec!["x"]),
        Utf8,
        Utf8View,
        &[r#""x""#],
    );
    check(
        BinaryArray::from(vec![&b"ab"[..]]),
        BinaryView,
        BinaryView,
        &[r#""YWI=""#],
    );
    let fixed = FixedSizeBinaryArray::try_from_iter([b"ab"].into_iter()).unwrap();
    check(fixed, FixedSizeBinary(3), Binary, &[r#""YWI=""#]);
    check(NullArray::new(2), Date32, Date32, &["null", "null"]);
    let seconds = TimestampSecondArray::from(vec![Some(1), None]).with_timezone("+00:00");
    let micros = Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    check(
        seconds,
        micros.clone(),
        micros,
        &[r#""1970-01-01T00:00:01.000000Z""#, "null"],
    );
    let decimal = Decimal32Array::from(vec![1234])
        .with_precision_and_scale(5, 2)
        .unwrap();
    check(decimal, Decimal128(20, 4), Decimal128(20, 4), &["12.3400"]);
}

#[test]
fn encoded_values_are_decoded() {
    let dictionary =
        || -> DictionaryArray<Int32Type> { vec![Some("x"), None, Some("x")].into_iter().collect() };
    let values = [r#""x""#, "null", r#""x""#];
    check(
        dictionary(),
        DataType::LargeUtf8,
        DataType::LargeUtf8,
        &values,
    );
    check(dictionary(), DataType::Int8, DataType::Utf8, &values);
    let runs = || {
        let ends = Int64Array::from(vec![2, 3]);
        RunArray::<Int64Type>::try_new(&ends, &Int32Array::from(vec![Some(5), None])).unwrap()
    };
    check(
        runs(),
        DataType::Int64,
        DataType::Int64,
        &["5", "5", "null"],
    );
    check(runs(), DataType::Utf8, DataType::Utf8, &["5", "5", "null"]);
}

#[test]
fn lists_of_every_kind() {
    let values = Int32Array::from(vec![Some(1), Some(2), None, Some(4)]);
    let nulls = || Some(NullBuffer::from(vec![true, false, true]));
    let offsets = || OffsetBuffer::new(vec![0, 2, 2, 4].into());
    let lists = || {
        let values = Arc::new(values.clone());
        ListArray::new(item(DataType::Int32), offsets(), values, nulls())
    };
    let expected = ["[1, 2]", "null", "[null, 4]"];
    let long = || item(DataType::Int64);
    check(
        lists(),
        DataType::List(long()),
        DataType::List(long()),
        &expected,
    );
    check(
        lists(),
        DataType::LargeList(long()),
        DataType::LargeList(long()),
        &expected,
    );
    let fixed = DataType::FixedSizeList(long(), 2);
    check(lists(), fixed.clone(), DataType::List(long()), &expected);
    check(
        lists(),
        DataType::ListView(long()),
        DataType::List(long()),
        &expected,
    );
    check(lists(), DataType::Utf8, DataType::Utf8, &expected);
    let view = || GenericListViewArray::<i32>::from(lists());
    check(
        view(),
        DataType::ListView(long()),
        DataType::ListView(long()),
        &expected,
    );
    check(
        view(),
        DataType::List(long()),
        DataType::List(long()),
        &expected,
    );
    check(
        view(),
        DataType::LargeListView(long()),
        DataType::LargeList(long()),
        &expected,
    );
    let four = Arc::new(values.clone());
    let pairs = || FixedSizeListArray::new(item(DataType::Int32), 2, four.clone(), None);
    let expected = ["[1, 2]", "[null, 4]"];
    check(pairs(), fixed.clone(), fixed, &expected);
    check(
        pairs(),
        DataType::List(long()),
        DataType::List(long()),
        &expected,
    );
    check(
        pairs(),
        DataType::LargeList(long()),
        DataType::LargeList(long()),
        &expected,
    );
}

#[test]
fn structs_and_maps() {
    let fields = Fields::from(vec![Field::new("x", DataType::Int32, false)]);
    let column: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    let nulls = Some(NullBuffer::from(vec![true, false]));
    let structs = StructArray::new(fields, vec![column], nulls);
    let wider = DataType::Struct(Fields::from(vec![
        Field::new("x", DataType::Utf8, true),
        Field::new("y", DataType::Utf8, true),
    ]));
    let (data_type, values) = adapted(Arc::new(structs), wider);
    assert!(matches!(data_type, DataType::Struct(fields) if is_json_text(&fields[0])));
    assert_eq!(values, [r#"{"x": 1, "y": null}"#, "null"]);

    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    maps.keys().append_value("k");
    maps.values().append_value(5);
    maps.append(true).unwrap();
    let map_of = |name: &str, value| {
        let fields = [
            Field::new("key", DataType::Utf8, false),
            Field::new("value", value, true),
        ];
        let entries = Field::new(name, DataType::Struct(Fields::from(fields.to_vec())), false);
        DataType::Map(Arc::new(entries), false)
    };
    let maps = maps.finish();
    let (data_type, values) = adapted(Arc::new(maps), map_of("key_value", DataType::Int64));
    assert!(matches!(data_type, DataType::Map(..)));
    assert_eq!(values, [r#"{"k": 5}"#]);
}

#[test]
fn a_batch_that_fits_is_not_copied() {
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Utf8, false)]));
    let column: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column.clone()]).unwrap();
    assert!(Arc::ptr_eq(
        adapt(&batch, &schema).unwrap().column(0),
        &column
    ));
    let wider = Arc::new(Schema::new(vec![
        Field::new("b", DataType::Int8, true),
        Field::new("a", DataType::Utf8, true),
    ]));
    let adapted = adapt(&batch, &wider).unwrap();
    assert!(Arc::ptr_eq(adapted.column(1), &column));
    assert_eq!(adapted.column(0).null_count(), 1);
}

#[test]
fn rows_without_columns_are_counted() {
    let options = RecordBatchOptions::new().with_row_count(Some(3));
    let batch =
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int8, true)]));
    assert_eq!(adapt(&batch, &schema).unwrap().num_rows(), 3);
    let schema = Arc::new(Schema::new_with_metadata(
        Fields::empty(),
        [("key", "value")],
    ));
    assert_eq!(adapt(&batch, &schema).unwrap().num_rows(), 3);
}

#[test]
fn what_does_not_fit_names_its_field() {
    let refuse = |array: ArrayRef, to: DataType, nullable| {
        let field = Field::new("a", array.data_type().clone(), true);
        let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap();
        let schema = Arc::new(Schema::new(vec![Field::new("a", to, nullable)]));
        match adapt(&batch, &schema).unwrap_err() {
            Error::Arrow(error) => error.to_string(),
            error => error.to_string(),
        }
    };
    let ints: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    assert_eq!(
        refuse(Arc::clone(&ints), DataType::Int32, true),
        "field `a`: a column of Int64 where the schema wants Int32"
    );
    assert!(refuse(Arc::clone(&ints), DataType::Float64, true).contains("`a`"));
    let inner = Fields::from(vec![Field::new("x", DataType::Int64, true)]);
    let structs: ArrayRef = Arc::new(StructArray::new(inner, vec![Arc::clone(&ints)], None));
    let text = Fields::from(vec![Field::new("x", DataType::Date32, true)]);
    assert_eq!(
        refuse(Arc::clone(&structs), DataType::Struct(text), true),
        "field `a.x`: a column of Int64 where the schema wants Date32"
    );
    let other = Fields::from(vec![Field::new("y", DataType::Int64, true)]);
    assert_eq!(
        refuse(structs, DataType::Struct(other), true),
        "field `a.x` is not in the schema"
    );
    let inner = Fields::from(vec![Field::new("a", DataType::Int64, true)]);
    let same_name: ArrayRef = Arc::new(StructArray::new(inner, vec![Arc::clone(&ints)], None));
    let text = Fields::from(vec![Field::new("a", DataType::Date32, true)]);
    assert!(refuse(same_name, DataType::Struct(text), true).contains("`a.a`"));
    let empty = DataType::Struct(Fields::from(vec![Field::new("b", DataType::Date32, false)]));
    let nothing: ArrayRef = Arc::new(StructArray::new_empty_fields(1, None));
    assert_eq!(
        refuse(nothing, empty, true),
        "field `a.b`: missing where the schema wants Date32"
    );
    let seconds: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX]));
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    assert!(refuse(seconds, micros, true).contains("`a`"));
    let nothing: ArrayRef = Arc::new(NullArray::new(1));
    assert!(refuse(nothing, DataType::Int32, false).contains("Column 'a'"));
}

#[test]
fn records_at_every_limit_can_be_decoded_and_rendered() {
    let deep = |open: &str, close: &str, depth| {
        format!(r#"{{"a": {}1{}}}"#, open.repeat(depth), close.repeat(depth))
    };
    let wide = (0..65).map(|key| format!(r#""{key}": 1"#));
    let wide = format!(r#"{{"a": {{{}}}}}"#, wide.collect::<Vec<_>>().join(", "));
    let all = [
        deep("[", "]", 16),
        deep("[", "]", 50_000),
        deep(r#"{"b": "#, "}", 16),
        deep(r#"{"b": "#, "}", 50_000),
        wide,
    ];
    for record in all {
        let records = [record];
        let batch = decode(&records, &observe(&records).schema());
        assert_eq!(
            render(&batch)[0].replace(' ', ""),
            records[0].replace(' ', "")
        );
    }
    let unnamed = [r#"{"\ud800": {"\udfff": "\ud800"}, "\udc00": 1}"#.to_owned()];
    let batch = decode(&unnamed, &observe(&unnamed).schema());
    let values = r#": {"\udfff": "\ud800"}, "\"\\udc00\"": 1}"#;
    assert!(render(&batch)[0].ends_with(values), "{:?}", render(&batch));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_was_observed_can_be_decoded_and_rendered(records in arbitrary::records()) {
        let schema = observe(&records).schema();
        let batch = decode(&records, &schema);
        prop_assert_eq!(meanings(&render(&batch)), meanings(&records));
    }

    #[test]
    fn what_was_observed_can_be_a_parquet_file(records in arbitrary::records()) {
        let schema = observe(&records).schema();
        let batch = decode(&records, &schema);
        if batch.num_columns() == 0 {
            return Ok(());
        }
        let file = tempfile::tempfile().unwrap();
        let mut writer = ArrowWriter::try_new(file.try_clone().unwrap(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let back = reader.map(std::result::Result::unwrap).flat_map(|batch| render(&batch));
        prop_assert_eq!(back.collect::<Vec<_>>(), render(&batch));
    }

    #[test]
    fn tables_and_records_go_into_the_joined_schema(
        parts in prop::collection::vec((arbitrary::records(), any::<bool>()), 1..5),
    ) {
        let mut join = SchemaJoin::default();
        for (records, is_table) in &parts {
            let types = observe(records);
            if *is_table {
                join.add_schema(&types.schema());
            } else {
                join.add_types(&types);
            }
        }
        let joined = join.finish().schema;
        for (records, is_table) in &parts {
            let batch = if *is_table {
                adapt(&decode(records, &observe(records).schema()), &joined).unwrap()
            } else {
                decode(records, &joined)
            };
            prop_assert_eq!(batch.schema_ref(), &joined);
            prop_assert_eq!(meanings(&render(&batch)), meanings(records));
        }
    }
}
