//! Values of fields, compared as Python compares them.

use std::borrow::Cow;
use std::cmp::Ordering;

use coldpress_operator::{Record, RecordError, StatRow, StatValue};
use serde_json::{Map, Value as Json};

/// The prefix by which the name of a field refers to a statistic.
const STATS_PREFIX: &str = "__dj__stats__.";

/// A value of a field, or in a condition about fields.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Sequence(SequenceKind, Vec<Value<'a>>),
    Object(Map<String, Json>),
}

/// The kinds of sequences. Sequences of different kinds are never equal; those in fields are lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SequenceKind {
    List,
    Tuple,
    Set,
}

impl<'a> Value<'a> {
    /// Returns the value of an operator's `field`-th declared field, whose name is `name`; `None` if the record has no such field.
    ///
    /// A name such as `__dj__stats__.text_len` refers to a statistic that an earlier filter computed, if there is one.
    pub(super) fn of_field(
        record: &Record<'a>,
        field: usize,
        name: &str,
        stats: &StatRow<'_>,
    ) -> Result<Option<Self>, RecordError> {
        let stat = name.strip_prefix(STATS_PREFIX);
        if let Some(stat) = stat.and_then(|name| stats.named(name)) {
            return Ok(Some(Value::of_stat(&stat).into_owned()));
        }
        if let Ok(text) = record.text(field) {
            return Ok(Some(Self::Text(Cow::Borrowed(text))));
        }
        let Some(json) = record.json(field) else {
            return Ok(None);
        };
        let value = serde_json::from_str(&json);
        let value = value.map_err(|error| {
            RecordError::new(format!(
                "the value of field `{name}` cannot be read: {error}"
            ))
        })?;
        Ok(Some(Self::of_json(value)))
    }

    /// Converts a JSON value.
    pub(super) fn of_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Self::Int(value),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(Cow::Owned(text)),
            Json::Array(values) => {
                let values = values.into_iter().map(Self::of_json).collect();
                Self::Sequence(SequenceKind::List, values)
            }
            Json::Object(fields) => Self::Object(fields),
        }
    }

    /// Converts a statistic.
    pub(super) fn of_stat(stat: &'a StatValue) -> Self {
        match stat {
            StatValue::Null => Self::Null,
            StatValue::Bool(value) => Self::Bool(*value),
            StatValue::Int(value) => Self::Int(*value),
            StatValue::Float(value) => Self::Float(*value),
            StatValue::Text(text) => Self::Text(Cow::Borrowed(text)),
            StatValue::List(values) => {
                let values = values.iter().map(Value::of_stat).collect();
                Self::Sequence(SequenceKind::List, values)
            }
        }
    }

    /// Returns the value as a statistic; `None` if it is an object or has one inside.
    pub(super) fn to_stat(&self) -> Option<StatValue> {
        Some(match self {
            Self::Null => StatValue::Null,
            Self::Bool(value) => StatValue::Bool(*value),
            Self::Int(value) => StatValue::Int(*value),
            Self::Float(value) => StatValue::Float(*value),
            Self::Text(text) => StatValue::Text(text.as_ref().into()),
            Self::Sequence(_, values) => {
                let values = values.iter().map(Self::to_stat);
                StatValue::List(values.collect::<Option<_>>()?)
            }
            Self::Object(_) => return None,
        })
    }

    /// Returns the value with its texts copied.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Float(value) => Value::Float(value),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Sequence(kind, values) => {
                let values = values.into_iter().map(Value::into_owned);
                Value::Sequence(kind, values.collect())
            }
            Self::Object(fields) => Value::Object(fields),
        }
    }

    /// Returns whether the value is true in Python: null, zero and empty values are not.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Sequence(_, values) => !values.is_empty(),
            Self::Object(fields) => !fields.is_empty(),
        }
    }

    /// Returns whether both are equal. Numbers are compared by value, `true` equals 1, and values of different types are never
    /// equal.
    pub(super) fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Text(a), Value::Text(b)) => a == b,
            (Self::Sequence(kind, a), Value::Sequence(of, b)) => {
                kind == of && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
            }
            (Self::Object(a), Value::Object(b)) => a == b,
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }

    /// Returns the order of two numbers, two texts or two sequences of the same kind; `None` if they have no order, as with
    /// not-a-number.
    pub(super) fn order(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Value::Text(b)) => Some(a.as_ref().cmp(b.as_ref())),
            (Self::Sequence(_, a), Value::Sequence(_, b)) => {
                let mut pairs = a.iter().zip(b);
                match pairs.find(|(a, b)| !a.equals(b)) {
                    Some((a, b)) => a.order(b),
                    None => Some(a.len().cmp(&b.len())),
                }
            }
            _ => match (self.number()?, other.number()?) {
                (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
                (Number::Int(a), Number::Float(b)) => order_mixed(a, b),
                (Number::Float(a), Number::Int(b)) => order_mixed(b, a).map(Ordering::reverse),
                (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
            },
        }
    }

    /// Returns whether Python can order values of these types. For others, it fails.
    pub(super) fn is_ordered_with(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Self::Text(_), Value::Text(_)) => true,
            (Self::Sequence(kind, _), Value::Sequence(of, _)) => {
                kind == of && *kind != SequenceKind::Set
            }
            _ => self.number().is_some() && other.number().is_some(),
        }
    }

    fn number(&self) -> Option<Number> {
        match self {
            Self::Bool(value) => Some(Number::Int(i64::from(*value))),
            Self::Int(value) => Some(Number::Int(*value)),
            Self::Float(value) => Some(Number::Float(*value)),
            _ => None,
        }
    }

    /// Names the kind of the value, as in "a number".
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Sequence(SequenceKind::List, _) => "a list",
            Self::Sequence(SequenceKind::Tuple, _) => "a tuple",
            Self::Sequence(SequenceKind::Set, _) => "a set",
            Self::Object(_) => "an object",
        }
    }
}

