use arrow::datatypes::{DataType, Field};
use proptest::prelude::*;

use super::*;
use crate::{SchemaJoin, SchemaRef, arbitrary};

impl Types {
    /// Returns the schema of a table that holds the records without loss.
    pub(crate) fn schema(&self) -> SchemaRef {
        let mut join = SchemaJoin::default();
        join.add_types(self);
        join.finish().schema
    }
}

fn observe(records: &[&str]) -> Types {
    let mut types = Types::default();
    for (at, record) in records.iter().enumerate() {
        types.observe(record, &Origin::new(0, at as u64));
    }
    types
}

/// Checks the type of the field `a` of the records; `json` means JSON text.
#[track_caller]
fn check(records: &[&str], expected: &str) {
    let types = observe(records);
    let back: Types = serde_json::from_str(&serde_json::to_string(&types).unwrap()).unwrap();
    assert_eq!(back, types);
    let schema = back.schema();
    let field = schema.field_with_name("a").unwrap();
    assert!(field.is_nullable());
    assert_eq!(show(field), expected, "{records:?}");
}

fn show(field: &Field) -> String {
    match field.data_type() {
        DataType::List(element) => format!("[{}]", show(element)),
        DataType::Struct(children) => {
            let children = children
                .iter()
                .map(|child| format!("{}: {}", child.name(), show(child)));
            format!("{{{}}}", children.collect::<Vec<_>>().join(", "))
        }
        DataType::Utf8 if crate::is_json_text(field) => "json".to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn scalars() {
    check(&[r#"{"a": null}"#], "Null");
    check(&[r#"{"a": true}"#, "{}"], "Boolean");
    check(&[r#"{"a": 1}"#, r#"{"a": -9223372036854775808}"#], "Int64");
    check(&[r#"{"a": 1}"#, r#"{"a": 18446744073709551615}"#], "UInt64");
    check(&[r#"{"a": -1}"#, r#"{"a": 9223372036854775808}"#], "json");
    check(&[r#"{"a": 18446744073709551616}"#], "json");
    check(&[r#"{"a": 1.5}"#, r#"{"a": 9007199254740992}"#], "Float64");
    check(&[r#"{"a": 1.5}"#, r#"{"a": 9007199254740993}"#], "json");
    check(&[r#"{"a": 1e400}"#], "json");
    check(&[r#"{"a": "x"}"#, r#"{"a": null}"#], "Utf8");
    check(&[r#"{"a": "\ud800"}"#], "json");
    check(&[r#"{"a": "x"}"#, r#"{"a": 1}"#], "json");
    check(&[r#"{"a": false}"#, r#"{"a": 0}"#], "json");
}

#[test]
fn lists() {
    check(&[r#"{"a": []}"#], "[Null]");
    check(&[r#"{"a": [null, 1]}"#, r#"{"a": [2.5]}"#], "[Float64]");
    check(&[r#"{"a": [[], ["x"]]}"#], "[[Utf8]]");
    check(&[r#"{"a": [1, "x"]}"#], "json");
    check(&[r#"{"a": [[1], [true]]}"#], "json");
    check(&[r#"{"a": [1]}"#, r#"{"a": 1}"#], "json");
    check(
        &[r#"{"a": [{"b": 1}, {"c": "x"}]}"#],
        "[{b: Int64, c: Utf8}]",
    );
    check(&[r#"{"a": [{"b": 1}, {"b": "x"}]}"#], "json");
    check(
        &[r#"{"a": {"b": [{"c": 1}, {"c": []}], "d": 1}}"#],
        "{b: json, d: Int64}",
    );
}

#[test]
fn objects() {
    check(
        &[r#"{"a": {"b": 1}}"#, r#"{"a": {"c": null}}"#],
        "{b: Int64, c: Null}",
    );
    check(
        &[r#"{"a": {"b": {"c": [1]}}}"#, r#"{"a": null}"#],
        "{b: {c: [Int64]}}",
    );
    check(&[r#"{"a": {"b": 1}}"#, r#"{"a": {"b": "x"}}"#], "{b: json}");
    check(&[r#"{"a": {}}"#], "json");
    check(&[r#"{"a": {"b": 1}}"#, r#"{"a": {}}"#], "json");
    check(&[r#"{"a": {"b": 1}}"#, r#"{"a": [1]}"#], "json");
    check(&[r#"{"a": {"\ud800": 1}}"#], "json");
    check(&[r#"{"a": {"b": {"\ud800": 1}}}"#], "{b: json}");
}

#[test]
fn of_a_repeated_key_the_last_value_counts() {
    check(&[r#"{"a": "x", "b": 1, "a": 1}"#], "Int64");
    check(&[r#"{"a": "x", "\u0061": null}"#], "Null");
    check(&[r#"{"a": {"b": 1}, "a": {"c": 1}}"#], "{c: Int64}");
    check(&[r#"{"a": {"b": "x", "b": true}}"#], "{b: Boolean}");
    let types = observe(&[r#"{"b": 1, "a": 2, "b": 3}"#]);
    assert_eq!(types.field_names().collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn fields_stand_where_they_were_first_seen() {
    let mut types = observe(&[r#"{"z": 1, "y": 2}"#, "{}", r#"{"x": 1, "z": 1}"#]);
    types.join(&observe(&[r#"{"w": 1, "y": 1, "v": 2}"#]));
    assert_eq!(
        types.field_names().collect::<Vec<_>>(),
        ["z", "y", "x", "w", "v"]
    );
    assert_eq!(types.records(), 4);
    assert!(!types.is_empty());
}

#[test]
fn keys_that_are_no_text_stay_as_written() {
    let types = observe(&[r#"{"\ud800x": 1, "\u00e9": 2}"#]);
    assert_eq!(
        types.field_names().collect::<Vec<_>>(),
        [r#""\ud800x""#, "é"]
    );
}

#[test]
fn sixteen_levels_have_columns() {
    let lists = |depth: usize| format!(r#"{{"a": {}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    check(
        &[&lists(16)],
        &format!("{}Int64{}", "[".repeat(16), "]".repeat(16)),
    );
    check(&[&lists(17)], "json");
    check(&[&lists(100_000)], "json");
    let objects = |depth: usize| {
        format!(
            r#"{{"a": {}1{}}}"#,
            r#"{"b": "#.repeat(depth),
            "}".repeat(depth)
        )
    };
    let columns = |inner| format!("{}{inner}{}", "{b: ".repeat(16), "}".repeat(16));
    check(&[&objects(16)], &columns("Int64"));
    check(&[&objects(17)], &columns("json"));
    check(&[&objects(50_000)], &columns("json"));
}

#[test]
fn sixty_four_keys_have_columns() {
    let object = |keys: std::ops::Range<usize>| {
        let keys = keys.map(|key| format!(r#""k{key}": 1"#));
        format!(r#"{{"a": {{{}}}}}"#, keys.collect::<Vec<_>>().join(","))
    };
    let columns = (0..64).map(|key| format!("k{key}: Int64"));
    let columns = format!("{{{}}}", columns.collect::<Vec<_>>().join(", "));
    check(&[&object(0..64), &object(1..64)], &columns);
    check(&[&object(0..33), &object(33..64)], &columns);
    check(&[&object(0..65)], "json");
    check(&[&object(0..40), &object(30..65)], "json");
    let mut parts = observe(&[&object(0..40)]);
    parts.join(&observe(&[&object(30..65)]));
    assert_eq!(parts.schema(), observe(&[&object(0..65)]).schema());
}

#[test]
fn the_first_keys_are_columns_and_one_more_takes_the_rest() {
    let record = |keys: std::ops::Range<usize>| {
        let members = keys.map(|key| format!(r#""key {key}": {key}"#));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    };
    let (all, most) = (record(0..20_000), Types::MAX_COLUMNS);
    let types = observe(&[&all, &all]);
    assert_eq!(types.field_names().count(), most);
    assert!(types.has_more());
    let schema = types.schema();
    assert_eq!(schema.fields().len(), most + 1);
    assert_eq!(schema.field(most - 1).name(), &format!("key {}", most - 1));
    assert_eq!(schema.field(most).name(), "__rest__");
    // The result does not depend on how the records are cut.
    let records = [record(0..1_500), record(1_400..2_900), record(10..20)];
    let whole = observe(&[&records[0], &records[1], &records[2]]);
    let mut parts = observe(&[&records[0]]);
    parts.join(&observe(&[&records[1]]));
    parts.join(&observe(&[&records[2]]));
    assert!(parts.has_more() && whole.has_more());
    let names = |types: &Types| types.field_names().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(&parts), names(&whole));
    assert_eq!(observe(&[&record(0..most)]).schema().fields().len(), most);
}

#[test]
fn what_is_no_object_has_no_fields() {
    for record in ["", "[1]", "{", r#"{"a"#, r#"{"a": "#, "nonsense", "{]}"] {
        assert!(observe(&[record]).schema().fields().len() <= 1, "{record}");
    }
}

#[test]
fn the_form_on_disk_is_compact() {
    let types = observe(&[r#"{"a": 1, "b": [{"c": "x"}], "d": null}"#]);
    let expected = concat!(
        r#"{"records":1,"fields":["#,
        r#"{"name":"a","held":{"kinds":[{"kind":"positive","source":0,"position":0}]}},"#,
        r#"{"name":"b","held":{"kinds":[{"kind":"list","source":0,"position":0}],"#,
        r#""element":{"kinds":[{"kind":"object","source":0,"position":0}],"#,
        r#""children":[{"name":"c","held":{"kinds":[{"kind":"text","source":0,"position":0}]}}]}}},"#,
        r#"{"name":"d","held":{}}]}"#
    );
    assert_eq!(serde_json::to_string(&types).unwrap(), expected);
}

proptest! {
    #[test]
    fn parts_can_be_joined_in_any_grouping(
        records in arbitrary::records(),
        first in 0_usize..8,
        second in 0_usize..8,
        right_first in any::<bool>(),
    ) {
        let whole = observe(&records.iter().map(String::as_str).collect::<Vec<_>>());
        let (first, second) = (first.min(second), first.max(second));
        let (first, second) = (first.min(records.len()), second.min(records.len()));
        let part = |range: std::ops::Range<usize>| {
            let mut types = Types::default();
            for at in range {
                types.observe(&records[at], &Origin::new(0, at as u64));
            }
            let json = serde_json::to_string(&types).unwrap();
            serde_json::from_str::<Types>(&json).unwrap()
        };
        let mut left = part(0..first);
        let mut middle = part(first..second);
        let right = part(second..records.len());
        if right_first {
            middle.join(&right);
            left.join(&middle);
        } else {
            left.join(&middle);
            left.join(&right);
        }
        prop_assert_eq!(left, whole);
    }
}
