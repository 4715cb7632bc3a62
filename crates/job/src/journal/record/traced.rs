//! Traces of records.

use coldpress_storage::{Digest, ObjectRef};
use serde::{Deserialize, Serialize};

/// Samples of what operators changed and dropped in a partition, from its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceEntry {
    /// The settings, besides the number of records, on which the choice of records and the shown excerpts depend.
    pub by: String,
    /// The most records for each operator.
    pub most: u32,
    /// The files that hold them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<TraceFileEntry>,
}

/// A file of samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceFileEntry {
    /// The place in the recipe of the first operator whose sample counts.
    pub begin: u32,
    /// The place after that of the last one.
    pub end: u32,
    /// The file.
    pub file: ObjectRef,
}

impl TraceEntry {
    /// Returns whether it includes what such samples would hold.
    #[must_use]
    pub fn serves(&self, by: &str, most: u32) -> bool {
        self.by == by && self.most >= most
    }

    /// Returns the files.
    pub fn files(&self) -> impl Iterator<Item = &ObjectRef> {
        self.files.iter().map(|entry| &entry.file)
    }
}

/// The folder of traces that waits for its final name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceIntent {
    /// The identity of the content: everything that the files depend on besides the records.
    pub of: String,
    /// Its current path.
    pub temporary: String,
    /// Its final path.
    pub path: String,
    /// The total length of its files, in bytes.
    pub length: u64,
    /// The digest of their names and digests.
    pub digest: Digest,
}
