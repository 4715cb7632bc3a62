//! A call of an operator in a recipe: a name and parameters that are not interpreted yet.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Place, Result};
use crate::node::{Key, Node, Span, Value};

/// One entry of `process`. The existence of the operator and the meaning of its parameters are not checked here, because only the
/// operators know them. Equality compares names and parameters, not places.
///
/// ```
/// use coldpress_config::OperatorCall;
/// let call = OperatorCall::new("text_length_filter").with("min_len", 10);
/// assert_eq!(call.params_json(), serde_json::json!({"min_len": 10}));
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperatorCall {
    /// The operator's name.
    pub name: String,
    /// The parameters, in the order of the recipe.
    #[serde(with = "params_as_map", default)]
    pub params: Vec<(Key, Node)>,
    /// The place of the name.
    #[serde(default)]
    pub span: Span,
}

impl OperatorCall {
    /// Makes a call without parameters.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            params: Vec::new(),
            span: Span::default(),
        }
    }

    /// Adds a parameter, replacing an earlier value of the same name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Node>) -> Self {
        self.params.retain(|(key, _)| key.name != name);
        self.params.push((Key::from(name), value.into()));
        self
    }

    /// Returns the value of a parameter.
    pub fn param(&self, name: &str) -> Option<&Node> {
        self.params
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, node)| node)
    }

    /// Returns the parameters as a JSON object; see [`Node::to_json`] for unquoted scalars.
    pub fn params_json(&self) -> serde_json::Value {
        self.params
            .iter()
            .map(|(key, node)| (key.name.clone(), node.to_json()))
            .collect()
    }

    /// Reads an entry of `process`: `name`, `name:`, or `name: {param: value}`.
    pub(crate) fn read(entry: &Node, origin: &str) -> Result<Self> {
        match &entry.value {
            Value::Scalar { text, .. } => named(text, entry.span, Vec::new(), origin),
            Value::Map(entries) => match entries.as_slice() {
                [(key, params)] => named(
                    &key.name,
                    key.span,
                    read_params(key, params, origin)?,
                    origin,
                ),
                [_, (second, _), ..] => Err(bad_entry(
                    Place::new(origin, second.span),
                    format!(
                        "a second name, `{}` (parameters are indented below the operator's name)",
                        second.name
                    ),
                )),
                [] => Err(bad_entry(
                    Place::new(origin, entry.span),
                    "an empty map".to_string(),
                )),
            },
            _ => Err(bad_entry(Place::new(origin, entry.span), entry.describe())),
        }
    }
}

impl PartialEq for OperatorCall {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.params == other.params
    }
}

fn named(name: &str, span: Span, params: Vec<(Key, Node)>, origin: &str) -> Result<OperatorCall> {
    if name.is_empty() {
        return Err(bad_entry(
            Place::new(origin, span),
            "an empty name".to_string(),
        ));
    }
    Ok(OperatorCall {
        name: name.to_string(),
        params,
        span,
    })
}

fn read_params(operator: &Key, params: &Node, origin: &str) -> Result<Vec<(Key, Node)>> {
    match &params.value {
        _ if params.is_null() => Ok(Vec::new()),
        Value::Map(entries) => Ok(entries.clone()),
        _ => Err(Error::WrongType {
            key: format!("process: {}", operator.name),
            place: Place::new(origin, params.span),
            expected: "a map of parameters".to_string(),
            found: params.describe(),
        }),
    }
}

fn bad_entry(place: Place, found: String) -> Error {
    Error::WrongType {
        key: "process".to_string(),
        place,
        expected: "a list of operators, each `- name` or `- name: {parameter: value}`".to_string(),
        found,
    }
}

/// Serializes parameters as an object in the order of the recipe.
mod params_as_map {
    use std::fmt;

    use serde::de::{MapAccess, Visitor};
    use serde::{Deserializer, Serializer};

    use crate::node::{Key, Node};

    pub(super) fn serialize<S: Serializer>(
        params: &[(Key, Node)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(params.iter().map(|(key, node)| (&key.name, node)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(Key, Node)>, D::Error> {
        struct Params;

        impl<'de> Visitor<'de> for Params {
            type Value = Vec<(Key, Node)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of parameters")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut params = Vec::new();
                while let Some((name, node)) = map.next_entry::<String, Node>()? {
                    params.push((Key::from(name.as_str()), node));
                }
                Ok(params)
            }
        }

        deserializer.deserialize_map(Params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_survive_json_in_order() {
        let call = OperatorCall::new("op")
            .with("z", 1)
            .with("a", vec!["x"])
            .with("t", Node::plain("yes"));
        let json = serde_json::to_string(&call).unwrap();
        assert!(
            json.contains(r#""params":{"z":1,"a":["x"],"t":"yes"}"#),
            "{json}"
        );
        let read: OperatorCall = serde_json::from_str(&json).unwrap();
        assert_eq!(read, call);
        assert_eq!(read.param("t").unwrap().as_bool(), Some(true));
        assert_eq!(call.with("z", 2).param("z").unwrap().as_u64(), Some(2));
    }

    proptest::proptest! {
        /// A worker process that got a rounded threshold would decide differently.
        #[test]
        fn numbers_survive_json_to_the_last_bit(number: f64) {
            let call = OperatorCall::new("op").with("max_ratio", number);
            let json = serde_json::to_string(&call).unwrap();
            let read: OperatorCall = serde_json::from_str(&json).unwrap();
            proptest::prop_assert_eq!(read.param("max_ratio").unwrap().as_f64(), Some(number));
        }
    }
}
