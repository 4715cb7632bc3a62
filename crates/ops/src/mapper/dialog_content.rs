//! The text of a message of a dialogue.

use serde_json::Value;

use crate::text::python::strip;
use crate::text::python_value::{self, is_true};

/// Returns the text of a content: a text, blocks of several kinds, or an object that has a text somewhere in it.
pub(super) fn content_text(content: &Value) -> String {
    let Value::Array(blocks) = content else {
        return fragment(content);
    };
    let parts = blocks.iter().filter_map(|block| match block {
        Value::Object(_) => block_text(block),
        Value::String(text) => Some(strip(text).to_owned()),
        _ => None,
    });
    joined(parts.filter(|part| !part.is_empty()))
}

/// Returns the text of a block. Blocks of a model's reasoning count too.
fn block_text(block: &Value) -> Option<String> {
    let kind = block["type"].as_str();
    let thinks = matches!(kind, Some("thinking" | "reasoning"));
    if matches!(kind, Some("text" | "input_text")) || (!thinks && !block["text"].is_null()) {
        return Some(fragment(&block["text"]));
    }
    let thoughts = ["thinking", "reasoning", "reasoning_content"].map(|key| &block[key]);
    let has_thoughts = thinks || !thoughts[0].is_null() || !thoughts[2].is_null();
    let thought = thoughts.into_iter().find(|thought| is_true(thought));
    has_thoughts.then(|| fragment(thought.unwrap_or(&Value::Null)))
}

/// Returns the text of a value, however it is wrapped.
fn fragment(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => strip(text).to_owned(),
        Value::Object(_) => {
            let mut wrapped = ["value", "text", "content"]
                .into_iter()
                .map(|key| &value[key]);
            wrapped
                .find(|value| !is_nothing(value))
                .map(fragment)
                .unwrap_or_default()
        }
        Value::Array(items) => joined(items.iter().filter(|item| !is_nothing(item)).map(fragment)),
        other => python_value::str(other),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    strip(&parts.collect::<Vec<_>>().join("\n")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The expected texts are those of Data-Juicer 1.6.1.
    #[test]
    fn contents_become_text() {
        let cases = [
            (json!(" a "), "a"),
            (json!(null), ""),
            (json!(1.5), "1.5"),
            (json!(true), "True"),
            (
                json!({"value": "", "text": {"content": [" x ", "", {"text": 7}]}}),
                "x\n7",
            ),
            (
                json!([" a ", {"type": "text", "text": "b"}, {"type": "image", "url": "u"}, 5]),
                "a\nb",
            ),
            (
                json!([{"type": "thinking", "thinking": " hm ", "text": "no"}]),
                "hm",
            ),
            (
                json!([{"type": "reasoning", "reasoning": "r"}, {"reasoning_content": "c"}]),
                "r\nc",
            ),
            (
                json!([{"type": "input_text", "text": ["p", {"value": "q"}]}]),
                "p\nq",
            ),
        ];
        for (content, expected) in cases {
            assert_eq!(content_text(&content), expected, "{content}");
        }
    }
}
