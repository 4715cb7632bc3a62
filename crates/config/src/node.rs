//! A YAML value with its place. Its type is decided when it is read.

mod convert;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::scalar;

/// A place in a recipe. Both numbers count from 1 (columns in characters); line 0 means the command line or code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The line, from 1; 0 if it isn't in a file.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// A value and its place.
///
/// Equality compares only the value, and ignores the place and any quoting that makes no difference.
#[derive(Debug, Clone)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The place where it begins.
    pub span: Span,
}

/// The content of a [`Node`].
#[derive(Debug, Clone)]
pub enum Value {
    /// No value: `null`, `~`, or nothing at all.
    Null,
    /// A single text. Its meaning depends on the type that is wanted.
    Scalar {
        /// The text, with quotes and escapes resolved.
        text: String,
        /// True if it is written without quotes, so that it may be a number or a truth value.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; names are unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a map. Equality compares only the name.
#[derive(Debug, Clone)]
pub struct Key {
    /// The name.
    pub name: String,
    /// The place where it begins.
    pub span: Span,
}

impl Node {
    /// Returns the truth value of an unquoted `true`, `yes`, `on`, `false`, `no`, `off` (also `True`, `TRUE` …).
    ///
    /// ```
    /// use coldpress_config::Node;
    /// assert_eq!(Node::from(true).as_bool(), Some(true));
    /// assert_eq!(Node::from(1).as_bool(), None);
    /// ```
    pub fn as_bool(&self) -> Option<bool> {
        self.plain_text().and_then(scalar::parse_bool)
    }

    /// Returns a whole number. `1_000`, `0x10` and `1e5` are read; `017` is not, because YAML 1.1 and 1.2 disagree about it.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_integer()
            .and_then(|value| i64::try_from(value).ok())
    }

    /// Returns a whole number that isn't negative, in the same spellings as [`Node::as_i64`].
    pub fn as_u64(&self) -> Option<u64> {
        self.as_integer()
            .and_then(|value| u64::try_from(value).ok())
    }

    /// Returns a number. `.inf` and `.nan` are read too.
    pub fn as_f64(&self) -> Option<f64> {
        self.plain_text().and_then(scalar::parse_float)
    }

    /// Returns the text of any scalar. An unquoted `no` is the text `no` if text is wanted.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Returns whether there is no value.
    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::Scalar { text, plain } => *plain && scalar::is_null(text),
            _ => false,
        }
    }

    /// Returns the items of a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the entries of a map, in the order of the file.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the value under a name of a map.
    pub fn get(&self, name: &str) -> Option<&Node> {
        let entries = self.as_map()?;
        entries
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, node)| node)
    }

    /// Returns the kind of the value, for messages: `nothing`, `true or false`, `number`, `text`, `list` or `map`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            _ if self.as_bool().is_some() => "true or false",
            _ if self.as_f64().is_some() => "number",
            _ => "text",
        }
    }

    /// Returns the value as JSON. Unquoted scalars are resolved by YAML 1.2's core schema plus `True` and `False`. `yes`, `1_000`,
    /// `017`, `.inf` and numbers that JSON cannot represent stay text.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Scalar { text, plain: true } => scalar::core_json(text),
            Value::Scalar { text, .. } => Json::String(text.clone()),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.name.clone(), node.to_json()))
                .collect(),
        }
    }

    /// Makes a node without a place from JSON. [`Node::to_json`] returns the same JSON.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::from(Value::Null),
            Json::Bool(value) => Self::from(*value),
            Json::Number(number) => Self::plain(number.to_string()),
            Json::String(text) => Self::from_json_text(text),
            Json::Array(items) => {
                Self::from(Value::List(items.iter().map(Self::from_json).collect()))
            }
            Json::Object(entries) => Self::from(Value::Map(
                entries
                    .iter()
                    .map(|(name, value)| (Key::from(name.as_str()), Self::from_json(value)))
                    .collect(),
            )),
        }
    }

    /// Describes the value for messages: its kind and, if it is short, its text.
    pub fn describe(&self) -> String {
        match self.kind() {
            kind @ ("true or false" | "number") => {
                let text = self.as_str().unwrap_or(kind);
                format!("`{text}`")
            }
            "text" => match (self.as_str().unwrap_or_default(), &self.value) {
                ("", _) => "an empty text".to_string(),
                // The quotes make it a text and not a number.
                (text, Value::Scalar { plain: false, .. }) => {
                    format!("text \"{}\"", shortened(text))
                }
                (text, _) => format!("text `{}`", shortened(text)),
            },
            "nothing" => "nothing".to_string(),
            kind => format!("a {kind}"),
        }
    }

    /// Makes an unquoted scalar in code.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::from(Value::Scalar {
            text: text.into(),
            plain: true,
        })
    }

    /// Makes a scalar from a JSON text. JSON has no unquoted text, so a `yes` that came through JSON must still be readable as a
    /// truth value. A text therefore counts as unquoted wherever that doesn't change its JSON.
    fn from_json_text(text: &str) -> Self {
        let plain = scalar::core_json(text).as_str() == Some(text);
        Self::from(Value::Scalar {
            text: text.to_string(),
            plain,
        })
    }

    fn plain_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    fn as_integer(&self) -> Option<i128> {
        let text = self.plain_text()?;
        scalar::parse_integer(text).or_else(|| whole(scalar::parse_float(text)?))
    }
}

/// Returns the whole number that a float is. Numbers with an exponent or a fraction of zeros count as whole up to 2^53, where they
/// are exact.
fn whole(value: f64) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i128)
}

/// Returns the text without anything that would spoil a message: control characters, and everything after 60 characters.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.escape_debug().to_string();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{}…", head.escape_debug())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scalar_is_what_is_wanted() {
        let yes = Node::plain("yes");
        assert_eq!(yes.as_bool(), Some(true));
        assert_eq!(yes.as_str(), Some("yes"));
        assert_eq!(yes.to_json(), json!("yes"));
        let quoted = Node::from("yes");
        assert_eq!(quoted.as_bool(), None);
        assert_eq!(Node::plain("1e5").as_u64(), Some(100_000));
        assert_eq!(Node::plain("1_000").as_i64(), Some(1000));
        assert_eq!(Node::plain("017").as_i64(), None);
        assert_eq!(Node::plain("1.5").as_i64(), None);
        assert_eq!(Node::plain("-1").as_u64(), None);
        assert_eq!(Node::from("5").as_u64(), None);
        assert!(Node::plain("~").is_null());
        assert!(!Node::from("").is_null());
    }

    #[test]
    fn a_truth_value_survives_json() {
        for text in ["yes", "off", "1_000", ".inf"] {
            let node = Node::from_json(&Node::plain(text).to_json());
            assert_eq!(node.as_bool(), Node::plain(text).as_bool(), "{text}");
            assert_eq!(node.as_f64(), Node::plain(text).as_f64(), "{text}");
        }
        for text in ["10", "null", "true", ""] {
            let json = json!(text);
            assert_eq!(
                Node::from_json(&json).to_json(),
                json,
                "text must stay text"
            );
        }
    }

    #[test]
    fn equality_ignores_places_and_idle_quotes() {
        assert_eq!(Node::plain("en"), Node::from("en"));
        assert_ne!(Node::plain("10"), Node::from("10"));
        assert_ne!(Node::plain("null"), Node::from("null"));
        assert_eq!(Node::plain("~"), Node::from(Value::Null));
        assert_ne!(Node::from(vec![1]), Node::from(1));
    }
}
