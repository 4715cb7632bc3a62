//! The plan of a job, and the recipe in force.

use coldpress_dataset::SourceIdentity;
use coldpress_operator::ChainHash;
use coldpress_partition::Mixing;
use coldpress_storage::Digest;
use serde::{Deserialize, Serialize};

use crate::journal::plan_settings::PlanSettings;

/// The plan of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobPlan {
    /// The sources, in plan order.
    pub sources: Vec<SourceIdentity>,
    /// The value that is folded into every chain hash: reader version and input identity.
    pub identity: String,
    /// The settings that the dataset is cut with. They take precedence over those of a later recipe, because the existing
    /// partitions were cut with them.
    pub plan_settings: PlanSettings,
    /// The most records of the dataset that are worked on.
    pub limit: Option<u64>,
    /// The reasons why the dataset is cut as it is, a sentence for each decision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<String>,
    /// The way the sources were read; none in plans of releases that did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// The mixture of the dataset's paths, where a source is listed as often as it is read. None means that every path is read
    /// once, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixing: Option<Mixing>,
}

/// The way the sources of a plan were read. The slices of the plan are places in that text and in no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The digest of everything that decides what text the sources become.
    pub text: Digest,
    /// The recipe's keys that may affect it, for a message that names them.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// The recipe in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeInForce {
    /// The digest of the resolved recipe.
    pub recipe: Digest,
    /// The names of its operators, in order.
    pub operators: Vec<String>,
    /// The chain hash before the first operator and after each, as far as they are known: up to the first barrier that is not
    /// resolved. Without barriers there is one more than there are operators.
    pub chain: Vec<ChainHash>,
    /// The number of operators up to each external one. The output of an external operator is kept until the job is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external: Vec<u32>,
    /// The path of the export.
    pub export_path: String,
    /// The recipe's keys that decide which records come out, which are folded into every chain hash, for a message that names
    /// those that changed; none in journals of releases that did not write them down.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// The places of the operators that work on the whole dataset, in ascending order. Each is a barrier between two stages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub barriers: Vec<u32>,
}

impl RecipeInForce {
    /// Returns the chain hash after the last operator of the last stage, which a finished result carries. None while a barrier
    /// before that stage is not resolved.
    #[must_use]
    pub fn final_chain(&self) -> Option<ChainHash> {
        self.end_of(self.last_stage())
    }

    /// Returns the last stage. A stage follows even a barrier that ends the recipe, to apply the decision.
    #[must_use]
    pub fn last_stage(&self) -> u32 {
        u32::try_from(self.barriers.len()).unwrap_or(u32::MAX)
    }

    /// Returns the chain hash after the last operator of a stage, which its results carry. None while the barrier before the stage
    /// is not resolved.
    #[must_use]
    pub fn end_of(&self, stage: u32) -> Option<ChainHash> {
        let operators = self.operators_until(stage)?;
        self.chain.get(operators as usize).copied()
    }

    /// Returns how many operators of the recipe are applied at the end of a stage; none if there is no such stage.
    #[must_use]
    pub fn operators_until(&self, stage: u32) -> Option<u32> {
        let barriers = self.barriers.len();
        match usize::try_from(stage).ok()? {
            last if last == barriers => u32::try_from(self.operators.len()).ok(),
            stage => self.barriers.get(stage).copied(),
        }
    }

    /// Returns the stage at work: the last one that can be worked on, because the barrier before it is resolved.
    #[must_use]
    pub fn stage_at_work(&self) -> u32 {
        let mut stages = (0..=self.last_stage()).rev();
        stages
            .find(|stage| self.end_of(*stage).is_some())
            .unwrap_or(0)
    }

    /// Returns the name of the operator at the barrier that ends a stage; none for the last stage.
    #[must_use]
    pub fn barrier_after(&self, stage: u32) -> Option<&str> {
        let place = *self.barriers.get(usize::try_from(stage).ok()?)?;
        self.operators.get(place as usize).map(String::as_str)
    }

    /// Returns the chain hash after the barrier that ends a stage; none while it is not resolved.
    pub(in crate::journal) fn after_barrier(&self, stage: u32) -> Option<ChainHash> {
        let place = *self.barriers.get(usize::try_from(stage).ok()?)?;
        self.chain.get(place as usize + 1).copied()
    }

    /// Returns how many chain hashes are known before the barrier that ends a stage; none if there is no such barrier.
    pub(in crate::journal) fn known_before_barrier(&self, stage: u32) -> Option<usize> {
        let place = *self.barriers.get(usize::try_from(stage).ok()?)?;
        Some(place as usize + 1)
    }

    /// Returns how many chain hashes the stage after a barrier has.
    pub(in crate::journal) fn hashes_after_barrier(&self, stage: u32) -> Option<usize> {
        let stage = usize::try_from(stage).ok()?;
        let begin = *self.barriers.get(stage)? as usize + 1;
        let next = self.barriers.get(stage + 1).map(|place| *place as usize);
        Some(next.unwrap_or(self.operators.len()) - begin + 1)
    }
}

/// A place after which a source cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedSource {
    /// The index of the source in plan order.
    pub source: u32,
    /// The byte of its unpacked text up to which it was read.
    pub position: u64,
    /// The reason.
    pub reason: String,
}
