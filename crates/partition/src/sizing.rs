//! Choosing the size of partitions from what is known before work begins.

mod explain;

use serde::{Deserialize, Serialize};

use crate::modality::Modality;
use crate::sample::SampledRecords;

/// What the choice of a partition size depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct SizingFacts {
    /// What was seen of the records.
    pub sample: SampledRecords,
    /// What the recipe costs one worker per byte of record, measured on the sample; else it is estimated from the
    /// number of operators.
    pub cost_nanos_per_byte: Option<f64>,
    /// Operators of the recipe.
    pub operators: u32,
    /// Partitions that can be worked on at a time.
    pub workers: u32,
    /// The memory that the job may take.
    pub memory_limit_bytes: u64,
    /// The greatest size in bytes that is asked for (`partition.target_size_mb`).
    pub target_bytes: u64,
    /// A limit on the partitions that are worked on at a time, if the recipe has one.
    pub max_concurrent: Option<u32>,
    /// Bytes of the dataset as records, as far as known; 0 = take the sample's estimate.
    pub total_bytes: u64,
}

/// Where a dataset is cut, and why there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sizing {
    /// Records of a partition, at most; from 1 to the modality's maximum.
    pub max_records: u64,
    /// Bytes of a partition, at most, unless one record alone is longer; at least 1.
    pub max_bytes: u64,
    /// What was decided, in the order in which it was.
    pub decisions: Vec<Decision>,
}

/// One decision and its reason, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided: `modality`, `partition.size` …
    pub what: String,
    /// How.
    pub value: String,
    /// Why, in one sentence.
    pub reason: String,
}

/// A row of the table of sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeRow {
    /// Records of a partition where nothing speaks for more or fewer.
    pub default_records: u64,
    /// Records of a partition that are never exceeded.
    pub max_records: u64,
    /// Memory that a byte of record needs, against text.
    pub memory_multiplier: f64,
}

impl Modality {
    /// The row of the table of sizes for this modality.
    pub fn size_row(self) -> SizeRow {
        let (default_records, max_records, memory_multiplier) = match self {
            Self::Text => (200, 1000, 1.0),
            Self::Image => (50, 200, 5.0),
            Self::Audio => (30, 100, 8.0),
            Self::Video => (10, 50, 20.0),
            Self::Multimodal => (20, 100, 10.0),
        };
        SizeRow {
            default_records,
            max_records,
            memory_multiplier,
        }
    }
}

/// A partition with less work than this is made larger: publishing it takes some milliseconds.
const LEAST_WORK_SECONDS: f64 = 0.5;

/// A partition with more work than this is made smaller: that much is lost where an attempt fails.
const MOST_WORK_SECONDS: f64 = 10.0;

/// Partitions for each worker, so that the last ones do not leave workers idle.
const PARTITIONS_PER_WORKER: u64 = 4;

/// For the sake of balance no partition is made smaller than this much work.
const LEAST_BALANCED_SECONDS: f64 = 0.05;

/// A record exists this many times while it is worked on: as read, as fields, as changed, as written.
const MEMORY_SAFETY: f64 = 4.0;

/// Memory never speaks for partitions of less than this: a worker holds as much whatever the partition.
const LEAST_MEMORY_BYTES: u64 = 1 << 20;

/// What reading, hashing and writing a byte takes, and what an operator takes, where nothing was measured.
const CARRYING_NANOS_PER_BYTE: f64 = 4.0;
const OPERATOR_NANOS_PER_BYTE: f64 = 2.0;

/// Chooses where to cut: the table's default number of records for the modality, more or fewer of them by what they
/// cost and by how many there are for each worker, never more than the table's maximum; and the bytes that the memory
/// allows.
pub fn choose(facts: &SizingFacts) -> Sizing {
    let chosen = Choice::of(facts);
    Sizing {
        max_records: chosen.max_records,
        max_bytes: chosen.max_bytes,
        decisions: explain::decisions(facts, &chosen),
    }
}

/// The choice and the numbers on its way.
struct Choice {
    row: SizeRow,
    /// Workers that have a partition at a time.
    workers: u64,
    cost_nanos_per_byte: f64,
    is_cost_measured: bool,
    /// Work of one record; 0 where no record was seen.
    record_seconds: f64,
    /// Records by what they cost.
    by_cost: u64,
    /// Records that give each worker its partitions; `None` where their number is not known.
    by_balance: Option<u64>,
    /// Bytes by the memory.
    by_memory: u64,
    max_records: u64,
    max_bytes: u64,
}

impl Choice {
    fn of(facts: &SizingFacts) -> Self {
        let seen = &facts.sample;
        let row = seen.modality.size_row();
        let limit = facts.max_concurrent.unwrap_or(u32::MAX);
        let workers = u64::from(facts.workers.min(limit).max(1));
        let measured = facts
            .cost_nanos_per_byte
            .filter(|cost| cost.is_finite() && *cost > 0.0);
        let estimated =
            CARRYING_NANOS_PER_BYTE + OPERATOR_NANOS_PER_BYTE * f64::from(facts.operators);
        let cost_nanos_per_byte = measured.unwrap_or(estimated);
        let record_seconds = finite(seen.mean_bytes) * cost_nanos_per_byte / 1e9;

        let by_cost = records_by_cost(row, record_seconds);
        let by_balance = (seen.records > 0).then(|| {
            let each = records(facts).div_ceil(workers.saturating_mul(PARTITIONS_PER_WORKER));
            each.max(records_worth(LEAST_BALANCED_SECONDS, record_seconds))
                .max(1)
        });
        let by_memory = bytes_by_memory(facts.memory_limit_bytes, workers, row);
        Self {
            row,
            workers,
            cost_nanos_per_byte,
            is_cost_measured: measured.is_some(),
            record_seconds,
            by_cost,
            by_balance,
            by_memory,
            max_records: by_balance.map_or(by_cost, |balanced| by_cost.min(balanced)),
            max_bytes: facts.target_bytes.min(by_memory).max(1),
        }
    }
}

/// Records of the dataset, about.
fn records(facts: &SizingFacts) -> u64 {
    let seen = &facts.sample;
    if facts.total_bytes == 0 || seen.estimated_bytes == 0 {
        return seen.estimated_records;
    }
    let share = facts.total_bytes as f64 / seen.estimated_bytes as f64;
    (seen.estimated_records as f64 * share).ceil() as u64
}

/// The default, or what is nearest to it among the numbers of records that are worth a partition and not too much for
/// one; never more than the maximum.
fn records_by_cost(row: SizeRow, record_seconds: f64) -> u64 {
    if record_seconds <= 0.0 {
        return row.default_records;
    }
    let least = records_worth(LEAST_WORK_SECONDS, record_seconds);
    let most = ((MOST_WORK_SECONDS / record_seconds) as u64).max(1);
    let wanted = row.default_records.min(most).max(least);
    wanted.min(row.max_records)
}

/// The records that take this long.
fn records_worth(seconds: f64, record_seconds: f64) -> u64 {
    if record_seconds <= 0.0 {
        return 1;
    }
    ((seconds / record_seconds).ceil() as u64).max(1)
}

/// The worker's share of the memory, in bytes of records of this modality.
fn bytes_by_memory(limit_bytes: u64, workers: u64, row: SizeRow) -> u64 {
    let share = limit_bytes as f64 / workers as f64 / row.memory_multiplier / MEMORY_SAFETY;
    (share as u64).max(LEAST_MEMORY_BYTES)
}

fn finite(number: f64) -> f64 {
    if number.is_finite() {
        number.max(0.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests;
