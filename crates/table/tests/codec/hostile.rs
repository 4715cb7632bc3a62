//! Records that the decoder refuses, without being harmed.

use std::sync::Arc;

use arrow::datatypes::*;
use coldpress_table::{Decoder, Error};

use super::{decoded, rendered};

fn schema(field: Field) -> SchemaRef {
    Arc::new(Schema::new(vec![field]))
}

fn nullable(data_type: DataType) -> SchemaRef {
    schema(Field::new("v", data_type, true))
}

fn structs(fields: Vec<Field>) -> DataType {
    DataType::Struct(fields.into())
}

fn lists(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", element, true)))
}

/// Checks that the record is refused with this message, and that the rows around it are as if it had never come.
#[track_caller]
fn check(data_type: DataType, value: &str, message: &str) {
    check_schema(
        &nullable(data_type),
        &format!("{{\"v\": {value}}}"),
        message,
    );
}

#[track_caller]
fn check_schema(schema: &SchemaRef, record: &str, message: &str) {
    let mut decoder = Decoder::new(Arc::clone(schema)).unwrap();
    let error = decoder.push(record).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(decoder.rows(), 0);
    assert_eq!(decoder.finish().unwrap().num_rows(), 0);
}

#[test]
fn values_of_another_kind() {
    use DataType as T;
    let wants = |expected: &str| format!("field `v`: {expected}");
    let cases = [
        (T::Int8, "300", "the number 300 where the schema wants Int8"),
        (
            T::Int64,
            "1.0",
            "the number 1.0 where the schema wants Int64",
        ),
        (T::Int64, "\"1\"", "text where the schema wants Int64"),
        (T::UInt8, "-1", "the number -1 where the schema wants UInt8"),
        (
            T::Float64,
            "1e400",
            "the number 1e400 where the schema wants Float64",
        ),
        (
            T::Boolean,
            "1",
            "the number 1 where the schema wants Boolean",
        ),
        (T::Null, "[]", "a list where the schema wants Null"),
        (T::Utf8, "true", "a boolean where the schema wants Utf8"),
        (
            T::Utf8,
            "{\"a\": 1}",
            "an object where the schema wants Utf8",
        ),
        (
            T::Utf8,
            "\"\\ud800\"",
            "text that holds a lone surrogate escape, which no text can have where the schema wants Utf8",
        ),
        (
            T::Binary,
            "\"YQ\"",
            "text that is not base64 where the schema wants Binary",
        ),
        (
            T::FixedSizeBinary(2),
            "\"YQ==\"",
            "1 bytes where the schema wants FixedSizeBinary(2)",
        ),
        (
            T::Date32,
            "\"2024-02-30\"",
            "text where the schema wants Date32",
        ),
        (
            T::Decimal128(3, 1),
            "100.0",
            "the number 100.0 where the schema wants Decimal128(3, 1)",
        ),
        (
            lists(T::Int8),
            "\"[]\"",
            "text where the schema wants a list",
        ),
        (
            lists(T::Int8),
            "{}",
            "an object where the schema wants a list",
        ),
        (
            structs(vec![]),
            "[]",
            "a list where the schema wants an object",
        ),
        (
            structs(vec![]),
            "1.5",
            "the number 1.5 where the schema wants an object",
        ),
        (
            T::FixedSizeList(Arc::new(Field::new("element", T::Int8, true)), 2),
            "[1]",
            "a list of 1 where the schema wants a list of 2",
        ),
    ];
    for (data_type, value, expected) in cases {
        check(data_type, value, &wants(expected));
    }
    let long = format!("1{}", "0".repeat(100));
    check(
        T::Int64,
        &long,
        &wants("a number where the schema wants Int64"),
    );
}

#[test]
fn the_message_leads_to_the_value() {
    let inner = structs(vec![Field::new("n", DataType::Int8, true)]);
    let outer = structs(vec![Field::new("items", lists(inner), true)]);
    check(
        outer,
        r#"{"items": [{"n": 1}, {"n": 999}]}"#,
        "field `v.items.[].n`: the number 999 where the schema wants Int8",
    );
}

