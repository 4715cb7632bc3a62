//! Global operators: those that need every partition before they can decide about any record.

use crate::record::{Record, RecordError};

/// An operator behind a barrier: deduplicators, selectors, groupers.
///
/// Each partition extracts a small signature per record (hashes, not documents); once all partitions have, the
/// barrier resolves them. This is the shape of the contract; the executor of this release runs no barriers and
/// refuses a recipe with such an operator by name.
pub trait Global: Send {
    /// Appends the signature of one record to `signature`.
    ///
    /// # Errors
    /// An error sends this record to quarantine.
    fn sign(&mut self, record: &Record<'_>, signature: &mut Vec<u8>) -> Result<(), RecordError>;

    /// Decides about all records, given their signatures in dataset order.
    fn resolve(&mut self, signatures: &Signatures) -> Resolution;
}

/// The signatures of all records, in dataset order.
#[derive(Clone, Debug, Default)]
pub struct Signatures {
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

impl Signatures {
    /// Adds the signature of the next record.
    pub fn push(&mut self, signature: &[u8]) {
        self.bytes.extend_from_slice(signature);
        self.ends.push(self.bytes.len() as u64);
    }

    /// The signatures, a record each.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.bytes[start as usize..*end as usize])
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// What a barrier decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// Which records stay, in dataset order.
    Keep(Vec<bool>),
    /// The indices of the records that come out, in output order, possibly with repeats.
    Order(Vec<u64>),
}
