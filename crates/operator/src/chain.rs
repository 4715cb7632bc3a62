//! Chains: the operators of a recipe, made for one thread, run one after another over batches.

mod given;
mod guard;
mod run;
mod step;

use std::ops::Range;

use coldpress_record::{Batch, DeclaredFields, Ledger, Origin};

use crate::assets::Shared;
use crate::pipeline::Pipeline;
use crate::resolved::Body;
use step::Step;

pub use guard::{Guard, InHandFn, Poison};

/// The operators of a pipeline, ready to work on one thread.
#[derive(Debug)]
pub struct Chain {
    pipeline: Pipeline,
    /// Models, for operators that have to be made anew after a panic.
    shared: Shared,
    steps: Vec<Step>,
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
    /// The chain of these bodies, one for each operator of the pipeline.
    pub(crate) fn new(pipeline: Pipeline, bodies: Vec<Body>, shared: Shared) -> Self {
        let steps = bodies.into_iter().enumerate();
        let steps = steps.map(|(index, body)| Step::new(&pipeline, index, body));
        Self {
            steps: steps.collect(),
            pipeline,
            shared,
        }
    }

    /// The pipeline that the chain was made of.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// The fields that batches must be filled with.
    pub fn fields(&self) -> &DeclaredFields {
        self.pipeline.fields()
    }

    /// The number of operators.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Returns whether there are no operators.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The operators' names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pipeline.names()
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
        let names = self.pipeline.stats().iter().map(|stat| stat.name.as_str());
        batch.reset_stats(names);
        let Some(column) = self.pipeline.stats_column() else {
            return;
        };
        for row in 0..batch.rows() {
            if batch.json(column, row).is_some() {
                given::take_given_stats(batch, self.pipeline.stats(), column, row);
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
    ) -> Result<(), OperatorFailure> {
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
    ) -> Result<(), OperatorFailure> {
        for at in steps {
            let started = std::time::Instant::now();
            let fields = self.pipeline.fields();
            run::run_step(
                &mut self.steps[at],
                batch,
                tally,
                fields,
                &self.shared,
                guard,
            )?;
            tally.nanos[at] += started.elapsed().as_nanos() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
