//! The export: what must hold before it, and the commit of all outputs.

use std::time::Instant;

use coldpress_config::Partial;
use coldpress_export::Staged;
use coldpress_job::{ExportIntent, JournalRecord};
use coldpress_record::Ledger;
use coldpress_storage::crash_point;
use coldpress_table::MixedField;

use super::frontier::Frontier;
use super::passed::Passed;
use super::{Driver, Exported};
use crate::error::{Error, ErrorKind, Result};
use crate::merge::failure::MergeFailure;
use crate::outputs::commit::{Commit, Exporting, intent, is_for};
use crate::outputs::drops;
use crate::outputs::places::{refuse_misplaced, refuse_replacing};
use crate::outputs::standings;
use crate::prepare::PATIENCE;
use crate::report::SourceNames as _;

impl Driver<'_> {
    /// Ends the merge and puts the outputs in their places. The inner error is the merge's.
    pub(super) fn commit_export(
        &mut self,
        mut frontier: Frontier,
    ) -> Result<std::result::Result<Exported, MergeFailure>> {
        let finished = frontier.passed.finish();
        finished.map_err(|excess| self.excess(&excess))?;
        self.check_conservation(&frontier.passed)?;
        self.check_sources()?;
        self.check_not_poorer(&frontier.passed)?;
        let mut merge = self.take_merge(&mut frontier)?;
        self.teller.merge_begins();
        let begun = Instant::now();
        merge.end();
        while !merge.wait(PATIENCE) {
            if self.stop_requested() {
                return Ok(Err(MergeFailure::Abandoned));
            }
            self.watch_space()?;
        }
        let merged = match merge.finish() {
            Ok(merged) => merged,
            Err(failure) => return Ok(Err(failure)),
        };
        let records = frontier.passed.ledger().exported();
        self.teller
            .merge_complete(records, begun.elapsed().as_secs_f64());
        let export_bytes = self.put_in_place(merged.staged, &frontier.passed)?;
        self.tell_mixed(&merged.mixed);
        for note in merged.notes {
            self.teller.warn(note);
        }
        Ok(Ok(Exported {
            ledger: frontier.passed.ledger().clone(),
            export_bytes,
            already: false,
        }))
    }

    /// Every record that was planned must have come to exactly one place.
    fn check_conservation(&self, passed: &Passed) -> Result<()> {
        let state = self.truth.state();
        let planned = state.partitions().map(|partition| partition.slice.records);
        let left_out = passed.left_out().iter();
        let left_out = left_out.filter_map(|index| state.partition(*index));
        let left_out: u64 = left_out.map(|partition| partition.slice.records).sum();
        let torn = self.results().map(|result| result.unreadable.len() as u64);
        if passed.ledger().records == 0 && left_out == 0 {
            return Err(self.empty_dataset());
        }
        passed
            .account(planned.sum(), left_out, torn.sum())
            .map_err(|lost| {
                Error::new(ErrorKind::Failed, format!("{lost}; nothing is exported"))
            })?;
        Ok(())
    }

    /// An export that lacks records because partitions failed must not take the place of a better one, unless the recipe
    /// says so: what failed may be mended, and what was replaced is gone.
    fn check_not_poorer(&self, passed: &Passed) -> Result<()> {
        let failed = passed.left_out().len();
        let asked = self.executor.prepared.recipe.export.partial;
        let (now, earlier) = (passed.ledger().exported(), self.earlier_export());
        let Some((records, _)) = earlier.filter(|(records, left_out)| {
            *records > now && (*left_out as usize) < failed && asked != Partial::Replace
        }) else {
            return Ok(());
        };
        let why = match failed {
            1 => "a partition failed".to_owned(),
            failed => format!("{failed} partitions failed"),
        };
        let first = passed.left_out().first();
        let first = first.and_then(|index| self.truth.state().failure(*index));
        let first = first.map_or_else(String::new, |failure| {
            format!(" (partition {}: {})", failure.partition, failure.error)
        });
        let path = self.executor.prepared.outputs.export().place();
        let message = format!(
            "{why}{first}, so the export would have {now} records where `{path}` has {records}; that file stays. \
             Mend the cause and run again, or set `export_partial: replace`"
        );
        Err(Error::new(ErrorKind::Refused, message))
    }

    /// How many records the export of ours has that would be replaced, and how many partitions it lacks, as far as that is
    /// known.
    fn earlier_export(&self) -> Option<(u64, u32)> {
        let standing = self.standing.as_ref()?;
        if let Some(records) = standing.records {
            return Some((records, standing.partitions_left_out));
        }
        let committed = self.truth.state().export().committed.as_ref();
        let fits = |intent: &&ExportIntent| {
            (intent.length, intent.digest) == (standing.length, standing.digest)
        };
        let intent = committed.filter(fits)?;
        Some((intent.records, intent.partitions_left_out.len() as u32))
    }

    /// The sources must be what was planned until the last result was made: results of two states are no dataset.
    fn check_sources(&self) -> Result<()> {
        (0..self.sources.all().len()).try_for_each(|index| self.check_source(index))
    }

    /// Journal, rename, signature, journal. Gives the bytes of the export.
    fn put_in_place(&mut self, staged: Vec<Staged>, passed: &Passed) -> Result<u64> {
        let (outputs, layout) = (&self.executor.prepared.outputs, &self.executor.layout);
        let pending = self.truth.state().export().intent.as_ref();
        standings::check_again(outputs, layout.job_id(), pending, self.standing.as_ref())?;
        refuse_misplaced(outputs, layout)?;
        refuse_replacing(self.sources.all(), outputs)?;
        let exporting = Exporting {
            records: passed.ledger().exported(),
            chain: self.final_chain()?,
            left_out: passed.left_out().to_vec(),
        };
        let Some(intent) = intent(outputs, &staged, exporting) else {
            return Err(Error::new(ErrorKind::Failed, "the merge staged no export"));
        };
        self.truth
            .record(JournalRecord::ExportIntent(intent.clone()))?;
        self.truth.sync()?;
        crash_point!("export.intent");
        self.truth.check_epoch()?;
        self.finish_export(Commit::of_staged(outputs, &intent, staged), &intent)?;
        self.remove_earlier_drops();
        Ok(intent.length)
    }

    fn finish_export(&mut self, commit: Commit<'_>, intent: &ExportIntent) -> Result<()> {
        let executor = self.executor;
        let in_dataset = executor.looks_for_inputs_at(executor.prepared.outputs.export());
        commit.carry_out(executor.layout.job_id(), in_dataset)?;
        self.put_traces()?;
        self.truth.record(JournalRecord::ExportCommitted {
            path: intent.path.clone(),
            length: intent.length,
            digest: intent.digest,
        })?;
        self.truth.sync()?;
        self.teller.export_committed(intent);
        Ok(())
    }

    /// Copies the traces of a job in a store there. Without them the export is not complete, and after it is committed the results
    /// that they could be made of again may be gone.
    fn put_traces(&self) -> Result<()> {
        let executor = self.executor;
        if executor.prepared.outputs.trace().is_none() {
            return Ok(());
        }
        let folder = executor.layout.trace_dir();
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        // Hidden files are not complete.
        let is_ours =
            |entry: &std::fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
        for entry in entries.filter(is_ours) {
            executor.layout.put_view(&entry.path())?;
        }
        Ok(())
    }

    /// Whether the job's export is there already, complete and under this recipe; one that a crash cut off on its way to its
    /// place is finished.
    pub(super) fn already_exported(&mut self) -> Result<Option<Exported>> {
        let state = self.truth.state();
        let export = state.export();
        let is_pending = export.intent.is_some();
        let Some(intent) = export
            .intent
            .as_ref()
            .or(export.committed.as_ref())
            .cloned()
        else {
            return Ok(None);
        };
        let outputs = &self.executor.prepared.outputs;
        let is_same = state.final_chain() == Some(intent.chain)
            && is_for(&intent, outputs)
            && intent.partitions_left_out.is_empty()
            && state.plan_complete();
        if !is_same {
            return Ok(None);
        }
        let Some(commit) = Commit::of_earlier(outputs, &intent, is_pending)? else {
            return Ok(None);
        };
        if commit.is_to_rename() {
            refuse_replacing(self.sources.all(), outputs)?;
            self.truth.check_epoch()?;
        }
        if is_pending || commit.is_to_sign() {
            self.finish_export(commit, &intent)?;
        }
        self.remove_earlier_drops();
        self.remove_leftovers();
        self.tally.reused = self.truth.state().partition_count();
        let mut ledger = Ledger::default();
        self.counted().for_each(|result| ledger.add(&result.ledger));
        Ok(Some(Exported {
            ledger,
            export_bytes: intent.length,
            already: true,
        }))
    }

    /// Removes the dropped records of filters that the recipe does not have any more.
    fn remove_earlier_drops(&mut self) {
        for place in drops::remove_earlier(&self.executor.prepared.outputs) {
            self.teller.warn(format!(
                "`{place}`, which an earlier recipe of this export had dropped, is removed"
            ));
        }
    }

    /// Fields of an export with columns that hold values of several types.
    fn tell_mixed(&mut self, mixed: &[MixedField]) {
        for field in mixed {
            let odd = field.odd.as_ref().map(|origin| {
                let (source, place) = (
                    self.sources.path(origin.source),
                    self.sources.place(origin.source, origin.position),
                );
                format!("; the first odd one is in the record at {place} of `{source}`")
            });
            self.teller.warn(format!(
                "the field `{}` holds {}: it is exported as JSON text{}",
                field.name,
                field.types.join(" and "),
                odd.unwrap_or_else(|| "; the schemas of its files differ".to_owned())
            ));
        }
    }
}
