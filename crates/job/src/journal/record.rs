//! What the journal says: its records.

mod barrier;
mod brief_ledger;
mod export;
mod plan;
mod removals;
mod traced;
mod work;
mod zero;

use std::collections::BTreeMap;

use coldpress_dataset::SourceIdentity;
use coldpress_partition::PlannedPartition;
use coldpress_record::OperatorLedger;
use coldpress_storage::{Digest, ObjectKey, ObjectRef, Place, StoreSpec};
use serde::{Deserialize, Serialize};

use crate::driver::DriverIdentity;
use crate::id::JobId;
use crate::status::Status;

use zero::is_zero;

pub use barrier::{BarrierResolved, Participants, PlacedRows};
pub use export::{ExportIntent, OutputIntent};
pub use plan::{DamagedSource, JobPlan, Reading, RecipeInForce};
pub use removals::{
    ByField, ClustersOfSize, LargeCluster, NamedRecord, OfSource, OfValue, Removals, Removed,
};
pub use traced::{TraceEntry, TraceFileEntry, TraceIntent};
pub use work::{
    CheckpointEntry, DroppedEntry, GateReached, PartitionFailure, PoisonFound, Publication,
    PublishedCheckpoint, SignaturesEntry,
};

/// The schema version of the journal that this release writes. In version 1 the ledgers of results had the names of operators.
pub const JOURNAL_SCHEMA: u32 = 2;

/// One record of the journal; in JSON an object whose `type` is the variant's name in snake case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "records are written and read one by one and never kept as such"
)]
pub enum JournalRecord {
    /// A driver began; the first record of every file, and there only.
    EpochStarted(EpochStarted),
    /// All before this record is the past of another job, which this one goes on from.
    Adopted(Adoption),
    /// The job begins anew: nothing before this record counts.
    GenerationStarted {
        /// The number of the new generation; the first of a job is 1 and has no such record.
        generation: u32,
    },
    /// What the job is about, fixed for its generation.
    JobPlanned(JobPlan),
    /// The first sources of a plan that is too long for one line; the plan with the rest follows.
    SourcesPlanned {
        /// The index of the first of them in plan order.
        first: u32,
        /// The sources.
        sources: Vec<SourceIdentity>,
    },
    /// The stores that hold the job's files from here on, where they are not the folders of its own folder.
    StoresSet {
        /// The store of each place that has one of its own.
        stores: BTreeMap<Place, StoreSpec>,
    },
    /// The recipe in force from here on.
    RecipeSet(RecipeInForce),
    /// Partitions that follow those planned before.
    PartitionsPlanned {
        /// The partitions, with the next free index first and no gap.
        partitions: Vec<PlannedPartition>,
    },
    /// A source cannot be read beyond some place.
    SourceDamaged(DamagedSource),
    /// No partitions will be planned any more.
    PlanCompleted {
        /// How many there are.
        partitions: u32,
        /// How many records they have together.
        records: u64,
    },
    /// An attempt at a partition was given out.
    AttemptStarted {
        /// The stage.
        #[serde(default, skip_serializing_if = "is_zero")]
        stage: u32,
        /// The partition.
        partition: u32,
        /// The attempt's number, counted within the epoch.
        attempt: u32,
        /// When, in milliseconds since 1970; 0 where a release did not say.
        #[serde(default, skip_serializing_if = "is_zero")]
        at_millis: u64,
    },
    /// An attempt's result counts from here on.
    Published(Publication),
    /// A part of the way of a partition is done, and its checkpoints count from here on.
    GateReached(GateReached),
    /// A record kills the processes that work on it, and is left to the quarantine.
    PoisonFound(PoisonFound),
    /// No record of a partition counts as one that kills processes any more, and neither does what was made without them:
    /// the results of the first operator that one of them killed in and of those after it, and the decisions of these.
    PoisonLifted {
        /// The partition.
        partition: u32,
    },
    /// The first part of a decision that is too long for one line; the decision with the rest follows.
    BarrierBegun {
        /// The first files of the decision.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<ObjectRef>,
        /// The first rows that were placed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        placed: Vec<PlacedRows>,
        /// What was done to the records of the first partitions, where the decision settles them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        settled: Vec<OperatorLedger>,
    },
    /// The decision of a whole-dataset operator counts from here on.
    BarrierResolved(BarrierResolved),
    /// A partition is out of retries.
    PartitionFailed(PartitionFailure),
    /// The export is complete under a temporary name and is about to get its own.
    ExportIntent(ExportIntent),
    /// The export has its name.
    ExportCommitted {
        /// The path of the export.
        path: String,
        /// Its length in bytes.
        length: u64,
        /// The digest of its bytes.
        digest: Digest,
    },
    /// The driver came to an end.
    Finished {
        /// How the job ended.
        status: Status,
        /// Why, where it failed.
        error: Option<String>,
    },
    /// These files may be deleted: nothing counts on them from here on.
    Forgotten {
        /// The files.
        files: Vec<ObjectKey>,
    },
}

/// A driver began to write the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochStarted {
    /// The schema version of this and all records of the file.
    pub schema_version: u32,
    /// Who it is.
    pub driver: DriverIdentity,
    /// The version of its release.
    pub version: String,
    /// What counts of all earlier files: bytes behind are ignored.
    pub sealed: Vec<SealedFile>,
    /// Whether the job was taken over from a driver that was not seen to end.
    pub takeover: bool,
}

/// Whose past a job begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The other job.
    pub job_id: JobId,
    /// Of how many operators its work counts at most; none = of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u32>,
}

/// What counts of an earlier file of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedFile {
    /// Its name.
    pub file: String,
    /// The length of its good part in bytes.
    pub length: u64,
    /// The digest of its good part.
    pub digest: Digest,
}
