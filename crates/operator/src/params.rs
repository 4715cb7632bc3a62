//! Parameters of operators. They are declared once, with type, default and documentation, and read from the recipe.

use coldpress_config::{Key, Node};

use crate::error::ParamError;

/// The parameters of an operator. The [`params!`](crate::params!) macro implements it.
pub trait Params: Sized {
    /// Returns the declarations, for the manual.
    fn specs() -> Vec<ParamSpec>;
    /// Returns all parameters with their default values.
    fn defaults() -> Self;
    /// Takes the parameters out of `reader`.
    ///
    /// # Errors
    /// [`ParamError`] for a value of the wrong type or out of range.
    fn read(reader: &mut ParamReader<'_>) -> Result<Self, ParamError>;
    /// Returns the parameters as JSON, including defaults. They are part of the chain hash.
    fn to_json(&self) -> serde_json::Value;
}

/// The declaration of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Its name in the recipe.
    pub name: &'static str,
    /// The kind of value that it takes, as in "an integer".
    pub kind: &'static str,
    /// Its default.
    pub default: serde_json::Value,
    /// Its documentation: one or more sentences.
    pub doc: &'static str,
}

/// A type that a parameter can have.
pub trait ParamValue: Sized + Clone {
    /// The kind of value, as in "an integer".
    const KIND: &'static str;
    /// Returns the value of a node, if it has the right type.
    fn parse(node: &Node) -> Option<Self>;
    /// Returns the value as JSON.
    fn to_json(&self) -> serde_json::Value;
}

macro_rules! scalar {
    ($type:ty, $kind:literal, $access:ident) => {
        impl ParamValue for $type {
            const KIND: &'static str = $kind;
            fn parse(node: &Node) -> Option<Self> {
                node.$access().map(Into::into)
            }
            fn to_json(&self) -> serde_json::Value {
                serde_json::json!(self)
            }
        }
    };
}

scalar!(bool, "true or false", as_bool);
scalar!(i64, "an integer", as_i64);
scalar!(u64, "an integer from 0 on", as_u64);
impl ParamValue for f64 {
    const KIND: &'static str = "a number";
    /// Returns the number of a node. NaN is refused, because no bound would ever contain it.
    fn parse(node: &Node) -> Option<Self> {
        node.as_f64().filter(|number| !number.is_nan())
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self)
    }
}

scalar!(String, "text", as_str);

impl<T: ParamValue> ParamValue for Option<T> {
    const KIND: &'static str = T::KIND;
    fn parse(node: &Node) -> Option<Self> {
        if node.is_null() {
            Some(None)
        } else {
            T::parse(node).map(Some)
        }
    }
    fn to_json(&self) -> serde_json::Value {
        self.as_ref().map_or(serde_json::Value::Null, T::to_json)
    }
}

impl<T: ParamValue> ParamValue for Vec<T> {
    const KIND: &'static str = "a list";
    fn parse(node: &Node) -> Option<Self> {
        match node.as_list() {
            Some(items) => items.iter().map(T::parse).collect(),
            None => T::parse(node).map(|only| vec![only]),
        }
    }
    fn to_json(&self) -> serde_json::Value {
        self.iter().map(T::to_json).collect()
    }
}

/// Hands out the parameters of one operator call, and tracks which are left.
#[derive(Debug)]
pub struct ParamReader<'a> {
    left: Vec<&'a (Key, Node)>,
    known: Vec<&'static str>,
}

impl<'a> ParamReader<'a> {
    /// Returns a reader of these parameters.
    pub fn new(params: &'a [(Key, Node)]) -> Self {
        Self {
            left: params.iter().collect(),
            known: Vec::new(),
        }
    }

    /// Returns the value of the parameter `name`, or `default` if the call does not give it.
    ///
    /// # Errors
    /// [`ParamError`] if the value has the wrong type.
    pub fn take<T: ParamValue>(&mut self, name: &'static str, default: T) -> Result<T, ParamError> {
        self.known.push(name);
        let Some(at) = self.left.iter().position(|(key, _)| key.name == name) else {
            return Ok(default);
        };
        let (_, node) = self.left.remove(at);
        T::parse(node).ok_or_else(|| {
            ParamError::new(
                name,
                format_args!("must be {}, found {}", T::KIND, node.describe()),
            )
        })
    }

    /// Takes all parameters that are left, as a JSON object.
    pub fn take_all(&mut self) -> serde_json::Value {
        let left = self.left.drain(..);
        let left = left.map(|(key, node)| (key.name.clone(), node.to_json()));
        serde_json::Value::Object(left.collect())
    }

