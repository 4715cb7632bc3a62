//! Turns a program's answer about a record's members into edits of the record's JSON. Members that it left alone keep their bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use coldpress_operator::value::members;
use coldpress_operator::{Edits, RecordError};

/// A member of a JSON object, and its position.
struct Member<'j> {
    name: Cow<'j, str>,
    value: &'j str,
    /// The position of the quote before its name.
    start: usize,
    /// The range of the value.
    at: Range<usize>,
}

fn of_object(json: &str) -> impl Iterator<Item = Member<'_>> {
    let place = |part: &str| part.as_ptr().addr() - json.as_ptr().addr();
    members(json).map(move |(name, value)| Member {
        name: decoded(name),
        value,
        start: place(name),
        at: place(value)..place(value) + value.len(),
    })
}

/// Decodes a text in quotes. An invalid one is returned as it is written.
fn decoded(quoted: &str) -> Cow<'_, str> {
    let inner = quoted
        .get(1..quoted.len().saturating_sub(1))
        .unwrap_or_default();
    match inner.contains('\\') {
        false => Cow::Borrowed(inner),
        true => serde_json::from_str(quoted).map_or(Cow::Borrowed(quoted), Cow::Owned),
    }
}

/// Removes members from a record, and sets others to the values that the object `set` has for them.
///
/// # Errors
/// If one of the texts has half of a surrogate pair.
pub(crate) fn apply(
    record: &str,
    removed: &[String],
    set: &str,
    edits: &mut Edits,
) -> Result<(), RecordError> {
    let new: Vec<Member<'_>> = of_object(set).collect();
    let mut waiting: HashMap<&str, &str> = new
        .iter()
        .map(|member| (&*member.name, member.value))
        .collect();
    let old: Vec<Member<'_>> = of_object(record).collect();
    let (mut previous, mut has_kept) = (None, false);
    // Of several members with the same name the last one counts, as in Python.
    let last: HashMap<&str, usize> = old
        .iter()
        .enumerate()
        .map(|(at, member)| (&*member.name, at))
        .collect();
    for (at, member) in old.iter().enumerate() {
        if removed.iter().any(|name| *name == member.name) {
            match (has_kept, previous, old.get(at + 1)) {
                (true, Some(end), _) => edits.delete(end..member.at.end),
                (_, _, Some(next)) => edits.delete(member.start..next.start),
                (_, _, None) => edits.delete(member.start..member.at.end),
            }
        } else {
            has_kept = true;
            if last[&*member.name] == at
                && let Some(value) = waiting.remove(&*member.name)
            {
                edits.replace(member.at.clone(), value);
            }
        }
        previous = Some(member.at.end);
    }
    let mut added = String::new();
    for member in new
        .iter()
        .filter(|member| waiting.contains_key(&*member.name))
    {
        if has_kept || !added.is_empty() {
            added.push_str(", ");
        }
        added.push_str(&set[member.start..member.at.end]);
    }
    if !added.is_empty() {
        let end = previous.or_else(|| record.find('{').map(|brace| brace + 1));
        let end = end.ok_or_else(|| RecordError::new("the record is no JSON object"))?;
        edits.replace(end..end, &added);
    }
    Ok(())
}

