//! The syntax tree of a condition, and its value for a record.

use std::borrow::Cow;
use std::cmp::Ordering;

use coldpress_operator::RecordError;

use crate::filter::value::{SequenceKind, Value};

/// A condition or a part of one.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Constant(Value<'static>),
    /// A field, by its index among those that the condition names.
    Field(usize),
    /// A sequence with fields in it.
    Sequence(SequenceKind, Vec<Expression>),
    /// A chain of comparisons, each of which must hold.
    Compare(Box<Expression>, Vec<(Relation, Expression)>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Plus(Box<Expression>),
    Minus(Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

type Outcome<'v> = Result<Cow<'v, Value<'v>>, RecordError>;

impl Expression {
    /// Returns a sequence of these values. It is a constant if they all are, so that it isn't built for each record.
    pub(super) fn sequence(kind: SequenceKind, values: Vec<Self>) -> Self {
        let constants = values.iter().map(|value| match value {
            Self::Constant(value) => Some(value.clone()),
            _ => None,
        });
        match constants.collect() {
            Some(constants) => Self::Constant(Value::Sequence(kind, constants)),
            None => Self::Sequence(kind, values),
        }
    }

    /// Returns the value for a record. `field` gives the fields that are needed, and null for those that the record lacks.
    ///
    /// A comparison with null does not hold, and nothing is in null; both end a chain of comparisons.
    pub(super) fn value<'v, F>(&'v self, field: &F) -> Outcome<'v>
    where
        F: Fn(usize) -> Result<Value<'v>, RecordError>,
    {
        let value = match self {
            Self::Constant(value) => return Ok(Cow::Borrowed(value)),
            Self::Field(at) => field(*at)?,
            Self::Sequence(kind, values) => {
                let values = values
                    .iter()
                    .map(|value| Ok(value.value(field)?.into_owned()));
                Value::Sequence(*kind, values.collect::<Result<_, RecordError>>()?)
            }
            Self::Compare(first, relations) => Value::Bool(holds(first, relations, field)?),
            Self::All(parts) => Value::Bool(!any(parts, false, field)?),
            Self::Any(parts) => Value::Bool(any(parts, true, field)?),
            Self::Not(of) => Value::Bool(!of.value(field)?.is_true()),
            Self::Plus(of) => signed(&*of.value(field)?, '+')?,
            Self::Minus(of) => signed(&*of.value(field)?, '-')?,
        };
        Ok(Cow::Owned(value))
    }
}

/// Returns whether any of `parts` evaluates to `wanted`. Parts after the first such one are not evaluated.
fn any<'v, F>(parts: &'v [Expression], wanted: bool, field: &F) -> Result<bool, RecordError>
where
    F: Fn(usize) -> Result<Value<'v>, RecordError>,
{
    for part in parts {
        if part.value(field)?.is_true() == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

fn holds<'v, F>(
    first: &'v Expression,
    relations: &'v [(Relation, Expression)],
    field: &F,
) -> Result<bool, RecordError>
where
    F: Fn(usize) -> Result<Value<'v>, RecordError>,
{
    let mut left = first.value(field)?;
    for (relation, right) in relations {
        let right = right.value(field)?;
        if matches!(*left, Value::Null) || matches!(*right, Value::Null) {
            return Ok(*relation == Relation::NotIn);
        }
        if !relation.holds(&left, &right)? {
            return Ok(false);
        }
        left = right;
    }
    Ok(true)
}

impl Relation {
    fn holds(self, left: &Value<'_>, right: &Value<'_>) -> Result<bool, RecordError> {
        match self {
            Self::Equal => Ok(left.equals(right)),
            Self::NotEqual => Ok(!left.equals(right)),
            Self::In => is_in(left, right),
            Self::NotIn => Ok(!is_in(left, right)?),
            _ if !left.is_ordered_with(right) => Err(RecordError::new(format!(
                "the condition compares {} with {} by order",
                left.describe(),
                right.describe()
            ))),
            _ => Ok(left.order(right).is_some_and(|order| match self {
                Self::Less => order == Ordering::Less,
                Self::LessOrEqual => order != Ordering::Greater,
                Self::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            })),
        }
    }
}

fn is_in(value: &Value<'_>, container: &Value<'_>) -> Result<bool, RecordError> {
    match (value, container) {
        (_, Value::Sequence(_, values)) => Ok(values.iter().any(|other| other.equals(value))),
        (Value::Text(part), Value::Text(text)) => Ok(text.contains(part.as_ref())),
        (Value::Text(key), Value::Object(fields)) => Ok(fields.contains_key(key.as_ref())),
        (_, Value::Object(_)) => Ok(false),
        _ => Err(RecordError::new(format!(
            "the condition looks for {} in {}",
            value.describe(),
            container.describe()
        ))),
    }
}

fn signed(value: &Value<'_>, sign: char) -> Result<Value<'static>, RecordError> {
    let minus = sign == '-';
    match value {
        Value::Bool(value) if minus => Ok(Value::Int(-i64::from(*value))),
        Value::Bool(value) => Ok(Value::Int(i64::from(*value))),
        Value::Int(value) if minus => Ok(match value.checked_neg() {
            Some(value) => Value::Int(value),
            None => Value::Float(-(*value as f64)),
        }),
        Value::Int(value) => Ok(Value::Int(*value)),
        Value::Float(value) if minus => Ok(Value::Float(-value)),
        Value::Float(value) => Ok(Value::Float(*value)),
        other => Err(RecordError::new(format!(
            "the condition has the sign `{sign}` before {}",
            other.describe()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parser::parse;
    use super::*;

    fn evaluate(condition: &str) -> Result<Value<'static>, RecordError> {
        let (expression, names) = parse(condition).unwrap();
        let fields = json!({
            "n": 5, "half": 0.5, "text": "hello", "none": null, "list": [1, "a"], "object": {"k": 1}, "zero": 0,
        });
        let field = |at: usize| {
            let value = fields.get(&names[at]).cloned();
            Ok(Value::of_json(value.unwrap_or_default()))
        };
        Ok(expression.value(&field)?.into_owned().into_owned())
    }

    #[track_caller]
    fn check(condition: &str, expected: bool) {
        let value = evaluate(condition).unwrap();
        assert!(
            matches!(value, Value::Bool(is) if is == expected),
            "{condition}: {value:?}"
        );
    }

    #[test]
    fn conditions_are_evaluated_as_data_juicer_does() {
        for condition in [
            "1 < n <= 5",
            "n == 5.0 and half != n",
            "not zero and not missing",
            "'ell' in text and 'x' not in text",
            "n in [1, 5] and n in (5,) and n in {5} and text in ['hello']",
            "1 in list and True in list and 'a' in list",
            "'k' in object and 1 not in object",
            "zero or n",
            "-n < +zero",
            "list == [1, 'a'] and list != (1, 'a')",
            "[n, 1] < [5, 2]",
            "text > 'hell' 'a'",
            "None not in none",
            // Null ends a chain before the rest of it can fail.
            "1 not in none < 'a'",
            "not (none == None) and not (none != 1)",
            // A part that isn't needed is not evaluated.
            "n or text < 1",
        ] {
            check(condition, true);
        }
        for condition in [
            "n < none",
            "none in list",
            "n < 5 < 'a'",
            "zero and text < 1",
            "missing == 5",
        ] {
            check(condition, false);
        }
        assert!(matches!(evaluate("n").unwrap(), Value::Int(5)));
        assert!(matches!(evaluate("missing").unwrap(), Value::Null));
        assert!(matches!(evaluate("-(-n)").unwrap(), Value::Int(5)));
    }

    #[test]
    fn values_of_types_that_do_not_fit_are_errors() {
        for condition in [
            "text < 3",
            "n in text",
            "1 in n",
            "-text",
            "+none",
            "list < (1, 2)",
            "{n} < {1}",
            "object > 1",
        ] {
            assert!(evaluate(condition).is_err(), "{condition}");
        }
    }
}
