//! # What it does
//! Adds up the tokens that model calls used according to their responses, and writes `prompt_tokens`, `completion_tokens` and
//! `total_tokens` under `__dj__meta__`.
//!
//! Reports are looked for under `usage_key`, under `response_metadata_key`, and in each of the choices and its message.
//! `input_tokens` and `output_tokens` are accepted as well. Without any report the sums are 0 and the total is null.
//!
//! # Parameters
//! `choices_key`, `usage_key`, `response_metadata_key` and `dedupe_identical_usage`, see below.
//!
//! # Example
//! A record with `{"usage": {"prompt_tokens": 10, "completion_tokens": 5}}` gets `__dj__meta__` with 10, 5 and 15.
//!
//! # Notes on determinism
//! Pure: the result depends only on the record and the parameters. With `compat`, the total of several reports is the first total
//! that is given, as in Data-Juicer, and not their sum.

use std::collections::HashSet;

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use serde_json::{Map, Number, Value, json};

use super::json_field::{meta, read};
use crate::text::python_value::is_true;

params! {
    /// Parameters of `usage_counter_mapper`.
    pub(crate) struct UsageCounterParams {
        /// The field with the list of choices.
        choices_key: String = "choices".to_owned();
        /// The field with the report of the whole record.
        usage_key: String = "usage".to_owned();
        /// The field with metadata of the response, which may contain a report.
        response_metadata_key: String = "response_metadata".to_owned();
        /// If set, reports with the same numbers count once, for records that repeat the report of their choice.
        dedupe_identical_usage: bool = true;
    }
}

/// The fields of the record itself that are a report if `usage_key` has none.
const OF_RECORD: [&str; 7] = [
    "usage",
    "usage_metadata",
    "prompt_tokens",
    "completion_tokens",
    "input_tokens",
    "output_tokens",
    "total_tokens",
];

/// Returns the description of `usage_counter_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "usage_counter_mapper",
        "Adds up the tokens that model calls used.",
        resolve,
    )
    .doc(&super::manual(include_str!("usage_counter.rs")))
}

fn resolve(
    params: UsageCounterParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<UsageCounterMapper>, ParamError> {
    let names = [
        params.usage_key.clone(),
        params.response_metadata_key.clone(),
        params.choices_key.clone(),
    ];
    let written = ["prompt_tokens", "completion_tokens", "total_tokens"].map(meta);
    let of_record = OF_RECORD.map(str::to_owned);
    let fields: Vec<String> = [&names[..], &of_record[..], &written[..]].concat();
    let mapper = UsageCounterMapper {
        names,
        dedupes: params.dedupe_identical_usage,
        takes_first_total: context.compat(),
    };
    Ok(Resolved::new(move || mapper.clone())
        .fields(fields)
        .sets_values())
}

#[derive(Clone)]
struct UsageCounterMapper {
    /// The fields with the report, the metadata and the choices.
    names: [String; 3],
    dedupes: bool,
    takes_first_total: bool,
}

impl Mapper for UsageCounterMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let mut reports = self.reports(record)?;
        if self.dedupes {
            let mut seen = HashSet::new();
            reports.retain(|report| seen.insert(report.key()));
        }
        let prompt = sum(reports.iter().map(|report| &report.prompt))?;
        let completion = sum(reports.iter().map(|report| &report.completion))?;
        let total = self.total(&reports)?;
        let first = self.names.len() + OF_RECORD.len();
        changes.set(first, prompt);
        changes.set(first + 1, completion);
        changes.set(first + 2, total.map_or(Value::Null, Value::from));
        Ok(())
    }
}

impl UsageCounterMapper {
    fn reports(&self, record: &Record<'_>) -> Result<Vec<Report>, RecordError> {
        let mut reports = Vec::new();
        if record.json(0).is_some() {
            let usage = read(record, 0, &self.names[0])?;
            let report = match Report::of(&usage) {
                None => Report::of(&of_record(record)?),
                report => report,
            };
            reports.extend(report);
        }
        // A record without metadata counts as one with empty metadata.
        let metadata = read(record, 1, &self.names[1])?;
        let metadata = if is_true(&metadata) {
            metadata
        } else {
            json!({})
        };
        reports.extend(Report::of(&metadata));
        let choices = read(record, 2, &self.names[2])?;
        for choice in choices.as_array().into_iter().flatten() {
            reports.extend(Report::of(choice));
            let message = first_true([&choice["message"], &choice["delta"]]);
            reports.extend(Report::of(message));
        }
        Ok(reports)
    }

