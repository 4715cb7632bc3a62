//! The ways of records while they are followed.

use std::collections::BTreeMap;

use coldpress_config::OperatorCall;
use coldpress_operator::{OperatorSpec, Stat};
use coldpress_record::Origin;
use serde_json::Value;

use super::history::{Bound, Effect, Fate, OperatorStep, RecordBranch};
use super::opened::OpenedJob;
use super::text_diff::cut;

/// Characters of a record that are shown.
pub(super) const RECORD_CHARS: usize = 2_000;

/// The ways of all records that are followed. A way is known by its number.
#[derive(Default)]
pub(super) struct Branches {
    all: Vec<Branch>,
}

struct Branch {
    origin: Origin,
    /// The record as it is now.
    record: String,
    steps: Vec<OperatorStep>,
    pieces: Vec<usize>,
    fate: Option<Fate>,
}

impl Branches {
    /// Begins the way of a record.
    pub(super) fn begin(&mut self, origin: Origin, record: String) -> usize {
        self.all.push(Branch {
            origin,
            record,
            steps: Vec::new(),
            pieces: Vec::new(),
            fate: None,
        });
        self.all.len() - 1
    }

    /// Begins the way of what was made of a record.
    pub(super) fn begin_piece(&mut self, of: usize, origin: Origin, record: String) -> usize {
        let piece = self.begin(origin, record);
        self.all[of].pieces.push(piece);
        self.all[of].fate = Some(Fate::Split);
        piece
    }

    pub(super) fn origin(&self, branch: usize) -> &Origin {
        &self.all[branch].origin
    }

    pub(super) fn record(&self, branch: usize) -> &str {
        &self.all[branch].record
    }

    pub(super) fn set_record(&mut self, branch: usize, record: String) {
        self.all[branch].record = record;
    }

    pub(super) fn push(&mut self, branch: usize, step: OperatorStep) {
        self.all[branch].steps.push(step);
    }

    /// The operator's step, which is the last one of the way.
    pub(super) fn last_step(&mut self, branch: usize) -> Option<&mut OperatorStep> {
        self.all[branch].steps.last_mut()
    }

    pub(super) fn end(&mut self, branch: usize, fate: Fate) {
        self.all[branch].fate = Some(fate);
    }

    pub(super) fn has_ended(&self, branch: usize) -> bool {
        self.all[branch].fate.is_some()
    }

    /// The way as a value, with all that was made of the record.
    pub(super) fn finished(&self, branch: usize) -> RecordBranch {
        let one = &self.all[branch];
        let pieces = one.pieces.iter().map(|piece| self.finished(*piece));
        let unknown = || Fate::Unknown {
            reason: "it was not found again".to_owned(),
        };
        let is_out = matches!(one.fate, Some(Fate::Exported { .. } | Fate::Through));
        RecordBranch {
            origin: one.origin.clone(),
            steps: one.steps.clone(),
            pieces: pieces.collect(),
            record_after: is_out.then(|| cut(&one.record, RECORD_CHARS)),
            fate: one.fate.clone().unwrap_or_else(unknown),
        }
    }

    /// Ends all that is left of a record in this way.
    pub(super) fn overrule(&mut self, branch: usize, fate: &Fate) {
        let pieces = self.all[branch].pieces.clone();
        if pieces.is_empty() {
            self.all[branch].fate = Some(fate.clone());
        }
        pieces.iter().for_each(|piece| self.overrule(*piece, fate));
    }
}

/// The step of an operator of the recipe.
pub(super) fn step(
    opened: &OpenedJob,
    operation: u32,
    effect: Effect,
    stats: Vec<(String, String)>,
) -> OperatorStep {
    let prepared = &opened.executor.prepared;
    let operator = prepared.pipeline.operators().get(operation as usize);
    let name = operator.map_or_else(String::new, |operator| operator.name().to_owned());
    let spec = prepared.registry.get(&name);
    let call = prepared.recipe.process.get(operation as usize);
    let decides_by = operator.map_or(&[][..], |operator| operator.stats());
    let bounds = match (spec, call) {
        (Some(spec), Some(call)) if !decides_by.is_empty() => bounds(spec, call, decides_by),
        _ => Vec::new(),
    };
    let value = |json: &str| serde_json::from_str(json).unwrap_or(Value::Null);
    let stats: BTreeMap<String, Value> = stats
        .into_iter()
        .map(|(name, json)| (name, value(&json)))
        .collect();
    OperatorStep {
        operation,
        operator: name,
        effect,
        stats,
        bounds,
    }
}

/// What statistics are compared with: a parameter with the name of a statistic has the values that it may have, as `lang` of
/// `language_id_score_filter`; others are bounds.
fn bounds(spec: &OperatorSpec, call: &OperatorCall, stats: &[Stat]) -> Vec<Bound> {
    let wanted = stats.iter().filter_map(|stat| {
        let node = call.param(&stat.name)?;
        (!node.is_null()).then(|| (stat.name.as_str(), node.to_json()))
    });
    let bounds = spec.bounds(call).into_iter();
    wanted
        .chain(bounds.map(|(parameter, value)| (parameter, Value::from(value))))
        .map(|(parameter, value)| Bound {
            parameter: parameter.to_owned(),
            value,
        })
        .collect()
}
