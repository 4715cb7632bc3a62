//! Finding the declared fields of a JSON line in one validating pass.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::unescape_into;
use super::walk::walk;
use crate::path::{DeclaredFields, FieldPath};
use crate::seen::{FieldsSeen, KindSeen, ValueKind};

/// The kind of JSON value of a field in a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonKind {
    /// The record has no such field.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// An array.
    List,
    /// An object.
    Object,
    /// A value of a column that is a string in JSON but isn't text, with a description.
    Column(&'static str),
}

impl JsonKind {
    pub(crate) fn of(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => Self::Text,
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Bool,
            Some(b'[') => Self::List,
            Some(b'{') => Self::Object,
            Some(_) => Self::Number,
            None => Self::Absent,
        }
    }
}

impl fmt::Display for JsonKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "missing",
            Self::Null => "null",
            Self::Text => "text",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Column(what) => what,
        })
    }
}

/// The place of a declared field's value in its line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// The kind of value.
    pub kind: JsonKind,
    /// The first byte of the value in the line.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// True if the line has the key more than once. The last one counts.
    pub repeated: bool,
    /// True if the field was found as a literal key, which a nested one does not replace.
    literal: bool,
}

impl Slot {
    /// Returns the value in its line; empty if the field is absent.
    pub(crate) fn json<'a>(&self, line: &'a str) -> &'a str {
        &line[self.start as usize..self.end as usize]
    }

    /// Returns the slot of the same value with a more specific kind than its JSON has.
    pub(crate) fn with_kind(self, kind: JsonKind) -> Self {
        Self { kind, ..self }
    }

    /// Returns the slot of a value that begins at `start` of its line.
    pub(crate) fn of_json(json: &str, start: usize) -> Self {
        Self {
            kind: JsonKind::of(json),
            start: start as u32,
            end: (start + json.len()) as u32,
            ..Self::default()
        }
    }
}

/// The slots of a line, one for each declared field.
pub type Found = Vec<Slot>;

/// The reason why a line isn't a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScanError {
    /// The error, with the column (counted in bytes from 1) where the JSON breaks.
    pub message: String,
    /// True if the line ends before its JSON is complete, as after a torn write.
    pub incomplete: bool,
}

/// Checks that `line` is one JSON object and finds the declared fields in it.
///
/// The whole line is validated, whatever its depth. `found` gets one slot for each field.
///
/// # Errors
/// [`ScanError`] when the line isn't JSON, or isn't an object.
pub fn scan(line: &str, fields: &DeclaredFields, found: &mut Found) -> Result<(), ScanError> {
    match walk_for(line, fields, found, None) {
        Some(()) => Ok(()),
        None => scan_for(line, fields, found, None),
    }
}

/// Like [`scan`], and records the type of every field of the record, with the record's source and position.
pub(crate) fn scan_and_see(
    line: &str,
    fields: &DeclaredFields,
    found: &mut Found,
    (seen, (source, position)): (&mut FieldsSeen, (u32, u64)),
) -> Result<(), ScanError> {
    let see = See {
        seen: &mut *seen,
        source,
        position,
        hint: 0,
    };
    if walk_for(line, fields, found, Some(see)).is_some() {
        seen.end_record();
        return Ok(());
    }
    seen.take_back();
    let see = See {
        seen: &mut *seen,
        source,
        position,
        hint: 0,
    };
    let scanned = scan_for(line, fields, found, Some(see));
    match scanned {
        Ok(()) => seen.end_record(),
        Err(_) => seen.take_back(),
    }
    scanned
}

/// Does the work of the parser, faster, for a line that is plainly valid; `None` for any other.
fn walk_for(
    line: &str,
    fields: &DeclaredFields,
    found: &mut Found,
    see: Option<See<'_>>,
) -> Option<()> {
    found.clear();
    found.resize(fields.len(), Slot::default());
    let mut fields = Fields {
        line,
        paths: fields.paths(),
        found,
        see,
    };
    walk(line, |key, json| {
        if fields.wants(key) {
            fields.take(key, json);
        }
    })
}

