//! Excerpts of values and records, which are shown whole unless they are long.

use std::fmt;

use coldpress_record::escape_into;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value of a record, cut if it is long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    shown: Value,
    /// The size of the whole value in bytes, if it is cut.
    cut: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Json(String),
}

impl Excerpt {
    /// Makes the excerpt of a text.
    #[must_use]
    pub fn of_text(text: &str, most: usize) -> Self {
        let end = text.floor_char_boundary(most.min(text.len()));
        Self {
            shown: Value::Text(text[..end].to_owned()),
            cut: (end < text.len()).then_some(text.len() as u64),
        }
    }

    /// Makes the excerpt of a JSON value. A long text loses its end, and of any other long value nothing is shown.
    #[must_use]
    pub fn of_json(json: &str, most: usize) -> Self {
        if json.len() <= most {
            return Self {
                shown: Value::Json(json.to_owned()),
                cut: None,
            };
        }
        let shown = match json.starts_with('"') {
            true => cut_string(json, most),
            false => "null".to_owned(),
        };
        Self {
            shown: Value::Json(shown),
            cut: Some(json.len() as u64),
        }
    }

    /// Returns the size of the whole value in bytes, if only a part of it is shown.
    #[must_use]
    pub fn cut(&self) -> Option<u64> {
        self.cut
    }

    /// Appends the shown part, as JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        match &self.shown {
            Value::Text(text) => escape_into(text, out),
            Value::Json(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
}

/// A record, cut if it is long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordExcerpt {
    pub(super) json: String,
    /// The fields that are shown in part, or not at all, with the sizes of their whole values in bytes.
    pub(super) cut: Vec<(String, u64)>,
}

impl RecordExcerpt {
    /// Makes the excerpt of the record with this JSON, in at most about `most` bytes. In a longer record, long texts lose their
    /// ends, and fields that don't fit are left out.
    #[must_use]
    pub fn of(json: &str, most: usize) -> Self {
        if json.len() <= most {
            return Self {
                json: json.to_owned(),
                cut: Vec::new(),
            };
        }
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let shown = deserializer.deserialize_map(Cutter { most });
        shown.unwrap_or_else(|_| Self {
            json: "{}".to_owned(),
            cut: vec![("(record)".to_owned(), json.len() as u64)],
        })
    }
}

/// Goes through the fields of a record, copying only the parts that are shown.
struct Cutter {
    most: usize,
}

/// The number of cut fields that are named, because a record may have millions.
const NAMED: usize = 20;

impl<'de> Visitor<'de> for Cutter {
    type Value = RecordExcerpt;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut out, mut cut) = (vec![b'{'], Vec::new());
        while let Some((name, value)) = fields.next_entry::<String, &RawValue>()? {
            let value = value.get();
            let left = self.most.saturating_sub(out.len() + name.len());
            // One long field must leave room for others.
            let room = left.min(self.most / 4);
            let is_whole = value.len() <= room;
            if !is_whole && cut.len() < NAMED {
                cut.push((excerpt_of_name(&name), value.len() as u64));
            }
            let shown = match value.starts_with('"') && room > 2 {
                _ if is_whole => value.to_owned(),
                true => cut_string(value, room),
                false => continue,
            };
            if out.len() > 1 {
                out.extend_from_slice(b", ");
            }
            escape_into(&name, &mut out);
            out.extend_from_slice(b": ");
            out.extend_from_slice(shown.as_bytes());
        }
        out.push(b'}');
        Ok(RecordExcerpt {
            json: String::from_utf8_lossy(&out).into_owned(),
            cut,
        })
    }
}

fn excerpt_of_name(name: &str) -> String {
    const SHOWN: usize = 200;
    name[..name.floor_char_boundary(SHOWN.min(name.len()))].to_owned()
}

/// Returns the beginning of a JSON string, of at most `most` bytes. It never ends within a character or an escape.
fn cut_string(json: &str, most: usize) -> String {
    let bytes = json.as_bytes();
    // Leaves room for the closing quote.
    let limit = most.saturating_sub(1);
    let mut end = 1;
    while end < bytes.len() - 1 {
        let length = length_of_unit(&bytes[end..]);
        if end + length > limit {
            break;
        }
        end += length;
    }
    format!("{}\"", json.get(..end).unwrap_or("\""))
}

