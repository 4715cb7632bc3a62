//! Barriers, and which decisions of whole-dataset operators count.
//!
//! The chain hashes of the recipe in force are known up to the first barrier that is not resolved. A decision makes those of the
//! next stage known, and voiding it forgets them again. A decision therefore counts exactly as long as the chain continues with it.

use coldpress_operator::{ChainHash, Stage};
use coldpress_record::OperatorLedger;
use coldpress_storage::ObjectRef;

use super::rules::contradiction;
use super::{ComingDecision, JobState};
use crate::journal::record::{BarrierResolved, Participants, Publication, RecipeInForce};
use crate::{Error, Result};

impl JobState {
    /// Returns the decision at the barrier that ends a stage of the recipe in force; none while it is not resolved.
    #[must_use]
    pub fn barrier(&self, stage: u32) -> Option<&BarrierResolved> {
        let chain = self.recipe.as_ref()?.after_barrier(stage)?;
        self.decision(stage, chain)
    }

    /// Returns everything that was ever decided, oldest first, because decisions under a former recipe may fit again.
    #[must_use]
    pub fn barriers(&self) -> &[BarrierResolved] {
        &self.barriers
    }

    /// Returns the results that the operator after a stage judges: the newest of each partition. None before all are published.
    #[must_use]
    pub fn participants(&self, stage: u32) -> Option<Participants> {
        self.participants_with(self.recipe.as_ref()?.end_of(stage)?)
    }

    /// Returns the results of a stage that ends with this hash: the newest of each partition. None before all are published.
    #[must_use]
    pub fn participants_with(&self, chain: ChainHash) -> Option<Participants> {
        if !self.plan_complete {
            return None;
        }
        let indices = 0..self.partition_count();
        let newest = indices.map(|index| {
            let result = self.result_of(index, chain)?;
            Some((result.epoch, result.attempt))
        });
        let newest: Option<Vec<(u64, u32)>> = newest.collect();
        newest.map(Participants::of)
    }

    /// Returns the newest decision after a stage with which the chain continues with this hash.
    fn decision(&self, stage: u32, chain: ChainHash) -> Option<&BarrierResolved> {
        let leads_there = |resolved: &&BarrierResolved| {
            resolved.stage == stage && resolved.chain.first() == Some(&chain)
        };
        self.barriers.iter().rev().find(leads_there)
    }

    /// Checks that the chain of a recipe ends with a stage, and that each barrier in it was resolved over the results that are
    /// published now.
    pub(super) fn check_recipe(&self, recipe: &RecipeInForce) -> Result<()> {
        let (hashes, operators) = (recipe.chain.len(), recipe.operators.len());
        let is_rising = recipe.barriers.is_sorted_by(|one, next| one < next);
        let last = recipe.barriers.last().map(|place| *place as usize);
        if !is_rising || last.is_some_and(|place| place >= operators) {
            let places = &recipe.barriers;
            return contradiction(format!("barriers at {places:?} of {operators} operators"));
        }
        let mut ends = Stage::cut(operators as u32, &recipe.barriers)
            .into_iter()
            .map(|stage| stage.operators.end as usize + 1);
        if !ends.any(|end| end == hashes) && hashes != operators + 1 {
            return contradiction(format!("{hashes} chain hashes for {operators} operators"));
        }
        for stage in 0..recipe.barriers.len() as u32 {
            let Some(chain) = recipe.after_barrier(stage) else {
                break;
            };
            let decision = self.decision(stage, chain);
            let judged = recipe
                .end_of(stage)
                .and_then(|end| self.participants_with(end));
            if decision.map(|decision| decision.participants) != judged || decision.is_none() {
                return contradiction(format!(
                    "the recipe goes on after the barrier after stage {stage}, which is not resolved"
                ));
            }
        }
        Ok(())
    }

    /// Checks that a stage can be worked on, because the barrier before it is resolved.
    pub(super) fn check_stage(&self, stage: u32) -> Result<()> {
        let recipe = self.recipe.as_ref();
        // The first stage does not wait for anything.
        if stage == 0 || recipe.is_some_and(|recipe| recipe.end_of(stage).is_some()) {
            return Ok(());
        }
        contradiction(format!(
            "there is work of stage {stage}, and the barrier before it is not resolved"
        ))
    }

    /// Applies a decision, together with the part of it that came before.
    pub(super) fn complete_decision(
        &mut self,
        epoch: u64,
        resolved: &BarrierResolved,
    ) -> Result<()> {
        let coming = &self.coming_decision;
        if *coming == ComingDecision::default() {
            return self.resolve_barrier(epoch, resolved);
        }
        let whole = BarrierResolved {
            files: [&coming.files[..], &resolved.files].concat(),
            placed: [&coming.placed[..], &resolved.placed].concat(),
            settled: [&coming.settled[..], &resolved.settled].concat(),
            ..resolved.clone()
        };
        self.resolve_barrier(epoch, &whole)?;
        self.coming_decision = ComingDecision::default();
        Ok(())
    }

