//! Writes nodes as YAML text that reads as the same nodes.
//!
//! `serde_yaml` quotes `yes` and `017` for the sake of YAML 1.1 readers. That is right for settings, whose types are known, but it
//! would turn the `yes` of an operator's boolean parameter into text. So untyped values of the recipe are written here, and stay
//! unquoted if they were unquoted.

use std::fmt::Write as _;

use crate::node::{Node, Value};
use crate::scalar;

/// Returns the node in flow style on one line.
pub(crate) fn flow(node: &Node) -> String {
    let mut out = String::new();
    write_node(node, &mut out);
    out
}

/// Returns the text as a key or a scalar, quoted if necessary.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::new();
    if is_identifier(text)
        && scalar::core_json(text).is_string()
        && scalar::parse_bool(text).is_none()
    {
        out.push_str(text);
    } else {
        write_quoted(text, &mut out);
    }
    out
}

fn write_node(node: &Node, out: &mut String) {
    match &node.value {
        _ if node.is_null() => out.push_str("null"),
        Value::Null => {}
        Value::Scalar { text, plain } if *plain && is_safe_plain(text) => out.push_str(text),
        Value::Scalar { text, .. } => write_quoted(text, out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, out);
                write_node(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                separate(index, out);
                out.push_str(&text(&key.name));
                out.push_str(": ");
                write_node(item, out);
            }
            out.push('}');
        }
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}

/// Returns whether unquoted text can stay unquoted. All text with a meaning when unquoted (words and numbers) passes.
fn is_safe_plain(text: &str) -> bool {
    is_identifier(text) || scalar::parse_float(text).is_some()
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '-'))
}

/// Writes the text in double quotes as in JSON, with escapes for characters that YAML forbids or would fold.
fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if must_escape(char) => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\U{:08X}", u32::from(char));
            }
            _ => out.push(char),
        }
    }
    out.push('"');
}

/// Returns whether a text means the same anywhere on a line, in a block or between brackets.
pub(crate) fn is_harmless(text: &str) -> bool {
    let known = if text.starts_with(['\'', '"']) {
        "_./~-'\" {}"
    } else {
        "_./~-"
    };
    let is_known = |char: char| char.is_ascii_alphanumeric() || known.contains(char);
    !text.is_empty() && text.chars().all(is_known)
}

fn must_escape(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml;

    fn any_node() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            Just(Node::from(Value::Null)),
            any::<i64>().prop_map(Node::from),
            any::<f64>().prop_map(Node::from),
            any::<String>().prop_map(Node::from),
            prop_oneof![
                "yes", "~", "017", "-.inf", "True", "1_0", "0x1F", "<<", "-", "---"
            ]
            .prop_map(Node::plain),
            "[ -~]{0,8}".prop_map(Node::plain),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let entries = proptest::collection::btree_map(any::<String>(), inner.clone(), 0..5);
            prop_oneof![
                proptest::collection::vec(inner, 0..5).prop_map(Node::from),
                entries.prop_map(|map| {
                    let entries = map
                        .into_iter()
                        .map(|(name, node)| (name.as_str().into(), node));
                    Node::from(Value::Map(entries.collect()))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(node in any_node()) {
            let text = flow(&node);
            let read = yaml::parse(&text, "r.yaml").map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
            prop_assert_eq!(&read, &node, "{}", text);
            prop_assert_eq!(read.as_bool(), node.as_bool(), "{}", text);
        }

        #[test]
        fn quoted_text_is_text_for_other_readers(words in any::<String>()) {
            let read: String = serde_yaml::from_str(&text(&words))?;
            prop_assert_eq!(read, words);
        }
    }
}
