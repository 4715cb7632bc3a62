//! Errors about jobs, divided by what a caller can do about them.

use std::path::PathBuf;

use crate::civil::Utc;
use crate::driver::DriverIdentity;
use crate::id::{InvalidJobId, JobId};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a job cannot be found, driven, continued or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is not a job id.
    #[error(transparent)]
    InvalidJobId(#[from] InvalidJobId),
    /// There is no such job.
    #[error("there is no job `{job_id}` in `{}`", base_dir.display())]
    UnknownJob {
        /// The id that was asked for.
        job_id: JobId,
        /// The place where it was looked for.
        base_dir: PathBuf,
    },
    /// A new job was asked for, but the id is taken.
    #[error(
        "the job `{job_id}` exists already: resume it, start it anew with --fresh, or choose another id"
    )]
    JobExists {
        /// The id.
        job_id: JobId,
    },
    /// A job without a journal was to be resumed.
    #[error("there is nothing to resume: `{}` holds no journal", path.display())]
    NothingToResume {
        /// The folder where the journal should be.
        path: PathBuf,
    },
    /// A job was to be shown about which nothing is known, because its first driver died before it wrote anything.
    #[error("job `{job_id}` never started; `coldpress jobs remove {job_id}` removes it")]
    NeverStarted {
        /// The id.
        job_id: JobId,
    },
    /// A folder is needed, but the job is at a URL.
    #[error("`{url}` is not a folder, and can only be used where URLs of object stores can")]
    NoFolder {
        /// The URL.
        url: String,
    },
    /// A folder of the job cannot be created.
    #[error("cannot make the folder `{}`: {problem}; {advice}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The obstacle.
        problem: String,
        /// Advice for the user.
        advice: &'static str,
    },
    /// A path in one of the job's files leads out of the job.
    #[error("`{path}` leads out of the folders of the job and is not followed")]
    OutsideJob {
        /// The path, as it is in the file.
        path: String,
    },
    /// A folder of the job is a link to elsewhere.
    #[error(
        "`{}` is a link to `{}`, and files of a job are not searched for through links; put the folder itself there",
        path.display(), target.display()
    )]
    Linked {
        /// The link.
        path: PathBuf,
        /// The target of the link.
        target: PathBuf,
    },
    /// The journal is damaged, so the state of the job is not known.
    #[error(
        "the journal is damaged: `{}`{}: {reason}; the job cannot be resumed, \
         --fresh starts it anew and keeps its old files", path.display(), at_line(*line)
    )]
    Damaged {
        /// The file of the journal.
        path: PathBuf,
        /// The number of the bad line, from 1; 0 if the whole file is bad.
        line: u64,
        /// The reason.
        reason: String,
    },
    /// An object of the journal is missing, so the state of the job is not known.
    #[error(
        "the journal is damaged: `{url}` is missing, and there are later objects; restore it, as from an earlier version \
         if the bucket keeps them, or begin anew with another `job_id`"
    )]
    MissingObject {
        /// The URL of the object.
        url: String,
    },
    /// The settings of the job's plan have a form that this release does not know.
    #[error(
        "the settings of the job's plan cannot be read: {reason}; resume the job with the release that planned it, \
         or run with `--fresh` to plan it anew"
    )]
    UnreadablePlan {
        /// The reason.
        reason: String,
    },
    /// A record contradicts what the journal says before it.
    #[error("{reason}")]
    Contradiction {
        /// The contradiction.
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
        /// The newest version that this release reads.
        supported: u32,
    },
    /// Another driver has taken over the job, so nothing more may be published.
    #[error(
        "another driver took the job over (epoch {newer} began; this driver has epoch {epoch})"
    )]
    Superseded {
        /// The epoch of this driver.
        epoch: u64,
        /// The newest epoch.
        newer: u64,
    },
    /// A process on this host drives the job.
    #[error(
        "the job is running: process {} on {}, started {}; stop it first, or wait for it",
        driver.pid, driver.host, Utc::from_millis(driver.started_at_millis)
    )]
    Running {
        /// The identity of the driver.
        driver: Box<DriverIdentity>,
    },
    /// A process on another host drives the job, or did when it was last heard of.
    #[error(
        "the job is driven from another host: process {} on {}, started {}; stop it there, \
         or, if that host is dead, resume the job with `coldpress process … --take-over`",
        driver.pid, driver.host, Utc::from_millis(driver.started_at_millis)
    )]
    RunningElsewhere {
        /// The identity of the driver.
        driver: Box<DriverIdentity>,
    },
    /// Some process holds the lock but has not said who it is.
    #[error("`{}` is locked by a process that does not say who it is; find and end it", path.display())]
    LockHeld {
        /// The lock file.
        path: PathBuf,
    },
    /// The heartbeat cannot be read, so a driver on another host cannot be ruled out.
    #[error(
        "cannot tell who drives the job: `{}` {reason}; if no other host runs it, resume it with \
         `coldpress process … --take-over`",
        path.display()
    )]
    UnreadableHeartbeat {
        /// The heartbeat file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The summary, which is only a view, cannot be read.
    #[error("`{}` is not a job summary: {reason}", path.display())]
    UnreadableSummary {
        /// The summary file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A file could not be written, read or trusted.
    #[error(transparent)]
    Storage(coldpress_storage::Error),
}

fn at_line(line: u64) -> String {
    match line {
        0 => String::new(),
        line => format!(", line {line}"),
    }
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

    /// Returns whether the journal is damaged, so that what is known about the job is not all of it.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::MissingObject { .. })
    }

    /// Returns whether another process drives the job, so that a later try may succeed.
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