    fn resolve_barrier(&mut self, epoch: u64, resolved: &BarrierResolved) -> Result<()> {
        let stage = resolved.stage;
        let Some((known, hashes, place)) = self.recipe.as_ref().and_then(|recipe| {
            Some((
                recipe.known_before_barrier(stage)?,
                recipe.hashes_after_barrier(stage)?,
                recipe.operators_until(stage)?,
            ))
        }) else {
            return contradiction(format!(
                "a barrier after stage {stage} is resolved, and there is none"
            ));
        };
        let partitions = self.partition_count();
        let (files, placed) = (resolved.files.len(), resolved.placed.len());
        if [files, placed] != [partitions as usize, 0]
            && [files, placed] != [0, partitions as usize]
        {
            return contradiction(format!(
                "the barrier after stage {stage} has {} decisions about {partitions} partitions",
                files + placed
            ));
        }
        if self.participants(stage) != Some(resolved.participants) {
            return contradiction(format!(
                "the barrier after stage {stage} was resolved over other results than are published"
            ));
        }
        self.check_ledger(resolved)?;
        let found = resolved.chain.len();
        if found != hashes {
            return contradiction(format!(
                "{found} chain hashes follow the barrier after stage {stage}, where {hashes} should"
            ));
        }
        let mut results = self.results_placed(epoch, resolved, place)?;
        results.extend(self.results_settled(epoch, resolved)?);
        if let Some(recipe) = &mut self.recipe {
            recipe.chain.truncate(known);
            recipe.chain.extend_from_slice(&resolved.chain);
        }
        for (partition, result) in self.partitions.iter_mut().zip(results) {
            partition.publications.push(result);
        }
        self.barriers.push(resolved.clone());
        Ok(())
    }

    /// Returns the results made of the rows that an operator placed: those that it judged, with the operator applied.
    fn results_placed(
        &self,
        epoch: u64,
        resolved: &BarrierResolved,
        place: u32,
    ) -> Result<Vec<Publication>> {
        let stage = resolved.stage;
        let chain = self.recipe.as_ref().and_then(|recipe| recipe.end_of(stage));
        let mut results = Vec::with_capacity(resolved.placed.len());
        for (index, placed) in (0..).zip(&resolved.placed) {
            let (Some(next), Some(judged)) = (
                resolved.chain.first(),
                chain.and_then(|chain| self.result_of(index, chain)),
            ) else {
                return Err(Error::contradiction(format!(
                    "rows are placed in partition {index}, which has no result of stage {stage}"
                )));
            };
            let ledger = &placed.ledger;
            let is_whole = ledger.arrived().is_some() && ledger.arrived() == ledger.accounted();
            if !is_whole || ledger.records_in != judged.ledger.exported() {
                return Err(Error::contradiction(format!(
                    "the barrier after stage {stage} does not account for the records of partition {index}"
                )));
            }
            let result = judged.followed_by(placed, place, *next);
            results.push(Publication { epoch, ..result });
        }
        Ok(results)
    }

    /// Returns the results that a decision settles: those that it judged, without the removed rows.
    fn results_settled(&self, epoch: u64, resolved: &BarrierResolved) -> Result<Vec<Publication>> {
        let stage = resolved.stage;
        let (settled, files) = (resolved.settled.len(), resolved.files.len());
        if settled != 0 && settled != files {
            return Err(Error::contradiction(format!(
                "the barrier after stage {stage} settles {settled} of {files} partitions"
            )));
        }
        let chain = self.recipe.as_ref().and_then(|recipe| recipe.end_of(stage));
        let each = (0..).zip(resolved.settled.iter().zip(&resolved.files));
        let result = |(index, (ledger, file)): (u32, (&OperatorLedger, &ObjectRef))| {
            let judged = chain.and_then(|chain| self.result_of(index, chain));
            let is_whole = ledger.arrived().is_some() && ledger.arrived() == ledger.accounted();
            let judged =
                judged.filter(|judged| is_whole && ledger.records_in == judged.ledger.exported());
            let (Some(judged), Some(next)) = (judged, resolved.chain.first()) else {
                return Err(Error::contradiction(format!(
                    "the barrier after stage {stage} does not account for the records of partition {index}"
                )));
            };
            Ok(Publication {
                epoch,
                ..judged.settled_by(file, ledger, *next)
            })
        };
        each.map(result).collect()
    }

    /// Checks that every record that came out of the stage ended in exactly one place.
    fn check_ledger(&self, resolved: &BarrierResolved) -> Result<()> {
        let stage = resolved.stage;
        let chain = self.recipe.as_ref().and_then(|recipe| recipe.end_of(stage));
        let mut results = (0..self.partition_count())
            .filter_map(|index| self.result_of(index, chain?))
            .map(|result| result.ledger.exported());
        // Counts near the greatest number do not occur in a dataset, but without checked addition they could wrap to any sum.
        let came = results.try_fold(0u64, |sum, count| sum.checked_add(count));
        let ledger = &resolved.ledger;
        let went = ledger.accounted();
        let is_whole =
            went.is_some() && ledger.arrived() == went && ledger.moved_in == ledger.moved_out;
        if came != Some(ledger.records_in) || !is_whole {
            let (came, went) = (came.unwrap_or(u64::MAX), went.unwrap_or(u64::MAX));
            return contradiction(format!(
                "{came} records came to the barrier after stage {stage}, and {went} are accounted for"
            ));
        }
        Ok(())
    }

    /// Voids the decision after a stage and all that follow it.
    pub(super) fn void_barriers(&mut self, stage: u32) {
        if let Some(recipe) = &mut self.recipe
            && let Some(known) = recipe.known_before_barrier(stage)
        {
            recipe.chain.truncate(known);
        }
    }

    /// Voids decisions over an earlier result, because a result with this chain was published.
    pub(super) fn void_barriers_over(&mut self, chain: ChainHash) {
        let Some(recipe) = &self.recipe else { return };
        let mut stages = 0..recipe.barriers.len() as u32;
        if let Some(stage) = stages.find(|stage| recipe.end_of(*stage) == Some(chain)) {
            self.void_barriers(stage);
        }
    }

    /// Voids decisions at operators beyond the first `operations`.
    pub(super) fn keep_barriers_within(&mut self, operations: u32) {
        let Some(recipe) = &self.recipe else { return };
        let mut barriers = recipe.barriers.iter().zip(0..);
        if let Some((_, stage)) = barriers.find(|(place, _)| **place >= operations) {
            self.void_barriers(stage);
        }
    }
}
