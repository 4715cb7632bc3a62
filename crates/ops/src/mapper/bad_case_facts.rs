//! The facts of a record from which an agent's work is judged.

use std::collections::HashMap;

use coldpress_operator::RecordError;
use serde_json::Value;

use crate::text::python;
use crate::text::python_value::{self, is_true};

/// The keys under `__dj__meta__` that are read, in addition to the scores of the dialogue.
pub(super) const META: [&str; 7] = [
    "tool_fail_count",
    "tool_success_count",
    "tool_success_ratio",
    "total_tokens",
    "agent_total_cost_time_ms",
    "dialog_sentiment_labels",
    "agent_request_model",
];

/// The keys under `__dj__meta__` with scores of the dialogue.
pub(super) const DIALOG_QUALITY: [&str; 9] = [
    "dialog_memory_consistency",
    "dialog_coreference",
    "dialog_topic_shift",
    "dialog_error_recovery",
    "dialog_clarification_quality",
    "dialog_proactivity",
    "dialog_non_repetition",
    "agent_trace_coherence",
    "agent_tool_relevance",
];

/// The statistics that are read.
pub(super) const STATS: [&str; 6] = [
    "llm_analysis_score",
    "llm_analysis_record",
    "llm_quality_score",
    "llm_quality_record",
    "llm_difficulty_score",
    "perplexity",
];

/// The values of a record.
pub(super) struct Facts<'a>(HashMap<&'a str, Value>);

impl<'a> Facts<'a> {
    pub(super) fn new(values: HashMap<&'a str, Value>) -> Self {
        Self(values)
    }

    /// Returns a value under `__dj__meta__`; `None` if it is missing or null.
    pub(super) fn meta(&self, key: &str) -> Option<&Value> {
        self.get(&super::json_field::meta(key))
    }

    /// Returns a statistic; `None` if it is missing or null.
    pub(super) fn stat(&self, key: &str) -> Option<&Value> {
        self.get(&format!("__dj__stats__.{key}"))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Returns the number of characters of a text without the whitespace around it; 0 if it is missing.
    ///
    /// # Errors
    /// If the field holds something else.
    pub(super) fn length(&self, name: &str) -> Result<i64, RecordError> {
        let chars = match self.get(name).filter(|value| is_true(value)) {
            None => 0,
            Some(Value::String(text)) => python::strip(text).chars().count(),
            Some(_) => return Err(RecordError::new(format!("field `{name}` is no text"))),
        };
        Ok(i64::try_from(chars).unwrap_or(i64::MAX))
    }
}

/// Converts a value like Python's `float()`.
///
/// # Errors
/// If it isn't a number; the message names what it is.
pub(super) fn number(value: &Value, what: &str) -> Result<f64, RecordError> {
    parse(value).ok_or_else(|| {
        let value = python_value::repr(value);
        RecordError::new(format!("{what} must be a number, found {value}"))
    })
}

/// Converts a value like Python's `float()`; `None` if it isn't a number.
pub(super) fn parse(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::String(text) => python::strip(text).parse().ok(),
        _ => None,
    }
}
