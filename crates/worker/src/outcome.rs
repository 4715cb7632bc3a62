//! What an attempt made.

use coldpress_checkpoint::{DroppedRows, Traced};
use coldpress_operator::ChainHash;
use coldpress_partition::Task;
use coldpress_record::{FieldsSeen, Ledger, Unreadable};
use coldpress_storage::ObjectRef;
use serde::{Deserialize, Serialize};

use crate::times::FileTimes;

/// What a finished attempt made: durable files, and where every record went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was worked on.
    pub task: Task,
    /// The number of the try.
    pub attempt: u32,
    /// What came out; none of an attempt that ends at a gate.
    pub result: Option<ResultFiles>,
    /// The checkpoints on the way, rising.
    pub checkpoints: Vec<CheckpointOutcome>,
    /// Quarantine files of the partition, those of the work that it went on from included.
    pub quarantine: Vec<ObjectRef>,
    /// What filters dropped, from the partition's start, if it is kept.
    pub dropped: Option<Vec<DroppedRows>>,
    /// The samples that were traced from the partition's start, if records are traced.
    pub trace: Option<Traced>,
    /// What the fields of the records hold that were read.
    pub seen: FieldsSeen,
    /// Where the records went, from the partition's start.
    pub ledger: Ledger,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Records in quarantine before each of the slice's marks.
    pub error_marks: Vec<u64>,
    /// Operators that an earlier attempt had applied already.
    pub resumed_at: u32,
    /// The file of that earlier work; none where the attempt began with the slice itself.
    #[serde(default)]
    pub begun_from: Option<ObjectRef>,
    /// Why better starts than the one that was taken were no good.
    pub set_aside: Vec<String>,
    /// Time that each operator took, in nanoseconds.
    pub nanos: Vec<u64>,
    /// Time that the signatures took for the operator at the barrier that ends the stage, in nanoseconds.
    pub signing_nanos: u64,
    /// Time that reading and writing took.
    #[serde(default)]
    pub file_times: FileTimes,
}

/// The rows that came out of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultFiles {
    /// The rows; their name says their form.
    pub rows: ObjectRef,
    /// Their origins and statistics.
    pub index: ObjectRef,
    /// The signatures of the rows, where the stage ends at a barrier.
    #[serde(default)]
    pub signatures: Option<ObjectRef>,
    /// Bytes of the rows before they were packed.
    pub uncompressed_bytes: u64,
    /// Whether the index says what the fields of the rows hold.
    pub has_types: bool,
}

/// One checkpoint of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointOutcome {
    /// Operators applied.
    pub operation: u32,
    /// The last of them.
    pub operator: String,
    /// The chain hash after it.
    pub chain: ChainHash,
    /// Its name in the store, length and digest.
    pub file: ObjectRef,
    /// Rows in it.
    pub rows: u64,
    /// Whether it is what changed since `base`, else whole records.
    pub delta: bool,
    /// The files that lead from the slice to where it begins, in order.
    pub base: Vec<ObjectRef>,
}
