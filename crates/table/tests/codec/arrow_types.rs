//! One test a row of the table "Arrow as JSON" in docs/types.md, named as the row.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;

use super::{column, column_of, decoded, rendered};

type Half = <Float16Type as ArrowPrimitiveType>::Native;

#[track_caller]
fn check(array: impl Array + 'static, expected: &[&str]) {
    check_batch(&column(Arc::new(array)), expected);
}

#[track_caller]
fn check_batch(batch: &RecordBatch, expected: &[&str]) {
    let records = rendered(batch);
    let expected = expected.iter().map(|value| format!("{{\"v\": {value}}}"));
    assert_eq!(records, expected.collect::<Vec<_>>());
    let back = decoded(&batch.schema(), &records);
    assert_eq!(&back, batch);
    assert_eq!(rendered(&back), records);
    back.column(0).to_data().validate_full().unwrap();
}

#[test]
fn null() {
    check(NullArray::new(2), &["null", "null"]);
}

#[test]
fn boolean() {
    let array = BooleanArray::from(vec![Some(true), None, Some(false)]);
    check(array, &["true", "null", "false"]);
}

#[test]
fn integer() {
    check(
        Int8Array::from(vec![Some(i8::MIN), None, Some(i8::MAX)]),
        &["-128", "null", "127"],
    );
    check(
        Int16Array::from(vec![i16::MIN, i16::MAX]),
        &["-32768", "32767"],
    );
    check(
        Int32Array::from(vec![i32::MIN, i32::MAX]),
        &["-2147483648", "2147483647"],
    );
    check(
        Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)]),
        &["-9223372036854775808", "null", "9223372036854775807"],
    );
    check(UInt8Array::from(vec![0, u8::MAX]), &["0", "255"]);
    check(UInt16Array::from(vec![0, u16::MAX]), &["0", "65535"]);
    check(UInt32Array::from(vec![0, u32::MAX]), &["0", "4294967295"]);
    check(
        UInt64Array::from(vec![Some(0), None, Some(u64::MAX)]),
        &["0", "null", "18446744073709551615"],
    );
}

#[test]
fn float() {
    check(
        Float64Array::from(vec![
            Some(0.1),
            Some(3.0),
            Some(-0.0),
            Some(f64::MAX),
            Some(5e-324),
            Some(f64::NAN),
            Some(f64::INFINITY),
            Some(f64::NEG_INFINITY),
            None,
        ]),
        &[
            "0.1",
            "3.0",
            "-0.0",
            "1.7976931348623157e+308",
            "5e-324",
            "\"NaN\"",
            "\"Infinity\"",
            "\"-Infinity\"",
            "null",
        ],
    );
    check(
        Float32Array::from(vec![0.1, 16_777_216.0, f32::MIN_POSITIVE, f32::NAN]),
        &["0.1", "16777216.0", "1.1754944e-38", "\"NaN\""],
    );
    check(
        Float16Array::from(vec![
            Half::from_f64(0.1),
            Half::from_f64(-2048.0),
            Half::from_bits(1),
            Half::INFINITY,
        ]),
        &["0.1", "-2048.0", "6e-8", "\"Infinity\""],
    );
}

#[test]
fn decimal() {
    let array = Decimal32Array::from(vec![Some(-12340), None]);
    check(
        array.with_precision_and_scale(9, 3).unwrap(),
        &["-12.340", "null"],
    );
    let array = Decimal64Array::from(vec![0, 999_999_999_999_999_999]);
    check(
        array.with_precision_and_scale(18, 18).unwrap(),
        &["0.000000000000000000", "0.999999999999999999"],
    );
    let array = Decimal128Array::from(vec![12, 0]);
    check(
        array.with_precision_and_scale(38, -4).unwrap(),
        &["120000", "0"],
    );
    let nines = "9".repeat(76);
    let most = i256::from_string(&nines).unwrap();
    let array = Decimal256Array::from(vec![most, i256::ZERO - most]);
    check(
        array.with_precision_and_scale(76, 0).unwrap(),
        &[&nines, &format!("-{nines}")],
    );
}

#[test]
fn string() {
    let values = || vec![Some("a\n\"\\\u{1}é\u{2028}😀"), None, Some("")];
    let expected = ["\"a\\n\\\"\\\\\\u0001é\u{2028}😀\"", "null", "\"\""];
    check(StringArray::from(values()), &expected);
    check(LargeStringArray::from(values()), &expected);
    check(StringViewArray::from(values()), &expected);
}

