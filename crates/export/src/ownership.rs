//! The file beside an output that proves who made it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use coldpress_storage::{Digest, read_small};
use serde::{Deserialize, Serialize};

use crate::listing::staged_digest;

/// The version of the ownership file.
pub const OWNERSHIP_SCHEMA: u32 = 1;

/// The file beside an export that proves, by digest, that Coldpress made the export and nobody changed it since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The version of this file: 1.
    pub schema_version: u32,
    /// The job that made the export.
    pub job_id: String,
    /// The length of the export in bytes; the total for shards.
    pub length: u64,
    /// The digest of the export; for a directory, of the names and digests of its shards.
    pub digest: Digest,
    /// For a file beside an export: that export, relative to the file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<String>,
    /// The number of records in an export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// The number of failed partitions, whose records an export lacks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub partitions_left_out: u32,
    /// True if the dataset of the job that made it is searched for where the output is, so that it was never an input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_dataset: Option<bool>,
    /// The objects of an output in a store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<OwnedObject>,
    /// For an output in a store that is being replaced: further objects of ours that may be there, because they are being added or
    /// removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passing: Vec<OwnedObject>,
}

/// An object of an output in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedObject {
    /// Its name; for a shard, its name within the output.
    pub name: String,
    /// Its length in bytes.
    pub length: u64,
    /// Its digest.
    pub digest: Digest,
    /// The store's version of this content, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl OwnedObject {
    /// Returns whether both have the same name and content.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (&self.name, self.length, self.digest) == (&other.name, other.length, other.digest)
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The size limit of an ownership file.
const MAX_BYTES: u64 = 64 << 10;

impl Ownership {
    /// Creates the signature of an output of this job.
    pub fn new(job_id: impl Into<String>, length: u64, digest: Digest) -> Self {
        Self {
            schema_version: OWNERSHIP_SCHEMA,
            job_id: job_id.into(),
            length,
            digest,
            export: None,
            records: None,
            partitions_left_out: 0,
            in_dataset: None,
            objects: Vec::new(),
            passing: Vec::new(),
        }
    }

    /// Returns the path of the ownership file of the file or directory at `path`.
    pub fn path_beside(path: &Path) -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.coldpress.json"))
    }

    /// Returns the ownership of the file or directory at `path`; none if there is no readable ownership file.
    ///
    /// It is a claim until [`fits`](Self::fits) has proved it.
    pub fn beside(path: &Path) -> Option<Self> {
        Self::parse(&read_small(Self::path_beside(path), MAX_BYTES).ok()?)
    }

    /// Parses an ownership file; none if a newer release wrote it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let ownership: Self = serde_json::from_slice(bytes).ok()?;
        (ownership.schema_version <= OWNERSHIP_SCHEMA).then_some(ownership)
    }

    /// Returns whether the file or directory at `path` is what was signed, byte for byte.
    pub fn fits(&self, path: &Path) -> bool {
        staged_digest(path, path.is_dir()).is_ok_and(|found| found == (self.length, self.digest))
    }

    /// Returns the ownership of the output at `path`. The error is the reason why it is not ours.
    pub(crate) fn read(path: &Path) -> std::result::Result<Self, String> {
        let path = Self::path_beside(path);
        let shown = path.display().to_string();
        let bytes = read_small(&path, MAX_BYTES).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "exists and was not made by Coldpress".to_owned(),
            _ => unreadable(&shown),
        })?;
        Self::understood(&bytes, &shown)
    }

    /// Parses an ownership file. The error is the reason why its output is not ours.
    pub(crate) fn understood(bytes: &[u8], shown: &str) -> std::result::Result<Self, String> {
        let ownership: Self = serde_json::from_slice(bytes).map_err(|_| unreadable(shown))?;
        if ownership.schema_version > OWNERSHIP_SCHEMA {
            let version = ownership.schema_version;
            return Err(format!(
                "was made by a newer Coldpress (schema {version}, this one knows {OWNERSHIP_SCHEMA})"
            ));
        }
        Ok(ownership)
    }
}

fn unreadable(shown: &str) -> String {
    format!("exists, and `{shown}` beside it cannot be read")
}