/// Returns the size of the character or escape at the start, in bytes. The two escapes of a surrogate pair stay together.
fn length_of_unit(bytes: &[u8]) -> usize {
    let is_high = |bytes: &[u8]| {
        matches!(
            bytes,
            [
                b'\\',
                b'u',
                b'd' | b'D',
                b'8' | b'9' | b'a' | b'b' | b'A' | b'B',
                ..
            ]
        )
    };
    match bytes {
        [b'\\', b'u', ..] if is_high(bytes) && bytes.get(6..8) == Some(b"\\u") => 12,
        [b'\\', b'u', ..] => 6,
        [b'\\', ..] => 2,
        [first, ..] => match first.leading_ones() {
            0 | 1 => 1,
            ones => ones as usize,
        },
        [] => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(excerpt: &Excerpt) -> String {
        let mut out = Vec::new();
        excerpt.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, most, expected, cut) in [
            ("a\nb", 9, r#""a\nb""#, None),
            ("aäb", 4, r#""aäb""#, None),
            ("aäb", 3, r#""aä""#, Some(4)),
            ("aäb", 2, r#""a""#, Some(4)),
            ("ä", 0, r#""""#, Some(2)),
        ] {
            let excerpt = Excerpt::of_text(text, most);
            assert_eq!((shown(&excerpt).as_str(), excerpt.cut()), (expected, cut));
        }
    }

    #[test]
    fn strings_in_json_are_cut_between_escapes() {
        for (json, most, expected) in [
            (r#""ab\ncd""#, 5, r#""ab""#),
            (r#""ab\ncd""#, 6, r#""ab\n""#),
            (r#""\ud83d\ude00!""#, 13, r#""""#),
            (r#""\ud83d\ude00!""#, 14, r#""\ud83d\ude00""#),
            // Half of a pair without the other half stays as it is.
            (r#""\ud83dabcdef""#, 10, r#""\ud83dab""#),
            (r#""äöü""#, 5, r#""ä""#),
            (r#""abc""#, 0, r#""""#),
            ("[1, 2, 3]", 5, "null"),
        ] {
            let excerpt = Excerpt::of_json(json, most);
            assert_eq!(shown(&excerpt), expected, "{json} {most}");
            assert_eq!(excerpt.cut(), Some(json.len() as u64));
        }
    }

    #[test]
    fn short_records_are_shown_byte_for_byte() {
        let record = r#"{"n":1.50,  "t": "\ud800"}"#;
        let excerpt = RecordExcerpt::of(record, 100);
        assert_eq!((excerpt.json.as_str(), excerpt.cut), (record, vec![]));
    }

    #[test]
    fn long_records_stay_records_of_bounded_size() {
        let long = "x".repeat(1000);
        let record = format!(
            r#"{{"id": 7, "html": "{long}", "text": "{long}", "list": [{}], "last": "\ud800"}}"#,
            vec!["1"; 900].join(", ")
        );
        let RecordExcerpt { json: shown, cut } = RecordExcerpt::of(&record, 400);
        assert!(shown.len() < 500, "{shown}");
        let value: serde_json::Value = serde_json::from_str(&shown.replace(r"\ud800", "")).unwrap();
        assert_eq!(value["id"], 7);
        assert_eq!(value["text"], "x".repeat(98));
        assert_eq!(value.get("list"), None);
        assert!(shown.ends_with(r#""last": "\ud800"}"#), "{shown}");
        let cut: Vec<_> = cut
            .iter()
            .map(|(name, bytes)| (name.as_str(), *bytes))
            .collect();
        assert_eq!(cut, [("html", 1002), ("text", 1002), ("list", 2698 + 2)]);
    }

    #[test]
    fn a_record_of_very_many_fields_is_gone_through_once() {
        let fields: Vec<String> = (0..100_000).map(|n| format!(r#""{n}": "{n}""#)).collect();
        let record = format!("{{{}}}", fields.join(","));
        let RecordExcerpt { json: shown, cut } = RecordExcerpt::of(&record, 1000);
        assert!(shown.len() < 1100 && cut.len() == NAMED, "{shown}");
        assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok());
    }
}
