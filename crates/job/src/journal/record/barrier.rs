//! The decision of an operator that works on the whole dataset.

use coldpress_operator::ChainHash;
use coldpress_record::OperatorLedger;
use coldpress_storage::{Digest, Hasher, ObjectRef};
use serde::{Deserialize, Serialize};

use super::removals::Removals;
use super::traced::TraceEntry;

/// The decision of a whole-dataset operator about the rows of all partitions.
///
/// It counts as long as its participants are the published results. Once one of them is published anew, this decision and
/// everything made after it are void. If there are several, the newest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarrierResolved {
    /// The stage that ends at the barrier.
    pub stage: u32,
    /// The operator's name.
    pub operator: String,
    /// The results that it judged.
    pub participants: Participants,
    /// The decision, as an immutable file for each partition. None if the operator placed rows instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ObjectRef>,
    /// The rows that each partition has from here on, if records were moved or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placed: Vec<PlacedRows>,
    /// The operator's ledger for each partition, if all that is left to do is to leave out the removed rows. The merge does that,
    /// and no attempt follows. None if attempts do it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<OperatorLedger>,
    /// The identity of the decision. It is part of all chain hashes that follow.
    pub digest: Digest,
    /// The chain hashes that follow: before the first operator of the next stage, and after each operator.
    pub chain: Vec<ChainHash>,
    /// The operator's ledger over the records of all partitions.
    pub ledger: OperatorLedger,
    /// The records that a deduplicator removed, for people to read; none if the release did not record them, or if there is nothing
    /// to report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removals: Option<Removals>,
    /// The list of the records that a deduplicator removed, if the recipe asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<ObjectRef>,
    /// Pairs of a record that a deduplicator removed and the one that stays in its place, if records are traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceEntry>,
}

impl BarrierResolved {
    /// Returns every file that the record itself cites. Placed rows are results and not included.
    pub fn all_files(&self) -> impl Iterator<Item = &ObjectRef> {
        let traced = self.trace.iter().flat_map(TraceEntry::files);
        self.files.iter().chain(&self.duplicates).chain(traced)
    }

    /// Returns whether the operator placed rows instead of deciding about them where they are.
    pub fn has_placed(&self) -> bool {
        self.files.is_empty() && !self.placed.is_empty()
    }
}

/// The rows that a whole-dataset operator placed in a partition: a result with this operator applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedRows {
    /// The rows.
    pub rows: ObjectRef,
    /// The origin of each row.
    pub index: ObjectRef,
    /// The length of the rows unpacked, in bytes.
    pub uncompressed_bytes: u64,
    /// True if the index lists the fields of the rows and their types.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_types: bool,
    /// The records that were in the partition before and have no signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<ObjectRef>,
    /// The records that were in the partition before and were dropped, if these are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<ObjectRef>,
    /// The operator's ledger over the records of the partition.
    pub ledger: OperatorLedger,
}

/// The results of a stage that a whole-dataset operator judged. A digest represents the list, which would be as long as the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participants {
    /// Their number: one for each partition.
    pub partitions: u32,
    /// The digest of the partition, epoch and attempt of each, in partition order.
    pub digest: Digest,
}

impl Participants {
    /// Returns the participants that these attempts made, given by epoch and number in partition order.
    pub fn of(attempts: impl IntoIterator<Item = (u64, u32)>) -> Self {
        let mut hasher = Hasher::new();
        let mut partitions = 0_u32;
        for (epoch, attempt) in attempts {
            hasher.update(&partitions.to_le_bytes());
            hasher.update(&epoch.to_le_bytes());
            hasher.update(&attempt.to_le_bytes());
            partitions += 1;
        }
        Self {
            partitions,
            digest: hasher.stamp().digest,
        }
    }
}
