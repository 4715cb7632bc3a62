//! The outcomes of attempts: results, gates, failures, and records that kill processes.

use std::sync::Arc;

use coldpress_operator::ChainHash;
use coldpress_partition::Task;
use coldpress_record::{Ledger, OperatorLedger, OperatorName, Origin, Unreadable};
use coldpress_storage::{Digest, ObjectRef};
use serde::{Deserialize, Serialize};

use super::barrier::PlacedRows;
use super::brief_ledger;
use super::traced::TraceEntry;
use super::zero::is_zero;

/// The result of an attempt, complete and durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The stage.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stage: u32,
    /// The partition.
    pub partition: u32,
    /// The attempt that made it.
    pub attempt: u32,
    /// The epoch of the driver that published it.
    pub epoch: u64,
    /// The operators that were applied.
    pub chain: ChainHash,
    /// The rows that came out.
    pub rows: ObjectRef,
    /// The place where each row begins, and its origin.
    pub index: ObjectRef,
    /// The signatures of the rows, if the stage ends at a barrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Box<SignaturesEntry>>,
    /// The length of the rows unpacked, in bytes.
    pub uncompressed_bytes: u64,
    /// The checkpoints that the attempt left on its way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkpoints: Vec<CheckpointEntry>,
    /// The quarantined records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<ObjectRef>,
    /// The counts of where every record went, from the partition's start. Equal ledgers of small partitions are shared in memory.
    #[serde(with = "brief_ledger")]
    pub ledger: Arc<Ledger>,
    /// Parts of the input that could not be read at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
    /// The number of this partition's records that were quarantined up to each 1000th record of the dataset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error_marks: Vec<u64>,
    /// The digest of the slice that was read.
    pub slice: Digest,
    /// The records that filters dropped, if they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Vec<DroppedEntry>>,
    /// The samples that were traced, if records are traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Box<TraceEntry>>,
    /// True if the index lists the fields of the rows and their types.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_types: bool,
    /// The time that each operator took, in nanoseconds, from the partition's start, over all attempts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nanos: Vec<u64>,
    /// The time of publication, in milliseconds since 1970; 0 if the release did not record it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at_millis: u64,
    /// True if no attempt made it, but the operator at a barrier, which placed these rows in the partition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub placed: bool,
    /// The decision that says which of the rows count, if not all do. The rows are then those of the stage before, and no attempt
    /// has taken out the removed ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Box<ObjectRef>>,
}

/// The signatures of the rows of a result, for the operator at the barrier that ends its stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignaturesEntry {
    /// The identity of everything that they depend on besides the rows. Signatures of the same identity serve another call of the
    /// operator too.
    pub identity: ChainHash,
    /// The file.
    pub file: ObjectRef,
}

impl Publication {
    /// Returns the task whose result it is.
    #[must_use]
    pub fn task(&self) -> Task {
        Task::new(self.stage, self.partition)
    }

    /// Returns whether its rows are what the operators left, whatever the export asks for. Statistics are added only to the rows of
    /// the last stage, and not if a barrier follows or has the last word on the rows.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.signatures.is_some() || self.placed || self.kept.is_some()
    }

    /// Returns whether an operator contributed to it: to the rows, or to the signatures.
    pub(in crate::journal) fn is_work_of(&self, operation: u32) -> bool {
        let operators = self.ledger.operators.len() as u32;
        operation < operators || (operation == operators && self.signatures.is_some())
    }

    /// Returns the same without the names of the operators in its ledger, which the recipe has.
    pub(in crate::journal) fn without_names(&self) -> Self {
        let mut ledger = Ledger::clone(&self.ledger);
        for operator in &mut ledger.operators {
            operator.name = OperatorName::default();
        }
        Self {
            ledger: Arc::new(ledger),
            ..self.clone()
        }
    }

    /// Returns the result that a decision makes of this one. Of its rows, only those that stay count.
    pub(in crate::journal) fn settled_by(
        &self,
        decision: &ObjectRef,
        ledger: &OperatorLedger,
        chain: ChainHash,
    ) -> Self {
        let mut next = self.clone();
        next.stage += 1;
        // Attempts are counted from 1, so 0 means that there was none.
        next.attempt = 0;
        next.chain = chain;
        next.signatures = None;
        next.checkpoints = Vec::new();
        Arc::make_mut(&mut next.ledger)
            .operators
            .push(ledger.clone());
        next.kept = Some(Box::new(decision.clone()));
        next
    }

    /// Returns the result that the operator at a barrier made of this one by placing these rows in the partition.
    pub(in crate::journal) fn followed_by(
        &self,
        placed: &PlacedRows,
        operation: u32,
        chain: ChainHash,
    ) -> Self {
        let mut next = self.clone();
        next.stage += 1;
        // Attempts are counted from 1, so 0 means that there was none.
        next.attempt = 0;
        next.chain = chain;
        next.rows = placed.rows.clone();
        next.index = placed.index.clone();
        next.signatures = None;
        next.uncompressed_bytes = placed.uncompressed_bytes;
        next.checkpoints = Vec::new();
        next.quarantine.extend(placed.quarantine.clone());
        let ledger = Arc::make_mut(&mut next.ledger);
        ledger.operators.push(placed.ledger.clone());
        let dropped = placed.dropped.clone();
        let entry = dropped.map(|file| DroppedEntry { operation, file });
        if let Some(dropped) = &mut next.dropped {
            dropped.extend(entry);
        }
        next.has_types = placed.has_types;
        next.placed = true;
        next
    }

    /// Returns every file that it cites.
    pub fn files(&self) -> impl Iterator<Item = &ObjectRef> {
        let checkpoints = self.checkpoints.iter().flat_map(CheckpointEntry::files);
        let dropped = self.dropped.iter().flatten().map(|entry| &entry.file);
        [&self.rows, &self.index]
            .into_iter()
            .chain(self.signatures.iter().map(|entry| &entry.file))
            .chain(checkpoints)
            .chain(&self.quarantine)
            .chain(dropped)
            .chain(self.trace.iter().flat_map(|trace| trace.files()))
            .chain(self.kept.as_deref())
    }
}

