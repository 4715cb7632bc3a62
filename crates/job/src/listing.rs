//! The jobs below a folder, and the status of each.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::civil::seconds_of;
use crate::journal::{Figures, FiguresFollower};
use crate::layout::Layout;
use crate::lock::Liveness;
use crate::status::{Phase, Status};
use crate::summary::JobSummary;
use crate::totals::Totals;
use crate::{DriverIdentity, Error, JobId, Result};

/// The status of a job, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShownStatus {
    /// The status that its driver reports, or reported when it ended.
    Said(Status),
    /// The driver is dead and has not said how it ended.
    Interrupted,
}

impl ShownStatus {
    /// Returns the name for output: that of the status, or `interrupted`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Said(status) => status.name(),
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for ShownStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for ShownStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A job in the form in which it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    /// The places of its files.
    pub layout: Layout,
    /// The status of the job.
    pub status: ShownStatus,
    /// The current phase, or the last one if the job ended; none if only the journal is left.
    pub phase: Option<Phase>,
    /// The time when the first run of the job began, in seconds since 1970. Without a summary, it is the time when the newest
    /// driver began.
    pub start_time: Option<f64>,
    /// The time when the newest driver began, in seconds since 1970.
    pub run_start_time: Option<f64>,
    /// The time when it ended, in seconds since 1970.
    pub end_time: Option<f64>,
    /// The counts.
    pub totals: Totals,
    /// The liveness of its driver, and the driver's identity.
    pub liveness: Liveness,
    /// The summary, if it can be read.
    pub summary: Option<JobSummary>,
    /// Errors in the files that were looked at.
    pub remarks: Vec<String>,
}

/// An entry of a listing.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all entries are of the large kind"
)]
pub enum ListedJob {
    /// A job.
    Job(JobView),
    /// A folder whose driver died before it wrote anything.
    NeverStarted {
        /// The name of the folder.
        name: String,
        /// The folder.
        job_dir: PathBuf,
    },
    /// A folder that looks like a job's but cannot be shown.
    Unreadable {
        /// The name of the folder.
        name: String,
        /// The folder.
        job_dir: PathBuf,
        /// The reason why it cannot be shown.
        reason: String,
    },
}

impl ListedJob {
    /// Returns the name of the job's folder.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Job(view) => view.layout.job_id().as_str(),
            Self::NeverStarted { name, .. } | Self::Unreadable { name, .. } => name,
        }
    }

    /// Returns the job, if it can be shown.
    #[must_use]
    pub fn job(&self) -> Option<&JobView> {
        match self {
            Self::Job(view) => Some(view),
            Self::NeverStarted { .. } | Self::Unreadable { .. } => None,
        }
    }

    fn start_time(&self) -> f64 {
        self.job().and_then(|view| view.start_time).unwrap_or(0.0)
    }
}

/// Lists the jobs below a folder, the newest first. Those that cannot be shown come last.
///
/// Entries that do not look like a job are skipped: files, other folders, dangling links. A folder that does not exist has no jobs.
///
/// # Errors
///
/// [`Error::Storage`] if the folder cannot be listed.
pub fn list_jobs(base_dir: &Path) -> Result<Vec<ListedJob>> {
    let entries = match fs::read_dir(base_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::io("list", base_dir, source)),
    };
    let mut jobs = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| Error::io("list", base_dir, source))?;
        jobs.extend(list_job(base_dir, &entry.path()));
    }
    newest_first(&mut jobs);
    Ok(jobs)
}

pub(crate) fn newest_first(jobs: &mut [ListedJob]) {
    jobs.sort_by(|a, b| {
        let by_time = b.start_time().total_cmp(&a.start_time());
        by_time.then_with(|| a.name().cmp(b.name()))
    });
}

/// Returns the job in this folder, if the folder looks like a job's.
pub(crate) fn list_job(base_dir: &Path, dir: &Path) -> Option<ListedJob> {
    // A folder that cannot be entered may be a job, so it is reported, not skipped.
    let metadata = fs::metadata(dir).ok()?;
    let name = dir.file_name()?.to_string_lossy().into_owned();
    if !metadata.is_dir() || name.starts_with('.') {
        return None;
    }
    let looks_like_job = ["journal", "job_summary.json", "job.heartbeat"]
        .iter()
        .any(|file| dir.join(file).symlink_metadata().is_ok());
    let is_closed = fs::read_dir(dir).is_err() && name.parse::<JobId>().is_ok();
    if !looks_like_job && !is_closed {
        return None;
    }
    let view = name
        .parse::<JobId>()
        .map_err(Error::from)
        .and_then(|job_id| Layout::at(base_dir, job_id))
        .and_then(JobView::of);
    Some(match view {
        Ok(view) => ListedJob::Job(view),
        Err(Error::NeverStarted { .. }) => ListedJob::NeverStarted {
            name,
            job_dir: dir.to_path_buf(),
        },
        Err(error) => ListedJob::Unreadable {
            name,
            job_dir: dir.to_path_buf(),
            reason: error.to_string(),
        },
    })
}

