//! Compares nodes, and converts them from and to other types.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use crate::node::{Key, Node, Span, Value};
use crate::scalar;

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(ours), Self::List(theirs)) => ours == theirs,
            (Self::Map(ours), Self::Map(theirs)) => ours == theirs,
            (Self::List(_) | Self::Map(_), _) | (_, Self::List(_) | Self::Map(_)) => false,
            _ => self.resolved() == other.resolved(),
        }
    }
}

impl Value {
    /// Returns the text and the JSON kind of a scalar; `None` for nothing.
    fn resolved(&self) -> Option<(&str, bool)> {
        match self {
            Self::Scalar { text, plain } if *plain && scalar::is_null(text) => None,
            Self::Scalar { text, plain } => {
                Some((text, *plain && !scalar::core_json(text).is_string()))
            }
            _ => None,
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self {
            name: name.to_string(),
            span: Span::default(),
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_json(&Json::deserialize(deserializer)?))
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self {
            value,
            span: Span::default(),
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::from(text.to_string())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::from(Value::Scalar { text, plain: false })
    }
}

impl From<f64> for Node {
    fn from(value: f64) -> Self {
        let text = match value {
            _ if value.is_nan() => ".nan".to_string(),
            f64::INFINITY => ".inf".to_string(),
            f64::NEG_INFINITY => "-.inf".to_string(),
            _ => format!("{value:?}"),
        };
        Self::plain(text)
    }
}

impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(items: Vec<T>) -> Self {
        Self::from(Value::List(items.into_iter().map(Into::into).collect()))
    }
}

impl<T: Into<Node>> From<Option<T>> for Node {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::from(Value::Null), Into::into)
    }
}

macro_rules! from_display {
    ($($type:ty),*) => {$(
        impl From<$type> for Node {
            fn from(value: $type) -> Self {
                Self::plain(value.to_string())
            }
        }
    )*};
}

from_display!(bool, i32, i64, u32, u64, usize);
