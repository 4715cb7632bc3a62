//! Applying the records of the journal one after another.

use coldpress_operator::ChainHash;
use coldpress_partition::Task;

use super::partition::PartitionState;
use super::rules::contradiction;
use super::{ComingDecision, Epoch, ExportState, Finish, JobState};
use crate::journal::record::{
    Adoption, EpochStarted, ExportIntent, GateReached, JournalRecord, PartitionFailure,
    PoisonFound, Publication, RecipeInForce,
};
use crate::{Error, Result};

impl JobState {
    /// Applies the next record, which is in the file of this epoch.
    ///
    /// # Errors
    ///
    /// [`Error::Contradiction`] if it cannot be true given what is known. The state is then unchanged.
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
            JournalRecord::StoresSet { stores } => {
                self.stores.clone_from(stores);
                Ok(())
            }
            JournalRecord::RecipeSet(recipe) => self.set_recipe(recipe),
            JournalRecord::PartitionsPlanned { partitions } => self.add_partitions(partitions),
            JournalRecord::SourceDamaged(damaged) => self.add_damage(damaged),
            JournalRecord::PlanCompleted {
                partitions,
                records,
            } => self.complete_plan(*partitions, *records),
            JournalRecord::SourcesPlanned { first, sources } => self.add_sources(*first, sources),
            JournalRecord::AttemptStarted {
                stage,
                partition,
                attempt,
                at_millis,
                beside,
            } => {
                self.check_stage(*stage)?;
                let task = Task::new(*stage, *partition);
                self.start_attempt(epoch, task, *attempt, *at_millis, *beside)
            }
            JournalRecord::Published(publication) => self.publish(epoch, publication),
            JournalRecord::GateReached(gate) => self.reach_gate(epoch, gate),
            JournalRecord::PoisonFound(found) => self.find_poison(found),
            JournalRecord::PoisonLifted { partition } => self.lift_poison(*partition),
            JournalRecord::BarrierBegun {
                files,
                placed,
                settled,
            } => {
                self.coming_decision.files.extend_from_slice(files);
                self.coming_decision.placed.extend_from_slice(placed);
                self.coming_decision.settled.extend_from_slice(settled);
                Ok(())
            }
            JournalRecord::BarrierResolved(resolved) => self.complete_decision(epoch, resolved),
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
        // A plan is written by one driver without interruption, and so is a decision.
        self.coming_sources.clear();
        self.coming_decision = ComingDecision::default();
        Ok(())
    }

    /// Adopts the work of another job. Its work counts; how it ended does not, nor does work beyond what was asked for.
    fn adopt(&mut self, adoption: &Adoption) {
        self.adopted = Some(adoption.clone());
        self.stores.clear();
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
        self.keep_barriers_within(operations);
    }

    /// Starts a new generation. Only the drivers and the exports are remembered, so that it is known who made what.
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

    fn set_recipe(&mut self, recipe: &RecipeInForce) -> Result<()> {
        if self.plan.is_none() {
            return contradiction("a recipe is set before the job is planned");
        }
        self.check_recipe(recipe)?;
        self.recipe = Some(recipe.clone());
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
        task: Task,
        attempt: u32,
        at_millis: u64,
        beside: bool,
    ) -> Result<()> {
        let state = self.planned(task.partition)?;
        if state.last_attempt.map(|(of, _)| of) != Some(epoch) {
            state.begun_millis = at_millis;
        }
        state.attempts = state.attempts.saturating_add(1);
        // A good end would have been recorded. Work that an earlier driver left unfinished did not fail.
        let is_of_driver = state.last_attempt.is_some_and(|(of, _)| of == epoch);
        let has_failed = state.is_open && is_of_driver && !beside;
        state.retries = state.retries.saturating_add(u32::from(has_failed));
        state.last_attempt = Some((epoch, attempt));
        state.last_stage = task.stage;
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
        self.check_stage(publication.stage)?;
        let recipe = self.recipe.as_ref();
        let Some(ledger) = self.ledgers.named(&publication.ledger, recipe) else {
            let operators = publication.ledger.operators.len();
            return contradiction(format!(
                "the result of partition {index} counts the records of {operators} operators, and the recipe has fewer"
            ));
        };
        let state = self.planned(index)?;
        if publication.slice != state.planned.slice.digest {
            return contradiction(format!(
                "the result of partition {index} was made of other bytes than were planned"
            ));
        }
        // Most partitions have one result, and a vector that grows by itself reserves room for four.
        state.publications.reserve_exact(1);
        state.publications.push(Publication {
            ledger,
            ..publication.clone()
        });
        state.is_open = false;
        state.failure = None;
        self.void_barriers_over(publication.chain);
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
        self.check_stage(gate.stage)?;
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

    /// Forgets the poisoned records of a partition, with everything made without them. An export made without them is not the job's
    /// last word either. Decisions that were made before the records killed a process include them, so they stay.
    fn lift_poison(&mut self, partition: u32) -> Result<()> {
        let state = self.planned(partition)?;
        if let Some(operation) = state.lift_poison() {
            self.export.committed = None;
            self.keep_barriers_within(operation);
        }
        Ok(())
    }

    fn fail(&mut self, failure: &PartitionFailure) -> Result<()> {
        self.check_stage(failure.stage)?;
        let recipe = self.recipe.as_ref();
        let Some(chain) = recipe.and_then(|recipe| recipe.end_of(failure.stage)) else {
            return contradiction("a partition failed before a recipe was set");
        };
        let state = self.planned(failure.partition)?;
        state.failure = Some(Box::new((chain, failure.clone())));
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
                // It may be said twice, as after a crash between the record and what follows it.
                if self.export.committed.as_ref().is_some_and(is_it) {
                    return Ok(());
                }
                contradiction("an export is committed that was never intended")
            }
        }
    }
}
