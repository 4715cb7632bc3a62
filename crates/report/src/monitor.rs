//! The state of a job: from its journal, and from the summary, the heartbeat and the events if they exist.

mod glance;
mod partitions;
mod progress;

use std::collections::BTreeMap;

use coldpress_executor::{Deduplication, Loss, OperatorPerformance, deduplication, losses};
use coldpress_job::{
    DatasetMapping, Error as JobError, Figures, FiguresFollower, JobState, JobSummary, JobView,
    JournalFollower, Layout, PartitionStatus, Phase, ShownStatus, dataset_mapping,
};
use coldpress_storage::read_small;
use serde::Serialize;

use crate::error::Result;
use crate::history::{CompletedOperation, CurrentOperation, History, HistoryReader};
use partitions::{partitions, performance};

pub use glance::{Glance, GlanceDataset, PartitionAtWork, PartitionOutOfRetries};
pub(crate) use partitions::shown_status;
pub(crate) use progress::progress;

/// The state of a job. The JSON form has Data-Juicer's fields with their meaning, and some more.
#[doc(alias = "show_job_progress")]
#[doc(alias = "JobProgressMonitor")]
#[derive(Clone, Debug, Serialize)]
pub struct MonitorView {
    /// The job.
    pub job_id: String,
    /// Its summary, if it can be read.
    pub job_summary: Option<JobSummary>,
    /// The mapping of the dataset to partitions, if it is known.
    pub dataset_mapping: Option<DatasetMapping>,
    /// The partitions planned so far, by number.
    pub partition_status: BTreeMap<u32, PartitionView>,
    /// The job as a whole.
    pub overall_progress: OverallProgress,
    /// The performance of each operator, over all completed partitions.
    pub operators: Vec<OperatorPerformance>,
    /// The records that deduplicators removed, and their sources, as far as they are resolved.
    pub deduplication: Vec<Deduplication>,
    /// Sources of which deduplicators removed nearly all.
    pub losses: Vec<Loss>,
    /// The current phase, or the last one if the job ended.
    pub phase: Option<Phase>,
    /// The operator that decides about the whole dataset at the moment.
    pub barrier: Option<String>,
    /// The time when the job began, in its first run, in seconds since 1970.
    pub start_time: Option<f64>,
    /// The reason why the job failed.
    pub error_message: Option<String>,
    /// The damage of the journal; what the journal says is then not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
    /// Problems with the files of the job.
    pub remarks: Vec<String>,
}

/// The state of a partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartitionView {
    /// `pending`, `processing`, `completed`, `failed`, in the stage at work.
    pub status: PartitionStatus,
    /// Its records.
    pub sample_count: u64,
    /// The time when the last attempt began, in seconds since 1970. Only the event log has it.
    pub start_time: Option<f64>,
    /// The time when it ended. Only the event log has it.
    pub end_time: Option<f64>,
    /// The reason why it failed.
    pub error_message: Option<String>,
    /// The operator at work, from the summary or else from the event log.
    pub current_op: Option<CurrentOperation>,
    /// The operators that its published result went through. Without a result, those before its last gate, as far as the event log
    /// has them.
    pub completed_ops: Vec<CompletedOperation>,
    /// Its checkpoints that are kept.
    pub checkpoints: Vec<SavedCheckpoint>,
    /// Attempts made.
    pub attempts: u32,
}

/// A checkpoint of a partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SavedCheckpoint {
    /// The operator after which it was written.
    pub operation_name: String,
    /// That operator's place in the recipe, from 0.
    pub operation_idx: u32,
    /// Its name in the checkpoint store.
    pub checkpoint_path: String,
    /// The time when it was written, in seconds since 1970. Only the event log has it.
    pub timestamp: Option<f64>,
    /// Its records.
    pub rows: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

