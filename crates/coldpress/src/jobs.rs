//! Finding jobs by their ids to look at them, follow their events and stop them, even from a program that does not run them.
//!
//! These are the commands `monitor`, `jobs`, `events`, `report` and `stop` as calls: they return the data that the commands
//! print. A job that does not exist is an [`UnknownJob`](crate::job::Error::UnknownJob).
//!
//! ```no_run
//! use coldpress::jobs::{self, JobHandle};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! for job in jobs::running(jobs::DEFAULT_DIR)? {
//!     let job = JobHandle::find(jobs::DEFAULT_DIR, job.layout.job_id().as_str())?;
//!     println!("{}: {:.1} %", job.id(), job.progress()?.overall_progress.progress_percentage);
//! }
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::events::{EventFilter, EventReader, Follow, follow, read_events};
use crate::executor::OperatorPerformance;
use crate::job::{
    self, InvalidJobId, JobId, JobSummary, JobView, JobsDir, Layout, ListedJob, Liveness,
    StopOptions, StopReport, stop_job,
};
use crate::report::{self, MonitorView, PartitionView, monitor};

/// The folder of jobs if a recipe names none in `work_dir`.
pub const DEFAULT_DIR: &str = "outputs/partition-checkpoint-eventlog";

/// The interval of the checks for new events in a log.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A job that exists, whether or not it is running, in this process or another.
#[doc(alias = "JobUtils")]
#[doc(alias = "JobStopper")]
#[doc(alias = "JobProgressMonitor")]
#[derive(Clone, Debug)]
pub struct JobHandle {
    layout: Layout,
}

impl JobHandle {
    /// Finds the job with this id in a folder of jobs, or below their URL. What is new of a job behind a URL is brought every two
    /// seconds, for as long as the handle is there.
    ///
    /// # Errors
    /// [`InvalidJobId`](crate::job::Error::InvalidJobId), [`UnknownJob`](crate::job::Error::UnknownJob) if there is no
    /// such job, [`Storage`](crate::job::Error::Storage) if its folder cannot be read.
    pub fn find(base_dir: impl AsRef<Path>, job: &str) -> job::Result<Self> {
        let id: JobId = job.parse().map_err(|error: InvalidJobId| error)?;
        let layout = JobsDir::new(base_dir.as_ref(), &crate::schemes()).find(id)?;
        layout.keep_fresh()?;
        Ok(Self { layout })
    }

    /// Returns the job's id.
    #[must_use]
    pub fn id(&self) -> &JobId {
        self.layout.job_id()
    }

    /// Returns where the job's files are.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the progress of the job, as `coldpress monitor --json` prints it. [`MonitorView::render`] formats it as text.
    ///
    /// # Errors
    /// Fails if nothing of the job can be read, or if a newer release wrote it.
    #[doc(alias = "show_job_progress")]
    #[doc(alias = "get_progress_data")]
    #[doc(alias = "calculate_overall_progress")]
    pub fn progress(&self) -> report::Result<MonitorView> {
        monitor(&self.layout)
    }

    /// Returns the status of each partition, by number.
    ///
    /// # Errors
    /// Those of [`progress`](Self::progress).
    #[doc(alias = "get_partition_status")]
    pub fn partitions(&self) -> report::Result<BTreeMap<u32, PartitionView>> {
        Ok(self.progress()?.partition_status)
    }

    /// Returns the counts and times of each operator over all partitions, or only of those with this name. They come from the
    /// journal, so they are right even without an event log.
    ///
    /// # Errors
    /// Those of [`progress`](Self::progress).
    #[doc(alias = "get_performance_summary")]
    pub fn performance(&self, operator: Option<&str>) -> report::Result<Vec<OperatorPerformance>> {
        let mut all = self.progress()?.operators;
        all.retain(|found| operator.is_none_or(|name| found.name == name));
        Ok(all)
    }

    /// Returns the progress of the job as a few lines of text.
    ///
    /// # Errors
    /// Those of [`progress`](Self::progress).
    #[doc(alias = "generate_status_report")]
    #[doc(alias = "display_progress")]
    pub fn status_report(&self) -> report::Result<String> {
        Ok(report::first_look(&self.layout)?.render_as(report::Look::Plain))
    }

    /// Reads the job's summary, a view that its driver writes every few seconds. None if there is none.
    ///
    /// # Errors
    /// Those of [`JobSummary::read`].
    #[doc(alias = "load_job_summary")]
    #[doc(alias = "get_job_summary")]
    pub fn summary(&self) -> job::Result<Option<JobSummary>> {
        JobSummary::read(&self.layout)
    }

    /// Returns whether a driver is running the job, as far as this host can see.
    ///
    /// # Errors
    /// Fails if the heartbeat cannot be read, or if a newer release wrote it.
    #[doc(alias = "is_job_running")]
    pub fn is_running(&self) -> job::Result<bool> {
        Ok(Liveness::of(&self.layout)?.is_alive())
    }

    /// Reads the job's events that pass a filter, oldest first, including those of earlier runs and of rotated files. The result is
    /// empty if the job has no event log.
    ///
    /// # Errors
    /// Fails if the folder of the log cannot be read.
    #[doc(alias = "get_events")]
    #[doc(alias = "load_event_logs")]
    pub fn events(&self, filter: EventFilter) -> crate::events::Result<EventReader> {
        read_events(self.layout.event_log_dir(), filter)
    }

    /// Reads the same as [`events`](Self::events), and then the events that are added, until the job's driver has gone.
    ///
    /// # Errors
    /// Those of [`events`](Self::events).
    #[doc(alias = "monitor_events")]
    pub fn follow_events(
        &self,
        filter: EventFilter,
    ) -> crate::events::Result<Follow<impl FnMut() -> bool>> {
        let layout = self.layout.clone();
        let is_over = move || !Liveness::of(&layout).is_ok_and(|liveness| liveness.is_alive());
        follow(self.layout.event_log_dir(), filter, LOOK_EVERY, is_over)
    }

    /// Stops the job: asks its driver to leave, and kills it if it does not leave in time. A job without a driver is already
    /// stopped.
    ///
    /// # Errors
    /// Those of [`crate::job::stop_job`].
    #[doc(alias = "stop_job")]
    #[doc(alias = "terminate_process_gracefully")]
    pub fn stop(&self, options: &StopOptions) -> job::Result<StopReport> {
        stop_job(&self.layout, options)
    }
}

/// Lists the jobs in a folder or below a URL that are running, the newest first. [`JobsDir::list`] lists them all.
///
/// # Errors
/// Fails if the folder cannot be listed.
#[doc(alias = "list_running_jobs")]
pub fn running(base_dir: impl AsRef<Path>) -> job::Result<Vec<JobView>> {
    let jobs = JobsDir::new(base_dir.as_ref(), &crate::schemes()).list()?;
    let jobs = jobs.into_iter();
    let shown = jobs.filter_map(|job| match job {
        ListedJob::Job(view) => Some(view),
        ListedJob::NeverStarted { .. } | ListedJob::Unreadable { .. } => None,
    });
    Ok(shown.filter(|view| view.liveness.is_alive()).collect())
}