#[test]
fn binary() {
    let values = || {
        vec![
            Some(&b"\xff\x00\x3e\xfb\xf0"[..]),
            None,
            Some(b""),
            Some(b"a"),
        ]
    };
    let expected = ["\"/wA++/A=\"", "null", "\"\"", "\"YQ==\""];
    check(BinaryArray::from(values()), &expected);
    check(LargeBinaryArray::from(values()), &expected);
    check(BinaryViewArray::from(values()), &expected);
    let fixed = [Some([1, 2, 3]), None].into_iter();
    check(
        FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed, 3).unwrap(),
        &["\"AQID\"", "null"],
    );
    let empty = NullBuffer::from(vec![true, false]);
    check(
        FixedSizeBinaryArray::try_new(0, Vec::<u8>::new().into(), Some(empty)).unwrap(),
        &["\"\"", "null"],
    );
}

#[test]
fn date() {
    check(
        Date32Array::from(vec![Some(19_753), Some(-719_162), Some(i32::MIN), None]),
        &["\"2024-01-31\"", "\"0001-01-01\"", "-2147483648", "null"],
    );
    check(
        Date64Array::from(vec![86_400_000, 1, -1, i64::MAX]),
        &[
            "\"1970-01-02\"",
            "\"1970-01-01T00:00:00.001\"",
            "\"1969-12-31T23:59:59.999\"",
            "9223372036854775807",
        ],
    );
}

#[test]
fn time() {
    check(
        Time32SecondArray::from(vec![Some(45_296), Some(86_400), Some(-1), None]),
        &["\"12:34:56\"", "86400", "-1", "null"],
    );
    check(
        Time32MillisecondArray::from(vec![1, i32::MAX]),
        &["\"00:00:00.001\"", "2147483647"],
    );
    check(
        Time64MicrosecondArray::from(vec![86_399_999_999]),
        &["\"23:59:59.999999\""],
    );
    check(
        Time64NanosecondArray::from(vec![1, i64::MIN]),
        &["\"00:00:00.000000001\"", "-9223372036854775808"],
    );
}

#[test]
fn timestamp() {
    check(
        TimestampSecondArray::from(vec![Some(0), Some(i64::MAX), None]),
        &["\"1970-01-01T00:00:00\"", "9223372036854775807", "null"],
    );
    check(
        TimestampMillisecondArray::from(vec![-1]),
        &["\"1969-12-31T23:59:59.999\""],
    );
    check(
        TimestampMicrosecondArray::from(vec![1_706_704_496_000_001]),
        &["\"2024-01-31T12:34:56.000001\""],
    );
    check(
        TimestampNanosecondArray::from(vec![i64::MIN, i64::MAX]),
        &[
            "\"1677-09-21T00:12:43.145224192\"",
            "\"2262-04-11T23:47:16.854775807\"",
        ],
    );
}

#[test]
fn timestamp_with_zone() {
    let array = TimestampSecondArray::from(vec![Some(1_706_704_496), Some(i64::MIN), None]);
    check(
        array.with_timezone("+02:00"),
        &["\"2024-01-31T12:34:56Z\"", "-9223372036854775808", "null"],
    );
    let array = TimestampNanosecondArray::from(vec![1]);
    check(
        array.with_timezone("Europe/Berlin"),
        &["\"1970-01-01T00:00:00.000000001Z\""],
    );
}

#[test]
fn duration() {
    check(
        DurationSecondArray::from(vec![Some(-1), None]),
        &["-1", "null"],
    );
    check(
        DurationMillisecondArray::from(vec![i64::MAX]),
        &["9223372036854775807"],
    );
    check(DurationMicrosecondArray::from(vec![0]), &["0"]);
    check(
        DurationNanosecondArray::from(vec![i64::MIN]),
        &["-9223372036854775808"],
    );
}

