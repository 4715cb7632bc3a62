//! How a job stands: from its journal, and from the summary, the heartbeat and the events as far as they are there.

mod partitions;
mod progress;

use std::collections::BTreeMap;

use coldpress_executor::{Deduplication, Loss, OperatorPerformance, deduplication, losses};
use coldpress_job::{
    DatasetMapping, Error as JobError, JobState, JobSummary, JobView, Journal, Layout,
    PartitionStatus, Phase, dataset_mapping,
};
use coldpress_storage::read_small;
use serde::Serialize;

use crate::error::Result;
use crate::history::{CurrentOperation, History};
use partitions::{partitions, performance};

pub(crate) use partitions::shown_status;
pub(crate) use progress::progress;

/// How a job stands. The JSON form has Data-Juicer's fields with its meaning, and some more.
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
    /// The records that deduplicators removed, and their sources, as far as they are resolved.
    pub deduplication: Vec<Deduplication>,
    /// Sources of which deduplicators removed nearly all.
    pub losses: Vec<Loss>,
    /// What the job is at, or was when it ended.
    pub phase: Option<Phase>,
    /// The operator that decides about the whole dataset at the moment.
    pub barrier: Option<String>,
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
    /// `pending`, `processing`, `completed`, `failed`, in the stage at work.
    pub status: PartitionStatus,
    /// Its records.
    pub sample_count: u64,
    /// When the last attempt began, in seconds since 1970; only the event log knows.
    pub start_time: Option<f64>,
    /// When it ended; only the event log knows.
    pub end_time: Option<f64>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// The operator at work, as the summary has it, else the event log.
    pub current_op: Option<CurrentOperation>,
    /// The operators that its published result went through.
    pub completed_ops: Vec<CompletedOperation>,
    /// Its checkpoints that are kept.
    pub checkpoints: Vec<SavedCheckpoint>,
    /// Attempts made.
    pub attempts: u32,
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
    /// The stage at work, from 0, that the counts are about.
    pub stage: u32,
    /// How many stages there are; 0 where that is not known.
    pub stages: u32,
    /// The same for people, as `stage 2 of 3`; none where there is but one, or all are done.
    #[serde(skip)]
    pub stage_at_work: Option<String>,
    /// Partitions planned so far.
    pub total_partitions: u32,
    /// Partitions with a published result of the stage.
    pub completed_partitions: u32,
    /// Partitions at work.
    pub processing_partitions: u32,
    /// Partitions out of retries.
    pub failed_partitions: u32,
    /// Completed ones of all, over all stages, times 100.
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
    /// Records that come out of the last operator of the stage.
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
    let deduplication = deduplication(&state);
    let summary_error = job
        .summary
        .as_ref()
        .and_then(|summary| summary.error_message.clone());
    Ok(MonitorView {
        job_id: layout.job_id().to_string(),
        partition_status: partitions(&job, &state, &history),
        overall_progress: progress(&job, &state, &history),
        operators: performance(&state),
        losses: losses(&deduplication),
        deduplication,
        phase: job.phase,
        barrier: barrier(&job, &state),
        start_time: job.start_time,
        error_message: finish.map_or(summary_error, |finish| finish.error.clone()),
        dataset_mapping: mapping,
        job_summary: job.summary,
        remarks,
    })
}

pub(crate) fn barrier(job: &JobView, state: &JobState) -> Option<String> {
    let is_at_barrier = job.phase == Some(Phase::Resolving) && job.liveness.is_alive();
    let recipe = state.recipe().filter(|_| is_at_barrier)?;
    recipe
        .barrier_after(state.stage_at_work())
        .map(str::to_owned)
}

/// A million partitions take some 500 bytes each.
const MAX_MAPPING_BYTES: u64 = 1 << 30;

/// The mapping as the journal has it; why it was cut so stands in the saved one alone.
fn mapping_of(layout: &Layout, state: &JobState) -> Option<DatasetMapping> {
    let saved = read_small(layout.dataset_mapping(), MAX_MAPPING_BYTES).ok();
    let saved: Option<DatasetMapping> = saved.and_then(|json| serde_json::from_slice(&json).ok());
    if state.plan().is_none() {
        return saved;
    }
    let decisions = saved.map_or_else(Vec::new, |mapping| mapping.decisions);
    Some(dataset_mapping(state, &decisions))
}

#[cfg(test)]
mod tests;
