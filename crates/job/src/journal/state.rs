//! The state of a job: the pure replay of its journal.

mod apply;
mod barriers;
mod figures;
mod ledgers;
mod partition;
mod planning;
mod rules;

use std::collections::{BTreeMap, HashSet};

use coldpress_dataset::SourceIdentity;
use coldpress_operator::ChainHash;
use coldpress_partition::{Draw, PlannedPartition};
use coldpress_record::OperatorLedger;
use coldpress_storage::{ObjectKey, ObjectRef, Place, StoreSpec};
use serde::{Deserialize, Serialize};

use crate::driver::DriverIdentity;
use crate::journal::record::{
    Adoption, BarrierResolved, CheckpointEntry, DamagedSource, ExportIntent, GateReached, JobPlan,
    PartitionFailure, PlacedRows, PoisonFound, Publication, PublishedCheckpoint, RecipeInForce,
};
use crate::status::Status;
use crate::totals::Totals;

use ledgers::KnownLedgers;
use partition::PartitionState;

pub use figures::{Figures, NotFromFigures};
pub use partition::PartitionStatus;

/// Everything that the journal says about a job. It is a function of the records alone.
///
/// Maintains the following invariants:
/// - partitions have the indices 0, 1, 2 … and never change once they are planned;
/// - the records of the partitions follow each other without a gap;
/// - every publication belongs to a planned partition and read the slice that was planned;
/// - the content of a file that may be deleted is no longer given out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobState {
    generation: u32,
    epochs: Vec<Epoch>,
    /// The sources of a plan that is not complete yet.
    coming_sources: Vec<SourceIdentity>,
    plan: Option<JobPlan>,
    recipe: Option<RecipeInForce>,
    partitions: Vec<PartitionState>,
    ledgers: KnownLedgers,
    damaged_sources: Vec<DamagedSource>,
    plan_complete: bool,
    next_first_record: u64,
    /// The first part of a decision that is not complete yet.
    coming_decision: ComingDecision,
    /// All decisions of whole-dataset operators, oldest first, whether they count or not.
    barriers: Vec<BarrierResolved>,
    export: ExportState,
    outputs: Vec<ExportIntent>,
    stores: BTreeMap<Place, StoreSpec>,
    forgotten: HashSet<ObjectKey>,
    adopted: Option<Adoption>,
    finished: Option<Finish>,
}

/// The files and the placed rows of a decision that comes in several records.
#[derive(Clone, Debug, Default, PartialEq)]
struct ComingDecision {
    files: Vec<ObjectRef>,
    placed: Vec<PlacedRows>,
    settled: Vec<OperatorLedger>,
}

/// A driver of the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The number of its epoch, from 1.
    pub epoch: u64,
    /// The identity of the driver.
    pub driver: DriverIdentity,
    /// The version of its release.
    pub version: String,
    /// True if it took over the job from a driver that was not seen to end.
    pub takeover: bool,
}

/// The state of the export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportState {
    /// An export that was about to get its final name, and is not known to have it.
    pub intent: Option<ExportIntent>,
    /// The last export that got its final name.
    pub committed: Option<ExportIntent>,
}

/// The end of the last driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// The epoch of the driver.
    pub epoch: u64,
    /// The status of the job at the end.
    pub status: Status,
    /// The reason, if it failed.
    pub error: Option<String>,
}

