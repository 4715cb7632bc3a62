//! Which fields of a record changed.

use coldpress_operator::value::members;
use serde::Serialize;

use super::text_diff::{TextDiff, shortened};

/// A field that an operator changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field, with dots where it is nested.
    pub field: String,
    /// What changed in its text, where it is a text before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextDiff>,
    /// Its value before as JSON, shortened, if it isn't a text; none if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its value after, in the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Fields that are shown of a record. An operator may make as many as it likes.
const MOST_FIELDS: usize = 50;

/// How deep fields are looked into.
const MOST_LEVELS: usize = 8;

/// The fields in which two records, given as JSON, differ, in their order.
pub(crate) fn changes(before: &str, after: &str) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare("", before, after, 0, &mut found);
    found.truncate(MOST_FIELDS);
    found
}

fn compare(prefix: &str, before: &str, after: &str, level: usize, found: &mut Vec<FieldChange>) {
    let (old, new) = (fields(before), fields(after));
    for (name, was) in &old {
        let is = new.iter().find(|(other, _)| other == name);
        let field = format!("{prefix}{name}");
        match is {
            Some((_, is)) if is == was => {}
            Some((_, is)) if is_object(was) && is_object(is) && level < MOST_LEVELS => {
                compare(&format!("{field}."), was, is, level + 1, found);
            }
            Some((_, is)) => found.push(changed(field, was, is)),
            None => found.push(FieldChange {
                before: Some(shortened(was)),
                ..empty(field)
            }),
        }
        if found.len() >= MOST_FIELDS {
            return;
        }
    }
    let is_new = |name: &String| !old.iter().any(|(other, _)| other == name);
    let made = new.iter().filter(|(name, _)| is_new(name));
    found.extend(made.map(|(name, is)| FieldChange {
        after: Some(shortened(is)),
        ..empty(format!("{prefix}{name}"))
    }));
}

fn empty(field: String) -> FieldChange {
    FieldChange {
        field,
        text: None,
        before: None,
        after: None,
    }
}

fn changed(field: String, was: &str, is: &str) -> FieldChange {
    let text = |json: &str| serde_json::from_str::<String>(json).ok();
    match (text(was), text(is)) {
        (Some(was), Some(is)) => FieldChange {
            text: Some(TextDiff::of(&was, &is)),
            ..empty(field)
        },
        _ => FieldChange {
            before: Some(shortened(was)),
            after: Some(shortened(is)),
            ..empty(field)
        },
    }
}

fn is_object(json: &str) -> bool {
    json.trim_start().starts_with('{')
}

/// The fields of a record and their values as JSON. Of a field that is there twice the last counts.
fn fields(record: &str) -> Vec<(String, &str)> {
    /// A record with more fields is compared in part: each is looked for among those of the other.
    const MOST: usize = 2_000;
    let mut fields: Vec<(String, &str)> = Vec::new();
    for (name, value) in members(record).take(MOST) {
        let name = serde_json::from_str(name).unwrap_or_else(|_| name.trim_matches('"').to_owned());
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields
}

/// The value of a field of a record as JSON; a field may be nested, with dots.
pub(crate) fn value_of<'r>(record: &'r str, path: &str) -> Option<&'r str> {
    let fields = fields(record);
    let whole = fields.iter().find(|(name, _)| name == path);
    if let Some((_, value)) = whole {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    let (_, value) = fields.iter().find(|(name, _)| name == first)?;
    is_object(value).then(|| value_of(value, rest))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_are_found() {
        let before = r#"{"id": 1, "text": "a b", "m": {"x": 1, "y": {"z": "old"}}, "gone": [1]}"#;
        let after = r#"{"id": 1, "text": "a", "m": {"x": 2, "y": {"z": "new"}}, "made": null}"#;
        let found = changes(before, after);
        let names: Vec<&str> = found.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(names, ["text", "m.x", "m.y.z", "gone", "made"]);
        assert!(found[0].text.is_some() && found[0].before.is_none());
        let values = |at: usize| (found[at].before.as_deref(), found[at].after.as_deref());
        assert_eq!(values(1), (Some("1"), Some("2")));
        assert_eq!(values(3), (Some("[1]"), None));
        assert_eq!(values(4), (None, Some("null")));
        assert_eq!(changes(before, before), []);
    }

    #[test]
    fn values_are_found_by_their_paths() {
        let record = r#"{"a": {"b": {"c": 7}}, "a.b": 8, "x": 1}"#;
        for (path, value) in [
            ("a.b", Some("8")),
            ("a.b.c", Some("7")),
            ("x", Some("1")),
            ("x.y", None),
            ("y", None),
        ] {
            assert_eq!(value_of(record, path), value, "{path}");
        }
    }
}
