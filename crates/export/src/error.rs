//! Errors of making an output and of putting it into place.

use std::io;
use std::path::{Path, PathBuf};

use coldpress_storage::ObjectName;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why an output cannot be made or put into place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The format is not supported by this release.
    #[error("`{path}` is {what}, which this release does not support; {help}")]
    Unsupported {
        /// The export path.
        path: String,
        /// The format that was asked for.
        what: &'static str,
        /// Advice for the user.
        help: &'static str,
    },
    /// The export path holds something that Coldpress may not replace.
    #[error("export path `{}` {reason}", path.display())]
    NotOurs {
        /// The export path.
        path: PathBuf,
        /// The obstacle, and advice for the user.
        reason: String,
    },
    /// The rows of a partition are not what was published, or cannot be read. They must be made again.
    #[error("the rows in {shown} are damaged: {reason}")]
    DamagedRows {
        /// The name of the rows in their store.
        name: ObjectName,
        /// Their place, for people to read.
        shown: String,
        /// The reason.
        reason: String,
    },
    /// A column of an output holds a value that does not fit its type.
    #[error("the field `{field}` cannot be exported: {reason}")]
    Misfit {
        /// The column, or a path into it.
        field: String,
        /// The value, and the type.
        reason: String,
    },
    /// Rows cannot be converted to the format of the export.
    #[error("the rows cannot be exported so: {reason}")]
    Encode {
        /// The reason.
        reason: String,
    },
    /// An output was abandoned before it was complete, as requested.
    #[error("the export was abandoned")]
    Abandoned,
    /// A file cannot be read, written or put into place.
    #[error(transparent)]
    Storage(#[from] coldpress_storage::Error),
}

impl Error {
    pub(crate) fn encode(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Encode { reason }
    }

    pub(crate) fn without_fields(form: &str) -> Self {
        Self::encode(format!(
            "no record has any field, and {form} has no rows without columns; export JSONL"
        ))
    }

    pub(crate) fn io(
        action: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| coldpress_storage::Error::io(action, path, source).into()
    }
}