/// The records of a partition that one filter dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedEntry {
    /// The operator's place in the recipe, from 0.
    pub operation: u32,
    /// The file: JSON lines.
    pub file: ObjectRef,
}

/// The output of an attempt that ended at a gate: everything that a later attempt needs to continue from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateReached {
    /// The stage.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stage: u32,
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
    pub quarantine: Vec<ObjectRef>,
    /// The records that filters dropped up to the gate, if they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Vec<DroppedEntry>>,
    /// The samples that were traced up to the gate, if records are traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceEntry>,
    /// The digest of the slice that was read.
    pub slice: Digest,
    /// The time that each operator took, in nanoseconds, from the partition's start.
    #[serde(default)]
    pub nanos: Vec<u64>,
}

impl From<Publication> for GateReached {
    /// Keeps what led to a result, and drops the result.
    fn from(result: Publication) -> Self {
        Self {
            stage: result.stage,
            partition: result.partition,
            attempt: result.attempt,
            epoch: result.epoch,
            checkpoints: result.checkpoints,
            quarantine: result.quarantine,
            dropped: result.dropped,
            trace: result.trace.map(|trace| *trace),
            slice: result.slice,
            nanos: result.nanos,
        }
    }
}

impl GateReached {
    /// Returns every file that it cites.
    pub fn files(&self) -> impl Iterator<Item = &ObjectRef> {
        let dropped = self.dropped.iter().flatten().map(|entry| &entry.file);
        self.checkpoints
            .iter()
            .flat_map(CheckpointEntry::files)
            .chain(&self.quarantine)
            .chain(dropped)
            .chain(self.trace.iter().flat_map(TraceEntry::files))
    }
}

/// A checkpoint of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointEntry {
    /// The number of operators that were applied.
    pub operation: u32,
    /// The name of the last of them.
    pub operator: String,
    /// The operators that were applied.
    pub chain: ChainHash,
    /// The file. Several entries may share one.
    pub file: ObjectRef,
    /// The number of rows that were alive.
    pub rows: u64,
    /// True if it holds what changed since `base`, false if it holds whole records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delta: bool,
    /// The files that lead from the slice to the point where it begins, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base: Vec<ObjectRef>,
}

/// A checkpoint, with what the attempt that published it kept besides rows, up to the end of the attempt.
#[derive(Clone, Copy, Debug)]
pub struct PublishedCheckpoint<'a> {
    /// The checkpoint.
    pub entry: &'a CheckpointEntry,
    /// The samples that were traced, if records were.
    pub trace: Option<&'a TraceEntry>,
    /// True if the records that filters dropped were kept.
    pub keeps_dropped: bool,
}

impl CheckpointEntry {
    /// Returns every file that it needs.
    pub fn files(&self) -> impl Iterator<Item = &ObjectRef> {
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
    /// The place of the operator in which it killed, from 0.
    pub operation: u32,
    /// The operator's name.
    pub operator: String,
    /// The chain hash up to and including that operator, or of its signatures if it needs the whole dataset. Under another recipe
    /// the record is tried again.
    pub chain: ChainHash,
    /// The way it killed the process.
    pub reason: String,
}

/// A partition that is out of retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionFailure {
    /// The stage.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stage: u32,
    /// The partition.
    pub partition: u32,
    /// The number of attempts that were made.
    pub attempts: u32,
    /// The class of the last error: `network`, `memory`, `processing`, `system`, `input`, `config`.
    pub class: String,
    /// The last error.
    pub error: String,
    /// The time, in milliseconds since 1970; 0 if the release did not record it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at_millis: u64,
}
