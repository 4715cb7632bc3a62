//! Turns the answer of a tool into text.

use std::collections::HashMap;

use serde::de::Error as _;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::text::python;
use crate::text::python_json::dumps;
use crate::text::python_value;

/// The number of characters of an object that are written.
const OBJECT_CHARS: usize = 10_000;
/// The depth to which contents within contents are followed.
const DEEPEST: u32 = 128;

/// Returns the text of a content, which is JSON. Texts stay as they are, lists are read block by block, and objects are written as
/// Python writes JSON.
///
/// # Errors
/// If the contents are nested too deeply, or a text has half of a surrogate pair.
pub(super) fn content_text(json: &str) -> Result<String, serde_json::Error> {
    of_any(json, 0)
}

fn of_any(json: &str, depth: u32) -> Result<String, serde_json::Error> {
    if depth > DEEPEST {
        return Err(serde_json::Error::custom("nested too deeply"));
    }
    Ok(match json.as_bytes().first() {
        Some(b'"') => stripped(&serde_json::from_str::<String>(json)?),
        Some(b'{') => dumps(json).chars().take(OBJECT_CHARS).collect(),
        Some(b'[') => {
            let blocks: Vec<&RawValue> = serde_json::from_str(json)?;
            let mut parts = Vec::new();
            for block in blocks {
                parts.extend(of_block(block.get(), depth)?);
            }
            stripped(&parts.join("\n"))
        }
        Some(b'n') | None => String::new(),
        _ => python_value::str(&serde_json::from_str::<Value>(json)?),
    })
}

/// Returns the text of one of several blocks. Numbers among them have none.
fn of_block(json: &str, depth: u32) -> Result<Option<String>, serde_json::Error> {
    match json.as_bytes().first() {
        Some(b'"') => of_any(json, depth).map(Some),
        Some(b'{') => {
            let fields: HashMap<String, &RawValue> = serde_json::from_str(json)?;
            let is_text = fields
                .get("type")
                .is_some_and(|kind| kind.get() == "\"text\"");
            match fields.get("text") {
                Some(text) if is_text => of_any(text.get(), depth + 1).map(Some),
                None if is_text => Ok(Some(String::new())),
                _ => of_any(json, depth).map(Some),
            }
        }
        _ => Ok(None),
    }
}

fn stripped(text: &str) -> String {
    python::strip(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_become_text() {
        let cases = [
            (r#"" a\n""#, "a"),
            ("null", ""),
            ("1.50", "1.5"),
            (r#"{"b":1,"a":[]}"#, r#"{"b": 1, "a": []}"#),
            (
                r#"[" x ",{"type":"text","text":" y "},{"type":"i"},3,null]"#,
                "x\ny\n{\"type\": \"i\"}",
            ),
            (
                r#"[{"type":"text","text":[{"type":"text","text":"in"}]}]"#,
                "in",
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(content_text(json).unwrap(), expected);
        }
    }

    #[test]
    fn deep_contents_are_refused() {
        let nest = |depth: usize| {
            let open = r#"[{"type":"text","text":"#.repeat(depth);
            format!("{open}\"x\"{}", "}]".repeat(depth))
        };
        assert_eq!(content_text(&nest(100)).unwrap(), "x");
        assert!(content_text(&nest(100_000)).is_err());
    }
}
