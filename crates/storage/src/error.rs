//! What can go wrong with a file, by what a caller can do about it.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::InvalidDigest;
use crate::stamp::FileStamp;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why bytes could not be written, read or trusted.
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
    /// A file is not the one that was cited.
    #[error(
        "`{}` is not the file that was written: expected {expected}, found {found}",
        path.display()
    )]
    Mismatch {
        /// The file that was checked.
        path: PathBuf,
        /// What was cited.
        expected: FileStamp,
        /// What is there.
        found: FileStamp,
    },
    /// A log holds bytes that no crash can explain.
    #[error("`{}` is damaged at line {line} (byte {offset}): {reason}", path.display())]
    Damaged {
        /// The log file.
        path: PathBuf,
        /// The number of the bad line, from 1.
        line: u64,
        /// The byte at which the bad line begins.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process (or another handle of this one) holds the lock.
    #[error("`{}` is locked by another process", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A write failed and could not be taken back, so the log's tail is unknown.
    #[error(
        "`{}` can take no more records: a write failed and could not be undone; \
         free the device and start again, which begins a new log file",
        path.display()
    )]
    Poisoned {
        /// The log file.
        path: PathBuf,
    },
    /// Something else is where a regular file should be.
    #[error("`{}` is {found}, not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What is there, with its article.
        found: &'static str,
    },
    /// A file has more bytes than one of its kind can have.
    #[error("`{}` has {length} bytes, but can have at most {limit}; it is damaged", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes, as far as it was looked at.
        length: u64,
        /// The most that it may have.
        limit: u64,
    },
    /// There is no key for encrypted files, or what is there is not a key. It is not shown.
    #[error("{place} {reason}")]
    BadKey {
        /// Where the key should be.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A file is not encrypted, or not with this key.
    #[error("`{}` cannot be decrypted: {reason}", path.display())]
    NotSealed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The operating system starts no more threads or processes.
    #[error("cannot start {what}")]
    Start {
        /// What was to be started, with its article.
        what: &'static str,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The file system cannot do this at all.
    #[error("{} cannot {action}", file_system(path))]
    Unsupported {
        /// What it cannot do, as a verb phrase.
        action: &'static str,
        /// The path that it was tried on.
        path: PathBuf,
    },
    /// A record is too long for one line of a log.
    #[error(
        "a record of {length} bytes is too long for `{}`: the limit of a line is {limit} bytes",
        path.display()
    )]
    TooLong {
        /// The log file.
        path: PathBuf,
        /// The length of the line that was refused, in bytes.
        length: u64,
        /// The longest line that is allowed, in bytes.
        limit: u64,
    },
    /// A value could not be turned into a JSON record.
    #[error("cannot encode a record for `{}`", path.display())]
    Encode {
        /// The log file.
        path: PathBuf,
        /// The encoder's answer.
        source: serde_json::Error,
    },
    /// A store has no such object.
    #[error("there is no {}", place(name, store))]
    NotFound {
        /// The store, as it displays itself.
        store: String,
        /// The object.
        name: String,
    },
    /// A store has an object of that name, and stores overwrite nothing.
    #[error("`{name}` is already in {store}")]
    AlreadyExists {
        /// The store, as it displays itself.
        store: String,
        /// The object.
        name: String,
    },
    /// An object is not the one that was written.
    #[error("`{name}` is damaged: {reason}")]
    Corrupt {
        /// The object.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An object is whole, but cites bytes of an input that is not there.
    #[error("`{name}` cites its input, which is not at `{}`", input.display())]
    InputGone {
        /// The object.
        name: String,
        /// Where the input should be.
        input: PathBuf,
    },
    /// A file behind a URL is not the one that was examined any more.
    #[error("`{url}` has changed since it was examined: {what}")]
    Changed {
        /// Its URL.
        url: String,
        /// What is other than it was.
        what: String,
    },
    /// A store failed; `source` is its own answer.
    #[error("cannot {action} {}", place(name, store))]
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
    /// A text cannot name an object.
    #[error("`{name}` cannot name a stored object: {reason}")]
    InvalidName {
        /// The text as given.
        name: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// Nobody registered what this URL leads to.
    #[error("`{url}` cannot be reached: this program knows no scheme `{scheme}`{known}")]
    UnknownScheme {
        /// The scheme of the URL.
        scheme: String,
        /// The URL.
        url: String,
        /// Those that are known, as an end of the sentence.
        known: String,
    },
    /// A text is not a digest.
    #[error(transparent)]
    InvalidDigest(#[from] InvalidDigest),
}

impl Error {
    /// An [`Error::Io`] for this action on this path.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.as_ref().to_path_buf(),
            source,
        }
    }

    /// An [`Error::Store`] for this action of a store.
    pub fn store(
        store: &dyn std::fmt::Display,
        action: &'static str,
        name: &str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Store {
            store: store.to_string(),
            action,
            name: name.to_owned(),
            source: source.into(),
        }
    }

    /// The operating system's kind of failure; [`io::ErrorKind::Other`] when it was not the one
    /// who refused.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Io { source, .. } | Self::Start { source, .. } => source.kind(),
            Self::Store { source, .. } => kind_of(&**source),
            Self::NotFound { .. } => io::ErrorKind::NotFound,
            Self::AlreadyExists { .. } => io::ErrorKind::AlreadyExists,
            Self::Locked { .. } => io::ErrorKind::WouldBlock,
            Self::Mismatch { .. }
            | Self::Corrupt { .. }
            // The object itself is there.
            | Self::InputGone { .. }
            | Self::Changed { .. }
            | Self::Damaged { .. }
            | Self::NotAFile { .. }
            | Self::TooLarge { .. }
            | Self::BadKey { .. }
            | Self::NotSealed { .. } => io::ErrorKind::InvalidData,
            Self::Unsupported { .. } | Self::UnknownScheme { .. } => io::ErrorKind::Unsupported,
            Self::InvalidName { .. }
            | Self::TooLong { .. }
            | Self::Encode { .. }
            | Self::InvalidDigest(_) => io::ErrorKind::InvalidInput,
            Self::Poisoned { .. } => io::ErrorKind::Other,
        }
    }

    /// The path that the error is about, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. }
            | Self::Mismatch { path, .. }
            | Self::Damaged { path, .. }
            | Self::Locked { path }
            | Self::Poisoned { path }
            | Self::Unsupported { path, .. }
            | Self::TooLong { path, .. }
            | Self::NotAFile { path, .. }
            | Self::TooLarge { path, .. }
            | Self::NotSealed { path, .. }
            | Self::Encode { path, .. }
            | Self::InputGone { input: path, .. } => Some(path),
            Self::Store { source, .. } => source.downcast_ref::<Self>().and_then(Self::path),
            Self::NotFound { .. }
            | Self::AlreadyExists { .. }
            | Self::Corrupt { .. }
            | Self::Changed { .. }
            | Self::InvalidName { .. }
            | Self::UnknownScheme { .. }
            | Self::InvalidDigest(_)
            | Self::BadKey { .. }
            | Self::Start { .. } => None,
        }
    }

    /// Whether the system refused to write: to create a file or folder, to fill it, to sync it, to give it its name.
    ///
    /// That the name is taken says nothing about the next name.
    #[must_use]
    pub fn is_of_writing(&self) -> bool {
        let action = match self {
            Self::Io { action, .. } => action,
            Self::Store { source, .. } => {
                return source
                    .downcast_ref::<Self>()
                    .is_some_and(Self::is_of_writing);
            }
            _ => return false,
        };
        let writes = ["create", "write", "sync", "rename", "replace"];
        writes.iter().any(|verb| action.starts_with(verb)) && !self.is_already_exists()
    }

    /// Whether the device or the user's quota is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(
            self.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    }

    /// Whether the file system is mounted read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.kind() == io::ErrorKind::ReadOnlyFilesystem
    }

    /// Whether the user may not do this.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.kind() == io::ErrorKind::PermissionDenied
    }

    /// Whether the file is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind() == io::ErrorKind::NotFound
    }

    /// Whether the file is there already.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.kind() == io::ErrorKind::AlreadyExists
    }
}

