//! What a job is about, and the recipe in force.

use coldpress_dataset::SourceIdentity;
use coldpress_operator::ChainHash;
use coldpress_partition::Mixing;
use coldpress_storage::Digest;
use serde::{Deserialize, Serialize};

use crate::journal::plan_settings::PlanSettings;

/// What a job is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobPlan {
    /// The sources, in plan order.
    pub sources: Vec<SourceIdentity>,
    /// What is folded into every chain hash: reader version and input identity.
    pub identity: String,
    /// The settings that the dataset is cut with. They win over those of a later recipe, because the partitions that
    /// are planned already were cut with them.
    pub plan_settings: PlanSettings,
    /// How many records of the dataset are worked on at most.
    pub limit: Option<u64>,
    /// Why the dataset is cut as it is, a sentence per decision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<String>,
    /// How the sources were read; none in plans of releases that did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// How the dataset is mixed of its paths; the sources are named as often as they are read. None = every path is read
    /// whole, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixing: Option<Mixing>,
}

/// How the sources of a plan were read: its slices are places in that text and in no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The digest of all that decides what text the sources become.
    pub text: Digest,
    /// The recipe's keys that may have a part in it, for a message that names them.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// The recipe in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeInForce {
    /// The digest of the resolved recipe.
    pub recipe: Digest,
    /// The names of its operators, in order.
    pub operators: Vec<String>,
    /// The chain hash before the first operator and after each, as far as they are known: up to the first barrier that is
    /// not resolved. Without barriers there is one more than there are operators.
    pub chain: Vec<ChainHash>,
    /// After how many operators the last one was an external one, whose output is kept until the job is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external: Vec<u32>,
    /// Where the export goes.
    pub export_path: String,
    /// The places of the operators that work on the whole dataset, rising: each is a barrier between two stages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub barriers: Vec<u32>,
}

impl RecipeInForce {
    /// The chain hash after the last operator of the last stage: what a finished result carries. None while a barrier before
    /// that stage is not resolved.
    #[must_use]
    pub fn final_chain(&self) -> Option<ChainHash> {
        self.end_of(self.last_stage())
    }

    /// The last stage: one follows even a barrier that ends the recipe, to apply what was decided.
    #[must_use]
    pub fn last_stage(&self) -> u32 {
        u32::try_from(self.barriers.len()).unwrap_or(u32::MAX)
    }

    /// The chain hash after the last operator of a stage: what its results carry. None while the barrier before it is not
    /// resolved.
    #[must_use]
    pub fn end_of(&self, stage: u32) -> Option<ChainHash> {
        let operators = self.operators_until(stage)?;
        self.chain.get(operators as usize).copied()
    }

    /// How many operators of the recipe are applied at the end of a stage; none if there is no such stage.
    #[must_use]
    pub fn operators_until(&self, stage: u32) -> Option<u32> {
        let barriers = self.barriers.len();
        match usize::try_from(stage).ok()? {
            last if last == barriers => u32::try_from(self.operators.len()).ok(),
            stage => self.barriers.get(stage).copied(),
        }
    }

    /// The stage at work: the last one that can be worked on, because the barrier before it is resolved.
    #[must_use]
    pub fn stage_at_work(&self) -> u32 {
        let mut stages = (0..=self.last_stage()).rev();
        stages
            .find(|stage| self.end_of(*stage).is_some())
            .unwrap_or(0)
    }

    /// The name of the operator at the barrier that ends a stage; none of the last stage.
    #[must_use]
    pub fn barrier_after(&self, stage: u32) -> Option<&str> {
        let place = *self.barriers.get(usize::try_from(stage).ok()?)?;
        self.operators.get(place as usize).map(String::as_str)
    }

    /// The chain hash after the barrier behind a stage; none while it is not resolved.
    pub(in crate::journal) fn after_barrier(&self, stage: u32) -> Option<ChainHash> {
        let place = *self.barriers.get(usize::try_from(stage).ok()?)?;
        self.chain.get(place as usize + 1).copied()
    }

    /// Returns how many chain hashes are known before the barrier behind a stage; none if there is no such barrier.
    pub(in crate::journal) fn known_before_barrier(&self, stage: u32) -> Option<usize> {
        let place = *self.barriers.get(usize::try_from(stage).ok()?)?;
        Some(place as usize + 1)
    }

    /// Returns how many chain hashes the stage behind a barrier has.
    pub(in crate::journal) fn hashes_after_barrier(&self, stage: u32) -> Option<usize> {
        let stage = usize::try_from(stage).ok()?;
        let begin = *self.barriers.get(stage)? as usize + 1;
        let next = self.barriers.get(stage + 1).map(|place| *place as usize);
        Some(next.unwrap_or(self.operators.len()) - begin + 1)
    }
}

/// A place behind which a source cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedSource {
    /// The index of the source in plan order.
    pub source: u32,
    /// The byte of its unpacked text up to which it was read.
    pub position: u64,
    /// What is wrong.
    pub reason: String,
}
