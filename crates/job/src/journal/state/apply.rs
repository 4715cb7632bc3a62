//! Taking in one record of the journal after the other.

use std::path::{Component, Path};

use coldpress_dataset::SourceIdentity;
use coldpress_operator::ChainHash;
use coldpress_partition::PlannedPartition;

use super::partition::PartitionState;
use super::{Epoch, ExportState, Finish, JobState};
use crate::journal::record::{
    Adoption, DamagedSource, EpochStarted, ExportIntent, GateReached, JobPlan, JournalRecord,
    PartitionFailure, PoisonFound, Publication, RecipeInForce,
};
use crate::{Error, Result};

impl JobState {
    /// Takes in the next record, which stands in the file of this epoch.
    ///
    /// # Errors
    ///
    /// [`Error::Contradiction`] if it cannot be true after what is known; the state is as it was.
    pub fn apply(&mut self, epoch: u64, record: &JournalRecord) -> Result<()> {
        if let JournalRecord::EpochStarted(started) = record {
            return self.start_epoch(epoch, started);
        }
        if self.current_epoch().map(|current| current.epoch) != Some(epoch) {
            return contradiction(format!("a record of epoch {epoch}, which has not begun"));
        }
        match record {
            JournalRecord::EpochStarted(_) => Ok(()),
            JournalRecord::Adopted(adoption) => {
                self.adopt(adoption);
                Ok(())
            }
            JournalRecord::GenerationStarted { generation } => self.start_generation(*generation),
            JournalRecord::JobPlanned(plan) => self.set_plan(plan),
            JournalRecord::RecipeSet(recipe) => self.set_recipe(recipe),
            JournalRecord::PartitionsPlanned { partitions } => self.add_partitions(partitions),
            JournalRecord::SourceDamaged(damaged) => self.add_damage(damaged),
            JournalRecord::PlanCompleted {
                partitions,
                records,
            } => self.complete_plan(*partitions, *records),
            JournalRecord::SourcesPlanned { first, sources } => self.add_sources(*first, sources),
            JournalRecord::AttemptStarted {
                partition,
                attempt,
                at_millis,
            } => self.start_attempt(epoch, *partition, *attempt, *at_millis),
            JournalRecord::Published(publication) => self.publish(epoch, publication),
            JournalRecord::GateReached(gate) => self.reach_gate(epoch, gate),
            JournalRecord::PoisonFound(found) => self.find_poison(found),
            JournalRecord::PoisonLifted { partition } => self.lift_poison(*partition),
            JournalRecord::PartitionFailed(failure) => self.fail(failure),
            JournalRecord::ExportIntent(intent) => self.intend_export(intent),
            JournalRecord::ExportCommitted {
                path,
                length,
                digest,
            } => self.commit_export(|intent| {
                (&intent.path, intent.length, intent.digest) == (path, *length, *digest)
            }),
            JournalRecord::Finished { status, error } => {
                self.finished = Some(Finish {
                    epoch,
                    status: *status,
                    error: error.clone(),
                });
                Ok(())
            }
            JournalRecord::Forgotten { files } => {
                self.forgotten.extend(files.iter().cloned());
                Ok(())
            }
        }
    }

    fn start_epoch(&mut self, epoch: u64, started: &EpochStarted) -> Result<()> {
        if let Some(current) = self.current_epoch().filter(|now| now.epoch >= epoch) {
            let now = current.epoch;
            return contradiction(format!("epoch {epoch} begins after epoch {now}"));
        }
        self.epochs.push(Epoch {
            epoch,
            driver: started.driver.clone(),
            version: started.version.clone(),
            takeover: started.takeover,
        });
        self.finished = None;
        // A plan comes in one piece of one driver.
        self.coming_sources.clear();
        Ok(())
    }

    /// The work counts, how the other job ended does not; nor does what it did beyond what was asked for.
    fn adopt(&mut self, adoption: &Adoption) {
        self.adopted = Some(adoption.clone());
        self.export = ExportState::default();
        self.outputs.clear();
        self.finished = None;
        for partition in &mut self.partitions {
            partition.failure = None;
        }
        let Some(operations) = adoption.operations else {
            return;
        };
        let chain = self.recipe.as_ref().map_or(&[][..], |recipe| &recipe.chain);
        let counting: Vec<ChainHash> = chain
            .iter()
            .take(operations as usize + 1)
            .copied()
            .collect();
        for partition in &mut self.partitions {
            partition.keep_to(&counting);
        }
    }

