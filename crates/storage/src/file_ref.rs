//! How one file cites another: by path, length and digest.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Digest, Result, verify};

/// The length and digest of a file's bytes: what makes it that file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileStamp {
    /// The number of bytes.
    pub length: u64,
    /// The digest of all bytes.
    pub digest: Digest,
}

impl FileStamp {
    /// The stamp of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len() as u64,
            digest: Digest::of(bytes),
        }
    }
}

impl fmt::Display for FileStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes with digest {}", self.length, self.digest)
    }
}

/// A citation of an immutable file.
///
/// ```
/// use coldpress_storage::{FileRef, FileStamp};
///
/// let cited = FileRef::new("results/partition_000003.e1.a2.arrow", FileStamp::of(b"abc"));
/// assert_eq!(
///     cited.resolve("/jobs/demo".as_ref()).to_str(),
///     Some("/jobs/demo/results/partition_000003.e1.a2.arrow"),
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileRef {
    /// The path relative to the job directory, with `/` between names, or an absolute path when
    /// the file is kept elsewhere.
    pub path: String,
    /// The number of bytes.
    pub length: u64,
    /// The digest of all bytes.
    pub digest: Digest,
}

impl FileRef {
    /// A citation of the file at this path with this stamp.
    #[must_use]
    pub fn new(path: impl Into<String>, stamp: FileStamp) -> Self {
        Self {
            path: path.into(),
            length: stamp.length,
            digest: stamp.digest,
        }
    }

    /// The length and digest without the path.
    #[must_use]
    pub fn stamp(&self) -> FileStamp {
        FileStamp {
            length: self.length,
            digest: self.digest,
        }
    }

    /// Where the file is, seen from this job directory.
    #[must_use]
    pub fn resolve(&self, job_dir: &Path) -> PathBuf {
        job_dir.join(&self.path)
    }

    /// Checks that the file is there and is the one that is cited.
    ///
    /// # Errors
    ///
    /// As [`verify`].
    pub fn verify(&self, job_dir: &Path) -> Result<()> {
        verify(self.resolve(job_dir), &self.stamp())
    }
}
