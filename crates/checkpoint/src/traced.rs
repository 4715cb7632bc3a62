//! The samples that were traced of a partition on its way.

use coldpress_storage::ObjectRef;
use serde::{Deserialize, Serialize};

/// Samples of what operators changed and dropped of a partition, from its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// The settings, besides the number of records, that the choice of records and the shown excerpts depend on.
    pub by: String,
    /// The most records of each operator.
    pub most: u32,
    /// The files that hold them.
    pub files: Vec<TracedFile>,
}

/// A file of samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedFile {
    /// The place in the recipe of the first operator whose sample counts.
    pub begin: u32,
    /// The place after that of the last one. What the file holds of others belongs to work that came after.
    pub end: u32,
    /// The file.
    pub file: ObjectRef,
}
