//! What can go wrong with a dataset.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

/// The result of reading a dataset.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a dataset cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path of the recipe leads to no file.
    #[error("dataset path `{path}` does not exist")]
    Missing {
        /// The path as the recipe gives it.
        path: String,
    },
    /// A directory or pattern holds no file that is a dataset.
    #[error("dataset path `{path}` holds no file with a known suffix ({suffixes})")]
    NoFiles {
        /// The path as the recipe gives it.
        path: String,
        /// The suffixes looked for.
        suffixes: String,
    },
    /// A pattern that cannot be read.
    #[error("dataset path `{path}` is not a valid pattern: {reason}")]
    Pattern {
        /// The path as the recipe gives it.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The dataset has no record at all.
    #[error("the dataset {paths} has no records")]
    Empty {
        /// The sources in backquotes, as far as they fit a line.
        paths: String,
    },
    /// A file whose format this release does not support.
    #[error("`{path}` is {what}, which this release does not support; {help}")]
    Unsupported {
        /// The file.
        path: String,
        /// What it holds.
        what: &'static str,
        /// What the user can do.
        help: &'static str,
    },
    /// A file that is encrypted, though nobody said so.
    #[error(
        "`{}` is encrypted; set `decrypt_after_reading: true`, and `encryption_key_path` to the file with the key",
        path.display()
    )]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// Cells cannot be delimited so.
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
        /// What was tried, as in "read".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A source is not what it was when the job was planned.
    #[error(
        "`{path}` changed after the job was planned ({what}); run with `--fresh` to process the new content"
    )]
    Changed {
        /// The source.
        path: String,
        /// What is different.
        what: String,
    },
    /// A columnar file is damaged, or contradicts itself.
    #[error("`{path}` is damaged ({place}): {reason}")]
    DamagedTable {
        /// The file.
        path: String,
        /// Where: its footer, a row group, rows.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// A columnar file holds something that takes more memory than there is.
    #[error("`{path}` cannot be read ({place}): {reason}")]
    TooLarge {
        /// The file.
        path: String,
        /// Where: a row group, rows.
        place: String,
        /// What is too large, the limit, and what the user can do.
        reason: String,
    },
    /// A columnar file lacks a column that the recipe names.
    #[error("`{path}` has no column `{column}`; it has {columns}")]
    MissingColumn {
        /// The file.
        path: String,
        /// The column as the recipe names it.
        column: String,
        /// The columns that it has.
        columns: String,
    },
    /// The rows of a batch cannot be put back into columns.
    #[error("the rows of a batch cannot be put into columns: {reason}")]
    Uncarried {
        /// Why not.
        reason: String,
    },
    /// Storing failed, or reading what is behind a URL.
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

/// What is other than it was of a file behind a URL, if an error says that it is not what was examined any more.
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

/// Returns whether an error says that a file could not be read, and not that what was read of it is wrong.
///
/// Decoders pass on what the system or a store answered; an error of their own says that a file is damaged.
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
