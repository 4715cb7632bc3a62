//! How a job stands: from its journal, and from the summary, the heartbeat and the events as far as they are there.

use std::collections::BTreeMap;

use coldpress_events::time::now_seconds;
use coldpress_executor::OperatorPerformance;
use coldpress_job::{
    DatasetMapping, Error as JobError, JobState, JobSummary, JobView, Journal, Layout,
    PartitionStatus, Phase, Publication, dataset_mapping,
};
use coldpress_record::Ledger;
use serde::Serialize;

use crate::error::Result;
use crate::history::{History, PartitionHistory};

/// How a job stands. The JSON form has the reference system's fields with its meaning, and some more.
#[doc(alias = "show_job_progress")]
#[doc(alias = "JobProgressMonitor")]
#[derive(Clone, Debug, Serialize)]
pub struct MonitorView {
    /// The job.
    pub job_id: String,
    /// Its summary, if it can be read.
    pub job_summary: Option<JobSummary>,
    /// How the dataset was cut, if that can be told.
    pub dataset_mapping: Option<DatasetMapping>,
    /// The partitions planned so far, by number.
    pub partition_status: BTreeMap<u32, PartitionView>,
    /// The job as a whole.
    pub overall_progress: OverallProgress,
    /// How each operator did, over all completed partitions.
    pub operators: Vec<OperatorPerformance>,
    /// What the job is at, or was when it ended.
    pub phase: Option<Phase>,
    /// When the newest driver began, in seconds since 1970.
    pub start_time: Option<f64>,
    /// Why the job failed.
    pub error_message: Option<String>,
    /// What is wrong with the files of the job.
    pub remarks: Vec<String>,
}

/// How a partition stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartitionView {
    /// `pending`, `processing`, `completed`, `failed`.
    pub status: PartitionStatus,
    /// Its records.
    pub sample_count: u64,
    /// When the last attempt began, in seconds since 1970; only the event log knows.
    pub start_time: Option<f64>,
    /// When it ended; only the event log knows.
    pub end_time: Option<f64>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// The operator at work; only the event log knows.
    pub current_op: Option<CurrentOperation>,
    /// The operators that its published result went through.
    pub completed_ops: Vec<CompletedOperation>,
    /// Its checkpoints that are kept.
    pub checkpoints: Vec<SavedCheckpoint>,
    /// Attempts made.
    pub attempts: u32,
}

/// An operator at work on a partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurrentOperation {
    /// Its name.
    pub name: String,
    /// Its place in the recipe, from 0.
    pub idx: u32,
    /// When it began, in seconds since 1970.
    pub start_time: f64,
}

/// An operator that is through with a partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompletedOperation {
    /// Its name.
    pub name: String,
    /// Its place in the recipe, from 0.
    pub idx: u32,
    /// Seconds of work.
    pub duration: f64,
    /// Records that reached it.
    pub input_rows: u64,
    /// Records that left it.
    pub output_rows: u64,
    /// Records per second of work; 0 where no time was measured.
    pub throughput: f64,
    /// Share of the records that did not leave it.
    pub reduction_ratio: f64,
}

/// A checkpoint of a partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SavedCheckpoint {
    /// The operator that it was written behind.
    pub operation_name: String,
    /// That operator's place in the recipe, from 0.
    pub operation_idx: u32,
    /// Its name in the checkpoint store.
    pub checkpoint_path: String,
    /// When it was written, in seconds since 1970; only the event log knows.
    pub timestamp: Option<f64>,
    /// Its records.
    pub rows: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

/// The job as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OverallProgress {
    /// Partitions planned so far.
    pub total_partitions: u32,
    /// Partitions with a published result.
    pub completed_partitions: u32,
    /// Partitions at work.
    pub processing_partitions: u32,
    /// Partitions out of retries.
    pub failed_partitions: u32,
    /// Completed ones of all, times 100.
    pub progress_percentage: f64,
    /// Records planned so far.
    pub total_samples: u64,
    /// Records of the completed partitions.
    pub processed_samples: u64,
    /// How long it will take at the pace of this run; none while that cannot be told.
    pub estimated_remaining_seconds: Option<f64>,
    /// How long the newest driver has worked, or did.
    pub elapsed_time_seconds: Option<f64>,
    /// The status of the job, or `interrupted`.
    pub job_status: String,
    /// Whether no more partitions will be planned.
    pub plan_complete: bool,
    /// Records that come out of the last operator.
    pub exported_samples: u64,
    /// Records that operators dropped.
    pub dropped_samples: u64,
    /// Records in quarantine.
    pub quarantined_samples: u64,
}

/// Looks at a job. Writes nothing, and may be called while the job runs.
///
/// What cannot be read is left out and told in [`MonitorView::remarks`].
///
/// # Errors
/// When neither journal nor summary can be read, or a newer release wrote them.
pub fn monitor(layout: &Layout) -> Result<MonitorView> {
    let job = JobView::of(layout.clone())?;
    let mut remarks = job.remarks.clone();
    let state = match Journal::read(layout) {
        Ok(state) => state,
        Err(error @ JobError::NewerSchema { .. }) => return Err(error.into()),
        Err(error) => {
            remarks.push(error.to_string());
            JobState::default()
        }
    };
    let history = History::read(layout);
    remarks.extend(history.remark.clone());
    remarks.dedup();
    let mapping = mapping_of(layout, &state);
    let finish = state.finished();
    let summary_error = job
        .summary
        .as_ref()
        .and_then(|summary| summary.error_message.clone());
    Ok(MonitorView {
        job_id: layout.job_id().to_string(),
        partition_status: partitions(&job, &state, &history),
        overall_progress: progress(&job, &state, &history),
        operators: performance(&state),
        phase: job.phase,
        start_time: job.start_time,
        error_message: finish.map_or(summary_error, |finish| finish.error.clone()),
        dataset_mapping: mapping,
        job_summary: job.summary,
        remarks,
    })
}

