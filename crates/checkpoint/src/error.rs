//! What can go wrong with a checkpoint, by what a caller can do about it.

use std::error::Error as StdError;
use std::io;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a checkpoint could not be written, found or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store has no such object.
    #[error("there is no `{name}` in {store}")]
    NotFound {
        /// The store, as it displays itself.
        store: String,
        /// The object.
        name: String,
    },
    /// The store has an object of that name, and stores overwrite nothing.
    #[error("`{name}` is already in {store}")]
    AlreadyExists {
        /// The store, as it displays itself.
        store: String,
        /// The object.
        name: String,
    },
    /// A text is no name of an object.
    #[error("`{name}` cannot name a stored object: {reason}")]
    InvalidName {
        /// The text as given.
        name: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// An object is not the one that was written, or cannot be decoded: use an older checkpoint, or the input.
    #[error("`{name}` is damaged: {reason}")]
    Corrupt {
        /// The object.
        name: String,
        /// What is wrong with it.
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
        /// The newest version that can be read here.
        supported: u32,
    },
    /// What was to be written breaks a rule of the format; nothing was published.
    #[error("cannot write `{name}`: {reason}")]
    Precondition {
        /// The object.
        name: String,
        /// The rule and how it was broken.
        reason: String,
    },
    /// Rows could not be encoded, or the store refused their bytes.
    #[error("cannot write `{name}`")]
    Write {
        /// The object.
        name: String,
        /// The encoder's answer, which holds the store's where it was the store that refused.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The store failed; `source` is its own answer.
    #[error("cannot {action} `{name}` in {store}")]
    Store {
        /// The store, as it displays itself.
        store: String,
        /// What was tried, as a verb: `create`, `read`, `list` …
        action: &'static str,
        /// The object or prefix that it was tried on.
        name: String,
        /// The store's own answer.
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

    /// The operating system's kind of failure, where it was the one who refused.
    ///
    /// So a full device or a folder that may not be written is told apart, however deep in the sources it is.
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

    /// Whether the object is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether an object of that name is there already.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        matches!(self, Self::AlreadyExists { .. })
    }

    /// Whether the object cannot be used, now or later: it is damaged, newer or gone.
    #[must_use]
    pub fn is_unusable(&self) -> bool {
        matches!(
            self,
            Self::Corrupt { .. } | Self::Newer { .. } | Self::NotFound { .. }
        )
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
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
        let stored = Error::Store {
            store: "here".into(),
            action: "create",
            name: "a".into(),
            source: Box::new(coldpress_storage::Error::io("create", "a", full())),
        };
        assert_eq!(encoded.io_kind(), Some(io::ErrorKind::StorageFull));
        assert_eq!(stored.io_kind(), Some(io::ErrorKind::StorageFull));
        assert_eq!(stored.to_string(), "cannot create `a` in here");
        assert_eq!(Error::corrupt("a", "torn").io_kind(), None);
    }
}
