//! Errors of finding and reading a dataset.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

/// The result of reading a dataset.
pub type Result<T> = std::result::Result<T, Error>;

/// The reason why a dataset cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path in the recipe leads to no file.
    #[error("dataset path `{path}` does not exist")]
    Missing {
        /// The path, as given in the recipe.
        path: String,
    },
    /// A directory or pattern has no file that is a dataset.
    #[error("dataset path `{path}` holds no file with a known suffix ({suffixes})")]
    NoFiles {
        /// The path, as given in the recipe.
        path: String,
        /// The suffixes that were looked for.
        suffixes: String,
    },
    /// A pattern is invalid.
    #[error("dataset path `{path}` is not a valid pattern: {reason}")]
    Pattern {
        /// The path, as given in the recipe.
        path: String,
        /// The reason why it is invalid.
        reason: String,
    },
    /// The dataset has no records.
    #[error("the dataset {paths} has no records")]
    Empty {
        /// The sources in backquotes, as many as fit on a line.
        paths: String,
    },
    /// A file whose format this release does not support.
    #[error("`{path}` is {what}, which this release does not support; {help}")]
    Unsupported {
        /// The file.
        path: String,
        /// The kind of file that it is.
        what: &'static str,
        /// Advice for the user.
        help: &'static str,
    },
    /// A file is encrypted, but the recipe does not say so.
    #[error(
        "`{}` is encrypted; set `decrypt_after_reading: true`, and `encryption_key_path` to the file with the key",
        path.display()
    )]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// The delimiter is not allowed.
    #[error(
        "cells cannot be delimited by `{}`: it must be one ASCII character, and no quote or line break",
        char::from(*delimiter).escape_default()
    )]
    Delimiter {
        /// The byte that was asked for.
        delimiter: u8,
    },
    /// A file operation failed.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The action that failed, as in "read".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A source is not what it was when the job was planned.
    #[error(
        "`{path}` changed after the job was planned ({what}); run with `--fresh` to process the new content"
    )]
    Changed {
        /// The source.
        path: String,
        /// The difference.
        what: String,
    },
    /// A columnar file is damaged or contradicts itself.
    #[error("`{path}` is damaged ({place}): {reason}")]
    DamagedTable {
        /// The file.
        path: String,
        /// The place: its footer, a row group, rows.
        place: String,
        /// The reason.
        reason: String,
    },
    /// A columnar file holds something that needs more memory than there is.
    #[error("`{path}` cannot be read ({place}): {reason}")]
    TooLarge {
        /// The file.
        path: String,
        /// The place: a row group, rows.
        place: String,
        /// The item that is too large, the limit, and advice for the user.
        reason: String,
    },
    /// A columnar file lacks a column that the recipe names.
    #[error("`{path}` has no column `{column}`; it has {columns}")]
    MissingColumn {
        /// The file.
        path: String,
        /// The column, as named in the recipe.
        column: String,
        /// The columns that the file has.
        columns: String,
    },
    /// The rows of a batch cannot be put back into columns.
    #[error("the rows of a batch cannot be put into columns: {reason}")]
    Uncarried {
        /// The reason.
        reason: String,
    },
    /// A storage operation failed, or reading from a URL.
    #[error(transparent)]
    Storage(coldpress_storage::Error),
}

impl From<coldpress_storage::Error> for Error {
    fn from(error: coldpress_storage::Error) -> Self {
        match error {
            coldpress_storage::Error::Changed { url, what } => Self::Changed { path: url, what },
            other => Self::Storage(other),
        }
    }
}

impl Error {
    pub(crate) fn io(
        action: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| match what_changed(&source) {
            Some(what) => Self::Changed {
                path: path.display().to_string(),
                what,
            },
            None => Self::Io {
                action,
                path,
                source,
            },
        }
    }
}

/// Returns what changed about a file at a URL, if the error says that it is not the file that was examined.
fn what_changed(error: &io::Error) -> Option<String> {
    let mut next: Option<&(dyn StdError + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(error) = next {
        if let Some(coldpress_storage::Error::Changed { what, .. }) = error.downcast_ref() {
            return Some(what.clone());
        }
        next = error.source();
    }
    None
}

/// Returns whether an error means that a file could not be read, rather than that its content is wrong.
///
/// Decoders pass on the answers of the system or of a store. An error of their own means that the file is damaged.
pub(crate) fn is_of_reading(error: &io::Error) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = match error.get_ref() {
        _ if error.raw_os_error().is_some() => return true,
        Some(inner) => Some(inner),
        None => None,
    };
    while let Some(error) = next {
        let is_answer = error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.raw_os_error().is_some());
        if is_answer || error.is::<coldpress_storage::Error>() {
            return true;
        }
        next = error.source();
    }
    false
}