#[test]
fn interval() {
    check(
        IntervalYearMonthArray::from(vec![Some(-14), None]),
        &[r#"{"months": -14}"#, "null"],
    );
    check(
        IntervalDayTimeArray::from(vec![IntervalDayTimeType::make_value(i32::MIN, 2)]),
        &[r#"{"days": -2147483648, "milliseconds": 2}"#],
    );
    let value = IntervalMonthDayNanoType::make_value(1, -2, i64::MAX);
    check(
        IntervalMonthDayNanoArray::from(vec![value]),
        &[r#"{"months": 1, "days": -2, "nanoseconds": 9223372036854775807}"#],
    );
}

fn lists() -> Vec<Option<Vec<Option<i32>>>> {
    vec![Some(vec![Some(1), None]), None, Some(vec![])]
}

#[test]
fn list() {
    let expected = ["[1, null]", "null", "[]"];
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(lists());
    check(list.clone(), &expected);
    check(ListViewArray::from(list), &expected);
    let list = LargeListArray::from_iter_primitive::<Int32Type, _, _>(lists());
    check(list.clone(), &expected);
    check(LargeListViewArray::from(list), &expected);
}

#[test]
fn list_view_out_of_order() {
    let values = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let field = Arc::new(Field::new("element", DataType::Int64, true));
    let array = ListViewArray::try_new(
        field,
        ScalarBuffer::from(vec![1, 0, 1]),
        ScalarBuffer::from(vec![2, 2, 0]),
        values,
        None,
    );
    check(array.unwrap(), &["[2, 3]", "[1, 2]", "[]"]);
}

#[test]
fn fixed_size_list() {
    let lists = vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![Some(3), Some(4)]),
    ];
    let array = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(lists, 2);
    check(array.clone(), &["[1, null]", "null", "[3, 4]"]);
    check(array.slice(1, 2), &["null", "[3, 4]"]);
    let field = Arc::new(Field::new("element", DataType::Int32, true));
    let values = Arc::new(Int32Array::from(Vec::<i32>::new()));
    let nulls = NullBuffer::from(vec![true, false]);
    let array = FixedSizeListArray::try_new(field, 0, values, Some(nulls));
    check(array.unwrap(), &["[]", "null"]);
}

#[test]
fn r#struct() {
    let fields = Fields::from(vec![
        Field::new("a", DataType::Int32, true),
        Field::new("b \"c\"", DataType::Utf8, false),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![Some(1), None, None])),
        Arc::new(StringArray::from(vec!["x", "y", "z"])),
    ];
    let nulls = NullBuffer::from(vec![true, true, false]);
    let array = StructArray::new(fields, columns, Some(nulls));
    let expected = [
        r#"{"a": 1, "b \"c\"": "x"}"#,
        r#"{"a": null, "b \"c\"": "y"}"#,
        "null",
    ];
    check(array, &expected);
    let nulls = NullBuffer::from(vec![true, false]);
    check(
        StructArray::new_empty_fields(2, Some(nulls)),
        &["{}", "null"],
    );
}

fn map(keys: ArrayRef, offsets: Vec<i32>, nulls: Option<NullBuffer>) -> MapArray {
    let values = (0..keys.len() as i64).map(|value| (value != 1).then_some(value));
    let values = Arc::new(values.collect::<Int64Array>());
    let fields = Fields::from(vec![
        Field::new("keys", keys.data_type().clone(), false),
        Field::new("values", DataType::Int64, true),
    ]);
    let entries = StructArray::new(fields.clone(), vec![keys, values], None);
    let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
    let offsets = OffsetBuffer::new(offsets.into());
    MapArray::new(field, offsets, entries, nulls, false)
}

