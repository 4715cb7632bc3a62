//! Records in a batch, and how they are written.

mod read_again;

use proptest::prelude::*;

use super::*;
use crate::lines::Lines;
use crate::stats::StatValue;

fn filled(lines: &[&str], fields: &DeclaredFields) -> (Batch, Vec<Reject>) {
    let mut block = Lines::new(3);
    let mut position = 0;
    for line in lines {
        block.push(position, line.as_bytes());
        position += line.len() as u64 + 1;
    }
    let mut batch = Batch::default();
    let mut rejects = Vec::new();
    batch.fill(&mut block, fields, &mut rejects);
    (batch, rejects)
}

fn written(batch: &Batch, row: usize, fields: &DeclaredFields) -> String {
    let mut out = Vec::new();
    batch.write_record(row, fields, &mut out);
    assert_eq!(out.pop(), Some(b'\n'));
    String::from_utf8(out).unwrap()
}

fn replace_all(batch: &mut Batch, column: usize, row: usize, new: &str) {
    let old = batch.text(column, row).unwrap().to_owned();
    let mut edits = Edits::default();
    edits.replace_all(&old, new);
    batch.edit_text(column, row, &edits).unwrap();
}

#[track_caller]
fn check_change(line: &str, field: &str, new: &str, expected: &str) {
    let fields = DeclaredFields::new([field]);
    let (mut batch, rejects) = filled(&[line], &fields);
    assert_eq!(rejects, []);
    replace_all(&mut batch, 0, 0, new);
    assert_eq!(written(&batch, 0, &fields), expected);
}

#[test]
fn only_the_changed_field_is_written_anew() {
    check_change(
        r#"{"n": 24.673000, "text" :"a\u00e9" , "u":"\u00e9"}"#,
        "text",
        "b\n\"é",
        r#"{"n": 24.673000, "text" :"b\n\"é" , "u":"\u00e9"}"#,
    );
    check_change(
        r#"{"m": {"a": 1.0, "t": "x"}, "t": 2}"#,
        "m.t",
        "y",
        r#"{"m": {"a": 1.0, "t": "y"}, "t": 2}"#,
    );
    check_change(
        r#"{"text": "a", "text": "b"}"#,
        "text",
        "c",
        r#"{"text": "c"}"#,
    );
}

#[test]
fn a_repeated_key_that_nobody_changes_stays() {
    let fields = DeclaredFields::new(["text"]);
    let line = r#"{"text": "a", "text": "b"}"#;
    let (batch, _) = filled(&[line], &fields);
    assert_eq!(batch.text(0, 0), Ok("b"));
    assert_eq!(written(&batch, 0, &fields), line);
}

#[test]
fn several_changed_fields_are_spliced_in_line_order() {
    let fields = DeclaredFields::new(["b", "a"]);
    let (mut batch, _) = filled(&[r#"{"a": "1", "b": "2", "c": 3}"#], &fields);
    replace_all(&mut batch, 0, 0, "two");
    replace_all(&mut batch, 1, 0, "one");
    assert_eq!(
        written(&batch, 0, &fields),
        r#"{"a": "one", "b": "two", "c": 3}"#
    );
}

#[test]
fn rejects_are_in_order_and_the_rest_is_read() {
    let fields = DeclaredFields::new(["text"]);
    let mut block = Lines::new(0);
    block.push(0, br#"{"text": "a"}"#);
    block.push(14, b"{\"text\": \"\xFF\"}");
    block.push(27, b"[1]");
    block.push(31, b"{\"text\": \"\xE4\xB8");
    block.push(43, br#"{"text": 5}"#);
    let mut batch = Batch::default();
    let mut rejects = Vec::new();
    batch.fill(&mut block, &fields, &mut rejects);
    let reasons: Vec<_> = rejects
        .iter()
        .map(|r| (r.origin.position, r.reason.as_str(), r.incomplete))
        .collect();
    assert_eq!(
        reasons,
        [
            (14, "not valid UTF-8 at byte 11", false),
            (
                27,
                "a record must be a JSON object, this line is a list",
                false
            ),
            (31, "not valid UTF-8 at byte 11", true),
        ]
    );
    assert_eq!(batch.rows(), 2);
    assert_eq!(
        batch.text(0, 1),
        Err(FieldError::NotText(crate::JsonKind::Number))
    );
    assert_eq!(batch.origin(1).position, 43);
    assert!(block.bytes.is_empty() && block.records.is_empty());
}

#[test]
fn children_carry_their_parents_fields_and_statistics() {
    let fields = DeclaredFields::new(["text", "id"]);
    let (mut batch, _) = filled(
        &[
            r#"{"id": "x", "text": "ab"}"#,
            r#"{"id": "y", "text": "c"}"#,
        ],
        &fields,
    );
    batch.reset_stats(["n"]);
    batch.stats_mut().set(0, 0, StatValue::Int(5));
    batch.replace_rows(0, &[(0, 0, "a".into()), (0, 1, "b".into())]);
    assert_eq!(batch.selection(), [0, 1]);
    assert_eq!(written(&batch, 1, &fields), r#"{"id": "x", "text": "b"}"#);
    assert_eq!(batch.origin(1).piece.indices(), [1]);
    assert_eq!(batch.stats().get(0, 1), Some(&StatValue::Int(5)));
}

#[test]
fn statistics_become_one_more_field() {
    let fields = DeclaredFields::new(["text"]);
    let lines = [
        "{}",
        r#"{"text": "a"}"#,
        r#"{"__dj__stats__": {"n": 1}, "text": "a"}"#,
    ];
    let (mut batch, _) = filled(&lines, &fields);
    batch.reset_stats(["n"]);
    (0..3).for_each(|row| batch.stats_mut().set(0, row, StatValue::Int(7)));
    let with_stats = |row| {
        let mut out = Vec::new();
        batch.write_record_with_stats(row, &fields, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(with_stats(0), "{\"__dj__stats__\": {\"n\": 7}}\n");
    assert_eq!(
        with_stats(1),
        "{\"text\": \"a\", \"__dj__stats__\": {\"n\": 7}}\n"
    );
    assert_eq!(
        with_stats(2),
        "{\"__dj__stats__\": {\"n\": 7}, \"text\": \"a\"}\n"
    );
}

proptest! {
    #[test]
    fn a_changed_record_reads_back_as_the_change(
        id in any::<i64>(), before in any::<String>(), after in any::<String>(), again in any::<String>(),
    ) {
        let fields = DeclaredFields::new(["text"]);
        let text = serde_json::to_string(&before).unwrap();
        let line = format!(r#"{{"id": {id}, "text": {text}, "end": [1.0, {{}}]}}"#);
        let (mut batch, _) = filled(&[&line], &fields);
        prop_assert_eq!(batch.text(0, 0), Ok(before.as_str()));
        replace_all(&mut batch, 0, 0, &after);
        replace_all(&mut batch, 0, 0, &again);
        let json: serde_json::Value = serde_json::from_str(&written(&batch, 0, &fields)).unwrap();
        prop_assert_eq!(&json["text"], &serde_json::Value::String(again));
        prop_assert_eq!(&json["id"], id);
    }
}
