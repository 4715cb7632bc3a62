use proptest::prelude::*;

use crate::{Batch, DeclaredFields, Edits, Lines, StatValue};

/// One action of an operator.
#[derive(Clone, Debug)]
enum Step {
    /// Replaces a part of the text of each alive row.
    Edit(u8, u8, String),
    /// Sets a field of some rows to a value, or removes it.
    Set(bool, Option<i64>),
    /// Keeps the rows whose number does not leave this remainder.
    Drop(u32, u32),
    /// Sets a statistic of each alive row.
    Stat(bool, Option<i64>),
    /// Makes children: pieces of the text, and a new one.
    Split(bool),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<u8>(), any::<u8>(), "[aé\n\"]{0,3}").prop_map(|(from, length, text)| Step::Edit(from, length, text)),
        1 => (any::<bool>(), any::<Option<i64>>()).prop_map(|(text, value)| Step::Set(text, value)),
        2 => (1u32..4, 0u32..4).prop_map(|(modulus, rest)| Step::Drop(modulus, rest)),
        2 => (any::<bool>(), any::<Option<i64>>()).prop_map(|(float, value)| Step::Stat(float, value)),
        1 => any::<bool>().prop_map(Step::Split),
    ]
}

const TEXTS: [&str; 7] = [
    "",
    "one",
    "naïve text",
    "数据 and more",
    "tab\t\"quoted\"",
    "a b c d",
    "the last one",
];

fn fields() -> DeclaredFields {
    DeclaredFields::new(["other", "text"])
}

fn filled() -> Batch {
    let mut lines = Lines::new(0);
    for (at, text) in TEXTS.iter().enumerate() {
        let line = serde_json::json!({"text": text, "n": at, "other": "o"}).to_string();
        lines.push(at as u64, line.as_bytes());
    }
    let mut batch = Batch::default();
    batch.fill(&mut lines, &fields(), &mut Vec::new());
    batch.reset_stats(["a", "b"]);
    batch
}

fn apply(batch: &mut Batch, step: &Step) {
    let rows = batch.selection().to_vec();
    match step {
        Step::Edit(from, length, text) => {
            for row in rows {
                let (row, column) = (row as usize, usize::from(row % 3 != 0));
                // A field that was set to something else, or removed, has no text to edit.
                let Ok(old) = batch.text(column, row).map(str::to_owned) else {
                    continue;
                };
                let from = old.floor_char_boundary(usize::from(*from) % (old.len() + 1));
                let end = old.floor_char_boundary((from + usize::from(*length)).min(old.len()));
                let mut edits = Edits::default();
                edits.replace(from..end.max(from), text);
                batch.edit_text(column, row, &edits).unwrap();
            }
        }
        Step::Set(is_text, value) => {
            for row in rows
                .iter()
                .map(|row| *row as usize)
                .filter(|row| row % 2 == 0)
            {
                match value {
                    Some(value) if *is_text => {
                        batch.set_value(0, row, &format!("é{value}\n").into())
                    }
                    Some(value) => {
                        batch.set_value(0, row, &serde_json::json!([value, {"a": null}]))
                    }
                    None => batch.remove_field(0, row),
                }
            }
        }
        Step::Drop(modulus, rest) => batch.retain(|row| row as u32 % modulus != *rest),
        Step::Stat(float, value) => {
            for row in rows {
                let value = value.filter(|value| value % 3 != i64::from(row) % 3);
                if let Some(value) = value {
                    let value = match float {
                        true => StatValue::Float(value as f64 / 7.0),
                        false => StatValue::Int(value),
                    };
                    batch
                        .stats_mut()
                        .set(usize::from(*float), row as usize, value);
                }
            }
        }
        Step::Split(with_new) => {
            let mut children = Vec::new();
            for row in rows {
                let text = batch.text(1, row as usize).unwrap().to_owned();
                let new = with_new.then(|| "brand new".to_owned());
                let pieces = text.split(' ').map(str::to_owned).chain(new);
                let pieces = pieces.filter(|piece| !piece.is_empty());
                children.extend(
                    pieces
                        .enumerate()
                        .map(|(index, piece)| (row, index as u32, piece)),
                );
            }
            batch.replace_rows(1, &children);
        }
    }
}

/// Returns everything visible of a batch.
fn shown(batch: &Batch) -> Vec<(String, String, Option<StatValue>, Option<StatValue>)> {
    let row = |row: &u32| {
        let row = *row as usize;
        let mut line = Vec::new();
        batch.write_record(row, &fields(), &mut line);
        (
            String::from_utf8(line).unwrap(),
            batch.origin(row).to_string(),
            batch.stats().get(0, row).cloned(),
            batch.stats().get(1, row).cloned(),
        )
    };
    batch.selection().iter().map(row).collect()
}

/// Returns a batch after the steps, with the recording of each section.
fn recorded(sections: &[Vec<Step>]) -> (Batch, Vec<Vec<u8>>) {
    let mut batch = filled();
    let mut parts = Vec::new();
    for steps in sections {
        batch.begin_record();
        steps.iter().for_each(|step| apply(&mut batch, step));
        let mut part = Vec::new();
        batch.end_record(&mut part);
        parts.push(part);
    }
    (batch, parts)
}

fn any_sections() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(any_step(), 0..4), 1..5)
}

proptest! {
    #[test]
    fn replaying_is_doing_it_again(sections in any_sections()) {
        let (batch, parts) = recorded(&sections);
        let mut again = filled();
        for part in &parts {
            again.replay(part, &[0, 1], &[Some(0), Some(1)]).unwrap();
        }
        prop_assert_eq!(shown(&again), shown(&batch));
    }

    #[test]
    fn any_bytes_are_refused_or_replayed(sections in any_sections(), at in any::<prop::sample::Index>(), flip in 1u8.., cut in any::<bool>()) {
        let (_, mut parts) = recorded(&sections);
        let part = &mut parts[0];
        let at = at.index(part.len());
        if cut { part.truncate(at) } else { part[at] ^= flip }
        let _ = filled().replay(part, &[0, 1], &[Some(0), Some(1)]);
    }

    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = filled().replay(&noise, &[0, 1], &[Some(0), Some(1)]);
    }
}

#[test]
fn a_section_costs_little() {
    let mut batch = filled();
    batch.begin_record();
    apply(&mut batch, &Step::Drop(2, 1));
    let mut part = Vec::new();
    batch.end_record(&mut part);
    // No split, no edit, three of seven gone, no statistics.
    assert_eq!(part, [0, 0, 1, 3, 1, 2, 2, 0]);
}

#[test]
fn columns_are_found_by_what_they_are_now() {
    let (batch, parts) = recorded(&[vec![
        Step::Edit(0, 9, "x".into()),
        Step::Stat(false, Some(4)),
    ]]);
    let fields = DeclaredFields::new(["text", "n", "other"]);
    let mut lines = Lines::new(0);
    for (at, text) in TEXTS.iter().enumerate() {
        let line = serde_json::json!({"text": text, "n": at, "other": "o"}).to_string();
        lines.push(at as u64, line.as_bytes());
    }
    let mut again = Batch::default();
    again.fill(&mut lines, &fields, &mut Vec::new());
    again.reset_stats(["z", "a"]);
    again.replay(&parts[0], &[2, 0], &[Some(1), None]).unwrap();
    for row in 0..TEXTS.len() {
        assert_eq!(again.text(0, row), batch.text(1, row));
        assert_eq!(again.stats().get(1, row), batch.stats().get(0, row));
    }
}
