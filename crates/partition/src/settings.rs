//! Settings for where to cut, and the place for copies of slices.

use std::sync::Arc;

use coldpress_storage::{AttemptName, ObjectStore, Result, StoreWriter};
use serde::{Deserialize, Serialize};

/// The limits by which a dataset is cut. A partition ends before the record that would exceed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutSettings {
    /// The most records of a partition; at least 1.
    pub max_records: u64,
    /// The most bytes of a partition, unless one record alone is longer.
    pub max_bytes: u64,
    /// The longest record that is held in memory. A longer one begins a partition of its own.
    pub max_record_bytes: u64,
    /// The most records of the dataset that count at all.
    pub limit: Option<u64>,
    /// The slices that are copied.
    pub copying: Copying,
    /// The number of partitions that each source becomes, if the recipe asks for a number. The limits above then do not apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Share>,
}

/// The number of partitions that a source becomes, of about the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Their number; fewer if the source has fewer records.
    pub partitions: u64,
    /// The approximate bytes of the source's text; for a columnar source, its rows.
    pub length: u64,
}

impl Share {
    /// Distributes `partitions` among sources with these bytes: at least one for each that has any.
    pub fn of_each(partitions: u64, bytes: &[u64]) -> Vec<u64> {
        let total = bytes
            .iter()
            .map(|bytes| u128::from(*bytes))
            .sum::<u128>()
            .max(1);
        let part = |bytes: &u64| {
            let part = u128::from(partitions) * u128::from(*bytes) / total;
            u64::try_from(part)
                .unwrap_or(u64::MAX)
                .max(u64::from(*bytes > 0))
        };
        let mut parts: Vec<u64> = bytes.iter().map(part).collect();
        let mut left = partitions.saturating_sub(parts.iter().sum());
        while left > 0 {
            // The source whose partitions are the largest so far; the first one among equals.
            let load = |at: &usize| (bytes[*at] / (parts[*at] + 1), std::cmp::Reverse(*at));
            let Some(largest) = (0..parts.len())
                .filter(|at| bytes[*at] > 0)
                .max_by_key(load)
            else {
                break;
            };
            parts[largest] += 1;
            left -= 1;
        }
        parts
    }

    /// Returns what the next partition may hold, if `made` partitions of the source cover `done` of its length.
    pub(crate) fn next(self, made: u64, done: u64) -> u64 {
        match self.partitions.saturating_sub(made) {
            // The last one takes what is left, even if that is more than estimated.
            0 | 1 => u64::MAX,
            left => self.length.saturating_sub(done).div_ceil(left).max(1),
        }
    }
}

impl Default for CutSettings {
    fn default() -> Self {
        Self {
            max_records: 10_000,
            max_bytes: 128 << 20,
            max_record_bytes: 64 << 20,
            limit: None,
            copying: Copying::Auto,
            shares: Vec::new(),
        }
    }
}

/// The slices that are copied into the job's directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copying {
    /// Those of a source that cannot be sought, except its first, because reading that one decodes nothing in vain.
    #[default]
    Auto,
    /// All.
    Always,
    /// None. A source that cannot be sought is read from its start for each partition.
    Never,
}

/// The place for copies of slices.
#[derive(Clone, Debug)]
pub struct CopyPlace {
    store: Arc<dyn ObjectStore>,
    epoch: u64,
}

impl CopyPlace {
    /// Places copies in this store, made by the driver of this epoch.
    pub fn new(store: Arc<dyn ObjectStore>, epoch: u64) -> Self {
        Self { store, epoch }
    }

    /// Begins the copy of a partition's slice.
    pub(crate) fn begin(&self, partition: u32) -> Result<Box<dyn StoreWriter>> {
        let name = AttemptName::planned(partition, self.epoch).suffix(".jsonl");
        self.store.put_new(&name.object()?)
    }
}