    /// Accepts the parameter `name` without using it.
    pub fn ignore(&mut self, name: &'static str) {
        self.known.push(name);
        self.left.retain(|(key, _)| key.name != name);
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// [`ParamError`] naming the first parameter that the operator does not know, and the nearest one it does.
    pub fn finish(self) -> Result<(), ParamError> {
        let Some((key, _)) = self.left.first() else {
            return Ok(());
        };
        Err(ParamError::unknown(&key.name, self.known.iter().copied()))
    }
}

/// Declares the parameters of an operator: a struct with a field per parameter, its default, and a check if it has one.
///
/// ```
/// use coldpress_operator::{params, Params};
///
/// params! {
///     /// Parameters of `take_mapper`.
///     pub struct TakeParams {
///         /// The number of characters that are kept.
///         length: u64 = 10, |length| *length > 0, "must be at least 1";
///         /// The text to put after a cut.
///         tail: Option<String> = None;
///     }
/// }
///
/// assert_eq!(TakeParams::defaults().length, 10);
/// assert_eq!(TakeParams::specs()[0].doc, "The number of characters that are kept.");
/// ```
#[macro_export]
macro_rules! params {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident : $type:ty = $default:expr $(, $check:expr, $expected:literal)?;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)*
        }

        impl $crate::Params for $name {
            fn specs() -> ::std::vec::Vec<$crate::ParamSpec> {
                ::std::vec![$($crate::ParamSpec {
                    name: stringify!($field),
                    kind: <$type as $crate::ParamValue>::KIND,
                    default: { let default: $type = $default; $crate::ParamValue::to_json(&default) },
                    doc: concat!($($doc),+).trim_ascii(),
                }),*]
            }

            fn defaults() -> Self {
                Self { $($field: $default),* }
            }

            fn read(
                #[allow(unused_variables, reason = "an operator may have no parameters")]
                reader: &mut $crate::ParamReader<'_>,
            ) -> ::std::result::Result<Self, $crate::ParamError> {
                $(
                    let $field: $type = reader.take(stringify!($field), $default)?;
                    $(
                        let check: fn(&$type) -> bool = $check;
                        if !check(&$field) {
                            return Err($crate::ParamError::new(stringify!($field), $expected));
                        }
                    )?
                )*
                Ok(Self { $($field),* })
            }

            fn to_json(&self) -> $crate::__json::Value {
                #[allow(unused_mut, reason = "an operator may have no parameters")]
                let mut object = $crate::__json::Map::new();
                $(object.insert(stringify!($field).into(), $crate::ParamValue::to_json(&self.$field));)*
                object.into()
            }
        }
    };
}

params! {
    /// The parameters of an operator that has none of its own.
    pub struct NoParams {}
}

#[cfg(test)]
mod tests {
    use super::*;

    params! {
        /// Parameters of a test.
        struct Sample {
            /// A count.
            /// On two lines.
            count: u64 = 3, |count| *count < 10, "must be below 10";
            /// Names.
            names: Vec<String> = Vec::new();
            /// A limit.
            limit: Option<f64> = None;
        }
    }

    fn read(params: &[(&str, serde_json::Value)]) -> Result<Sample, ParamError> {
        let nodes: Vec<(Key, Node)> = params
            .iter()
            .map(|(name, value)| {
                (
                    Key {
                        name: (*name).to_owned(),
                        span: Default::default(),
                    },
                    Node::from_json(value),
                )
            })
            .collect();
        let mut reader = ParamReader::new(&nodes);
        let sample = Sample::read(&mut reader)?;
        reader.finish().map(|()| sample)
    }

    #[test]
    fn parameters_are_typed_and_checked() {
        let sample = read(&[
            ("count", 4.into()),
            ("names", "one".into()),
            ("limit", serde_json::Value::Null),
        ])
        .unwrap();
        assert_eq!(
            (sample.count, sample.names, sample.limit),
            (4, vec!["one".to_owned()], None)
        );
        let cases = [
            (
                "count",
                serde_json::json!("x"),
                "parameter `count` must be an integer from 0 on, found text `x`",
            ),
            (
                "count",
                serde_json::json!("3"),
                "parameter `count` must be an integer from 0 on, found text \"3\"",
            ),
            (
                "count",
                serde_json::json!(10),
                "parameter `count` must be below 10",
            ),
            (
                "limit",
                serde_json::json!([1]),
                "parameter `limit` must be a number, found a list",
            ),
            (
                "cuont",
                serde_json::json!(1),
                "unknown parameter `cuont`, did you mean `count`?",
            ),
            (
                "nothing",
                serde_json::json!(1),
                "unknown parameter `nothing`",
            ),
        ];
        for (name, value, message) in cases {
            assert_eq!(read(&[(name, value)]).unwrap_err().message, message);
        }
    }

    #[test]
    fn declarations_are_their_own_manual() {
        let specs = Sample::specs();
        assert_eq!(
            (specs[0].name, specs[0].doc),
            ("count", "A count. On two lines.")
        );
        assert_eq!(
            Sample::defaults().to_json(),
            serde_json::json!({"count": 3, "names": [], "limit": null})
        );
    }
}
