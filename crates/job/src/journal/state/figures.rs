//! The figures of a job: what a first look shows, without the results of each partition.

use std::collections::BTreeMap;
use std::ops::Range;

use coldpress_operator::ChainHash;
use coldpress_record::{OperatorLedger, OperatorName};
use coldpress_storage::{Digest, ObjectKey};
use serde::{Deserialize, Serialize};

use super::partition::PartitionState;
use super::{Finish, JobState};
use crate::journal::record::{
    CheckpointEntry, GateReached, JobPlan, JournalRecord, PartitionFailure, Publication,
    RecipeInForce,
};
use crate::totals::Totals;

mod file;

/// The figures that a first look at a job shows: its counts, what its operators did, what is at work and what failed.
///
/// They follow from a [`JobState`] ([`of`](Self::of)) and then from each record that comes after it ([`apply`](Self::apply)), with
/// a hundredth of the memory. Some records, such as another recipe, make earlier results count that are not known here. The figures
/// must then be made from the state again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    head: Head,
    partitions: Vec<KnownPartition>,
    /// The checkpoints that are kept, by the digest of their file's name.
    checkpoints: BTreeMap<u64, CheckpointFile>,
}

/// The part whose size does not grow with the number of partitions, unless many of them fail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Head {
    driver: Option<NewestDriver>,
    dataset: Option<Dataset>,
    recipe: Option<RecipeInForce>,
    plan_complete: bool,
    totals: Totals,
    /// The number of records in the results that the newest driver published, over all stages.
    done_by_driver: u64,
    /// The ledger of each operator, according to the results of its own stage.
    operators: Vec<OperatorLedger>,
    /// The time that each operator took.
    nanos: Vec<u64>,
    /// The attempts at work that the newest driver has given out, by partition.
    open: BTreeMap<u32, u32>,
    failed: BTreeMap<u32, PartitionFailure>,
    finished: Option<Finish>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct NewestDriver {
    epoch: u64,
    started_at_millis: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Dataset {
    path: String,
    /// The most records that a partition may have; none if the recipe asks for a number of partitions.
    most_records: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct KnownPartition {
    records: u64,
    /// True if there is a result of the stage at work.
    is_published: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CheckpointFile {
    entries: u64,
    bytes: u64,
}

/// A record changed the meaning of earlier records, so the figures must be made from the state again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFromFigures;

/// The place of a stage in the recipe in force.
struct StageEnd {
    chain: ChainHash,
    operators: Range<usize>,
}

impl Figures {
    /// Makes the figures of a job.
    #[must_use]
    pub fn of(state: &JobState) -> Self {
        let stages = stages(state.recipe.as_ref());
        let driver = state.current_epoch().map(|current| NewestDriver {
            epoch: current.epoch,
            started_at_millis: current.driver.started_at_millis,
        });
        let mut figures = Self {
            head: Head {
                driver,
                dataset: state.plan.as_ref().map(Dataset::of),
                recipe: state.recipe.clone(),
                plan_complete: state.plan_complete,
                totals: state.totals(),
                failed: state
                    .failed()
                    .map(|one| (one.partition, one.clone()))
                    .collect(),
                finished: state.finished.clone(),
                ..Head::default()
            },
            partitions: Vec::with_capacity(state.partitions.len()),
            checkpoints: BTreeMap::new(),
        };
        for partition in &state.partitions {
            figures.add_partition(state, partition, &stages);
        }
        figures
    }

    fn add_partition(&mut self, state: &JobState, partition: &PartitionState, stages: &[StageEnd]) {
        let index = partition.planned.index;
        let mut known = KnownPartition {
            records: partition.planned.slice.records,
            is_published: false,
        };
        for stage in stages {
            let result = state.result_of(index, stage.chain);
            known.is_published = result.is_some();
            if let Some(result) = result {
                self.add_work(result, &stage.operators, known.records);
            }
        }
        let is_at_work = !known.is_published && !self.head.failed.contains_key(&index);
        if is_at_work && state.is_attempted(partition) {
            let attempt = partition.last_attempt.map_or(0, |(_, attempt)| attempt);
            self.head.open.insert(index, attempt);
        }
        self.partitions.push(known);
        let results = partition.publications.iter();
        let results = results.flat_map(|result| &result.checkpoints);
        let gates = partition.gates.iter().flat_map(|gate| &gate.checkpoints);
        for entry in results.chain(gates) {
            if !state.is_forgotten(&entry.file.key) {
                self.add_checkpoint(entry);
            }
        }
    }

    /// Adds what the operators of a stage did to a partition.
    fn add_work(&mut self, result: &Publication, operators: &Range<usize>, records: u64) {
        let head = &mut self.head;
        let ledgers = &result.ledger.operators;
        let end = operators.end.min(ledgers.len());
        for place in operators.start..end {
            if place >= head.operators.len() {
                let known = head.operators.len();
                let recipe = head.recipe.as_ref();
                let names = (known..=place).map(|place| OperatorLedger {
                    // In the journal, the recipe has the name.
                    name: match &ledgers[place].name {
                        name if !name.is_empty() => name.clone(),
                        _ => recipe
                            .and_then(|recipe| recipe.operators.get(place))
                            .map(OperatorName::from)
                            .unwrap_or_default(),
                    },
                    ..OperatorLedger::default()
                });
                let names: Vec<OperatorLedger> = names.collect();
                head.operators.extend(names);
            }
            head.operators[place].add(&ledgers[place]);
        }
        let end = operators.end.min(result.nanos.len());
        head.nanos.resize(head.nanos.len().max(end), 0);
        for place in operators.start..end {
            head.nanos[place] += result.nanos[place];
        }
        if head.driver.map(|driver| driver.epoch) == Some(result.epoch) {
            head.done_by_driver += records;
        }
    }

    fn add_checkpoint(&mut self, entry: &CheckpointEntry) {
        let file = self.checkpoints.entry(name_of(&entry.file.key));
        let file = file.or_default();
        file.entries += 1;
        file.bytes = entry.file.length();
    }

    /// Applies the next record, which is in the file of this epoch.
    ///
    /// # Errors
    /// [`NotFromFigures`], after which the figures are useless.
    pub fn apply(&mut self, epoch: u64, record: &JournalRecord) -> Result<(), NotFromFigures> {
        let is_of_driver = self.head.driver.map(|driver| driver.epoch) == Some(epoch);
        if !is_of_driver && !matches!(record, JournalRecord::EpochStarted(_)) {
            return Err(NotFromFigures);
        }
        match record {
            JournalRecord::EpochStarted(started) => {
                if self.head.driver.is_none_or(|driver| driver.epoch >= epoch) {
                    return Err(NotFromFigures);
                }
                self.head.driver = Some(NewestDriver {
                    epoch,
                    started_at_millis: started.driver.started_at_millis,
                });
                self.head.done_by_driver = 0;
                self.head.open.clear();
                self.head.finished = None;
            }
            JournalRecord::RecipeSet(recipe) => {
                if self.head.recipe.as_ref() != Some(recipe) {
                    return Err(NotFromFigures);
                }
            }
            JournalRecord::PartitionsPlanned { partitions } => {
                for planned in partitions {
                    self.plan(planned.index, planned.slice.records)?;
                }
            }
            JournalRecord::PlanCompleted { .. } => self.head.plan_complete = true,
            JournalRecord::AttemptStarted {
                partition, attempt, ..
            } => self.start_attempt(*partition, *attempt)?,
            JournalRecord::Published(publication) => self.publish(publication)?,
            JournalRecord::GateReached(gate) => self.reach_gate(gate)?,
            JournalRecord::PartitionFailed(failure) => self.fail(failure)?,
            JournalRecord::Finished { status, error } => {
                self.head.finished = Some(Finish {
                    epoch,
                    status: *status,
                    error: error.clone(),
                });
            }
            JournalRecord::Forgotten { files } => {
                for file in files {
                    self.checkpoints.remove(&name_of(file));
                }
            }
            JournalRecord::SourceDamaged(_)
            | JournalRecord::StoresSet { .. }
            | JournalRecord::PoisonFound(_)
            | JournalRecord::ExportIntent(_)
            | JournalRecord::ExportCommitted { .. } => {}
            JournalRecord::Adopted(_)
            | JournalRecord::GenerationStarted { .. }
            | JournalRecord::JobPlanned(_)
            | JournalRecord::SourcesPlanned { .. }
            | JournalRecord::PoisonLifted { .. }
            | JournalRecord::BarrierBegun { .. }
            | JournalRecord::BarrierResolved(_) => return Err(NotFromFigures),
        }
        Ok(())
    }

    fn plan(&mut self, index: u32, records: u64) -> Result<(), NotFromFigures> {
        let totals = &mut self.head.totals;
        if index < totals.partitions {
            // Planned again by a driver that did not know about it.
            return Ok(());
        }
        if index > totals.partitions {
            return Err(NotFromFigures);
        }
        totals.partitions += 1;
        totals.records = totals.records.checked_add(records).ok_or(NotFromFigures)?;
        self.partitions.push(KnownPartition {
            records,
            is_published: false,
        });
        Ok(())
    }

    fn start_attempt(&mut self, index: u32, attempt: u32) -> Result<(), NotFromFigures> {
        let known = self.known(index)?;
        if self.head.failed.remove(&index).is_some() {
            if known.is_published {
                // The bad result from before the failure counts again.
                return Err(NotFromFigures);
            }
            self.head.totals.failed -= 1;
            self.head.totals.records_in_failed -= known.records;
        }
        if !known.is_published {
            self.head.open.insert(index, attempt);
        }
        Ok(())
    }

    fn publish(&mut self, result: &Publication) -> Result<(), NotFromFigures> {
        let index = result.partition;
        let known = self.known(index)?;
        let stages = stages(self.head.recipe.as_ref());
        let at_work = stages.last().ok_or(NotFromFigures)?;
        let is_another = known.is_published || self.head.failed.contains_key(&index);
        if is_another || at_work.chain != result.chain {
            return Err(NotFromFigures);
        }
        self.partitions[index as usize].is_published = true;
        self.head.open.remove(&index);
        self.head.totals.add(&result.ledger);
        self.add_work(result, &at_work.operators, known.records);
        result
            .checkpoints
            .iter()
            .for_each(|entry| self.add_checkpoint(entry));
        Ok(())
    }

    fn reach_gate(&mut self, gate: &GateReached) -> Result<(), NotFromFigures> {
        self.known(gate.partition)?;
        if gate.stage != self.head.totals.stage {
            return Err(NotFromFigures);
        }
        gate.checkpoints
            .iter()
            .for_each(|entry| self.add_checkpoint(entry));
        Ok(())
    }

    fn fail(&mut self, failure: &PartitionFailure) -> Result<(), NotFromFigures> {
        let index = failure.partition;
        let known = self.known(index)?;
        if known.is_published || failure.stage != self.head.totals.stage {
            return Err(NotFromFigures);
        }
        self.head.open.remove(&index);
        let before = self.head.failed.insert(index, failure.clone());
        if before.is_none() {
            self.head.totals.failed += 1;
            self.head.totals.records_in_failed += known.records;
        }
        Ok(())
    }

    fn known(&self, index: u32) -> Result<KnownPartition, NotFromFigures> {
        let place = usize::try_from(index).ok();
        let known = place.and_then(|place| self.partitions.get(place));
        known.copied().ok_or(NotFromFigures)
    }

    /// Returns the counts over all partitions in the stage at work under the recipe in force.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.head.totals
    }

    /// Returns whether the job is planned.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.head.dataset.is_some()
    }

    /// Returns whether no more partitions will be planned.
    #[must_use]
    pub fn plan_complete(&self) -> bool {
        self.head.plan_complete
    }

    /// Returns the path of the source, or of all sources separated by `, `; none before the job is planned.
    #[must_use]
    pub fn dataset_path(&self) -> Option<&str> {
        self.head
            .dataset
            .as_ref()
            .map(|dataset| dataset.path.as_str())
    }

    /// Returns the most records that a partition may have, or has, as defined in [`DatasetMapping`](crate::DatasetMapping).
    #[must_use]
    pub fn partition_size(&self) -> u64 {
        let dataset = self.head.dataset.as_ref();
        let set = dataset.and_then(|dataset| dataset.most_records);
        let largest = || self.partitions.iter().map(|known| known.records).max();
        set.or_else(largest).unwrap_or(0)
    }

    /// Returns the recipe in force; none before one is set.
    #[must_use]
    pub fn recipe(&self) -> Option<&RecipeInForce> {
        self.head.recipe.as_ref()
    }

    /// Returns when the newest driver began, in milliseconds since 1970; none before one has.
    #[must_use]
    pub fn started_at_millis(&self) -> Option<u64> {
        self.head.driver.map(|driver| driver.started_at_millis)
    }

    /// Returns how the newest driver ended; none while it is at work, or if it died.
    #[must_use]
    pub fn finished(&self) -> Option<&Finish> {
        self.head.finished.as_ref()
    }

    /// Returns what each operator did to the records of all partitions, as far as each has come, and how long it took in
    /// nanoseconds.
    pub fn operators(&self) -> impl Iterator<Item = (&OperatorLedger, u64)> {
        let nanos = self.head.nanos.iter().copied().chain(std::iter::repeat(0));
        self.head.operators.iter().zip(nanos)
    }

    /// Returns the partitions that the newest driver has given out and that have no result yet, with the number of the attempt. If
    /// the driver has ended, no partition is at work.
    pub fn given_out(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        let open = self.head.open.iter();
        open.map(|(partition, attempt)| (*partition, *attempt))
    }

    /// Returns the partitions that are out of retries, in order.
    pub fn failed(&self) -> impl ExactSizeIterator<Item = &PartitionFailure> {
        self.head.failed.values()
    }

    /// Returns the records of a planned partition.
    #[must_use]
    pub fn records_of(&self, index: u32) -> Option<u64> {
        self.known(index).ok().map(|known| known.records)
    }

    /// Returns the number of checkpoints that are kept, and the length of their files in bytes.
    #[must_use]
    pub fn checkpoints(&self) -> (u64, u64) {
        let files = self.checkpoints.values();
        files.fold((0, 0), |(entries, bytes), file| {
            (entries + file.entries, bytes + file.bytes)
        })
    }

    /// Returns the number of records that the newest driver has worked on, and of those that are left to do, counted in each stage.
    #[must_use]
    pub fn done_and_left(&self) -> (u64, u64) {
        let totals = &self.head.totals;
        let is_done = |index: &u32| !self.head.failed.contains_key(index);
        let published = (0..).zip(&self.partitions);
        let published: u64 = published
            .filter(|(index, known)| known.is_published && is_done(index))
            .map(|(_, known)| known.records)
            .sum();
        let open = totals.records.saturating_sub(totals.records_in_failed);
        let stages = u64::from(totals.stages.saturating_sub(totals.stage));
        let left = stages.saturating_mul(open).saturating_sub(published);
        (self.head.done_by_driver, left)
    }
}

impl Dataset {
    fn of(plan: &JobPlan) -> Self {
        let paths: Vec<&str> = plan
            .sources
            .iter()
            .map(|source| source.path.as_str())
            .collect();
        let settings = plan.plan_settings.cut().ok();
        let settings = settings.filter(|settings| settings.shares.is_empty());
        Self {
            path: paths.join(", "),
            most_records: settings.map(|settings| settings.max_records),
        }
    }
}

/// Returns the stages of the recipe up to the one at work, each with its own operators.
fn stages(recipe: Option<&RecipeInForce>) -> Vec<StageEnd> {
    let Some(recipe) = recipe else {
        return Vec::new();
    };
    let mut begin = 0;
    let ends = (0..=recipe.stage_at_work()).map_while(|stage| {
        let end = recipe.operators_until(stage)? as usize;
        let operators = std::mem::replace(&mut begin, end)..end;
        let chain = recipe.end_of(stage)?;
        Some(StageEnd { chain, operators })
    });
    ends.collect()
}

/// Returns the digest of a file's name, by which files are distinguished. Among a million files, two have the same digest with a
/// probability of 3 in 10^8.
fn name_of(file: &ObjectKey) -> u64 {
    Digest::of(file.to_string().as_bytes()).as_u128() as u64
}
