//! Finds the texts of a record that are redacted.

use std::ops::Range;

use coldpress_operator::Edits;
use coldpress_pattern::TooManySteps;

use crate::text::pii::Redactor;

/// Keys whose texts are redacted wherever they are.
const EVERYWHERE: [&str; 5] = ["file_path", "path", "file", "arguments", "file_paths"];

/// The fields of a record that are redacted, in addition to those that are redacted in every record.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// Keys of the record itself.
    pub(super) keys: Vec<String>,
    /// The key with the messages. It counts only if it is among `keys`.
    pub(super) messages: Option<String>,
}

/// The role of an object or a list in the record.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Record,
    Messages,
    Message,
    Content,
    Block,
    Other,
}

struct Open {
    part: Part,
    is_list: bool,
    /// The key of the next value of an object.
    key: Option<String>,
}

/// Reports the changes to the JSON of a record, which must be valid.
pub(super) fn redact_record(
    json: &str,
    places: &Places,
    redactor: &mut Redactor,
    edits: &mut Edits,
) -> Result<(), TooManySteps> {
    // No recursion, because a record may be nested to any depth.
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(byte) = json.as_bytes().get(at) {
        match byte {
            b'{' | b'[' => {
                let is_list = *byte == b'[';
                let part = part_of(open.last(), is_list, places);
                open.push(Open {
                    part,
                    is_list,
                    key: None,
                });
            }
            b'}' | b']' => {
                open.pop();
            }
            b',' => {
                if let Some(object) = open.last_mut() {
                    object.key = None;
                }
            }
            b'"' => {
                let range = at..string_end(json, at);
                at = range.end - 1;
                if let Some(inside) = open.last_mut() {
                    if !inside.is_list && inside.key.is_none() {
                        inside.key = Some(unescaped(json, &range).unwrap_or_default());
                    } else if is_redacted(inside, places) {
                        redact(json, range, redactor, edits)?;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Returns the position after the closing quote of the string at `start`.
fn string_end(json: &str, start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &json.as_bytes()[at..]) {
        at += found + 1;
        if json.as_bytes()[at - 1] == b'"' {
            return at;
        }
        // The escaped character is ASCII, or the rest of its escape is.
        at += 1;
    }
    json.len()
}

/// Returns the text of a string; `None` if it has half of a surrogate pair.
fn unescaped(json: &str, range: &Range<usize>) -> Option<String> {
    serde_json::from_str(&json[range.clone()]).ok()
}

/// Returns the role of a container that begins as a value of `inside`.
fn part_of(inside: Option<&Open>, is_list: bool, places: &Places) -> Part {
    let Some(inside) = inside else {
        return Part::Record;
    };
    let key = inside.key.as_deref();
    match inside.part {
        Part::Record if is_list && key == places.messages.as_deref() => {
            let is_wanted = places
                .keys
                .iter()
                .any(|wanted| Some(wanted.as_str()) == key);
            if is_wanted {
                Part::Messages
            } else {
                Part::Other
            }
        }
        Part::Messages if !is_list => Part::Message,
        Part::Message if is_list && key == Some("content") => Part::Content,
        Part::Content if !is_list => Part::Block,
        _ => Part::Other,
    }
}

/// Returns whether a text in this place is redacted.
fn is_redacted(inside: &Open, places: &Places) -> bool {
    if inside.is_list {
        return true;
    }
    let key = inside.key.as_deref().unwrap_or_default();
    let by_part = match inside.part {
        Part::Record => places.keys.iter().any(|wanted| wanted == key),
        Part::Message => key == "content",
        Part::Block => matches!(key, "text" | "content"),
        _ => false,
    };
    by_part || EVERYWHERE.contains(&key)
}

fn redact(
    json: &str,
    range: Range<usize>,
    redactor: &mut Redactor,
    edits: &mut Edits,
) -> Result<(), TooManySteps> {
    let inner = &json[range.start + 1..range.end - 1];
    let redacted = if inner.contains('\\') {
        let text = unescaped(json, &range);
        text.map_or(Ok(None), |text| redactor.redacted(&text))
    } else {
        redactor.redacted(inner)
    }?;
    if let Some(text) = redacted {
        edits.replace(range, &serde_json::Value::String(text).to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::pii::{Kind, Words};

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let places = Places {
            keys: vec!["text".to_owned(), "conv".to_owned()],
            messages: Some("conv".to_owned()),
        };
        let mut redactor = Redactor::new(Words::Ascii);
        redactor.add(Kind::Email, "E").unwrap();
        let (mut edits, mut out) = (Edits::default(), String::new());
        redact_record(json, &places, &mut redactor, &mut edits).unwrap();
        edits.apply(json, &mut out).unwrap();
        assert_eq!(out, expected);
    }

    #[test]
    fn texts_are_redacted_by_their_place_and_all_else_stays() {
        check(
            r#"{"n": 1.50, "text" : "a@b.de\u0021\n", "other": "a@b.de", "a@b.de": ["\"a@b.de", 1, {"path": "a@b.de", "x": "a@b.de"}]}"#,
            r#"{"n": 1.50, "text" : "E!\n", "other": "a@b.de", "a@b.de": ["\"E", 1, {"path": "E", "x": "a@b.de"}]}"#,
        );
        check(
            r#"{"conv": [{"content": "a@b.de", "name": "a@b.de"}, {"content": [{"text": "a@b.de", "t": "a@b.de"}]}], "content": "a@b.de"}"#,
            r#"{"conv": [{"content": "E", "name": "a@b.de"}, {"content": [{"text": "E", "t": "a@b.de"}]}], "content": "a@b.de"}"#,
        );
        // Data-Juicer cuts pairs of `dialog_history` to two values.
        check(
            r#"{"dialog_history": [["a@b.de", "b", "a@b.de"]]}"#,
            r#"{"dialog_history": [["E", "b", "E"]]}"#,
        );
        check(
            r#"{"text": "a@b.de \ud800", "l": [[]]}"#,
            r#"{"text": "a@b.de \ud800", "l": [[]]}"#,
        );
    }

    #[test]
    fn depth_is_no_limit() {
        let deep = |text: &str| {
            format!(
                "{{\"d\": {}\"{text}\"{}}}",
                "[".repeat(100_000),
                "]".repeat(100_000)
            )
        };
        check(&deep("a@b.de"), &deep("E"));
    }
}
