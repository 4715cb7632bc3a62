//! # What it does
//! Gathers signs that an agent did badly, from what earlier operators and the record say, and judges by them how sure it is
//! that this is a bad case. It writes the list `agent_bad_case_signals`, of objects with `code`, `detail` and `weight`, and
//! `agent_bad_case_tier` (`none`, `watchlist` or `high_precision`) under `__dj__meta__`.
//!
//! It reads the counts of `tool_success_tagger_mapper` and `usage_counter_mapper`, what `agent_dialog_normalize_mapper`
//! copied, scores of dialogues under `__dj__meta__`, and scores of models under `__dj__stats__` that the input came with.
//!
//! # Parameters
//! Which signs are looked for and their thresholds; see below.
//!
//! # Example
//! A record with one failed tool call gets the signal `tool_message_error_pattern` and the tier `high_precision`.
//!
//! # Notes on determinism
//! Pure: the record, the parameters and the calibration file decide.

use std::collections::HashMap;

use coldpress_operator::{
    Asset, Changes, LoadError, Mapper, OperatorSpec, ParamError, Record, RecordError,
    ResolveContext, Resolved, params,
};
use serde_json::{Value, json};

use super::bad_case_facts::{DIALOG_QUALITY, Facts, META, STATS};
use super::bad_case_signals::{self as signals, Signal};
use super::json_field::{meta, read};

params! {
    /// Parameters of `agent_bad_case_signal_mapper`.
    pub(crate) struct AgentBadCaseSignalParams {
        /// The field with the query.
        query_key: String = "query".to_owned();
        /// The field with the response.
        response_key: String = "response".to_owned();
        /// Whether failed tool calls are a sign.
        signal_on_tool_fail: bool = true;
        /// How many tool calls have to fail.
        min_tool_fail_count_for_signal: i64 = 1;
        /// Whether a low share of successful tool calls is a sign.
        signal_on_low_tool_success_ratio: bool = true;
        /// Up to which share.
        tool_success_ratio_max_for_signal: f64 = 0.499;
        /// How many tool calls there have to be.
        min_tool_rounds_for_ratio_signal: i64 = 2;
        /// Whether a short response to a long query is a sign.
        signal_on_suspect_empty_response: bool = true;
        /// From how many characters on a query is long.
        min_query_len_for_empty_check: i64 = 80;
        /// Up to how many characters a response is short.
        max_response_len_for_empty_check: i64 = 20;
        /// More tokens than this are a sign.
        max_total_tokens: Option<i64> = None;
        /// More milliseconds than this are a sign.
        max_latency_ms: Option<i64> = None;
        /// A JSON file with thresholds by model: an object `default`, and one per model under `by_request_model`.
        calibration_json_path: Option<String> = None;
        /// Whether the thresholds of that file are used.
        auto_calibrate_thresholds: bool = false;
        /// Whether thresholds of the recipe win over those of the file.
        calibration_manual_overrides_auto: bool = true;
        /// Whether a threshold of the file is enough for high perplexity to be a sign.
        auto_enable_perplexity_from_calibration: bool = true;
        /// Whether a low score of the analysis by a model is a sign.
        signal_on_llm_analysis_low: bool = true;
        /// Up to which score.
        llm_analysis_score_max_for_bad: f64 = 0.28;
        /// Whether the model has to recommend to discard the record.
        llm_analysis_discard_must_be_strict: bool = true;
        /// Up to which score the sign weighs much, where the model recommends to discard the record.
        high_precision_llm_analysis_discard_threshold: f64 = 0.24;
        /// Whether a low score of the quality by a model is a sign.
        signal_on_llm_text_quality_low: bool = true;
        /// Up to which score.
        llm_text_quality_score_max_for_bad: f64 = 0.28;
        /// Whether the model has to recommend to discard the record.
        llm_text_quality_discard_must_be_strict: bool = true;
        /// Up to which score the sign weighs much, where the model recommends to discard the record.
        high_precision_llm_text_quality_discard_threshold: f64 = 0.24;
        /// Whether labels of a negative mood are a sign.
        signal_on_negative_sentiment_hint: bool = false;
        /// What such labels contain; by default words such as `angry`.
        negative_sentiment_substrings: Option<Vec<String>> = None;
        /// Whether high perplexity is a sign.
        signal_on_high_perplexity: bool = false;
        /// From which perplexity on.
        perplexity_high_threshold: f64 = 800.0;
        /// Whether a poor reply to a hard query is a sign.
        signal_hard_query_poor_reply: bool = false;
        /// From which difficulty on a query is hard.
        hard_query_difficulty_min: f64 = 0.72;
        /// Up to which quality a reply is poor.
        poor_reply_quality_max: f64 = 0.36;
        /// Whether failed tool calls alone give the tier `high_precision`.
        high_precision_on_tool_fail_alone: bool = true;
        /// How many signs of medium weight give the tier `watchlist`. A single one alone does too.
        min_medium_signals_for_watchlist: i64 = 2;
        /// Whether low scores of the dialogue, from 1 to 5, are a sign.
        signal_on_low_dialog_quality_meta: bool = true;
        /// Up to which score.
        dialog_quality_low_score_threshold: f64 = 2.0;
        /// How many scores have to be low.
        min_dialog_quality_low_axes_for_signal: i64 = 1;
    }
}

