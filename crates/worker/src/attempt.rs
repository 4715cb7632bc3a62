//! One try at one partition, as a value that can be sent anywhere.

use std::path::PathBuf;

use coldpress_config::OperatorCall;
use coldpress_dataset::{RowsForm, Source};
use coldpress_operator::{ChainHash, ChainSettings, Poison};
use coldpress_partition::PlannedPartition;
use coldpress_storage::{FileRef, FileStamp};
use serde::{Deserialize, Serialize};

use crate::intermediate::IntermediateForm;

/// One try at one partition: everything a worker must know. No record passes through it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The number of the driver that gave it out.
    pub epoch: u64,
    /// The number of the try under this driver, from 1.
    pub attempt: u32,
    /// The job's directory; other paths are relative to it.
    pub job_dir: PathBuf,
    /// What is worked on.
    pub partition: PlannedPartition,
    /// Where its slice lies.
    pub source: Source,
    /// The operators, in order.
    pub operators: Vec<OperatorCall>,
    /// What the recipe says to all of them.
    pub settings: ChainSettings,
    /// The chain hashes: before the first operator and after each.
    pub chain: Vec<ChainHash>,
    /// Where to begin, the best first; the slice itself is always the last resort, where `from_input` allows it.
    pub starts: Vec<Start>,
    /// Whether the slice itself may be read.
    pub from_input: bool,
    /// Where the attempt ends, in operators: at a gate, which is one of its checkpoints; none = at the result.
    pub gate: Option<u32>,
    /// After how many operators a checkpoint is wanted, rising.
    pub checkpoints: Vec<u32>,
    /// Whether a checkpoint holds whole records, not what changed since the one before.
    pub full_checkpoints: bool,
    /// The format of checkpoints.
    pub checkpoint_format: coldpress_checkpoint::Format,
    /// How checkpoints are compressed.
    pub checkpoint_compression: coldpress_checkpoint::Compression,
    /// Rows of a batch in a checkpoint.
    pub checkpoint_batch_rows: u32,
    /// Whether to keep the records behind each operator for people, and how.
    #[serde(default)]
    pub intermediate: Option<IntermediateForm>,
    /// Longer records are quarantined by place and length.
    pub max_record_bytes: u64,
    /// What a page or a record batch of a columnar file may take in memory.
    #[serde(default = "default_table_memory")]
    pub table_memory_bytes: u64,
    /// Whether a line that is no record goes to quarantine (true) or fails the partition.
    pub lenient: bool,
    /// Whether records come out with their statistics.
    pub keep_stats: bool,
    /// In which form the rows are written. Rows that are lines already stay lines.
    pub rows_form: RowsForm,
    /// Whether to note what the fields of the rows hold, for an export with columns.
    pub note_types: bool,
    /// Whether to keep what filters drop.
    pub keep_dropped: bool,
    /// The records that killed workers: they go to quarantine where they did.
    #[serde(default)]
    pub poison: Vec<Poison>,
    /// Whether a worker process tells of each record that it takes in hand, to find one that kills it.
    #[serde(default)]
    pub isolated: bool,
}

fn default_table_memory() -> u64 {
    1 << 30
}

/// Work of an earlier attempt to go on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Start {
    /// What operators did to the slice, to be done again.
    Delta {
        /// Operators applied.
        operation: u32,
        /// The files that lead there from the slice, in order.
        files: Vec<FileRef>,
    },
    /// A checkpoint of whole records.
    Checkpoint {
        /// Operators applied.
        operation: u32,
        /// Its name in the store.
        name: String,
        /// What it must be.
        stamp: FileStamp,
    },
    /// The rows that an earlier recipe, a prefix of this one, ended with.
    Result {
        /// Operators applied.
        operation: u32,
        /// The rows; their name says their form.
        rows: FileRef,
        /// Their origins and statistics.
        index: FileRef,
    },
}

impl Start {
    /// Operators applied.
    pub fn operation(&self) -> u32 {
        match self {
            Self::Delta { operation, .. }
            | Self::Checkpoint { operation, .. }
            | Self::Result { operation, .. } => *operation,
        }
    }
}

impl Attempt {
    /// The name of a file of this attempt: `partition_000003.e1.a2` and the suffix.
    pub fn file_name(&self, suffix: &str) -> String {
        format!(
            "partition_{:06}.e{}.a{}{suffix}",
            self.partition.index, self.epoch, self.attempt
        )
    }
}
