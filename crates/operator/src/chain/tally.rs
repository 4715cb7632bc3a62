//! What came of the batches that a chain ran over.

use coldpress_record::{Ledger, Origin};

use crate::trace::Tracer;

/// A record that an operator failed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Where the record came from.
    pub origin: Origin,
    /// The operator's place in the recipe.
    pub operation: u32,
    /// The operator's name.
    pub operator: String,
    /// What went wrong.
    pub error: String,
    /// The record as it reached the operator; the original lies at its origin.
    pub record: String,
}

/// What a chain did to the batches so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Where the records went. The reader's counts are the caller's to add.
    pub ledger: Ledger,
    /// The records that operators failed on, since the caller took them last.
    pub quarantined: Vec<Quarantined>,
    /// The records that each filter dropped since the caller took them last, as lines with their statistics, and the lines that
    /// a splitter writes beside the export; none = they are not kept.
    pub dropped: Option<Vec<Vec<u8>>>,
    /// Samples of what operators changed and dropped; none = nothing is traced.
    pub trace: Option<Tracer>,
    /// Time that each operator took, in nanoseconds.
    pub nanos: Vec<u64>,
}

/// An operator failed on a record and the recipe wants that to fail the partition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} failed on the record of {}: {}", failed.operator, failed.origin, failed.error)]
pub struct OperatorFailure {
    /// The record and what went wrong.
    pub failed: Box<Quarantined>,
    /// The place of the operator's panic and the calls that led there; none for an error that it returned.
    pub trace: Option<String>,
}