fn scan_for(
    line: &str,
    fields: &DeclaredFields,
    found: &mut Found,
    see: Option<See<'_>>,
) -> Result<(), ScanError> {
    found.clear();
    found.resize(fields.len(), Slot::default());
    let mut json = serde_json::Deserializer::from_str(line);
    let visitor = Fields {
        line,
        paths: fields.paths(),
        found,
        see,
    };
    json.deserialize_map(visitor)
        .and_then(|()| json.end())
        .map_err(|error| describe(line, &error))
}

/// The place to record the types of a record's fields.
struct See<'a> {
    seen: &'a mut FieldsSeen,
    source: u32,
    position: u64,
    hint: usize,
}

impl See<'_> {
    fn value(&mut self, key: &str, json: &str) {
        let value = KindSeen {
            kind: ValueKind::of_json(json),
            count: 1,
            source: self.source,
            position: self.position,
        };
        self.hint = self.seen.add(self.hint, key, value);
    }
}

fn describe(line: &str, error: &serde_json::Error) -> ScanError {
    let text = error.to_string();
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    let message = if error.is_data() {
        let kind = JsonKind::of(line);
        format!("a record must be a JSON object, this line is {kind}")
    } else if let Some((number, column)) = foreign_number(line, error.column()) {
        format!(
            "{number} at column {column} is not valid JSON, although Python's json writes it; write null instead"
        )
    } else {
        format!("not valid JSON: {reason} at column {}", error.column())
    };
    ScanError {
        message,
        incomplete: error.is_eof(),
    }
}

/// Returns the number at this column (counted from 1), if it is one that JSON does not have, and where it begins.
fn foreign_number(line: &str, column: usize) -> Option<(&'static str, usize)> {
    const NUMBERS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];
    // The error is at the number or, if it has a sign, inside it.
    let places = column.saturating_sub(2)..=column;
    let number_at = |at: usize| {
        let rest = line.get(at..)?;
        let number = NUMBERS
            .into_iter()
            .find(|number| rest.starts_with(number))?;
        Some((number, at + 1))
    };
    places.into_iter().find_map(number_at)
}

struct Fields<'a> {
    line: &'a str,
    paths: &'a [FieldPath],
    found: &'a mut [Slot],
    see: Option<See<'a>>,
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<&RawValue>()? {
            let inner = &key.get()[1..key.get().len() - 1];
            if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
                let mut decoded = String::new();
                // A key that isn't valid text is not a declared field.
                let name = unescape_into(inner, &mut decoded).map(|()| decoded.as_str());
                self.visit_value(name.ok(), &mut map)?;
            } else {
                self.visit_value(Some(inner), &mut map)?;
            }
        }
        Ok(())
    }
}

impl Fields<'_> {
    fn visit_value<'de, A: MapAccess<'de>>(
        &mut self,
        key: Option<&str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let Some(key) = key.filter(|key| self.wants(key)) else {
            return map.next_value::<IgnoredAny>().map(drop);
        };
        let json = map.next_value::<&RawValue>()?.get();
        self.take(key, json);
        Ok(())
    }

    fn wants(&self, key: &str) -> bool {
        self.see.is_some() || self.paths.iter().any(|path| leads_to(path, key))
    }

    fn take(&mut self, key: &str, json: &str) {
        if let Some(see) = &mut self.see {
            see.value(key, json);
        }
        for (path, slot) in self.paths.iter().zip(self.found.iter_mut()) {
            if path.name() == key {
                let value = slot_of(self.line, json);
                *slot = Slot {
                    repeated: slot.literal,
                    literal: true,
                    ..value
                };
            } else if let Some(rest) = nested_under(path, key).filter(|_| !slot.literal) {
                let earlier = slot.kind != JsonKind::Absent;
                *slot = find_nested(self.line, json, rest);
                slot.repeated |= earlier;
            }
        }
    }
}

fn leads_to(path: &FieldPath, key: &str) -> bool {
    path.name() == key || nested_under(path, key).is_some()
}

fn nested_under<'a>(path: &'a FieldPath, key: &str) -> Option<&'a str> {
    path.nested()
        .filter(|(first, _)| *first == key)
        .map(|(_, rest)| rest)
}