/// The job as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OverallProgress {
    /// The stage at work, from 0, to which the counts refer.
    pub stage: u32,
    /// The number of stages; 0 if it is not known.
    pub stages: u32,
    /// The same for people, as `stage 2 of 3`; none if there is only one, or if all are done.
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
    /// The percentage of partitions that are completed, over all stages.
    pub progress_percentage: f64,
    /// Records planned so far.
    pub total_samples: u64,
    /// Records of the completed partitions.
    pub processed_samples: u64,
    /// The remaining time at the pace of this run; none while it is unknown.
    pub estimated_remaining_seconds: Option<f64>,
    /// The seconds from the start of the job to its end, or until now, including the time between its runs.
    pub elapsed_time_seconds: Option<f64>,
    /// The seconds for which it was worked on, in all its runs.
    pub seconds_at_work: Option<f64>,
    /// The number of runs that worked on it.
    pub runs: u32,
    /// The status of the job, or `interrupted`.
    pub job_status: String,
    /// True if no more partitions will be planned.
    pub plan_complete: bool,
    /// Records that come out of the last operator of the stage.
    pub exported_samples: u64,
    /// Records that operators dropped.
    pub dropped_samples: u64,
    /// Records in quarantine.
    pub quarantined_samples: u64,
    /// Records that operators made.
    pub made_samples: u64,
    /// Records that went into groups.
    pub absorbed_samples: u64,
    /// Records that were not drawn, if the recipe mixes its dataset.
    pub not_sampled_samples: u64,
    /// Records of the failed partitions.
    pub samples_in_failed: u64,
}

/// Looks at a job. It writes nothing, and may be called while the job runs.
///
/// Files that cannot be read are left out and listed in [`MonitorView::remarks`].
///
/// # Errors
/// Fails when neither journal nor summary can be read, or when a newer release wrote them.
pub fn monitor(layout: &Layout) -> Result<MonitorView> {
    JobWatch::new(layout.clone()).look()
}

/// A job as shown without details.
#[derive(Clone, Debug)]
pub enum FirstLook {
    /// A job with few partitions, which are all listed.
    Whole(Box<MonitorView>),
    /// A job of more than [`MOST_LISTED`] partitions.
    Glance(Box<Glance>),
}

/// The most partitions of a job that is shown with a full list. A larger job is shown without the partitions that have no problem.
pub const MOST_LISTED: u32 = 1_000;

/// Takes a first look at a job, which takes no longer if it has a million partitions. It writes nothing, and may be called while
/// the job runs.
///
/// # Errors
/// Those of [`monitor()`].
pub fn first_look(layout: &Layout) -> Result<FirstLook> {
    JobWatch::new(layout.clone()).first_look()
}

/// Looks at a job repeatedly. Each look reads only what was added to journal and event log since the last one.
#[derive(Debug)]
pub struct JobWatch {
    layout: Layout,
    journal: JournalFollower,
    figures: FiguresFollower,
    history: HistoryReader,
}

impl JobWatch {
    /// Watches this job. Nothing is read yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self {
            journal: JournalFollower::new(&layout),
            figures: FiguresFollower::new(&layout),
            history: HistoryReader::new(&layout),
            layout,
        }
    }

    /// Returns the current state of the job, like [`monitor()`].
    ///
    /// # Errors
    /// Those of [`monitor()`].
    pub fn look(&mut self) -> Result<MonitorView> {
        let view = self.look_at_known()?;
        match self.has_news(&view.overall_progress) {
            true => self.look_at_known(),
            false => Ok(view),
        }
    }

    /// Returns whether there may be news of a job whose driver seems to have died. The stand-in of a job in an object store may be
    /// some seconds old, and the driver may have ended properly since then.
    fn has_news(&self, progress: &OverallProgress) -> bool {
        let is_dead = progress.job_status == ShownStatus::Interrupted.name();
        is_dead && self.layout.url().is_some() && self.layout.bring().is_ok()
    }

    fn look_at_known(&mut self) -> Result<MonitorView> {
        let job = JobView::of(self.layout.clone())?;
        let mut remarks = job.remarks.clone();
        let nothing = JobState::default();
        let mut damage = None;
        let state = match self.journal.look() {
            Ok(state) => state,
            Err(error @ JobError::NewerSchema { .. }) => return Err(error.into()),
            Err(error) => {
                damage = take_damage(&error, &mut remarks);
                &nothing
            }
        };
        let mut view = view(&self.layout, job, state, self.history.look(), remarks);
        view.damage = damage;
        Ok(view)
    }

    /// Returns the current state of the job, like [`first_look()`].
    ///
    /// # Errors
    /// Those of [`monitor()`].
    pub fn first_look(&mut self) -> Result<FirstLook> {
        let view = self.first_look_at_known()?;
        match self.has_news(view.overall_progress()) {
            true => self.first_look_at_known(),
            false => Ok(view),
        }
    }

    fn first_look_at_known(&mut self) -> Result<FirstLook> {
        // Only the driver of a large job keeps its figures.
        if self.layout.figures().is_file()
            && let Some(glance) = self.glance()?
        {
            return Ok(FirstLook::Glance(Box::new(glance)));
        }
        let view = self.look_at_known()?;
        Ok(match view.overall_progress.total_partitions > MOST_LISTED {
            true => FirstLook::Glance(Box::new(view.glance())),
            false => FirstLook::Whole(Box::new(view)),
        })
    }

    /// Looks at the figures of the job; none if it is small enough to be shown in full.
    fn glance(&mut self) -> Result<Option<Glance>> {
        let job = JobView::of(self.layout.clone())?;
        let mut remarks = job.remarks.clone();
        let nothing = Figures::default();
        let mut damage = None;
        let figures = match self.figures.look() {
            Ok(figures) => figures,
            Err(error @ JobError::NewerSchema { .. }) => return Err(error.into()),
            Err(error) => {
                damage = take_damage(&error, &mut remarks);
                &nothing
            }
        };
        if figures.totals().partitions.max(job.totals.partitions) <= MOST_LISTED {
            return Ok(None);
        }
        // A driver that died has not recorded when, but its last event has a time.
        let is_end_known = job.liveness.is_alive() || job.end_time.is_some();
        let last_event = match is_end_known {
            true => None,
            false => last_event(&self.layout),
        };
        remarks.dedup();
        let mut glance = Glance::of(job, figures, last_event, remarks);
        glance.damage = damage;
        Ok(Some(glance))
    }
}

