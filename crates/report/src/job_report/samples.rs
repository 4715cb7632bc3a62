//! Effects of operators on single records: from the traces of the job, and from dropped records if those are kept.

mod dropped;
mod traced;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Source;
use super::limits::cut;

/// The effects of an operator on some records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperatorSamples {
    /// The operator's place in the recipe, from 0, if it is known.
    pub operator: Option<u32>,
    /// Its name.
    pub name: String,
    /// True if the records were drawn at random from all records (a trace). Otherwise they are the first ones of some partitions.
    pub is_trace: bool,
    /// The number of such records.
    pub total: Option<u64>,
    /// The samples that are shown.
    pub samples: Vec<Sample>,
}

/// The effect of an operator on a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sample {
    /// The text before the change; of two duplicates, the one that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The text after the change; of two duplicates, the one that is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// True if the texts are those of two duplicates.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_duplicate: bool,
    /// A record that was dropped, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Further facts, such as the statistics that decided.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub notes: Map<String, Value>,
}

/// The most files of traces that are read. There is one for each operator.
const MOST_FILES: usize = 1_000;

/// The longest line of a trace. A longer one is skipped.
const MAX_LINE_BYTES: u64 = 8 << 20;

/// The most other fields of a sample that are shown, and the most characters of each.
const MOST_NOTES: usize = 20;
const NOTE_CHARS: usize = 500;

/// Collects the samples of all operators, in the order of the recipe.
pub(super) fn samples(source: &Source<'_>, remarks: &mut Vec<String>) -> Vec<OperatorSamples> {
    let mut found: BTreeMap<(u32, String), OperatorSamples> = BTreeMap::new();
    let mut take = |samples: OperatorSamples| {
        let key = (samples.operator.unwrap_or(u32::MAX), samples.name.clone());
        // Traces come first, because they are drawn from all records.
        found.entry(key).or_insert(samples);
    };
    match traced::samples(source) {
        Ok(traced) => traced.into_iter().for_each(&mut take),
        Err(error) => remarks.push(format!("the traces cannot be read: {error}")),
    }
    match dropped::samples(source) {
        Ok(dropped) => dropped.into_iter().for_each(&mut take),
        Err(error) => remarks.push(format!("dropped records cannot be read: {error}")),
    }
    found.into_values().collect()
}

/// Reads a line, which is a trace in Data-Juicer's format or a whole record.
fn sample(line: &str, chars: usize) -> Option<Sample> {
    let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    flatten(&mut fields);
    let mut text = |name: &str| -> Option<String> {
        let value = fields.remove(name)?;
        Some(cut(&shown(&value), chars))
    };
    let (original, processed) = (text("original_text"), text("processed_text"));
    let (first, second) = (text("dup1"), text("dup2"));
    if original.is_some() || processed.is_some() {
        return Some(Sample {
            before: original,
            after: processed,
            notes: notes(fields),
            ..Sample::default()
        });
    }
    if first.is_some() || second.is_some() {
        return Some(Sample {
            before: first,
            after: second,
            is_duplicate: true,
            notes: notes(fields),
            ..Sample::default()
        });
    }
    // Fields that Coldpress adds to a record aren't part of it.
    let (added, record): (Map<String, Value>, Map<String, Value>) = fields
        .into_iter()
        .partition(|(name, _)| name.starts_with("__"));
    let record = serde_json::to_string_pretty(&record).ok()?;
    Some(Sample {
        record: Some(cut(&record, chars)),
        notes: notes(added),
        ..Sample::default()
    })
}

/// The member of a trace that names the origin of a record and the values that decided.
const ABOUT: &str = "__coldpress__";

/// Moves what a trace says about a record among the fields of the line, except the operator, which all lines share.
fn flatten(fields: &mut Map<String, Value>) {
    let Some(Value::Object(mut about)) = fields.remove(ABOUT) else {
        return;
    };
    about.remove("operator");
    about.remove("operation");
    // The path has the same information.
    about.remove("source");
    if let Some(Value::Object(stats)) = about.remove("stats") {
        about.extend(stats);
    }
    let named = about.into_iter();
    // No field of a record has such a name.
    fields.extend(named.map(|(name, value)| (format!("__{name}"), value)));
}

/// Returns a text as it is, and other values as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => {
            serde_json::to_string_pretty(value).unwrap_or_default()
        }
        other => other.to_string(),
    }
}

fn notes(fields: Map<String, Value>) -> Map<String, Value> {
    let short = |value: Value| match value {
        Value::Number(_) | Value::Bool(_) | Value::Null => value,
        Value::Object(members) if members.len() <= MOST_NOTES => {
            let members = members.into_iter();
            let shown =
                members.map(|(name, value)| (name, Value::String(cut(&plain(&value), NOTE_CHARS))));
            Value::Object(shown.collect())
        }
        other => Value::String(cut(&plain(&other), NOTE_CHARS)),
    };
    let listed = fields.into_iter().take(MOST_NOTES);
    listed
        .map(|(name, value)| (cut(name.trim_start_matches("__"), 100), short(value)))
        .collect()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_and_records_are_told_apart() {
        let changed = sample(
            r#"{"id": 7, "original_text": "abc", "processed_text": "ab"}"#,
            2,
        )
        .unwrap();
        assert_eq!(changed.before.as_deref(), Some("ab…"));
        assert_eq!(changed.after.as_deref(), Some("ab"));
        assert_eq!(changed.notes["id"], 7);
        let twins = sample(r#"{"dup1": {"text": "a"}, "dup2": "b"}"#, 100).unwrap();
        assert!(twins.is_duplicate && twins.before.is_some_and(|text| text.contains("\"text\"")));
        let dropped = sample(r#"{"text": "x", "__dj__stats__": {"text_len": 1}}"#, 100).unwrap();
        assert_eq!(dropped.record.as_deref(), Some("{\n  \"text\": \"x\"\n}"));
        assert_eq!(dropped.notes["dj__stats__"]["text_len"], "1");
        let about = r#"{"text": "x", "__coldpress__": {"operator": "f", "path": "a", "source": 0, "position": 7, "stats": {"n": 0.5}}}"#;
        let notes = sample(about, 100).unwrap().notes;
        let notes = serde_json::to_value(notes).unwrap();
        assert_eq!(
            notes,
            serde_json::json!({"path": "a", "position": 7, "n": 0.5})
        );
        for line in ["", "[]", "7", "{"] {
            assert_eq!(sample(line, 10), None);
        }
    }
}
