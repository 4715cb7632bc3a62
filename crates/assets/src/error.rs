//! Errors of assets.

use std::io;
use std::path::PathBuf;

/// The reason why an asset is not available.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The action that failed.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file cannot be made durable.
    #[error(transparent)]
    Storage(#[from] coldpress_storage::Error),
    /// A name points outside of the folder.
    #[error("`{name}` is not a name of a file in a folder of assets")]
    Name {
        /// The name.
        name: String,
    },
    /// No address provided the file.
    #[error("cannot fetch `{name}`: {}", reasons.join("; "))]
    NotFetched {
        /// The file's name.
        name: String,
        /// The error of each address.
        reasons: Vec<String>,
    },
    /// A downloaded archive cannot be unpacked.
    #[error("cannot unpack `{}`: {reason}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// The cause.
        reason: String,
    },
    /// A file has unexpected content.
    #[error("`{}` has the SHA-256 {found}, and should have {expected}", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// The expected digest.
        expected: String,
        /// The actual digest.
        found: String,
    },
}

/// A result with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