/// Returns the damage of a journal that an error is, which is then no remark; adds any other error to the remarks.
pub(crate) fn take_damage(error: &JobError, remarks: &mut Vec<String>) -> Option<String> {
    let told = error.to_string();
    if error.is_damage() {
        remarks.retain(|remark| *remark != told);
        return Some(told);
    }
    remarks.push(told);
    None
}

fn last_event(layout: &Layout) -> Option<f64> {
    let events = coldpress_events::last_events(layout.event_log_dir()).ok()?;
    events.last().map(|event| event.timestamp)
}

fn view(
    layout: &Layout,
    job: JobView,
    state: &JobState,
    history: &History,
    mut remarks: Vec<String>,
) -> MonitorView {
    remarks.extend(history.remark.clone());
    remarks.dedup();
    let mapping = mapping_of(layout, state);
    let finish = state.finished();
    let deduplication = deduplication(state);
    let summary_error = job
        .summary
        .as_ref()
        .and_then(|summary| summary.error_message.clone());
    MonitorView {
        job_id: layout.job_id().to_string(),
        partition_status: partitions(&job, state, history),
        overall_progress: progress(&job, &Figures::of(state), history.last_event),
        operators: performance(state),
        losses: losses(&deduplication),
        deduplication,
        phase: job.phase.filter(|_| job.liveness.is_alive()),
        barrier: barrier(&job, state),
        start_time: job.start_time,
        error_message: finish.map_or(summary_error, |finish| finish.error.clone()),
        dataset_mapping: mapping,
        job_summary: job.summary,
        damage: None,
        remarks,
    }
}

pub(crate) fn barrier(job: &JobView, state: &JobState) -> Option<String> {
    let is_at_barrier = job.phase == Some(Phase::Resolving) && job.liveness.is_alive();
    let recipe = state.recipe().filter(|_| is_at_barrier)?;
    recipe
        .barrier_after(state.stage_at_work())
        .map(str::to_owned)
}

/// The largest mapping. A million partitions take some 500 bytes each.
const MAX_MAPPING_BYTES: u64 = 1 << 30;

/// The largest saved mapping that is read just for its reasons. A look at a very large job should not take longer.
const READ_FOR_REASONS_BYTES: u64 = 16 << 20;

/// Returns the mapping according to the journal, with all reasons, which only the saved mapping has. The journal has only those of
/// the plan.
fn mapping_of(layout: &Layout, state: &JobState) -> Option<DatasetMapping> {
    let saved = |most| -> Option<DatasetMapping> {
        let json = read_small(layout.dataset_mapping(), most).ok()?;
        serde_json::from_slice(&json).ok()
    };
    let Some(plan) = state.plan() else {
        return saved(MAX_MAPPING_BYTES);
    };
    let decisions = saved(READ_FOR_REASONS_BYTES).map(|mapping| mapping.decisions);
    let decisions = decisions.unwrap_or_else(|| plan.decisions.clone());
    Some(dataset_mapping(state, &decisions))
}

#[cfg(test)]
mod tests;