/// Returns the slot of the field `rest` of the object `json`, which is valid and a part of `line`.
fn find_nested(line: &str, json: &str, rest: &str) -> Slot {
    let paths = [FieldPath::new(rest)];
    let mut found = [Slot::default()];
    let visitor = Fields {
        line,
        paths: &paths,
        found: &mut found,
        see: None,
    };
    // A value that isn't an object has no fields.
    let _ = serde_json::Deserializer::from_str(json).deserialize_map(visitor);
    Slot {
        literal: false,
        ..found[0]
    }
}

fn slot_of(line: &str, json: &str) -> Slot {
    // `json` is a slice of `line`, because the parser borrows from it.
    let start = json.as_ptr() as usize - line.as_ptr() as usize;
    Slot::of_json(json, start)
}

/// Returns `line` without the repetitions of the field `path`, except the last, which is the one that counts.
///
/// The line must be a valid object. The objects on the path are rewritten, with everything in them verbatim.
pub(crate) fn without_repeats(line: &str, path: &str) -> String {
    let Ok(Entries(entries)) = serde_json::from_str::<Entries<'_>>(line) else {
        return line.to_owned();
    };
    let nested = path.split_once('.');
    let is_literal = entries.iter().any(|(key, _)| key_is(key, path));
    let (wanted, rest) = match nested {
        Some((first, rest)) if !is_literal => (first, Some(rest)),
        _ => (path, None),
    };
    let last = entries.iter().rposition(|(key, _)| key_is(key, wanted));
    let kept = entries
        .iter()
        .enumerate()
        .filter(|(at, (key, _))| Some(*at) == last || !key_is(key, wanted));
    let written = kept.map(|(at, (key, value))| match rest {
        Some(rest) if Some(at) == last => {
            format!("{}: {}", key.get(), without_repeats(value.get(), rest))
        }
        _ => format!("{}: {}", key.get(), value.get()),
    });
    format!("{{{}}}", written.collect::<Vec<_>>().join(", "))
}

/// Returns the line without the field `path`, however often it occurs. All other bytes stay, except for one comma.
pub(crate) fn without_field(line: &str, path: &str) -> String {
    let mut line = line.to_owned();
    // Each iteration removes one key, so the loop ends.
    while let Some(range) = place_of_field(&line, path) {
        line.replace_range(range, "");
    }
    line
}

/// Returns the range of a field with its separator.
fn place_of_field(line: &str, path: &str) -> Option<Range<usize>> {
    let Entries(entries) = serde_json::from_str::<Entries<'_>>(line).ok()?;
    // The entries are slices of the line.
    let place = |part: &RawValue| {
        let start = part.get().as_ptr() as usize - line.as_ptr() as usize;
        start..start + part.get().len()
    };
    if let Some(at) = entries.iter().position(|(key, _)| key_is(key, path)) {
        let (key, value) = (place(entries[at].0), place(entries[at].1));
        return Some(match (at.checked_sub(1), entries.get(at + 1)) {
            (_, Some((next, _))) => key.start..place(next).start,
            // This begins at the comma. A blank before it was there before the field, if the field was added to the line.
            (Some(before), None) => {
                let end = place(entries[before].1).end;
                end + line[end..key.start].find(',')?..value.end
            }
            // Only the blank before it stays.
            (None, None) => key.start..line.rfind('}')?,
        });
    }
    let (first, rest) = path.split_once('.')?;
    let mut parents = entries.iter().filter(|(key, _)| key_is(key, first));
    parents.find_map(|(_, value)| {
        let (start, inner) = (place(value).start, place_of_field(value.get(), rest)?);
        Some(start + inner.start..start + inner.end)
    })
}

pub(super) fn key_is(key: &RawValue, name: &str) -> bool {
    let mut decoded = String::new();
    unescape_into(&key.get()[1..key.get().len() - 1], &mut decoded).is_ok() && decoded == name
}

