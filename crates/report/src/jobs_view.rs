//! The jobs of a folder as one value.

use std::path::Path;

use coldpress_events::time::now_seconds;
use coldpress_job::{JobView, ListedJob, Totals};
use serde::Serialize;

/// The jobs of a folder. The page of all jobs is made only from it.
#[derive(Clone, Debug, Serialize)]
pub struct JobsView {
    /// The folder.
    pub base_dir: String,
    /// The jobs, in the order of the listing.
    pub jobs: Vec<JobRow>,
}

/// A job in a list.
#[derive(Clone, Debug, Serialize)]
pub struct JobRow {
    /// The name of its folder, which is its id if the folder belongs to a job.
    pub job_id: String,
    /// Its status, or `interrupted`, `never_started` or `unreadable`.
    pub status: String,
    /// True if it has a report.
    pub has_page: bool,
    /// True if a driver is running.
    pub is_running: bool,
    /// The reason why it cannot be shown, or why it failed.
    pub reason: Option<String>,
    /// The share of its work that is done, over all stages, from 0 to 1.
    pub progress: f64,
    /// The stage at work, as `stage 2 of 3`, if there are several.
    pub stage: Option<String>,
    /// The counts.
    pub totals: Option<Totals>,
    /// The time at which the job began, in its first run, in seconds since 1970.
    pub start_time: Option<f64>,
    /// Seconds for which it was worked on, in all its runs.
    pub seconds: Option<f64>,
}

impl JobsView {
    /// Makes the view of a listing of this folder.
    #[must_use]
    pub fn of(base_dir: &Path, jobs: &[ListedJob]) -> Self {
        Self {
            base_dir: base_dir.display().to_string(),
            jobs: jobs.iter().map(row).collect(),
        }
    }
}

fn row(job: &ListedJob) -> JobRow {
    match job {
        ListedJob::Job(view) => row_of(view),
        ListedJob::NeverStarted { name, .. } => without_counts(name, "never_started", None),
        ListedJob::Unreadable { name, reason, .. } => {
            without_counts(name, "unreadable", Some(reason.clone()))
        }
    }
}

fn row_of(view: &JobView) -> JobRow {
    let is_running = view.liveness.is_alive();
    let summary = view.summary.as_ref();
    JobRow {
        job_id: view.layout.job_id().to_string(),
        status: view.status.name().to_owned(),
        has_page: true,
        is_running,
        reason: summary.and_then(|summary| summary.error_message.clone()),
        progress: share_done(&view.totals, view.status.name().starts_with("completed")),
        stage: view.totals.stage_of_stages(),
        totals: Some(view.totals),
        start_time: view.start_time,
        seconds: view.seconds_at_work(now_seconds()),
    }
}

fn without_counts(name: &str, status: &str, reason: Option<String>) -> JobRow {
    JobRow {
        job_id: name.to_owned(),
        status: status.to_owned(),
        has_page: false,
        is_running: false,
        reason,
        progress: 0.0,
        stage: None,
        totals: None,
        start_time: None,
        seconds: None,
    }
}

/// Returns the share of the work that is done. A job without partitions is done when it is completed.
fn share_done(totals: &Totals, is_completed: bool) -> f64 {
    if is_completed && totals.partitions == 0 {
        return 1.0;
    }
    let share = f64::from(totals.completed) / f64::from(totals.partitions.max(1));
    (f64::from(totals.stage) + share) / f64::from(totals.stages.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_goes_over_all_stages() {
        let totals = Totals {
            stage: 1,
            stages: 2,
            partitions: 4,
            completed: 2,
            ..Totals::default()
        };
        assert!((share_done(&totals, false) - 0.75).abs() < 1e-9);
        assert!(share_done(&Totals::default(), false).abs() < 1e-9);
        assert!((share_done(&Totals::default(), true) - 1.0).abs() < 1e-9);
    }
}
