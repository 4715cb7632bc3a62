//! Chains: the operators of a recipe, run one after another over batches.

mod guard;
mod run;
mod step;

use std::ops::Range;

use coldpress_config::OperatorCall;
use coldpress_record::{Batch, DeclaredFields, Ledger, Origin, STATS_FIELD};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::hash::ChainHash;
use crate::registry::Registry;
use crate::spec::{Body, Determinism};
use step::Step;

pub use guard::{Guard, InHandFn, Poison};

/// The operators of a stage, built for one thread.
#[derive(Debug)]
pub struct Chain {
    registry: Registry,
    settings: ChainSettings,
    fields: DeclaredFields,
    stat_names: Vec<String>,
    /// The column of `__dj__stats__`, where a filter could find statistics that the record came with.
    stats_column: Option<usize>,
    steps: Vec<Step>,
}

/// What the recipe says to all operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSettings {
    /// The text field of operators that name none.
    pub text_key: String,
    /// Every random choice begins here.
    pub seed: u64,
    /// Whether a record that an operator fails on goes to quarantine (true) or fails its partition.
    pub skip_op_error: bool,
}

/// A record that an operator failed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Where the record came from.
    pub origin: Origin,
    /// The operator's place in the recipe.
    pub operation: u32,
    /// The operator's name.
    pub operator: String,
    /// What went wrong.
    pub error: String,
    /// The record as it reached the operator; the original lies at its origin.
    pub record: String,
}

/// What a chain did to the batches so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Where the records went. The reader's counts are the caller's to add.
    pub ledger: Ledger,
    /// The records that operators failed on, since the caller took them last.
    pub quarantined: Vec<Quarantined>,
    /// The records that each filter dropped since the caller took them last, as lines with their statistics; none = they
    /// are not kept.
    pub dropped: Option<Vec<Vec<u8>>>,
    /// Time that each operator took, in nanoseconds.
    pub nanos: Vec<u64>,
}

/// An operator failed on a record and the recipe wants that to fail the partition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} failed on the record of {}: {}", failed.operator, failed.origin, failed.error)]
pub struct OperatorFailure {
    /// The record and what went wrong.
    pub failed: Quarantined,
}

impl Chain {
    /// Builds the operators of `calls`.
    ///
    /// # Errors
    /// [`Error`] for the first call that names no operator, or has wrong parameters.
    pub fn build(
        registry: &Registry,
        calls: &[OperatorCall],
        settings: &ChainSettings,
    ) -> Result<Self> {
        let mut chain = Self {
            registry: registry.clone(),
            settings: settings.clone(),
            fields: DeclaredFields::default(),
            stat_names: Vec::new(),
            stats_column: None,
            steps: Vec::with_capacity(calls.len()),
        };
        for (index, call) in calls.iter().enumerate() {
            chain.add_step(index as u32, call)?;
        }
        if !chain.stat_names.is_empty() {
            chain.stats_column = Some(chain.fields.declare(STATS_FIELD));
        }
        Ok(chain)
    }

    fn add_step(&mut self, index: u32, call: &OperatorCall) -> Result<()> {
        let built = self
            .registry
            .build(call, &self.settings.text_key, self.settings.seed)?;
        if matches!(built.operator.body, Body::Global) {
            return Err(Error::NeedsAllPartitions {
                operator: call.name.clone(),
                span: call.span,
            });
        }
        let names = built.operator.fields.unwrap_or_default();
        let columns = names.iter().map(|name| self.fields.declare(name)).collect();
        let mut stat_columns = Vec::new();
        if let Body::Filter(filter) = &built.operator.body {
            stat_columns = filter
                .stats()
                .into_iter()
                .map(|name| self.stat_column(name))
                .collect();
        }
        let determinism = self
            .registry
            .get(&call.name)
            .map_or(Determinism::Pure, |spec| spec.depends_on());
        self.steps.push(Step {
            index,
            call: call.clone(),
            identity: built.resolved.to_string(),
            determinism,
            skip_errors: built
                .base
                .skip_op_error
                .unwrap_or(self.settings.skip_op_error),
            names,
            columns,
            stat_columns,
            body: built.operator.body,
        });
        Ok(())
    }

    fn stat_column(&mut self, name: String) -> usize {
        self.stat_names
            .iter()
            .position(|known| *known == name)
            .unwrap_or_else(|| {
                self.stat_names.push(name);
                self.stat_names.len() - 1
            })
    }

    /// The fields that batches must be filled with.
    pub fn fields(&self) -> &DeclaredFields {
        &self.fields
    }

    /// The names of the statistics that batches get.
    pub fn stat_names(&self) -> &[String] {
        &self.stat_names
    }

    /// How many operators there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The operators' names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.call.name.as_str())
    }

    /// What the results of each operator depend on, in order.
    pub fn determinism(&self) -> impl Iterator<Item = Determinism> {
        self.steps.iter().map(|step| step.determinism)
    }

    /// The chain hash before the first operator and after each: one more than there are operators.
    pub fn hashes(&self, base: ChainHash) -> Vec<ChainHash> {
        let mut hashes = vec![base];
        let skips = self.steps.iter().map(|step| step.skip_errors);
        for (step, skips) in self.steps.iter().zip(skips) {
            let last = hashes[hashes.len() - 1];
            hashes.push(last.then(&format!("{} skip={skips}", step.identity)));
        }
        hashes
    }

    /// An empty tally for these operators.
    pub fn tally(&self) -> Tally {
        Tally {
            ledger: Ledger::new(self.names()),
            quarantined: Vec::new(),
            dropped: None,
            nanos: vec![0; self.len()],
        }
    }

    /// Prepares the statistics of a batch that was just read; those that records came with are taken over.
    pub fn begin(&self, batch: &mut Batch) {
        batch.reset_stats(&self.stat_names);
        let Some(column) = self.stats_column else {
            return;
        };
        for row in 0..batch.rows() {
            if batch.json(column, row).is_some() {
                step::take_given_stats(batch, column, row);
            }
        }
    }

    /// Runs the operators `steps` over the alive rows of `batch`.
    ///
    /// A record that an operator fails on, by an error or a panic, leaves the batch and goes to the tally.
    ///
    /// # Errors
    /// [`OperatorFailure`] for such a record where the recipe does not let it pass; the batch is then of no use.
    pub fn run(
        &mut self,
        batch: &mut Batch,
        steps: Range<usize>,
        tally: &mut Tally,
    ) -> std::result::Result<(), OperatorFailure> {
        self.run_guarded(batch, steps, tally, &Guard::default())
    }

    /// As [`run`](Self::run), over records that may kill the process. What comes out is the same, but for those that
    /// are known to: they leave the batch as if the operator had failed on them.
    ///
    /// # Errors
    /// As there.
    pub fn run_guarded(
        &mut self,
        batch: &mut Batch,
        steps: Range<usize>,
        tally: &mut Tally,
        guard: &Guard<'_>,
    ) -> std::result::Result<(), OperatorFailure> {
        for at in steps {
            let started = std::time::Instant::now();
            run::run_step(
                &mut self.steps[at],
                batch,
                tally,
                &self.registry,
                &self.settings,
                &self.fields,
                guard,
            )?;
            tally.nanos[at] += started.elapsed().as_nanos() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
