//! What can go wrong with an event log.

use std::io;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an event log could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused; `source` is its answer.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, as a verb: `create`, `read`, `write` …
        action: &'static str,
        /// The file or folder that it was tried on.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The log was written by a newer release than this one.
    #[error(
        "the event log `{}` has schema version {found}, this release reads up to {supported}; \
         use the release that wrote it",
        path.display()
    )]
    Newer {
        /// The file that holds the event.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version that is understood.
        supported: u32,
    },
    /// The device did not take the events in time.
    #[error("the device of the event log gave no answer for {waited_seconds} seconds")]
    Stalled {
        /// How long was waited, in seconds.
        waited_seconds: u64,
    },
    /// The log has been closed.
    #[error("the event log is closed")]
    Closed,
    /// A text that names no kind of event.
    #[error("`{text}` is not a kind of event{}", nearest_kind(*nearest))]
    UnknownKind {
        /// The text as given.
        text: String,
        /// A known kind that resembles it; none where nothing does.
        nearest: Option<&'static str>,
    },
    /// A text that names no level.
    #[error("`{text}` is not a level: expected DEBUG, INFO, WARNING or ERROR")]
    UnknownLevel {
        /// The text as given.
        text: String,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }
}

fn nearest_kind(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |kind| {
        format!("; the nearest known kind is `{kind}`")
    })
}
