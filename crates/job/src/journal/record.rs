//! The records of the journal.

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

/// The schema version of the journal that this release writes. In version 1 the ledgers of results included the names of operators.
pub const JOURNAL_SCHEMA: u32 = 2;

/// One record of the journal. In JSON it is an object whose `type` is the variant's name in snake case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "records are written and read one by one and never kept as such"
)]
pub enum JournalRecord {
    /// A driver began. This is the first record of every file, and occurs only there.
    EpochStarted(EpochStarted),
    /// Everything before this record is the past of another job, from which this one continues.
    Adopted(Adoption),
    /// The job begins anew, so nothing before this record counts.
    GenerationStarted {
        /// The number of the new generation. The first generation of a job is 1 and has no such record.
        generation: u32,
    },
    /// The definition of the job, which is fixed for its generation.
    JobPlanned(JobPlan),
    /// The first sources of a plan that is too long for one line. The plan with the rest follows.
    SourcesPlanned {
        /// The index of the first of them in plan order.
        first: u32,
        /// The sources.
        sources: Vec<SourceIdentity>,
    },
    /// The stores that hold the job's files from here on, if they are not the folders of the job's own folder.
    StoresSet {
        /// The store of each place that has one of its own.
        stores: BTreeMap<Place, StoreSpec>,
    },
    /// The recipe in force from here on.
    RecipeSet(RecipeInForce),
    /// Partitions that follow those planned before.
    PartitionsPlanned {
        /// The partitions. The first has the next free index, and there are no gaps.
        partitions: Vec<PlannedPartition>,
    },
    /// A source cannot be read beyond some place.
    SourceDamaged(DamagedSource),
    /// No partitions will be planned any more.
    PlanCompleted {
        /// The number of partitions.
        partitions: u32,
        /// The number of records in all of them.
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
        /// The time, in milliseconds since 1970; 0 if the release did not record it.
        #[serde(default, skip_serializing_if = "is_zero")]
        at_millis: u64,
        /// True if it was given out while the attempt before it was still at work, because that one was slow.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        beside: bool,
    },
    /// An attempt's result counts from here on.
    Published(Publication),
    /// A partition has passed a gate, and its checkpoints so far count from here on.
    GateReached(GateReached),
    /// A record kills the processes that work on it, and is left to the quarantine.
    PoisonFound(PoisonFound),
    /// No record of a partition counts any longer as one that kills processes. The work that was done without these records does
    /// not count either: the results of the first operator in which one of them killed a process and of those after it, and the
    /// decisions of these operators.
    PoisonLifted {
        /// The partition.
        partition: u32,
    },
    /// The first part of a decision that is too long for one line. The decision with the rest follows.
    BarrierBegun {
        /// The first files of the decision.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<ObjectRef>,
        /// The first rows that were placed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        placed: Vec<PlacedRows>,
        /// The ledgers of the first partitions, if the decision settles their records.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        settled: Vec<OperatorLedger>,
    },
    /// The decision of a whole-dataset operator counts from here on.
    BarrierResolved(BarrierResolved),
    /// A partition is out of retries.
    PartitionFailed(PartitionFailure),
    /// The export is complete under a temporary name and is about to get its final name.
    ExportIntent(ExportIntent),
    /// The export has its final name.
    ExportCommitted {
        /// The path of the export.
        path: String,
        /// Its length in bytes.
        length: u64,
        /// The digest of its bytes.
        digest: Digest,
    },
    /// The driver ended.
    Finished {
        /// The status of the job at the end.
        status: Status,
        /// The reason, if it failed.
        error: Option<String>,
    },
    /// These files may be deleted, because nothing depends on them from here on.
    Forgotten {
        /// The files.
        files: Vec<ObjectKey>,
    },
}

/// A driver began to write the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochStarted {
    /// The schema version of this record and of all records in the file.
    pub schema_version: u32,
    /// The identity of the driver.
    pub driver: DriverIdentity,
    /// The version of its release.
    pub version: String,
    /// The sealed parts of all earlier files. Bytes after them are ignored.
    pub sealed: Vec<SealedFile>,
    /// True if the job was taken over from a driver that was not seen to end.
    pub takeover: bool,
}

/// The job whose past a job begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The other job.
    pub job_id: JobId,
    /// The number of operators whose work counts at most; none means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u32>,
}

/// The sealed part of an earlier file of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedFile {
    /// Its name.
    pub file: String,
    /// The length of its good part in bytes.
    pub length: u64,
    /// The digest of its good part.
    pub digest: Digest,
}