/// The mapping as the journal has it; why it was cut so stands in the saved one alone.
fn mapping_of(layout: &Layout, state: &JobState) -> Option<DatasetMapping> {
    let saved = std::fs::read(layout.dataset_mapping()).ok();
    let saved: Option<DatasetMapping> = saved.and_then(|json| serde_json::from_slice(&json).ok());
    if state.plan().is_none() {
        return saved;
    }
    let decisions = saved.map_or_else(Vec::new, |mapping| mapping.decisions);
    Some(dataset_mapping(state, &decisions))
}

fn partitions(job: &JobView, state: &JobState, history: &History) -> BTreeMap<u32, PartitionView> {
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
    let chain = state.final_chain();
    let result = chain.and_then(|chain| state.result_of(index, chain));
    let is_over = matches!(status, PartitionStatus::Completed | PartitionStatus::Failed);
    let mut checkpoints: Vec<SavedCheckpoint> = state
        .checkpoints(index)
        .map(|entry| {
            let place = entry.operation.saturating_sub(1);
            SavedCheckpoint {
                operation_name: entry.operator.clone(),
                operation_idx: place,
                checkpoint_path: entry.file.path.clone(),
                timestamp: history.checkpoints.get(&place).copied(),
                rows: entry.rows,
                bytes: entry.file.length,
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
        current_op: history
            .current
            .filter(|_| status == PartitionStatus::Processing),
        completed_ops: result.map_or_else(Vec::new, completed_operations),
        checkpoints,
        attempts: state.attempts(index),
    }
}

/// Where nobody drives the job, nothing is at work, whatever the journal says last.
fn shown_status(index: u32, job: &JobView, state: &JobState) -> PartitionStatus {
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

/// How each operator did, over all completed partitions.
pub(crate) fn performance(state: &JobState) -> Vec<OperatorPerformance> {
    let mut sum = Sum::default();
    if let Some(chain) = state.final_chain() {
        let indices = 0..state.partition_count();
        indices
            .filter_map(|index| state.result_of(index, chain))
            .for_each(|result| sum.add(result));
    }
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
                name: operator.name.clone(),
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

fn progress(job: &JobView, state: &JobState, history: &History) -> OverallProgress {
    // Without a journal the summary's counts are the best there are.
    let totals = if state.plan().is_some() {
        state.totals()
    } else {
        job.totals
    };
    let indices = 0..state.partition_count();
    let processing =
        indices.filter(|index| shown_status(*index, job, state) == PartitionStatus::Processing);
    let elapsed = elapsed_seconds(job, history);
    let plan_complete = state.plan_complete();
    let is_over = job.status.name().starts_with("completed");
    let share = f64::from(totals.completed) / f64::from(totals.partitions.max(1));
    OverallProgress {
        total_partitions: totals.partitions,
        completed_partitions: totals.completed,
        processing_partitions: processing.count() as u32,
        failed_partitions: totals.failed,
        progress_percentage: if is_over && totals.partitions == 0 {
            100.0
        } else {
            100.0 * share
        },
        total_samples: totals.records,
        processed_samples: totals.processed,
        estimated_remaining_seconds: elapsed
            .filter(|_| job.liveness.is_alive() && plan_complete)
            .and_then(|elapsed| remaining_seconds(state, elapsed)),
        elapsed_time_seconds: elapsed,
        job_status: job.status.name().to_owned(),
        plan_complete,
        exported_samples: totals.exported,
        dropped_samples: totals.dropped,
        quarantined_samples: totals.quarantined,
    }
}

fn elapsed_seconds(job: &JobView, history: &History) -> Option<f64> {
    let start = job.start_time?;
    let alive_until = job.liveness.is_alive().then(now_seconds);
    let end = alive_until.or(job.end_time).or(history.last_event)?;
    Some((end - start).max(0.0))
}

/// At the pace of the newest driver: what earlier ones did took it no time.
fn remaining_seconds(state: &JobState, elapsed: f64) -> Option<f64> {
    let epoch = state.current_epoch()?.epoch;
    let chain = state.final_chain()?;
    let indices = 0..state.partition_count();
    let (mut done, mut left) = (0_u64, 0_u64);
    for index in indices {
        match state.result_of(index, chain) {
            Some(result) if result.epoch == epoch => done += result.ledger.records,
            Some(_) => {}
            None if state.failure(index).is_some() => {}
            None => {
                left += state
                    .partition(index)
                    .map_or(0, |planned| planned.slice.records)
            }
        }
    }
    (done > 0).then(|| elapsed / done as f64 * left as f64)
}

#[cfg(test)]
mod tests;
