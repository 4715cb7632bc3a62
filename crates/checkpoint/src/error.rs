//! Errors about checkpoints, divided by what a caller can do about them.

use std::error::Error as StdError;
use std::io;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a checkpoint could not be written, found or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A store cannot return, take or name an object.
    #[error(transparent)]
    Storage(coldpress_storage::Error),
    /// An object isn't the one that was written, or cannot be decoded. Use an older checkpoint, or the input.
    #[error("`{name}` is damaged: {reason}")]
    Corrupt {
        /// The object.
        name: String,
        /// The reason.
        reason: String,
    },
    /// An object was written by a newer release.
    #[error(
        "`{name}` has schema version {found}, this release reads versions up to {supported}; \
         use the release that wrote it"
    )]
    Newer {
        /// The object.
        name: String,
        /// The version that it has.
        found: u32,
        /// The newest version that this release reads.
        supported: u32,
    },
    /// The data to write violates a rule of the format. Nothing was published.
    #[error("cannot write `{name}`: {reason}")]
    Precondition {
        /// The object.
        name: String,
        /// The rule, and how it was violated.
        reason: String,
    },
    /// Rows could not be encoded, or the store refused their bytes.
    #[error("cannot write `{name}`")]
    Write {
        /// The object.
        name: String,
        /// The encoder's error, with the store's error as its source if the store refused.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Checkpoints were asked for after operators that the recipe does not have.
    #[error(
        "no operator of the recipe is named {}; checkpoints by name take the names of the recipe's operators",
        quoted(names)
    )]
    UnknownOperators {
        /// The names, in the order in which they were given.
        names: Vec<String>,
    },
}

impl Error {
    pub(crate) fn corrupt(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            name: name.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn write(name: &str, source: Box<dyn StdError + Send + Sync>) -> Self {
        Self::Write {
            name: name.to_owned(),
            source,
        }
    }

    /// Returns the operating system's kind of failure, if it was the system that refused.
    ///
    /// This detects a full device or a folder without write permission, however deep in the sources it is.
    #[must_use]
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return Some(error.kind());
            }
            if let Some(error) = error.downcast_ref::<coldpress_storage::Error>() {
                return Some(error.kind());
            }
            next = error.source();
        }
        None
    }

    /// Returns whether the object does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::Storage(coldpress_storage::Error::NotFound { .. })
        )
    }

    /// Returns whether the object cannot be used, now or later: it is damaged, newer or gone.
    #[must_use]
    pub fn is_unusable(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Newer { .. }) || self.is_not_found()
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

impl From<coldpress_storage::Error> for Error {
    /// An object that isn't what was cited counts as damaged, like one that cannot be decoded.
    fn from(error: coldpress_storage::Error) -> Self {
        match error {
            coldpress_storage::Error::Corrupt { name, reason } => Self::Corrupt { name, reason },
            coldpress_storage::Error::InputGone { name, input } => Self::Corrupt {
                reason: format!("the input that it cites is not at `{}`", input.display()),
                name,
            },
            error => Self::Storage(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_answer_is_found_at_any_depth() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let encoded = Error::Write {
            name: "a".into(),
            source: Box::new(full()),
        };
        let stored = coldpress_storage::Error::io("create", "a", full());
        let stored = coldpress_storage::Error::store(&"here", "create", "a", stored);
        let stored = Error::from(stored);
        assert_eq!(encoded.io_kind(), Some(io::ErrorKind::StorageFull));
        assert_eq!(stored.io_kind(), Some(io::ErrorKind::StorageFull));
        assert_eq!(stored.to_string(), "cannot create `a` in here");
        assert_eq!(Error::corrupt("a", "torn").io_kind(), None);
    }
}
