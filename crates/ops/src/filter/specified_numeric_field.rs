//! # What it does
//! Keeps records whose field `field_key` is a number within bounds. The value of the field is the statistic `field_key`.
//!
//! A text is a number if Python's `float()` takes it: ` 4 `, `1e3` and `1_000` are, `abc` and the empty text are not. `true` is 1
//! and `false` is 0. A record whose value isn't a number, such as null, is dropped whatever the bounds are. Under `compat`, 0 and
//! `false` aren't numbers either, as in Data-Juicer.
//!
//! # Parameters
//! `field_key`: the name of the field; a dotted name reaches into objects. A name such as `__dj__stats__.text_len` means a
//! statistic of an earlier filter. A record without the field goes to quarantine, and so does one with a list or an object in it.
//!
//! `min_value` and `max_value`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds
//! are applied.
//!
//! # Example
//! With `field_key: meta.score` and `min_value: 0.5`, `{"meta": {"score": "0.75"}}` is kept.
//!
//! # Notes on determinism
//! Pure: the result depends only on the field and the parameters. Numbers are compared as 64-bit floats.

use coldpress_operator::{
    Filter, KnownStats, OperatorSpec, ParamError, RangeRule, Record, RecordError, ResolveContext,
    Resolved, StatKind, StatRow, StatValue, params,
};

use super::value::Value;
use crate::text::python::parse_float;

params! {
    /// Parameters of `specified_numeric_field_filter`.
    pub(crate) struct SpecifiedNumericFieldParams {
        /// The name of the field.
        field_key: String = String::new(), |key| !key.is_empty(), "must name a field";
        /// The least value; null for no bound.
        min_value: Option<f64> = Some(-(i64::MAX as f64));
        /// The greatest value; null for no bound.
        max_value: Option<f64> = Some(i64::MAX as f64);
    }
}

/// Returns the description of `specified_numeric_field_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "specified_numeric_field_filter",
        "Keeps records by the number in a field.",
        resolve,
    )
    .doc(&super::manual(include_str!("specified_numeric_field.rs")))
}

fn resolve(
    params: SpecifiedNumericFieldParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let name = params.field_key;
    let filter = SpecifiedNumericField {
        name: name.clone(),
        min: params.min_value,
        max: params.max_value,
        rule: context.range.clone(),
        zero_is_a_number: !context.compat(),
    };
    let resolved = Resolved::new(move || filter.clone()).fields([name.as_str()]);
    Ok(resolved.stat(name, StatKind::Any))
}

#[derive(Clone, Debug)]
struct SpecifiedNumericField {
    name: String,
    min: Option<f64>,
    max: Option<f64>,
    rule: RangeRule,
    zero_is_a_number: bool,
}

impl SpecifiedNumericField {
    fn number(&self, stat: &StatValue) -> Option<f64> {
        let number = match stat {
            StatValue::Text(text) => return parse_float(text),
            StatValue::Bool(value) => f64::from(u8::from(*value)),
            StatValue::Int(_) | StatValue::Float(_) => stat.as_f64(),
            StatValue::Null | StatValue::List(_) => return None,
        };
        Some(number).filter(|number| self.zero_is_a_number || *number != 0.0)
    }
}

impl Filter for SpecifiedNumericField {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        let name = &self.name;
        let value = Value::of_field(record, 0, name, stats)?
            .ok_or_else(|| RecordError::new(format!("field `{name}` is missing")))?;
        match value.to_stat() {
            Some(StatValue::List(_)) | None => {
                let found = value.describe();
                Err(RecordError::new(format!(
                    "field `{name}` is {found}, not a number"
                )))
            }
            Some(stat) => {
                stats.set(0, stat);
                Ok(())
            }
        }
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        let number = self.number(&stats[0]);
        number.is_some_and(|number| self.rule.keep(number, self.min, self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_a_number_except_to_data_juicer() {
        let filter = |zero_is_a_number| SpecifiedNumericField {
            name: "n".into(),
            min: None,
            max: None,
            rule: coldpress_operator::Params::defaults(),
            zero_is_a_number,
        };
        let zeros = [
            StatValue::Int(0),
            StatValue::Float(-0.0),
            StatValue::Bool(false),
        ];
        for zero in zeros {
            assert_eq!(filter(true).number(&zero), Some(0.0), "{zero:?}");
            assert_eq!(filter(false).number(&zero), None, "{zero:?}");
        }
        // A text is first compared as a text.
        let text = StatValue::Text("0".into());
        assert_eq!(filter(false).number(&text), Some(0.0));
        assert_eq!(filter(true).number(&StatValue::Null), None);
    }
}
