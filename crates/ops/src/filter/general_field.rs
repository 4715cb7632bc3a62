//! # What it does
//! Keeps records for which a condition about their fields is true. The value of the condition is the statistic
//! `general_field_filter_condition`.
//!
//! # Parameters
//! `filter_condition` is written as in Python: names of fields, dotted ones for fields of objects; numbers, texts in quotes,
//! `True`, `False`, `None`, lists, tuples and sets; `==`, `!=`, `<`, `<=`, `>`, `>=`, also in chains; `in` and `not in`; `and`,
//! `or`, `not`; the signs `+` and `-`. Anything else, such as calls or sums, is refused when the recipe is read. A name such as
//! `__dj__stats__.text_len` means a statistic of an earlier filter.
//!
//! A field that a record lacks is null. A comparison with null is false, even `==`, as in SQL, and `in` a null is false too. A
//! record whose values cannot be compared goes to quarantine. Without a condition, all records are kept.
//!
//! `reversed_range` keeps the records for which the condition is false; under `compat` it changes nothing, as in Data-Juicer.
//!
//! # Example
//! `10 < num <= 30 and lang in ['en', 'de'] and not meta.draft`
//!
//! # Notes on determinism
//! Pure: the result depends only on the fields and the condition. Integers that do not fit 64 bits are compared as floats.

mod expression;
mod lexer;
mod parser;

use std::sync::Arc;

use coldpress_operator::{
    Filter, KnownStats, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    StatKind, StatRow, StatValue, params,
};

use super::value::Value;
use expression::Expression;

params! {
    /// Parameters of `general_field_filter`.
    pub(crate) struct GeneralFieldParams {
        /// The condition; empty to keep all records.
        filter_condition: String = String::new();
    }
}

/// The reason why a condition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    /// The number of the character where the error begins, counted from 1.
    at: usize,
    reason: String,
}

impl Refused {
    fn at(at: usize, reason: impl Into<String>) -> Self {
        Self {
            at,
            reason: reason.into(),
        }
    }
}

/// Returns the description of `general_field_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "general_field_filter",
        "Keeps records by a condition about their fields.",
        resolve,
    )
    .doc(&super::manual(include_str!("general_field.rs")))
}

fn resolve(
    params: GeneralFieldParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let condition = params.filter_condition;
    let reversed = context.range.reversed_range && !context.compat();
    if condition.is_empty() {
        let filter = GeneralField::default();
        let none: [&str; 0] = [];
        return Ok(Resolved::new(move || filter.clone()).fields(none));
    }
    let (expression, fields) = parser::parse(&condition).map_err(|refused| {
        let Refused { at, reason } = refused;
        ParamError::new(
            "filter_condition",
            format_args!("cannot be used: at character {at}, {reason}"),
        )
    })?;
    let filter = GeneralField {
        condition: Some(Arc::new(expression)),
        fields: fields.clone(),
        reversed,
    };
    let resolved = Resolved::new(move || filter.clone())
        .fields(fields)
        .stats_depend_on(condition.into());
    Ok(resolved.stat("general_field_filter_condition", StatKind::Any))
}

#[derive(Clone, Debug, Default)]
struct GeneralField {
    condition: Option<Arc<Expression>>,
    fields: Vec<String>,
    reversed: bool,
}

impl Filter for GeneralField {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        let Some(condition) = &self.condition else {
            return Ok(());
        };
        let known = &*stats;
        let field = |at: usize| {
            let value = Value::of_field(record, at, &self.fields[at], known)?;
            Ok(value.unwrap_or(Value::Null))
        };
        let value = condition.value(&field)?;
        // An object cannot be a statistic.
        let stat = value.to_stat();
        let stat = stat.unwrap_or_else(|| StatValue::Bool(value.is_true()));
        stats.set(0, stat);
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        self.condition.is_none() || Value::of_stat(&stats[0]).is_true() != self.reversed
    }
}
