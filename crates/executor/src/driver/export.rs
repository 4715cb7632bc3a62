//! The merge's frontier, the conservation of records, and the commit of the export.

use std::path::{Path, PathBuf};

use coldpress_config::Partial;
use coldpress_dataset::RowsForm;
use coldpress_export::{Staged, Standing, staged_digest};
use coldpress_job::{ExportIntent, JournalRecord, OutputIntent, Publication};
use coldpress_partition::Slice;
use coldpress_record::Ledger;
use coldpress_storage::crash_point;
use coldpress_table::MixedField;

use super::{Driver, Exported};
use crate::companions::{Companion, DroppedPiece};
use crate::error::{Error, ErrorKind, Result};
use crate::judge::Judge;
use crate::merge::{Appended, Merge, MergeFailure, Merged, Piece};
use crate::outputs::{check_companions, is_at, refuse_misplaced, refuse_replacing};
use crate::prepare::PATIENCE;

/// The path as a resume from another folder finds it.
fn whole(path: &Path) -> String {
    let whole = std::path::absolute(path);
    whole
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}

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
            token: self.merge_token(self.truth.epoch(), self.merges),
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
        while let Some(planned) = self
            .truth
            .state()
            .partition(frontier.next_partition)
            .cloned()
        {
            if self.stop_requested() {
                return Ok(());
            }
            let index = frontier.next_partition;
            if let Some(result) = self.usable_result(index) {
                let result = result.clone();
                let piece = self.piece(&planned.slice, &result)?;
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
                    .pass(&planned, marks, ledger)
                    .map_err(|excess| self.excess(&excess))?;
                frontier.ledger.add(ledger);
            } else if self.truth.state().failure(index).is_some() && self.tally.is_given_up(index) {
                frontier.left_out.push(index);
            } else {
                return Ok(());
            }
            frontier.next_partition += 1;
        }
        Ok(())
    }

    /// What the merge must know of a result.
    fn piece(&mut self, slice: &Slice, result: &Publication) -> Result<Piece> {
        let is_lines = RowsForm::of_path(&result.rows.path) != RowsForm::Table;
        let needs_schema = is_lines && self.executor.prepared.target.needs_second_pass();
        let schema = match needs_schema {
            true => self.sources.schema(slice.source, slice.metadata)?,
            false => None,
        };
        let layout = &self.executor.layout;
        let dropped = result.dropped.iter().flatten().map(|entry| {
            Ok(DroppedPiece {
                operation: entry.operation,
                path: layout.locate(&entry.file)?,
                stamp: entry.file.stamp(),
            })
        });
        Ok(Piece {
            partition: result.partition,
            path: layout.locate(&result.rows)?,
            stamp: result.rows.stamp(),
            index: layout.locate(&result.index)?,
            index_stamp: result.index.stamp(),
            schema,
            dropped: dropped.collect::<Result<_>>()?,
        })
    }

    fn merge<'f>(&self, frontier: &'f mut Frontier) -> Result<&'f Merge> {
        let merge = match frontier.merge.take() {
            Some(merge) => merge,
            None => {
                let prepared = &self.executor.prepared;
                let (target, companions) = (&prepared.target, &prepared.companions);
                Merge::start(target, companions, &frontier.token, prepared.workers)?
            }
        };
        Ok(frontier.merge.insert(merge))
    }

    pub(super) fn frontier_is_at_end(&self, frontier: &Frontier) -> bool {
        frontier.next_partition == self.truth.state().partition_count()
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
        self.check_not_poorer(&frontier)?;
        self.merge(&mut frontier)?;
        let Some(mut merge) = frontier.merge.take() else {
            return Err(Error::new(ErrorKind::Failed, "there is no merge"));
        };
        self.teller.merge_begins();
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
        self.put_in_place(&merged, &frontier)?;
        self.tell_mixed(&merged.mixed);
        merged
            .notes
            .iter()
            .for_each(|note| self.teller.warn(note.clone()));
        Ok(Ok(Exported {
            ledger: frontier.ledger,
            export_bytes: merged.staged.length,
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
            .truth
            .state()
            .partitions()
            .map(|partition| partition.slice.records)
            .sum();
        let left_out = frontier
            .left_out
            .iter()
            .filter_map(|index| self.truth.state().partition(*index));
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

    /// An export that lacks records because partitions failed must not take the place of a better one, unless the recipe
    /// says so: what failed may be mended, and what was replaced is gone.
    fn check_not_poorer(&self, frontier: &Frontier) -> Result<()> {
        let failed = frontier.left_out.len();
        let asked = self.executor.prepared.recipe.export.partial;
        let (now, earlier) = (frontier.ledger.exported(), self.earlier_export());
        let Some((records, _)) = earlier.filter(|(records, left_out)| {
            *records > now && (*left_out as usize) < failed && asked != Partial::Replace
        }) else {
            return Ok(());
        };
        let why = match failed {
            1 => "a partition failed".to_owned(),
            failed => format!("{failed} partitions failed"),
        };
        let first = frontier.left_out.first();
        let first = first.and_then(|index| self.truth.state().failure(*index));
        let first = first.map_or_else(String::new, |failure| {
            format!(" (partition {}: {})", failure.partition, failure.error)
        });
        let path = self.executor.prepared.target.path().display();
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

    /// Journal, rename, ownership, journal: whatever a crash leaves can be told apart and finished.
    fn put_in_place(&mut self, merged: &Merged, frontier: &Frontier) -> Result<()> {
        let prepared = &self.executor.prepared;
        let (target, staged) = (&prepared.target, &merged.staged);
        self.check_still_free()?;
        check_companions(self.executor, self.truth.state().export().intent.as_ref())?;
        refuse_misplaced(self.executor)?;
        refuse_replacing(self.sources.all(), self.executor)?;
        let companions = prepared.companions.iter().zip(&merged.companions);
        let companions = companions.map(|(companion, staged)| OutputIntent {
            temporary: whole(&staged.temporary),
            path: whole(companion.target.path()),
            length: staged.length,
            digest: staged.digest,
        });
        let intent = ExportIntent {
            temporary: whole(&staged.temporary),
            path: whole(target.path()),
            directory: target.is_directory(),
            length: staged.length,
            digest: staged.digest,
            records: frontier.ledger.exported(),
            chain: self.final_chain()?,
            partitions_left_out: frontier.left_out.clone(),
            form: target.form_name(),
            shard_bytes: target.shard_bytes(),
            companions: companions.collect(),
        };
        self.truth
            .record(JournalRecord::ExportIntent(intent.clone()))?;
        self.truth.sync()?;
        crash_point!("export.intent");
        self.truth.check_epoch()?;
        for (companion, staged) in self.companions().zip(&merged.companions) {
            staged.commit(&companion.target)?;
            self.sign_companion(&companion.target, staged)?;
            crash_point!("export.companion");
        }
        staged.commit(&self.executor.prepared.target)?;
        crash_point!("export.renamed");
        self.finish_export(staged, &intent)
    }

    fn companions(&self) -> impl Iterator<Item = &Companion> {
        self.executor.prepared.companions.iter()
    }

    fn finish_export(&mut self, staged: &Staged, intent: &ExportIntent) -> Result<()> {
        self.sign_export(staged, intent)?;
        crash_point!("export.owned");
        self.truth.record(JournalRecord::ExportCommitted {
            path: intent.path.clone(),
            length: staged.length,
            digest: staged.digest,
        })?;
        self.truth.sync()?;
        self.teller.export_committed(staged);
        self.remove_earlier_drops();
        Ok(())
    }

    /// Nobody may have put something at the export path, or changed what stood there, while the job ran.
    fn check_still_free(&self) -> Result<()> {
        let target = &self.executor.prepared.target;
        let path = target.path();
        if self.executor.prepared.recipe.export.overwrite == coldpress_config::Overwrite::Always {
            return Ok(());
        }
        let unchanged = match (target.standing()?, &self.standing) {
            (Standing::Free, _) => true,
            (Standing::Ours(now), Some(before)) => {
                (now.length, now.digest) == (before.length, before.digest)
            }
            // An output of ours that a crash kept from being signed.
            (Standing::Foreign(_), Some(before)) => staged_digest(path, target.is_directory())
                .is_ok_and(|now| now == (before.length, before.digest)),
            (Standing::Special(_), _) | (_, None) => false,
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
        let export = self.truth.state().export();
        let intent = match (&export.intent, &export.committed) {
            (Some(intent), _) | (None, Some(intent)) => intent.clone(),
            (None, None) => return Ok(None),
        };
        let target = &self.executor.prepared.target;
        let same = self.truth.state().final_chain() == Some(intent.chain)
            && is_at(&intent.path, target)
            && intent.directory == target.is_directory()
            && intent.form == target.form_name()
            && intent.shard_bytes == target.shard_bytes()
            && intent.partitions_left_out.is_empty()
            && self.companions_are_of(&intent)
            && self.truth.state().plan_complete();
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
        if !self.finish_companions(&intent)? {
            return Ok(None);
        }
        let target = &self.executor.prepared.target;
        if !stands(target.path()) {
            let is_ours = target.token_of(&staged.temporary).is_some();
            if self.truth.state().export().intent.is_none()
                || !is_ours
                || !stands(&staged.temporary)
            {
                return Ok(None);
            }
            refuse_replacing(self.sources.all(), self.executor)?;
            self.truth.check_epoch()?;
            staged.commit(target)?;
        }
        if self.truth.state().export().intent.is_some()
            || !matches!(target.standing()?, Standing::Ours(_))
        {
            self.finish_export(&staged, &intent)?;
        }
        self.remove_earlier_drops();
        self.remove_leftovers();
        self.tally.reused = self.truth.state().partition_count();
        let mut ledger = Ledger::default();
        self.counted().for_each(|result| ledger.add(&result.ledger));
        Ok(Some(Exported {
            ledger,
            export_bytes: staged.length,
            already: true,
        }))
    }

    /// Whether the files beside the export are those that the recipe asks for now.
    fn companions_are_of(&self, intent: &ExportIntent) -> bool {
        let intended = &intent.companions;
        let mut pairs = self.companions().zip(intended);
        self.companions().count() == intended.len()
            && pairs.all(|(companion, intended)| is_at(&intended.path, &companion.target))
    }

    /// Puts the files beside the export in their places that a crash kept from them; whether all are there.
    fn finish_companions(&self, intent: &ExportIntent) -> Result<bool> {
        for (companion, intended) in self.companions().zip(&intent.companions) {
            let target = &companion.target;
            let stands = |path: &Path| {
                staged_digest(path, false)
                    .is_ok_and(|found| found == (intended.length, intended.digest))
            };
            let staged = Staged {
                temporary: PathBuf::from(&intended.temporary),
                length: intended.length,
                digest: intended.digest,
            };
            if !stands(target.path()) {
                let is_ours = target.token_of(&staged.temporary).is_some();
                if self.truth.state().export().intent.is_none()
                    || !is_ours
                    || !stands(&staged.temporary)
                {
                    return Ok(false);
                }
                self.truth.check_epoch()?;
                staged.commit(target)?;
            }
            self.sign_companion(target, &staged)?;
        }
        Ok(true)
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
