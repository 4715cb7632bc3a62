//! The counts of a job.

use serde::{Deserialize, Serialize};

/// Where the records of a job went, as far as its partitions are published.
///
/// Once all partitions are completed or failed,
/// `records + made = exported + dropped + quarantined + absorbed + records_in_failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Partitions planned so far.
    pub partitions: u32,
    /// Partitions whose result is published under the recipe in force.
    pub completed: u32,
    /// Partitions that are out of retries.
    pub failed: u32,
    /// Records of all planned partitions.
    pub records: u64,
    /// Records of the completed partitions.
    pub processed: u64,
    /// Records that come out of the last operator.
    pub exported: u64,
    /// Records that operators dropped.
    pub dropped: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Records that went into groups.
    pub absorbed: u64,
    /// Records that operators made.
    pub made: u64,
    /// Records of the failed partitions.
    pub records_in_failed: u64,
}
