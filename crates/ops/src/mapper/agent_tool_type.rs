//! # What it does
//! Finds the tools that a dialogue used most. It counts the names under `__dj__meta__`, where `agent_dialog_normalize_mapper` puts
//! them, and writes the most frequent ones and the first of them there.
//!
//! Names are stripped, and empty ones are left out. Of equally frequent names, the one that came first ranks higher. Without names,
//! the first one is null and the list is empty.
//!
//! # Parameters
//! `tool_types_meta_key`, `primary_key`, `dominant_key` and `top_k_dominant`, see below.
//!
//! # Example
//! `["search", "shell", "shell"]` gives `primary_tool_type` `shell` and `dominant_tool_types` `["shell", "search"]`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the names and the parameters.

use std::collections::HashMap;

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use serde_json::Value;

use super::json_field::{meta, read};
use crate::text::python;
use crate::text::python_value;

params! {
    /// Parameters of `agent_tool_type_mapper`.
    pub(crate) struct AgentToolTypeParams {
        /// The key under `__dj__meta__` with the list of names.
        tool_types_meta_key: String = "agent_tool_types".to_owned();
        /// The key that the most frequent name is written to.
        primary_key: String = "primary_tool_type".to_owned();
        /// The key that the list of frequent names is written to.
        dominant_key: String = "dominant_tool_types".to_owned();
        /// The number of names on the list, at most.
        top_k_dominant: i64 = 5;
    }
}

/// Returns the description of `agent_tool_type_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "agent_tool_type_mapper",
        "Finds the tools that a dialogue used most.",
        resolve,
    )
    .doc(&super::manual(include_str!("agent_tool_type.rs")))
}

fn resolve(
    params: AgentToolTypeParams,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<AgentToolTypeMapper>, ParamError> {
    let read_key = meta(&params.tool_types_meta_key);
    let fields = [
        read_key.clone(),
        meta(&params.primary_key),
        meta(&params.dominant_key),
    ];
    let most = usize::try_from(params.top_k_dominant).unwrap_or_default();
    Ok(Resolved::new(move || AgentToolTypeMapper {
        read_key: read_key.clone(),
        most,
    })
    .fields(fields)
    .sets_values())
}

struct AgentToolTypeMapper {
    read_key: String,
    most: usize,
}

impl Mapper for AgentToolTypeMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let used = read(record, 0, &self.read_key)?;
        let frequent = most_frequent(&used, self.most);
        changes.set(
            1,
            frequent.first().cloned().map_or(Value::Null, Value::from),
        );
        changes.set(2, frequent);
        Ok(())
    }
}

/// Returns the `most` most frequent names of a list, most frequent first.
fn most_frequent(used: &Value, most: usize) -> Vec<String> {
    let mut counts: Vec<(String, u64)> = Vec::new();
    let mut places = HashMap::new();
    for value in used.as_array().into_iter().flatten() {
        let name = python_value::str(value);
        let name = python::strip(&name);
        if name.is_empty() {
            continue;
        }
        let place = *places.entry(name.to_owned()).or_insert(counts.len());
        match counts.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => counts.push((name.to_owned(), 1)),
        }
    }
    // The sort is stable, so equally frequent names keep their order.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
        .into_iter()
        .take(most)
        .map(|(name, _)| name)
        .collect()
}
