//! `checkpoint_{seconds}.json`: how far a job is, as a view for people and for other programs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::{JobState, PartitionStatus};
use crate::mapping::{DatasetMapping, dataset_mapping};

/// The version of the view.
pub const PROGRESS_SCHEMA: u32 = 1;

/// How far a job is: a superset of Data-Juicer's job-level checkpoint of July 2025. Nothing is read back from
/// it; the journal is the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressView {
    /// The version of this file: 1.
    pub schema_version: u32,
    /// When it was written, in seconds since 1970.
    pub timestamp: f64,
    /// The partitions with a final result, with the file of its rows.
    pub partition_results: Vec<PartitionResult>,
    /// Operators applied in all partitions together, as far as results are published.
    pub ops_completed: u64,
    /// Partitions planned so far.
    pub total_partitions: u32,
    /// The dataset mapping at this time.
    pub dataset_mapping: DatasetMapping,
    /// Operators applied per partition.
    pub operation_progress: BTreeMap<u32, u32>,
}

/// The result of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionResult {
    /// The partition.
    pub partition_id: u32,
    /// The rows, relative to the job's directory.
    pub output_path: String,
    /// Records that came out.
    pub output_rows: u64,
}

/// Makes the view of a job as it stands.
#[must_use]
pub fn progress_view(state: &JobState, timestamp: f64) -> ProgressView {
    let applied = |index: u32| {
        let is_failed = state.partition_status(index) == Some(PartitionStatus::Failed);
        let (stage, _) = state.farthest_result(index).filter(|_| !is_failed)?;
        state.recipe()?.operators_until(stage)
    };
    let progress: BTreeMap<u32, u32> = (0..state.partition_count())
        .map(|index| (index, applied(index).unwrap_or(0)))
        .collect();
    let result = |index: u32| {
        let result = state.published(index, state.final_chain()?)?;
        Some(PartitionResult {
            partition_id: index,
            output_path: result.rows.to_string(),
            output_rows: result.ledger.exported(),
        })
    };
    let indices = 0..state.partition_count();
    let partition_results: Vec<_> = indices.filter_map(result).collect();
    ProgressView {
        schema_version: PROGRESS_SCHEMA,
        timestamp,
        ops_completed: progress.values().map(|applied| u64::from(*applied)).sum(),
        partition_results,
        total_partitions: state.partition_count(),
        dataset_mapping: dataset_mapping(state, &[]),
        operation_progress: progress,
    }
}
