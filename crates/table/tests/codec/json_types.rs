//! One test for each row of the table "JSON as columns" in docs/types.md, named like the row. Records become columns of their
//! types, and records again.

use std::sync::Arc;

use arrow::datatypes::*;
use coldpress_record::Origin;
use coldpress_table::{SchemaJoin, Types};
use proptest::prelude::*;
use serde_json::Value;

use super::{decoded, rendered};

fn schema(records: &[impl AsRef<str>]) -> SchemaRef {
    let mut types = Types::default();
    for (at, record) in records.iter().enumerate() {
        types.observe(record.as_ref(), &Origin::new(0, at as u64));
    }
    let mut join = SchemaJoin::default();
    join.add_types(&types);
    join.finish().schema
}

/// Checks that the values of `v` in the records have the type `expected` and come back as `values`.
#[track_caller]
fn check(values: &[&str], expected: &Field, back: &[&str]) {
    let record = |value: &&str| match *value {
        "" => "{}".to_owned(),
        value => format!("{{\"v\": {value}}}"),
    };
    let records = values.iter().map(record).collect::<Vec<_>>();
    let schema = schema(&records);
    let found = schema.field(0);
    assert_eq!(found.data_type(), expected.data_type());
    assert_eq!(found.extension_type_name(), expected.extension_type_name());
    let back = back.iter().map(|value| format!("{{\"v\": {value}}}"));
    assert_eq!(
        rendered(&decoded(&schema, &records)),
        back.collect::<Vec<_>>()
    );
}

fn of(data_type: DataType) -> Field {
    Field::new("v", data_type, true)
}

fn json() -> Field {
    of(DataType::Utf8).with_metadata([("ARROW:extension:name", "arrow.json")])
}

fn list(element: DataType) -> Field {
    let element = Field::new("element", element, true);
    of(DataType::List(Arc::new(element)))
}

fn object(children: &[(&str, DataType)]) -> DataType {
    let field = |(name, data_type): &(&str, DataType)| Field::new(*name, data_type.clone(), true);
    DataType::Struct(children.iter().map(field).collect())
}

#[test]
fn null() {
    check(&["null", "null"], &of(DataType::Null), &["null", "null"]);
}

#[test]
fn boolean() {
    let values = ["true", "null", "false"];
    check(&values, &of(DataType::Boolean), &values);
}

#[test]
fn integer() {
    check(
        &["-9223372036854775808", "9223372036854775807", "-0"],
        &of(DataType::Int64),
        &["-9223372036854775808", "9223372036854775807", "0"],
    );
}

#[test]
fn unsigned_integer() {
    let values = ["0", "18446744073709551615"];
    check(&values, &of(DataType::UInt64), &values);
}

#[test]
fn float() {
    check(
        &["1.50", "-0.0", "1E2", "5e-324", "0.1234567890123456789"],
        &of(DataType::Float64),
        &["1.5", "-0.0", "100.0", "5e-324", "0.12345678901234568"],
    );
}

#[test]
fn integer_with_float() {
    check(
        &["9007199254740992", "0.5"],
        &of(DataType::Float64),
        &["9007199254740992.0", "0.5"],
    );
    let values = ["9007199254740993", "0.5"];
    check(&values, &json(), &values);
}

#[test]
fn big_number() {
    for values in [
        ["18446744073709551616", "1"],
        ["-9223372036854775809", "1"],
        ["9223372036854775808", "-1"],
        ["1e400", "1.50"],
    ] {
        check(&values, &json(), &values);
    }
}

