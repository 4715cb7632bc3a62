//! The jobs below a folder, and how each one stands.

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

/// How a job stands, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShownStatus {
    /// As its driver says, or said when it ended.
    Said(Status),
    /// Its driver is dead and has not said how it ended.
    Interrupted,
}

impl ShownStatus {
    /// The name in output: that of the status, or `interrupted`.
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

/// A job as it can be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    /// Where everything of it is.
    pub layout: Layout,
    /// How it stands.
    pub status: ShownStatus,
    /// What it is at, or was when it ended; none where only the journal is left.
    pub phase: Option<Phase>,
    /// When the job began, in its first run, in seconds since 1970. Where there is no summary: when the newest driver began.
    pub start_time: Option<f64>,
    /// When the newest driver began, in seconds since 1970.
    pub run_start_time: Option<f64>,
    /// When it ended, in seconds since 1970.
    pub end_time: Option<f64>,
    /// The counts.
    pub totals: Totals,
    /// Whether somebody drives it, and who.
    pub liveness: Liveness,
    /// The summary, if it can be read.
    pub summary: Option<JobSummary>,
    /// What is wrong with the files that were looked at.
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
    /// A folder whose driver died before it wrote anything down.
    NeverStarted {
        /// The name of the folder.
        name: String,
        /// The folder.
        job_dir: PathBuf,
    },
    /// A folder that looks like a job's and cannot be shown.
    Unreadable {
        /// The name of the folder.
        name: String,
        /// The folder.
        job_dir: PathBuf,
        /// Why it cannot be shown.
        reason: String,
    },
}

impl ListedJob {
    /// The name of the job's folder.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Job(view) => view.layout.job_id().as_str(),
            Self::NeverStarted { name, .. } | Self::Unreadable { name, .. } => name,
        }
    }

    /// The job, where it can be shown.
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

/// Lists the jobs below a folder, the newest first; those that cannot be shown come last.
///
/// What does not look like a job is passed over: files, other folders, links that lead nowhere.
/// A folder that is not there has no jobs.
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

/// Returns the job in this folder, if it looks like a job's.
pub(crate) fn list_job(base_dir: &Path, dir: &Path) -> Option<ListedJob> {
    // The folder that cannot be entered may be a job; that is told, not passed over.
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
    /// Looks at a job: at its summary and heartbeat, and at its journal where they do not suffice.
    ///
    /// # Errors
    ///
    /// [`Error::NewerSchema`] for files of a newer release; else only if neither the summary nor
    /// the journal can be read: [`Error::NeverStarted`] if there is neither and nobody drives the job, else the
    /// journal's error.
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

    /// Returns for how many seconds the newest driver has worked, or did; none where that is not known.
    #[must_use]
    pub fn run_seconds(&self, now: f64) -> Option<f64> {
        let end = match self.liveness.is_alive() {
            true => now,
            false => self.end_time?,
        };
        Some((end - self.run_start_time?).max(0.0))
    }

    /// Returns for how many seconds the job was worked on, in all its runs; of a driver that died, until it last said so.
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

    /// Returns whether the summary and the heartbeat said all that is shown.
    pub(crate) fn is_from_summary(&self) -> bool {
        let mut view = self.clone();
        view.take_summary()
    }

    /// Shows what the summary says; gives whether that is all there is to know.
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
        // A driver that died early may have left the summary of the one before it.
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

    /// Returns whether there is no summary, not even one that cannot be read, and nobody who will write one.
    fn is_blank(&self) -> bool {
        let summary = self.layout.summary();
        let is_absent = matches!(summary.try_exists(), Ok(false));
        is_absent && !self.liveness.is_alive()
    }

    /// Without a journal a summary that speaks of an end is all there is.
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
