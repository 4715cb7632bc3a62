//! What is true about one partition.

use std::fmt;

use coldpress_operator::ChainHash;
use coldpress_partition::PlannedPartition;
use serde::{Deserialize, Serialize};

use crate::journal::record::{PartitionFailure, Publication};

/// How a partition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartitionStatus {
    /// Nothing was begun.
    Pending,
    /// The driver at work has given out an attempt at it.
    Processing,
    /// Its result is published.
    Completed,
    /// It is out of retries.
    Failed,
}

impl fmt::Display for PartitionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct PartitionState {
    pub(super) planned: PlannedPartition,
    pub(super) attempts: u32,
    /// The newest attempt: its epoch and its number.
    pub(super) last_attempt: Option<(u64, u32)>,
    /// All results, oldest first: older recipes' checkpoints may be of use once more.
    pub(super) publications: Vec<Publication>,
    /// The last failure, with the final chain hash of the recipe that it failed under.
    pub(super) failure: Option<(ChainHash, PartitionFailure)>,
}

impl PartitionState {
    pub(super) fn new(planned: PlannedPartition) -> Self {
        Self {
            planned,
            attempts: 0,
            last_attempt: None,
            publications: Vec::new(),
            failure: None,
        }
    }

    pub(super) fn has(&self, chain: ChainHash) -> bool {
        let mut publications = self.publications.iter();
        publications.any(|publication| publication.chain == chain)
    }
}
