//! The results of the recipe in force, and what is asked of all of them together.

use std::io::{BufRead as _, BufReader, Read as _};

use coldpress_checkpoint::RowsReader;
use coldpress_dataset::{RowsForm, Source};
use coldpress_job::{FieldsView, Publication, fields_view};
use coldpress_operator::{ResolvedOperator, Rule};
use coldpress_record::FieldsSeen;
use coldpress_worker::QuarantineEntry;

use super::Driver;
use crate::error::Result;
use crate::report::SourceNames as _;

impl Driver<'_> {
    /// The result of a partition under the recipe in force, if it can be exported as it is.
    pub(super) fn usable_result(&self, partition: u32) -> Option<&Publication> {
        let state = self.truth.state();
        let result = state.published(partition, state.final_chain()?)?;
        let prepared = &self.executor.prepared;
        let form = RowsForm::of_path(result.rows.name().as_str());
        let fits = match form {
            RowsForm::Table => prepared.outputs.export().is_table(),
            RowsForm::Lines(_) => form == prepared.outputs.export().rows_form(false),
        };
        let has_types = form == RowsForm::Table || result.has_types;
        let fits = fits
            && (has_types || !prepared.outputs.export().needs_second_pass())
            && (result.dropped.is_some() || !prepared.exports_dropped())
            && prepared.has_trace(prepared.pipeline.len() as u32, result)
            // What was made for a barrier, or by one, has no statistics in its rows.
            && (!result.is_plain() || !prepared.ends_with_statistics())
            && self.can_leave_rows_out(result);
        fits.then_some(result)
    }

    /// Whether the merge can leave out the rows of a result that go, where there are any.
    fn can_leave_rows_out(&self, result: &Publication) -> bool {
        let Some(decision) = &result.kept else {
            return true;
        };
        let prepared = &self.executor.prepared;
        let stages = prepared.pipeline.stages().len() as u32;
        let before = stages.checked_sub(2);
        let form = RowsForm::of_path(result.rows.name().as_str());
        !self.truth.state().is_forgotten(&decision.key)
            && before.is_some_and(|stage| prepared.merge_settles(stage, form))
    }

    /// Whether no schema of a source says what the exported rows hold, but only the rows themselves: an operator makes other
    /// records of them, or puts them into partitions of sources with other schemas.
    pub(super) fn find_types_of_rows(&mut self) -> Result<bool> {
        let prepared = &self.executor.prepared;
        let has_columns = prepared.outputs.export().needs_second_pass();
        if prepared.exports_statistics_alone() {
            return Ok(has_columns);
        }
        if !has_columns || !prepared.pipeline.moves_records() {
            return Ok(has_columns && prepared.pipeline.makes_records());
        }
        let mut barriers = prepared.pipeline.operators().iter();
        let is_grouper = |operator: &ResolvedOperator| {
            operator
                .barrier()
                .is_some_and(|barrier| barrier.rule == Rule::Group)
        };
        Ok(barriers.any(is_grouper)
            || prepared.pipeline.makes_records()
            || !self.sources.share_a_schema()?)
    }

    /// The results of the recipe in force, in partition order.
    pub(super) fn results(&self) -> impl Iterator<Item = &Publication> {
        (0..self.truth.state().partition_count()).filter_map(|index| self.usable_result(index))
    }

    /// As [`Self::results`], those too that are not kept any more: for their counts.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Publication> {
        let state = self.truth.state();
        let chain = state.final_chain();
        // What was exported counts, also where another way of working would need it in another form.
        let committed = state.export().committed.as_ref();
        let is_exported = committed.is_some_and(|export| Some(export.chain) == chain);
        (0..state.partition_count()).filter_map(move |index| {
            self.usable_result(index).or_else(|| {
                let is_gone = state.published(index, chain?).is_none();
                let counts = (is_gone || is_exported) && state.failure(index).is_none();
                state.result_of(index, chain?).filter(|_| counts)
            })
        })
    }

    /// Whether a part of the input is lost that may have been any number of records. What is longer than a record may be
    /// is such a part: where a reader is out of step it is all that follows.
    pub(super) fn has_unreadable(&self) -> bool {
        let is_part =
            |result: &Publication| !result.unreadable.is_empty() || result.ledger.too_long > 0;
        !self.sources.missing().is_empty()
            || !self.truth.state().damaged_sources().is_empty()
            || self.counted().any(is_part)
    }

    /// What the fields of the dataset hold, by all partitions.
    pub(super) fn fields(&self) -> FieldsView {
        let (first, known) = self.seen.first();
        let (mut all, mut complete) = (first.clone(), true);
        for partition in known..self.truth.state().partition_count() {
            match self.fields_of(partition) {
                Some(seen) => all.join(&seen),
                None => complete = false,
            }
        }
        let named = |source| {
            let is_columnar = self.sources.get(source).is_some_and(Source::is_columnar);
            (self.sources.path(source), is_columnar)
        };
        fields_view(&all, complete, named)
    }

    /// What the fields of a partition hold: known from this run, or from the index of its result.
    fn fields_of(&self, partition: u32) -> Option<FieldsSeen> {
        if let Some(seen) = self.seen.of(partition) {
            return Some(seen.clone());
        }
        let result = self.usable_result(partition)?;
        let index = self.stores.get(&result.index.key).ok()?;
        let index = RowsReader::open(index, &result.index.stamp).ok()?;
        Some(index.manifest().seen.clone())
    }

    /// The first record in quarantine, for an error message.
    pub(super) fn first_quarantined(&self) -> Option<String> {
        let file = self
            .results()
            .find_map(|result| result.quarantine.first())?;
        let opened = self.stores.object(file).read().ok()?;
        let mut line = String::new();
        BufReader::new(opened.take(file.length()))
            .read_line(&mut line)
            .ok()?;
        let entry: QuarantineEntry = serde_json::from_str(&line).ok()?;
        let operator = entry
            .operator
            .map(|name| format!(" in {name}"))
            .unwrap_or_default();
        Some(format!(
            "{} at {}{operator}: {}",
            entry.path,
            self.sources
                .place(entry.origin.source, entry.origin.position),
            entry.error
        ))
    }
}
