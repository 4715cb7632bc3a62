//! What was traced of a partition on its way.

use coldpress_storage::ObjectRef;
use serde::{Deserialize, Serialize};

/// Samples of what operators changed and dropped of a partition, from its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// What the choice of records, and what is shown of them, depends on besides their number.
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
