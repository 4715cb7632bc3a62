//! What the journal says: its records.

use coldpress_dataset::SourceIdentity;
use coldpress_operator::ChainHash;
use coldpress_partition::PlannedPartition;
use coldpress_record::{Ledger, Origin, Unreadable};
use coldpress_storage::{Digest, FileRef};
use serde::{Deserialize, Serialize};

use crate::driver::DriverIdentity;
use crate::id::JobId;
use crate::journal::plan_settings::PlanSettings;
use crate::summary::Status;

/// The schema version of the journal that this release writes.
pub const JOURNAL_SCHEMA: u32 = 1;

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
    /// No record of a partition counts as one that kills processes any more, and neither does what was made without them.
    PoisonLifted {
        /// The partition.
        partition: u32,
    },
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
        /// The files as they were cited.
        files: Vec<String>,
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

/// What a job is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobPlan {
    /// The sources, in plan order.
    pub sources: Vec<SourceIdentity>,
    /// What is folded into every chain hash: reader version and input identity.
    pub identity: String,
    /// The settings that the dataset is cut with. They win over those of a later recipe, because the partitions that
    /// are planned already were cut with them.
    pub plan_settings: PlanSettings,
    /// How many records of the dataset are worked on at most.
    pub limit: Option<u64>,
    /// Why the dataset is cut as it is, a sentence per decision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<String>,
    /// How the sources were read; none in plans of releases that did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
}

/// How the sources of a plan were read: its slices are places in that text and in no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The digest of all that decides what text the sources become.
    pub text: Digest,
    /// The recipe's keys that may have a part in it, for a message that names them.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// The recipe in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeInForce {
    /// The digest of the resolved recipe.
    pub recipe: Digest,
    /// The names of its operators, in order.
    pub operators: Vec<String>,
    /// The chain hash before the first operator and after each: one more than operators.
    pub chain: Vec<ChainHash>,
    /// Where the export goes.
    pub export_path: String,
}

impl RecipeInForce {
    /// The chain hash after the last operator: what a finished result carries.
    #[must_use]
    pub fn final_chain(&self) -> Option<ChainHash> {
        self.chain.last().copied()
    }
}

/// A place behind which a source cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedSource {
    /// The index of the source in plan order.
    pub source: u32,
    /// The byte of its unpacked text up to which it was read.
    pub position: u64,
    /// What is wrong.
    pub reason: String,
}

/// The result of an attempt, complete and durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The partition.
    pub partition: u32,
    /// The attempt that made it.
    pub attempt: u32,
    /// The epoch of the driver that published it.
    pub epoch: u64,
    /// The operators that were applied.
    pub chain: ChainHash,
    /// The rows that came out.
    pub rows: FileRef,
    /// Where each row begins and where it came from.
    pub index: FileRef,
    /// The length of the rows unpacked, in bytes.
    pub uncompressed_bytes: u64,
    /// The checkpoints that the attempt left on its way.
    #[serde(default)]
    pub checkpoints: Vec<CheckpointEntry>,
    /// The quarantined records.
    #[serde(default)]
    pub quarantine: Vec<FileRef>,
    /// Where every record went, from the partition's start.
    pub ledger: Ledger,
    /// Parts of the input that could not be read at all.
    #[serde(default)]
    pub unreadable: Vec<Unreadable>,
    /// How many records were quarantined up to each 1000th record of the dataset in this partition.
    #[serde(default)]
    pub error_marks: Vec<u64>,
    /// The digest of the slice that was read.
    pub slice: Digest,
    /// What filters dropped, where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Vec<DroppedEntry>>,
    /// Whether the index says what the fields of the rows hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_types: bool,
    /// The time that each operator took, in nanoseconds: from the partition's start, whoever spent it.
    #[serde(default)]
    pub nanos: Vec<u64>,
    /// When it was published, in milliseconds since 1970; 0 where a release did not say.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at_millis: u64,
}

fn is_zero(millis: &u64) -> bool {
    *millis == 0
}

/// The records of a partition that one filter dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedEntry {
    /// The operator's place in the recipe, from 0.
    pub operation: u32,
    /// The file: JSON lines.
    pub file: FileRef,
}

