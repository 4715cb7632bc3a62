//! `checkpoint_{seconds}.json`: the progress of a job, as a view for people and for other programs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::{JobState, PartitionStatus};
use crate::mapping::{DatasetMapping, MappedPartition, dataset_mapping, dataset_mapping_view};
use crate::one_by_one::{OneByOne, PairByPair};

/// The version of the view.
pub const PROGRESS_SCHEMA: u32 = 1;

/// The progress of a job, as a superset of Data-Juicer's job-level checkpoint of July 2025. Nothing is read back from it; the
/// journal is the truth.
///
/// `R`, `P` and `O` are the lists of results and partitions and the map of operators, so that a view that is only written needs
/// none of them in memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressView<R = Vec<PartitionResult>, P = Vec<MappedPartition>, O = BTreeMap<u32, u32>>
{
    /// The version of this file: 1.
    pub schema_version: u32,
    /// The time when it was written, in seconds since 1970.
    pub timestamp: f64,
    /// The partitions with a final result, with the file of its rows.
    pub partition_results: R,
    /// The number of operators applied in all partitions together, as far as results are published.
    pub ops_completed: u64,
    /// The number of partitions planned so far.
    pub total_partitions: u32,
    /// The dataset mapping at this time.
    pub dataset_mapping: DatasetMapping<P>,
    /// The number of operators applied in each partition.
    pub operation_progress: O,
}

/// The result of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionResult {
    /// The partition.
    pub partition_id: u32,
    /// The rows, relative to the job's directory.
    pub output_path: String,
    /// The number of records that came out.
    pub output_rows: u64,
}

/// Makes the view of a job in its current state.
#[must_use]
pub fn progress_view(state: &JobState, timestamp: f64) -> ProgressView {
    let (results, applied) = (results(state).collect(), applied(state).collect());
    view_with(
        state,
        timestamp,
        results,
        dataset_mapping(state, &[]),
        applied,
    )
}

/// Makes the view of a job for writing. Partitions are looked at one by one.
#[must_use]
pub fn progress_view_to_write(state: &JobState, timestamp: f64) -> impl Serialize {
    let results = OneByOne(move || results(state));
    let applied = PairByPair(move || applied(state));
    let mapping = dataset_mapping_view(state, &[]);
    view_with(state, timestamp, results, mapping, applied)
}

fn view_with<R, P, O>(
    state: &JobState,
    timestamp: f64,
    partition_results: R,
    dataset_mapping: DatasetMapping<P>,
    operation_progress: O,
) -> ProgressView<R, P, O> {
    ProgressView {
        schema_version: PROGRESS_SCHEMA,
        timestamp,
        ops_completed: applied(state).map(|(_, applied)| u64::from(applied)).sum(),
        partition_results,
        total_partitions: state.partition_count(),
        dataset_mapping,
        operation_progress,
    }
}

/// Returns how many operators are applied in each partition.
fn applied(state: &JobState) -> impl Iterator<Item = (u32, u32)> {
    let applied = |index: u32| {
        let is_failed = state.partition_status(index) == Some(PartitionStatus::Failed);
        let (stage, _) = state.farthest_result(index).filter(|_| !is_failed)?;
        state.recipe()?.operators_until(stage)
    };
    let indices = 0..state.partition_count();
    indices.map(move |index| (index, applied(index).unwrap_or(0)))
}

/// Returns the final results so far.
fn results(state: &JobState) -> impl Iterator<Item = PartitionResult> {
    let result = |index: u32| {
        let result = state.published(index, state.final_chain()?)?;
        Some(PartitionResult {
            partition_id: index,
            output_path: result.rows.to_string(),
            output_rows: result.ledger.exported(),
        })
    };
    (0..state.partition_count()).filter_map(result)
}