/// An object in a store. The store itself has no name, and what is on the web has no store.
fn place(name: &str, store: &str) -> String {
    match (name.is_empty(), store.is_empty()) {
        (true, _) => store.to_owned(),
        (false, true) => format!("`{name}`"),
        (false, false) => format!("`{name}` in {store}"),
    }
}

/// What cannot do something: the file system of a path, or what is behind a URL.
fn file_system(path: &Path) -> String {
    let path = path.to_string_lossy();
    match path.contains("://") {
        true => format!("`{path}`"),
        false => format!("the file system of `{path}`"),
    }
}

/// The system's answer at the end of a store's, however deep in its sources it is.
fn kind_of(error: &(dyn StdError + 'static)) -> io::ErrorKind {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return error.kind();
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.kind();
        }
        next = error.source();
    }
    io::ErrorKind::Other
}

impl From<Error> for io::Error {
    /// The operating system's answer where there is one, else this error under the same kind.
    fn from(error: Error) -> Self {
        match error {
            Error::Io { source, .. } => source,
            Error::Store { source, .. } if is_of_system(&*source) => {
                match source.downcast::<Error>() {
                    Ok(error) => (*error).into(),
                    Err(source) => match source.downcast::<Self>() {
                        Ok(error) => *error,
                        Err(source) => Self::other(source),
                    },
                }
            }
            error => Self::new(error.kind(), error),
        }
    }
}

/// Returns whether a store's answer is the operating system's and nothing more. What a server answered means nothing
/// without the names of the store and of the object.
fn is_of_system(source: &(dyn StdError + 'static)) -> bool {
    let io = source.downcast_ref::<io::Error>();
    source.is::<Error>() || io.is_some_and(|error| error.raw_os_error().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_from_the_number_of_the_system() {
        let error = |errno: rustix::io::Errno| Error::io("write", "x", errno.into());
        assert!(error(rustix::io::Errno::NOSPC).is_disk_full());
        assert!(error(rustix::io::Errno::DQUOT).is_disk_full());
        assert!(error(rustix::io::Errno::ROFS).is_read_only());
        assert!(error(rustix::io::Errno::ACCESS).is_permission_denied());
        assert!(error(rustix::io::Errno::PERM).is_permission_denied());
        assert!(!error(rustix::io::Errno::IO).is_disk_full());
        assert_eq!(error(rustix::io::Errno::IO).to_string(), "cannot write `x`");
    }

    #[test]
    fn nothing_is_named_by_an_empty_name() {
        let store = |store: &str, name: &str| {
            let source = io::Error::other("no");
            Error::store(&store, "list", name, source).to_string()
        };
        assert_eq!(store("`s3://b`", "k"), "cannot list `k` in `s3://b`");
        assert_eq!(store("`s3://b`", ""), "cannot list `s3://b`");
        assert_eq!(store("", "http://h/k"), "cannot list `http://h/k`");
        let refused = |path: &str| {
            let (action, path) = ("be written to", path.into());
            Error::Unsupported { action, path }.to_string()
        };
        assert_eq!(refused("http://h/k"), "`http://h/k` cannot be written to");
        assert_eq!(
            refused("/k"),
            "the file system of `/k` cannot be written to"
        );
    }
}
