//! The file beside an output that proves who made it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use coldpress_storage::{Digest, read_small, replace};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::staged::staged_digest;
use crate::target::ExportTarget;

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

    /// Writes the ownership file of `target`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, target: &ExportTarget) -> Result<()> {
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        Ok(replace(target.ownership_path(), &json)?)
    }

    /// Returns what is said of `target`; the error is why it is not ours.
    pub(crate) fn read(target: &ExportTarget) -> std::result::Result<Self, String> {
        let path = target.ownership_path();
        let unreadable = || format!("exists, and `{}` beside it cannot be read", path.display());
        let bytes = read_small(&path, MAX_BYTES).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "exists and was not made by Coldpress".to_owned(),
            _ => unreadable(),
        })?;
        let ownership: Self = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
        if ownership.schema_version > OWNERSHIP_SCHEMA {
            let version = ownership.schema_version;
            return Err(format!(
                "was made by a newer Coldpress (schema {version}, this one knows {OWNERSHIP_SCHEMA})"
            ));
        }
        Ok(ownership)
    }
}

impl ExportTarget {
    /// The file beside the output that says whose it is.
    pub fn ownership_path(&self) -> PathBuf {
        Ownership::path_beside(
            &self
                .folder()
                .join(self.path().file_name().unwrap_or_default()),
        )
    }
}