#[test]
fn map_with_text_keys() {
    let nulls = || Some(NullBuffer::from(vec![true, false, true]));
    let expected = [r#"{"b": 0, "\"a": null}"#, "null", "{}"];
    let keys = Arc::new(StringArray::from(vec!["b", "\"a"]));
    check(map(keys, vec![0, 2, 2, 2], nulls()), &expected);
    let keys = Arc::new(LargeStringArray::from(vec!["b", "\"a"]));
    check(map(keys, vec![0, 2, 2, 2], nulls()), &expected);
    let keys = Arc::new(StringViewArray::from(vec!["b", "\"a"]));
    check(map(keys, vec![0, 2, 2, 2], nulls()), &expected);
}

#[test]
fn map_with_other_or_repeated_keys() {
    let keys = Arc::new(StringArray::from(vec!["a", "b", "a", "a"]));
    check(
        map(keys, vec![0, 3, 4], None),
        &[
            r#"[{"key": "a", "value": 0}, {"key": "b", "value": null}, {"key": "a", "value": 2}]"#,
            r#"{"a": 3}"#,
        ],
    );
    let keys = Arc::new(Date32Array::from(vec![0]));
    check(
        map(keys, vec![0, 1, 1], None),
        &[r#"[{"key": "1970-01-01", "value": 0}]"#, "[]"],
    );
    // More keys than are compared one by one.
    let names = (0..40)
        .map(|at| format!("k{}", at % 39))
        .collect::<Vec<_>>();
    let keys = Arc::new(StringArray::from(names));
    let batch = column(Arc::new(map(keys, vec![0, 39, 40], None)));
    let records = rendered(&batch);
    assert!(
        records[0].starts_with(r#"{"v": {"k0": 0"#),
        "{}",
        records[0]
    );
    assert_eq!(decoded(&batch.schema(), &records), batch);
}

#[test]
fn dictionary() {
    let array: DictionaryArray<Int8Type> = vec![Some("a"), None, Some("b"), Some("a")]
        .into_iter()
        .collect();
    check(array, &["\"a\"", "null", "\"b\"", "\"a\""]);
    let keys = UInt64Array::from(vec![Some(1), None, Some(0)]);
    let values = Arc::new(Float64Array::from(vec![0.5, f64::NAN]));
    check(
        DictionaryArray::new(keys, values),
        &["\"NaN\"", "null", "0.5"],
    );
}

#[test]
fn run_end_encoded() {
    let ends = Int16Array::from(vec![2, 3, 5]);
    let values = StringArray::from(vec![Some("a"), None, Some("b")]);
    let array = RunArray::try_new(&ends, &values).unwrap();
    let expected = ["\"a\"", "\"a\"", "null", "\"b\"", "\"b\""];
    check(array.clone(), &expected);
    check(array.slice(1, 3), &expected[1..4]);
    // The fields within may have any name.
    let data_type = DataType::RunEndEncoded(
        Arc::new(Field::new("ends", DataType::Int64, false)),
        Arc::new(Field::new("value", DataType::Int32, true)),
    );
    let data = ArrayData::builder(data_type)
        .len(3)
        .add_child_data(Int64Array::from(vec![1, 3]).into_data())
        .add_child_data(Int32Array::from(vec![7, 8]).into_data());
    let batch = column(make_array(data.build().unwrap()));
    check_batch(&batch, &["7", "8", "8"]);
}

fn members() -> UnionFields {
    let fields = [
        Field::new("n", DataType::Int32, true),
        Field::new("s", DataType::Utf8, true),
    ];
    UnionFields::try_new([5, 2], fields).unwrap()
}

#[test]
fn union() {
    let expected = [
        r#"{"type": "s", "value": "x"}"#,
        r#"{"type": "n", "value": 1}"#,
        r#"{"type": "n", "value": null}"#,
    ];
    let ids = ScalarBuffer::from(vec![2_i8, 5, 5]);
    let children: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![Some(1), None])),
        Arc::new(StringArray::from(vec!["x"])),
    ];
    let offsets = Some(ScalarBuffer::from(vec![0, 0, 1]));
    check(
        UnionArray::try_new(members(), ids.clone(), offsets, children).unwrap(),
        &expected,
    );
    let children: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![None, Some(1), None])),
        Arc::new(StringArray::from(vec![Some("x"), None, None])),
    ];
    check(
        UnionArray::try_new(members(), ids, None, children).unwrap(),
        &expected,
    );
}

fn json_field(data_type: DataType) -> Field {
    let name = ("ARROW:extension:name".to_owned(), "arrow.json".to_owned());
    Field::new("v", data_type, true).with_metadata([name])
}

#[test]
fn json_text() {
    let json = vec![
        Some(r#"{"a":  [1.50, "\ud800"], "a": 1e999}"#),
        None,
        Some("\"text\""),
    ];
    let expected = [
        r#"{"a":  [1.50, "\ud800"], "a": 1e999}"#,
        "null",
        "\"text\"",
    ];
    let arrays: [ArrayRef; 3] = [
        Arc::new(StringArray::from(json.clone())),
        Arc::new(LargeStringArray::from(json.clone())),
        Arc::new(StringViewArray::from(json)),
    ];
    for array in arrays {
        let field = json_field(array.data_type().clone());
        check_batch(&column_of(field, array), &expected);
    }
}

#[test]
fn json_text_that_changes() {
    // Line ends between the parts and spaces around go, `null` is a null, what is no JSON is a string.
    let texts = vec![" [1,\r\n 2]\n", "null", "{torn", ""];
    let batch = column_of(
        json_field(DataType::Utf8),
        Arc::new(StringArray::from(texts)),
    );
    let records = rendered(&batch);
    assert_eq!(
        records,
        [
            r#"{"v": [1, 2]}"#,
            r#"{"v": null}"#,
            r#"{"v": "{torn"}"#,
            r#"{"v": ""}"#
        ]
    );
    let back = decoded(&batch.schema(), &records);
    assert_eq!(rendered(&back), records);
}

#[test]
fn no_columns() {
    let options = RecordBatchOptions::new().with_row_count(Some(2));
    let schema = Arc::new(Schema::empty());
    let batch = RecordBatch::try_new_with_options(schema, vec![], &options).unwrap();
    let records = rendered(&batch);
    assert_eq!(records, ["{}", "{}"]);
    assert_eq!(decoded(&batch.schema(), &records), batch);
}
