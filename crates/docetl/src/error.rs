//! Errors of checkpoints, with one variant for each action that a caller can take.

use std::io;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a checkpoint could not be written, found or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error(transparent)]
    Storage(#[from] coldpress_storage::Error),
    /// A name cannot be that of a file in the directory.
    #[error("`{}` cannot be the name of {what}: {reason}", shown(name))]
    Name {
        /// The kind of object that it was to name, with its article.
        what: &'static str,
        /// The name as given.
        name: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A link points outside of the directory.
    #[error(
        "`{}` is a link that leads out of the intermediate directory; replace it by what it leads to",
        path.display()
    )]
    Outside {
        /// The link.
        path: PathBuf,
    },
    /// The intermediate directory is something else.
    #[error("`{}` is not a directory", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// A file differs from what was written.
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// A checkpoint exists in both formats, and neither can be used.
    #[error("{parquet}; and {json}; remove both files and run the operation again")]
    Neither {
        /// The error of the Parquet file.
        parquet: Box<Error>,
        /// The error of the JSON file.
        json: Box<Error>,
    },
    /// A checkpoint is stored as the changes since another one, which has changed or disappeared.
    #[error(
        "`{}` holds the changes since `{}`, which {reason}; run its operation again",
        path.display(),
        base.display()
    )]
    Base {
        /// The file.
        path: PathBuf,
        /// The file of the other checkpoint.
        base: PathBuf,
        /// The fault.
        reason: String,
    },
    /// A file was written by a newer release.
    #[error(
        "`{}` has version {found} of the format, this release reads versions up to {supported}; \
         use the release that wrote it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: u32,
        /// The newest version that this release reads.
        supported: u32,
    },
    /// A text is not JSON, or not the JSON that was expected.
    #[error("the JSON is wrong at byte {offset}: {reason}")]
    Json {
        /// The offset of the first wrong byte.
        offset: u64,
        /// The fault.
        reason: String,
    },
    /// Records could not be encoded, or the device refused their bytes.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the encoder or of the system.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file is in the place of one that was to be written, and has other records.
    #[error(
        "`{}` does not hold the same records as `{}`, so it stays; remove the one that is out of date, and migrate again",
        path.display(),
        other.display()
    )]
    Differs {
        /// The file that was to be written.
        path: PathBuf,
        /// The file that it was to be made from.
        other: PathBuf,
    },
    /// The file that was written does not read back as its records. The file that it was to replace has not been changed.
    #[error(
        "`{}` does not read back as what it was written from: record {record} differs; nothing was changed",
        path.display()
    )]
    NotTheSame {
        /// The file that was to be made.
        path: PathBuf,
        /// The number of the first record that differs, from 1.
        record: u64,
    },
}

impl Error {
    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        coldpress_storage::Error::Io {
            action,
            path: path.to_owned(),
            source,
        }
        .into()
    }

    pub(crate) fn write(
        path: &Path,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Write {
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Returns the kind of the operating system's error, if it is one.
    #[must_use]
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return Some(error.kind());
            }
            if let Some(coldpress_storage::Error::Io { source, .. }) = error.downcast_ref() {
                return Some(source.kind());
            }
            next = error.source();
        }
        None
    }

    /// Returns whether there is no such file.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Storage(error) if error.is_not_found())
    }
}

/// Returns a name without control characters, and no longer than a line.
fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(60).flat_map(char::escape_debug).collect();
    if name.chars().count() > 60 {
        shown.push('…');
    }
    shown
}
