//! JSON as columns of a given schema, and back.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::*;
use coldpress_table::Decoder;

use super::{decoded, rendered};

fn schema(fields: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn json(name: &str) -> Field {
    field(name, DataType::Utf8).with_metadata([("ARROW:extension:name", "arrow.json")])
}

fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(field("element", element)))
}

/// Checks that the records come back as `expected`.
#[track_caller]
fn check(fields: Vec<Field>, records: &[&str], expected: &[&str]) {
    let batch = decoded(&schema(fields), records);
    assert_eq!(rendered(&batch), expected);
}

#[test]
fn text_comes_back_with_only_the_escapes_it_needs() {
    check(
        vec![field("t", DataType::Utf8)],
        &[r#"{"t":"\u0041\/\n\ud83d\ude00\u2028 é"}"#, r#"{"t": ""}"#],
        &["{\"t\": \"A/\\n😀\u{2028} é\"}", r#"{"t": ""}"#],
    );
}

#[test]
fn numbers_keep_their_value_and_not_their_spelling() {
    check(
        vec![field("i", DataType::Int64), field("f", DataType::Float64)],
        &[
            r#"{"i": -9223372036854775808, "f": 1e2}"#,
            r#"{"i": -0, "f": -0}"#,
            r#"{"i": 7, "f": 7}"#,
            r#"{"i": 7, "f": 0.30000000000000004440892098500626161694526672363281250}"#,
        ],
        &[
            r#"{"i": -9223372036854775808, "f": 100.0}"#,
            r#"{"i": 0, "f": -0.0}"#,
            r#"{"i": 7, "f": 7.0}"#,
            r#"{"i": 7, "f": 0.30000000000000004}"#,
        ],
    );
}

#[test]
fn json_text_comes_back_verbatim() {
    let records = [
        r#"{"j": {"b":  1.50, "a": [1e400, "\ud800"], "a": {}}}"#,
        r#"{"j": "\u0041"}"#,
        r#"{"j": null}"#,
        r#"{"j": 123456789012345678901234567890}"#,
    ];
    check(vec![json("j")], &records, &records);
}

#[test]
fn missing_keys_become_nulls() {
    let inner = DataType::Struct(vec![field("x", DataType::Int64), json("y")].into());
    check(
        vec![field("a", DataType::Int64), field("s", inner)],
        &["{}", r#"{"s": {}}"#, r#"{"s": {"y": [1]}, "a": 1}"#],
        &[
            r#"{"a": null, "s": null}"#,
            r#"{"a": null, "s": {"x": null, "y": null}}"#,
            r#"{"a": 1, "s": {"x": null, "y": [1]}}"#,
        ],
    );
}

#[test]
fn of_a_repeated_key_the_last_value_counts() {
    let inner = DataType::Struct(vec![field("x", DataType::Int64)].into());
    check(
        vec![
            field("a", DataType::Utf8),
            field("l", list(DataType::Int64)),
            field("s", inner),
        ],
        &[
            r#"{"a": "1", "a": "22", "l": [1, 2], "s": {"x": 1, "x": 2}, "l": [3]}"#,
            r#"{"s": {"x": 5}, "a": "z", "a": null, "s": {}, "\u0061": "last"}"#,
        ],
        &[
            r#"{"a": "22", "l": [3], "s": {"x": 2}}"#,
            r#"{"a": "last", "l": null, "s": {"x": null}}"#,
        ],
    );
    let key = Field::new("k", DataType::Utf8, false);
    let pair = DataType::Struct(vec![key, field("v", DataType::Int64)].into());
    let entries = Arc::new(Field::new("entries", pair, false));
    check(
        vec![field("m", DataType::Map(entries, false))],
        &[r#"{"m": {"a": 1, "b": 2, "\u0061": 3}}"#],
        &[r#"{"m": {"a": 3, "b": 2}}"#],
    );
}

#[test]
fn repeated_values_in_dictionaries_and_runs() {
    let dictionary = DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into());
    let ends = Field::new("run_ends", DataType::Int32, false);
    let runs = DataType::RunEndEncoded(ends.into(), field("values", DataType::Utf8).into());
    let schema = schema(vec![field("d", dictionary), field("r", runs)]);
    let record = |text: &str| format!("{{\"d\": {text}, \"r\": {text}}}");
    let records = ["\"a\"", "\"a\"", "null", "null", "\"a\""].map(record);
    let mut decoder = Decoder::new(Arc::clone(&schema)).unwrap();
    for record in &records {
        decoder.push(record).unwrap();
        // Removed rows leave no runs behind.
        let torn = record.replace('}', ", \"r\": \"x\", \"d\": 1}");
        decoder.push(&torn).unwrap_err();
    }
    let batch = decoder.finish().unwrap();
    assert_eq!(rendered(&batch), records);
    assert_eq!(batch.column(0).as_any_dictionary().values().len(), 1);
    assert!(batch.column(1).to_data().child_data()[0].len() <= 5);
}

#[test]
fn keys_come_in_any_order() {
    let names = (0..300).map(|at| format!("k{at}")).collect::<Vec<_>>();
    let fields = names.iter().map(|name| field(name, DataType::Int64));
    let schema = schema(fields.collect());
    let entry = |at: &usize| format!("\"k{at}\": {at}");
    let forward = (0..300).map(|at| entry(&at)).collect::<Vec<_>>();
    let scattered = (0..300).map(|at| entry(&(at * 7 % 300)));
    let scattered = scattered.collect::<Vec<_>>();
    let records = [&forward, &scattered].map(|entries| format!("{{{}}}", entries.join(", ")));
    let batch = decoded(&schema, &records);
    assert_eq!(rendered(&batch), [&*records[0], &*records[0]]);
}

#[test]
fn spaces_between_the_parts_do_not_matter() {
    check(
        vec![field("l", list(DataType::Int64)), json("j")],
        &["\t{ \"l\" :[ 1 ,\n2 ] ,\r \"j\": \t[ ] } "],
        &[r#"{"l": [1, 2], "j": [ ]}"#],
    );
}

#[test]
fn a_decoder_is_used_again() {
    let schema = schema(vec![
        field("t", DataType::Utf8View),
        field("b", DataType::Boolean),
    ]);
    let mut decoder = Decoder::new(Arc::clone(&schema)).unwrap();
    for round in 0..3 {
        assert_eq!(decoder.rows(), 0);
        let empty = decoder.bytes();
        decoder
            .push(r#"{"t": "a text that is kept apart", "b": true}"#)
            .unwrap();
        assert!(decoder.bytes() > empty);
        let batch = decoder.finish().unwrap();
        assert_eq!(batch.num_rows(), 1, "{round}");
        let text = batch.column(0).as_string_view();
        assert_eq!(
            (text.value(0), text.len()),
            ("a text that is kept apart", 1)
        );
    }
}

#[test]
fn the_example_of_union_members() {
    let members = UnionFields::try_new([0, 1], [field("n", DataType::Int64), json("j")]).unwrap();
    check(
        vec![field("u", DataType::Union(members, UnionMode::Dense))],
        &[
            r#"{"u": {"value": 1, "type": "\u006e"}}"#,
            r#"{"u": {"type": "j", "value": {"a":1}}}"#,
            r#"{"u": null}"#,
        ],
        &[
            r#"{"u": {"type": "n", "value": 1}}"#,
            r#"{"u": {"type": "j", "value": {"a":1}}}"#,
            r#"{"u": {"type": "n", "value": null}}"#,
        ],
    );
}
