//! The page that is written when a job ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use coldpress_job::{Error as JobError, Layout};
use coldpress_operator::Registry;
use coldpress_storage::{StoreSchemes, replace_unsynced};

use crate::error::{Error, Result};
use crate::job_report::{Limits, ReportOptions, job_report};
use crate::page::render_page;
use crate::quantity::bytes;

/// The outcome for the page at the end of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastPage {
    /// It was written to this file.
    Written(PathBuf),
    /// It was left out, for this reason, because it would have taken too long in proportion to the job.
    LeftOut(String),
    /// The job was refused before it began, so there is nothing to show.
    NeverStarted,
}

/// The part of the job's time that its page may take, as its inverse.
const PART_OF_JOB: u32 = 30;

/// The time that the page may take even if the job was very short.
const LEAST_TIME: Duration = Duration::from_millis(50);

/// The number of bytes of journals and event logs that a slow machine reads per second.
const BYTES_PER_SECOND: f64 = 100e6;

/// Writes the page of a job that has ended to `report.html` in its folder, unless that would take more than a small part of the
/// time that the job `worked`.
///
/// # Errors
/// Those of [`job_report`](crate::job_report()), and an error if the page cannot be written. The page is a view, and nothing
/// depends on it.
pub fn write_last_page(
    layout: &Layout,
    registry: &Registry,
    schemes: &StoreSchemes,
    worked: Duration,
) -> Result<LastPage> {
    let allowed = LEAST_TIME.max(worked / PART_OF_JOB);
    let size = size_of(&layout.journal_dir()) + size_of(layout.event_log_dir());
    if size as f64 / BYTES_PER_SECOND > allowed.as_secs_f64() {
        return Ok(LastPage::LeftOut(format!(
            "reading {} of journal and events takes long beside the job's own time",
            bytes(size)
        )));
    }
    let options = ReportOptions {
        registry,
        schemes,
        limits: Limits {
            reading: allowed / 2,
            ..Limits::default()
        },
    };
    let report = match job_report(layout, &options) {
        Err(Error::Job(JobError::NeverStarted { .. } | JobError::NothingToResume { .. })) => {
            return Ok(LastPage::NeverStarted);
        }
        report => report?,
    };
    let page = render_page(&report)?;
    let path = layout.page();
    replace_unsynced(&path, page.as_bytes())?;
    layout.put_view(&path)?;
    Ok(LastPage::Written(layout.shown_path(&path)))
}

/// Adds up the files of a folder, without those of folders in it.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| entry.metadata().ok().filter(|found| found.is_file()));
    files.map(|found| found.len()).sum()
}
