//! Errors of reading model files.

use std::io;
use std::path::{Path, PathBuf};

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that prevented a model from being used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read.
    #[error("cannot read the model file `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file was read, but it cannot be used.
    #[error("the model file `{}` {fault}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The fault.
        fault: Fault,
    },
}

/// A fault in the bytes of a model, whichever file they come from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The bytes violate the format.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// The bytes are a valid model of a kind that is not supported.
    #[error("cannot be used: {0}")]
    Unsupported(String),
}

impl Fault {
    /// Returns the fault of damaged bytes. The reason is a sentence without a full stop, with the position in the file if that is
    /// known.
    pub fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }

    /// Returns the fault of a model of an unsupported kind. The reason says which kind it is and which are supported.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }

    /// Returns the error of a file with this fault.
    #[must_use]
    pub fn in_file(self, path: &Path) -> Error {
        Error::Unusable {
            path: path.to_path_buf(),
            fault: self,
        }
    }
}
