//! One operator of a chain.

use std::fmt;

use coldpress_config::OperatorCall;
use coldpress_record::{Batch, StatValue};

use crate::registry::Registry;
use crate::spec::{Body, Determinism};

use super::ChainSettings;

pub(super) struct Step {
    pub(super) index: u32,
    pub(super) call: OperatorCall,
    /// Name, version and all parameters as JSON: what the chain hash folds.
    pub(super) identity: String,
    pub(super) determinism: Determinism,
    pub(super) skip_errors: bool,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<usize>,
    pub(super) stat_columns: Vec<usize>,
    pub(super) body: Body,
}

impl Step {
    /// Builds the operator anew: after a panic its memory cannot be trusted.
    pub(super) fn rebuild(&mut self, registry: &Registry, settings: &ChainSettings) {
        if let Ok(built) = registry.build(&self.call, &settings.text_key, settings.seed) {
            self.body = built.operator.body;
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("index", &self.index)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Takes over the statistics that a record came with, as far as the chain knows them.
pub(super) fn take_given_stats(batch: &mut Batch, column: usize, row: usize) {
    let json = batch.json(column, row).unwrap_or_default().into_owned();
    let Ok(given) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json)
    else {
        return;
    };
    for (name, value) in given {
        let value = match value.as_i64() {
            Some(count) => Some(StatValue::Int(count)),
            None => value.as_f64().map(StatValue::Float),
        };
        if let (Some(value), Some(stat)) = (value, batch.stats().column(&name)) {
            batch.stats_mut().set(stat, row, value);
        }
    }
}