#[test]
fn string() {
    check(
        &[r#""\u0041\/\n""#, "\"\"", "null"],
        &of(DataType::Utf8),
        &[r#""A/\n""#, "\"\"", "null"],
    );
}

#[test]
fn string_that_is_no_text() {
    let values = [r#""\ud800""#, r#""\u0041""#];
    check(&values, &json(), &values);
}

#[test]
fn list_of_one_type() {
    let values = ["[1, null]", "[]", "null"];
    check(&values, &list(DataType::Int64), &values);
    check(
        &["[[1]]", "[[0.5], []]"],
        &list(list(DataType::Float64).data_type().clone()),
        &["[[1.0]]", "[[0.5], []]"],
    );
}

#[test]
fn empty_list() {
    let values = ["[]", "[null]"];
    check(&values, &list(DataType::Null), &values);
}

#[test]
fn list_of_several_types() {
    let values = [r#"[1,"x"]"#, "[ 2 ]"];
    check(&values, &json(), &values);
    let values = [r#"[{"a": 1}]"#, r#"[{"a": "x"}]"#];
    check(&values, &json(), &values);
}

#[test]
fn object_with_known_keys() {
    let children = [("a", DataType::Int64), ("b", DataType::Utf8)];
    check(
        &[r#"{"a":1}"#, r#"{"b": "x", "a": null}"#, "null"],
        &of(object(&children)),
        &[r#"{"a": 1, "b": null}"#, r#"{"a": null, "b": "x"}"#, "null"],
    );
}

#[test]
fn object_with_a_mixed_child() {
    let record = [r#"{"v": {"a": 1.50}}"#, r#"{"v": {"a": [ ]}}"#];
    let schema = schema(&record);
    let DataType::Struct(children) = schema.field(0).data_type() else {
        panic!("{schema}");
    };
    assert_eq!(children[0].extension_type_name(), Some("arrow.json"));
    assert_eq!(rendered(&decoded(&schema, &record)), record);
}

#[test]
fn object_without_keys() {
    let values = ["{}", r#"{"a":1}"#];
    check(&values, &json(), &values);
}

#[test]
fn object_with_too_many_keys() {
    let key = |at: usize| format!("\"k{at}\":{at}");
    let keys = |count: usize| (0..count).map(key).collect::<Vec<_>>().join(",");
    let value = format!("{{{}}}", keys(65));
    check(&[&value], &json(), &[&value]);
    let fewer = format!("[{{\"v\": {{{}}}}}]", keys(64));
    let fewer = &fewer[1..fewer.len() - 1];
    assert!(schema(&[fewer]).field(0).data_type().is_nested());
}

#[test]
fn nested_too_deep() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    check(&[&nested(17)], &json(), &[&nested(17)]);
    let deep = nested(16);
    let schema = schema(&[format!("{{\"v\": {deep}}}")]);
    assert!(schema.field(0).data_type().is_nested());
    check(&[&deep], schema.field(0), &[&deep]);
}

#[test]
fn several_types() {
    let values = ["1.50", "\"x\"", "true", "[1,2]", r#"{"a":1}"#, "null"];
    check(&values, &json(), &values);
}

#[test]
fn missing() {
    check(&["1", ""], &of(DataType::Int64), &["1", "null"]);
}

#[test]
fn repeated_key() {
    let record = [r#"{"v": "x", "v": {"a": 1, "a": 2}}"#];
    let schema = schema(&record);
    assert_eq!(
        schema.field(0).data_type(),
        &object(&[("a", DataType::Int64)])
    );
    assert_eq!(rendered(&decoded(&schema, &record)), [r#"{"v": {"a": 2}}"#]);
    // Values that do not count may have any type, at any depth, and keys that no column has.
    let records = [
        r#"{"v": {"l": ["\ud800"], "x": 1, "l": []}, "v": {"l": [[1e999]], "l": [{"a": [], "a": 1}]}}"#,
    ];
    let schema = self::schema(&records);
    assert_eq!(
        rendered(&decoded(&schema, &records)),
        [r#"{"v": {"l": [{"a": 1}]}}"#]
    );
}

#[test]
fn no_fields() {
    let schema = schema(&["{}"]);
    assert_eq!(schema.fields().len(), 0);
    assert_eq!(decoded(&schema, &["{}", "{}"]).num_rows(), 2);
}

fn value() -> impl Strategy<Value = Value> {
    let numbers = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-9_i32..9).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        numbers.clone(),
        numbers,
        "[a-c\\n\"é😀]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object_of(inner),
        ]
    })
}

fn object_of(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let keys = "[a-c\"]{1,2}";
    prop::collection::btree_map(keys, inner, 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

/// Returns the value without the differences that columns do not keep: between missing and null in objects, and between an integer
/// and the float of the same value.
fn essence(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(_, value)| !value.is_null());
            let entries = entries.map(|(key, value)| (key.clone(), essence(value)));
            Value::Object(entries.collect())
        }
        Value::Array(elements) => elements.iter().map(essence).collect(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.trunc() == float && float.abs() < 9e15 => {
                Value::from(float as i64)
            }
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_record_is_too_odd_for_the_columns_of_its_dataset(
        values in prop::collection::vec(object_of(value()), 1..6)
    ) {
        let records = values.iter().map(Value::to_string).collect::<Vec<_>>();
        let schema = schema(&records);
        let back = rendered(&decoded(&schema, &records));
        for (before, after) in records.iter().zip(&back) {
            let [before, after] = [before, after].map(|json| serde_json::from_str(json).unwrap());
            prop_assert_eq!(essence(&before), essence(&after));
        }
    }
}
