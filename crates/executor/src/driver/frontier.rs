//! The frontier: results go to the merge in partition order, as far as there is no gap.

use coldpress_dataset::RowsForm;
use coldpress_job::Publication;
use coldpress_operator::ChainHash;
use coldpress_partition::{Mixing, Slice};

use super::Driver;
use super::passed::Passed;
use crate::error::{Error, ErrorKind, Result};
use crate::judge::{Judge, TooManyErrors};
use crate::merge::failure::MergeFailure;
use crate::merge::staging::DroppedPiece;
use crate::merge::{Appended, Merge, Piece};

/// How far the results have gone to the merge.
pub(super) struct Frontier {
    /// Tells what this merge stages from what others do.
    token: String,
    /// Begun with the first result, or at the end.
    merge: Option<Merge>,
    /// The merge takes nothing any more: it has failed.
    merge_ended: bool,
    pub(super) passed: Passed,
    /// The chain hash of the results that it passes.
    chain: Option<ChainHash>,
}

impl Frontier {
    pub(super) fn merge_has_failed(&self) -> bool {
        self.merge_ended || self.merge.as_ref().is_some_and(Merge::has_failed)
    }

    pub(super) fn into_failure(self) -> Option<MergeFailure> {
        self.merge.and_then(|merge| merge.finish().err())
    }
}

impl Driver<'_> {
    /// A frontier before the first partition.
    pub(super) fn begin_frontier(&mut self) -> Frontier {
        self.merges += 1;
        let recipe = &self.executor.prepared.recipe;
        let job_id = self.executor.layout.job_id();
        let (epoch, number) = (self.truth.epoch(), self.merges);
        let operators = recipe.process.iter().map(|call| call.name.as_str());
        let judge = Judge::new(recipe.failure.max_error_ratio, recipe.failure.max_errors);
        let plan = self.truth.state().plan();
        let mixing = plan.and_then(|plan| plan.mixing.as_ref());
        let judge = judge.of_drawn(mixing.is_some_and(Mixing::draws));
        let judge = judge.in_place(self.executor.prepared.pipeline.first_move());
        Frontier {
            token: format!("{job_id}.e{epoch}.m{number}"),
            merge: None,
            merge_ended: false,
            passed: Passed::new(judge, operators),
            chain: self.truth.state().final_chain(),
        }
    }

    /// Whether a frontier passes results that do not count any more, because a barrier before them was resolved anew.
    pub(super) fn is_outdated(&self, frontier: &Frontier) -> bool {
        frontier.chain != self.truth.state().final_chain()
    }

    /// Passes every partition whose fate is known, up to the first whose is not.
    ///
    /// # Errors
    /// When too many records are in quarantine, or the merge cannot begin.
    pub(super) fn pass_partitions(&mut self, frontier: &mut Frontier) -> Result<()> {
        loop {
            let index = frontier.passed.next();
            let state = self.truth.state();
            let Some(planned) = state.partition(index).cloned() else {
                return Ok(());
            };
            if self.stop_requested() {
                return Ok(());
            }
            if let Some(result) = self.usable_result(index).cloned() {
                let piece = self.piece(&planned.slice, &result)?;
                match self.merge(frontier)?.append(piece) {
                    Appended::Taken => {}
                    Appended::Full => return Ok(()),
                    Appended::Ended => {
                        frontier.merge_ended = true;
                        return Ok(());
                    }
                }
                let passed = frontier.passed.pass(&planned, &result);
                passed.map_err(|excess| self.excess(&excess))?;
            } else if state.failure(index).is_some() && self.tally.is_given_up(index) {
                frontier.passed.leave_out();
            } else {
                return Ok(());
            }
        }
    }

    /// What the merge must know of a result.
    fn piece(&mut self, slice: &Slice, result: &Publication) -> Result<Piece> {
        let is_lines = RowsForm::of_path(result.rows.name().as_str()) != RowsForm::Table;
        let needs_schema = is_lines
            && self.executor.prepared.outputs.export().needs_second_pass()
            && !self.types_of_rows;
        let schema = match needs_schema {
            true => self.sources.schema(slice.source, slice.metadata)?,
            false => None,
        };
        let dropped = result.dropped.iter().flatten().map(|entry| DroppedPiece {
            operation: entry.operation,
            lines: self.stores.object(&entry.file),
        });
        Ok(Piece {
            partition: result.partition,
            rows: self.stores.object(&result.rows),
            index: self.stores.object(&result.index),
            schema,
            dropped: dropped.collect(),
            traced: self.traced_pieces(result),
            kept: result.kept.as_ref().map(|kept| self.stores.object(kept)),
        })
    }

    fn merge<'f>(&self, frontier: &'f mut Frontier) -> Result<&'f Merge> {
        let merge = match frontier.merge.take() {
            Some(merge) => merge,
            None => self.begin_merge(frontier)?,
        };
        Ok(frontier.merge.insert(merge))
    }

    fn begin_merge(&self, frontier: &Frontier) -> Result<Merge> {
        let prepared = &self.executor.prepared;
        let lists = self.lists_of_duplicates();
        let traces = self.begin_traces(&frontier.token);
        Merge::start(
            &prepared.outputs,
            &frontier.token,
            prepared.workers,
            lists,
            traces,
            &self.executor.layout.unsealed_dir(),
        )
    }

    /// The merge of all results; begun now where there was nothing to merge.
    pub(super) fn take_merge(&self, frontier: &mut Frontier) -> Result<Merge> {
        match frontier.merge.take() {
            Some(merge) => Ok(merge),
            None => self.begin_merge(frontier),
        }
    }

    pub(super) fn frontier_is_at_end(&self, frontier: &Frontier) -> bool {
        frontier.passed.next() == self.truth.state().partition_count()
    }

    /// Too many errors; the message shows the first one, so that a wrong field or file is seen at once.
    pub(super) fn excess(&self, excess: &TooManyErrors) -> Error {
        let first = self
            .first_quarantined()
            .map(|first| format!("; the first: {first}"))
            .unwrap_or_default();
        let hint = match first.ends_with(" is missing") {
            true => " (`text_keys` says which field is the text)",
            false => "",
        };
        let message = format!(
            "{excess}{first}{hint}. The job exports nothing; mend the input or the recipe, or raise the limit"
        );
        Error::new(ErrorKind::Failed, message)
    }
}