#[test]
fn nulls_where_none_may_be() {
    let record = schema(Field::new("v", DataType::Utf8, false));
    check_schema(
        &record,
        r#"{"v": null}"#,
        "field `v`: null where the schema wants Utf8 and no null",
    );
    check_schema(
        &record,
        "{}",
        "field `v`: missing where the schema wants Utf8 and no null",
    );
    let inner = structs(vec![Field::new("n", DataType::Int8, false)]);
    check(
        inner.clone(),
        "{}",
        "field `v.n`: missing where the schema wants Int8 and no null",
    );
    // In a null struct the fields have no values, so there is nothing to refuse.
    decoded(&nullable(inner), &[r#"{"v": null}"#]);
}

#[test]
fn keys_that_the_schema_lacks() {
    check_schema(
        &nullable(DataType::Int8),
        r#"{"v": 1, "more": 2}"#,
        "field `more` is not in the schema",
    );
    check(
        structs(vec![Field::new("n", DataType::Int8, true)]),
        r#"{"n": 1, "m\u00e9": 1}"#,
        "field `v.mé` is not in the schema",
    );
}

#[test]
fn what_is_no_object() {
    let schema = nullable(lists(DataType::Int8));
    let cases = [
        ("[1]", "no JSON object: this is a list"),
        (" 1", "no JSON object: this is a number"),
        ("null", "no JSON object: this is null"),
        ("", "no JSON object: EOF while parsing a value at column 0"),
        (
            r#"{"v": [1"#,
            "no JSON object: EOF while parsing a list at column 8",
        ),
        (
            r#"{"v": [1]} {}"#,
            "no JSON object: trailing characters at column 12",
        ),
    ];
    for (record, message) in cases {
        check_schema(&schema, record, message);
    }
}

#[test]
fn an_element_is_refused_and_the_rows_before_it_stay() {
    let fields = vec![
        Field::new("n", DataType::Int64, true),
        Field::new("list", lists(lists(DataType::Utf8)), true),
        Field::new("last", DataType::Int8, true),
    ];
    let schema = Arc::new(Schema::new(fields));
    let good = [
        r#"{"n": 1, "list": [["a"], []], "last": 1}"#,
        r#"{"n": 2, "list": [["b", null]], "last": null}"#,
    ];
    let mut decoder = Decoder::new(Arc::clone(&schema)).unwrap();
    decoder.push(good[0]).unwrap();
    for bad in [
        r#"{"n": 7, "list": [["x", 1]], "last": 1}"#,
        r#"{"n": 7, "list": [["x"], ["y"]], "last": 1000}"#,
        r#"{"last": 7, "n": 7, "list": [["x"]"#,
        r#"{"n": 7, "n": 8, "list": [], "list": [[1]]}"#,
    ] {
        decoder.push(bad).unwrap_err();
        assert_eq!(decoder.rows(), 1);
    }
    decoder.push(good[1]).unwrap();
    assert_eq!(decoder.finish().unwrap(), decoded(&schema, &good));
}

#[test]
fn depth_does_not_overflow_the_stack() {
    let deep = "[".repeat(1_000_000);
    let closed = format!("{deep}{}", "]".repeat(1_000_000));
    let name = ("ARROW:extension:name", "arrow.json");
    let json = Field::new("v", DataType::Utf8, true).with_metadata([name]);
    let batch = decoded(&schema(json), &[format!("{{\"v\": {closed}}}")]);
    assert_eq!(rendered(&batch)[0].len(), closed.len() + "{\"v\": }".len());
    for value in [&deep, &closed] {
        for data_type in [
            lists(lists(DataType::Utf8)),
            DataType::Utf8,
            DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into()),
        ] {
            let mut decoder = Decoder::new(nullable(data_type)).unwrap();
            decoder.push(&format!("{{\"v\": {value}}}")).unwrap_err();
        }
    }
}

#[test]
fn types_without_json() {
    let field = || Field::new("x", DataType::Int8, true);
    let equal = UnionFields::try_new([0, 1], [field(), field()]).unwrap();
    let cases = [
        nullable(DataType::Union(equal, UnionMode::Dense)),
        nullable(DataType::Union(UnionFields::empty(), UnionMode::Sparse)),
        nullable(DataType::FixedSizeBinary(-1)),
        nullable((0..200).fold(DataType::Int8, |inner, _| lists(inner))),
    ];
    for schema in cases {
        let error = Decoder::new(schema).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    }
    let twice = structs(vec![field(), field()]);
    let error = Decoder::new(nullable(twice)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the schema has the field `v.x` more than once"
    );
    // The deepest allowed nesting works.
    let deepest = (0..99).fold(DataType::Int8, |inner, _| lists(inner));
    let value = format!("{{\"v\": {}1{}}}", "[".repeat(99), "]".repeat(99));
    assert_eq!(rendered(&decoded(&nullable(deepest), &[&value])), [value]);
}

#[test]
fn a_full_batch_is_finished_and_goes_on() {
    let int8 = DataType::Int8.into();
    let dictionary = DataType::Dictionary(int8, DataType::Int64.into());
    let schema = nullable(dictionary);
    let mut decoder = Decoder::new(Arc::clone(&schema)).unwrap();
    let record = |value: i64| format!("{{\"v\": {value}}}");
    for value in 0..128 {
        decoder.push(&record(value)).unwrap();
    }
    decoder.push(&record(5)).unwrap();
    let error = decoder.push(&record(128)).unwrap_err();
    assert!(matches!(&error, Error::Full { field } if field == "v"));
    assert_eq!(decoder.finish().unwrap().num_rows(), 129);
    decoder.push(&record(128)).unwrap();
    assert_eq!(rendered(&decoder.finish().unwrap()), [record(128)]);
}

#[test]
fn runs_have_an_end_too() {
    let ends = Field::new("run_ends", DataType::Int16, false);
    let values = Field::new("values", DataType::Boolean, true);
    let schema = nullable(DataType::RunEndEncoded(ends.into(), values.into()));
    let mut decoder = Decoder::new(schema).unwrap();
    for _ in 0..i16::MAX {
        decoder.push("{}").unwrap();
    }
    for record in ["{}", r#"{"v": true}"#] {
        let error = decoder.push(record).unwrap_err();
        assert!(matches!(error, Error::Full { .. }), "{error}");
    }
    let batch = decoder.finish().unwrap();
    assert_eq!(batch.num_rows(), i16::MAX as usize);
    assert_eq!(batch.column(0).to_data().child_data()[0].len(), 1);
}