/// The description of `agent_bad_case_signal_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "agent_bad_case_signal_mapper",
        "Gathers signs that an agent did badly.",
        resolve,
    )
    .doc(&super::manual(include_str!("agent_bad_case_signal.rs")))
}

fn resolve(
    params: AgentBadCaseSignalParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<AgentBadCaseSignalMapper>, ParamError> {
    let file = params.calibration_json_path.as_deref();
    let file = file.filter(|path| params.auto_calibrate_thresholds && !path.trim().is_empty());
    let calibration = file
        .map(|path| context.asset("calibration_json_path", path.trim()))
        .transpose()?;
    let mut fields = vec![params.query_key.clone(), params.response_key.clone()];
    fields.extend(META.iter().chain(&DIALOG_QUALITY).map(|key| meta(key)));
    fields.extend(STATS.map(|key| format!("__dj__stats__.{key}")));
    fields.extend(["agent_bad_case_signals", "agent_bad_case_tier"].map(meta));
    let names = fields.clone();
    Ok(Resolved::loading(move |shared| {
        let calibration = calibration.as_ref();
        let calibration = calibration
            .map(|file| shared.model(file, load))
            .transpose()?;
        Ok(AgentBadCaseSignalMapper {
            params: params.clone(),
            names: names.clone(),
            calibration: calibration.map(|value| (*value).clone()),
        })
    })
    .fields(fields)
    .sets_values())
}

fn load(file: &Asset) -> Result<Value, LoadError> {
    let broken = |error: &dyn std::fmt::Display| {
        LoadError::new(format!("{}: no calibration: {error}", file.path.display()))
    };
    let bytes = std::fs::read(&file.path).map_err(|error| broken(&error))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| broken(&error))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(broken(&"it must be a JSON object"))
    }
}

struct AgentBadCaseSignalMapper {
    params: AgentBadCaseSignalParams,
    /// The names of the declared fields.
    names: Vec<String>,
    calibration: Option<Value>,
}

impl Mapper for AgentBadCaseSignalMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let written = self.names.len() - 2;
        let mut values = HashMap::new();
        for (field, name) in self.names[..written].iter().enumerate() {
            if record.json(field).is_some() {
                values.insert(name.as_str(), read(record, field, name)?);
            }
        }
        let facts = Facts::new(values);
        let signals = signals::of(&facts, &self.params, self.calibration.as_ref())?;
        changes.set(written + 1, tier(&signals, &self.params));
        let list = signals.iter().map(|signal| {
            json!({"code": signal.code, "detail": signal.detail, "weight": signal.weight()})
        });
        changes.set(written, list.collect::<Vec<_>>());
        Ok(())
    }
}

fn tier(signals: &[Signal], params: &AgentBadCaseSignalParams) -> &'static str {
    let mediums = signals.iter().filter(|signal| !signal.is_high).count();
    let enough = i64::try_from(mediums).unwrap_or(i64::MAX);
    let tool_failed = signals
        .iter()
        .any(|signal| signal.is_high && signal.code == signals::TOOL_FAILED);
    let is_sure = match tool_failed {
        true => params.high_precision_on_tool_fail_alone,
        false => signals.iter().any(|signal| signal.is_high),
    };
    if is_sure {
        "high_precision"
    } else if tool_failed
        || enough >= params.min_medium_signals_for_watchlist
        || (signals.len() == 1 && mediums == 1)
    {
        "watchlist"
    } else {
        "none"
    }
}