enum Number {
    Int(i64),
    Float(f64),
}

/// Orders an integer and a float by their exact values. As a float, a large integer may equal its neighbour.
fn order_mixed(int: i64, float: f64) -> Option<Ordering> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        None
    } else if float >= BEYOND {
        Some(Ordering::Less)
    } else if float < -BEYOND {
        Some(Ordering::Greater)
    } else {
        let whole = int.cmp(&(float.trunc() as i64));
        Some(whole.then(0.0.partial_cmp(&float.fract())?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn order(a: Json, b: Json) -> Option<Ordering> {
        Value::of_json(a).order(&Value::of_json(b))
    }

    #[test]
    fn values_are_compared_as_python_does() {
        let equal = [
            (json!(1), json!(1.0), true),
            (json!(true), json!(1), true),
            (json!(0.0), json!(-0.0), true),
            (json!(null), json!(null), true),
            (json!(null), json!(0), false),
            (json!("1"), json!(1), false),
            (json!([1, [true]]), json!([1.0, [1]]), true),
            (json!([1]), json!([1, 2]), false),
            (json!({"a": 1}), json!({"a": 1}), true),
            (
                json!(9_007_199_254_740_993_i64),
                json!(9_007_199_254_740_992.0),
                false,
            ),
            (json!(i64::MAX), json!(9_223_372_036_854_775_808.0), false),
        ];
        for (a, b, expected) in equal {
            let (left, right) = (Value::of_json(a.clone()), Value::of_json(b.clone()));
            assert_eq!(left.equals(&right), expected, "{a} {b}");
            assert_eq!(right.equals(&left), expected, "{b} {a}");
        }
        assert_eq!(order(json!(2), json!(1.5)), Some(Ordering::Greater));
        assert_eq!(order(json!(-2), json!(-1.5)), Some(Ordering::Less));
        assert_eq!(order(json!("b"), json!("é")), Some(Ordering::Less));
        assert_eq!(order(json!([1, 2]), json!([1, 3])), Some(Ordering::Less));
        assert_eq!(order(json!([1, 2]), json!([1])), Some(Ordering::Greater));
        assert_eq!(Value::Int(1).order(&Value::Float(f64::NAN)), None);
    }

    proptest! {
        #[test]
        fn integers_and_floats_are_ordered_by_value(int: i32, float in -3e9f64..3e9) {
            prop_assert_eq!(order_mixed(i64::from(int), float), f64::from(int).partial_cmp(&float));
        }

        #[test]
        fn an_integer_has_one_float_at_most(int: i64) {
            let float = int as f64;
            let same = float as i128 == i128::from(int);
            prop_assert_eq!(order_mixed(int, float) == Some(Ordering::Equal), same);
        }
    }
}
