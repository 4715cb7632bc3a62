//! What can go wrong with a job, by what a caller can do about it.

use std::path::PathBuf;

use crate::civil::Utc;
use crate::driver::DriverIdentity;
use crate::id::{InvalidJobId, JobId};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a job cannot be found, driven, continued or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is no job id.
    #[error(transparent)]
    InvalidJobId(#[from] InvalidJobId),
    /// There is no such job.
    #[error("there is no job `{job_id}` in `{}`", base_dir.display())]
    UnknownJob {
        /// The id that was asked for.
        job_id: JobId,
        /// Where it was looked for.
        base_dir: PathBuf,
    },
    /// A new job was asked for, and the id is taken.
    #[error(
        "the job `{job_id}` exists already: resume it, start it anew with --fresh, or choose another id"
    )]
    JobExists {
        /// The id.
        job_id: JobId,
    },
    /// A job was to be resumed that has no journal.
    #[error("there is nothing to resume: `{}` holds no journal", path.display())]
    NothingToResume {
        /// The folder where the journal should be.
        path: PathBuf,
    },
    /// A job was to be shown that nothing is known of: its first driver died before it wrote anything down.
    #[error("job `{job_id}` never started; `coldpress jobs remove {job_id}` removes it")]
    NeverStarted {
        /// The id.
        job_id: JobId,
    },
    /// A folder was needed, and a job lies behind a URL.
    #[error("`{url}` is no folder, and can only be used where stores behind URLs can")]
    NoFolder {
        /// The URL.
        url: String,
    },
    /// A folder of the job cannot be made.
    #[error("cannot make the folder `{}`: {problem}; {advice}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is in the way.
        problem: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// A path in one of the job's files leads out of the job.
    #[error("`{path}` leads out of the folders of the job and is not followed")]
    OutsideJob {
        /// The path as it stands in the file.
        path: String,
    },
    /// A folder of the job is a link to elsewhere.
    #[error(
        "`{}` is a link to `{}`, and files of a job are not looked for behind links; put the folder itself there",
        path.display(), target.display()
    )]
    Linked {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// The journal is damaged, so that what is true about the job is not known.
    #[error(
        "the journal is damaged: `{}`, line {line}: {reason}; the job cannot be resumed, \
         --fresh starts it anew and keeps its old files", path.display()
    )]
    Damaged {
        /// The file of the journal.
        path: PathBuf,
        /// The number of the bad line, from 1; 0 where the file as a whole is meant.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The settings of the job's plan are in a form that this release does not know.
    #[error(
        "the settings of the job's plan cannot be read: {reason}; resume the job with the release that planned it, \
         or run with `--fresh` to plan it anew"
    )]
    UnreadablePlan {
        /// What is wrong with them.
        reason: String,
    },
    /// A record contradicts what the journal says before it.
    #[error("{reason}")]
    Contradiction {
        /// What contradicts what.
        reason: String,
    },
    /// A file was written by a newer release.
    #[error(
        "`{}` has schema version {found}, and this release reads up to version {supported}; \
         use the release that wrote it", path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version that is understood here.
        supported: u32,
    },
    /// Another driver has taken the job over: nothing more may be published.
    #[error(
        "another driver took the job over (epoch {newer} began; this driver has epoch {epoch})"
    )]
    Superseded {
        /// The epoch of this driver.
        epoch: u64,
        /// The newest epoch.
        newer: u64,
    },
    /// A process of this host drives the job.
    #[error(
        "the job is running: process {} on {}, started {}; stop it first, or wait for it",
        driver.pid, driver.host, Utc::from_millis(driver.started_at_millis)
    )]
    Running {
        /// Who it is.
        driver: Box<DriverIdentity>,
    },
    /// A process of another host drives the job, or did when it was last heard of.
    #[error(
        "the job is driven from another host: process {} on {}, started {}; stop it there, \
         or, if that host is dead, resume the job with `coldpress process … --take-over`",
        driver.pid, driver.host, Utc::from_millis(driver.started_at_millis)
    )]
    RunningElsewhere {
        /// Who it is.
        driver: Box<DriverIdentity>,
    },
    /// Some process holds the lock and has not said who it is.
    #[error("`{}` is locked by a process that does not say who it is; find and end it", path.display())]
    LockHeld {
        /// The lock file.
        path: PathBuf,
    },
    /// The heartbeat cannot be understood, so that a driver on another host cannot be excluded.
    #[error(
        "cannot tell who drives the job: `{}` {reason}; if no other host runs it, resume it with \
         `coldpress process … --take-over`",
        path.display()
    )]
    UnreadableHeartbeat {
        /// The heartbeat file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The summary, which is only a view, cannot be understood.
    #[error("`{}` is not a job summary: {reason}", path.display())]
    UnreadableSummary {
        /// The summary file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be written, read or trusted.
    #[error(transparent)]
    Storage(coldpress_storage::Error),
}

impl Error {
    pub(crate) fn contradiction(reason: impl Into<String>) -> Self {
        Self::Contradiction {
            reason: reason.into(),
        }
    }

    pub(crate) fn io(
        action: &'static str,
        path: impl AsRef<std::path::Path>,
        source: std::io::Error,
    ) -> Self {
        Self::Storage(coldpress_storage::Error::io(action, path, source))
    }

    /// Returns whether someone else drives the job, so that a later try may succeed.
    #[must_use]
    pub fn is_driven_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::Running { .. }
                | Self::RunningElsewhere { .. }
                | Self::LockHeld { .. }
                | Self::Superseded { .. }
        )
    }
}

impl From<coldpress_storage::Error> for Error {
    fn from(error: coldpress_storage::Error) -> Self {
        match error {
            coldpress_storage::Error::Damaged {
                path, line, reason, ..
            } => Self::Damaged { path, line, reason },
            other => Self::Storage(other),
        }
    }
}
