//! The decision of an operator that works on the whole dataset.

use coldpress_operator::ChainHash;
use coldpress_record::OperatorLedger;
use coldpress_storage::{Digest, Hasher, ObjectRef};
use serde::{Deserialize, Serialize};

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
    /// The decision: immutable files.
    pub files: Vec<ObjectRef>,
    /// What identifies the decision. It is part of all chain hashes that follow.
    pub digest: Digest,
    /// The chain hashes that follow: before the first operator of the next stage and after each.
    pub chain: Vec<ChainHash>,
    /// Where the records of all partitions together went.
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
