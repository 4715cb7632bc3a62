//! # What it does
//! Gathers signs that an agent did badly, from the record and the results of earlier operators, and judges how certain it is that
//! the record is a bad case. It writes the list `agent_bad_case_signals`, of objects with `code`, `detail` and `weight`, and
//! `agent_bad_case_tier` (`none`, `watchlist` or `high_precision`) under `__dj__meta__`.
//!
//! It reads the counts of `tool_success_tagger_mapper` and `usage_counter_mapper`, the fields that `agent_dialog_normalize_mapper`
//! copied, scores of dialogues under `__dj__meta__`, and scores of models that the input has under `__dj__stats__`.
//!
//! # Parameters
//! The signs to look for and their thresholds; see below.
//!
//! # Example
//! A record with one failed tool call gets the signal `tool_message_error_pattern` and the tier `high_precision`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the record, the parameters and the calibration file.

use std::collections::HashMap;

use coldpress_operator::{
    Asset, Changes, LoadError, Mapper, OperatorSpec, ParamError, Record, RecordError,
    ResolveContext, Resolved,
};
use serde_json::{Value, json};

use super::bad_case_facts::{DIALOG_QUALITY, Facts, META, STATS};
use super::bad_case_params::AgentBadCaseSignalParams;
use super::bad_case_signals::{self as signals, Signal};
use super::json_field::{meta, read};

/// Returns the description of `agent_bad_case_signal_mapper`.
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
