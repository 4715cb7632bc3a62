//! The counts of a job.

use coldpress_record::Ledger;
use serde::{Deserialize, Serialize};

/// The counts of where the records of a job went, as far as its partitions are published.
///
/// A recipe with whole-dataset operators has several stages, which follow one another. The counts are those of the stage at work,
/// so they start again with each stage.
///
/// Once all partitions are completed or failed,
/// `records + made = exported + dropped + quarantined + absorbed + not_sampled + records_in_failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// The stage at work, from 0.
    pub stage: u32,
    /// The number of stages; 0 if the release did not record it.
    pub stages: u32,
    /// The number of partitions planned so far.
    pub partitions: u32,
    /// The number of partitions whose result of the stage is published under the recipe in force.
    pub completed: u32,
    /// The number of partitions that are out of retries.
    pub failed: u32,
    /// The number of records in all planned partitions.
    pub records: u64,
    /// The number of records in the completed partitions.
    pub processed: u64,
    /// The number of records that come out of the last operator of the stage.
    pub exported: u64,
    /// The number of records that operators dropped.
    pub dropped: u64,
    /// The number of records in quarantine.
    pub quarantined: u64,
    /// The number of records that went into groups.
    pub absorbed: u64,
    /// The number of records that operators made.
    pub made: u64,
    /// The number of records that were not drawn, if the recipe mixes its dataset.
    pub not_sampled: u64,
    /// The number of records in the failed partitions.
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

    /// Returns the stage at work among all stages, as people count: `stage 2 of 3`. None if there is only one, or if all are done.
    #[must_use]
    pub fn stage_of_stages(&self) -> Option<String> {
        let stage = u64::from(self.stage) + 1;
        let is_done = stage == u64::from(self.stages)
            && self.partitions > 0
            && self.completed + self.failed == self.partitions;
        (self.stages > 1 && !is_done).then(|| format!("stage {stage} of {}", self.stages))
    }
}
