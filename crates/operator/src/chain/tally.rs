//! Counts the results of the batches that a chain ran over.

use coldpress_record::{Ledger, Origin};

use crate::trace::Tracer;

/// A record that an operator failed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The origin of the record.
    pub origin: Origin,
    /// The operator's place in the recipe.
    pub operation: u32,
    /// The operator's name.
    pub operator: String,
    /// The error.
    pub error: String,
    /// The record as it reached the operator. The original is at its origin.
    pub record: String,
}

/// The results of a chain for the batches so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The counts of records by result. The caller adds the reader's counts.
    pub ledger: Ledger,
    /// The records that operators failed on since the caller last took them.
    pub quarantined: Vec<Quarantined>,
    /// The records that each filter dropped since the caller last took them, as lines with their statistics, and the lines that a
    /// splitter writes beside the export; `None` if they are not kept.
    pub dropped: Option<Vec<Vec<u8>>>,
    /// Samples of the records that operators changed and dropped; `None` if nothing is traced.
    pub trace: Option<Tracer>,
    /// The time that each operator took, in nanoseconds.
    pub nanos: Vec<u64>,
}

/// The failure of an operator on a record, if the recipe wants it to fail the partition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} failed on the record of {}: {}", failed.operator, failed.origin, failed.error)]
pub struct OperatorFailure {
    /// The record and the error.
    pub failed: Box<Quarantined>,
    /// The location of the operator's panic and the calls that led there; `None` for an error that it returned.
    pub trace: Option<String>,
}
