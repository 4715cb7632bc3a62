//! Where to cut, and where copies of slices go.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a dataset is cut: a partition ends before the record that would break a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutSettings {
    /// Records of a partition, at most; at least 1.
    pub max_records: u64,
    /// Bytes of a partition, at most, unless one record alone is longer.
    pub max_bytes: u64,
    /// A longer record is not held in memory; it begins a partition of its own.
    pub max_record_bytes: u64,
    /// Records of the dataset that count at all.
    pub limit: Option<u64>,
    /// Which slices are copied.
    pub copying: Copying,
}

impl Default for CutSettings {
    fn default() -> Self {
        Self {
            max_records: 10_000,
            max_bytes: 128 << 20,
            max_record_bytes: 64 << 20,
            limit: None,
            copying: Copying::Auto,
        }
    }
}

/// Which slices are copied into the job's directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copying {
    /// Those of a source that cannot be sought, but for its first: reading that one decodes nothing in vain.
    #[default]
    Auto,
    /// All.
    Always,
    /// None: a source that cannot be sought is read from its start for each partition.
    Never,
}

/// Where copies of slices go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyPlace {
    job_dir: PathBuf,
    folder: String,
    epoch: u64,
}

impl CopyPlace {
    /// Copies in `folder`, relative to `job_dir` or absolute, made by the driver of this epoch.
    pub fn new(job_dir: impl Into<PathBuf>, folder: impl Into<String>, epoch: u64) -> Self {
        Self {
            job_dir: job_dir.into(),
            folder: folder.into(),
            epoch,
        }
    }

    /// The name by which the copy is cited, and its path.
    pub(crate) fn path(&self, partition: u32) -> (String, PathBuf) {
        let name = format!(
            "{}/partition_{partition:06}.e{}.jsonl",
            self.folder, self.epoch
        );
        let path = self.job_dir.join(&name);
        (name, path)
    }
}