/// The entries of an object in order.
pub(super) struct Entries<'a>(pub(super) Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Entries<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, field: &str, expected: (JsonKind, &str, bool)) {
        let mut found = Vec::new();
        scan(line, &DeclaredFields::new([field]), &mut found).unwrap();
        let slot = found[0];
        assert_eq!(
            (
                slot.kind,
                &line[slot.start as usize..slot.end as usize],
                slot.repeated
            ),
            expected
        );
    }

    #[test]
    fn fields_are_found_where_they_lie() {
        let text = "text";
        check(
            r#"{"id": 1, "text" : "a b", "z": [1, {}]}"#,
            text,
            (JsonKind::Text, r#""a b""#, false),
        );
        check(
            r#"{"te\u0078t": null}"#,
            text,
            (JsonKind::Null, "null", false),
        );
        check(
            r#"{"text": 1, "text": true}"#,
            text,
            (JsonKind::Bool, "true", true),
        );
        check(
            r#"{"k\ud800": 1, "text": []}"#,
            text,
            (JsonKind::List, "[]", false),
        );
        check(r#"{"other": 1e400}"#, text, (JsonKind::Absent, "", false));
    }

    #[test]
    fn a_literal_key_with_a_dot_wins_over_the_nested_one() {
        check(
            r#"{"a": {"b": "nested"}}"#,
            "a.b",
            (JsonKind::Text, r#""nested""#, false),
        );
        check(
            r#"{"a.b": 1, "a": {"b": "nested"}}"#,
            "a.b",
            (JsonKind::Number, "1", false),
        );
        check(
            r#"{"a": {"b": "nested"}, "a.b": 1}"#,
            "a.b",
            (JsonKind::Number, "1", false),
        );
        check(
            r#"{"a": {"b": {"c": {}}}}"#,
            "a.b.c",
            (JsonKind::Object, "{}", false),
        );
        check(
            r#"{"a": {"b.c": 3}}"#,
            "a.b.c",
            (JsonKind::Number, "3", false),
        );
        check(r#"{"a": "text"}"#, "a.b", (JsonKind::Absent, "", false));
        check(
            r#"{"a": {"b": 1}, "a": {"b": 2}}"#,
            "a.b",
            (JsonKind::Number, "2", true),
        );
    }

    #[test]
    fn what_is_no_record_says_why() {
        let cases = [
            (
                "[1]",
                "a record must be a JSON object, this line is a list",
                false,
            ),
            (
                "null",
                "a record must be a JSON object, this line is null",
                false,
            ),
            (
                r#"{"a": 1} {"b": 2}"#,
                "not valid JSON: trailing characters at column 10",
                false,
            ),
            (
                r#"{"a": 1,}"#,
                "not valid JSON: trailing comma at column 9",
                false,
            ),
            (
                r#"{"a": NaN}"#,
                "NaN at column 7 is not valid JSON, although Python's json writes it; write null instead",
                false,
            ),
            (
                r#"{"a": "cut"#,
                "not valid JSON: EOF while parsing a string at column 10",
                true,
            ),
            (
                r#"{"a": 1"#,
                "not valid JSON: EOF while parsing an object at column 7",
                true,
            ),
        ];
        for (line, message, incomplete) in cases {
            let error = scan(line, &DeclaredFields::new(["text"]), &mut Vec::new()).unwrap_err();
            assert_eq!(
                (error.message.as_str(), error.incomplete),
                (message, incomplete),
                "{line}"
            );
        }
    }

    #[test]
    fn depth_is_no_limit() {
        let deep = format!(
            r#"{{"deep": {}1{}, "text": "t"}}"#,
            "[".repeat(5000),
            "]".repeat(5000)
        );
        check(&deep, "text", (JsonKind::Text, r#""t""#, false));
        let mut found = Vec::new();
        scan(&deep, &DeclaredFields::new(["deep"]), &mut found).unwrap();
        assert_eq!(found[0].kind, JsonKind::List);
    }

    #[test]
    fn repeats_go_and_the_rest_stays_verbatim() {
        let line = r#"{"id" : 1.0,"text":"a", "m": {"text": 1, "x":2}, "text" :"b"}"#;
        assert_eq!(
            without_repeats(line, "text"),
            r#"{"id": 1.0, "m": {"text": 1, "x":2}, "text": "b"}"#
        );
        let nested = r#"{"m": {"t": 0}, "m": {"t": 1, "x":2, "t": 3}}"#;
        assert_eq!(without_repeats(nested, "m.t"), r#"{"m": {"x": 2, "t": 3}}"#);
    }
}