/// Turns a record into what a program wrote. Members that are written as before, or are the same text, keep their bytes.
///
/// # Errors
/// If what was written isn't a JSON object.
pub(crate) fn replace(record: &str, written: &str, edits: &mut Edits) -> Result<(), RecordError> {
    let written = written.trim();
    let is_json = || serde_json::from_str::<&serde_json::value::RawValue>(written).is_ok();
    if !written.starts_with('{') || !is_json() {
        let message =
            format!("it must write a JSON object for each record, and wrote `{written:.80}`");
        return Err(RecordError::new(message));
    }
    let old: HashMap<Cow<'_, str>, &str> = of_object(record)
        .map(|member| (member.name, member.value))
        .collect();
    let mut new = HashMap::new();
    let mut set = Vec::new();
    for member in of_object(written) {
        let is_same = old.get(&member.name).is_some_and(|old| {
            *old == member.value
                || old.starts_with('"')
                    && member.value.starts_with('"')
                    && decoded(old) == decoded(member.value)
        });
        if !is_same {
            set.push(&written[member.start..member.at.end]);
        }
        new.insert(member.name, ());
    }
    let removed = old.keys().filter(|name| !new.contains_key(*name));
    let removed: Vec<String> = removed.map(|name| name.clone().into_owned()).collect();
    apply(record, &removed, &format!("{{{}}}", set.join(", ")), edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(record: &str, work: impl Fn(&mut Edits) -> Result<(), RecordError>) -> String {
        let (mut edits, mut out) = (Edits::default(), String::new());
        work(&mut edits).unwrap();
        edits.apply(record, &mut out).unwrap();
        out
    }

    #[test]
    fn only_what_changes_is_written_anew() {
        let record = r#"{ "n" : 1.50, "caf\u00e9": "a",  "o": {"x": [ 1 ]} }"#;
        let cases: [(&[&str], &str, &str); 9] = [
            (&[], "{}", record),
            (
                &[],
                r#"{"café": "b"}"#,
                r#"{ "n" : 1.50, "caf\u00e9": "b",  "o": {"x": [ 1 ]} }"#,
            ),
            (
                &[],
                r#"{"new": [1], "x": 2}"#,
                r#"{ "n" : 1.50, "caf\u00e9": "a",  "o": {"x": [ 1 ]}, "new": [1], "x": 2 }"#,
            ),
            (&["n"], "{}", r#"{ "caf\u00e9": "a",  "o": {"x": [ 1 ]} }"#),
            (&["o"], "{}", r#"{ "n" : 1.50, "caf\u00e9": "a" }"#),
            (&["café", "o"], r#"{"n": 2}"#, r#"{ "n" : 2 }"#),
            (
                &["n", "café"],
                r#"{"z": 2}"#,
                r#"{ "o": {"x": [ 1 ]}, "z": 2 }"#,
            ),
            (&["n", "café", "o"], "{}", "{  }"),
            (
                &["n", "café", "o"],
                r#"{"z": 2, "y": 3}"#,
                r#"{ "z": 2, "y": 3 }"#,
            ),
        ];
        for (removed, set, expected) in cases {
            let removed: Vec<String> = removed.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(
                edited(record, |edits| apply(record, &removed, set, edits)),
                expected,
                "{removed:?} {set}"
            );
        }
        assert_eq!(
            edited("{}", |edits| apply("{}", &[], r#"{"a": 1}"#, edits)),
            r#"{"a": 1}"#
        );
        let twice = r#"{"a": 1, "b": 2, "a": 3}"#;
        assert_eq!(
            edited(twice, |edits| apply(twice, &[], r#"{"a": 4}"#, edits)),
            r#"{"a": 1, "b": 2, "a": 4}"#
        );
        assert_eq!(
            edited(twice, |edits| apply(twice, &["a".to_owned()], "{}", edits)),
            r#"{"b": 2}"#
        );
    }

    #[test]
    fn what_a_program_writes_as_it_was_keeps_its_bytes() {
        let record = r#"{"n": 1.50, "text": "caf\u00e9", "o": 1}"#;
        let written = r#"{"text":"café","n":1.50,"p":[1,2]}"#;
        let expected = r#"{"n": 1.50, "text": "caf\u00e9", "p":[1,2]}"#;
        assert_eq!(
            edited(record, |edits| replace(record, written, edits)),
            expected
        );
        for bad in ["", "[1]", "{", "text", r#"{"a": 1} {"#] {
            assert!(
                replace(record, bad, &mut Edits::default()).is_err(),
                "{bad}"
            );
        }
    }
}
