//! A first look at a job: everything but the list of its partitions, of which there may be a million.

use coldpress_executor::OperatorPerformance;
use coldpress_job::{Figures, JobView, PartitionStatus, Phase};

use super::progress::{given_out, progress};
use super::{MonitorView, OverallProgress};
use crate::history::CurrentOperation;
use crate::monitor::partitions::at_work;

/// A first look at a job. It is made from the counts that the driver of a large job keeps, so it takes no longer if there are a
/// million partitions.
#[derive(Clone, Debug)]
pub struct Glance {
    /// The job.
    pub job_id: String,
    /// The dataset; none before the job is planned.
    pub dataset: Option<GlanceDataset>,
    /// The job as a whole.
    pub overall_progress: OverallProgress,
    /// The performance of each operator, over all completed partitions.
    pub operators: Vec<OperatorPerformance>,
    /// The current phase, while the job runs.
    pub phase: Option<Phase>,
    /// The operator that decides about the whole dataset at the moment.
    pub barrier: Option<String>,
    /// The time when the job began, in its first run, in seconds since 1970.
    pub start_time: Option<f64>,
    /// The reason why the job failed.
    pub error_message: Option<String>,
    /// The partitions at work, in order.
    pub at_work: Vec<PartitionAtWork>,
    /// The partitions that are out of retries, in order.
    pub failed: Vec<PartitionOutOfRetries>,
    /// The number of checkpoints that are kept.
    pub checkpoints: u64,
    /// The length of their files in bytes.
    pub checkpoint_bytes: u64,
    /// The damage of the journal; what the journal says is then not known.
    pub damage: Option<String>,
    /// Problems with the files of the job.
    pub remarks: Vec<String>,
}

/// The dataset of a job, and how it was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlanceDataset {
    /// The path of the source, or of all sources separated by `, `.
    pub path: String,
    /// Records planned so far.
    pub samples: u64,
    /// The most records that a partition may have.
    pub partition_size: u64,
}

/// A partition at work.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionAtWork {
    /// The partition.
    pub partition: u32,
    /// Its records.
    pub samples: u64,
    /// The number of the attempt, counted since the newest driver began.
    pub attempt: u32,
    /// The operator at work; none while it waits for a worker.
    pub current_op: Option<CurrentOperation>,
}

/// A partition that is out of retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionOutOfRetries {
    /// The partition.
    pub partition: u32,
    /// Its records.
    pub samples: u64,
    /// The last error.
    pub error: String,
}

impl Glance {
    pub(super) fn of(
        job: JobView,
        figures: &Figures,
        last_event: Option<f64>,
        remarks: Vec<String>,
    ) -> Self {
        let samples = |partition| figures.records_of(partition).unwrap_or(0);
        let given_out = given_out(&job, figures).map(|(partition, attempt)| PartitionAtWork {
            partition,
            samples: samples(partition),
            attempt,
            current_op: at_work(partition, &job),
        });
        let failed = figures.failed().map(|failure| PartitionOutOfRetries {
            partition: failure.partition,
            samples: samples(failure.partition),
            error: failure.error.clone(),
        });
        let (checkpoints, checkpoint_bytes) = figures.checkpoints();
        let dataset = figures.dataset_path().map(|path| GlanceDataset {
            path: path.to_owned(),
            samples: figures.totals().records,
            partition_size: figures.partition_size(),
        });
        Self {
            job_id: job.layout.job_id().to_string(),
            dataset,
            overall_progress: progress(&job, figures, last_event),
            operators: OperatorPerformance::of_job(figures),
            phase: job.phase.filter(|_| job.liveness.is_alive()),
            barrier: barrier_of(&job, figures),
            start_time: job.start_time,
            error_message: match figures.finished() {
                Some(finish) => finish.error.clone(),
                None => job
                    .summary
                    .as_ref()
                    .and_then(|summary| summary.error_message.clone()),
            },
            at_work: given_out.collect(),
            failed: failed.collect(),
            checkpoints,
            checkpoint_bytes,
            damage: None,
            remarks,
        }
    }
}

/// Returns the operator that decides about the whole dataset at the moment.
fn barrier_of(job: &JobView, figures: &Figures) -> Option<String> {
    let is_at_barrier = job.phase == Some(Phase::Resolving) && job.liveness.is_alive();
    let recipe = figures.recipe().filter(|_| is_at_barrier)?;
    recipe
        .barrier_after(recipe.stage_at_work())
        .map(str::to_owned)
}

impl MonitorView {
    /// Returns the first look at the job that this view contains.
    #[must_use]
    pub fn glance(&self) -> Glance {
        let of = |wanted: PartitionStatus| {
            let partitions = self.partition_status.iter();
            partitions.filter(move |(_, partition)| partition.status == wanted)
        };
        let at_work = of(PartitionStatus::Processing).map(|(partition, view)| PartitionAtWork {
            partition: *partition,
            samples: view.sample_count,
            attempt: view.attempts,
            current_op: view.current_op.clone(),
        });
        let failed = of(PartitionStatus::Failed).map(|(partition, view)| PartitionOutOfRetries {
            partition: *partition,
            samples: view.sample_count,
            error: view.error_message.clone().unwrap_or_default(),
        });
        let checkpoints = || {
            let partitions = self.partition_status.values();
            partitions.flat_map(|partition| &partition.checkpoints)
        };
        // A file may hold several checkpoints.
        let files = checkpoints().map(|one| (one.checkpoint_path.as_str(), one.bytes));
        let files: std::collections::BTreeMap<_, _> = files.collect();
        Glance {
            job_id: self.job_id.clone(),
            dataset: self.dataset_mapping.as_ref().map(|mapping| GlanceDataset {
                path: mapping.original_dataset_path.clone(),
                samples: mapping.original_dataset_size,
                partition_size: mapping.partition_size,
            }),
            overall_progress: self.overall_progress.clone(),
            operators: self.operators.clone(),
            phase: self.phase,
            barrier: self.barrier.clone(),
            start_time: self.start_time,
            error_message: self.error_message.clone(),
            at_work: at_work.collect(),
            failed: failed.collect(),
            checkpoints: checkpoints().count() as u64,
            checkpoint_bytes: files.values().sum(),
            damage: self.damage.clone(),
            remarks: self.remarks.clone(),
        }
    }
}
