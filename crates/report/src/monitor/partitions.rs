//! The state of the partitions, and the performance of the operators on them.

use std::collections::BTreeMap;

use coldpress_executor::OperatorPerformance;
use coldpress_job::{JobState, JobView, PartitionStatus, Publication};
use coldpress_record::Ledger;

use super::{PartitionView, SavedCheckpoint};
use crate::history::{CompletedOperation, CurrentOperation, History, PartitionHistory};

/// Returns all partitions planned so far.
pub(super) fn partitions(
    job: &JobView,
    state: &JobState,
    history: &History,
) -> BTreeMap<u32, PartitionView> {
    let indices = 0..state.partition_count();
    indices
        .map(|index| {
            (
                index,
                partition(index, job, state, history.partition(index)),
            )
        })
        .collect()
}

fn partition(
    index: u32,
    job: &JobView,
    state: &JobState,
    history: PartitionHistory,
) -> PartitionView {
    let status = shown_status(index, job, state);
    let result = state.farthest_result(index).map(|(_, result)| result);
    let is_over = matches!(status, PartitionStatus::Completed | PartitionStatus::Failed);
    let mut checkpoints: Vec<SavedCheckpoint> = state
        .checkpoints(index)
        .map(|entry| {
            let place = entry.operation.saturating_sub(1);
            SavedCheckpoint {
                operation_name: entry.operator.clone(),
                operation_idx: place,
                checkpoint_path: entry.file.name().to_string(),
                timestamp: history.checkpoints.get(&place).copied(),
                rows: entry.rows,
                bytes: entry.file.length(),
            }
        })
        .collect();
    checkpoints.reverse();
    PartitionView {
        status,
        sample_count: state
            .partition(index)
            .map_or(0, |planned| planned.slice.records),
        start_time: history.start_time,
        end_time: history.end_time.filter(|_| is_over),
        error_message: state.failure(index).map(|failure| failure.error.clone()),
        current_op: at_work(index, job)
            .or(history.current)
            .filter(|_| status == PartitionStatus::Processing),
        completed_ops: match result {
            Some(result) => completed_operations(result),
            None => history.completed.into_values().collect(),
        },
        checkpoints,
        attempts: state.attempts(index),
    }
}

/// Returns the operator at work, as the driver reported a few seconds ago.
pub(super) fn at_work(index: u32, job: &JobView) -> Option<CurrentOperation> {
    let summary = job.summary.as_ref()?;
    let driver = job.liveness.driver()?;
    let mut at_work = summary.at_work.iter().filter(|_| summary.is_of(driver));
    let found = at_work.find(|at_work| at_work.partition_id == index)?;
    Some(CurrentOperation {
        name: found.operation_name.clone(),
        idx: found.operation_idx,
        start_time: found.start_time?,
        node: found.node.clone(),
    })
}

/// Returns the status to show. If nobody drives the job, nothing is at work, whatever the journal says last.
pub(crate) fn shown_status(index: u32, job: &JobView, state: &JobState) -> PartitionStatus {
    match state.partition_status(index) {
        Some(PartitionStatus::Processing) if !job.liveness.is_alive() => PartitionStatus::Pending,
        status => status.unwrap_or(PartitionStatus::Pending),
    }
}

fn completed_operations(result: &Publication) -> Vec<CompletedOperation> {
    let mut sum = Sum::default();
    sum.add(result);
    let completed = |operator: OperatorPerformance| CompletedOperation {
        name: operator.name,
        idx: operator.index,
        duration: operator.seconds,
        input_rows: operator.records_in,
        output_rows: operator.records_out,
        throughput: operator.throughput,
        reduction_ratio: operator.reduction_ratio,
    };
    sum.performance().into_iter().map(completed).collect()
}

/// Returns the performance of each operator over all partitions, as far as each has come.
pub(super) fn performance(state: &JobState) -> Vec<OperatorPerformance> {
    let mut sum = Sum::default();
    (0..state.partition_count())
        .filter_map(|index| state.farthest_result(index))
        .for_each(|(_, result)| sum.add(result));
    sum.performance()
}

#[derive(Default)]
struct Sum {
    ledger: Ledger,
    nanos: Vec<u64>,
}

impl Sum {
    fn add(&mut self, result: &Publication) {
        self.ledger.add(&result.ledger);
        self.nanos
            .resize(self.nanos.len().max(result.nanos.len()), 0);
        self.nanos
            .iter_mut()
            .zip(&result.nanos)
            .for_each(|(sum, nanos)| *sum += nanos);
    }

    fn performance(&self) -> Vec<OperatorPerformance> {
        let operators = self.ledger.operators.iter().zip(0_u32..);
        let performance = |(operator, index): (&coldpress_record::OperatorLedger, u32)| {
            let nanos = self.nanos.get(index as usize).copied().unwrap_or(0);
            let seconds = nanos as f64 / 1e9;
            let (arrived, out) = (operator.records_in, operator.out);
            OperatorPerformance {
                index,
                name: operator.name.to_string(),
                records_in: arrived,
                records_out: out,
                seconds,
                throughput: if nanos > 0 {
                    arrived as f64 / seconds
                } else {
                    0.0
                },
                reduction_ratio: if arrived > 0 {
                    1.0 - out as f64 / arrived as f64
                } else {
                    0.0
                },
            }
        };
        operators.map(performance).collect()
    }
}
