//! The records that a deduplicator removed, for people to read. No decision depends on this.

use coldpress_record::Origin;
use serde::{Deserialize, Serialize};

/// The records that a deduplicator removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removals {
    /// The records by their source in the plan.
    pub sources: Vec<OfSource>,
    /// The records by the values of a field, if the recipe names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_field: Option<ByField>,
    /// The clusters by size.
    pub clusters: Vec<ClustersOfSize>,
    /// The largest clusters.
    pub largest: Vec<LargeCluster>,
}

/// The number of records, and how many of them were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The records that came to the deduplicator.
    pub records: u64,
    /// The records that were removed.
    pub removed: u64,
}

impl Removed {
    /// Adds more counts.
    pub fn add(&mut self, records: u64, removed: u64) {
        self.records += records;
        self.removed += removed;
    }

    /// Returns whether so much is gone that somebody should look at it: more than 95 % of 30 records or more.
    #[must_use]
    pub fn is_nearly_all(&self) -> bool {
        const LEAST: u64 = 30;
        let share = u128::from(self.removed) * 100 > u128::from(self.records) * 95;
        self.records >= LEAST && share
    }
}

/// The records that were removed from a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfSource {
    /// Its index in plan order.
    pub source: u32,
    /// The counts.
    #[serde(flatten)]
    pub counts: Removed,
}

/// The records that were removed by the values of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByField {
    /// The field.
    pub field: String,
    /// The values with the most removed records.
    pub values: Vec<OfValue>,
    /// The number of other values.
    pub other_values: u64,
    /// The counts for the other values.
    pub others: Removed,
}

/// The records that were removed with one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfValue {
    /// The value as JSON, cut if it is long; none for records that lack the field.
    pub value: Option<String>,
    /// The counts.
    #[serde(flatten)]
    pub counts: Removed,
}

/// The clusters in a range of sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClustersOfSize {
    /// The least number of records in one of them.
    pub from: u64,
    /// The greatest number.
    pub to: u64,
    /// The number of clusters.
    pub clusters: u64,
    /// The records in all of them, including those that are kept.
    pub records: u64,
}

/// A large cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeCluster {
    /// The number of its records, including the one that is kept.
    pub records: u64,
    /// The record that is kept.
    pub kept: NamedRecord,
    /// Some of the removed records.
    pub removed: Vec<NamedRecord>,
}

/// A record, identified so that people can find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRecord {
    /// The origin of the record.
    pub origin: Origin,
    /// Its id as JSON, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_records_are_no_source_that_is_lost() {
        let is_nearly_all = |records, removed| Removed { records, removed }.is_nearly_all();
        assert!(is_nearly_all(100, 96) && is_nearly_all(30, 29) && is_nearly_all(30, 30));
        assert!(!is_nearly_all(100, 95) && !is_nearly_all(29, 29) && !is_nearly_all(0, 0));
        assert!(is_nearly_all(u64::MAX, u64::MAX));
    }
}
