//! The counts of a job.

use coldpress_record::Ledger;
use serde::{Deserialize, Serialize};

/// Where the records of a job went, as far as its partitions are published.
///
/// A recipe with whole-dataset operators has several stages, which follow each other. The counts are those of the stage at
/// work, and so begin again with each stage.
///
/// Once all partitions are completed or failed,
/// `records + made = exported + dropped + quarantined + absorbed + not_sampled + records_in_failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// The stage at work, from 0.
    pub stage: u32,
    /// How many stages there are; 0 where a release did not say.
    pub stages: u32,
    /// Partitions planned so far.
    pub partitions: u32,
    /// Partitions whose result of the stage is published under the recipe in force.
    pub completed: u32,
    /// Partitions that are out of retries.
    pub failed: u32,
    /// Records of all planned partitions.
    pub records: u64,
    /// Records of the completed partitions.
    pub processed: u64,
    /// Records that come out of the last operator of the stage.
    pub exported: u64,
    /// Records that operators dropped.
    pub dropped: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Records that went into groups.
    pub absorbed: u64,
    /// Records that operators made.
    pub made: u64,
    /// Records that were not drawn, where the recipe mixes its dataset.
    pub not_sampled: u64,
    /// Records of the failed partitions.
    pub records_in_failed: u64,
}

impl Totals {
    /// Adds a completed partition.
    pub(crate) fn add(&mut self, ledger: &Ledger) {
        self.completed += 1;
        self.processed += ledger.records;
        self.exported += ledger.exported();
        self.dropped += ledger.dropped();
        self.quarantined += ledger.quarantined();
        self.absorbed += ledger.absorbed();
        self.made += ledger.made();
        self.not_sampled += ledger.not_sampled;
    }

    /// Returns the stage at work among its stages, as people count: `stage 2 of 3`. None where there is but one, or all are
    /// done.
    #[must_use]
    pub fn stage_of_stages(&self) -> Option<String> {
        let stage = u64::from(self.stage) + 1;
        let is_done = stage == u64::from(self.stages)
            && self.partitions > 0
            && self.completed + self.failed == self.partitions;
        (self.stages > 1 && !is_done).then(|| format!("stage {stage} of {}", self.stages))
    }
}