    /// Only the drivers and the exports are remembered, so that it can be told who made what.
    fn start_generation(&mut self, generation: u32) -> Result<()> {
        if generation <= self.generation() {
            let now = self.generation();
            return contradiction(format!(
                "generation {generation} begins after generation {now}"
            ));
        }
        *self = Self {
            generation,
            epochs: std::mem::take(&mut self.epochs),
            outputs: std::mem::take(&mut self.outputs),
            ..Self::default()
        };
        Ok(())
    }

    fn set_plan(&mut self, plan: &JobPlan) -> Result<()> {
        let sources = [&self.coming_sources[..], &plan.sources].concat();
        let plan = JobPlan {
            sources,
            ..plan.clone()
        };
        match &self.plan {
            None => self.plan = Some(plan),
            Some(known) if *known == plan => {}
            Some(_) => return contradiction("the job is planned twice, and differently"),
        }
        self.coming_sources.clear();
        Ok(())
    }

    /// Takes in sources of a plan that is still to come.
    fn add_sources(&mut self, first: u32, sources: &[SourceIdentity]) -> Result<()> {
        let known = self.coming_sources.len();
        if usize::try_from(first) != Ok(known) {
            return contradiction(format!(
                "source {first} of a plan follows where source {known} should"
            ));
        }
        self.coming_sources.extend_from_slice(sources);
        Ok(())
    }

    fn set_recipe(&mut self, recipe: &RecipeInForce) -> Result<()> {
        if self.plan.is_none() {
            return contradiction("a recipe is set before the job is planned");
        }
        let (hashes, operators) = (recipe.chain.len(), recipe.operators.len());
        if hashes != operators + 1 {
            return contradiction(format!("{hashes} chain hashes for {operators} operators"));
        }
        self.recipe = Some(recipe.clone());
        Ok(())
    }

    fn add_partitions(&mut self, partitions: &[PlannedPartition]) -> Result<()> {
        let (known, records) = (self.partitions.len(), self.next_first_record);
        for partition in partitions {
            if let Err(error) = self.add_partition(partition) {
                self.partitions.truncate(known);
                self.next_first_record = records;
                return Err(error);
            }
        }
        Ok(())
    }

    fn add_partition(&mut self, partition: &PlannedPartition) -> Result<()> {
        let index = partition.index;
        if let Some(known) = self.partition(index) {
            if known == partition {
                return Ok(());
            }
            return contradiction(format!(
                "partition {index} is planned twice, and differently"
            ));
        }
        let next = self.partition_count();
        if index != next || next == u32::MAX {
            return contradiction(format!(
                "partition {index} is planned where {next} should be"
            ));
        }
        if self.plan_complete {
            return contradiction(format!(
                "partition {index} is planned after the plan was complete"
            ));
        }
        let first = self.next_first_record;
        if partition.first_record != first {
            let found = partition.first_record;
            return contradiction(format!(
                "partition {index} begins with record {found}, and the one before ends before {first}"
            ));
        }
        self.check_slice(partition)?;
        self.next_first_record = first
            .checked_add(partition.slice.records)
            .ok_or_else(|| Error::contradiction("more records than can be counted"))?;
        self.partitions.push(PartitionState::new(partition.clone()));
        Ok(())
    }

    fn check_slice(&self, partition: &PlannedPartition) -> Result<()> {
        let (index, slice) = (partition.index, &partition.slice);
        self.check_source(slice.source)?;
        if slice.start > slice.end {
            return contradiction(format!("partition {index} ends before it begins"));
        }
        if let Some(before) = self.partitions.last().map(|state| &state.planned.slice) {
            let place = (slice.source, slice.start);
            if place < (before.source, before.end) {
                return contradiction(format!("partition {index} begins inside the one before"));
            }
        }
        match &slice.copy {
            Some(copy) => check_path(&copy.path),
            None => Ok(()),
        }
    }

    fn check_source(&self, source: u32) -> Result<()> {
        let sources = self.plan.as_ref().map_or(0, |plan| plan.sources.len());
        if usize::try_from(source).is_ok_and(|source| source < sources) {
            return Ok(());
        }
        contradiction(format!("source {source} of {sources} is spoken of"))
    }

    fn add_damage(&mut self, damaged: &DamagedSource) -> Result<()> {
        self.check_source(damaged.source)?;
        if !self.damaged_sources.contains(damaged) {
            self.damaged_sources.push(damaged.clone());
        }
        Ok(())
    }

    fn complete_plan(&mut self, partitions: u32, records: u64) -> Result<()> {
        if self.plan.is_none() {
            return contradiction("a plan is complete that was never begun");
        }
        let known = (self.partition_count(), self.next_first_record);
        if known != (partitions, records) {
            let (planned, counted) = known;
            return contradiction(format!(
                "the plan is said to have {partitions} partitions and {records} records, \
                 and has {planned} and {counted}"
            ));
        }
        self.plan_complete = true;
        Ok(())
    }

