//! A record may be written and read again between any two changes, as happens when work is resumed. The result must not show it.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{filled, written};
use crate::batch::Batch;
use crate::carrier::{Carrier, FieldValue};
use crate::edits::Edits;
use crate::path::DeclaredFields;

const NAMES: [&str; 8] = ["m.t", "text", "m", "a", "m.u", "n.x.y", "n.x", "b.c"];

/// Records that have some of the fields, in many ways.
const LINES: [&str; 12] = [
    r#"{"text": "one", "o": 1.50}"#,
    r#"{ "m" :{"t": "a\u00e9", "u":[1] , "o":{}} , "text":"b", "a" : null }"#,
    r#"{"m": {"t": "a"}, "a": 1, "m": {"u": 2}, "a": "two"}"#,
    r#"{"m": {"t": 1, "t": "x"}, "m": 5, "text": "a", "text": "b"}"#,
    r#"{"m.t": "literal", "m": {"t": "nested"}, "n": {"x": {"y": "deep"}}}"#,
    r#"{"n": null, "m": null, "b": {"c": "c"}, "b.c": "d"}"#,
    r#"{"n": {"x": "text"}, "b": "text", "m": {}}"#,
    r#"{"n": {"x.y": "literal", "x": {"z": 0}}, "m": {"u": "u" , "t": "t" } }"#,
    r#"{"a": "\ud800", "m": {"t": "\ud800"}, "text": 7}"#,
    r#"{"n": {"x": {"y": null}}, "m": [{"t": 1}], "text": "a"}"#,
    "{ }",
    "{}",
];

/// One change of a record.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, Value),
    Remove(usize),
    /// Replaces a field's text, if it has one.
    Edit(usize, String),
    /// Adds a field in front of the whole record.
    EditRecord(&'static str),
    /// Makes the record its own only child, with another text.
    Split(usize, String),
}

fn any_change() -> impl Strategy<Value = Change> {
    let values = vec![
        json!("né"),
        json!(1.5),
        json!(null),
        json!({}),
        json!({"t": "T", "u": {"t": 1}}),
        json!({"x": {"y": "Y"}, "y": "Z"}),
        json!([{"t": 1}]),
    ];
    let (column, value) = (0..NAMES.len(), prop::sample::select(values));
    prop_oneof![
        4 => (column.clone(), value).prop_map(|(column, value)| Change::Set(column, value)),
        3 => column.clone().prop_map(Change::Remove),
        3 => (column.clone(), "[aé\"]{0,2}").prop_map(|(column, text)| Change::Edit(column, text)),
        1 => (column, "[aé]{1,2}").prop_map(|(column, text)| Change::Split(column, text)),
        1 => prop::sample::select(vec!["w", "m", "text", "b.c"]).prop_map(Change::EditRecord),
    ]
}

fn apply(batch: &mut Batch, change: &Change) {
    match change {
        Change::Set(column, value) => batch.set_value(*column, 0, value),
        Change::Remove(column) => batch.remove_field(*column, 0),
        Change::Edit(column, new) => {
            let Ok(old) = batch.text(*column, 0).map(str::to_owned) else {
                return;
            };
            let mut edits = Edits::default();
            edits.replace_all(&old, new);
            batch.edit_text(*column, 0, &edits).unwrap();
        }
        Change::EditRecord(name) => {
            let is_empty = !batch.record(0).contains(':');
            let mut edits = Edits::default();
            edits.replace(
                1..1,
                &format!(
                    r#""{name}": {{"t": "new"}}{}"#,
                    if is_empty { "" } else { "," }
                ),
            );
            batch.edit_record(0, &edits).unwrap();
        }
        Change::Split(column, text) => {
            if batch.text(*column, 0).is_ok() {
                batch.replace_rows(*column, &[(0, 0, text.clone())]);
            }
        }
    }
}

fn fields() -> DeclaredFields {
    DeclaredFields::new(NAMES)
}