    /// Returns the total of all reports; `None` if they have no numbers.
    fn total(&self, reports: &[Report]) -> Result<Option<Number>, RecordError> {
        let mut given = reports.iter().filter_map(|report| report.total.as_ref());
        if self.takes_first_total
            && let Some(first) = given.next()
        {
            return count(first).map(Some);
        }
        let parts = |report: &Report| match &report.total {
            Some(total) if !self.takes_first_total => vec![total.clone()],
            _ => vec![report.prompt.clone(), report.completion.clone()],
        };
        let parts: Vec<Value> = reports.iter().flat_map(parts).collect();
        let says_something = parts.iter().any(is_true) || given.next().is_some();
        says_something.then(|| sum(parts.iter())).transpose()
    }
}

fn of_record(record: &Record<'_>) -> Result<Value, RecordError> {
    let mut fields = Map::new();
    for (at, name) in OF_RECORD.iter().enumerate() {
        fields.insert((*name).to_owned(), read(record, 3 + at, name)?);
    }
    Ok(fields.into())
}

/// The numbers of one report.
struct Report {
    prompt: Value,
    completion: Value,
    total: Option<Value>,
}

impl Report {
    /// Returns the report that an object is, or has under `usage` or `usage_metadata`. An object without one reports nothing.
    fn of(object: &Value) -> Option<Self> {
        object.as_object()?;
        let nested = first_true([&object["usage"], &object["usage_metadata"]]);
        let says = |report: &Value| {
            !(report["prompt_tokens"].is_null() && report["completion_tokens"].is_null())
        };
        let report = if !says(nested) && says(object) {
            object
        } else {
            nested
        };
        Some(Self {
            prompt: first_true([&report["prompt_tokens"], &report["input_tokens"]]).clone(),
            completion: first_true([&report["completion_tokens"], &report["output_tokens"]])
                .clone(),
            total: Some(report["total_tokens"].clone()).filter(|total| !total.is_null()),
        })
    }

    /// Returns the key that identical reports share.
    fn key(&self) -> [i64; 3] {
        let whole = |value: &Value| match value {
            Value::Bool(value) => Some(i64::from(*value)),
            Value::String(text) => text.trim().parse().ok(),
            // Python truncates towards zero.
            other => other.as_f64().map(|number| number as i64),
        };
        let prompt = whole(&self.prompt).unwrap_or_default();
        let completion = whole(&self.completion).unwrap_or_default();
        let total = self.total.as_ref().and_then(whole);
        let total = total.unwrap_or(prompt.saturating_add(completion));
        [prompt, completion, total]
    }
}

/// Returns the first value, unless Python considers it false.
fn first_true([first, second]: [&Value; 2]) -> &Value {
    if is_true(first) { first } else { second }
}

fn sum<'v>(values: impl Iterator<Item = &'v Value>) -> Result<Number, RecordError> {
    let (mut whole, mut rest) = (0_i64, None::<f64>);
    for value in values {
        let number = count(value)?;
        match number.as_i64() {
            Some(number) => whole = whole.checked_add(number).ok_or_else(too_large)?,
            None => rest = Some(rest.unwrap_or_default() + number.as_f64().unwrap_or_default()),
        }
    }
    match rest {
        None => Ok(whole.into()),
        Some(rest) => Number::from_f64(rest + whole as f64).ok_or_else(too_large),
    }
}

fn count(value: &Value) -> Result<Number, RecordError> {
    match value {
        Value::Null => Ok(0.into()),
        Value::Bool(value) => Ok(i64::from(*value).into()),
        Value::Number(number) => Ok(number.clone()),
        value if !is_true(value) => Ok(0.into()),
        _ => Err(RecordError::new(
            "a report of used tokens holds something else than a number",
        )),
    }
}

fn too_large() -> RecordError {
    RecordError::new("the sum of used tokens is too large to be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(prompt: i64, completion: i64, total: Option<i64>) -> Report {
        Report {
            prompt: prompt.into(),
            completion: completion.into(),
            total: total.map(Value::from),
        }
    }

    #[test]
    fn the_total_is_the_sum_unless_quirks_are_wanted() {
        let reports = [
            report(10, 5, Some(15)),
            report(10, 6, Some(17)),
            report(1, 0, None),
        ];
        for (takes_first_total, expected) in [(false, 33), (true, 15)] {
            let mapper = UsageCounterMapper {
                names: Default::default(),
                dedupes: false,
                takes_first_total,
            };
            assert_eq!(mapper.total(&reports).unwrap(), Some(expected.into()));
            assert_eq!(mapper.total(&[]).unwrap(), None);
        }
    }
}
