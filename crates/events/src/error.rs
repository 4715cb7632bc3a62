//! The errors of event logs.

use std::io;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why an event log could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system returned an error, which is `source`.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The failed action, as a verb: `create`, `read`, `write` …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The log was written by a newer release than this one.
    #[error(
        "the event log `{}` has schema version {found}, this release reads up to {supported}; \
         use the release that wrote it",
        path.display()
    )]
    Newer {
        /// The file with the event.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version that this release understands.
        supported: u32,
    },
    /// The device did not take the events in time.
    #[error("the device of the event log gave no answer for {waited_seconds} seconds")]
    Stalled {
        /// The time that the log waited, in seconds.
        waited_seconds: u64,
    },
    /// The log has been closed.
    #[error("the event log is closed")]
    Closed,
    /// A text is not the name of a kind of event.
    #[error("`{text}` is not a kind of event{}", nearest_kind(*nearest))]
    UnknownKind {
        /// The text as given.
        text: String,
        /// A similar known kind; `None` if there is none.
        nearest: Option<&'static str>,
    },
    /// A text is not the name of a level.
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
