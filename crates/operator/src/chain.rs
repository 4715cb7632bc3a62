//! Chains: the operators of a recipe, made for one thread, run one after another over batches.

mod apply;
mod by_batch;
mod by_decision;
mod by_record;
mod given;
mod guard;
mod label;
mod run;
mod step;
mod tally;
mod trace;
mod work;

use std::ops::Range;
use std::sync::Arc;

use coldpress_record::{Batch, DeclaredFields, Ledger};

use crate::assets::Shared;
use crate::decision::Decision;
use crate::error::{Error, Result};
use crate::pipeline::Pipeline;
use crate::resolved::Body;
use crate::signer::Signature;
use step::Step;

pub use guard::{Guard, InHandFn, Poison};
pub use tally::{OperatorFailure, Quarantined, Tally};

/// The operators of a pipeline, ready to work on one thread.
#[derive(Debug)]
pub struct Chain {
    pipeline: Pipeline,
    /// The models, for operators that have to be made again after a panic.
    shared: Shared,
    steps: Vec<Step>,
}

impl Pipeline {
    /// Makes the operators for one thread. `shared` has the models that threads share.
    ///
    /// # Errors
    /// [`Error::Load`] for the first operator that cannot be made, for example because its model is damaged, or because one of its
    /// files has changed since it was found.
    pub fn instantiate(&self, shared: &Shared) -> Result<Chain> {
        let steps = (0..self.len()).map(|index| {
            let operator = &self.operators()[index];
            let body = (operator.make)(shared).and_then(|body| {
                // The check comes after loading, because a file that hasn't changed by now is the one that was loaded.
                let check = |asset| {
                    let assets = self.assets();
                    assets.map_or(Ok(()), |assets| shared.check(asset, assets))
                };
                operator.assets().iter().try_for_each(check)?;
                Ok(body)
            });
            let body = body.map_err(|error| Error::Load {
                operator: operator.name().to_owned(),
                message: error.to_string(),
                span: operator.call.span,
            });
            body.map(|body| Step::new(self, index, body))
        });
        Ok(Chain {
            steps: steps.collect::<Result<_>>()?,
            pipeline: self.clone(),
            shared: shared.clone(),
        })
    }
}

impl Chain {
    /// Returns the pipeline that the chain was made from.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Returns the fields that batches must be filled with.
    pub fn fields(&self) -> &DeclaredFields {
        self.pipeline.fields()
    }

    /// Returns the number of operators.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Returns whether there are no operators.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns the operators' names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pipeline.names()
    }

    /// Returns whether the operator at this place turns its records into other records.
    pub fn splits(&self, operator: usize) -> bool {
        let step = self.steps.get(operator);
        step.is_some_and(|step| matches!(step.body, Body::Splitter(_)))
    }

    /// Returns an empty tally for these operators.
    pub fn tally(&self) -> Tally {
        Tally {
            ledger: Ledger::new(self.names()),
            quarantined: Vec::new(),
            dropped: None,
            trace: None,
            nanos: vec![0; self.len()],
        }
    }

    /// Prepares the statistics of a batch that was just read. Statistics that came with the records are used.
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
    /// [`OperatorFailure`] for such a record if the recipe doesn't tolerate it; the batch is then unusable.
    pub fn run(
        &mut self,
        batch: &mut Batch,
        steps: Range<usize>,
        tally: &mut Tally,
    ) -> std::result::Result<(), OperatorFailure> {
        self.run_guarded(batch, steps, tally, &Guard::default())
    }

    /// Does the same as [`run`](Self::run) for records that may kill the process. The result is the same, except for records that
    /// are known to kill it: they leave the batch as if the operator had failed on them.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_guarded(
        &mut self,
        batch: &mut Batch,
        steps: Range<usize>,
        tally: &mut Tally,
        guard: &Guard<'_>,
    ) -> std::result::Result<(), OperatorFailure> {
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

    /// Sets the decisions about the rows of the next partition, one for each of the first operators that need the whole dataset;
    /// `None` for an operator that put other rows into the partition. The operators after them have no decision.
    pub fn decide(&mut self, decisions: &[Option<Arc<Decision>>]) {
        let mut decisions = decisions.iter();
        for step in &mut self.steps {
            let is_global = step.site.operator.barrier().is_some();
            let decision = is_global.then(|| decisions.next()).flatten();
            let decision = decision.and_then(Option::as_ref);
            step.decided = decision.map(|decision| step::Decided {
                decision: Arc::clone(decision),
                next: 0,
            });
        }
    }

    /// Checks, at the end of a partition, that each of these operators got as many rows as its decision covers.
    ///
    /// # Errors
    /// A message that names the operator and both numbers.
    pub fn check_decided(&self, steps: Range<usize>) -> std::result::Result<(), String> {
        for Step { site, decided, .. } in &self.steps[steps] {
            if let Some(decided) = decided
                && decided.next != decided.decision.rows()
            {
                let name = site.operator.name();
                let (came, rows) = (decided.next, decided.decision.rows());
                return Err(format!(
                    "{came} records came to {name}, which decided about {rows}"
                ));
            }
        }
        Ok(())
    }

    /// Makes the signatures of the alive rows of `batch` for the operator at a barrier, and calls `take` with each. A record that
    /// the operator fails on, or is known to die of, has no signature; it goes to quarantine when the decision is applied.
    ///
    /// # Errors
    /// [`OperatorFailure`] for such a record if the recipe doesn't tolerate it.
    pub fn sign(
        &mut self,
        batch: &Batch,
        operator: usize,
        guard: &Guard<'_>,
        take: impl FnMut(Option<&Signature>),
    ) -> std::result::Result<(), OperatorFailure> {
        let (shared, fields) = (&self.shared, self.pipeline.fields());
        let step = &mut self.steps[operator];
        let labels = self.pipeline.labels_of(operator);
        match by_decision::sign(step, batch, labels, guard, |step| step.remake(shared), take) {
            Some((row, error)) if !step.site.operator.skip_errors => Err(OperatorFailure {
                failed: Box::new(run::quarantined(step, batch, fields, row, error)),
                trace: None,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