impl JobView {
    /// Looks at the summary and the heartbeat of a job, and at its journal if they do not suffice.
    ///
    /// # Errors
    ///
    /// [`Error::NewerSchema`] for files of a newer release. Otherwise it fails only if neither the summary nor the journal can be
    /// read: with [`Error::NeverStarted`] if neither exists and nobody drives the job, or else with the journal's error.
    pub fn of(layout: Layout) -> Result<Self> {
        let mut remarks = Vec::new();
        let liveness = match Liveness::of(&layout) {
            Ok(liveness) => liveness,
            Err(error @ Error::NewerSchema { .. }) => return Err(error),
            Err(error) => {
                remarks.push(error.to_string());
                Liveness::Nobody(None)
            }
        };
        let summary = match JobSummary::read(&layout) {
            Ok(Some(summary)) => Some(summary),
            Ok(None) => {
                remarks.push("there is no job summary".to_owned());
                None
            }
            Err(error @ Error::NewerSchema { .. }) => return Err(error),
            Err(error) => {
                remarks.push(error.to_string());
                None
            }
        };
        let mut view = Self {
            layout,
            status: ShownStatus::Interrupted,
            phase: None,
            start_time: None,
            run_start_time: None,
            end_time: None,
            totals: Totals::default(),
            liveness,
            summary,
            remarks,
        };
        if !view.take_summary() {
            view.take_journal()?;
        }
        Ok(view)
    }

    /// Returns for how many seconds the newest driver has worked, or did; none if that is not known.
    #[must_use]
    pub fn run_seconds(&self, now: f64) -> Option<f64> {
        let end = match self.liveness.is_alive() {
            true => now,
            false => self.end_time?,
        };
        Some((end - self.run_start_time?).max(0.0))
    }

    /// Returns for how many seconds the job was worked on, in all its runs. For a driver that died, the time ends with its last
    /// report.
    #[must_use]
    pub fn seconds_at_work(&self, now: f64) -> Option<f64> {
        let summary = self.summary.as_ref();
        let earlier = summary.map_or(0.0, |summary| summary.earlier_seconds);
        let until_it_said = || {
            let summary = summary.filter(|summary| summary.runs > 0);
            summary.map(|summary| summary.seconds_at_work)
        };
        self.run_seconds(now)
            .map(|run| earlier + run)
            .or_else(until_it_said)
    }

    /// Returns how many runs worked on the job, as far as that is known.
    #[must_use]
    pub fn runs(&self) -> u32 {
        let summary = self.summary.as_ref();
        summary.map_or(1, |summary| summary.runs.max(1))
    }

    /// Returns whether everything shown comes from the summary and the heartbeat.
    pub(crate) fn is_from_summary(&self) -> bool {
        let mut view = self.clone();
        view.take_summary()
    }

    /// Takes the values of the summary. Returns whether they are all there is to know.
    fn take_summary(&mut self) -> bool {
        let Some(summary) = &self.summary else {
            return false;
        };
        self.status = ShownStatus::Said(summary.status);
        self.phase = Some(summary.phase);
        self.start_time = Some(summary.start_time);
        self.run_start_time = Some(summary.newest_start());
        self.end_time = summary.end_time;
        self.totals = summary.totals;
        let driver: Option<&DriverIdentity> = self.liveness.driver();
        // A driver that died early may have left the summary of the driver before it.
        let is_last_word = driver.is_none_or(|driver| summary.is_of(driver));
        match (self.liveness.is_alive(), summary.status.is_terminal()) {
            (true, true) if !is_last_word => {
                self.status = ShownStatus::Said(Status::Running);
                self.end_time = None;
                true
            }
            (true, _) => true,
            (false, terminal) => terminal && is_last_word,
        }
    }

    fn take_journal(&mut self) -> Result<()> {
        match FiguresFollower::new(&self.layout).look() {
            Ok(figures) => self.take_figures(figures),
            Err(error @ Error::NewerSchema { .. }) => return Err(error),
            Err(Error::NothingToResume { .. }) if self.is_blank() => {
                return Err(Error::NeverStarted {
                    job_id: self.layout.job_id().clone(),
                });
            }
            Err(error) if self.summary.is_none() => return Err(error),
            Err(Error::NothingToResume { .. }) if !self.liveness.is_alive() => {
                self.keep_terminal_word();
            }
            Err(error) => {
                self.keep_terminal_word();
                self.remarks.push(error.to_string());
            }
        }
        Ok(())
    }

    /// Returns whether there is no summary, not even an unreadable one, and nobody who will write one.
    fn is_blank(&self) -> bool {
        let summary = self.layout.summary();
        let is_absent = matches!(summary.try_exists(), Ok(false));
        is_absent && !self.liveness.is_alive()
    }

    /// Keeps a final status in the summary if there is no journal, because it is all there is.
    fn keep_terminal_word(&mut self) {
        let said = matches!(self.status, ShownStatus::Said(status) if status.is_terminal());
        if !said && !self.liveness.is_alive() {
            self.status = ShownStatus::Interrupted;
        }
    }

    fn take_figures(&mut self, figures: &Figures) {
        self.totals = figures.totals();
        self.run_start_time = figures.started_at_millis().map(seconds_of);
        self.start_time = self.start_time.or(self.run_start_time);
        self.status = match figures.finished() {
            Some(finish) => ShownStatus::Said(finish.status),
            None if !self.liveness.is_alive() => ShownStatus::Interrupted,
            None if self.totals.partitions == 0 => ShownStatus::Said(Status::Planning),
            None => ShownStatus::Said(Status::Running),
        };
    }
}
