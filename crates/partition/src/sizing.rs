//! Choosing the size of partitions from what is known before work begins.

mod explain;

use serde::{Deserialize, Serialize};

use crate::modality::Modality;
use crate::sample::SampledRecords;

/// The facts on which the choice of a partition size depends.
#[derive(Clone, Debug, PartialEq)]
pub struct SizingFacts {
    /// The findings about the records.
    pub sample: SampledRecords,
    /// The work of the recipe for each byte of a record, in nanoseconds of one worker, as measured on the sample. If none, it is
    /// estimated from the number of operators.
    pub cost_nanos_per_byte: Option<f64>,
    /// The number of operators in the recipe.
    pub operators: u32,
    /// The number of partitions that can be worked on at a time.
    pub workers: u32,
    /// The memory that the job may use.
    pub memory_limit_bytes: u64,
    /// The greatest requested size in bytes (`partition.target_size_mb`).
    pub target_bytes: u64,
    /// The limit on the partitions that are worked on at a time, if the recipe has one.
    pub max_concurrent: Option<u32>,
    /// The bytes of the dataset as records, as far as known; 0 uses the sample's estimate.
    pub total_bytes: u64,
}

/// The limits for cutting a dataset, and the reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sizing {
    /// The most records of a partition, from 1 to the modality's maximum.
    pub max_records: u64,
    /// The most bytes of a partition, unless one record alone is longer; at least 1.
    pub max_bytes: u64,
    /// The decisions, in the order in which they were made.
    pub decisions: Vec<Decision>,
}

/// One decision and its reason, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The subject: `modality`, `partition.size` …
    pub what: String,
    /// The decision.
    pub value: String,
    /// The reason, in one sentence.
    pub reason: String,
}

/// A row of the table of sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeRow {
    /// The number of records in a partition, if there is no reason for more or fewer.
    pub default_records: u64,
    /// The most records of a partition.
    pub max_records: u64,
    /// The memory that a byte of record needs, relative to text.
    pub memory_multiplier: f64,
}

impl Modality {
    /// Returns the row of the table of sizes for this modality.
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

/// The least work in a partition; with less it is made larger. Publishing it takes some milliseconds.
const LEAST_WORK_SECONDS: f64 = 0.5;

/// The most work in a partition; with more it is made smaller. That much is lost if an attempt fails.
const MOST_WORK_SECONDS: f64 = 10.0;

/// The number of partitions for each worker that keeps workers from being idle at the end.
const PARTITIONS_PER_WORKER: u64 = 4;

/// The least work in a partition that is made smaller for the sake of balance.
const LEAST_BALANCED_SECONDS: f64 = 0.05;

/// The number of times that a record is in memory while it is worked on: as read, as fields, as changed, as written.
const MEMORY_SAFETY: f64 = 4.0;

/// The least size that memory limits a partition to. A worker holds this much whatever the partition.
const LEAST_MEMORY_BYTES: u64 = 1 << 20;

/// The time for reading, hashing and writing a byte, and the time of an operator, if nothing was measured.
const CARRYING_NANOS_PER_BYTE: f64 = 4.0;
const OPERATOR_NANOS_PER_BYTE: f64 = 2.0;

/// Chooses where to cut. It starts from the table's default number of records for the modality, takes more or fewer by what they
/// cost and by how many there are for each worker, and never exceeds the table's maximum. The bytes are those that the memory
/// allows.
pub fn choose(facts: &SizingFacts) -> Sizing {
    let chosen = Choice::of(facts);
    Sizing {
        max_records: chosen.max_records,
        max_bytes: chosen.max_bytes,
        decisions: explain::decisions(facts, &chosen),
    }
}

/// The choice and its intermediate results.
struct Choice {
    row: SizeRow,
    /// The number of workers that have a partition at a time.
    workers: u64,
    cost_nanos_per_byte: f64,
    is_cost_measured: bool,
    /// The work of one record; 0 if no record was seen.
    record_seconds: f64,
    /// The number of records by cost.
    by_cost: u64,
    /// The number of records that gives each worker its partitions; `None` if the total is not known.
    by_balance: Option<u64>,
    /// The number of bytes by memory.
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

/// Returns about how many records the dataset has.
fn records(facts: &SizingFacts) -> u64 {
    let seen = &facts.sample;
    if facts.total_bytes == 0 || seen.estimated_bytes == 0 {
        return seen.estimated_records;
    }
    let share = facts.total_bytes as f64 / seen.estimated_bytes as f64;
    (seen.estimated_records as f64 * share).ceil() as u64
}

/// Returns the default, or the nearest number of records that is worth a partition and not too much for one, up to the maximum.
fn records_by_cost(row: SizeRow, record_seconds: f64) -> u64 {
    if record_seconds <= 0.0 {
        return row.default_records;
    }
    let least = records_worth(LEAST_WORK_SECONDS, record_seconds);
    let most = ((MOST_WORK_SECONDS / record_seconds) as u64).max(1);
    let wanted = row.default_records.min(most).max(least);
    wanted.min(row.max_records)
}

/// Returns the number of records that take this long.
fn records_worth(seconds: f64, record_seconds: f64) -> u64 {
    if record_seconds <= 0.0 {
        return 1;
    }
    ((seconds / record_seconds).ceil() as u64).max(1)
}

/// Returns the worker's share of the memory, in bytes of records of this modality.
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
