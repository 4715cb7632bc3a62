//! The job as a whole.

use coldpress_job::{Figures, JobState, PartitionStatus, Phase};
use serde::Serialize;

use super::Source;
use super::limits::cut;
use super::pace::{PacePoint, range};
use crate::history::History;
use crate::monitor::{OverallProgress, barrier, progress};

/// The job as a whole.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// The job.
    pub job_id: String,
    /// Its status, or `interrupted`.
    pub status: String,
    /// True if a driver is running.
    pub is_running: bool,
    /// The phase that the job is in, or was in when it ended.
    pub phase: Option<Phase>,
    /// The operator that decides about the whole dataset at the moment.
    pub barrier: Option<String>,
    /// The error with which it failed.
    pub error: Option<String>,
    /// The time at which the job began, in its first run, in seconds since 1970.
    pub start_time: Option<f64>,
    /// The time at which the job ended.
    pub end_time: Option<f64>,
    /// Its counts.
    pub progress: OverallProgress,
    /// The range of the remaining time, in seconds, based on how the pace has varied so far.
    pub remaining_range_seconds: Option<(f64, f64)>,
    /// Records that operators made.
    pub made_samples: u64,
    /// Records that went into groups.
    pub absorbed_samples: u64,
    /// Records of the partitions that failed.
    pub samples_in_failed: u64,
    /// Records that did not reach the first operator, because they could not be read or were dropped for having no text.
    pub rejected_samples: u64,
    /// The part of them that was dropped for having no text.
    pub without_text_samples: u64,
    /// Records that were not drawn, if the recipe mixes its dataset. They were read, and came no farther.
    pub not_sampled_samples: u64,
    /// Bytes of all partitions' records, unpacked.
    pub input_bytes: u64,
    /// Bytes of the records in the completed partitions.
    pub processed_bytes: u64,
    /// Bytes of the export, once it is in its place.
    pub export_bytes: Option<u64>,
    /// The dataset, as the recipe names it.
    pub dataset_path: Option<String>,
    /// The path of the export.
    pub export_path: Option<String>,
    /// The folder of the job.
    pub job_dir: String,
    /// The command that resumes the job.
    pub resumption_command: Option<String>,
}

/// The most characters of the dataset path, because a dataset of very many files has a path of very many paths.
const TEXT_CHARS: usize = 5_000;

impl Overview {
    /// Returns how many records of a finished job are neither in a result nor in a failed partition: the planner counted them, but
    /// the workers could not read them.
    pub(crate) fn not_read(&self) -> u64 {
        let progress = &self.progress;
        let known = progress.processed_samples + self.samples_in_failed;
        match progress.job_status.starts_with("completed") {
            true => progress.total_samples.saturating_sub(known),
            false => 0,
        }
    }
}

pub(super) fn overview(source: &Source<'_>, history: &History, pace: &[PacePoint]) -> Overview {
    let (job, state) = (source.job, source.state);
    let summary = job.summary.as_ref();
    let finished = state.finished();
    let said = |text: &String| (!text.is_empty()).then(|| cut(text, TEXT_CHARS));
    let totals = if state.plan().is_some() {
        state.totals()
    } else {
        job.totals
    };
    let progress = progress(job, &Figures::of(state), history.last_event);
    let committed = state.export().committed.as_ref();
    let rejected = rejected(state);
    Overview {
        job_id: source.layout.job_id().to_string(),
        status: progress.job_status.clone(),
        is_running: job.liveness.is_alive(),
        phase: job.phase,
        barrier: barrier(job, state),
        error: match finished {
            Some(finish) => finish.error.as_ref(),
            None => summary.and_then(|summary| summary.error_message.as_ref()),
        }
        .map(|error| cut(error, TEXT_CHARS)),
        start_time: job.start_time,
        end_time: job.end_time,
        remaining_range_seconds: progress
            .estimated_remaining_seconds
            .and_then(|remaining| range(pace, remaining)),
        made_samples: totals.made,
        absorbed_samples: totals.absorbed,
        samples_in_failed: totals.records_in_failed,
        rejected_samples: rejected.0,
        without_text_samples: rejected.1,
        not_sampled_samples: rejected.2,
        input_bytes: state
            .partitions()
            .map(|planned| planned.slice.bytes())
            .sum(),
        processed_bytes: processed_bytes(state),
        export_bytes: committed.map(|export| export.length),
        dataset_path: summary.and_then(|summary| said(&summary.dataset_path)),
        export_path: summary.and_then(|summary| said(&summary.export_path)),
        job_dir: source.layout.shown(),
        resumption_command: summary.and_then(|summary| said(&summary.resumption_command)),
        progress,
    }
}

/// Counts the records that the reader did not pass on, in the results so far: those that it could not read, and those without text
/// if the recipe requires one. The second count is of the latter alone, and the third is of the records that were not drawn.
fn rejected(state: &JobState) -> (u64, u64, u64) {
    let results = (0..state.partition_count()).filter_map(|index| state.farthest_result(index));
    let ledgers = results.map(|(_, result)| &result.ledger);
    ledgers.fold((0, 0, 0), |sum, ledger| {
        let rejected = ledger.sampled().saturating_sub(ledger.read());
        (
            sum.0 + rejected,
            sum.1 + ledger.without_text,
            sum.2 + ledger.not_sampled,
        )
    })
}

fn processed_bytes(state: &JobState) -> u64 {
    let completed = state.partitions().filter(|planned| {
        state.partition_status(planned.index) == Some(PartitionStatus::Completed)
    });
    completed.map(|planned| planned.slice.bytes()).sum()
}
