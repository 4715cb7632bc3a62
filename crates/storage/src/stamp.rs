//! What makes a file that file: its length and digest.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

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
