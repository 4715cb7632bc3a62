//! Types that hold no others, with one test for each row of the table "Arrow as JSON" in docs/types.md, named like the row.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::NullBuffer;
use arrow::datatypes::*;

use super::{check, check_batch, column_of, decoded, rendered};

type Half = <Float16Type as ArrowPrimitiveType>::Native;

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
    // Line ends between tokens and surrounding spaces are removed, `null` is a null, and invalid JSON is a string.
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