fn read(line: &str, fields: &DeclaredFields) -> Batch {
    let (batch, rejects) = filled(&[line], fields);
    assert_eq!(rejects, [], "{line}");
    batch
}

/// The text and the JSON of a field, as operators read them.
type Shown = (Option<String>, Option<String>);

/// Returns the record, and what operators read in it.
fn shown(batch: &Batch) -> (String, Vec<Shown>) {
    let cell = |column| {
        let text = batch.text(column, 0).ok().map(str::to_owned);
        (text, batch.json(column, 0).map(|json| json.into_owned()))
    };
    (batch.record(0), (0..NAMES.len()).map(cell).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn nothing_shows_of_it(
        line in prop::sample::select(LINES.to_vec()),
        changes in prop::collection::vec((any_change(), any::<bool>()), 1..7),
    ) {
        let (mut batch, mut again) = (read(line, &fields()), read(line, &fields()));
        for (change, reads_again) in &changes {
            apply(&mut batch, change);
            apply(&mut again, change);
            if *reads_again {
                again = read(&written(&again, 0, &fields()), &fields());
            }
            prop_assert_eq!(shown(&batch), shown(&again), "after {:?}", change);
        }
    }

    #[test]
    fn what_was_recorded_gives_the_same_whatever_else_is_declared(
        line in prop::sample::select(LINES.to_vec()),
        changes in prop::collection::vec((any_change(), any::<bool>()), 1..7),
        order in Just((0..NAMES.len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let others = DeclaredFields::new(order.iter().map(|column| NAMES[*column]).chain(["w", "m.o"]));
        let columns: Vec<usize> = NAMES.iter().filter_map(|name| others.column(name)).collect();
        let (mut batch, mut again) = (read(line, &fields()), read(line, &others));
        batch.begin_record();
        for (change, ends_part) in &changes {
            apply(&mut batch, change);
            if *ends_part {
                let mut part = Vec::new();
                batch.end_record(&mut part);
                again.replay(&part, &columns, &[]).unwrap();
                prop_assert_eq!(again.record(0), batch.record(0), "after {:?}", change);
                batch.begin_record();
            }
        }
    }

    #[test]
    fn rows_of_columns_change_as_lines_do(
        values in prop::collection::vec(prop::sample::select(vec![json!("té"), json!(1), json!(null)]), 3),
        typed in any::<bool>(),
        changes in prop::collection::vec(any_change(), 1..6),
    ) {
        // The carrier itself writes a text that is edited in place among others.
        let row = Row(vec![("text", values[0].clone()), ("a", values[1].clone()), ("o", values[2].clone())]);
        let mut carried = Batch::default();
        carried.fill_carried(0, 0..1, Arc::new(row.clone()), &fields(), |column, _| match row.value(NAMES[column]) {
            None => FieldValue::Absent,
            Some(Value::Null) => FieldValue::Null,
            Some(Value::String(text)) if typed => FieldValue::Typed(json!(text).to_string().into(), "a time"),
            Some(Value::String(text)) => FieldValue::Text(text),
            Some(value) => FieldValue::Json(value.to_string().into()),
        });
        let mut lines = read(&carried.record(0), &fields());
        for change in &changes {
            // A value that isn't text in its column stays so until it is changed.
            if let Change::Edit(column, _) | Change::Split(column, _) = change
                && carried.text(*column, 0).is_err()
            {
                continue;
            }
            apply(&mut carried, change);
            apply(&mut lines, change);
            prop_assert_eq!(carried.record(0), lines.record(0), "after {:?}", change);
        }
    }
}

#[derive(Clone, Debug)]
struct Row(Vec<(&'static str, Value)>);

impl Row {
    fn value(&self, name: &str) -> Option<&Value> {
        let mut values = self.0.iter();
        values.find_map(|(known, value)| (*known == name).then_some(value))
    }
}

impl Carrier for Row {
    fn write_record(&self, _: usize, changed: &[(&str, &str)], out: &mut Vec<u8>) {
        let entry = |(name, value): &(&str, Value)| {
            let new = changed
                .iter()
                .find_map(|(of, text)| (of == name).then(|| json!(text)));
            format!("{}: {}", json!(name), new.as_ref().unwrap_or(value))
        };
        let entries: Vec<String> = self.0.iter().map(entry).collect();
        out.extend_from_slice(format!("{{{}}}", entries.join(", ")).as_bytes());
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[test]
fn a_field_and_one_in_it_are_both_changed() {
    let mut batch = read(r#"{"m": {"t": "a", "o": 1}}"#, &fields());
    let (t, m) = (0, 2);
    apply(&mut batch, &Change::Edit(t, "b".into()));
    assert_eq!(batch.json(m, 0).as_deref(), Some(r#"{"t": "b", "o": 1}"#));
    batch.set_value(m, 0, &json!({"t": "c"}));
    assert_eq!(batch.text(t, 0), Ok("c"));
    apply(&mut batch, &Change::Edit(t, "d".into()));
    assert_eq!(batch.record(0), r#"{"m": {"t":"d"}}"#);
}

#[test]
fn fields_are_added_in_the_order_of_the_changes_and_what_they_lie_in_stays() {
    let mut batch = read(r#"{"o": 1}"#, &fields());
    let (t, text, a) = (0, 1, 3);
    batch.set_value(a, 0, &json!(1));
    batch.set_value(t, 0, &json!(2));
    batch.set_value(text, 0, &json!(3));
    batch.remove_field(t, 0);
    assert_eq!(batch.record(0), r#"{"o": 1, "a": 1, "m": {}, "text": 3}"#);
}

#[test]
fn a_text_within_a_column_changes_what_it_lies_in() {
    let row = Row(vec![("m.t", json!("a")), ("m", json!({"o": 1}))]);
    let (t, m) = (0, 2);
    for splits in [false, true] {
        let (row, mut batch) = (row.clone(), Batch::default());
        batch.fill_carried(
            0,
            0..1,
            Arc::new(row),
            &fields(),
            |column, _| match column {
                0 => FieldValue::Text("a"),
                2 => FieldValue::Json(r#"{"o":1}"#.into()),
                _ => FieldValue::Absent,
            },
        );
        match splits {
            true => apply(&mut batch, &Change::Split(t, "b".into())),
            false => apply(&mut batch, &Change::Edit(t, "b".into())),
        }
        assert!(batch.carrier().is_none());
        let again = read(&batch.record(0), &fields());
        assert_eq!((shown(&batch), again.text(t, 0)), (shown(&again), Ok("b")));
        assert_eq!(again.json(m, 0).as_deref(), Some(r#"{"o":1}"#));
    }
}

#[test]
fn what_came_from_a_column_stays_what_it_was_there() {
    let row = Row(vec![("text", json!("2026-01-01"))]);
    let mut batch = Batch::default();
    batch.fill_carried(
        0,
        0..1,
        Arc::new(row),
        &fields(),
        |column, _| match column {
            1 => FieldValue::Typed(r#""2026-01-01""#.into(), "a date"),
            _ => FieldValue::Absent,
        },
    );
    let is_date =
        |batch: &Batch| batch.text(1, 0).unwrap_err().to_string() == "is a date, not text";
    assert!(is_date(&batch));
    batch.set_value(0, 0, &json!(1));
    apply(&mut batch, &Change::EditRecord("w"));
    assert!(is_date(&batch));
    let expected = r#"{"w": {"t": "new"},"text": "2026-01-01", "m": {"t": 1}}"#;
    assert_eq!(batch.record(0), expected);
    batch.set_value(1, 0, &json!("a"));
    assert_eq!(batch.text(1, 0), Ok("a"));
}