impl Publication {
    /// Every file that it cites.
    pub fn files(&self) -> impl Iterator<Item = &FileRef> {
        let checkpoints = self.checkpoints.iter().flat_map(CheckpointEntry::files);
        let dropped = self.dropped.iter().flatten().map(|entry| &entry.file);
        [&self.rows, &self.index]
            .into_iter()
            .chain(checkpoints)
            .chain(&self.quarantine)
            .chain(dropped)
    }
}

/// What an attempt made that ended at a gate: everything that a later attempt needs to go on from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateReached {
    /// The partition.
    pub partition: u32,
    /// The attempt.
    pub attempt: u32,
    /// The epoch of the driver that gave it out.
    pub epoch: u64,
    /// The checkpoints on the way, the last of them at the gate.
    pub checkpoints: Vec<CheckpointEntry>,
    /// The quarantined records, up to the gate.
    #[serde(default)]
    pub quarantine: Vec<FileRef>,
    /// What filters dropped up to the gate, where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Vec<DroppedEntry>>,
    /// The digest of the slice that was read.
    pub slice: Digest,
    /// The time that each operator took, in nanoseconds: from the partition's start.
    #[serde(default)]
    pub nanos: Vec<u64>,
}

impl From<Publication> for GateReached {
    /// The way to a result, without the result.
    fn from(result: Publication) -> Self {
        Self {
            partition: result.partition,
            attempt: result.attempt,
            epoch: result.epoch,
            checkpoints: result.checkpoints,
            quarantine: result.quarantine,
            dropped: result.dropped,
            slice: result.slice,
            nanos: result.nanos,
        }
    }
}

impl GateReached {
    /// Every file that it cites.
    pub fn files(&self) -> impl Iterator<Item = &FileRef> {
        let dropped = self.dropped.iter().flatten().map(|entry| &entry.file);
        self.checkpoints
            .iter()
            .flat_map(CheckpointEntry::files)
            .chain(&self.quarantine)
            .chain(dropped)
    }
}

/// A checkpoint of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointEntry {
    /// How many operators were applied.
    pub operation: u32,
    /// The name of that operator.
    pub operator: String,
    /// The operators that were applied.
    pub chain: ChainHash,
    /// The file; several entries may name one.
    pub file: FileRef,
    /// How many rows were alive.
    pub rows: u64,
    /// Whether it is what changed since `base`, else whole records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delta: bool,
    /// The files that lead from the slice to where it begins, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base: Vec<FileRef>,
}

impl CheckpointEntry {
    /// Every file that it needs.
    pub fn files(&self) -> impl Iterator<Item = &FileRef> {
        self.base.iter().chain([&self.file])
    }
}

/// A record that killed the processes that worked on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoisonFound {
    /// The partition.
    pub partition: u32,
    /// The record.
    pub origin: Origin,
    /// The place of the operator that it killed in, from 0.
    pub operation: u32,
    /// The operator's name.
    pub operator: String,
    /// The operators up to and with that one: under another recipe the record is tried again.
    pub chain: ChainHash,
    /// How it killed.
    pub reason: String,
}

/// A partition that is out of retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionFailure {
    /// The partition.
    pub partition: u32,
    /// How many attempts were made.
    pub attempts: u32,
    /// The class of the last error: `network`, `memory`, `processing`, `system`, `input`, `config`.
    pub class: String,
    /// The last error.
    pub error: String,
    /// When, in milliseconds since 1970; 0 where a release did not say.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at_millis: u64,
}

/// An export that is complete and waits for its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportIntent {
    /// Where it is now.
    pub temporary: String,
    /// Where it will be.
    pub path: String,
    /// Whether it is a folder of shards.
    pub directory: bool,
    /// Its length in bytes.
    pub length: u64,
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many records it holds.
    pub records: u64,
    /// The operators that were applied.
    pub chain: ChainHash,
    /// Failed partitions, whose records it lacks.
    #[serde(default)]
    pub partitions_left_out: Vec<u32>,
    /// What the names of the export's files end in and how they are compressed inside, as `.jsonl.gz` or
    /// `.parquet+zstd`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
    /// Bytes of JSONL in a shard, for a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard_bytes: Option<u64>,
    /// The files beside it: statistics, and what filters dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<CompanionIntent>,
}

/// A file beside the export that is complete and waits for its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanionIntent {
    /// Where it is now.
    pub temporary: String,
    /// Where it will be.
    pub path: String,
    /// Its length in bytes.
    pub length: u64,
    /// The digest of its bytes.
    pub digest: Digest,
}