impl JobState {
    /// Returns the generation: 1, plus one for each time that the job was started anew.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation.max(1)
    }

    /// Returns all drivers, including those of earlier generations, oldest first.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// Returns the newest driver.
    #[must_use]
    pub fn current_epoch(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// Returns the plan of the job; none before it is planned.
    #[must_use]
    pub fn plan(&self) -> Option<&JobPlan> {
        self.plan.as_ref()
    }

    /// Returns the recipe in force; none before one is set.
    #[must_use]
    pub fn recipe(&self) -> Option<&RecipeInForce> {
        self.recipe.as_ref()
    }

    /// Returns the chain hash of a finished result under the recipe in force.
    #[must_use]
    pub fn final_chain(&self) -> Option<ChainHash> {
        self.recipe.as_ref().and_then(RecipeInForce::final_chain)
    }

    /// Returns the stage at work, from 0: the last one whose barrier before it is resolved.
    #[must_use]
    pub fn stage_at_work(&self) -> u32 {
        self.recipe.as_ref().map_or(0, RecipeInForce::stage_at_work)
    }

    /// Returns how many stages the recipe in force has.
    #[must_use]
    pub fn stages(&self) -> u32 {
        let last = self.recipe.as_ref().map_or(0, RecipeInForce::last_stage);
        last.saturating_add(1)
    }

    /// Returns the chain hash of a result of the stage at work.
    #[must_use]
    pub fn chain_at_work(&self) -> Option<ChainHash> {
        self.recipe.as_ref()?.end_of(self.stage_at_work())
    }

    /// Returns the result of a partition that came farthest under the recipe in force, kept or not, with its stage.
    #[must_use]
    pub fn farthest_result(&self, index: u32) -> Option<(u32, &Publication)> {
        let recipe = self.recipe.as_ref()?;
        let mut stages = (0..=self.stage_at_work()).rev();
        stages.find_map(|stage| Some((stage, self.result_of(index, recipe.end_of(stage)?)?)))
    }

    /// Returns the job whose past this job began with; none if it began with nothing.
    #[must_use]
    pub fn adopted(&self) -> Option<&Adoption> {
        self.adopted.as_ref()
    }

    /// Returns how many partitions are planned so far.
    #[must_use]
    pub fn partition_count(&self) -> u32 {
        // `apply` accepts no index beyond the range of this type.
        u32::try_from(self.partitions.len()).unwrap_or(u32::MAX)
    }

    /// Returns all planned partitions, in order.
    pub fn partitions(&self) -> impl ExactSizeIterator<Item = &PlannedPartition> {
        self.partitions.iter().map(|state| &state.planned)
    }

    /// Returns a planned partition.
    #[must_use]
    pub fn partition(&self, index: u32) -> Option<&PlannedPartition> {
        self.state_of(index).map(|state| &state.planned)
    }

    /// Returns whether no more partitions will be planned.
    #[must_use]
    pub fn plan_complete(&self) -> bool {
        self.plan_complete
    }

    /// Returns the number of records in all planned partitions, which is the number in the dataset of the first record of the next
    /// one.
    #[must_use]
    pub fn next_first_record(&self) -> u64 {
        self.next_first_record
    }

    /// Returns the places where sources cannot be read.
    #[must_use]
    pub fn damaged_sources(&self) -> &[DamagedSource] {
        &self.damaged_sources
    }

    /// Returns the newest result of a partition with these operators applied, if its rows are still kept.
    #[must_use]
    pub fn published(&self, index: u32, chain: ChainHash) -> Option<&Publication> {
        let kept = |publication: &&Publication| {
            !self.is_forgotten(&publication.rows.key) && !self.is_forgotten(&publication.index.key)
        };
        self.with_chain(index, chain).find(kept)
    }

    /// Returns the newest result of a partition with these operators applied, kept or not, for its counts.
    #[must_use]
    pub fn result_of(&self, index: u32, chain: ChainHash) -> Option<&Publication> {
        self.with_chain(index, chain).next()
    }

    /// Returns everything that was ever published, in order of partition and then of publication.
    pub fn publications(&self) -> impl Iterator<Item = &Publication> {
        self.partitions.iter().flat_map(|state| &state.publications)
    }

    /// Returns the checkpoints of a partition that are still kept, including those of older recipes. The newest publication comes
    /// first, and within a publication the deepest checkpoint.
    pub fn checkpoints(&self, index: u32) -> impl Iterator<Item = &CheckpointEntry> {
        self.published_checkpoints(index).map(|found| found.entry)
    }

    /// Like [`checkpoints`](Self::checkpoints), with what their attempts kept besides rows.
    pub fn published_checkpoints(
        &self,
        index: u32,
    ) -> impl Iterator<Item = PublishedCheckpoint<'_>> {
        let state = self.state_of(index).into_iter();
        let is_kept = |found: &PublishedCheckpoint<'_>| {
            let mut files = found.entry.files();
            files.all(|file| !self.is_forgotten(&file.key))
        };
        state.flat_map(PartitionState::checkpoints).filter(is_kept)
    }

    /// Returns the gates that attempts at a partition ended at, oldest first.
    pub fn gates(&self, index: u32) -> impl Iterator<Item = &GateReached> {
        let state = self.state_of(index).into_iter();
        state.flat_map(|state| &state.gates)
    }

    /// Returns the stores that hold the job's files, if they are not the folders of the job's own folder.
    #[must_use]
    pub fn stores(&self) -> &BTreeMap<Place, StoreSpec> {
        &self.stores
    }

    /// Returns every file that counts, once each: those of results and gates, and copies of slices.
    pub fn kept_files(&self) -> impl Iterator<Item = &ObjectRef> {
        let mut known = HashSet::new();
        self.all_files()
            .filter(move |file| !self.is_forgotten(&file.key) && known.insert(&file.key))
    }

    /// Returns every file that was ever cited, including those that may be deleted: those of results and gates, and copies of
    /// slices.
    pub fn all_files(&self) -> impl Iterator<Item = &ObjectRef> {
        let copies = self.partitions();
        let copies = copies.filter_map(|planned| planned.slice.copy.as_deref());
        self.cited_files().chain(copies)
    }

    /// Returns every file that a result, a gate or a decision cites.
    pub fn cited_files(&self) -> impl Iterator<Item = &ObjectRef> {
        let of_partitions = self.partitions.iter().flat_map(|state| {
            let results = state.publications.iter().flat_map(Publication::files);
            results.chain(state.gates.iter().flat_map(GateReached::files))
        });
        let of_barriers = self.barriers.iter().flat_map(BarrierResolved::all_files);
        of_partitions.chain(of_barriers)
    }

    /// Returns the records of a partition that killed workers, under any recipe.
    #[must_use]
    pub fn poison(&self, index: u32) -> &[PoisonFound] {
        self.state_of(index).map_or(&[], |state| &state.poison)
    }

    /// Returns the partitions that are out of retries under the recipe in force.
    pub fn failed(&self) -> impl Iterator<Item = &PartitionFailure> {
        let indices = 0..self.partition_count();
        indices.filter_map(|index| self.failure(index))
    }

    /// Returns why a partition is out of retries under the recipe in force; none if it isn't.
    #[must_use]
    pub fn failure(&self, index: u32) -> Option<&PartitionFailure> {
        let (chain, failure) = self.state_of(index)?.failure.as_deref()?;
        let now = self.recipe.as_ref()?.end_of(failure.stage);
        (Some(*chain) == now).then_some(failure)
    }

    /// Returns the status of a partition in the stage at work under the recipe in force; none if it is not planned.
    #[must_use]
    pub fn partition_status(&self, index: u32) -> Option<PartitionStatus> {
        let state = self.state_of(index)?;
        let published = || self.chain_at_work().is_some_and(|chain| state.has(chain));
        // A failure is the last word. It follows a result only if that result was bad.
        Some(if self.failure(index).is_some() {
            PartitionStatus::Failed
        } else if published() {
            PartitionStatus::Completed
        } else if self.finished.is_none() && self.is_attempted(state) {
            PartitionStatus::Processing
        } else {
            PartitionStatus::Pending
        })
    }

    /// Returns how many attempts at a partition were made after one that failed under the same driver. Continuing from a gate, or
    /// after a driver that died, is not a retry.
    #[must_use]
    pub fn retries(&self, index: u32) -> u32 {
        self.state_of(index).map_or(0, |state| state.retries)
    }

    /// Returns how many attempts at a partition were given out, in all epochs of the generation.
    #[must_use]
    pub fn attempts(&self, index: u32) -> u32 {
        self.state_of(index).map_or(0, |state| state.attempts)
    }

    /// Returns the highest number of an attempt at a partition in this epoch, 0 if there was none.
    #[must_use]
    pub fn last_attempt(&self, index: u32, epoch: u64) -> u32 {
        let last = self.state_of(index).and_then(|state| state.last_attempt);
        last.filter(|(of, _)| *of == epoch)
            .map_or(0, |(_, attempt)| attempt)
    }

    /// Returns the time that each operator took up to a point where an attempt can begin, by the newest work that led there; none
    /// if no work did.
    #[must_use]
    pub fn nanos_until(&self, index: u32, operation: u32, chain: ChainHash) -> Option<&[u64]> {
        self.state_of(index)?.nanos_until(operation, chain)
    }

    /// Returns when the newest driver that worked on a partition began to, and when its result of the stage at work was published
    /// or it was given up, in milliseconds since 1970. Either is none if it did not happen or is not known.
    #[must_use]
    pub fn times(&self, index: u32) -> (Option<u64>, Option<u64>) {
        let known = |millis: u64| (millis > 0).then_some(millis);
        let begun = self
            .state_of(index)
            .and_then(|state| known(state.begun_millis));
        let ended = match (self.failure(index), self.chain_at_work()) {
            (Some(failure), _) => known(failure.at_millis),
            (None, Some(chain)) => {
                let result = self.result_of(index, chain);
                result.and_then(|result| known(result.at_millis))
            }
            (None, None) => None,
        };
        (begun, ended)
    }

    /// Returns all exports that the job put in their places or was about to, including those of earlier generations, oldest first.
    #[must_use]
    pub fn outputs(&self) -> &[ExportIntent] {
        &self.outputs
    }

    /// Returns the state of the export.
    #[must_use]
    pub fn export(&self) -> &ExportState {
        &self.export
    }

    /// Returns how the newest driver ended; none while it is at work, or if it died.
    #[must_use]
    pub fn finished(&self) -> Option<&Finish> {
        self.finished.as_ref()
    }

    /// Returns whether this file may be deleted, so that nothing may depend on it.
    #[must_use]
    pub fn is_forgotten(&self, file: &ObjectKey) -> bool {
        self.forgotten.contains(file)
    }

    /// Returns which records of a partition are drawn under this seed; none means all.
    #[must_use]
    pub fn draw(&self, partition: u32, seed: u64) -> Option<Draw> {
        let mixing = self.plan.as_ref()?.mixing.as_ref()?;
        mixing.draw(self.partition(partition)?, seed)
    }

    /// Returns the counts over all partitions in the stage at work under the recipe in force.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            stage: self.stage_at_work(),
            stages: self.stages(),
            partitions: self.partition_count(),
            records: self.next_first_record,
            ..Totals::default()
        };
        let chain = self.chain_at_work();
        for state in &self.partitions {
            let index = state.planned.index;
            if self.failure(index).is_some() {
                totals.failed += 1;
                totals.records_in_failed += state.planned.slice.records;
            } else if let Some(result) = chain.and_then(|chain| self.result_of(index, chain)) {
                totals.add(&result.ledger);
            }
        }
        totals
    }

    fn state_of(&self, index: u32) -> Option<&PartitionState> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    fn with_chain(&self, index: u32, chain: ChainHash) -> impl Iterator<Item = &Publication> {
        let publications = self
            .state_of(index)
            .map_or(&[][..], |state| &state.publications);
        let fits = move |publication: &&Publication| publication.chain == chain;
        publications.iter().rev().filter(fits)
    }

    fn is_attempted(&self, state: &PartitionState) -> bool {
        let epoch = self.current_epoch().map(|current| current.epoch);
        let is_of_driver = state.last_attempt.map(|(of, _)| of) == epoch && epoch.is_some();
        // Finished work of an earlier stage says nothing about this one.
        is_of_driver && (state.is_open || state.last_stage == self.stage_at_work())
    }
}
