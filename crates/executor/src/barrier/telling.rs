//! What is needed to say which records a deduplicator removes.

use coldpress_storage::ObjectRef;

use crate::labels::Labels;

/// What is needed to say which records are removed, for people.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    /// The index of the rows of each partition, in order.
    pub(crate) indexes: Vec<ObjectRef>,
    /// The source that each partition was cut from, in order.
    pub(crate) sources: Vec<u32>,
    /// Whether the rows of a partition may be of other sources than the one that it was cut from.
    pub(crate) rows_moved: bool,
    /// Which labels the signatures have.
    pub(crate) labels: Labels,
    /// The field of the label that is the record's source.
    pub(crate) source_field: Option<String>,
    /// Whether the records that go are listed.
    pub(crate) lists_duplicates: bool,
}
