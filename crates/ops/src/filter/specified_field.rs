//! # What it does
//! Keeps records whose field `field_key` has one of the given values. If the field is a list, each of its values must be one of
//! them; an empty list is kept. The value of the field is the statistic `field_key`.
//!
//! # Parameters
//! `field_key`: the name of the field; a dotted name reaches into objects. A name such as `__dj__stats__.text_len` means a
//! statistic of an earlier filter. A record without the field goes to quarantine, and so does one with an object in it.
//!
//! `target_value`: the values, or one of them. Numbers are compared by their value, so 1 equals 1.0 and `true`; a text only equals
//! texts. Without any values, all records are kept. `reversed_range` keeps the records that would be dropped. Under `compat`, a
//! single text matches fields whose value is a part of it, as in Data-Juicer.
//!
//! # Example
//! With `field_key: meta.lang` and `target_value: [en, zh]`, `{"meta": {"lang": "en"}}` is kept.
//!
//! # Notes on determinism
//! Pure: the result depends only on the field and the parameters. Integers that do not fit 64 bits are compared as floats.

use coldpress_operator::{
    Filter, KnownStats, Node, OperatorSpec, ParamError, ParamValue, Record, RecordError,
    ResolveContext, Resolved, StatKind, StatRow, params,
};
use serde_json::{Value as Json, json};

use super::value::{SequenceKind, Value};

params! {
    /// Parameters of `specified_field_filter`.
    pub(crate) struct SpecifiedFieldParams {
        /// The name of the field.
        field_key: String = String::new(), |key| !key.is_empty(), "must name a field";
        /// The values to keep, or one of them; none to keep all records.
        target_value: Targets = Targets(json!([]));
    }
}

/// Texts, numbers, true, false and null, in a list or alone.
#[derive(Clone, Debug)]
pub(crate) struct Targets(Json);

impl ParamValue for Targets {
    const KIND: &'static str = "a text, a number, true, false, null or a list of these";

    fn parse(node: &Node) -> Option<Self> {
        let json = node.to_json();
        let is_scalar = |json: &Json| !json.is_array() && !json.is_object();
        let is_good = match &json {
            Json::Array(values) => values.iter().all(is_scalar),
            other => is_scalar(other),
        };
        is_good.then_some(Self(json))
    }

    fn to_json(&self) -> Json {
        self.0.clone()
    }
}

/// Returns the description of `specified_field_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "specified_field_filter",
        "Keeps records by the value of a field.",
        resolve,
    )
    .doc(&super::manual(include_str!("specified_field.rs")))
}

fn resolve(
    params: SpecifiedFieldParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let wanted = match Value::of_json(params.target_value.0) {
        Value::Text(text) if context.compat() => Wanted::PartOf(text.into_owned()),
        Value::Sequence(_, values) => Wanted::One(values),
        // A parameter that isn't given, and the values that Data-Juicer treats like that.
        Value::Null => Wanted::One(Vec::new()),
        value => Wanted::One(vec![value]),
    };
    let name = params.field_key;
    let filter = SpecifiedField {
        name: name.clone(),
        wanted,
        reversed: context.range.reversed_range,
    };
    let resolved = Resolved::new(move || filter.clone()).fields([name.as_str()]);
    Ok(resolved.stat(name, StatKind::Any))
}

#[derive(Clone, Debug)]
struct SpecifiedField {
    name: String,
    wanted: Wanted,
    reversed: bool,
}

#[derive(Clone, Debug)]
enum Wanted {
    /// One of these values; an empty list means no condition.
    One(Vec<Value<'static>>),
    /// A part of this text, which is how Data-Juicer takes a single text.
    PartOf(String),
}

impl Filter for SpecifiedField {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        let name = &self.name;
        let value = Value::of_field(record, 0, name, stats)?
            .ok_or_else(|| RecordError::new(format!("field `{name}` is missing")))?;
        let stat = value.to_stat().ok_or_else(|| {
            RecordError::new(format!(
                "field `{name}` has an object, which cannot be compared with `target_value`"
            ))
        })?;
        if let Wanted::PartOf(_) = self.wanted
            && let Some(other) = elements(&value).iter().find(|value| !is_text(value))
        {
            let found = other.describe();
            return Err(RecordError::new(format!(
                "field `{name}` has {found}, which cannot be a part of the text `target_value`"
            )));
        }
        stats.set(0, stat);
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        let value = Value::of_stat(&stats[0]);
        let mut elements = elements(&value).iter();
        let all_wanted = match &self.wanted {
            Wanted::One(wanted) if wanted.is_empty() => return true,
            Wanted::One(wanted) => {
                elements.all(|value| wanted.iter().any(|wanted| wanted.equals(value)))
            }
            Wanted::PartOf(text) if text.is_empty() => return true,
            Wanted::PartOf(text) => elements
                .all(|value| matches!(value, Value::Text(part) if text.contains(part.as_ref()))),
        };
        all_wanted != self.reversed
    }
}

/// Returns the values of a list, or the single value as a slice.
fn elements<'v, 'a>(value: &'v Value<'a>) -> &'v [Value<'a>] {
    match value {
        Value::Sequence(SequenceKind::List, values) => values,
        value => std::slice::from_ref(value),
    }
}

fn is_text(value: &Value<'_>) -> bool {
    matches!(value, Value::Text(_))
}