    fn planned(&mut self, index: u32) -> Result<&mut PartitionState> {
        usize::try_from(index)
            .ok()
            .and_then(|place| self.partitions.get_mut(place))
            .ok_or_else(|| Error::contradiction(format!("partition {index} is not planned")))
    }

    fn start_attempt(
        &mut self,
        epoch: u64,
        partition: u32,
        attempt: u32,
        at_millis: u64,
    ) -> Result<()> {
        let state = self.planned(partition)?;
        if state.last_attempt.map(|(of, _)| of) != Some(epoch) {
            state.begun_millis = at_millis;
        }
        state.attempts = state.attempts.saturating_add(1);
        // That it ended well would have been written; what an earlier driver left unfinished did not fail.
        let has_failed = state.is_open && state.last_attempt.is_some_and(|(of, _)| of == epoch);
        state.retries = state.retries.saturating_add(u32::from(has_failed));
        state.last_attempt = Some((epoch, attempt));
        state.is_open = true;
        state.failure = None;
        Ok(())
    }

    fn publish(&mut self, epoch: u64, publication: &Publication) -> Result<()> {
        let index = publication.partition;
        if publication.epoch != epoch {
            let other = publication.epoch;
            return contradiction(format!(
                "a result of epoch {other} is published in epoch {epoch}"
            ));
        }
        for file in publication.files() {
            check_path(&file.path)?;
        }
        let state = self.planned(index)?;
        if publication.slice != state.planned.slice.digest {
            return contradiction(format!(
                "the result of partition {index} was made of other bytes than were planned"
            ));
        }
        state.publications.push(publication.clone());
        state.is_open = false;
        state.failure = None;
        Ok(())
    }

    fn reach_gate(&mut self, epoch: u64, gate: &GateReached) -> Result<()> {
        let index = gate.partition;
        if gate.epoch != epoch {
            let other = gate.epoch;
            return contradiction(format!(
                "a gate of epoch {other} is reached in epoch {epoch}"
            ));
        }
        for file in gate.files() {
            check_path(&file.path)?;
        }
        let state = self.planned(index)?;
        if gate.slice != state.planned.slice.digest {
            return contradiction(format!(
                "a gate of partition {index} was reached with other bytes than were planned"
            ));
        }
        state.gates.push(gate.clone());
        state.is_open = false;
        Ok(())
    }

    fn find_poison(&mut self, found: &PoisonFound) -> Result<()> {
        self.planned(found.partition)?.poison.push(found.clone());
        Ok(())
    }

    /// An export of what was made without the records is not the job's last word either.
    fn lift_poison(&mut self, partition: u32) -> Result<()> {
        let state = self.planned(partition)?;
        if state.lift_poison() {
            self.export.committed = None;
        }
        Ok(())
    }

    fn fail(&mut self, failure: &PartitionFailure) -> Result<()> {
        let Some(chain) = self.final_chain() else {
            return contradiction("a partition failed before a recipe was set");
        };
        let state = self.planned(failure.partition)?;
        state.failure = Some((chain, failure.clone()));
        Ok(())
    }

    fn intend_export(&mut self, intent: &ExportIntent) -> Result<()> {
        for index in &intent.partitions_left_out {
            self.planned(*index)?;
        }
        self.export.intent = Some(intent.clone());
        self.outputs.push(intent.clone());
        Ok(())
    }

    fn commit_export(&mut self, is_it: impl Fn(&ExportIntent) -> bool) -> Result<()> {
        match self.export.intent.take() {
            Some(intent) if is_it(&intent) => {
                self.export.committed = Some(intent);
                Ok(())
            }
            other => {
                self.export.intent = other;
                // Said twice, as after a crash between the record and what follows it, it is true.
                if self.export.committed.as_ref().is_some_and(is_it) {
                    return Ok(());
                }
                contradiction("an export is committed that was never intended")
            }
        }
    }
}

/// A file of the journal cites only files below the job's folder, or elsewhere by a whole path.
fn check_path(path: &str) -> Result<()> {
    let climbs = |component| matches!(component, Component::ParentDir | Component::CurDir);
    if path.is_empty() || Path::new(path).components().any(climbs) {
        return contradiction(format!("`{path}` is cited, which leads out of the job"));
    }
    Ok(())
}

fn contradiction(reason: impl Into<String>) -> Result<()> {
    Err(Error::contradiction(reason))
}
