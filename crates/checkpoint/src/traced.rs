//! The samples that were traced for a partition on its way.

use coldpress_storage::ObjectRef;
use serde::{Deserialize, Serialize};

/// Samples of what operators changed and dropped in a partition, from its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// The settings, besides the number of records, on which the choice of records and the shown excerpts depend.
    pub by: String,
    /// The most records for each operator.
    pub most: u32,
    /// The files that hold them.
    pub files: Vec<TracedFile>,
}

/// A file of samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedFile {
    /// The place in the recipe of the first operator whose sample counts.
    pub begin: u32,
    /// The place after that of the last one. Samples of other operators in the file belong to later work.
    pub end: u32,
    /// The file.
    pub file: ObjectRef,
}
