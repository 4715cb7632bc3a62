//! Barriers: what operators decide that need the whole dataset, and what follows from it.

use std::sync::Arc;

use coldpress_dataset::RowsForm;
use coldpress_job::{BarrierResolved, JournalRecord, Phase, Publication, SignaturesEntry};
use coldpress_operator::{ChainHash, ResolvedOperator};
use coldpress_partition::Task;
use coldpress_storage::{ObjectRef, crash_point};
use coldpress_worker::{JobSpec, JudgedResult};

use super::Driver;
use super::motion::Motion;
use crate::barrier::{Case, Moves, Resolved, Resolving, Unresolved};
use crate::error::{Error, ErrorKind, Result};
use crate::retention::JobFile;
use crate::scheduler::Scheduler;

impl Driver<'_> {
    /// The result of a task that later stages can go on from, or that can be exported as it is.
    pub(super) fn usable_result_of(&self, task: Task) -> Option<&Publication> {
        let Some(operator) = self.operator_at_end_of(task.stage) else {
            return self.usable_result(task.partition);
        };
        let state = self.truth.state();
        let result = state.published(task.partition, state.recipe()?.end_of(task.stage)?)?;
        let identity = identity_of(operator);
        let signed = result.signatures.as_ref();
        let is_signed = signed.is_some_and(|entry| {
            entry.identity == identity && !state.is_forgotten(&entry.file.key)
        });
        let has_dropped = result.dropped.is_some() || !self.executor.prepared.exports_dropped();
        // Records that come to lie elsewhere go there as lines.
        let barrier = operator.barrier()?;
        let is_table = RowsForm::of_path(result.rows.name().as_str()) == RowsForm::Table;
        let has_form = !is_table || !barrier.rule.moves_records();
        let place = *self
            .executor
            .prepared
            .pipeline
            .barriers()
            .get(task.stage as usize)?;
        let has_trace = self.executor.prepared.has_trace(place, result);
        (is_signed && has_dropped && has_trace && has_form).then_some(result)
    }

    /// Whether a barrier ends a stage.
    pub(super) fn is_before_barrier(&self, stage: u32) -> bool {
        self.operator_at_end_of(stage).is_some()
    }

    /// The operator at the barrier that ends a stage; none of the last stage.
    fn operator_at_end_of(&self, stage: u32) -> Option<&ResolvedOperator> {
        let pipeline = &self.executor.prepared.pipeline;
        let place = *pipeline.barriers().get(stage as usize)?;
        pipeline.operators().get(place as usize)
    }

    /// The signatures of an attempt at a stage, as the journal cites them.
    pub(super) fn signatures_entry(
        &self,
        stage: u32,
        file: Option<ObjectRef>,
    ) -> Option<SignaturesEntry> {
        Some(SignaturesEntry {
            identity: identity_of(self.operator_at_end_of(stage)?),
            file: file?,
        })
    }

    /// What was decided about a partition before a stage: for each barrier a file, or none where rows were placed. None at all
    /// where a barrier is not resolved.
    pub(super) fn decisions(&self, task: Task) -> Option<Vec<Option<ObjectRef>>> {
        let decision = |stage| {
            let resolved = self.truth.state().barrier(stage)?;
            match resolved.has_placed() {
                true => Some(None),
                false => resolved
                    .files
                    .get(task.partition as usize)
                    .cloned()
                    .map(Some),
            }
        };
        (0..task.stage).map(decision).collect()
    }

    /// Returns whether the operator at the barrier before a stage placed the rows that the stage begins with.
    pub(super) fn begins_with_placed_rows(&self, stage: u32) -> bool {
        let before = stage.checked_sub(1);
        let resolved = before.and_then(|before| self.truth.state().barrier(before));
        resolved.is_some_and(BarrierResolved::has_placed)
    }

    /// Goes on with a barrier that can be resolved: begins to, or takes what was decided.
    pub(super) fn advance_barrier(&mut self, motion: &mut Motion, stage: u32) -> Result<()> {
        if self.is_resolved(stage) {
            self.pass_barrier(&mut motion.scheduler, stage);
            return Ok(());
        }
        match motion.resolving.take() {
            None => {
                // Also where nothing came of the last time: its files are there.
                self.resolutions += 1;
                let case = self.case(stage, &motion.spec)?;
                self.enter(Phase::Resolving);
                self.tell_barrier(stage, &case);
                motion.resolving = Some(Resolving::begin(stage, case)?);
            }
            Some(resolving) if resolving.is_finished() => {
                let stage = resolving.stage;
                match resolving.finish() {
                    Ok(resolved) => self.take_decision(stage, resolved)?,
                    Err(Unresolved::Damaged { partition, reason }) => {
                        let task = Task::new(stage, partition);
                        self.void_result(&mut motion.scheduler, task, &reason)?;
                    }
                    Err(Unresolved::LostRows { partition, reason }) => {
                        let task = Task::new(stage, partition);
                        if !self.void_rows(&mut motion.scheduler, task, &reason)? {
                            let message = format!(
                                "the result of {task} is damaged again and again: {reason}"
                            );
                            return Err(Error::new(ErrorKind::Failed, message));
                        }
                    }
                    Err(Unresolved::Failed(error)) => return Err(error),
                }
            }
            resolving => motion.resolving = resolving,
        }
        Ok(())
    }

    fn tell_barrier(&mut self, stage: u32, case: &Case) {
        let state = self.truth.state();
        let indices = 0..state.partition_count();
        let results = indices.filter_map(|index| self.usable_result_of(Task::new(stage, index)));
        let records = results.map(|result| result.ledger.exported()).sum();
        let place = self.executor.prepared.pipeline.barriers()[stage as usize];
        self.teller
            .barrier_begins(stage, place, &case.operator, records);
    }

    /// Whether the decision behind a stage counts, and its files are kept.
    fn is_resolved(&self, stage: u32) -> bool {
        let state = self.truth.state();
        let is_kept = |resolved: &BarrierResolved| {
            let rows = resolved.placed.iter();
            let rows = rows.flat_map(|placed| [&placed.rows, &placed.index]);
            let mut files = resolved.files.iter().chain(rows);
            files.all(|file| !state.is_forgotten(&file.key))
        };
        let resolved = state.barrier(stage).filter(|resolved| is_kept(resolved));
        resolved.is_some_and(|resolved| {
            self.has_what_is_wanted(resolved)
                && self.has_list_that_is_wanted(stage, resolved)
                && self.has_pairs_that_are_wanted(stage, resolved)
        })
    }

    /// Whether placed rows have beside them what the recipe wants kept.
    fn has_what_is_wanted(&self, resolved: &BarrierResolved) -> bool {
        let state = self.truth.state();
        let Some(chain) = resolved.chain.first().filter(|_| resolved.has_placed()) else {
            return true;
        };
        let mut partitions = 0..state.partition_count();
        !self.executor.prepared.exports_dropped()
            || partitions.all(|partition| {
                let result = state.published(partition, *chain);
                result.is_some_and(|result| result.dropped.is_some())
            })
    }

    /// What was decided about the partition of a task is damaged: it is decided anew, unless that was done too often. Whatever
    /// is at work behind that barrier began with something else than will count.
    pub(super) fn void_decision(&mut self, scheduler: &mut Scheduler, task: Task) -> Result<bool> {
        let state = self.truth.state();
        let mut barriers = (0..task.stage).filter_map(|stage| Some((stage, state.barrier(stage)?)));
        let is_damaged = |resolved: &BarrierResolved| {
            let file = resolved.files.get(task.partition as usize);
            file.map_or(!resolved.has_placed(), |file| {
                self.stores.object(file).verify().is_err()
            })
        };
        let damaged = barriers.find(|(_, resolved)| is_damaged(resolved));
        let Some((stage, resolved)) = damaged else {
            return Ok(false);
        };
        if !scheduler.unresolve(stage) {
            return Ok(false);
        }
        let operator = &resolved.operator;
        let warning = format!("the decision of {operator} is damaged, and is made again");
        let files = resolved.files.iter().map(JobFile::cited).collect();
        self.teller.warn(warning);
        self.forget(files)?;
        self.truth.sync()?;
        Ok(true)
    }

    /// Returns whether something is damaged that a result cites besides its rows: what was dropped, traced or left to the
    /// quarantine.
    fn has_damaged_companions(&self, task: Task) -> bool {
        let Some(result) = self.usable_result_of(task) else {
            return false;
        };
        let dropped = result.dropped.iter().flatten().map(|rows| &rows.file);
        let traced = result.trace.iter().flat_map(|trace| trace.files());
        let traced = traced.filter(|_| self.executor.prepared.trace.is_some());
        let mut files = dropped.chain(&result.quarantine).chain(traced);
        files.any(|file| self.stores.object(file).verify().is_err())
    }

    /// Rows that the operator at the barrier before a task's stage placed in its partition are damaged: they are placed anew,
    /// unless that was done too often.
    pub(super) fn void_placed(
        &mut self,
        scheduler: &mut Scheduler,
        task: Task,
        reason: &str,
    ) -> Result<bool> {
        let Some(stage) = task.stage.checked_sub(1) else {
            return Ok(false);
        };
        let Some(resolved) = self.truth.state().barrier(stage) else {
            return Ok(false);
        };
        // Placed anew they would cite the same files of the stage before.
        let judged = Task::new(stage, task.partition);
        if self.has_damaged_companions(judged) {
            return self.void_rows(scheduler, judged, reason);
        }
        let (operator, partition) = (&resolved.operator, task.partition);
        let warning = format!(
            "the rows that {operator} placed in partition {partition} are damaged, and are placed again: {reason}"
        );
        let rows = resolved.placed.iter();
        let rows = rows.flat_map(|placed| [&placed.rows, &placed.index]);
        let files = rows.map(JobFile::cited).collect();
        if !scheduler.unresolve(stage) {
            return Ok(false);
        }
        self.teller.warn(warning);
        self.forget(files)?;
        self.truth.sync()?;
        Ok(true)
    }

    fn pass_barrier(&mut self, scheduler: &mut Scheduler, stage: u32) {
        if !scheduler.resolved(stage) {
            return;
        }
        for partition in 0..self.truth.state().partition_count() {
            let task = Task::new(stage + 1, partition);
            if self.usable_result_of(task).is_some() {
                self.add_published(scheduler, task);
            }
        }
    }

    /// The result of a task is there already. That of the last stage is all that was to be done with the partition.
    pub(super) fn add_published(&mut self, scheduler: &mut Scheduler, task: Task) {
        if self.operator_at_end_of(task.stage).is_none() {
            self.tally.reused(task.partition);
        }
        scheduler.add_published(task);
    }

    /// Whether the merge can leave out what an operator at a barrier decided about all partitions.
    fn merge_settles(&self, stage: u32) -> bool {
        let partitions = 0..self.truth.state().partition_count();
        let mut results =
            partitions.map(|partition| self.usable_result_of(Task::new(stage, partition)));
        results.all(|result| {
            let form = result.map(|result| RowsForm::of_path(result.rows.name().as_str()));
            let prepared = &self.executor.prepared;
            form.is_some_and(|form| prepared.merge_settles(stage, form))
        })
    }

    fn case(&self, stage: u32, spec: &Arc<JobSpec>) -> Result<Case> {
        let prepared = &self.executor.prepared;
        let unknown = || Error::new(ErrorKind::Failed, format!("stage {stage} is not complete"));
        let operator = self.operator_at_end_of(stage).ok_or_else(unknown)?;
        let barrier = operator.barrier().ok_or_else(unknown)?;
        let partitions = 0..self.truth.state().partition_count();
        let signatures = partitions.map(|partition| {
            let result = self.usable_result_of(Task::new(stage, partition))?;
            result.signatures.as_ref().map(|entry| entry.file.clone())
        });
        let signatures: Option<Vec<ObjectRef>> = signatures.collect();
        Ok(Case {
            operator: operator.name().to_owned(),
            rule: barrier.rule.clone(),
            signatures: signatures.ok_or_else(unknown)?,
            settles: self.merge_settles(stage),
            moves: match barrier.rule.moves_records() {
                true => Some(self.moves(stage, spec).ok_or_else(unknown)?),
                false => None,
            },
            telling: barrier
                .rule
                .removes_duplicates()
                .then(|| self.telling(stage))
                .transpose()?,
            traced: self.traced_pairs(stage),
            stores: self.stores.clone(),
            folder: self.executor.layout.job_dir().to_owned(),
            stage,
            epoch: self.truth.epoch(),
            number: self.resolutions,
            // Workers have nothing to do meanwhile, but keep their buffers.
            memory_bytes: prepared.memory_limit_bytes() / 2,
            threads: prepared.workers,
        })
    }

    /// What is needed to place the rows of a stage.
    fn moves(&self, stage: u32, spec: &Arc<JobSpec>) -> Option<Moves> {
        let prepared = &self.executor.prepared;
        let place = *prepared.pipeline.barriers().get(stage as usize)?;
        let result = |partition| {
            let task = Task::new(stage, partition);
            let result = self.usable_result_of(task)?;
            let planned = self.truth.state().partition(partition)?;
            Some(JudgedResult {
                rows: result.rows.clone(),
                index: result.index.clone(),
                unsigned: Vec::new(),
                poison: self.poison_of(task, place),
                source: planned.slice.source,
            })
        };
        let results = (0..self.truth.state().partition_count()).map(result);
        Some(Moves {
            spec: Arc::clone(spec),
            pipeline: prepared.pipeline.clone(),
            shared: prepared.shared.clone(),
            place,
            last: self.end_of(stage).ok()?,
            results: results.collect::<Option<_>>()?,
        })
    }

    fn take_decision(&mut self, stage: u32, resolved: Resolved) -> Result<()> {
        let prepared = &self.executor.prepared;
        let barriers = prepared.pipeline.barriers();
        let known = self.end_of(stage)?;
        let participants = self.truth.state().participants(stage);
        let (Some(place), Some(participants)) = (barriers.get(stage as usize), participants) else {
            return Err(Error::new(
                ErrorKind::Failed,
                format!("stage {stage} is not complete"),
            ));
        };
        let chain = prepared
            .pipeline
            .hashes_after(*place, known, resolved.digest);
        crash_point!("barrier.publish");
        self.teller
            .barrier_resolved(stage, *place, &resolved.ledger);
        self.warn_of_losses(*place, &resolved);
        self.truth
            .record(JournalRecord::BarrierResolved(BarrierResolved {
                stage,
                operator: resolved.ledger.name.to_string(),
                participants,
                files: resolved.files,
                placed: resolved.placed,
                settled: resolved.settled,
                digest: resolved.digest,
                chain,
                ledger: resolved.ledger,
                removals: resolved.removals,
                duplicates: resolved.duplicates,
                trace: resolved.trace,
            }))?;
        self.enter(Phase::Processing);
        Ok(())
    }
}

fn identity_of(operator: &ResolvedOperator) -> ChainHash {
    ChainHash::base(operator.signature_identity())
}
