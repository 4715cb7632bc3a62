//! The merge's frontier, the conservation of records, and the commit of the export.

use std::path::{Path, PathBuf};

use coldpress_dataset::{OWNERSHIP_SCHEMA, Ownership, Staged, Standing, staged_digest};
use coldpress_job::{ExportIntent, JournalRecord};
use coldpress_record::Ledger;
use coldpress_storage::crash_point;

use super::{Driver, Exported};
use crate::error::{Error, ErrorKind, Result};
use crate::judge::Judge;
use crate::merge::{Appended, Merge, MergeFailure, Piece};

/// How far the results have gone to the merge, in partition order.
pub(super) struct Frontier {
    token: String,
    /// Begun with the first result, or at the end.
    merge: Option<Merge>,
    judge: Judge,
    ledger: Ledger,
    next_partition: u32,
    left_out: Vec<u32>,
    /// The merge takes nothing any more: it has failed.
    merge_ended: bool,
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
        let failure = &self.executor.prepared.recipe.failure;
        Frontier {
            token: self.merge_token(self.journal.epoch(), self.merges),
            merge: None,
            judge: Judge::new(failure.max_error_ratio, failure.max_errors),
            ledger: Ledger::new(
                self.executor
                    .prepared
                    .recipe
                    .process
                    .iter()
                    .map(|call| call.name.as_str()),
            ),
            next_partition: 0,
            left_out: Vec::new(),
            merge_ended: false,
        }
    }

    pub(super) fn merge_token(&self, epoch: u64, number: u32) -> String {
        format!("{}.e{epoch}.m{number}", self.executor.layout.job_id())
    }

    /// Passes every partition whose fate is known, up to the first whose is not.
    ///
    /// # Errors
    /// When too many records are in quarantine, or the merge cannot begin.
    pub(super) fn pass_partitions(&mut self, frontier: &mut Frontier) -> Result<()> {
        while let Some(planned) = self.state.partition(frontier.next_partition) {
            if self.stop_requested() {
                return Ok(());
            }
            let index = frontier.next_partition;
            if let Some(result) = self.usable_result(index) {
                let path = self.executor.layout.locate(&result.rows)?;
                let piece = Piece {
                    partition: index,
                    path,
                    stamp: result.rows.stamp(),
                };
                match self.merge(frontier)?.append(piece) {
                    Appended::Taken => {}
                    Appended::Full => return Ok(()),
                    Appended::Ended => {
                        frontier.merge_ended = true;
                        return Ok(());
                    }
                }
                let (marks, ledger) = (&result.error_marks, &result.ledger);
                frontier
                    .judge
                    .pass(planned, marks, ledger.quarantined(), ledger.records)
                    .map_err(|excess| self.excess(&excess))?;
                frontier.ledger.add(ledger);
            } else if self.state.failure(index).is_some() && self.is_given_up(index) {
                frontier.left_out.push(index);
            } else {
                return Ok(());
            }
            frontier.next_partition += 1;
        }
        Ok(())
    }

    fn merge<'f>(&self, frontier: &'f mut Frontier) -> Result<&'f Merge> {
        let merge = match frontier.merge.take() {
            Some(merge) => merge,
            None => Merge::start(&self.executor.prepared.target, &frontier.token)?,
        };
        Ok(frontier.merge.insert(merge))
    }

    pub(super) fn frontier_is_at_end(&self, frontier: &Frontier) -> bool {
        frontier.next_partition == self.state.partition_count()
    }

    /// Too many errors; the message shows the first one, so that a wrong field or file is seen at once.
    fn excess(&self, excess: &crate::judge::TooManyErrors) -> Error {
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

    /// Ends the merge and puts the output in its place. The inner error is the merge's.
    pub(super) fn commit_export(
        &mut self,
        mut frontier: Frontier,
    ) -> Result<std::result::Result<Exported, MergeFailure>> {
        frontier
            .judge
            .finish()
            .map_err(|excess| self.excess(&excess))?;
        self.check_conservation(&frontier)?;
        self.check_sources()?;
        self.merge(&mut frontier)?;
        let Some(merge) = frontier.merge.take() else {
            return Err(Error::new(ErrorKind::Failed, "there is no merge"));
        };
        self.announce_merge();
        let staged = match merge.finish() {
            Ok(staged) => staged,
            Err(failure) => return Ok(Err(failure)),
        };
        self.put_in_place(&staged, &frontier)?;
        Ok(Ok(Exported {
            ledger: frontier.ledger,
            export_bytes: staged.length,
            already: false,
        }))
    }

    /// Every record that was planned must have come to exactly one place.
    fn check_conservation(&self, frontier: &Frontier) -> Result<()> {
        let lost = |message: String| {
            Error::new(ErrorKind::Failed, format!("{message}; nothing is exported"))
        };
        frontier
            .ledger
            .check()
            .map_err(|imbalance| lost(imbalance.to_string()))?;
        let planned: u64 = self
            .state
            .partitions()
            .map(|partition| partition.slice.records)
            .sum();
        let left_out = frontier
            .left_out
            .iter()
            .filter_map(|index| self.state.partition(*index));
        let left_out: u64 = left_out.map(|partition| partition.slice.records).sum();
        let torn: u64 = self
            .results()
            .map(|result| result.unreadable.len() as u64)
            .sum();
        if frontier.ledger.records == 0 && left_out == 0 {
            return Err(self.empty_dataset());
        }
        let accounted = frontier.ledger.records + left_out + torn;
        if planned != accounted {
            return Err(lost(format!(
                "{planned} records were planned and {accounted} are accounted for"
            )));
        }
        Ok(())
    }

    /// The sources must be what was planned until the last result was made: results of two states are no dataset.
    fn check_sources(&self) -> Result<()> {
        (0..self.sources.len()).try_for_each(|index| self.check_source(index))
    }

    /// Journal, rename, ownership, journal: whatever a crash leaves can be told apart and finished.
    fn put_in_place(&mut self, staged: &Staged, frontier: &Frontier) -> Result<()> {
        let target = &self.executor.prepared.target;
        self.check_still_free(target.path())?;
        let path = target.path().display().to_string();
        let intent = ExportIntent {
            temporary: staged.temporary.display().to_string(),
            path: path.clone(),
            directory: target.is_directory(),
            length: staged.length,
            digest: staged.digest,
            records: frontier.ledger.exported(),
            chain: self.final_chain(),
            partitions_left_out: frontier.left_out.clone(),
            form: target.suffix().to_owned(),
            shard_bytes: target.shard_bytes(),
        };
        self.record(JournalRecord::ExportIntent(intent))?;
        self.sync()?;
        crash_point!("export.intent");
        self.journal.check_epoch()?;
        staged.commit(target)?;
        crash_point!("export.renamed");
        self.finish_export(staged)
    }

    fn finish_export(&mut self, staged: &Staged) -> Result<()> {
        let target = &self.executor.prepared.target;
        let ownership = Ownership {
            schema_version: OWNERSHIP_SCHEMA,
            job_id: self.executor.layout.job_id().to_string(),
            length: staged.length,
            digest: staged.digest,
        };
        ownership.write(target)?;
        crash_point!("export.owned");
        let path = target.path().display().to_string();
        self.record(JournalRecord::ExportCommitted {
            path,
            length: staged.length,
            digest: staged.digest,
        })?;
        self.sync()?;
        self.announce_export(staged);
        Ok(())
    }

    /// Nobody may have put something at the export path, or changed what stood there, while the job ran.
    fn check_still_free(&self, path: &Path) -> Result<()> {
        if self.executor.prepared.recipe.export.overwrite == coldpress_config::Overwrite::Always {
            return Ok(());
        }
        let unchanged = match (self.executor.prepared.target.standing()?, &self.standing) {
            (Standing::Free, _) => true,
            (Standing::Ours(now), Some(before)) => {
                (now.length, now.digest) == (before.length, before.digest)
            }
            // An output of ours that a crash kept from being signed.
            (Standing::Foreign(_), Some(before)) => {
                staged_digest(path, self.executor.prepared.target.is_directory())
                    .is_ok_and(|now| now == (before.length, before.digest))
            }
            (_, None) => false,
        };
        if unchanged {
            return Ok(());
        }
        let path = path.display();
        let message = format!(
            "something was put at the export path `{path}`, or changed there, while the job ran; move it away and resume"
        );
        Err(Error::new(ErrorKind::Refused, message))
    }

    /// Whether the job's export is there already, complete and under this recipe; an export that a crash cut off
    /// after its rename is finished.
    pub(super) fn already_exported(&mut self) -> Result<Option<Exported>> {
        let intent = match (&self.state.export().intent, &self.state.export().committed) {
            (Some(intent), _) | (None, Some(intent)) => intent.clone(),
            (None, None) => return Ok(None),
        };
        let target = &self.executor.prepared.target;
        let same = intent.chain == self.final_chain()
            && Path::new(&intent.path) == target.path()
            && intent.directory == target.is_directory()
            && intent.form == target.suffix()
            && intent.shard_bytes == target.shard_bytes()
            && intent.partitions_left_out.is_empty()
            && self.state.plan_complete();
        if !same {
            return Ok(None);
        }
        let staged = Staged {
            temporary: PathBuf::from(&intent.temporary),
            length: intent.length,
            digest: intent.digest,
        };
        let stands = |path: &Path| {
            path.exists()
                && staged_digest(path, intent.directory)
                    .is_ok_and(|found| found == (intent.length, intent.digest))
        };
        if !stands(target.path()) {
            let is_ours = target.is_temporary(&staged.temporary);
            if self.state.export().intent.is_none() || !is_ours || !stands(&staged.temporary) {
                return Ok(None);
            }
            self.journal.check_epoch()?;
            staged.commit(target)?;
        }
        if self.state.export().intent.is_some() || !matches!(target.standing()?, Standing::Ours(_))
        {
            self.finish_export(&staged)?;
        }
        self.remove_leftovers();
        self.reused = self.state.partition_count();
        let mut ledger = Ledger::default();
        self.results().for_each(|result| ledger.add(&result.ledger));
        Ok(Some(Exported {
            ledger,
            export_bytes: staged.length,
            already: true,
        }))
    }
}
