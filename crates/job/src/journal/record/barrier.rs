//! The decision of an operator that works on the whole dataset.

use coldpress_operator::ChainHash;
use coldpress_record::OperatorLedger;
use coldpress_storage::{Digest, Hasher, ObjectRef};
use serde::{Deserialize, Serialize};

use super::removals::Removals;
use super::traced::TraceEntry;

/// What a whole-dataset operator decided about the rows of all partitions.
///
/// It counts as long as its participants are what is published. Once one of them is published anew, this decision and
/// everything that was made after it are void. Of several the newest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarrierResolved {
    /// The stage that ends at the barrier.
    pub stage: u32,
    /// The operator's name.
    pub operator: String,
    /// The results that it judged.
    pub participants: Participants,
    /// The decision: an immutable file for each partition. None where the operator placed rows instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ObjectRef>,
    /// The rows that each partition has from here on, where records came to lie elsewhere or became others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placed: Vec<PlacedRows>,
    /// What the operator did to the records of each partition, where nothing is left to do but to leave out the rows that go:
    /// the merge does that, and no attempt follows. None where attempts do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<OperatorLedger>,
    /// What identifies the decision. It is part of all chain hashes that follow.
    pub digest: Digest,
    /// The chain hashes that follow: before the first operator of the next stage and after each.
    pub chain: Vec<ChainHash>,
    /// Where the records of all partitions together went.
    pub ledger: OperatorLedger,
    /// What a deduplicator removed, for people; none where a release did not say, or there is nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removals: Option<Removals>,
    /// The list of the records that a deduplicator removed, where the recipe asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<ObjectRef>,
    /// Pairs of a record that a deduplicator removed and the one that stays for it, where records are traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceEntry>,
}

impl BarrierResolved {
    /// Every file that it cites itself; placed rows are results.
    pub fn all_files(&self) -> impl Iterator<Item = &ObjectRef> {
        let traced = self.trace.iter().flat_map(TraceEntry::files);
        self.files.iter().chain(&self.duplicates).chain(traced)
    }

    /// Returns whether the operator placed rows, instead of deciding about them where they are.
    pub fn has_placed(&self) -> bool {
        self.files.is_empty() && !self.placed.is_empty()
    }
}

/// The rows that a whole-dataset operator placed in a partition: a result with this operator applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedRows {
    /// The rows.
    pub rows: ObjectRef,
    /// Where each row came from.
    pub index: ObjectRef,
    /// The length of the rows unpacked, in bytes.
    pub uncompressed_bytes: u64,
    /// Whether the index says what the fields of the rows hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_types: bool,
    /// The records that were in the partition before and have no signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<ObjectRef>,
    /// The records that were in the partition before and were dropped, where these are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<ObjectRef>,
    /// What the operator did to the records of the partition.
    pub ledger: OperatorLedger,
}

/// The results of a stage that a whole-dataset operator judged. A digest stands for the list, which would be as long as the
/// plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participants {
    /// How many there are: one for each partition.
    pub partitions: u32,
    /// The digest over partition, epoch and attempt of each, in partition order.
    pub digest: Digest,
}

impl Participants {
    /// The participants that these attempts made, given by epoch and number in partition order.
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
