//! What a deduplicator removed, for people: nothing that is decided depends on it.

use coldpress_record::Origin;
use serde::{Deserialize, Serialize};

/// What a deduplicator removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removals {
    /// The records by the source of the plan that they are of.
    pub sources: Vec<OfSource>,
    /// The records by the values of a field, where the recipe names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_field: Option<ByField>,
    /// The clusters by their sizes.
    pub clusters: Vec<ClustersOfSize>,
    /// The largest clusters.
    pub largest: Vec<LargeCluster>,
}

/// How many records there were, and how many of them were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Records that came to the deduplicator.
    pub records: u64,
    /// Those that were removed.
    pub removed: u64,
}

impl Removed {
    /// Counts some more.
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

/// What was removed of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfSource {
    /// Its index in plan order.
    pub source: u32,
    /// How much.
    #[serde(flatten)]
    pub counts: Removed,
}

/// What was removed by the values of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByField {
    /// The field.
    pub field: String,
    /// The values of which most was removed.
    pub values: Vec<OfValue>,
    /// How many values there are besides.
    pub other_values: u64,
    /// What was removed of these.
    pub others: Removed,
}

/// What was removed of the records with a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfValue {
    /// The value as JSON, cut if it is long; none for records that lack the field.
    pub value: Option<String>,
    /// How much.
    #[serde(flatten)]
    pub counts: Removed,
}

/// The clusters of some sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClustersOfSize {
    /// The fewest records of one of them.
    pub from: u64,
    /// The most.
    pub to: u64,
    /// How many there are.
    pub clusters: u64,
    /// Their records together, those that are kept included.
    pub records: u64,
}

/// A large cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeCluster {
    /// Its records, the kept one included.
    pub records: u64,
    /// The record that is kept.
    pub kept: NamedRecord,
    /// Some of those that were removed.
    pub removed: Vec<NamedRecord>,
}

/// A record, so that people find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRecord {
    /// Where it came from.
    pub origin: Origin,
    /// Its id as JSON, where it is known.
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
