//! The file beside an output that proves who made it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use coldpress_storage::{Digest, read_small};
use serde::{Deserialize, Serialize};

use crate::listing::staged_digest;

/// The version of the ownership file.
pub const OWNERSHIP_SCHEMA: u32 = 1;

/// The file beside an export that proves, by digest, that Coldpress made it and nobody changed it since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The version of this file: 1.
    pub schema_version: u32,
    /// The job that made the export.
    pub job_id: String,
    /// Length of the export in bytes; of all shards together.
    pub length: u64,
    /// Digest of the export; of a directory, over its shards' names and digests.
    pub digest: Digest,
    /// Of a file beside an export: that export, as seen from the file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<String>,
    /// How many records an export holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Failed partitions, whose records an export lacks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub partitions_left_out: u32,
    /// Whether the dataset of the job that made it is looked for where it lies: then it was never an input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_dataset: Option<bool>,
    /// Of an output in a store: the objects that it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<OwnedObject>,
    /// Of an output in a store that is being replaced: objects of ours that may be there besides, because they come or go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passing: Vec<OwnedObject>,
}

/// An object of an output in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedObject {
    /// Its name: of a shard, within the output.
    pub name: String,
    /// Its length in bytes.
    pub length: u64,
    /// Its digest.
    pub digest: Digest,
    /// What the store calls this content of it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl OwnedObject {
    /// Returns whether both have one name and one content.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (&self.name, self.length, self.digest) == (&other.name, other.length, other.digest)
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// No ownership file is longer.
const MAX_BYTES: u64 = 64 << 10;

impl Ownership {
    /// The signature of an output of this job.
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

    /// The ownership file of the file or directory at `path`.
    pub fn path_beside(path: &Path) -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.coldpress.json"))
    }

    /// Returns what is said of the file or directory at `path`; none where nothing is said that can be understood.
    ///
    /// It is a claim until [`fits`](Self::fits) has proven it.
    pub fn beside(path: &Path) -> Option<Self> {
        Self::parse(&read_small(Self::path_beside(path), MAX_BYTES).ok()?)
    }

    /// The ownership file of these bytes, unless a newer release wrote it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let ownership: Self = serde_json::from_slice(bytes).ok()?;
        (ownership.schema_version <= OWNERSHIP_SCHEMA).then_some(ownership)
    }

    /// Returns whether the file or directory at `path` is what was signed, byte for byte.
    pub fn fits(&self, path: &Path) -> bool {
        staged_digest(path, path.is_dir()).is_ok_and(|found| found == (self.length, self.digest))
    }

    /// Returns what is said of the output at `path`; the error is why it is not ours.
    pub(crate) fn read(path: &Path) -> std::result::Result<Self, String> {
        let path = Self::path_beside(path);
        let shown = path.display().to_string();
        let bytes = read_small(&path, MAX_BYTES).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "exists and was not made by Coldpress".to_owned(),
            _ => unreadable(&shown),
        })?;
        Self::understood(&bytes, &shown)
    }

    /// The ownership file of these bytes; the error is why its output is not ours.
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
